"""Chapter 5: whatever is unbiased passes, whatever is not is told how far off it is,
and each of the eight lies far off."""

import inspect
import itertools
import math
import re
import textwrap

import nbformat
import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats

import policy_gradient as pg
from learning_to_act.checks import check, engine, hint, hunt, mistakes, start_drill, stopwatch
from learning_to_act.checks.registry import registry
from learning_to_act.checks.worlds import Batch, exact_curves, ladder, slider
from learning_to_act.exercises import in_the_interview
from tests.helpers.learner import ROOT, functions, solution_expressions

HUNTS = {one.name: one for one in in_the_interview.HUNTS}
LADDER_HUNTS = {name: one for name, one in HUNTS.items() if name != "update_7"}
DRILL = in_the_interview.DRILL
SPACE = {"np": np, "softmax": pg.softmax, "reward_to_go": pg.reward_to_go}


def rewritten(name, *changes):
    """The original with some text of it replaced."""
    source = inspect.getsource(HUNTS[name].original)
    for old, new in changes:
        assert old in source, f"{name} does not hold {old!r}"
        source = source.replace(old, new)
    space = dict(SPACE)
    exec(compile(source, name, "exec"), space)
    return space[name]


@pytest.fixture
def few(monkeypatch):
    """Fewer batches, where power is not the question: how far off each mistake is, is proved by enumeration above."""
    monkeypatch.setattr(hunt, "COUNT", 400)
    monkeypatch.setattr(hunt, "FREE", 100)


@pytest.fixture
def looked_at_once(monkeypatch):
    """For one function under several names: its steps on the sampled batches are the same each time."""
    kept, look = {}, hunt.Hunt._look

    def once(self, function, number, seconds):
        if (key := (self.name, function, number)) not in kept:
            kept[key] = look(self, function, number, seconds)
        return kept[key]

    monkeypatch.setattr(hunt.Hunt, "_look", once)


# --- the worlds --------------------------------------------------------------------------------------------------


def all_batches(setting):
    """[(probability, batch)]: every batch of n episodes that can happen
    (an episode is known by how often it climbs)."""
    T, probs = len(setting.theta), pg.softmax(setting.start)
    ways = []
    for climbs in range(T + 1):
        path = (np.arange(T) < climbs).astype(int)
        stop = probs[climbs, 0] if climbs < T else 1.0
        ways.append((np.prod(probs[:climbs, 1]) * stop, path))
    assert sum(p for p, _ in ways) == pytest.approx(1)
    values = setting.world.values(setting.start)
    return [
        (np.prod([p for p, _ in many]), setting.world.batch(np.stack([path for _, path in many], axis=1), values))
        for many in itertools.product(ways, repeat=setting.n)
    ]


EVERY = {setting: all_batches(setting) for setting in in_the_interview.LADDERS}


def exact_moments(update, setting):
    """Mean and standard deviation of the step / lr over every batch there is."""
    weights = np.array([p for p, _ in EVERY[setting]])
    steps = np.array([update(setting.start, batch, 0.5) - setting.start for _, batch in EVERY[setting]]) / 0.5
    mean = np.tensordot(weights, steps, axes=1)
    return mean, np.sqrt(np.tensordot(weights, (steps - mean) ** 2, axes=1))


@pytest.mark.parametrize("setting", in_the_interview.LADDERS, ids=str)
def test_the_ladder_against_enumeration_and_differences(setting):
    def J(flat):
        probs, world = pg.softmax(flat.reshape(3, 2)), setting.world
        total = 0.0
        for climbs in range(4):
            rewards = list(world.climb[:climbs]) + ([world.stop[climbs]] if climbs < 3 else [])
            total += (
                np.prod(probs[:climbs, 1])
                * (probs[climbs, 0] if climbs < 3 else 1)
                * sum(world.gamma**t * r for t, r in enumerate(rewards))
            )
        return total

    theta = setting.start
    assert setting.world.expected_return(theta) == pytest.approx(J(theta.ravel()), abs=1e-12)
    np.testing.assert_allclose(setting.exact.ravel(), pg.finite_difference(J, theta.ravel()), atol=1e-9)
    np.testing.assert_allclose(
        setting.world.values(theta), pg.state_values(setting.world.mdp, pg.softmax(theta)), atol=1e-12
    )


@pytest.mark.parametrize("theta", [-1.5, -0.3, 0.8])
def test_the_slider_against_quadrature(theta):
    def J(mean):
        def paid(a):
            return (5 + np.clip(a, -1, 1)) * scipy.stats.norm.pdf(a, mean)

        return sum(
            scipy.integrate.quad(paid, *ends, epsabs=1e-12)[0] for ends in ((mean - 12, -1), (-1, 1), (1, mean + 12))
        )

    assert slider.expected_return([theta]) == pytest.approx(J(theta), abs=1e-9)
    assert slider.exact_gradient([theta])[0] == pytest.approx((J(theta + 1e-4) - J(theta - 1e-4)) / 2e-4, abs=1e-7)


