"""The package against other people's code: PyTorch's automatic differentiation and Adam, Stable-Baselines3's
advantages, SciPy's filter, Gymnasium's own environments.

PyTorch and Stable-Baselines3 live in an environment of their own, since the book needs neither: `make test-autodiff`
makes it and runs this file there with nothing skipped. Everything else runs in `make test`.
"""

import re

import gymnasium as gym
import numpy as np
import pytest
from scipy.signal import lfilter

import policy_gradient as pg
from policy_gradient import control
from policy_gradient.envs import TabularVectorEnv
from tests.helpers.others import other

pytestmark = pytest.mark.slow  # subprocesses, kernels, pictures or long runs in nearly every test

BATCH = 40


# --- policies against automatic differentiation: the same law written with torch.distributions


def network(torch, sizes, theta, x):
    start = 0
    for i, (m, n) in enumerate(zip(sizes, sizes[1:])):
        W, b = theta[start : start + m * n].reshape(m, n), theta[start + m * n : start + (m + 1) * n]
        start += (m + 1) * n
        x = x @ W + b
        x = torch.tanh(x) if i < len(sizes) - 2 else x
    return x, theta[start:]


def categorical(logits):
    def law(torch, theta, obs):
        return torch.distributions.Categorical(logits=logits(torch, theta, obs), validate_args=False)

    return law


def normal(mean_and_log_std):
    def law(torch, theta, obs):
        mean, log_std = mean_and_log_std(torch, theta, obs)
        return torch.distributions.Independent(torch.distributions.Normal(mean, log_std.exp()), 1)

    return law


FEATURES = np.random.default_rng(3).normal(size=(4, 3, 5))
LAWS = {  # name: (ours, theirs)
    "TabularSoftmax": (pg.TabularSoftmax(4, 3), categorical(lambda t, theta, s: theta.reshape(4, 3)[s])),
    "LinearSoftmax": (pg.LinearSoftmax(FEATURES), categorical(lambda t, theta, s: (t.tensor(FEATURES) @ theta)[s])),
    "two_action_softmax": (
        pg.two_action_softmax(4),
        categorical(lambda t, theta, s: t.stack([0 * theta, theta], 1)[s]),
    ),
    "MLPSoftmax": (
        pg.MLPSoftmax((3, 16, 8, 4)),
        categorical(lambda t, theta, x: network(t, (3, 16, 8, 4), theta, x)[0]),
    ),
    "MLPSoftmax, linear": (pg.MLPSoftmax((3, 9)), categorical(lambda t, theta, x: network(t, (3, 9), theta, x)[0])),
    "LinearGaussian": (pg.LinearGaussian(3, 2), normal(lambda t, theta, x: (x @ theta[:6].reshape(3, 2), theta[6:]))),
    "LinearGaussian, std(s)": (
        pg.LinearGaussian(3, 2, True),
        normal(lambda t, theta, x: (x @ theta[:6].reshape(3, 2), x @ theta[6:].reshape(3, 2))),
    ),
    "MLPGaussian": (pg.MLPGaussian((3, 16, 2)), normal(lambda t, theta, x: network(t, (3, 16, 2), theta, x))),
    "MLPGaussian, std(s)": (
        pg.MLPGaussian((3, 16, 2), True),
        normal(lambda t, theta, x: network(t, (3, 16, 4), theta, x)[0].chunk(2, dim=-1)),
    ),
}
each_law = pytest.mark.parametrize("name", LAWS)


def situation(policy):
    rng = np.random.default_rng(8)
    theta = 0.5 * rng.normal(size=policy.num_params)
    obs = rng.integers(4, size=BATCH) if hasattr(policy, "num_obs") else rng.normal(size=(BATCH, 3))
    return theta, obs, policy.sample(theta, obs, rng), rng.normal(size=BATCH)


def close(ours, theirs, name=""):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-10, err_msg=name)


def autodiff(torch, log_probs, theta):
    return torch.stack([torch.autograd.grad(one, theta, retain_graph=True)[0] for one in log_probs])


