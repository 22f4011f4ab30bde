"""Worlds and policies that do not fit each other: right, or refused in one sentence before the first step.

For each: what is wrong, how it is made, what the refusal must say, and whether it can be known before a step is taken.
`python -m tests.package.test_spaces` prints the table of all refusals.
"""

import re
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces, wrappers
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import policy_gradient as pg
from policy_gradient import control, ppo
from policy_gradient._spaces import autoreset_mode, critic_agreement
from policy_gradient.envs import ShortCorridor
from tests.helpers.ranks import refuses
from tests.helpers.worlds import (
    BEFORE,
    GAUSS,
    LINE,
    MLP,
    NAN,
    NEWER,
    NEXT,
    SAME,
    SEEN,
    SQUASHED,
    TAB,
    TWO,
    Own,
    Plays,
    World,
    refused,
    refused_in_one_sentence,
    table,
    vector,
    worlds,
)

HEAD, ADD = "gymnasium.wrappers.", r"policy \(\w+\) must fit envs: it "
PICTURE = spaces.Box(0, 255, (8, 8, 3), np.uint8)


class Told(Plays):
    num_actions = 2


WRONG = [  # what is wrong, environments and policy, what is said, whether before the first step
    # what is shown
    (
        "Blackjack shows a tuple of three",
        lambda: (vector("Blackjack-v1"), pg.MLPSoftmax((3, 2))),
        "envs must show arrays .* Tuple.*FlattenObservation.* 45 numbers",
        BEFORE,
    ),
    (
        "Blackjack, four of them, a table",
        lambda: (vector("Blackjack-v1", 4), pg.TabularSoftmax(704, 2)),
        "Tuple.*FlattenObservation",
        BEFORE,
    ),
    (
        "a dictionary",
        lambda: (worlds(spaces.Dict(a=LINE, b=SEEN)), MLP),
        "envs must show .* Dict.*FlattenObservation.* 4 numbers",
        BEFORE,
    ),
    (
        "text",
        lambda: (worlds(spaces.Text(4)), MLP),
        "envs must show arrays of numbers, but one observation is a Text",
        BEFORE,
    ),
    (
        "a sequence of any length",
        lambda: (worlds(spaces.Sequence(SEEN)), MLP),
        "Sequence.*TransformObservation",
        BEFORE,
    ),
    (
        "a graph",
        lambda: (Own(single_observation_space=spaces.Graph(LINE, None)), MLP),
        "Graph.*TransformObservation",
        BEFORE,
    ),
    ("one of two spaces", lambda: (worlds(spaces.OneOf([SEEN, LINE])), MLP), "envs must show arrays", BEFORE),
    (
        "pictures",
        lambda: (worlds(PICTURE), pg.MLPSoftmax((3, 2))),
        ADD + r"sees vectors of 3 numbers, but envs show arrays of whole numbers, shape \(8, 8, 3\): "
        r".*FlattenObservation.* 192",
        BEFORE,
    ),
    ("pictures, a Gaussian", lambda: (worlds(PICTURE, LINE), pg.LinearGaussian(3)), r"shape \(8, 8, 3\)", BEFORE),
    (
        "pictures, a table",
        lambda: (worlds(PICTURE), TAB),
        ADD + "sees whole numbers, but envs show arrays.*MLPSoftmax",
        BEFORE,
    ),
    ("a column of two", lambda: (worlds(spaces.Box(-1, 1, (2, 1))), MLP), r"shape \(2, 1\)", BEFORE),
    ("a bare real number", lambda: (worlds(spaces.Box(-1, 1, ())), MLP), r"shape \(\).*FlattenObservation", BEFORE),
    (
        "as many bare real numbers as features",
        lambda: (worlds(spaces.Box(-1, 1, ())), pg.MLPSoftmax((3, 2))),
        r"shape \(\)",
        BEFORE,
    ),
    (
        "sixteen FrozenLakes, taken for one vector",
        lambda: (vector("FrozenLake-v1", 16), pg.MLPSoftmax((16, 4))),
        ADD + r"sees vectors of 16 numbers, but envs show one whole number, 0 \.\. 15: take a TabularSoftmax\(16, "
        r"\.\.\.\), or wrap.*Flatten",
        BEFORE,
    ),
    (
        "Taxi, a network",
        lambda: (vector("Taxi-v4" if "Taxi-v4" in gym.registry else "Taxi-v3"), pg.MLPSoftmax((1, 6))),
        "TabularSoftmax\\(500",
        BEFORE,
    ),
    (
        "CartPole has four numbers, not three",
        lambda: (vector("CartPole-v1"), pg.MLPSoftmax((3, 2))),
        "vectors of 4 numbers: make the policy for 4",
        BEFORE,
    ),
    (
        "CartPole, a table",
        lambda: (vector("CartPole-v1"), TAB),
        ADD + "sees whole numbers, but envs show vectors of 4",
        BEFORE,
    ),
    (
        "a table for bounded numbers",
        lambda: (worlds(), TAB),
        HEAD + ("DiscretizeObservation" if NEWER else "TransformObservation"),
        BEFORE,
    ),
    (
        "a table for four bounded numbers",
        lambda: (worlds(spaces.Box(-1, 1, (2, 2))), TAB),
        HEAD + ("DiscretizeObservation" if NEWER else "TransformObservation"),
        BEFORE,
    ),
    (
        "a table for five bounded numbers, too many for bins",
        lambda: (worlds(spaces.Box(-1, 1, (5,))), TAB),
        HEAD + "TransformObservation, with a function that makes it one whole number",
        BEFORE,
    ),
    (
        "a table for a number without bounds",
        lambda: (worlds(spaces.Box(-np.inf, 1, (1,))), TAB),
        HEAD + "TransformObservation, with a function that makes it one whole number",
        BEFORE,
    ),
    (
        "several whole numbers, a table",
        lambda: (worlds(spaces.MultiDiscrete([3, 2])), TAB),
        "vectors of 2 whole numbers.*TransformObservation",
        BEFORE,
    ),
    (
        "bits, a network for two",
        lambda: (worlds(spaces.MultiBinary(4)), pg.MLPSoftmax((2, 2))),
        "vectors of 4 whole numbers: make the policy for 4",
        BEFORE,
    ),
    (
        "FrozenLake has more cells than rows",
        lambda: (vector("FrozenLake-v1"), pg.TabularSoftmax(9, 4)),
        r"sees whole numbers 0 \.\. 8, but envs show one whole number, 0 \.\. 15: make the policy for 16",
        BEFORE,
    ),
    (
        "one row too few",
        lambda: (worlds(SEEN), pg.TabularSoftmax(2, 2)),
        r"sees whole numbers 0 \.\. 1, but envs show one whole number, 0 \.\. 2: make the policy for 3",
        BEFORE,
    ),
    (
        "observations that begin at 3",
        lambda: (worlds(spaces.Discrete(3, start=3)), TAB),
        r"3 \.\. 5: .*TransformObservation, which takes 3 off",
        BEFORE,
    ),
    (
        "observations that begin below 0",
        lambda: (worlds(spaces.Discrete(3, start=-1)), TAB),
        r"-1 \.\. 1: .*takes -1 off",
        BEFORE,
    ),
    (
        "no observation space",
        lambda: (Own(single_observation_space=None), MLP),
        "envs.single_observation_space must be a gymnasium.Space",
        BEFORE,
    ),
    (
        "the number of features for an observation space",
        lambda: (Own(single_observation_space=3), MLP),
        "envs.single_observation_space must be a gymnasium.Space, .* got 3",
        BEFORE,
    ),
    # what is done
    (
        "no action space",
        lambda: (Own(single_action_space=None), MLP),
        "envs.single_action_space must be a gymnasium.Space, .* got None",
        BEFORE,
    ),
    (
        "a Gaussian in CartPole",
        lambda: (vector("CartPole-v1"), pg.LinearGaussian(4)),
        ADD + "draws real numbers, .*softmax policy with 2 actions",
        BEFORE,
    ),
    (
        "a squashed Gaussian in CartPole",
        lambda: (vector("CartPole-v1"), pg.Squashed(pg.LinearGaussian(4))),
        ADD + "draws real numbers",
        BEFORE,
    ),
    (
        "a softmax in Pendulum",
        lambda: (vector("Pendulum-v1"), pg.MLPSoftmax((3, 2))),
        ADD
        + "chooses one action, but envs take vectors of 1 number: take a LinearGaussian .*"
        + ("DiscretizeAction" if NEWER else "TransformAction"),
        BEFORE,
    ),
    ("a table in a continuous world", lambda: (worlds(SEEN, LINE), TAB), ADD + "chooses one action", BEFORE),
    (
        "two motors, one number",
        lambda: (worlds(acted=spaces.Box(-1, 1, (2,))), GAUSS),
        "draws 1 number, .*: make the policy for 2",
        BEFORE,
    ),
    (
        "one motor, two numbers",
        lambda: (worlds(acted=LINE), pg.LinearGaussian(1, 2)),
        "draws 2 numbers, .*: make the policy for 1",
        BEFORE,
    ),
    (
        "a matrix of motors",
        lambda: (worlds(acted=spaces.Box(-1, 1, (2, 3))), pg.LinearGaussian(1, 6)),
        r"shape \(2, 3\): .*TransformAction, .* make the policy for 6$",
        BEFORE,
    ),
    (
        "a motor without an axis",
        lambda: (worlds(acted=spaces.Box(-1, 1, ())), GAUSS),
        r"shape \(\): .*TransformAction",
        BEFORE,
    ),
    (
        "whole numbers in a box",
        lambda: (worlds(acted=spaces.Box(0, 5, (1,), np.int64)), GAUSS),
        "draws real numbers, .*whole number: take a softmax",
        BEFORE,
    ),
    (
        "several discrete, a softmax",
        lambda: (worlds(acted=spaces.MultiDiscrete([2, 3])), MLP),
        ADD + r"chooses one action, .*TransformAction, .*one of 6 actions \(numpy.unravel_index\)",
        BEFORE,
    ),
    (
        "several discrete, a Gaussian",
        lambda: (worlds(acted=spaces.MultiDiscrete([2, 3])), pg.LinearGaussian(1, 2)),
        "draws real numbers.*softmax",
        BEFORE,
    ),
    ("bits, a softmax", lambda: (worlds(acted=spaces.MultiBinary(3)), MLP), "one of 8 actions", BEFORE),
    (
        "a tuple of actions",
        lambda: (worlds(acted=spaces.Tuple([SEEN, SEEN])), MLP),
        "envs must take arrays of numbers, .*Tuple.*TransformAction",
        BEFORE,
    ),
    (
        "a dictionary of actions",
        lambda: (worlds(acted=spaces.Dict(a=LINE)), GAUSS),
        "envs must take arrays of numbers, .*Dict",
        BEFORE,
    ),
    (
        "three of FrozenLake's four actions",
        lambda: (vector("FrozenLake-v1"), pg.TabularSoftmax(16, 3)),
        "has 3 actions, .*: make the policy for 4",
        BEFORE,
    ),
    (
        "a third action in CartPole",
        lambda: (vector("CartPole-v1"), pg.MLPSoftmax((4, 3))),
        "has 3 actions, .*: make the policy for 2",
        BEFORE,
    ),
    (
        "squashed beyond the box",
        lambda: (vector("Pendulum-v1"), pg.Squashed(pg.LinearGaussian(3), 3.0)),
        r"executes from -3 to 3, but envs take numbers from -2 to 2: take limit=2$",
        BEFORE,
    ),
    (
        "squashed beyond the narrowest side of a box",
        lambda: (
            worlds(acted=spaces.Box(np.array([-1, -3]), np.array([3, 2]), dtype=float)),
            pg.Squashed(pg.LinearGaussian(1, 2), 1.5),
        ),
        r"executes from -1.5 to 1.5, but envs take numbers from -1 to 2: take limit=1$",
        BEFORE,
    ),
    (
        "squashed beyond the lower of two upper sides",
        lambda: (
            worlds(acted=spaces.Box(np.array([-9, -9]), np.array([3, 2]), dtype=float)),
            pg.Squashed(pg.LinearGaussian(1, 2), 2.5),
        ),
        r"executes from -2.5 to 2.5, but envs take numbers from -9 to 2: take limit=2$",
        BEFORE,
    ),
    (
        "squashed to both sides of a one-sided box",
        lambda: (worlds(acted=spaces.Box(0, 1, (1,))), SQUASHED),
        r"RescaleAction\(env, -1, 1\)",
        BEFORE,
    ),
    (
        "squashed twice",
        lambda: (control.Pendulum(3, bounds="squash"), pg.Squashed(pg.LinearGaussian(3), 2.0)),
        'bounds="squash".*so does policy',
        BEFORE,
    ),
    # who plays
    (
        "one environment, not a vector",
        lambda: (gym.make("CartPole-v1"), MLP),
        "envs must be a gymnasium.vector.VectorEnv .*make_vec",
        BEFORE,
    ),
    (
        "what cannot be reset",
        lambda: (SimpleNamespace(num_envs=2, step=Own.step, metadata=Own.metadata), MLP),
        "envs must be a gymnasium.vector.VectorEnv",
        BEFORE,
    ),
    ("the class itself", lambda: (Own, MLP), "envs must be a gymnasium.vector.VectorEnv", BEFORE),
    ("nothing", lambda: (None, MLP), "envs must be a gymnasium.vector.VectorEnv", BEFORE),
    ("no environments at all", lambda: (Own(num_envs=0), MLP), "envs.num_envs must be at least 1, got 0", BEFORE),
    ("two and a half environments", lambda: (Own(num_envs=2.5), MLP), "envs.num_envs must be a whole number", BEFORE),
    (
        "never starts again",
        lambda: (worlds(mode=AutoresetMode.DISABLED), MLP),
        "NEXT_STEP or SAME_STEP, got 'Disabled' .*vector_kwargs",
        BEFORE,
    ),
    ("says nothing of how it starts again", lambda: (Own(metadata=None), MLP), "autoreset_mode.* got None", BEFORE),
    (
        "starts again in a way of its own",
        lambda: (Own(metadata={"autoreset_mode": "LATER"}), MLP),
        "autoreset_mode.* got 'LATER'",
        BEFORE,
    ),
    (
        "starts again in two ways",
        lambda: (Own(metadata={"autoreset_mode": [NEXT, SAME]}), MLP),
        "autoreset_mode.* must be NEXT_STEP or SAME_STEP, got",
        BEFORE,
    ),
    (
        "a policy that cannot draw",
        lambda: (worlds(), np.zeros(3)),
        "policy must be a policy with .*sample|policy \\(ndarray\\) must fit",
        BEFORE,
    ),
    ("a policy's class", lambda: (worlds(), pg.MLPSoftmax), "policy must be .*the class MLPSoftmax itself", BEFORE),
    (
        "actions in a column",
        lambda: (worlds(), Plays(lambda n: np.zeros((n, 1), int))),
        r"policy.sample must give whole numbers of shape \(3,\)",
        BEFORE,
    ),
    (
        "one action for all",
        lambda: (worlds(), Plays(lambda n: 1)),
        r"policy.sample must give whole numbers of shape \(3,\), .* got",
        BEFORE,
    ),
    (
        "a row for a column of motors",
        lambda: (worlds(acted=LINE), Plays(np.zeros)),
        r"policy.sample must give real numbers of shape \(3, 1\), .*, got an array of float64 values, shape \(3,\)$",
        BEFORE,
    ),
    (
        "half an action",
        lambda: (worlds(), Plays(lambda n: np.full(n, 0.5))),
        "policy.sample must give whole numbers",
        BEFORE,
    ),
    (
        "an action too many",
        lambda: (worlds(), Plays(lambda n: np.arange(n))),
        "policy.sample must give actions from 0 to 1, got from 0 to 2",
        BEFORE,
    ),
    (
        "an action too many of a policy that says how many it has",
        lambda: (worlds(), Told(lambda n: np.arange(n))),
        "policy.sample must give actions from 0 to 1, got from 0 to 2",
        BEFORE,
    ),
    (
        "an action below 0",
        lambda: (worlds(), Plays(lambda n: np.arange(n) - 1)),
        "policy.sample must give actions from 0 to 1, got from -1 to 1$",
        BEFORE,
    ),
    (
        "an action before the first",
        lambda: (worlds(acted=spaces.Discrete(2, start=1)), Plays(lambda n: np.arange(n))),
        "envs count from 1",
        BEFORE,
    ),
    (
        "actions of unequal length",
        lambda: (worlds(), Plays(lambda n: [[0], [0, 1], []])),
        "policy.sample must give an array of actions",
        BEFORE,
    ),
    ("no actions", lambda: (worlds(), Plays(lambda n: None)), "policy.sample must give whole numbers", BEFORE),
    (
        "NaN for a motor",
        lambda: (worlds(acted=LINE), Plays(lambda n: np.full((n, 1), NAN))),
        "actions must be finite",
        BEFORE,
    ),
]


