"""What the interview's answers claim of the things that programs do to an update beside the formula: normalise, cut,
clip a value, weigh a KL, follow a teacher. Each from its definition, all outcomes summed up."""

import itertools
import json
import re

import numpy as np
import pytest

import policy_gradient as pg
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import ANSWERS, RUBRIC, difference, doors, slope, softmax
from tools.paths import ROOT

PAYS = ((1, 1.0, 0.5), (2, 8.0, 0.125), (2, 0.0, 0.375))  # arm, pay, chance: the second arm is worth 2


def over_batches(N, update):
    """The mean of an update over all batches of N draws from two equally likely arms with one logit."""
    total = 0.0
    for batch in itertools.product(PAYS, repeat=N):
        score = np.array([-0.5 if arm == 1 else 0.5 for arm, _, _ in batch])
        pay, chance = np.array([b[1] for b in batch]), np.prod([b[2] for b in batch])
        total += chance * update(score, pay)
    return total


def normalised(score, pay):
    return np.mean(score * (pay - pay.mean()) / pay.std()) if pay.std() else 0.0


def test_normalising_small_minibatches_turns_the_sign_and_large_ones_find_it_again():
    assert over_batches(1, lambda score, pay: np.mean(score * pay)) == pytest.approx(0.25)
    assert over_batches(2, normalised) == pytest.approx(-1 / 8)
    assert over_batches(8, normalised) < 0  # up to eleven, by the same count as for groups of answers
    answer = ANSWERS["normalise-advantages"]
    assert "the mean step is $-\\frac18$" in answer and "right from twelve samples on" in answer
    assert "right from twelve answers on" in " ".join(RUBRIC["grpo-ranks"])


def test_minibatches_of_two_turn_two_doors_by_the_factors_that_are_named():
    """The visits and the exact advantages of two doors at theta = 0, each step counted once: a pair of steps that
    differ becomes +-1."""
    world, pi, scores, _ = doors()
    visits = np.array([1, 1, 0.5, 0.5])  # not discounted: A, then B, then C or D
    A = pg.action_values(world, pi) - pg.state_values(world, pi)[:, None]
    cells = [(s, a, visits[s] * pi[s, a]) for s in range(4) for a in (0, 1)]
    p = np.array([c for _, _, c in cells])
    p, adv = p / p.sum(), np.array([A[s, a] for s, a, _ in cells])
    g = np.array([scores[s, a] for s, a, _ in cells])
    plain = (p * adv) @ g
    pair = sum(
        p[i] * p[j] * np.sign(adv[i] - adv[j]) * (g[i] - g[j]) / 2
        for i in range(len(p))
        for j in range(len(p))
        if not np.isclose(adv[i], adv[j])
    )
    large = (p * (adv - p @ adv)) @ g / np.sqrt(p @ (adv - p @ adv) ** 2)
    np.testing.assert_allclose(pair / plain, [16 / 9, 1])
    assert all(1.9 < large / plain) and all(large / plain < 2.1)
    assert "the first becomes $\\frac{16}9$ of what it was, the second stays" in ANSWERS["normalise-advantages"]


def test_cutting_the_norm_of_small_batches_turns_the_sign_and_each_batch_keeps_its_direction():
    cut = lambda score, pay: np.clip(np.mean(score * pay), -1, 1)  # noqa: E731
    found = [over_batches(N, cut) for N in (1, 4, 8)]
    assert found[0] == pytest.approx(-0.125) and found[1] == pytest.approx(0.1746, abs=5e-5)
    assert found[0] < 0 < found[1] < found[2] < 0.25
    row = next(line for line in ANSWERS["cut-the-norm"].splitlines() if line.startswith("| mean update"))
    assert re.findall(r"[-\d.]+\d", row) == ["-.125", ".175", ".244", ".250"]


def test_the_clipped_value_loss_has_the_slopes_of_the_table():
    loss = lambda v: max((v - 1) ** 2, (np.clip(v, -0.2, 0.2) - 1) ** 2)  # noqa: E731
    at = (-0.5, 0.0, 0.5, 1.5, 2.0)
    assert [round(difference(loss, v)) for v in at] == [-3, -2, 0, 0, 2]
    assert difference(loss, 1.79) == 0 < difference(loss, 1.81)  # as far beyond the target as the edge is short of it
    assert "| slope | $-3$ | $-2$ | $0$ | $0$ | $2$ |" in ANSWERS["clip-the-value"]
    code = re.search(r"```python\n(.*?)```", ANSWERS["clip-the-value"], re.S)[1]
    assert "torch.max(" in code and ".mean()" in code


