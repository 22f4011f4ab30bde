"""Every episode of a small world: all are there, and the moments over them are the theorem and what sampling finds."""

import itertools

import numpy as np
import pytest

import policy_gradient as pg
from policy_gradient import exact as module
from policy_gradient.exact import Path as Episode
from policy_gradient.exact import gae_weigh, moments, trajectories
from policy_gradient.worlds import coin_chain, live_or_die
from tests.helpers.corridor_and_doors import DOORS, POLICY, ZERO

HALF = np.full((4, 2), 0.5)


def test_trajectories_are_all_and_their_probabilities_sum_to_one():
    mdp = coin_chain(3)
    found = trajectories(mdp, np.full(mdp.R.shape, 0.5))
    assert sum(p for p, _ in found) == pytest.approx(1) and len(found) == 2 * 4**3
    assert all(len(path.states) == len(path.actions) == len(path.rewards) == 4 for _, path in found)
    assert len(trajectories(DOORS, HALF)) == 8
    sure = np.tile([0.0, 1.0], (4, 1))  # an action that is never taken is no episode
    ((p, path),) = trajectories(DOORS, sure)
    assert p == 1 and path.states.tolist() == [0, 1, 2] and path.rewards.tolist() == [-1, 3, -3]


def test_moments_with_the_return_is_the_theorem_in_random_worlds():
    rng = np.random.default_rng(1)
    for _ in range(3):
        S, A = 5, 3
        P = np.triu(rng.random((A, S, S)), 1).transpose(1, 0, 2)
        P /= np.maximum(P.sum(-1, keepdims=True), 1e-9) / rng.uniform(0.5, 1, (S, A, 1))
        mdp = pg.TabularMDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), 0.9)
        policy, theta = pg.TabularSoftmax(S, A), rng.normal(size=S * A)
        for critic in (np.zeros(S), rng.normal(size=S)):
            np.testing.assert_allclose(
                moments(mdp, policy, theta, gae_weigh(mdp, critic, 1.0))[0],
                pg.exact_gradient(mdp, policy, theta),
                atol=1e-13,
            )
        true = pg.state_values(mdp, pg.state_probs(mdp, policy, theta))
        np.testing.assert_allclose(
            moments(mdp, policy, theta, gae_weigh(mdp, true, 0.3))[0], pg.exact_gradient(mdp, policy, theta), atol=1e-13
        )


def test_moments_without_gamma_t_are_the_program_that_drops_it():
    plain = pg.discounted_visitation(DOORS, HALF, gamma=1.0)
    got = moments(DOORS, POLICY, ZERO, gae_weigh(DOORS, np.zeros(4), 1.0), drop_gamma_t=True)[0]
    np.testing.assert_allclose(got, pg.exact_gradient(DOORS, POLICY, ZERO, visitation=plain), atol=1e-15)


