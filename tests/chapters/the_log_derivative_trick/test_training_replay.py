"""The stored run behind `TrainingReplay`: what its script gives again, and what CartPole's own laws say of it."""

import json

import numpy as np
import pytest

import policy_gradient as pg
from learning_to_act.explorables.replay import replay
from studies import training_replay as study

STORED = replay()
EPISODES = [(k, name, film) for k, c in enumerate(STORED["checkpoints"]) for name, film in c["episodes"].items()]


def states(film):
    """Cart (m) and pole (rad), (T,) each, from the stored changes in mm and tenths of a degree."""
    return np.cumsum(film["x"]) / 1000, np.radians(np.cumsum(film["angle"]) / 10)


def test_the_run_is_complete():
    assert STORED["seeds"] == list(study.SEEDS) and len(STORED["checkpoints"]) == study.UPDATES + 1
    assert STORED["gamma"] == pg.CARTPOLE_RECIPE["gamma"]
    returns = np.array(STORED["returns"])
    assert returns.shape == (10, 21) and returns.min() >= 8 and returns.max() <= 500
    np.testing.assert_allclose(STORED["mean"], returns.mean(axis=0), atol=0.1)
    low, high = (np.array(STORED[k]) for k in ("low", "high"))
    error = returns.std(axis=0, ddof=1) / np.sqrt(10)
    assert (low <= STORED["mean"]).all() and (high >= STORED["mean"]).all()
    assert (high - low < 2 * 2.26 * error + 0.2).all() and (
        high - low > 2 * 1.2 * error - 0.2
    ).all()  # t, 9 degrees of freedom: 2.26
    for checkpoint in STORED["checkpoints"]:
        lengths = checkpoint["lengths"]
        assert len(lengths) == 20 and lengths == sorted(lengths) and 8 <= lengths[0] and lengths[-1] <= 500
        for name, place in [("shortest", 0), ("middle", 9), ("longest", 19)]:
            assert {len(v) for v in checkpoint["episodes"][name].values()} == {lengths[place]}


def test_what_the_page_says_of_it():
    medians = [np.median(c["lengths"]) for c in STORED["checkpoints"]]
    assert medians[0] < 20 and next(k for k, m in enumerate(medians) if m >= 200) == 7
    assert medians[12] == 500 and STORED["checkpoints"][19]["lengths"] == [500] * 20


def test_the_first_checkpoint_again():
    """Training is chaotic, so later ones may differ on another processor;
    before the first update nothing has been trained."""
    policy = pg.MLPSoftmax((4, 64, 2))
    theta = policy.init(np.random.default_rng(0))
    assert json.loads(json.dumps(study.checkpoint(theta, np.random.default_rng(1000)))) == STORED["checkpoints"][0]
    returns, thetas = study.train(0, updates=1)
    np.testing.assert_array_equal(thetas[0], theta)
    assert len(thetas) == len(returns) == 2 and (returns.round(1) == STORED["returns"][0][:2]).all()


def test_what_is_packed_can_be_had_back():
    rng, policy = np.random.default_rng(1), pg.MLPSoftmax((4, 2))
    obs, actions, theta = (
        rng.normal(scale=0.1, size=(30, 4)),
        rng.integers(2, size=30),
        3 * rng.normal(size=policy.num_params),
    )
    film = study.pack(policy, theta, obs, actions)
    x, angle = states(film)
    np.testing.assert_allclose(x, obs[:, 0], atol=0.0005001)
    np.testing.assert_allclose(angle, obs[:, 2], atol=np.radians(0.05001))
    score = np.array(film["score"])
    assert ((score > 0) == (actions == 1)).all()
    np.testing.assert_allclose(
        (abs(score) - 1) / 100, 1 - policy.probs(theta, obs)[np.arange(30), actions], atol=0.005001
    )


def cartpole_accelerations(angle, spin, force):
    """Barto, Sutton and Anderson (1983), cart 1 kg, pole 0.1 kg and 1 m:
    of the cart (m/s^2) and of the pole (rad/s^2)."""
    mass, half = 1.1, 0.5
    pushed = (force + 0.1 * half * spin**2 * np.sin(angle)) / mass
    turning = (9.8 * np.sin(angle) - np.cos(angle) * pushed) / (half * (4 / 3 - 0.1 * np.cos(angle) ** 2 / mass))
    return pushed - 0.1 * half * turning * np.cos(angle) / mass, turning


@pytest.mark.parametrize("k, name, film", EPISODES, ids=[f"{k}-{name}" for k, name, _ in EPISODES])
def test_the_films_obey_the_laws_of_the_cart(k, name, film):
    x, angle = states(film)
    force = 10 * np.sign(film["score"])
    speed, spin = np.diff(x) / 0.02, np.diff(angle) / 0.02  # of steps 0 .. T-2, as in Euler's method
    cart, pole = cartpole_accelerations(angle[:-1], spin, force[:-1])
    # Each position is off by half a unit at most, so a second difference by two units.
    assert abs(np.diff(x, 2) - 0.02**2 * cart[:-1]).max() < 0.0021
    assert abs(np.diff(angle, 2) - 0.02**2 * pole[:-1]).max() < np.radians(0.23)
    if len(x) < 500:  # the next state is out of bounds, this one is not
        ends = x[-1] + 0.02 * (speed[-1] + 0.02 * cart[-1]), angle[-1] + 0.02 * (spin[-1] + 0.02 * pole[-1])
        assert abs(ends[0]) > 2.4 - 0.003 or abs(ends[1]) > np.radians(12 - 0.3)
    assert abs(x).max() <= 2.4005 and abs(angle).max() <= np.radians(12.05)