@pytest.mark.parametrize("wrong, make, said, before", WRONG, ids=[case[0].replace(" ", "-") for case in WRONG])
def test_a_wrong_world_is_refused_in_one_sentence(wrong, make, said, before):
    refused_in_one_sentence(make, said, before)


def test_there_are_many():
    assert len(WRONG) >= 60 and len({case[0] for case in WRONG}) == len(WRONG)


def test_the_environments_to_judge_by_are_looked_at_before_training():
    good, wrong = worlds(), vector("CartPole-v1")
    for other, said in [
        (wrong, r"must fit eval_envs: .* but eval_envs show"),
        (gym.make("CartPole-v1"), "eval_envs must be"),
        (worlds(mode=AutoresetMode.DISABLED), "eval_envs must reset"),
        (Own(num_envs=0), "eval_envs.num_envs must be at least 1"),
    ]:
        error, taken = refused(
            lambda: (good, MLP),
            lambda envs, policy, theta: pg.reinforce(
                envs, policy, theta, np.random.default_rng(0), num_updates=1, eval_envs=other, target_return=9.0
            ),
        )
        assert isinstance(error, (ValueError, TypeError)) and re.search(said, str(error)) and not taken, error


# What fits is right ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("start", [0, 1, -3, 7])
def test_actions_may_begin_anywhere(start):
    """The environment gets start .. start + n - 1; what is stored are the policy's own, 0 .. n - 1."""
    sent = []
    pays = lambda action: sent.append(int(action)) or float(action == start + 1)  # noqa: E731
    arms = worlds(acted=spaces.Discrete(2, start=start), num=64, pays=pays)
    theta = MLP.init(np.random.default_rng(0))
    r = pg.rollout(arms, MLP, theta, np.random.default_rng(1))
    np.testing.assert_array_equal(r.actions.ravel() + start, sent)
    np.testing.assert_array_equal(r.rewards, r.actions == 1)
    assert set(r.actions.ravel()) == {0, 1} and np.isfinite(MLP.log_prob(theta, r.obs, r.actions)).all()
    trained = pg.reinforce(
        arms, MLP, theta, np.random.default_rng(2), num_updates=60, learning_rate=0.2, progress=False
    )
    assert trained.history["mean_return"][-1] > 0.9
    assert (pg.evaluate(arms, MLP, trained.theta, np.random.default_rng(3), greedy=True) == 1).all()


