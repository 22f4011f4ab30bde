"""Every public function of the library, called rightly once, and then with one argument after another made wrong.

`GOOD` has the right calls, one for each function, class and method that takes a number or an array; a test holds it to
the reference. What each argument is follows from its value: a number, an array of numbers, or neither.
"""

import inspect
import re
from copy import deepcopy

import gymnasium as gym
import numpy as np
import pytest

import policy_gradient as pg
from policy_gradient import control, critic, envs, exact, linear_quadratic, natural, ppo, segments, sorting, surrogate
from policy_gradient import testing as own
from policy_gradient.mdp import chain
from policy_gradient.worlds import coin_chain
from tests.helpers.ranks import MDP, PARTS, ROLLOUT, N, T
from tests.helpers.reference import RESULTS, public

LIN, TAB, MLP = pg.two_action_softmax(2, 3), pg.TabularSoftmax(3, 2), pg.MLPSoftmax((4, 5, 2))
GAUSS, NET = pg.LinearGaussian(4), pg.MLPGaussian((4, 5, 1))
HALF, EYE = np.full((4, 2), 0.5), np.eye(2)
STEPS, NEVER, ROW, STATES = np.ones((T, N)), np.zeros((T, N), bool), np.array([1.0, 2.0, 3.0]), np.arange(3)
SEGMENT = segments.Segment(STEPS, NEVER.astype(int), STEPS, STEPS, NEVER, NEVER, ~NEVER, np.array([]))
LQ = control.point_mass(horizon=3)
LAW = {k: getattr(LQ, k) for k in ("A", "B", "Q", "R", "start", "noise", "horizon", "gamma")}
PLAN = dict(W=np.zeros((2, 1)), log_std=np.zeros(1))
SORT = pg.Sorting(2, 3)
WRITER = pg.TokenPolicy(SORT, pg.MLPSoftmax((SORT.num_features, 4, 3)))
TALKER = pg.Transformer(3, 2, 2, width=4, heads=2, hidden=4)
PROMPTS, TOKENS = np.array([[0, 2], [1, 1]]), np.array([[0, 1], [2, 1]])
WRITTEN = dict(theta=np.zeros(WRITER.num_params), prompts=PROMPTS, tokens=TOKENS)
SPOKEN = dict(theta=np.ones(TALKER.num_params), prompts=PROMPTS, tokens=TOKENS)
QUIET = dict(num_updates=1, learning_rate=0.01)
EACH = dict(theta=np.array([1.0, 0.0, -2.0, 0.0, 1.0, 3.0]), obs=STATES)
TAKEN = dict(actions=np.array([0, 1, 1]), weights=ROW)
VECTORS, DRAWN = np.array([[1.0, 0, 2, 0], [0, 1, 0, -1]]), np.array([[1.0], [-2.0]])
SEEN = dict(theta=np.arange(MLP.num_params) % 3 - 1.0, obs=VECTORS)
FELT = dict(theta=np.array([1.0, 0, -1, 0, 1]), obs=VECTORS)
AT = dict(theta=np.array([1.0, -1.0]))


def cartpole():
    return gym.make_vec("CartPole-v1", 2, vectorization_mode="vector_entry_point")


def learner():
    return pg.Critic((4, 3, 1), np.random.default_rng(0), gamma=0.9, num_steps=1)


FRESH = {  # what a call uses up: made anew for each
    "rng": lambda: np.random.default_rng(0),
    "envs": lambda: envs.TabularVectorEnv(MDP, 3),
    "cartpole": cartpole,
    "learner": learner,
}
RNG, ENVS, CARTPOLE, LEARNER = FRESH  # the names stand for them
TRAINED = dict(envs=CARTPOLE, policy=MLP, theta=SEEN["theta"], critic=LEARNER, rng=RNG)
TRAINED |= dict(num_updates=1, num_steps=4, progress=False)


def softmax(policy, seen, taken):
    name = type(policy).__name__
    return {
        f"{name}.logits": (policy.logits, seen),
        f"{name}.probs": (policy.probs, seen),
        f"{name}.entropy": (policy.entropy, seen),
        f"{name}.sample": (policy.sample, seen | dict(rng=RNG)),
        f"{name}.log_prob": (policy.log_prob, seen | dict(actions=taken["actions"])),
        f"{name}.score": (policy.score, seen | dict(actions=taken["actions"])),
        f"{name}.weighted_score": (policy.weighted_score, seen | taken),
    }


