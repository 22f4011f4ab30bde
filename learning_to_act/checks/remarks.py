"""What can be said about a failing answer in any kind of exercise, and how an input is shown."""

import re

import numpy as np


def also(run):
    """One sentence about an input on which the function fails, beside what is wrong elsewhere."""
    what = {
        "raised": f"raises {run.outcome.detail.splitlines()[0]}" if run.outcome.detail else "raises an error",
        "time": "does not finish in time",
    }.get(run.outcome.kind, "gives numbers that are not finite")
    return f'(On "{run.case.label}" it {what}.)'


def signed(remark, text, exercise):
    """(the remark's kind, its text and where to find help)."""
    return remark.__name__.lstrip("_").replace(
        "_", "-"
    ), text if "hint(" in text else f"{text}\nStuck? hint({exercise.name})"


def describe(case, exercise):
    """'one action: logits = [0.3]' in one line; large arrays by their shape."""
    return f"{case.label}: " + ", ".join(f"{name} = {show(arg)}" for name, arg in zip(exercise.names, case.args))


def show(value, limit=64, digits=6):
    if not isinstance(value, (np.ndarray, np.generic, int, float)):  # a batch, a list of episodes
        text = repr(value)
        return text if len(text) <= limit else f"{text[:limit]}..."
    value = np.asarray(value)
    if value.dtype == object:
        return str(value)
    if not value.size:
        return f"an empty array of shape {value.shape}"
    few = value[np.isfinite(value)].ravel() if value.dtype.kind == "f" and value.size <= 40 else []
    digits = next(
        d for d in range(digits, 18) if d == 17 or len({f"{v:.{d}g}" for v in few}) == len(set(few))
    )  # 1 and 0.999999999 are two
    text = " ".join(
        np.array2string(
            value, separator=", ", threshold=40, formatter={"float_kind": f"{{:.{digits}g}}".format}
        ).split()
    )
    return text if len(text) <= limit else f"array of shape {value.shape}"


def show_both(want, got, limit=64):
    """'wanted ...' and 'got ...' in two lines, with as many digits as it takes to tell them apart."""
    texts = next(
        pair
        for digits in range(6, 18)
        if (pair := (show(want, limit, digits), show(got, limit, digits)))[0] != pair[1] or digits == 17
    )
    return "wanted {}\ngot    {}".format(*texts)


def missing(runs, wrong, exercise):
    unwritten = [run for run in wrong if run.outcome.error == "NotImplementedError"]
    if unwritten and unwritten[0].outcome.place not in {exercise.name, "<lambda>", ""}:
        return (
            f"{exercise.name} calls {unwritten[0].outcome.place}, which is not written yet. Write that first, "
            "or compute here what you need of it.\n"
            f"To begin with, hint({exercise.name}) says where to look."
        )
    if unwritten:
        return (
            f"{exercise.name} is not written yet: put your code where it says raise NotImplementedError, "
            "run the cell, and check again.\n"
            f"To begin with, hint({exercise.name}) says where to look."
        )
    if any(run.outcome.kind == "none" for run in wrong):
        run = next(run for run in wrong if run.outcome.kind == "none")
        always = all(each.outcome.kind == "none" for each in runs)
        where = "" if always else f" on {describe(run.case, exercise)}"
        return f"Your function returned None{where}.\n" + (
            "The usual cause is a missing return in the last line (print shows a number, return hands it back)."
            if always
            else "One of its branches ends without a return."
        )


ADVICE = {
    "SystemExit": "exit() and sys.exit() would end the whole session: use return to leave a function.",
    "RecursionError": "It calls itself again and again: what input should stop it?",
    "NameError": "A name is used that is not defined here: a typing error, or a cell above that was not run?",
    "UFuncTypeError": "Operations in place (x -= ...) keep the array's dtype, "
    "and this input holds integers: write x = x - ...",
    "_UFuncOutputCastingError": "Operations in place (x -= ...) keep the array's dtype, "
    "and this input holds integers: write x = x - ...",
    "OverflowError": "A number grew beyond what it can hold. Can it be made small before exp or a power?",
    "ZeroDivisionError": "Which part of the formula can be zero on this input?",
    "MemoryError": "It takes more memory than a check allows (1 GB): "
    "a list that grows without end, or a table that need not be so large?",
}


FROM_TORCH = {"dim": "axis", "keepdim": "keepdims", "unbiased": "ddof", "clamp": "clip", "unsqueeze": "expand_dims"}


def _as_in_torch(detail):
    """What NumPy calls it, where somebody writes to an array as to a tensor; or ""."""
    if word := re.search(r"unexpected keyword argument '(dim|keepdim|unbiased)'", detail):
        return f"NumPy says {FROM_TORCH[word[1]]} where PyTorch says {word[1]}."
    word = re.search(r"'numpy\.\w+' object has no attribute '(\w+)'", detail)
    name = word and FROM_TORCH.get(word[1], word[1])
    if name and callable(getattr(np, name, None)):
        return f"An array has no method {word[1]}, as PyTorch's tensors do: np.{name}(...)."
    if name in ("detach", "cpu", "numpy", "backward"):
        return "These are NumPy's arrays, not PyTorch's tensors: there is nothing to detach, and no graph."
    return ""


