"""Chapter 8's explorables: their arithmetic against the package's, enumeration and quadrature,
and their challenges by keyboard alone."""

import numpy as np
import pytest
import traitlets
from scipy import integrate

import policy_gradient as pg
from learning_to_act.explorables import ClimbWhich, RamblingTree, SixPlaces
from tests.helpers.figures import met, press

PS = np.linspace(0.02, 0.98, 13)


# ---- which function do you climb ----
@pytest.mark.parametrize("G", [2, 3, 8, 64])
@pytest.mark.parametrize("sample", [False, True])
def test_weights(js, G, sample):
    def weight(method):
        return np.array(
            js(
                ClimbWhich,
                f"arg.map(p => m.weight({{method: '{method}', group: {G}, sample: {str(sample).lower()}}}, p))",
                PS.tolist(),
            )
        )

    np.testing.assert_allclose(weight("grpo"), pg.grpo_weight(PS, G, sample), rtol=1e-9)
    np.testing.assert_allclose(weight("until_mixed"), pg.grpo_weight(PS, G, sample) / pg.mixed_share(PS, G), rtol=1e-9)
    np.testing.assert_allclose(weight("rloo"), 1)
    np.testing.assert_allclose(weight("successes"), (1 - (1 - PS) ** G) / PS, rtol=1e-9)
    np.testing.assert_allclose(
        weight("passk"),
        [-pg.finite_difference(lambda q: (1 - q[0]) ** G, np.array([p]))[0] for p in PS],
        rtol=1e-5,
        atol=1e-8,
    )


@pytest.mark.parametrize("method", ["grpo", "until_mixed", "passk"])
def test_what_is_climbed_is_the_integral(js, method):
    s = {"method": method, "group": 6, "sample": False}
    got = np.array(js(ClimbWhich, "m.climbed(arg)", s))

    def w(p):
        return js(ClimbWhich, "m.weight(arg[0], arg[1])", [s, p])

    whole = integrate.quad(w, 0.005, 0.995, limit=200)[0]
    for i in (40, 100, 170):
        assert got[i, 1] == pytest.approx(integrate.quad(w, 0.005, got[i, 0], limit=200)[0] / whole, abs=2e-3)
    assert got[0, 1] == 0 and got[-1, 1] == 1


def test_five_times_by_keyboard(show):
    page = show(ClimbWhich())
    assert not met(page)
    page.get_by_role("radio", name="until mixed").press("Space")
    assert not met(page)
    page.get_by_label("answers G (and k)").press("Home")
    assert met(page) and "5.26" in page.locator(".pg-fig-formula").inner_text()


def test_the_same_by_keyboard_and_the_two_flat_ones(show):
    page = show(ClimbWhich(task="same"))
    page.get_by_label("answers G (and k)").press("Home")
    page.get_by_role("radio", name="successes").press("Space")
    press(page, "Shift+Tab")
    page.get_by_label("answers G (and k)").press("ArrowRight")
    assert not met(page)
    page.get_by_role("radio", name="GRPO", exact=True).press("Space")
    assert met(page) and "weighs all prompts alike" in page.locator(".pg-fig-say").inner_text()


def test_five_times_is_not_met_by_moving_the_prompts(show):
    page = show(ClimbWhich(method="passk", group=8))
    page.get_by_role("slider", name="Success rate of prompt 1").focus()
    press(page, "PageUp", 3)
    assert not met(page)


# ---- the rambling tree ----
RULES = {"sum": "sum", "sequence": "sequence", "token": "token", "gspo": "sequence"}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("G", [2, 3, 4])
def test_expected_steps(js, rule, G):
    for p, a, b in ((0.25, 0.5, 0.5), (0.7, 0.2, 0.6)):
        theta = pg.tree_logits(p, a, b)

        def weigh(r, T):
            return pg.token_weights(
                pg.group_advantages([r], "leave_one_out")[0], np.arange(4)[:, None] < T, RULES[rule]
            )[0]

        want = pg.group_moments(pg.AnswerTree().outcomes(theta), G, weigh)[0]
        s = {"p": p, "after_right": a, "after_wrong": b, "rule": rule, "group": G}
        np.testing.assert_allclose(js(RamblingTree, "m.expected(arg)", s), want, rtol=1e-9, atol=1e-14)
        assert js(RamblingTree, "m.lengthening(arg)", s) == pytest.approx(
            pg.AnswerTree().by_length(theta) @ want, abs=1e-14
        )


