#!/usr/bin/env bash
# Guess: in OR-Gym's newsvendor, as its docstring says, the reward is "sales minus discounted purchase price, minus holding costs for unsold product
#   or penalties": what is ordered is paid for, and to order about the mean demand is far better than to order half of it.
# Seen, or-gym 0.5.0, Newsvendor-v0, defaults: a purchase is charged as *leftover* units of today times cost times *today's order*. Where nothing
#   is left over all orders are free; where one unit is, the whole order is charged once for each unit. Means of 200 episodes, the same demands:
#       order half the mean demand: paid 80,332, true profit 33,504;   order the mean demand: paid -195,812, true profit 80,602
#       1.5 times the mean: paid -8,160,055, true profit 37,629
#   And 2,000 at once whenever the pipeline is empty is paid -8,578, where it loses 311,994: on the day on which it comes nothing is ordered.
# Matters: the best policy by this reward is a poor one: keep short of every demand, or never order on a day with leftovers.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
export MPLCONFIGDIR=$here
python3 -m venv "$here/env"
pip() { "$here/env/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip numpy==1.26.4 scipy==1.15.3 matplotlib==3.10.8 networkx==3.4.2 pandas==2.3.3 gym==0.26.2
pip --no-deps or-gym==0.5.0                                                     # it asks for a Gym that is too old for this Python
"$here/env/bin/python" -W ignore - 2> "$here/progress" <<'PY' || { tail -n 5 "$here/progress"; exit 1; }
import numpy as np
from or_gym.envs.classic_or.newsvendor import NewsvendorEnv

EPISODES = 200


def worth(policy):
    """(mean return, mean profit, free orders, orders) of a policy; the discount factor of the environment is 1."""
    np.random.seed(0)                                                           # the environment draws from NumPy's global generator
    env = NewsvendorEnv()
    paid, profit, free, orders = 0.0, 0.0, 0, 0
    for _ in range(EPISODES):
        state, done = env.reset(), False
        while not done:
            price, cost, holding, penalty, mean_demand = state[:5]
            arrives = state[5]
            before = np.random.get_state()
            demand = np.random.poisson(mean_demand)                             # what the environment is about to draw
            np.random.set_state(before)
            state, reward, done, _ = env.step(np.array([policy(state)]))
            ordered, sold = state[-1], min(arrives, demand)
            left, short = arrives - sold, demand - sold
            earned = price * sold - holding * left - penalty * short
            profit += earned - cost * ordered
            paid += float(reward)
            assert np.isclose(float(reward), earned - left * cost * ordered, atol=1e-3), "the purchase is charged in another way now"
            orders += ordered > 0
            free += ordered > 0 and np.isclose(float(reward), earned)
    return paid / EPISODES, profit / EPISODES, free, orders


policies = {
    "nothing": lambda state: 0.0,
    "half the mean demand": lambda state: np.floor(0.5 * state[4]),
    "the mean demand": lambda state: state[4],
    "1.5 times the mean": lambda state: 1.5 * state[4],
    "2,000 if none is coming": lambda state: 2000.0 * (state[5:].sum() == 0),
}
seen = {name: worth(policy) for name, policy in policies.items()}
for name, (paid, profit, free, orders) in seen.items():
    print(f"order {name}: paid {paid:,.0f}, true profit {profit:,.0f}; {free} of {orders} orders cost nothing")

half, mean, much, lump = (seen[name] for name in list(policies)[1:])
assert mean[1] > 2 * half[1] > 0 and much[1] > 0 > lump[1]
assert half[0] > 2 * half[1] and mean[0] < -100_000 and much[0] < -1_000_000, "the order of the policies is another now"
assert lump[0] > mean[0] and lump[2] == lump[3] > 0
assert seen["nothing"][0] == seen["nothing"][1]
PY
