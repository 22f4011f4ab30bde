"""Chapter 5: training functions, mended wrongly or in unusual ways.

They share a pool: wrong and right estimators on a batch, of which each hunt gets some, beside mends that go wrong in
its own lines. The drill takes the same ones on lists of episodes.
"""

import inspect
import math

import numpy as np
import scipy.special

from learning_to_act.checks.hunt import Setting
from learning_to_act.checks.worlds import Batch, Ladder, Slider
from learning_to_act.exercises import in_the_interview
from policy_gradient import reward_to_go
from policy_gradient.policies import softmax
from tests.attacks import RIGHT, WRONG, Attack, form, probes, right, wrong

HUNTS = {one.name: one.original for one in in_the_interview.HUNTS}


# --- probes: worlds, policies and batch sizes that no check has seen --------------------------------------------------


def ladder_probes(rng):
    for (stop, climb, gamma), n in (
        (((0.5, -1.0, 2.0), (0.0, 0.8, -2.0), 0.7), 2),
        (((1.0, 3.0, 0.2), (-0.5, 0.4, 1.0), 0.9), 3),
    ):
        yield Setting(Ladder(stop, climb, gamma), tuple(map(tuple, rng.normal(scale=0.6, size=(3, 2)))), n)


for name in [*HUNTS, "reinforce_update"]:
    probes(name)(ladder_probes)


@probes("update_7")
def slider_probes(rng):
    yield Setting(Slider(-0.5, 1.5, 0.7), (float(rng.normal()),), 2)
    yield Setting(Slider(-1.0, 0.5, 1.3), (float(rng.normal()),), 3)


# --- the pools --------------------------------------------------------------------------------------------------------


def steps_of(batch):
    """(episode, t, obs, action) of every step that happened."""
    return [
        (i, t, batch.obs[t, i], batch.actions[t, i])
        for i in range(batch.mask.shape[1])
        for t in range(int(batch.mask[:, i].sum()))
    ]


def powers(batch):
    return batch.gamma ** np.arange(len(batch.rewards))[:, None]


def later(batch):
    """What is paid from each step on, discounted from the start, (T, N)."""
    return (powers(batch) * batch.rewards)[::-1].cumsum(axis=0)[::-1]


def gradient(theta, batch, weight=None, probs=None):
    """The mean over episodes of the sum over steps of weight (T, N) times the score."""
    weight, probs, total = (
        later(batch) if weight is None else weight,
        softmax(theta) if probs is None else probs,
        np.zeros(theta.shape),
    )
    np.add.at(total, batch.obs, (batch.mask * weight)[..., None] * (np.eye(2)[batch.actions] - probs[batch.obs]))
    return total / batch.mask.shape[1]


def entropy_bonus(theta, batch, lr):
    """A hundredth of the visited states' entropy, as in nearly every published actor-critic."""
    probs, visits = (
        softmax(theta),
        np.bincount(batch.obs[batch.mask], minlength=len(theta))[:, None] / batch.mask.shape[1],
    )
    bonus = -probs * (np.log(probs) - (probs * np.log(probs)).sum(axis=1, keepdims=True))
    return theta + lr * (gradient(theta, batch) + 0.01 * visits * bonus)


def weight_decay(theta, batch, lr):
    return theta + lr * (gradient(theta, batch) - 1e-3 * theta)


def norm_clipped(theta, batch, lr):
    step = gradient(theta, batch)
    return theta + lr * step * min(1, 0.5 / max(np.linalg.norm(step), 1e-9))


def lr_twice(theta, batch, lr):
    return theta + lr * (lr * gradient(theta, batch))


def lr_forgotten(theta, batch, lr):
    return theta + gradient(theta, batch)


def first_step_of_adam(theta, batch, lr):
    g = gradient(theta, batch)
    return theta + lr * g / (np.sqrt(g**2) + 1e-8)


velocity = {}


