#!/usr/bin/env bash
# Guess: SCOPE-RL's on-policy policy value, the truth its estimators are measured against, is the mean of the sum of gamma^t r_t with t from 0, which
#   is how the documentation defines the value of a policy and what its estimators estimate.
# Seen, SCOPE-RL 0.2.1: the rollouts count the step before they discount, so t begins with 1 and the "truth" is gamma times the value: of five rewards
#   of 1 it is 3.686 in place of 4.095 with gamma 0.9, and 0.969 in place of 1.938 with gamma 0.5. With
#   evaluate_on_stationary_distribution=True the very same call begins with 0. With gamma 1, the default, nothing shows.
#   An importance sampling estimator that is given the policy's own episodes, and so returns their exact mean, has a relative error of 1/gamma - 1
#   (the option disable_reward_after_done is off here, lest the last reward be missing).
# Matters: with gamma 0.9 every exact estimator is reported as wrong by 11 %, and one that is 10 % too low as perfect; the order of
#   estimators by error can turn round, which is what the comparison is for.
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
from scope_rl.ope.discrete import PerDecisionImportanceSampling
from scope_rl.ope.online import calc_on_policy_policy_value
from scope_rl.policy import EpsilonGreedyHead


class Game(gym.Env):
    """Five steps that pay 1 each, whatever is done."""

    observation_space, action_space = gym.spaces.Box(0.0, 5.0, (1,)), gym.spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.t = 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.t += 1
        return np.full(1, self.t, np.float32), 1.0, self.t == 5, False, {}


env, base = Game(), DiscreteRandomPolicyConfig().create()
base.create_impl((1,), 2)
coin = EpsilonGreedyHead(base, name="coin", n_actions=2, epsilon=1.0, random_state=0)
log = SyntheticDataset(env=env, max_episode_steps=5).obtain_episodes(behavior_policies=coin, n_trajectories=50, random_state=0)
for gamma in (1.0, 0.9, 0.5):
    true = sum(gamma**t for t in range(5))
    rollout = {"n_trajectories": 20, "step_per_trajectory": 5, "gamma": gamma, "random_state": 0}
    episodic = float(calc_on_policy_policy_value(env, coin, **rollout))
    stationary = float(calc_on_policy_policy_value(env, coin, evaluate_on_stationary_distribution=True, **rollout))
    with contextlib.redirect_stdout(io.StringIO()):
        inputs = CreateOPEInput(env=env, gamma=gamma).obtain_whole_inputs(
            logged_dataset=log, evaluation_policies=[coin], n_trajectories_on_policy_evaluation=20, random_state=0
        )
    ope = OffPolicyEvaluation(logged_dataset=log, ope_estimators=[PerDecisionImportanceSampling()], disable_reward_after_done=False)
    values = {name: float(value) for name, value in ope.estimate_policy_value(inputs)["coin"].items()}
    error = float(np.mean(ope.evaluate_performance_of_ope_estimators(inputs, metric="relative-ee")["coin"]["pdis"]))
    print(f"gamma {gamma}: value {true:.4f}, on-policy {episodic:.4f}, the same 'stationary' {stationary:.4f}; {values}, relative error {error:.4f}")
    assert np.allclose([stationary, values["pdis"]], true)
    assert np.allclose([episodic, values["on_policy"]], gamma * true), "the first reward is not discounted any more"
    assert np.isclose(error, 1 / gamma - 1)
PY
