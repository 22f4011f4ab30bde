#!/usr/bin/env bash
# Guess: what an agent is paid and what it earns go together: of two agents the one with the higher total_reward has, on the whole, the higher
#   total_profit, both of which gym-anytrading puts in `info`. Fees are "subtracted on every trade" (README), and the position that is open at
#   the end counts.
# Seen, gym-anytrading 2.0.0, stocks-v0 as gym.make makes it: the reward is the change of price of *closed* trades, without fees. The profit takes the
#   fees (1.5 % a round) and settles the position that is open at the end. Buy at the first step and keep: the money grows to 6.18 times, and
#   total_reward is 0, at every step. Change sides at random: 12 of 12 agents have a positive reward, 413 on average, and not one has a
#   thousandth of its money left. Buy and keep, but sell at the last step: the same 6.18, and 1,063 for it.
#   forex-v0: to stay short, as one begins, loses 13 % and is paid 0.
# Matters: an agent learns to trade at no cost, and the reward curve climbs while the money goes. Whatever it holds at the cut it held for
#   nothing. `total_profit` tells the truth, and learners do not see it.
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

SELL, BUY = 0, 1


def played(name, action):
    """(total reward, total profit, the different rewards) of an episode; action(t, n) is that of step t of n."""
    env = gym.make(name)
    env.reset(seed=0)
    n = env.unwrapped._end_tick - env.unwrapped._start_tick
    rewards, over = [], False
    while not over:
        _, reward, terminated, truncated, info = env.step(action(len(rewards), n))
        rewards.append(float(reward))
        over = terminated or truncated
    assert len(rewards) == n and np.isclose(sum(rewards), float(info["total_reward"]), rtol=1e-4)
    return sum(rewards), float(info["total_profit"]), set(rewards)


keeps = played("stocks-v0", lambda t, n: BUY)
sells = played("stocks-v0", lambda t, n: BUY if t < n - 1 else SELL)
short = played("forex-v0", lambda t, n: SELL)
random = [played("stocks-v0", lambda t, n, draw=np.random.default_rng(k): int(draw.integers(2))) for k in range(12)]
paid, left = np.array([r[0] for r in random]), np.array([r[1] for r in random])
print(f"stocks, bought and kept: reward {keeps[0]}, profit {keeps[1]:.3f}; sold at the last step: {sells[0]:.1f}, {sells[1]:.3f}")
print(f"stocks, 12 at random: reward {paid.min():.0f} to {paid.max():.0f}, mean {paid.mean():.0f}; profit {left.min():.1e} to {left.max():.1e}")
print(f"forex, short all the time: reward {short[0]}, profit {short[1]:.3f}")

assert keeps[2] == {0.0}, "what is held is paid now"
assert round(keeps[1], 2) == round(sells[1], 2) == 6.18 and sells[0] > 1000
assert paid.min() > 0 and left.max() < 1e-3, "fees are in the reward now"
assert short[2] == {0.0} and round(short[1], 2) == 0.87
PY
