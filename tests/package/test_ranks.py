"""A column beside a row, (N, 1) and (N,), is refused wherever NumPy would pair every entry with every other;
one number goes with all.

The right values beside each refusal are sums written out by hand, or SciPy's.
"""

import importlib
import inspect
import pkgutil
import traceback
from pathlib import Path

import numpy as np
import pytest

import policy_gradient as pg
from policy_gradient import control, critic, natural, segments, surrogate
from tests.helpers.ranks import DUCK, MDP, PARTS, ROLLOUT, ROW, N, T, refuses


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