def gaussian(policy, seen, taken):
    name = type(policy).__name__
    asked = softmax(policy, seen, taken) if hasattr(policy, "logits") else {}
    for method in ("mean", "entropy", "parameters", "log_std"):
        if hasattr(policy, method):
            asked[f"{name}.{method}"] = (getattr(policy, method), seen)
    asked[f"{name}.sample"] = (policy.sample, seen | dict(rng=RNG))
    asked[f"{name}.log_prob"] = (policy.log_prob, seen | dict(actions=taken["actions"]))
    asked[f"{name}.score"] = (policy.score, seen | dict(actions=taken["actions"]))
    asked[f"{name}.weighted_score"] = (policy.weighted_score, seen | taken)
    return asked


def stepped(env, actions):
    env.reset(seed=0)
    return env.step(actions)


GOOD = {
    # policies
    "TabularSoftmax": (pg.TabularSoftmax, dict(num_states=3, num_actions=2)),
    **softmax(TAB, EACH, TAKEN),
    "LinearSoftmax": (pg.LinearSoftmax, dict(features=np.ones((3, 2, 2)))),
    **softmax(LIN, AT | dict(obs=STATES), TAKEN),
    "MLPSoftmax": (pg.MLPSoftmax, dict(sizes=(4, 5, 2))),
    **softmax(MLP, SEEN, dict(actions=np.array([0, 1]), weights=ROW[:2])),
    "two_action_softmax": (pg.two_action_softmax, dict(num_params=2, num_obs=3)),
    "softmax": (pg.softmax, dict(logits=ROW)),
    "log_softmax": (pg.log_softmax, dict(logits=ROW)),
    "LinearGaussian": (pg.LinearGaussian, dict(num_features=3, num_actions=2, initial_log_std=0.5)),
    **gaussian(GAUSS, FELT, dict(actions=DRAWN, weights=ROW[:2])),
    "MLPGaussian": (pg.MLPGaussian, dict(sizes=(4, 5, 1), initial_log_std=0.5)),
    **gaussian(NET, dict(theta=np.arange(NET.num_params) % 3 - 1.0, obs=VECTORS), dict(actions=DRAWN, weights=ROW[:2])),
    "Squashed": (pg.Squashed, dict(policy=GAUSS, limit=2.0)),
    **gaussian(pg.Squashed(GAUSS, 2.0), FELT, dict(actions=DRAWN, weights=ROW[:2])),
    "Squashed.execute": (pg.Squashed(GAUSS).execute, dict(actions=DRAWN)),
    "gaussian_log_prob": (pg.gaussian_log_prob, dict(actions=ROW, mean=ROW, log_std=ROW)),
    "gaussian_score": (pg.gaussian_score, dict(actions=ROW, mean=ROW, log_std=ROW)),
    "gaussian_entropy": (pg.gaussian_entropy, dict(log_std=ROW)),
    "tanh_gaussian_log_prob": (pg.tanh_gaussian_log_prob, dict(u=ROW, mean=ROW, log_std=ROW)),
    "gaussian.checked_log_std": (pg.gaussian.checked_log_std, dict(log_std=ROW)),
    # finite worlds
    "TabularMDP": (
        pg.TabularMDP,
        dict(P=np.zeros((2, 1, 2)), R=np.ones((2, 1)), rho=np.array([1.0, 0]), gamma=0.5, obs=np.array([0, 1])),
    ),
    "tabular.tabular": (pg.tabular.tabular, dict(mdp=MDP)),
    "state_probs": (pg.state_probs, dict(mdp=MDP, policy=LIN) | AT),
    "state_values": (pg.state_values, dict(mdp=MDP, probs=HALF)),
    "action_values": (pg.action_values, dict(mdp=MDP, probs=HALF)),
    "discounted_visitation": (pg.discounted_visitation, dict(mdp=MDP, probs=HALF, gamma=0.5)),
    "expected_return": (pg.expected_return, dict(mdp=MDP, probs=HALF)),
    "exact_gradient": (pg.exact_gradient, dict(mdp=MDP, policy=LIN, visitation=np.ones(4)) | AT),
    "mdp.chain": (chain, dict(mdp=MDP, probs=HALF, gamma=0.5)),
    "short_corridor": (pg.short_corridor, dict(cells=3)),
    "worlds.coin_chain": (coin_chain, dict(length=2)),
    "finite_difference": (pg.finite_difference, dict(J=np.sum, theta=ROW, h=1e-5)),
    "complex_step": (pg.complex_step, dict(J=np.sum, theta=ROW, h=1e-30)),
    "exact.trajectories": (exact.trajectories, dict(mdp=MDP, probs=HALF)),
    "exact.moments": (exact.moments, dict(mdp=MDP, policy=LIN, weigh=lambda path: path.rewards) | AT),
    "exact.gae_weigh": (exact.gae_weigh, dict(mdp=MDP, critic=np.ones(4), lam=0.5)),
    # rollouts, returns, estimators
    "Rollout": (pg.Rollout, PARTS),
    "rollout": (pg.rollout, dict(envs=ENVS, policy=LIN, rng=RNG, max_steps=3) | AT),
    "AliasTable": (pg.AliasTable, dict(probs=HALF)),
    "AliasTable.sample": (pg.AliasTable(HALF).sample, dict(offset=np.array([0, 2]), rng=RNG)),
    "sample_rollout": (pg.sample_rollout, dict(mdp=MDP, policy=LIN, num_episodes=3, max_steps=3, rng=RNG) | AT),
    "sample_gradient": (
        pg.sample_gradient,
        dict(mdp=MDP, policy=LIN, num_episodes=3, max_steps=3, rng=RNG, chunk=2) | AT,
    ),
    "discounts": (pg.discounts, dict(num_steps=3, gamma=0.5)),
    "total_return": (pg.total_return, dict(rewards=ROW, gamma=0.5)),
    "reward_to_go": (pg.reward_to_go, dict(rewards=ROW, gamma=0.5)),
    "gradient_samples": (pg.gradient_samples, dict(policy=LIN, rollout=ROLLOUT, psi=STEPS) | AT),
    "estimate_gradient": (pg.estimate_gradient, dict(policy=LIN, rollout=ROLLOUT, psi=STEPS) | AT),
    "psi_total_return": (pg.psi_total_return, dict(rollout=ROLLOUT, gamma=0.5)),
    "psi_reward_to_go": (pg.psi_reward_to_go, dict(rollout=ROLLOUT, gamma=0.5, baseline=STEPS)),
    "psi_table": (pg.psi_table, dict(rollout=ROLLOUT, gamma=0.5, table=np.ones((4, 2)))),
    "leave_one_out_mean": (pg.leave_one_out_mean, dict(returns=STEPS, mask=ROLLOUT.mask)),
    "batch_mean": (pg.batch_mean, dict(returns=STEPS, mask=ROLLOUT.mask)),
    # critics
    "gae": (pg.gae, dict(rollout=ROLLOUT, values=STEPS, last_values=ROW, gamma=0.5, lam=0.5)),
    "critic.td_errors": (critic.td_errors, dict(rollout=ROLLOUT, values=STEPS, last_values=ROW, gamma=0.5)),
    "critic.gae_columns": (
        critic.gae_columns,
        dict(rewards=STEPS, values=STEPS, next_values=STEPS, terminated=NEVER, truncated=NEVER, gamma=0.5, lam=0.5),
    ),
    "critic.explained_variance": (critic.explained_variance, dict(values=ROW[::-1], returns=ROW)),
    "critic.td_fixed_point": (
        critic.td_fixed_point,
        dict(mdp=MDP, probs=HALF, features=np.eye(4), weights=np.ones(4)),
    ),
    "Critic": (
        pg.Critic,
        dict(sizes=(4, 3, 1), rng=RNG, gamma=0.5, lam=0.5, learning_rate=0.1, num_steps=2, unit=2.0),
    ),
    "Critic.values": (lambda obs: learner().values(obs), dict(obs=VECTORS)),
    "Critic.fit": (lambda obs, targets: learner().fit(obs, targets), dict(obs=VECTORS, targets=ROW[:2])),
    # training
    "Adam": (pg.Adam, dict(learning_rate=0.1, beta1=0.9, beta2=0.9, epsilon=1e-8)),
    "Adam.step": (lambda theta, gradient: pg.Adam().step(theta, gradient), dict(theta=ROW, gradient=ROW)),
    "reinforce": (
        pg.reinforce,
        dict(envs=ENVS, policy=LIN, rng=RNG, gamma=0.5, max_steps=4, target_return=9.0, progress=False) | QUIET | AT,
    ),
    "evaluate": (pg.evaluate, dict(envs=ENVS, policy=LIN, rng=RNG, max_steps=3) | AT),
    "run_seeds": (pg.run_seeds, dict(train=lambda rng: 0, seeds=[0, 1], progress=False, n_jobs=1)),
    "sweep": (pg.sweep, dict(train=lambda rng: 0, settings=[{}], seeds=[0, 1], progress=False, n_jobs=1)),
    "bootstrap_interval": (pg.bootstrap_interval, dict(values=ROW, rng=RNG, confidence=0.5)),
    "testing.check_policy": (own.check_policy, dict(policy=TAB, rng=RNG, obs=STATES, num_samples=1000)),
    "testing.check_environment": (own.check_environment, dict(envs=ENVS, rng=RNG, num_steps=2000)),
    # environments
    "envs.SmallVectorEnv": (
        envs.SmallVectorEnv,
        dict(num_envs=2, max_steps=3, obs_space=gym.spaces.Discrete(2), action_space=gym.spaces.Discrete(2)),
    ),
    "envs.TabularVectorEnv": (envs.TabularVectorEnv, dict(mdp=MDP, num_envs=2, max_steps=3)),
    "envs.TabularVectorEnv.step": (
        lambda actions: stepped(envs.TabularVectorEnv(MDP, 2), actions),
        dict(actions=np.array([0, 1])),
    ),
    "envs.ShortCorridor": (envs.ShortCorridor, dict(num_envs=2, cells=3, max_steps=3)),
    "envs.RockPaperScissors": (
        envs.RockPaperScissors,
        dict(num_envs=2, opponent=np.array([1.0, 0, 0]), payoff=pg.RPS.copy(), rounds=2),
    ),
    "envs.RockPaperScissors.announce": (envs.RockPaperScissors().announce, dict(policy=np.array([1.0, 0, 0]))),
    "envs.SteeringBandit": (envs.SteeringBandit, dict(num_envs=2, peak=0.5, width=0.1)),
    "envs.SteeringBandit.step": (lambda actions: stepped(envs.SteeringBandit(2), actions), dict(actions=DRAWN)),
    "envs.SteeringBandit.reward": (envs.SteeringBandit().reward, dict(actions=DRAWN)),
    "control.ContinuousCartPole": (control.ContinuousCartPole, dict(num_envs=2, max_steps=3)),
    "control.Pendulum": (control.Pendulum, dict(num_envs=2, max_steps=3)),
    "control.PointMass": (control.PointMass, dict(num_envs=2, problem=LQ)),
    "control.PointMass.step": (lambda actions: stepped(control.PointMass(2), actions), dict(actions=DRAWN)),
    "linear_quadratic.LinearQuadratic": (control.LinearQuadratic, LAW),
    "LinearQuadratic.expected_return": (LQ.expected_return, PLAN),
    "LinearQuadratic.gradient": (LQ.gradient, PLAN),
    "linear_quadratic.point_mass": (linear_quadratic.point_mass, dict(horizon=3, dt=0.5, noise_std=0.5)),
    # trust regions
    "natural.fisher": (natural.fisher, EACH | dict(policy=TAB, weights=ROW)),
    "natural.fisher_vector": (natural.fisher_vector, EACH | dict(policy=TAB, weights=ROW, v=np.arange(6.0))),
    "natural.fisher_vector of a network": (
        natural.fisher_vector,
        SEEN | dict(policy=MLP, weights=ROW[:2], v=SEEN["theta"]),
    ),
    "natural.conjugate_gradient": (
        natural.conjugate_gradient,
        dict(matvec=lambda v: 2 * v, b=ROW, iterations=5, tolerance=1e-9),
    ),
    "natural.natural_gradient": (
        natural.natural_gradient,
        EACH | dict(policy=TAB, gradient=np.array([1.0, -1, 2, -2, 1, -1]), weights=ROW, damping=0.1, iterations=9),
    ),
    "natural.kl_step": (natural.kl_step, dict(natural=ROW, gradient=ROW, delta=0.1)),
    "natural.kl": (natural.kl, EACH | dict(policy=TAB, other=np.zeros(6), weights=ROW)),
    "natural.kl of a network": (
        natural.kl,
        SEEN | dict(policy=MLP, other=np.zeros(MLP.num_params), weights=ROW[:2]),
    ),
    "ppo.ppo": (
        ppo.ppo,
        TRAINED | dict(epochs=2, minibatch=4, clip=0.2, target_kl=9.0, anneal=0.5, max_norm=1.0, learning_rate=0.01),
    ),
    "ppo.trpo": (ppo.trpo, TRAINED | dict(delta=0.1, damping=0.1, iterations=3, backtracks=2)),
    "segments.segments": (segments.segments, dict(envs=ENVS, policy=LIN, rng=RNG, num_steps=2)),
    "segments.segment_gae": (
        segments.segment_gae,
        dict(segment=SEGMENT, values=STEPS, next_values=STEPS, gamma=0.5, lam=0.5),
    ),
    "surrogate.ratios": (surrogate.ratios, dict(log_probs=ROW, old_log_probs=ROW[::-1])),
    "surrogate.surrogate": (surrogate.surrogate, dict(ratio=ROW, advantages=ROW[::-1])),
    "surrogate.clip_objective": (surrogate.clip_objective, dict(ratio=ROW, advantages=ROW, low=0.5, high=2.0)),
    "surrogate.clip_weights": (surrogate.clip_weights, dict(ratio=ROW, advantages=ROW, low=0.5, high=2.0)),
    "surrogate.kl_estimates": (surrogate.kl_estimates, dict(log_ratio=ROW)),
    "surrogate.normalised": (surrogate.normalised, dict(advantages=ROW)),
    # games
    "best_response": (pg.best_response, dict(policy=np.array([0.0, 1, 0]), payoff=pg.RPS.copy())),
    "self_play": (
        pg.self_play,
        dict(
            policy=np.full(3, 1 / 3),
            opponent=np.full(3, 1 / 3),
            payoff=pg.RPS.copy(),
            steps=2,
            step_size=0.5,
            temperature=0.5,
        ),
    ),
    # groups and language
    "group_advantages": (pg.group_advantages, dict(rewards=np.array([[1.0, 0, 1]]), how="pass@k", k=2)),
    "token_weights": (
        pg.token_weights,
        dict(advantages=ROW, mask=np.ones((2, 3), bool), how="constant", max_len=4),
    ),
    "grpo_weight": (pg.grpo_weight, dict(p=np.array([0.0, 1.0]), group_size=4)),
    "mixed_share": (pg.mixed_share, dict(p=np.array([0.0, 1.0]), group_size=4)),
    "pass_at_k": (pg.pass_at_k, dict(num_samples=np.array([4, 5]), num_correct=np.array([1, 2]), k=2)),
    "group_moments": (
        pg.group_moments,
        dict(outcomes=pg.AnswerTree().outcomes(np.zeros(3)), group_size=2, weigh=lambda r, n: r),
    ),
    "AnswerTree": (pg.AnswerTree, dict(lengths=(2, 4))),
    "AnswerTree.outcomes": (pg.AnswerTree().outcomes, dict(theta=ROW)),
    "AnswerTree.by_length": (pg.AnswerTree().by_length, dict(theta=ROW)),
    "tree_logits": (pg.tree_logits, dict(p=0.5, ramble_right=0.25, ramble_wrong=0.75)),
    "TokenPolicy": (pg.TokenPolicy, dict(task=SORT, network=WRITER.network)),
    "TokenPolicy.generate": (WRITER.generate, dict(theta=WRITTEN["theta"], prompts=PROMPTS, rng=RNG)),
    "TokenPolicy.features": (WRITER.features, dict(prompts=PROMPTS, tokens=TOKENS)),
    "TokenPolicy.log_prob": (WRITER.log_prob, WRITTEN),
    "TokenPolicy.weighted_score": (WRITER.weighted_score, WRITTEN | dict(weights=np.ones((2, 2)))),
    "imitate": (
        pg.imitate,
        WRITTEN | dict(policy=WRITER, rng=RNG, num_steps=2, batch=2, learning_rate=0.1, mask=np.ones((2, 2), bool)),
    ),
    "climb": (
        pg.climb,
        dict(
            policy=WRITER,
            theta=WRITTEN["theta"],
            draw_prompts=SORT.prompts,
            reward=SORT.reward,
            rng=RNG,
            num_prompts=2,
            group_size=4,
            epochs=2,
            clip=0.2,
            cap=2.0,
            **QUIET,
        ),
    ),
    "sampler_ratios": (pg.sampler_ratios, dict(log_probs=ROW, sampler_log_probs=ROW, mask=np.ones(3, bool))),
    "kl_loss_weights": (pg.kl_loss_weights, dict(log_probs=ROW, ref_log_probs=ROW[::-1], which="k3")),
    "kl_values": (pg.kl_values, dict(log_probs=ROW, ref_log_probs=ROW[::-1], which="k3")),
    "optimal_policy": (pg.optimal_policy, dict(ref_probs=np.array([0.0, 1, 0]), rewards=ROW, beta=0.5)),
    "dpo_weights": (pg.dpo_weights, dict(chosen_log_ratio=ROW, rejected_log_ratio=ROW[::-1], beta=0.5)),
    "Sorting": (pg.Sorting, dict(num_digits=2, base=3)),
    "Sorting.prompts": (SORT.prompts, dict(rng=RNG, num=3)),
    "Sorting.features": (SORT.features, dict(prompts=PROMPTS, tokens=TOKENS, t=1)),
    "Sorting.answers": (SORT.answers, dict(prompts=PROMPTS)),
    "Sorting.reward": (SORT.reward, dict(prompts=PROMPTS, answers=TOKENS)),
    "Sorting.demonstrations": (SORT.demonstrations, dict(rng=RNG, num=3, noise=0.5)),
    "sorting.exact": (sorting.exact, dict(task=SORT, policy=WRITER, theta=WRITTEN["theta"], prompts=PROMPTS)),
    "sorting.success": (sorting.success, dict(task=SORT, policy=WRITER, theta=WRITTEN["theta"], prompts=PROMPTS)),
    "Transformer": (
        pg.Transformer,
        dict(num_tokens=3, prompt_len=2, max_len=2, width=4, heads=2, hidden=4, end=0),
    ),
    "Transformer.generate": (TALKER.generate, dict(theta=SPOKEN["theta"], prompts=PROMPTS, rng=RNG)),
    "Transformer.log_prob": (TALKER.log_prob, SPOKEN),
    "Transformer.weighted_score": (TALKER.weighted_score, SPOKEN | dict(weights=np.ones((2, 2)))),
}


