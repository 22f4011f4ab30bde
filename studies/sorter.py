"""The sorter on 20 seeds: four methods, passes over a batch, estimators against the exact gradient,
broken samplers, and a transformer.

    OPENBLAS_NUM_THREADS=1 python -m studies.sorter             # rewrites sorter.json, about six minutes of one thread

Every J is exact, over all 4,096 prompts. CPU seconds are of one thread.
"""

import argparse
import json
import re
import time
from pathlib import Path

import numpy as np
from scipy import stats

import policy_gradient as pg
from policy_gradient import sorting

SEEDS = range(301, 321)
RESULT = Path(__file__).with_suffix(".json")
TASK = pg.Sorting()
POLICY = pg.TokenPolicy(TASK, pg.MLPSoftmax((TASK.num_features, 128, TASK.base)))
HOWS = ("none", "leave_one_out", "std", "successes")
PASSES = (1, 2, 4, 8)
SAMPLERS = {
    "honest": (None, None),
    "temperature 0.7": ("temperature", 0.7),
    "temperature 1.5": ("temperature", 1.5),
    "top-p 0.9": ("top-p", 0.9),
    "top-p 0.7": ("top-p", 0.7),
    "noise 0.3": ("noise", 0.3),
}
CAP = 2.0


def start(seed, policy=POLICY, num_steps=600):
    """Imitation of 2,000 noisy demonstrations: right about one time in ten."""
    rng = np.random.default_rng(seed)
    prompts, tokens = TASK.demonstrations(rng, 2000)
    return pg.imitate(policy, policy.init(rng), prompts, tokens, rng, num_steps)


def until(level=0.95, window=20):
    """(callback, batches' mean rewards): stops when the last 20 batches average `level`."""
    log = []

    def callback(update, theta, rewards):
        log.append(rewards.mean())
        return len(log) > window and np.mean(log[-window:]) >= level

    return callback, log


def to_level(seed, theta, policy=POLICY, stream=0, **settings):
    """Batches of 32 x 8 answers until .95, exact J then, CPU seconds."""
    callback, log = until()
    clock = time.process_time()
    theta = pg.climb(
        policy,
        theta,
        TASK.prompts,
        TASK.reward,
        np.random.default_rng([seed, stream]),
        num_updates=600,
        callback=callback,
        **settings,
    )
    cpu = round(time.process_time() - clock, 2)
    return dict(updates=len(log), J=round(sorting.success(TASK, policy, theta), 4), cpu=cpu)


def one_estimate(theta, rng, how, num_prompts=32):
    prompts = np.repeat(TASK.prompts(rng, num_prompts), 8, axis=0)
    answers = POLICY.generate(theta, prompts, rng)
    a = pg.group_advantages(TASK.reward(prompts, answers).reshape(num_prompts, 8), how).ravel()
    return POLICY.weighted_score(theta, prompts, answers.tokens, pg.token_weights(a, answers.mask, "sum")).astype(
        np.float64
    )


def estimators(theta, rng, num=150):
    """{how: (mean along the exact gradient, total variance over its square)}"""
    g, found = sorting.exact(TASK, POLICY, theta)[1].astype(np.float64), {}
    for how in ("none", "mean", "leave_one_out", "std", "successes"):
        samples = np.array([one_estimate(theta, rng, how) for _ in range(num)])
        found[how] = [
            round(float(samples.mean(0) @ g / (g @ g)), 3),
            round(float(samples.var(0, ddof=1).sum() / (g @ g)), 3),
        ]
    return found


def at_level(theta, rng, level=0.6):
    return pg.climb(
        POLICY,
        theta,
        TASK.prompts,
        TASK.reward,
        rng,
        num_updates=600,
        callback=lambda update, theta, rewards: update % 5 == 4 and sorting.success(TASK, POLICY, theta) >= level,
    )


