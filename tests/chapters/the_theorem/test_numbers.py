"""The numbers on chapter 2's page and in its lab, from computations that share no code with the package.

Two doors and the three small worlds are written out here as closed forms in p and q; everything else is enumeration.
"""

import itertools
import re

import numpy as np
import pytest

from tests.helpers.page_and_lab import PageAndLab
from tools.site.values import holds

CHAPTER = PageAndLab("02-the-theorem")
PAGE, LAB, printed = CHAPTER.page, CHAPTER.lab, CHAPTER.printed


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numbers(text):
    return [float(x.replace(",", "")) for x in re.findall(r"[-+]?\d[\d,]*\.?\d*", text)]


def trajectories(tree, theta):
    """All (probability, its gradient, [(reward, time)]) of a tree of two-way choices.

    tree(history) gives None at the end, or (index of the logit or None, [reward of action 0, of action 1]).
    """

    def grow(history, prob, grad, rewards):
        node = tree(history)
        if node is None:
            yield prob, grad, rewards
            return
        logit, pays = node
        for action in (0, 1):
            if logit is None:
                p, dp = 0.5, 0.0
            else:
                s = sigmoid(theta[logit])
                p, dp = (s if action else 1 - s), (s * (1 - s)) * (1 if action else -1)
            step = np.zeros(len(theta))
            if logit is not None:
                step[logit] = dp
            yield from grow(history + (action,), prob * p, grad * p + prob * step, rewards + [pays[action]])

    yield from grow((), 1.0, np.zeros(len(theta)), [])


def brute(tree, theta, gamma):
    """J, its gradient, and the direction without gamma^t: by listing every trajectory."""
    theta = np.asarray(theta, float)
    J, grad, dropped = 0.0, np.zeros(len(theta)), np.zeros(len(theta))
    for prob, dprob, rewards in trajectories(tree, theta):
        J += prob * sum(gamma**t * r for t, r in enumerate(rewards))
        grad += dprob * sum(gamma**t * r for t, r in enumerate(rewards))
    for actions in {tuple(a) for a in paths(tree)}:
        prob, scores = 1.0, []
        for t, action in enumerate(actions):
            logit, _ = tree(actions[:t])
            p = 0.5 if logit is None else sigmoid(theta[logit])
            prob *= p if action else 1 - p
            score = np.zeros(len(theta))
            if logit is not None:
                score[logit] = action - p
            scores.append(score)
        pays = [tree(actions[:t])[1][a] for t, a in enumerate(actions)]
        for t, score in enumerate(scores):
            dropped += prob * score * sum(gamma ** (k - t) * pays[k] for k in range(t, len(pays)))
    return J, grad, dropped


def paths(tree, history=()):
    if tree(history) is None:
        yield history
    else:
        for action in (0, 1):
            yield from paths(tree, history + (action,))


def doors(h):
    return [(0, [0, -1]), (0, [0, 3]), (None, [-3, -3]) if h[1:2] == (1,) else (1, [0, 0.5]), None][len(h)]


def flip(h):
    return [(0, [0, 1]), (0, [0, -1.5]), None][len(h)]


def nobody(h):
    return [(0, [0, 0]), (1, [0, 1]) if h[:1] == (1,) else None, None][len(h)]


def worst(h):
    return [(0, [0, -1]), (0, [0, 3]), (None, [-3, -3]) if h[1:2] == (1,) else None, None][len(h)]


def quiz(h):
    return [(0, [0, 1]), (0, [0, -1]), None][len(h)]


def test_two_doors_at_the_middle():
    J, grad, dropped = brute(doors, [0, 0], 0.5)
    assert J == pytest.approx(-3 / 32, abs=1e-15)
    assert grad == pytest.approx([-0.078125, 0.015625], abs=1e-15)
    assert dropped == pytest.approx([0.09375, 0.0625], abs=1e-15)
    holds(doors_arrow=grad, doors_dropped=dropped)
    assert numbers(printed("grad")) == [-0.078125, 0.015625]
    assert numbers(printed("kindsprint").replace("gamma^t", ""))[:6] == [
        -0.078125,
        0.015625,
        0.09375,
        0.0625,
        0.09375,
        0.125,
    ]


def test_shares_of_the_four_states():
    """Each state's own question, with Q by hand: the bill in C is worth -3, D is worth q/2."""
    quarter, VC, VD = 0.25, -3.0, 0.25
    QB = np.array([0.5 * VD, 3 + 0.5 * VC])
    own = {"A": quarter * (-1), "B": quarter * (QB[1] - QB[0]), "D": quarter * 0.5}
    assert own == {"A": -0.25, "B": 0.34375, "D": 0.125}
    assert (1 * own["A"], 0.5 * own["B"], own["D"] / 8) == (-0.25, 0.171875, 0.015625)
    assert own["A"] + own["B"] == 0.09375  # d dropped: each state once
    holds(
        own_A=own["A"],
        own_B=own["B"],
        own_D=own["D"],
        share_A=own["A"],
        share_B=0.5 * own["B"],
        share_D=own["D"] / 8,
        share_A_and_B=own["A"] + 0.5 * own["B"],
        doors_forgotten=[own["A"] + own["B"], own["D"]],
    )


