#!/usr/bin/env bash
# Guess: Axelrod's MoranProcess(mode="db"), death and birth, removes a player at random, and its neighbours on the graph compete for the empty place,
#   in proportion to what they score against their own neighbours. So a strategy walks one edge in a step, and never where no edge leads.
# Seen, Axelrod 4.14.0, a cycle of 12 players, all different, 1,000 first steps: the place is taken by the strategy of a neighbour in 15 of a hundred;
#   in the others it comes from two to six edges away. With "bd", birth and death, it is one edge in all that change anything.
#   Two triangles without an edge between them, three defectors and three cooperators: with "db" the defectors take the other triangle in 40 of 40
#   runs, with "bd" in none. In _matchup_indices the neighbours of the dead are counted, and the count, 0, 1, ..., is taken for the player:
#   those who play are the first players of the list, whoever died, against neighbours of neighbours; and the parent is drawn among all who scored.
#   Without a graph it is wrong too, as some then play against themselves: a single cooperator among three defectors scores nothing, against anyone,
#   and cannot multiply, but takes over in 13 of a hundred runs of "db" if it is the third in the list, and in none if it is first or last.
# Matters: that death and birth on a graph favours cooperation, and birth and death does not, is the best-known result about games on graphs
#   (Ohtsuki and others, 2006). The two modes are offered for such comparisons; "db" has no graph to speak of, and depends on the order of the list.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check axelrod==4.14.0 torch==2.13.0 numpy==2.4.6 scipy==1.17.1
"$here/env/bin/python" -W ignore - <<'PY'
from collections import Counter

import axelrod as axl
from axelrod.graph import Graph, cycle


def distances(mode, n=12, runs=1000):
    """How many edges a strategy walks in the first step on a cycle, over runs in which something changed."""
    walked = Counter()
    for seed in range(runs):
        players = [axl.Random(0.3 + 0.01 * i) for i in range(n)]
        process = axl.MoranProcess(players, turns=5, mode=mode, interaction_graph=cycle(n), seed=seed)
        before = [str(player) for player in process.players]
        next(process)
        after = [str(player) for player in process.players]
        for place in range(n):
            if after[place] != before[place]:
                parent = before.index(after[place])
                walked[min((place - parent) % n, (parent - place) % n)] += 1
    return {edges: round(walked[edges] / sum(walked.values()), 2) for edges in sorted(walked)}


def islands(mode, runs=40):
    """Runs of 100 steps in which a triangle of defectors took a triangle of cooperators; no edge leads from one to the other."""
    taken = 0
    for seed in range(runs):
        graph = Graph([(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)])
        players = [axl.Defector() for _ in range(3)] + [axl.Cooperator() for _ in range(3)]
        process = axl.MoranProcess(players, turns=1, mode=mode, interaction_graph=graph, seed=seed)
        for _ in range(100):
            if process.fixation_check():
                break
            next(process)
        taken += process.populations[-1]["Defector"] == 6
    return taken


def lone(mode, place, runs=300):
    """The share of runs, no graph given, that a single cooperator among three defectors wins; against each it scores 0."""
    won = 0
    for seed in range(runs):
        players = [axl.Cooperator() if i == place else axl.Defector() for i in range(4)]
        process = axl.MoranProcess(players, turns=1, mode=mode, seed=seed)
        process.play()
        won += process.winning_strategy_name == "Cooperator"
    return won / runs


assert axl.Match((axl.Cooperator(), axl.Defector()), turns=1).play() and axl.Game().RPST() == (3, 1, 0, 5)
walks = {mode: distances(mode) for mode in ("bd", "db")}
print("edges that a strategy walks in a step, cycle of 12:", walks)
assert set(walks["bd"]) == {1}
assert walks["db"][1] < 0.3 and max(walks["db"]) == 6, "the parent is a neighbour now"
crossed = {mode: islands(mode) for mode in ("bd", "db")}
print("triangles taken without an edge, of 40:", crossed)
assert crossed["bd"] == 0 and crossed["db"] > 30, "no one crosses now"
wins = {mode: [round(lone(mode, place), 2) for place in range(4)] for mode in ("bd", "db")}
print("a lone cooperator among three defectors wins, by its place in the list:", wins)
assert wins["bd"] == [0, 0, 0, 0]
assert wins["db"][0] == wins["db"][3] == 0 and wins["db"][2] > 0.06, "who scores nothing has no offspring now"
PY
