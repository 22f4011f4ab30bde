"""The instrument: single mistakes are named, right estimators are not accused, two at once are named or left open; bad
input is said in words."""

import itertools
import json
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest
import scipy.stats

import policy_gradient as pg
from policy_gradient.audit import audit, audit_advantages, audit_gaussian, audit_token_loss, worlds
from policy_gradient.audit.candidates import RIGHT, inner, weights
from policy_gradient.audit.fit import STEPS
from policy_gradient.audit.language import climbed
from tests.helpers.audit_estimators import SOURCES, compiled, mutant, pairs, singles

POLICY = pg.two_action_softmax


def _policy(batch):
    return POLICY(batch.num_obs, batch.num_obs)


def _book(psi, divide="episodes"):
    """The book's own functions, put together as its chapters do."""

    def update(theta, batch):
        g = pg.estimate_gradient(_policy(batch), theta, batch.rollout, psi(batch))
        return g if divide == "episodes" else g * batch.rollout.num_episodes / batch.mask.sum()

    return update


def _returns(batch):
    return pg.reward_to_go(batch.rollout.rewards, batch.gamma)


def _gae(batch, lam=None):
    return pg.gae(
        batch.rollout,
        batch.padded(batch.values),
        batch.last(batch.next_values),
        batch.gamma,
        batch.lam if lam is None else lam,
    )


def _powers(batch):
    return batch.gamma ** np.arange(len(batch.rollout.rewards))[:, None]


def _scaled(batch, ddof=0):
    x, mask = _returns(batch), batch.rollout.mask
    return _powers(batch) * (x - x[mask].mean()) / (x[mask].std(ddof=ddof) + 1e-8)


class Agent:
    theta = np.zeros(3)

    def update(self, batch):
        self.theta = self.theta + 0.05 * compiled(SOURCES["loop"])(self.theta, batch)


class Gradient:
    theta = np.zeros(3)

    def step(self, batch):
        return compiled(SOURCES["total"])(self.theta, batch)


def in_place(theta, batch):
    theta += 0.1 * compiled(SOURCES["critic"])(theta.copy(), batch)


RIGHT_ONES = {
    **{f"written out: {name}": compiled(text) for name, text in SOURCES.items()},
    "total return": _book(lambda b: pg.psi_total_return(b.rollout, b.gamma)),
    "reward to go": _book(lambda b: pg.psi_reward_to_go(b.rollout, b.gamma)),
    "reward to go, mean over steps": _book(lambda b: pg.psi_reward_to_go(b.rollout, b.gamma), "steps"),
    "leave one out": _book(
        lambda b: pg.psi_reward_to_go(b.rollout, b.gamma, pg.leave_one_out_mean(_returns(b), b.rollout.mask))
    ),
    "batch mean": _book(lambda b: pg.psi_reward_to_go(b.rollout, b.gamma, pg.batch_mean(_returns(b), b.rollout.mask))),
    "leave one out, mean over steps": _book(
        lambda b: pg.psi_reward_to_go(b.rollout, b.gamma, pg.leave_one_out_mean(_returns(b), b.rollout.mask)), "steps"
    ),
    "gae": _book(lambda b: _powers(b) * _gae(b)),
    "gae, lambda 1": _book(lambda b: _powers(b) * _gae(b, 1.0)),
    "gae, mean over steps": _book(lambda b: _powers(b) * _gae(b), "steps"),
    "standardised": _book(_scaled),
    "standardised, ddof 1": _book(lambda b: _scaled(b, 1)),
    "standardised, mean over steps": _book(_scaled, "steps"),
    "a constant baseline": _book(lambda b: pg.psi_reward_to_go(b.rollout, b.gamma, _returns(b)[b.rollout.mask].mean())),
    "new theta": lambda theta, b: theta + 0.3 * compiled(SOURCES["others"])(theta, b),
    "a large step": lambda theta, b: 50 * compiled(SOURCES["critic"])(theta, b),
    "in place": in_place,
    "an agent": Agent(),
    "an agent that returns its gradient": Gradient(),
}


@pytest.mark.parametrize("name", RIGHT_ONES)
def test_no_right_estimator_is_accused(name):
    verdict = audit(RIGHT_ONES[name])
    assert verdict.ok and not verdict.accused and not verdict.open, str(verdict)
    assert len(RIGHT_ONES) >= 20
    if "gae" not in name and name not in (
        "written out: critic",
        "a large step",
        "in place",
    ):  # V is zero there: lambda is a second discount
        assert verdict.angle < 0.01, str(verdict)


@pytest.mark.parametrize("source, change", singles(), ids=lambda x: x if isinstance(x, str) else x[1].strip()[:50])
def test_every_single_mistake_is_named(source, change):
    assert len(singles()) >= 60
    verdict = audit(mutant(source, change))
    assert verdict.names(change[2], change[3]), str(verdict)


def _hidden(source, one, two):
    """Does one of two mistakes leave nothing of the other to be seen?"""
    both, alone = mutant(source, one, two), [mutant(source, one), mutant(source, two)]
    with np.errstate(all="ignore"):
        answers = [
            np.concatenate([f(w.theta.copy(), w.batch.copy()) for w in worlds().values()]) for f in [both, *alone]
        ]
    return any(np.allclose(answers[0], a, rtol=1e-9, atol=1e-12) for a in answers[1:])


def test_of_two_mistakes_both_are_named_or_the_verdict_is_open():
    tried = [pair for pair in pairs()[3::9] if not _hidden(*pair)]
    both = opened = 0
    for source, one, two in tried:
        verdict = audit(mutant(source, one, two))
        if verdict.names(*one[2:4]) and verdict.names(*two[2:4]):
            both += 1
        else:
            assert verdict.open or verdict.unreadable, (one, two, str(verdict))
            opened += 1
    assert len(tried) > 40 and both >= 0.8 * len(tried), (both, opened)


def test_what_the_rules_give_is_what_the_definitions_say():
    """Sums written out, on the world with ends of both kinds."""
    world = worlds()["cut"]
    b = world.batch
    want_return, want_gae = np.zeros(len(b)), np.zeros(len(b))
    for e in b.episodes():
        for i in range(e.start, e.stop):
            tail = b.next_values[e.stop - 1] if b.truncated[e.stop - 1] else 0
            want_return[i] = (
                sum(b.gamma ** (k - i) * b.rewards[k] for k in range(i, e.stop)) + b.gamma ** (e.stop - i) * tail
            )
            want_gae[i] = sum(
                (b.gamma * b.lam) ** (k - i)
                * (b.rewards[k] + b.gamma * b.next_values[k] * (not b.terminated[k]) - b.values[k])
                for k in range(i, e.stop)
            )
    np.testing.assert_allclose(inner(world, RIGHT), want_return)
    np.testing.assert_allclose(inner(world, dict(RIGHT, credit="gae")), want_gae)
    p = 1 / (1 + np.exp(-world.theta[b.obs]))
    np.testing.assert_allclose(weights(world, RIGHT), b.gamma**b.t * want_return * (b.actions - p))


def test_two_doors_is_all_episodes_once_and_the_theorem_is_exact():
    batch = worlds()["two doors"].batch
    assert sorted({tuple(batch.actions[e]) for e in batch.episodes()}) == [
        (a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)
    ]
    verdict = audit(compiled(SOURCES["loop"]))
    np.testing.assert_allclose(verdict.direction, [-0.078125, 0.015625], atol=1e-12)
    np.testing.assert_allclose(verdict.theorem, [-0.078125, 0.015625], atol=1e-12)
    dropped = audit(mutant("loop", ("batch.gamma**t * (returns", "(returns")))
    assert round(dropped.angle) == 135 and "worst policy" in str(dropped) and "without gamma^t" in dropped.headline


def raises(theta, batch):
    return batch.rewards[10_000] * theta


def silent(theta, batch):
    batch.rewards.sum() * theta


def short(theta, batch):
    return theta[:2]


def loss_value(theta, batch):
    return batch.rewards.sum()


def nan(theta, batch):
    return theta / 0.0 * 0


def never(theta, batch):
    while True:
        pass


RNG = np.random.default_rng(0)


def noisy(theta, batch):
    return compiled(SOURCES["loop"])(theta, batch) + RNG.normal(size=theta.shape)


def noisy_global(theta, batch):
    return compiled(SOURCES["loop"])(theta, batch) + np.random.normal(size=theta.shape)


CALLS = []


def counting(theta, batch):
    CALLS.append(1)
    return compiled(SOURCES["loop"])(theta, batch) / len(CALLS)


def leaves(theta, batch):
    sys.exit(3)


def words(theta, batch):
    return "up"


def unpacks(theta, batch):
    obs, actions = batch