@each_law
def test_log_probabilities_scores_and_entropy_are_autodiffs(torch, name):
    policy, law = LAWS[name]
    theta, obs, actions, weights = situation(policy)
    leaf = torch.tensor(theta, requires_grad=True)
    theirs = law(torch, leaf, torch.tensor(obs))
    log_probs = theirs.log_prob(torch.tensor(actions))
    close(policy.log_prob(theta, obs, actions), log_probs)
    close(policy.entropy(theta, obs), theirs.entropy())
    close(policy.score(theta, obs, actions), autodiff(torch, log_probs, leaf))
    (by_weights,) = torch.autograd.grad((torch.tensor(weights) * log_probs).sum(), leaf)
    close(policy.weighted_score(theta, obs, actions, weights), by_weights)
    if hasattr(policy, "probs"):
        close(policy.probs(theta, obs), theirs.probs)
    else:
        close(policy.mean(theta, obs), theirs.mean)


@each_law
def test_it_would_notice_a_wrong_law(torch, name):
    """The comparison is not blind: a law whose theta is a thousandth off is refused."""
    policy, law = LAWS[name]
    theta, obs, actions, _ = situation(policy)
    theirs = law(torch, torch.tensor(1.001 * theta), torch.tensor(obs))
    with pytest.raises(AssertionError):
        close(policy.log_prob(theta, obs, actions), theirs.log_prob(torch.tensor(actions)))


@pytest.mark.parametrize("name", [name for name in LAWS if "Gaussian" in name])
@pytest.mark.parametrize("limit", [1.0, 2.0])
def test_the_squashed_law_is_torchs_transformed_distribution(torch, name, limit):
    policy, law = LAWS[name]
    squashed = pg.Squashed(policy, limit)
    theta, obs, u, weights = situation(policy)
    transforms = [
        torch.distributions.TanhTransform(cache_size=1),
        torch.distributions.AffineTransform(0.0, limit, cache_size=1),
    ]
    leaf, drawn = torch.tensor(theta, requires_grad=True), torch.tensor(u)
    theirs = torch.distributions.TransformedDistribution(law(torch, leaf, torch.tensor(obs)), transforms)
    executed = drawn
    for transform in transforms:
        executed = transform(executed)  # cached: the way back is exact
    close(squashed.execute(u), executed)
    log_probs = theirs.log_prob(executed)
    close(squashed.log_prob(theta, obs, u), log_probs)
    close(squashed.score(theta, obs, u), autodiff(torch, log_probs, leaf))
    (by_weights,) = torch.autograd.grad((torch.tensor(weights) * log_probs).sum(), leaf)
    close(squashed.weighted_score(theta, obs, u, weights), by_weights)
    mean, log_std = policy.mean(theta, obs), policy.log_std(theta, obs)
    np.testing.assert_allclose(
        pg.tanh_gaussian_log_prob(u, mean, log_std) - 2 * np.log(limit),
        log_probs.detach().numpy(),
        rtol=1e-10,
        atol=1e-10,
    )


def test_gaussian_functions_are_autodiffs(torch):
    rng = np.random.default_rng(2)
    actions, mean, log_std = rng.normal(size=(3, 50, 2))
    m, s = (torch.tensor(x, requires_grad=True) for x in (mean, log_std))
    law = torch.distributions.Independent(torch.distributions.Normal(m, s.exp()), 1)
    log_probs = law.log_prob(torch.tensor(actions))
    close(pg.gaussian_log_prob(actions, mean, log_std), log_probs)
    close(pg.gaussian_entropy(log_std), law.entropy())
    for ours, theirs in zip(pg.gaussian_score(actions, mean, log_std), torch.autograd.grad(log_probs.sum(), (m, s))):
        close(ours, theirs)


