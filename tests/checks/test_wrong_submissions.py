"""Cells as learners hand them in, each wrong in its own way: refused in plain words,
never with a traceback from inside.

Each is run as the notebook runs it: the cell's text by `exec`, then `check(name)`.
"""

import re
import sys

import numpy as np
import pytest

from learning_to_act.checks import check, engine
from learning_to_act.checks import quiet as quietly

pytestmark = pytest.mark.slow  # subprocesses, kernels, pictures or long runs in nearly every test

LIKE_TORCH = """
class Tensor:
    def __init__(self, data): self.data, self.requires_grad = np.asarray(data), True
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    def __len__(self): return len(self.data)
    def __getitem__(self, i): return Tensor(self.data[i])
def softmax(logits): return Tensor(logits)
"""
LIKE_PANDAS = """
class Series:
    def __init__(self, data): self.values = list(data)
    def __len__(self): return len(self.values)
    def __bool__(self): raise ValueError("The truth value of a Series is ambiguous.")
    def __eq__(self, other): return Series([one == other for one in self.values])
    def __getattr__(self, name): raise AttributeError(name)
def softmax(logits): return Series(['low', 'high'])
"""
CELLS = {  # what the cell holds, and what the verdict says
    "a generator": ("def softmax(logits):\n    yield np.exp(logits)", r"a generator \(yield where return belongs\?\)"),
    "async def": ("async def softmax(logits):\n    return np.exp(logits)", "a coroutine"),
    "one argument too many": (
        "def softmax(logits, axis):\n    return logits",
        r"Yours takes \(logits, axis\); the check passes 1 argument",
    ),
    "no argument": ("def softmax():\n    return 0", r"Yours takes \(\); the check passes 1 argument"),
    "a function is returned": ("def softmax(logits):\n    return np.exp", "ufunc"),
    "a tensor that will not be an array": (LIKE_TORCH, "type Tensor, which NumPy cannot read"),
    "a series of words": (LIKE_PANDAS, "Your function returned"),
    "a class": (
        "class softmax:\n    def __init__(self, logits):\n        self.logits = logits",
        "an object of type softmax",
    ),
    "the wrong one through a lambda with a default": (
        "softmax = lambda logits, shift=0.0: np.exp(logits - shift)",
        "does not sum to 1",
    ),
    "recursion without end": ("def softmax(logits):\n    return softmax(logits)", "RecursionError"),
    "a huge array": ("def softmax(logits):\n    return np.ones(10**13)", "more memory than a check allows"),
    "a list that grows": (
        "def softmax(logits):\n    kept = []\n    while True:\n        kept.append(bytearray(10**7))",
        "MemoryError|not finished",
    ),
    "sys.exit": ("import sys\ndef softmax(logits):\n    sys.exit(1)", "would end the whole session"),
    "text": ("def softmax(logits):\n    return str(logits)", r"text \(a str\)"),
    "the book's name for something else": ("softmax = 3", "the function itself"),
    "standard output replaced": (
        "import io, sys\ndef softmax(logits):\n    sys.stdout = io.StringIO()\n    print('lost')\n"
        "    return logits * 0",
        "0 everywhere",
    ),
    "warnings made errors": (
        "import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')\ndef softmax(logits):\n"
        "    return 1e-310 * logits",
        "as good as 0",
    ),
    "threads": (
        "import threading\ndef softmax(logits):\n    t = threading.Thread(target=print, args=('x',))\n"
        "    t.start(); t.join()\n    return logits",
        "no probability",
    ),
}


@pytest.fixture
def calm(monkeypatch):
    """The session's settings as they were, and a second for each check."""
    monkeypatch.setattr(engine, "SECONDS", 1.0)
    old, out = np.geterr(), sys.stdout
    yield
    np.seterr(**old)
    assert sys.stdout is out


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("cell, words", CELLS.values(), ids=CELLS)
def test_a_wrong_cell_is_refused_in_plain_words(calm, cell, words):
    space = {"np": np}
    exec(cell, space)
    result = check(space["softmax"], *["softmax"] * callable(space["softmax"]))
    assert not result and re.search(words, result.message), result.message
    assert "Traceback" not in result.message and "stumbled" not in result.message and "checks/" not in result.message
    assert len(result.message.splitlines()) <= 7