def test_a_sampled_batch_has_the_law_of_its_policy():
    setting = in_the_interview.LADDERS[0]
    drawn = hunt.batches(setting, 0, hunt.COUNT)
    probs = pg.softmax(setting.start)
    climbs = np.concatenate([batch.mask.sum(axis=0) - 1 + (batch.actions * batch.mask)[2] for batch in drawn])
    wanted = [probs[0, 0], probs[0, 1] * probs[1, 0], probs[0, 1] * probs[1, 1] * probs[2, 0], probs[:, 1].prod()]
    assert scipy.stats.chisquare(np.bincount(climbs, minlength=4), np.array(wanted) * len(climbs)).pvalue > 1e-3
    for batch in drawn[:50]:
        assert isinstance(batch, Batch) and batch.rewards.shape == (3, setting.n)
        assert (batch.rewards[~batch.mask] == 0).all() and (batch.obs[~batch.mask] == 0).all()
        assert (batch.terminated.sum(axis=0) == 1).all() and (batch.next_obs[batch.terminated] == 0).all()
        np.testing.assert_array_equal(batch.obs[batch.mask], np.nonzero(batch.mask)[0])


# --- how far off the eight are, exactly -------------------------------------------------------------------------------


@pytest.mark.parametrize("one", LADDER_HUNTS.values(), ids=lambda one: one.name)
def test_each_bug_lies_beyond_eight_sigma_and_each_truth_at_none(one):
    """Over all batches with their probabilities: no sampling, so these are the distances themselves."""
    distances = []
    for setting in one.settings:
        mean, spread = exact_moments(one.original, setting)
        distances.append((np.abs(mean - setting.exact) / spread).max() * np.sqrt(hunt.COUNT))
        mean, _ = exact_moments(one.truth, setting)
        np.testing.assert_allclose(mean, setting.exact, atol=1e-12)
    assert max(distances) > 8, distances


def test_the_clipped_score_lies_beyond_eight_sigma():
    """Its mean by quadrature: the draws are independent, so a leave-one-out baseline subtracts E[r] E[score]."""
    for setting in in_the_interview.SLIDERS:
        (mean,), world = setting.start, setting.world

        def expect(f):
            ends = ((mean - 12, world.low), (world.low, world.high), (world.high, mean + 12))
            return sum(
                scipy.integrate.quad(lambda a: f(a) * scipy.stats.norm.pdf(a, mean, world.std), *pair, epsabs=1e-12)[0]
                for pair in ends
            )

        reward, score = (
            (lambda a: world.base + np.clip(a, world.low, world.high)),
            (lambda a: (np.clip(a, world.low, world.high) - mean) / world.std**2),
        )
        biased = expect(lambda a: reward(a) * score(a)) - expect(reward) * expect(score)
        steps = np.array(
            [
                HUNTS["update_7"].original(setting.start, draws, 1.0) - setting.start
                for draws in hunt.batches(setting, 0, hunt.COUNT)
            ]
        )
        error = steps.std() / np.sqrt(hunt.COUNT)
        assert abs(steps.mean() - biased) < 4 * error  # the sample agrees with the integral
        assert abs(biased - setting.exact[0]) > 8 * error


def test_the_eight_are_told_apart_from_one_another_and_from_all_other_known_mistakes():
    families = {name: ways for name, ways in in_the_interview.known_on_the_ladder().items()}
    drawn = [
        (setting.start, batch)
        for setting in in_the_interview.LADDERS
        for batch in hunt.batches(setting, 0, hunt.COUNT)[:20]
    ]
    steps = {
        (name, i): np.concatenate([way(theta, batch).ravel() for theta, batch in drawn])
        for name, ways in families.items()
        for i, way in enumerate(ways)
    }
    for (first, one), (second, other) in itertools.combinations(steps.items(), 2):
        if first[0] != second[0]:
            assert np.abs(one - other).max() > 1e-3, f"{first} and {second} take the same steps"
    for name, right in in_the_interview.RIGHT_WAYS.items():
        for key, step in steps.items():
            assert (
                np.abs(np.concatenate([right(theta, batch).ravel() for theta, batch in drawn]) - step).max() > 1e-3
            ), (name, key)
    for first, second in itertools.combinations(LADDER_HUNTS.values(), 2):
        assert any(
            np.abs(first.original(theta, batch, 1.0) - second.original(theta, batch, 1.0)).max() > 1e-3
            for theta, batch in drawn
        )


def test_false_alarms_are_as_rare_as_the_docstring_says():
    once = 1 - (1 - 2 * scipy.stats.norm.sf(hunt.SIGMA)) ** 6
    assert once == pytest.approx(4e-4, rel=0.1) and once**2 < 1e-4
    slips = 2 * scipy.stats.norm.sf(8 - hunt.SIGMA)
    assert slips == pytest.approx(6e-5, rel=0.1)


