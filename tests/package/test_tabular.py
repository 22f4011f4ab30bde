"""A finite MDP is what was given, checked, and stays so."""

import numpy as np
import pytest

import policy_gradient as pg
from policy_gradient.tabular import tabular

P, R, RHO = np.full((2, 2, 2), 0.5), np.zeros((2, 2)), np.array([1.0, 0.0])


def test_an_mdp_cannot_be_changed_from_outside():
    rho = np.array([1.0])
    mdp = pg.TabularMDP([[[0.5]]], [[1.0]], rho, 0.5)
    rho[0] = 0
    assert mdp.rho[0] == 1 and not mdp.P.flags.writeable


@pytest.mark.parametrize(
    "bad, error, says",
    [
        (dict(P=np.full((2, 2, 2), 0.6)), ValueError, r"P must sum to at most one .* row \(0, 0\) sums to 1.2"),
        (dict(P=P - [0.9, 0]), ValueError, "P holds a negative probability"),
        (dict(P=np.full((2, 2), 0.5)), ValueError, r"P must have shape \(2, 2, 2\)"),
        (dict(P=P * np.nan), ValueError, "P must be finite"),
        (dict(R=np.full((2, 2), np.inf)), ValueError, "R must be finite"),
        (dict(R=np.zeros(2)), ValueError, "R must have shape"),
        (dict(R="much"), TypeError, "R must be an array of numbers"),
        (dict(rho=[0.5, 0.4]), ValueError, "rho must sum to one"),
        (dict(rho=[1.0]), ValueError, "rho must have shape"),
        (dict(gamma=1.01), ValueError, r"gamma must lie in \[0, 1\], got 1.01"),
        (dict(gamma=-0.1), ValueError, "gamma"),
        (dict(gamma=np.nan), ValueError, "gamma"),
        (dict(gamma="0.9"), TypeError, "gamma"),
        (dict(obs=[0]), ValueError, "obs must have one entry per state"),
    ],
)
def test_bad_input_is_named(bad, error, says):
    with pytest.raises(error, match=says):
        pg.TabularMDP(**(dict(P=P, R=R, rho=RHO, gamma=0.9) | bad))


def test_what_was_given_is_what_there_is():
    table, rewards = np.arange(12.0).reshape(3, 2, 2)[:2] / 100, np.arange(4.0).reshape(2, 2)
    mdp = pg.TabularMDP(table.reshape(2, 2, 2), rewards, [0.25, 0.75], 0.5)
    assert (mdp.num_states, mdp.num_actions, mdp.gamma) == (2, 2, 0.5)
    np.testing.assert_array_equal(mdp.P, table.reshape(2, 2, 2))
    np.testing.assert_array_equal(mdp.R, rewards)
    np.testing.assert_array_equal(mdp.rho, [0.25, 0.75])
    wide = pg.TabularMDP(np.zeros((3, 5, 3)), np.zeros((3, 5)), [1, 0, 0], 1)
    assert (wide.num_states, wide.num_actions) == (3, 5) and wide.obs.tolist() == [0, 1, 2]
    for name in ("P", "R", "rho", "obs"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(wide, name)[0] = 0


def test_states_may_look_alike_or_be_vectors():
    seen = lambda obs: pg.TabularMDP(P, R, RHO, 0.9, obs).obs  # noqa: E731
    assert seen([1, 1]).tolist() == [1, 1] and seen([1, 1]).dtype.kind == "i"
    np.testing.assert_array_equal(seen([[0.5, -1], [2, 3]]), [[0.5, -1], [2, 3]])
    given_in = np.array([0, 1])
    mdp = pg.TabularMDP(P, R, RHO, 0.9, given_in)
    given_in[0] = 1
    assert mdp.obs.tolist() == [0, 1]
    for obs in ([0, -1], [0.0, 1.0], [True, False]):
        with pytest.raises(ValueError, match="obs must be integers from 0"):
            seen(obs)
    for obs in ([[1.0, np.nan], [0, 0]], [0, np.inf]):
        with pytest.raises(ValueError, match="obs must be finite"):
            seen(obs)


def test_what_is_no_tabular_mdp_is_told_so():
    mdp = pg.two_doors()
    assert tabular(mdp) is mdp
    for other in (None, "two doors", pg.TabularMDP):
        with pytest.raises(TypeError, match="mdp must be a TabularMDP, got"):
            tabular(other)
