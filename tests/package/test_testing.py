"""The kit for policies and environments of a reader's own: all of the book's pass, each broken one is named."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import policy_gradient as pg
from policy_gradient import control, envs
from policy_gradient.protocols import Environment, GaussianPolicy, Policy, SoftmaxPolicy
from policy_gradient.testing import check_environment, check_policy

FEATURES = np.random.default_rng(0).normal(size=(5, 3, 4))
POLICIES = [
    pg.TabularSoftmax(4, 3),
    pg.TabularSoftmax(2, 9),
    pg.two_action_softmax(2, 3),
    pg.LinearSoftmax(FEATURES),
    pg.MLPSoftmax((4, 8, 2)),
    pg.MLPSoftmax((3, 5, 4)),
    pg.MLPSoftmax((4, 64, 2)),
    pg.MLPSoftmax((4, 2)),
    pg.LinearGaussian(3, 2),
    pg.LinearGaussian(3, 1, state_dependent_std=True),
    pg.MLPGaussian((3, 8, 2)),
    pg.MLPGaussian((3, 4, 1), state_dependent_std=True),
    pg.Squashed(pg.LinearGaussian(2), 2.0),
    pg.Squashed(pg.MLPGaussian((3, 8, 2))),
]
VECTOR = dict(vectorization_mode="vector_entry_point")
ENVIRONMENTS = {
    "tabular": lambda: envs.TabularVectorEnv(pg.two_doors(), 4),
    "vectors": lambda: envs.TabularVectorEnv(
        pg.TabularMDP(np.full((2, 2, 2), 0.3), np.eye(2), [0.5, 0.5], 0.9, np.eye(2)), 4
    ),
    "corridor": lambda: envs.ShortCorridor(3, max_steps=50),
    "rock": lambda: envs.RockPaperScissors(3, rounds=5, opponent=[0.2, 0.3, 0.5]),
    "bandit": lambda: envs.SteeringBandit(3),
    "point mass": lambda: control.PointMass(3),
    "pendulum": lambda: control.Pendulum(2, max_steps=30),
    "continuous cart": lambda: control.ContinuousCartPole(3),
    "CartPole": lambda: gym.make_vec("CartPole-v1", 3, **VECTOR),
    "sync": lambda: gym.make_vec("CartPole-v1", 3, vectorization_mode="sync"),
    "same step": lambda: gym.make_vec(
        "CartPole-v1",
        3,
        vectorization_mode="sync",
        max_episode_steps=5,
        vector_kwargs={"autoreset_mode": AutoresetMode.SAME_STEP},
    ),
    "Pendulum": lambda: gym.make_vec("Pendulum-v1", 2, vectorization_mode="sync"),
}


def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: type(p).__name__)
def test_the_books_policies_pass(policy):
    check_policy(policy, rng())
    assert isinstance(policy, Policy)
    assert isinstance(policy, SoftmaxPolicy) is hasattr(policy, "probs")
    assert isinstance(policy, GaussianPolicy) is (isinstance(policy, (pg.LinearGaussian, pg.MLPGaussian)))


@pytest.mark.parametrize("make", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_the_books_environments_and_gymnasiums_pass(make):
    environment = make()
    check_environment(environment, rng())
    assert isinstance(environment, Environment)


class Changed:
    """A sound policy but for what a subclass does otherwise."""

    inner = pg.TabularSoftmax(4, 3)

    def __getattr__(self, name):
        return getattr(self.inner, name)


class Vectors(Changed):
    inner = pg.LinearGaussian(3, 2, initial_log_std=-0.5)


class NoScore:
    num_params, num_actions, num_obs = 12, 3, 4
    init, sample, log_prob = (
        staticmethod(f) for f in (lambda rng: 0, lambda theta, obs, rng: 0, lambda theta, obs, actions: 0)
    )


class NoSize(Changed):
    num_params = 0


class FlatStart(Changed):
    def init(self, rng):
        return np.zeros((4, 3))


class WholeStart(Changed):
    def init(self, rng):
        return np.zeros(12, int)


class OneForAll(Changed):
    def sample(self, theta, obs, rng):
        return self.inner.sample(theta, np.ravel(obs)[0], rng)


class OwnSeed(Changed):
    seed = 0

    def sample(self, theta, obs, rng):
        OwnSeed.seed += 1
        return self.inner.sample(theta, obs, np.random.default_rng(OwnSeed.seed))


class Greedy(Changed):
    def sample(self, theta, obs, rng):
        return self.inner.probs(theta, obs).argmax(axis=-1)


class SameDraw(Changed):
    def sample(self, theta, obs, rng):
        sums = self.inner.probs(theta, obs).cumsum(axis=-1)
        return (sums[..., :-1] < rng.random()).sum(axis=-1)


class RowsMixed(Changed):
    def log_prob(self, theta, obs, actions):
        log_prob = self.inner.log_prob(theta, obs, actions)
        return log_prob if log_prob.ndim < 2 else log_prob[::-1]


class Transposed(Changed):
    def score(self, theta, obs, actions):
        return np.moveaxis(self.inner.score(theta, obs, actions), -1, 0)


class SummedScore(Changed):
    def score(self, theta, obs, actions):
        return self.inner.score(theta, obs, actions).sum(axis=0)


class NoMinusPi(Changed):
    def score(self, theta, obs, actions):
        scores = np.zeros(np.shape(obs) + (4, 3), theta.dtype)
        for i in np.ndindex(np.shape(obs)):
            scores[(*i, obs[i], actions[i])] = 1
        return scores.reshape(np.shape(obs) + (12,))

    def weighted_score(self, theta, obs, actions, weights):
        return np.tensordot(np.asarray(weights, theta.dtype), self.score(theta, obs, actions), axes=np.ndim(weights))


class MeanScore(Changed):
    def weighted_score(self, theta, obs, actions, weights):
        return self.inner.weighted_score(theta, obs, actions, weights) / np.size(weights)


class Unnormalised(Changed):
    def log_prob(self, theta, obs, actions):
        logits = self.inner.logits(theta, obs)
        return np.take_along_axis(logits, np.asarray(actions)[..., None], axis=-1)[..., 0]

    def score(self, theta, obs, actions):
        return NoMinusPi.score(self, theta, obs, actions)

    def weighted_score(self, theta, obs, actions, weights):
        return NoMinusPi.weighted_score(self, theta, obs, actions, weights)


class OtherProbs(Changed):
    def probs(self, theta, obs):
        return self.inner.probs(theta, obs)[..., ::-1]


class Bits(Changed):
    def entropy(self, theta, obs):
        return self.inner.entropy(theta, obs) / np.log(2)


class Always64(Changed):
    def log_prob(self, theta, obs, actions):
        return self.inner.log_prob(theta, obs, actions).astype(float)


class InPlace(Changed):
    def score(self, theta, obs, actions):
        theta += 1e-9
        return self.inner.score(theta, obs, actions)


class Raising(Changed):
    def log_prob(self, theta, obs, actions):
        return self.inner.log_prob(theta, obs, actions.reshape(5))


class NotANumber(Changed):
    def log_prob(self, theta, obs, actions):
        return self.inner.log_prob(theta, obs, actions) * np.nan


class Wide(Vectors):
    def sample(self, theta, obs, rng):
        mean = self.inner.mean(theta, obs)
        return mean + 1.2 * (self.inner.sample(theta, obs, rng) - mean)


class Aside(Vectors):
    def sample(self, theta, obs, rng):
        return self.inner.sample(theta, obs, rng) + [0.0, 0.1]


class NoConstant(Vectors):
    def log_prob(self, theta, obs, actions):
        return self.inner.log_prob(theta, obs, actions) + np.log(2 * np.pi).astype(theta.dtype)


class FlatActions(Vectors):
    def sample(self, theta, obs, rng):
        return self.inner.sample(theta, obs, rng)[..., 0]


class MeanOnly(Vectors):
    def score(self, theta, obs, actions):
        scores = self.inner.score(theta, obs, actions)
        scores[..., -2:] = 0
        return scores

    def weighted_score(self, theta, obs, actions, weights):
        return np.tensordot(np.asarray(weights, theta.dtype), self.score(theta, obs, actions), axes=np.ndim(weights))


class NoCorrection(pg.Squashed):
    def log_prob(self, theta, obs, actions):
        return self.policy.log_prob(theta, obs, actions)


class FromOne(Changed):
    def sample(self, theta, obs, rng):
        return self.inner.sample(theta, obs, rng) + 1


class WholeFloats(Changed):
    def sample(self, theta, obs, rng):
        return self.inner.sample(theta, obs, rng).astype(float)


class NothingReturned(Changed):
    def log_prob(self, theta, obs, actions):
        self.inner.log_prob(theta, obs, actions)


class Ragged(Changed):
    def sample(self, theta, obs, rng):
        return [[0], [0, 1]]


class OffForOneAction(Changed):
    """Wrong only for an action that is next to never drawn."""

    def init(self, rng):
        return np.tile([15.0, 0.0, 0.0], 4)

    def score(self, theta, obs, actions):
        return (
            self.inner.score(theta, obs, actions)
            * np.where(np.equal(actions, 2), 1e8, 1).astype(theta.dtype)[..., None]
        )

    def weighted_score(self, theta, obs, actions, weights):
        return np.tensordot(weights, self.score(theta, obs, actions), axes=np.ndim(weights)).astype(theta.dtype)


BROKEN = {
    FromOne: "policy.sample must draw actions in 0 .. 2, got values from 1 to 3",
    WholeFloats: "policy.sample(theta, obs, rng) must return one action per observation, shape (5, D), got shape (5,) "
    "of floats (discrete actions are integers)",
    NothingReturned: "policy.log_prob(theta, obs, actions) must return something, got None",
    Ragged: "policy.sample(theta, obs, rng) must return an array, got [[0], [0, 1]], whose rows differ in length",
    OffForOneAction: "policy.score must average to 0 over the actions, but in observation",
    NoScore: "policy must have a method score, got a NoScore, which has none",
    NoSize: "policy.num_params must be a whole number of at least 1, got 0",
    FlatStart: "policy.init(rng) must return an array of shape (12,), one number for each parameter, got shape (4, 3)",
    WholeStart: "policy.init(rng) must return floating-point numbers, got int64",
    OneForAll: "policy.sample(theta, obs, rng) must return one action per observation, shape (5,), got shape ()",
    OwnSeed: "policy.sample(theta, obs, rng) must draw from rng alone",
    Greedy: "policy.sample must draw from the law of log_prob: of 20000 draws",
    SameDraw: "policy.sample must draw from the law of log_prob: of 20000 draws",
    RowsMixed: "policy.log_prob(theta, obs, actions) must treat each sample on its own",
    Transposed: "policy.score(theta, obs, actions) must return an array of shape (5, 12), one row of d per sample, "
    "got shape (12, 5)",
    SummedScore: "policy.score(theta, obs, actions) must return an array of shape (5, 12), one row of d per sample, "
    "got shape (12,)",
    NoMinusPi: "policy.score must be the gradient of log_prob, but in parameter",
    MeanScore: "policy.weighted_score(theta, obs, actions, weights) must be the sum over samples of weight times score",
    Unnormalised: "exp(policy.log_prob) must sum to 1 over the actions",
    OtherProbs: "policy.probs must be exp(log_prob) of every action",
    Bits: "policy.entropy must be -sum of pi log pi, in nats",
    Always64: "policy.log_prob must follow the dtype of theta, float32, got float64",
    InPlace: "policy.score(theta, obs, actions) must leave theta as it is, but it changed it in place",
    Raising: "policy.log_prob(theta, obs, actions) must give an answer for theta (12,), obs (2, 5), actions (2, 5), "
    "but it raised ValueError",
    NotANumber: "policy.log_prob(theta, obs, actions) must return finite numbers, got [nan]",
    Wide: "policy.sample must draw from the law of log_prob: in dimension",
    Aside: "policy.sample must draw from the law of log_prob: in dimension 1 of the actions their middle differs",
    NoConstant: "exp(policy.log_prob) must integrate to 1 over the actions, but in one observation it gives 6.2",
    FlatActions: "policy.sample(theta, obs, rng) must return one action per observation, shape (5, D), got shape (5,)",
    MeanOnly: "policy.score must be the gradient of log_prob, but in parameter 6",
}


@pytest.mark.parametrize("broken, said", BROKEN.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_policy_is_told_what_is_wrong(broken, said):
    with pytest.raises(AssertionError) as error:
        check_policy(broken(), rng())
    assert str(error.value).startswith(said), error.value
    assert "\n" not in str(error.value) and " at 0x" not in str(error.value)


def test_more_that_is_told_of_policies():
    with pytest.raises(
        AssertionError, match="policy must be an object, got the class TabularSoftmax itself: make one of it"
    ):
        check_policy(pg.TabularSoftmax, rng())
    with pytest.raises(AssertionError, match=r"exp\(policy.log_prob\) must integrate to 1"):
        check_policy(NoCorrection(pg.LinearGaussian(2), 2.0), rng())
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        check_policy(POLICIES[0], 0)
    policy = Changed()
    policy.num_obs = None
    with pytest.raises(AssertionError, match="check_policy must be given obs"):
        check_policy(policy, rng())
    check_policy(policy, rng(), obs=np.arange(4))


class NearlySure(pg.TabularSoftmax):
    """Sound: of 20,000 actions none may be another than the first."""

    def init(self, rng):
        return np.tile([11.3, 0.0, 0.0], 4)


@pytest.mark.parametrize("seed", range(5))
def test_a_nearly_sure_policy_is_not_accused(seed):
    check_policy(NearlySure(4, 3), np.random.default_rng(seed))


@pytest.mark.parametrize("check, number", [(check_policy, {"num_samples": 10}), (check_environment, {"num_steps": 0})])
def test_too_few_draws_to_judge_by_are_refused(check, number):
    with pytest.raises(ValueError, match=f"{next(iter(number))} must be at least"):
        check(POLICIES[0] if check is check_policy else Steps(), rng(), **number)


class Steps(gym.vector.VectorEnv):
    """A sound environment: it counts to three, and ends there or, in every other episode of sub-environment 0,
    is cut at two."""

    num_envs, metadata = 2, {"autoreset_mode": AutoresetMode.NEXT_STEP}
    single_observation_space, single_action_space = gym.spaces.Discrete(4), gym.spaces.Discrete(2)
    action_space = gym.spaces.MultiDiscrete([2, 2])

    def reset(self, *, seed=None, options=None):
        self.count, self.over, self.episode = np.zeros(2, int), np.zeros(2, bool), np.zeros(2, int)
        return self.count.copy(), {}

    def step(self, actions):
        starting = self.over
        self.episode = self.episode + starting
        self.count = np.where(starting, 0, self.count + 1)
        terminated = self.count == 3
        truncated = (self.count == 2) & (self.episode % 2 == 0) & (np.arange(2) == 0)
        self.over = terminated | truncated
        return self.count.copy(), np.where(starting, 0.0, 1.0 + actions), terminated, truncated, {}


def changed(name, change):
    """The sound environment but for what `change` makes of what a step (or a reset) returns."""

    def method(self, *args, **kwargs):
        return change(*getattr(Steps, name)(self, *args, **kwargs))

    return type("Changed", (Steps,), {name: method})()


class SameStep(Steps):
    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}


class NoStep:
    num_envs, metadata = 2, {}

    def reset(self, *, seed=None, options=None):
        return np.zeros(2), {}


class Unseeded(Steps):
    resets = 0

    def reset(self, *, seed=None, options=None):
        super().reset()
        self.resets += 1
        return np.full(2, self.resets % 4), {}


class NoSeed(Steps):
    def reset(self):
        return super().reset()


class Hidden(Steps):
    def step(self, actions):
        obs, rewards, *rest = super().step(actions)
        return obs, np.where(rewards, np.random.default_rng().random(2), 0), *rest


class GoesOn(Steps):
    def step(self, actions):
        obs, rewards, *rest = super().step(actions)
        return obs, np.maximum(rewards, 1.0), *rest


class Refuses(Steps):
    def step(self, actions):
        if np.any(actions):
            raise IndexError("list index out of range")
        return super().step(actions)


def told(final):
    """`SameStep` that says `final` of every truncated episode."""
    return type(
        "Told", (SameStep,), {"step": lambda self, actions: (*Steps.step(self, actions)[:4], {"final_obs": final})}
    )()


BROKEN_ENVIRONMENTS = {
    "ragged obs": (
        lambda: changed("step", lambda obs, *rest: ([[0], [0, 1]], *rest)),
        "envs.step(actions) must return an array, got [[0], [0, 1]], whose rows differ in length",
    ),
    "ragged rewards": (
        lambda: changed("step", lambda obs, r, *rest: (obs, [[0], [0, 1]], *rest)),
        "envs.step(actions)[1], the rewards, must return an array, got [[0], [0, 1]], whose rows differ",
    ),
    "no obs": (
        lambda: changed("step", lambda obs, *rest: (None, *rest)),
        "envs.step(actions) must return something, got None",
    ),
    "a final obs out of its space": (
        lambda: told(np.array([99, 99])),
        'envs.step(actions) must say in info["final_obs"] what a truncated episode last showed',
    ),
    "one final obs for all": (
        lambda: told(3),
        'envs.step(actions) must say in info["final_obs"] what a truncated episode last showed',
    ),
    "obs without a shape": (
        lambda: type(
            "Dictionaries", (Steps,), {"single_observation_space": gym.spaces.Dict({"x": gym.spaces.Discrete(2)})}
        )(),
        "envs.single_observation_space must have a shape, so that an observation is one array, got Dict",
    ),
    "no step": (NoStep, "envs must have a method step, got a NoStep, which has none"),
    "no seed": (NoSeed, "envs.reset(seed=...) must give (obs, info), but it raised TypeError"),
    "unseeded": (Unseeded, "envs.reset(seed=...) must show the same observations for the same seed"),
    "obs alone": (
        lambda: changed("reset", lambda obs, info: obs),
        "envs.reset(seed=...) must return (obs, info), got an array",
    ),
    "obs in a column": (
        lambda: changed("reset", lambda obs, info: (obs[:, None], info)),
        "envs.reset(seed=...) must return obs of shape (2,), one per sub-environment, got shape (2, 1)",
    ),
    "out of its space": (
        lambda: changed("step", lambda obs, *rest: (obs + 2, *rest)),
        "envs.step(actions) must return obs in single_observation_space, Discrete(4), but sub-environment",
    ),
    "four values": (
        lambda: changed("step", lambda obs, r, a, b, info: (obs, r, a | b, info)),
        "envs.step(actions) must return (obs, rewards, terminated, truncated, info), got 4 values",
    ),
    "rewards in a column": (
        lambda: changed("step", lambda obs, r, *rest: (obs, r[:, None], *rest)),
        "envs.step(actions)[1], the rewards, must return an array of shape (2,)",
    ),
    "nan rewards": (
        lambda: changed("step", lambda obs, r, *rest: (obs, r * np.nan, *rest)),
        "envs.step(actions)[1], the rewards, must return finite numbers",
    ),
    "flags of 0 and 1": (
        lambda: changed("step", lambda obs, r, a, b, info: (obs, r, a.astype(int), b, info)),
        "envs.step(actions) must return terminated as an array of bool, shape (2,), got int64 values",
    ),
    "one flag for both": (
        lambda: changed("step", lambda obs, r, a, b, info: (obs, r, a | b, a | b, info)),
        "envs.step must tell apart why an episode ended, but at all",
    ),
    "no info": (
        lambda: changed("step", lambda *rest: (*rest[:4], None)),
        "envs.step(actions) must return a dictionary info, got None",
    ),
    "never ends": (
        lambda: changed("step", lambda obs, r, a, b, info: (obs, r, a & False, b & False, info)),
        "envs must end their episodes, but after 5000 steps sub-environment 0 has ended 0 of 2",
    ),
    "a reward between episodes": (
        GoesOn,
        "envs.step(actions) must only begin the next episode in the step after an end (NEXT_STEP)",
    ),
    "chance of its own": (Hidden, "envs.step must be the same for the same seed and actions, but at step 0 it was not"),
    "no final obs": (SameStep, 'envs.step(actions) must say in info["final_obs"] what a truncated episode last showed'),
    "refuses": (
        Refuses,
        "envs.step(actions) must take what envs.action_space.sample() draws, but it raised IndexError",
    ),
    "no mode": (
        lambda: type("NoMode", (Steps,), {"metadata": {}})(),
        "envs must reset themselves: metadata['autoreset_mode'] must be",
    ),
}


def test_the_sound_environment_passes():
    check_environment(Steps(), rng())


@pytest.mark.parametrize("make, said", BROKEN_ENVIRONMENTS.values(), ids=BROKEN_ENVIRONMENTS)
def test_a_broken_environment_is_told_what_is_wrong(make, said):
    with pytest.raises(AssertionError) as error:
        check_environment(make(), rng())
    assert str(error.value).startswith(said), error.value
    assert "\n" not in str(error.value) and " at 0x" not in str(error.value)
