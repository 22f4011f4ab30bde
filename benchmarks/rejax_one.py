"""Rejax's PPO, compiled by JAX for one core, with its own published settings; prints one line of JSON.

    python -m benchmarks.rejax_one CartPole-v1 475 9301 10

Compiled are the beginning and 1,000 steps of training; both are timed apart, once. Then each seed is trained by calling
the second again and again, judged by 100 fresh episodes in between with the clock stopped, until the target is met: the
rule of `ppo_one.py`. At the end the first ten run side by side in one program, as far as the slowest of them needed.
The tasks are gymnax's, with the rules of Gymnasium's; an end by the time limit counts as the end of the world there.
"""

import argparse
import json
import os
import sys
from time import process_time

from benchmarks.clock import peak_memory

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

EVERY, EPISODES, CAP = 1_000, 100, 200_000
# configs/gymnax/{cartpole,acrobot}.yaml of the project; one segment is 500 steps.
SETTINGS = dict(
    agent_kwargs={"activation": "tanh"},
    num_envs=5,
    num_steps=100,
    num_epochs=5,
    num_minibatches=5,
    learning_rate=0.00075,
    max_grad_norm=0.5,
    gamma=0.99,
    gae_lambda=0.95,
    clip_eps=0.2,
    ent_coef=0.01,
    vf_coef=0.5,
)


def learner(task):
    """(begin(key), more(state), test(state, key)): 1,000 steps of training,
    and the mean return of 100 fresh episodes."""
    import rejax
    from rejax.evaluate import evaluate

    algo = rejax.PPO.create(
        env=task,
        total_timesteps=EVERY,
        eval_freq=EVERY,
        skip_initial_evaluation=True,
        normalize_observations=task == "Acrobot-v1",
        **SETTINGS,
    ).replace(eval_callback=lambda algo, ts, rng: 0)

    def test(state, key):
        return evaluate(algo.make_act(state), key, algo.env, algo.env_params, EPISODES)[1].mean()

    return algo.init_state, lambda state: algo.train(train_state=state)[0], test


def compiled(begin, more, key):
    """(begin, more) compiled, and the CPU seconds that took."""
    import jax

    since = process_time()
    begin = jax.jit(begin).lower(key).compile()
    more = jax.jit(more).lower(begin(key)).compile()
    return begin, more, process_time() - since


def main(task, target, first, count):
    import jax

    jax.block_until_ready(jax.jit(lambda x: x + 1)(1.0))  # what the first call of all costs belongs to nobody
    keys = [jax.random.PRNGKey(seed) for seed in range(first, first + count)]
    plain_begin, plain_more, test = learner(task)
    begin, more, compiling = compiled(plain_begin, plain_more, keys[0])
    test, runs = jax.jit(test), []
    for seed, key in zip(range(first, first + count), keys):
        since = process_time()
        state, seconds, steps, score = begin(key), 0.0, 0, -float("inf")
        while score < target and steps < CAP:
            state, steps = jax.block_until_ready(more(state)), steps + EVERY
            seconds += process_time() - since
            score = float(test(state, jax.random.fold_in(key, steps)))
            since = process_time()
        arrival = (
            {"steps": steps, "seconds": round(seconds, 4)} if score >= target else {"steps": None, "seconds": None}
        )
        runs.append({"method": "rejax", "seed": seed, **arrival, "compiling": round(compiling, 4)})
        print(runs[-1], file=sys.stderr, flush=True)

    keys = keys[:10]
    most = max(run["steps"] or CAP for run in runs[: len(keys)])
    all_begin, all_more, compiling = compiled(jax.vmap(plain_begin), jax.vmap(plain_more), jax.numpy.stack(keys))
    since = process_time()
    states = all_begin(jax.numpy.stack(keys))
    for _ in range(most // EVERY):
        states = jax.block_until_ready(all_more(states))
    together = {"seeds": len(keys), "steps each": most, "compiling": compiling, "seconds": process_time() - since}
    print(json.dumps({"runs": runs, "together": together, "memory": round(peak_memory(), 1)}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("task", help="CartPole-v1 or Acrobot-v1")
    parser.add_argument("target", type=float, help="the mean return at which a seed is done")
    parser.add_argument("first", type=int, help="the first seed")
    parser.add_argument("count", type=int, help="how many seeds")
    main(**vars(parser.parse_args()))
