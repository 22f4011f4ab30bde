"""What can be said about a wrong answer that no known mistake explains: the first remark that fits, in this order."""

from dataclasses import replace

import numpy as np

from . import remarks
from .attempt import is_single
from .runs import exhausted


def diagnose(runs, exercise, rerun=None):
    """("factor", one to six lines of plain text about the first thing that is wrong in `runs`).

    `rerun(args)`, if given, runs the learner's function once more and returns its `Outcome`.
    """
    wrong = [run for run in runs if not run.right]
    for remark in (remarks.missing, remarks.raised, remarks.time, remarks.shape):
        if text := remark(runs, wrong, exercise):
            if remark in (remarks.raised, remarks.time) and (
                instead := _where_it_answers(remark, runs, exercise, rerun)
            ):
                return instead
            return remarks.signed(remark, text, exercise)
    finite = [run for run in runs if run.outcome.finite]
    remark, text = _compare(finite, exercise, rerun)
    if any(not run.outcome.finite for run in wrong):  # where the truth itself is huge, a right answer is no hole
        holes = remarks.not_finite(runs, wrong, exercise)
        if remark in (
            None,
            _smallest,
            _corner,
            _when,
        ):  # what is wrong with the finite ones is no more telling than the NaN
            more = sum(not run.right for run in finite)
            remark, text = (
                remarks.not_finite,
                holes + (f"\nIt is also wrong on {more} input{'s' * (more > 1)} where it is finite." if more else ""),
            )
        else:
            label = next(run for run in wrong if not run.outcome.finite).case.label
            text += (
                f'\nThat is also why it is not finite on "{label}": '
                "without gamma a sum over a world that never ends has no limit."
                if remark is _unused and "when gamma changes" in text and "never end" in label
                else f"\nThat is where it is finite; on some input it is not: {label}."
            )
    return remarks.signed(remark, text, exercise)


SPECIAL = {
    "ZeroDivisionError",
    "OverflowError",
    "IndexError",
    "MemoryError",
    "TooManyCalls",
}  # raised where an input is empty, 0, or very large, or counts its calls


def _where_it_answers(failing, runs, exercise, rerun):
    """What is wrong on the inputs that got an answer, before those on which the function fails:
    those may be special. Or None."""
    answers, fails = [], []
    for run in runs:
        (fails if run.outcome.kind in ("raised", "time") else answers).append(run)
    if failing is remarks.raised and not all(
        run.outcome.error in SPECIAL or "zero-size" in run.outcome.detail for run in fails
    ):
        return None
    if len(answers) <= len(runs) - len(answers) or all(run.right for run in answers):
        return None
    kind, text = diagnose(answers, exercise, rerun)
    too_large = all(run.case.slow and exhausted(run.outcome) for run in fails)
    if (
        failing is remarks.raised
        and not too_large
        and kind
        in {
            remark.__name__.lstrip("_").replace("_", "-")
            for remark in (_smallest, _corner, _when, remarks.not_finite, remarks.shape)
        }
    ):
        return None  # no more telling than what was raised
    body, stuck, _ = text.partition("\nStuck? hint(")
    return kind, f"{body}\n{remarks.also(fails[0])}{text[len(body) :] if stuck else ''}"


def _compare(runs, exercise, rerun):
    """(remark, text) about answers of the right shape and without NaN, or (None, "") if they are all right."""
    wrong = [run for run in runs if not run.right]
    if not wrong:
        return None, ""
    bad = {
        i
        for run in wrong
        for i, pair in enumerate(zip(run.outcome.parts, run.wanted))
        if not exercise.matches(*pair).all()
    }
    if exercise.parts > 1 and len(bad) == 1:  # speak of the wrong one only
        (part,) = bad
        narrow = [
            replace(
                run,
                outcome=replace(run.outcome, parts=run.outcome.parts[part : part + 1]),
                wanted=run.wanted[part : part + 1],
            )
            for run in runs
        ]
        for remark in (_zeros, _sign, _factor, _offset, _relation, _by_row):
            if text := remark(
                narrow, [run for run in narrow if not exercise.matches(*run.outcome.parts, *run.wanted).all()], exercise
            ):
                which = "first" if part == 0 else "second"
                return remark, f"One of your two answers is right, the {which} is not. Of the {which}:\n{text}"
    for remark in (
        (_zeros, _sign, _factor, _offset, _relation, _precision, _rounded)
        if exercise.parts > 1
        else (_zeros, _sign, _factor, _offset, _relation, _one_index, _precision, _rounded, _by_row)
    ):
        if text := remark(runs, wrong, exercise):
            return remark, text
    if rerun and not exercise.exact and (text := _unused(runs, wrong, exercise, rerun)):
        return _unused, text
    if rerun and (text := _whole_numbers(runs, wrong, exercise, rerun)):
        return _whole_numbers, text

    def when(runs, wrong, exercise):
        return _when(runs, wrong, exercise, rerun)

    return next(
        (remark, text)
        for remark, say in ((_law, _law), (_when, when), (_corner, _corner), (_smallest, _smallest))
        if (text := say(runs, wrong, exercise))
    )


