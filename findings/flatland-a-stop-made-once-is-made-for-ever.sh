#!/usr/bin/env bash
# Guess: Flatland's reward for an episode depends on that episode. A train that runs through its intermediate stop, or never sets out, pays the
#   penalty for a stop not served, and one that is late there pays for it, whatever was done before env.reset().
# Seen, Flatland 4.3.0: reset() empties the agents and the clock, but not the reward function's record of where each train has been and stopped
#   (DefaultRewards, the default, and ECML2026Rewards). One train, one intermediate stop, the same rails and timetable in each episode. After
#   one episode in which the stop was made, running through it is worth 0 (-1 in a new environment), never setting out -22 (-23), and the same
#   journey 30 steps later -3 (-3.6): of all arrivals since the environment was made the best one counts. With ECML2026Rewards it is 0
#   (-50), -110 (-160) and -3 (-4.5).
# Matters: a learner is paid for the stop only until it has made it once; from then on stopping and running through pay the same. The returns of
#   an evaluation depend on the order of the policies that share the environment.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check flatland-rl==4.3.0 numpy==1.26.4 pandas==2.3.3
"$here/env/bin/python" -W ignore - <<'PY'
from collections import deque

from flatland.envs.line_generators import sparse_line_generator
from flatland.envs.rail_env import RailEnv
from flatland.envs.rail_env_action import RailEnvActions as Do
from flatland.envs.rail_generators import sparse_rail_generator
from flatland.envs.rewards import DefaultRewards, ECML2026Rewards


def new(rewards):
    """One train with one intermediate stop, always on the same rails."""
    env = RailEnv(
        width=30,
        height=30,
        number_of_agents=1,
        rail_generator=sparse_rail_generator(max_num_cities=4, seed=1),
        line_generator=sparse_line_generator(seed=1, line_length=3),
        rewards=rewards,
    )
    env.reset(random_seed=1)
    return env


def way(rail, start, goals):
    """The actions of a shortest way from `start` to one of `goals`, and where it ends (breadth first)."""
    before, queue = {start: None}, deque([start])
    while queue:
        here = queue.popleft()
        if here in goals:
            end, actions = here, []
            while before[here]:
                here, action = before[here]
                actions.insert(0, action)
            return actions, end
        for action in (Do.MOVE_FORWARD, Do.MOVE_LEFT, Do.MOVE_RIGHT):
            found = rail.apply_action_independent(action, here)
            if found is not None and found[0] is not None and found[0] not in before:
                before[found[0]] = here, action
                queue.append(found[0])


def journey(env, stops):
    """The actions from the first station to the last, with or without a stop at the one between."""
    first, middle, last = [[(tuple(point.position), point.direction) for point in points] for points in env.agents[0].waypoints]
    there, station = way(env.rail, first[0], middle)
    return there + [Do.STOP_MOVING] * stops + way(env.rail, station, last)[0]


def total(env, actions=(), wait=0):
    """The rewards of one episode: wait, set out, do the actions; without actions the train stays where it is."""
    train, left, reward, over = env.agents[0], list(actions), 0, False
    while not over:
        action = Do.DO_NOTHING
        if actions and wait <= 0:
            action = Do.MOVE_FORWARD if train.current_configuration is None else left.pop(0)
        wait -= 1
        _, rewards, dones, _ = env.step({0: action})
        reward, over = reward + rewards[0], dones["__all__"]
    return reward


for kind, expected in ((DefaultRewards, ((-1, 0), (-23, -22), (-3.6, -3))), (ECML2026Rewards, ((-50, 0), (-160, -110), (-4.5, -3)))):
    used = new(kind())
    calm = total(used, journey(used, True))
    assert calm == 0                                                            # all in time, stop made
    cases = {"runs through": {"actions": journey(used, False)}, "never sets out": {}, "30 later": {"actions": journey(used, True), "wait": 30}}
    for (name, case), pair in zip(cases.items(), expected):
        fresh = total(new(kind()), **case)
        used.reset(regenerate_rail=False, regenerate_schedule=False)
        again = total(used, **case)
        print(f"{kind.__name__}, {name}: {fresh:g} in a new environment, {again:g} after an episode in which the stop was made")
        assert (round(fresh, 9), round(again, 9)) == pair, "episodes are told apart now"
PY
