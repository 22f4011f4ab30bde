"""Two ways to a gradient without a theorem, against derivatives that calculus knows."""

import numpy as np
import pytest

import policy_gradient as pg


def test_derivatives_of_a_known_function():
    theta = np.array([[0.3, -2.0], [1.0, 0.5]])
    f = lambda x: (np.sin(x) * np.exp(x)).sum()  # noqa: E731
    truth = (np.sin(theta) + np.cos(theta)) * np.exp(theta)
    np.testing.assert_allclose(pg.finite_difference(f, theta), truth, rtol=1e-8)
    np.testing.assert_allclose(pg.complex_step(f, theta), truth, rtol=1e-15)


def test_the_error_of_central_differences_falls_with_the_square_of_h():
    theta = np.array([0.4])
    errors = [pg.finite_difference(lambda x: np.exp(3 * x[0]), theta, h)[0] - 3 * np.exp(1.2) for h in (1e-2, 1e-3)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.01)  # h^2 / 6 times the third derivative
    assert errors[0] == pytest.approx(1e-4 / 6 * 27 * np.exp(1.2), rel=0.01)


def test_the_complex_step_is_exact_where_differences_cancel():
    f = lambda x: 1e8 + np.sin(x[0])  # noqa: E731
    assert pg.complex_step(f, [1e-3])[0] == pytest.approx(np.cos(1e-3), rel=1e-15)
    assert abs(pg.finite_difference(f, [1e-3])[0] - np.cos(1e-3)) > 1e-6


@pytest.mark.parametrize("derivative", [pg.finite_difference, pg.complex_step])
def test_each_coordinate_has_its_own_slope_in_thetas_shape(derivative):
    weights = np.arange(6.0).reshape(2, 3)
    slope = derivative(lambda x: (weights * x).sum(), np.ones((2, 3), int))
    assert slope.shape == (2, 3) and slope.dtype == float
    np.testing.assert_allclose(slope, weights, atol=1e-9)
    theta = np.ones(2)
    derivative(lambda x: x[0] * x[1], theta)
    assert (theta == 1).all()
    assert derivative(lambda x: (x * x).reshape(1, 1, -1)[..., 0], [3.0]) == pytest.approx(6)  # one number in an array


@pytest.mark.parametrize("derivative", [pg.finite_difference, pg.complex_step])
def test_what_has_no_gradient_is_refused(derivative):
    for J, theta, how, error, said in [
        (lambda x: x, np.ones(2), {}, ValueError, r"J must return one number, got an array of shape \(2,\)"),
        (3.0, np.ones(2), {}, TypeError, "J must be a function of theta"),
        (np.sum, np.ones(2) * 1j, {}, TypeError, "theta must be real"),
        (np.sum, [np.nan], {}, ValueError, "theta must be finite"),
        (np.sum, np.ones(2), dict(h=0), ValueError, "h must be positive"),
        (np.sum, np.ones(2), dict(h=-1e-5), ValueError, "h must be positive"),
        (lambda x: "high", np.ones(2), {}, TypeError, "J's result"),
    ]:
        with pytest.raises(error, match=said):
            derivative(J, theta, **how)
