"""The fast sampler: its law, its gradient against the exact one, its speed and memory."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import policy_gradient as pg
from tests.helpers.properties import SEEDS, problems


def test_an_alias_table_holds_exactly_the_probabilities_it_was_given():
    """The mass each outcome gets, added up from the columns: no sampling needed."""
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.full(7, 0.3), size=5)
    probs[0], probs[1] = np.eye(7)[2], 1 / 7
    table = pg.AliasTable(probs)
    kept = table.border - np.tile(np.arange(7), 5)
    mass = np.bincount(np.arange(35), kept, 35) + np.bincount(table.other, 1 - kept, 35)
    np.testing.assert_allclose(mass.reshape(5, 7) / 7, probs, atol=1e-15)


def test_draws_from_an_alias_table_follow_it():
    probs = np.array([[0.5, 0.25, 0.25, 0.0], [0.1, 0.2, 0.3, 0.4]])
    cells = pg.AliasTable(probs).sample(np.full(40_000, 4), np.random.default_rng(1))
    assert stats.chisquare(np.bincount(cells - 4, minlength=4), 40_000 * probs[1]).pvalue > 1e-3
    assert (pg.AliasTable(probs).sample(np.zeros(10_000, int), np.random.default_rng(1)) != 3).all()


def garnet():
    rng = np.random.default_rng(0)
    P = rng.dirichlet(np.ones(5), size=(5, 2)) * rng.uniform(0.7, 1, size=(5, 2, 1))
    return (
        pg.TabularMDP(P, rng.normal(size=(5, 2)) + 1, rng.dirichlet(np.ones(5)), 0.9),
        pg.LinearSoftmax(rng.normal(size=(5, 2, 4))),
        rng.normal(size=4),
    )


def batches(problem, count=40, **options):
    rng = np.random.default_rng(2)
    return np.stack([pg.sample_gradient(*problem, 2000, 200, rng, **options) for _ in range(count)])


def away(estimates, truth):
    """The largest distance of the mean from the truth over the coordinates, in standard errors."""
    return (abs(estimates.mean(0) - truth) / (estimates.std(0, ddof=1) / len(estimates) ** 0.5)).max()


def test_the_sampled_gradient_is_the_exact_one_within_4_sigma():
    assert away(batches(garnet()), pg.exact_gradient(*garnet())) < 4


def test_without_gamma_t_it_is_another_one_which_is_told_apart():
    mdp, policy, theta = garnet()
    visits = pg.discounted_visitation(mdp, pg.state_probs(mdp, policy, theta), gamma=1)
    dropped = batches(garnet(), drop_gamma_t=True)
    assert away(dropped, pg.exact_gradient(mdp, policy, theta, visitation=visits)) < 4
    assert away(dropped, pg.exact_gradient(mdp, policy, theta)) > 8


def test_episodes_cut_short_have_the_gradient_of_the_short_problem():
    """max_steps = 3 against the same three steps written as an MDP with time in the state."""
    mdp, policy, theta = garnet()
    P = np.zeros((15, 2, 15))
    for t in range(2):
        P[5 * t : 5 * t + 5, :, 5 * t + 5 : 5 * t + 10] = mdp.P
    timed = pg.TabularMDP(P, np.tile(mdp.R, (3, 1)), np.append(mdp.rho, np.zeros(10)), 0.9, np.tile(np.arange(5), 3))
    rng = np.random.default_rng(3)
    estimates = np.stack([pg.sample_gradient(mdp, policy, theta, 2000, 3, rng) for _ in range(40)])
    assert away(estimates, pg.exact_gradient(timed, policy, theta)) < 4


def test_the_last_observation_is_where_the_walk_stood():
    """A ring walked one way: after k steps from 0 the state is k; it may end from state 3 only."""
    P = np.zeros((5, 1, 5))
    P[np.arange(5), 0, (np.arange(5) + 1) % 5] = [1, 1, 1, 0.5, 1]
    ring = pg.TabularMDP(P, np.ones((5, 1)), [1, 0, 0, 0, 0], 0.9, obs=np.arange(10, 15))
    policy = pg.TabularSoftmax(15, 1)
    for steps, cut_at in [(3, 13), (4, 14), (6, 11)]:
        r = pg.sample_rollout(ring, policy, np.zeros(15), 50, steps, np.random.default_rng(4))
        ended = r.terminated.any(axis=0)
        assert (r.truncated.any(axis=0) != ended).all() and (r.lengths[ended] == 4).all()
        np.testing.assert_array_equal(r.last_obs, np.where(ended, 13, cut_at))
        np.testing.assert_array_equal(r.obs[r.mask], 10 + r.states[r.mask])


def test_chunks_change_nothing_but_the_memory():
    estimates = batches(garnet(), chunk=300)
    assert away(estimates, pg.exact_gradient(*garnet())) < 4


@pytest.mark.slow
def test_a_million_trajectories_and_their_gradient_in_300_mb():
    code = """
