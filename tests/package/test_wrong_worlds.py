"""Worlds and policies that do not fit each other: right, or refused in one sentence before the first step.

For each: what is wrong, how it is made, what the refusal must say, and whether it can be known before a step is taken.
`python tests/package/test_wrong_worlds.py` prints the table of all refusals.
"""

import re
import traceback
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces, wrappers
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

import policy_gradient as pg
from policy_gradient import control
from policy_gradient.segments import segments

NEXT, SAME = AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP
LINE, SEEN, TWO = spaces.Box(-1, 1, (1,)), spaces.Discrete(3), spaces.Discrete(2)
NAN, NEWER = float("nan"), hasattr(wrappers, "DiscretizeAction")  # not yet in Gymnasium 1.2


class World(gym.Env):
    """One step long; shows samples of its space, and pays 1 for what its action space calls an action."""

    def __init__(self, seen=LINE, acted=TWO, pays=None):
        self.observation_space, self.action_space = seen, acted
        real = isinstance(acted, spaces.Box)  # in double precision too
        self.pays = pays or (lambda action: float(acted.contains(np.asarray(action, acted.dtype) if real else action)))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), self.pays(action), True, False, {}


def worlds(seen=LINE, acted=TWO, num=3, wrap=lambda env: env, mode=NEXT, **how):
    return SyncVectorEnv([lambda: wrap(World(seen, acted, **how))] * num, autoreset_mode=mode)


class Own(VectorEnv):
    """A vector environment as a learner writes one: two copies, five steps, then cut. Every part can be made wrong."""

    num_envs, metadata = 2, {"autoreset_mode": NEXT}
    single_observation_space, single_action_space = spaces.Box(-9, 9, (1,)), spaces.Discrete(2)
    obs = staticmethod(lambda t: np.full((2, 1), float(t)))
    rewards = staticmethod(lambda t: np.ones(2))
    terminated = staticmethod(lambda t: np.zeros(2, bool))
    truncated = staticmethod(lambda t: np.full(2, t == 5))
    info = staticmethod(lambda t: {})
    answers = staticmethod(lambda *five: five)

    def __init__(self, **changed):
        vars(self).update(changed)

    def reset(self, *, seed=None, options=None):
        self.t = 0
        return self.obs(0), {}

    def step(self, actions):
        self.t += 1
        return self.answers(
            *(part(self.t) for part in (self.obs, self.rewards, self.terminated, self.truncated, self.info))
        )


class Plays:
    """A policy as a learner writes one: only `sample`, of what is given."""

    def __init__(self, give):
        self.give = give

    def sample(self, theta, obs, rng):
        return self.give(len(obs))

    def weighted_score(self, theta, obs, actions, weights):
        return np.zeros(1)


def vector(name, num=3, **how):
    return gym.make_vec(name, num_envs=num, vectorization_mode="sync", **how)


def same(**changed):
    return Own(metadata={"autoreset_mode": SAME}, **changed)


