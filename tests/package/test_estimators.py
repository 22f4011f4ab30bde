"""Every estimator against the exact gradient, and against the definition summed by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import policy_gradient as pg
from tests.helpers.properties import FEATURES, GAMMA, SEEDS, numbers, rollouts
from tests.helpers.ranks import ROLLOUT, N, T, refuses


def problem():
    """Six aliased states, three observations, three actions; episodes end by themselves, gamma = 0.8."""
    rng = np.random.default_rng(0)
    P = rng.dirichlet(np.ones(6), size=(6, 3)) * rng.uniform(0.6, 0.95, size=(6, 3, 1))
    mdp = pg.TabularMDP(P, rng.normal(size=(6, 3)) + 1, rng.dirichlet(np.ones(6)), 0.8, [0, 0, 1, 1, 2, 2])
    return mdp, pg.LinearSoftmax(rng.normal(size=(3, 3, 4))), rng.normal(size=4)


MDP, POLICY, THETA = problem()
PROBS = pg.state_probs(MDP, POLICY, THETA)
V, Q = pg.state_values(MDP, PROBS), pg.action_values(MDP, PROBS)


def value_baseline(r):
    return np.where(r.mask, V[r.states], 0)


PSI = {
    "total return": lambda r, **k: pg.psi_total_return(r, MDP.gamma),
    "reward-to-go": lambda r, **k: pg.psi_reward_to_go(r, MDP.gamma, **k),
    "reward-to-go minus V": lambda r, **k: pg.psi_reward_to_go(r, MDP.gamma, value_baseline(r), **k),
    "reward-to-go minus the others' mean": lambda r, **k: pg.psi_reward_to_go(
        r, MDP.gamma, pg.leave_one_out_mean(pg.reward_to_go(r.rewards, MDP.gamma), r.mask), **k
    ),
    "exact Q": lambda r, **k: pg.psi_table(r, MDP.gamma, Q, **k),
    "exact advantage": lambda r, **k: pg.psi_table(r, MDP.gamma, Q - V[:, None], **k),
}


def sampled(num_episodes, seed):
    return pg.sample_rollout(MDP, POLICY, THETA, num_episodes, 300, np.random.default_rng(seed))


def sigmas(samples, truth):
    """The distance of the mean of samples (N, d) from the truth in standard errors, the largest over coordinates."""
    return (abs(samples.mean(0) - truth) / (samples.std(0, ddof=1) / len(samples) ** 0.5)).max()


@pytest.mark.slow
@pytest.mark.parametrize("name", PSI)
def test_each_estimator_has_the_exact_gradient_as_its_mean(name):
    r = sampled(40_000, seed=1)
    samples = pg.gradient_samples(POLICY, THETA, r, PSI[name](r))
    assert sigmas(samples, pg.exact_gradient(MDP, POLICY, THETA)) < 4


@pytest.mark.parametrize("name", [name for name in PSI if name != "total return"])
def test_without_gamma_t_each_is_rejected(name):
    r = sampled(40_000, seed=2)
    samples = pg.gradient_samples(POLICY, THETA, r, PSI[name](r, drop_gamma_t=True))
    assert sigmas(samples, pg.exact_gradient(MDP, POLICY, THETA)) > 8
    visits = pg.discounted_visitation(MDP, PROBS, gamma=1)
    assert sigmas(samples, pg.exact_gradient(MDP, POLICY, THETA, visitation=visits)) < 4


@pytest.mark.slow
def test_the_mean_that_includes_the_episode_itself_shrinks_the_step():
    """One step, four episodes a batch: the expected estimate is 3/4 of the gradient, as `batch_mean` says."""
    bandit = pg.TabularMDP(np.zeros((1, 2, 1)), [[1.0, 3.0]], [1.0], 1.0)
    policy, theta = pg.TabularSoftmax(1, 2), np.array([0.3, -0.1])
    exact, rng, estimates = (
        pg.exact_gradient(bandit, policy, theta),
        np.random.default_rng(3),
        {"own": [], "others": []},
    )
    for _ in range(2000):
        r = pg.sample_rollout(bandit, policy, theta, 4, 1, rng)
        for name, baseline in [("own", pg.batch_mean), ("others", pg.leave_one_out_mean)]:
            psi = pg.psi_reward_to_go(r, 1.0, baseline(r.rewards, r.mask))
            estimates[name].append(pg.estimate_gradient(policy, theta, r, psi))
    assert sigmas(np.array(estimates["others"]), exact) < 4
    assert sigmas(np.array(estimates["own"]), 0.75 * exact) < 4 and sigmas(np.array(estimates["own"]), exact) > 6


@pytest.mark.slow
def test_better_psi_less_spread():
    r = sampled(20_000, seed=4)
    spread = {name: pg.gradient_samples(POLICY, THETA, r, psi(r)).var(0).sum() for name, psi in PSI.items()}
    assert spread["total return"] > spread["reward-to-go"] > spread["reward-to-go minus V"] > spread["exact advantage"]


@pytest.mark.slow
def test_the_error_falls_with_the_square_root_of_the_episodes():
    r, exact = sampled(64_000, seed=5), pg.exact_gradient(MDP, POLICY, THETA)
    samples = pg.gradient_samples(POLICY, THETA, r, PSI["reward-to-go"](r))
    sizes = np.array([10, 100, 1000])
    errors = [((samples.reshape(-1, n, 4).mean(1) - exact) ** 2).sum(1).mean() for n in sizes]
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert -1.2 < slope < -0.8


def by_hand(policy, theta, r, psi):
    """The definition in loops, with scores by finite differences."""
    total = np.zeros(policy.num_params)
    for n in range(r.num_episodes):
        for t in range(r.lengths[n]):
            log_prob = lambda th: policy.log_prob(th, r.obs[t, n], r.actions[t, n])  # noqa: B023, E731
            total += psi[t, n] * pg.finite_difference(log_prob, theta)
    return total / r.num_episodes


def test_the_estimate_is_the_sum_that_defines_it_and_the_mean_of_its_samples():
    r = sampled(4, seed=6)
    psi = np.random.default_rng(7).normal(size=r.mask.shape)  # also where there is no data: must not count
    estimate = pg.estimate_gradient(POLICY, THETA, r, psi)
    np.testing.assert_allclose(estimate, by_hand(POLICY, THETA, r, psi), atol=1e-8)
    np.testing.assert_allclose(pg.gradient_samples(POLICY, THETA, r, psi).mean(0), estimate, atol=1e-12)


def test_a_network_is_estimated_alike():
    r = sampled(3, seed=8)
    network = pg.MLPSoftmax((3, 5, 3))
    theta = np.random.default_rng(9).normal(size=network.num_params)
    seen = pg.Rollout(np.eye(3)[r.obs], r.actions, r.rewards, r.mask, r.terminated, r.truncated, np.eye(3)[r.last_obs])
    psi = pg.psi_reward_to_go(seen, 0.9)
    np.testing.assert_allclose(
        pg.estimate_gradient(network, theta, seen, psi), by_hand(network, theta, seen, psi), atol=1e-8
    )
    np.testing.assert_allclose(
        pg.gradient_samples(network, theta, seen, psi).mean(0),
        pg.estimate_gradient(network, theta, seen, psi),
        atol=1e-12,
    )


def test_psi_by_hand_on_one_short_episode():
    r = pg.Rollout(
        *[np.zeros((3, 1), int)] * 2, np.array([[1.0], [2.0], [4.0]]), *[np.ones((3, 1), bool)] * 3, np.zeros(1, int)
    )
    assert pg.psi_total_return(r, 0.5)[:, 0].tolist() == [3, 3, 3]
    assert pg.psi_reward_to_go(r, 0.5)[:, 0].tolist() == [3, 2, 1]
    assert pg.psi_reward_to_go(r, 0.5, drop_gamma_t=True)[:, 0].tolist() == [3, 4, 4]
    assert pg.psi_reward_to_go(r, 0.5, baseline=1)[:, 0].tolist() == [2, 1.5, 0.75]
    assert pg.psi_table(r, 0.5, [[8.0]])[:, 0].tolist() == [8, 4, 2]


def test_baselines_by_hand_where_episodes_end_early():
    returns, mask = np.array([[1.0, 2, 6], [5, 9, 9], [7, 9, 9]]), np.array([[1, 1, 1], [1, 0, 1], [1, 0, 0]], bool)
    np.testing.assert_array_equal(pg.leave_one_out_mean(returns, mask)[mask], [4, 3.5, 1.5, 9, 5, 0])
    np.testing.assert_array_equal(pg.batch_mean(returns, mask)[mask], [3, 3, 3, 7, 7, 7])


@pytest.mark.parametrize("estimator", [pg.estimate_gradient, pg.gradient_samples])
def test_bad_input_is_named(estimator):
    r = sampled(4, seed=10)
    for psi in (np.zeros(4), np.zeros((len(r.mask), 5)), 1.0):
        with pytest.raises(ValueError, match=r"psi must have one weight per step, shape \(T, N\)"):
            estimator(POLICY, THETA, r, psi)
    with pytest.raises(ValueError, match="psi must be finite"):
        estimator(POLICY, THETA, r, np.where(r.mask, np.nan, 0))
    with pytest.raises(ValueError, match="theta"):
        estimator(POLICY, THETA * np.nan, r, np.zeros(r.mask.shape))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 2)])
def test_an_empty_rollout_is_refused(shape):
    empty = pg.Rollout(
        *[np.zeros(shape, int)] * 2, np.zeros(shape), *[np.zeros(shape, bool)] * 3, np.zeros(shape[1], int)
    )
    with pytest.raises(ValueError, match="rollout holds no steps"):
        pg.estimate_gradient(POLICY, THETA, empty, np.zeros(shape))


def test_psi_refuses_bad_arguments():
    r = sampled(4, seed=11)
    for bad, says in [(dict(gamma=2), "gamma"), (dict(baseline=np.nan), "baseline")]:
        with pytest.raises(ValueError, match=says):
            pg.psi_reward_to_go(r, **(dict(gamma=1.0) | bad))
    with pytest.raises(ValueError, match="table"):
        pg.psi_table(r, 0.9, np.zeros(3))


LIN = pg.LinearSoftmax(FEATURES[:, :2])


@given(rollouts(), SEEDS, numbers(3), numbers(3))
def test_estimators_are_linear_in_psi_and_see_only_data(rollout, seed, a, b):
    rng = np.random.default_rng(seed)
    theta, (x, y) = rng.normal(size=5), rng.normal(size=(2,) + rollout.mask.shape)
    of = lambda psi: pg.gradient_samples(LIN, theta, rollout, psi)  # noqa: E731
    np.testing.assert_allclose(of(a * x + b * y), a * of(x) + b * of(y), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(of(np.where(rollout.mask, x, np.nan)), of(x))
    np.testing.assert_allclose(pg.estimate_gradient(LIN, theta, rollout, x), of(x).mean(axis=0), rtol=1e-9, atol=1e-10)


@given(rollouts(), SEEDS, GAMMA, st.booleans())
def test_estimators_are_loops_over_episodes(rollout, seed, gamma, drop):
    theta = np.random.default_rng(seed).normal(size=5)
    table = np.random.default_rng(seed + 1).normal(size=(3, 2))
    psis = {
        "total": pg.psi_total_return(rollout, gamma),
        "to go": pg.psi_reward_to_go(rollout, gamma, drop_gamma_t=drop),
        "table": pg.psi_table(rollout, gamma, table, drop_gamma_t=drop),
    }
    samples = {name: pg.gradient_samples(LIN, theta, rollout, psi) for name, psi in psis.items()}
    for n, length in enumerate(rollout.lengths):
        r, s, a = rollout.rewards[:length, n], rollout.obs[:length, n], rollout.actions[:length, n]
        by_hand = {name: np.zeros(5) for name in psis}
        for t in range(length):
            score = FEATURES[s[t], a[t]] - sum(LIN.probs(theta, s[t])[c] * FEATURES[s[t], c] for c in range(2))
            ahead = sum(gamma ** (k - t) * r[k] for k in range(t, length))
            g_t = 1.0 if drop else gamma**t
            by_hand["total"] += sum(gamma**k * r[k] for k in range(length)) * score
            by_hand["to go"] += g_t * ahead * score
            by_hand["table"] += g_t * table[s[t], a[t]] * score
        for name, expected in by_hand.items():
            np.testing.assert_allclose(samples[name][n], expected, rtol=1e-9, atol=1e-9, err_msg=name)


@given(rollouts(), SEEDS)
def test_the_order_of_episodes_does_not_matter(rollout, seed):
    rng = np.random.default_rng(seed)
    order, theta = rng.permutation(rollout.num_episodes), rng.normal(size=5)
    shuffled = pg.Rollout(
        *[getattr(rollout, k)[:, order] for k in ("obs", "actions", "rewards", "mask", "terminated", "truncated")],
        rollout.last_obs[order],
    )
    psi, psi2 = (
        pg.psi_reward_to_go(x, 0.9) - pg.leave_one_out_mean(pg.psi_reward_to_go(x, 0.9), x.mask)
        for x in (rollout, shuffled)
    )
    np.testing.assert_allclose(
        pg.gradient_samples(LIN, theta, shuffled, psi2),
        pg.gradient_samples(LIN, theta, rollout, psi)[order],
        rtol=1e-9,
        atol=1e-11,
    )
    np.testing.assert_allclose(
        pg.estimate_gradient(LIN, theta, shuffled, psi2),
        pg.estimate_gradient(LIN, theta, rollout, psi),
        rtol=1e-9,
        atol=1e-11,
    )


@given(rollouts(), SEEDS)
def test_baselines_are_means_of_the_episodes_that_run(rollout, seed):
    returns = np.random.default_rng(seed).normal(size=rollout.mask.shape)
    loo, mean = pg.leave_one_out_mean(returns, rollout.mask), pg.batch_mean(returns, rollout.mask)
    for t, n in zip(*np.nonzero(rollout.mask)):
        running = [returns[t, k] for k in range(rollout.num_episodes) if rollout.mask[t, k]]
        others = [returns[t, k] for k in range(rollout.num_episodes) if rollout.mask[t, k] and k != n]
        assert mean[t, n] == pytest.approx(np.mean(running), abs=1e-12)
        assert loo[t, n] == pytest.approx(np.mean(others) if others else 0, abs=1e-12)


def test_estimators_want_one_weight_per_step():
    policy, theta = pg.two_action_softmax(2, 3), np.zeros(2)
    for psi in (1.0, np.ones(N), np.ones((T, 1)), np.ones((1, N)), np.ones((T, N, 1))):
        for estimate in (pg.estimate_gradient, pg.gradient_samples):
            refuses(lambda: estimate(policy, theta, ROLLOUT, psi), "psi must have one weight per step")


def test_a_baseline_says_which_axis_it_is_for():
    """With as many steps as episodes nobody could tell a value per step from one per episode."""
    returns = pg.reward_to_go(ROLLOUT.rewards, 0.5)
    for wrong in (np.ones(N), np.ones(T), np.ones((T, N, 1))):
        refuses(
            lambda: pg.psi_reward_to_go(ROLLOUT, 0.5, baseline=wrong),
            "baseline and rewards must have shapes that fit|baseline must broadcast",
        )
    weights = 0.5 ** np.arange(T)[:, None]
    for right in (2.0, np.arange(T)[:, None], np.arange(N)[None], returns + 1):
        np.testing.assert_allclose(pg.psi_reward_to_go(ROLLOUT, 0.5, baseline=right), weights * (returns - right))
