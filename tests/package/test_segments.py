"""Stretches of experience go on where they stopped and hold what was seen; their advantages are sums written out."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from policy_gradient._validate import NotFinite
from policy_gradient.segments import Segment, segment_gae, segments
from tests.helpers.cartpole import cartpole, parts
from tests.helpers.worlds import Own, Plays


def test_a_segment_goes_on_where_the_last_one_stopped():
    policy, theta, _, rng = parts()
    collect = segments(cartpole(), policy, rng, 16)
    first, second = collect(theta), collect(theta)
    continuing = ~(first.terminated | first.truncated)[-1]
    assert continuing.any()
    np.testing.assert_array_equal(first.next_obs[-1][continuing], second.obs[0][continuing])
    for segment in (first, second):
        ended = segment.terminated | segment.truncated
        assert (segment.live[1:] == ~ended[:-1]).all()  # the step after an end only resets: no data
        going = ~ended[:-1]
        np.testing.assert_array_equal(segment.next_obs[:-1][going], segment.obs[1:][going])


@pytest.mark.parametrize("mode", [gym.vector.AutoresetMode.NEXT_STEP, gym.vector.AutoresetMode.SAME_STEP])
def test_the_last_observation_of_an_episode_is_never_the_next_ones_first(mode):
    policy, theta, _, rng = parts()
    segment = segments(cartpole(4, mode), policy, rng, 60)(theta)
    ended = segment.terminated
    assert ended.sum() > 4
    fallen = (abs(segment.next_obs[ended][:, 2]) > 0.2) | (abs(segment.next_obs[ended][:, 0]) > 2.4)
    assert fallen.all()
    assert segment.live.all() == (mode == gym.vector.AutoresetMode.SAME_STEP)
    assert segment.returns.sum() <= segment.rewards[segment.live].sum()
    assert len(segment.returns) == ended.sum()


def test_segment_gae_against_its_sum_on_random_flags():
    rng = np.random.default_rng(0)
    T, N, gamma, lam = 9, 30, 0.9, 0.7
    terminated = rng.random((T, N)) < 0.2
    truncated = (rng.random((T, N)) < 0.2) & ~terminated
    ended = terminated | truncated
    live = np.vstack([np.ones((1, N), bool), ~ended[:-1]])
    terminated, truncated = terminated & live, truncated & live
    ended = terminated | truncated
    live = np.vstack([np.ones((1, N), bool), ~ended[:-1]])
    terminated, truncated = terminated & live, truncated & live
    rewards, values, following = rng.normal(size=(3, T, N))
    obs = np.zeros((T, N, 1))
    got = segment_gae(
        Segment(obs, obs, rewards, obs, terminated, truncated, live, np.array([])), values, following, gamma, lam
    )
    for n in range(N):
        for t in range(T):
            want, factor = 0.0, 1.0
            for k in range(t, T if live[t, n] else t):
                want += factor * (rewards[k, n] + gamma * following[k, n] * (not terminated[k, n]) - values[k, n])
                factor *= gamma * lam
                if terminated[k, n] or truncated[k, n]:
                    break
            assert got[t, n] == pytest.approx(want)


def test_a_segment_keeps_what_it_saw_where_the_environment_uses_its_arrays_again():
    class Again(gym.vector.VectorWrapper):
        rewards = np.zeros(4)

        def step(self, actions):
            self.t = getattr(self, "t", 0) + 1
            self.rewards[:] = self.t
            return (lambda obs, rewards, *rest: (obs, self.rewards, *rest))(*self.env.step(actions))

    policy, theta, _, rng = parts()
    assert segments(Again(cartpole()), policy, rng, 6)(theta).rewards[:, 0].tolist() == [1, 2, 3, 4, 5, 6]


class Known(Own):
    """Two copies, of five steps and of three, whose rewards count on; both begin again by themselves."""

    same_step = False

    def reset(self, *, seed=None, options=None):
        self.t, self.paid, self.over = np.zeros(2, int), 0, np.zeros(2, bool)
        return self.t[:, None].astype(float), {}

    def step(self, actions):
        self.paid += 1
        begins = self.over
        self.t = np.where(begins, 0, self.t + 1)
        self.over = (self.t == [5, 3]) & ~begins
        rewards = np.where(begins, 100.0, self.paid)  # what the step that begins again pays is not the agent's
        obs, info = self.t[:, None].astype(float), {}
        if self.same_step:
            info = {"final_obs": obs.copy()}
            self.t = np.where(self.over, 0, self.t)
            obs, ended = self.t[:, None].astype(float), self.over
            self.over = np.zeros(2, bool)
            return obs, rewards, ended & [True, False], ended & [False, True], info
        return obs, rewards, self.over & [True, False], self.over & [False, True], info


def test_each_row_is_what_was_seen_done_paid_and_seen_next():
    """NEXT_STEP: the step after an end begins again, is not live, and its reward is nobody's."""
    collect = segments(Known(), Plays(lambda n: np.arange(n)), np.random.default_rng(0), 4)
    first, second = collect(np.zeros(1)), collect(np.zeros(1))
    assert first.obs[..., 0].tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]
    assert first.next_obs[..., 0].tolist() == [[1, 1], [2, 2], [3, 3], [4, 0]]
    assert first.actions.tolist() == [[0, 1]] * 4
    assert first.rewards[first.live].tolist() == [1, 1, 2, 2, 3, 3, 4]
    assert first.live.tolist() == [[True, True]] * 3 + [[True, False]]
    assert first.truncated.tolist() == [[False] * 2] * 2 + [[False, True], [False] * 2] and not first.terminated.any()
    assert first.returns.tolist() == [1 + 2 + 3]
    assert second.obs[..., 0].tolist() == [[4, 0], [5, 1], [0, 2], [1, 3]]
    assert second.terminated[:, 0].tolist() == [True, False, False, False]
    assert second.live.tolist() == [[True, True], [False, True], [True, True], [True, False]]
    assert second.returns.tolist() == [1 + 2 + 3 + 4 + 5, 5 + 6 + 7]  # both from where they began, in the order of ends


