#!/usr/bin/env bash
# Guess: mdptoolbox's ValueIteration ends with "the optimal value function" (its attribute V, "the expected value of being in that state") to within
#   about epsilon; it stops when the largest *change* of the values falls below a threshold, says the documentation of epsilon.
# Seen, mdptoolbox-hiive 4.0.3.1, its own forest example: it stops when the *spread* of the changes (largest less smallest) does. That is enough for
#   the best policy, which is the same in all solvers; but once all values rise alike it stops, however far they have still to rise. With gamma
#   0.9 V is (5.05, 8.29, 12.29) for (26.24, 29.48, 33.48), with 0.99 (6.41, 9.97, 13.97) for (317.6, 321.1, 325.1); epsilon 0.01 and 1e-6 give the
#   same, after four sweeps. ValueIterationGS and PolicyIterationModified end short as well; only PolicyIteration's V solves Bellman's equation.
# Matters: V is what one plots, compares with a learner's values, or adds where an episode is cut; here two solvers of one problem say values that
#   differ by a factor of 50, both as "the optimal value function".
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check mdptoolbox-hiive==4.0.3.1 numpy==2.4.6 scipy==1.17.1
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from hiive.mdptoolbox import example, mdp

P, R = example.forest()


def solved(kind, gamma, **options):
    solver = kind(P, R, gamma, **options)
    solver.run()
    return np.array(solver.V), tuple(solver.policy), solver.iter


kinds = mdp.ValueIteration, mdp.ValueIterationGS, mdp.PolicyIterationModified, mdp.PolicyIteration
for gamma in (0.9, 0.99):
    found = {kind.__name__: solved(kind, gamma) for kind in kinds}
    found["ValueIteration, epsilon 1e-6"] = solved(mdp.ValueIteration, gamma, epsilon=1e-6)
    policy = found["PolicyIteration"][1]
    true = np.linalg.solve(np.eye(3) - gamma * np.array([P[a][s] for s, a in enumerate(policy)]), [R[s, a] for s, a in enumerate(policy)])
    assert np.allclose(true, np.max([R[:, a] + gamma * P[a] @ true for a in range(2)], axis=0)), "the true values solve Bellman's equation"
    print(f"gamma {gamma}: true values {true.round(2)}")
    for name, (values, chosen, sweeps) in found.items():
        print(f"   {name}: {values.round(2)}, policy {chosen}, {sweeps} iterations")
        assert chosen == policy
    assert np.allclose(found["PolicyIteration"][0], true)
    assert (found["ValueIteration"][0] < true - 20).all() and found["ValueIteration"][2] == 4, "value iteration goes on to the values now"
    assert (found["PolicyIterationModified"][0] < true - 4).all()
PY
