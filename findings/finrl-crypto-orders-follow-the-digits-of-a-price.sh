#!/usr/bin/env bash
# Guess: in FinRL's CryptoEnv, the environment of its cryptocurrency examples, an action says how much of each coin to buy or to sell, in a unit that
#   goes by the coin's price, so that one action is about as much money for a dear coin as for a cheap one. Two markets whose prices
#   differ by a tenth of a cent are the same market.
# Seen, FinRL 0.3.7: the unit goes by *how many characters* the first price has when written out, dot and decimals included: ten to the power of 7
#   minus that many. With a first price of 30000.0, 30000.1, 30000.12 and 30000.125 the action 1 asks for 1, 1, 0.1 and 0.01 coins, with
#   30000 in an array of integers for 100. 2999.5 is ten times 29999.5, as it is meant; 2999.53 is the same as 29999.5; and of a coin at 0.3
#   one gets 10,000, at 0.1 + 0.2 (0.30000000000000004) 0.000000000001. Only the first row counts, whatever follows.
#   And the caller's own array is multiplied in place: after step(actions) the actions are no longer those that the agent chose.
# Matters: what a policy's output means hangs on the decimals of the first row of the data: train and test data that begin on another day, or are
#   rounded otherwise, differ by powers of ten in it. Whoever stores the action after the step learns from another action than was asked for.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check FinRL==0.3.7 numpy==2.4.6
"$here/env/bin/python" - <<'PY'
import importlib.metadata
import importlib.util

import numpy as np

# The module by itself: `import finrl` asks for the clients of several brokers.
path = importlib.metadata.distribution("finrl").locate_file("finrl/meta/env_cryptocurrency_trading/env_multiple_crypto.py")
spec = importlib.util.spec_from_file_location("env_multiple_crypto", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)


def bought(first):
    """How many coins the action 1 buys on the second day, and what becomes of the array with that action."""
    prices = np.array([[first], [first], [first], [first]])
    env = module.CryptoEnv({"price_array": prices, "tech_array": np.zeros((4, 1))}, initial_capital=1e7, buy_cost_pct=0, sell_cost_pct=0)
    env.reset()
    action = np.array([1.0])
    env.step(action)
    return float(env.stocks[0]), float(action[0])


for first in (30000, 30000.0, 30000.1, 30000.12, 30000.125, 29999.5, 2999.5, 2999.53, 0.3, 0.1 + 0.2):
    coins, action = bought(first)
    print(f"first price {first!r:20}: buys {coins:.10g} coins, the action is now {action:.10g}")
    assert np.isclose(coins, 10.0 ** (7 - len(str(first))), rtol=1e-6, atol=0), "the unit is another now"
    assert np.isclose(action, coins, rtol=1e-6, atol=0), "the caller's array is left alone now"
PY
