#!/usr/bin/env bash
# Guess: FinRL's PortfolioOptimizationEnv takes comission_fee_pct of what is bought and sold: of 1,000 in cash, put into a stock at 1 %, 990 are
#   left. It has two ways to reckon: "trf" (the default), the transaction remainder factor, by which all that one has shrinks, and "wvm", the
#   weights vector modifier, which takes the fee from the cash.
# Seen, FinRL 0.3.7, prices that stand still, 1 %. trf: to buy from cash is free, to sell for cash costs twice (2 %); only moves from stock to stock
#   are right. The new weight of cash stands where that before the trade should be. To buy and hold costs nothing at all.
#   wvm: comission_fee_pct is not used. Half of the money put into a stock costs that half: 1,000 become 500, at 1 %, at 0.1 % and at 0.
#   And what would cost more than the cash that is to be left is not done, without a word: so nothing above half.
# Matters: an agent trained in it learns that getting in is free and getting out is dear, or (wvm) that trade is ruin. Whoever only buys, like the
#   benchmark that strategies are measured against, is charged nothing. The log return that serves as reward has all of it in it.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check FinRL==0.3.7 torch==2.13.0 stable-baselines3==2.9.2 gymnasium==1.4.0 \
  gym==0.26.2 quantstats==0.0.86 yfinance==1.7.0 matplotlib==3.11.2 scipy==1.17.1 pandas==3.1.1 numpy==2.4.6
"$here/env/bin/python" -W ignore - 2>"$here/err" <<'PY' || { cat "$here/err"; exit 1; }
import contextlib
import importlib.metadata
import importlib.util
import io

import numpy as np
import pandas as pd
from scipy.optimize import brentq

# The module by itself: `import finrl` asks for the clients of several brokers.
path = importlib.metadata.distribution("finrl").locate_file("finrl/meta/env_portfolio_optimization/env_portfolio_optimization.py")
spec = importlib.util.spec_from_file_location("env_portfolio_optimization", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

days = pd.date_range("2024-01-01", periods=3).strftime("%Y-%m-%d")
market = pd.DataFrame([{"date": day, "tic": tic, "close": 100.0, "high": 100.0, "low": 100.0} for tic in "AB" for day in days])


def left(model, fee, before, after):
    """What the second step leaves of each unit, if the first has set the weights [cash, A, B] to `before` and the second to `after`."""
    with contextlib.redirect_stdout(io.StringIO()):
        env = module.PortfolioOptimizationEnv(market.copy(), 1000, comission_fee_model=model, comission_fee_pct=fee, new_gym_api=True)
        env.reset()
    worth = [float(np.exp(env.step(np.array(weights, float))[1])) for weights in (before, after)]
    return worth[1]


def true(fee, before, after):
    """The same from the books: the cash after selling (1 - fee of it comes in) pays for what is bought (1 - fee of it arrives)."""
    def rest(worth):
        bought = worth * np.array(after[1:]) - before[1:]
        return before[0] - (1 - fee) * bought[bought < 0].sum() - bought[bought > 0].sum() / (1 - fee) - worth * after[0]
    return brentq(rest, 0.5, 1)


cash, half, a, b = [1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]
trades = (("cash to half", cash, half, 1), ("cash to A", cash, a, 1), ("A to B", a, b, 0.9801), ("A to cash", a, cash, 0.979899))
for name, before, after, expected in trades:
    seen, due = left("trf", 0.01, before, after), true(0.01, before, after)
    print(f"trf, {name:12}: {seen:.4f} left, due {due:.4f}")
    assert np.isclose(seen, expected, atol=1e-5), "the factor is another now"
    assert np.isclose(seen, due) == (name == "A to B")
for fee in (0.01, 0.001, 0.0):
    seen, due = left("wvm", fee, cash, half), true(fee, cash, half)
    print(f"wvm, fee {fee:5}, cash to half: {seen:.4f} left, due {due:.4f}")
    assert np.isclose(seen, 0.5), "the fee is used now"
assert np.isclose(left("wvm", 0.01, cash, [0.4, 0.6, 0]), 1)                    # not carried out: 0.6 is more than the cash left
PY