MLP, TAB, GAUSS, SQUASHED = (
    pg.MLPSoftmax((1, 2)),
    pg.TabularSoftmax(3, 2),
    pg.LinearGaussian(1),
    pg.Squashed(pg.LinearGaussian(1)),
)
HEAD, ADD = "gymnasium.wrappers.", r"policy \(\w+\) must fit envs: it "
PICTURE = spaces.Box(0, 255, (8, 8, 3), np.uint8)
BEFORE, WITHIN = True, False

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
        lambda: (worlds(acted=spaces.Box(-1, 1, (2, 2))), pg.LinearGaussian(1, 4)),
        r"shape \(2, 2\): .*TransformAction",
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
        r"policy.sample must give real numbers of shape \(3, 1\)",
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
    # what comes back
    (
        "the old reset, without info",
        lambda: (type("Old", (Own,), {"reset": lambda self, **how: np.zeros((2, 1))})(), MLP),
        r"envs.reset must return \(obs, info\)",
        BEFORE,
    ),
    (
        "the old reset, without a seed",
        lambda: (type("Old", (Own,), {"reset": lambda self: np.zeros((2, 1))})(), MLP),
        "envs.reset must take a seed",
        BEFORE,
    ),
    (
        "a reset of another shape",
        lambda: (Own(obs=lambda t: np.zeros((1, 1))), MLP),
        r"envs.reset must return obs .* \(2, 1\), .*shape \(1, 1\)",
        BEFORE,
    ),
    (
        "objects",
        lambda: (Own(obs=lambda t: np.full((2, 1), None)), MLP),
        "envs.reset must return obs as an array of numbers",
        BEFORE,
    ),
    (
        "rows of unequal length",
        lambda: (Own(obs=lambda t: [[0.0], [0.0, 1.0]]), MLP),
        "envs.reset must return obs",
        BEFORE,
    ),
    (
        "NaN is seen",
        lambda: (Own(obs=lambda t: np.full((2, 1), NAN)), MLP),
        r"obs must be finite, but obs\[0, 0\] is nan",
        BEFORE,
    ),
    (
        "NaN is seen later",
        lambda: (Own(obs=lambda t: np.full((2, 1), [0.0, NAN][t > 0])), MLP),
        r"obs must be finite",
        WITHIN,
    ),
    (
        "another shape later",
        lambda: (Own(obs=lambda t: np.zeros((2, 1 + (t > 0)))), MLP),
        r"envs.step must return obs .*\(2, 1\)",
        WITHIN,
    ),
    (
        "whole at first, real later",
        lambda: (Own(obs=lambda t: np.full((2, 1), [0, 0.5][t > 0])), MLP),
        "of the kind that envs.reset gave, int64, got float64",
        WITHIN,
    ),
    (
        "four answers",
        lambda: (Own(answers=lambda o, r, d, c, i: (o, r, d | c, i)), MLP),
        r"envs.step must return \(obs, .* got 4 values: .*older",
        WITHIN,
    ),
    ("no answer", lambda: (Own(answers=lambda *five: None), MLP), "envs.step must return .* got None", WITHIN),
    (
        "a column of rewards",
        lambda: (Own(rewards=lambda t: np.ones((2, 1))), MLP),
        r"rewards as an array of numbers, shape \(2,\), .*\(2, 1\)",
        WITHIN,
    ),
    ("one reward for all", lambda: (Own(rewards=lambda t: 1.0), MLP), r"rewards as an array .*, got 1.0", WITHIN),
    (
        "rewards in words",
        lambda: (Own(rewards=lambda t: ["good", "bad"]), MLP),
        "rewards as an array of numbers",
        WITHIN,
    ),
    ("no rewards", lambda: (Own(rewards=lambda t: [None, None]), MLP), "rewards as an array of numbers", WITHIN),
    (
        "NaN for a reward",
        lambda: (Own(rewards=lambda t: np.array([1.0, [1, NAN][t == 3]])), MLP),
        "rewards must be finite, but at step 2 environment 1 of envs gave nan",
        WITHIN,
    ),
    (
        "an infinite reward",
        lambda: (Own(rewards=lambda t: np.full(2, -np.inf)), MLP),
        "rewards must be finite, but at step 0 environment 0",
        WITHIN,
    ),
    (
        "ends as numbers",
        lambda: (Own(terminated=lambda t: np.zeros(2)), MLP),
        r"terminated as an array of bool, shape \(2,\), .*float64",
        WITHIN,
    ),
    (
        "ends as whole numbers",
        lambda: (Own(truncated=lambda t: np.full(2, int(t == 5))), MLP),
        "truncated as an array of bool, .*int64",
        WITHIN,
    ),
    (
        "ends in a column",
        lambda: (Own(terminated=lambda t: np.zeros((2, 1), bool)), MLP),
        r"terminated as an array .*shape \(2, 1\)",
        WITHIN,
    ),
    (
        "one end for all",
        lambda: (Own(truncated=lambda t: t == 5), MLP),
        "truncated as an array of bool, .* got False",
        WITHIN,
    ),
    (
        "cut in the same step, and hidden",
        lambda: (same(), MLP),
        r'info\["final_obs"\] .*SAME_STEP.* environment 0 .*NEXT_STEP',
        WITHIN,
    ),
    (
        "cut, told under the old name",
        lambda: (same(info=lambda t: {"final_observation": np.ones((2, 1))}), MLP),
        'info\\["final_obs"\\]',
        WITHIN,
    ),
    (
        "cut, told for one of two",
        lambda: (same(info=lambda t: {"final_obs": [np.ones(1), None]}), MLP),
        "environment 1",
        WITHIN,
    ),
    (
        "cut, told that it is not told",
        lambda: (same(info=lambda t: {"final_obs": np.ones((2, 1)), "_final_obs": np.array([True, False])}), MLP),
        "environment 1",
        WITHIN,
    ),
    ("cut, no info", lambda: (same(info=lambda t: None), MLP), 'info\\["final_obs"\\]', WITHIN),
    (
        "cut, another shape told",
        lambda: (same(info=lambda t: {"final_obs": np.ones((2, 3))}), MLP),
        r'info\["final_obs"\] must hold obs .*\(1,\)',
        WITHIN,
    ),
]
PLAYERS = {
    "rollout": lambda envs, policy, theta: pg.rollout(envs, policy, theta, np.random.default_rng(0), max_steps=9),
    "reinforce": lambda envs, policy, theta: pg.reinforce(
        envs, policy, theta, np.random.default_rng(0), num_updates=1, max_steps=9, progress=False
    ),
    "segments": lambda envs, policy, theta: segments(envs, policy, np.random.default_rng(0), 9)(theta),
    "evaluate": lambda envs, policy, theta: pg.evaluate(envs, policy, theta, np.random.default_rng(0), max_steps=9),
    "evaluate, greedy": lambda envs, policy, theta: pg.evaluate(
        envs, policy, theta, np.random.default_rng(0), max_steps=9, greedy=True
    ),
}


