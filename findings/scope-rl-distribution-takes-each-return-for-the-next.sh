#!/usr/bin/env bash
# Guess: SCOPE-RL's cumulative distribution estimators give F(m), the probability that the return is *at most* m (so its documentation), at each
#   return that occurs; and the mean that follows from F is, where the policy to be judged gathered the data, the mean of the logged returns.
# Seen, SCOPE-RL 0.2.1, default reward scale: the different returns that occur serve as the *edges* of a histogram, so k returns make k - 1 bins, the
#   best two share one, and each bin is worth its upper edge: every return but the best counts as the next better one. Games won (1) or lost (0),
#   53.7 % won: F(0) is 0, the mean 1, the variance 0 and the CVaR of the worst tenth 1, of the trajectory-wise and self-normalised estimators and
#   of "on_policy". Returns 0 to 4, about equally often: the mean is 2.83 in place of 2.04, that CVaR 1 in place of 0. (All weights are 1 here.)
#   With 1,000 returns that all differ the slip is one rank, and small.
# Matters: win or loss, number of goals, levels reached: just there the risk measures say that nothing can go wrong. The value "on_policy", against
#   which one would check, has the same slip and agrees.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check scope-rl==0.2.1 d3rlpy==2.8.1 gym==0.26.2 torch==2.13.0 numpy==2.4.6 \
  scikit-learn==1.9.1 scipy==1.17.1
"$here/env/bin/python" -W ignore - 2> /dev/null <<'PY'
import numpy as np
from scope_rl.ope import CumulativeDistributionOPE
from scope_rl.ope.discrete import CumulativeDistributionSNTIS, CumulativeDistributionTIS

N = 1000


def judged(returns, action):
    """{statistic: [of the on-policy value and two estimators]} of a coin that chose the logged actions itself; one step an episode."""
    coin = {"behavior_policy": "coin", "dataset_id": 0}
    log = coin | {
        "n_trajectories": N, "step_per_trajectory": 1, "action_type": "discrete", "n_actions": 2, "action_dim": None, "state_dim": 1,
        "state": np.zeros((N, 1)), "action": action, "reward": returns, "pscore": np.full(N, 0.5), "done": np.ones(N), "terminal": np.ones(N),
    }
    judge = coin | {
        "evaluation_policy": "coin", "evaluation_policy_action": None, "evaluation_policy_action_dist": np.full((N, 2), 0.5), "gamma": 1.0,
        "state_action_value_prediction": np.zeros((N, 2)), "initial_state_value_prediction": None, "on_policy_policy_value": returns,
    }
    ope = CumulativeDistributionOPE(
        logged_dataset=log, ope_estimators=[CumulativeDistributionTIS(), CumulativeDistributionSNTIS()], disable_reward_after_done=False
    )
    inputs = {"coin": judge}
    found = {
        "F": ope.estimate_cumulative_distribution_function(inputs),
        "mean": ope.estimate_mean(inputs),
        "variance": ope.estimate_variance(inputs),
        "CVaR": ope.estimate_conditional_value_at_risk(inputs, alphas=np.array([0.1])),
    }
    return {name: np.array(list(of["coin"].values())) for name, of in found.items()}


rng = np.random.default_rng(0)
seen = {}
for name, returns in {
    "won or lost": rng.choice([0.0, 1.0], size=N),
    "0 to 4": rng.choice(5, size=N).astype(float),
    "all different": rng.normal(size=N),
}.items():
    seen[name] = found = judged(returns, rng.integers(2, size=N))
    tenth = np.sort(returns)[: N // 10].mean()
    print(f"{name}: logged mean {returns.mean():.3f}, variance {returns.var():.3f}, worst tenth {tenth:.3f}; found")
    for statistic in ("F", "mean", "variance", "CVaR"):
        print(f"   {statistic} {found[statistic].round(3).tolist() if found[statistic].size < 20 else '...'}")
    found["slip"] = found["mean"] - returns.mean()
wins = seen["won or lost"]
assert (wins["F"] == [0, 1]).all(), "the probability of a loss is F(0) now"
assert np.allclose(wins["mean"], 1) and np.allclose(wins["variance"], 0) and np.allclose(wins["CVaR"], 1)
assert (wins["slip"] > 0.4).all() and (seen["0 to 4"]["slip"] > 0.75).all() and np.allclose(seen["0 to 4"]["CVaR"], 1)
assert (np.abs(seen["all different"]["slip"]) < 0.02).all()
PY
