"""What tests of the book's sentences share: the texts beside the pages, and a little mathematics."""

import ast
from pathlib import Path

import nbformat
import numpy as np
import yaml
from scipy import integrate, optimize, stats

import policy_gradient as pg
from tools import contents
from tools.paths import ROOT


def flat(thing):
    """All texts in what YAML or JSON says, one under the other."""
    return (
        "\n".join(map(flat, thing.values() if isinstance(thing, dict) else thing))
        if isinstance(thing, (dict, list))
        else str(thing)
    )


ANSWERS = {q["id"]: flat(q) for q in contents.questions()}
SHEET = (ROOT / "book/summary-sheet.md").read_text("utf8")
RUBRIC = yaml.safe_load((ROOT / "book/practice/rubric.yml").read_text("utf8"))


def cells(name):
    """The cells of a lab, by their ids."""
    return {c.id: c.source for c in nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4).cells}


def solution(name):
    """The same of a chapter's solutions."""
    return {c.id: c.source for c in nbformat.read(ROOT / f"solutions/{name}.ipynb", as_version=4).cells}


def source(module):
    """A module's text, and below it each of its strings in one piece: a sentence may be broken into lines."""
    text = Path(module.__file__).read_text("utf8")
    strings = [n.value for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return "\n".join([text, *strings])


def words(function):
    """A docstring in one line."""
    return " ".join(function.__doc__.split())


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(z):
    return np.exp(z - np.max(z)) / np.exp(z - np.max(z)).sum()


def difference(f, x, h=1e-5):
    return (f(x + h) - f(x - h)) / (2 * h)


def slope(f, x, h=1e-6):
    return difference(f, x, h)


def bell_mean(f, mu=0.8, sigma=1.0):
    """E[f(a)] under a bell, by quadrature; f may have corners at -1 and 1."""
    return integrate.quad(
        lambda a: f(a) * stats.norm.pdf(a, mu, sigma), mu - 12 * sigma, mu + 12 * sigma, points=[-1, 1], limit=400
    )[0]


def corridor(p):
    """The three cells by hand: where one step leads, (3, 3); what is missing in the last row arrives."""
    return np.array([[1 - p, p, 0], [p, 0, 1 - p], [0, 1 - p, 0]])


def doors():
    """Two doors at theta = 0: the world, the policy, its scores (4, 2, 2), and the gradient by differences."""
    world, policy, theta = pg.two_doors(), pg.two_action_softmax(2, 3), np.zeros(2)
    pi = pg.state_probs(world, policy, theta)
    scores = np.stack([policy.score(theta, world.obs, np.full(4, a)) for a in (0, 1)], axis=1)
    exact = optimize.approx_fprime(theta, lambda t: pg.expected_return(world, pg.state_probs(world, policy, t)), 1e-7)
    return world, pi, scores, exact
