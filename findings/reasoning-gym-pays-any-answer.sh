#!/usr/bin/env bash
# Guess: a data set of Reasoning Gym ("algorithmically verifiable") pays 1 for a right answer to *this* question, and less for others.
# Seen, reasoning_gym 0.1.25, 200 questions each, default settings:
#   game_of_life_halting ("reply 'True' ... reply 'False'") pays 1.0 for every text but the empty one: "True", "False" and "I do not know" all get 1.0
#   on all 200. Its scorer compares bool(answer) with bool(entry["answer"]), and both are texts: bool("False") is True.
#   puzzle24 ("Make 24 using 4, 3, 9, 8. You can only use each number once.") never looks at the question's numbers: "1*2*3*4" gets 1.0 on all 200.
#   And what it makes is cut to a whole number first: "5*5-1/9", which is 24.89, gets 1.0 on all 200 too. (Its sister task, countdown, compares
#   the numbers: 0.05.)
#   gcd, as all that keep the scorer of the base class, pays a share for every text in which the right one stands: a wrong sign, or a wrong digit in
#   front, gets 0.52 on average, exactly as much as the right number with a line break after it; with three words around it the right one gets 0.07.
# Matters: the first two reach a mean reward of 1 with one constant answer, and a policy gradient finds it; in a mixture of tasks the mean looks
#   like progress. In the third a wrong number is paid seven times as well as the right one in a sentence.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check reasoning_gym==0.1.25 sympy==1.14.0 numpy==2.4.6
"$here/env/bin/python" - <<'PY'
import reasoning_gym

data = {name: reasoning_gym.create_dataset(name, seed=42, size=200) for name in ("game_of_life_halting", "puzzle24", "countdown", "gcd")}


def mean(name, answer):
    """The mean reward over 200 questions of `answer`, a function of the right one."""
    return sum(data[name].score_answer(answer(entry["answer"]), entry) for entry in data[name]) / 200


right = [entry["answer"] for entry in data["game_of_life_halting"]]
print("game_of_life_halting: right answers", {text: right.count(text) for text in sorted(set(right))})
halting = {text: mean("game_of_life_halting", lambda _: text) for text in ("True", "False", "I do not know")}
print("  ", halting)
numbers = {tuple(sorted(entry["metadata"]["numbers"])) for entry in data["puzzle24"]}
print("puzzle24: of its sets of numbers is (1, 2, 3, 4) one?", (1, 2, 3, 4) in numbers)
make_24 = {text: mean("puzzle24", lambda _: text) for text in ("1*2*3*4", "5*5-1/9", "1*2*3*5")}
print("  ", make_24, "countdown:", mean("countdown", lambda _: "1*2*3*4"))
divisor = {
    "right": mean("gcd", lambda right: right),
    "and a line break": mean("gcd", lambda right: right + "\n"),
    "a minus sign": mean("gcd", lambda right: "-" + right),
    "a 9 in front": mean("gcd", lambda right: "9" + right),
    "in a sentence": mean("gcd", lambda right: f"The answer is {right}."),
}
print("gcd:", {form: round(reward, 3) for form, reward in divisor.items()})
assert all(reward == 1 for reward in halting.values()) and 50 < right.count("True") < 150, "the answer is read now"
assert (1, 2, 3, 4) not in numbers and make_24["1*2*3*4"] == make_24["5*5-1/9"] == 1 and make_24["1*2*3*5"] < 0.02, "the numbers are compared now"
assert mean("countdown", lambda _: "1*2*3*4") < 0.06
assert divisor["and a line break"] == divisor["a minus sign"] == divisor["a 9 in front"] > 0.4 > 0.2 > divisor["in a sentence"], "no more substrings"
PY
