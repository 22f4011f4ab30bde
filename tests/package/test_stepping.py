"""What a vector environment gives back at each step: right in whatever form, or refused in one sentence."""

import numpy as np
import pytest

import policy_gradient as pg
from policy_gradient import _stepping
from tests.helpers.worlds import BEFORE, MLP, NAN, WITHIN, Own, refused_in_one_sentence, same

WRONG = [  # what comes back: what is wrong, environments and policy, what is said, whether before the first step
    (
        "the old reset, without info",
        lambda: (type("Old", (Own,), {"reset": lambda self, **how: np.zeros((2, 1))})(), MLP),
        r"envs.reset must return \(obs, info\)",
        BEFORE,
    ),
    (
        "the old reset, without a seed",
        lambda: (type("Old", (Own,), {"reset": lambda self: np.zeros((2, 1))})(), MLP),
        "envs.reset must take a seed",
        BEFORE,
    ),
    (
        "a reset of another shape",
        lambda: (Own(obs=lambda t: np.zeros((1, 1))), MLP),
        r"envs.reset must return obs .* \(2, 1\), .*shape \(1, 1\)",
        BEFORE,
    ),
    (
        "objects",
        lambda: (Own(obs=lambda t: np.full((2, 1), None)), MLP),
        "envs.reset must return obs as an array of numbers",
        BEFORE,
    ),
    (
        "rows of unequal length",
        lambda: (Own(obs=lambda t: [[0.0], [0.0, 1.0]]), MLP),
        "envs.reset must return obs",
        BEFORE,
    ),
    (
        "NaN is seen",
        lambda: (Own(obs=lambda t: np.full((2, 1), NAN)), MLP),
        r"obs must be finite, but obs\[0, 0\] is nan",
        BEFORE,
    ),
    (
        "NaN is seen later",
        lambda: (Own(obs=lambda t: np.full((2, 1), [0.0, NAN][t > 0])), MLP),
        r"obs must be finite",
        WITHIN,
    ),
    (
        "another shape later",
        lambda: (Own(obs=lambda t: np.zeros((2, 1 + (t > 0)))), MLP),
        r"envs.step must return obs .*\(2, 1\)",
        WITHIN,
    ),
    (
        "whole at first, real later",
        lambda: (Own(obs=lambda t: np.full((2, 1), [0, 0.5][t > 0])), MLP),
        "of the kind that envs.reset gave, int64, got float64",
        WITHIN,
    ),
    (
        "four answers",
        lambda: (Own(answers=lambda o, r, d, c, i: (o, r, d | c, i)), MLP),
        r"envs.step must return \(obs, .* got 4 values: .*older",
        WITHIN,
    ),
    ("no answer", lambda: (Own(answers=lambda *five: None), MLP), "envs.step must return .* got None", WITHIN),
    (
        "a column of rewards",
        lambda: (Own(rewards=lambda t: np.ones((2, 1))), MLP),
        r"rewards as an array of numbers, shape \(2,\), .*\(2, 1\)",
        WITHIN,
    ),
    ("one reward for all", lambda: (Own(rewards=lambda t: 1.0), MLP), r"rewards as an array .*, got 1.0", WITHIN),
    (
        "rewards in words",
        lambda: (Own(rewards=lambda t: ["good", "bad"]), MLP),
        "rewards as an array of numbers",
        WITHIN,
    ),
    ("no rewards", lambda: (Own(rewards=lambda t: [None, None]), MLP), "rewards as an array of numbers", WITHIN),
    (
        "NaN for a reward",
        lambda: (Own(rewards=lambda t: np.array([1.0, [1, NAN][t == 3]])), MLP),
        "rewards must be finite, but at step 2 environment 1 of envs gave nan",
        WITHIN,
    ),
    (
        "an infinite reward",
        lambda: (Own(rewards=lambda t: np.full(2, -np.inf)), MLP),
        "rewards must be finite, but at step 0 environment 0",
        WITHIN,
    ),
    (
        "ends as numbers",
        lambda: (Own(terminated=lambda t: np.zeros(2)), MLP),
        r"terminated as an array of bool, shape \(2,\), .*float64",
        WITHIN,
    ),
    (
        "ends as whole numbers",
        lambda: (Own(truncated=lambda t: np.full(2, int(t == 5))), MLP),
        "truncated as an array of bool, .*int64",
        WITHIN,
    ),
    (
        "ends in a column",
        lambda: (Own(terminated=lambda t: np.zeros((2, 1), bool)), MLP),
        r"terminated as an array .*shape \(2, 1\)",
        WITHIN,
    ),
    (
        "one end for all",
        lambda: (Own(truncated=lambda t: t == 5), MLP),
        "truncated as an array of bool, .* got False",
        WITHIN,
    ),
    (
        "cut in the same step, and hidden",
        lambda: (same(), MLP),
        r'info\["final_obs"\] .*SAME_STEP.* environment 0 .*NEXT_STEP',
        WITHIN,
    ),
    (
        "cut, told under the old name",
        lambda: (same(info=lambda t: {"final_observation": np.ones((2, 1))}), MLP),
        'info\\["final_obs"\\]',
        WITHIN,
    ),
    (
        "cut, told for one of two",
        lambda: (same(info=lambda t: {"final_obs": [np.ones(1), None]}), MLP),
        "environment 1",
        WITHIN,
    ),
    (
        "cut, told that it is not told",
        lambda: (same(info=lambda t: {"final_obs": np.ones((2, 1)), "_final_obs": np.array([True, False])}), MLP),
        "environment 1",
        WITHIN,
    ),
    ("cut, no info", lambda: (same(info=lambda t: None), MLP), 'info\\["final_obs"\\]', WITHIN),
    (
        "cut, another shape told",
        lambda: (same(info=lambda t: {"final_obs": np.ones((2, 3))}), MLP),
        r'info\["final_obs"\] must hold obs .*\(1,\)',
        WITHIN,
    ),
]


