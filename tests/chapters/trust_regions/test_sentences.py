"""Under which conditions the sentences of chapter 7 hold: for each the counterexample
to what was once written there."""

import json
import re

import numpy as np
import pytest
from scipy import optimize, stats

import policy_gradient as pg
from learning_to_act.checks.engine import registry
from policy_gradient.natural import conjugate_gradient, fisher, kl_step
from policy_gradient.surrogate import clip_objective, clip_weights
from tests.helpers.corridor_and_doors import (
    DOORS,
    POLICY,
    binary_kl,
    corridor_clipped,
    doors_gain,
    doors_pieces,
    doors_return,
    doors_surrogate,
    logit,
    sigmoid,
)
from tests.helpers.page_and_lab import ROOT, PageAndLab
from tests.helpers.sentences import source
from tools import contents

GLOSSARY = PageAndLab.text("glossary")

REGIONS, CLIP = PageAndLab.text("07-trust-regions"), PageAndLab.text("07-the-clip")
LAB = "\n".join(c.source for c in PageAndLab("07-trust-regions").lab.cells)
ANSWERS = {q["id"]: str(q) for q in contents.questions()}


def test_the_bound_of_two_doors_is_maximised_over_both_doors():
    """max_s KL: a step at the second door is free as long as it is not the larger one."""
    objective = lambda z: (  # noqa: E731
        doors_surrogate(*sigmoid(z)) - 5.5 * max(binary_kl(0.5, p) for p in sigmoid(z))
    )
    best = optimize.minimize(lambda z: -objective(z), [-0.05, 0.05], method="Nelder-Mead", options={"xatol": 1e-8}).x
    p, q = sigmoid(best)
    assert [p, q] == pytest.approx([0.483, 0.517], abs=5e-4)
    assert objective(best) > max(objective(np.array([z, 0.0])) for z in np.linspace(-0.2, 0.2, 401)) + 1e-4
    assert [binary_kl(0.5, p), binary_kl(0.5, q)] == pytest.approx([0.0006] * 2, abs=5e-5)
    assert "moves $p$ from $.5$ to $.483$ and $q$ to $.517$, a KL of $.0006$" in REGIONS
    assert "in two doors its best step has .0006" in REGIONS


def test_the_contract_asks_both_policies_to_end():
    """A loop that pays 0, an exit that pays 1, no discount: no action has an advantage, and always looping earns 0."""
    world = pg.TabularMDP(np.array([[[1.0], [0.0]]]), np.array([[0.0, 1.0]]), np.array([1.0]), 1.0)
    coin, loops = np.full((1, 2), 0.5), np.array([[1.0, 0.0]])
    advantages = pg.action_values(world, coin) - pg.state_values(world, coin)[:, None]
    assert advantages == pytest.approx(np.zeros((1, 2)), abs=1e-12)  # L is 1 everywhere: looping is a maximum of it
    assert pg.expected_return(world, coin) == pytest.approx(1)
    alive, earned = world.rho, 0.0
    for _ in range(1000):
        earned += alive @ (loops * world.R).sum(axis=1)
        alive = alive @ np.einsum("sa,sat->st", loops, world.P)
    assert alive.sum() == 1 and earned == 0
    assert (
        "end with probability one, from every state, under *both* policies" in REGIONS
        and "may loop for ever" in REGIONS
    )


def test_what_the_surrogate_of_two_doors_leaves_out_is_the_product():
    for p, q in np.random.default_rng(0).uniform(0.01, 0.99, (20, 2)):
        assert doors_return(p, q) == pytest.approx(-p / 4 + (1 - p) * q / 8)
        mixed = doors_surrogate(p, q) - doors_surrogate(p, 0.5) - doors_surrogate(0.5, q) + doors_surrogate(0.5, 0.5)
        assert mixed == pytest.approx(0, abs=1e-14)


def test_the_penalty_that_the_natural_step_solves_exactly_is_the_second_kl():
    advantage = np.array([0.5, -0.5])

    def best(distance):
        goal = lambda p: -(np.array([p, 1 - p]) @ advantage - distance(p))  # noqa: E731
        return optimize.minimize_scalar(goal, bounds=(0.01, 0.99), method="bounded", options={"xatol": 1e-10}).x

    assert best(lambda p: binary_kl(p, 0.5)) == pytest.approx(pg.softmax(advantage)[0], abs=1e-6)
    assert best(lambda p: binary_kl(0.5, p)) == pytest.approx(np.sqrt(1 / 2), abs=1e-6)  # .707 for .731
    assert "\\mathrm{KL}(\\pol{\\pi'}\\Vert\\pol\\pi)$\", the *second* KL" in REGIONS


