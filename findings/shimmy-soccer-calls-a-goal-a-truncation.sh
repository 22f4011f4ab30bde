#!/usr/bin/env bash
# Guess: Shimmy tells the two ends of a dm_env episode apart in one way: discount 0 is a termination, a discount above 0 at the last step is a
#   truncation. So says the sequences table of dm_env's documentation, which Shimmy's own code names.
# Seen, Shimmy 2.0.1 with dm_control 1.0.34: its single-agent wrapper does so. Its multi-agent wrapper (dm_control's soccer, as a PettingZoo
#   environment) does the opposite. A goal, which ends the game with discount 0, comes as truncated; the whistle, with discount 1, as terminated.
#   The discount in `info` is right in both.
# Matters: a learner that bootstraps at truncations adds, to every goal scored or conceded, the value of a game that is over, and
#   cuts off the value where only the time is up. Both flags are wrong, so that no test of "did the episode end" notices.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check shimmy==2.0.1 dm-control==1.0.34 mujoco==3.3.7 pettingzoo==1.27.0 \
  gymnasium==1.4.0 imageio==2.38.1 packaging==26.4 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from dm_control import suite
from dm_control.locomotion import soccer
from shimmy import DmControlCompatibilityV0, DmControlMultiAgentCompatibilityV0


def match(into_the_goal):
    """(terminated, truncated, discount, rewards) at the end of a match of 0.2 s in which nobody moves."""
    game = soccer.load(team_size=1, time_limit=0.2, terminate_on_goal=True, walker_type=soccer.WalkerType.BOXHEAD, random_state=0)
    env = DmControlMultiAgentCompatibilityV0(env=game)
    env.reset()
    still = {agent: np.zeros(env.action_space(agent).shape) for agent in env.possible_agents}
    for step in range(20):
        if into_the_goal and step == 1:
            goal = game.task.arena.away_goal
            game.task.ball.set_pose(game.physics, position=(np.array(goal.lower) + np.array(goal.upper)) / 2)
        _, rewards, terminated, truncated, info = env.step(still)
        first = "player_0"
        if terminated[first] or truncated[first]:
            return terminated[first], truncated[first], float(info[first]["timestep.discount"]), [float(r) for r in rewards.values()]


def balance():
    """The same three of the single-agent wrapper: cartpole balance, cut after 0.05 s."""
    env = DmControlCompatibilityV0(suite.load("cartpole", "balance", task_kwargs={"time_limit": 0.05}))
    env.reset(seed=0)
    for _ in range(20):
        *_, terminated, truncated, info = env.step(np.zeros(1))
        if terminated or truncated:
            return terminated, truncated, float(info["timestep.discount"])


whistle, goal, single = match(False), match(True), balance()
print("(terminated, truncated, discount): soccer, time is up:", whistle, "soccer, a goal:", goal, "one agent, time is up:", single)
assert single == (False, True, 1)
assert whistle == (True, False, 1, [0, 0]) and goal == (False, True, 0, [1, -1]), "the two ends are named alike now"
PY