def test_the_numbers_of_the_page(js):
    s = {"p": 0.25, "after_right": 0.5, "after_wrong": 0.5, "rule": "sequence", "group": 2}
    assert js(RamblingTree, "m.expected(arg)", s) == pytest.approx([18 / 256, -3 / 256, 3 / 256])
    assert js(RamblingTree, "m.lengthening(arg)", s) == pytest.approx(3 / 1024)


def test_shorter_and_neither_by_keyboard(show):
    page = show(RamblingTree())
    assert not met(page)
    page.get_by_role("slider", name="Probability: right").focus()
    press(page, "PageUp", 2)
    press(page, "ArrowRight", 5)
    assert not met(page)  # one half: the mean stands still
    page.get_by_role("radio", name="neither").press("Space")
    page.get_by_role("slider", name="Probability: right").focus()
    press(page, "ArrowRight")
    press(page, "ArrowLeft")
    assert met(page)
    page.get_by_role("radio", name="shorter").press("Space")
    page.get_by_role("slider", name="Probability: right").focus()
    press(page, "ArrowRight")
    assert met(page)


def test_another_rule_does_not_meet_it(show):
    page = show(RamblingTree(p=0.7))
    page.get_by_role("radio", name="per token").press("Space")
    assert not met(page)


# ---- six places for a KL ----
def law(p, ref):
    return np.array([1 - p, p]), np.array([1 - ref, ref])


@pytest.mark.parametrize("p, ref", [(0.75, 0.5), (0.01, 0.5), (0.3, 0.62), (0.4, 0.4)])
def test_eight_gradients(js, p, ref):
    s, (pi, q) = {"p": p, "ref": ref}, law(p, ref)
    score, logs = np.array([-p, 1 - p]), (np.log(pi), np.log(q))
    for k in ("k1", "k2", "k3"):
        for place, weights in (("loss", pg.kl_loss_weights(*logs, k)), ("reward", pg.kl_values(*logs, k))):
            assert js(SixPlaces, f"m.gradient('{k}-{place}', arg)", s) == pytest.approx(
                pi @ (weights * score), abs=1e-12
            )
            spread = np.sqrt(pi @ (weights * score) ** 2 - (pi @ (weights * score)) ** 2)
            assert js(SixPlaces, f"m.spread('{k}-{place}', arg)", s) == pytest.approx(spread, abs=1e-7)
    theta = np.array([np.log(p / (1 - p))])

    def kl(a, b):
        return a @ np.log(a / b)

    def policy(th):
        return law(1 / (1 + np.exp(-th[0])), ref)[0]

    assert js(SixPlaces, "m.reverse(arg)", s) == pytest.approx(
        pg.finite_difference(lambda th: kl(policy(th), q), theta)[0], abs=1e-8
    )
    assert js(SixPlaces, "m.forward(arg)", s) == pytest.approx(
        pg.finite_difference(lambda th: kl(q, policy(th)), theta)[0], abs=1e-8
    )


def test_away_and_too_strong_by_keyboard(show):
    page = show(SixPlaces())
    page.get_by_role("radio", name="k1: reward").press("Space")
    assert not met(page)
    page.get_by_role("radio", name="k3: reward").press("Space")
    assert met(page) and "pushed away" in page.locator(".pg-fig-say").inner_text()
    page.get_by_role("radio", name="too strong").press("Space")
    page.get_by_role("radio", name="k3: loss").press("Space")
    assert not met(page)
    page.get_by_role("slider", name="Policy").press("End")
    assert met(page)


def test_a_hundred_draws_are_shown_with_their_interval(show):
    page = show(SixPlaces())
    page.get_by_role("button", name="Sample 100").press("Enter")
    assert page.locator(".pg-dial-tested").count() == 1
    page.get_by_role("button", name="Reset").press("Enter")
    assert page.locator(".pg-dial-tested").count() == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: ClimbWhich(group=1),
        lambda: ClimbWhich(p1=0.0),
        lambda: ClimbWhich(method="ppo"),
        lambda: RamblingTree(p=1.0),
        lambda: RamblingTree(group=5),
        lambda: RamblingTree(rule="none"),
        lambda: SixPlaces(p=1.0),
        lambda: SixPlaces(place="k4-loss"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make):
    with pytest.raises(traitlets.TraitError):
        make()
