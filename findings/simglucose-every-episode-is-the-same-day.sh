#!/usr/bin/env bash
# Guess: each reset of simglucose's Gymnasium environment begins a new day, as that of its Gym environment does, which it wraps: given a list of
#   patients, a random one is drawn "every time the environment is reset" (README). And reset(seed=...) decides which.
# Seen, simglucose 0.2.11 with Gymnasium 0.29.1: all episodes of one environment are the same one. Ten patients are listed, and each of five
#   episodes, seeds 0 to 3 and none, has the same patient, the same readings of the sensor and the same meals at the same minutes, number for
#   number; under one policy the returns agree to the last digit. What does choose the day is the constructor's argument seed=...; without it
#   each environment that is made draws a day of its own, and keeps it. The Gym environment, reset five times: five different beginnings.
# Matters: an agent learns one day of one patient by heart, and its evaluation over 100 episodes is one episode, with a standard deviation of 0.
#   A second environment, made for the evaluation, is one other day: the gap looks like a failure to generalise, or like luck of the seed.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check simglucose==0.2.11 gymnasium==0.29.1 gym==0.9.4 numpy==1.26.4 \
  scipy==1.13.1 pandas==2.2.3 matplotlib==3.9.4 setuptools==65.5.0
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from simglucose.envs import T1DSimEnv, T1DSimGymnaisumEnv

PATIENTS = [f"adolescent#{number:03d}" for number in range(1, 11)]


def day(env, seed):
    """What one episode of eight hours shows: patient, readings of the sensor, meals, return. Always the same basal insulin."""
    reading, info = env.reset(seed=seed)
    readings, meals, total = [float(reading[0])], [], 0.0
    for step in range(160):
        reading, reward, terminated, _, info = env.step(np.array([0.02], dtype=np.float32))
        readings.append(float(reading[0]))
        total += float(reward)
        if info["meal"] > 0:
            meals.append((3 * step, round(info["meal"] * 3)))                   # minute, grams
        if terminated:
            break
    return info["patient_name"], readings, meals, total


env = T1DSimGymnaisumEnv(patient_name=PATIENTS, seed=7)
days = [day(env, seed) for seed in (0, 1, 2, 3, None)]
for who, readings, meals, total in days:
    print(f"Gymnasium, one environment: {who} begins at {readings[0]:.1f}, meals {meals}, return {total:.6f}")
assert all(found == days[0] for found in days), "episodes differ now"

again, *others = [day(T1DSimGymnaisumEnv(patient_name=PATIENTS, seed=seed), 0) for seed in (7, 8, None, None)]
for who, readings, meals, total in others:
    print(f"Gymnasium, other ones:      {who} begins at {readings[0]:.1f}, meals {meals}, return {total:.6f}")
assert again == days[0]                                                         # the constructor's seed is the day
assert len({found[1][0] for found in (again, *others)}) == 4

gym_env = T1DSimEnv(patient_name=PATIENTS, seed=7)
starts = [gym_env.reset().CGM for _ in range(5)]
print("Gym, one environment: begins at", [round(float(start), 1) for start in starts])
assert len(set(starts)) == 5
PY
