#!/usr/bin/env bash
# Guess: with action_repeat=n Brax's EpisodeWrapper gives an action n times, or until the episode ends, and adds up what these steps paid; and its
#   episode_metrics are sums over the same steps, so that the parts of the reward add up to sum_reward.
# Seen, Brax 0.14.2: all n steps are always done, `done` is that of the last, and of the metrics too only the last step's are counted.
#   Hopper, one action all the time, falls after 84 steps. With action_repeat=8 it is paid for 88. Its parts of the reward (healthy, forward,
#   control) add up to sum_reward without repeats, and to about an eighth of it with; reward_healthy is 11 at length 88.
#   An end that does not last to the group's last step did not happen: a walker that is to end at 3, with steps of 1 and action_repeat=2,
#   walks on to the limit of 20 and is cut there (truncation 1), as if it had met nothing.
# Matters: with repeats the plots of the reward's parts are n times too small beside the reward itself; an agent is paid after its death; and an end
#   that is an event (a hit, a line crossed, a leap too high) is seen in one of n steps.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check brax==0.14.2 mujoco==4.0.0 mujoco-mjx==3.17.0 jax==0.10.2 flax==0.12.8 \
  numpy==2.4.6
JAX_PLATFORMS=cpu "$here/env/bin/python" -W ignore - <<'PY'
import jax
import jax.numpy as jnp
from brax import envs
from brax.envs.base import Env, State
from brax.envs.wrappers.training import EpisodeWrapper


class Walker(Env):
    """Begins at 0, walks as far as the action says, is paid 1 for each step; to be exactly at 3 is the end."""

    observation_size, action_size, backend = 1, 1, "none"

    def reset(self, rng):
        return State(pipeline_state=jnp.zeros(()), obs=jnp.zeros(1), reward=jnp.zeros(()), done=jnp.zeros(()))

    def step(self, state, action):
        place = state.pipeline_state + action[0]
        return state.replace(pipeline_state=place, obs=place[None], reward=jnp.ones(()), done=jnp.where(place == 3, 1.0, 0.0))


def episode(env, action, limit, repeat):
    """The last state of an episode in which each action is the same, without automatic reset."""
    env = EpisodeWrapper(env, limit, repeat)
    step, state = jax.jit(env.step), jax.jit(env.reset)(jax.random.PRNGKey(0))
    while not state.done:
        state = step(state, jnp.array(action))
    return state


hopper, seen = envs.get_environment("hopper", backend="spring"), {}
for repeat in (1, 8):
    state = episode(hopper, [1.0, 1.0, -1.0], 1000, repeat)
    found = {name: float(value) for name, value in state.info["episode_metrics"].items()}
    parts = found["reward_healthy"] + found["reward_forward"] + found["reward_ctrl"]
    seen[repeat] = int(found["length"]), found["reward_healthy"], found["sum_reward"], parts
    print("hopper, action_repeat %d: length %d, reward_healthy %.0f, sum_reward %.2f, its parts together %.2f" % (repeat, *seen[repeat]))
    assert not state.info["truncation"]
assert seen[1][0] == seen[1][1] and abs(seen[1][2] - seen[1][3]) < 0.01
assert seen[8][0] > seen[1][0], "the steps after the fall are left out now"
assert seen[8][1] == seen[8][0] / 8 and seen[8][3] < seen[8][2] / 4, "the metrics are of all steps now"

ends = {}
for repeat in (1, 2, 3):
    state = episode(Walker(), [1.0], 20, repeat)
    ends[repeat] = float(state.pipeline_state), float(state.info["truncation"])
print("walker with action_repeat 1, 2, 3: where the episode ended, whether it was cut:", ends)
assert ends == {1: (3, 0), 2: (20, 1), 3: (3, 0)}, "an end within a group is kept now"
PY