def momentum(theta, batch, lr):
    old = velocity.get(theta.shape, 0.0)
    velocity[theta.shape] = 0.9 * old + gradient(theta, batch)
    return theta + lr * velocity[theta.shape]


def largest_episode_only(theta, batch, lr):
    """The maximum over episodes where their mean belongs."""
    alone = np.eye(batch.mask.shape[1])[:, None]
    parts = [len(one.T) * gradient(theta, batch, one * later(batch)) for one in alone]
    return theta + lr * np.max(parts, axis=0)


def gradient_returned(theta, batch, lr):
    return gradient(theta, batch)


def step_returned(theta, batch, lr):
    return lr * gradient(theta, batch)


def in_place(theta, batch, lr):
    theta += lr * gradient(theta, batch)
    return theta


def half_precision(theta, batch, lr):
    return (theta + lr * gradient(theta, batch)).astype(np.float16)


def power_one_too_many(theta, batch, lr):
    return theta + lr * gradient(theta, batch, batch.gamma * later(batch))


def gamma_in_between(theta, batch, lr):
    """The reward at once counts double."""
    return theta + lr * gradient(theta, batch, powers(batch) * batch.rewards + later(batch))


def new_actions_drawn(theta, batch, lr):
    """Scores of actions that were drawn anew, not of those that were paid for."""
    new = (np.random.random(batch.actions.shape) < softmax(theta)[batch.obs][..., 1]).astype(int)
    return theta + lr * gradient(theta, Batch(batch.obs, new, batch.rewards, None, None, batch.mask, None, batch.gamma))


def stale_probabilities(theta, batch, lr):
    """The score at the policy of the first day."""
    return theta + lr * gradient(theta, batch, probs=np.full(theta.shape, 0.5))


def temperature(theta, batch, lr):
    return theta + lr * gradient(theta, batch, probs=softmax(theta / 2))


def rewards_clipped(theta, batch, lr):
    """To -1 ... 1, as for Atari."""
    return theta + lr * gradient(
        theta, Batch(batch.obs, batch.actions, np.clip(batch.rewards, -1, 1), None, None, batch.mask, None, batch.gamma)
    )


def rewards_by_their_largest(theta, batch, lr):
    rewards = batch.rewards / max(np.abs(batch.rewards).max(), 1e-9)
    return theta + lr * gradient(
        theta, Batch(batch.obs, batch.actions, rewards, None, None, batch.mask, None, batch.gamma)
    )


def last_step_left_out(theta, batch, lr):
    return theta + lr * gradient(
        theta, batch, later(batch) * np.vstack([batch.mask[1:], np.zeros_like(batch.mask[:1])])
    )


def one_hot_only(theta, batch, lr):
    """No minus pi."""
    return theta + lr * gradient(theta, batch, probs=np.zeros(theta.shape))


def downhill_on_a_loss(theta, batch, lr):
    return theta - lr * gradient(theta, batch, later(batch)[:1])


def averaged_twice(theta, batch, lr):
    return theta + lr * gradient(theta, batch) / batch.mask.shape[1]


def positive_only(theta, batch, lr):
    return theta + lr * gradient(theta, batch, np.maximum(later(batch), 0))


def doubled(theta, batch, lr):
    """The 2 of a squared error."""
    return theta + 2 * lr * gradient(theta, batch)


def best_action_pushed(theta, batch, lr):
    """Score of argmax in place of what was played."""
    return theta + lr * gradient(
        theta,
        Batch(
            batch.obs, softmax(theta)[batch.obs].argmax(-1), batch.rewards, None, None, batch.mask, None, batch.gamma
        ),
    )


