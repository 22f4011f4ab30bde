"""The kit for policies and environments of a reader's own: all of the book's pass, each broken one is named."""

import re
from types import SimpleNamespace

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


class OwnNoise(Vectors):
    noise = np.random.default_rng(0)

    def sample(self, theta, obs, rng):
        return self.inner.sample(theta, obs, self.noise)


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
    Always64: "policy.log_prob must follow the dtype of theta, float32, got float64: return result.astype(theta.dtype)",
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
    with pytest.raises(AssertionError, match=r"with the same seed gave [\d .e-]+ \.\.\. and then [\d .e-]+ \.\.\.$"):
        check_policy(OwnNoise(), rng())
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
        "envs.step(actions)[0], the observations, must return an array, got [[0], [0, 1]], whose rows differ in length",
    ),
    "ragged rewards": (
        lambda: changed("step", lambda obs, r, *rest: (obs, [[0], [0, 1]], *rest)),
        "envs.step(actions)[1], the rewards, must return an array, got [[0], [0, 1]], whose rows differ",
    ),
    "no obs": (
        lambda: changed("step", lambda obs, *rest: (None, *rest)),
        "envs.step(actions)[0], the observations, must return something, got None",
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
    "no num_envs": (  # Gymnasium's own repr fails there
        gym.vector.VectorEnv,
        "envs must have num_envs, as every gymnasium.vector.VectorEnv has, got a VectorEnv, which has none",
    ),
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


# Faults that little shows, and sound policies of another make --------------------------------------------------------


class WithScore(Changed):
    """`score` is what a subclass makes of it, and weighted_score its sum."""

    def weighted_score(self, theta, obs, actions, weights):
        return np.tensordot(np.asarray(weights, theta.dtype), self.score(theta, obs, actions), axes=np.ndim(weights))


def without(method):
    return type("Without", (), {name: getattr(Changed.inner, name) for name in METHODS if name != method})()


METHODS = ("num_params", "num_actions", "num_obs", "init", "sample", "log_prob", "score", "weighted_score")


def altered(name, change, base=Changed):
    """The sound policy, but for what `change` makes of a method's answer and of what it was asked."""

    def method(self, *args):
        return change(getattr(self.inner, name)(*args), *args)

    return type("Altered", (base,), {name: method})()


def raising(name):
    def method(self, *args):
        raise KeyError("left")

    return type("Raising", (Changed,), {name: method})()


def _plus(found, what):
    return found + np.asarray(what, found.dtype)


def off_by(amount, k):
    """A score that is off in parameter k alone."""
    score = lambda self, *asked: _plus(self.inner.score(*asked), amount * (np.arange(12) == k))
    return type("OffBy", (WithScore,), {"score": score})()


class Ripple(Vectors):
    """Of a density that is wrong by two per cent at most, and a slope of that: only the mean of the scores tells."""

    height = 0.02

    def log_prob(self, theta, obs, actions):
        return self.inner.log_prob(theta, obs, actions) + theta.dtype.type(self.height) * np.sin(90 * theta[0])

    def score(self, theta, obs, actions):
        scores = self.inner.score(theta, obs, actions)
        scores[..., 0] += 90 * self.height * np.cos(90 * theta[0])
        return scores

    weighted_score = WithScore.weighted_score


class Below(WithScore):
    """Counts its actions from `first`, though it is asked about 0 .. 2."""

    first = -1

    def sample(self, theta, obs, rng):
        return self.inner.sample(theta, obs, rng) + self.first

    def log_prob(self, theta, obs, actions):
        return self.inner.log_prob(theta, obs, np.clip(actions, 0, 2))

    def score(self, theta, obs, actions):
        return self.inner.score(theta, obs, np.clip(actions, 0, 2))


class NanBeside(Changed):
    """Finite at the theta that it meets first alone."""

    first = None

    def log_prob(self, theta, obs, actions):
        self.first = theta.copy() if self.first is None else self.first
        found = self.inner.log_prob(theta, obs, actions)
        return found if abs(theta - self.first).max() < 1e-6 else found * np.nan


class FarAway(Changed):
    """The third action is chosen seldom; at -2000 its chance underflows to zero."""

    logit = -2000

    def __getattr__(self, name):
        found = getattr(self.inner, name)
        if name == "init" or not callable(found):
            return found
        return lambda theta, *rest: found(theta + np.tile([0, 0, self.logit], 4).astype(theta.dtype), *rest)


class Never(FarAway):
    """What should come once in a hundred times never comes; the first comes instead, too often by little."""

    logit = -4

    def sample(self, theta, obs, rng):
        drawn = self.__getattr__("sample")(theta, obs, rng)
        return np.where(drawn == 2, 0, drawn)


def second(found, wrong):
    """`found` of observations (N,), `wrong` of observations (2, N)."""
    return lambda result, *asked: (wrong if np.ndim(asked[1]) == 2 else found)(result)


same = lambda result: result
LITTLE = {
    "no num_params": (without("num_params"), "policy.num_params must be a whole number of at least 1, got None"),
    **{f"no {m}": (without(m), f"policy must have a method {m}, got a ") for m in METHODS[3:]},
    "no num_actions": (
        without("num_actions"),
        "policy.num_actions must be the number of its actions, since it draws integers, got None",
    ),
    "a score that is no method": (type("P", (Changed,), {"score": 3})(), "policy must have a method score, got "),
    "real num_params": (type("P", (Changed,), {"num_params": 12.0})(), "policy.num_params must be a whole number"),
    "num_params of True": (type("P", (Changed,), {"num_params": True})(), "policy.num_params must be a whole number"),
    "entropy off by 1e-5": (altered("entropy", lambda H, *_: H + 1e-5), "policy.entropy must be -sum of pi log pi"),
    "entropy 0": (
        altered("entropy", lambda H, *_: 0 * H),
        "policy.entropy must be -sum of pi log pi, in nats: expected ",
    ),
    "entropy in a column": (
        altered("entropy", lambda H, *_: H[:, None]),
        "policy.entropy(theta, obs) must return an array of shape (5,), one number per observation, got shape (5, 1)",
    ),
    "probs turned": (
        altered("probs", lambda p, *_: p.T),
        "policy.probs(theta, obs) must return an array of shape (5, 3), one row of A per observation, got shape (3, 5)",
    ),
    "more than one": (altered("log_prob", lambda lp, *_: lp + 0.01), "exp(policy.log_prob) must sum to 1"),
    "less than one": (altered("log_prob", lambda lp, *_: lp - 0.01), "exp(policy.log_prob) must sum to 1"),
    "integral below one": (
        altered("log_prob", lambda lp, *_: lp - lp.dtype.type(0.5), Vectors),
        "exp(policy.log_prob) must integrate to 1 over the actions, but in one observation it gives 0.6",
    ),
    "sample raises": (
        raising("sample"),
        "policy.sample(theta, obs, rng) must give an answer for theta (12,), obs (5,), but it raised KeyError",
    ),
    "init raises": (raising("init"), "policy.init(rng) must give an answer, but it raised KeyError: 'left'"),
    "complex": (
        altered("log_prob", lambda lp, *_: lp * 1j),
        "policy.log_prob(theta, obs, actions) must return numbers",
    ),
    "text": (
        altered("log_prob", lambda lp, *_: lp.astype(str)),
        "policy.log_prob(theta, obs, actions) must return numbers, got ",
    ),
    "minus infinity": (
        altered("log_prob", lambda lp, *_: lp - np.inf),
        "policy.log_prob(theta, obs, actions) must return finite numbers, got [-inf]",
    ),
    "rows of unequal length": (
        altered("log_prob", lambda lp, *_: [[0.0], [0.0, 1.0]]),
        "policy.log_prob(theta, obs, actions) must return an array, got [[0.0], [0.0, 1.0]]",
    ),
    "actions of True and False": (
        altered("sample", lambda a, *_: a > 0),
        "policy.sample(theta, obs, rng) must return integers, or vectors of numbers, got bool values",
    ),
    "an action too few": (
        altered("sample", lambda a, *_: a[1:]),
        "policy.sample(theta, obs, rng) must return one action per observation, shape (5,), got shape (4,)",
    ),
    "a vector too few": (
        altered("sample", lambda a, *_: a[1:], Vectors),
        "policy.sample(theta, obs, rng) must return one action per observation, shape (5, D), got shape (4, 2)",
    ),
    "vectors in a column": (
        altered("sample", lambda a, *_: a[:, None], Vectors),
        "policy.sample(theta, obs, rng) must return one action per observation, shape (5, D), got shape (5, 1, 2)",
    ),
    "flat actions of a table of observations": (
        altered("sample", second(same, np.ravel)),
        "policy.sample(theta, obs, rng) must return one action per observation, shape (2, 5) for obs (2, 5), "
        "got shape (10,)",
    ),
    "the first row twice": (
        altered("log_prob", second(same, lambda lp: np.stack([lp[0], lp[0]]))),
        "policy.log_prob(theta, obs, actions) must treat each sample on its own",
    ),
    "the second row twice": (
        altered("log_prob", second(same, lambda lp: np.stack([lp[1], lp[1]]))),
        "policy.log_prob(theta, obs, actions) must treat each sample on its own",
    ),
    "scores with two rows mixed": (
        altered("score", second(same, lambda s: s[::-1])),
        "policy.score(theta, obs, actions) must treat each sample on its own",
    ),
    "no weights": (
        altered("weighted_score", lambda s, theta, obs, a, w: Changed.inner.weighted_score(theta, obs, a, w**0)),
        "policy.weighted_score(theta, obs, actions, weights) must be the sum over samples of weight times score",
    ),
    "half the sum of a table": (
        altered("weighted_score", second(same, lambda s: s / 2)),
        "policy.weighted_score(theta, obs, actions, weights) must be the sum over samples of weight times score",
    ),
    "half the sum of a row": (
        altered("weighted_score", second(lambda s: s / 2, same)),
        "policy.weighted_score(theta, obs, actions, weights) must be the sum over samples of weight times score",
    ),
    **{
        f"{method} in {kind.__name__}": (
            altered(method, lambda found, *_, kind=kind: found.astype(kind)),
            f"policy.{method} must follow the dtype of theta, {other}, got {kind.__name__}",
        )
        for method in ("log_prob", "score", "weighted_score", "probs")
        for kind, other in ((np.float64, "float32"),)
    },
    "single precision always": (
        altered("probs", lambda p, *_: p.astype(np.float32)),
        "policy.probs must follow the dtype of theta, float64, got float32",
    ),
    **{
        f"a score off in parameter {k}": (
            off_by(1e-4, k),
            f"policy.score must be the gradient of log_prob, but in parameter {k} finite differences differ",
        )
        for k in range(12)
    },
    "not a number beside theta": (NanBeside(), "policy.score must be the gradient of log_prob, but in parameter 0 "),
    "ripple": (Ripple(), "policy.score must average to 0 over actions of policy.sample, but over 20000 draws in one"),
    "ripple, turned": (type("Turned", (Ripple,), {"height": -0.02})(), "policy.score must average to 0 over actions"),
    "never": (
        Never(),
        "policy.sample must draw from the law of log_prob: of 20000 draws in one observation action 2 came in 0.0000",
    ),
    "one for another": (
        altered("sample", lambda a, *_: np.where((a == 0) & (np.arange(a.size).reshape(a.shape) % 3 == 0), 1, a)),
        "policy.sample must draw from the law of log_prob: of 20000 draws in one observation action ",
    ),
    "below 0": (Below(), "policy.sample must draw actions in 0 .. 2, got values from -1 to "),
    "above the last": (
        type("P", (Below,), {"first": 1})(),
        "policy.sample must draw actions in 0 .. 2, got values from 1 to 3",
    ),
    "always the mean": (
        altered("sample", lambda a, theta, obs, rng: Vectors.inner.mean(theta, obs), Vectors),
        "policy.sample must draw a new action for each observation, but 20000 draws in one observation are all alike",
    ),
    "one number always the mean": (
        altered("sample", lambda a, *_: a * [1, 0], Vectors),
        "policy.sample must draw a new action for each observation, but 20000 draws in one observation are all alike",
    ),
    "probs that change what they see": (
        altered("probs", lambda p, theta, obs: obs.__iadd__(1) * 0),
        "policy.probs(theta, obs) must leave obs as it is, but it changed it in place",
    ),
}


@pytest.mark.parametrize("policy, said", LITTLE.values(), ids=[name.replace(" ", "-") for name in LITTLE])
def test_a_fault_that_little_shows_is_told_too(policy, said):
    with pytest.raises(AssertionError) as error:
        check_policy(policy, rng())
    assert str(error.value).startswith(said), error.value
    assert "\n" not in str(error.value) and " at 0x" not in str(error.value)


def test_what_is_told_holds_the_numbers_and_where_it_came_from():
    with pytest.raises(AssertionError) as error:
        check_policy(LITTLE["entropy 0"][0], rng())
    assert re.search(r"expected [01]\.\d+, got 0$", str(error.value))
    with pytest.raises(AssertionError) as error:
        check_policy(Aside(), rng())
    assert float(re.search(r"by (\d+) standard errors of 20000 draws$", str(error.value))[1]) > 6
    with pytest.raises(AssertionError) as error:
        check_policy(LITTLE["sample raises"][0], rng())
    assert isinstance(error.value.__cause__, KeyError)


def test_one_wrong_observation_among_right_ones_is_found():
    policy = altered("log_prob", lambda lp, theta, obs, a: _plus(lp, 0.01 * (np.asarray(obs) == 3)))
    with pytest.raises(AssertionError, match=r"exp\(policy.log_prob\) must sum to 1 .*, but in one .* sums to 1.01005"):
        check_policy(policy, rng(), obs=np.arange(4))


def test_bad_arguments_of_the_kit_are_named():
    for obs in (3, np.zeros(0, int), []):
        with pytest.raises(AssertionError, match=r"obs must hold some observations, \(N, ...\)"):
            check_policy(Changed(), rng(), obs=obs)
    blind = type("Blind", (Changed,), {"num_obs": None, "num_features": None})()
    with pytest.raises(AssertionError, match="check_policy must be given obs"):
        check_policy(blind, rng())
    with pytest.raises(ValueError, match="num_samples must be at least 1000, got 0"):
        check_policy(Changed(), rng(), num_samples=0)
    with pytest.raises(ValueError, match="num_steps must be at least 1, got 0"):
        check_environment(Steps(), rng(), num_steps=0)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        check_environment(Steps(), 0)


def test_sound_policies_pass_whatever_is_drawn():
    """At six standard errors; at two, one draw in three or so would fail."""
    for seed in range(25):
        for policy in (Changed.inner, Vectors.inner):
            check_policy(policy, np.random.default_rng(seed), num_samples=1000)


class Mirrored(pg.Squashed):
    def execute(self, actions):
        return -super().execute(actions)


class Plain:
    """As a learner writes it: one number from a normal law, its dtype that of what it is given."""

    num_params, num_features = np.int64(2), 1

    def init(self, rng):
        return np.zeros(2)

    def sample(self, theta, obs, rng):
        return theta[0] * obs + np.exp(theta[1]) * rng.standard_normal(obs.shape)

    def log_prob(self, theta, obs, actions):
        z = (actions[..., 0] - theta[0] * obs[..., 0].astype(theta.dtype)) * np.exp(-theta[1])
        return -0.5 * z * z - theta[1] - theta.dtype.type(0.5 * np.log(2 * np.pi))

    def score(self, theta, obs, actions):
        seen = obs[..., 0].astype(theta.dtype)
        z = (actions[..., 0] - theta[0] * seen) * np.exp(-theta[1])
        return np.stack([z * seen * np.exp(-theta[1]), z * z - 1], axis=-1)

    weighted_score = WithScore.weighted_score


@pytest.mark.parametrize(
    "policy",
    [
        pg.two_action_softmax(1),
        pg.LinearGaussian(3, 2, initial_log_std=-5),
        pg.LinearGaussian(3, 2, initial_log_std=-13),  # its scores are in the hundred thousands
        FarAway(),
        Mirrored(pg.LinearGaussian(2), 2.0),
        Plain(),
        type("Counted", (Changed,), {"num_params": np.int64(12), "num_actions": np.int64(3)})(),
        altered("sample", lambda a, *_: a.astype(np.uint8)),
        altered("sample", lambda a, *_: a.tolist()),
    ],
    ids=[
        "one-parameter",
        "narrow",
        "very-narrow",
        "underflow",
        "mirrored",
        "plain",
        "counted-by-NumPy",
        "unsigned",
        "lists",
    ],
)
def test_sound_policies_of_another_make_pass(policy):
    check_policy(policy, rng())


def test_of_a_long_theta_some_coordinates_are_drawn():
    """Two hundred of 900, and not the first ones: else a fault beyond them would never be found."""
    asked, inner = [], pg.TabularSoftmax(100, 9)

    class Long(WithScore):
        def log_prob(self, theta, obs, actions):
            asked.append(theta)
            return self.inner.log_prob(theta, obs, actions)

    Long.inner = inner
    check_policy(Long(), rng(), num_samples=1000)
    usual = max(range(len(asked)), key=lambda i: sum(np.array_equal(asked[i], other) for other in asked[:20]))
    moved = [theta - asked[usual] for theta in asked if theta.dtype == float]
    where = {int(np.flatnonzero(move)[0]) for move in moved if np.count_nonzero(move) == 1}
    assert len(where) == 200 and max(where) > 800

    class Far(Long):
        def score(self, theta, obs, actions):
            return _plus(self.inner.score(theta, obs, actions), 1e-3 * (np.arange(900) >= 300))

    with pytest.raises(AssertionError, match="policy.score must be the gradient of log_prob"):
        check_policy(Far(), rng(), num_samples=1000)


def test_observations_that_are_made_up_differ_and_lie_where_they_may():
    seen = []
    for base in (Changed, Vectors):
        check_policy(
            altered("log_prob", lambda lp, theta, obs, a: seen.append(obs) or lp, base), rng(), num_samples=1000
        )
    tables, vectors = ([obs for obs in seen if obs.shape == shape] for shape in ((5,), (5, 3)))
    assert all(set(obs) <= set(range(4)) and len(set(obs)) > 1 for obs in tables) and tables
    assert all(len(np.unique(obs)) == 15 for obs in vectors) and vectors
    few = type("Few", (Changed,), {"inner": pg.TabularSoftmax(1, 3), "num_obs": 1})()
    check_policy(few, rng())


# Environments: the same -----------------------------------------------------------------------------------------------

PARTS = ("num_envs", "metadata", "single_observation_space", "single_action_space", "action_space")


def bare(**changed):
    """The sound environment with nothing inherited; a part that is None is left out."""
    inner = Steps()
    parts = {part: getattr(inner, part) for part in (*PARTS, "reset", "step")} | changed
    return SimpleNamespace(**{part: value for part, value in parts.items() if value is not None})


class Buffers(Steps):
    """Hands out its own arrays, and writes the next step into them; in the part `chance` is noise that no seed sets."""

    chance = None

    def __init__(self):
        self.given = [np.zeros(2, int), np.zeros(2), np.zeros(2, bool), np.zeros(2, bool)]
        self.noise = np.random.default_rng(3)

    def reset(self, *, seed=None, options=None):
        self.given[0][:], info = super().reset(seed=seed)
        return self.given[0], info

    def step(self, actions):
        starting = self.over
        parts = list(super().step(actions)[:4])
        if self.chance is not None:
            noise = self.noise.integers(2, size=2) * ~starting
            if self.chance >= 2:  # an end is marked by both flags, by chance
                noise = parts[self.chance] | (self.over & (noise == 1))
            parts[self.chance] = noise
        for buffer, part in zip(self.given, parts):
            buffer[:] = part
        return *self.given, {}


class Drifts(Buffers):
    """The same buffer with other observations at each reset."""

    resets = 0

    def reset(self, *, seed=None, options=None):
        obs, info = super().reset(seed=seed)
        self.resets += 1
        obs[:] = self.resets % 4
        return obs, info


class Twins(Steps):
    """Both end at three, in the same step."""

    def step(self, actions):
        obs, rewards, terminated, _, info = super().step(actions)
        self.over = self.over & (obs == 3)
        return obs, rewards, obs == 3, np.zeros(2, bool), info


def between(rewards=(0, 0), terminated=(0, 0), truncated=(0, 0)):
    """Twins, with this in the step between two episodes."""

    class Between(Twins):
        def step(self, actions):
            starting = self.over.any()
            obs, *rest = super().step(actions)
            if starting:
                rest = np.array(rewards, float), np.array(terminated, bool), np.array(truncated, bool), {}
            return obs, *rest

    return Between


class DoublesInSingles(Steps):
    """Shows double precision where its space is of single precision: other bits, the same kind."""

    single_observation_space = gym.spaces.Box(0, 4, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        obs, info = super().reset()
        return obs[:, None] + 0.1, info

    def step(self, actions):
        obs, *rest = super().step(actions)
        return obs[:, None] + 0.1, *rest


class Late(SameStep):
    """Begins anew in the step of an end, and says what it last showed; `told` makes of that what is handed out."""

    told = staticmethod(lambda final, cut: final)

    def step(self, actions):
        self.over = np.zeros(2, bool)
        obs, rewards, terminated, truncated, info = super().step(actions)
        final, self.over = obs.copy(), np.zeros(2, bool)
        self.episode = self.episode + (terminated | truncated)
        self.count = np.where(terminated | truncated, 0, self.count)
        return self.count.copy(), rewards, terminated, truncated, {"final_obs": self.told(final, truncated)}


def late(told):
    return type("Late", (Late,), {"told": staticmethod(told)})


BETWEEN = "envs.step(actions) must only begin the next episode in the step after an end (NEXT_STEP): reward 0, neither "
FINAL = 'envs.step(actions) must say in info["final_obs"] what a truncated episode last showed, since it resets in '
OUTSIDE = "envs.step(actions) must return obs in single_observation_space, Discrete(4), but sub-environment "
CHANCE = "envs.step must be the same for the same seed and actions, but at step "
MORE = {
    **{
        f"no {part}": (
            lambda part=part: bare(**{part: None}),
            f"envs must have {part}, as every gymnasium.vector.VectorEnv has, got ",
        )
        for part in PARTS
    },
    **{
        f"{part} of 3": (
            lambda part=part: bare(**{part: 3}),
            f"envs.{part} must be a gymnasium.Space, got 3",
        )
        for part in PARTS[2:]
    },
    "no reset": (lambda: bare(reset=None), "envs must have a method reset, got "),
    "half an environment": (lambda: bare(num_envs=2.5), "envs.num_envs must be a whole number of at least 1, got 2.5"),
    "drifts in its buffer": (Drifts, "envs.reset(seed=...) must show the same observations for the same seed"),
    **{f"chance in part {i}": (type("Chance", (Buffers,), {"chance": i}), CHANCE) for i in range(4)},
    "reset in a list": (
        lambda: changed("reset", lambda obs, info: [obs, info]),
        "envs.reset(seed=...) must return (obs, info), got [array(",
    ),
    "reset of three": (
        lambda: changed("reset", lambda obs, info: (obs, info, 0)),
        "envs.reset(seed=...) must return (obs, info), got (array(",
    ),
    "reset without info": (
        lambda: changed("reset", lambda obs, info: (obs, None)),
        "envs.reset(seed=...) must return a dictionary info, got None",
    ),
    "unequal observations": (
        lambda: changed("reset", lambda obs, info: ([[0], [0, 1]], info)),
        "envs.reset(seed=...)[0], the observations, must return an array, got [[0], [0, 1]]",
    ),
    "unequal rewards": (
        lambda: changed("step", lambda obs, r, *rest: (obs, [[0], [0, 1]], *rest)),
        "envs.step(actions)[1], the rewards, must return an array, got [[0], [0, 1]]",
    ),
    "unequal flags": (
        lambda: changed("step", lambda obs, r, a, b, info: (obs, r, a, [[0], [0, 1]], info)),
        "envs.step(actions), as truncated, must return an array, got [[0], [0, 1]]",
    ),
    "flags in a column": (
        lambda: changed("step", lambda obs, r, a, b, info: (obs, r, a, b[:, None], info)),
        "envs.step(actions) must return truncated as an array of bool, shape (2,), got bool values, shape (2, 1)",
    ),
    "real numbers for whole ones": (
        lambda: changed("step", lambda obs, *rest: (obs + 0.0, *rest)),
        OUTSIDE + "0 shows 1.0 of float64",
    ),
    **{
        f"sub-environment {n} out of its space": (
            lambda n=n: changed("step", lambda obs, *rest: (obs + 9 * (np.arange(2) == n), *rest)),
            f"{OUTSIDE}{n} shows",
        )
        for n in (0, 1)
    },
    "nothing": (
        lambda: changed("step", lambda *rest: None),
        "envs.step(actions) must return (obs, rewards, terminated, truncated, info), got None",
    ),
    "six values": (
        lambda: changed("step", lambda *rest: (*rest, 0)),
        "envs.step(actions) must return (obs, rewards, terminated, truncated, info), got 6 values",
    ),
    "the second never ends": (
        lambda: changed("step", lambda obs, r, a, b, info: (obs, r, a & [True, False], b & [True, False], info)),
        "envs must end their episodes, but after 5000 steps sub-environment 1 has ended 0 of 2: give it a time limit",
    ),
    "all ends both": (
        lambda: changed("step", lambda obs, r, a, b, info: (obs, r, a | b, a | b, info)),
        "envs.step must tell apart why an episode ended, but at all 4 ends terminated and truncated were both True",
    ),
    "a reward between, in the second": (
        between(rewards=(0, 2)),
        BETWEEN + "terminated nor truncated, got reward 2, terminated False, truncated False in sub-environment 1",
    ),
    "rewards between that cancel": (
        between(rewards=(-1, 1)),
        BETWEEN + "terminated nor truncated, got reward -1, terminated False, truncated False in sub-environment 0",
    ),
    "an end between": (
        between(terminated=(0, 1)),
        BETWEEN + "terminated nor truncated, got reward 0, terminated True, truncated False in sub-environment 1",
    ),
    "a cut between": (
        between(truncated=(1, 0)),
        BETWEEN + "terminated nor truncated, got reward 0, terminated False, truncated True in sub-environment 0",
    ),
    "final obs of another shape": (late(lambda final, cut: final[:, None]), FINAL + "the same step (SAME_STEP), but"),
    "no final obs at all": (
        late(lambda final, cut: None),
        FINAL + "the same step (SAME_STEP), but for sub-environment 0",
    ),
    "no final obs of the first": (
        late(lambda final, cut: np.array([None, 3], object)),
        FINAL + "the same step (SAME_STEP), but for sub-environment 0 it holds None",
    ),
    "final obs too short": (
        late(lambda final, cut: []),
        FINAL + "the same step (SAME_STEP), but for sub-environment 0 it",
    ),
    "a number for final obs": (
        late(lambda final, cut: 2),
        FINAL + "the same step (SAME_STEP), but for sub-environment 0",
    ),
}


@pytest.mark.parametrize("make, said", MORE.values(), ids=[name.replace(" ", "-") for name in MORE])
def test_a_fault_of_an_environment_that_little_shows_is_told_too(make, said):
    with pytest.raises(AssertionError) as error:
        check_environment(make(), rng())
    assert str(error.value).startswith(said), error.value
    assert "\n" not in str(error.value) and " at 0x" not in str(error.value)


@pytest.mark.parametrize(
    "make",
    [
        bare,
        Buffers,
        Twins,
        between(),
        late(lambda final, cut: final),
        late(lambda final, cut: [one if c else None for one, c in zip(final, cut)]),
        lambda: changed("step", lambda *rest: list(rest)),
        DoublesInSingles,
        lambda: changed("step", lambda obs, r, a, b, info: (obs, r, a, b | a & [True, False], info)),
    ],
    ids=["bare", "buffers", "twins", "between", "late", "told-where-cut", "a-list", "doubles", "both-at-once"],
)
def test_sound_environments_of_another_make_pass(make):
    check_environment(make(), rng())


def test_episodes_that_end_with_the_last_step_have_ended():
    """Two ends in each: sub-environment 1 takes three steps, one to begin anew, and three more."""
    check_environment(Steps(), rng(), num_steps=7)
    with pytest.raises(AssertionError, match="after 6 steps sub-environment 1 has ended 1 of 2"):
        check_environment(Steps(), rng(), num_steps=6)