def test_the_broken_versions_are_wrong_everywhere_and_end_at_the_worst():
    """In theta_1, per p(1-p): the truth is -1/4 - q/8, both broken versions give 1/2 - q/4."""
    for theta in itertools.product(np.linspace(-6, 6, 13), repeat=2):
        q = sigmoid(theta[1])
        slope = sigmoid(theta[0]) * sigmoid(-theta[0])
        _, grad, dropped = brute(doors, theta, 0.5)
        assert grad[0] == pytest.approx(slope * (-1 / 4 - q / 8), abs=1e-14) and grad[0] < 0
        assert dropped[0] == pytest.approx(slope * (1 / 2 - q / 4), abs=1e-14) and dropped[0] > 0
    ends = numbers(printed("climbs").replace("gamma^t", ""))
    assert ends == [0.00, 0.12, 1.00, -0.25, 1.00, -0.25]


def test_a_later_return_is_another_quantity():
    """E[G_1] = 3p/2 + (1-p)q/4 grows with p while J falls."""
    for p, q in [(0.5, 0.5), (0.2, 0.9)]:
        G1 = p * (3 + 0.5 * -3) + (1 - p) * 0.5 * 0.5 * q
        assert G1 == pytest.approx(1.5 * p + (1 - p) * q / 4)


def test_walking_a_loop():
    """Green's theorem: the work round the square is the integral of dF2/dtheta1 - dF1/dtheta2 over it.

    Without gamma^t, F1 = s(p)(1/2 - q/4) and F2 = (1-p)s(q)/2, so the integrand is -s(p)s(q)/4, with s(p) = p(1-p)
    and its integral sigmoid(2) - sigmoid(-2) in each direction. Without d, F2 = s(q)/2: +s(p)s(q)/4.
    """
    side = sigmoid(2) - sigmoid(-2)
    assert round(-(side**2) / 4, 3) == -0.145
    assert numbers(printed("loop").replace("gamma^t", "")) == [0, -0.145, 0.145]
    holds(loop_dropped=-(side**2) / 4)


@pytest.mark.parametrize(
    "tree, theta, grad, dropped, names",
    [
        (flip, [0], [0.0625], [-0.125], ("flip_true", "flip_dropped")),
        (nobody, [0, 0], [0.0625, 0.0625], [0.0625, 0.125], ()),
        (worst, [0], [-0.0625], [0.125], (None, "worst_dropped")),
        (quiz, [0], [0.125], [0], ("quiz_true", None)),
    ],
)
def test_three_small_worlds_and_the_quiz(tree, theta, grad, dropped, names):
    _, true, broken = brute(tree, theta, 0.5)
    assert true == pytest.approx(grad, abs=1e-15) and broken == pytest.approx(dropped, abs=1e-15)
    holds(**{name: found for name, found in zip(names, (true, broken)) if name})


def test_what_the_small_worlds_returns_are():
    for theta in (-1.0, 0.3):
        p = sigmoid(theta)
        assert brute(flip, [theta], 0.5)[0] == pytest.approx(p / 4) and brute(flip, [theta], 1)[0] == pytest.approx(
            -p / 2
        )
        assert brute(worst, [theta], 0.5)[0] == pytest.approx(-p / 4) and brute(worst, [theta], 1)[0] == pytest.approx(
            -p
        )
        assert brute(quiz, [theta], 0.5)[0] == pytest.approx(p / 2)
    assert numbers(re.sub(r"gamma( = 1|\^t)", "", printed("smallprint"))) == [
        0.0625,
        -0.125,
        -0.125,
        0.0625,
        0.0625,
        0.0625,
        0.125,
        0.125,
        0.125,
        -0.0625,
        0.125,
        -0.25,
    ]


def test_cross_derivatives_of_nobodys_gradient():
    h, F = 1e-5, lambda a, b: brute(nobody, [a, b], 0.5)[2]
    assert (F(0, h)[0] - F(0, -h)[0]) / (2 * h) == pytest.approx(0.03125, abs=1e-9)
    assert (F(h, 0)[1] - F(-h, 0)[1]) / (2 * h) == pytest.approx(0.0625, abs=1e-9)
    assert numbers(printed("cross").split(":")[1]) == [0.03125, 0.0625]
    holds(cross_1=(F(0, h)[0] - F(0, -h)[0]) / (2 * h), cross_2=(F(h, 0)[1] - F(-h, 0)[1]) / (2 * h))


