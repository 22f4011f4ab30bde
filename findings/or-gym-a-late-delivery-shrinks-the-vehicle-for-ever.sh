#!/usr/bin/env bash
# Guess: OR-Gym's delivery vehicle carries vehicle_capacity orders at a time, 4 by default. An order that is too late is taken away, and its place in
#   the vehicle is free again. Each episode begins with an empty vehicle that holds 4.
# Seen, OR-Gym 0.5.0 with gym 0.17.3, VehicleRouting-v0, random valid actions: an order that gets too late in the vehicle still counts as load, and
#   takes one off the *capacity* as well, so two late orders fill a vehicle of 4. reset() empties it, but does not give back the capacity: at
#   the starts of the first six episodes it is 4, 2, 1, 0, 0, 0. From then on no order can be picked up, in any episode; in a new
#   environment, with the same seed, there are 9 pick-ups in the fifth.
# And: a delivery sets the reward in place of adding to it. Two orders worth 6 and 9, handed over at one door ("can deliver multiple orders
#   simultaneously" is the comment there), pay 3, not 5 less the 0.1 for the move: a third of the last one.
# Matters: after some episodes of exploring, what is trained and evaluated is a vehicle that can carry nothing; and returns of one policy
#   depend on who drove before.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check or-gym==0.5.0 gym==0.17.3 cloudpickle==1.6.0 pyglet==1.5.0 numpy==1.26.4 \
  scipy==1.14.1 pandas==2.2.3 matplotlib==3.10.7 networkx==3.4.2
"$here/env/bin/python" -W ignore - <<'PY'
import contextlib
import io
import random

import numpy as np
import or_gym

ACCEPTED, CARRIED = 2, 3


def make(**settings):
    return or_gym.make("VehicleRouting-v0", env_config={"mask": True, **settings}).unwrapped


def step(env, action):
    with contextlib.redirect_stdout(io.StringIO()):                # the environment prints each direction
        return env.step(int(action))


def episode(env, seed):
    """(capacity at the start, number of orders picked up) of an episode of random valid actions."""
    random.seed(seed)
    np.random.seed(seed)
    state, done, picked = env.reset(), False, 0
    capacity = env.vehicle_capacity
    while not done:
        load = env.vehicle_load
        state, _, done, _ = step(env, np.random.choice(np.flatnonzero(state["action_mask"])))
        picked += env.vehicle_load > load
    return int(capacity), int(picked)


env = make()
old = [episode(env, seed) for seed in range(6)]
new = [episode(make(), seed) for seed in range(6)]
print("one environment, (capacity at the start, orders picked up):", old)
print("a new environment for each episode:                        ", new)
assert all(capacity == 4 and picked for capacity, picked in new)
assert old[0] == new[0] and [capacity for capacity, _ in old][-1] == 0, "reset gives the capacity back now"
assert all(picked == 0 for capacity, picked in old if capacity == 0)

env = make(order_prob=0)                                           # no other orders
env.reset()
door, restaurant = (2, 2), tuple(env.restaurant_loc[0])
for number, value in ((0, 6.0), (1, 9.0)):
    env.order_dict[number] = {"Number": number, "Status": ACCEPTED, "RestaurantID": 0, "DeliveryLoc": door, "Time": 0, "Value": value}
for number in (0, 1):
    while env.order_dict[number]["Status"] != CARRIED:
        step(env, 1 + env.max_orders + number)
while env.order_dict:
    reward = step(env, 1 + 2 * env.max_orders)[1]
    if env.vehicle_load == 0:
        break
print(f"two orders worth 6 and 9 delivered at once: {reward:.2f}; a third of both, less the move, is {15 / 3 - env.penalty_per_move:.2f}")
assert abs(reward - 3) < 1e-9, "both orders are paid now"
PY
