"""Worlds and policies as a learner writes them, whose every part can be made wrong;
and how a refusal of theirs must read."""

import re
import traceback
from pathlib import Path

import gymnasium as gym
import numpy as np
from gymnasium import spaces, wrappers
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

import policy_gradient as pg
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


BEFORE, WITHIN = True, False  # is it known before the first step?
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


def refused_in_one_sentence(make, said, before):
    """By everything that plays; `before`: without a step taken."""
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


def table(wrong_worlds):
    """A line for each refusal, to be read."""
    for wrong, make, _, _before in wrong_worlds:
        error, taken = refused(make, PLAYERS["rollout"])
        yield f"{wrong:45} | {'before' if not taken else f'step {taken}':6} | {type(error).__name__}: {error}"
