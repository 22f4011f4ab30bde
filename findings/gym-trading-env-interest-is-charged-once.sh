#!/usr/bin/env bash
# Guess: in Gym Trading Env a short or a leveraged position costs borrow_interest_rate at every step that it is held: "Borrow interest rate per step",
#   says the docstring, and to divide a rate per day by 24 where a step is an hour.
# Seen, gym-trading-env 0.3.5 with Gymnasium 1.4.0: it costs *one* step of it, however long it is held. At a constant price and 1 % a step, 1,000
#   held short are worth 990 after 1 step, after 50 and after 100 (500 and 0 are right there, without interest on interest). The same with
#   twice the stock on credit. At each step what is owed is set to the newest step's interest in place of being added to it. Going out of
#   the position pays that one step off, and going in again costs it anew: nine times ten steps short cost 9 %, 100 in one go 1 %.
# Matters: borrowing is nearly free for who holds on, so an agent learns to short and to borrow for as long as it likes; a backtest of such a
#   strategy leaves out nearly all of what it would have paid. Reward and portfolio_valuation agree, so nothing shows.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gym-trading-env==0.3.5 gymnasium==1.4.0 pandas==3.1.1 numpy==2.4.6
"$here/env/bin/python" - <<'PY'
import gymnasium as gym
import gym_trading_env  # noqa: F401 (registers the environment)
import numpy as np
import pandas as pd

STEPS, RATE = 100, 0.01
days = pd.date_range("2024-01-01", periods=STEPS + 1, freq="D")
prices = pd.DataFrame({name: 100.0 for name in ("open", "high", "low", "close", "feature_close")}, index=days)
positions = [-1, 0, 2]                                                          # short, all in cash, twice the stock on credit


def worth(start, plan, rate=RATE):
    """The portfolio's value after each step of a plan of positions, and the sum of the rewards."""
    env = gym.make("TradingEnv", df=prices, positions=positions, initial_position=start, borrow_interest_rate=rate, verbose=0)
    env.reset(seed=0)
    steps = [env.step(positions.index(position)) for position in plan]
    return np.array([step[-1]["portfolio_valuation"] for step in steps]), sum(step[1] for step in steps)


for start in (-1, 2):
    held, rewards = worth(start, [start] * STEPS)
    due = 1000 * (1 - RATE * np.arange(1, STEPS + 1))                           # 1,000 is borrowed all the time
    print(f"position {start}: worth after 1, 50 and 100 steps {held[[0, 49, 99]]}, due {due[[0, 49, 99]]}")
    assert np.isclose(held[0], due[0]) and np.allclose(held, 990), "each step is charged now"
    assert np.isclose(rewards, np.log(0.99))
in_and_out, _ = worth(0, ([-1] * 10 + [0]) * 9)
print("ten steps short and one out, nine times:", in_and_out[-1].round(2), "= 1000 * 0.99 ** 9")
assert np.isclose(in_and_out[-1], 1000 * 0.99**9)
assert np.allclose(worth(-1, [-1] * STEPS, rate=0)[0], 1000)
PY