def ask(name, **changed):
    """What a right call gives, or the same with some arguments changed."""
    call, given = GOOD[name]
    fresh = {k: FRESH[v]() for k, v in given.items() if isinstance(v, str) and v in FRESH}
    return call(**given | fresh | changed)


def flat(result):
    """All numbers in what a call gave, one after the other."""
    if isinstance(result, (np.ndarray, np.number, float, int)):
        return np.ravel(result).tolist()
    if isinstance(result, (tuple, list)):
        return [number for part in result for number in flat(part)]
    if isinstance(result, dict) or hasattr(result, "__dict__"):
        return flat(list((result if isinstance(result, dict) else vars(result)).values()))
    return []


def arguments(kind):
    """(name of the call, argument, value) of all that are of that kind."""
    return [(name, arg, value) for name, (_, given) in GOOD.items() for arg, value in given.items() if kind(value)]


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_array(value):
    return isinstance(value, np.ndarray)


def is_whole(value):
    return is_array(value) and value.dtype.kind == "f" and (value % 1 == 0).all()


def named(arguments):
    return [f"{name}-{arg}" for name, arg, _ in arguments]


def refused(name, arg, value):
    """The one sentence that refuses it, which names the argument; nothing that the package ran into."""
    with pytest.raises((ValueError, TypeError)) as caught:
        ask(name, **{arg: value})
    error, said = caught.value, str(caught.value)
    assert re.search(rf"\b{arg}\b", said) and len(said) < 400, said
    assert error.__cause__ is None and (error.__context__ is None or error.__suppress_context__), said