@pytest.mark.parametrize("wrong, make, said, before", WRONG, ids=[case[0].replace(" ", "-") for case in WRONG])
def test_a_wrong_world_is_refused_in_one_sentence(wrong, make, said, before):
    refused_in_one_sentence(make, said, before)


@pytest.mark.parametrize(
    "told",
    [
        {"final_obs": np.full((2, 1), 5.0)},
        {"final_obs": [np.array([5.0])] * 2},
        {"final_obs": np.full((2, 1), 5.0), "_final_obs": np.ones(2, bool)},
    ],
)
def test_what_was_last_shown_may_be_told_with_a_mask_and_without(told):
    restarts = same(obs=lambda t: np.full((2, 1), t % 5.0), info=lambda t: told if t == 5 else {})
    r = pg.rollout(restarts, MLP, np.zeros(4), np.random.default_rng(0))
    assert r.last_obs.tolist() == [[5], [5]]
    np.testing.assert_allclose(pg.gae(r, r.obs[..., 0], r.last_obs[:, 0], 1.0, 0.0)[-1], 1 + 5 - 4)


def test_what_was_last_shown_does_not_matter_after_termination():
    restarts = same(
        obs=lambda t: np.full((2, 1), t % 5.0),
        terminated=lambda t: np.full(2, t == 5),
        truncated=lambda t: np.zeros(2, bool),
    )
    r = pg.rollout(restarts, MLP, np.zeros(4), np.random.default_rng(0))
    assert r.lengths.tolist() == [5, 5] and r.last_obs.tolist() == [[4], [4]]  # where it ended, not the next start
    np.testing.assert_allclose(pg.gae(r, r.obs[..., 0], r.last_obs[:, 0], 1.0, 0.0)[-1], 1 - 4)


def test_lists_will_do_where_arrays_are_meant():
    lists = Own(
        obs=lambda t: [[float(t)]] * 2,
        rewards=lambda t: [1, 1],
        terminated=lambda t: [False] * 2,
        truncated=lambda t: [t == 5] * 2,
    )
    arrays, listed = (pg.rollout(e, MLP, np.zeros(4), np.random.default_rng(0)) for e in (Own(), lists))
    for name in ("obs", "actions", "rewards", "mask", "terminated", "truncated", "last_obs"):
        np.testing.assert_array_equal(getattr(arrays, name), getattr(listed, name))
        assert getattr(arrays, name).dtype == getattr(listed, name).dtype


def test_an_answer_has_as_many_parts_as_it_should():
    obs, flags = np.zeros((2, 1)), np.zeros(2, bool)
    six = Own(answers=lambda *five: (*five, None))
    with pytest.raises(TypeError, match=r"envs.step must return .*, got 6 values"):
        pg.rollout(six, MLP, np.zeros(4), np.random.default_rng(0))
    three = type("Three", (Own,), {"reset": lambda self, **how: (obs, {}, flags)})()
    with pytest.raises(TypeError, match=r"envs.reset must return \(obs, info\)"):
        pg.rollout(three, MLP, np.zeros(4), np.random.default_rng(0))


def test_what_was_seen_stays_where_the_environment_uses_its_array_again():
    shared = np.zeros((2, 1))

    def again(t):
        shared[:] = t
        return shared

    r = pg.rollout(Own(obs=again), MLP, np.zeros(4), np.random.default_rng(0))
    assert r.obs[:, 0, 0].tolist() == [0, 1, 2, 3, 4] and r.last_obs.tolist() == [[5], [5]]
    before = _stepping.first(Own(obs=again), 0, (2, 1))
    rest = np.ones(2), np.zeros(2, bool), np.ones(2, bool), {}
    after = _stepping.step((again(7), *rest), before)[0]
    again(9)
    assert before.tolist() == [[0], [0]] and after.tolist() == [[7], [7]]


def test_the_last_that_was_shown_is_put_into_a_copy_and_a_list_too_short_is_told():
    obs, ended = np.zeros((2, 1)), np.array([False, True])
    seen = _stepping.hidden(obs, {"final_obs": [None, np.array([3.0])]}, ended, np.zeros(2, bool))
    assert seen.tolist() == [[0], [3]] and not obs.any()
    with pytest.raises(ValueError, match="environment 1 has no such entry"):
        _stepping.hidden(obs, {"final_obs": [np.array([3.0])]}, ended, np.zeros(2, bool))


def test_an_error_of_the_environments_own_reset_passes():
    def reset(self, *, seed=None):
        raise TypeError("of its own")

    with pytest.raises(TypeError, match="of its own"):
        _stepping.first(type("Fails", (Own,), {"reset": reset})(), 0, (2, 1))
