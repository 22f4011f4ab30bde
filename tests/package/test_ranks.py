"""A column beside a row, (N, 1) and (N,), is refused wherever NumPy would pair every entry with every other; one number goes with all.

The right values beside each refusal are sums written out by hand, or SciPy's.
"""

import re
import traceback
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

import policy_gradient as pg
from policy_gradient.envs import ShortCorridor, TabularVectorEnv

N = 3
ROW = np.array([1.0, 2.0, 3.0])
SOFTMAX = {
    "tabular": pg.TabularSoftmax(4, 2),
    "linear": pg.LinearSoftmax(np.random.default_rng(0).normal(size=(4, 2, 5))),
    "two-action": pg.two_action_softmax(3, 4),
    "network": pg.MLPSoftmax((4, 5, 2)),
}
GAUSSIAN = {
    "linear": pg.LinearGaussian(4),
    "linear, state": pg.LinearGaussian(4, state_dependent_std=True),
    "network": pg.MLPGaussian((4, 5, 1)),
    "squashed": pg.Squashed(pg.LinearGaussian(4)),
}


def parts(policy):
    """theta, obs, actions and weights that fit."""
    rng = np.random.default_rng(1)
    theta = rng.normal(size=policy.num_params)
    states, vectors = np.arange(N), rng.normal(size=(N, 4))
    if isinstance(policy, tuple(type(p) for p in GAUSSIAN.values())):
        return theta, vectors, rng.normal(size=(N, 1)), ROW
    if isinstance(policy, pg.MLPSoftmax):
        return theta, vectors, np.array([0, 1, 1]), ROW
    return theta, states, np.array([0, 1, 1]), ROW


def refuses(call, said):
    with pytest.raises(ValueError, match=said) as caught:
        call()
    assert "policy_gradient" in Path(traceback.extract_tb(caught.value.__traceback__)[-1].filename).parts
    assert caught.value.__cause__ is None and (caught.value.__context__ is None or caught.value.__suppress_context__)
    assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)


@pytest.mark.parametrize("policy", SOFTMAX.values(), ids=SOFTMAX)
def test_softmax_policies_refuse_a_column_beside_a_row(policy):
    theta, obs, actions, weights = parts(policy)
    column = obs[:, None]
    fit = "obs and actions.* must have shapes that fit each other, with as many axes, got obs .*, actions "
    for ask in (policy.log_prob, policy.score):
        refuses(lambda: ask(theta, obs, actions[:, None]), fit + r"\(3, 1\)")
        refuses(lambda: ask(theta, column, actions), fit + r"\(3,\)")
    refuses(lambda: policy.weighted_score(theta, obs, actions, weights[:, None]), fit + r"\(3,\), weights \(3, 1\)")
    refuses(lambda: policy.weighted_score(theta, obs, actions[:, None], weights), fit)
    refuses(lambda: policy.weighted_score(theta, column, actions, weights), fit)
    refuses(lambda: policy.weighted_score(theta, column, actions[:, None], weights), fit)
    refuses(
        lambda: policy.weighted_score(theta, obs[0], actions[0], weights),
        r"weights must have shape \(\), one per sample, got \(3,\)",
    )
    refuses(
        lambda: policy.weighted_score(theta, column, actions[:, None], weights[None]),
        r"weights must have shape \(3, 1\)",
    )


@pytest.mark.parametrize("policy", SOFTMAX.values(), ids=SOFTMAX)
def test_softmax_policies_take_columns_only_together_and_single_numbers_with_all(policy):
    theta, obs, actions, weights = parts(policy)
    by_hand = sum(w * policy.score(theta, o, a) for w, o, a in zip(weights, obs, actions))
    np.testing.assert_allclose(policy.weighted_score(theta, obs, actions, weights), by_hand, atol=1e-12)
    np.testing.assert_allclose(
        policy.weighted_score(theta, obs[:, None], actions[:, None], weights[:, None]), by_hand, atol=1e-12
    )
    twice = sum(2.0 * policy.score(theta, o, a) for o, a in zip(obs, actions))
    np.testing.assert_allclose(policy.weighted_score(theta, obs, actions, 2.0), twice, atol=1e-12)
    both = policy.log_prob(theta, obs[0], np.arange(2))  # every action of one observation
    np.testing.assert_allclose(np.exp(both), policy.probs(theta, obs[0]))
    np.testing.assert_allclose(policy.log_prob(theta, obs, 1), np.log(policy.probs(theta, obs)[:, 1]))
    grid = policy.log_prob(theta, obs[:, None], np.arange(2)[None])  # every pair, and it says so
    np.testing.assert_allclose(np.exp(grid), policy.probs(theta, obs))