UNNAMED = RESULTS | {"Training": "what `reinforce` writes down"}


def test_the_right_calls_are_of_every_public_function():
    wanted = {n for n in public() if n.partition(".")[0] not in ("checks", "explore", "plots", "protocols")}
    called = {name.partition(" ")[0] for name in GOOD}
    assert wanted - called == set(UNNAMED)
    methods = {name for name in called - wanted if hasattr(getattr(pg, name.split(".")[0], None), name.split(".")[-1])}
    others = {name for name in called - wanted if name.count(".") == 2 or name.startswith("LinearQuadratic.")}
    assert called - wanted == methods | others
    for name, (call, given) in GOOD.items():  # each number that a function takes is among those given
        numeric = {
            k: p.annotation
            for k, p in inspect.signature(call).parameters.items()
            if str(p.annotation).split(" |")[0] in ("int", "float")
        }
        assert set(numeric) <= set(given), (name, set(numeric) - set(given))


@pytest.mark.parametrize("name", GOOD)
def test_what_a_caller_hands_in_stays_as_it_is(name):
    """Read-only arrays serve, and give the same numbers as those that could be written to."""
    frozen = {k: v.copy() for k, v in GOOD[name][1].items() if is_array(v)}
    for array in frozen.values():
        array.setflags(write=False)
    np.testing.assert_array_equal(flat(ask(name, **frozen)), flat(ask(name)))


