#!/usr/bin/env bash
# Guess: PFRL's AdditiveOU adds an Ornstein-Uhlenbeck process to the actions, "used in" DDPG's paper "for exploration": noise that goes on from
#   step to step, with theta 0.15 correlated by 0.85 between two steps of an environment; and several environments, stepped together, have
#   noises of their own.
# Seen, PFRL 0.4.0: the explorer has one process, and batch_act asks it once for each environment: it runs through the environments of a step, then
#   through those of the next. With 16 of them the noise of one environment is correlated by 0.10 from step to step (0.85^16 is 0.07), so it is
#   nearly white; and that of two neighbours in the same step by 0.85. With one environment it is 0.85, with four 0.50.
# Matters: DDPG's exploration by drift, why one takes this noise at all, is gone as soon as training is spread over environments, and these explore
#   in step with each other. The same settings give another kind of noise for each number of environments.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check pfrl==0.4.0 torch==2.13.0 gym==0.26.2 packaging==25.0 pillow==12.1.0 \
  filelock==3.29.0 numpy==2.4.6
"$here/env/bin/python" -W ignore - 2> "$here/progress" <<'PY' || { tail -n 5 "$here/progress"; exit 1; }
import numpy as np
import pfrl
import torch

STEPS, THETA = 4000, 0.15


def noise(environments):
    """The actions of a DDPG agent whose policy says 0 everywhere, as an array of steps and environments."""
    policy = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False), pfrl.policies.DeterministicHead())
    torch.nn.init.zeros_(policy[0].weight)
    q_function = torch.nn.Sequential(pfrl.nn.ConcatObsAndAction(), torch.nn.Linear(2, 1))
    agent = pfrl.agents.DDPG(
        policy, q_function, torch.optim.SGD(policy.parameters(), lr=0.0), torch.optim.SGD(q_function.parameters(), lr=0.0),
        pfrl.replay_buffers.ReplayBuffer(10**6), gamma=0.99, explorer=pfrl.explorers.AdditiveOU(theta=THETA), replay_start_size=10**6)
    observations = [np.zeros(1, np.float32)] * environments
    zeros, never = [0.0] * environments, [False] * environments
    actions = []
    for _ in range(STEPS):
        actions.append(np.array(agent.batch_act(observations)).ravel())
        agent.batch_observe(observations, zeros, never, never)
    return np.array(actions)


np.random.seed(0)
in_time, between = {}, {}
for environments in (1, 4, 16):
    drawn = noise(environments)
    in_time[environments] = np.mean([np.corrcoef(x[:-1], x[1:])[0, 1] for x in drawn.T])
    between[environments] = np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(drawn.T, drawn.T[1:])]) if environments > 1 else np.nan
    print(f"{environments} environments: correlation from step to step {in_time[environments]:.2f} (0.85 to the power of {environments} is "
          f"{(1 - THETA) ** environments:.2f}), between neighbours {between[environments]:.2f}")

assert abs(in_time[1] - 0.85) < 0.03
for environments in (4, 16):
    assert abs(in_time[environments] - 0.85**environments) < 0.04, "each environment has a process of its own now"
    assert abs(between[environments] - 0.85) < 0.03
PY