@pytest.mark.parametrize("start", [[1, -1], [0, 4], [-2, 0]])
def test_several_discrete_actions_may_begin_anywhere(start):
    acted = spaces.MultiDiscrete([2, 3], start=start)
    r = pg.rollout(worlds(acted=acted), Plays(lambda n: np.tile([1, 2], (n, 1))), np.zeros(1), np.random.default_rng(0))
    assert (r.rewards == 1).all() and r.actions.tolist() == [[[1, 2]] * 3]


@pytest.mark.parametrize(
    "acted, actions",
    [
        (TWO, np.array([0, 1, 1], np.uint8)),
        (spaces.Discrete(3, start=-1), np.array([0, 1, 2], np.uint8)),
        (spaces.Box(0, 5, (1,), np.int64), np.array([[0], [5], [3]])),
        (spaces.Box(0, 5, (1,), np.int64), np.array([[0], [5], [3]], np.uint8)),
    ],
)
def test_whole_numbers_of_any_kind_are_actions(acted, actions):
    r = pg.rollout(worlds(acted=acted), Plays(lambda n: actions), np.zeros(1), np.random.default_rng(0))
    assert (r.rewards == 1).all() and r.actions.tolist() == [actions.tolist()]


def test_a_table_may_have_rows_that_are_never_seen():
    policy = pg.TabularSoftmax(5, 2)
    r = pg.rollout(worlds(spaces.Discrete(3, start=2)), policy, np.zeros(10), np.random.default_rng(0))
    assert set(r.obs.ravel()) <= {2, 3, 4} and (r.rewards == 1).all()


