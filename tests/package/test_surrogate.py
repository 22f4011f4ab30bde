"""Ratios, the clip and estimates of the KL against their definitions, one number at a time."""

import warnings

import numpy as np
import pytest

from policy_gradient.surrogate import clip_objective, clip_weights, kl_estimates, normalised, ratios, surrogate


def test_a_minibatch_of_two_turns_the_direction():
    """Normalised in pairs, two unequal advantages become -1 and +1 whatever their size."""
    from policy_gradient.surrogate import normalised

    for pair in ([0.0, 1e-3], [-5.0, 700.0]):
        assert normalised(np.array(pair)).tolist() == pytest.approx([-1.0, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not normalised(np.array([2.0, 2.0])).any()


def test_surrogate_clip_and_weights_against_brute_force():
    rng = np.random.default_rng(0)
    for _ in range(300):
        r, A, low, high = rng.uniform(0.3, 2), rng.normal(), rng.uniform(0.5, 1), rng.uniform(1, 1.5)
        one = np.array([r]), np.array([A])
        want = min(r * A, min(max(r, low), high) * A)
        assert clip_objective(*one, low, high)[0] == pytest.approx(want)
        h = 1e-7  # derivative by log pi: times r
        slope = (
            clip_objective(one[0] * np.exp(h), one[1], low, high)
            - clip_objective(one[0] * np.exp(-h), one[1], low, high)
        ) / (2 * h)
        assert clip_weights(*one, low, high)[0] == pytest.approx(slope[0], abs=1e-6)
    assert clip_weights(np.array([1.2, 0.8]), np.array([1.0, -1.0]), 0.8, 1.2).tolist() == [
        1.2,
        -0.8,
    ]  # an edge is inside
    assert surrogate(np.array([0.5, 2.0]), np.array([1.0, 3.0])) == 3.25


def test_kl_estimates_have_the_right_means():
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.25, 0.45, 0.3])
    k1, k2, k3 = kl_estimates(np.log(q / p))
    truth = (p * np.log(p / q)).sum()
    assert p @ k1 == pytest.approx(truth) and p @ k3 == pytest.approx(truth) and p @ k2 != pytest.approx(truth)
    assert (k3 >= 0).all() and (k2 >= 0).all() and (k1 < 0).any()


def test_bad_input_of_the_surrogate_is_said_in_words():
    with pytest.raises(ValueError, match="ratios overflow: an action has become exp\\(800\\) times as likely"):
        ratios(np.array([0.0]), np.array([-800.0]))
    assert ratios(np.array([-900.0]), np.array([0.0])).tolist() == [0.0]
    with pytest.raises(ValueError, match="low and high must lie on both sides of 1"):
        clip_weights(np.ones(2), np.ones(2), 1.1, 1.2)
    assert not normalised(np.full(5, 3.3)).any() and not normalised(np.full(1, 1e9)).any()
    assert normalised(np.array([1.0, 3.0])).tolist() == [-1.0, 1.0]


def test_ratios_are_quotients_of_probabilities():
    new, old = np.array([[0.2, 0.9], [0.5, 1.0]]), np.array([[0.4, 0.3], [0.5, 0.1]])
    np.testing.assert_allclose(ratios(np.log(new), np.log(old)), [[0.5, 3], [1, 10]], rtol=1e-14)
    for wrong in (np.zeros(2), np.zeros((3, 2)), np.zeros((2, 2, 1))):
        with pytest.raises(ValueError, match="shape"):
            ratios(np.log(new), wrong)
    with pytest.raises(ValueError, match="log_probs must be finite"):
        ratios([-np.inf], [0.0])


def test_the_clip_has_the_four_corners_of_the_paper():
    """Schulman et al. (2017), figure 1: with A > 0 the gain ends at 1.2, with A < 0 below 0.8; no clip elsewhere."""
    ratio = np.array([0.5, 0.5, 2.0, 2.0, 1.0, 1.0])
    advantages = np.array([3.0, -3.0, 3.0, -3.0, 3.0, -3.0])
    assert clip_objective(ratio, advantages).tolist() == pytest.approx([1.5, -2.4, 3.6, -6, 3, -3])
    assert clip_weights(ratio, advantages).tolist() == [1.5, 0, 0, -6, 3, -3]
    assert clip_weights(ratio, advantages, 0, np.inf).tolist() == (ratio * advantages).tolist()
    assert clip_weights(ratio, 0 * advantages).tolist() == [0] * 6
    assert surrogate(ratio, advantages) == pytest.approx(np.sum([1.5, -1.5, 6, -6, 3, -3]) / 6)
    for low, high in ((-0.1, 1.2), (0.8, 0.9), (1.1, 1.2)):
        with pytest.raises(ValueError, match="low and high must lie on both sides of 1"):
            clip_objective(ratio, advantages, low, high)
    for function in (surrogate, clip_objective, clip_weights):
        with pytest.raises(ValueError, match="shape"):
            function(ratio, advantages[:, None])


def test_kl_estimates_one_by_one():
    for r in (0.2, 1.0, 5.0):
        found = [float(k[0]) for k in kl_estimates(np.log([r]))]
        assert found == pytest.approx([-np.log(r), np.log(r) ** 2 / 2, r - 1 - np.log(r)], abs=1e-15)
    k1, k2, k3 = kl_estimates([1e-9])
    assert k3[0] == pytest.approx(-1e-9 + 1e-9, abs=1e-17) and k2[0] == pytest.approx(5e-19, rel=1e-12)
    assert kl_estimates([800.0])[2][0] == np.inf  # and no warning


def test_normalised_advantages_have_mean_0_and_mean_square_1():
    advantages = np.random.default_rng(0).normal(5, 3, 50)
    found = normalised(advantages)
    assert found.mean() == pytest.approx(0, abs=1e-14) and (found**2).mean() == pytest.approx(1)
    np.testing.assert_allclose(found, (advantages - advantages.mean()) / advantages.std(ddof=0), rtol=1e-12)
    assert not normalised(1e9 + np.array([0.0, 1e-3])).any()  # rounding, no difference
    assert normalised(np.array([0.0, 1e-6])).tolist() == pytest.approx([-1, 1]) and normalised([]).shape == (0,)
