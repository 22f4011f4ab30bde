"""What can be said about a wrong answer that no known mistake explains: the first remark that fits, in this order."""
import numpy as np

from .exercise import is_single


def diagnose(runs, one):
    """("factor", one to six lines of plain text about the first thing that is wrong in `runs`)."""
    wrong = [run for run in runs if not run.right]
    remarks = (_missing, _raised, _time, _shape, _not_finite, _sign, _factor, _offset, _one_index, _precision, _smallest)
    kind, text = next((remark.__name__[1:], text) for remark in remarks if (text := remark(runs, wrong, one)))
    return kind.replace("_", "-"), text if "hint(" in text else f"{text}\nStuck? hint({one.name})"


def describe(case, one):
    """'one action: logits = [0.3]' in one line; large arrays by their shape."""
    return f"{case.label}: " + ", ".join(f"{name} = {show(arg)}" for name, arg in zip(one.names, case.args))


def show(value, limit=64):
    value = np.asarray(value)
    if value.dtype == object:
        return str(value)
    few = value[np.isfinite(value)].ravel() if value.dtype.kind == "f" and value.size <= 40 else []
    digits = next(d for d in range(6, 18) if d == 17 or len({f"{v:.{d}g}" for v in few}) == len(set(few)))      # 1 and 0.999999999 are two
    text = " ".join(np.array2string(value, separator=", ", threshold=40, formatter={"float_kind": f"{{:.{digits}g}}".format}).split())
    return text if len(text) <= limit else f"array of shape {value.shape}"


def _missing(runs, wrong, one):
    unwritten = [run for run in wrong if run.outcome.error == "NotImplementedError"]
    if unwritten and unwritten[0].outcome.place not in {one.name, "<lambda>", ""}:
        return (f"{one.name} calls {unwritten[0].outcome.place}, which is not written yet. Write that first, or compute here what you need of it.\n"
                f"To begin with, hint({one.name}) says where to look.")
    if unwritten:
        return (f"{one.name} is not written yet: put your code where it says raise NotImplementedError, run the cell, and check again.\n"
                f"To begin with, hint({one.name}) says where to look.")
    if any(run.outcome.kind == "none" for run in wrong):
        run = next(run for run in wrong if run.outcome.kind == "none")
        always = all(each.outcome.kind == "none" for each in runs)
        where = "" if always else f" on {describe(run.case, one)}"
        return (f"Your function returned None{where}.\n"
                + ("The usual cause is a missing return in the last line (print shows a number, return hands it back)." if always
                   else "One of its branches ends without a return."))


ADVICE = {
    "SystemExit": "exit() and sys.exit() would end the whole session: use return to leave a function.",
    "RecursionError": "It calls itself again and again: what input should stop it?",
    "NameError": "A name is used that is not defined here: a typing error, or a cell above that was not run?",
    "UFuncTypeError": "Operations in place (x -= ...) keep the array's dtype, and this input holds integers: write x = x - ...",
    "_UFuncOutputCastingError": "Operations in place (x -= ...) keep the array's dtype, and this input holds integers: write x = x - ...",
    "OverflowError": "A number grew beyond what it can hold. Can it be made small before exp or a power?",
    "ZeroDivisionError": "Which part of the formula can be zero on this input?",
    "MemoryError": "It asks for more memory than there is: does it need a table that large?",
}


def _raised(runs, wrong, one):
    run = next((run for run in wrong if run.outcome.kind == "raised"), None)
    if run:
        advice = ADVICE.get(run.outcome.error, "")
        if "broadcast" in run.outcome.detail:
            advice = "Shapes that do not fit together are often a missing keepdims=True, or a missing [:, None]."
        elif "truth value of an array" in run.outcome.detail:
            advice = "An if wants one number, and this is an array: np.where chooses element by element."
        elif "converted to Python scalars" in run.outcome.detail:
            advice = "float(...) and the functions of math take one number, and this is an array: NumPy works on all of it at once."
        return "\n".join(filter(None, [f"Your function raised {run.outcome.detail}", f"on {describe(run.case, one)}", advice]))


def _time(runs, wrong, one):
    run = next((run for run in wrong if run.outcome.kind == "time"), None)
    if run:
        return (f"Your function had not finished when its time was up (5 seconds for all inputs), on\n{describe(run.case, one)}\n"
                "A loop that never ends, or one that does the same work again and again?")


def _shape(runs, wrong, one):
    for run in wrong:
        if run.outcome.kind == "type":
            return (f"Your function returned {run.outcome.detail}.\nWanted: {_wanted(run, one)}, on {describe(run.case, one)}")
        for got, want in zip(run.outcome.parts, run.wanted):
            if got.shape != want.shape:
                turned = (" It is the transpose of what is wanted: swap its two axes." if got.ndim == 2 and got.T.shape == want.shape
                          and one.matches(got.T, want).all() else " The two axes seem to be swapped." if got.T.shape == want.shape else "")
                single = (" Take the number out of the array." if want.shape == () and got.size == 1 else
                          " Drop the axis of length 1." if got.squeeze().shape == want.shape else "")
                return (f"The shape is wrong: your answer has shape {got.shape}, wanted is {want.shape}.{turned}{single}\n"
                        f"Seen on {describe(run.case, one)}")
        if one.exact and not isinstance(run.outcome.parts[0].item(), int):
            return (f"The answer should be a whole number (an int), and yours is {show(run.outcome.parts[0])}, a float."
                    f"\nSeen on {describe(run.case, one)}")