def test_the_exact_gradient_is_autodiffs(torch):
    """Through a linear solve in PyTorch, which knows nothing of the theorem."""
    rng = np.random.default_rng(4)
    mdp = pg.TabularMDP(
        0.9 * rng.dirichlet(np.ones(6), size=(6, 3)),
        rng.normal(size=(6, 3)),
        rng.dirichlet(np.ones(6)),
        0.95,
        obs=[0, 1, 2, 3, 1, 0],
    )
    policy, theta = pg.LinearSoftmax(FEATURES), rng.normal(size=5)
    leaf = torch.tensor(theta, requires_grad=True)
    probs = torch.softmax((torch.tensor(FEATURES) @ leaf)[torch.tensor(mdp.obs)], dim=1)
    P, R, rho = (torch.tensor(np.array(x)) for x in (mdp.P, mdp.R, mdp.rho))
    step = torch.einsum("sa,sat->st", probs, P)
    values = torch.linalg.solve(torch.eye(6, dtype=torch.float64) - 0.95 * step, (probs * R).sum(1))
    close(pg.state_values(mdp, pg.state_probs(mdp, policy, theta)), values)
    (gradient,) = torch.autograd.grad(rho @ values, leaf)
    close(pg.exact_gradient(mdp, policy, theta), gradient)


def test_the_estimators_gradient_is_that_of_the_usual_loss(torch):
    """What practice writes: backward() through -(psi * log_prob).sum() / N."""
    policy, law = LAWS["TabularSoftmax"]
    mdp = pg.TabularMDP(0.8 * np.full((4, 3, 4), 0.25), np.arange(12.0).reshape(4, 3), [1, 0, 0, 0], 0.9)
    theta = np.random.default_rng(1).normal(size=12)
    r = pg.sample_rollout(mdp, policy, theta, 30, 50, np.random.default_rng(2))
    psi = pg.psi_reward_to_go(r, 0.9, baseline=pg.leave_one_out_mean(pg.reward_to_go(r.rewards, 0.9), r.mask))
    leaf = torch.tensor(theta, requires_grad=True)
    log_probs = law(torch, leaf, torch.tensor(r.obs)).log_prob(torch.tensor(r.actions))
    loss = -(torch.tensor(psi) * log_probs * torch.tensor(r.mask)).sum() / r.num_episodes
    loss.backward()
    close(pg.estimate_gradient(policy, theta, r, psi), -leaf.grad)


@pytest.mark.parametrize(
    "settings", [{}, {"learning_rate": 0.3, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3}, {"beta1": 0.0}]
)
def test_adam_is_torchs(torch, settings):
    rng, theta = np.random.default_rng(0), np.linspace(-1, 1, 7)
    ours = pg.Adam(**settings)
    leaf = torch.tensor(theta, requires_grad=True)
    theirs = torch.optim.Adam(
        [leaf], lr=ours.learning_rate, betas=(ours.beta1, ours.beta2), eps=ours.epsilon, maximize=True
    )
    for _ in range(300):
        gradient = rng.normal(size=7) * 10.0 ** rng.integers(-6, 3, size=7)
        theta = ours.step(theta, gradient)
        leaf.grad = torch.tensor(gradient)
        theirs.step()
        close(theta, leaf)


# --- returns and advantages against Stable-Baselines3 and SciPy


