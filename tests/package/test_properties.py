"""What must hold for every input, on inputs that nobody thought of (Hypothesis; the same ones each time).

Each property has its truth elsewhere: a definition written as a loop, exact fractions, many digits (mpmath), a linear
equation, a quadrature, or a symmetry of the mathematics.
"""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import policy_gradient as pg
from policy_gradient.networks import MLP

UNTIMED = dict(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # both would judge a busy machine's clock
settings.register_profile("book", derandomize=True, max_examples=60, database=None, **UNTIMED)
settings.load_profile("book")

SHAPES = st.sampled_from([(), (1,), (3,), (0,), (2, 3), (2, 0), (1, 2, 2)])  # of the leading axes
DTYPES = st.sampled_from([np.float32, np.float64])
GAMMA = st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(0, 1))
SEEDS = st.integers(0, 2**32 - 1)


def numbers(limit, **kwargs):
    return st.floats(-limit, limit, allow_nan=False, **kwargs)


def arrays(shape, limit=10.0, dtype=np.float64):
    return hnp.arrays(dtype, shape, elements=numbers(limit, width=np.dtype(dtype).itemsize * 8))


def rows(limit, dtype=np.float64, most=9):
    """(..., A) with A at least 1: below and above eight, where the package changes its way of adding."""
    return st.tuples(SHAPES, st.integers(1, most)).flatmap(lambda s: arrays(s[0] + (s[1],), limit, dtype))


# --- softmax


@given(rows(1e300))
def test_softmax_is_a_distribution_whatever_the_logits(logits):
    probs = pg.softmax(logits)
    assert probs.shape == logits.shape and (probs >= 0).all()
    np.testing.assert_allclose(probs.sum(axis=-1), 1, atol=1e-14)
    assert (pg.log_softmax(logits) <= 0).all()


@given(rows(np.finfo(float).max))
@example(np.finfo(float).max * np.array([[1.0, -1.0], [-1.0, -1.0]]))
def test_softmax_survives_the_largest_numbers_there_are(logits):
    np.testing.assert_allclose(pg.softmax(logits).sum(axis=-1), 1, atol=1e-14)
    assert not np.isnan(pg.log_softmax(logits)).any()