def refused(make, player):
    """(the error, how many steps the environment had taken)."""
    envs, policy = make()
    size, taken = getattr(policy, "num_params", 1), []
    theta = np.zeros(size if isinstance(size, int) else 1)
    if hasattr(envs, "step") and not isinstance(envs, type):
        step, envs.step = envs.step, lambda actions: taken.append(1) or step(actions)
    try:
        player(envs, policy, theta)
    except Exception as error:
        return error, len(taken)
    return None, len(taken)


@pytest.mark.parametrize("wrong, make, said, before", WRONG, ids=[case[0].replace(" ", "-") for case in WRONG])
def test_a_wrong_world_is_refused_in_one_sentence(wrong, make, said, before):
    for name, player in PLAYERS.items():
        if name == "evaluate, greedy" and isinstance(make()[1], Plays):
            continue  # has no likeliest action
        error, taken = refused(make, player)
        message = str(error)
        assert isinstance(error, (ValueError, TypeError)), f"{name}: accepted, or {error!r}"
        assert re.search(said, message), f"{name}: {message}"
        assert taken == 0 or not before, f"{name}: {taken} steps were taken"
        origin = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
        assert "policy_gradient" in origin.parts, f"raised by {origin}: the package ran into it"
        assert len(message) < 400 and " at 0x" not in message and not re.search(r"\n|[a-z)]\. [A-Z]", message), message
        assert error.__cause__ is None and (error.__context__ is None or error.__suppress_context__), "two tracebacks"


def test_there_are_many():
    assert len(WRONG) >= 60 and len({case[0] for case in WRONG}) == len(WRONG)