def episodes(seed, T=60, N=5):
    """Columns that hold one episode each (ours), and what ended it."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, T + 1, size=N)
    lengths[0] = T
    mask = np.arange(T)[:, None] < lengths
    ends = np.arange(T)[:, None] == lengths - 1
    terminated = ends & (np.arange(N) % 2 == 0)
    return pg.Rollout(
        rng.normal(size=(T, N, 3)),
        np.zeros((T, N), int),
        np.where(mask, rng.normal(size=(T, N)), 0),
        mask,
        terminated,
        ends & ~terminated,
        rng.normal(size=(N, 3)),
    )


@pytest.mark.parametrize("lam", [0.0, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
def test_gae_is_stable_baselines(gamma, lam):
    """Its buffer counts a terminated and a truncated episode alike as over; its collector adds gamma V of what would
    have been seen to the last reward of a truncated one. Both are done here as there."""
    torch, buffers = other("torch"), other("stable_baselines3.common.buffers")
    r = episodes(seed=int(10 * gamma + 100 * lam))
    rng = np.random.default_rng(1)
    values, last_values = rng.normal(size=r.mask.shape), rng.normal(size=r.num_episodes)
    ours = pg.gae(r, values, last_values, gamma, lam)
    for n, length in enumerate(r.lengths):
        buffer = buffers.RolloutBuffer(
            int(length), gym.spaces.Box(-1, 1, (3,)), gym.spaces.Discrete(2), "cpu", lam, gamma
        )
        rewards = r.rewards[:length, n].copy()
        rewards[-1] += gamma * last_values[n] * r.truncated[length - 1, n]
        for t in range(length):
            buffer.add(
                r.obs[t, n], r.actions[t, n : n + 1], rewards[t], t == 0, torch.tensor(values[t, n]), torch.zeros(1)
            )
        for name, array in dict(
            rewards=rewards,
            values=values[:length, n],
            advantages=np.zeros(length),
            episode_starts=np.arange(length) == 0,
        ).items():
            setattr(buffer, name, array[:, None].astype(np.float64))  # it rounds to float32 otherwise
        buffer.compute_returns_and_advantage(torch.zeros(1, dtype=torch.float64), np.ones(1))
        np.testing.assert_allclose(ours[:length, n], buffer.advantages[:, 0], rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(ours[:length, n] + values[:length, n], buffer.returns[:, 0], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
def test_returns_are_scipys_filter(gamma):
    """y[t] = x[t] + gamma y[t + 1] is a linear filter run backwards, as Spinning Up writes it."""
    rewards = np.random.default_rng(0).normal(size=(200, 4))
    expected = lfilter([1], [1, -gamma], rewards[::-1], axis=0)[::-1]
    np.testing.assert_allclose(pg.reward_to_go(rewards, gamma), expected, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(pg.total_return(rewards, gamma), expected[0], rtol=1e-10, atol=1e-10)


# --- environments against Gymnasium's own, 100,000 random steps each

STEPS, N = 1000, 100


def newest(name):
    """The highest version of an environment that this Gymnasium has: older ones warn."""
    return max(
        (spec for spec in gym.registry if re.fullmatch(rf"{name}-v\d+", spec)),
        key=lambda spec: int(spec.split("-v")[1]),
    )


def test_cartpole_is_gymnasiums():
    """Both start from the same states; afterwards each goes its own way until the episode ends."""
    ours, rng = control.ContinuousCartPole(N, max_steps=60), np.random.default_rng(0)
    theirs = [gym.make(newest("CartPole")).unwrapped for _ in range(N)]
    for env in theirs:
        env.reset(seed=0)
    ours.reset(seed=1)
    begins, over, steps, falls, cuts = np.ones(N, bool), np.zeros(N, bool), np.zeros(N, int), 0, 0
    for _ in range(STEPS):
        for n in np.flatnonzero(begins):
            theirs[n].reset()
            theirs[n].state = tuple(ours.state[:, n])
        push_right = rng.random(N) < 0.5
        obs, rewards, terminated, truncated, _ = ours.step(np.where(push_right, 1.0, -1.0)[:, None])
        steps = np.where(over, 0, steps + 1)
        goes_on = np.flatnonzero(~over)
        seen, their_rewards, fell, _, _ = zip(*(theirs[n].step(int(push_right[n])) for n in goes_on))
        np.testing.assert_array_equal(obs[goes_on], seen)
        np.testing.assert_array_equal(rewards[goes_on], their_rewards)
        np.testing.assert_array_equal(terminated[goes_on], fell)
        np.testing.assert_array_equal(truncated, (steps >= 60) & ~terminated)
        falls, cuts = falls + terminated.sum(), cuts + truncated.sum()
        begins, over = over, terminated | truncated
    assert falls > 1000 and cuts > 10  # both endings were met


def test_pendulum_is_gymnasiums():
    """One step from the same state each time: its motion is chaotic, so that roundings would grow."""
    ours, rng = control.Pendulum(N, bounds="clip"), np.random.default_rng(0)
    theirs = gym.make(newest("Pendulum")).unwrapped
    theirs.reset(seed=0)
    ours.reset(seed=1)
    cuts, seen, their_rewards = 0, np.empty((N, 3)), np.empty(N)
    for t in range(STEPS):
        before, torque = ours.state.copy(), rng.uniform(-3, 3, size=(N, 1))
        obs, rewards, terminated, truncated, _ = ours.step(torque)
        assert not terminated.any() and (truncated == (t % 201 == 199)).all()
        cuts += truncated.sum()
        if t % 201 == 200:
            assert (rewards == 0).all()  # the step that starts the next episode
            continue
        for n in range(N):
            theirs.state = before[:, n]
            seen[n], their_rewards[n], *_ = theirs.step(torque[n])
        np.testing.assert_allclose(rewards, their_rewards, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(obs, seen, rtol=1e-6, atol=1e-6)  # float32
    assert cuts == 4 * N


def tabular(env, gamma=0.99):
    """Gymnasium's table of a toy-text environment as a TabularMDP, whose missing mass is the end."""
    table = env.unwrapped.P
    S, A = len(table), len(table[0])
    P, R = np.zeros((S, A, S)), np.zeros((S, A))
    for s in range(S):
        for a in range(A):
            for prob, following, reward, done in table[s][a]:
                R[s, a] += prob * reward
                P[s, a, following] += 0 if done else prob
    return pg.TabularMDP(np.minimum(P, 1), R, env.unwrapped.initial_state_distrib, gamma)