def test_right_estimators_pass_with_room_on_all_looks():
    for way in in_the_interview.RIGHT_WAYS.values():
        for setting in in_the_interview.LADDERS:
            mean, _ = exact_moments(lambda theta, batch, lr: theta + lr * way(theta, batch), setting)
            np.testing.assert_allclose(mean, setting.exact, atol=1e-12)


# --- what is rejected -------------------------------------------------------------------------------------------------


def rejected(one, name, words):
    result = check(one.original, mistake=name)
    assert not result and result.mistake == "cosmetic" and words in result.message
    assert "same step as the original" in result.message and re.search(
        r"is \d+ sigma from the exact gradient", result.message
    )
    assert 2 <= len(result.message.splitlines()) <= 6


@pytest.mark.parametrize("one", HUNTS.values(), ids=lambda one: one.name)
def test_the_original_is_rejected_though_rightly_named(one):
    rejected(one, one.bug, "is right")


@pytest.mark.parametrize("one", HUNTS.values(), ids=lambda one: one.name)
def test_the_original_is_rejected_whatever_it_is_called(one, few):
    name, words = (("sum-over-episodes", "the original's name is not"), ("", ""), ("nonsense", "is no name"))[
        int(one.name[-1]) % 3
    ]
    rejected(one, name, words)


COSMETIC = {  # three each: other names, other words for the same, another line that is still wrong
    "update_1": [
        [("gradient", "step"), ("probs", "pi")],
        [("np.zeros(theta.shape)", "0 * theta")],
        [("np.where(batch.mask, to_go, 0.0)", "np.where(batch.mask, to_go[0], 0.0)")],
    ],
    "update_2": [
        [("log_prob_gradients", "scores"), ("total", "G")],
        [(".mean(axis=0)", ".sum(axis=0) / T")],
        [
            (
                "sum(batch.gamma**t * batch.rewards[t, i] for t in range(T))",
                "batch.rewards[:, i] @ batch.gamma ** np.arange(3) * T / 3",
            )
        ],
    ],
    "update_3": [
        [("weights", "psi"), ("probs", "pi")],
        [("weights.mean()", "sum(weights) / len(weights)")],
        [(" / (weights.std() + 1e-8)", "")],
    ],
    "update_4": [
        [("advantage", "A"), ("others", "b")],
        [("returns.sum(axis=1, keepdims=True)", "returns @ np.ones((returns.shape[1], 1))")],
        [("returns - others", "returns")],
    ],
    "update_5": [
        [("advantage", "A"), ("returns", "G")],
        [("(advantage[here][:, None] * score[here]).sum(axis=0)", "advantage[here] @ score[here]")],
        [("batch.values[batch.obs]", "batch.values[0]")],
    ],
    "update_6": [
        [("weights", "w"), ("score", "z")],
        [(".sum() / N", ".mean() * score.size**2 / N")],
        [(".sum() / N", ".mean()")],
    ],
    "update_7": [
        [("executed", "a"), ("advantage", "A")],
        [
            (
                "np.clip(batch.actions, batch.low, batch.high)",
                "np.minimum(np.maximum(batch.actions, batch.low), batch.high)",
            )
        ],
        [("batch.rewards - others", "batch.rewards - 5")],
    ],
    "update_8": [
        [("td_error", "delta"), ("target", "y")],
        [("target - V[batch.obs]", "-(V[batch.obs] - target)")],
        [("V[batch.next_obs]", "np.where(batch.terminated, V[batch.obs], V[batch.next_obs])")],
    ],
}


def still_wrong(name, changes):
    result = check(rewritten(name, *changes), mistake=HUNTS[name].bug)
    assert not result and "sigma from the exact gradient" in result.message and "is right" in result.message
    return result.mistake


@pytest.mark.parametrize("name", COSMETIC)
def test_the_same_in_other_words_is_rejected(name, few):
    assert [still_wrong(name, changes) for changes in COSMETIC[name][:2]] == ["cosmetic"] * 2


@pytest.mark.parametrize("name", COSMETIC)
def test_another_line_that_is_still_wrong_is_rejected(name, few):
    assert still_wrong(name, COSMETIC[name][2]) in {
        "biased",
        "scaled",
        "descends",
        "not-from-rewards",
        *in_the_interview.CHOICES,
    }


# --- what is accepted -------------------------------------------------------------------------------------------------


def monte_carlo(theta, batch, lr):
    """Reward-to-go, one step at a time."""
    gradient, N = np.zeros(theta.shape), batch.mask.shape[1]
    for i in range(N):
        for t in range(int(batch.mask[:, i].sum())):
            s, a = batch.obs[t, i], batch.actions[t, i]
            later = sum(batch.gamma**k * batch.rewards[k, i] for k in range(t, len(batch.rewards)))
            gradient[s] += later * (np.eye(2)[a] - pg.softmax(theta[s])) / N
    return theta + lr * gradient


