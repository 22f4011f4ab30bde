"""What a reader gets who calls the package wrongly: an error that names the argument, and says what was expected.

One line for each call: the public name, the call, and what the message must say (a regular expression; the argument's
name comes first). The error must be raised by the package itself, not by something that it ran into.
"""

import inspect
import io
import re
import traceback
from pathlib import Path

import gymnasium as gym
import matplotlib.pyplot as plt
import numpy as np
import pytest

import policy_gradient as pg
from learning_to_act import explore, palette, plots
from policy_gradient import (
    control,
    critic,
    envs,
    exact,
    natural,
    ppo,
    segments,
    sorting,
    surrogate,
    testing,
)
from policy_gradient.gaussian import checked_log_std
from policy_gradient.mdp import chain
from policy_gradient.tabular import tabular
from policy_gradient.worlds import coin_chain
from tests.helpers.cartpole import cartpole, parts
from tests.helpers.reference import PAGE, RESULTS, modules, public

RNG = np.random.default_rng(0)
NAN, INF = float("nan"), float("inf")
TAB, LIN, MLP = pg.TabularSoftmax(3, 2), pg.two_action_softmax(2, 3), pg.MLPSoftmax((4, 8, 2))
GAUSS, NET = pg.LinearGaussian(3, 2), pg.MLPGaussian((3, 8, 2))
SQUASHED = pg.Squashed(GAUSS)
MDP, HALF = pg.two_doors(), np.full((4, 2), 0.5)
ROLLOUT = pg.sample_rollout(MDP, LIN, np.zeros(2), 4, 10, np.random.default_rng(0))
T, N = ROLLOUT.mask.shape
PARTS = {k: getattr(ROLLOUT, k) for k in ("obs", "actions", "rewards", "mask", "terminated", "truncated", "last_obs")}
ENVS = envs.TabularVectorEnv(MDP, 4)
O3, A3 = np.zeros(3, int), np.zeros(3, int)
LQ = control.point_mass()
STEPS, VECTORS = np.ones((T, N)), np.zeros((5, 4))
SORT = pg.Sorting(2, 3)
WRITER = pg.TokenPolicy(SORT, pg.MLPSoftmax((SORT.num_features, 4, 3)))


def rng():
    return np.random.default_rng(0)


def ax():
    return plt.figure().subplots()


def a_critic(**changed):
    return pg.Critic(**(dict(sizes=(4, 8, 1), rng=rng(), gamma=0.9) | changed))


def train(**changed):
    return pg.reinforce(
        **(dict(envs=ENVS, policy=LIN, theta=np.zeros(2), rng=rng(), num_updates=1, progress=False) | changed)
    )


def train_by(train, **changed):
    policy, theta, value, draws = parts()
    right = dict(envs=cartpole(2), policy=policy, theta=theta, critic=value, rng=draws, num_updates=1, progress=False)
    return train(**(right | changed))


def lq(**changed):
    parts = {k: getattr(LQ, k) for k in ("A", "B", "Q", "R", "start", "noise", "horizon", "gamma")}
    return control.LinearQuadratic(**(parts | changed))


def fv(**changed):
    zeros = np.zeros(MLP.num_params)
    return natural.fisher_vector(**(dict(policy=MLP, theta=zeros, obs=VECTORS, weights=None, v=zeros) | changed))


def a_segment(**changed):
    never = np.zeros((T, N), bool)
    right = dict(obs=STEPS, actions=STEPS, rewards=STEPS, next_obs=STEPS, terminated=never, truncated=never)
    return segments.Segment(**(right | dict(live=~never, returns=np.zeros(0)) | changed))


def climb(**changed):
    right = dict(policy=WRITER, theta=np.zeros(WRITER.num_params), draw_prompts=SORT.prompts, reward=SORT.reward)
    return pg.climb(**(right | dict(rng=rng(), num_updates=1) | changed))


def started(env):
    env.reset(seed=0)
    return env


