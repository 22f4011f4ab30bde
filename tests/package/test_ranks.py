"""A column beside a row, (N, 1) and (N,), is refused wherever NumPy would pair every entry with every other;
one number goes with all.

The right values beside each refusal are sums written out by hand, or SciPy's.
"""

import importlib
import inspect
import pkgutil
import re
import traceback
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

import policy_gradient as pg
from policy_gradient import control, critic, natural, ppo, segments, surrogate
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
    learned = pg.Critic((4, 1), np.random.default_rng(0), gamma=0.9)
    refuses(lambda: learned.fit(np.zeros((5, 4)), np.zeros((5, 1))), r"targets must have shape \(5,\)")
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


# Every function of two arrays -----------------------------------------------------------------------------------------

TABLE, STATES = pg.TabularSoftmax(3, 2), np.arange(N)
HALF, FLAGS, STEPS = np.full((4, 2), 0.5), np.zeros((T, N), bool), np.ones((T, N))
SEGMENT = segments.Segment(STEPS, FLAGS.astype(int), STEPS, STEPS, FLAGS, FLAGS, ~FLAGS, np.array([]))
LQ = control.point_mass()
GAIN, NOISE = np.zeros(LQ.B.shape), np.zeros(LQ.num_actions)
SORT = pg.Sorting(3, 4)
WRITER = pg.TokenPolicy(SORT, pg.MLPSoftmax((SORT.num_features, 6, SORT.num_tokens)))
WRITTEN = np.zeros(WRITER.num_params)
PROMPTS = SORT.prompts(np.random.default_rng(0), N)
TALKER = pg.Transformer(3, 2, 4, width=4, heads=2, hidden=4)
ANSWERS = WRITER.generate(WRITTEN, PROMPTS, np.random.default_rng(0))
TOKENS = np.ones(ANSWERS.tokens.shape)
CALLS = {  # a function, and arguments that fit
    "critic.gae": (lambda v, w: pg.gae(ROLLOUT, v, w, 1.0, 1.0), np.zeros((T, N)), np.zeros(N)),
    "critic.td_errors": (lambda v, w: critic.td_errors(ROLLOUT, v, w, 1.0), np.zeros((T, N)), np.zeros(N)),
    "critic.gae_columns": (lambda *five: critic.gae_columns(*five, 0.9, 0.9), STEPS, STEPS, STEPS, FLAGS, FLAGS),
    "critic.explained_variance": (critic.explained_variance, ROW, ROW[::-1]),
    "critic.td_fixed_point": (lambda *three: critic.td_fixed_point(MDP, *three), HALF, np.eye(4), np.ones(4)),
    "critic.Critic.fit": (pg.Critic((4, 1), np.random.default_rng(0), gamma=0.9).fit, np.zeros((5, 4)), np.zeros(5)),
    "estimators.leave_one_out_mean": (pg.leave_one_out_mean, STEPS, ROLLOUT.mask),
    "estimators.batch_mean": (pg.batch_mean, STEPS, ROLLOUT.mask),
    "games.best_response": (pg.best_response, np.full(3, 1 / 3), pg.RPS),
    "games.self_play": (lambda *three: pg.self_play(*three, 2), np.full(3, 1 / 3), np.full(3, 1 / 3), pg.RPS),
    "groups.token_weights": (lambda a, m: pg.token_weights(a, m, "sum"), ROW, np.ones((2, N), bool)),
    "groups.pass_at_k": (lambda n, c: pg.pass_at_k(n, c, 2), np.array([5, 6, 7]), np.array([1, 2, 3])),
    "language.sampler_ratios": (pg.sampler_ratios, -ROW, -ROW[::-1], np.ones(N, bool)),
    "language.kl_loss_weights": (lambda p, q: pg.kl_loss_weights(p, q, "k3"), -ROW, -ROW[::-1]),
    "language.kl_values": (lambda p, q: pg.kl_values(p, q, "k3"), -ROW, -ROW[::-1]),
    "language.optimal_policy": (lambda p, r: pg.optimal_policy(p, r, 0.1), np.full(3, 1 / 3), ROW),
    "language.dpo_weights": (lambda c, r: pg.dpo_weights(c, r, 0.1), ROW, ROW[::-1]),
    "language.TokenPolicy.weighted_score": (
        lambda w: WRITER.weighted_score(WRITTEN, PROMPTS, ANSWERS, w),
        TOKENS,
    ),
    "linear_quadratic.LinearQuadratic.expected_return": (LQ.expected_return, GAIN, NOISE),
    "linear_quadratic.LinearQuadratic.gradient": (LQ.gradient, GAIN, NOISE),
    "natural.fisher": (lambda s, w: natural.fisher(TABLE, np.zeros(6), s, w), STATES, ROW / 6),
    "natural.fisher_vector": (
        lambda s, w, v: natural.fisher_vector(TABLE, np.zeros(6), s, w, v),
        STATES,
        ROW / 6,
        np.ones(6),
    ),
    "natural.natural_gradient": (
        lambda s, g, w: natural.natural_gradient(TABLE, np.zeros(6), s, g, w),
        STATES,
        np.ones(6),
        ROW / 6,
    ),
    "natural.kl_step": (lambda n, g: natural.kl_step(n, g, 0.01), np.ones(6), np.ones(6)),
    "natural.kl": (lambda o, w: natural.kl(TABLE, np.zeros(6), o, STATES, w), np.ones(6), ROW / 6),
    "segments.segment_gae": (lambda v, w: segments.segment_gae(SEGMENT, v, w, 0.9, 0.9), STEPS, STEPS),
    "surrogate.ratios": (surrogate.ratios, -ROW, -ROW[::-1]),
    "surrogate.surrogate": (surrogate.surrogate, ROW, ROW[::-1]),
    "surrogate.clip_objective": (surrogate.clip_objective, ROW, ROW[::-1]),
    "surrogate.clip_weights": (surrogate.clip_weights, ROW, ROW[::-1]),
    "transformer.Transformer.weighted_score": (
        lambda w: TALKER.weighted_score(np.zeros(TALKER.num_params), np.zeros((N, 2), int), np.ones((4, N), int), w),
        np.ones((4, N)),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_no_function_pairs_every_entry_with_every_other(name):
    call, *fit = CALLS[name]
    call(*fit)  # these do fit
    for i, one in enumerate(fit):
        with pytest.raises((ValueError, TypeError)) as caught:
            call(*fit[:i], one[..., None], *fit[i + 1 :])
        origin, said = traceback.extract_tb(caught.value.__traceback__)[-1].filename, str(caught.value)
        assert "policy_gradient" in Path(origin).parts and "shape" in said or "last axis" in said, (i, said)


ELSEWHERE = {  # asked above for every policy; or what has no rows that could stand as columns
    *(
        f"{name}.{how}"
        for name in ("policies.TabularSoftmax", "policies.LinearSoftmax", "policies.MLPSoftmax")
        for how in ("score", "weighted_score")
    ),
    *(f"gaussian.Squashed.{how}" for how in ("log_prob", "score", "weighted_score")),
    "gaussian.gaussian_log_prob",
    "gaussian.gaussian_score",
    "gaussian.tanh_gaussian_log_prob",
    "language.Writer.weighted_score",  # each of the two below it has its own
    "language.imitate",
    "sorting.Sorting.features",  # prompts and tokens: rows of whole numbers, taken apart by position
}
INSIDE = (
    "networks.",
    "onepass.",
    "protocols.",
)  # no reader calls these: the policies and PPO do, with shapes of their own


def test_every_function_of_two_arrays_is_asked():
    found = set()
    for module in pkgutil.iter_modules(pg.__path__, "policy_gradient."):
        if module.name.split(".")[1].startswith("_"):
            continue
        for name, one in vars(importlib.import_module(module.name)).items():
            if name.startswith("_") or getattr(one, "__module__", "") != module.name:
                continue
            inside = vars(one).items() if inspect.isclass(one) else ()
            named = [(f"{name}.{k}", f) for k, f in inside if not k.startswith("_")] + [(name, one)]
            for called, function in named:
                if inspect.isfunction(function):
                    arrays = [
                        p
                        for p, v in inspect.signature(function).parameters.items()
                        if "Array" in str(v.annotation) and "Callable" not in str(v.annotation) and p != "theta"
                    ]
                    found |= {f"{module.name.split('.')[1]}.{called}"} if len(arrays) > 1 else set()
    found = {name for name in found if not name.startswith(INSIDE)}
    assert found == set(CALLS) | ELSEWHERE, found ^ (set(CALLS) | ELSEWHERE)


def test_the_reward_of_a_batch_of_answers_is_one_number_each():
    """A column would be read as one row for each prompt, whatever its order."""
    for shape in ((4, 1), (2, 2), (1, 4)):
        refuses(
            lambda: pg.climb(
                WRITER,
                WRITTEN,
                lambda rng, n: SORT.prompts(rng, n),
                lambda prompts, answers: np.ones(shape),
                np.random.default_rng(0),
                num_updates=1,
                num_prompts=2,
                group_size=2,
            ),
            r"reward\(prompts, answers\) must have shape \(4,\)",
        )


def test_a_set_of_outcomes_and_its_weights_have_their_shapes():
    two = [(0.5, 1.0, 1.0, np.zeros(3)), (0.5, 0.0, 1.0, np.ones(3))]
    refuses(lambda: pg.group_moments(two, 2, lambda r, t: np.ones((2, 1))), r"one weight per answer, shape \(2,\)")
    refuses(lambda: pg.group_moments(two, 2, lambda r, t: 1.0), r"one weight per answer, shape \(2,\)")
    with pytest.raises(TypeError, match="the scores of outcomes must be an array of numbers"):
        pg.group_moments([two[0], (*two[1][:3], np.ones((3, 1)))], 2, lambda r, t: r)


@pytest.mark.parametrize("train", ["reinforce", "ppo", "trpo"])
def test_a_critic_for_another_world_is_refused_before_the_first_step(train):
    envs, policy, rng = ShortCorridor(2), pg.two_action_softmax(1), np.random.default_rng(0)
    seen = envs.single_observation_space
    for sizes in ((3, 1), (4, 5, 1)):
        wrong = pg.Critic(sizes, rng, gamma=0.9)
        steps, envs.step = [], lambda actions: steps.append(1)
        how = dict(num_updates=1, progress=False)
        refuses(
            lambda: (
                pg.reinforce(envs, policy, np.zeros(1), rng, baseline=wrong, **how)
                if train == "reinforce"
                else getattr(ppo, train)(envs, policy, np.zeros(1), wrong, rng, **how)
            ),
            rf"critic \(Critic\) must fit envs: it sees vectors of {sizes[0]} numbers, but envs show",
        )
        assert not steps and envs.single_observation_space is seen