def clipped_law(theta, draws, lr):
    """The score of the law that is executed: a point mass at each stop, a density between (Fujita & Maeda 2018)."""
    low, high = (draws.low - theta[0]) / draws.std, (draws.high - theta[0]) / draws.std

    def pdf(z):
        return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    score = np.where(
        draws.actions <= draws.low,
        -pdf(low) / scipy.special.ndtr(low),
        np.where(
            draws.actions >= draws.high, pdf(high) / scipy.special.ndtr(-high), (draws.actions - theta[0]) / draws.std
        ),
    )
    return theta + lr * np.mean(draws.rewards * score / draws.std, keepdims=True)


CURES = {  # two each, of different kinds
    "update_1": [
        [("theta - lr", "theta + lr")],
        [
            ("theta - lr", "theta + lr"),
            ("to_go, 0.0", "to_go - to_go[:1].sum() / N * N / (N - 1) + to_go[:1] / (N - 1), 0.0"),
        ],
    ],
    "update_2": [[(".mean(axis=0)", ".sum(axis=0)")], monte_carlo],
    "update_3": [
        [("        weights = (weights - weights.mean()) / (weights.std() + 1e-8)\n", "")],
        [
            (
                "weights = (weights - weights.mean()) / (weights.std() + 1e-8)",
                "weights = weights - batch.gamma ** np.arange(T) * batch.values[batch.obs[:T, i]]",
            )
        ],
    ],
    "update_4": [
        [("returns - others, 0.0)", "returns - others, 0.0) * batch.gamma ** np.arange(len(returns))[:, None]")],
        [("batch.rewards[t] + batch.gamma * following", "batch.gamma**t * batch.rewards[t] + following")],
    ],
    "update_5": [[("batch.obs == s", "(batch.obs == s) & batch.mask")], [(" - batch.values[batch.obs]", "")]],
    "update_6": [[(".reshape(-1, 1)", "")], [("(weights * score)", "(score @ weights)")]],
    "update_7": [[("(executed - mean)", "(batch.actions - mean)")], clipped_law],
    "update_8": [
        [("V[batch.next_obs]", "V[batch.next_obs] * (1 - batch.terminated)")],
        [("batch.rewards + batch.gamma * V[batch.next_obs]", "reward_to_go(batch.rewards, batch.gamma)")],
    ],
}


def cured(name, i):
    cure = CURES[name][i]
    return cure if callable(cure) else rewritten(name, *cure)


@pytest.mark.parametrize("name, i", [(name, i) for name in CURES for i in (0, 1)])
def test_two_different_cures_are_accepted(name, i, few):
    result = check(cured(name, i), name, mistake=HUNTS[name].bug)
    assert result.passed and HUNTS[name].bug in result.message, result.message


@pytest.mark.parametrize("name", CURES)
def test_two_cures_of_a_bug_are_different(name):
    one = HUNTS[name]
    drawn = [(setting.start, batch) for setting in one.settings for batch in hunt.batches(setting, 0, hunt.COUNT)[:20]]
    first, second, original = (
        np.concatenate([np.ravel(f(theta, batch, 1.0)) for theta, batch in drawn])
        for f in (cured(name, 0), cured(name, 1), one.original)
    )
    assert np.abs(first - original).max() > 1e-3 and np.abs(second - original).max() > 1e-3
    assert inspect.unwrap(cured(name, 0)).__code__.co_code != cured(name, 1).__code__.co_code


@pytest.mark.parametrize("name", CURES)
def test_a_cure_without_its_name_is_half_an_answer(name, few, looked_at_once):
    function, bug = cured(name, 0), HUNTS[name].bug
    assert check(function, name, mistake=bug.upper().replace("-", " ")).passed
    unnamed = check(function, name)
    assert (
        not unnamed
        and unnamed.mistake == "unnamed"
        and "Mended." in unnamed.message
        and "mistakes()" in unnamed.message
    )
    other = next(one for one in sorted(in_the_interview.CHOICES) if one != bug)
    misnamed = check(function, name, mistake=other)
    assert not misnamed and misnamed.mistake == "misnamed" and in_the_interview.CHOICES[other] in misnamed.message
    assert "Mended." in misnamed.message and len(misnamed.message.splitlines()) <= 6
    near = check(function, name, mistake=bug[:-2])
    assert not near and f"Did you mean {bug!r}?" in near.message


@pytest.mark.parametrize("one", HUNTS.values(), ids=lambda one: one.name)
def test_of_all_names_one_is_right(one):
    assert [name for name in in_the_interview.CHOICES if hunt.Naming(one, name).right] == [one.bug]
    for name in set(in_the_interview.CHOICES) - {one.bug}:
        assert in_the_interview.CHOICES[name] in hunt.Naming(one, name).text