def _wanted(run, one):
    shapes = [want.shape for want in run.wanted]
    return "a number" if shapes == [()] else f"an array of shape {shapes[0]}" if len(shapes) == 1 else f"arrays of shapes {shapes}"


def _not_finite(runs, wrong, one):
    run = next((run for run in wrong if not run.outcome.finite), None)
    if run:
        parts = [part for part in run.outcome.parts if not np.isfinite(part).all()]
        what = "NaN (not a number)" if any(np.isnan(part).any() for part in parts) else "infinity" if parts else "huge numbers"
        return (f"Your answer holds {what}, on\n{describe(run.case, one)}\n"
                + ("It comes from something like inf - inf, inf / inf, 0 / 0 or log(0): print the steps on this input to see which." if parts else
                   f"The largest is {max(np.abs(part).max() for part in run.outcome.parts):.1e}: a sum without bound, or a system without solution?"))


# From here on every answer has the right shape and is finite.

def _pairs(runs):
    return [(got.astype(float), want.astype(float)) for run in runs for got, want in zip(run.outcome.parts, run.wanted)]


def _all_close(one, pairs):
    return all(one.matches(got, want).all() for got, want in pairs)


def _sign(runs, wrong, one):
    if _all_close(one, [(-got, want) for got, want in _pairs(runs)]):
        return "The sign is flipped: on every input your answer is minus what is wanted."


def _factor(runs, wrong, one):
    ratios, rows = [], []
    for run in runs:
        got, want = (np.concatenate([part.astype(float).ravel() for part in parts]) for parts in (run.outcome.parts, run.wanted))
        if np.dot(want, want) == 0 or not got.any():
            continue
        ratio = np.dot(got, want) / np.dot(want, want)
        if ratio == 0 or not one.matches(got / ratio, want).all():
            return None
        ratios.append(ratio)
        rows.append(one.sizes(*run.case.args))
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
        text = f"{ratio:.6g}" if abs(ratio) >= 1 else f"1/{1 / ratio:.6g}"
        return f"Your answer is {text} times what is wanted, on every input: a constant factor too many or too few."


def _offset(runs, wrong, one):
    shifts = [(got - want) for got, want in _pairs(runs) if got.size]
    means = [shift.mean() for shift in shifts]
    flat = all(one.matches(want + shift - mean, want).all()
               for (shift, mean), (_, want) in zip(zip(shifts, means), [pair for pair in _pairs(runs) if pair[0].size]))
    if flat and max(map(abs, means)) > 1e-3:
        if np.allclose(means, means[0], rtol=1e-5):
            return f"Your answer is off by the same number on every input: {means[0]:+.6g}."
        if any(shift.size > 1 for shift in shifts):
            return "Within each input, every number of your answer is off by the same amount (another amount for another input)."


PLACES = (
    ("only the first {} is right", lambda good: good[0] and not good[1:].any()),
    ("only the last {} is right", lambda good: good[-1] and not good[:-1].any()),
    ("every {} but the first is right", lambda good: good[1:].all() and not good[0]),
    ("every {} but the last is right", lambda good: good[:-1].all() and not good[-1]),
)


def _one_index(runs, wrong, one):
    for back, name in enumerate(reversed(one.axes), start=1):
        fits = [run for run in wrong if run.wanted[0].ndim >= back and run.wanted[0].shape[-back] > 2]
        if not fits or len(fits) < len([run for run in wrong if run.wanted[0].size > 1]):
            continue
        goods = []
        for run in fits:
            good = one.matches(run.outcome.parts[0], run.wanted[0])
            goods.append(good.all(axis=tuple(i for i in range(good.ndim) if i != good.ndim - back)))
        for text, rule in PLACES:
            if all(rule(good) for good in goods):
                return f"Wherever your answer is wrong, {text.format(name)}.\nSeen on {describe(fits[0].case, one)}"


def _precision(runs, wrong, one):
    if all(one.close(run.outcome.parts, run.wanted, digits=3) for run in wrong):
        double = not any(is_single(part) for run in wrong for part in run.outcome.parts)
        return ("Right to three digits, but not to six: something is rounded or stopped too early "
                f"(too few sweeps, a coarse step, a small constant added{', float32 inside' * double}).\n"
                f"Seen on {describe(wrong[0].case, one)}")


def _smallest(runs, wrong, one):
    run = min(wrong, key=lambda run: sum(np.size(arg) for arg in run.case.args))
    pairs = list(zip(run.outcome.parts, run.wanted))
    got, want = next(((got, want) for got, want in pairs if not one.matches(got, want).all()), pairs[0])   # of two answers the wrong one
    if got.size > 8:   # a whole table says little: the element that is furthest off
        at = np.unravel_index(np.abs(got.astype(float) - want).argmax(), got.shape)
        return (f"Wrong on {len(wrong)} of {len(runs)} inputs. Furthest off, at index {tuple(map(int, at))}:\n"
                f"wanted {show(want[at])}\ngot    {show(got[at])}\non {describe(run.case, one)}")
    return (f"Wrong on {len(wrong)} of {len(runs)} inputs. The smallest of them:\n{describe(run.case, one)}\n"
            f"wanted {show(want, 400)}\ngot    {show(got, 400)}")