# From here on every answer has the right shape and is finite.


def _pairs(runs):
    return [(got.astype(float), want.astype(float)) for run in runs for got, want in zip(run.outcome.parts, run.wanted)]


def _all_close(exercise, pairs):
    return all(exercise.matches(got, want).all() for got, want in pairs)


def _zeros(runs, wrong, exercise):
    if not any(np.abs(got).max(initial=0) > 1e-300 for got, _ in _pairs(runs)):
        exactly = not any(got.any() for got, _ in _pairs(runs))
        return (
            f"Your answer is {'0' if exactly else 'as good as 0 (below 1e-300)'} everywhere, on every input: "
            "what you compute never reaches the number or the array that you return."
        )


def _sign(runs, wrong, exercise):
    if _all_close(exercise, [(-got, want) for got, want in _pairs(runs)]):
        return "The sign is flipped: on every input your answer is minus what is wanted."


def _factor(runs, wrong, exercise):
    ratios, rows = [], []
    for run in runs:
        got, want = (
            np.concatenate([part.astype(float).ravel() for part in parts]) for parts in (run.outcome.parts, run.wanted)
        )
        if np.dot(want, want) == 0 or not got.any():
            continue
        ratio = np.dot(got, want) / np.dot(want, want)
        if ratio == 0 or not exercise.matches(got / ratio, want).all():
            return None
        ratios.append(ratio)
        rows.append(exercise.sizes(*run.case.args))
    if not ratios:
        return None
    for name in rows[0]:
        for shift, word in ((0, name), (-1, f"{name} - 1")):
            sizes = np.array([row[name] + shift for row in rows], float)
            if not sizes.all() or len(set(sizes)) < 2:
                continue
            if np.allclose(ratios, sizes, rtol=1e-5):
                return f"Your answer is {word} times too large on every input: a sum where a mean belongs?"
            if np.allclose(ratios, 1 / sizes, rtol=1e-5):
                return f"Your answer is {word} times too small on every input: a mean where a sum belongs?"
    ratio = np.mean(ratios)
    if np.allclose(ratios, ratio, rtol=1e-5) and abs(ratio - 1) > 1e-3:
        text = f"1/{1 / ratio:.6g}" if 1e-300 < abs(ratio) < 1 else f"{ratio:.6g}"
        return f"Your answer is {text} times what is wanted, on every input: a constant factor too many or too few."


def _offset(runs, wrong, exercise):
    shifts = [(got - want) for got, want in _pairs(runs) if got.size]
    means = [shift.mean() for shift in shifts]
    flat = all(
        exercise.matches(want + shift - mean, want).all()
        for (shift, mean), (_, want) in zip(zip(shifts, means), [pair for pair in _pairs(runs) if pair[0].size])
    )
    if flat and max(map(abs, means)) > 1e-3:
        if np.allclose(means, means[0], rtol=1e-5):
            return f"Your answer is off by the same number on every input: {means[0]:+.6g}."
        if text := _by_size(runs, means, exercise):
            return text
        if all(abs(mean) > 1e-9 for mean in means) and any(shift.size > 1 for shift in shifts):
            return (
                "Within each input, every number of your answer is off by the same amount "
                "(another amount for another input)."
            )


def _by_size(runs, means, exercise):
    """Is the offset some number times one of the input's sizes?"""
    sizes = [exercise.sizes(*run.case.args) for run, (got, _) in zip(runs, _pairs(runs)) if got.size]
    for name in sizes[0] if len(sizes) == len(means) else ():
        each = [mean / size[name] for mean, size in zip(means, sizes) if size[name]]
        if (
            len(each) == len(means)
            and len({size[name] for size in sizes}) > 1
            and np.allclose(each, each[0], rtol=1e-5)
        ):
            return (
                f"Your answer is off by {each[0]:+.6g} for each of the {name}: {name} times the same number too "
                "much or too little, on every input."
            )