@pytest.mark.parametrize("policy", GAUSSIAN.values(), ids=GAUSSIAN)
def test_gaussian_policies_refuse_a_row_for_a_column(policy):
    theta, obs, actions, weights = parts(policy)
    for ask in (policy.log_prob, policy.score, lambda *three: policy.weighted_score(*three, weights)):
        refuses(lambda: ask(theta, obs, actions[:, 0]), r"actions must have shape \(3, 1\)")
        refuses(lambda: ask(theta, obs[:, None], actions), r"actions must have shape \(3, 1, 1\)")
    refuses(lambda: policy.weighted_score(theta, obs, actions, weights[:, None]), r"weights must have shape \(3,\)")
    rows = np.stack([obs] * N)  # (3, 3, 4): a weight per row or per column?
    refuses(
        lambda: policy.weighted_score(theta, rows, np.stack([actions] * N), weights),
        r"weights must have shape \(3, 3\)",
    )
    by_hand = sum(w * policy.score(theta, o, a) for w, o, a in zip(weights, obs, actions))
    np.testing.assert_allclose(policy.weighted_score(theta, obs, actions, weights), by_hand, atol=1e-6)
    np.testing.assert_allclose(
        policy.weighted_score(theta, obs, actions, 1.0), policy.score(theta, obs, actions).sum(0), atol=1e-6
    )


@pytest.mark.parametrize("function", [pg.gaussian_log_prob, pg.gaussian_score, pg.tanh_gaussian_log_prob])
def test_the_bare_gaussians_never_broadcast_the_action_dimensions(function):
    """(N, 1) beside (N,) gave every pair; one number on the last axis beside D counted things once, or D times."""
    fit = "(actions|u) and mean and log_std must have shapes that fit each other"
    column, two, zero = np.array([[0.0], [1.0]]), np.zeros(2), np.zeros(1)
    refuses(lambda: function(column, two, zero), fit)
    refuses(lambda: function(column, column, two), fit)
    refuses(lambda: function(two, column, zero), fit)
    refuses(lambda: function(np.array([[0.5]]), two, two), fit)
    refuses(lambda: function(np.array([[0.5, 0.5]]), zero, two), fit)
    refuses(lambda: function(np.zeros((2, 3)), np.zeros((2, 1)), np.zeros(3)), fit)
    refuses(lambda: function(np.zeros((5, 1)), np.zeros((4, 5, 1)), zero), "must have shapes that fit")


def test_the_bare_gaussians_are_scipys_where_shapes_fit():
    actions, mean, log_std = np.array([[0.0, 1.0], [2.0, -1.0]]), np.array([0.3, -0.2]), np.array([0.1, -0.4])
    wanted = stats.norm.logpdf(actions, mean, np.exp(log_std)).sum(-1)
    np.testing.assert_allclose(pg.gaussian_log_prob(actions, mean, log_std), wanted)
    np.testing.assert_allclose(pg.gaussian_log_prob(actions, np.stack([mean] * 2), log_std), wanted)
    np.testing.assert_allclose(pg.gaussian_log_prob(actions[0], np.stack([mean] * 2), log_std), [wanted[0]] * 2)
    np.testing.assert_allclose(
        pg.gaussian_log_prob(actions, 0.3, log_std), stats.norm.logpdf(actions, 0.3, np.exp(log_std)).sum(-1)
    )
    np.testing.assert_allclose(
        pg.gaussian_log_prob(actions[:, None], actions[None], log_std).diagonal(),
        [stats.norm.logpdf(0, 0, np.exp(log_std)).sum()] * 2,
    )  # every pair, and it says so
    slopes = np.log(1 - np.tanh(actions) ** 2).sum(-1)
    np.testing.assert_allclose(pg.tanh_gaussian_log_prob(actions, mean, log_std), wanted - slopes)


MDP = pg.two_doors()
ROLLOUT = pg.sample_rollout(MDP, pg.two_action_softmax(2, 3), np.zeros(2), 3, 3, np.random.default_rng(3))
T = len(ROLLOUT.mask)
PARTS = {k: getattr(ROLLOUT, k) for k in ("obs", "actions", "rewards", "mask", "terminated", "truncated", "last_obs")}
DUCK = SimpleNamespace(**PARTS | {"rewards": ROLLOUT.rewards[..., None]})


@pytest.mark.parametrize(
    "policy",
    [pg.MLPSoftmax((4, 2)), pg.TabularSoftmax(3, 1), pg.TabularSoftmax(3, 3)],
    ids=["as many features as states", "one action", "three actions"],
)
def test_a_policy_for_another_finite_world_is_refused_before_anything_is_drawn(policy):
    """Four states taken for one vector of four numbers gave one row of probabilities, which served every state."""
    theta = np.zeros(policy.num_params)
    for call in (
        lambda: pg.state_probs(MDP, policy, theta),
        lambda: pg.exact_gradient(MDP, policy, theta),
        lambda: pg.sample_rollout(MDP, policy, theta, 5, 5, np.random.default_rng(0)),
        lambda: pg.sample_gradient(MDP, policy, theta, 5, 5, np.random.default_rng(0)),
    ):
        refuses(call, r"policy's probs must have shape \(4, 2\), got \(.*: a row of 2 actions for each state of mdp")


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


