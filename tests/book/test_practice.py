"""Practice: what is drawn, when a card returns, what a file may hold, and that the proofs are right exactly where the
pages say so."""

import itertools
import json
import math
import random
import re
from functools import cache

import numpy as np
import pytest
import yaml
from py_mini_racer import JSEvalException

import policy_gradient as pg
from policy_gradient.policies import LinearSoftmax, two_action_softmax
from tests.helpers import v8
from tests.helpers.interview import LEVELS, QUESTIONS
from tools.paths import ROOT


def data(name):
    return yaml.safe_load((ROOT / f"book/practice/{name}.yml").read_text("utf8"))


DRILLS, FLAWS, RUBRIC = (
    {d["id"]: d["steps"] for d in data("drills")},
    {f["id"]: f for f in data("flaws")},
    data("rubric"),
)


@cache
def engine():
    return v8.script(
        "practice-core.js",
        """globalThis.TextEncoder ??= class { encode(text) {            // V8 alone has none; ids and numbers are ASCII
        return [...text].map(c => c.charCodeAt(0)); } };""",
    )


def js(name, *arguments):
    """What a function of practice-core.js answers."""
    return v8.ask(engine(), f"pgPractice.{name}", *arguments)


# --- the scheduler against SM-2 as Wozniak states it ------------------------------------------------------------------