def test_a_mend_that_breaks_another_thing_is_told_which(few):
    cases = [
        (
            "update_4",
            [
                (
                    "np.where(batch.mask, returns - others, 0.0)",
                    "np.where(batch.mask, batch.gamma ** np.arange(3)[:, None] * batch.gamma ** np.arange(3)[:, "
                    "None] * returns, 0.0)",
                )
            ],
            "discounts-twice",
            "Now it is another mistake",
        ),
        (
            "update_2",
            [(".mean(axis=0)", ".sum(axis=0)"), ("gradient / N", "gradient")],
            "sum-over-episodes",
            "Now it is another mistake",
        ),
        (
            "update_1",
            [("theta - lr", "theta + lr"), ("to_go, 0.0", "to_go[0], 0.0"), ("gradient / N", "gradient / N**2")],
            "scaled",
            "1/N",
        ),
        (
            "update_5",
            [("batch.obs == s", "(batch.obs == s) & batch.mask"), ("theta + lr", "theta - lr")],
            "descends",
            "downhill",
        ),
        ("update_3", [("weights = (weights - weights.mean()) / (weights.std() + 1e-8)", "pass")], None, "Mended"),
        (
            "update_8",
            [("discount * td_error", "td_error"), ("V[batch.next_obs]", "V[batch.next_obs] * ~batch.terminated")],
            "gamma-power-dropped",
            "Now it is another mistake",
        ),
        (
            "update_8",
            [
                ("batch.rewards + batch.gamma * V[batch.next_obs]", "reward_to_go(batch.rewards, batch.gamma)"),
                ("discount * td_error, 0.0", "discount * td_error / batch.mask.sum(axis=0), 0.0"),
            ],
            "biased",
            "Not mended yet",
        ),
    ]
    for name, changes, what, words in cases:
        result = check(rewritten(name, *changes), mistake=HUNTS[name].bug)
        assert (result.mistake, result.passed) == (what, what is None) and words in result.message, result.message


@pytest.mark.parametrize("name", in_the_interview.known_on_the_ladder())
def test_every_known_mistake_is_rejected_by_its_name(name, few):
    way = in_the_interview.known_on_the_ladder()[name][-1]
    result = check(lambda theta, batch, lr: theta + lr * way(theta, batch), "update_1", mistake="descends")
    assert not result and result.mistake == name and name in result.message
    assert in_the_interview.CHOICES[name].rstrip(".") in result.message


@pytest.mark.parametrize("setting", in_the_interview.LADDERS, ids=str)
def test_every_known_mistake_is_biased(setting):
    """Over all batches there are, none of them has the gradient as its mean."""
    for name, ways in in_the_interview.known_on_the_ladder().items():
        for way in ways:
            mean, _ = exact_moments(lambda theta, batch, lr: theta + lr * way(theta, batch), setting)
            assert np.abs(mean - setting.exact).max() > 0.01, name


# --- what a function can do -------------------------------------------------------------------------------------------


def test_adam_and_clipped_norms_are_told_why_not(few):
    def normed(theta, batch, lr):
        step = monte_carlo(theta, batch, 1.0) - theta
        return theta + step / max(np.abs(step).max(), 1e-9) * lr**0.5

    result = check(normed, "update_1", mistake="descends")
    assert not result and result.mistake == "not-linear" and "Adam" in result.message


@pytest.mark.parametrize("name", ["reinforce_update", "update_1"])
@pytest.mark.parametrize(
    "answer, what, words",
    [
        (lambda theta, new, lr: 0 * theta, "not-linear", "is 0 everywhere: what comes back must be theta, moved by lr"),
        (lambda theta, new, lr: new - theta, "not-linear", "You return the step alone."),
        (lambda theta, new, lr: (new - theta) / lr, "not-linear", "stays the same when lr changes."),
        (lambda theta, new, lr: theta + (new - theta) / lr, "not-linear", "stays the same when lr changes."),
        (lambda theta, new, lr: theta + lr * (new - theta), "not-linear", "no Adam, no momentum, no clipping"),
        (lambda theta, new, lr: theta, "biased", "theta comes back as it went in"),
        (lambda theta, new, lr: theta.copy(), "biased", "theta comes back as it went in"),
    ],
    ids=["zeros", "step", "gradient", "lr forgotten", "lr twice", "theta", "a copy of theta"],
)
def test_what_is_no_step_from_theta_is_told_so(few, name, answer, what, words):
    right = registry()[name].truth

    def update(theta, batch, lr):
        return answer(theta, right(theta, batch, lr), lr)

    def reinforce_update(theta, episodes, lr, gamma):
        return answer(theta, right(theta, episodes, lr, gamma), lr)

    result = check(update if name == "update_1" else reinforce_update, name)
    assert not result and result.mistake == what and words in result.message, result.message
    assert "sigma" not in result.message and len(result.message.splitlines()) <= 3


