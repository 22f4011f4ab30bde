#!/usr/bin/env bash
# Guess: Gym-LQR turns a continuous system dx = (A x + B u) dt + G dW of the COMPleib collection into steps of dt seconds: the noise of a step has the
#   covariance G G' dt, to first order, and how far the state is scattered after a second does not depend on how fine the steps are.
# Seen, gym-lqr 0.0.2 with SciPy 1.17.1: G G' dt is not taken as the covariance of the noise but as the *factor* by which standard normal numbers are
#   multiplied, so the covariance is its square. With dt 0.1 the noise of the helicopter of the README, HE1, has a variance of 4.5e-7 in all
#   for 6.8e-4: 1,500 times too small, and of DIS1, where G is the identity on four of eight states, 0.16 for 0.40.
#   And the finer the steps, the less noise there is: of DIS1's state after one second, nothing done, the variances add up to 1.1 with dt 0.1 and to
#   0.10 with 0.01; SciPy's matrix exponential (Van Loan) says 2.6. With G sqrt(dt) as the factor the same loop gives what SciPy says.
# Matters: the systems are all but free of noise, and how noisy depends on the step: a controller that is judged by its mean cost is judged on
#   another problem, and the cost that theory gives for it, trace(P G G') dt, is not the one that is seen.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gym-lqr==0.0.2 gymnasium==1.4.0 numpy==2.4.6 scipy==1.17.1
"$here/env/bin/python" -W ignore - <<'PY'
import gym_lqr  # noqa: F401
import gymnasium as gym
import numpy as np
from gym_lqr.compleib import get_model_from_compleib
from scipy.linalg import expm


def scattered(system, dt, steps, factor=None, copies=4000):
    """Sum of the variances of the state after so many steps from 0, nothing done; `factor` in the place of the package's own."""
    env = gym.make("LQR-v0", env_id=system, dt=dt, reset_settings=("normal", 0.0, 0.0)).unwrapped
    if factor is not None:
        env._G, env._n_w = factor, factor.shape[1]
    ends, nothing = [], np.zeros(env.n_a, np.float32)
    env.reset(seed=0)
    for _ in range(copies):
        env.reset()
        for _ in range(steps):
            state = env.step(nothing)[0]
        ends.append(state)
    return np.var(ends, axis=0).sum()


def true_variance(system, seconds):
    """The same by Van Loan's matrix exponential: the integral of exp(As) G G' exp(A's) over the time."""
    _, a, _, g = get_model_from_compleib(system)
    n = len(a)
    block = expm(np.block([[-a, g @ g.T], [np.zeros((n, n)), np.asarray(a).T]]) * seconds)
    return np.trace(block[n:, n:].T @ block[:n, n:])


for system in ("HE1", "DIS1"):
    g = np.asarray(get_model_from_compleib(system)[3], float)
    one, euler = scattered(system, 0.1, 1, copies=20_000), g @ g.T * 0.1
    print(f"{system}: variance of one step of 0.1 s {one:.3g}, trace of G G' dt {np.trace(euler):.3g}, of its square {np.trace(euler @ euler):.3g}")
    assert np.isclose(one, np.trace(euler @ euler), rtol=0.03), "the noise has another covariance now"
    assert one < 0.5 * np.trace(euler)
coarse, fine, true = scattered("DIS1", 0.1, 10), scattered("DIS1", 0.01, 100), true_variance("DIS1", 1)
root = scattered("DIS1", 0.01, 100, factor=g * 0.1)
print(f"DIS1 after 1 s: steps of 0.1 s {coarse:.3g}, of 0.01 s {fine:.3g}; SciPy {true:.3g}; steps of 0.01 s with G sqrt(dt) {root:.3g}")
assert coarse < 0.6 * true and fine < 0.15 * coarse, "the step no longer decides the noise"
assert np.isclose(root, true, rtol=0.08)
PY
