"""Run a learner's function once on copies of its arguments, and say in plain data what came of it."""

import copy
import inspect
import linecache
import os
import sys
import sysconfig
import traceback
import types
import warnings
from dataclasses import dataclass, field

import numpy as np

from policy_gradient import _timelimit as timelimit
from policy_gradient._timelimit import TimeUp

from .quiet import quiet

LIBRARIES = tuple(
    {os.path.realpath(path) + os.sep for key, path in sysconfig.get_paths().items() if "lib" in key}
    | {
        os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep + part + os.sep
        for part in ("checks", "exercises")
    }
)
HUGE = 1e12


@dataclass
class Outcome:
    """kind is "answer", "none", "raised", "time", or "type" (something that holds no numbers)."""

    kind: str
    parts: tuple = ()  # the answer as arrays: one, or as many as the exercise asks for
    detail: str = ""  # for "raised" and "type", or of an answer that is several: what to tell the learner
    error: str = ""  # for "raised": the exception's class
    place: str = ""  # for "raised": the learner's function that the line is in
    changed: list = field(default_factory=list)  # positions of the arguments that the function changed
    printed: bool = False
    text: str = ""  # the beginning of what it printed
    drawn: bool = False  # did it show a figure, or anything but text?
    huge: float = HUGE  # from here on a number counts as infinite

    @property
    def finite(self):
        """Numbers all through? What a singular system answers, 1e16 and the like, counts as infinite."""
        return self.kind == "answer" and all(
            (np.abs(part if part.dtype.itemsize > 2 else part.astype(float)) < self.huge).all()
            for part in self.parts
            if part.dtype != object
        )


class Budget:
    """Seconds that the learner's function has left in all: of the processor, and on the wall (see `timelimit`)."""

    def __init__(self, seconds):
        self.left, self.wall = seconds, timelimit.WALL

    def run(self, call):
        clock = timelimit.Clock(self.left, self.wall)
        try:
            return timelimit.within(call, clock)
        finally:
            self.left, self.wall = clock.left()


def attempt(function, args, budget, parts=1, exact=False, huge=HUGE):
    """The `Outcome` of `function(*copies of args)`: nothing that the function does gets out,
    except KeyboardInterrupt."""
    copies = copy.deepcopy(args)

    def work():
        try:
            value = function(*copies)
        except (TimeUp, KeyboardInterrupt):
            raise
        except BaseException as error:
            if isinstance(error, MemoryError):
                traceback.clear_frames(
                    error.__traceback__
                )  # whatever grew is let go, so that there is room to speak of it
            return explain(error)
        try:
            return read(value, parts, exact)
        except (TimeUp, KeyboardInterrupt):
            raise
        except MemoryError as error:
            return explain(error)
        except BaseException as error:  # an object that only pretends to be an array
            return Outcome(
                "type",
                detail=f"an object of type {type(value).__name__}, which NumPy cannot read ({type(error).__name__})",
            )

    with quiet() as shown, np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            outcome = budget.run(work)
        except TimeUp:
            outcome = Outcome("time")
        except MemoryError:
            outcome = Outcome("raised", detail="MemoryError", error="MemoryError")
    outcome.changed = [i for i, (old, new) in enumerate(zip(args, copies)) if not unchanged(old, new)]
    outcome.printed, outcome.text, outcome.drawn = shown.printed, shown.text, shown.drawn
    outcome.huge = huge
    return outcome


def unchanged(old, new):
    if not isinstance(old, (np.ndarray, np.generic, int, float)):  # a batch, a list of episodes
        try:
            return bool(old == new)
        except Exception:  # something was put in that cannot be compared
            return False
    old, new = np.asarray(old), np.asarray(new)
    if old.shape != new.shape or old.dtype != new.dtype:
        return False
    # mostly the first says yes; to look for NaN takes several times as long
    return bool((old == new).all()) or np.array_equal(old, new, equal_nan=old.dtype.kind == "f")


