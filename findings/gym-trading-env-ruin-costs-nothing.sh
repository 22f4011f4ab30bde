#!/usr/bin/env bash
# Guess: Gym Trading Env's reward is by default the logarithm of what the portfolio is worth by what it was worth a step ago, so the more is lost the
#   lower it is, and to lose all is the worst that can happen.
# Seen, gym-trading-env 0.3.5 with Gymnasium 1.4.0: the step in which the portfolio falls to 0 or below ends the episode and is paid 0, the reward of
#   a step in which nothing happened. A price falls from 100 to 55, with twice the stock on credit: 1,000 become 100, reward -2.30. It falls to 49:
#   1,000 become -20, reward 0. One times the stock, which keeps 490 of 1,000, is paid -0.71. A short that is ruined by a rise is paid 0 as well.
#   The reward function is not called for that step, so a reward function of one's own has no say in it either.
# Matters: with shorts or stock on credit among the positions, going broke is as good as cash and better than any loss one survives: an agent that
#   is losing is taught to bet all. Returns averaged over episodes leave out what each ruin lost in its last step.
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


def played(position, after, **settings):
    """Hold a position while the price goes from 100 to another: (sum of rewards, worth at the end, terminated)."""
    close = [100.0, 100.0, after, after]
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close", "feature_close"), close), index=pd.date_range("2024", periods=4))
    env = gym.make("TradingEnv", df=frame, positions=[-1, 0, 1, 2], initial_position=position, verbose=0, **settings)
    env.reset(seed=0)
    total, over = 0.0, False
    while not over:
        _, reward, terminated, truncated, info = env.step([-1, 0, 1, 2].index(position))
        total, over = total + reward, terminated or truncated
    return total, info["portfolio_valuation"], terminated


for position, after in ((0, 49), (1, 49), (2, 55), (2, 49), (-1, 190), (-1, 210)):
    reward, worth, terminated = played(position, after)
    print(f"position {position:2}, price 100 to {after}: worth {worth:6.0f}, terminated {terminated!s:5}, rewards {reward:.2f}")
    if worth > 0:
        assert np.isclose(reward, np.log(worth / 1000)) and not terminated
    else:
        assert terminated and reward == 0, "ruin is no longer free"


def gain(history):
    """A reward function of one's own that knows what to do with a value below 0: the money won or lost."""
    return history["portfolio_valuation", -1] - history["portfolio_valuation", -2]


assert np.isclose(played(2, 55, reward_function=gain)[0], -900)
assert played(2, 49, reward_function=gain)[0] == 0                              # and not -1,020
print("rewarded with the money won or lost: -900 where 100 are left, 0 where 20 more than all are lost")
PY