def test_the_kl_of_the_table_is_a_mean_and_that_of_the_metric_a_sum():
    _, _, d = doors_pieces()
    assert d.sum() == 1.75 and "$1\\tfrac34$ visits" in REGIONS
    natural = np.array([-5 / 24, 1 / 2])
    as_sum = lambda a: (
        d[:2].sum() * binary_kl(0.5, sigmoid(a * natural[0]))
        + d[3]
        * binary_kl(  # noqa: E731
            0.5, sigmoid(a * natural[1])
        )
    )
    gains = [doors_gain(optimize.brentq(lambda a, n=n: as_sum(a) / n - 0.01, 0, 20) * natural) for n in (d.sum(), 1)]
    assert gains == pytest.approx([0.0299, 0.0225], abs=5e-5)
    assert "with $F$ summed over the discounted visits" in (ROOT / "solutions/07-trust-regions.ipynb").read_text("utf8")


def test_the_tent_is_steep_on_both_sides():
    slope = lambda p: (corridor_clipped(p + 1e-6, 0.2) - corridor_clipped(p - 1e-6, 0.2)) / 2e-6  # noqa: E731
    assert [slope(p) for p in (0.2, 0.5, 0.8)] == pytest.approx([32, 8, -24], abs=1e-5)
    assert "$-24$ above it and $+32$ below" in CLIP


def test_with_one_state_and_three_actions_somebody_votes():
    """The best action takes from both others; the middling one is good all the same, and speaks."""
    vote = lambda old, new, A: np.flatnonzero(clip_weights(new / old, A, 0.8, 1.2))  # noqa: E731
    assert not len(vote(np.full(2, 1 / 2), np.array([0.8, 0.2]), np.array([1.0, -1.0])))
    assert vote(np.full(3, 1 / 3), np.array([0.9, 0.05, 0.05]), np.array([2, 0.5, -2.5])).tolist() == [1]
    assert (
        "With one state and two actions, equally likely before, nobody votes" in CLIP
        and "With a single state" not in CLIP
    )


def test_the_mean_ratio_is_1_where_the_same_actions_are_open():
    mean = lambda old, new: sum(o * n / o for o, n in zip(old, new) if o)  # noqa: E731
    assert mean((0.3, 0.7), (0.9, 0.1)) == pytest.approx(1) and mean((1, 0), (0.5, 0.5)) == 0.5
    assert "any two policies with the same actions open" in CLIP


def test_a_pair_normalised():
    normalise = lambda x, ddof: (x - x.mean()) / (x.std(ddof=ddof) + 1e-8)  # noqa: E731
    assert normalise(np.array([1.0, 3]), 0) == pytest.approx([-1, 1])
    assert normalise(np.array([1.0, 3]), 1) == pytest.approx([-0.71, 0.71], abs=5e-3)
    assert not normalise(np.array([2.0, 2]), 1).any()
    assert "$-.71$ and $+.71$" in CLIP and "and a tie 0" in CLIP
    assert "every pair becomes" not in CLIP + LAB and "Most libraries" not in CLIP + LAB


def test_one_pass_in_two_minibatches_has_ratios():
    """Two arms: after the first minibatch's step the second one's ratios are not 1, and a small clip acts."""
    policy, theta = pg.TabularSoftmax(1, 2), np.zeros(2)
    old = policy.probs(theta, np.array([0]))[0]
    theta = theta + 1.0 * policy.weighted_score(theta, np.zeros(2, int), np.arange(2), np.array([0.5, -0.5]))
    ratio = policy.probs(theta, np.array([0]))[0] / old
    assert ratio[0] > 1.2 and clip_weights(ratio, np.array([1.0, -1.0]), 0.8, 1.2).tolist() == [0, 0]
    assert "With one *update* per batch" in CLIP
    assert "with one epoch of one minibatch" in ANSWERS["first-minibatch"]
    assert all("second pass" not in ANSWERS[name] for name in ("baseline-ladder", "two-kls"))


