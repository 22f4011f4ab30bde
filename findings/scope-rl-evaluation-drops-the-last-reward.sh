#!/usr/bin/env bash
# Guess: SCOPE-RL's OffPolicyEvaluation estimates the mean of the sum of an episode's rewards. Where the policy to be judged is the one that gathered
#   the data, all weights are 1 and the estimate is the mean of the logged returns. Its option disable_reward_after_done, on by default, sets the
#   rewards to 0 "once done is observed": those of steps after an end.
# Seen, SCOPE-RL 0.2.1: the reward of the step that *ends* the episode is set to 0 as well (the mask is the running product of 1 - done, done of that
#   step included), and its own data sets have done at the last step of every episode. Episodes of five steps that pay 1 each are worth 4 to
#   the trajectory-wise, per-decision and self-normalised estimators; if all is paid at the end (a goal, a game won) the policy is worth 0.
#   The same estimators given the logged rewards by hand, or with disable_reward_after_done=False, say 5 and 1.
# Matters: the on-policy value beside them counts every reward, so each of these estimators is charged with an error of one reward that it did not
#   make; and of a game that pays at its end they say that it cannot be won.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check scope-rl==0.2.1 d3rlpy==2.8.1 gym==0.26.2 torch==2.13.0 numpy==2.4.6 \
  scikit-learn==1.9.1 scipy==1.17.1
"$here/env/bin/python" -W ignore - 2> /dev/null <<'PY'
import contextlib
import io

import gym
import numpy as np
from d3rlpy.algos import DiscreteRandomPolicyConfig
from scope_rl.dataset import SyntheticDataset
from scope_rl.ope import CreateOPEInput, OffPolicyEvaluation
from scope_rl.ope.discrete import PerDecisionImportanceSampling, SelfNormalizedTIS, TrajectoryWiseImportanceSampling
from scope_rl.policy import EpsilonGreedyHead


class Game(gym.Env):
    """Five steps, whatever is done; the t-th pays pay[t]."""

    observation_space, action_space = gym.spaces.Box(0.0, 5.0, (1,)), gym.spaces.Discrete(2)

    def __init__(self, pay):
        self.pay = pay

    def reset(self, seed=None, options=None):
        self.t = 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.t += 1
        return np.full(1, self.t, np.float32), self.pay[self.t - 1], self.t == 5, False, {}


def judged(pay):
    """{name: value} of a coin-tossing policy, from 50 episodes of its own."""
    env, base = Game(pay), DiscreteRandomPolicyConfig().create()
    base.create_impl((1,), 2)
    coin = EpsilonGreedyHead(base, name="coin", n_actions=2, epsilon=1.0, random_state=0)
    with contextlib.redirect_stdout(io.StringIO()):
        log = SyntheticDataset(env=env, max_episode_steps=5).obtain_episodes(behavior_policies=coin, n_trajectories=50, random_state=0)
        inputs = CreateOPEInput(env=env).obtain_whole_inputs(
            logged_dataset=log, evaluation_policies=[coin], n_trajectories_on_policy_evaluation=20, random_state=0
        )
        estimators = [TrajectoryWiseImportanceSampling(), PerDecisionImportanceSampling(), SelfNormalizedTIS()]
        default = OffPolicyEvaluation(logged_dataset=log, ope_estimators=estimators).estimate_policy_value(inputs)["coin"]
        kept = OffPolicyEvaluation(logged_dataset=log, ope_estimators=estimators, disable_reward_after_done=False)
        off = kept.estimate_policy_value(inputs)["coin"]
    by_hand = {key: log[key] for key in ("step_per_trajectory", "reward", "pscore")} | {"action": log["action"].astype(int)}
    by_hand["evaluation_policy_action_dist"] = inputs["coin"]["evaluation_policy_action_dist"]
    direct = [float(estimator.estimate_policy_value(**by_hand)) for estimator in estimators]
    assert log["done"].reshape(50, 5).tolist() == [[0, 0, 0, 0, 1]] * 50
    logged = float(log["reward"].reshape(50, 5).sum(axis=1).mean())
    return logged, {k: float(v) for k, v in default.items()}, {k: float(v) for k, v in off.items()}, direct


for pay in ([1.0] * 5, [0.0, 0.0, 0.0, 0.0, 1.0]):
    logged, default, off, direct = judged(pay)
    print(f"pays {pay}: mean logged return {logged}\n  by default {default}\n  without the option {off}, by hand {direct}")
    assert default["on_policy"] == logged == sum(pay)
    assert np.allclose([*off.values(), *direct], logged)
    assert np.allclose([default["tis"], default["pdis"], default["sntis"]], logged - pay[-1]), "the last reward counts now"
PY