def _scalar(arg):
    return np.ndim(arg) == 0 and isinstance(arg, (int, float, np.number)) and not isinstance(arg, bool)


def _fits(arg, want):
    """The ways in which an argument can stand beside the answer: as it is, or with one more axis."""
    arg = np.asarray(arg)
    if arg.dtype.kind not in "biuf" or want.ndim == 0 and arg.ndim:
        return {}
    shapes = {"": arg} | ({"[:, None]": arg[..., None]} if arg.ndim and arg.ndim == want.ndim - 1 else {})
    return {
        how: shaped
        for how, shaped in shapes.items()
        if shaped.ndim <= want.ndim and all(a in (1, b) for a, b in zip(shaped.shape[::-1], want.shape[::-1]))
    }


ALONE = (
    ("the absolute value of what is wanted", np.abs),
    ("what is wanted, cut off below 0", lambda want: np.maximum(want, 0)),
    ("what is wanted, cut off above 0", lambda want: np.minimum(want, 0)),
    ("the square of what is wanted", np.square),
    ("the square root of what is wanted", np.sqrt),
    ("one over what is wanted", lambda want: 1 / want),
    ("exp of what is wanted", np.exp),
    ("the logarithm of what is wanted", np.log),
    ("the running sum of what is wanted", lambda want: np.cumsum(want, axis=0) if want.ndim else want),
    ("what is wanted, turned round ([::-1])", lambda want: want[::-1] if want.ndim else want),
    ("what is wanted, moved by one place", lambda want: np.roll(want, 1, axis=0) if want.ndim else want),
    ("what is wanted, moved by one place", lambda want: np.roll(want, -1, axis=0) if want.ndim else want),
    ("what is wanted, less its mean", lambda want: want - want.mean()),
    ("what is wanted, divided by its sum", lambda want: want / want.sum()),
    ("what is wanted, divided by its largest number", lambda want: want / want.max()),
    ("what is wanted, standardised (mean 0, spread 1)", lambda want: (want - want.mean()) / (want.std() + 1e-8)),
    (
        "what is wanted, standardised (mean 0, spread 1 by n - 1, as PyTorch's std has it: NaN for a single number)",
        lambda want: (want - want.mean()) / (want.std(ddof=1) + 1e-8),
    ),
    (
        "what is wanted, standardised column by column (mean 0, spread 1)",
        lambda want: (want - want.mean(0)) / (want.std(0) + 1e-8) if want.ndim else want,
    ),
    (
        "what is wanted, standardised column by column (mean 0, spread 1 by n - 1)",
        lambda want: (want - want.mean(0)) / (want.std(0, ddof=1) + 1e-8) if want.ndim else want,
    ),
)
TOGETHER = (
    ("what is wanted, times {}", lambda want, arg: want * arg),
    ("what is wanted, divided by {}", lambda want, arg: want / arg),
    ("what is wanted, plus {}", lambda want, arg: want + arg),
    ("what is wanted, less {}", lambda want, arg: want - arg),
    ("{} less what is wanted", lambda want, arg: arg - want),
    ("what is wanted, times 1 - {}", lambda want, arg: want * (1 - arg)),
    ("what is wanted, divided by 1 - {}", lambda want, arg: want / (1 - arg)),
    ("what is wanted, times {} squared", lambda want, arg: want * arg * arg),
)


def _relation(runs, wrong, exercise):
    """Is the answer made from the right one, perhaps with one of the arguments, in the same way on every input?"""
    pairs = _pairs(runs)
    if exercise.exact or sum(got.size for got, _ in pairs) < 4:
        return None

    def always(made):
        with np.errstate(all="ignore"):
            tries = [made(i, want) for i, (_, want) in enumerate(pairs) if want.size]
        gots = [got for got, want in pairs if want.size]
        return (
            all(
                made is not None
                and made.shape == got.shape
                and np.isfinite(made).all()
                and exercise.matches(got, made).all()
                for got, made in zip(gots, tries)
            )
            and sum(np.isfinite(made).sum() for made in tries) >= 4
        )

    for text, change in ALONE:
        if always(lambda i, want, change=change: np.asarray(change(want))):
            return f"On every input your answer is {text}."
    for position, name in enumerate(exercise.names):
        if any(position >= len(run.case.args) for run in runs):
            continue
        sides = (
            [_fits(run.case.args[position], want) for run, want in zip(runs, (want for _, want in pairs))]
            if len(pairs) == len(runs)
            else [{}]
        )
        for how in sides[0]:
            for text, change in TOGETHER:
                beside = [side.get(how) for side in sides]
                if all(how in side for side in sides) and always(
                    lambda i, want, change=change, beside=beside: np.asarray(change(want, beside[i]))
                ):
                    return f"On every input your answer is {text.format(name + how)}."