POOL = [
    (entropy_bonus, "not-from-rewards"),
    (norm_clipped, "not-scaling"),
    (lr_twice, "not-linear"),
    (momentum, "two-answers"),
    (gradient_returned, "not-linear"),
    (power_one_too_many, "scaled"),
    (stale_probabilities, "biased"),
    (rewards_clipped, "not-scaling"),
    (weight_decay, "not-from-rewards"),
    (first_step_of_adam, "not-scaling"),
    (largest_episode_only, "biased"),
    (in_place, "changes-argument"),
    (new_actions_drawn, "two-answers"),
    (temperature, "biased"),
    (rewards_by_their_largest, "not-scaling"),
    (last_step_left_out, "biased"),
    (half_precision, "precision"),
    (lr_forgotten, "not-linear"),
    (one_hot_only, "biased"),
    (downhill_on_a_loss, "descends"),
    (averaged_twice, "scaled"),
    (positive_only, "biased"),
    (step_returned, "not-linear"),
    (gamma_in_between, "biased"),
    (doubled, "scaled"),
    (best_action_pushed, "biased"),
]


def totals(theta, batch, lr):
    """Plain Python, the whole return, nested lists back."""
    new, N = [list(row) for row in theta.tolist()], batch.mask.shape[1]
    for i, _t, s, a in steps_of(batch):
        total = sum(batch.gamma**k * r for k, r in enumerate(batch.rewards[:, i].tolist()))
        odds = [math.exp(x) for x in theta[s]]
        for b in (0, 1):
            new[s][b] += lr * total * ((a == b) - odds[b] / sum(odds)) / N
    return new


def by_cumulated_sums(theta, batch, lr):
    paid = batch.gamma ** np.arange(len(batch.rewards))[:, None] * batch.rewards
    weight = batch.mask * (paid.sum(axis=0) - paid.cumsum(axis=0) + paid)
    visits = np.eye(len(theta))[batch.obs]
    return (
        theta
        + lr
        * np.einsum("tn,tns,tna->sa", weight, visits, np.eye(2)[batch.actions] - softmax(theta)[batch.obs])
        / batch.mask.shape[1]
    )


def leave_one_out(theta, batch, lr):
    discount = batch.gamma ** np.arange(len(batch.rewards))
    G, N = discount @ batch.rewards, batch.mask.shape[1]
    return theta + lr * gradient(theta, batch, np.tile((N * G - G.sum()) / (N - 1), (len(batch.rewards), 1)))


def value_baseline(theta, batch, lr):
    return theta + lr * gradient(theta, batch, later(batch) - powers(batch) * batch.values[batch.obs])


def td_errors(theta, batch, lr):
    V = np.append(batch.values, 0.0)
    after = np.where(batch.terminated, -1, batch.next_obs)
    delta = batch.rewards + batch.gamma * V[after] - V[batch.obs]
    return theta + lr * gradient(theta, batch, powers(batch) * delta)


def gae(theta, batch, lr):
    """lambda = 0.5: with the exact V every lambda is unbiased."""
    V, running, weight = batch.values, 0.0, np.zeros(batch.rewards.shape)
    for t in reversed(range(len(weight))):
        alive = ~batch.terminated[t] * batch.mask[t]
        running = batch.rewards[t] + alive * batch.gamma * (V[batch.next_obs[t]] + 0.5 * running) - V[batch.obs[t]]
        weight[t] = batch.gamma**t * running
    return theta + lr * gradient(theta, batch, weight)


def single_precision(theta, batch, lr):
    small = np.float32(theta)
    return small + np.float32(lr) * np.float32(gradient(small, batch))


def by_a_triangle(theta, batch, lr):
    """Every pair of a score and a reward that does not come before it."""
    T, N = batch.rewards.shape
    pairs = np.tril(np.ones((T, T))) * batch.gamma ** np.arange(T)[:, None]  # [reward, score]
    weight = np.where(batch.mask, pairs.T @ batch.rewards, 0.0)
    new = theta.copy()
    for s in range(len(theta)):
        for a in (0, 1):
            new[s, a] += lr / N * (weight * (batch.obs == s) * ((batch.actions == a) - softmax(theta)[s, a])).sum()
    return new