import re
import numpy as np, policy_gradient as pg
rng = np.random.default_rng(0)
mdp = pg.TabularMDP(rng.dirichlet(np.ones(5), size=(5, 2)), rng.normal(size=(5, 2)), np.full(5, 0.2), 0.95)
policy, theta = pg.TabularSoftmax(5, 2), rng.normal(size=10)
pg.sample_gradient(mdp, policy, theta, 10**6, 10, rng)
print(int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) / 1024)
"""
    memory = float(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"OPENBLAS_NUM_THREADS": "1"}
        ).stdout
    )
    print(f"10^6 trajectories of 10 steps: peak {memory:.0f} MB")
    assert memory < 300


@pytest.mark.parametrize("bad, says", [((0, 5), "num_episodes"), ((5, 0), "max_steps")])
def test_bad_input_is_named(bad, says):
    for function in (pg.sample_gradient, pg.sample_rollout):
        with pytest.raises(ValueError, match=says):
            function(*garnet(), *bad, np.random.default_rng(0))


@given(st.tuples(st.integers(1, 4), st.integers(1, 7)), SEEDS, st.booleans())
def test_an_alias_table_holds_the_very_probabilities(shape, seed, sparse):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(shape[1], 0.1 if sparse else 1.0), size=shape[0])
    table = pg.AliasTable(probs)
    M, held = shape[1], np.zeros(shape)
    for cell in range(shape[0] * M):  # column j of its row keeps [j, border) and gives the rest away
        keep = np.clip(table.border[cell] - cell % M, 0, 1)
        held[divmod(cell, M)] += keep / M
        held[divmod(int(table.other[cell]), M)] += (1 - keep) / M
    np.testing.assert_allclose(held, probs, atol=1e-12)
    drawn = table.sample(np.repeat(np.arange(shape[0]) * M, 50), rng)
    assert (drawn // M == np.repeat(np.arange(shape[0]), 50)).all() and (probs.ravel()[drawn] > 0).all()


@settings(max_examples=40)
@given(problems(), SEEDS, st.integers(1, 8), st.integers(1, 12))
def test_sampled_episodes_are_possible_ones(case, seed, episodes, max_steps):
    mdp, _ = case
    policy = pg.TabularSoftmax(mdp.num_states, mdp.num_actions)
    r = pg.sample_rollout(mdp, policy, np.zeros(policy.num_params), episodes, max_steps, np.random.default_rng(seed))
    T = len(r.mask)
    assert T <= max_steps and r.mask.shape == (T, episodes) and r.mask[0].all()
    assert (r.mask[1:] <= r.mask[:-1]).all()  # once over, over
    last = r.mask & ~np.vstack([r.mask[1:], np.zeros((1, episodes), bool)])
    np.testing.assert_array_equal(last, r.terminated | r.truncated)
    assert not (r.terminated & r.truncated).any() and not r.truncated[: max_steps - 1].any()
    np.testing.assert_array_equal(r.rewards, np.where(r.mask, mdp.R[r.states, r.actions], 0))
    np.testing.assert_array_equal(r.obs, mdp.obs[r.states])
    goes_on = r.mask[1:]
    assert (mdp.P[r.states[:-1], r.actions[:-1], r.states[1:]][goes_on] > 0).all()
    assert (mdp.P[r.states, r.actions].sum(axis=-1)[r.terminated] < 1).all()
