"""Continuous actions by plain policy gradient: how surely and how fast, on seeds that chose no setting;
and one honest failure.

    OPENBLAS_NUM_THREADS=1 python -m studies.continuous_control     # rewrites continuous_control.json and the
                                                                    # package's data/pendulum.npz, about three minutes

CPU seconds are of one thread and include the evaluations that decide when to stop.
"""

import argparse
import json
import re
import time
from pathlib import Path

import numpy as np

import policy_gradient as pg
from policy_gradient import control
from policy_gradient.critic import Critic

SEEDS = range(201, 211)  # Pendulum: the first five
RESULT = Path(__file__).with_suffix(".json")
CHECKPOINTS = Path(pg.__file__).parent / "data" / "pendulum.npz"


def point_mass(seed):
    """Until the exact J of the policy, its own noise included, is within 3 % of Riccati's optimum."""
    rng, problem, policy = np.random.default_rng(seed), control.point_mass(), pg.LinearGaussian(2)
    best = problem.riccati()[1]

    def cost_ratio(theta):
        return problem.expected_return(theta[:2, None], theta[2:]) / best

    training = pg.reinforce(
        control.PointMass(1024),
        policy,
        policy.init(),
        rng,
        num_updates=300,
        scale=True,
        learning_rate=0.2,
        callback=lambda update, theta, batch: cost_ratio(theta) < 1.03,
        progress=False,
    )
    return training, cost_ratio(training.theta)


def cartpole(seed):
    """Until 100 fresh episodes of the sampled policy average 475; then 1,000 more."""
    rng, policy = np.random.default_rng(seed), pg.MLPGaussian((4, 64, 1))
    settings = pg.CARTPOLE_RECIPE | dict(learning_rate=0.03)
    training = pg.reinforce(
        control.ContinuousCartPole(32, bounds="clip"),
        policy,
        policy.init(rng),
        rng,
        num_updates=100,
        target_return=475,
        eval_envs=control.ContinuousCartPole(100, bounds="clip"),
        progress=False,
        **settings,
    )
    return training, lambda: fresh_return(control.ContinuousCartPole(1000, bounds="clip"), policy, training.theta, seed)


def pendulum(seed, callback=None):
    """One gradient step per batch of 32 episodes, advantages from a learned baseline; then 1,000 fresh episodes."""
    rng, policy = np.random.default_rng(seed), pg.MLPGaussian((3, 64, 1))
    critic = Critic((3, 64, 1), rng, gamma=0.95, lam=0.9, unit=10.0)
    training = pg.reinforce(
        control.Pendulum(32, bounds="clip"),
        policy,
        policy.init(rng),
        rng,
        num_updates=600,
        gamma=0.95,
        baseline=critic,
        scale=True,
        drop_gamma_t=True,
        learning_rate=0.01,
        target_return=-175,
        eval_envs=control.Pendulum(100, bounds="clip"),
        callback=callback,
        progress=False,
    )
    return training, lambda: fresh_return(control.Pendulum(1000, bounds="clip"), policy, training.theta, seed)


def pendulum_without_critic(seed):
    """The same with the batch's mean at each step as baseline, no network for values."""
    rng, policy = np.random.default_rng(seed), pg.MLPGaussian((3, 64, 1))
    training = pg.reinforce(
        control.Pendulum(32, bounds="clip"),
        policy,
        policy.init(rng),
        rng,
        num_updates=600,
        gamma=0.95,
        baseline="batch_mean",
        scale=True,
        drop_gamma_t=True,
        learning_rate=0.01,
        target_return=-175,
        eval_envs=control.Pendulum(100, bounds="clip"),
        progress=False,
    )
    return training, lambda: fresh_return(control.Pendulum(1000, bounds="clip"), policy, training.theta, seed)


def mountain_car(seed, num_updates=60, num_envs=8):
    """Plain REINFORCE on Gymnasium's MountainCarContinuous-v0, a batch of num_envs episodes: returns per update, how
    many episodes saw the goal, in all and in the last batch."""
    import gymnasium as gym

    rng, policy = np.random.default_rng(seed), pg.MLPGaussian((2, 64, 1))
    envs, seen = gym.make_vec("MountainCarContinuous-v0", num_envs, vectorization_mode="sync"), []
    training = pg.reinforce(
        envs,
        policy,
        policy.init(rng),
        rng,
        num_updates=num_updates,
        gamma=0.99,
        baseline="batch_mean",
        scale=True,
        drop_gamma_t=True,
        callback=lambda *args: seen.append(int(args[2].terminated.any(axis=0).sum())),
        progress=False,
    )
    std = float(np.exp(training.theta[-1]))
    return dict(
        seed=seed,
        returns=training.history["mean_return"].round(2).tolist(),
        episodes=num_envs * num_updates,
        reached_goal=sum(seen),
        reached_goal_last=seen[-1],
        final_std=round(std, 3),
    )


def fresh_return(envs, policy, theta, seed):
    return float(pg.evaluate(envs, policy, theta, np.random.default_rng([seed, 1])).mean())


def timed(train, seeds):
    """A row per seed: CPU seconds, updates, and how good the result is."""
    rows = []
    for seed in seeds:
        start = time.process_time()
        training, quality = train(seed)
        seconds = time.process_time() - start
        quality = quality() if callable(quality) else quality
        rows.append(
            dict(
                seed=seed,
                cpu_seconds=round(seconds, 2),
                updates=len(training.history["mean_return"]),
                result=round(float(quality), 4),
            )
        )
        print(train.__name__, rows[-1], flush=True)
    return rows


def store_checkpoints(seed=SEEDS[0], every=12):
    """Policies of one run, from the first update to the last, with their returns over 100 episodes."""
    kept = []

    def keep(update, theta, batch):
        if update % every == 0:
            kept.append((update, theta))

    training, _ = pendulum(seed, keep)
    kept.append((len(training.history["mean_return"]) - 1, training.theta))
    envs, policy = control.Pendulum(100, bounds="clip"), pg.MLPGaussian((3, 64, 1))
    returns = [pg.evaluate(envs, policy, theta, np.random.default_rng(1)).mean() for _, theta in kept]
    updates, thetas = zip(*kept)
    np.savez(CHECKPOINTS, thetas=np.array(thetas), updates=np.array(updates), mean_returns=np.array(returns).round(1))


def main():
    result = {
        train.__name__: timed(train, seeds)
        for train, seeds in (
            (point_mass, SEEDS),
            (cartpole, SEEDS),
            (pendulum, SEEDS[:5]),
            (pendulum_without_critic, SEEDS[:3]),
        )
    }
    result["mountain_car"] = [mountain_car(seed) for seed in SEEDS[:3]]
    text = re.sub(r"[\[{][^\[\]{}]*[\]}]", lambda m: " ".join(m[0].split()), json.dumps(result, indent=1))
    RESULT.write_text(text + "\n", encoding="utf-8")
    store_checkpoints()


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    main()