def test_visits_of_the_corridor_add_up_to_its_length():
    """d by following the walk step by step; the length from chapter 1's formula."""
    p = 2 - 2**0.5
    here, visits = np.array([1.0, 0, 0]), np.zeros(3)
    for _ in range(3000):
        visits += here
        here = np.array([here[0] * (1 - p) + here[1] * p, here[0] * p + here[2] * (1 - p), here[1] * (1 - p)])
    assert visits.round(2) == pytest.approx([5.83, 4.12, 1.71]) and round(visits.sum(), 2) == 11.66
    assert visits.sum() == pytest.approx((4 - 2 * p) / (p * (1 - p)))
    holds(corridor_d=visits, corridor_d_sum=visits.sum())


def test_push_and_pull():
    """Mean and spread of a sampled step Q(a)(e_a - pi), action by action."""

    def step(pi, Q, b):
        rows = [(q - b) * (np.eye(3)[a] - pi) for a, q in enumerate(Q)]
        mean = sum(p * r for p, r in zip(pi, rows))
        return mean, sum(p * (r - mean) @ (r - mean) for p, r in zip(pi, rows)) ** 0.5

    uniform = np.full(3, 1 / 3)
    spreads = {}
    for b in (0, -10, 2, 4):
        mean, spreads[b] = step(uniform, [1, 2, 3], b)
        assert mean == pytest.approx([-1 / 3, 0, 1 / 3])
    assert [round(spreads[b], 2) for b in (0, -10, 2, 4)] == [1.70, 9.81, 0.47, 1.70]
    assert round(spreads[2] / spreads[0], 2) == 0.28
    pi, Q = np.array([0.8, 0.15, 0.05]), [0, 1, 4]
    best = min(step(pi, Q, b)[1] for b in np.linspace(-5, 10, 15001))
    assert round(best / step(pi, Q, 0)[1], 2) == 0.63
    sure = np.array([0.05, 0.05, 0.9]), [0, 0, 1]
    holds(
        spread_plain=spreads[0],
        spread_plus_10=spreads[-10],
        spread_minus_2=spreads[2],
        spread_share=spreads[2] / spreads[0],
        spread_confident=best / step(pi, Q, 0)[1],
        sure_V=np.dot(*sure),
        spread_sure=step(*sure, 0.9)[1] / step(*sure, 0)[1],
    )
    assert [numbers(line)[-1] for line in printed("pushprint").splitlines()] == [1.70, 9.81, 0.47, 1.70]


def test_plateaus_and_their_cure():
    steps = []
    for p0, plain, natural in [(0.1, 14, 3), (0.01, 110, 5), (0.001, 1016, 7)]:
        good, n = p0, 0
        while good < 0.5:  # in probabilities, by the odds: logit up by p(1-p)
            odds = good / (1 - good) * np.exp(good * (1 - good))
            good, n = odds / (1 + odds), n + 1
        assert n == plain
        assert int(np.ceil(np.log((1 - p0) / p0))) == natural
        steps.append((n, natural))
    plain, natural = zip(*steps)
    holds(
        plateau_plain=plain,
        plateau_natural=natural,
        plateau_factor=0.001 * 0.999,
        **dict(zip(("plateau_plain_1", "plateau_plain_2", "plateau_plain_3"), plain)),
        **dict(zip(("plateau_natural_1", "plateau_natural_2", "plateau_natural_3"), natural)),
    )
    assert numbers(printed("plateau")) == [0.1, 14, 3, 0.01, 110, 5, 0.001, 1016, 7]
    weights = [0.99**t for t in range(1000)]
    holds(step_500_weight=weights[500], second_half_weight=100 * sum(weights[500:]) / sum(weights))


def test_dropping_never_points_downhill_with_own_logits():
    """Blocks stretched by positive factors: from the lab's 1,000 worlds none points downhill, with shared logits some
    do."""
    own, shared = (numbers(line.split(":")[1]) for line in printed("fairprint").splitlines())
    assert own[0] == 0 and own[1] > 0 and shared[0] > 0 and shared[1] < 0


def test_figures_of_the_chapter_refuse_wrong_shapes():
    from matplotlib.figure import Figure

    from learning_to_act import plots

    ax = Figure().add_subplot()
    with pytest.raises(ValueError, match="J must map theta"):
        plots.landscape(ax, lambda theta: 0.0)
    lines = plots.landscape(ax, lambda t: -sigmoid(t[0]) / 4 + (1 - sigmoid(t[0])) * sigmoid(t[1]) / 8)
    assert list(lines.levels[[0, -1]]) == [-0.24, 0.12]