def complex_differences(theta, batch, lr):
    """The slope of sum of weight times log pi, by a step along the imaginary axis."""
    weight = np.where(
        batch.mask,
        batch.gamma ** np.arange(len(batch.rewards))[:, None] * reward_to_go(batch.rewards, batch.gamma),
        0.0,
    )
    slope = np.zeros(theta.shape)
    for index in np.ndindex(theta.shape):
        z = theta.astype(complex)
        z[index] += 1e-20j
        log_pi = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        slope[index] = (weight * log_pi[batch.obs, batch.actions]).sum().imag / 1e-20
    return theta + lr * slope / batch.mask.shape[1]


def by_recursion(theta, batch, lr):
    def climb(i, t):
        """(what is paid from t on, the gradient of these steps): each discounted from t."""
        if t == len(batch.rewards) or not batch.mask[t, i]:
            return 0.0, np.zeros(theta.shape)
        G, inner = climb(i, t + 1)
        G = batch.rewards[t, i] + batch.gamma * G
        inner = batch.gamma * inner
        s = batch.obs[t, i]
        inner[s, batch.actions[t, i]] += G
        inner[s] -= G * scipy.special.softmax(theta[s])
        return G, inner

    N = batch.mask.shape[1]
    return theta + lr * sum(climb(i, 0)[1] for i in range(N)) / N


RIGHT_POOL = [
    totals,
    by_cumulated_sums,
    leave_one_out,
    value_baseline,
    td_errors,
    gae,
    single_precision,
    by_a_triangle,
    complex_differences,
    by_recursion,
]


@form("reinforce_update")
def on_episodes(function):
    """The same for the drill: lists of episodes, padded to a batch first."""

    def reinforce_update(theta, episodes, lr, gamma):
        T, N = max(map(len, episodes)), len(episodes)
        obs, actions, rewards, mask = (
            np.zeros((T, N), int),
            np.zeros((T, N), int),
            np.zeros((T, N)),
            np.zeros((T, N), bool),
        )
        for i, episode in enumerate(episodes):
            for t, step in enumerate(episode):
                (obs[t, i], actions[t, i], rewards[t, i]), mask[t, i] = step, True
        return function(theta, Batch(obs, actions, rewards, None, None, mask, None, gamma), lr)

    reinforce_update.__name__ = function.__name__
    return reinforce_update


for i, name in enumerate(name for name in HUNTS if name != "update_7"):
    WRONG[name] += [Attack(*POOL[(7 * i + 3 * k) % len(POOL)]) for k in range(8)]
    RIGHT[name] += [RIGHT_POOL[(3 * i + k) % len(RIGHT_POOL)] for k in range(5)]
WRONG["reinforce_update"] += [Attack(on_episodes(function), says) for function, says in POOL[::2]]
RIGHT["reinforce_update"] += [
    on_episodes(function) for function in (totals, leave_one_out, single_precision, complex_differences, by_recursion)
]


# --- mends that go wrong in the given lines ---------------------------------------------------------------------------


def graft(exercise, name, says, *changes):
    """The original with some text of it replaced."""
    source = inspect.getsource(HUNTS[exercise])
    for old, new in changes:
        assert old in source, f"{exercise} does not hold {old!r}"
        source = source.replace(old, new)
    space = {"np": np, "softmax": softmax, "reward_to_go": reward_to_go}
    exec(compile(source, f"{exercise}-{name}", "exec"), space)
    space[exercise].__name__ = name
    WRONG[exercise].append(Attack(space[exercise], says))


UP = ("theta - lr", "theta + lr")
graft("update_1", "only_variables_renamed", "cosmetic", ("gradient", "loss"), ("weight", "psi"))
graft(
    "update_1",
    "two_signs_turned",
    "cosmetic",
    UP,
    ("np.eye(2)[batch.actions] - probs[batch.obs]", "probs[batch.obs] - np.eye(2)[batch.actions]"),
)
graft(
    "update_1",
    "returns_turned_round_as_well",
    "returns-summed-forward",
    UP,
    ("np.cumsum((discount * batch.rewards)[::-1], axis=0)[::-1]", "np.cumsum(discount * batch.rewards, axis=0)"),
)
graft("update_1", "signs_of_the_rewards_lost", "biased", UP, ("to_go, 0.0", "np.abs(to_go), 0.0"))

