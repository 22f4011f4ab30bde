#!/usr/bin/env bash
# Guess: OpenSpiel's voting methods rank agents by what the ballots say, in whatever order they were added; so does its single transferable vote,
#   where the votes that a winner has beyond the quota go on to their next choices.
# Seen, OpenSpiel 2.0.2, STVVoting: the winner keeps the ballots that were *added first*, up to the quota, and only the last ones go on. Two seats,
#   100 ballots: 30 A>B>C, 20 A>C>B, 24 B>C>A, 26 C>B>A. A has 16 too many. Added in this order all 16 go to C, which is second; with the
#   first two groups exchanged all 16 go to B. In proportion, as 30 to 20, B has 33.6 and C 32.4, and B is second (in fractions, beside it).
#   Of 200 profiles of 20 random ballots over four alternatives, each counted in ten orders, 26 % elect different pairs; with 57 ballots, six
#   alternatives and three seats it is 41 %. Borda, Copeland, Schulze and ranked pairs: none of 50. (Ties are broken by the list of
#   alternatives, which stays the same here.)
# Matters: where the ballots are tasks or seeds and the alternatives agents, which agents come out on top depends on the order of the tasks. In a
#   list sorted by frequency the most frequent opinion is spent on the first winner, and the rarest decides.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check open_spiel==2.0.2 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
from fractions import Fraction

import numpy as np
from open_spiel.python.voting import base, borda, copeland, ranked_pairs, schulze, stv


def elected(method, ballots, alternatives, seats):
    """The first `seats` of the ranking; ballots are (how many, order)."""
    profile = base.PreferenceProfile(alternatives=list(alternatives))
    for weight, order in ballots:
        profile.add_vote(base.WeightedVote(weight, list(order)))
    return method.run_election(profile).ranking[:seats]


ballots = [(30, "ABC"), (20, "ACB"), (24, "BCA"), (26, "CBA")]
listed = elected(stv.STVVoting(num_winners=2), ballots, "ABC", 2)
exchanged = elected(stv.STVVoting(num_winners=2), [ballots[1], ballots[0], *ballots[2:]], "ABC", 2)
quota = 100 // 3 + 1
shares = {"B": 24 + Fraction(30, 50) * (50 - quota), "C": 26 + Fraction(20, 50) * (50 - quota)}
print(f"as listed {listed}, the first two exchanged {exchanged}; in proportion", {name: float(share) for name, share in shares.items()})
assert shares["C"] < shares["B"] < quota                                        # C is out, B gets its votes
assert listed == ["A", "C"] and exchanged == ["A", "B"], "the order does not decide any more"


def divided(method, voters, candidates, seats, profiles):
    """The share of random profiles that elect different sets when the same ballots come in ten different orders."""
    draw, differ = np.random.default_rng(0), 0
    for _ in range(profiles):
        names = [chr(65 + number) for number in range(candidates)]
        cast = [(1, [names[number] for number in draw.permutation(candidates)]) for _ in range(voters)]
        orders = ([cast[number] for number in draw.permutation(voters)] for _ in range(10))
        differ += len({frozenset(elected(method, order, names, seats)) for order in orders}) > 1
    return differ / profiles


for voters, candidates, seats in ((20, 4, 2), (57, 6, 3)):
    share = divided(stv.STVVoting(num_winners=seats), voters, candidates, seats, 200)
    others = [
        divided(method, voters, candidates, seats, 50)
        for method in (borda.BordaVoting(), copeland.CopelandVoting(), schulze.SchulzeVoting(), ranked_pairs.RankedPairsVoting())
    ]
    print(f"{voters} ballots, {candidates} alternatives, {seats} seats: divided {share:.2f}; Borda, Copeland, Schulze, ranked pairs {others}")
    assert share > 0.2 and not any(others)
PY
