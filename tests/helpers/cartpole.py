"""CartPole and what learns it, small: for tests of segments and of PPO."""

import gymnasium as gym
import numpy as np

import policy_gradient as pg


def cartpole(n=4, mode=None):
    return (
        gym.make_vec("CartPole-v1", n, vectorization_mode="vector_entry_point")
        if mode is None
        else gym.make_vec("CartPole-v1", n, vectorization_mode="sync", vector_kwargs={"autoreset_mode": mode})
    )


def parts(seed=0, dtype=np.float64, **critic):
    rng = np.random.default_rng(seed)
    policy = pg.MLPSoftmax((4, 8, 2))
    return policy, policy.init(rng, dtype), pg.Critic((4, 8, 1), rng, gamma=0.98, lam=0.8, unit=50.0, **critic), rng
