#!/usr/bin/env bash
# Guess: TensorTrade's reward scheme "risk-adjusted" pays the Sharpe ratio of the last returns, or with return_algorithm="sortino" the Sortino
#   ratio: more for a higher return, less for "more volatile strategies" (its docstring), and in Sortino's case only losses count as risk.
# Seen, TensorTrade 1.0.3: by default the window is one return, whose standard deviation is 0, so what is paid is the return divided by 1e-9. The
#   rewards of an asset bought at 100 that goes to 101, 102 and 101 are 10,000,001, 9,900,991 and -9,803,921: no risk is in them, they are
#   those of the scheme "simple" times a billion. And a step in which nothing moves pays 1, for 1e-9 is added above and below.
#   The Sortino ratio squares the losses, *leaves the gains beside them*, takes the standard deviation of both, and the square root of that. Of
#   three series with the mean return 5.5 % a steady one gets over 10 million; one that never loses either, 1 % and 10 % in turn, gets 0.26, and
#   one that loses 4 % in every tenth step gets 0.40. By the definition (in NumPy) the first two are infinite and the third is 4.3. Told in
#   percent, where a ratio stays what it is, the last two are 2.59 and 3.27.
# Matters: rewards of 1e7 saturate whatever is not scaled; scaled, they are plain profit under the name of another goal. With "sortino" uneven gains
#   are punished more than a loss is.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gym==0.26.2 numpy==1.26.4 pandas==2.2.3 stochastic==0.6.0 scipy==1.13.1 \
  pyyaml==6.0.3 ipython==9.6.0 matplotlib==3.9.4 plotly==6.3.1 setuptools==65.5.0
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps tensortrade==1.0.3
"$here/env/bin/python" -W ignore - 2> /dev/null <<'PY'
import sys
from unittest.mock import MagicMock

sys.modules["tensorflow"] = MagicMock()                                        # only its agents use it, and none is made here

import numpy as np
import pandas as pd
import tensortrade.env.default as default
from tensortrade.env.default.actions import BSH
from tensortrade.env.default.rewards import RiskAdjustedReturns
from tensortrade.feed.core import DataFeed, Stream
from tensortrade.oms.exchanges import Exchange
from tensortrade.oms.instruments import BTC, USD
from tensortrade.oms.services.execution.simulated import execute_order
from tensortrade.oms.wallets import Portfolio, Wallet

PRICES = [100, 100, 101, 102, 101, 101, 101]


def rewards(scheme):
    """The rewards of one episode: everything is bought in the first step and held to the end."""
    exchange = Exchange("exchange", service=execute_order)(Stream.source(PRICES, dtype="float").rename("USD-BTC"))
    cash, asset = Wallet(exchange, 10000 * USD), Wallet(exchange, 0 * BTC)
    env = default.create(
        portfolio=Portfolio(USD, [cash, asset]),
        action_scheme=BSH(cash, asset),
        reward_scheme=scheme,
        feed=DataFeed([Stream.source(PRICES, dtype="float").rename("price")]),
        window_size=1,
    )
    env.reset()
    return [float(env.step(1)[1]) for _ in PRICES[1:]]


simple, adjusted = rewards("simple"), rewards("risk-adjusted")
print("simple:       ", [round(reward, 6) for reward in simple])
print("risk-adjusted:", [round(reward) for reward in adjusted])
assert np.allclose(adjusted, 1e9 * np.array(simple) + 1), "the risk is in it now"
assert adjusted[-1] == 1                                                        # nothing moved

sortino = RiskAdjustedReturns(return_algorithm="sortino", window_size=10)._sortino_ratio
series = {
    "steady gains": pd.Series([0.055] * 10),
    "uneven gains": pd.Series([0.01, 0.10] * 5),
    "a loss in ten": pd.Series([0.59 / 9] * 9 + [-0.04]),
}
found = {}
for name, returns in series.items():
    downside = np.sqrt(np.mean(np.minimum(returns, 0) ** 2))
    true = returns.mean() / downside if downside else np.inf
    found[name] = sortino(returns)
    print(f"{name}: mean {returns.mean():.3f}, Sortino ratio {found[name]:.3f}, in percent {sortino(100 * returns):.3f}, by definition {true:.3f}")
assert np.allclose([returns.mean() for returns in series.values()], 0.055)
assert found["uneven gains"] < found["a loss in ten"] < 1 < 1e7 < found["steady gains"]
PY