def test_a_policy_may_execute_something_else_within_bounds_of_its_own():
    """Without a `limit` nothing is known of these: what it executes is sent."""
    policy = Plays(lambda n: np.full((n, 1), 40.0))
    policy.execute = lambda actions: actions / 80
    r = pg.rollout(worlds(acted=LINE, pays=lambda action: action[0]), policy, np.zeros(1), np.random.default_rng(0))
    assert (r.rewards == 0.5).all() and (r.actions == 40).all()


@pytest.mark.parametrize("limit", [0.7, 0.3])
def test_a_limit_that_single_precision_rounds_fits(limit):
    """float32(0.7) lies below 0.7, float32(0.3) above 0.3."""
    box = spaces.Box(-limit, limit, (1,), np.float32)
    r = pg.rollout(
        worlds(acted=box, pays=lambda action: abs(action[0])),
        pg.Squashed(GAUSS, limit),
        np.zeros(2),
        np.random.default_rng(0),
    )
    assert (r.rewards <= limit).all()


class Echo(World):
    """Pays the action it got."""

    def step(self, action):
        return self.observation_space.sample(), float(action[0]), True, False, {}


@pytest.mark.parametrize("limit", [1.0, 0.3])
def test_a_squashed_policy_is_squashed_in_the_world_and_stored_as_it_was_drawn(limit):
    echo = SyncVectorEnv([lambda: Echo(LINE, LINE)] * 50)
    policy, theta = pg.Squashed(pg.LinearGaussian(1), limit), np.array([0.4, 1.0])
    r = pg.rollout(echo, policy, theta, np.random.default_rng(0))
    assert abs(r.actions).max() > 2 > abs(r.rewards).max()
    np.testing.assert_allclose(r.rewards, limit * np.tanh(r.actions[..., 0]), rtol=1e-6)
    by_hand = pg.finite_difference(lambda th: policy.log_prob(th, r.obs, r.actions).sum(), theta)
    np.testing.assert_allclose(policy.weighted_score(theta, r.obs, r.actions, 1.0), by_hand, rtol=1e-6)
    greedy = pg.evaluate(echo, policy, theta, np.random.default_rng(0), greedy=True)
    seen = echo.reset(seed=int(np.random.default_rng(0).integers(2**31)))[0]
    np.testing.assert_allclose(greedy, limit * np.tanh(0.4 * seen[:, 0]), rtol=1e-6)


