"""Every exercise keeps its contract: its stub fails kindly, its solution passes,
each known mistake is told by its name."""

import itertools
import re

import numpy as np
import pytest

from learning_to_act.checks import check, engine, hint
from learning_to_act.checks.attempt import Budget, attempt
from learning_to_act.checks.hunt import Hunt
from learning_to_act.checks.recognise import same
from learning_to_act.checks.registry import registry
from learning_to_act.checks.runs import Run
from learning_to_act.exercises.trust_regions import fisher_cases
from tests.helpers.learner import ROOT, functions, nameless, solution_expressions

EXERCISES = [one for one in registry().values() if not isinstance(one, Hunt)]  # chapter 5's are judged by their mean
assert len(EXERCISES) > 20
WAYS = [(one, mistake, way) for one in EXERCISES for mistake in one.mistakes for way in mistake.ways]


def by_name(value):
    return getattr(value, "name", "way")


def test_a_page_is_asked_for_nothing_of_a_gigabyte(monkeypatch):
    """There nothing can refuse it. Elsewhere a Fisher matrix that is formed has so many numbers."""
    most = [fisher_cases(np.random.default_rng(0))]
    monkeypatch.setattr("sys.platform", "emscripten")
    most.append(fisher_cases(np.random.default_rng(0)))
    elsewhere, page = (max(8 * case.args[0].shape[1] ** 2 for case in cases) for cases in most)
    assert page < 1e6 < 2**30 < elsewhere and [case.label for case in most[0][:-1]] == [case.label for case in most[1]]


def named(one, way):
    """A Python function with the exercise's name that answers as `way` does."""

    def function(*args):
        return way(*args)

    function.__name__ = one.name
    return function


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_the_stub_fails_with_a_friendly_text(one):
    result = check(functions("exercises", one)[one.name])
    assert not result and result.mistake is None
    assert "not written yet" in result.message and f"hint({one.name})" in result.message


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_the_solution_passes(one):
    result = check(functions("solutions", one)[one.name])
    assert result.passed, result.message


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_none_and_zero_fail(one):
    for value in (None, 0, 0.0, np.zeros(3), "zero", [[1, 2], [3]]):
        assert not check(named(one, lambda *args: value))


@pytest.mark.parametrize("one", [one for one in EXERCISES if one.parts == 1], ids=by_name)
def test_the_right_answer_and_something_else_are_called_two_things(one):
    message = check(named(one, lambda *args: (one.answer(one.truth, args)[0], args[0]))).message
    assert "a tuple of 2 things, where one answer belongs" in message, message


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_an_argument_that_is_written_into_is_named(one):
    arrays = [i for i, arg in enumerate(one.problems[0][0].args) if isinstance(arg, np.ndarray) and arg.any()]
    for i in arrays:

        def spoils(*args, i=i):
            answer = one.answer(one.truth, args)
            args[i][...] = 0
            return answer if one.parts > 1 else answer[0]

        message = check(named(one, spoils)).message
        assert f"changes its argument {one.names[i]}" in message and "args[i][...] = 0" in message, message


@pytest.mark.parametrize("one, mistake, way", WAYS, ids=by_name)
def test_each_known_mistake_is_recognised(one, mistake, way):
    result = check(named(one, way))
    assert not result.passed
    assert result.mistake == mistake.name
    assert result.message.startswith(mistake.message) and len(result.message.splitlines()) <= 6
    assert max(map(len, repr(result).splitlines())) <= 100


@pytest.mark.slow
@pytest.mark.parametrize(
    "one, mistake", [(one, mistake) for one in EXERCISES for mistake in one.mistakes if not one.exact], ids=by_name
)
def test_each_known_mistake_is_recognised_in_single_precision(one, mistake):
    way = mistake.ways[0]

    def single(*args):
        parts = [np.asarray(part).astype(np.float32) for part in (way(*args) if one.parts > 1 else [way(*args)])]
        return parts if one.parts > 1 else parts[0]

    assert check(named(one, single)).mistake == mistake.name


@pytest.mark.slow
@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_mistakes_and_truth_are_told_apart(one):
    """Some input tells each mistake from the truth, and each two mistakes from one another
    (even at float32's tolerance)."""

    def told_apart(answers, way):
        runs = [Run(case, wanted, outcome, False) for (case, wanted), outcome in zip(one.problems, answers)]
        return not all(same(run, way, one) for run in runs)

    def answers(function):
        outcomes = [attempt(function, case.args, Budget(5), one.parts, one.exact) for case, _ in one.problems]
        if not one.exact:
            for outcome in outcomes:  # the widest tolerance that an answer can claim
                with np.errstate(over="ignore"):
                    outcome.parts = tuple(part.astype(np.float32) for part in outcome.parts)
        return outcomes

    truth = answers(one.truth)
    given = {way: answers(way) for mistake in one.mistakes for way in mistake.ways}
    for mistake in one.mistakes:
        for way in mistake.ways:
            assert mistake.name == "float" or told_apart(truth, way), f"{mistake.name} is the truth"
            assert any(
                outcome.finite and not one.right(outcome.parts, wanted) or not outcome.finite
                for outcome, (_, wanted) in zip(given[way], one.problems)
            )
    for first, second in itertools.permutations(one.mistakes, 2):
        for way, other in itertools.product(first.ways, second.ways):
            assert told_apart(given[way], other), f"{first.name} and {second.name} look the same"


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_messages_are_short_plain_text(one):
    texts = [mistake.message for mistake in one.mistakes] + [case.slow for case, _ in one.problems] + [one.after]
    for text in texts:
        assert len(text.splitlines()) <= 5 and max(map(len, text.splitlines()), default=0) <= 260, text
        assert all(line[-1] in ".:?!)" for line in text.splitlines()), (
            f"a line is broken in the middle of a sentence: {text}"
        )
        assert "$" not in text and "`" not in text and "**Note" not in text
    assert 1 <= one.difficulty <= 5 and 1 <= one.importance <= 5 and one.minutes > 0
    assert len({mistake.name for mistake in one.mistakes}) == len(one.mistakes)


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_messages_name_headings_that_the_book_has(one):
    for mistake in one.mistakes:
        for number, heading in re.findall(r"\(Chapter (\d), ([^.()]+)\.\)", mistake.message):
            page = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "book").glob(f"0{number}-*.md"))
            assert re.search(rf"^#+ {re.escape(heading)}$", page, re.M), f"no heading {heading!r} in chapter {number}"
        assert len(re.findall(r"hapter \d, ", mistake.message)) == len(
            re.findall(r"\(Chapter \d, [^.()]+\.\)", mistake.message)
        )


@pytest.mark.parametrize("one", EXERCISES, ids=by_name)
def test_hints_come_one_by_one_and_never_hold_the_answer(one, monkeypatch):
    monkeypatch.setattr(engine, "_given", {})
    shown = [hint(one.name) for _ in one.hints]
    assert len(one.hints) >= 3
    assert [each.title for each in shown] == [f"{one.name}: hint {i} of {len(shown)}" for i in range(1, len(shown) + 1)]
    assert one.stem in shown[-1].message and hint(one.name).title == shown[0].title
    for expression in solution_expressions(one):
        for text in one.hints:
            assert expression not in text.replace(" ", ""), f"a hint holds {expression}"
            if "np." in expression and len(nameless(expression)) > 12:
                assert nameless(expression) not in nameless(text), f"a hint holds {expression}, under other names"