def test_the_environments_to_judge_by_are_looked_at_before_training():
    good, wrong = worlds(), vector("CartPole-v1")
    for other, said in [
        (wrong, r"must fit eval_envs: .* but eval_envs show"),
        (gym.make("CartPole-v1"), "eval_envs must be"),
        (worlds(mode=AutoresetMode.DISABLED), "eval_envs must reset"),
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


def test_several_discrete_actions_may_begin_anywhere():
    acted = spaces.MultiDiscrete([2, 3], start=[1, -1])
    r = pg.rollout(worlds(acted=acted), Plays(lambda n: np.tile([1, 2], (n, 1))), np.zeros(1), np.random.default_rng(0))
    assert (r.rewards == 1).all() and r.actions.tolist() == [[[1, 2]] * 3]


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


def test_wrapping_a_gaussian_keeps_its_precision():
    rng = np.random.default_rng(0)
    for policy in (pg.LinearGaussian(2), pg.MLPGaussian((2, 3, 1))):
        squashed = pg.Squashed(policy)
        assert squashed.init(rng).dtype == policy.init(rng).dtype
        assert (
            squashed.init(rng, np.float32).dtype == np.float32
            and squashed.init(rng, dtype=np.float64).dtype == np.float64
        )
    assert pg.Squashed(pg.LinearGaussian(2)).init().dtype == np.float64


@pytest.mark.parametrize("mode", [NEXT, "NEXT_STEP", "NextStep"])
def test_an_autoreset_mode_may_be_told_by_its_name(mode):
    r = pg.rollout(Own(metadata={"autoreset_mode": mode}), MLP, np.zeros(4), np.random.default_rng(0))
    assert r.last_obs.tolist() == [[5], [5]] and r.truncated[-1].all()


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
    "told",
    [
        {"final_obs": np.full((2, 1), 5.0)},
        {"final_obs": [np.array([5.0])] * 2},
        {"final_obs": np.full((2, 1), 5.0), "_final_obs": np.ones(2, bool)},
    ],
)
def test_what_was_last_shown_may_be_told_with_a_mask_and_without(told):
    restarts = same(obs=lambda t: np.full((2, 1), t % 5.0), info=lambda t: told if t == 5 else {})
    r = pg.rollout(restarts, MLP, np.zeros(4), np.random.default_rng(0))
    assert r.last_obs.tolist() == [[5], [5]]
    np.testing.assert_allclose(pg.gae(r, r.obs[..., 0], r.last_obs[:, 0], 1.0, 0.0)[-1], 1 + 5 - 4)


def test_what_was_last_shown_does_not_matter_after_termination():
    restarts = same(
        obs=lambda t: np.full((2, 1), t % 5.0),
        terminated=lambda t: np.full(2, t == 5),
        truncated=lambda t: np.zeros(2, bool),
    )
    r = pg.rollout(restarts, MLP, np.zeros(4), np.random.default_rng(0))
    assert r.lengths.tolist() == [5, 5] and r.last_obs.tolist() == [[4], [4]]  # where it ended, not the next start
    np.testing.assert_allclose(pg.gae(r, r.obs[..., 0], r.last_obs[:, 0], 1.0, 0.0)[-1], 1 - 4)


def test_lists_will_do_where_arrays_are_meant():
    lists = Own(
        obs=lambda t: [[float(t)]] * 2,
        rewards=lambda t: [1, 1],
        terminated=lambda t: [False] * 2,
        truncated=lambda t: [t == 5] * 2,
    )
    arrays, listed = (pg.rollout(e, MLP, np.zeros(4), np.random.default_rng(0)) for e in (Own(), lists))
    for name in ("obs", "actions", "rewards", "mask", "terminated", "truncated", "last_obs"):
        np.testing.assert_array_equal(getattr(arrays, name), getattr(listed, name))
        assert getattr(arrays, name).dtype == getattr(listed, name).dtype


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
        assert not any("Discretize" in line for line in table())  # then no refusal names it
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


def table():
    for wrong, make, _, _before in WRONG:
        error, taken = refused(make, PLAYERS["rollout"])
        yield f"{wrong:45} | {'before' if not taken else f'step {taken}':6} | {type(error).__name__}: {error}"


if __name__ == "__main__":
    print(*table(), sep="\n")