@pytest.mark.slow
def test_the_gradient_of_a_squashed_policy_is_that_of_what_the_world_pays():
    """J(theta) = E[limit tanh(u)], u = mean + std * noise, by quadrature; the sampled gradient points at its slope."""
    echo, policy, theta = (
        SyncVectorEnv([lambda: Echo(spaces.Box(1, 1, (1,)), LINE)] * 400),
        pg.Squashed(pg.LinearGaussian(1)),
        np.array([0.5, 0.2]),
    )
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)

    def J(theta):
        return np.tanh(theta[0] + np.exp(theta[1]) * nodes) @ weights / np.sqrt(2 * np.pi)

    rng, samples = np.random.default_rng(0), []
    for _ in range(20):
        r = pg.rollout(echo, policy, theta, rng)
        samples.append(pg.gradient_samples(policy, theta, r, pg.psi_reward_to_go(r, 1.0, baseline=J(theta))))
    samples = np.concatenate(samples)
    error = samples.std(axis=0) / len(samples) ** 0.5
    assert (abs(samples.mean(axis=0) - pg.finite_difference(J, theta)) < 4 * error).all() and (error < 0.02).all()


@pytest.mark.parametrize("mode", [NEXT, "NEXT_STEP", "NextStep"])
def test_an_autoreset_mode_may_be_told_by_its_name(mode):
    r = pg.rollout(Own(metadata={"autoreset_mode": mode}), MLP, np.zeros(4), np.random.default_rng(0))
    assert r.last_obs.tolist() == [[5], [5]] and r.truncated[-1].all()


