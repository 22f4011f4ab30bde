"""Live training, without a page: its arithmetic in V8 against NumPy's,
Gymnasium's and the package's on the same inputs."""

import json

import gymnasium
import numpy as np
import pytest
from py_mini_racer import MiniRacer

import policy_gradient as pg
from policy_gradient.estimators import batch_mean, leave_one_out_mean
from tests.helpers.live import BITS_AFTER_50, program

POLICY = pg.MLPSoftmax((4, 64, 2))
SETTINGS = {"batch": 16, "rate": 0.02, "baseline": "batch_mean", "keep": False, "gamma": 0.99}


@pytest.fixture(scope="module")
def v8():
    engine = MiniRacer()
    engine.eval(program())
    return engine


@pytest.fixture
def js(v8):
    """js(what JavaScript says, name=value, ...): an expression, or statements in braces, of the module m."""

    def call(expression, **given):
        body = expression if expression.startswith("{") else f"({expression})"
        return json.loads(
            v8.eval(f"JSON.stringify((({', '.join(given)}) => {body})({', '.join(map(json.dumps, given.values()))}))")
        )

    return call


@pytest.mark.parametrize(
    "name, truth, at, relative, absolute",
    [
        ("exponential", np.exp, np.linspace(-700, 700, 4001), 1e-15, 0),
        ("exponential", np.exp, np.linspace(-1, 1, 4001), 1e-15, 0),
        ("tangent", np.tanh, np.linspace(-25, 25, 4001), 1e-15, 5e-16),
        ("sine", np.sin, np.linspace(-1, 1, 4001), 1e-15, 0),
        ("cosine", np.cos, np.linspace(-1, 1, 4001), 1e-15, 0),
    ],
)
def test_own_functions(js, name, truth, at, relative, absolute):
    np.testing.assert_allclose(
        np.array(js(f"xs.map(m.{name})", xs=at.tolist()), float), truth(at), rtol=relative, atol=absolute
    )


def test_ends_of_the_exponential(js):
    assert js("[m.exponential(-1e9), m.exponential(0), String(m.exponential(710)), String(m.exponential(NaN))]") == [
        0,
        1,
        "Infinity",
        "NaN",
    ]


def test_physics_is_gymnasiums(js):
    env, rng = gymnasium.make("CartPole-v1").unwrapped, np.random.default_rng(0)
    states = rng.uniform(-1, 1, (300, 4)) * [2.4, 3, 0.21, 3]
    for right in (0, 1):
        ours = js("states.map(s => [m.push(s, right), s])", states=states.tolist(), right=right)
        for state, (over, after) in zip(states, ours):
            env.reset(seed=0)
            env.state, env.steps_beyond_terminated = state.copy(), None
            _, _, terminated, _, _ = env.step(right)
            np.testing.assert_allclose(after, env.state, rtol=0, atol=1e-12)
            assert over == terminated


def batch(seed, n=200):
    rng = np.random.default_rng(seed)
    return POLICY.init(rng, np.float64) * 5, rng.normal(size=(n, 4)), rng.integers(0, 2, n), rng.normal(size=n)


@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_the_packages(js, seed):
    theta, obs, actions, weights = batch(seed)
    ours = js(
        "[...m.weightedScore(theta, obs, actions, weights, 64)]",
        theta=theta.tolist(),
        obs=obs.ravel().tolist(),
        actions=actions.tolist(),
        weights=weights.tolist(),
    )
    theirs = POLICY.weighted_score(theta, obs, actions, weights)
    assert np.linalg.norm(ours - theirs) < 1e-12 * np.linalg.norm(theirs)  # 1e-6 is what is asked for
    p = js("obs.map(o => m.rightness(theta, o, 0, new Float64Array(64)))", theta=theta.tolist(), obs=obs.tolist())
    np.testing.assert_allclose(p, POLICY.probs(theta, obs)[:, 1], rtol=1e-12)