def read(value, parts=1, exact=False):
    """The numbers in `value`, whatever it is: an array, a list, a number, a tuple of `parts` of them."""
    if value is None:
        return Outcome("none")
    if parts > 1:
        if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != parts:
            return Outcome("type", detail=f"{name_of(value)}, where {parts} arrays belong: return first, second")
        outcomes = [read(part, 1, exact) for part in value]
        wrong = [outcome for outcome in outcomes if outcome.kind != "answer"]
        if wrong:
            return Outcome("type", detail=f"a tuple that holds {wrong[0].detail or 'None'}")
        return Outcome("answer", tuple(outcome.parts[0] for outcome in outcomes))
    if isinstance(value, types.CoroutineType):
        value.close()
    if (
        isinstance(value, (str, bytes, dict, set, frozenset, type))
        or callable(value)
        or inspect.isgenerator(value)
        or (isinstance(value, types.CoroutineType))
        or (hasattr(value, "__next__") and not hasattr(value, "__array__"))
    ):
        return Outcome("type", detail=name_of(value))
    if _hides(value):  # NumPy would drop the mask, and show what stands below it
        return Outcome("type", detail="a masked array that hides some of its numbers: .filled(0) puts a number there")
    try:
        array = np.array(value)
    except ValueError:
        return Outcome("type", detail=several(value) or "a ragged list: its rows have different lengths")
    if exact and array.shape == () and type(array.item()) in (int, float) and abs(array.item()) < float("inf"):
        return Outcome("answer", (np.array(array.item(), dtype=object),))  # a Python int may have any length
    if array.dtype.kind == "c":
        return Outcome("type", detail="complex numbers")
    if array.dtype == object:
        if any(element is None for element in array.flat):  # NumPy would turn it into NaN
            return Outcome("type", detail="a list with None in it, which is not a number")
        try:
            array = array.astype(float)  # Fractions and Decimals are numbers too
        except (TypeError, ValueError):
            return Outcome(
                "type", detail="a list with something in it that is not a number" if array.ndim else name_of(value)
            )
    if array.dtype.kind not in "biuf":
        return Outcome("type", detail=f"an array of {array.dtype.name}, not of numbers")
    return Outcome("answer", (array,), detail=several(value))


def _hides(value):
    """Is it an array of numpy.ma, which is loaded where somebody uses it, with a number that is masked?"""
    masked = sys.modules.get("numpy.ma")
    return masked is not None and isinstance(value, masked.MaskedArray) and masked.is_masked(value)


def several(value):
    """'a tuple of 2 things, ...', said where a function hands back more than it was asked for, or ""."""
    if isinstance(value, tuple) and len(value) > 1:
        return f"a tuple of {len(value)} things, where one answer belongs"
    return ""


def is_single(array):
    """float32 or less: held to three digits."""
    return array.dtype.kind == "f" and array.dtype.itemsize < 8


def name_of(value):
    kind = type(value).__name__
    if inspect.isgenerator(value):
        return "a generator (yield where return belongs?)"
    if isinstance(value, types.CoroutineType):
        return "a coroutine (write def, not async def)"
    if isinstance(value, str):
        return "text (a str), not a number"
    if isinstance(value, (types.FunctionType, types.MethodType, types.BuiltinFunctionType)):
        return "a function: did you forget the brackets that call it?"
    if hasattr(value, "__next__"):
        return f"an iterator ({kind}): wrap it in list(...)"
    return f"an object of type {kind}"


def explain(error):
    """What was raised, and in which line of the learner's own code."""
    try:
        text = " ".join(str(error).split())[:160]
    except Exception:
        text = ""
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    line, place = line_of(error.__traceback__)
    return Outcome("raised", detail=f"{what}\nin {line}" if line else what, error=type(error).__name__, place=place)


def line_of(trace):
    """('line 3 of softmax: return x / n', 'softmax'): the innermost line that is not a library's or ours,
    and its function."""
    line = place = ""
    while trace:
        code, number = trace.tb_frame.f_code, trace.tb_lineno
        path = code.co_filename
        ours = path.startswith("<frozen") or path.startswith("<__array") or os.path.realpath(path).startswith(LIBRARIES)
        if not ours:
            source = linecache.getline(path, number, trace.tb_frame.f_globals).strip()
            place = code.co_name
            line = f"line {number} of {place}: {source}" if source else f"line {number} of {place}"
        trace = trace.tb_next
    return line, place