def test_a_part_that_no_reward_made_is_seen_however_small():
    """A hundred-thousandth of a decay lies far below the noise of the rewards, and alone where nothing is paid;
    an unbiased constant does not."""

    def decayed(theta, batch, lr):
        return monte_carlo(theta, batch, lr) - lr * 1e-4 * theta

    result = check(decayed, "update_1", mistake="descends")
    assert not result and result.mistake == "not-from-rewards" and "decay" in result.message

    def constant(theta, batch, lr):
        return theta + lr * in_the_interview.estimate(
            lambda b: in_the_interview.to_go(b) - 1.5 * in_the_interview.discount(b)
        )(theta, batch)

    assert check(constant, "update_1", mistake="descends").passed


def test_an_answer_that_knows_the_prices_passes(few):
    def along_the_path(theta, draws, lr):
        return theta + lr * np.mean((draws.low < draws.actions) & (draws.actions < draws.high))

    assert check(along_the_path, "update_7", mistake="clipped-action-scored").passed


def test_memory_and_dice_are_told_apart_from_a_wrong_learning_rate(few):
    kept = []

    def remembers(theta, batch, lr):
        kept.append(monte_carlo(theta, batch, lr) - theta)
        return theta + sum(kept)

    rng = np.random.default_rng(0)
    dice = lambda theta, batch, lr: monte_carlo(theta, batch, lr) + rng.normal(size=theta.shape) * lr  # noqa: E731
    for function in (remembers, dice):
        result = check(function, "update_1", mistake="descends")
        assert not result and result.mistake == "two-answers" and "two answers" in result.message


def test_a_cut_weight_is_rejected():
    """No weight is below 0 on a ladder whose every return is positive: one of the two has both signs."""
    cut = lambda theta, batch, lr: (
        theta + lr * in_the_interview.estimate(lambda b: np.maximum(in_the_interview.to_go(b), 0))(theta, batch)
    )  # noqa: E731
    distances = [
        np.abs(mean - setting.exact) / spread * np.sqrt(hunt.COUNT)
        for setting in in_the_interview.LADDERS
        for mean, spread in [exact_moments(cut, setting)]
    ]
    assert np.max(distances) > 8 and not check(cut, "update_1", mistake="descends")


def test_one_number_off_by_two_factors_is_not_called_a_factor(few):
    standardised = lambda theta, d, lr: (
        theta
        + lr
        * np.mean((d.rewards - d.rewards.mean()) / (d.rewards.std() + 1e-8) * (d.actions - theta[0]), keepdims=True)
    )  # noqa: E731
    assert check(standardised, "update_7", mistake="clipped-action-scored").mistake == "not-scaling"


def in_place(theta, batch, lr):
    theta += monte_carlo(theta, batch, lr) - theta
    return theta


def spoils_rewards(theta, batch, lr):
    new = monte_carlo(theta, batch, lr)
    batch.rewards[:] = 0
    return new


def noisy(theta, batch, lr):
    """Unbiased, with the worst of constant baselines."""
    return theta + lr * in_the_interview.estimate(
        lambda b: in_the_interview.to_go(b) - 40 * in_the_interview.discount(b)
    )(theta, batch)


def sometimes_nan(theta, batch, lr):
    return monte_carlo(theta, batch, lr) / (batch.mask.sum() != 11)


def sometimes_raises(theta, batch, lr):
    assert batch.mask.sum() != 11
    return monte_carlo(theta, batch, lr)


def sometimes_short(theta, batch, lr):
    return monte_carlo(theta, batch, lr)[: 2 if batch.mask.sum() == 11 else 3]


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda theta, batch, lr: None, "returned None"),
        (lambda theta, batch, lr: theta[0], "shape is wrong"),
        (lambda theta, batch, lr: theta.ravel(), "shape is wrong"),
        (lambda theta, batch, lr: theta * np.nan, "NaN"),
        (lambda theta, batch, lr: theta + batch.reward, "AttributeError"),
        (lambda theta, batch, lr: "theta", "text (a str)"),
        (lambda theta, batch, lr: theta, "comes back as it went in"),
        (lambda theta, batch, lr: theta * (1 + lr), "sigma from the exact gradient"),
        (lambda theta, batch: theta, "cannot be called"),
        (in_place, "changes its argument theta"),
        (spoils_rewards, "changes its argument batch"),
        (noisy, "scatter"),
        (sometimes_nan, "NaN"),
        (sometimes_raises, "AssertionError"),
        (sometimes_short, "shape"),
    ],
)
def test_whatever_it_does_the_check_answers(function, words, monkeypatch):
    monkeypatch.setattr(hunt, "COUNT", 800)  # among so many batches there is one with 11 steps
    result = check(function, "update_1", mistake="descends")
    assert not result and words in result.message and 1 <= len(result.message.splitlines()) <= 6, result.message
    assert "check itself stumbled" not in result.message


