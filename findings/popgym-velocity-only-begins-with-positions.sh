#!/usr/bin/env bash
# Guess: POPGym's VelocityOnlyCartPole, by its docstring CartPole without the position and the angle, shows the two velocities in each observation.
# Seen, POPGym 1.0.7 with Gymnasium 1.4.0: in each but the first. What reset() gives is the position and the angle, the very numbers that are to be
#   hidden. An agent that adds up the velocities from there knows both for the whole episode, to 0.001; without the leak it could know them only
#   to 0.05, within which they start. All three difficulties are of this class.
# And: RepeatPrevious(k=1) asks "the suit of the previous card", says its module. It asks the suit of the card on the table: to repeat each
#   observation, with no memory at all, is paid in full, 1. Easy, Medium and Hard (k = 4, 32, 64) ask what was 3, 31 and 63 steps ago.
#   And CountRecall's error_clamp, "the linear portion of the reward function", changes nothing: a count off by one costs the same with 0.5, 2 or 50.
# Matters: these are benchmarks of memory. The first one measures integration from a known start, and the same two numbers mean two things,
#   which a network without a clock cannot tell apart.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check popgym==1.0.7 gymnasium==1.4.0 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from popgym.envs.count_recall import CountRecall
from popgym.envs.repeat_previous import RepeatPrevious, RepeatPreviousHard, RepeatPreviousMedium
from popgym.envs.velocity_only_cartpole import VelocityOnlyCartPole

env, miss, blind, rng = VelocityOnlyCartPole(), 0, 0, np.random.default_rng(0)
for seed in range(100):
    seen, _ = env.reset(seed=seed)
    state = np.array(env.state)                                                 # position, velocity, angle, its velocity
    first = "positions" if np.allclose(seen, state[[0, 2]]) else "velocities"
    known, blindly, speed, over = seen.copy(), np.zeros(2), np.zeros(2), False
    while not over:
        known, blindly = known + env.tau * speed, blindly + env.tau * speed     # Euler's rule, as CartPole moves
        speed, _, over, _, _ = env.step(int(rng.integers(2)))
        assert np.allclose(speed, np.array(env.state)[[1, 3]]), "not the velocities"
        miss = max(miss, *abs(known - np.array(env.state)[[0, 2]]))
        blind = max(blind, *abs(blindly - np.array(env.state)[[0, 2]]))
print(f"reset shows the {first}; positions added up from there are off by {miss:.4f} at most, from nothing by {blind:.4f}")
assert first == "positions" and miss < 0.0011 and blind > 0.045, "the first observation is of velocities now"


def repeat(env, back):
    """The return of answering with the observation of `back` steps ago."""
    seen, total, over = [env.reset(seed=0)[0]], 0, False
    while not over:
        obs, reward, over, _, _ = env.step(seen[-1 - back] if len(seen) > back else 0)
        seen, total = [*seen, obs], total + reward
    return round(total, 9)


paid = {k: (repeat(make(), k - 1), repeat(make(), k)) for k, make in
        ((1, lambda: RepeatPrevious(k=1)), (4, RepeatPrevious), (32, RepeatPreviousMedium), (64, RepeatPreviousHard))}
print("k: return of repeating k - 1 steps ago, and k:", paid)
assert all(near == 1 and far < 0.5 for near, far in paid.values()), "k counts from the previous card now"


def off_by_one(clamp):
    """All rewards of one episode in which each count is one too many."""
    env, found, over = CountRecall(error_clamp=clamp), set(), False
    env.reset(seed=0)
    while not over:
        _, reward, over, _, _ = env.step(int(env.counts[env.query]) + 1)
        found.add(round(reward, 4))
    return found


clamped = [off_by_one(clamp) for clamp in (0.5, 2, 50)]
print("CountRecall, off by one, error_clamp 0.5, 2, 50:", clamped)
assert clamped == [{-0.0196}] * 3, "error_clamp is used now"
PY
