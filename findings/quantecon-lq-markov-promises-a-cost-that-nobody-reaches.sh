#!/usr/bin/env bash
# Guess: QuantEcon's LQMarkov, linear-quadratic control whose matrices follow a Markov chain, returns P, d and F where x'P(s)x + d(s) is the "optimal
#   value function", the least expected cost from state x in regime s, and -F(s)x the policy that has it. So the policy, played, costs that.
# Seen, quantecon 0.11.4, x' = x + u, no noise, discount 0.95, cost 10u^2 and in the second regime 100x^2 more; it comes with probability 0.1 and goes
#   with 0.5: P is 2.80 in the calm regime, from x = 1. The policy F costs 6.17 there, by a linear system and by 20,000 simulated paths alike,
#   and the best policy, by value iteration in NumPy, 6.08. In the costly regime it is 105.6 for 108.5. Whatever the noise, d comes from P too.
#   In the equation for P (solve_discrete_riccati_system) the control is optimised for each next regime apart, and the mean is taken over the
#   optima: the cost of who knows tomorrow's regime today. F is then computed with the mean inside, as it should be, but from this P.
#   With one regime, or two equal ones, P is that of the class LQ.
# Matters: as a baseline for a learner, or for the worth of a policy, it is a bound from below that no policy can meet, here less than half of the
#   least cost; and the policy is not the best one. Nothing warns, and the iteration converges.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check quantecon==0.11.4 numpy==2.4.6 scipy==1.17.1 numba==0.68.1
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
import quantecon as qe

BETA, CHAIN = 0.95, np.array([[0.9, 0.1], [0.5, 0.5]])
R, Q = np.array([0.0, 100.0]), np.array([10.0, 10.0])                           # cost R(s) x^2 + Q(s) u^2; the next x is x + u


def solved(r, q, chain=CHAIN):
    """LQMarkov's P and F, one number for each regime."""
    p, _, f = qe.LQMarkov(chain, q, r, [1.0, 1.0], [1.0, 1.0], beta=BETA).stationary_values()
    return p.ravel(), f.ravel()


def costs(f):
    """What the policy u = -f(s) x costs from x = 1, for each regime: a linear system."""
    return np.linalg.solve(np.eye(2) - BETA * (1 - f[:, None]) ** 2 * CHAIN, R + Q * f**2)


def simulated(f, regime, rng, paths=20_000, steps=120):
    """The same from paths."""
    x, s, total = np.ones(paths), np.full(paths, regime), np.zeros(paths)
    for t in range(steps):
        u = -f[s] * x
        total += BETA**t * (R[s] * x**2 + Q[s] * u**2)
        x, s = x + u, (rng.random(paths) < CHAIN[s, 1]).astype(int)
    return total.mean(), total.std() / paths**0.5


best = np.zeros(2)
for _ in range(2000):                                                           # value iteration: the control knows s, not the next s
    ahead = BETA * CHAIN @ best
    g = ahead / (Q + ahead)
    best = R + Q * g**2 + ahead * (1 - g) ** 2
p, f = solved(R, Q)
print("LQMarkov's P:         ", p.round(3))
paths = [simulated(f, s, np.random.default_rng(s)) for s in (0, 1)]
print("what its F costs:     ", costs(f).round(3), "and simulated", *(f"{mean:.3f} +- {error:.3f}" for mean, error in paths))
print("what the best costs:  ", best.round(3), "with", g.round(3), "in place of", f.round(3))
for s, (mean, error) in enumerate(paths):
    assert abs(mean - costs(f)[s]) < 4 * error
assert np.allclose(costs(g), best) and (costs(f) >= best).all() and costs(f)[0] > best[0] + 0.05
assert p[0] < 0.5 * best[0] and p[1] < best[1] - 2, "P is the cost of a policy now"
same = solved(np.array([1.0, 1.0]), Q)[0]
assert np.allclose(same, qe.LQ(10.0, 1.0, 1.0, 1.0, beta=BETA).stationary_values()[0])
PY