def test_what_the_study_of_reuse_can_say():
    study = json.loads((ROOT / "studies/reuse.json").read_text("utf8"))
    assert study["seeds"] == 20 == len(study["steps"]["1 epoch"]) and study["cap"] == 120_000
    base = np.log(study["steps"]["10 epochs"])
    for arm, steps in study["steps"].items():
        differences, one = np.log(steps) - base, study["summary"][arm]
        assert one["times as many"] == pytest.approx(np.exp(differences.mean()))
        if arm != "10 epochs":  # the stored bootstrap beside Student's t
            t = stats.ttest_rel(np.log(steps), base).confidence_interval(0.95)
            assert one["interval"] == pytest.approx(np.exp([t.low, t.high]), rel=0.08)
    low, high = study["summary"]["10 epochs, no clip"]["interval"]
    assert low < 1 < high  # so nothing can be said
    assert study["summary"]["1 epoch"]["interval"][0] > 2 and study["summary"]["3 epochs"]["interval"][0] > 1
    assert "even these seeds cannot say" in CLIP and "twenty seeds cannot say" in LAB and "insurance" not in CLIP + LAB


def test_a_band_from_eps_changes_only_what_happens_to_bad_actions():
    ratio = np.array([0.3, 0.1, 0.3, 0.1])
    A = np.array([1.0, 1, -1, -1])
    right, wrong = (clip_objective(ratio, A, low, 1.2) for low in (0.8, 0.2))
    assert (right == wrong).tolist() == [True, True, False, False]
    assert clip_weights(ratio, A, 0.2, 1.2).tolist() == [0.3, 0.1, -0.3, 0]  # silent below a fifth
    [one] = [m for m in registry()["clip_objective"].mistakes if m.name == "band-from-eps"]
    assert "a bad action falls silent only at eps times" in one.message


def test_with_two_actions_of_unequal_chances_one_may_still_vote():
    old, new = np.array([0.1, 0.9]), np.array([0.13, 0.87])
    assert clip_weights(new / old, np.array([0.9, -0.1]), 0.8, 1.2) == pytest.approx([0, -0.1 * 0.87 / 0.9])
    assert "two actions, equally likely before, nobody votes" in CLIP and "From $.1$ to $.13$ the other" in CLIP


def test_a_minibatch_of_two_leaves_the_second_component_as_it_is():
    """Enumerated in test_numbers; the lab's 1.01 is of a sample."""
    assert "the first component is $\\frac{16}9$ of what it was, and the second is what it was" in CLIP


def test_the_bound_allows_more_than_its_own_best_step():
    """Along the same way, p down and q up, the bound still promises no harm at four times that KL."""
    bound = lambda e: doors_surrogate(0.5 - e, 0.5 + e) - 5.5 * binary_kl(0.5, 0.5 - e) + 3 / 32  # noqa: E731
    edge = optimize.brentq(bound, 0.02, 0.1)
    assert binary_kl(0.5, 0.5 - edge) == pytest.approx(0.0023, abs=5e-5)
    assert "it allows .0006" not in REGIONS


def test_where_fisher_is_singular_the_natural_vector_moves_with_a_stretch_and_the_policy_does_not():
    F, g, H = 0.25 * np.array([[1.0, -1], [-1, 1]]), np.array([0.25, -0.25]), np.diag([2.0, 1.0])
    here = np.linalg.pinv(F) @ g
    back = H @ np.linalg.pinv(H @ F @ H) @ H @ g
    assert here == pytest.approx([0.5, -0.5]) and back == pytest.approx([0.8, -0.2])
    assert here[0] - here[1] == pytest.approx(back[0] - back[1])
    assert "Where $F$ can be inverted this is exact for *linear* changes" in REGIONS


def test_a_sampled_fisher_matrix_is_as_invariant_as_the_exact_one():
    rng = np.random.default_rng(0)
    scores, g, H = rng.normal(size=(20, 3)), rng.normal(size=3), rng.normal(size=(3, 3))
    F = scores.T @ scores
    step = lambda c: H @ np.linalg.solve(H.T @ F @ H + c * np.eye(3), H.T @ g)  # noqa: E731
    assert step(0.0) == pytest.approx(np.linalg.solve(F, g)) and not np.allclose(
        step(1.0), np.linalg.solve(F + np.eye(3), g), rtol=1e-3
    )
    assert "none of the three" not in ANSWERS["how-invariant"]


def test_in_a_state_that_is_not_visited_the_natural_step_does_nothing():
    policy, probs, A = pg.TabularSoftmax(2, 2), np.full(2, 0.5), np.array([0.5, -0.5])
    F = np.kron(np.diag([1.0, 0.0]), np.diag(probs) - np.outer(probs, probs))
    new = policy.probs(np.linalg.pinv(F) @ np.concatenate([probs * A, 0 * A]), np.arange(2))
    assert new[0] == pytest.approx(pg.softmax(A)) and new[1] == pytest.approx(probs)
    assert "In each state that is visited the natural step of size $\\eta$" in REGIONS