def sm2(grades):
    """(ease, interval) after a list of qualities, each on its own day: steps 1 to 6 of SM-2, with exact decimals."""
    ease, interval, n = 250, 0, 0  # E-factor in hundredths
    for q in grades:
        if q >= 3:
            ease = max(130, ease + 10 - (5 - q) * (8 + (5 - q) * 2))
            n += 1
        else:
            n = 1  # anew: I(1), I(2), ...
        interval = 1 if n == 1 else 6 if n == 2 else -(-interval * ease // 100)
        interval = min(interval, 365)
    return ease / 100, interval


@pytest.mark.parametrize("seed", range(40))
def test_the_schedule_is_sm2(seed):
    draw = random.Random(seed)
    grades = [draw.choice([1, 2, 3, 3, 3, 4]) for _ in range(draw.randint(1, 12))]
    card, day = None, 20_000
    for g in grades:
        card = js("graded", card, g, day, day * 1000)
        assert card["due"] == day + card["interval"] and card["last"] == day and card["first"] == 20_000
        assert card["again"] == (g < 3)
        day = card["due"]
    assert (card["ease"], card["interval"]) == sm2([{1: 1, 2: 3, 3: 4, 4: 5}[g] for g in grades])


def test_by_hand():
    """Good, good, good: 1, 6, 15 days. A hard one: ease 2.36, so ceil(15 * 2.36) = 36."""
    card, days = None, []
    for grade in (3, 3, 3, 2, 1):
        card = js("graded", card, grade, 100 + len(days), 1)
        days.append(card["interval"])
        card["again"] = False
    assert days == [1, 6, 15, 36, 1] and card["ease"] == 2.36


def test_a_repeat_on_the_same_day_only_ends_the_day():
    first = js("graded", None, 1, 50, 1)
    for grade, again in ((2, True), (3, False)):
        later = js("graded", first, grade, 50, 2)
        assert later == first | {"again": again, "at": 2}
    with pytest.raises(JSEvalException, match="grade must be"):
        js("graded", None, 5, 50, 1)


def test_before_the_interview_every_card_comes_back():
    """Whatever the gap: due the day before at the latest; a card answered that day or later is left alone."""
    for last, interval in itertools.product(range(90, 105), (1, 3, 6, 40)):
        card = {"due": last + interval, "last": last}
        plain, exam = js("dueDay", card), js("dueDay", card, 100)
        assert plain == last + interval
        assert exam == (99 if last < 99 and plain >= 100 else plain)


def test_today_has_due_new_and_repeated_cards():
    def card(due, last, first=1, again=False, at=1):
        return {"due": due, "last": last, "first": first, "again": again, "at": at}

    cards = {
        "a": card(10, 5),
        "b": card(8, 2),
        "c": card(11, 9),
        "d": card(11, 10, 10, True, 7),
        "e": card(11, 10, 10, True, 6),
        "z": card(0, 0, 0),
    }
    got = js("today", list("abcdefgz"), cards, 10, {"perDay": 3})
    assert got["due"] == ["b", "a"], "longest overdue first"
    assert got["again"] == ["e", "d"], "those asked longest ago first"
    assert got["fresh"] == ["f"], "two of three new ones were begun today; a grade taken back counts as unseen"
    assert (got["unseen"], got["known"]) == (3, 5)
    assert js("today", list("abc"), cards, 10, {"exam": 11})["due"] == ["b", "a", "c"], "the eve of the interview"


def test_days_are_local_dates():
    assert js("dayOfIso", "1970-01-02") == 1 and js("dayOfIso", "2024-03-01") == js("dayOfIso", "2024-02-28") + 2
    assert (
        engine().eval("pgPractice.dayOf(new Date(2024, 1, 29, 23, 59)) - pgPractice.dayOf(new Date(2024, 1, 29, 0, 1))")
        == 0
    )
    assert (
        engine().eval("pgPractice.dayOf(new Date(2024, 2, 1, 0, 1)) - pgPractice.dayOf(new Date(2024, 1, 29, 23, 59))")
        == 1
    )


# --- merging and files ------------------------------------------------------------------------------------------------


def state(at=(), **more):
    cards = {f"c{i}": js("graded", None, 3, 10, t) for i, t in enumerate(at) if t}
    return js("empty") | {"cards": cards} | more


def test_two_tabs_lose_nothing():
    a, b = state((5, 9, 0, 4)), state((7, 8, 6, 0))
    both = js("merged", a, b)
    assert {k: c["at"] for k, c in both["cards"].items()} == {"c0": 7, "c1": 9, "c2": 6, "c3": 4}
    assert js("merged", b, a) == both and js("merged", both, a) == both, "in any order, and again"


def test_what_was_erased_stays_erased_and_settings_are_the_later_ones():
    old, erased = state((5, 6), exam="2030-01-01", set=3), state((0, 8), erased=7, perDay=5, set=4)
    both = js("merged", old, erased)
    assert list(both["cards"]) == ["c1"] and both["erased"] == 7 and both["perDay"] == 5 and both["exam"] is None


def test_import_brings_back_what_was_erased_and_keeps_the_later_answer():
    file, here = state((5, 6, 3)), state((0, 8), erased=7)
    got = js("imported", here, file, 100)
    assert {k: c["at"] for k, c in got["cards"].items()} == {"c0": 8, "c1": 8, "c2": 8}
    assert js("merged", here, got)["cards"] == got["cards"], (
        "another tab that knows of the erasure does not take it away again"
    )
    assert js("imported", state(), state((10**15,)), 100)["cards"]["c0"]["at"] == 100, "a clock that ran ahead"


def test_what_is_kept_can_be_read():
    given = state((5, 6), exam="2030-02-28", set=3)
    assert js("parsed", json.dumps(given | {"exported": "today", "more": 1})) == given


def spoiled(**card):
    good = state((5,))
    good["cards"]["c0"] |= card
    return json.dumps(good)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "not a complete JSON"),
        ('{"app": "learning-to-act", "ki', "not a complete JSON"),
        ("[]", "not exported by these"),
        ("null", "not exported by these"),
        ('{"cards": {}}', "not exported by these"),
        (json.dumps(state(kind="work")), "not exported by these"),
        (json.dumps(state(version=2)), "version 2; this page reads version 1. Reload"),
        (json.dumps(state(version="1")), 'version "1"'),
        (json.dumps(state(cards=[])), '"cards" should be'),
        (json.dumps(state(cards={"a b": {}})), "no name of a card"),
        (json.dumps(state(cards={"__proto__": {}})).replace("a b", "__proto__"), "no name of a card"),
        (json.dumps(state(cards={"c0": 3})), 'Card "c0" should have fields'),
        (spoiled(due="tomorrow"), '"due" should be a whole number from 0 to 1000000, found "tomorrow"'),
        (spoiled(interval=1e9), '"interval" should be'),
        (spoiled(ease=0), '"ease" should be a number from 1.3'),
        (spoiled(again="no"), '"again" should be true or false'),
        (spoiled(at=-1), '"at" should be a time'),
        (spoiled(reps=1.5), '"reps" should be a whole number'),
        (spoiled(first=None), '"first" should be'),
        (json.dumps(state(exam="31.12.2030")), '"exam" should be a date'),
        (json.dumps(state(perDay="many")), '"perDay" should be'),
        (json.dumps(state(x="y" * 1_000_001)), "1.0 million characters"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(text, message):
    with pytest.raises(JSEvalException) as refused:
        js("parsed", text)
    assert message in str(refused.value)


# --- the draw ---------------------------------------------------------------------------------------------------------


def murmured(text):
    """FNV-1a with MurmurHash3's finish, in Python."""
    h = 0x811C9DC5
    for byte in text.encode():
        h = (h ^ byte) * 0x01000193 % 2**32
    h = (h ^ h >> 16) * 0x85EBCA6B % 2**32
    h = (h ^ h >> 13) * 0xC2B2AE35 % 2**32
    return h ^ h >> 16


BRIEF = [{"id": q["id"], "level": q["level"]} for q in QUESTIONS]


@pytest.mark.parametrize("number", [0, 1, 4711, 999_999])
def test_a_number_gives_the_same_interview_everywhere(number):
    mix = [2, 2, 1, 1, 0]
    want = [
        i
        for level, n in zip(LEVELS, mix)
        for i in sorted((q["id"] for q in BRIEF if q["level"] == level), key=lambda i: murmured(f"{number}:{i}"))[:n]
    ]
    assert js("drawn", BRIEF, mix, number) == want and len(set(want)) == 6
    assert js("drawn", BRIEF[::-1], mix, number) == want, "the order of the file does not matter"


def test_draws_are_spread_evenly():
    counts = dict.fromkeys((q["id"] for q in BRIEF), 0)
    for number in range(600):
        for i in js("drawn", BRIEF, [2, 2, 1, 1, 0], number):
            counts[i] += 1
    for level, n in zip(LEVELS, [2, 2, 1, 1]):
        of = [counts[q["id"]] for q in BRIEF if q["level"] == level]
        p = n / len(of)
        assert max(abs(c - 600 * p) for c in of) < 4.5 * math.sqrt(600 * p * (1 - p)), level


@pytest.mark.parametrize(
    "text, mix",
    [
        ("2-2-1-1-0", [2, 2, 1, 1, 0]),
        ("6-0-0-0-0", [6, 0, 0, 0, 0]),
        ("2-2-1-1-1", None),
        ("2-2-1-1", None),
        ("-1-3-2-1-1", None),
        ("", None),
        (None, None),
        ("a", None),
    ],
)
def test_mixes(text, mix):
    assert js("mixOf", text) == mix


def test_every_level_can_give_six():
    assert all(sum(q["level"] == level for q in BRIEF) >= 6 for level in LEVELS)


def test_rubrics_are_complete_and_short():
    assert set(RUBRIC) == {q["id"] for q in QUESTIONS}
    for name, points in RUBRIC.items():
        assert len(points) == 3 and all(isinstance(x, str) and 2 <= len(x) <= 150 for x in points), name


NUMBER = re.compile(r"(?<![\w.])\d*\.\d+(?![\w.])")


@pytest.mark.parametrize("q", QUESTIONS, ids=lambda q: q["id"])
def test_a_rubric_says_no_number_that_its_answer_does_not(q):
    answer = q["short"] + q["long"] + str(q["follow_ups"])
    known = [float(n) for n in NUMBER.findall(answer)]
    assert [n for n in NUMBER.findall(" ".join(RUBRIC[q["id"]])) if float(n) not in known] == []


# --- orders -----------------------------------------------------------------------------------------------------------


def needs(proof):
    return {s["id"]: s.get("needs", {}) for s in DRILLS[proof]}


@pytest.mark.parametrize("proof", DRILLS)
def test_the_book_s_order_is_valid_and_what_is_needed_exists(proof):
    ids = list(needs(proof))
    assert len(set(ids)) == len(ids) == 10
    assert all(set(n) <= set(ids) for n in needs(proof).values())
    assert js("firstFault", ids, needs(proof)) is None


@pytest.mark.parametrize("proof", DRILLS)
def test_every_order_is_judged_by_what_needs_what(proof):
    ids, why = list(needs(proof)), needs(proof)
    draw = random.Random(0)
    for _ in range(300):
        order = draw.sample(ids, len(ids))
        bad = [(i, a, b) for i, a in enumerate(order) for b in why[a] if order.index(b) > i]
        got = js("firstFault", order, why)
        if bad:
            first = min(i for i, *_ in bad)
            assert (
                got["id"] == order[first]
                and (first, got["id"], got["needs"]) in bad
                and got["why"] == why[got["id"]][got["needs"]]
            )
        else:
            assert got is None


@pytest.mark.parametrize("proof", DRILLS)
def test_the_count_of_orders(proof):
    """Against a count that builds every order step by step."""
    why = needs(proof)

    @cache
    def ways(done):
        left = [i for i in why if i not in done]
        return 1 if not left else sum(ways(done | {i}) for i in left if set(why[i]) <= done)

    assert js("countOrders", list(why), why) == ways(frozenset()) > 1


@pytest.mark.parametrize("proof", DRILLS)
def test_a_shuffle_is_never_solved(proof):
    for number in range(30):
        order = js("shuffled", list(needs(proof)), needs(proof), number)
        assert sorted(order) == sorted(needs(proof)) and js("firstFault", order, needs(proof))


@pytest.mark.parametrize("proof", DRILLS)
def test_each_rule_has_three_explained_choices_not_always_at_the_same_place(proof):
    places = []
    for s in DRILLS[proof]:
        assert len(s["rules"]) == 3 and s["rule"] in s["rules"], s["id"]
        assert all(len(why) >= 20 for why in s["rules"].values())
        places.append(list(s["rules"]).index(s["rule"]))
    assert all(2 <= places.count(i) <= 5 for i in range(3)), places


# --- the mathematics: every line as two numbers -----------------------------------------------------------------------


class World:
    """An MDP whose episodes end within three steps, all its trajectories,
    and the quantities that the lines speak of."""

    def __init__(self, mdp, policy, theta):
        self.mdp, self.policy, self.theta, self.gamma = mdp, policy, np.asarray(theta, float), mdp.gamma
        self.pi = self.probs(self.theta)
        self.score = np.array(
            [[policy.score(self.theta, mdp.obs[s], a) for a in range(mdp.num_actions)] for s in range(mdp.num_states)]
        )
        self.grad_pi = self.pi[..., None] * self.score
        self.Q, self.V, self.d = (
            pg.action_values(mdp, self.pi),
            pg.state_values(mdp, self.pi),
            pg.discounted_visitation(mdp, self.pi),
        )
        self.J = lambda theta: pg.expected_return(mdp, self.probs(theta))
        self.gradient = pg.finite_difference(self.J, self.theta)
        self.paths = list(self.walk((), None))

    def probs(self, theta):
        return self.policy.probs(theta, self.mdp.obs)

    def walk(self, path, state):
        """All (states, actions) from start to end."""
        nexts = self.mdp.rho if state is None else self.mdp.P[state[0], state[1]]
        if state is not None and nexts.sum() < 1e-12:
            yield path
            return
        for s in np.flatnonzero(nexts):
            for a in range(self.mdp.num_actions):
                yield from self.walk((*path, (s, a)), (s, a))

    def prob(self, path, pi):
        p = self.mdp.rho[path[0][0]]
        for k, (s, a) in enumerate(path):
            p *= pi[s, a] * (self.mdp.P[s, a, path[k + 1][0]] if k + 1 < len(path) else 1)
        return p

    def mean(self, f, pi=None):
        """E over trajectories of f(path)."""
        return sum(self.prob(path, self.pi if pi is None else pi) * f(path) for path in self.paths)

    def r(self, path, k):
        return self.gamma**k * self.mdp.R[path[k]] if k < len(path) else 0.0

    def total(self, path):
        return sum(self.r(path, k) for k in range(len(path)))

    def scored(self, weight, pi=None):
        """E sum_t score_t weight(path, t)."""
        return self.mean(lambda p: sum(self.score[p[t]] * weight(p, t) for t in range(len(p))), pi)

    def by_state(self, weight, d=None):
        """sum_s d(s) sum_a grad pi(a|s) weight(s, a)."""
        return np.einsum("s,sad,sa->d", self.d if d is None else d, self.grad_pi, weight)


def layered(seed=3):
    """A random world of layers 1-2-2 with two actions, discount .7 and shared features: no state has a parameter to
    itself."""
    rng = np.random.default_rng(seed)
    P = np.zeros((5, 2, 5))
    P[0, :, 1:3] = rng.dirichlet(np.ones(2), 2)
    P[1:3, :, 3:5] = rng.dirichlet(np.ones(2), (2, 2))
    mdp = pg.TabularMDP(P, rng.normal(size=(5, 2)), np.eye(5)[0], 0.7)
    return World(mdp, LinearSoftmax(rng.normal(size=(5, 2, 3))), rng.normal(size=3) / 2)


def doors(theta=(0, 0)):
    return World(pg.two_doors(), two_action_softmax(2, 3), theta)


WORLDS = {"two doors at 0": doors(), "two doors elsewhere": doors((0.7, -0.4)), "layered": layered()}
MU = np.array([[0.25, 0.75], [0.25, 0.75], [0.5, 0.5], [0.5, 0.5]])


def behaviour(w):
    """A policy that gathered old data: takes with 3/4 in A and B of two doors, and something random elsewhere."""
    return MU if len(w.pi) == 4 else np.random.default_rng(5).dirichlet(np.ones(2), 5)


@pytest.mark.parametrize("w", WORLDS.values(), ids=WORLDS)
def test_the_truth_has_two_sources(w):
    np.testing.assert_allclose(pg.exact_gradient(w.mdp, w.policy, w.theta), w.gradient, atol=1e-8)
    assert w.mean(lambda p: 1) == pytest.approx(1) and w.mean(w.total) == pytest.approx(w.J(w.theta))


def flat(values):
    return np.concatenate([np.ravel(v) for v in values])


def backward(w, path):
    """Returns-to-go by the recursion G_t = r_t + gamma G_{t+1}."""
    returns = [0.0]
    for x in reversed(path):
        returns.append(w.mdp.R[x] + w.gamma * returns[-1])
    return returns[:0:-1]


def flaw_lines(w):
    """For each flawed proof: (left side, right side) of each line, in the order of the page."""
    g, zero, steps = w.gradient, np.zeros_like(w.gradient), range(3)
    R, d, Q = w.mdp.R, w.d, w.Q
    J = w.J(w.theta)
    mu = behaviour(w)
    d_mu = pg.discounted_visitation(w.mdp, mu)
    rho = w.pi / mu
    mean_score = [w.mean(lambda p, t=t: w.score[p[t]] if t < len(p) else zero) for t in steps]
    covered = [w.mean(lambda p, t=t: (w.score[p[t]] if t < len(p) else zero) * w.total(p)) for t in steps]
    by_return = w.scored(lambda p, t: w.total(p))
    own = w.scored(lambda p, t: w.r(p, t))
    up_to = w.scored(lambda p, t: sum(w.r(p, k) for k in range(t + 1)))
    onward = w.scored(lambda p, t: sum(w.r(p, k) for k in range(t, len(p))))
    from_t = w.scored(lambda p, t: sum(w.r(p, k) for k in range(t, len(p))) / w.gamma**t)
    later = flat(
        w.mean(lambda p, t=t, k=k: w.score[p[t]] * w.r(p, k) if k < len(p) else zero)
        for t in steps
        for k in range(t + 1, 3)
    )
    ratio = lambda p, n: math.prod(rho[x] for x in p[:n])  # noqa: E731
    grad_R = sum(
        w.prob(p, w.pi) * pg.finite_difference(lambda th, p=p: w.total(p), w.theta) for p in w.paths
    )  # a path's return as a function of theta
    given = lambda b: np.einsum("sa,sad,sa->sd", w.pi, w.score, b)  # noqa: E731
    b_state = np.repeat(np.arange(1.0, len(d) + 1)[:, None], 2, axis=1)
    q, q_hat = np.array([1.0, 0.0]), np.array([0.3, 0.7])
    earns = lambda th: q[np.argmax(th)]  # noqa: E731
    return {
        "swap": [
            (J, w.mean(w.total)),
            (J, sum(w.prob(p, w.pi) * w.total(p) for p in w.paths)),
            (g, grad_R),
            (grad_R, zero + w.mean(lambda p: 0)),
            (grad_R, zero),
        ],
        "independent": [
            (g, by_return),
            (by_return, sum(covered)),
            (sum(covered), sum(mean_score) * J),
            (flat(mean_score), 0 * flat(mean_score)),
            (sum(mean_score) * J, zero),
        ],
        "visits": [
            (J, np.einsum("s,sa,sa->", d, w.pi, R)),
            (g, w.by_state(R)),
            (w.by_state(R), np.einsum("s,sa,sad,sa->d", d, w.pi, w.score, R)),
            (w.by_state(R), own),
        ],
        "future": [
            (g, by_return),
            (
                flat(w.total(p) for p in w.paths for t in range(len(p))),
                flat(
                    sum(w.r(p, k) for k in range(t + 1)) + sum(w.r(p, k) for k in range(t + 1, 3))
                    for p in w.paths
                    for t in range(len(p))
                ),
            ),
            (later, 0 * later),
            (by_return - w.scored(lambda p, t: sum(w.r(p, k) for k in range(t + 1, 3))), up_to),
            (up_to, own),
        ],
        "baseline": [
            (g, w.by_state(Q)),
            (given(1 + 0 * R), 0 * given(R)),
            (given(b_state), 0 * given(R)),
            (given(R), 0 * given(R)),
            (w.by_state(Q) - np.einsum("s,sd->d", d, given(R)), w.by_state(Q - R)),
        ],
        "discount": [
            (g, onward),
            (
                flat(backward(w, p) for p in w.paths),
                flat(sum(w.r(p, k) for k in range(t, len(p))) / w.gamma**t for p in w.paths for t in range(len(p))),
            ),
            (onward, from_t),
            (from_t, w.scored(lambda p, t: Q[p[t]])),
        ],
        "ratio": [
            (g, w.scored(lambda p, t: w.gamma**t * Q[p[t]])),
            (g, w.scored(lambda p, t: ratio(p, len(p)) * w.gamma**t * Q[p[t]], mu)),
            (flat(w.prob(p, w.pi) / w.prob(p, mu) for p in w.paths), flat(ratio(p, len(p)) for p in w.paths)),
            (g, w.scored(lambda p, t: ratio(p, t + 1) * w.gamma**t * Q[p[t]], mu)),
            (g, w.scored(lambda p, t: rho[p[t]] * w.gamma**t * Q[p[t]], mu)),
            (w.scored(lambda p, t: rho[p[t]] * w.gamma**t * Q[p[t]], mu), w.by_state(Q, d_mu)),
        ],
        "greedy": [
            (np.argmax(q_hat), 1),
            (earns(q_hat), q[1]),
            (earns(q_hat), q_hat.max()),
            (pg.finite_difference(np.max, q_hat), [0, 1]),
        ],
    }


@pytest.mark.parametrize("w", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("name", FLAWS)
def test_exactly_the_flawed_line_is_false(name, w):
    sides = flaw_lines(w)[name]
    assert len(sides) == len(FLAWS[name]["lines"])
    wrong = [i for i, (left, right) in enumerate(sides) if not np.allclose(left, right, atol=1e-7)]
    assert wrong == [i for i, line in enumerate(FLAWS[name]["lines"]) if "flaw" in line] and len(wrong) == 1
    left, right = sides[wrong[0]]
    assert np.abs(np.subtract(left, right)).max() > 1e-3, "false by more than rounding"


@pytest.mark.parametrize("name", FLAWS)
def test_the_printed_numbers(name):
    w = doors()
    sides = flaw_lines(w)[name]
    g = w.gradient
    at = next(i for i, line in enumerate(FLAWS[name]["lines"]) if "flaw" in line)
    said = [*np.ravel(sides[at][1]), *g]  # the flawed line's right side, and the truth
    computed = {
        "future": lambda: [*w.mean(lambda p: w.score[p[1]] * w.r(p, 2)), *sides[4][1], *g],
        "baseline": lambda: sides[at][0][1],
        "greedy": lambda: [
            1,
            0,
            0.3,
            0.7,
            sides[1][0],
            sides[2][1],
            *sides[3][0],
            *pg.finite_difference(lambda th: [1.0, 0.0][int(np.argmax(th))], np.array([0.3, 0.7])),
        ],
    }.get(name, lambda: said)()
    text = re.sub(r"theta=\(0,0\)|\$t=1\$|\$k=2\$|Line \d|\\tfrac34|not zero", "", FLAWS[name]["lines"][at]["number"])
    printed = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]
    np.testing.assert_allclose(printed, computed, atol=1e-7)


def test_the_number_of_the_baseline_s_last_line():
    sides = flaw_lines(doors())["baseline"]
    assert (
        "$(-0.203125,\\,0)$" in FLAWS["baseline"]["lines"][4]["right"]
        and "$(-0.078125,\\,0.015625)$" in FLAWS["baseline"]["lines"][4]["right"]
    )
    np.testing.assert_allclose(sides[4][1], [-0.203125, 0], atol=1e-12)
    np.testing.assert_allclose(flaw_lines(doors())["baseline"][0][0], [-0.078125, 0.015625], atol=1e-9)


def step_sides(w):
    """(left, right) of each step of the two right proofs."""
    g, P, pi, gamma = w.gradient, w.mdp.P, w.pi, w.gamma
    slope = lambda f: pg.finite_difference(f, w.theta)  # noqa: E731
    at = lambda th: w.probs(th)  # noqa: E731
    grad_p = np.array([slope(lambda th, p=p: w.prob(p, at(th))) for p in w.paths])
    grad_log = np.array([slope(lambda th, p=p: math.log(w.prob(p, at(th)))) for p in w.paths])
    p, total = np.array([w.prob(x, pi) for x in w.paths]), np.array([w.total(x) for x in w.paths])
    sums = np.array([sum(w.score[x] for x in path) for path in w.paths])
    log_parts = [
        math.log(w.mdp.rho[x[0][0]])
        + sum(math.log(pi[s]) for s in x)
        + sum(math.log(P[(*x[k], x[k + 1][0])]) for k in range(len(x) - 1))
        for x in w.paths
    ]
    factors = [
        w.mdp.rho[x[0][0]] * math.prod(pi[s] for s in x) * math.prod(P[(*x[k], x[k + 1][0])] for k in range(len(x) - 1))
        for x in w.paths
    ]
    past = flat(
        w.mean(lambda x, t=t, k=k: w.score[x[t]] * w.r(x, k) / gamma**k if t < len(x) else 0 * g)
        for t in range(3)
        for k in range(t)
    )
    S, A = w.Q.shape
    V = lambda th: pg.state_values(w.mdp, at(th))  # noqa: E731
    grad_V = np.array([slope(lambda th, s=s: V(th)[s]) for s in range(S)])
    grad_Q = np.array(
        [[slope(lambda th, s=s, a=a: pg.action_values(w.mdp, at(th))[s, a]) for a in range(A)] for s in range(S)]
    )
    local = np.einsum("sad,sa->sd", w.grad_pi, w.Q)
    chain = np.einsum("sa,sat->st", pi, P)
    powers = [np.linalg.matrix_power(chain, t) * gamma**t for t in range(40)]
    visits = sum(w.mdp.rho @ m for m in powers)
    return {
        "trajectory": {
            "objective": (w.J(w.theta), p @ total),
            "swap": (g, grad_p.T @ total),
            "trick": (grad_p, p[:, None] * grad_log),
            "expectation": (g, (p * total) @ grad_log),
            "factor": (p, factors),
            "log-sum": (np.log(p), log_parts),
            "world": (grad_log, sums),
            "insert": (g, (p * total) @ sums),
            "past": (past, 0 * past),
            "reinforce": (g, w.scored(lambda x, t: gamma**t * sum(w.r(x, k) for k in range(t, len(x))) / gamma**t)),
        },
        "state": {
            "value": (w.V, (pi * w.Q).sum(1)),
            "product": (grad_V, local + np.einsum("sa,sad->sd", pi, grad_Q)),
            "bellman": (w.Q, w.mdp.R + gamma * P @ w.V),
            "world-fixed": (grad_Q, gamma * P @ grad_V),
            "recursion": (grad_V, local + gamma * chain @ grad_V),
            "unroll": (
                np.array([grad_V] * 3),
                np.array([sum(powers[t] @ local for t in range(T)) + powers[T] @ grad_V for T in (1, 2, 5)]),
            ),
            "remainder": (grad_V, sum(m @ local for m in powers)),
            "start": (g, w.mdp.rho @ grad_V),
            "collect": (g, np.einsum("s,sd->d", visits, local)),
            "score": (g, np.einsum("s,sa,sad,sa->d", w.d, pi, w.score, w.Q)),
        },
    }


@pytest.mark.parametrize("w", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("proof", DRILLS)
def test_every_step_of_the_right_proofs_is_true(proof, w):
    sides = step_sides(w)[proof]
    assert list(sides) == [s["id"] for s in DRILLS[proof]]
    assert [i for i, (left, right) in sides.items() if not np.allclose(left, right, atol=1e-7)] == []
