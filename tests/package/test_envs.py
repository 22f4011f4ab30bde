"""The environments as Gymnasium sees them, and against the problems they are said to be."""

import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, VectorEnv
from scipy import stats

import policy_gradient as pg
from policy_gradient import envs as pe


def noisy_mdp(gamma=0.9):
    rng = np.random.default_rng(1)
    return pg.TabularMDP(rng.dirichlet(np.ones(4), size=(4, 2)) * 0.8, rng.normal(size=(4, 2)), np.full(4, 0.25), gamma)


MAKERS = {
    "ShortCorridor": dict(cells=5, max_steps=7),
    "RockPaperScissors": dict(opponent=[0.2, 0.3, 0.5], rounds=3),
    "SteeringBandit": {},
    "Tabular": dict(mdp=noisy_mdp(), max_steps=5),
}


@pytest.fixture(params=MAKERS.items(), ids=MAKERS.keys())
def envs(request):
    name, kwargs = request.param
    return gym.make_vec(f"policy_gradient/{name}-v0", num_envs=6, **kwargs)


@pytest.mark.slow
def test_a_fresh_interpreter_finds_them_by_name():
    code = """
import gymnasium as gym
envs = gym.make_vec("policy_gradient.envs:policy_gradient/ShortCorridor-v0", num_envs=8)
print(envs.num_envs, envs.reset(seed=0)[0])
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "8 [0 0 0 0 0 0 0 0]", done.stderr


def test_they_keep_gymnasiums_interface(envs):
    assert isinstance(envs, VectorEnv) and envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    obs, info = envs.reset(seed=3)
    envs.action_space.seed(0)
    for _ in range(20):
        assert envs.observation_space.contains(obs) and isinstance(info, dict)
        obs, rewards, terminated, truncated, info = envs.step(envs.action_space.sample())
        assert rewards.shape == terminated.shape == truncated.shape == (6,)
        assert terminated.dtype == truncated.dtype == bool and rewards.dtype == np.float64


def test_the_step_after_an_end_is_a_reset_and_nothing_else(envs):
    envs.reset(seed=4)
    envs.action_space.seed(1)
    ended, resets = np.zeros(6, bool), 0
    for _ in range(40):
        _, rewards, terminated, truncated, _ = envs.step(envs.action_space.sample())
        assert (rewards[ended] == 0).all() and not (terminated | truncated)[ended].any()
        assert not (terminated & truncated).any()
        resets += ended.sum()
        ended = terminated | truncated
    assert resets > 20


def test_the_seed_decides_everything(envs):
    def play(seed):
        envs.action_space.seed(0)
        seen = [envs.reset(seed=seed)[0]]
        for _ in range(15):
            obs, rewards, *_ = envs.step(envs.action_space.sample())
            seen += [obs, rewards]
        return np.concatenate([np.ravel(x) for x in seen])

    np.testing.assert_array_equal(play(5), play(5))


def test_step_before_reset_is_refused():
    with pytest.raises(gym.error.ResetNeeded):
        pe.ShortCorridor(2).step(np.zeros(2, int))


@pytest.mark.parametrize(
    "actions, error", [([0, 1], ValueError), (np.full(6, 7), ValueError), (np.full(6, np.nan), Exception)]
)
def test_bad_actions_are_named(envs, actions, error):
    envs.reset(seed=0)
    with pytest.raises(error, match="actions"):
        envs.step(np.asarray(actions))


def test_the_corridor_walks_as_drawn():
    envs = pe.ShortCorridor(num_envs=1, cells=3)
    envs.reset(seed=0)
    for action, cell in [(0, 0), (1, 1), (1, 0), (1, 1), (0, 2), (0, 1), (0, 2)]:
        _, rewards, terminated, _, _ = envs.step(np.array([action]))
        assert envs._states[0] == cell and rewards[0] == -1 and not terminated[0]
    assert envs.step(np.array([1]))[2][0]


def test_transitions_and_rewards_are_the_mdps():
    mdp, n = noisy_mdp(), 20_000
    envs = pe.TabularVectorEnv(mdp, num_envs=n, max_steps=3)
    envs.reset(seed=6)
    assert stats.chisquare(np.bincount(envs._states, minlength=4), n * mdp.rho).pvalue > 1e-3
    before, actions = envs._states.copy(), np.random.default_rng(0).integers(2, size=n)
    _, rewards, terminated, truncated, _ = envs.step(actions)
    np.testing.assert_array_equal(rewards, mdp.R[before, actions])
    for s, a in np.ndindex(4, 2):
        here = (before == s) & (actions == a)
        after = np.where(terminated, 4, envs._states)[here]
        expected = here.sum() * np.append(mdp.P[s, a], 1 - mdp.P[s, a].sum())
        assert stats.chisquare(np.bincount(after, minlength=5), expected).pvalue > 1e-4, (s, a)


def test_a_mixed_opponent_pays_what_the_game_says():
    envs = pe.RockPaperScissors(num_envs=30_000, opponent=[0.2, 0.3, 0.5])
    envs.reset(seed=7)
    rewards = envs.step(np.zeros(30_000, int))[1]
    assert abs(rewards.mean() - (0.5 - 0.3)) < 4 * rewards.std() / 30_000**0.5


def test_a_best_responder_wins_every_round_against_rock():
    envs = pe.RockPaperScissors(num_envs=5)
    with pytest.raises(ValueError, match="announce"):
        envs.reset(seed=0)
    envs.announce([1, 0, 0])
    envs.reset(seed=0)
    _, rewards, terminated, _, _ = envs.step(np.zeros(5, int))
    assert (rewards == -1).all() and terminated.all()


def test_a_game_has_the_rounds_asked_for():
    envs = pe.RockPaperScissors(num_envs=2, opponent=[1, 0, 0], rounds=3)
    envs.reset(seed=0)
    assert [envs.step(np.array([1, 1]))[2].tolist() for _ in range(4)] == [
        [False] * 2,
        [False] * 2,
        [True] * 2,
        [False] * 2,
    ]


def test_every_even_grid_misses_the_bandits_peak():
    bandit = pe.SteeringBandit()
    assert bandit.reward(bandit.peak) == 1
    for bins in range(1, 40):
        centres = -1 + (2 * np.arange(bins) + 1) / bins
        assert bandit.reward(centres).max() < 1 - 1e-6
    slope = np.diff(bandit.reward(np.linspace(-1, 1, 2001)))
    assert (slope[:1600] > 0).all() and (slope[1640:] < 0).all()  # one hill, seen from everywhere
    np.testing.assert_array_equal(bandit.reward([[5.0], [-3.0]]), bandit.reward([[1.0], [-1.0]]))


@pytest.mark.parametrize(
    "make, error, says",
    [
        (lambda: pe.TabularVectorEnv("mdp"), TypeError, "mdp must be a TabularMDP"),
        (lambda: pe.ShortCorridor(num_envs=0), ValueError, "num_envs"),
        (lambda: pe.ShortCorridor(max_steps=0), ValueError, "max_steps"),
        (lambda: pe.RockPaperScissors(opponent="random"), ValueError, "best_response"),
        (lambda: pe.RockPaperScissors(opponent=[0.5, 0.5]), ValueError, "opponent must have shape"),
        (lambda: pe.RockPaperScissors(opponent=[1, 0, 0]).announce([1, 0, 0]), ValueError, "opponent"),
        (lambda: pe.RockPaperScissors(payoff=[1, 2]), ValueError, "payoff"),
    ],
)
def test_bad_settings_are_named(make, error, says):
    with pytest.raises(error, match=says):
        make()