def test_two_actions_that_went_the_wrong_way_both_vote():
    weights = clip_weights(np.array([0.6, 1.4]), np.array([1.0, -1.0]), 0.8, 1.2)
    assert weights == pytest.approx([0.6, -1.4])
    assert "nobody votes once the better one is past the edge" in CLIP
    assert not clip_weights(np.array([1.1]), np.array([0.0]), 0.8, 1.2).any()  # "all others speak": not at A = 0
    assert "All others speak, with weight $r\\good A$" in CLIP


def test_the_tent_is_never_a_lower_bound_and_does_harm_from_a_third_on():
    for eps in (0.1, 0.2, 0.3, 0.4):
        top = (1 + eps) / 2
        truth = pg.expected_return(pg.short_corridor(), np.tile([1 - top, top], (3, 1)))
        assert corridor_clipped(top, eps) > truth and (truth < -12) == (eps > 1 / 3)
    assert "The top does harm for every $\\varepsilon$ above exactly $\\tfrac13$" in CLIP


def test_the_mean_ratio_in_the_checks_needs_the_same_actions_open():
    [one] = [m for m in registry()["surrogate"].mistakes if m.name == "mean-ratio"]
    assert "for any two policies with the same actions open" in one.message
    assert "by the population's spread, as here" in LAB


def test_a_state_that_is_no_longer_reached_can_get_worse():
    """Start: leave with 2, or go on to a place that loops for nothing or ends with 1. The surrogate has a maximum that
    leaves at the start and loops in the place: every episode ends, the return rises from 1.5 to 2, and the place falls
    from 1 to 0. So the contract wants an end from every state."""
    place, start = 1.0, 0.5 * 2 + 0.5 * 1.0  # one half everywhere
    advantages = {"leave": 2 - start, "go on": place - start, "loop": place - place, "end": 1 - place}
    assert max(advantages.values()) == advantages["leave"] and advantages["loop"] == advantages["end"] == 0
    page = (ROOT / "book/07-trust-regions.md").read_text("utf8")
    assert "episodes that end with probability one, from every state, under *both* policies" in page


def test_eight_steps_are_those_of_the_first_two_lines_alone():
    """From p = .001 to one half, J = p, a KL of .01 asked: (steps, KL of the first), unsearched and searched."""

    def run(damping, searched):
        z, kls = logit(0.001), []
        while sigmoid(z) < 0.5:
            p = sigmoid(z)
            F = g = p * (1 - p)
            x = g / (F + damping)
            step = np.sqrt(2 * 0.01 / (g * x)) * x
            while searched and binary_kl(p, sigmoid(z + step)) > 0.01:
                step /= 2
            kls.append(binary_kl(p, sigmoid(z + step)))
            z += step
        return len(kls), round(float(kls[0]), 4)

    assert run(0.0, False) == (8, 0.0787) and run(0.1, False) == (20, 0.0001)
    assert run(0.0, True)[0] == run(0.1, True)[0] == 20
    assert "Scaled by the first two lines above, with $.01$ asked, it is 8 and 20" in REGIONS
    assert "Without damping the first has $.0787$; with the line search both need 20." in REGIONS


def test_the_lines_printed_divide_by_zero_where_the_books_trpo_does_not():
    g = np.zeros(2)  # a collapsed policy: Fisher matrix and gradient are zero
    x = conjugate_gradient(lambda v: 0 * v, g, 10)
    with np.errstate(invalid="ignore", divide="ignore"):
        assert np.isnan(np.sqrt(2 * 0.01 / (g @ x)) * x).all()
    assert kl_step(x, g, 0.01).tolist() == [0, 0]
    assert "gives a step of zeros; the lines above would divide by 0." in REGIONS
    assert "one that does not divides 0 by 0" in ANSWERS["damping"]


