#!/usr/bin/env bash
# Guess: in FinRL's stock trading environments the reward of a day is what the account has gained or lost since the day before, times
#   reward_scaling, so the rewards of an episode add up to what it has gained.
# Seen, FinRL 0.3.7, 100 shares of 10 that rise by 1 a day: neither of its two StockTradingEnv does so at the end.
#   env_stocktrading_np, which its train.py uses: the last reward is the *discounted sum of all rewards*, that of the last day in it. The
#   account gains 400 in four days; the rewards are 0 (the day of buying), 100, 100, 100 and 394: 694 in all.
#   env_stocktrading, that of its tutorials: the last step does nothing, and returns the last state and the last reward anew. Five days of 100
#   are paid 600. What the last day brought counts twice, a loss as well.
#   The accounts themselves (total_asset, asset_memory) are right in both.
# Matters: an action of the last day is paid for days with which it had nothing to do, up to about a hundred of them at gamma 0.99, and V of the last
#   states has to follow. The mean episode reward is not what was earned.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check FinRL==0.3.7 torch==2.13.0 stable-baselines3==2.9.2 gymnasium==1.4.0 \
  matplotlib==3.11.2 pandas==3.1.1 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import contextlib
import importlib.metadata
import importlib.util
import io

import numpy as np
import pandas as pd


def environment(name):
    """The class StockTradingEnv of a module, by itself: `import finrl` asks for the clients of several brokers."""
    path = importlib.metadata.distribution("finrl").locate_file(f"finrl/meta/env_stock_trading/{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.StockTradingEnv


def rewards(env):
    """Buy as much as there is money for, to the end."""
    env.reset()
    paid, over = [], False
    with contextlib.redirect_stdout(io.StringIO()):
        while not over:
            _, reward, terminated, truncated, _ = env.step(np.ones(1))
            paid, over = paid + [float(reward)], terminated or truncated
    return np.array(paid), terminated


for daily in (1, -1):                                                           # a price that rises, one that falls
    price = 10.0 + daily * np.arange(6)
    arrays = {"price_array": price[:, None], "tech_array": np.zeros((6, 1)), "turbulence_array": np.zeros(6), "if_train": False}
    env = environment("env_stocktrading_np")(arrays, initial_capital=100 * price[1], buy_cost_pct=0, sell_cost_pct=0, reward_scaling=1, gamma=0.99)
    paid, terminated = rewards(env)
    gained = float(env.total_asset - env.initial_total_asset)
    print(f"numpy:  rewards {paid.round(1).tolist()}, in all {paid.sum():.1f}, gained {gained:.1f}")
    each = 100 * daily
    assert terminated and np.isclose(gained, 4 * each) and np.allclose(paid[:-1], [0, each, each, each])
    assert np.isclose(paid[-1], each * (1 + 0.99 + 0.99**2 + 0.99**3)), "the last reward is the last day's now"

    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=6).strftime("%Y-%m-%d"), "tic": "A", "close": price, "macd": 0.0})
    env = environment("env_stocktrading")(
        frame, stock_dim=1, hmax=100, initial_amount=1000, num_stock_shares=[0], buy_cost_pct=[0.0], sell_cost_pct=[0.0], reward_scaling=1.0,
        state_space=4, action_space=1, tech_indicator_list=["macd"],
    )
    paid, terminated = rewards(env)
    gained = env.asset_memory[-1] - env.asset_memory[0]
    print(f"pandas: rewards {paid.round(1).tolist()}, in all {paid.sum():.1f}, gained {gained:.1f}")
    assert terminated and len(paid) == 6 and np.isclose(gained, paid[:5].sum())
    assert paid[-1] == paid[-2] == 100 * daily, "the last reward is paid once now"
PY
