"""Ask somebody's update for its direction, and say in words what keeps it from answering."""

import copy
import inspect
import random
import re
import sys
import traceback
import warnings
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np

SECONDS = 5.0  # of the processor, for one answer
ROUNDING = 1e-5  # relative: sums of single precision in another order are the same answer
METHODS = ("update", "learn", "step")
METHODS_OF_A_BATCH = {
    "episodes": "episodes()",
    "log_prob": "log_prob(theta)",
    "score": "score(theta)",
    "padded": "padded(x)",
    "rollout": "rollout",
}

OF_A_GAUSSIAN = ("drawn", "squashed")


class Unreadable(Exception):
    """The update gives no direction that could be read: `kind` is one word,
    the message says what happened and the cure."""

    def __init__(self, kind, words):
        super().__init__(words)
        self.kind = kind


class Numpy:
    """`update(theta, batch)` that returns the gradient or the new theta, or changes theta in place."""

    single = False  # numbers of single precision?
    called = "update(theta, batch)"

    def __init__(self, update):
        self.update, self.name = update, getattr(update, "__name__", type(update).__name__)
        self.returns = None  # "gradient" or "new theta", once it is known
        self.notes = {}  # kind: words

    def __call__(self, world):
        theta, batch = world.theta.copy(), world.batch.copy()
        out = self.guarded(lambda: self.run(theta, batch), world)
        self._unchanged(world, batch)
        if out is None:
            if np.array_equal(theta, world.theta) and "in place" not in self.notes:
                raise Unreadable(
                    "nothing",
                    "It returned nothing (None), and theta is as it was. "
                    "Usual cause: a return is missing in the last line.",
                )
            self.notes["in place"] = "It changes theta in place and returns nothing; that is read as the new theta."
            out, self.returns = theta, "new theta"
        elif not np.array_equal(theta, world.theta):
            self.notes["changes theta"] = (
                "It changes the theta that it was given; whoever calls it may still need the old one."
            )
        out = self._numbers(out, world)
        return out - world.theta if self._is_theta(out, world) else out

    def run(self, theta, batch):
        return self.update(theta, batch)

    def guarded(self, call, world):
        from policy_gradient._timelimit import TimeUp, limited

        state, own = np.random.get_state(), random.getstate()
        np.random.seed(0)
        random.seed(0)
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return limited(call, SECONDS, max(60.0, 4 * SECONDS))
        except Unreadable:
            raise
        except TimeUp:
            raise Unreadable(
                "never returns",
                f"It did not come back within {SECONDS:g} seconds, on a batch of {len(world.batch)} steps. Does a loop "
                "wait for something that never comes, or does it collect its own data? "
                "It must work on the batch alone.",
            ) from None
        except (Exception, SystemExit) as error:
            where = [
                f for f in traceback.extract_tb(error.__traceback__) if "policy_gradient" not in Path(f.filename).parts
            ]
            place = (
                f" (line {where[-1].lineno} of {Path(where[-1].filename).name}: {where[-1].line})"
                if where and where[-1].line
                else ""
            )
            words = f"It raised {type(error).__name__}: {' '.join(str(error).split()) or 'no message'}{place}."
            called = not (isinstance(error, TypeError) and where)  # else it is another call that went wrong
            raise Unreadable(
                "raises", words + self.advice(error, world) * (called or _of_a_batch(error) or _of_a_loss(error))
            ) from None
        finally:
            np.random.set_state(state)
            random.setstate(own)

    def advice(self, error, world):
        text, lacks = str(error), getattr(error, "name", None)
        known = [f.name for f in fields(world.batch)] if is_dataclass(world.batch) else []
        if _of_a_loss(error):
            how = "audit_gaussian" if "drawn" in known else "audit"
            return f" Is it a PyTorch loss(policy, batch)? Then say so: {how}(from_torch(loss))."
        if isinstance(error, TypeError) and re.search(
            "positional argument|unexpected keyword|takes no arguments", text
        ):
            return f" It is called as {self.called}."
        if _of_a_batch(error):
            return f" The batch is one object with arrays of a row per step: batch.{known[0]}, batch.{known[1]}, ..."
        if isinstance(error, AttributeError) and lacks in OF_A_GAUSSIAN and lacks not in known:
            return f" Only audit_gaussian's batch has {lacks}: is this the update of a Gaussian policy?"
        if isinstance(error, AttributeError) and "ndarray" in text and lacks in [*known, *METHODS_OF_A_BATCH]:
            return f" It is called as {self.called}, in this order."
        if isinstance(error, AttributeError) and known and f"'{type(world.batch).__name__}'" in text:
            methods = [how for name, how in METHODS_OF_A_BATCH.items() if hasattr(world.batch, name)]
            return f" The batch has {', '.join(known)}{'; and ' * bool(methods)}{', '.join(methods)}."
        if isinstance(error, (IndexError, ValueError)):
            return self.shapes(world)
        return ""

    def shapes(self, world):
        """One sentence on what it was given, for errors of shapes."""
        return (
            f" There theta had shape {world.theta.shape}, one number per observation, and the batch "
            f"{len(world.batch)} steps."
        )

    def _unchanged(self, world, batch):
        for f in fields(batch):
            old, new = getattr(world.batch, f.name), getattr(batch, f.name)
            if not np.array_equal(old, new):
                self.notes["changes the batch"] = (
                    f"It changes batch.{f.name}: a second use of the same data would see other numbers. Copy it first."
                )

    def _numbers(self, out, world):
        out = numbers(out, f"the gradient or the new theta, shape {world.theta.shape}")
        if out.shape != world.theta.shape:
            guess = ": one number, is that the loss? Return its gradient, or see from_torch." if out.ndim == 0 else "."
            if out.size > world.theta.size:
                guess = ": the parameters of a network? Here theta is the policy; the network is for check_policy."
            raise Unreadable(
                "shape", f"It returned shape {out.shape}; wanted the shape of theta, {world.theta.shape}{guess}"
            )
        if not np.isfinite(out).all():
            raise Unreadable(
                "nan", f'On "{world.name}" {np.sum(~np.isfinite(out))} of its {out.size} numbers are NaN or infinite.'
            )
        return out

    def _is_theta(self, out, world):
        """The parameters of observations that were never acted in tell: no gradient reaches them."""
        if self.returns is None:
            quiet = np.setdiff1d(np.arange(len(out)), world.batch.obs)
            if len(quiet) and world.theta[quiet].any():
                self.returns = (
                    "new theta"
                    if np.abs(out[quiet] - world.theta[quiet]).max() < np.abs(out[quiet]).max() * 0.5
                    else "gradient"
                )
        return self.returns == "new theta"


