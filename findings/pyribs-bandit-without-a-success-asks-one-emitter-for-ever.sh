#!/usr/bin/env bash
# Guess: pyribs' BanditScheduler chooses its emitters by UCB1, where "emitters that have never been selected before are prioritized" (docstring of
#   ask): with four emitters and one active at a time each has been asked once after four rounds, whatever they found.
# Seen, pyribs 0.12.0: only if something was found. The bonus has the logarithm of the number of *successes*, where UCB1 has that of the number of
#   trials; as long as no solution was added it is log(0), and the score of those tried is NaN. Nothing is sorted by that: the last one is taken.
#   A full archive, of which only the second of four emitters knows to improve a cell (3 in 10 of its solutions): in 2,000 rounds the first
#   is asked once, the last 1,999 times, the second and the third never. Nothing is found. UCB1 in NumPy asks the second 1,996 times.
#   And if the very first solution is added, and no other of that emitter: log(1) is 0, so nothing is explored after one try each. It is asked
#   1,997 times for its one success, the others once; UCB1 asks it 16 times, and the second 1,982 times.
# Matters: where improvements are rare, as in an archive that is filled already or has a threshold, the bandit is deaf from the start, and
#   which emitter it holds on to is decided by its place in the list; the run looks like one whose emitters are all exhausted.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check ribs==0.12.0 numpy==2.4.6 scipy==1.17.1 numba==0.68.1
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from ribs.archives import GridArchive
from ribs.emitters import GaussianEmitter
from ribs.schedulers import BanditScheduler

ROUNDS, POOL, GIFTED = 2000, 4, 1
CELLS = np.stack(np.meshgrid(*[np.linspace(-0.8, 0.8, 5)] * 2), -1).reshape(-1, 2)


def asked(rounds, gift_to_first=False):
    """How often each emitter is asked for a solution: a full archive, objective 0 everywhere, in which one emitter can improve."""
    archive, rng, best = GridArchive(solution_dim=2, dims=[5, 5], ranges=[(-1, 1)] * 2), np.random.default_rng(0), 0.0
    archive.add(CELLS, np.zeros(25), CELLS)
    emitters = [GaussianEmitter(archive, sigma=0.1, x0=[0, 0], batch_size=1, seed=i) for i in range(POOL)]
    scheduler, count = BanditScheduler(archive, emitters, num_active=1), np.zeros(POOL, int)
    for t in range(rounds):
        solution = scheduler.ask()
        chosen = int(np.flatnonzero(scheduler.active)[0])
        count[chosen] += 1
        better = chosen == GIFTED and rng.random() < 0.3 or gift_to_first and t == 0
        best += better
        scheduler.tell([best if better else -1.0], np.clip(solution, -1, 1))
    return count.tolist()


def ucb1(rounds, gift_to_first=False, zeta=0.05):
    """The same with UCB1 as in the books: each once, then the mean plus zeta sqrt(log(trials) / own trials)."""
    rng, success, count = np.random.default_rng(0), np.zeros(POOL), np.zeros(POOL)
    for t in range(rounds):
        chosen = t if t < POOL else int(np.argmax(success / count + zeta * np.sqrt(np.log(count.sum()) / count)))
        count[chosen] += 1
        success[chosen] += chosen == GIFTED and rng.random() < 0.3 or gift_to_first and t == 0
    return count.astype(int).tolist()


seen, gifted = asked(ROUNDS), asked(ROUNDS, gift_to_first=True)
book, book_gifted = ucb1(ROUNDS), ucb1(ROUNDS, gift_to_first=True)
print("asked, after 4 rounds:", asked(4))
print("asked, after 2,000 rounds:", seen, "UCB1:", book)
print("asked, if the very first solution is added:", gifted, "UCB1:", book_gifted)
assert seen == [1, 0, 0, ROUNDS - 1] and asked(4) == [1, 0, 0, 3], "the untried come first now"
assert gifted == [ROUNDS - 3, 1, 1, 1], "the others are tried again now"
assert min(book) > 0 and min(book[GIFTED], book_gifted[GIFTED]) > 1900
PY