@given(arrays(st.integers(1, 9), 700))
def test_softmax_to_fifty_digits(logits):
    with mpmath.workdps(50):
        exps = [mpmath.exp(mpmath.mpf(float(x))) for x in logits]
        total = mpmath.fsum(exps)
        expected, expected_logs = [float(e / total) for e in exps], [float(mpmath.log(e / total)) for e in exps]
    np.testing.assert_allclose(pg.softmax(logits), expected, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(pg.log_softmax(logits), expected_logs, rtol=1e-12, atol=1e-14)


@given(st.integers(1, 9).flatmap(lambda A: st.tuples(arrays((3, A), 50), numbers(1e3), st.permutations(range(A)))))
def test_softmax_ignores_a_shift_and_follows_a_permutation(case):
    logits, shift, order = case
    np.testing.assert_allclose(pg.softmax(logits + shift), pg.softmax(logits), rtol=1e-10)
    np.testing.assert_allclose(pg.softmax(logits[:, order]), pg.softmax(logits)[:, order], rtol=1e-13)


@given(DTYPES.flatmap(lambda dtype: rows(100, dtype)))
def test_softmax_keeps_the_dtype_and_treats_each_row_alone(logits):
    for function in (pg.softmax, pg.log_softmax):
        result = function(logits)
        assert result.dtype == logits.dtype
        for where in np.ndindex(logits.shape[:-1]):
            np.testing.assert_array_equal(result[where], function(logits[where]))


@given(hnp.arrays(np.int64, st.integers(1, 5), elements=st.integers(-50, 50)))
def test_whole_numbers_are_logits_too(logits):
    np.testing.assert_array_equal(pg.softmax(logits), pg.softmax(logits.astype(float)))
    np.testing.assert_array_equal(pg.softmax(logits.tolist()), pg.softmax(logits))


# --- returns

REWARDS = st.tuples(st.integers(0, 6), st.sampled_from([(), (1,), (3,), (0,), (2, 2)])).flatmap(
    lambda s: arrays((s[0],) + s[1], 100)
)


@given(st.lists(st.integers(-20, 20), max_size=7), st.fractions(0, 1, max_denominator=16))
def test_returns_are_those_of_exact_fractions(rewards, gamma):
    exact = [
        sum((gamma ** (k - t) * rewards[k] for k in range(t, len(rewards))), Fraction(0)) for t in range(len(rewards))
    ]
    np.testing.assert_allclose(
        pg.reward_to_go(rewards, float(gamma)), [float(g) for g in exact], rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(
        pg.total_return(rewards, float(gamma)), float(exact[0]) if rewards else 0, rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(
        pg.discounts(len(rewards), float(gamma)), [float(gamma**t) for t in range(len(rewards))], rtol=1e-12
    )


@given(REWARDS, GAMMA)
def test_returns_of_any_shape_are_linear_and_agree_at_the_start(rewards, gamma):
    returns = pg.reward_to_go(rewards, gamma)
    total = pg.total_return(rewards, gamma)
    assert returns.shape == rewards.shape and total.shape == rewards.shape[1:]
    np.testing.assert_allclose(pg.reward_to_go(-2 * rewards, gamma), -2 * returns, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(returns[0] if len(rewards) else np.zeros(total.shape), total, rtol=1e-10, atol=1e-10)
    for where in np.ndindex(rewards.shape[1:]):
        np.testing.assert_array_equal(
            returns[(slice(None), *where)], pg.reward_to_go(rewards[(slice(None), *where)], gamma)
        )


# --- advantages


@st.composite
def rollouts(draw, states=3, actions=2):
    """Episodes of different lengths that terminated or were truncated, in a table's terms;
    numbers even where there is no data."""
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    T, N = max(lengths), len(lengths)
    rng = np.random.default_rng(draw(SEEDS))
    mask = np.arange(T)[:, None] < np.array(lengths)
    ends = np.arange(T)[:, None] == np.array(lengths) - 1
    terminated = ends & (rng.random(N) < 0.5)
    return pg.Rollout(
        rng.integers(states, size=(T, N)),
        rng.integers(actions, size=(T, N)),
        np.where(mask, rng.normal(size=(T, N)), 0),
        mask,
        terminated,
        ends & ~terminated,
        rng.integers(states, size=N),
    )


@given(rollouts(), GAMMA, GAMMA, SEEDS)
def test_gae_is_its_definition_episode_by_episode(rollout, gamma, lam, seed):
    rng = np.random.default_rng(seed)
    values, last = rng.normal(size=rollout.mask.shape), rng.normal(size=rollout.num_episodes)
    advantages = pg.gae(rollout, values, last, gamma, lam)
    for n, length in enumerate(rollout.lengths):
        bootstrap = 0.0 if rollout.terminated[:, n].any() else last[n]
        V = [*values[:length, n], bootstrap]
        deltas = [rollout.rewards[t, n] + gamma * V[t + 1] - V[t] for t in range(length)]
        expected = [sum((gamma * lam) ** (k - t) * deltas[k] for k in range(t, length)) for t in range(length)]
        np.testing.assert_allclose(advantages[:length, n], expected, rtol=1e-10, atol=1e-10)
    assert (advantages[~rollout.mask] == 0).all()


@given(rollouts(), GAMMA, SEEDS)
def test_gae_with_lam_1_is_the_return_less_the_value(rollout, gamma, seed):
    rng = np.random.default_rng(seed)
    values, last = rng.normal(size=rollout.mask.shape), rng.normal(size=rollout.num_episodes)
    bootstrapped = rollout.rewards + gamma * np.where(rollout.truncated, last, 0)
    expected = np.where(rollout.mask, pg.reward_to_go(bootstrapped, gamma) - values, 0)
    np.testing.assert_allclose(pg.gae(rollout, values, last, gamma, 1.0), expected, rtol=1e-9, atol=1e-9)


# --- policies

FEATURES = np.random.default_rng(5).normal(size=(3, 4, 5))
POLICIES = {
    "tabular": pg.TabularSoftmax(3, 4),
    "one state": pg.TabularSoftmax(1, 1),
    "linear": pg.LinearSoftmax(FEATURES),
    "many actions": pg.TabularSoftmax(2, 11),
    "mlp": pg.MLPSoftmax((3, 5, 2)),
    "mlp linear": pg.MLPSoftmax((3, 4)),
    "gaussian": pg.LinearGaussian(3, 2),
    "gaussian std(s)": pg.LinearGaussian(3, 2, state_dependent_std=True),
    "net": pg.MLPGaussian((3, 4, 2)),
    "net std(s)": pg.MLPGaussian((3, 4, 1), state_dependent_std=True),
    "squashed": pg.Squashed(pg.LinearGaussian(3, 2), 1.5),
}
each_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
few = settings(max_examples=25)


def is_discrete(policy):
    return hasattr(policy, "probs")


def situation(policy, shape, seed, dtype=np.float64, scale=1.0):
    """theta, obs and actions (and weights) for a batch of this leading shape."""
    rng = np.random.default_rng(seed)
    theta = (scale * rng.normal(size=policy.num_params)).astype(dtype)
    obs = (
        rng.integers(policy.num_obs, size=shape)
        if hasattr(policy, "num_obs")
        else np.clip(rng.normal(size=shape + (3,)), -2, 2)
    )
    actions = (
        rng.integers(policy.num_actions, size=shape)
        if is_discrete(policy)
        else rng.normal(size=shape + (policy.num_actions,))
    )
    return theta, obs, actions, rng.normal(size=shape)


@each_policy
@few
@given(shape=SHAPES, seed=SEEDS)
def test_batch_equals_loop(policy, shape, seed):
    theta, obs, actions, _ = situation(policy, shape, seed)
    scores, log_probs, entropies = (
        f(theta, obs, actions) for f in (policy.score, policy.log_prob, lambda t, o, a: policy.entropy(t, o))
    )
    assert scores.shape == shape + (policy.num_params,) and log_probs.shape == entropies.shape == shape
    for where in np.ndindex(shape):
        np.testing.assert_allclose(
            scores[where], policy.score(theta, obs[where], actions[where]), rtol=1e-9, atol=1e-11
        )
        np.testing.assert_allclose(
            log_probs[where], policy.log_prob(theta, obs[where], actions[where]), rtol=1e-9, atol=1e-11
        )
        np.testing.assert_allclose(entropies[where], policy.entropy(theta, obs[where]), rtol=1e-9, atol=1e-11)


@each_policy
@few
@given(shape=SHAPES, seed=SEEDS)
def test_weighted_score_is_the_weighted_sum_of_scores(policy, shape, seed):
    theta, obs, actions, weights = situation(policy, shape, seed)
    scores = policy.score(theta, obs, actions).reshape(-1, policy.num_params)
    np.testing.assert_allclose(
        policy.weighted_score(theta, obs, actions, weights), weights.ravel() @ scores, rtol=1e-8, atol=1e-10
    )


@each_policy
@few
@given(seed=SEEDS)
def test_the_score_is_the_slope_of_the_log_probability(policy, seed):
    theta, obs, actions, _ = situation(policy, (), seed)
    slope = pg.finite_difference(lambda theta: policy.log_prob(theta, obs, actions), theta)
    np.testing.assert_allclose(policy.score(theta, obs, actions), slope, rtol=1e-5, atol=1e-6 * (1 + abs(slope).max()))


@each_policy
@few
@given(shape=SHAPES, seed=SEEDS)
def test_the_expected_score_is_zero(policy, shape, seed):
    """Summed over all actions, or by a quadrature that is exact for a Gaussian's score."""
    theta, obs, _, _ = situation(policy, shape, seed, scale=0.7)
    if is_discrete(policy):
        every = np.moveaxis(np.broadcast_to(np.arange(policy.num_actions), shape + (policy.num_actions,)), -1, 0)
        mean = sum(
            policy.probs(theta, obs)[..., a, None] * policy.score(theta, obs, every[a])
            for a in range(policy.num_actions)
        )
        size = 1.0
    else:
        gaussian = getattr(policy, "policy", policy)
        nodes, weights = np.polynomial.hermite_e.hermegauss(3)
        weights, D = weights / weights.sum(), policy.num_actions
        center, std = gaussian.mean(theta, obs), np.exp(gaussian.log_std(theta, obs))
        mean, size = 0.0, 1 + (1 / std).max(initial=0)
        for index in np.ndindex((3,) * D):
            z = nodes[list(index)]
            mean = mean + weights[list(index)].prod() * policy.score(theta, obs, center + std * z)
    np.testing.assert_allclose(mean, np.zeros(shape + (policy.num_params,)), atol=1e-11 * size)


@each_policy
@few
@given(shape=SHAPES, seed=SEEDS, dtype=DTYPES)
def test_computation_follows_thetas_dtype(policy, shape, seed, dtype):
    theta, obs, actions, weights = situation(policy, shape, seed, dtype)
    results = {
        "log_prob": policy.log_prob(theta, obs, actions),
        "score": policy.score(theta, obs, actions),
        "weighted_score": policy.weighted_score(theta, obs, actions, weights),
        "entropy": policy.entropy(theta, obs),
    }
    results |= (
        {"probs": policy.probs(theta, obs)}
        if is_discrete(policy)
        else {"sample": policy.sample(theta, obs, np.random.default_rng(0))}
    )
    assert {name: np.asarray(r).dtype for name, r in results.items()} == dict.fromkeys(results, np.dtype(dtype))


@each_policy
@few
@given(shape=SHAPES, seed=SEEDS)
def test_samplers_give_one_action_per_observation(policy, shape, seed):
    theta, obs, _, _ = situation(policy, shape, seed)
    actions = policy.sample(theta, obs, np.random.default_rng(seed))
    again = policy.sample(theta, obs, np.random.default_rng(seed))
    np.testing.assert_array_equal(actions, again)
    if is_discrete(policy):
        assert np.shape(actions) == shape and np.asarray(actions).dtype == np.int64
        assert ((0 <= actions) & (actions < policy.num_actions)).all()
    else:
        assert actions.shape == shape + (policy.num_actions,) and np.isfinite(actions).all()
    assert np.isfinite(policy.log_prob(theta, obs, actions)).all()


@pytest.mark.parametrize(
    "policy", [p for p in POLICIES.values() if is_discrete(p)], ids=[n for n, p in POLICIES.items() if is_discrete(p)]
)
@few
@given(shape=SHAPES, seed=SEEDS, scale=st.sampled_from([0.0, 1.0, 30.0, 1e4, 1e300]))
def test_probabilities_and_entropy_hold_however_large_theta_is(policy, shape, seed, scale):
    theta, obs, actions, _ = situation(policy, shape, seed, scale=scale)
    if isinstance(policy, pg.MLPSoftmax) and scale > 1e4:
        return  # its logits themselves would overflow
    probs, entropy = policy.probs(theta, obs), policy.entropy(theta, obs)
    np.testing.assert_allclose(probs.sum(axis=-1), 1, atol=1e-12)
    assert (entropy >= -1e-12).all() and (entropy <= np.log(policy.num_actions) + 1e-12).all()
    assert not np.isnan(policy.log_prob(theta, obs, actions)).any()
    assert np.isfinite(policy.score(theta, obs, actions)).all()


# --- Gaussian densities


@given(numbers(30), numbers(3), st.floats(-3, 3), st.floats(0.1, 10))
def test_tanh_log_probability_to_sixty_digits(u, mean, log_std, limit):
    with mpmath.workdps(60):
        U, m, s = mpmath.mpf(u), mpmath.mpf(mean), mpmath.exp(mpmath.mpf(log_std))
        gauss = -(((U - m) / s) ** 2) / 2 - mpmath.log(s) - mpmath.log(2 * mpmath.pi) / 2
        slope = mpmath.log(4) - 2 * mpmath.log(mpmath.exp(U) + mpmath.exp(-U))  # log of 1 - tanh^2 = 4 / (e^u + e^-u)^2
        expected = gauss - slope
        limited = float(expected - mpmath.log(mpmath.mpf(float(limit))))
    found = pg.tanh_gaussian_log_prob([u], [mean], [log_std])
    np.testing.assert_allclose(found, float(expected), rtol=1e-10, atol=1e-10)
    policy = pg.Squashed(pg.LinearGaussian(1), limit)
    np.testing.assert_allclose(policy.log_prob([mean, log_std], [1.0], [u]), limited, rtol=1e-10, atol=1e-10)


@settings(max_examples=20)
@given(numbers(1.5), st.floats(-1.2, 0.5))
def test_the_squashed_density_integrates_to_one(mean, log_std):
    from scipy.integrate import quad

    density = lambda a: np.exp(pg.tanh_gaussian_log_prob([np.arctanh(a)], [mean], [log_std]))  # noqa: E731
    whole, _ = quad(density, -1, 1, limit=200, points=[np.tanh(mean)])
    assert abs(whole - 1) < 1e-6


@given(
    st.tuples(SHAPES, st.integers(1, 3)).flatmap(
        lambda s: st.tuples(*[arrays(s[0] + (s[1],), 1e6)] * 2, arrays(s[1:], 15))
    )
)
def test_gaussian_log_probability_is_scipys(case):
    from scipy.stats import norm

    actions, mean, log_std = case
    expected = norm.logpdf(actions, mean, np.exp(log_std)).sum(axis=-1)
    np.testing.assert_allclose(pg.gaussian_log_prob(actions, mean, log_std), expected, rtol=1e-9, atol=1e-9)
    by_mean, by_log_std = pg.gaussian_score(actions, mean, log_std)
    assert by_mean.shape == by_log_std.shape == actions.shape
    np.testing.assert_allclose(
        pg.gaussian_entropy(log_std), norm.entropy(0, np.exp(log_std)).sum(), rtol=1e-9, atol=1e-9
    )


@given(numbers(1e150))
def test_the_squash_is_finite_far_out(u):
    from policy_gradient.gaussian import log_tanh_slope

    slope = log_tanh_slope(u)
    assert np.isfinite(slope) and slope <= 1e-15
    assert log_tanh_slope(-u) == pytest.approx(slope, rel=1e-12, abs=1e-14)


# --- exact values


@st.composite
def problems(draw, ends=None):
    """A random MDP with a random policy; `ends`: does every step end the episode with some probability?"""
    S, A = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    ends = draw(st.booleans()) if ends is None else ends
    rng = np.random.default_rng(draw(SEEDS))
    P = rng.dirichlet(np.full(S, 0.3), size=(S, A)) * (rng.uniform(0.3, 0.95, size=(S, A, 1)) if ends else 1)
    P = np.minimum(P, 1)
    gamma = draw(st.floats(0, 1)) if ends else draw(st.floats(0, 0.95))
    return pg.TabularMDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), gamma), rng.dirichlet(
        np.ones(A), size=S
    )


@given(problems())
def test_visitation_and_values_solve_their_equations_and_meet(case):
    mdp, probs = case
    step = np.einsum("sa,sat->st", probs, mdp.P)
    r = (probs * mdp.R).sum(axis=1)
    V, Q, d = pg.state_values(mdp, probs), pg.action_values(mdp, probs), pg.discounted_visitation(mdp, probs)
    np.testing.assert_allclose(V, r + mdp.gamma * step @ V, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose((probs * Q).sum(axis=1), V, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(d, mdp.rho + mdp.gamma * step.T @ d, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(pg.expected_return(mdp, probs), d @ r, rtol=1e-9, atol=1e-9)
    assert (d >= mdp.rho - 1e-12).all()


@given(problems(ends=False))
def test_visitation_of_a_chain_that_never_ends_sums_to_the_horizon(case):
    mdp, probs = case
    assert pg.discounted_visitation(mdp, probs).sum() == pytest.approx(1 / (1 - mdp.gamma), rel=1e-9)


@settings(max_examples=30)
@given(problems(ends=True))
def test_visitation_is_the_sum_over_time(case):
    mdp, probs = case
    present, total = mdp.rho.copy(), np.zeros(mdp.num_states)
    for _ in range(1200):  # 0.95^1200 < 1e-26
        total += present
        present = mdp.gamma * np.einsum("s,sa,sat->t", present, probs, mdp.P)
    np.testing.assert_allclose(pg.discounted_visitation(mdp, probs), total, rtol=1e-8, atol=1e-10)


@settings(max_examples=30)
@given(problems(), SEEDS)
def test_the_theorem_is_the_slope_of_the_return(case, seed):
    mdp, _ = case
    policy = pg.TabularSoftmax(mdp.num_states, mdp.num_actions)
    theta = np.random.default_rng(seed).normal(size=policy.num_params)
    slope = pg.complex_step(lambda theta: pg.expected_return(mdp, pg.softmax(theta.reshape(mdp.R.shape))), theta)
    np.testing.assert_allclose(pg.exact_gradient(mdp, policy, theta), slope, rtol=1e-9, atol=1e-10)


@given(problems(), numbers(5), st.floats(0.1, 10))
def test_rewards_scale_and_shift_values_as_they_should(case, shift, scale):
    mdp, probs = case
    changed = pg.TabularMDP(mdp.P, scale * mdp.R + shift, mdp.rho, mdp.gamma)
    d = pg.discounted_visitation(mdp, probs)
    expected = scale * pg.expected_return(mdp, probs) + shift * d.sum()
    np.testing.assert_allclose(pg.expected_return(changed, probs), expected, rtol=1e-8, atol=1e-8)


# --- estimators

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


# --- samplers


@given(st.tuples(st.integers(1, 4), st.integers(1, 7)), SEEDS, st.booleans())
def test_an_alias_table_holds_the_very_probabilities(shape, seed, sparse):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(shape[1], 0.1 if sparse else 1.0), size=shape[0])
    table = pg.AliasTable(probs)
    M, held = shape[1], np.zeros(shape)
    for cell in range(shape[0] * M):  # column j of its row keeps [j, border) and gives the rest away
        keep = np.clip(table.border[cell] - cell % M, 0, 1)
        held[divmod(cell, M)] += keep / M
        held[divmod(int(table.other[cell]), M)] += (1 - keep) / M
    np.testing.assert_allclose(held, probs, atol=1e-12)
    drawn = table.sample(np.repeat(np.arange(shape[0]) * M, 50), rng)
    assert (drawn // M == np.repeat(np.arange(shape[0]), 50)).all() and (probs.ravel()[drawn] > 0).all()


@settings(max_examples=40)
@given(problems(), SEEDS, st.integers(1, 8), st.integers(1, 12))
def test_sampled_episodes_are_possible_ones(case, seed, episodes, max_steps):
    mdp, _ = case
    policy = pg.TabularSoftmax(mdp.num_states, mdp.num_actions)
    r = pg.sample_rollout(mdp, policy, np.zeros(policy.num_params), episodes, max_steps, np.random.default_rng(seed))
    T = len(r.mask)
    assert T <= max_steps and r.mask.shape == (T, episodes) and r.mask[0].all()
    assert (r.mask[1:] <= r.mask[:-1]).all()  # once over, over
    last = r.mask & ~np.vstack([r.mask[1:], np.zeros((1, episodes), bool)])
    np.testing.assert_array_equal(last, r.terminated | r.truncated)
    assert not (r.terminated & r.truncated).any() and not r.truncated[: max_steps - 1].any()
    np.testing.assert_array_equal(r.rewards, np.where(r.mask, mdp.R[r.states, r.actions], 0))
    np.testing.assert_array_equal(r.obs, mdp.obs[r.states])
    goes_on = r.mask[1:]
    assert (mdp.P[r.states[:-1], r.actions[:-1], r.states[1:]][goes_on] > 0).all()
    assert (mdp.P[r.states, r.actions].sum(axis=-1)[r.terminated] < 1).all()


# --- the rest


@given(arrays(4, 5), arrays((6, 4), 10), st.floats(1e-3, 1e3), DTYPES)
def test_adam_does_not_care_for_the_gradients_scale(theta, gradients, scale, dtype):
    theta = theta.astype(dtype)
    plain, scaled = pg.Adam(0.1, epsilon=1e-300), pg.Adam(0.1, epsilon=1e-300)
    a = b = theta
    for g in np.where(abs(gradients) < 1e-3, 0.5, gradients):
        a, b = plain.step(a, g), scaled.step(b, scale * g)
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
        assert a.dtype == dtype
    assert (
        abs(pg.Adam(0.1).step(theta, np.full(4, 7.0)) - theta - 0.1) < 1e-5
    ).all()  # the first step is the learning rate


@given(hnp.array_shapes(min_dims=2, max_dims=2, max_side=4).flatmap(lambda s: st.tuples(arrays(s, 5), SEEDS)))
def test_the_best_response_leaves_us_least(case):
    payoff, seed = case
    policy = np.random.default_rng(seed).dirichlet(np.ones(len(payoff)), size=3)
    answers = pg.best_response(policy, payoff)
    for p, answer in zip(policy, answers):
        assert p @ payoff[:, answer] == pytest.approx(min(p @ column for column in payoff.T), abs=1e-12)


@settings(max_examples=20)
@given(st.sampled_from([(3, 2), (2, 4, 1), (3, 5, 4, 2)]), SHAPES, SEEDS)
def test_a_networks_backward_pass_is_its_slope(sizes, shape, seed):
    network, rng = MLP(sizes), np.random.default_rng(seed)
    theta, inputs = rng.normal(size=network.num_params), rng.normal(size=shape + sizes[:1])
    by_outputs = rng.normal(size=shape + sizes[-1:])
    slope = pg.complex_step(lambda theta: (network(theta, inputs) * by_outputs).sum(), theta)
    np.testing.assert_allclose(network.vjp(theta, inputs, by_outputs), slope, rtol=1e-10, atol=1e-11)
    each = network.vjp_each(theta, inputs, by_outputs)
    assert each.shape == shape + theta.shape
    np.testing.assert_allclose(each.reshape(-1, len(theta)).sum(axis=0), slope, rtol=1e-10, atol=1e-11)