@pytest.mark.parametrize("name, how", [("FrozenLake", {"is_slippery": False}), ("CliffWalking", {})])
def test_tabular_environments_are_gymnasiums(name, how):
    """These two are deterministic: every step must agree, ours walked from Gymnasium's table, Gymnasium's by itself."""
    theirs = gym.make(newest(name), **how).unwrapped
    theirs.reset(seed=0)
    mdp, rng = tabular(theirs), np.random.default_rng(0)
    ours = TabularVectorEnv(mdp, N, max_steps=10_000)
    states, _ = ours.reset(seed=0)
    over, ends = np.zeros(N, bool), 0
    for _ in range(STEPS):
        actions = rng.integers(mdp.num_actions, size=N)
        obs, rewards, terminated, truncated, _ = ours.step(actions)
        for n in np.flatnonzero(~over):
            theirs.s = states[n]
            seen, reward, done, _, _ = theirs.step(actions[n])
            assert (reward, done) == (rewards[n], terminated[n]) and (done or seen == obs[n])
        states, over, ends = obs, terminated | truncated, ends + terminated.sum()
    assert ends > 0 or name == "CliffWalking"


def test_slippery_ice_is_gymnasiums():
    """FrozenLake is random: the 100,000 transitions of each are compared as tables of counts."""
    theirs = gym.make(newest("FrozenLake")).unwrapped
    theirs.reset(seed=0)
    mdp, rng = tabular(theirs), np.random.default_rng(0)
    ours = TabularVectorEnv(mdp, N, max_steps=10_000)
    S, A = mdp.R.shape
    counts = np.zeros((2, S, A, S + 1))
    states, _ = ours.reset(seed=0)
    over = np.zeros(N, bool)
    for _ in range(STEPS):
        actions = rng.integers(A, size=N)
        obs, _, terminated, _, _ = ours.step(actions)
        for n in np.flatnonzero(~over):
            counts[0, states[n], actions[n], S if terminated[n] else obs[n]] += 1
            theirs.s = states[n]
            seen, _, done, _, _ = theirs.step(int(actions[n]))
            counts[1, states[n], actions[n], S if done else seen] += 1
        states, over = obs, terminated
    assert counts[0].sum() == counts[1].sum() > 80_000
    assert ((counts[0] > 0) == (counts[1] > 0))[(counts.sum(axis=0) > 40)].all()
    total = counts[0].sum(axis=-1, keepdims=True)
    spread = np.sqrt(
        counts.sum(axis=0) * (1 - counts.sum(axis=0) / np.maximum(2 * total, 1))
    )  # of a difference of counts
    assert (abs(counts[0] - counts[1]) <= 5 * spread + 1).all()