def raised(runs, wrong, exercise):
    run = next((run for run in wrong if run.outcome.kind == "raised"), None)
    if run:
        advice = ADVICE.get(run.outcome.error, "")
        function = next((n for n, arg in zip(exercise.names, run.case.args) if callable(arg)), "")
        if function and re.search(r"'(Matvec|function)'", run.outcome.detail):
            advice = f"{function} is a function, not a matrix: call it, {function}(v)."
        elif function and re.search("0-dimensional|enough dimensions", run.outcome.detail):
            advice = f"Is that {function}? It is a function, not a matrix: call it, {function}(v)."
        elif torch := _as_in_torch(run.outcome.detail):
            advice = torch
        elif "broadcast" in run.outcome.detail:
            advice = "Shapes that do not fit together are often a missing keepdims=True, or a missing [:, None]."
        elif "truth value of an array" in run.outcome.detail:
            advice = (
                "if, and, or, min, max and np.arange want one number, and this is an array: np.where chooses element "
                "by element, np.minimum and np.maximum as well."
            )
        elif "converted to Python scalars" in run.outcome.detail:
            advice = (
                "float(...) and the functions of math take one number, and this is an array: "
                "NumPy works on all of it at once."
            )
        elif "converted to a scalar index" in run.outcome.detail:
            advice = (
                "An array stands where one whole number belongs. The functions of math and range take one number, "
                "where NumPy works on all of it at once; what np.min and np.max take second is an axis "
                "(np.minimum and np.maximum compare two arrays)."
            )
        return "\n".join(
            filter(None, [f"Your function raised {run.outcome.detail}", f"on {describe(run.case, exercise)}", advice])
        )


def time(runs, wrong, exercise):
    run = next((run for run in wrong if run.outcome.kind == "time"), None)
    if run:
        before = [each for each in runs if each is not run]
        right = (
            f"Right on the {len(before)} inputs before it, but your"
            if len(before) > 1 and all(each.right for each in before)
            else "Your"
        )
        return (
            f"{right} function had not finished when its time was up (5 seconds for all inputs), on\n"
            f"{describe(run.case, exercise)}\n"
            "A loop that never ends, or one that does the same work again and again?"
        )


def shape(runs, wrong, exercise):
    for run in wrong:
        if run.outcome.kind == "type":
            return (
                f"Your function returned {run.outcome.detail}{'.' * (not run.outcome.detail.endswith('?'))}\n"
                f"Wanted: {wanted(run, exercise)}, on {describe(run.case, exercise)}"
            )
        for got, want in zip(run.outcome.parts, run.wanted):
            if got.shape != want.shape and run.outcome.detail and (want.ndim == 0 or got.ndim > want.ndim):
                return (
                    f"Your function returned {run.outcome.detail}: return that alone.\n"
                    f"Wanted: {wanted(run, exercise)}, on {describe(run.case, exercise)}"
                )
            if got.shape != want.shape:
                turned = (
                    " It is the transpose of what is wanted: swap its two axes."
                    if got.ndim == 2 and got.T.shape == want.shape and exercise.matches(got.T, want).all()
                    else " The two axes seem to be swapped."
                    if got.T.shape == want.shape
                    else ""
                )
                always = all(
                    len(each.outcome.parts) == len(each.wanted) and each.outcome.parts[0].size == each.wanted[0].size
                    for each in runs
                )
                single = (
                    ""
                    if not always
                    else " Take the number out of the array."
                    if want.shape == () and got.size == 1
                    else " Drop the axis of length 1."
                    if got.ndim > want.ndim and got.squeeze().shape == want.squeeze().shape
                    else ""
                )
                return (
                    f"The shape is wrong: your answer has shape {got.shape}, wanted is {want.shape}.{turned}{single}\n"
                    f"Seen on {describe(run.case, exercise)}"
                )
        if exercise.exact and not isinstance(run.outcome.parts[0].item(), int):
            return (
                f"The answer should be a whole number (an int), and yours is {show(run.outcome.parts[0])}, a float."
                f"\nSeen on {describe(run.case, exercise)}"
            )


def wanted(run, exercise):
    shapes = [want.shape for want in run.wanted]
    return (
        "a number"
        if shapes == [()]
        else f"an array of shape {shapes[0]}"
        if len(shapes) == 1
        else f"arrays of shapes {shapes}"
    )


def not_finite(runs, wrong, exercise):
    run = next((run for run in wrong if not run.outcome.finite), None)
    if run:
        parts = [part for part in run.outcome.parts if not np.isfinite(part).all()]
        what = (
            "NaN (not a number)"
            if any(np.isnan(part).any() for part in parts)
            else "infinity"
            if parts
            else "huge numbers"
        )
        return f"Your answer holds {what}, on\n{describe(run.case, exercise)}\n" + (
            "It comes from something like inf - inf, inf / inf, 0 / 0 or log(0): "
            "print the steps on this input to see which."
            if parts
            else _size(max(np.abs(part).max() for part in run.outcome.parts))
        )


def _size(largest):
    """What a number that passes for infinite may come from."""
    if largest == np.finfo(float).max:
        return "The largest is the largest float there is: np.nan_to_num writes it for infinity. What was divided by 0?"
    return (
        f"The largest is {largest:.1e}: a sum without bound, a system without solution, "
        "or a division by next to nothing?"
    )