class Around:
    """A wrapper that passes on what a vector environment must have, and no other part of what it holds."""

    def __init__(self, envs):
        self.unwrapped, self.num_envs, self.metadata = envs, envs.num_envs, {"autoreset_mode": SAME}
        self.reset, self.step = envs.reset, envs.step
        self.single_observation_space, self.single_action_space = (
            envs.single_observation_space,
            envs.single_action_space,
        )


def test_what_a_vector_says_of_itself_counts_more_than_metadata_and_through_a_wrapper():
    held = Own(metadata={"autoreset_mode": SAME}, autoreset_mode=NEXT)
    assert autoreset_mode(held) == autoreset_mode(Around(held)) == "NextStep"
    pendulum = Around(control.Pendulum(3, bounds="squash"))
    refuses(
        lambda: pg.rollout(pendulum, pg.Squashed(pg.LinearGaussian(3), 2.0), np.zeros(4), np.random.default_rng(0)),
        'envs squash actions .*, and so does policy: make them with bounds="refuse"',
    )


def test_vectors_of_one_class_keep_their_modes_apart():
    """Their metadata may be one dictionary: the newest mode would stand in it for all."""

    class Cut(World):
        metadata = {"render_modes": []}

        def reset(self, *, seed=None, options=None):
            return np.zeros(1, np.float32), {}

        def step(self, action):
            return np.ones(1, np.float32), 1.0, False, True, {}

    vectors = [SyncVectorEnv([lambda: Cut(LINE)] * 3, autoreset_mode=mode) for mode in (NEXT, SAME)]
    for made in [*vectors, wrappers.vector.RecordEpisodeStatistics(vectors[0])]:
        r = pg.rollout(made, MLP, np.zeros(4), np.random.default_rng(0))
        assert r.obs.tolist() == [[[0]] * 3] and r.last_obs.tolist() == [[1]] * 3


