#!/usr/bin/env bash
# Guess: skrl's cross-entropy method keeps the episodes with the highest discounted return; its documentation defines that as the sum of
#   discount_factor^t r_t over the episode, t from 0, so of two equal rewards the earlier one is worth more.
# Seen, skrl 2.1.1 (PyTorch agent): the powers run backwards (arange(n).flip): the *last* reward is not discounted, the first is by
#   discount_factor^(n-1). A game of 20 steps, where the first action chooses between 1 at once and 1 at the last step, is worth 1 or 0.135
#   with discount_factor 0.9. CEM learns to wait: in 59 % of the first 200 games, in 95 % of the last 200 of 1,000. What it logs as
#   "Mean discounted returns" rises from 0.64 to 0.96 meanwhile; by the documentation's sum it falls from 0.49 to 0.18.
#   With discount_factor 1, or where all rewards are equal, as on CartPole, the two sums are the same.
# Matters: the agent prefers late rewards and does not mind slow ways: a goal reached in 20 steps and one in 200 count the same, and costs on the way
#   count less the longer it is. A smaller discount factor, meant to make it impatient, makes it the more patient.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check skrl==2.1.1 torch==2.13.0 gymnasium==1.4.0 tensorboard==2.21.0 numpy==2.4.6
"$here/env/bin/python" -W ignore - 2> "$here/progress" <<'PY' || { tail -n 5 "$here/progress"; exit 1; }
import gymnasium as gym
import numpy as np
import torch
from skrl.agents.torch.cem import CEM, CEM_CFG
from skrl.envs.wrappers.torch import wrap_env
from skrl.memories.torch import RandomMemory
from skrl.models.torch import CategoricalMixin, Model
from skrl.trainers.torch import SequentialTrainer
from skrl.utils import set_seed

STEPS, GAMMA, ROLLOUT, UPDATES = 20, 0.9, 400, 50
NOW, LATE = 0, 1


class NowOrLate(gym.Env):
    """The first action chooses when the game pays its 1; the others do nothing."""

    observation_space = gym.spaces.Box(0, 1, (2,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return np.array([1, 0], np.float32), {}

    def step(self, action):
        if self.t == 0:
            self.choice = int(action)
            chosen.append(self.choice)
        pays = self.t == (0 if self.choice == NOW else STEPS - 1)
        self.t += 1
        return np.array([0, 1], np.float32), float(pays), self.t == STEPS, False, {}


class Policy(CategoricalMixin, Model):
    def __init__(self, observation_space, action_space, device):
        Model.__init__(self, observation_space=observation_space, action_space=action_space, device=device)
        CategoricalMixin.__init__(self)
        self.scores = torch.nn.Linear(2, 2, bias=False)
        torch.nn.init.zeros_(self.scores.weight)

    def compute(self, inputs, role):
        return self.scores(inputs["observations"]), {}


class Agent(CEM):
    def track_data(self, tag, value):
        if tag == "Coefficient / Mean discounted returns":
            logged.append(value)
        super().track_data(tag, value)


chosen, logged = [], []
set_seed(0)
env = wrap_env(NowOrLate())
config = CEM_CFG(rollouts=ROLLOUT, discount_factor=GAMMA, learning_rate=0.05)
config.experiment.write_interval = config.experiment.checkpoint_interval = 0
spaces = {"observation_space": env.observation_space, "action_space": env.action_space, "device": env.device}
memory = RandomMemory(memory_size=ROLLOUT, num_envs=1, device=env.device)
agent = Agent(models={"policy": Policy(**spaces)}, memory=memory, cfg=config, **spaces)
SequentialTrainer(cfg={"timesteps": ROLLOUT * UPDATES, "headless": True, "disable_progressbar": True}, env=env, agents=agent).train()

late = np.array(chosen).reshape(UPDATES, -1).mean(axis=1)                       # the share of each rollout's games that wait
true = (1 - late) + late * GAMMA ** (STEPS - 1)
print(f"games that wait for the end: {late[:10].mean():.2f} of the first ten rollouts, {late[-10:].mean():.2f} of the last ten")
print(f"mean discounted return: logged {np.mean(logged[:10]):.2f}, then {np.mean(logged[-10:]):.2f}; "
      f"by the documentation {true[:10].mean():.2f}, then {true[-10:].mean():.2f}")
backwards = late + (1 - late) * GAMMA ** (STEPS - 1)
assert len(logged) == UPDATES and np.allclose(logged, backwards, atol=1e-5), "the logged return is not the one from the end now"
assert late[-10:].mean() > 0.85 > 0.7 > late[:10].mean(), "the early reward is learnt now"
PY