@pytest.mark.parametrize(
    "update, kind, said",
    [
        (raises, "raises", "IndexError"),
        (silent, "nothing", "return is missing"),
        (short, "shape", "(2,)"),
        (loss_value, "shape", "loss"),
        (lambda theta, batch: np.zeros(8 * len(theta) + 8), "shape", "network"),
        (nan, "nan", "NaN"),
        (never, "never returns", "did not come back"),
        (noisy, "random", "generator of its own"),
        (noisy_global, "random", "global random generator"),
        (counting, "state", "keeps state"),
        (leaves, "raises", "SystemExit"),
        (words, "no numbers", "str"),
        (lambda theta: theta, "raises", "update(theta, batch)"),
        (lambda theta, batch: batch.reward, "raises", "next_obs"),
        (lambda theta, batch: batch["obs"], "raises", "batch.obs, batch.actions"),
        (lambda theta, batch: [step for step in batch], "raises", "batch.obs, batch.actions"),
        (unpacks, "raises", "batch.obs, batch.actions"),
        (lambda theta, batch: batch.drawn, "raises", "audit_gaussian"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(update, kind, said, monkeypatch):
    from policy_gradient.audit import ask

    monkeypatch.setattr(ask, "SECONDS", 0.5)
    verdict = audit(update)
    assert verdict.unreadable == kind and said in str(verdict) and not verdict.ok
    assert "Traceback" not in str(verdict) and json.loads(verdict.to_json())["unreadable"] == kind


def test_a_changed_argument_is_noted_and_the_verdict_stands():
    def update(theta, batch):
        batch.rewards -= 0.0 + (batch.rewards.mean() if False else 0)
        out = compiled(SOURCES["loop"])(theta, batch)
        batch.rewards[:] = 0
        return out

    verdict = audit(update)
    assert verdict.ok and "batch.rewards" in " ".join(verdict.notes)


def test_an_update_with_data_of_its_own_is_told_to_take_the_batch():
    own = lambda theta, batch: theta + np.random.default_rng(3).normal(size=theta.shape)  # noqa: E731
    assert "does it collect its own data? It must work on the batch alone." in str(audit(own))
    assert "own data" not in str(audit(lambda theta, batch: batch.score(theta).sum(axis=0)))


@pytest.mark.parametrize("ddof, answer", [(0, "own episode"), (1, "own episode, ddof 1")])
def test_returns_normalised_within_each_episode_as_pytorch_s_example_does(ddof, answer):
    """PyTorch's std has ddof 1; its example adds the eps of single precision."""

    def example(theta, b):
        gradient, score = np.zeros(len(theta)), b.score(theta)
        for e in b.episodes():
            returns, G = [], 0.0
            for r in b.rewards[e][::-1]:
                G = r + b.gamma * G
                returns.insert(0, G)
            returns = np.array(returns)
            gradient += (returns - returns.mean()) / (returns.std(ddof=ddof) + 1.2e-7) @ score[e]
        return gradient

    verdict = audit(example)
    assert not verdict.open, str(verdict)
    for question, said in (("spread", answer), ("baseline", "own episode"), ("weight", "dropped")):
        assert verdict.names(question, said), str(verdict)
    assert ("ddof 1" in str(verdict)) is bool(ddof)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("discounted", [False, True])
@pytest.mark.parametrize("column", [lambda G, b: G[:, None] - 0 * b.values, lambda G, b: G[:, None] - b.values])
def test_a_column_beside_a_row_is_seen(column, discounted, masked):
    """(n, 1) and (n,) make (n, n), and no error: of a sum over the whole batch nothing else is said."""

    def update(theta, b):
        after = (b.episode[:, None] == b.episode) & (b.t[:, None] <= b.t)
        data = b.mask if masked else np.ones(len(b), bool)
        scores = (b.score(theta) * (b.gamma**b.t)[:, None] ** discounted)[data]
        return (column(after @ b.rewards, b)[data][:, data] @ scores).mean(axis=0) / len(b.episodes())

    verdict = audit(update)
    assert [(f.question, f.answer) for f in verdict.findings] == [("credit", "every action")], str(verdict)
    assert "**not** the theorem's direction" in verdict.headline and not verdict.open and not verdict.ok


def test_a_sum_over_the_whole_batch_is_no_column_for_certain():
    """The same numbers without any table: the verdict names what happens, and the cause as the usual one only."""
    verdict = audit(lambda theta, b: b.rewards.sum() * b.score(theta).sum(axis=0))
    assert verdict.names("credit", "every action") and "Usual cause" in str(verdict)
    assert "whole episode" not in str(verdict) and "not cut" not in str(verdict)
    for one in (lambda b: b.rewards[0], lambda b: b.values.mean()):
        verdict = audit(lambda theta, b, one=one: one(b) * b.score(theta).sum(axis=0))
        assert not verdict.rule and verdict.open and not verdict.findings, str(verdict)


def test_own_rewards_may_come_from_a_critic_of_zeros():
    def update(theta, b):
        V = np.zeros(b.num_obs)
        error = b.rewards + b.gamma * V[b.next_obs] * ~b.terminated - V[b.obs]
        return (b.gamma**b.t * b.mask * error) @ b.score(theta) / len(b.episodes())

    verdict = audit(update)
    assert verdict.names("credit", "own reward only") and "says zero everywhere" in str(verdict)


def test_what_no_rule_explains_is_not_taken_for_a_column_beside_a_row():
    bent = str(audit(lambda theta, b: np.tanh(b.rewards) @ b.score(theta)))
    assert "**" not in bent.splitlines()[0] and "Open" in bent and "(n, 1)" not in bent


def test_a_gaussian_s_column_beside_a_row_is_named():
    from policy_gradient.audit import audit_gaussian

    def update(theta, b):
        D = b.drawn.shape[1]
        z = (b.drawn - theta[:D]) / np.exp(theta[D:])
        score = np.concatenate([z / np.exp(theta[D:]), z**2 - 1], axis=1)
        return (b.rewards[:, None, None] * score).mean(axis=(0, 1))

    verdict = audit_gaussian(update)
    assert verdict.names("density", "every action") and not verdict.open, str(verdict)
    assert "follows **not** the score" in str(verdict) and "table (n, n)" in str(verdict)


@pytest.mark.parametrize("cut", [True, False])
@pytest.mark.parametrize("centred", [True, False])
def test_a_return_that_begins_anew_at_every_reward_is_not_the_own_reward_only(cut, centred):
    """As in a well-known program for Pong. Only on two doors are there rewards of 0."""

    def pong(theta, b):
        returns, G = np.zeros(len(b)), 0.0
        for i in reversed(range(len(b))):
            if b.rewards[i] != 0 or (cut and (b.terminated[i] or b.truncated[i])):
                G = 0.0
            returns[i] = G = b.rewards[i] + b.gamma * G
        weights = b.mask * (returns - centred * returns.mean())
        return b.gamma**b.t * weights @ b.score(theta)

    verdict = audit(pong)
    assert verdict.names("credit", "anew at a reward") and "**begins anew at every reward**" in str(verdict)
    assert not verdict.open and not verdict.names("credit", "own reward only"), str(verdict)
    assert bool(verdict.names("terminated", "not cut")) is not cut
    own = audit(lambda theta, b: (b.rewards * b.mask) @ b.score(theta))
    assert own.names("credit", "own reward only") and not own.open


def test_a_thing_that_is_no_update_is_a_type_error():
    with pytest.raises(TypeError, match="update\\(theta, batch\\)"):
        audit(3)
    with pytest.raises(TypeError, match=r"got the class Agent itself: make one of it, audit\(Agent\(...\)\)"):
        audit(Agent)


def test_nothing_of_the_world_around_is_changed():
    state = np.random.get_state()[1].copy()
    audit(noisy_global)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def _weighed(psi, batch, theta):
    return (batch.gamma**batch.t * psi * batch.mask) @ batch.score(theta) / len(batch.episodes())


def _steps(batch, what):
    """what(episode's slice, step) for each step of each episode."""
    out = np.zeros(len(batch))
    for e in batch.episodes():
        for i in range(e.start, e.stop):
            out[i] = what(e, i)
    return out


def _two_steps(theta, b):
    def advantage(e, i):
        j = min(i + 1, e.stop - 1)
        reward = sum(b.gamma ** (k - i) * b.rewards[k] for k in range(i, j + 1))
        return reward + (not b.terminated[j]) * b.gamma ** (j - i + 1) * b.next_values[j] - b.values[i]

    return _weighed(_steps(b, advantage), b, theta)


def _one_step_return(theta, b):
    return _weighed(b.rewards + b.gamma * np.where(b.terminated, 0.0, b.next_values), b, theta)


def _of_episodes(scale):
    """Whole returns, from which the mean of the other episodes' is subtracted, or that are standardised."""

    def update(theta, b):
        parts, scores = b.episodes(), b.score(theta)
        returns = np.array([b.gamma ** np.arange(e.stop - e.start) @ b.rewards[e] for e in parts])
        N, left = len(parts), returns - returns.mean()
        by = left * N / (N - 1) if scale is None else left / (returns.std() + scale)
        return sum(a * scores[e].sum(axis=0) for a, e in zip(by, parts)) / N

    return update


def _constant(theta, b):
    following = np.zeros(len(b))
    for e in b.episodes():
        G = 0.0 if b.terminated[e.stop - 1] else b.next_values[e.stop - 1]
        for i in reversed(range(e.start, e.stop)):
            following[i] = G = b.rewards[i] + b.gamma * G
    return _weighed(following - 0.37, b, theta)


@pytest.mark.parametrize(
    "update, question, answer",
    [
        (_two_steps, "credit", "two steps"),
        (_one_step_return, "credit", "gae plus value"),
        (_of_episodes(None), "baseline", "leave one out of first returns"),
        (_of_episodes(1e-4), "size", "std of the episodes' returns, ddof 0"),
        (_constant, "extra", "constant baseline"),
    ],
)
def test_what_is_right_in_an_unusual_form_follows_the_theorem(update, question, answer):
    verdict = audit(update)
    assert verdict.names(question, answer) and not verdict.open, verdict
    assert "**not**" not in verdict.headline and not {f.question for f in verdict.accused} - {"lam"}, verdict


@pytest.mark.parametrize(
    "added, flag, answer",
    [
        (lambda b: b.gamma * b.next_values, False, "counted twice"),
        (lambda b: b.next_values, True, "without gamma"),
        (lambda b: b.gamma * b.next_values, True, "bootstrapped"),
        (lambda b: 7.0 + b.next_values**2, True, None),
    ],
)
def test_what_is_added_to_the_last_reward_of_a_cut_episode(added, flag, answer):
    """As libraries do that have one flag for both ends."""

    def update(theta, b):
        out, following = np.zeros(len(b)), 0.0
        cut = b.truncated & ~b.terminated
        for i in reversed(range(len(b))):
            if b.mask[i]:
                last = b.terminated[i] or (cut[i] and flag)
                error = b.rewards[i] + cut[i] * added(b)[i] + b.gamma * b.next_values[i] * (not last) - b.values[i]
                ends = b.terminated[i] or b.truncated[i]
                out[i] = following = error + b.gamma * b.lam * following * (not ends)
        return _weighed(out, b, theta)

    verdict = audit(update)
    if answer:
        assert verdict.names("truncated", answer) and not verdict.open
    else:  # nothing is claimed of what is not known
        assert verdict.open and verdict.headline.endswith("direction where episodes terminate.")


def test_of_lambda_nothing_is_said_that_is_not_so():
    own = str(audit(_book(lambda b: _powers(b) * _gae(b, 0.95))))
    assert "**lambda is 0.95**" in own and "with the gamma and lambda given" not in own


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        np.sign,
        lambda x: np.argsort(np.argsort(x)) - len(x) / 2,
        lambda x: (x > 10) + 1.0,
        lambda x: 2.0 - (x < -60),
        lambda x: np.clip(x, 60, 61),
    ],
)
def test_rewards_that_enter_by_sign_or_rank_are_not_said_to_be_missing(change):
    verdict = audit(lambda theta, b: _weighed(change(b.rewards), b, theta))
    assert "not by their size" in str(verdict) and "do not enter at all" not in str(verdict)
    assert "is added" not in str(verdict)
    none = str(audit(lambda theta, b: _weighed(np.ones(len(b)), b, theta)))
    assert "do not enter at all" in none and "no change that I tried" in none


def test_what_is_added_is_measured_as_it_enters():
    def update(theta, b, decay, bonus, step):
        p = 1 / (1 + np.exp(-theta[b.obs]))
        entropy = np.bincount(b.obs, -theta[b.obs] * p * (1 - p), len(theta)) / len(b.episodes())
        return theta + step * (compiled(SOURCES["loop"])(theta, b) + bonus * entropy - decay * theta)

    decays, bonus = (audit(lambda theta, b, by=by: update(theta, b, *by)) for by in ((0.02, 0, 0.5), (0, 0.02, 0.1)))
    assert "theta decays by 0.01 of itself" in str(decays) and "coefficient 0.02" in str(bonus)


class WithArguments:
    theta = None

    def step(self, theta, batch):
        return theta


@pytest.mark.parametrize(
    "ask, given, said",
    [
        (audit, WithArguments(), "It is called as WithArguments().step(batch)."),
        (audit, lambda theta, batch: np.sum(theta, dim=0), "unexpected keyword argument 'dim' (line"),
        (audit, lambda batch, theta: batch.score(theta), "update(theta, batch), in this order."),
        (audit, lambda theta, batch: (theta, {}), "a tuple of 2 things"),
        (audit, lambda theta, batch: "0.1", "It returned str"),
        (pg.audit.audit_advantages, lambda rewards, batch: rewards, "It is called as advantages(rewards)"),
        (pg.audit.audit_advantages, lambda rewards: rewards.reshape(7), "an array of shape (3, 4)"),
        (pg.audit.audit_advantages, lambda rewards: "up", "It returned str"),
        (pg.audit.audit_token_loss, lambda log_probs: log_probs, "It is called as loss(log_probs, batch)"),
        (pg.audit.audit_token_loss, lambda log_probs, batch: batch.rewards, "The batch has advantages, log_probs"),
        (pg.audit.audit_gaussian, lambda theta, batch: batch.rewards[99], "the log of the standard deviation"),
        (pg.audit.audit_gaussian, lambda theta, batch: batch.log_probs, "The batch has drawn, actions, rewards"),
    ],
)
def test_what_is_said_of_a_call_is_true_of_that_call(ask, given, said):
    text = str(ask(given))
    assert said in text and "Traceback" not in text
    assert ("is called as" in text) is ("is called as" in said or "in this order" in said)
    if ask is not audit:
        assert "one number per observation" not in text and "score(theta)" not in text


def test_a_zero_direction_and_an_unknown_one():
    assert audit(lambda theta, batch: 0 * theta).names("zero")
    strange = audit(lambda theta, batch: np.bincount(batch.obs, np.sin(batch.rewards) * batch.actions, batch.num_obs))
    assert strange.open and not strange.ok and strange.rule is None


def test_a_baseline_per_parameter_from_the_same_episodes_is_seen():
    def update(theta, batch):
        scores = np.array([batch.score(theta)[e].sum(axis=0) for e in batch.episodes()])
        returns = np.array(
            [np.sum(batch.gamma ** np.arange(e.stop - e.start) * batch.rewards[e]) for e in batch.episodes()]
        )
        squares = (scores**2).sum(axis=0)
        baseline = (scores**2 * returns[:, None]).sum(axis=0) / np.where(squares > 0, squares, 1)
        return (scores * (returns[:, None] - baseline)).mean(axis=0)

    verdict = audit(update)
    assert verdict.names("baseline", "per parameter") and "at its full length" in verdict.headline and not verdict.ok


def test_the_package_costs_what_it_did():
    code = (
        "import sys, policy_gradient; print('policy_gradient.audit' in sys.modules)\n"
        "import policy_gradient.audit; print('torch' in sys.modules, 'matplotlib' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        == ["False"] * 3
    )


def test_the_picture_shows_both_arrows():
    import matplotlib

    matplotlib.use("Agg")
    ax = audit(mutant("loop", ("batch.gamma**t * (returns", "(returns"))).picture()
    assert "135" in ax.get_title() and {t.get_text() for t in ax.texts} >= {"gradient of the return", "update"}


def test_the_command_line(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import numpy as np" + SOURCES["loop"].replace("batch.gamma**t * (returns", "(returns"))

    def run(*words):
        return subprocess.run([sys.executable, "-m", "policy_gradient.audit", *words], capture_output=True, text=True)

    plain = run(f"{file}:update", "--picture", str(tmp_path / "a.png"))
    assert (
        plain.returncode == 1
        and "without gamma^t" in plain.stdout
        and not plain.stderr
        and (tmp_path / "a.png").stat().st_size > 1000
    )
    assert json.loads(run(f"{file}:update", "--json").stdout)["ok"] is False
    (tmp_path / "broken.py").write_text("def update(theta, batch)")  # the colon
    for target in (f"{file}:missing", f"{tmp_path}/none.py:f", f"{tmp_path}/broken.py:update", "mine"):
        ended = run(target)  # 1 is kept for what was found
        assert ended.returncode == 2 and ended.stderr and "Traceback" not in ended.stderr
    assert run(f"{file}:missing").stderr.strip().endswith("It has: update.")
    assert "There is no file" in run(f"{tmp_path}/none.py:f").stderr and "wanted FILE.py:function" in run("mine").stderr


def test_the_command_line_with_files_that_do_more_than_define(tmp_path):
    def run(text, target="update", *words):
        (tmp_path / "mine.py").write_text(text)
        ended = subprocess.run(
            [sys.executable, "-m", "policy_gradient.audit", f"{tmp_path / 'mine.py'}:{target}", *words],
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in ended.stderr + ended.stdout
        return ended

    right = "import numpy as np" + SOURCES["loop"]
    loud = run(
        f"{right}\nprint('loaded')\nquiet = update\ndef update(*a):\n    print('x')\n    return quiet(*a)",
        "update",
        "--json",
    )
    assert json.loads(loud.stdout)["ok"] and loud.returncode == 0 and "loaded" in loud.stderr
    for code in (0, 1):  # never taken for a verdict
        left = run(f"import sys\n{right}\nsys.exit({code})")
        assert left.returncode == 2 and "ends the program while it is loaded" in left.stderr
    reads = f"import argparse\nargparse.ArgumentParser().parse_args()\n{right}"
    assert run(reads, "update", "--json").returncode == 0
    needs = "class Agent:\n    def __init__(self, lr):\n        raise ValueError"
    made = run(needs, "Agent")
    assert made.returncode == 2 and "Agent() cannot be made without arguments" in made.stderr
    held = "class Agent:\n    update = staticmethod(update)\nagent = Agent()"
    assert run(f"{right}\n{held}", "agent.update").returncode == 0
    lost = run(right, "update", "--picture", str(tmp_path / "none" / "a.png"))
    assert lost.returncode == 2 and "The picture cannot be written" in lost.stderr and "follows" in lost.stdout
    assert "wanted FILE.py:function" in run(right, "").stderr


@pytest.mark.parametrize(
    "advantages, question, answer",
    [
        (lambda r: r - r.mean(axis=0), "centre", "mean over the prompts"),
        (lambda r: (r - r.mean(axis=0)) / (r.std(axis=0) + 1e-8), "scale", "std over the prompts, ddof 0"),
        (lambda r: np.argsort(np.argsort(r, axis=1), axis=1) - 1.5, "equal rewards", "order"),
        (lambda r: r, "equal rewards", "pushed"),
        (lambda r: r - 0.5, "equal rewards", "pushed"),
        (lambda r: 0 * r, "zero", "zero"),
    ],
)
def test_an_unusual_advantage_is_told_what_it_is(advantages, question, answer):
    verdict = audit_advantages(advantages)
    assert verdict.names(question, answer) and "rounding divided" not in str(verdict), verdict
    if question == "centre":
        assert "no baseline" not in str(verdict)
    if answer == "order":
        assert "climbs" not in str(verdict)


def test_a_floor_of_the_std_is_no_eps():
    text = str(audit_advantages(lambda r: (r - r.mean(1, keepdims=True)) / np.maximum(r.std(1, keepdims=True), 1e-2)))
    assert "it is taken for at least 0.01" in text and "eps" not in text


def test_what_is_added_to_a_token_loss_without_a_reference_is_no_kl():
    text = str(
        audit_token_loss(lambda lp, b: 0.01 * np.exp(lp) * b.mask - b.advantages[:, None] * b.mask / b.mask.sum())
    )
    assert "neither on the advantages nor on the reference" in text and "KL" not in text


@pytest.mark.parametrize("spread", [lambda r: 1.0, lambda r: r.std() + 1e-8])
def test_a_gaussian_update_with_the_mean_as_a_baseline(spread):
    def update(theta, batch):
        D = len(theta) // 2
        z = (batch.drawn - theta[:D]) / np.exp(theta[D:])
        left = (batch.rewards - batch.rewards.mean()) / spread(batch.rewards)
        return left @ np.concatenate([z / np.exp(theta[D:]), z**2 - 1], axis=1) / len(batch)

    verdict = audit_gaussian(update)
    assert verdict.ok and verdict.names("constant", "baseline") and not verdict.names("constant", "sum")


def grpo(r):
    return (r - r.mean(axis=1, keepdims=True)) / (r.std(axis=1, ddof=1, keepdims=True) + 1e-4)


def rloo(r):
    return r - (r.sum(axis=1, keepdims=True) - r) / (r.shape[1] - 1)


@pytest.mark.parametrize(
    "size, words",
    [
        (lambda v: np.sqrt(v) + 1e-5, "eps is 1e-05."),
        (lambda v: np.sqrt(v + 1e-8), "eps is 1e-08, under the root"),
        (lambda v: np.sqrt(np.maximum(v, 1e-8)), "it is taken for at least 0.0001"),
        (np.sqrt, "there is no eps"),
    ],
)
def test_where_the_eps_of_an_advantage_stands_is_said(size, words):
    def advantages(r):
        x = r - r.mean(axis=1, keepdims=True)
        return x / size(x.var(axis=1, ddof=1, keepdims=True))

    assert words in str(audit_advantages(advantages))


def test_advantages_of_groups_are_named():
    verdict = audit_advantages(grpo)
    assert (
        verdict.rule == {"centre": "group mean", "scale": "group std, ddof 1"}
        and "eps is 0.0001" in str(verdict)
        and verdict.ok
    )
    assert audit_advantages(rloo).rule == {"centre": "leave one out", "scale": "none"} and audit_advantages(rloo).ok
    assert audit_advantages(lambda r: r - r.mean()).names("centre", "batch mean")
    whitened = audit_advantages(lambda r: (r - r.mean()) / max(r.std(), 1e-4))
    assert whitened.rule == {"centre": "batch mean", "scale": "batch std, ddof 0"} and not whitened.ok
    assert (
        "All groups of the batch are divided by one number" in str(whitened) and "no baseline" not in whitened.headline
    )
    assert audit_advantages(lambda r: r / (r.std() + 1e-6)).rule == {"centre": "none", "scale": "batch std, ddof 0"}
    assert audit_advantages(lambda r: -rloo(r)).names("sign", "minus")
    assert audit_advantages(lambda r: (r - r.mean(axis=1, keepdims=True)) / r.std(axis=1, keepdims=True)).names(
        "equal rewards", "nan"
    )
    assert audit_advantages(lambda r: r**3).open and audit_advantages(lambda r: None).unreadable == "nothing"
    assert audit_advantages(lambda r: r[0]).unreadable == "shape"


def test_which_function_of_p_a_group_climbs():
    """Against sums over all groups of answers, written out."""
    from itertools import product

    for p in (0.01, 0.3):
        total = 0.0
        for r in product([0.0, 1.0], repeat=4):
            r = np.array(r)
            total += np.prod(np.where(r > 0, p, 1 - p)) * np.mean(grpo(r[None])[0] * (r - p))
        assert climbed(grpo, p, 4) == pytest.approx(total / (p * (1 - p)))
    assert climbed(rloo, 0.2, 5) == pytest.approx(1)


def test_a_divisor_of_the_whole_batch_weighs_prompts_only_where_there_are_few():
    """Drawn: 8 answers to each prompt, half of the prompts solved 1 % of the time, half of them half the time."""

    def by_batch(r):
        return (r - r.mean(axis=1, keepdims=True)) / (r.std() + 1e-4)

    def weighs(prompts, batches):
        rng, p = np.random.default_rng(5), np.tile([0.01, 0.5], prompts // 2 or 1)[:prompts, None]
        r = (rng.random((batches, prompts, 8)) < p).astype(float)
        A = np.array([by_batch(batch) for batch in r])
        w = (A * (r - p)).mean(axis=(0, 2)) / (p * (1 - p)).ravel()
        return w[::2].mean() / w[1::2].mean()

    assert weighs(64, 3000) == pytest.approx(1, abs=0.05)
    assert climbed(by_batch, 0.01, 8) / climbed(by_batch, 0.5, 8) == pytest.approx(1.41, abs=0.01)
    text = str(audit_advantages(by_batch))
    assert "one prompt in a batch, a prompt solved 1 % of the time weighs 1.41 times" in text
    assert "With many prompts in a batch the divisor is nearly one number" in text
    assert "it is not the mean success that is climbed" not in text and "not the mean success" in str(
        audit_advantages(grpo)
    )


def test_the_best_of_the_other_answers_is_no_baseline_of_the_own_reward():
    def others(r):
        return r - np.stack([np.delete(r, i, axis=1).max(axis=1) for i in range(r.shape[1])], axis=1)

    assert audit_advantages(others).rule["centre"] == "best of the others" and audit_advantages(others).ok
    assert audit_advantages(lambda r: r - r.max(axis=1, keepdims=True)).names("centre", "group best")
    # all over two answers, written out: half the gradient of p is climbed by each, whatever p
    assert [climbed(others, p, 2) for p in (0.1, 0.7)] == pytest.approx([1, 1])


def weighed(by_ratio, share=lambda m: 1 / len(m)):
    """A loss whose token's weight is by_ratio(ratios, advantages (B, 1), mask)."""

    def loss(log_probs, batch):
        A = batch.advantages[:, None]
        return -by_ratio(np.exp(log_probs - batch.old_log_probs), A, batch.mask) * A * share(batch.mask) * batch.mask

    return loss


def mean_ratio(r, A, mask):
    return np.exp((np.log(r) * mask).sum(axis=1, keepdims=True) / mask.sum(axis=1, keepdims=True)) + 0 * r


@pytest.mark.parametrize(
    "weight, words",
    [
        (
            lambda r, A, m: np.minimum(r, 1.2),
            "taken per token; the weight is capped above 1.20, and the gradient goes on",
        ),
        (lambda r, A, m: np.minimum(r, 0.2), "taken per token; the weight is capped above 0.20,"),
        (lambda r, A, m: np.minimum(r, 5), "capped above 5.00,"),
        (lambda r, A, m: np.clip(r, 0.8, 1.28), "capped above 1.28 and below 0.80,"),
        (lambda r, A, m: np.minimum(r, np.where(A > 0, 2, np.inf)), "capped for good answers above 2.00,"),
        (
            lambda r, A, m: r * (r < np.where(A > 0, 1.28, 3)) * (r > np.where(A > 0, 0, 0.8)),
            "the gradient stops above 1.28, below 0.80, and for bad answers above 3.00.",
        ),
        (lambda r, A, m: r * (r > 0.5) * (r < 5), "stops above 5.00, below 0.50, and for bad answers above 5.00."),
        (mean_ratio, "per sequence, to the power of one over its length, never clipped."),
        (
            lambda r, A, m: (
                mean_ratio(r, A, m)
                * (mean_ratio(r, A, m) < np.where(A > 0, 1.0004, np.inf))
                * (mean_ratio(r, A, m) > np.where(A > 0, 0, 0.9997))
            ),
            "one over its length; the gradient stops above 1.0004, below 0.9997.",
        ),
        (lambda r, A, m: r, "per token, never clipped."),
        (lambda r, A, m: 1 + 0 * r, "No ratio to the old policy"),
        (lambda r, A, m: np.sqrt(r), "in a form that I do not know"),
        (lambda r, A, m: (r == 1) + 0.0, "in a form that I do not know"),
    ],
)
def test_where_a_tokens_weight_stops_and_where_it_is_capped(weight, words):
    assert words in str(audit_token_loss(weighed(weight)))


@pytest.mark.parametrize(
    "share, name, words",
    [
        (lambda m: 1 / m.size, "mean over the padded batch", "padded to one length"),
        (lambda m: 1 / m.shape[1], "sum, divided by the padded length", "padded to one length"),
        (lambda m: 1 / m.sum(axis=1).max(), "sum, divided by the longest answer", "another number in every batch"),
        (
            lambda m: 1 / m.sum(axis=1).max() / len(m),
            "mean of the answers' sums, divided by the longest answer",
            "biased",
        ),
    ],
)
def test_a_batch_s_own_length_is_no_constant(share, name, words):
    verdict = audit_token_loss(weighed(lambda r, A, m: r, share))
    assert verdict.names("average", name) and words in str(verdict) and "Up to a constant" not in str(verdict)


def test_divided_by_the_batchs_longest_answer_the_expected_step_is_not_the_gradient():
    """Chapter 8's tree, two answers, each one's reward less the other's, divided by the longer of the two: over all
    pairs of answers. The second and the third logit have no slope of the success, and get a step all the same."""
    answers = [(p, r, length, np.array(s)) for p, r, length, s in pg.AnswerTree().outcomes(pg.tree_logits(0.25))]
    steps = np.zeros(3)
    for (p1, r1, t1, s1), (p2, r2, t2, s2) in itertools.product(answers, repeat=2):
        steps += p1 * p2 * ((r1 - r2) * s1 + (r2 - r1) * s2) / (2 * max(t1, t2))
    success = sum(p * r * s for p, r, _, s in answers)
    assert success[1:] == pytest.approx([0, 0], abs=1e-12) and np.abs(steps[1:]).min() > 1e-3


def token_gradient(share, ratio=True, kl=0.0, sign=-1):
    def loss(log_probs, batch):
        r = np.exp(log_probs - batch.old_log_probs) if ratio else 1.0
        inside = (
            ~((batch.advantages[:, None] > 0) & (r > 1.2) | (batch.advantages[:, None] < 0) & (r < 0.8))
            if ratio
            else 1.0
        )
        return (
            (sign * r * inside * batch.advantages[:, None] + kl * (1 - np.exp(batch.ref_log_probs - log_probs)))
            * share(batch.mask)
            * batch.mask
        )

    return loss


def test_token_losses_are_named():
    per_token = audit_token_loss(token_gradient(lambda m: 1 / m.sum()))
    assert (
        per_token.names("average", "mean over all tokens")
        and "the gradient stops above 1.20, below 0.80." in str(per_token)
        and per_token.names("ratio", "token")
    )
    assert audit_token_loss(token_gradient(lambda m: 1 / m.sum(axis=1, keepdims=True) / len(m))).names(
        "average", "mean of the answers' means"
    )
    sums = audit_token_loss(token_gradient(lambda m: 1 / len(m), ratio=False))
    assert sums.names("average", "mean of the answers' sums") and sums.names("ratio", "none") and sums.ok
    assert audit_token_loss(token_gradient(lambda m: 1 / len(m), kl=0.04)).names("kl", "k3")
    assert audit_token_loss(token_gradient(lambda m: 1 / len(m), sign=1)).names("sign", "minus")
    assert audit_token_loss(lambda lp, b: 0.0).unreadable == "shape"


GAUSS = """
def update(theta, batch):
    D = len(theta) // 2
    mean, std = theta[:D], np.exp(theta[D:])
    z = (batch.drawn - mean) / std
    score = np.concatenate([z / std, z**2 - 1], axis=1)
    return (batch.rewards[:, None] * score).mean(axis=0)
"""


@pytest.mark.parametrize(
    "old, new, question, answer",
    [
        ("batch.drawn", "batch.actions", "density", "clipped"),
        ("batch.drawn", "batch.actions", "density", "of the squashed action"),
        ("z**2 - 1", "z**2", "density", "no normaliser"),
        ("std = theta[:D], np.exp(theta[D:])", "std = theta[:D], np.exp(2 * theta[D:])", "density", "variance as std"),
        ("z / std,", "batch.drawn - mean,", "density", "mean not divided"),
        (".mean(axis=0)", ".mean(axis=0) / D", "constant", "mean over dimensions"),
        ("(batch.rewards", "-(batch.rewards", "constant", "minus"),
    ],
)
def test_gaussian_mistakes_are_named(old, new, question, answer):
    assert audit_gaussian(compiled(GAUSS)).ok
    verdict = audit_gaussian(compiled(GAUSS.replace(old, new)))
    assert verdict.accused and (verdict.names(question, answer) if answer else not verdict.ok), str(verdict)


def test_a_value_under_the_own_reward_alone_is_not_called_gae():
    words = [finding.words for finding in audit(lambda theta, b: (b.rewards - b.values) @ b.score(theta)).findings]
    assert "Baseline: the learned value V(obs)." in words and not any("GAE" in text for text in words)


@pytest.mark.slow
def test_an_entropy_bonus_is_followed_with_the_rest():
    """What it leads to on two doors is said of the whole: the slope of J by theta and of the entropy of the steps."""
    mdp, policy = pg.two_doors(), pg.two_action_softmax(2, 3)

    def bonus(coefficient):
        def update(theta, b):
            p = 1 / (1 + np.exp(-theta[b.obs]))
            entropy = np.bincount(b.obs, -theta[b.obs] * p * (1 - p), len(theta)) / len(b.episodes())
            return compiled(SOURCES["loop"])(theta, b) + coefficient * entropy

        return audit(update).goes_to

    assert bonus(1e-4) == "Followed there, it climbs to the best policy."
    for coefficient in (0.1, 0.5, 1.0):
        theta = np.zeros(2)
        for _ in range(4000):
            p, q = 1 / (1 + np.exp(-theta))
            slope = pg.exact_gradient(mdp, policy, theta)
            slope -= coefficient * np.array([2 * theta[0] * p * (1 - p), (1 - p) * theta[1] * q * (1 - q)])
            theta = theta + 0.5 * slope
        J = -p / 4 + (1 - p) * q / 8
        assert f"a return of {J:.2f} " in bonus(coefficient), (coefficient, J, bonus(coefficient))


def test_what_is_added_and_not_known_is_not_followed():
    verdict = audit(lambda theta, b: compiled(SOURCES["loop"])(theta, b) - 0.5 * theta)
    assert verdict.names("extra", "weight decay") and not verdict.goes_to


def test_a_return_that_is_not_discounted_is_not_said_to_be_discounted_twice():
    def update(theta, b, own):
        total = _steps(b, lambda e, i: np.sum((b.gamma if own else 1.0) ** np.arange(e.stop - e.start) * b.rewards[e]))
        return _weighed(total, b, theta)

    verdict = audit(lambda theta, b: update(theta, b, False))
    assert verdict.names("gamma", "one") and "discounted from the start" not in str(verdict)
    assert "**not**" in verdict.headline and verdict.angle > 1 and "weighed by **gamma^t**," in str(verdict)
    assert "discounted from the start" in str(audit(lambda theta, b: update(theta, b, True)))


@pytest.mark.parametrize(
    "baseline, answer",
    [
        (lambda b, G: (G.sum() - G) / (len(G) - 1), "leave one out"),
        (lambda b, G: b.rewards.mean(), "mean of rewards"),
    ],
)
def test_a_baseline_from_the_own_episode_s_other_steps_is_said_to_be_a_bias(baseline, answer):
    """On two doors, over all batches of one episode, of two and of three."""

    def update(theta, b):
        G = _steps(b, lambda e, i: b.gamma ** np.arange(e.stop - i) @ b.rewards[i : e.stop])
        return _weighed(G - baseline(b, G), b, theta)

    verdict = audit(update)
    (words,) = (f.words for f in verdict.findings if f.question == "baseline")
    assert verdict.names("baseline", answer) and "bias that falls as 1/N" in words and "harmless" not in str(verdict)
    world = worlds()["two doors"]
    b, off = world.batch, []
    for N in (1, 2, 3):
        expected = np.zeros(3)
        for drawn in itertools.product(b.episodes(), repeat=N):
            rows, arrays = np.concatenate([np.arange(e.start, e.stop) for e in drawn]), {}
            for name in STEPS:
                arrays[name] = getattr(b, name)[rows]
            arrays["episode"] = np.repeat(np.arange(N), 3)
            expected += update(world.theta, replace(b, **arrays)) / 8**N
        off.append(expected[:2] - verdict.theorem)
    assert np.linalg.norm(off[0]) > 0.02
    np.testing.assert_allclose(off[0], 2 * off[1] if answer != "leave one out" else 5 / 2 * off[1], atol=1e-12)
    np.testing.assert_allclose(off[0], 3 * off[2] if answer != "leave one out" else 8 / 2 * off[2], atol=1e-12)


@pytest.mark.parametrize("after", [False, True])
def test_a_value_subtracted_after_gamma_t_is_not_called_gae(after):
    def update(theta, b):
        def to_go(e, i):
            tail = 0 if b.terminated[e.stop - 1] else b.next_values[e.stop - 1]
            return b.gamma ** np.arange(e.stop - i) @ b.rewards[i : e.stop] + b.gamma ** (e.stop - i) * tail

        power = b.gamma**b.t
        return ((power * _steps(b, to_go) - (b.values if after else power * b.values)) * b.mask) @ b.score(theta)

    verdict = audit(update)
    (words,) = (f.words for f in verdict.findings if f.question == "baseline")
    assert ("GAE" in words) is not after and ("after gamma^t" in words) is after and verdict.ok


def test_where_v_is_zero_on_two_doors_is_said_if_it_decides():
    """One-step TD errors: with the true V their expectation is the theorem's, by a sum over the eight episodes."""
    mdp = pg.two_doors()
    V, exact = pg.state_values(mdp, np.full((4, 2), 0.5)), pg.exact_gradient(mdp, pg.two_action_softmax(2, 3), [0, 0])
    expected = np.zeros(3)
    for actions in itertools.product((0, 1), repeat=3):
        state = 0
        for t, a in enumerate(actions):
            following = mdp.P[state, a]
            error = mdp.R[state, a] + mdp.gamma * following @ V - V[state]
            expected[mdp.obs[state]] += mdp.gamma**t * error * (a - 0.5) / 8
            state = int(following.argmax())
    np.testing.assert_allclose(expected[:2], exact, atol=1e-12)
    verdict = audit(
        lambda theta, b: _weighed(
            b.rewards + b.gamma * b.next_values * ~b.terminated - b.values,
            b,
            theta,
        )
    )
    assert round(verdict.angle) == 162 and "with V = 0, it **ends at the worst" in verdict.goes_to
    assert verdict.goes_to.endswith("(With the true V of each state it makes 0 degrees.)")
    assert "true V" not in audit(compiled(SOURCES["critic"])).goes_to, "3 degrees and 0: V decides nothing"


def _standardised_gae(theta, b):
    left, following = np.zeros(len(b)), 0.0
    for i in reversed(range(len(b))):
        error = b.rewards[i] + b.gamma * b.next_values[i] * (not b.terminated[i]) - b.values[i]
        left[i] = following = error + b.gamma * b.lam * following * (not b.terminated[i] and not b.truncated[i])
    return _weighed((left - left.mean()) / left.std(), b, theta)


def _of_length_one(theta, b):
    g = compiled(SOURCES["loop"])(theta, b)
    return g / np.linalg.norm(g)


def _by_the_largest(theta, b):
    G = _steps(b, lambda e, i: b.gamma ** np.arange(e.stop - i) @ b.rewards[i : e.stop])
    return _weighed(G / np.abs(G).max(), b, theta)


@pytest.mark.parametrize(
    "update, answer",
    [
        (mutant("scaled", ("/ (kept.std() + 1e-8)", "/ kept.std()")), "nan"),
        (_standardised_gae, "nan"),
        (_of_episodes(0.0), "nan"),
        (_of_length_one, "nan at zero"),
        (_by_the_largest, "nan at zero"),
    ],
)
def test_a_nan_is_put_down_to_a_standard_deviation_only_where_equal_returns_give_it(update, answer):
    verdict = audit(update)
    assert verdict.names("equal rewards", answer)
    assert ("a standard deviation of zero" in str(verdict)) is (answer == "nan")
    if answer != "nan":  # finite where all returns are 1
        world = worlds()["plain"]
        rewards = np.where(world.batch.terminated, 1.0, 0.5)
        assert np.isfinite(update(world.theta.copy(), replace(world.batch, rewards=rewards, gamma=0.5))).all()


def _slopes(log_density, theta, drawn, eps=1e-6):
    """Central differences of a log-density (n,) by theta: (n, 2 D)."""
    steps = eps * np.eye(len(theta))
    return np.stack(
        [(log_density(theta + e, drawn) - log_density(theta - e, drawn)) / (2 * eps) for e in steps], axis=1
    )


def _bell(spread, half=1.0):
    """The log-density whose variance is spread(log std); `half` stands before its logarithm, right is 1."""

    def log_density(theta, u):
        D = len(theta) // 2
        variance = spread(theta[D:])
        return (-((u - theta[:D]) ** 2) / 2 / variance - half * np.log(variance) / 2).sum(axis=1)

    return log_density


def _gaussian(weigh=lambda r: r, per=lambda n, D: n, log_density=None, drawn=lambda b: b.drawn, after=None):
    """A Gaussian update; its scores are differences of a log-density, or by hand where the last digits matter."""

    def update(theta, b):
        D, u = len(theta) // 2, drawn(b)
        z = (u - theta[:D]) / np.exp(theta[D:])
        scores = np.concatenate([z / np.exp(theta[D:]), z**2 - 1], axis=1)
        if log_density:
            differences = _slopes(log_density, theta, u)
            if log_density is TRUE:
                assert np.allclose(differences, scores, atol=1e-7)
            scores = differences
        g = weigh(b.rewards) @ scores / per(len(b), D)
        return after(g, theta, b) if after else g

    return update


TRUE = _bell(lambda s: np.exp(2 * s))


def _centred(r):
    return r - r.mean()


def _standard(eps):
    return lambda r: _centred(r) / (r.std() + eps)


def _left_out(r):
    return r - (r.sum() - r) / (len(r) - 1)


def test_the_gaussian_score_is_the_slope_of_the_log_density():
    assert audit_gaussian(_gaussian(log_density=TRUE)).ok


@pytest.mark.parametrize(
    "weigh, per",
    [
        (lambda r: r, lambda n, D: D),
        (_left_out, lambda n, D: n * D),
        (_standard(1e-8), lambda n, D: n * D),
        (_standard(1e-4), lambda n, D: n * D),
    ],
)
def test_a_gaussian_log_density_averaged_over_dimensions_is_seen_however_the_rest_is_scaled(weigh, per):
    assert audit_gaussian(_gaussian(weigh, lambda n, D: per(n, D) / D)).ok
    assert audit_gaussian(_gaussian(weigh, per)).names("constant", "mean over dimensions")


def test_a_gaussian_eps_is_told_by_its_place():
    assert "(eps 0.0001)" in str(audit_gaussian(_gaussian(_standard(1e-4))))
    under = audit_gaussian(_gaussian(lambda r: _centred(r) / np.sqrt(r.var() + 1e-3)))
    assert under.ok and "(eps 0.001, under the root)" in str(under)


def test_a_gaussian_length_that_no_rule_explains_stays_open():
    unit = audit_gaussian(_gaussian(after=lambda g, theta, b: g / (np.linalg.norm(g) + 1e-8)))
    assert not unit.ok and not unit.accused and "by a length that stays open" in unit.headline
    assert audit_gaussian(_gaussian(per=lambda n, D: n * np.sqrt(D))).open
    clipped = audit_gaussian(_gaussian(lambda r: np.clip(r, -4, 4)))
    assert clipped.open == ["What it does with rewards three times as large: its direction is another then."]


def test_the_score_of_the_clipped_law_is_known():
    """Differences of SciPy's logarithms of the density inside the box and of the chances to pass its limits."""

    def clipped_law(theta, u):
        D = len(theta) // 2
        law = scipy.stats.norm(theta[:D], np.exp(theta[D:]))
        inside = law.logpdf(np.clip(u, -1, 1))
        return np.where(u <= -1, law.logcdf(-1), np.where(u >= 1, law.logsf(1), inside)).sum(axis=1)

    def update(theta, b):
        return b.rewards @ _slopes(clipped_law if not b.squashed else TRUE, theta, b.drawn) / len(b)

    verdict = audit_gaussian(update)
    assert verdict.ok and verdict.names("density", "clipped law") and verdict.names("density", "right squashed")


def _on_sigma(theta):
    return np.repeat([0.0, 1.0], len(theta) // 2)


@pytest.mark.parametrize(
    "after, answer, kind",
    [
        (lambda g, theta, b: g - 1000 * _on_sigma(theta), "entropy bonus", "mistake"),
        (lambda g, theta, b: g + 0.01 * _on_sigma(theta), "entropy bonus", "choice"),
        (lambda g, theta, b: g - 0.02 * theta, "weight decay", "choice"),
        (lambda g, theta, b: 0.98 * theta + 0.1 * g, "weight decay", "choice"),
        (lambda g, theta, b: g + 0.02 * theta, "weight decay", "mistake"),
        (lambda g, theta, b: g + np.cos(b.drawn.sum()), "unknown", "departure"),
    ],
)
def test_what_moves_a_gaussian_without_rewards_is_judged(after, answer, kind):
    verdict = audit_gaussian(_gaussian(after=after))
    assert [(f.answer, f.kind) for f in verdict.findings if f.question == "extra"] == [(answer, kind)]
    assert verdict.ok == (kind == "choice") and "**not**" not in verdict.headline


def test_what_is_no_more_than_theta_or_a_baseline_accuses_no_gaussian():
    new_theta = audit_gaussian(_gaussian(after=lambda g, theta, b: theta + 0.1 * g))
    assert new_theta.ok and not new_theta.names("extra")
    constant = audit_gaussian(_gaussian(lambda r: r - 0.3))
    assert constant.ok and constant.names("extra", "constant baseline")


def test_a_gaussian_update_wrong_in_one_dimension_alone_is_not_right():
    verdict = audit_gaussian(_gaussian(after=lambda g, theta, b: np.array([1, b.rewards[0]]) if len(g) == 2 else g))
    assert not verdict.ok and "**one dimension**" in str(verdict)


# --- what is done to the rewards before they are summed


def _with_rewards(change, source):
    """A right update, given rewards that are changed before."""

    def update(theta, batch):
        return compiled(SOURCES[source])(theta, replace(batch.copy(), rewards=change(batch.rewards)))

    return update


CHANGED = {
    "standardised": lambda r: (r - r.mean()) / (r.std() + 1e-8),
    "standardised, ddof 1": lambda r: (r - r.mean()) / (r.std(ddof=1) + 1e-8),
    "centred": lambda r: r - r.mean(),
    "ranged": lambda r: (r - r.min()) / (r.max() - r.min() + 1e-8),
    "clipped": lambda r: np.clip(r, -1, 1),
    "signs": np.sign,
}


@pytest.mark.parametrize("answer", CHANGED)
@pytest.mark.parametrize("source", ["loop", "total", "critic", "others"])
def test_what_is_done_to_all_rewards_before_they_are_summed_is_named(answer, source):
    verdict = audit(_with_rewards(CHANGED[answer], source))
    # without V the two standard deviations are the same direction, and a baseline takes off what a least reward adds
    same = {"standardised", "standardised, ddof 1"} if "standardised" in answer else {answer}
    said = {f.answer for f in verdict.findings if f.question == "rewards"}
    assert len(said) == 1 and said <= same and not verdict.ok, str(verdict)
    assert "**not** the theorem" in verdict.headline and "truncated" in verdict.open[0]


@pytest.mark.parametrize(
    "source, added, scale",
    [
        ("loop", -1, 1),
        ("loop", -0.5, 0.5),
        ("total", 0.25, 1),
        ("total", -0.5, 2),
        ("critic", -1, 1),
        ("critic", 0.25, 1),
    ],
)
def test_a_number_added_to_every_reward_is_no_baseline(source, added, scale):
    verdict = audit(_with_rewards(lambda r: scale * (r + added), source))
    [words] = [f.words for f in verdict.findings if f.question == "extra"]
    assert words.startswith(f"**{added:+.4g} is added to every reward**") and not verdict.ok, str(verdict)
    assert "with **something added**" in verdict.headline


@pytest.mark.parametrize("credit", [lambda b: _powers(b) * _gae(b), _gae, lambda b: _returns(b) - b.padded(b.values)])
@pytest.mark.parametrize(
    "change, answer, words",
    [
        (lambda b: replace(b, rewards=b.rewards / 5), "units", "are 0.2 times as large"),
        (lambda b: replace(b, rewards=-10 * b.rewards), None, ""),
        (lambda b: replace(b, values=b.values / 4, next_values=b.next_values / 4), "units", "are 4 times as large"),
        (lambda b: replace(b, rewards=b.rewards / (b.rewards.std() + 1e-8)), "units, std", "standard deviation"),
        (lambda b: replace(b, rewards=b.rewards / b.rewards.std(ddof=1)), "units, std", "standard deviation"),
        (lambda b: replace(b, rewards=b.rewards / np.abs(b.rewards).max()), None, ""),
    ],
)
def test_rewards_and_v_in_two_units_are_named(credit, change, answer, words):
    verdict = audit(lambda theta, b: _book(credit)(theta, change(b.copy())))
    said = [f for f in verdict.findings if f.question == "rewards"]
    if answer is None:
        assert not said and verdict.open, str(verdict)
    else:
        assert [f.answer for f in said] == [answer] and words in said[0].words and not verdict.ok, str(verdict)


def test_a_number_taken_from_every_reward_decides_which_policy_is_best():
    """Leave at once with 1, or stay for three rewards of 0.5: 1.5 is more. With 0.5 taken from each, 0.5 is."""
    leave, stay = np.array([1.0]), np.full(3, 0.5)
    assert stay.sum() > leave.sum() and (stay - 0.5).sum() < (leave - 0.5).sum()
    both = np.concatenate([leave, stay])
    assert (stay - both.mean()).sum() < (leave - both.mean()).sum()


def test_a_baseline_of_the_returns_is_not_taken_for_one_of_the_rewards():
    for name in ("batch mean", "standardised", "a constant baseline", "leave one out"):
        verdict = audit(RIGHT_ONES[name])
        assert not verdict.names("rewards") and not verdict.names("extra", "constant reward")


@pytest.mark.parametrize(
    "sigma, answer, kind",
    [
        (lambda half: np.logaddexp(0, half), "softplus", "departure"),
        (lambda half: half, "exp forgotten", "mistake"),
    ],
)
def test_another_sigma_than_that_which_drew_is_named(sigma, answer, kind):
    verdict = audit_gaussian(_gaussian(log_density=_bell(lambda half: sigma(half) ** 2)))
    assert [(f.answer, f.kind) for f in verdict.findings if f.question == "density"] == [(answer, kind)]
    assert not verdict.open and not verdict.ok


def test_a_sigma_that_no_rule_knows_stays_open():
    verdict = audit_gaussian(_gaussian(log_density=_bell(lambda half: (0.1 + np.exp(half)) ** 2)))
    assert verdict.open and not verdict.names("density")


def test_sigma_in_the_place_of_its_square_is_named():
    both = audit_gaussian(_gaussian(log_density=_bell(np.exp)))  # theta read as the log of the variance is the same
    assert both.names("density", "std for variance") and not both.open
    whole = audit_gaussian(_gaussian(log_density=_bell(np.exp, half=2)))
    assert whole.names("density", "std for variance, log sigma whole") and not whole.open


@pytest.mark.parametrize(
    "weigh, answer, words",
    [
        (lambda r: r / r.std(), "nan", "all returns are equal"),
        (lambda r: r / np.abs(r).max(), "nan at zero", "all rewards are zero"),
    ],
)
def test_a_gaussian_nan_at_rest_is_a_finding_and_the_rest_is_read(weigh, answer, words):
    verdict = audit_gaussian(_gaussian(weigh))
    assert verdict.unreadable is None and verdict.names("density", "right")
    assert verdict.names("equal rewards", answer) and words in str(verdict)


def test_two_gaussian_mistakes_of_the_two_halves_are_both_named():
    def frozen(g, theta, b):
        return g * (1 - _on_sigma(theta))

    both = audit_gaussian(_gaussian(drawn=lambda b: b.actions, after=frozen))
    for answer in ("clipped", "of the squashed action", "log std frozen"):
        assert both.names("density", answer)
    assert not both.open
    turned = audit_gaussian(_gaussian(after=lambda g, theta, b: g * (1 - 2 * _on_sigma(theta))))
    assert turned.names("constant", "minus in one half")
    inverse = audit_gaussian(
        _gaussian(
            after=lambda g, theta, b: g * np.where(_on_sigma(theta), 0.5, np.exp(2 * np.roll(theta, len(g) // 2)))
        )
    )
    assert inverse.names("density", "natural") and not inverse.open


@pytest.mark.parametrize("step", [1e-11, 1e-9, 1e-5])
def test_a_small_step_is_no_standing_still(step):
    for update in (
        lambda theta, b: step * compiled(SOURCES["loop"])(theta, b),
        lambda theta, b: theta + max(step, 1e-9) * compiled(SOURCES["loop"])(theta, b),
    ):
        verdict = audit(update)
        assert verdict.ok and verdict.names("constant") and verdict.angle < 0.01, verdict


@pytest.mark.parametrize(
    "weigh, least, answer",
    [
        (lambda b, G: G, 20, "few steps"),
        (lambda b, G: G, 32, "few steps"),
        (lambda b, G: 1.0 * (b.rewards > 10), 0, "small rewards"),
        (lambda b, G: G * (np.bincount(b.obs)[b.obs] > 1), 0, "unknown"),
        (lambda b, G: G - np.array([G[b.obs == o].mean() for o in b.obs]), 0, "per parameter"),
    ],
)
def test_why_nothing_moves_is_said_only_where_it_is_known(weigh, least, answer):
    def update(theta, b):
        G = _steps(b, lambda e, i: b.gamma ** np.arange(e.stop - i) @ b.rewards[i : e.stop])
        return _weighed(weigh(b, G), b, theta) * (len(b) >= least)

    verdict, parameter = audit(update), answer == "per parameter"
    assert verdict.names("baseline" if parameter else "zero", answer) and not verdict.ok
    assert ("Its baseline is made for **each parameter" in str(verdict)) is parameter
    assert "at all" not in str(verdict)


def test_a_number_that_changes_with_the_rewards_alone_is_not_said_to_change_from_batch_to_batch():
    def update(theta, b, most=np.inf):
        G = _steps(b, lambda e, i: b.gamma ** np.arange(e.stop - i) @ b.rewards[i : e.stop])
        return _weighed(np.clip(G - b.values, -most, most), b, theta)

    def clipped(theta, b):
        return update(theta, b, 10.0)

    for name, world in worlds().items():
        assert np.array_equal(clipped(world.theta, world.batch), update(world.theta, world.batch)), name
    verdict, steps = audit(clipped), audit(lambda theta, b: update(theta, b) / np.sqrt(len(b)))
    (said,), (other,) = verdict.open, steps.open
    assert "changes with the size of the rewards" in said and "from batch to batch" in other
    assert not verdict.names("constant") and not verdict.names("per") and not verdict.goes_to


def _few_steps(b, n, subtract):
    """Rewards of n steps and the value after them."""

    def sums(e, i):
        j = min(i + n, e.stop)
        after = 0.0 if b.terminated[j - 1] else b.gamma ** (j - i) * b.next_values[j - 1]
        return b.gamma ** np.arange(j - i) @ b.rewards[i:j] + after - subtract * b.values[i]

    return _steps(b, sums)


@pytest.mark.parametrize(
    "n, words", [(1, "**one step**, r + gamma V'"), (2, "**two steps**, r + gamma r' + gamma^2 V''")]
)
@pytest.mark.parametrize("subtract", [False, True])
def test_a_loop_of_one_or_two_steps_has_no_lambda_and_is_judged_by_one_rule(n, words, subtract):
    """Over the eight episodes, each with the true V of its states, all four are the gradient of the return."""
    mdp, b = pg.two_doors(), worlds()["two doors"].batch
    V, states = pg.state_values(mdp, np.full((4, 2), 0.5)), []
    for e in b.episodes():
        state = 0
        for a in b.actions[e]:
            states.append(state)
            state = int(mdp.P[state, a].argmax())
    known = replace(b, values=V[states], next_values=np.where(b.terminated, 0, np.roll(V[states], -1)))
    exact = _weighed(_few_steps(known, n, subtract), known, np.zeros(3))
    np.testing.assert_allclose(exact[:2], pg.exact_gradient(mdp, POLICY(2, 3), [0, 0]), atol=1e-12)
    verdict = audit(lambda theta, b: _weighed(_few_steps(b, n, subtract), b, theta))
    said = [f.words for f in verdict.findings if f.question in ("credit", "lam", "baseline")]
    assert verdict.ok and verdict.headline.endswith("the theorem's direction.")
    assert said == [
        f"{'Advantages' if subtract else 'Returns'} take {words}{' - V' * subtract}, whatever lambda was given."
    ]


def test_a_value_added_after_gamma_t_is_no_return_of_two_steps():
    verdict = audit(lambda theta, b: (b.gamma**b.t * _few_steps(b, 2, True) + b.values) * b.mask @ b.score(theta))
    assert verdict.names("baseline", "value added") and "**not**" in verdict.headline


@pytest.mark.parametrize("keep", [np.minimum, np.maximum])
def test_what_a_clip_does_later_is_said_not_to_be_seen(keep):
    """PPO, and PPO with the larger for the smaller of the two: one function at a ratio of 1, two elsewhere."""

    def ppo(theta, b):
        A, ratio = _few_steps(b, 2, True), np.exp(b.log_prob(theta) - b.log_probs)
        kept = ratio * A == keep(ratio * A, np.clip(ratio, 0.8, 1.2) * A)
        return _weighed(A * ratio * kept, b, theta)

    verdict = audit(ppo)
    assert verdict.ok and "seen at a ratio of 1 only" in " ".join(verdict.notes)
    assert "ratio" not in str(audit(lambda theta, b: _weighed(_few_steps(b, 2, True), b, theta)))


@pytest.mark.parametrize(
    "by, words",
    [
        (lambda x: x.std(), "(no eps)"),
        (lambda x: x.std() + 1e-8, "(eps 1e-08)"),
        (lambda x: x.std() + 1e-3, "(eps 0.001)"),
        (lambda x: x.std(ddof=1) + 1e-5, "(eps 1e-05)"),
        (lambda x: np.sqrt(x.var() + 1e-8), "(eps 1e-08, under the root)"),
        (lambda x: np.sqrt(x.var() + 1e-12), "(eps 1e-12, under the root)"),
        (lambda x: max(x.std(), 1e-3), "(taken for at least 0.001)"),
        (lambda x: max(x.std(), 1e-4), "(taken for at least 0.0001)"),
    ],
)
@pytest.mark.parametrize("times", [1, -0.3])
def test_an_eps_is_told_by_its_place_and_is_no_constant_factor(by, words, times):
    def update(theta, b):
        G = _steps(b, lambda e, i: b.gamma ** np.arange(e.stop - i) @ b.rewards[i : e.stop])
        kept = G[b.mask]
        with np.errstate(all="ignore"):
            return times * _weighed((G - kept.mean()) / by(kept), b, theta)

    verdict = audit(update)
    (said,) = (f.words for f in verdict.findings if f.question == "size")
    assert words in said and verdict.names("constant") is (times != 1), verdict
    assert times == 1 or verdict.names("constant", "0.3") and verdict.names("sign", "minus")


@pytest.mark.parametrize(
    "divide, answer",
    [
        (lambda b, G: len(b), "in the divisor"),
        (lambda b, G: b.mask.sum(), "left out"),
        (lambda b, G: len(b.episodes()), "left out"),
        (lambda b, G: len(b.episodes()) * (G.std() + 1e-8), "in the divisor"),
        (lambda b, G: len(b.episodes()) * (G[b.mask].std() + 1e-8), "left out"),
    ],
)
def test_a_reset_step_that_is_counted_in_the_divisor_is_not_said_to_be_left_out(divide, answer):
    """Held against the same batch without that step."""

    def update(theta, b):
        G = _steps(b, lambda e, i: b.gamma ** np.arange(e.stop - i) @ b.rewards[i : e.stop])
        return (b.gamma**b.t * G * b.mask) @ b.score(theta) / divide(b, G)

    world = worlds()["reset"]
    b = world.batch
    arrays = {f.name: getattr(b, f.name) for f in fields(b)}
    without = replace(b, **{name: x[b.mask] for name, x in arrays.items() if isinstance(x, np.ndarray)})
    same = np.allclose(update(world.theta, b), update(world.theta, without))
    verdict = audit(update)
    assert same is (answer == "left out") and verdict.names("reset", answer) and verdict.ok, verdict


@pytest.mark.parametrize(
    "count, answer, words",
    [
        (lambda b: len(np.unique(b.obs[b.mask])), "observations", "**different observations**"),
        (lambda b: b.mask.sum(), "steps", "number of **steps**"),
    ],
)
@pytest.mark.parametrize("step", [1, 0.2])
def test_a_division_by_different_observations_is_not_said_to_be_by_steps(count, answer, words, step):
    def update(theta, b):
        return step * len(b.episodes()) * compiled(SOURCES["loop"])(theta, b) / count(b)

    b = worlds()["two doors"].batch
    assert len(b) == 24 and len(np.unique(b.obs)) == 3
    verdict = audit(update)
    assert verdict.names("per", answer) and words in str(verdict) and verdict.names("constant") is (step != 1)


def _power(b, most):
    return b.gamma ** np.minimum(b.t, most)


@pytest.mark.parametrize(
    "weights",
    [
        lambda b, n: _power(b, 99) * _few_steps(b, n, True),
        lambda b, n: _power(b, 99) * _few_steps(b, 2 * n, False),
        lambda b, n: _power(b, 99) * _few_steps(replace(b, next_values=0 * b.values), n, False),
        lambda b, n: _power(b, n - 1) * _few_steps(b, 99, False),
        lambda b, n: _few_steps(b, n, True),
    ],
)
def test_what_holds_up_to_five_steps_alone_is_said_to_hold_there(weights):
    def update(theta, b, n=5):
        return (weights(b, n) * b.mask) @ b.score(theta) / len(b.episodes())

    assert all(
        world.batch.t.max() == 11 if name == "long" else world.batch.t.max() < 5 for name, world in worlds().items()
    )
    for name, world in worlds().items():  # the same up to five steps, and not in twelve
        ours, whole = update(world.theta, world.batch), update(world.theta, world.batch, 99)
        assert np.allclose(ours, whole) is (name != "long"), name
    verdict, whole = audit(update), audit(lambda theta, b: update(theta, b, 99))
    assert "direction in episodes of up to five steps." in verdict.headline.replace(" **without gamma^t**", "")
    assert len(verdict.open) == 1 and "twelve steps" in verdict.open[0] and "GAE" not in str(verdict)
    assert not whole.open and "five steps" not in str(whole)


def _loop(theta, b, scale=lambda G: 1.0):
    """Reward-to-go with gamma^t; the whole by a number that the returns G of the batch give."""
    G = _few_steps(replace(b, next_values=0 * b.values), 99, False)
    return (_power(b, 99) * G * b.mask) @ b.score(theta) / len(b.episodes()) * scale(G[b.mask])


@pytest.mark.parametrize(
    "change",
    [
        lambda g, b: -g * min(1, 0.5 / np.linalg.norm(g)),  # the gradient's norm is clipped
        lambda g, b: -(1 - b.gamma) * g,
    ],
)
def test_a_sign_that_is_turned_round_is_said_where_the_length_is_open(change):
    """Of eight equally likely episodes it is the exact gradient of the return, times a number below zero."""
    b = worlds()["two doors"].batch
    g, exact = change(_loop(np.zeros(3), b), b)[:2], pg.exact_gradient(pg.two_doors(), POLICY(2, 3), np.zeros(2))
    assert g @ exact / np.linalg.norm(g) / np.linalg.norm(exact) == pytest.approx(-1)
    verdict = audit(lambda theta, b: change(_loop(theta, b), b))
    assert verdict.open and verdict.names("sign", "minus") and "**minus** the theorem's direction" in verdict.headline


def test_what_is_divided_by_the_mean_return_has_no_sign_of_its_own():
    """The return of -r is minus that of r, and so is its gradient; this update is the same for both."""

    def update(theta, b):
        return _loop(theta, b, lambda G: 1 / G.mean())

    b = worlds()["plain"].batch
    theta = worlds()["plain"].theta
    np.testing.assert_allclose(update(theta, replace(b, rewards=-b.rewards)), update(theta, b), rtol=1e-9)
    verdict = audit(update)
    assert verdict.names("sign", "changes") and "**not** the theorem's direction" in verdict.headline


def _length(b):
    return np.bincount(b.episode)[b.episode]


@pytest.mark.parametrize(
    "beside, right",
    [
        (lambda b: np.ones(len(b)), True),
        (lambda b: _power(b, 99), True),
        (lambda b: 0.3 * b.t + 0.2, True),
        (lambda b: _power(b, 99) * np.sin(b.obs), True),
        (lambda b: 0.5 * b.actions, False),
        (lambda b: np.sin(b.next_obs), False),
        (lambda b: 0.3 * (_length(b) - b.t), False),
    ],
)
def test_what_stands_beside_the_rewards_is_a_baseline_if_its_mean_by_the_score_is_zero(beside, right):
    """The mean is taken over all ways of two steps at p = 1/2, where action 1 ends the episode: obs 0, then 1; 2 and 3
    are seen after the action that ends it."""
    zero, mean = np.zeros(1), 0.0
    for actions, chance in (((1,), 0.5), ((0, 0), 0.25), ((0, 1), 0.25)):
        n, a = len(actions), np.array(actions)
        arrays = dict(obs=np.arange(n), actions=a, next_obs=np.where(a == 1, 2, np.arange(n) + 1), t=np.arange(n))
        b = replace(worlds()["plain"].batch, **arrays, rewards=zero, episode=np.zeros(n, int), num_obs=4)
        mean = mean + chance * beside(b) @ b.score(np.zeros(4))
    assert np.allclose(mean, 0) is right
    for divide in (lambda G: 1.0, lambda G: 1 / (G.std() + 1e-8)):

        def update(theta, b, divide=divide):
            G = _few_steps(replace(b, next_values=0 * b.values), 99, False)
            weights = (_power(b, 99) * G - beside(b)) * divide(G[b.mask]) * b.mask
            return weights @ b.score(theta) / len(b.episodes())

        verdict = audit(update)
        assert verdict.ok is right and ("baseline" in str(verdict)) is right, str(verdict)
        assert ("with **something added**" in verdict.headline or bool(verdict.open)) is not right


def _entropy(theta, b):
    p = 1 / (1 + np.exp(-theta[b.obs]))
    return np.bincount(b.obs, -theta[b.obs] * p * (1 - p) * b.mask, len(theta)) / len(b.episodes())


def test_a_loss_s_slope_given_for_the_gradient_is_one_mistake():
    """With its sign turned round it is right: the entropy bonus and the decay are turned round with it, and right."""
    for added in (lambda theta, b: 0.01 * _entropy(theta, b), lambda theta, b: -0.01 * theta):
        assert audit(lambda theta, b, added=added: _loop(theta, b) + added(theta, b)).ok
        verdict = audit(lambda theta, b, added=added: -_loop(theta, b) - added(theta, b))
        assert [f.answer for f in verdict.accused] == ["minus"] and "decays by" not in str(verdict)


def test_a_decay_with_the_wrong_sign_is_a_mistake():
    theta = worlds()["plain"].theta
    silent = replace(worlds()["plain"].batch, rewards=np.zeros(13))
    assert np.linalg.norm(theta + _loop(theta, silent) + 0.01 * theta) > np.linalg.norm(theta)
    verdict = audit(lambda theta, b: _loop(theta, b) + 0.01 * theta)
    assert [f.answer for f in verdict.accused] == ["weight decay"] and "**grows** by 0.01" in str(verdict)


def test_half_of_the_advantages_beside_an_entropy_bonus_is_not_taken_for_all():
    """What is turned round with the rewards is half of max(A, 0) - max(-A, 0) = A, and A is right; max(A, 0) is not."""
    positive = lambda theta, b: _weighed(np.maximum(_few_steps(b, 2, True), 0), b, theta)  # noqa: E731
    assert audit(positive).open
    assert audit(lambda theta, b: positive(theta, b) + 0.01 * _entropy(theta, b)).open


@pytest.mark.parametrize(
    "of",
    [
        lambda ratio, mask: np.minimum(ratio, 1),  # V-trace's
        lambda ratio, mask: ratio / ratio[mask].mean(),  # weights that are normalised by themselves
    ],
)
def test_a_ratio_that_one_change_of_all_log_probs_does_not_move_is_seen(of):
    def update(theta, b):
        ratio = of(np.exp(b.log_prob(theta) - b.log_probs), b.mask)
        return _weighed(ratio * _few_steps(b, 2, True), b, theta)

    world = worlds()["plain"]
    fewer = replace(world.batch, log_probs=world.batch.log_probs - 0.01)
    np.testing.assert_allclose(update(world.theta, fewer), update(world.theta, world.batch), rtol=1e-9)
    verdict = audit(update)
    assert verdict.ok and "seen at a ratio of 1 only" in " ".join(verdict.notes)


def test_of_two_gaussian_halves_the_one_whose_sign_is_turned_round_is_named():
    for half, turn in (("mean", -1), ("log standard deviation", 1)):
        verdict = audit_gaussian(_gaussian(after=lambda g, theta, b, turn=turn: turn * g * (1 - 2 * _on_sigma(theta))))
        assert [f.answer for f in verdict.accused] == ["minus in one half"]
        assert f"The slope by the {half} has its **sign turned round**" in str(verdict)


def test_gaussian_rewards_divided_by_their_mean_are_not_said_to_leave_it_still():
    verdict = audit_gaussian(_gaussian(lambda r: r / r.mean()))
    assert verdict.open and "do not move it" not in str(verdict) and "divided by their own mean" in str(verdict)


def test_a_gaussian_decay_beside_a_sign_that_is_turned_round_is_not_called_a_decay():
    """-g + 0.01 theta makes theta longer where there are no rewards; of a loss, it is the slope of a decay."""
    verdict = audit_gaussian(_gaussian(after=lambda g, theta, b: 0.01 * theta - g))
    assert "0.01 times theta is added" in str(verdict) and "decays" not in str(verdict)


@pytest.mark.parametrize("shift", [False, True])
def test_a_critic_of_its_own_is_not_accused_of_looking_at_its_own_reward_alone(shift):
    """r + gamma V' - V with a table of its own: the same V in the batch, read from there, is said to be right."""

    def update(theta, b, own=True):
        if own:
            V = np.cos(np.arange(len(theta)))
            following = np.append(V[b.obs[1:]], V[b.next_obs[-1]]) if shift else V[b.next_obs]
            b = replace(b, values=V[b.obs], next_values=np.where(b.truncated, V[b.next_obs], following))
        return _weighed(_few_steps(b, 1, True), b, theta)

    assert audit(lambda theta, b: update(theta, b, own=False)).ok
    verdict = audit(update)
    assert not verdict.accused and "**not**" not in verdict.headline and "is there a V of its own?" in verdict.open[0]


def test_of_a_critic_of_its_own_it_is_not_said_that_there_is_no_value_at_truncated_steps():
    def update(theta, b):
        V = np.cos(np.arange(len(theta)))
        return _weighed(_few_steps(replace(b, next_values=V[b.next_obs]), 99, False) - V[b.obs], b, theta)

    verdict = audit(update)
    assert verdict.ok and verdict.names("extra", "own baseline") and "there is no value in it" not in str(verdict)