def test_the_step_cloud_keeps_lengths_and_its_centre():
    from matplotlib.figure import Figure

    from learning_to_act import plots

    steps = np.array([[-1, 0, 1], [2, -1, -1], [0, 1, -1.0]])
    flat = np.stack(plots.step_cloud(Figure().add_subplot(), steps, steps.mean(axis=0), reach=3).get_data(), axis=1)
    assert np.linalg.norm(flat, axis=1) == pytest.approx(np.linalg.norm(steps, axis=1))
    assert np.linalg.norm(flat.mean(axis=0)) == pytest.approx(np.linalg.norm(steps.mean(axis=0)))


def code_after(heading):
    """The indented code block that follows this text on the page."""
    lines = PAGE[PAGE.index(heading) :].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("    "))
    block = itertools.takewhile(lambda line: line.startswith("    "), lines[start:])
    return "\n".join(line[4:] for line in block)


@pytest.fixture
def world():
    """A random world with shared parameters, and by central differences the derivatives that the proof asks for."""
    rng = np.random.default_rng(5)
    S, A, n, gamma, T = 4, 3, 5, 0.6, 80
    P, R, rho = rng.dirichlet(np.ones(S), (S, A)), rng.normal(size=(S, A)), rng.dirichlet(np.ones(S))
    features, theta = rng.normal(size=(S, A, n)), rng.normal(size=n)

    def policy(theta):
        z = np.exp(features @ theta)
        return z / z.sum(axis=1, keepdims=True)

    def values(theta):  # by sweeping, not by solving
        pi, V = policy(theta), np.zeros(S)
        for _ in range(200):
            V = (pi * (R + gamma * P @ V)).sum(axis=1)
        return V, R + gamma * P @ V

    def slopes(f):
        return np.stack([(f(theta + e) - f(theta - e)) / 2e-5 for e in 1e-5 * np.eye(n)], axis=-1)

    pi, (V, Q) = policy(theta), values(theta)
    return dict(
        np=np,
        S=S,
        T=T,
        gamma=gamma,
        P=P,
        R=R,
        rho=rho,
        pi=pi,
        V=V,
        Q=Q,
        b=rng.normal(size=S),
        P_pi=np.einsum("sa,sat->st", pi, P),
        r_pi=(pi * R).sum(axis=1),
        grad_pi=slopes(policy),
        grad_V=slopes(lambda t: values(t)[0]),
        grad_Q=slopes(lambda t: values(t)[1]),
        policy=policy,
        values=values,
    )


def test_the_page_s_own_lines_of_numpy_are_true(world):
    truth = world["rho"] @ world["grad_V"]
    steps = [
        ("Step 1 ·", "grad_V"),
        ("Step 2 ·", "grad_Q"),
        ("Step 3 ·", "grad_V"),
        ("Step 4 ·", "grad_V"),
        ("Step 5 ·", "gradient"),
    ]
    known = dict(world, gradient=truth)
    names = dict(world)
    for heading, result in steps:
        names |= {"grad_V": world["grad_V"], "grad_Q": world["grad_Q"]}
        exec(code_after(heading), names)
        assert names[result] == pytest.approx(known[result], abs=1e-8), heading
    exec(code_after("two linear systems"), names)
    assert names["gradient"] == pytest.approx(truth, abs=1e-8) and names["V"] == pytest.approx(world["V"], abs=1e-12)
    assert eval(code_after("(eq-baseline-free)"), names) == pytest.approx(0, abs=1e-9)


def test_the_page_s_line_for_the_lemma_is_true(world):
    old, other = np.zeros(5), np.ones(5)
    pi_new, A_old = world["policy"](other), world["values"](old)[1] - world["values"](old)[0][:, None]
    here, d_new = world["rho"], np.zeros(4)
    for t in range(80):
        d_new, here = d_new + world["gamma"] ** t * here, here @ np.einsum("sa,sat->st", pi_new, world["P"])
    said = eval(code_after("(eq-performance-difference)"), dict(d_new=d_new, pi_new=pi_new, A_old=A_old))
    assert said == pytest.approx(world["rho"] @ (world["values"](other)[0] - world["values"](old)[0]), abs=1e-10)


def test_the_page_s_lines_for_one_state_are_true():
    theta, names = np.array([0.3, -1.0, 0.5]), dict(np=np, Q=np.array([1.0, 2, -4]))

    def softmax(t):
        return np.exp(t) / np.exp(t).sum()

    names["pi"] = softmax(theta)
    exec(code_after("(eq-bandit-gradient)"), names)
    slopes = [(softmax(theta + e) - softmax(theta - e)) @ names["Q"] / 2e-5 for e in 1e-5 * np.eye(3)]
    assert names["gradient"] == pytest.approx(slopes, abs=1e-9)
