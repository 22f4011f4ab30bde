#!/usr/bin/env bash
# Guess: two environments of BlueSky-Gym are two, as gym.make makes them: what is done in the one changes nothing in the other. So one can evaluate
#   in one in the middle of an episode of the other, and put several side by side in a vector environment.
# Seen, BlueSky-Gym 0.2.0 with BlueSky 1.1.1: all environments of a process fly in the one simulator of the module bluesky, and so in one sky. In
#   HorizontalCREnv an aircraft is 15 km before its waypoint. A second environment is reset, for an evaluation, and flies three steps. The
#   next step of the first shows its waypoint 102 km away, and the five intruders of the evaluation; left alone it would be 11 km. Neither
#   an end nor an error is reported.
#   Two copies in a SyncVectorEnv fly in it both: a step goes 8.9 km, with one copy 4.4.
# Matters: an evaluation in the same process, as the callbacks of training libraries do it, tears the running episode apart and stores a jump as a
#   transition. More copies are not more data, and change how the world moves.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check bluesky-gym==0.2.0 bluesky-simulator==1.1.1 torch==2.13.0 \
  stable-baselines3==2.9.2 pygame==2.6.1 gymnasium==1.4.0 scipy==1.17.1 numpy==2.2.6
HOME="$here" "$here/env/bin/python" -W ignore - >"$here/out" 2>&1 <<'PY' || { cat "$here/out"; exit 1; }
import bluesky_gym
import gymnasium as gym
import numpy as np

bluesky_gym.register_envs()
STRAIGHT, TURN = np.array([0.0]), np.array([1.0])


def km(observation):
    return 150 * np.ravel(observation["waypoint_distance"])                     # the observation is in units of 150 km


def flight(interrupted):
    """Distance to the waypoint after 20 steps and after the next, with or without an evaluation between; both environments' intruders."""
    np.random.seed(0)                                                           # the library draws from the global generator
    train, test = gym.make("HorizontalCREnv-v0"), gym.make("HorizontalCREnv-v0")
    train.reset(seed=0)
    for _ in range(20):
        before = train.step(STRAIGHT)[0]
    if interrupted:
        test.reset(seed=1)
        for _ in range(3):
            test.step(TURN)
    after, _, terminated, truncated, _ = train.step(STRAIGHT)
    assert not terminated and not truncated
    return km(before)[0], km(after)[0], after["intruder_distance"], test.unwrapped._get_obs()["intruder_distance"] if interrupted else None


alone, torn = flight(False), flight(True)
print(f"alone:            waypoint at {alone[0]:.0f} km, then {alone[1]:.0f}")
print(f"with evaluation:  waypoint at {torn[0]:.0f} km, then {torn[1]:.0f}")
assert np.isclose(alone[0], torn[0]) and abs(alone[1] - alone[0]) < 6 < 50 < abs(torn[1] - torn[0]), "each has its own sky now"
assert np.allclose(torn[2], torn[3])                                            # the first environment's intruders are the second's


def speed(copies):
    """How far the first copy comes in a step, and the last observation of all."""
    env = gym.vector.SyncVectorEnv([lambda: gym.make("HorizontalCREnv-v0")] * copies)
    env.reset(seed=0)
    way = []
    for _ in range(6):
        observation = env.step(np.zeros((copies, 1)))[0]
        way.append(km(observation)[0])
    return -np.diff(way)[1:].mean(), observation


one, two = speed(1)[0], speed(2)[0]
print(f"a step goes {one:.1f} km with one copy, {two:.1f} km with two")
assert 1.9 < two / one < 2.1
PY
grep "^alone\|^with\|^a step" "$here/out"                                         # BlueSky itself has much to say