SUM = (".mean(axis=0)", ".sum(axis=0)")
graft("update_2", "mean_on_another_line", "cosmetic", SUM, ("gradient += total", "gradient += total / T"))
graft("update_2", "divided_by_all_steps", "mean-over-steps", SUM, ("gradient / N", "gradient / batch.mask.sum()"))
graft("update_2", "divided_by_the_longest", "mean-over-steps", SUM, ("gradient / N", "gradient / batch.mask.size"))
graft("update_2", "divided_twice_by_the_root", "biased", SUM, ("gradient += total", "gradient += total / np.sqrt(T)"))
graft("update_2", "only_the_last_score", "biased", (".mean(axis=0)", "[-1]"))

STANDARD = "weights = (weights - weights.mean()) / (weights.std() + 1e-8)"
graft(
    "update_3", "not_scaled_but_centred", "standardised-per-episode", (STANDARD, "weights = weights - weights.mean()")
)
graft("update_3", "scaled_but_not_centred", "not-scaling", (STANDARD, "weights = weights / (weights.std() + 1.0)"))
graft("update_3", "centred_by_the_median", "biased", (STANDARD, "weights = weights - np.median(weights)"))
graft(
    "update_3",
    "undiscounted_as_well",
    "gamma-power-dropped",
    (f"        {STANDARD}\n", ""),
    ("batch.gamma**t * G", "G"),
)

graft(
    "update_4",
    "discounted_without_the_baseline_only",
    "gamma-power-dropped",
    ("returns - others", "returns - 0 * others"),
)
graft(
    "update_4",
    "baseline_discounted_and_returns_not",
    "biased",
    ("returns - others, 0.0)", "returns - others * batch.gamma ** np.arange(len(returns))[:, None], 0.0)"),
)
graft(
    "update_4",
    "rewards_discounted_one_step_late",
    "biased",
    ("batch.rewards[t] + batch.gamma * following", "batch.gamma * (batch.rewards[t] + following)"),
)
graft(
    "update_4",
    "own_return_in_the_baseline",
    "baseline-contains-itself",
    (
        "(returns.sum(axis=1, keepdims=True) - returns) / np.maximum(running - 1, 1)",
        "returns.sum(axis=1, keepdims=True) / running",
    ),
    ("returns - others, 0.0)", "returns - others, 0.0) * batch.gamma ** np.arange(len(returns))[:, None]"),
)

graft(
    "update_5",
    "masked_after_the_baseline_only_in_rewards",
    "cosmetic",
    ("reward_to_go(batch.rewards, batch.gamma)", "reward_to_go(batch.rewards * batch.mask, batch.gamma)"),
)
graft(
    "update_5",
    "first_step_after_the_end_still_counted",
    "padding-counted",
    ("batch.obs == s", "(batch.obs == s) & np.vstack([batch.mask[:1], batch.mask[:-1]])"),
)
graft(
    "update_5", "masked_where_nothing_is_paid", "biased", ("batch.obs == s", "(batch.obs == s) & (batch.rewards != 0)")
)
graft(
    "update_5",
    "masked_and_divided_by_the_steps",
    "biased",
    ("batch.obs == s", "(batch.obs == s) & batch.mask"),
    ("gradient / N", "gradient / batch.mask.sum()"),
)

graft("update_6", "mean_for_the_sum", "biased", (".sum() / N", ".mean()"))
graft(
    "update_6",
    "column_for_column",
    "cosmetic",
    (
        "score = (obs == s) * ((actions == a) - probs[s, a])",
        "score = ((obs == s) * ((actions == a) - probs[s, a])).reshape(1, -1)",
    ),
)
graft("update_6", "diagonal_of_the_wrong_side", "biased", ("(weights * score)", "(weights[::-1, 0] * score)"))
graft("update_6", "paired_by_rank", "biased", ("(weights * score)", "(np.sort(weights[:, 0]) * score)"))

