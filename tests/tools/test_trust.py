"""The fast part of `make trust`: every written answer, a fixed sample of the mutants,
and that the committed table is the one shown."""

import ast
import json
import zlib

import pytest
import scipy.integrate
import scipy.stats

from learning_to_act.checks import check
from learning_to_act.checks.registry import registry
from tests import attacks
from tools.trust import hunts, judge, table
from tools.trust.mutants import mutants
from tools.trust.solutions import chapter_space, solution_source

HUNTS = [one for one in registry().values() if hunts.is_hunt(one)]
EXERCISES = [one for one in registry().values() if not hunts.is_hunt(one)]
ROWS = json.loads(table.RESULTS.read_text(encoding="utf-8"))


def by_name(value):
    return getattr(value, "name", None)


@pytest.mark.parametrize("one", [*EXERCISES, *HUNTS], ids=by_name)
def test_there_are_enough_attacks(one):
    assert len(attacks.WRONG[one.name]) >= 8 and len(attacks.RIGHT[one.name]) >= 5
    names = [attack.name for attack in attacks.WRONG[one.name]] + [
        function.__name__ for function in attacks.RIGHT[one.name]
    ]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_wrong_answers_are_rejected_with_words_that_are_true_of_them(one):
    for found in judge.judge_attacks(one):
        assert not found["passed"], found["key"]
        assert found["says"] == found["expected"], found["key"]
        assert found["confirmed"] is not False, (
            f"{found['key']} is called {found['says']}, and on other inputs it is not"
        )


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_right_answers_pass_and_the_laws_are_true_of_them(one):
    for function in attacks.RIGHT[one.name]:
        result = check(function, one.name)
        assert result.passed, f"{function.__name__}: {result.message}"
    for args, wanted in [*((case.args, wanted) for case, wanted in one.problems), *judge.probes(one.name)]:
        for law in one.laws:
            answer = [part.item() if one.exact else part.astype(float) for part in wanted]
            assert law.holds(*answer, *args), law.message


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_the_probes_are_not_the_checks_own_inputs(one):
    assert judge.right_on_probes(one, judge.outcomes(one, chapter_space(one.stem)[one.name]))
    own = {repr(case.args) for case, _ in one.problems}
    assert sum(repr(args) in own for args, _ in judge.probes(one.name)) == 0


@pytest.fixture
def few(monkeypatch):
    """Fewer batches than a check draws; `make trust` draws them all."""
    monkeypatch.setattr(hunts.hunt, "COUNT", 800)
    monkeypatch.setattr(hunts.hunt, "FREE", 200)


@pytest.mark.parametrize("one", HUNTS, ids=by_name)
def test_wrong_updates_are_rejected_with_words_that_are_true_of_them(one, few, monkeypatch):
    for attack in attacks.WRONG[one.name]:
        found = judge.verdict(one, attack.function, seconds=5.0)
        if found["says"] != attack.says:  # with fewer batches a small turn may pass for none
            with monkeypatch.context() as full:
                full.setattr(hunts.hunt, "COUNT", 2000)
                found = judge.verdict(one, attack.function, seconds=5.0)
        assert not found["passed"] and found["says"] == attack.says, (attack.name, found)
        assert judge.confirmed(one, attack.function, found["says"]) is not False, (attack.name, found)


@pytest.mark.parametrize("one", HUNTS, ids=by_name)
def test_right_updates_pass_and_have_the_gradient_as_their_mean(one, few):
    for function in attacks.RIGHT[one.name]:
        result = check(function, one.name, mistake=one.bug)
        assert result.passed, f"{function.__name__}: {result.message}"
        assert hunts.unbiased(one, function, tolerance=1e-5), function.__name__  # one is in single precision


@pytest.mark.parametrize("one", HUNTS, ids=by_name)
def test_means_over_all_batches_are_exact_where_no_check_looks(one):
    own = {(setting.world, setting.theta) for setting in one.settings}
    for setting in hunts.settings(one):
        assert sum(p for p, _ in hunts.every_batch(setting)) == pytest.approx(1, abs=1e-9)
        assert (setting.world, setting.theta) not in own
    assert hunts.unbiased(one, hunts.solution(one.name))
    if one.original:
        assert not hunts.unbiased(one, one.original) and hunts.distance(one, one.original) > hunts.FAR


def test_quadrature_nodes_have_the_moments_of_the_normal_law():
    """Against SciPy: the mean of a^0 ... a^5 between two ends."""
    for low, high in ((-12.4, -1.0), (-1.0, 0.5), (0.5, 11.6)):
        nodes = hunts._nodes(low, high, mean=-0.4, std=1.3)
        for k in range(6):
            wanted = scipy.integrate.quad(lambda a: a**k * scipy.stats.norm.pdf(a, -0.4, 1.3), low, high, epsabs=1e-13)[
                0
            ]  # noqa: B023
            assert sum(w * a**k for w, a in nodes) == pytest.approx(wanted, abs=1e-9, rel=1e-9)


