"""The fast part of `make trust`: every written answer, a fixed sample of the mutants, and that the committed table is the one shown."""
import ast
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import trust  # noqa: E402

attacks = trust.attacks
EXERCISES = [one for one in trust.registry().values() if int(one.chapter[:2]) <= 4]
ROWS = json.loads(trust.RESULTS.read_text(encoding="utf-8"))


def by_name(value):
    return getattr(value, "name", None)


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_there_are_enough_attacks(one):
    assert len(attacks.WRONG[one.name]) >= 8 and len(attacks.RIGHT[one.name]) >= 5
    names = [attack.name for attack in attacks.WRONG[one.name]] + [function.__name__ for function in attacks.RIGHT[one.name]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_wrong_answers_are_rejected_with_words_that_are_true_of_them(one):
    for found in trust.judge_attacks(one):
        assert not found["passed"], found["key"]
        assert found["says"] == found["expected"], found["key"]
        assert found["confirmed"] is not False, f"{found['key']} is called {found['says']}, and on other inputs it is not"


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_right_answers_pass_and_the_laws_are_true_of_them(one):
    for function in attacks.RIGHT[one.name]:
        result = trust.check(function, one.name)
        assert result.passed, f"{function.__name__}: {result.message}"
    for args, wanted in [*((case.args, wanted) for case, wanted in one.problems), *trust.probes(one.name)]:
        for law in one.laws:
            answer = [part.item() if one.exact else part.astype(float) for part in wanted]
            assert law.holds(*answer, *args), law.message


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_the_probes_are_not_the_checks_own_inputs(one):
    assert trust.right_on_probes(one, trust.outcomes(one, trust.chapter_space(one.chapter)[one.name]))
    own = {repr(case.args) for case, _ in one.problems}
    assert sum(repr(args) in own for args, _ in trust.probes(one.name)) == 0


def test_a_sample_of_the_mutants_is_killed_or_has_its_reason():
    reasons, seen = trust.equivalent(), 0
    for task in trust.sample(0.05):
        found, seen = trust.judge(task), seen + 1
        if found["passed"]:
            assert found["same"] and found["key"] in reasons[found["exercise"]], f"{task[0]}: {task[1]}"
        assert found["confirmed"] is not False, f"{task[0]}: {task[1]} is called {found['says']}, and on other inputs it is not"
    assert seen > 60


def test_every_listed_reason_belongs_to_a_mutant():
    keys = {(name, key) for name, key, _ in trust.tasks()}
    for name, reasons in trust.equivalent().items():
        for key, reason in reasons.items():
            assert (name, key) in keys and len(reason) > 10, f"{name}: {key}"


def test_the_mutator_changes_what_it_says():
    source = "def f(x, y):\n    z = x.sum(axis=0) - y[1:]\n    return np.exp(-z) / 2"
    keys = dict(trust.mutants(source))
    for wanted in ("z = x.sum(axis=0) - y[1:] -> z = x.sum(axis=1) - y[1:]", "z = x.sum(axis=0) - y[1:] -> z = x.mean(axis=0) - y[1:]",
                   "z = x.sum(axis=0) - y[1:] -> z = x.sum(axis=0) - y", "z = x.sum(axis=0) - y[1:] -> z = x.sum(axis=0) + y[1:]",
                   "z = x.sum(axis=0) - y[1:] -> nothing", "return np.exp(-z) / 2 -> return np.exp(z) / 2", "return np.exp(-z) / 2 -> return np.exp(-z) * 2",
                   "return np.exp(-z) / 2 -> return -z / 2"):
        assert wanted in keys, wanted
    assert len(set(keys.values())) == len(keys) and all(ast.parse(text) for text in keys.values())


def test_the_page_shows_the_committed_table():
    assert f"<!-- the table -->\n{trust.table(ROWS)}\n<!-- made by tools/trust.py -->" in trust.PAGE.read_text(encoding="utf-8")


def test_the_committed_table_is_of_these_attacks_and_mutants():
    """The counts, which are quick to make; `make trust` makes the verdicts."""
    tasks = [name for name, *_ in trust.tasks()]
    for row in ROWS:
        assert row["mutants"] == tasks.count(row["exercise"]) == row["killed"] + row["equivalent"], f"{row['exercise']}: run make trust"
        assert row["wrong"] == len(attacks.WRONG[row["exercise"]]) and row["right"] == len(attacks.RIGHT[row["exercise"]])
        assert row["equivalent"] == len(trust.equivalent().get(row["exercise"], {}))
        assert row["listed"] == sum(len(mistake.ways) for mistake in trust.registry()[row["exercise"]].mistakes), f"{row['exercise']}: run make trust"


def test_the_goals_hold():
    total = trust._total(ROWS)
    assert total["listed_named"] == total["listed"]
    assert total["wrong_named"] + total["wrong_diagnosed"] >= 0.5 * total["wrong"]
    assert total["mutants_named"] + total["mutants_diagnosed"] >= 0.5 * total["killed"]
    assert total["numbers_specific"] >= 0.5 * total["numbers"]