@pytest.mark.parametrize(
    "baseline, of", [("none", lambda G, mask: 0), ("batch_mean", batch_mean), ("leave_one_out", leave_one_out_mean)]
)
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("lengths", [[3, 7, 1, 7, 20], [500] * 3, [9]])
def test_weights_are_the_packages(js, baseline, of, keep, lengths):
    mask = np.arange(max(lengths))[:, None] < lengths
    returns = pg.reward_to_go(mask.astype(float), 0.99)
    psi = (returns - of(returns, mask)) * (pg.discounts(len(mask), 0.99)[:, None] if keep else 1)
    psi = psi / max(np.sqrt(np.mean(psi[mask] ** 2)), 1e-8)
    ours = js(
        "[...m.weigh(lengths, settings)]", lengths=lengths, settings=SETTINGS | {"baseline": baseline, "keep": keep}
    )
    np.testing.assert_allclose(ours, psi.T[mask.T], rtol=1e-9, atol=1e-9)


def test_steps_are_adams(js):
    rng = np.random.default_rng(4)
    gradients, adam = rng.normal(size=(5, 450)), pg.Adam(0.05)
    theta = start = np.array(js("[...m.begin(3).theta]"))
    for g in gradients:
        theta = adam.step(theta, g)
    ours = js(
        "{ const run = m.begin(3); for (const g of gradients) m.climb(run, g, 0.05); return [...run.theta]; }",
        gradients=gradients.tolist(),
    )
    np.testing.assert_allclose(ours, theta, rtol=1e-12, atol=1e-15)
    hidden = start[:256]
    assert (
        not start[256:320].any()
        and abs(hidden.var() - 1 / 4) < 0.05
        and np.abs(start[320:448]).max() < 0.01 * np.sqrt(12 / 64) / 2 + 1e-12
    )


def test_it_learns_from_a_coin_to_a_balanced_pole(js):
    runs = js(
        "seeds.map(seed => train(m.begin(seed), settings, 300, 475)).map(r => [r.mean, r.steps, r.best.mean])",
        seeds=list(range(1, 7)),
        settings=SETTINGS,
    )
    assert all(mean >= 475 and steps < 120_000 for mean, steps, _ in runs), runs
    first = js("train(m.begin(1), settings, 1).mean", settings=SETTINGS)
    assert 15 < first < 30  # a coin's


def test_a_seed_is_a_run_to_the_last_bit(js):
    one, two, other = js(
        "[1, 1, 2].map(seed => m.fingerprint(train(m.begin(seed), settings, 50)))", settings=SETTINGS | {"batch": 4}
    )
    assert one == two != other
    assert one == BITS_AFTER_50


def test_too_long_steps_are_noticed_and_the_last_good_policy_is_kept(js):
    run = js(
        """{ const run = train(m.begin(1), settings, 40), good = run.best.mean;
        train(run, { ...settings, rate: 0.5 }, 120);
        const said = run.lost, best = run.best; m.back(run);
        const same = run.theta.every((v, i) => v === best.theta[i]);
        return [good, said, best.mean, same, run.lost, train(run, settings, 20).mean]; }""",
        settings=SETTINGS,
    )
    good, said, best, same, after, mean = run
    assert said == "sure" and best >= good and same and after == "" and mean > best / 2


def test_numbers_that_leave_every_bound_are_noticed(js):
    assert (
        js(
            "{ const run = m.begin(1); run.theta[7] = NaN; train(run, settings, 1); return run.lost; }",
            settings=SETTINGS,
        )
        == "diverged"
    )


def test_the_worker_tells_after_each_update_and_listens(js):
    """The worker's own function, with a clock and timers of the test's."""
    said = js(
        """{ const told = [], due = []; let now = 0;
        const answer = m.work({ postMessage: x => told.push(x), now: () => (now += 1),
            later: f => due.push(f), stop: () => { due.length = 0; }, patience: 5 });
        answer({ settings: { ...settings, batch: 2, pace: 10 }, begin: 3 }); answer({ go: true });
        for (let i = 0; i < 200 && told.length < 4 && due.length; i++) due.shift()();
        answer({ go: false }); const quiet = due.length; answer({ back: true });
        return [told.map(x => x.updates), told.map(x => x.theta.length), quiet]; }""",
        settings=SETTINGS,
    )
    assert said[0][:4] == [1, 2, 3, 4] and set(said[1]) == {450} and said[2] == 0