def _by_row(runs, wrong, exercise):
    """A table whose rows are each off by one amount of their own, or each too large or too small by one factor."""
    if len(exercise.axes) < 2 and not (exercise.axes and any(run.wanted[0].ndim > 1 for run in wrong)):
        return None
    row, column = exercise.axes[-2] if len(exercise.axes) > 1 else "row", exercise.axes[-1]
    tables = [run for run in wrong if run.wanted[0].ndim >= 2 and run.wanted[0].shape[-1] > 1]
    if len(tables) < 2 or any(run.wanted[0].ndim >= 2 and run.wanted[0].shape[-1] <= 1 for run in wrong):
        return None

    def good(change):
        return all(
            exercise.matches(
                run.wanted[0] + 0 * run.outcome.parts[0], change(run.outcome.parts[0].astype(float), run.wanted[0])
            ).all()
            for run in tables
        )

    def shifted(got, want):
        return got - (got - want).mean(-1, keepdims=True)

    def scaled(got, want):
        with np.errstate(all="ignore"):
            factor = (got * want).sum(-1, keepdims=True) / (got * got).sum(-1, keepdims=True)
        return np.where(np.isfinite(factor), factor, 0) * got

    if good(_scaled_as_a_whole):
        return (
            "Within each input your numbers stand in the right proportion, and their size is wrong: one factor for all "
            f"of them, another one for another input.\nSeen on {remarks.describe(tables[0].case, exercise)}"
        )
    if good(scaled):
        return (
            f"Within each {row} your numbers stand in the right proportion, and their size is wrong: "
            f"each {row} has a factor of its own.\nSeen on {remarks.describe(tables[0].case, exercise)}"
        )
    if good(shifted):
        return (
            f"Within each {row} the differences from {column} to {column} are right: every number is off by the "
            f"same amount, another one for each {row}.\nSeen on {remarks.describe(tables[0].case, exercise)}"
        )


def _scaled_as_a_whole(got, want):
    size = (got * got).sum()
    return (got * want).sum() / size * got if size > 0 else got


def _unused(runs, wrong, exercise, rerun):
    """Does the answer stay the same on every input, however one argument changes, though the truth does not?"""
    for position, name in enumerate(exercise.names):
        if ignores(position, exercise, [run for run in runs if not run.case.slow], rerun):
            return f"Your answer stays the same when {name} changes: it is not used, or it falls out on the way."


def ignores(position, exercise, runs, rerun):
    runs = [run for run in runs if position < len(run.case.args)]  # in the others it is left at its default
    seen = 0
    for run in runs:
        for arg in _others(run.case.args[position]):
            args = (*run.case.args[:position], arg, *run.case.args[position + 1 :])
            try:
                moved = exercise.answer(exercise.truth, args)
            except Exception:  # not every change leaves a sensible input
                continue
            if exercise.close(moved, run.wanted, digits=2):
                continue
            outcome = rerun(args)
            if outcome.kind != "answer" or not all(
                _equal(*pair) for pair in zip(outcome.parts, run.outcome.parts, strict=True)
            ):
                return False
            seen += 1
    return seen > 3 and not any(_moves(position, run, rerun) for run in runs[:4])


def _moves(position, run, rerun):
    """Does the answer move with an argument that is changed past all sense? (Its sum, or any()
    over its rows, may be all that counts.)"""
    arg = np.asarray(run.case.args[position])
    if arg.dtype.kind not in "biuf" or not arg.size or not run.outcome.finite:
        return False
    changed = [~arg if arg.dtype.kind == "b" else (arg * 0.9 if arg.dtype.kind == "f" else arg + 1)]
    changed += [np.roll(arg, 1, 0)] if arg.ndim > 1 else []
    for other in changed:
        args = (*run.case.args[:position], other if arg.ndim else other.item(), *run.case.args[position + 1 :])
        outcome = rerun(args)
        if outcome.kind == "answer" and not all(
            _equal(*pair) for pair in zip(outcome.parts, run.outcome.parts, strict=True)
        ):
            return True
    return False