graft("update_8", "ended_by_the_mask", "cosmetic", ("V[batch.next_obs]", "V[batch.next_obs] * batch.mask"))
graft(
    "update_8",
    "ends_forgotten_altogether",
    "biased",
    (
        "np.where(batch.mask, discount * td_error, 0.0)",
        "np.where(batch.mask & ~batch.terminated, discount * td_error, 0.0)",
    ),
    ("V[batch.next_obs]", "V[batch.next_obs] * ~batch.terminated"),
)
graft(
    "update_8",
    "own_value_at_the_end",
    "biased",
    ("V[batch.next_obs]", "np.where(batch.terminated, V[batch.obs], V[batch.next_obs])"),
)
graft(
    "update_8",
    "rewards_at_the_end_dropped",
    "biased",
    (
        "batch.rewards + batch.gamma * V[batch.next_obs]",
        "(batch.rewards + batch.gamma * V[batch.next_obs]) * ~batch.terminated",
    ),
)


# --- the slider -------------------------------------------------------------------------------------------------------

CLIP, SCORE = "np.clip(batch.actions, batch.low, batch.high)", "score = (executed - mean) / variance"
DRAWN = (SCORE, "score = (batch.actions - mean) / variance")
graft(
    "update_7",
    "clipped_by_hand",
    "cosmetic",
    (CLIP, "np.array([min(max(a, batch.low), batch.high) for a in batch.actions])"),
)
graft(
    "update_7",
    "mean_clipped_too",
    "cosmetic",
    (SCORE, "score = (executed - np.clip(mean, batch.low, batch.high)) / variance"),
)
graft("update_7", "score_of_a_squash", "scaled", (CLIP, "np.tanh(batch.actions)"))
graft(
    "update_7",
    "clipped_draws_left_out",
    "biased",
    (SCORE, "score = np.where(executed == batch.actions, batch.actions - mean, 0) / variance"),
)
graft("update_7", "clipped_below_only", "biased", (CLIP, "np.maximum(batch.actions, batch.low)"))
graft(
    "update_7",
    "standardised_rewards",
    "not-scaling",
    DRAWN,
    (
        "advantage = batch.rewards - others",
        "advantage = (batch.rewards - batch.rewards.mean()) / (batch.rewards.std() + 1e-8)",
    ),
)
graft(
    "update_7",
    "own_reward_in_the_mean",
    "baseline-contains-itself",
    DRAWN,
    ("(batch.rewards.sum() - batch.rewards) / (N - 1)", "batch.rewards.mean()"),
)
graft("update_7", "added_up", "sum-over-episodes", DRAWN, ("np.mean(advantage * score)", "np.sum(advantage * score)"))
graft("update_7", "downhill", "descends", DRAWN, ("theta + lr", "theta - lr"))
graft("update_7", "decayed", "not-from-rewards", DRAWN, ("lr * gradient", "lr * (gradient - 1e-3 * theta)"))
graft("update_7", "learning_rate_squared", "not-linear", DRAWN, ("theta + lr", "theta + lr**2"))
graft(
    "update_7",
    "half_a_precision",
    "precision",
    DRAWN,
    ("return theta + lr * gradient", "return np.float16(theta + lr * gradient)"),
)
graft(
    "update_7",
    "in_place",
    "changes-argument",
    DRAWN,
    ("return theta + lr * gradient", "theta += lr * gradient\n    return theta"),
)
graft("update_7", "drawn_again", "two-answers", (SCORE, "score = np.random.normal(size=N) / batch.std"))
graft("update_7", "half_of_the_step", "scaled", DRAWN, ("np.mean(advantage * score)", "np.mean(advantage * score) / 2"))


@right("update_7")
def slide_in_a_loop(theta, batch, lr):
    total = 0.0
    for action, reward in zip(batch.actions.tolist(), batch.rewards.tolist()):
        total += reward * (action - theta[0]) / batch.std**2
    return [theta[0] + lr * total / len(batch.actions)]