def test_a_cell_that_is_no_python_says_so_before_any_check():
    """Nothing of ours is in that error: the function of the last good cell stands, and the check judges that one."""
    with pytest.raises(SyntaxError) as found:
        exec("def softmax(logits:\n    return logits", {})
    assert "policy_gradient" not in str(found.value) and "learning_to_act" not in str(found.value)


def test_a_cell_that_raises_keyboard_interrupt_stops_as_the_stop_button_does():
    def softmax(logits):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(softmax)
    assert not quietly._under_way and not quietly._undo  # and everything is in its old place


# --- the order in which things are said ------------------------------------------------------------------------------


def test_what_is_wrong_is_said_before_what_fails_on_a_special_input():
    def epsilon_greedy_probs(q_values, epsilon):
        p = np.full(len(q_values), epsilon / (len(q_values) - 1))
        p[np.argmax(q_values)] = 1 - epsilon
        return p

    result = check(epsilon_greedy_probs)
    assert (
        result.mistake == "explores-the-others-only"
        and '(On "one action" it raises ZeroDivisionError' in result.message
    )

    def another(q_values, epsilon):
        return np.where(q_values == max(q_values), 1 - epsilon, epsilon / (len(q_values) - 1)) + 0.01

    assert check(another, "epsilon_greedy_probs").message.startswith("Your probabilities do not sum to 1.")


def test_slow_and_wrong_is_told_what_is_wrong(monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 0.5)

    def double(rewards, gamma, power, scale=1.0):
        out = np.zeros(np.shape(rewards))
        for t in range(len(rewards)):
            for k in range(t, len(rewards)):
                out[t] += scale * gamma ** power(k, t) * rewards[k]
        return out

    right = check(lambda rewards, gamma: double(rewards, gamma, lambda k, t: k - t), "discounted_returns")
    assert right.mistake == "too-slow" and right.message.startswith("Right, but it does not get through 4,000 steps")
    assert (
        check(lambda rewards, gamma: double(rewards, gamma, lambda k, t: k), "discounted_returns").mistake
        == "discounted-from-zero"
    )
    other = check(lambda rewards, gamma: double(rewards, gamma, lambda k, t: k - t, 1.5), "discounted_returns")
    assert (
        "times what is wanted" in other.message
        and '(On "4,000 steps of four episodes" it does not finish in time.)' in other.message
    )


def test_right_as_far_as_it_came_and_then_too_slow(monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 0.5)
    truth = engine.registry()["state_values"].truth

    def state_values(P, R, policy, gamma):
        while gamma == 0:
            pass
        return truth(P, R, policy, gamma)

    assert check(state_values).message.startswith("Right on the 3 inputs before it, but your function had not finished")


@pytest.mark.parametrize(
    "copy, where",
    [
        (False, "theta itself while later steps or episodes are still to be scored, in line"),
        (True, "the theta that you compute probabilities from"),
    ],
)
def test_theta_that_moves_while_it_is_scored(copy, where):
    def reinforce_update(theta, episodes, lr, gamma):
        theta = theta.copy() if copy else theta
        for episode in episodes:
            for t, (s, a, _) in enumerate(episode):
                later = sum(gamma**k * episode[k][2] for k in range(t, len(episode)))
                p = np.exp(theta[s]) / np.exp(theta[s]).sum()
                theta[s] += lr * later * ((np.arange(len(p)) == a) - p) / len(episodes)
        return theta

    result = check(reinforce_update)
    assert result.mistake == "theta-moves" and where in result.message and "np.zeros(theta.shape)" in result.message


def test_an_argument_changed_in_place_is_shown_with_its_line():
    def discounted_returns(rewards, gamma):
        for t in reversed(range(len(rewards) - 1)):
            rewards[t] += gamma * rewards[t + 1]
        return rewards

    result = check(discounted_returns)
    assert result.mistake == "changes-argument" and "an array of integers cuts each of them down" in result.message
    assert (
        re.search(r"in line \d+ of discounted_returns: rewards\[t\] \+= gamma \* rewards\[t \+ 1\]", result.message)
        and "zeros_like" not in result.message
    )

    def softmax(logits):
        logits -= logits.max(-1, keepdims=True)
        return np.exp(logits)

    assert (
        "of softmax: logits -= "
        in check(
            lambda logits: softmax(logits.astype(float) if logits.dtype.kind == "i" else logits), "softmax"
        ).message
    )


# --- words -----------------------------------------------------------------------------------------------------------