def test_damping_turns_the_direction_in_two_doors():
    """Door one is visited at once and, looking alike, a step later (gamma = 1/2), door two after two steps by half."""
    p = q = 0.5
    g = np.array([p * (1 - p) * (-1 / 4 - q / 8), (1 - p) * q * (1 - q) / 8])
    F = np.array([(1 + 1 / 2) * p * (1 - p), (1 / 2) ** 2 * (1 - p) * q * (1 - q)])
    assert g == pytest.approx(pg.finite_difference(doors_gain, np.zeros(2)), abs=1e-9)
    assert fisher(POLICY, np.zeros(2), DOORS.obs, doors_pieces()[2])[[0, 1], [0, 1]] == pytest.approx(F)
    angles = [np.degrees(np.arctan2(*(g / d)[::-1])) for d in (F, F + 0.1, np.ones(2))]
    assert np.round(angles).tolist() == [113, 144, 169]
    assert "away from the natural one and towards the plain gradient's" in ANSWERS["damping"]


def test_where_the_residual_of_the_labs_picture_ends():
    rng = np.random.default_rng(0)
    net, big = pg.MLPSoftmax((4, 8, 2)), pg.MLPSoftmax((4, 64, 2))
    theta, obs = net.init(rng, np.float64), rng.normal(size=(50, 4))
    rng.normal(size=(2, len(theta)))  # what the lab's cells draw in between
    theta = big.init(rng, np.float64)
    theta = theta + 0.1 * rng.normal(size=len(theta))
    g = big.weighted_score(theta, obs, rng.integers(2, size=50), rng.normal(size=50) / 50)
    F, left = fisher(big, theta, obs), {}
    for damping in (0.0, 0.1):
        A = F + damping * np.eye(len(g))
        left[damping] = np.linalg.norm(A @ conjugate_gradient(lambda v, A=A: A @ v, g, 10) - g) / np.linalg.norm(g)
    assert 1 / 25 < left[0.0] < 1 / 18 and left[0.1] < 1e-5
    assert "without damping the residual is still a twentieth of the gradient after ten products with $F$" in LAB
    assert "with $.1$ it is below $10^{-5}$ of it" in LAB


def test_a_product_with_f_is_dearer_than_two_passes():
    """`make limits` measures it, against a gradient: 2.4 of at most 3."""
    assert '"product"] / least["score"], 3.0' in (ROOT / "benchmarks/limits.py").read_text("utf8")
    assert "and costs about two gradients of the same batch" in LAB and "two passes." not in LAB
    assert "about two gradients" in ANSWERS["kl-is-zero"] and "Two passes through" not in ANSWERS["kl-is-zero"]


def test_the_compiled_program_is_not_the_faster_one_beside_ours():
    results = ROOT / "benchmarks/results"
    stored = lambda name: json.loads((results / f"{name}.json").read_text("utf8"))["result"]  # noqa: E731
    median = lambda runs, what: np.median([run[what] for run in runs])  # noqa: E731
    for name, task in (("ppo", "CartPole-v1"), ("ppo_acrobot", "Acrobot-v1")):
        ours = [run for run in stored(name)["runs"] if run["method"] == "book"]
        compiled = stored("ppo_compiled")[task]["runs"]
        assert len(ours) == len(compiled) == 20 and all(run["steps"] for run in ours + compiled)
        assert median(compiled, "seconds") > median(ours, "seconds") and median(compiled, "steps") > median(
            ours, "steps"
        )
        price = [median([{"each": run["seconds"] / run["steps"]} for run in runs], "each") for runs in (compiled, ours)]
        assert price[0] < price[1]  # each step is cheaper
    assert "on neither task is its median time shorter, even without the compiling" in CLIP
    assert "that is the way" not in CLIP


def test_the_inner_sum_is_a_mean_under_the_old_policy():
    old, new, A = np.array([0.2, 0.3, 0.5]), np.array([0.6, 0.3, 0.1]), np.array([1.0, -2.0, 0.8])
    assert old @ (new / old * A) == pytest.approx(new @ A) and new @ A != pytest.approx(old @ A)
    assert "By a *change of measure*, with actions drawn from the old policy" in REGIONS


def test_conjugate_gradients_need_at_most_as_many_products_as_there_are_distinct_eigenvalues():
    from learning_to_act.exercises import trust_regions
    from policy_gradient.natural import conjugate_gradient

    def products(A, b):
        asked = []
        x = conjugate_gradient(lambda v: (asked.append(1), A @ v)[1], b, 10)
        np.testing.assert_allclose(A @ x, b, atol=1e-9)
        return len(asked)

    A = np.diag([1, 2, 2, 3.0])
    assert products(A, np.ones(4)) == 3 and products(A, np.eye(4)[0]) == 1
    told = (GLOSSARY, PageAndLab.text("07-trust-regions"), source(trust_regions))
    assert all(re.search("at most as many", text, re.IGNORECASE) for text in told)
