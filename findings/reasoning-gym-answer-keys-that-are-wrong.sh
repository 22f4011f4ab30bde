#!/usr/bin/env bash
# Guess: the answer that a data set of Reasoning Gym keeps for a question is right: it is computed, and the answers are "verifiable".
# Seen, reasoning_gym 0.1.25, default settings, seed 1:
#   syllogism: of 800 questions 102 have "Yes" for what does not follow, as a search over all worlds of three classes (none of them empty) shows:
#   "All ants are dolphins. Some dolphins are not spiders. Does it follow that some ants are not spiders?" "Yes". All are of two forms, with
#   "some" or with "some ... not". The rule that the middle term must be distributed once is not among the "classical (Aristotelian) rules" it checks.
#   No key says "No" for what follows.
#   time_intervals: one of its nine forms of a date with a clock has the weekday in brackets, "2358-04-20 (Sunday) 03:51:19 -0100". There the
#   text is cut at the bracket, and the clock and the zone go with it: every key ends in 00:00, and all 73 of 2,000 (seed 42) are wrong.
# Matters: a model that reasons correctly is told that it is wrong on one of eight syllogisms, and one that takes the fallacy for proof gets 1.
#   On the intervals the right answer gets 0.996 on average, as near misses do: little as a reward, wrong where accuracy counts a reward of 1.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check reasoning_gym==0.1.25 sympy==1.14.0 numpy==2.4.6
"$here/env/bin/python" - <<'PY'
import re
from collections import Counter
from datetime import datetime
from functools import cache
from itertools import combinations

import reasoning_gym

kinds = [frozenset(kind) for size in range(4) for kind in combinations(range(3), size)]    # of things: in which of three classes they are
worlds = [world for size in range(9) for world in combinations(kinds, size) if set().union(*world) == {0, 1, 2}]


def parts(statement):
    return re.fullmatch(r"(All|No|Some) (\w+) are (not )?(\w+)", statement).groups()


@cache
def models(how, first, negated, second):
    """The worlds in which a statement is true."""
    found = set()
    for world in worlds:
        ones, others = ({kind for kind in world if name in kind} for name in (first, second))
        if {"All": not ones - others, "No": not ones & others, "Some": bool(ones - others if negated else ones & others)}[how]:
            found.add(world)
    return found


syllogisms = reasoning_gym.create_dataset("syllogism", seed=1, size=800)
tally, forms, shown = Counter(), Counter(), None
for entry in syllogisms:
    kept = entry["metadata"]
    premises, conclusion = [kept["premise1"], kept["premise2"]], kept["conclusion"]
    names = sorted({name for statement in [*premises, conclusion] for name in parts(statement)[1::2]})
    said = [(how, names.index(a), bool(negated), names.index(b)) for how, a, negated, b in map(parts, [*premises, conclusion])]
    follows = models(*said[0]) & models(*said[1]) <= models(*said[2])
    tally[entry["answer"], "Yes" if follows else "No"] += 1
    if entry["answer"] == "Yes" and not follows:
        forms[tuple(sorted((parts(premise)[0], bool(parts(premise)[2])) for premise in premises))] += 1
        shown = shown or (entry, syllogisms.score_answer("No", entry))
print("syllogism, (key, truth):", dict(tally))
print("  ", shown[0]["question"].replace("\n", " "), "key:", shown[0]["answer"], "reward of No:", shown[1])
assert tally["Yes", "No"] == sum(forms.values()) == 102 and tally["No", "Yes"] == 0 and shown[1] == 0, "the middle term is checked now"
assert set(forms) == {(("All", False), ("Some", False)), (("All", False), ("Some", True))}

intervals = reasoning_gym.create_dataset("time_intervals", seed=42, size=2000)
wrong, total, rewards = 0, 0, []
for entry in intervals:
    moments = re.findall(r"(\d{4}-\d\d-\d\d) \(\w+\) (\d\d:\d\d:\d\d [+-]\d{4})", entry["question"])
    if moments:
        start, end = (datetime.strptime(" ".join(moment), "%Y-%m-%d %H:%M:%S %z") for moment in moments)
        hours, rest = divmod((end - start).seconds, 3600)
        truth = f"{(end - start).days} days, {hours:02d}:{rest // 60:02d}"
        truth += f":{rest % 60:02d}" if entry["metadata"]["expected_format"].endswith("SS") else ""
        total, wrong = total + 1, wrong + (truth != entry["answer"])
        rewards.append(intervals.score_answer(truth, entry))
        if total == 1:
            print("time_intervals:", entry["question"], "key:", entry["answer"], "truth:", truth)
print(f"   {wrong} of {total} keys of this form are wrong; mean reward of the truth {sum(rewards) / total:.3f}")
assert wrong == total == 73 and max(rewards) < 1, "the clock is read now"
PY