def test_values_without_gamma_say_why_some_are_not_finite():
    def state_values(P, R, policy, gamma):
        return np.linalg.solve(np.eye(len(R)) - np.einsum("sa,sat->st", policy, P), (policy * R).sum(1))

    result = check(state_values)
    assert (
        result.mistake == "undiscounted" and "In a world that never ends the plain sum has no limit" in result.message
    )

    def half(P, R, policy, gamma):
        return state_values(P, R, policy, gamma) / 2 if P.sum(-1).min() < 0.999 else np.full(len(R), np.inf)

    assert "without gamma a sum over a world that never ends has no limit" in check(half, "state_values").message


def test_one_step_ahead_and_the_diagonal_alone_have_their_own_words():
    def state_values(P, R, policy, gamma):
        r = (policy * R).sum(1)
        return r + gamma * np.einsum("sa,sat->st", policy, P) @ r

    assert check(state_values).mistake == "one-step-lookahead"

    def exact_gradient(P, R, rho, theta, gamma):
        pi = np.exp(theta - theta.max(1, keepdims=True))
        pi /= pi.sum(1, keepdims=True)
        M = np.eye(len(R)) - gamma * np.einsum("sa,sat->st", pi, P)
        Q = R + gamma * P @ np.linalg.solve(M, (pi * R).sum(1))
        return np.linalg.solve(M.T, rho)[:, None] * pi * (1 - pi) * Q

    assert check(exact_gradient).mistake == "diagonal-only"


def test_the_two_numbers_are_shown_with_digits_that_tell_them_apart():
    truth = engine.registry()["corridor_value"].truth

    def corridor_value(p_right):
        v = np.asarray(truth(p_right), float)
        return v + np.where(np.asarray(p_right) == 0.5, 2e-5, 0.04 * v * np.sin(7 * v))

    message = check(corridor_value).message
    wanted, got = re.search(r"wanted (.*)\ngot +(.*)", message).groups()
    assert wanted != got and float(wanted) == pytest.approx(float(got), rel=1e-3)


def test_empty_arrays_are_shown_with_their_shape():
    def discounted_returns(rewards, gamma):
        out = []
        for reward in rewards[::-1]:
            out.insert(0, reward + gamma * (out[0] if out else 0))
        return out

    assert "an empty array of shape (0, 3)" in check(discounted_returns).message


@pytest.mark.parametrize("spread, words", [(dict(ddof=1), "n - 1"), ({}, "standardised")])
def test_standardised_returns_are_called_so(spread, words):
    truth = engine.registry()["discounted_returns"].truth

    def discounted_returns(rewards, gamma):
        G = truth(rewards, gamma)
        return (G - G.mean()) / (G.std(**spread) + 1e-9) if G.size else G

    message = check(discounted_returns).message
    assert "standardised" in message and words in message


@pytest.mark.parametrize(
    "name, zeros",
    [
        ("softmax", lambda logits: np.zeros(np.shape(logits))),
        ("worst_case_loss", lambda policy, payoff: 0.0),
        ("discounted_visitation", lambda P, rho, policy, gamma: 0 * rho),
    ],
)
def test_all_zeros_have_their_own_sentence(name, zeros):
    assert "Your answer is 0 everywhere" in check(zeros, name).message


# --- the user's own settings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", sorted(set(engine.registry()) - {f"update_{i}" for i in range(1, 9)} - {"reinforce_update"})
)
@pytest.mark.filterwarnings("error")
def test_no_check_stumbles_where_numpy_raises_and_warnings_are_errors(name, recwarn):
    one = engine.registry()[name]

    def scaled(factor):
        def function(*args):
            value = one.truth(*args)
            return tuple(factor * part for part in value) if one.parts > 1 else factor * value

        return function

    with np.errstate(all="raise"):
        results = (
            [check(scaled(factor), name) for factor in (1e-310, 1e300, float("nan"), 1.0)]
            if not one.exact
            else [check(one.truth, name)]
        )
        assert np.geterr()["over"] == "raise"
    assert results[-1].passed, results[-1].message
    assert not any("stumbled" in result.message or "inf times" in result.message for result in results)
    assert not recwarn.list


def test_an_argument_left_at_its_default_is_not_asked_for():
    """The scores in the baseline's place: some inputs give no baseline,
    and the question whether it is used stumbled over them."""

    def score_function_gradient(f_values, scores, baseline=0.0):
        better = f_values[:, None] - scores
        return (better * scores).mean(axis=0)

    said = check(score_function_gradient)
    assert not said and "stumbled" not in said.message