def test_a_few_mutants_of_the_updates_are_killed_or_have_the_right_mean():
    seen = 0
    for one in HUNTS:
        for key, source in sorted(mutants(solution_source(one)), key=lambda pair: zlib.crc32(pair[0].encode()))[:3]:
            found, seen = judge.judge((one.name, key, source)), seen + 1
            assert not found["passed"] or found["same"], f"{one.name}: {key}"
            assert found["confirmed"] is not False, (one.name, key, found)
    assert seen == 3 * len(HUNTS)


def test_a_sample_of_the_mutants_is_killed_or_has_its_reason():
    reasons, seen = judge.equivalent(), 0
    for task in judge.sample(0.05):
        found, seen = judge.judge(task), seen + 1
        if found["passed"]:
            assert found["same"] and found["key"] in reasons[found["exercise"]], f"{task[0]}: {task[1]}"
        assert found["confirmed"] is not False, (
            f"{task[0]}: {task[1]} is called {found['says']}, and on other inputs it is not"
        )
    assert seen > 60


def test_every_listed_reason_belongs_to_a_mutant():
    keys = {(name, key) for name, key, _ in [*judge.tasks(), *judge.tasks([one.name for one in HUNTS])]}
    for name, reasons in judge.equivalent().items():
        for key, reason in reasons.items():
            assert (name, key) in keys and len(reason) > 10, f"{name}: {key}"


def test_the_mutator_changes_what_it_says():
    source = "def f(x, y):\n    z = x.sum(axis=0) - y[1:]\n    return np.exp(-z) / 2"
    keys = dict(mutants(source))
    for wanted in (
        "z = x.sum(axis=0) - y[1:] -> z = x.sum(axis=1) - y[1:]",
        "z = x.sum(axis=0) - y[1:] -> z = x.mean(axis=0) - y[1:]",
        "z = x.sum(axis=0) - y[1:] -> z = x.sum(axis=0) - y",
        "z = x.sum(axis=0) - y[1:] -> z = x.sum(axis=0) + y[1:]",
        "z = x.sum(axis=0) - y[1:] -> nothing",
        "return np.exp(-z) / 2 -> return np.exp(z) / 2",
        "return np.exp(-z) / 2 -> return np.exp(-z) * 2",
        "return np.exp(-z) / 2 -> return -z / 2",
    ):
        assert wanted in keys, wanted
    assert len(set(keys.values())) == len(keys) and all(ast.parse(text) for text in keys.values())


def test_the_page_shows_the_committed_table():
    assert f"<!-- the table -->\n{table.table(ROWS)}\n<!-- made by make trust -->" in table.PAGE.read_text(
        encoding="utf-8"
    )


def test_the_committed_table_is_of_these_attacks_and_mutants():
    """The counts, which are quick to make; `make trust` makes the verdicts."""
    tasks = [name for name, *_ in judge.tasks()]
    for row in ROWS:
        if hunts.is_hunt(
            registry()[row["exercise"]]
        ):  # a part of them is put to the check: those that lie near, and a sample of the far ones
            one = registry()[row["exercise"]]
            assert hunts.MUTANTS <= row["mutants"] == row["killed"] + row["equivalent"] and row["of"] == len(
                mutants(solution_source(one))
            )
            assert row["wrong"] == len(attacks.WRONG[one.name]) and row["right"] == len(attacks.RIGHT[one.name])
            assert row["equivalent"] == len(judge.equivalent().get(one.name, {})), f"{one.name}: run make trust"
            continue
        assert row["mutants"] == tasks.count(row["exercise"]) == row["killed"] + row["equivalent"], (
            f"{row['exercise']}: run make trust"
        )
        assert row["wrong"] == len(attacks.WRONG[row["exercise"]]) and row["right"] == len(
            attacks.RIGHT[row["exercise"]]
        )
        assert row["equivalent"] == len(judge.equivalent().get(row["exercise"], {}))
        assert row["listed"] == sum(len(mistake.ways) for mistake in registry()[row["exercise"]].mistakes), (
            f"{row['exercise']}: run make trust"
        )


def test_the_goals_hold():
    total = table.total(ROWS)
    assert total["listed_named"] == total["listed"]
    assert total["wrong_named"] + total["wrong_diagnosed"] >= 0.5 * total["wrong"]
    assert total["mutants_named"] + total["mutants_diagnosed"] >= 0.5 * total["killed"]
    assert total["numbers_specific"] >= 0.5 * total["numbers"]