def _of_a_batch(error):
    """Was the batch taken for a dictionary, a tuple or a list?"""
    return isinstance(error, TypeError) and bool(
        re.search(r"Batch' object is not (subscriptable|iterable)|non-iterable \w*Batch object", str(error))
    )


def _of_a_loss(error):
    """Was theta taken for a policy, as in a PyTorch loss(policy, batch)?"""
    called = isinstance(error, TypeError) and "'numpy.ndarray' object is not callable" in str(error)
    lacks = isinstance(error, AttributeError) and error.name == "obs" and "Batch' object" in str(error)
    return "torch" in sys.modules and (called or lacks)


def numbers(out, wanted):
    """`out` as an array of floats."""
    if inspect.iscoroutine(out):
        out.close()
    try:
        if isinstance(out, str):
            raise TypeError
        return np.asarray(out, float)
    except (TypeError, ValueError):
        if isinstance(out, tuple):
            raise Unreadable(
                "no numbers", f"It returned a tuple of {len(out)} things. Wanted, alone: {wanted}."
            ) from None
        raise Unreadable(
            "no numbers", f"It returned {type(out).__name__}, which is no array of numbers. Wanted: {wanted}."
        ) from None


class WithTheta(Numpy):
    """An object whose `theta` its own `update(batch)` (or learn, step, or a call) changes."""

    def __init__(self, agent):
        super().__init__(agent)
        self.agent = agent
        self.method = next(
            (m for m in METHODS if callable(getattr(agent, m, None))), None if not callable(agent) else "__call__"
        )
        if self.method is None:
            raise Unreadable(
                "no method",
                f"{type(agent).__name__} has a theta, but no method {', '.join(METHODS)} that takes a batch.",
            )
        self.called = f"{type(agent).__name__}().{self.method}(batch)"

    def run(self, theta, batch):
        try:
            agent = copy.deepcopy(self.agent)
        except Exception:
            agent = self.agent
        agent.theta = theta.copy()
        out = getattr(agent, self.method)(batch)
        if not np.array_equal(np.asarray(agent.theta), theta):
            self.returns = "new theta"
        return np.asarray(agent.theta) if out is None and self.returns == "new theta" else out


def steady(asker, world):
    """The answer, asked three times. Unreadable if they differ."""
    first = asker(world)
    again = [asker(world) for _ in range(2)]
    size = np.abs(first).max() + 1e-300
    if all(np.abs(a - first).max() <= ROUNDING * size for a in again):
        _global_randomness(asker, world, first)
        return first
    update = getattr(asker, "update", None)
    if _has_generator(update):
        raise Unreadable(
            "random",
            "The same theta and the same batch gave two answers: it draws from a random generator of its own. "
            "Take the whole batch at once for the audit, or make the generator anew in each call.",
        )
    raise Unreadable(
        "state",
        "The same theta and the same batch gave two answers: it keeps state between calls (an optimiser's moments, "
        "a running mean, a counter). Make that state anew in each call, or return the gradient instead of the step.",
    )


def _global_randomness(asker, world, first):
    state = np.random.get_state()
    np.random.seed(1)
    try:
        inner = asker.guarded
        asker.guarded = lambda call, world: call()
        other = asker(world)
    except Exception:
        return
    finally:
        asker.guarded = inner
        np.random.set_state(state)
    if np.abs(other - first).max() > ROUNDING * (np.abs(first).max() + 1e-300):
        raise Unreadable(
            "random",
            "The same theta and the same batch gave two answers under two seeds of the global random generator: "
            "it uses randomness of its own (a shuffled minibatch, noise). Take the whole batch at once for the audit.",
        )


def _has_generator(update):
    code = getattr(update, "__code__", None)
    if code is None:
        return False
    known = [getattr(update, "__globals__", {}).get(name) for name in code.co_names]
    known += [cell.cell_contents for cell in getattr(update, "__closure__", None) or () if cell is not None]
    known += list(getattr(update, "__defaults__", None) or ())
    return any(isinstance(x, (np.random.Generator, np.random.RandomState, random.Random)) for x in known)