CALLS = [
    # policies
    ("group_advantages", lambda: pg.group_advantages([[0.0, 1.0]], "median"), "how must be"),
    ("token_weights", lambda: pg.token_weights([1.0], [[1]], "sum"), "mask must be booleans"),
    ("grpo_weight", lambda: pg.grpo_weight(1.5, 8), r"p must lie in \[0, 1\]"),
    ("mixed_share", lambda: pg.mixed_share(0.5, 0), "group_size must be at least 1"),
    ("pass_at_k", lambda: pg.pass_at_k(3, 4, 1), "num_correct must be whole numbers"),
    (
        "group_moments",
        lambda: pg.group_moments([(0.5, 1, 2, [0.0])], 2, lambda r, n: r),
        "probabilities of outcomes must sum to one",
    ),
    ("TokenPolicy", lambda: pg.TokenPolicy(None, MLP), "task must"),
    ("AnswerTree", lambda: pg.AnswerTree().outcomes(np.zeros(2)), r"theta must have shape \(3,\)"),
    ("tree_logits", lambda: pg.tree_logits(1.0), "must lie strictly between 0 and 1"),
    ("imitate", lambda: pg.imitate(None, np.zeros(1), O3, [[0]], rng(), num_steps=-1), "num_steps must be at least 0"),
    ("climb", lambda: pg.climb(None, np.zeros(1), None, None, rng(), num_updates=-1), "num_updates must be at least 0"),
    ("sampler_ratios", lambda: pg.sampler_ratios([0.0], [-INF]), "sampler_log_probs must be finite"),
    ("kl_loss_weights", lambda: pg.kl_loss_weights([0.0], [0.0], "k4"), "which must be"),
    ("kl_values", lambda: pg.kl_values([0.0], [0.0], "k4"), "which must be"),
    ("optimal_policy", lambda: pg.optimal_policy([0.5, 0.5], [0.0, 1.0], 0.0), "beta must be"),
    ("dpo_weights", lambda: pg.dpo_weights([0.0], [0.0], -1.0), "beta must be"),
    ("Sorting", lambda: pg.Sorting(4, 1), "base must be at least 2"),
    ("Transformer", lambda: pg.Transformer(8, 4, 4, width=5), "width must be a multiple of heads"),
    ("softmax", lambda: pg.softmax(3.0), "logits must have at least one action"),
    ("softmax", lambda: pg.softmax([0.0, NAN]), "logits must not be NaN"),
    ("softmax", lambda: pg.softmax("abc"), "logits must be an array of numbers, got 'abc'"),
    ("softmax", lambda: pg.softmax([[1, 2], [3]]), "logits must be an array of numbers"),
    (
        "softmax",
        lambda: pg.softmax(None),
        "logits must be an array of numbers|logits must not be NaN|at least one action",
    ),
    ("log_softmax", lambda: pg.log_softmax([]), "logits must have at least one action"),
    ("log_softmax", lambda: pg.log_softmax([-INF, -INF]), "logits must not be .* whole row be -inf"),
    ("TabularSoftmax", lambda: pg.TabularSoftmax(0, 2), "num_states must be at least 1, got 0"),
    ("TabularSoftmax", lambda: pg.TabularSoftmax(3, 2.0), "num_actions must be a whole number of at least 1, got 2.0"),
    ("TabularSoftmax", lambda: TAB.probs(np.zeros(5), O3), r"theta must have shape \(6,\), got \(5,\)"),
    ("TabularSoftmax", lambda: TAB.probs(np.zeros((3, 2)), O3), r"theta must have shape \(6,\), got \(3, 2\)"),
    ("TabularSoftmax", lambda: TAB.probs([NAN] * 6, O3), r"theta must be finite, but theta\[0\] is nan"),
    ("TabularSoftmax", lambda: TAB.probs(np.zeros(6), 3), r"obs must lie in 0 \.\. 2, got values from 3 to 3"),
    ("TabularSoftmax", lambda: TAB.probs(np.zeros(6), -1), r"obs must lie in 0 \.\. 2"),
    ("TabularSoftmax", lambda: TAB.probs(np.zeros(6), [0.0, 1.0]), r"obs must be integers in 0 \.\. 2, got float64"),
    ("TabularSoftmax", lambda: TAB.log_prob(np.zeros(6), O3, [0, 1, 2]), r"actions must lie in 0 \.\. 1"),
    (
        "TabularSoftmax",
        lambda: TAB.log_prob(np.zeros(6), O3, [0, 1]),
        r"obs and actions must have shapes that fit each other",
    ),
    ("TabularSoftmax", lambda: TAB.score(np.zeros(6), O3, [True, False, True]), "actions must be integers"),
    ("TabularSoftmax", lambda: TAB.score(np.zeros(6), O3, np.zeros(2, int)), r"obs and actions .*fit each other"),
    (
        "TabularSoftmax",
        lambda: TAB.weighted_score(np.zeros(6), O3, A3, [1, 2]),
        r"weights must have shapes.* weights \(2,\)",
    ),
    ("TabularSoftmax", lambda: TAB.weighted_score(np.zeros(6), O3, A3, [1, 2, NAN]), r"weights must be finite"),
    ("TabularSoftmax", lambda: TAB.sample(np.zeros(6), O3, 0), r"rng must be a numpy.random.Generator.*got 0"),
    ("TabularSoftmax", lambda: TAB.sample(np.zeros(6), O3, np.random), r"rng must be a numpy.random.Generator"),
    ("TabularSoftmax", lambda: TAB.entropy("zeros", O3), "theta must be an array of numbers, got 'zeros'"),
    (
        "LinearSoftmax",
        lambda: pg.LinearSoftmax(np.zeros((3, 2))),
        r"features must have shape \(any, any, any\), got \(3, 2\)",
    ),
    ("LinearSoftmax", lambda: pg.LinearSoftmax([[[1.0], [2.0]], [[1.0]]]), "features must be an array of numbers"),
    ("LinearSoftmax", lambda: LIN.score(np.zeros(3), O3, A3), r"theta must have shape \(2,\)"),
    ("LinearSoftmax", lambda: LIN.sample(np.zeros(2), [3], rng()), r"obs must lie in 0 \.\. 2"),
    ("MLPSoftmax", lambda: pg.MLPSoftmax((4,)), "sizes must be two or more positive integers"),
    ("MLPSoftmax", lambda: pg.MLPSoftmax(4), "sizes must be two or more positive integers.*got 4"),
    ("MLPSoftmax", lambda: pg.MLPSoftmax((4, 2.5, 2)), "sizes must be two or more positive integers"),
    ("MLPSoftmax", lambda: MLP.init(0), "rng must be a numpy.random.Generator.*got 0"),
    (
        "MLPSoftmax",
        lambda: MLP.probs(MLP.init(rng()), np.zeros((5, 3))),
        r"obs must have 4 numbers on the last axis, got shape \(5, 3\)",
    ),
    (
        "MLPSoftmax",
        lambda: MLP.score(MLP.init(rng()), np.zeros((5, 4)), A3),
        r"obs and actions and weights must have shapes that fit",
    ),
    ("MLPSoftmax", lambda: MLP.log_prob(MLP.init(rng()), np.zeros((5, 4)), [0.0] * 5), "actions must be integers"),
    ("two_action_softmax", lambda: pg.two_action_softmax(3, 2), "num_obs must be at least num_params = 3, got 2"),
    ("two_action_softmax", lambda: pg.two_action_softmax(0), "num_params must be at least 1, got 0"),
    ("two_action_softmax", lambda: pg.two_action_softmax("two"), "num_params must be a whole number.*got 'two'"),
    # gaussian
    ("LinearGaussian", lambda: pg.LinearGaussian(0), "num_features must be at least 1, got 0"),
    ("LinearGaussian", lambda: pg.LinearGaussian(3, 1.5), "num_actions must be a whole number"),
    (
        "LinearGaussian",
        lambda: pg.LinearGaussian(3, initial_log_std=50.0),
        "log_std must lie between -20 and 20, got 50",
    ),
    (
        "LinearGaussian",
        lambda: pg.LinearGaussian(3, initial_log_std="wide"),
        "initial_log_std must be a number, got 'wide'",
    ),
    (
        "LinearGaussian",
        lambda: GAUSS.log_prob(np.zeros(8), np.zeros((5, 3)), np.zeros(5)),
        r"actions must have shape \(5, 2\)",
    ),
    ("LinearGaussian", lambda: GAUSS.mean(np.zeros(8), np.zeros(4)), "obs must have 3 numbers on the last axis"),
    (
        "LinearGaussian",
        lambda: GAUSS.sample(np.zeros(8), np.zeros(3), np.random.RandomState(0)),
        "rng must be a numpy.random.Generator",
    ),
    (
        "LinearGaussian",
        lambda: GAUSS.weighted_score(np.zeros(8), np.zeros((5, 3)), np.zeros((5, 2)), np.ones(4)),
        "weights .*fit each other",
    ),
    (
        "LinearGaussian",
        lambda: GAUSS.weighted_score(np.zeros(8), np.zeros((5, 3)), np.zeros((5, 2)), np.ones((5, 1))),
        r"weights must have shape \(5,\)",
    ),
    ("MLPGaussian", lambda: pg.MLPGaussian(3), "sizes must be two or more positive integers"),
    (
        "MLPGaussian",
        lambda: NET.score(np.zeros(NET.num_params), np.zeros((5, 3)), [[NAN, 0.0]] * 5),
        "actions must be finite",
    ),
    ("MLPGaussian", lambda: NET.init("seed"), "rng must be a numpy.random.Generator"),
    (
        "MLPGaussian",
        lambda: NET.entropy(np.full(NET.num_params, 99.0), np.zeros(3)),
        "log_std must lie between -20 and 20",
    ),
    ("Squashed", lambda: pg.Squashed(GAUSS, limit=0), "limit must be positive and finite, got 0"),
    ("Squashed", lambda: pg.Squashed(GAUSS, limit="1"), "limit must be a positive number, got '1'"),
    ("Squashed", lambda: pg.Squashed(TAB), "policy must be a LinearGaussian or an MLPGaussian, got TabularSoftmax"),
    ("Squashed", lambda: SQUASHED.execute([0.0, INF]), "actions must be finite"),
    (
        "gaussian_log_prob",
        lambda: pg.gaussian_log_prob(0.5, [0.0], [0.0]),
        "actions must have the action dimensions on the last axis",
    ),
    (
        "gaussian_log_prob",
        lambda: pg.gaussian_log_prob(np.zeros(2), np.zeros(3), np.zeros(3)),
        r"actions and mean and log_std must have shapes",
    ),
    ("gaussian_log_prob", lambda: pg.gaussian_log_prob([0.0], [0.0], ["a"]), "log_std must be an array of numbers"),
    ("gaussian_score", lambda: pg.gaussian_score([0.0], [NAN], [0.0]), r"mean must be finite, but mean\[0\] is nan"),
    (
        "gaussian_score",
        lambda: pg.gaussian_score([0.0], [0.0], 0.0),
        "log_std must have one entry per action dimension",
    ),
    ("gaussian_entropy", lambda: pg.gaussian_entropy([NAN]), "log_std must lie between -20 and 20, got nan"),
    ("gaussian_entropy", lambda: pg.gaussian_entropy(None), "log_std must (be an array of numbers|have one entry)"),
    (
        "tanh_gaussian_log_prob",
        lambda: pg.tanh_gaussian_log_prob(0.3, [0.0], [0.0]),
        "u must have the action dimensions",
    ),
    (
        "tanh_gaussian_log_prob",
        lambda: pg.tanh_gaussian_log_prob([INF], [0.0], [0.0]),
        r"u must be finite, but u\[0\] is inf",
    ),
    (
        "tanh_gaussian_log_prob",
        lambda: pg.tanh_gaussian_log_prob(np.zeros(2), np.zeros(3), np.zeros(3)),
        r"u and mean and log_std must have shapes",
    ),
    # mdp
    (
        "TabularMDP",
        lambda: pg.TabularMDP(np.ones((2, 1, 2)), np.zeros((2, 1)), [1, 0], 0.9),
        "P must sum to at most one",
    ),
    (
        "TabularMDP",
        lambda: pg.TabularMDP(np.zeros((2, 2)), np.zeros((2, 1)), [1, 0], 0.9),
        r"P must have shape \(2, 1, 2\)",
    ),
    (
        "TabularMDP",
        lambda: pg.TabularMDP(np.zeros((2, 1, 2)), np.zeros(2), [1, 0], 0.9),
        r"R must have shape \(any, any\)",
    ),
    ("TabularMDP", lambda: pg.TabularMDP(np.zeros((2, 1, 2)), np.zeros((2, 1)), [1, 1], 0.9), "rho must sum to one"),
    (
        "TabularMDP",
        lambda: pg.TabularMDP(np.zeros((2, 1, 2)), np.zeros((2, 1)), [2, -1], 0.9),
        "rho holds a negative probability",
    ),
    (
        "TabularMDP",
        lambda: pg.TabularMDP(np.zeros((2, 1, 2)), np.zeros((2, 1)), [1, 0], 1.5),
        r"gamma must lie in \[0, 1\], got 1.5",
    ),
    (
        "TabularMDP",
        lambda: pg.TabularMDP(np.zeros((2, 1, 2)), np.zeros((2, 1)), [1, 0], "0.9"),
        r"gamma must be a number in \[0, 1\], got '0.9'",
    ),
    (
        "TabularMDP",
        lambda: pg.TabularMDP(np.zeros((2, 1, 2)), np.zeros((2, 1)), [1, 0], 0.9, [0]),
        "obs must have one entry per state, 2 in all",
    ),
    (
        "TabularMDP",
        lambda: pg.TabularMDP(np.zeros((2, 1, 2)), np.zeros((2, 1)), [1, 0], 0.9, [0.5, 1.0]),
        "obs must be integers from 0",
    ),
    (
        "TabularMDP",
        lambda: pg.TabularMDP(np.zeros((2, 1, 2)), np.zeros((2, 1)), [1, 0], 0.9, ["a", "b"]),
        "obs must be an array of numbers",
    ),
    (
        "TabularMDP",
        lambda: pg.TabularMDP(np.zeros((0, 2, 0)), np.zeros((0, 2)), [], 0.9),
        "R must hold at least one state and one action|rho must sum to one",
    ),
    ("state_probs", lambda: pg.state_probs("two_doors", LIN, np.zeros(2)), "mdp must be a TabularMDP, got 'two_doors'"),
    (
        "state_probs",
        lambda: pg.state_probs(MDP, GAUSS, np.zeros(8)),
        "policy must be a softmax policy.* which has no probs",
    ),
    (
        "state_probs",
        lambda: pg.state_probs(MDP, pg.TabularSoftmax, np.zeros(8)),
        "policy must be a softmax policy.*the class TabularSoftmax itself",
    ),
    ("state_values", lambda: pg.state_values(MDP, np.full((2, 4), 0.5)), r"probs must have shape \(4, 2\)"),
    ("state_values", lambda: pg.state_values(pg.two_doors, HALF), "mdp must be a TabularMDP"),
    ("action_values", lambda: pg.action_values(MDP, 2 * HALF), "probs must sum to one"),
    ("action_values", lambda: pg.action_values(LIN, HALF), "mdp must be a TabularMDP"),
    ("discounted_visitation", lambda: pg.discounted_visitation(MDP, HALF, gamma=-0.1), r"gamma must lie in \[0, 1\]"),
    ("discounted_visitation", lambda: pg.discounted_visitation(MDP, -HALF), "probs holds a negative probability"),
    ("expected_return", lambda: pg.expected_return(MDP, np.zeros((4, 2))), "probs must sum to one"),
    ("expected_return", lambda: pg.expected_return(None, HALF), "mdp must be a TabularMDP, got None"),
    ("exact_gradient", lambda: pg.exact_gradient(MDP, LIN, np.zeros(3)), r"theta must have shape \(2,\)"),
    (
        "exact_gradient",
        lambda: pg.exact_gradient(MDP, LIN, np.zeros(2), visitation=[1, 1]),
        r"visitation must have shape \(4,\)",
    ),
    (
        "exact_gradient",
        lambda: pg.exact_gradient(MDP, pg.TabularSoftmax(2, 2), np.zeros(4)),
        r"obs must lie in 0 \.\. 1",
    ),
    (
        "exact_gradient",
        lambda: pg.exact_gradient(MDP, pg.TabularSoftmax(3, 5), np.zeros(15)),
        r"probs must have shape \(4, 2\), got \(4, 5\)",
    ),
    ("finite_difference", lambda: pg.finite_difference(3.0, np.zeros(2)), "J must be a function of theta"),
    ("finite_difference", lambda: pg.finite_difference(lambda t: t, np.zeros(2)), "J must return one number"),
    (
        "finite_difference",
        lambda: pg.finite_difference(np.sum, np.zeros(2), h=0),
        "h must be positive and finite, got 0",
    ),
    ("finite_difference", lambda: pg.finite_difference(np.sum, [0, NAN]), "theta must be finite"),
    (
        "finite_difference",
        lambda: pg.finite_difference(lambda t: "up", np.zeros(2)),
        "J's result must be an array of numbers, got 'up'",
    ),
    ("complex_step", lambda: pg.complex_step(lambda t: t, np.zeros(2)), "J must return one number"),
    ("complex_step", lambda: pg.complex_step(np.sum, [1j]), "theta must be real"),
    ("short_corridor", lambda: pg.short_corridor(1), "cells must be at least 2, got 1"),
    ("short_corridor", lambda: pg.short_corridor(3.0), "cells must be a whole number"),
    # rollouts and sampling
    ("Rollout", lambda: pg.Rollout(**PARTS | {"mask": PARTS["mask"].astype(int)}), "mask must be an array of bool"),
    ("Rollout", lambda: pg.Rollout(**PARTS | {"rewards": np.zeros(T)}), "rewards must have shape .* as mask"),
    ("Rollout", lambda: pg.Rollout(**PARTS | {"obs": np.zeros((N, T), int)}), "obs must have shape .* as mask"),
    (
        "Rollout",
        lambda: pg.Rollout(**PARTS | {"last_obs": np.zeros(N + 1)}),
        "last_obs must have one entry per episode",
    ),
    (
        "rollout",
        lambda: pg.rollout(gym.make("CartPole-v1"), MLP, MLP.init(rng()), rng()),
        "envs must be a gymnasium.vector.VectorEnv",
    ),
    ("rollout", lambda: pg.rollout(ENVS, LIN, np.zeros(2), 0), "rng must be a numpy.random.Generator.*got 0"),
    ("rollout", lambda: pg.rollout(ENVS, np.zeros(2), LIN, rng()), "policy must be a policy with a method sample"),
    ("rollout", lambda: pg.rollout(ENVS, LIN, np.zeros(2), rng(), max_steps=2.5), "max_steps must be a whole number"),
    ("rollout", lambda: pg.rollout(ENVS, LIN, np.zeros(2), rng(), max_steps=0), "max_steps must be at least 1, got 0"),
    ("AliasTable", lambda: pg.AliasTable([0.5, 0.5]), r"probs must have shape \(any, any\)"),
    ("AliasTable", lambda: pg.AliasTable([[0.5, 0.6]]), "probs must sum to one"),
    (
        "AliasTable",
        lambda: pg.AliasTable([[0.5, 0.5]]).sample(np.zeros(3, int), 7),
        "rng must be a numpy.random.Generator",
    ),
    ("AliasTable", lambda: pg.AliasTable([[0.5, 0.5]]).sample([0.0], rng()), "offset must be integers"),
    (
        "sample_rollout",
        lambda: pg.sample_rollout(MDP, LIN, np.zeros(2), 0, 10, rng()),
        "num_episodes must be at least 1",
    ),
    (
        "sample_rollout",
        lambda: pg.sample_rollout(MDP, LIN, np.zeros(2), 5, 10.0, rng()),
        "max_steps must be a whole number",
    ),
    ("sample_rollout", lambda: pg.sample_rollout(ENVS, LIN, np.zeros(2), 5, 10, rng()), "mdp must be a TabularMDP"),
    (
        "sample_rollout",
        lambda: pg.sample_rollout(MDP, LIN, np.zeros(2), 5, 10, None),
        "rng must be a numpy.random.Generator",
    ),
    (
        "sample_gradient",
        lambda: pg.sample_gradient(MDP, LIN, np.zeros(2), 5, 10, rng(), chunk=0),
        "chunk must be at least 1",
    ),
    ("sample_gradient", lambda: pg.sample_gradient(MDP, LIN, [0, INF], 5, 10, rng()), "theta must be finite"),
    # returns
    ("discounts", lambda: pg.discounts(-1, 0.9), "num_steps must be at least 0, got -1"),
    ("discounts", lambda: pg.discounts(2.5, 0.9), "num_steps must be a whole number"),
    ("discounts", lambda: pg.discounts(3, [0.9]), r"gamma must be a number in \[0, 1\]"),
    ("total_return", lambda: pg.total_return(1.0, 0.9), "rewards must have time as their first axis"),
    ("total_return", lambda: pg.total_return([1, NAN], 0.9), "rewards must be finite"),
    ("reward_to_go", lambda: pg.reward_to_go([1, 2], 2), r"gamma must lie in \[0, 1\], got 2"),
    ("reward_to_go", lambda: pg.reward_to_go([[1, 2], [3]], 0.9), "rewards must be an array of numbers"),
    # estimators
    (
        "gradient_samples",
        lambda: pg.gradient_samples(LIN, np.zeros(2), ROLLOUT, np.ones(T)),
        r"psi must have one weight per step",
    ),
    (
        "gradient_samples",
        lambda: pg.gradient_samples(LIN, np.zeros(2), PARTS, np.ones((T, N))),
        "rollout must be a Rollout",
    ),
    (
        "gradient_samples",
        lambda: pg.gradient_samples(np.zeros(2), LIN, ROLLOUT, np.ones((T, N))),
        "policy must be a policy with a method score",
    ),
    (
        "estimate_gradient",
        lambda: pg.estimate_gradient(LIN, np.zeros(2), ROLLOUT, np.full((T, N), NAN)),
        "psi must be finite",
    ),
    (
        "estimate_gradient",
        lambda: pg.estimate_gradient(LIN, np.zeros(2), ROLLOUT, 1.0),
        "psi must have one weight per step",
    ),
    ("psi_total_return", lambda: pg.psi_total_return(ROLLOUT.rewards, 0.9), "rollout must be a Rollout"),
    ("psi_total_return", lambda: pg.psi_total_return(ROLLOUT, NAN), r"gamma must lie in \[0, 1\], got nan"),
    (
        "psi_reward_to_go",
        lambda: pg.psi_reward_to_go(ROLLOUT, 0.9, baseline=np.zeros(N + 1)),
        r"baseline .*fit each other|baseline must broadcast",
    ),
    (
        "psi_reward_to_go",
        lambda: pg.psi_reward_to_go(ROLLOUT, 0.9, baseline="mean"),
        "baseline must be an array of numbers, got 'mean'",
    ),
    ("psi_table", lambda: pg.psi_table(ROLLOUT, 0.9, np.zeros(4)), r"table must have shape \(any, any\)"),
    ("psi_table", lambda: pg.psi_table(ROLLOUT, 0.9, np.zeros((4, 1))), r"table.* must lie in 0 \.\. 0"),
    (
        "leave_one_out_mean",
        lambda: pg.leave_one_out_mean(ROLLOUT.rewards, ROLLOUT.mask.astype(float)),
        "mask must be an array of bool",
    ),
    (
        "leave_one_out_mean",
        lambda: pg.leave_one_out_mean(np.zeros(N), ROLLOUT.mask),
        "returns must have the shape of mask",
    ),
    (
        "batch_mean",
        lambda: pg.batch_mean(ROLLOUT.rewards, ROLLOUT.mask[0]),
        r"mask must be an array of bool, shape \(T, N\)",
    ),
    ("batch_mean", lambda: pg.batch_mean(np.full((T, N), NAN), ROLLOUT.mask), "returns must be finite"),
    # optimizers, critic, training
    ("Adam", lambda: pg.Adam(0), "learning_rate must be positive and finite, got 0"),
    ("Adam", lambda: pg.Adam("fast"), "learning_rate must be a positive number, got 'fast'"),
    ("Adam", lambda: pg.Adam(beta1=1), r"beta1 and beta2 must lie in \[0, 1\)"),
    ("Adam", lambda: pg.Adam(epsilon=-1), "epsilon must be positive"),
    (
        "Adam",
        lambda: pg.Adam().step(np.zeros(2), np.zeros(3)),
        r"gradient must have the shape of theta, \(2,\), got \(3,\)",
    ),
    ("Adam", lambda: pg.Adam().step(np.zeros(2), "up"), "gradient must be an array of numbers"),
    ("Critic", lambda: a_critic(sizes=(4, 8, 2)), "sizes must end in 1"),
    ("Critic", lambda: a_critic(rng=0), "rng must be a numpy.random.Generator"),
    ("Critic", lambda: a_critic(lam=1.5), r"lam must lie in \[0, 1\], got 1.5"),
    ("Critic", lambda: a_critic(unit=-1), "unit must be positive and finite"),
    ("Critic", lambda: a_critic(num_steps=0), "num_steps must be at least 1"),
    ("Critic", lambda: a_critic().values(np.zeros((5, 3))), "obs must have 4 numbers on the last axis"),
    ("Critic", lambda: a_critic().fit(np.zeros((5, 4)), np.zeros(4)), r"targets must have shape \(5,\)"),
    ("gae", lambda: pg.gae(ROLLOUT, np.zeros(N), np.zeros(N), 0.9, 0.9), "values must have shape"),
    ("gae", lambda: pg.gae(ROLLOUT, np.zeros((T, N)), np.zeros(N + 1), 0.9, 0.9), "last_values must have shape"),
    ("gae", lambda: pg.gae(ROLLOUT, np.zeros((T, N)), np.zeros(N), 0.9, "0.9"), r"lam must be a number in \[0, 1\]"),
    ("gae", lambda: pg.gae(PARTS, np.zeros((T, N)), np.zeros(N), 0.9, 0.9), "rollout must be a Rollout"),
    (
        "reinforce",
        lambda: train(baseline="best"),
        "baseline must be one of none, leave_one_out, batch_mean, got 'best'",
    ),
    ("reinforce", lambda: train(num_updates=0), "num_updates must be at least 1"),
    ("reinforce", lambda: train(num_updates=1.5), "num_updates must be a whole number"),
    ("reinforce", lambda: train(gamma=1.1), r"gamma must lie in \[0, 1\]"),
    ("reinforce", lambda: train(rng=0), "rng must be a numpy.random.Generator"),
    ("reinforce", lambda: train(envs=MDP), "envs must be a gymnasium.vector.VectorEnv"),
    ("reinforce", lambda: train(theta=[0, NAN]), "theta must be finite"),
    ("reinforce", lambda: train(theta="zeros"), "theta must be an array of numbers"),
    ("reinforce", lambda: train(learning_rate=-1), "learning_rate must be positive"),
    ("reinforce", lambda: train(callback=3), "callback must be a function"),
    ("reinforce", lambda: train(target_return="high"), "target_return must be a number"),
    ("reinforce", lambda: train(optimizer=0.1), "optimizer must be an optimizer with a method step"),
    ("Training", lambda: pg.Training(theta=np.zeros(2)), "missing .* 'history'"),
    ("evaluate", lambda: pg.evaluate(MDP, LIN, np.zeros(2), rng()), "envs must be a gymnasium.vector.VectorEnv"),
    (
        "evaluate",
        lambda: pg.evaluate(ENVS, "greedy", np.zeros(2), rng()),
        "policy must be a policy with a method sample",
    ),
    ("evaluate", lambda: pg.evaluate(ENVS, ENVS, np.zeros(2), rng(), greedy=True), "policy must be a policy"),
    ("run_seeds", lambda: pg.run_seeds(np.mean, 10), "seeds must be several seeds, for example range"),
    ("run_seeds", lambda: pg.run_seeds(3, range(2)), r"train must be a function train\(rng\)"),
    ("run_seeds", lambda: pg.run_seeds(lambda rng: 0, [-1]), "each of seeds must be at least 0, got -1"),
    ("run_seeds", lambda: pg.run_seeds(lambda rng: 0, [1], n_jobs="two"), "n_jobs must be a number of processes"),
    ("sweep", lambda: pg.sweep(lambda rng: 0, {"gamma": 1}, [1]), "settings must be a list of dictionaries"),
    ("sweep", lambda: pg.sweep(lambda rng: 0, [1], [1]), "settings must be a list of dictionaries"),
    ("sweep", lambda: pg.sweep(lambda rng: 0, [{}], 3), "seeds must be several seeds"),
    ("bootstrap_interval", lambda: pg.bootstrap_interval([1.0], rng()), "values must hold at least two seeds"),
    (
        "bootstrap_interval",
        lambda: pg.bootstrap_interval([1.0, 2.0], rng(), confidence=95),
        "confidence must lie between 0 and 1",
    ),
    ("bootstrap_interval", lambda: pg.bootstrap_interval([1.0, 2.0], 0), "rng must be a numpy.random.Generator"),
    (
        "bootstrap_interval",
        lambda: pg.bootstrap_interval([1.0, 2.0], rng(), statistic="mean"),
        "statistic must be a function",
    ),
    ("bootstrap_interval", lambda: pg.bootstrap_interval("12", rng()), "values must be an array of numbers"),
    # games
    ("best_response", lambda: pg.best_response([0.5, 0.5], pg.RPS), "policy must have 3 actions"),
    ("best_response", lambda: pg.best_response([1, 1, 1], pg.RPS), "policy must sum to one"),
    ("best_response", lambda: pg.best_response([1, 0, 0], [0, -1, 1]), r"payoff must have shape \(any, any\)"),
    (
        "self_play",
        lambda: pg.self_play([1, 0, 0], [1 / 3] * 3, pg.RPS, 5),
        "policy and opponent must give every action a positive",
    ),
    ("self_play", lambda: pg.self_play([1 / 3] * 3, [1 / 3] * 3, pg.RPS, -1), "steps must be at least 0"),
    (
        "self_play",
        lambda: pg.self_play([1 / 3] * 3, [1 / 3] * 3, pg.RPS, 5, step_size="small"),
        "step_size must be a number",
    ),
    (
        "self_play",
        lambda: pg.self_play([0.5] * 2, [1 / 3] * 3, np.zeros((2, 3)), 5),
        "payoff must have as many columns as rows",
    ),
    # modules
    (
        "envs.SmallVectorEnv",
        lambda: envs.SmallVectorEnv(0, 9, gym.spaces.Discrete(2), gym.spaces.Discrete(2)),
        "num_envs must be at least 1, got 0",
    ),
    ("envs.TabularVectorEnv", lambda: envs.TabularVectorEnv("corridor"), "mdp must be a TabularMDP, got 'corridor'"),
    ("envs.TabularVectorEnv", lambda: envs.TabularVectorEnv(MDP, 0), "num_envs .*must be at least 1, got 0"),
    (
        "envs.TabularVectorEnv",
        lambda: started(envs.TabularVectorEnv(MDP, 2)).step([0, 2]),
        r"actions must lie in 0 \.\. 1",
    ),
    (
        "envs.TabularVectorEnv",
        lambda: started(envs.TabularVectorEnv(MDP, 2)).step([0]),
        r"actions must have shape \(2,\)",
    ),
    ("envs.ShortCorridor", lambda: envs.ShortCorridor(cells=1), "cells must be at least 2"),
    ("envs.ShortCorridor", lambda: envs.ShortCorridor(num_envs=1.5), "num_envs must be a whole number"),
    (
        "envs.RockPaperScissors",
        lambda: envs.RockPaperScissors(opponent="random"),
        'opponent must be "best_response" or probabilities',
    ),
    ("envs.RockPaperScissors", lambda: envs.RockPaperScissors(opponent=[1, 1, 1]), "opponent must sum to one"),
    (
        "envs.RockPaperScissors",
        lambda: envs.RockPaperScissors().reset(),
        r"opponent must know our policy: call envs.announce",
    ),
    (
        "envs.SteeringBandit",
        lambda: started(envs.SteeringBandit(2)).step(np.zeros(2)),
        r"actions must have shape \(2, 1\)",
    ),
    ("envs.SteeringBandit", lambda: envs.SteeringBandit(width=0), "width must be positive"),
    (
        "control.ContinuousCartPole",
        lambda: control.ContinuousCartPole(bounds="wrap"),
        "bounds must be one of refuse, clip, squash",
    ),
    (
        "control.ContinuousCartPole",
        lambda: started(control.ContinuousCartPole()).step([[1.5]]),
        r"actions must lie in \[-1, 1\]",
    ),
    ("control.Pendulum", lambda: started(control.Pendulum(2)).step(np.zeros(2)), r"actions must have shape \(2, 1\)"),
    ("control.Pendulum", lambda: control.Pendulum(max_steps=0), "max_steps must be at least 1"),
    ("control.PointMass", lambda: control.PointMass(problem="line"), "problem must be a LinearQuadratic"),
    ("linear_quadratic.LinearQuadratic", lambda: lq(A=np.zeros((3, 3))), r"A must have shape \(2, 2\)"),
    ("linear_quadratic.LinearQuadratic", lambda: lq(Q=-np.eye(2)), "Q must be symmetric with no negative eigenvalue"),
    ("linear_quadratic.LinearQuadratic", lambda: lq(horizon=0), "horizon must be at least 1"),
    (
        "linear_quadratic.LinearQuadratic",
        lambda: LQ.expected_return(np.zeros(2), np.zeros(1)),
        r"W must have shape \(2, 1\)",
    ),
    ("linear_quadratic.point_mass", lambda: control.point_mass(horizon=2.5), "horizon must be a whole number"),
    (
        "linear_quadratic.point_mass",
        lambda: control.point_mass(noise_std=NAN),
        "noise must be finite|noise_std must be",
    ),
    # the later chapters
    ("critic.td_errors", lambda: critic.td_errors(ROLLOUT, STEPS, np.zeros(N), [0.9]), r"gamma must be a number in"),
    (
        "critic.gae_columns",
        lambda: critic.gae_columns(STEPS, STEPS, STEPS, [[True], [True, False]], STEPS > 2, 0.9, 0.9),
        "terminated must be an array of bool",
    ),
    (
        "critic.gae_columns",
        lambda: critic.gae_columns(STEPS, STEPS, STEPS, STEPS > 2, STEPS.astype(int), 0.9, 0.9),
        "truncated must be an array of bool",
    ),
    (
        "critic.explained_variance",
        lambda: critic.explained_variance([1.0], [1.0, 2.0]),
        r"values must have shape \(2,\)",
    ),
    (
        "critic.td_fixed_point",
        lambda: critic.td_fixed_point(MDP, HALF, np.eye(4), -np.ones(4)),
        "weights must not be negative",
    ),
    ("gaussian.checked_log_std", lambda: checked_log_std(0.0), "log_std must have one entry per action dimension"),
    ("mdp.chain", lambda: chain(None, HALF), "mdp must be a TabularMDP"),
    ("tabular.tabular", lambda: tabular(LIN), "mdp must be a TabularMDP"),
    ("worlds.coin_chain", lambda: coin_chain(0), "length must be at least 1, got 0"),
    ("exact.trajectories", lambda: exact.trajectories(MDP, 2 * HALF), "probs must sum to one"),
    ("exact.moments", lambda: exact.moments(MDP, LIN, np.zeros(2), None), "weigh must be a function of a Path"),
    (
        "exact.moments",
        lambda: exact.moments(MDP, LIN, np.zeros(2), lambda path: [[1.0], [1.0, 2.0]]),
        r"weigh\(path\) must be an array of numbers",
    ),
    ("exact.gae_weigh", lambda: exact.gae_weigh(MDP, np.zeros(3), 0.9), r"critic must have shape \(4,\)"),
    ("natural.fisher", lambda: natural.fisher(None, np.zeros(6), O3), "policy must be a softmax policy.*got None"),
    ("natural.fisher", lambda: natural.fisher(TAB, np.zeros(6), O3, -np.ones(3)), "weights must not be negative"),
    (
        "natural.fisher_vector",
        lambda: natural.fisher_vector(None, np.zeros(6), O3, None, np.zeros(6)),
        "policy must be a softmax policy.*got None",
    ),
    ("natural.fisher_vector", lambda: fv(theta=None), "theta must have shape"),
    ("natural.fisher_vector", lambda: fv(theta=np.zeros(MLP.num_params - 1)), "theta must have shape"),
    ("natural.fisher_vector", lambda: fv(theta=np.zeros(MLP.num_params + 1)), "theta must have shape"),
    ("natural.fisher_vector", lambda: fv(obs=np.zeros((5, 3))), r"obs must have shape \(any, 4\), got \(5, 3\)"),
    ("natural.fisher_vector", lambda: fv(weights=-np.ones(5)), "weights must not be negative"),
    (
        "natural.conjugate_gradient",
        lambda: natural.conjugate_gradient(lambda v: v, np.ones(2), tolerance=-1),
        "tolerance must be at least 0, got -1",
    ),
    ("natural.conjugate_gradient", lambda: natural.conjugate_gradient(None, np.ones(2)), "matvec must be a function"),
    (
        "natural.natural_gradient",
        lambda: natural.natural_gradient(None, np.zeros(6), O3, np.zeros(6)),
        "policy must be a softmax policy.*got None",
    ),
    (
        "natural.natural_gradient",
        lambda: natural.natural_gradient(TAB, np.zeros(6), O3, np.zeros(6), damping=-1),
        "damping must be at least 0, got -1",
    ),
    ("natural.kl_step", lambda: natural.kl_step(np.ones(2), np.ones(2), NAN), "delta must be finite, got nan"),
    ("natural.kl_step", lambda: natural.kl_step(np.ones(2), -np.ones(2), -1), "delta must be at least 0, got -1"),
    ("natural.kl", lambda: natural.kl(TAB, np.zeros(6), np.zeros(5), O3), r"other must have shape \(6,\), got \(5,\)"),
    (
        "natural.kl",
        lambda: natural.kl(pg.MLPSoftmax, np.zeros(6), np.zeros(6), O3),
        "policy must be a softmax policy.*the class MLPSoftmax itself",
    ),
    ("ppo.ppo", lambda: train_by(ppo.ppo, critic=None), "critic must be a Critic, got None"),
    ("ppo.ppo", lambda: train_by(ppo.ppo, max_norm=-1), "max_norm must be positive, inf for none, got -1"),
    ("ppo.ppo", lambda: train_by(ppo.ppo, max_norm="x"), "max_norm must be a positive number, got 'x'"),
    ("ppo.ppo", lambda: train_by(ppo.ppo, target_kl=NAN), "target_kl must be at least 0, None for no limit, got nan"),
    ("ppo.ppo", lambda: train_by(ppo.ppo, target_kl="x"), "target_kl must be a number, got 'x'"),
    ("ppo.ppo", lambda: train_by(ppo.ppo, weigh=None), "weigh must be a function"),
    ("ppo.trpo", lambda: train_by(ppo.trpo, critic=3), "critic must be a Critic, got 3"),
    ("ppo.trpo", lambda: train_by(ppo.trpo, damping=NAN), "damping must be finite, got nan"),
    ("segments.segments", lambda: segments.segments(ENVS, LIN, rng(), 0), "num_steps must be at least 1, got 0"),
    (
        "segments.segment_gae",
        lambda: segments.segment_gae(ROLLOUT, STEPS, STEPS, 0.9, 0.9),
        "segment must be a Segment",
    ),
    (
        "segments.segment_gae",
        lambda: segments.segment_gae(a_segment(terminated=np.zeros((T, N), int)), STEPS, STEPS, 0.9, 0.9),
        "segment.terminated must be an array of bool",
    ),
    ("sorting.exact", lambda: sorting.exact(SORT, WRITER, np.zeros(2)), "theta must have shape"),
    ("sorting.success", lambda: sorting.success(SORT, WRITER, "zeros"), "theta must be an array of numbers"),
    ("surrogate.ratios", lambda: surrogate.ratios([0.0, NAN], [0.0, 0.0]), "log_probs must be finite"),
    (
        "surrogate.surrogate",
        lambda: surrogate.surrogate([[1.0], [1.0, 2.0]], [1.0]),
        "ratio must be an array of numbers",
    ),
    ("surrogate.clip_objective", lambda: surrogate.clip_objective([1.0], [1.0], low=2), "low and high must lie"),
    (
        "surrogate.clip_weights",
        lambda: surrogate.clip_weights([1.0], [1.0], high=[[1], [2, 3]]),
        "high must be a number",
    ),
    ("surrogate.kl_estimates", lambda: surrogate.kl_estimates([INF]), "log_ratio must be finite"),
    ("surrogate.normalised", lambda: surrogate.normalised("all"), "advantages must be an array of numbers"),
    ("testing.check_policy", lambda: testing.check_policy(TAB, 0), "rng must be a numpy.random.Generator"),
    (
        "testing.check_environment",
        lambda: testing.check_environment(ENVS, rng(), num_steps=1.5),
        "num_steps must be a whole number",
    ),
    ("reinforce", lambda: train(baseline={}), r"baseline must be one of none, leave_one_out, batch_mean, got \{\}"),
    ("reinforce", lambda: train(target_return=NAN), "target_return must be a number that a return can reach, got nan"),
    ("mixed_share", lambda: pg.mixed_share(-1, 4), r"p must lie in \[0, 1\]"),
    ("mixed_share", lambda: pg.mixed_share(NAN, 4), r"p must lie in \[0, 1\]"),
    ("climb", lambda: climb(clip=NAN), "clip must be positive, inf for none, got nan"),
    ("climb", lambda: climb(cap=-1), "cap must be positive, inf for none, got -1"),
    ("climb", lambda: climb(reward=None), "reward must be a function"),
    ("AnswerTree", lambda: pg.AnswerTree((2, NAN)), "each of lengths must be a whole number"),
    ("tree_logits", lambda: pg.tree_logits(0.5, "often"), "ramble_right must be a number, got 'often'"),
    ("Transformer", lambda: pg.Transformer(8, 4, 4, end=8), "end must be one of the tokens, below 8, got 8"),
    ("control.ContinuousCartPole", lambda: control.ContinuousCartPole(bounds=["clip"]), "bounds must be one of refuse"),
    ("envs.SteeringBandit", lambda: envs.SteeringBandit(peak=NAN), "peak must be finite, got nan"),
    ("palette.color", lambda: palette.color("blue"), "name must be one of policy, score, good, where"),
    ("explore.explore", lambda: explore.explore(3, p=[1]), "draw must be a function"),
    ("explore.explore", lambda: explore.explore(lambda ax, p: None), "explore needs at least one slider"),
    ("explore.explore", lambda: explore.explore(lambda ax, p: None, p=3), "p must be the values to slide through"),
    ("explore.explore", lambda: explore.explore(lambda ax, q: None, p=[1]), r"draw must accept \(ax, p\)"),
    ("explore.explore", lambda: explore.explore(lambda ax, p: None, p=[NAN]), "p must hold finite numbers"),
    (
        "plots.value_curve",
        lambda: plots.value_curve(ax(), [1, 2], [1]),
        "x and values must be two rows of the same length",
    ),
    ("plots.simplex_points", lambda: plots.simplex_points([0.5, 0.5]), "policies must have three actions"),
    ("plots.simplex", lambda: plots.simplex(ax(), value=lambda p: p), "value must give one number per policy"),
    ("plots.bandit", lambda: plots.bandit(ax(), np.sin, 1, 0), "low must be below high"),
    ("plots.bandit", lambda: plots.bandit(ax(), np.sin, 0, 1, mean=0.5), "std must be positive"),
    (
        "plots.learning_curves",
        lambda: plots.learning_curves(ax(), [1, 2], [[1, 2]], "one"),
        "returns must hold at least two seeds",
    ),
    (
        "plots.learning_curves",
        lambda: plots.learning_curves(ax(), [1, 2], np.zeros((3, 2)), "x", kind="blue"),
        "kind must be one of policy",
    ),
    ("plots.arrows", lambda: plots.arrows(ax(), [0, 0], [[1, 2, 3]]), r"vectors must have shape \(N, 2\)"),
    ("plots.bars", lambda: plots.bars(ax(), [1, 2], ["a"]), "heights must have one entry for each of the 1 labels"),
    ("plots.landscape", lambda: plots.landscape(ax(), lambda theta: 0.0), "J must map theta"),
    ("plots.climbs", lambda: plots.climbs(ax(), {"a": np.zeros((4, 3))}), r"paths\['a'\] must have shape \(any, 2\)"),
    (
        "plots.step_cloud",
        lambda: plots.step_cloud(ax(), np.zeros((5, 2)), np.zeros(3), 1),
        r"steps must have shape \(any, 3\)",
    ),
    (
        "plots.errors_against_n",
        lambda: plots.errors_against_n(ax(), [10, 100], {"a": [1.0]}),
        r"errors\['a'\] must have one entry for each n",
    ),
    ("plots.spread", lambda: plots.spread(ax(), [], 0.0, (-1, 1)), "estimates must hold at least one number"),
    (
        "plots.ablation",
        lambda: plots.ablation(ax(), dict.fromkeys("ab", ([1.0], [2.0]))),
        "arms must hold at least two seeds",
    ),
    ("plots.ablation", lambda: plots.ablation(ax(), {"a": ([1.0], [2.0])}), "arms must hold at least two .*, got 1"),
    (
        "plots.ablation",
        lambda: plots.ablation(ax(), {"a": np.ones((2, 3)), "b": np.ones((2, 4))}),
        "arms must have the same seeds, to be paired",
    ),
    (
        "plots.ablation",
        lambda: plots.ablation(ax(), {"a": np.ones(3), "b": np.ones(3)}),
        r"arms\['a'\] must have shape \(2, any\)",
    ),
    (
        "plots.mended",
        lambda: plots.mended(ax(), np.zeros(3), np.zeros((2, 3)), 1),
        r"wrong must have shape \(any, any\), got \(3,\)",
    ),
    ("plots.mended", lambda: plots.mended(ax(), np.zeros((2, 3)), np.zeros((2, 3)), "best"), "best must be a number"),
    ("plots.multiples", lambda: plots.multiples(ax(), {}), "values must hold at least one"),
    (
        "plots.catches",
        lambda: plots.catches(ax(), ["a", "b"], ["p"], [[1]]),
        r"caught must have shape \(programs, tests\) = \(1, 2\)",
    ),
    ("plots.bell", lambda: plots.bell(ax(), 0, 0, -1, 1), "std must be positive"),
    ("plots.executed", lambda: plots.executed(ax(), 0, -1), "std must be positive"),
    ("plots.against_optimum", lambda: plots.against_optimum(ax(), [[1.0, 2.0]], 0, "best"), "optimum must be positive"),
    ("plots.pendulum", lambda: plots.pendulum(ax(), angle="up"), "angle must be a number"),
]
SILENT = {  # with the reason why no call of theirs is refused
    **RESULTS,
    **dict.fromkeys(("checks.check", "checks.hint"), "never raise: asked at the end of this file"),
    **dict.fromkeys(("checks.Hint", "checks.Result"), "what these two make"),
    "palette.css_variables": "takes nothing that can be wrong",
    "explore.Explore": "a widget that `explore` makes",
    **dict.fromkeys(
        ("protocols.Policy", "protocols.SoftmaxPolicy", "protocols.GaussianPolicy", "protocols.Environment"),
        "what a class of your own must have: nothing is made of them",
    ),
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("name, call, said", CALLS, ids=[f"{i:03d}-{name}" for i, (name, _, _) in enumerate(CALLS)])
def test_a_bad_call_is_told_what_was_expected(name, call, said):
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    message = str(caught.value)
    assert re.search(said, message), message
    assert len(message) < 400 and " at 0x" not in message, message
    origin = Path(traceback.extract_tb(caught.value.__traceback__)[-1].filename)
    assert {"policy_gradient", "learning_to_act"} & set(origin.parts) or "missing" in message, (
        f"raised by {origin}: the package ran into it"
    )
    assert caught.value.__cause__ is None and (caught.value.__context__ is None or caught.value.__suppress_context__), (
        "'During handling of the above exception': the reader would see two tracebacks"
    )


def test_every_public_name_that_takes_arguments_is_called_badly():
    called, wanted = {name for name, _, _ in CALLS}, set(public(palette)) - set(SILENT)
    assert called == wanted, (wanted - called, called - wanted)
    assert len(CALLS) >= 60


def test_a_bad_call_of_each_is_told_the_arguments_name():
    """Of a class: an argument of its own or of one of its methods."""
    for name, function in public(palette).items():
        if name in SILENT:
            continue
        methods = [f for _, f in inspect.getmembers(function, inspect.isfunction)] if inspect.isclass(function) else []
        own = {argument for one in [function, *methods] for argument in inspect.signature(one).parameters}
        said = [text for called, _, text in CALLS if called == name]
        assert any(re.search(rf"\b{argument}\b", text) for text in said for argument in own), name


def test_the_list_of_names_is_the_references():
    """Guards the tests above: it sees functions and classes of each module, and leaves out what takes nothing."""
    wanted = set(public(palette))
    assert {"softmax", "Adam", "rollout", "envs.ShortCorridor", "plots.bars", "ppo.ppo", "natural.kl"} <= wanted
    assert {"linear_quadratic.point_mass", "exact.moments", "testing.check_policy", "palette.color"} <= wanted
    assert not {"two_doors", "RPS", "CARTPOLE_RECIPE", "control.trained_pendulum"} & wanted
    assert set(SILENT) <= wanted
    text = PAGE.read_text("utf-8")
    lines = re.findall(r"automodule:: policy_gradient\.(\w+)", text)
    assert len(lines) > 20 and set(lines) <= {module.__name__.rpartition(".")[2] for module in modules()}


def test_checks_explain_instead_of_raising(capsys):
    """`check` and `hint` never raise: what is wrong with the call is the answer."""
    from learning_to_act.checks import check, hint

    for bad in (3, "no_such_exercise", None, io.StringIO, lambda: 0):
        result = check(bad)
        assert not result and len(str(result)) > 20
        assert len(str(hint(bad))) > 20
