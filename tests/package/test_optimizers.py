"""Adam against its sums written out."""

import numpy as np
import pytest

import policy_gradient as pg


def test_each_step_is_the_ratio_of_the_weighted_sums_that_define_it():
    """The recursions of the paper unrolled: exponentially weighted means of g and g^2,
    each divided by its weights' sum."""
    gradients = np.random.default_rng(0).normal(size=(6, 3))
    theta, adam = np.zeros(3), pg.Adam(learning_rate=0.1, beta1=0.8, beta2=0.95)
    for n in range(1, 7):
        before, theta = theta, adam.step(theta, gradients[n - 1])
        w1, w2 = 0.8 ** np.arange(n)[::-1], 0.95 ** np.arange(n)[::-1]
        mean, square = w1 @ gradients[:n] / w1.sum(), w2 @ gradients[:n] ** 2 / w2.sum()
        np.testing.assert_allclose(theta - before, 0.1 * mean / (np.sqrt(square) + 1e-8), rtol=1e-10)


def test_it_climbs_and_the_first_step_has_the_size_of_the_learning_rate():
    step = pg.Adam(learning_rate=0.1).step(np.zeros(2), np.array([1e6, -1e-3]))
    np.testing.assert_allclose(step, [0.1, -0.1], rtol=1e-4)


def test_it_finds_the_top_of_a_hill():
    theta, adam = np.zeros(2), pg.Adam(learning_rate=0.05)
    for _ in range(2000):
        theta = adam.step(theta, -np.array([1.0, 100.0]) * (theta - [1, -2]))
    np.testing.assert_allclose(theta, [1, -2], atol=1e-3)


def test_theta_keeps_its_dtype_and_is_not_changed_in_place():
    theta = np.zeros(2, np.float32)
    assert pg.Adam().step(theta, np.ones(2)).dtype == np.float32 and (theta == 0).all()


@pytest.mark.parametrize("bad", [dict(learning_rate=0), dict(learning_rate=np.nan), dict(beta1=1.0), dict(beta2=-0.1)])
def test_bad_settings_are_named(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        pg.Adam(**bad)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="gradient must have the shape"):
        pg.Adam().step(np.zeros(2), np.zeros(3))