@pytest.mark.parametrize(
    "space, size",
    [(spaces.MultiBinary(4), 4), (spaces.MultiDiscrete([3, 5]), 2), (spaces.Box(-np.inf, np.inf, (3,)), 3)],
)
def test_every_vector_of_numbers_can_be_seen(space, size):
    policy = pg.MLPSoftmax((size, 2))
    r = pg.rollout(worlds(space), policy, np.zeros(policy.num_params), np.random.default_rng(0))
    assert r.obs.shape == (1, 3, size) and (r.rewards == 1).all()


# Each wrapper that a refusal names does help --------------------------------------------------------------------------


def unravelled(env):
    return wrappers.TransformAction(env, lambda a: np.array(np.unravel_index(a, (2, 3))), spaces.Discrete(6))


def shifted(env):
    return wrappers.TransformObservation(env, lambda s: s - 3, spaces.Discrete(3))


def discretized(part, num):
    return lambda env: getattr(wrappers, f"Discretize{part}")(env, num)


CURES = [
    (
        "FlattenObservation, Blackjack",
        lambda: vector("Blackjack-v1", wrappers=[wrappers.FlattenObservation]),
        pg.MLPSoftmax((45, 2)),
    ),
    (
        "FlattenObservation, a picture",
        lambda: worlds(PICTURE, wrap=wrappers.FlattenObservation),
        pg.MLPSoftmax((192, 2)),
    ),
    (
        "FlattenObservation, FrozenLake",
        lambda: vector("FrozenLake-v1", 16, wrappers=[wrappers.FlattenObservation]),
        pg.MLPSoftmax((16, 4)),
    ),
    (
        "FlattenObservation, a dictionary",
        lambda: worlds(spaces.Dict(a=LINE, b=SEEN), wrap=wrappers.FlattenObservation),
        pg.MLPSoftmax((4, 2)),
    ),
    ("FlattenObservation, a bare number", lambda: worlds(spaces.Box(-1, 1, ()), wrap=wrappers.FlattenObservation), MLP),
    ("DiscretizeObservation", lambda: worlds(wrap=discretized("Observation", 5)), pg.TabularSoftmax(5, 2)),
    (
        "DiscretizeAction, Pendulum",
        lambda: vector("Pendulum-v1", wrappers=[discretized("Action", 3)]),
        pg.MLPSoftmax((3, 3)),
    ),
    (
        "TransformAction, several discrete",
        lambda: worlds(acted=spaces.MultiDiscrete([2, 3]), wrap=unravelled),
        pg.MLPSoftmax((1, 6)),
    ),
    ("TransformObservation, from 3 on", lambda: worlds(spaces.Discrete(3, start=3), wrap=shifted), TAB),
    (
        "RescaleAction, a one-sided box",
        lambda: worlds(acted=spaces.Box(0, 1, (1,)), wrap=lambda env: wrappers.RescaleAction(env, -1, 1)),
        SQUASHED,
    ),
    ("a limit that fits", lambda: vector("Pendulum-v1"), pg.Squashed(pg.LinearGaussian(3), 2.0)),
    (
        "a table for Taxi",
        lambda: vector("Taxi-v4" if "Taxi-v4" in gym.registry else "Taxi-v3"),
        pg.TabularSoftmax(500, 6),
    ),
    ("bounds that refuse", lambda: control.Pendulum(3), pg.Squashed(pg.LinearGaussian(3), 2.0)),
]


