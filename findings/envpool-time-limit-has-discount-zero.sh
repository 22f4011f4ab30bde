#!/usr/bin/env bash
# Guess: EnvPool's two interfaces to one game agree on how an episode ended: where the Gymnasium one says truncated, the dm_env one has discount 1
#   at the last step, as dm_env's own truncation() and its documentation have it (0 means that nothing follows).
# Seen, EnvPool 1.2.5: for games that come from dm_control, yes. For those that come from Gymnasium (classic control, toy text, MuJoCo) the time
#   limit has discount 0, just as a fall has. Pendulum, which never ends by itself, is terminal every 200 steps. A pole that falls and one that
#   is cut after 5 steps look the same, and nothing else in the time step tells them apart.
# Matters: `reward + discount * gamma * V(next)`, which is what the discount is there for, takes every time limit of these for the end of the
#   world, and not of the others: the same program bootstraps on CheetahRun and not on HalfCheetah.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check envpool==1.2.5 gymnasium==1.4.0 dm-env==1.6 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import dm_env
import envpool
import numpy as np


def ends(name, **settings):
    """(steps, terminated, truncated) by Gymnasium's interface and (steps, discount) by dm_env's, action 0 all the way."""
    env = envpool.make(name, env_type="gymnasium", num_envs=1, seed=0, **settings)
    action = np.zeros((1, *env.action_space.shape), env.action_space.dtype)
    env.reset()
    for steps in range(1, 1001):
        *_, terminated, truncated, _ = env.step(action)
        if terminated[0] or truncated[0]:
            break
    same = envpool.make(name, env_type="dm", num_envs=1, seed=0, **settings)
    same.reset()
    for again in range(1, 1001):
        step = same.step(action)
        if step.step_type[0] == dm_env.StepType.LAST:
            return (steps, bool(terminated[0]), bool(truncated[0])), (again, float(step.discount[0]))


assert dm_env.truncation(1.0, None).discount == 1 and dm_env.termination(1.0, None).discount == 0
falls = ends("CartPole-v1")
cut = {name: ends(name, **settings) for name, settings in {
    "CartPole-v1": {"max_episode_steps": 5}, "Pendulum-v1": {}, "MountainCar-v0": {}, "FrozenLake-v1": {"max_episode_steps": 2},
    "HalfCheetah-v4": {"max_episode_steps": 5}, "CheetahRun-v1": {"max_episode_steps": 5}, "WalkerWalk-v1": {"max_episode_steps": 5},
}.items()}
print("a pole that falls:", falls)
for name, found in cut.items():
    print(f"{name}, cut by the limit: (steps, terminated, truncated) {found[0]}, dm_env: (steps, discount) {found[1]}")
assert falls[0][1:] == (True, False) and falls[1] == (falls[0][0], 0)
assert all(gym[1:] == (False, True) and gym[0] == dm[0] for gym, dm in cut.values())
assert [dm[1] for _, dm in cut.values()] == [0, 0, 0, 0, 0, 1, 1], "a limit has discount 1 everywhere now"
PY