@right("update_7")
def slide_by_a_covariance(theta, batch, lr):
    """N - 1 below, so a mean that contains the draw's own reward does no harm."""
    return theta + lr * np.cov(batch.rewards, batch.actions)[0, 1] / batch.std**2


@right("update_7")
def slide_in_single_precision(theta, batch, lr):
    score = np.float32((batch.actions - theta[0]) / batch.std**2)
    return np.float32(theta) + np.float32(lr) * np.mean(np.float32(batch.rewards - 5) * score)


@right("update_7")
def slide_by_differences(theta, batch, lr):
    def surrogate(mean):
        return np.mean(batch.rewards * -((batch.actions - mean) ** 2) / (2 * batch.std**2))

    return theta + lr * (surrogate(theta[0] + 1e-3) - surrogate(theta[0] - 1e-3)) / 2e-3


@right("update_7")
def slide_by_pairs(theta, batch, lr):
    """Every pair of draws: the difference of what they earned times the difference of what they did."""
    N = len(batch.actions)
    pairs = np.subtract.outer(batch.rewards, batch.rewards) * np.subtract.outer(batch.actions, batch.actions)
    return theta + lr * np.array([pairs.sum() / (2 * N * (N - 1) * batch.std**2)])


@right("update_7")
def slide_along_the_path(theta, batch, lr):
    """Not by the score at all: the share of the draws that a small shift still moves."""
    return theta + lr * np.mean((batch.low < batch.actions) & (batch.actions < batch.high))


@right("update_7")
def slide_with_the_law_of_what_is_executed(theta, batch, lr):
    """A mass at each stop, a density between (Fujita and Maeda 2018)."""
    low, high = (batch.low - theta[0]) / batch.std, (batch.high - theta[0]) / batch.std
    density = lambda z: np.exp(-z * z / 2) / np.sqrt(2 * np.pi)  # noqa: E731
    score = np.where(
        batch.actions <= batch.low,
        -density(low) / scipy.special.ndtr(low),
        np.where(
            batch.actions >= batch.high,
            density(high) / scipy.special.ndtr(-high),
            (batch.actions - theta[0]) / batch.std,
        ),
    )
    return theta + lr * np.mean(batch.rewards * score / batch.std, keepdims=True)


# --- the drill --------------------------------------------------------------------------------------------------------


@wrong("reinforce_update", "gamma-power-dropped")
def usual_tutorial(theta, episodes, lr, gamma):
    new = theta.copy()
    for episode in episodes:
        for t, (s, a, _) in enumerate(episode):
            G = sum(gamma ** (k - t) * episode[k][2] for k in range(t, len(episode)))
            new[s] += lr * G * (np.eye(2)[a] - softmax(theta[s])) / len(episodes)
    return new


@wrong("reinforce_update", "theta-moves")
def theta_moves_within_the_batch(theta, episodes, lr, gamma):
    """Each step is taken at the theta that the last one left."""
    new = theta.copy()
    for episode in episodes:
        for t, (s, a, _) in enumerate(episode):
            to_go = sum(gamma**k * episode[k][2] for k in range(t, len(episode)))
            new[s] += lr * to_go * (np.eye(2)[a] - softmax(new[s])) / len(episodes)
    return new


@wrong("reinforce_update", "raised")
def empty_lists_expected(theta, episodes, lr, gamma):
    return theta + lr * episodes[0][3][2]


@wrong("reinforce_update", "discounts-twice")
def discounted_from_the_start_and_once_more(theta, episodes, lr, gamma):
    new = theta.copy()
    for episode in episodes:
        for t, (s, a, _) in enumerate(episode):
            to_go = gamma**t * sum(gamma**k * episode[k][2] for k in range(t, len(episode)))
            new[s] += lr * to_go * (np.eye(2)[a] - softmax(theta[s])) / len(episodes)
    return new
