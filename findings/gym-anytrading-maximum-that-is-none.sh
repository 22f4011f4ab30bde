#!/usr/bin/env bash
# Guess: max_possible_profit() is a bound that no agent passes: by the README "the maximum possible profit that an RL agent can obtain regardless of
#   trade fees", and the number it shows for forex-v0, 4.05, is what "if the market didn't have trade fees, you could have earned".
# Seen, gym-anytrading 2.0.0, forex-v0 as gym.make makes it: 4.05 is neither. It trades at every turn of the price and *pays the fee* for each, also
#   where the turn is smaller than the fee. The best sequence of actions, found by looking back over the prices (dynamic programming), leaves
#   such turns out; played in the environment, fees and all, it ends with info["total_profit"] 4.34. Without fees the most is 6.24, which
#   max_possible_profit says too once trade_fee is set to 0.
#   On a price that goes up and down by less than the fee the "maximum" of 1,000 steps is 0.905: an agent that buys once and keeps what
#   it has ends with 0.9997. StocksEnv leaves the fees out, as the README says.
# Matters: a share of the possible profit, the natural scale for results of different data and fees, is too high, by half against the one bound
#   and by 7 % against the other, and can be above 1.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
export MPLCONFIGDIR=$here
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gym-anytrading==2.0.0 gymnasium==1.4.0 numpy==2.4.6 pandas==3.1.1 \
  matplotlib==3.11.2
"$here/env/bin/python" -W ignore - <<'PY'
import gym_anytrading  # noqa: F401  (registers the environments)
import gymnasium as gym
import numpy as np
import pandas as pd
from gym_anytrading.envs import ForexEnv

SELL, BUY = 0, 1


def hindsight(env, fee):
    """The best actions for these prices: going long at price q what was sold at p multiplies the money by (p - fee) / q."""
    prices = env.prices.astype(float)[env._start_tick - 1:]
    sold, bought = np.log(prices[0] - fee), -np.inf                             # the best logarithm so far in either position; it begins short
    turns = []
    for price in prices[2:]:
        to_buy, to_sell = sold - np.log(price), bought + np.log(price - fee)
        turns.append((to_buy > bought, to_sell > sold))
        sold, bought = max(sold, to_sell), max(bought, to_buy)
    actions, position = [], BUY
    for buys, sells in reversed(turns):
        actions.append(position)
        if (buys, sells)[position == SELL]:
            position = BUY if position == SELL else SELL
    return actions[::-1]


def played(env, actions):
    env.reset()
    for action in actions:
        _, _, _, truncated, info = env.step(action)
    assert truncated
    return float(info["total_profit"])


env = gym.make("forex-v0").unwrapped
bound, best = float(env.max_possible_profit()), played(env, hindsight(env, env.trade_fee))
env.trade_fee = 0.0
free, best_free = float(env.max_possible_profit()), played(env, hindsight(env, 0.0))
print(f"forex-v0: max_possible_profit {bound:.3f}; the best actions in the environment, with fees {best:.3f}, without {best_free:.3f}")
flat = pd.DataFrame({"Close": 1 + 1e-4 * (np.arange(1010) % 2)})
still = ForexEnv(df=flat, window_size=10, frame_bound=(10, 1010))
nothing, flat_bound = played(still, [BUY] * 999), float(still.max_possible_profit())
print(f"up and down by a third of the fee: max_possible_profit {flat_bound:.3f}; bought once and kept: {nothing:.4f}")

assert round(best_free, 2) == 6.24 and round(free, 2) == 6.24
assert round(best, 2) == 4.34
assert round(bound, 2) == 4.05, "the maximum is a bound now"
assert flat_bound < 0.91 < 0.999 < nothing
PY