def _equal(array, other):
    return array.shape == other.shape and bool(np.all((array == other) | ((array != array) & (other != other))))


def _others(arg):
    """Other values that are as good: parts of a number, an array moved along its last axis, or mixed with itself
    (rows keep their sum)."""
    if _scalar(arg):
        return [arg * part for part in (0.9, 0.5)] if isinstance(arg, float) else [arg + 1]
    arg = np.asarray(arg)
    if not arg.ndim or arg.dtype == object:
        return []
    return [np.roll(arg, 1, -1)] + (
        [0.7 * arg + 0.3 * arg[..., ::-1]] if arg.dtype.kind == "f" else [arg[..., ::-1].copy()]
    )


def _whole_numbers(runs, wrong, exercise, rerun):
    """Right but for integers, and right there too once they are floats: results were cut down to whole numbers."""
    if len(wrong) < len(runs) and all(_cured_by_floats(run, exercise, rerun) for run in wrong):
        name = next(
            name
            for name, arg in zip(exercise.names, wrong[0].case.args)
            if getattr(arg, "dtype", np.dtype("f")).kind in "iu"
        )
        return (
            f"Right, except where {name} holds whole numbers; with the same numbers as floats it is right there too. "
            "Your results go into an array of integers, which cuts each of them down to a whole number:\n"
            f"np.zeros_like({name}), {name}.copy() and the like keep its dtype. Say dtype=float, "
            f"or begin with np.zeros({name}.shape).\n"
            f"Seen on {remarks.describe(wrong[0].case, exercise)}"
        )


def _law(runs, wrong, exercise):
    for law in exercise.laws:
        broken = [
            run
            for run in wrong
            if not law.holds(
                *(part.astype(float) if not exercise.exact else part.item() for part in run.outcome.parts),
                *run.case.args,
            )
        ]
        if broken:
            run = min(broken, key=lambda run: sum(np.size(arg) for arg in run.case.args))
            return f"{law.message}\nSeen on {remarks.describe(run.case, exercise)}"


def _properties(case, exercise):
    """What can be said of an input: "gamma is 1", "N is 1", "logits holds whole numbers"."""
    for name, arg in zip(exercise.names, case.args):
        if _scalar(arg):
            yield f"{name} is 0", arg == 0
            yield f"{name} is 1", arg == 1
        else:
            arg = np.asarray(arg)
            yield f"{name} holds whole numbers (integers)", arg.dtype.kind in "iu"
            yield f"{name} holds -inf", bool(arg.dtype.kind == "f" and np.isneginf(arg).any())
            yield f"{name} has one axis only", arg.ndim == 1
    for name, size in exercise.sizes(*case.args).items():
        yield f"{name} is 1", size == 1
        yield f"{name} is 2", size == 2


def _when(runs, wrong, exercise, rerun=None):
    """Is it right exactly where the input has some property? (Of one input alone "whole numbers"
    is believed only if floats cure it.)"""
    if len(runs) == len(wrong) or len(runs) < 4:
        return None
    table = [dict(_properties(run.case, exercise)) for run in runs]
    for trait in table[0]:
        has = [row.get(trait) for row in table]
        if None in has:  # of an array it cannot be said that it is 0
            continue
        if all(x == run.right for x, run in zip(has, runs)) and "whole numbers" not in trait:  # nothing needs these
            return (
                f"Right wherever {trait}, and wrong everywhere else. What is different there?\n"
                f"Wrong, for example, on {remarks.describe(wrong[0].case, exercise)}"
            )
        if all(x != run.right for x, run in zip(has, runs)) and not (
            rerun and "whole numbers" in trait and not _cured_by_floats(wrong[0], exercise, rerun)
        ):
            return (
                f"Wrong wherever {trait}, and right everywhere else. What is different there?\n"
                f"Seen on {remarks.describe(wrong[0].case, exercise)}"
            )