def test_rewards_have_the_shape_of_the_mask():
    for call in (
        lambda: pg.psi_total_return(DUCK, 1.0),
        lambda: pg.psi_reward_to_go(DUCK, 1.0),
        lambda: pg.psi_table(DUCK, 1.0, np.zeros((4, 2))),
        lambda: pg.gae(DUCK, np.zeros((T, N)), np.zeros(N), 1.0, 1.0),
    ):
        refuses(call, r"rollout.rewards must have (the )?shape")
    refuses(lambda: pg.Rollout(**PARTS | {"rewards": ROLLOUT.rewards[..., None]}), "rewards must have shape")
    for name in ("terminated", "truncated"):
        refuses(lambda: pg.Rollout(**PARTS | {name: PARTS[name].astype(int)}), f"{name} must be an array of bool")
        refuses(lambda: pg.Rollout(**PARTS | {name: PARTS[name][..., None]}), f"{name} must have shape")


def test_values_and_returns_are_tables_like_the_mask():
    for values, last, said in [
        (np.zeros((T, 1)), np.zeros(N), "values must have shape"),
        (np.zeros(N), np.zeros(N), "values must have shape"),
        (np.zeros((T, N)), np.zeros((N, 1)), "last_values must have shape"),
        (np.zeros((T, N)), 0.0, "last_values"),
    ]:
        refuses(lambda: pg.gae(ROLLOUT, values, last, 1.0, 1.0), said)
    for baseline in (pg.leave_one_out_mean, pg.batch_mean):
        for returns in (np.zeros(N), np.zeros((T, 1)), 0.0):
            refuses(lambda: baseline(returns, ROLLOUT.mask), "returns must have the shape of mask")
    critic = pg.Critic((4, 1), np.random.default_rng(0), gamma=0.9)
    refuses(lambda: critic.fit(np.zeros((5, 4)), np.zeros((5, 1))), r"targets must have shape \(5,\)")
    refuses(
        lambda: pg.exact_gradient(MDP, pg.two_action_softmax(2, 3), np.zeros(2), visitation=np.ones((4, 1))),
        "visitation must have shape",
    )


def test_an_optimizer_belongs_to_one_theta():
    for first, second in [(1, 3), (3, 1)]:
        adam = pg.Adam()
        adam.step(np.zeros(first), np.ones(first))
        refuses(
            lambda: adam.step(np.zeros(second), np.ones(second)),
            rf"gradient must have the shape of those before, \({first},\)",
        )
        assert adam.num_steps == 1 and adam.mean.shape == (first,)
    refuses(lambda: pg.Adam().step(np.zeros(3), np.ones((3, 1))), "gradient must have the shape of theta")


@pytest.mark.parametrize(
    "give",
    [
        lambda batch: np.ones(batch.num_episodes),
        lambda batch: np.ones((len(batch.mask), 1)),
        lambda batch: 1.0,
        lambda batch: np.ones((*batch.mask.shape, 1)),
    ],
    ids=["per episode", "per step", "one", "three axes"],
)
def test_a_baseline_of_ones_own_gives_an_advantage_for_each_step(give):
    for drop in (False, True):
        refuses(
            lambda: pg.reinforce(
                ShortCorridor(4),
                pg.two_action_softmax(1),
                np.zeros(1),
                np.random.default_rng(0),
                num_updates=1,
                baseline=give,
                drop_gamma_t=drop,
                progress=False,
            ),
            r"baseline\(rollout\) must give the advantages, shape \(T, N\)",
        )


def test_a_baseline_of_ones_own_with_the_right_shape_is_the_built_in_one():
    def own(batch):
        returns = pg.reward_to_go(batch.rewards, 1.0)
        return returns - pg.leave_one_out_mean(returns, batch.mask)

    mine, built = (
        pg.reinforce(
            TabularVectorEnv(MDP, 8),
            pg.two_action_softmax(2, 3),
            np.zeros(2),
            np.random.default_rng(1),
            num_updates=3,
            baseline=how,
            progress=False,
        ).theta
        for how in (own, "leave_one_out")
    )
    np.testing.assert_array_equal(mine, built)


def test_the_messages_name_what_came():
    with pytest.raises(ValueError) as caught:
        pg.TabularSoftmax(4, 2).weighted_score(np.zeros(8), np.zeros(3, int), np.zeros(3, int), np.ones((3, 1)))
    assert re.fullmatch(
        r"obs and actions and weights must have shapes that fit each other, with as many axes, "
        r"got obs \(3,\), actions \(3,\), weights \(3, 1\)",
        str(caught.value),
    )