def test_a_loop_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 0.3)

    def update_1(theta, batch, lr):
        while True:
            pass

    assert "had not finished" in check(update_1).message

    def update_2(theta, batch, lr):
        if batch.mask.sum() == 12:
            return sum(1 for _ in iter(int, 1))
        return theta

    assert check(update_2).kind in {"time", "mistake"}


@pytest.mark.parametrize("name", [3, 2.5, ["descends"], {"a": 1}, object(), "", "   ", b"descends", "x" * 5000])
def test_any_name_is_answered(name, few):
    result = check(cured("update_1", 0), "update_1", mistake=name)
    assert not result and "stumbled" not in result.message and "Mended" in result.message


def test_a_single_precision_answer_passes(few):
    right = cured("update_1", 0)
    result = check(lambda theta, batch, lr: right(theta, batch, lr).astype(np.float32), "update_1", mistake="descends")
    assert result.passed, result.message


# --- the drill --------------------------------------------------------------------------------------------------------


def from_batch(way):
    """The estimator `way` on lists of episodes: padded to a batch first."""

    def reinforce_update(theta, episodes, lr, gamma):
        T, N = max(map(len, episodes)), len(episodes)
        obs, actions, rewards, mask = (
            np.zeros((T, N), int),
            np.zeros((T, N), int),
            np.zeros((T, N)),
            np.zeros((T, N), bool),
        )
        for i, episode in enumerate(episodes):
            for t, step in enumerate(episode):
                (obs[t, i], actions[t, i], rewards[t, i]), mask[t, i] = step, True
        return theta + lr * way(theta, Batch(obs, actions, rewards, None, None, mask, None, gamma))

    return reinforce_update


@pytest.mark.parametrize("words, way", in_the_interview.RIGHT_WAYS.items())
def test_the_drill_takes_every_unbiased_variant_and_says_which_it_is(words, way, few):
    result = check(from_batch(way))
    assert (
        result.passed and f"the estimator with {words}." in result.message and len(result.message.splitlines()) <= 6
    ), result.message


def test_the_drill_takes_a_constant_baseline_and_other_styles(few):
    def with_constant(theta, batch):
        return in_the_interview.estimate(lambda b: in_the_interview.to_go(b) - 1.5 * in_the_interview.discount(b))(
            theta, batch
        )

    result = check(from_batch(with_constant))
    assert result.passed and "none of the usual forms" in result.message


DRILL_MISTAKES = {
    name: ways
    for name, ways in in_the_interview.known_on_the_ladder().items()
    if name not in {"padding-counted", "bootstraps-past-the-end"}
}


@pytest.mark.parametrize("name", DRILL_MISTAKES)
def test_the_drill_names_known_mistakes(name, few):
    result = check(from_batch(DRILL_MISTAKES[name][0]))
    assert not result and result.mistake == name, result.message


def test_the_drill_names_the_wrong_sign_and_the_loud_softmax(few):
    assert check(from_batch(lambda theta, batch: -in_the_interview.REWARD_TO_GO(theta, batch))).mistake == "descends"

    def loud(theta, episodes, lr, gamma):
        probs, gradient = np.exp(theta) / np.exp(theta).sum(axis=1, keepdims=True), np.zeros(theta.shape)
        for episode in episodes:
            for t, (s, a, _) in enumerate(episode):
                gradient[s] += sum(gamma**k * r for k, (_, _, r) in enumerate(episode) if k >= t) * (
                    np.eye(2)[a] - probs[s]
                )
        return theta + lr * gradient / len(episodes)

    result = check(loud, "reinforce_update")
    assert result.passed and "NaN" in result.message and "maximum" in result.message

    def raises(theta, episodes, lr, gamma):
        [math.exp(x) for x in theta.ravel()]
        return DRILL.truth(theta, episodes, lr, gamma)

    result = check(raises, "reinforce_update")
    assert result.passed and "it overflows" in result.message and "maximum" in result.message


def test_the_drill_from_outside():
    (stub,) = [functions("exercises", DRILL)["reinforce_update"]]
    result = check(stub)
    assert not result and "not written yet" in result.message and "hint(reinforce_update)" in result.message
    assert check(lambda theta, episodes, lr, gamma: theta + episodes[0][0][5], "reinforce_update").kind == "raised"

    def spoils(theta, episodes, lr, gamma):
        new = DRILL.truth(theta, episodes, lr, gamma)
        episodes.pop()
        return new

    assert "changes its argument episodes" in check(spoils, "reinforce_update").message