def _cured_by_floats(run, exercise, rerun):
    """Are there integers in the input, and is the answer right with the same numbers as floats?"""
    args = tuple(
        arg.astype(float) if isinstance(arg, np.ndarray) and arg.dtype.kind in "iu" else arg for arg in run.case.args
    )
    if all(arg is old for arg, old in zip(args, run.case.args)):
        return False
    outcome = rerun(args)
    return outcome.kind == "answer" and exercise.right(outcome.parts, run.wanted)


def _corner(runs, wrong, exercise):
    if 5 * len(wrong) <= len(runs) and not exercise.exact:
        labels = " and on ".join(f'"{run.case.label}"' for run in wrong)
        run = min(wrong, key=lambda run: sum(np.size(arg) for arg in run.case.args))
        got, want = next(
            (got, want) for got, want in zip(run.outcome.parts, run.wanted) if not exercise.matches(got, want).all()
        )
        shown = remarks.show_both(want, got) if got.size <= 8 else _furthest(got, want)
        return (
            f"Right on {len(runs) - len(wrong)} of {len(runs)} inputs; wrong only on {labels}. "
            f"What is special there?\n{remarks.describe(run.case, exercise)}\n{shown}"
        ).rstrip()


PLACES = (
    ("only the first {} is right", lambda good: good[0] and not good[1:].any()),
    ("only the last {} is right", lambda good: good[-1] and not good[:-1].any()),
    ("every {} but the first is right", lambda good: good[1:].all() and not good[0]),
    ("every {} but the last is right", lambda good: good[:-1].all() and not good[-1]),
)


def _one_index(runs, wrong, exercise):
    for back, name in enumerate(reversed(exercise.axes), start=1):
        fits = [run for run in wrong if run.wanted[0].ndim >= back and run.wanted[0].shape[-back] > 2]
        if len(fits) < max(2, len([run for run in wrong if run.wanted[0].size > 1])):  # of one input alone: by chance
            continue
        goods = []
        for run in fits:
            good = exercise.matches(run.outcome.parts[0], run.wanted[0])
            goods.append(good.all(axis=tuple(i for i in range(good.ndim) if i != good.ndim - back)))
        for text, rule in PLACES:
            if all(rule(good) for good in goods):
                return (
                    f"Wherever your answer is wrong, {text.format(name)}.\n"
                    f"Seen on {remarks.describe(fits[0].case, exercise)}"
                )


def _precision(runs, wrong, exercise):
    if all(exercise.close(run.outcome.parts, run.wanted, digits=3) for run in wrong):
        double = not any(is_single(part) for run in wrong for part in run.outcome.parts)
        return (
            "Right to three digits, but not to six: something is rounded or stopped too early "
            f"(too few sweeps, a coarse step, a small constant added{', float32 inside' * double}).\n"
            f"Seen on {remarks.describe(wrong[0].case, exercise)}"
        )


def _rounded(runs, wrong, exercise):
    """Cut to one or two decimals. (More are within three digits; none at all may be a choice, such as a greedy one.)"""
    for decimals in (1, 2, 3):
        if not exercise.exact and all(
            np.abs(got - np.round(want, decimals)).max(initial=0) < 1e-9 for got, want in _pairs(runs)
        ):
            return (
                f"Your answer is rounded to {decimals} decimal{'s' * (decimals > 1)}. Return the numbers as they "
                "are, and round only what you print."
            )


def _smallest(runs, wrong, exercise):
    run = min(wrong, key=lambda run: sum(np.size(arg) for arg in run.case.args))
    pairs = list(zip(run.outcome.parts, run.wanted))
    got, want = next(
        ((got, want) for got, want in pairs if not exercise.matches(got, want).all()), pairs[0]
    )  # of two answers the wrong one
    if got.size > 8:
        return (
            f"Wrong on {len(wrong)} of {len(runs)} inputs. {_furthest(got, want)}\n"
            f"on {remarks.describe(run.case, exercise)}"
        )
    return (
        f"Wrong on {len(wrong)} of {len(runs)} inputs. The smallest of them:\n{remarks.describe(run.case, exercise)}\n"
        f"{remarks.show_both(want, got, 400)}"
    )


def _furthest(got, want):
    """Of a table, which says little as a whole, the element that is furthest off."""
    at = np.unravel_index(np.abs(got.astype(float) - want).argmax(), got.shape)
    return f"Furthest off, at index {tuple(map(int, at))}:\n{remarks.show_both(want[at], got[at])}"