def bend(kind, amount, rng):
    """A sampler that is not the policy: a function of the logits (N, V)."""

    def top_p(z):
        order = np.argsort(-z, axis=1)
        probs = np.take_along_axis(pg.softmax(z), order, axis=1)
        keep = np.zeros(z.shape, bool)
        np.put_along_axis(keep, order, probs.cumsum(axis=1) - probs < amount, axis=1)
        return np.where(keep, z, -np.inf)

    return {
        None: None,
        "temperature": lambda z: z / amount,
        "noise": lambda z: z + amount * rng.standard_normal(z.shape),
        "top-p": top_p,
    }[kind]


def broken(seed, theta, kind, amount, cap, num_updates=150):
    rng = np.random.default_rng([seed, 3])
    theta = pg.climb(
        POLICY, theta, TASK.prompts, TASK.reward, rng, num_updates=num_updates, bend=bend(kind, amount, rng), cap=cap
    )
    return round(sorting.success(TASK, POLICY, theta), 4)


def held_out(seed, theta, num_updates=250):
    """(exact J of the half that was trained on, of the other half); imitation saw prompts of both."""
    every = TASK.every()[np.random.default_rng(9).permutation(4096)]
    theta = pg.climb(
        POLICY,
        theta,
        lambda rng, n: every[rng.integers(0, 2048, n)],
        TASK.reward,
        np.random.default_rng([seed, 4]),
        num_updates=num_updates,
    )
    return [round(sorting.success(TASK, POLICY, theta, part), 4) for part in (every[:2048], every[2048:])]


def small_transformer(seed):
    """The same task, start and settings in a transformer of one block."""
    policy = pg.Transformer(TASK.base, TASK.num_digits, TASK.num_digits)
    clock = time.process_time()
    theta = start(seed, policy)
    first = sorting.success(TASK, policy, theta)
    return dict(
        start=round(first, 4), imitation_cpu=round(time.process_time() - clock, 2), **to_level(seed, theta, policy)
    )


def interval(values):
    """(mean, low, high): Student's 95 % interval of the mean."""
    values = np.asarray(values, float)
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return [round(float(x), 3) for x in (values.mean(), values.mean() - half, values.mean() + half)]


def main(parts):
    result = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"seeds": list(SEEDS)}
    starts = {seed: start(seed) for seed in SEEDS}
    if "methods" in parts:
        result["start"] = [round(sorting.success(TASK, POLICY, theta), 4) for theta in starts.values()]
        result["start_pass_at_8"] = [
            round(float(1 - np.mean((1 - sorting.exact(TASK, POLICY, theta)[2]) ** 8)), 4) for theta in starts.values()
        ]
        result["methods"] = {how: [to_level(seed, theta, how=how) for seed, theta in starts.items()] for how in HOWS}
        result["held_out"] = [held_out(seed, theta) for seed, theta in starts.items()]
    if "passes" in parts:
        result["passes"] = {str(n): [to_level(seed, theta, epochs=n) for seed, theta in starts.items()] for n in PASSES}
    if "estimators" in parts:
        result["estimators"] = {
            "start": [estimators(theta, np.random.default_rng([seed, 5])) for seed, theta in list(starts.items())[:5]],
            "0.6": [
                estimators(at_level(theta, np.random.default_rng([seed, 6])), np.random.default_rng([seed, 7]))
                for seed, theta in list(starts.items())[:5]
            ],
        }
    if "samplers" in parts:
        result["samplers"] = {
            name: {
                weighed: [broken(seed, theta, *how, cap) for seed, theta in starts.items()]
                for weighed, cap in (("plain", None), ("capped", CAP))
                if weighed == "plain" or name not in ("honest", "noise 0.3")
            }
            for name, how in SAMPLERS.items()
        }
    if "transformer" in parts:
        result["transformer"] = [small_transformer(seed) for seed in SEEDS]
    text = re.sub(r"[\[{][^\[\]{}]*[\]}]", lambda m: " ".join(m[0].split()), json.dumps(result, indent=1))
    RESULT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("parts", nargs="*", default=["methods", "passes", "estimators", "samplers", "transformer"])
    main(parser.parse_args().parts)