@pytest.mark.parametrize(
    "make, policy", [case[1:] for case in CURES], ids=[case[0].replace(" ", "-") for case in CURES]
)
def test_the_cure_that_is_named_is_one(request, make, policy):
    if "Discretize" in request.node.name and not NEWER:
        assert not any("Discretize" in line for line in table(WRONG))  # then no refusal names it
        return
    world, rng = make(), np.random.default_rng(0)
    theta = policy.init(rng)
    r = pg.rollout(world, policy, theta, rng, max_steps=4)
    assert r.actions.shape[:2] == r.mask.shape and r.mask[0].all()
    training = pg.reinforce(world, policy, theta, rng, num_updates=2, max_steps=4, progress=False)
    assert np.isfinite(training.theta).all()
    assert np.isfinite(pg.evaluate(world, policy, theta, rng, max_steps=4, greedy=True)).all()
    if isinstance(world, SyncVectorEnv) and isinstance(world.envs[0].unwrapped, World):
        assert (r.rewards[r.mask] == 1).all()  # what arrived was an action of the world's own space


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


def test_a_critic_that_sees_vectors_is_told_how_pictures_become_one():
    wrong = pg.Critic((8, 1), np.random.default_rng(0), gamma=0.9)
    for seen, cure in (
        (PICTURE, HEAD + "FlattenObservation, and make the critic for 192 numbers"),
        (spaces.Box(-1, 1, (3,)), "make it for 3$"),
    ):
        refuses(
            lambda: critic_agreement(worlds(seen), wrong),
            rf"critic \(Critic\) must fit envs: it sees vectors of 8 numbers, but envs show .*: .*{cure}",
        )


if __name__ == "__main__":
    print(*table(WRONG), sep="\n")
