#!/usr/bin/env bash
# Guess: in SustainGym's MultiAgentEVChargingEnv each charging station sees its own car as it is now and those of the other stations as they were
#   periods_delay steps of five minutes ago: "time periods of delay for inter-agent communication" (its docstring).
# Seen, SustainGym 0.1.7 with PettingZoo 1.24.3, Caltech garage, 10 June 2019: with a delay of 1, 12 or 36 (three hours) every station sees everything
#   as it is now: the observations of the day are those of delay 0, number for number. Half the power flows all day, so at each step each demand
#   of another station's car should be another number. The queue of old observations holds one and the same dict many times, for EVChargingEnv
#   returns the same arrays at every step, filled anew; and were they copies, each agent's own entry is written into the old observation that
#   all agents share, before any of them looks.
# And: of the single-agent environment, the observations of a day that are kept without copying are all the last one; and with
#   project_action_in_env=False the caller's array of actions is multiplied by 32: what is stored after the step is not what the policy chose.
# Matters: whoever compares delays finds that they cost nothing; and a plain loop fills its buffer with the last state.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check sustaingym==0.1.7 gymnasium==0.28.1 pettingzoo==1.24.3 acnportal==0.3.3 \
  cvxpy==1.9.3 numpy==2.2.6 pandas==2.3.3 scipy==1.17.1 scikit-learn==1.9.1 pytz==2026.6 requests==2.34.2
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from gymnasium import spaces
from sustaingym.envs.evcharging import EVChargingEnv, MultiAgentEVChargingEnv, RealTraceGenerator


def cars():
    return RealTraceGenerator("caltech", ("2019-06-10", "2019-06-10"))


def day(delay):
    """What each station sees of all stations' demands, [step, station that looks, station looked at], at half the power."""
    env = MultiAgentEVChargingEnv(cars(), periods_delay=delay, project_action_in_env=False)
    space, seen, whole = env.single_env.observation_space, [], []
    env.reset(seed=0)
    while env.agents:
        observations, *_ = env.step({agent: np.full(1, 0.5, np.float32) for agent in env.agents})
        whole.append([observations[agent] for agent in env.possible_agents])
        seen.append([spaces.unflatten(space, row)["demands"] for row in whole[-1]])
    return np.array(seen), np.array(whole)


now, whole = day(0)
for delay in (1, 12, 36):
    others = ~np.eye(now.shape[1], dtype=bool)
    new, old = now[delay:, others], now[:-delay, others]
    cars_there = (new > 0) | (old > 0)
    got = day(delay)[1]
    print(f"delay {delay}: {(got != whole).sum()} of {whole.size} numbers are others than with delay 0;",
          f"{(new != old)[cars_there].mean():.0%} of the others' demands should be")
    assert (new != old).any()
    assert np.array_equal(got, whole), "the delay delays something now"

env = EVChargingEnv(cars(), project_action_in_env=False)
kept, done = [env.reset(seed=0)[0]], False
while not done:
    action = np.full(env.num_stations, 0.5, np.float32)
    observation, _, done, _, _ = env.step(action)
    kept.append(observation)
    assert (action == 16).all(), "the action is left alone now"
times = {float(observation["timestep"][0]) for observation in kept}
print(f"{len(kept)} observations kept, at these parts of the day: {times}; an action of 0.5 is {action[0]} after the step")
assert times == {1.0}, "each step returns arrays of its own now"
PY