KINDS = {"k1": lambda d: d, "k2": lambda d: d**2 / 2, "k3": lambda d: np.exp(-d) - 1 + d}


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("name", KINDS)
def test_a_kl_estimate_times_a_ratio_that_is_differentiated_has_the_gradient_of_its_own_mean(name, fresh):
    z, ref, k = np.array([0.3, -0.4, 0.9]), np.array([0.5, 0.2, 0.3]), KINDS[name]
    old = softmax(z) if fresh else np.array([0.1, 0.6, 0.3])
    d = lambda t: np.log(softmax(t) / ref)  # noqa: E731
    e = np.eye(3)
    along = lambda f: np.array([slope(lambda h, i=i: f(z + h * e[i]), 0.0, 1e-5) for i in range(3)])  # noqa: E731
    reverse, forward = along(lambda t: softmax(t) @ d(t)), along(lambda t: -ref @ d(t))
    both = along(lambda t: old @ (softmax(t) / old * k(d(t))))
    detached = along(lambda t: old @ (softmax(z) / old * k(d(t))))
    assert np.allclose(both, reverse, atol=1e-7) == (name != "k2")
    if name == "k3":  # "May the ratio be detached?"
        np.testing.assert_allclose(detached, forward, atol=1e-7)
        assert not np.allclose(forward, reverse, atol=1e-2)
    assert "$k_1$ and $k_3$ in the loss have the gradient that is wanted" in PageAndLab.text("08-length-and-leash")
    assert "and not for $k_2$" in ANSWERS["weighted-kl"] and "the *other* KL's" in ANSWERS["weighted-kl"]


def test_what_trl_does_with_its_kl_was_read():
    trl = json.loads((ROOT / "tools/keep/library_defaults.json").read_text("utf8"))["libraries"]["trl"]
    assert trl["defaults"]["GRPO use_bias_correction_kl"] == "True"
    assert f"TRL {trl['version']} does so by default where $\\beta>0$" in ANSWERS["weighted-kl"]


def test_a_teacher_followed_token_by_token_is_nobody_s_gradient_and_to_the_end_it_is_the_kl_s():
    """Two tokens, one logit each (the second behind the first token 1 only, behind 0 the answer ends)."""
    first, second = 0.5, 0.2  # the teacher's chances of 1
    p = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    kl = lambda x, q: p(x) * np.log(p(x) / q) + (1 - p(x)) * np.log((1 - p(x)) / (1 - q))  # noqa: E731
    whole = lambda a, b: kl(a, first) + p(a) * kl(b, second)  # noqa: E731

    def field(a, b, to_the_end):
        out = np.zeros(2)
        for acts in ((0,), (1, 0), (1, 1)):
            chances = [p(x) if act else 1 - p(x) for act, x in zip(acts, (a, b))]
            d = [np.log(c / (q if act else 1 - q)) for c, q, act in zip(chances, (first, second), acts)]
            for t, act in enumerate(acts):
                out[t] += np.prod(chances) * (sum(d[t:]) if to_the_end else d[t]) * (act - p((a, b)[t]))
        return out

    a, b = 0.4, 1.1
    gradient = [difference(lambda x: whole(x, b), a), difference(lambda x: whole(a, x), b)]
    np.testing.assert_allclose(field(a, b, True), gradient, atol=1e-8)
    for to_the_end in (True, False):
        cross = (
            difference(lambda x, e=to_the_end: field(a, x, e)[0], b),
            difference(lambda x, e=to_the_end: field(x, b, e)[1], a),
        )
        assert (abs(cross[0] - cross[1]) < 1e-8) == to_the_end
        copied = np.log(np.array([first, second]) / (1 - np.array([first, second])))
        np.testing.assert_allclose(field(*copied, to_the_end), 0, atol=1e-15)  # a copy of the teacher is at rest
    assert "in general nobody's gradient" in ANSWERS["on-policy-distillation"]


def test_a_log_ratio_differentiated_at_the_samples_has_mean_zero():
    z = np.array([0.3, -0.4, 0.9])
    np.testing.assert_allclose(softmax(z) @ (np.eye(3) - softmax(z)), 0, atol=1e-15)
    assert "whose gradient has mean zero" in ANSWERS["on-policy-distillation"]