def test_sampled_moments_agree():
    rng = np.random.default_rng(6)
    for lam, critic in itertools.product((0.0, 1.0), (pg.state_values(DOORS, HALF), np.zeros(4))):
        data = pg.sample_rollout(DOORS, POLICY, ZERO, 20_000, 5, rng)
        values = np.where(data.mask, critic[data.states], 0)
        samples = pg.gradient_samples(
            POLICY,
            ZERO,
            data,
            pg.gae(data, values, np.zeros(20_000), 0.5, lam) * 0.5 ** np.arange(len(values))[:, None],
        )
        mean, variance = moments(DOORS, POLICY, ZERO, gae_weigh(DOORS, critic, lam))
        assert np.linalg.norm(samples.mean(0) - mean) < 4 * np.sqrt(variance / 20_000)
        assert samples.var(0).sum() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: trajectories(live_or_die(), [[0.5, 0.5]]), "no state comes twice"),
        (lambda: trajectories(DOORS, HALF * 0.9), "probs must sum to one over its last axis, but row .* sums to 0.9"),
        (lambda: trajectories(DOORS, HALF[:3]), r"probs must have shape \(4, 2\)"),
        (lambda: gae_weigh(DOORS, np.zeros(3), 0.5), r"critic must have shape \(4,\), got \(3,\)"),
        (lambda: gae_weigh(DOORS, np.zeros((4, 1)), 0.5), r"critic must have shape \(4,\)"),
        (lambda: gae_weigh(DOORS, [0, np.nan, 0, 0], 0.5), r"critic must be finite, but critic\[1\] is nan"),
        (lambda: gae_weigh(DOORS, np.zeros(4), 1.5), "lam must lie in"),
        (lambda: moments(DOORS, POLICY, ZERO, lambda path: 1.0), r"weigh\(path\) must have shape \(3,\)"),
        (
            lambda: moments(DOORS, POLICY, ZERO, lambda path: [0, np.nan, 0]),
            r"weigh\(path\) must be finite, but at step 1 it is not",
        ),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, words):
    with pytest.raises(ValueError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: trajectories(DOORS.P, HALF), "mdp must be a TabularMDP, got an array"),
        (lambda: gae_weigh(DOORS.P, np.zeros(4), 0.5), "mdp must be a TabularMDP, got an array"),
        (lambda: moments(DOORS, POLICY, ZERO, "gae"), "weigh must be a function of a Path"),
        (lambda: moments(DOORS, POLICY, ZERO, lambda path: ["a", "b", "c"]), r"weigh\(path\) must be an array of"),
    ],
)
def test_another_kind_of_thing_is_refused_in_one_sentence(call, words):
    with pytest.raises(TypeError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_td_errors_are_rewards_and_two_values():
    path = Episode(np.array([0, 1]), np.array([0, 0]), np.array([0.0, 1.0]))
    assert gae_weigh(DOORS, [1.0, 2.0, 0, 0], 0.0)(path).tolist() == [0.5 * 2 - 1, 1 - 2]


def walk(mdp, probs, s, chance=1.0, path=()):
    """Every episode from state s: (chance, ((state, action, reward), ...)), by recursion."""
    for a in range(mdp.num_actions):
        taken = (*path, (s, a, mdp.R[s, a]))
        here = chance * probs[s][a]
        if 1 - mdp.P[s, a].sum() > 1e-9:
            yield here * (1 - mdp.P[s, a].sum()), taken
        for t in np.flatnonzero(mdp.P[s, a]):
            yield from walk(mdp, probs, t, here * mdp.P[s, a, t], taken)


@pytest.mark.parametrize("lam", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("drop", [False, True])
def test_mean_and_variance_are_sums_over_every_episode(lam, drop):
    """A world in which an episode may end early, or start in two places; each advantage a sum of TD errors."""
    P = np.zeros((3, 2, 3))
    P[0, 0], P[0, 1], P[1, 0] = [0, 0.5, 0.3], [0, 0, 1], [0, 0, 0.6]
    mdp = pg.TabularMDP(P, np.arange(6.0).reshape(3, 2) - 2, [0.7, 0.3, 0], 0.9)
    policy, theta, critic = pg.TabularSoftmax(3, 2), np.linspace(-1, 1, 6), np.array([0.5, -1, 2.0])
    probs, mean, square, whole = policy.probs(theta, np.arange(3)), 0.0, 0.0, 0.0
    for s in (0, 1):
        for chance, path in walk(mdp, probs, s, mdp.rho[s]):
            V = [critic[step[0]] for step in path] + [0.0]
            deltas = [step[2] + 0.9 * V[t + 1] - V[t] for t, step in enumerate(path)]
            estimate = np.zeros(6)
            for t, (state, a, _) in enumerate(path):
                score = np.zeros((3, 2))
                score[state] = np.eye(2)[a] - probs[state]
                weight = sum((0.9 * lam) ** (k - t) * deltas[k] for k in range(t, len(path)))
                estimate += (1 if drop else 0.9**t) * weight * score.ravel()
            whole, mean, square = whole + chance, mean + chance * estimate, square + chance * estimate @ estimate
    found = moments(mdp, policy, theta, gae_weigh(mdp, critic, lam), drop_gamma_t=drop)
    assert whole == pytest.approx(1)
    np.testing.assert_allclose(found[0], mean, atol=1e-13)
    assert found[1] == pytest.approx(square - mean @ mean, rel=1e-12)


def test_every_episode_has_its_own_chance_and_rewards():
    P = np.zeros((2, 2, 2))
    P[0, 0], P[0, 1] = [0, 0.25], [0, 1]
    mdp = pg.TabularMDP(P, [[1.0, 2], [3, 4]], [0.5, 0.5], 0.9)
    probs = np.array([[0.2, 0.8], [1.0, 0.0]])
    found = {
        (tuple(path.states), tuple(path.actions), tuple(path.rewards)): chance
        for chance, path in trajectories(mdp, probs)
    }
    assert found == pytest.approx(
        {
            ((0,), (0,), (1.0,)): 0.5 * 0.2 * 0.75,
            ((0, 1), (0, 0), (1.0, 3.0)): 0.5 * 0.2 * 0.25,
            ((0, 1), (1, 0), (2.0, 3.0)): 0.5 * 0.8,
            ((1,), (0,), (3.0,)): 0.5,
        }
    )


def test_too_many_episodes_are_refused_and_a_loop_only_where_it_is_entered(monkeypatch):
    assert f"more than {module.MOST:,} episodes" in " ".join(trajectories.__doc__.split())
    monkeypatch.setattr(module, "MOST", 7)
    with pytest.raises(ValueError, match="mdp has more than 7 episodes, too many to list"):
        trajectories(DOORS, HALF)
    monkeypatch.setattr(module, "MOST", 8)
    assert len(trajectories(DOORS, HALF)) == 8
    assert len(trajectories(live_or_die(), [[1.0, 0.0]])) == 1  # work is never chosen
    with pytest.raises(ValueError, match="it can be in state 0 again and again"):
        trajectories(live_or_die(), [[0.5, 0.5]])


def test_what_rounding_leaves_of_a_row_is_no_end():
    """Chances that sum to one may miss it by their last bits, on either side."""
    rng, beside = np.random.default_rng(2), set()
    for _ in range(20):
        P = np.zeros((9, 1, 9))
        P[0, 0, 1:] = rng.dirichlet(np.ones(8))
        beside.add(np.sign(1 - P[0, 0].sum()))
        found = trajectories(pg.TabularMDP(P, np.ones((9, 1)), np.eye(9)[0], 1.0), np.ones((9, 1)))
        assert sorted(path.states.tolist() for _, path in found) == [[0, k] for k in range(1, 9)]
    assert beside == {-1, 0, 1}


def line_with_a_loop(start):
    """1 stays with a chance of one in a thousand and goes on to 0, where it ends; 2 goes on to 3, where it ends."""
    P = np.zeros((4, 1, 4))
    P[1, 0, [1, 0]], P[2, 0, 3] = [0.001, 0.999], 1
    return pg.TabularMDP(P, np.ones((4, 1)), np.eye(4)[start], 0.9)


def test_a_rare_loop_is_seen_and_named_and_one_that_nobody_enters_is_none():
    with pytest.raises(ValueError, match="it can be in state 1 again and again"):
        trajectories(line_with_a_loop(1), np.ones((4, 1)))
    ((chance, path),) = trajectories(line_with_a_loop(2), np.ones((4, 1)))
    assert chance == 1 and path.states.tolist() == [2, 3]
    P = np.zeros((4, 1, 4))
    P[0, 0, 1], P[1, 0, 2], P[2, 0, [1, 3]] = 1, 1, 0.5  # from 1 to 2 and back, and 3 after it
    with pytest.raises(ValueError, match="it can be in state [12] again and again"):
        trajectories(pg.TabularMDP(P, np.ones((4, 1)), np.eye(4)[0], 0.9), np.ones((4, 1)))