def test_where_an_end_and_a_start_share_a_step_all_is_live_and_the_last_is_shown():
    envs = Known(metadata={"autoreset_mode": AutoresetMode.SAME_STEP}, same_step=True)
    collect = segments(envs, Plays(lambda n: np.zeros(n, int)), np.random.default_rng(0), 7)
    segment = collect(np.zeros(1))
    assert segment.live.all()
    assert segment.obs[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 0, 1]
    assert segment.next_obs[:, 0, 0].tolist() == [1, 2, 3, 4, 5, 1, 2]
    assert segment.next_obs[:, 1, 0].tolist() == [1, 2, 3, 1, 2, 3, 1]
    assert segment.returns.tolist() == [1 + 2 + 3, 1 + 2 + 3 + 4 + 5, 4 + 5 + 6]


def test_a_reward_that_is_no_number_is_named_with_its_step_and_its_environment():
    envs = Own(rewards=lambda t: np.array([1.0, np.nan if t == 3 else 2.0]))
    with pytest.raises(NotFinite, match="rewards must be finite, but at step 2 environment 1 of envs gave nan"):
        segments(envs, Plays(lambda n: np.zeros(n, int)), np.random.default_rng(0), 4)(np.zeros(1))


def test_the_generator_decides_where_a_segment_starts():
    policy, theta, _, _ = parts()
    one, again, other = (segments(cartpole(), policy, np.random.default_rng(s), 3)(theta) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.obs, again.obs)
    assert (one.obs[0] != other.obs[0]).any()


def test_segment_gae_refuses_what_is_no_segment_and_what_does_not_fit():
    table, flags = np.zeros((3, 2)), np.zeros((3, 2), bool)
    segment = Segment(table, table, table, table, flags, flags, ~flags, np.array([]))
    for arguments, error, said in [
        ((None, table, table, 0.9, 0.9), TypeError, "segment must be a Segment"),
        ((segment, table[:2], table, 0.9, 0.9), ValueError, r"values must have shape \(3, 2\)"),
        ((segment, table, table[:, :1], 0.9, 0.9), ValueError, r"next_values must have shape \(3, 2\)"),
        ((segment, table, table, 1.1, 0.9), ValueError, "gamma must lie in"),
        ((segment, table, table, 0.9, -0.1), ValueError, "lam must lie in"),
    ]:
        with pytest.raises(error, match=said):
            segment_gae(*arguments)


def test_segment_gae_crosses_no_end_where_the_next_episode_follows_at_once():
    """SAME_STEP: every row is live, and so the row after an end is another episode's."""
    rng = np.random.default_rng(1)
    T, N, gamma, lam = 9, 30, 0.9, 0.7
    kind = rng.choice(3, size=(T, N), p=[0.6, 0.2, 0.2])
    terminated, truncated = kind == 1, kind == 2
    rewards, values, following = rng.normal(size=(3, T, N))
    obs, live = np.zeros((T, N, 1)), np.ones((T, N), bool)
    segment = Segment(obs, obs, rewards, obs, terminated, truncated, live, np.array([]))
    got = segment_gae(segment, values, following, gamma, lam)
    for t, n in np.ndindex(T, N):
        end = next((k for k in range(t, T) if kind[k, n]), T - 1)
        errors = [rewards[k, n] + gamma * following[k, n] * (kind[k, n] != 1) - values[k, n] for k in range(t, end + 1)]
        assert got[t, n] == pytest.approx(sum((gamma * lam) ** k * error for k, error in enumerate(errors)))