WHOLE = arguments(is_whole)


@pytest.mark.parametrize("name, arg, value", WHOLE, ids=named(WHOLE))
def test_whole_numbers_give_what_floats_give(name, arg, value):
    want = flat(ask(name))
    for other in (value.astype(int), value.tolist(), value.astype(int).tolist()):
        np.testing.assert_array_equal(flat(ask(name, **{arg: deepcopy(other)})), want)


NUMBERS = [(name, arg, value) for name, arg, value in arguments(is_number) if arg != "n_jobs"]  # -1 means every core


@pytest.mark.parametrize("name, arg, value", NUMBERS, ids=named(NUMBERS))
def test_each_number_refuses_what_is_none(name, arg, value):
    for wrong in (np.nan, "x", [[1.0, 2.0], [3.0]], [value], np.array([value])):
        refused(name, arg, wrong)


MAY_BE_NEGATIVE = {"initial_log_std", "target_return", "peak", "step_size", "temperature"}
MAY_BE_INFINITE = {
    "target_return",  # for ever
    "target_kl",  # four bounds that infinity lifts
    "max_norm",
    "clip",
    "cap",
    "high",
}


SHARES = {"gamma", "lam", "anneal", "confidence", "noise", "beta1", "beta2", "p", "ramble_right", "ramble_wrong"}


@pytest.mark.parametrize("name, arg, value", NUMBERS, ids=named(NUMBERS))
def test_each_number_refuses_what_is_out_of_range(name, arg, value):
    """All but those named above; each of those is a number of either sign, or a bound that may be lifted."""
    if arg in SHARES:
        refused(name, arg, 1.5)
    for wrong, allowed in ((-1, MAY_BE_NEGATIVE), (-np.inf, {"target_return"}), (np.inf, MAY_BE_INFINITE)):
        if arg not in allowed:
            refused(name, arg, wrong)
    for arg_may, wrong in [(MAY_BE_NEGATIVE, -1), (MAY_BE_INFINITE, np.inf)]:
        if arg in arg_may:
            ask(name, **{arg: wrong})


ARRAYS = arguments(is_array)


@pytest.mark.parametrize("name, arg, value", ARRAYS, ids=named(ARRAYS))
def test_each_array_refuses_rows_of_unequal_length(name, arg, value):
    refused(name, arg, [[1.0, 2.0], [3.0]])