def test_the_stopwatch(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(stopwatch, "_clock", {})
    monkeypatch.setattr(stopwatch.time, "monotonic", lambda: clock[0])
    assert "would have timed it" in stopwatch.minutes()
    assert "clock runs" in repr(start_drill()).lower()
    for seconds, words in ((30, "Less than a minute"), (61, "1 minute after"), (720, "12 minutes after")):
        clock[0] = 100.0 + seconds
        assert words in stopwatch.minutes()


def test_the_drill_is_exact_on_every_batch_of_its_own_truth():
    for setting in in_the_interview.LADDERS:
        mean, _ = exact_moments(lambda theta, batch, lr: DRILL.truth(*DRILL.arguments(theta, batch, lr)), setting)
        np.testing.assert_allclose(mean, setting.exact, atol=1e-12)


# --- texts and notebooks ----------------------------------------------------------------------------------------------


def cells(folder):
    return {cell.id: cell.source for cell in nbformat.read(ROOT / folder / "05-in-the-interview.ipynb", 4).cells}


@pytest.mark.parametrize("folder", ["solutions", "exercises"])
def test_the_notebook_holds_the_originals_word_for_word(folder):
    sources = cells(folder)
    for i, one in enumerate(HUNTS.values(), start=1):
        assert sources[f"bug-{i}-given"] == textwrap.dedent(inspect.getsource(one.original)).strip()
        assert (
            sources[f"bug-{i}-check"] == f'check({one.name}, mistake="")'
            and f"hint({one.name})" in sources[f"bug-{i}-stuck"]
        )


def test_the_exercises_hold_neither_name_nor_cure():
    text = "\n".join(source for key, source in cells("exercises").items())
    for one in in_the_interview.HUNTS:
        assert one.bug not in text and one.after not in text
    solved = cells("solutions")
    for i in range(1, 9):
        assert (
            f"bug-{i}-mended" not in cells("exercises")
            and f'mistake="{HUNTS[f"update_{i}"].bug}"' in solved[f"bug-{i}-passes"]
        )


def test_each_mended_function_of_the_solutions_is_another_text_than_the_original_by_little():
    for i in range(1, len(HUNTS) + 1):
        old, new = cells("solutions")[f"bug-{i}-given"].splitlines(), cells("solutions")[f"bug-{i}-mended"].splitlines()
        assert 1 <= len(set(old) ^ set(new)) <= 4, "one mistake, one mend"


@pytest.mark.parametrize("one", in_the_interview.EXERCISES, ids=lambda one: one.name)
def test_texts(one, monkeypatch):
    monkeypatch.setattr(engine, "_given", {})
    shown = [hint(one.name) for _ in one.hints]
    assert len(shown) >= 3 and "05-in-the-interview" in shown[-1].message
    names = sorted(in_the_interview.CHOICES)
    for text in (*one.hints, one.after):
        assert len(text) <= 260 and text[-1] in ".?!)" and "$" not in text and "`" not in text
        assert not any(name in text for name in names)
    assert 1 <= one.difficulty <= 5 and one.minutes > 0
    if one.bug:
        assert one.bug in in_the_interview.CHOICES and one.bug not in " ".join(one.hints)
    else:
        for expression in solution_expressions(one):
            assert all(expression not in text.replace(" ", "") for text in one.hints)


def test_the_list_of_names_holds_the_eight_and_as_many_that_tempt():
    text = repr(mistakes())
    assert all(name in text for name in in_the_interview.CHOICES)
    bugs = {one.bug for one in in_the_interview.HUNTS}
    assert len(bugs) == 8 and bugs < set(in_the_interview.CHOICES) and len(in_the_interview.CHOICES) >= 16
    assert set(in_the_interview.known_on_the_ladder()) | set(in_the_interview.known_on_the_slider()) <= set(
        in_the_interview.CHOICES
    )


def test_exact_curves_are_returns_of_seeded_runs():
    curves = exact_curves(monte_carlo, ladder, np.zeros((3, 2)), lr=0.5, updates=3, seeds=2)
    assert curves.shape == (2, 4) and (curves[:, 0] == ladder.expected_return(np.zeros((3, 2)))).all()
    rng = np.random.default_rng(1)
    theta = monte_carlo(np.zeros((3, 2)), ladder.sample(np.zeros((3, 2)), rng, 8), 0.5)
    assert curves[1, 1] == ladder.expected_return(theta)


@pytest.mark.parametrize(
    "degrees, ratio, words",
    [
        (179.2, 1.003, "turned by 179 degrees and as long as it should be"),
        (1.2, 0.5, "turned by 1 degree and 0.50 times as long as it should be"),
        (0.3, 2.0, "2.00 times as long as it should be"),
        (0.0, 1.0, "as long as it should be"),
    ],
)
def test_how_an_arrow_lies_is_said_in_words(degrees, ratio, words):
    from learning_to_act.checks import hunt

    assert hunt.lies(degrees, ratio) == words
