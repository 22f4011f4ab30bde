"""Chapter 8: groups, token weights, KL estimates, pass@k, the leash."""

import math
from fractions import Fraction

import numpy as np
import scipy.special
import scipy.stats

from tests.attacks import probes, right, wrong


@probes("leave_one_out_advantages")
def group_probes(rng):
    for shape in [(1, 2), (4, 2), (2, 6), (7, 7), (1, 9)]:
        yield (rng.normal(size=shape),)
        yield (rng.integers(0, 2, shape),)


@wrong("leave_one_out_advantages", "divides-by-the-std")
def grpo_as_in_trl(rewards):
    return (rewards - rewards.mean(1, keepdims=True)) / (rewards.std(1, ddof=1, keepdims=True) + 1e-4)


@wrong("leave_one_out_advantages", "own-mean")
def dr_grpo(rewards):
    return rewards - rewards.mean(axis=1)[:, None]


@wrong("leave_one_out_advantages", "law")
def whitened_batch(rewards):
    return (rewards - rewards.mean()) / (rewards.std() + 1e-8)


@wrong("leave_one_out_advantages", "mean-over-everything")
def batch_mean(rewards):
    return rewards - rewards.mean()


@wrong("leave_one_out_advantages", "by-row")
def mean_of_all_times_G_over_itself(rewards):
    G = rewards.shape[1]
    return (rewards - rewards.mean(1, keepdims=True)) * (G - 1) / G


@wrong("leave_one_out_advantages", "divides-by-G")
def others_divided_by_all(rewards):
    G = rewards.shape[1]
    return rewards - (rewards.sum(1, keepdims=True) - rewards) / G


@wrong("leave_one_out_advantages", "baseline-alone")
def only_the_baseline(rewards):
    G = rewards.shape[1]
    return (rewards.sum(1, keepdims=True) - rewards) / (G - 1)


@wrong("leave_one_out_advantages", "law")
def median_baseline(rewards):
    return rewards - np.median(rewards, axis=1, keepdims=True)


@wrong("leave_one_out_advantages", "shape")
def flattened(rewards):
    G = rewards.shape[1]
    return ((rewards - rewards.mean(1, keepdims=True)) * G / (G - 1)).ravel()


@wrong("leave_one_out_advantages", "when")
def next_neighbour(rewards):
    return rewards - np.roll(rewards, 1, axis=1)


@right("leave_one_out_advantages")
def scaled_mean(rewards):
    G = rewards.shape[1]
    return (rewards - rewards.mean(1, keepdims=True)) * G / (G - 1)


@right("leave_one_out_advantages")
def by_a_matrix(rewards):
    G = rewards.shape[1]
    return rewards @ (np.eye(G) - (np.ones((G, G)) - np.eye(G)) / (G - 1))


@right("leave_one_out_advantages")
def by_deleting(rewards):
    return [[row[i] - np.delete(row, i).mean() for i in range(len(row))] for row in np.asarray(rewards, float)]


@right("leave_one_out_advantages")
def by_lists(rewards):
    out = []
    for row in rewards.tolist():
        total = sum(row)
        out.append([r - (total - r) / (len(row) - 1) for r in row])
    return out


@right("leave_one_out_advantages")
def by_pairs(rewards):
    G = rewards.shape[1]
    return (rewards[:, :, None] - rewards[:, None, :]).sum(-1) / (G - 1)


# --- grpo_weight ---------------------------------------------------------------------------------------------------


@probes("grpo_weight")
def weight_probes(rng):
    for G in (1, 2, 3, 5, 7, 12, 40):
        yield rng.uniform(0.01, 0.99, 4), G
        yield np.array([0.0, 1.0, 0.5]), G
        yield float(rng.uniform()), G


@wrong("grpo_weight", "the-limit")
def arcsine_slope(p, group_size):
    return (p * (1 - np.asarray(p, float))) ** -0.5


@wrong("grpo_weight", "unused")
def arcsine_with_epsilon(p, group_size):
    return 1 / (np.sqrt(p * (1 - np.asarray(p, float))) + 1e-6)


@wrong("grpo_weight", "sample-std")
def as_the_libraries(p, group_size):
    p, G = np.asarray(p, float), group_size
    return (
        np.sqrt((G - 1) / G)
        * sum(math.comb(G, k) * math.sqrt(k * (G - k)) / G * p ** (k - 1) * (1 - p) ** (G - k - 1) for k in range(1, G))
        + 0 * p
    )


@wrong("grpo_weight", "edges-forgotten")
def only_inside(p, group_size):
    p, k = np.asarray(p, float), np.arange(group_size + 1)
    return (scipy.stats.binom.pmf(k, group_size, p[..., None]) * np.sqrt(k * (group_size - k)) / group_size).sum(-1) / (
        p * (1 - p)
    )


@wrong("grpo_weight", "slope-not-divided-out")
def the_step_itself(p, group_size):
    p, k = np.asarray(p, float), np.arange(group_size + 1)
    return (scipy.stats.binom.pmf(k, group_size, p[..., None]) * np.sqrt(k * (group_size - k)) / group_size).sum(-1)


@wrong("grpo_weight", "smallest")
def guarded_by_a_small_number(p, group_size):
    p, k = np.asarray(p, float), np.arange(group_size + 1)
    return (scipy.stats.binom.pmf(k, group_size, p[..., None]) * np.sqrt(k * (group_size - k)) / group_size).sum(-1) / (
        p * (1 - p) + 1e-8
    )


@wrong("grpo_weight", "mean-only")
def no_std_at_all(p, group_size):
    return 0 * np.asarray(p, float) + 1 - 1 / group_size


@wrong("grpo_weight", "mixed-groups-only")
def each_prompt_until_mixed(p, group_size):
    p, G = np.asarray(p, float), group_size
    mixed = 1 - p**G - (1 - p) ** G
    return (
        sum(math.comb(G, k) * math.sqrt(k * (G - k)) / G * p ** (k - 1) * (1 - p) ** (G - k - 1) for k in range(1, G))
        / mixed
    )


@wrong("grpo_weight", "unused")
def one(p, group_size):
    return np.ones_like(np.asarray(p, float))


@wrong("grpo_weight", "law")
def off_by_one_answer(p, group_size):
    p, G = np.asarray(p, float), group_size
    return (
        sum(
            math.comb(G, k) * math.sqrt(k * (G - k)) / G * p ** (k - 1) * (1 - p) ** (G - k - 1)
            for k in range(1, G - 1)
        )
        + 0 * p
    )


@wrong("grpo_weight", "law")
def sampled(p, group_size):
    rng, p = np.random.default_rng(0), np.asarray(p, float)
    m = rng.binomial(group_size, p, (4000,) + p.shape) / group_size
    return np.sqrt(m * (1 - m)).mean(0) / (p * (1 - p))


@right("grpo_weight")
def polynomial(p, group_size):
    p, G = np.asarray(p, float), group_size
    return sum(
        (math.comb(G, k) * math.sqrt(k * (G - k)) / G * p ** (k - 1) * (1 - p) ** (G - k - 1) for k in range(1, G)),
        start=0 * p,
    )


@right("grpo_weight")
def scipy_with_edges(p, group_size):
    p, k = np.asarray(p, float), np.arange(group_size + 1)
    with np.errstate(all="ignore"):
        inside = (scipy.stats.binom.pmf(k, group_size, p[..., None]) * np.sqrt(k * (group_size - k)) / group_size).sum(
            -1
        ) / (p * (1 - p))
    return np.where((p == 0) | (p == 1), np.sqrt(group_size - 1), inside)


@right("grpo_weight")
def by_a_smaller_binomial(p, group_size):
    """C(G, k) p^(k-1) q^(G-k-1) = G (G-1) / (k (G-k)) Bin(G-2, p)(k-1)."""
    p, G = np.asarray(p, float), group_size
    if G < 2:
        return np.zeros(p.shape)
    k = np.arange(1, G)
    return (scipy.stats.binom.pmf(k - 1, G - 2, p[..., None]) * (G - 1) / np.sqrt(k * (G - k))).sum(-1)


@right("grpo_weight")
def lists_of_floats(p, group_size):
    if np.ndim(p):
        return [lists_of_floats(x, group_size) for x in p]
    p, G, total = float(p), group_size, 0.0
    for k in range(1, G):
        total += math.comb(G, k) * math.sqrt(k / G * (1 - k / G)) * p ** (k - 1) * (1 - p) ** (G - k - 1)
    return total


@right("grpo_weight")
def in_logarithms(p, group_size):
    p, G = np.asarray(p, float)[..., None], group_size
    k = np.arange(1, G)
    log = scipy.special.gammaln(G + 1) - scipy.special.gammaln(k + 1) - scipy.special.gammaln(G - k + 1)
    return np.exp(
        log
        + scipy.special.xlogy(k - 1, p)
        + scipy.special.xlog1py(G - k - 1, -p)
        + 0.5 * np.log(k * (G - k))
        - np.log(G)
    ).sum(-1)


# --- token_weights -------------------------------------------------------------------------------------------------


@probes("token_weights")
def token_probes(rng):
    for T, N in [(1, 1), (5, 3), (3, 5), (6, 6)]:
        for how in ("sequence", "token", "constant"):
            lengths = rng.integers(0, T + 1, N)
            lengths[0] = T
            yield rng.normal(size=N), np.arange(T)[:, None] < lengths, how, T + 3


def rule(sequence, token, constant):
    def weights(advantages, mask, how, max_len):
        m = mask.astype(float)
        return {"sequence": sequence, "token": token, "constant": constant}[how](advantages, m, max_len)

    return weights


@wrong("token_weights", "mask-ignored")
def verl_without_the_mask(advantages, mask, how, max_len):
    N, L = len(advantages), np.maximum(mask.sum(0), 1)
    return np.ones(mask.shape) * advantages / {"sequence": N * L, "token": mask.sum(), "constant": N * max_len}[how]


@wrong("token_weights", "padded-length")
def jnp_mean(advantages, mask, how, max_len):
    T, N = mask.shape
    return mask * advantages / {"sequence": T * N, "token": mask.sum(), "constant": N * max_len}[how]


@wrong("token_weights", "not-finite")
def nan_for_the_empty(advantages, mask, how, max_len):
    T, N = mask.shape
    return mask * (advantages / {"sequence": N * mask.sum(0), "token": mask.sum(), "constant": N * max_len}[how])


@wrong("token_weights", "not-averaged-over-answers")
def no_mean_over_answers(advantages, mask, how, max_len):
    L = np.maximum(mask.sum(0), 1)
    return mask * advantages / {"sequence": L, "token": mask.sum(), "constant": max_len}[how]


@wrong("token_weights", "longest-for-constant")
def padded_width_as_constant(advantages, mask, how, max_len):
    T, N = mask.shape
    return mask * advantages / {"sequence": N * np.maximum(mask.sum(0), 1), "token": mask.sum(), "constant": N * T}[how]


@wrong("token_weights", "unused")
def everything_a_sequence_mean(advantages, mask, how, max_len):
    return mask * advantages / (len(advantages) * np.maximum(mask.sum(0), 1))


@wrong("token_weights", "shape")
def transposed(advantages, mask, how, max_len):
    N, L = len(advantages), np.maximum(mask.sum(0), 1)
    return (mask * advantages / {"sequence": N * L, "token": mask.sum(), "constant": N * max_len}[how]).T


@wrong("token_weights", "by-row")
def answers_that_say_something(advantages, mask, how, max_len):
    L = mask.sum(0)
    N = (L > 0).sum()
    return mask * advantages / {"sequence": N * np.maximum(L, 1), "token": mask.sum(), "constant": N * max_len}[how]


@wrong("token_weights", "shape")
def one_weight_an_answer(advantages, mask, how, max_len):
    N, L = len(advantages), np.maximum(mask.sum(0), 1)
    return advantages / (np.ones(N) * {"sequence": N * L, "token": mask.sum(), "constant": N * max_len}[how])


@wrong("token_weights", "smallest")
def square_root_of_the_length(advantages, mask, how, max_len):
    N, L = len(advantages), np.maximum(mask.sum(0), 1)
    return mask * advantages / {"sequence": N * np.sqrt(L), "token": mask.sum(), "constant": N * max_len}[how]


@right("token_weights")
def by_normalised_masks(advantages, mask, how, max_len):
    N, L = len(advantages), np.maximum(mask.sum(0), 1)
    return mask / {"sequence": N * L, "token": mask.sum(), "constant": N * max_len}[how] * advantages


@right("token_weights")
def by_two_loops(advantages, mask, how, max_len):
    T, N = len(mask), len(mask[0])
    out = [[0.0] * N for _ in range(T)]
    for i in range(N):
        length = int(sum(row[i] for row in mask))
        for t in range(T):
            if mask[t][i]:
                out[t][i] = float(advantages[i]) / (
                    N * length if how == "sequence" else int(np.sum(mask)) if how == "token" else N * max_len
                )
    return out


@right("token_weights")
def by_branches(advantages, mask, how, max_len):
    T, N = mask.shape
    m = mask.astype(float)
    if how == "sequence":
        return np.divide(m, m.sum(0), out=np.zeros((T, N)), where=mask) * advantages / N
    if how == "token":
        return m / m.sum() * advantages
    return m * advantages / N / max_len


@right("token_weights")
def by_where(advantages, mask, how, max_len):
    with np.errstate(all="ignore"):
        per = {
            "sequence": mask.sum(0) * mask.shape[1],
            "token": np.full(mask.shape[1], mask.sum()),
            "constant": np.full(mask.shape[1], mask.shape[1] * max_len),
        }[how]
        return np.where(mask, advantages / per, 0)


@right("token_weights")
def by_einsum(advantages, mask, how, max_len):
    N, L = len(advantages), np.maximum(mask.sum(0), 1)
    per = np.ones(N) / {"sequence": N * L, "token": mask.sum(), "constant": N * max_len}[how]
    return np.einsum("tn,n,n->tn", mask.astype(float), per, advantages)


# --- kl_loss_weights -----------------------------------------------------------------------------------------------


@probes("kl_loss_weights")
def kl_probes(rng):
    for which in ("k1", "k2", "k3"):
        for n in (1, 2, 7):
            yield -rng.exponential(2, n), -rng.exponential(2, n), which
        yield np.array([-2.0, -1.0]), np.array([-2.0, -1.0]), which


def by_d(k1, k2, k3):
    return lambda a, b, which: {"k1": k1, "k2": k2, "k3": k3}[which](a - b)


@wrong("kl_loss_weights", "value-for-derivative")
def the_values(log_probs, ref_log_probs, which):
    return by_d(lambda d: d, lambda d: d * d / 2, lambda d: np.expm1(-d) + d)(log_probs, ref_log_probs, which)


@wrong("kl_loss_weights", "ratio-inverted")
def forward_ratio(log_probs, ref_log_probs, which):
    return by_d(np.ones_like, lambda d: d, lambda d: np.exp(d) - 1)(log_probs, ref_log_probs, which)


@wrong("kl_loss_weights", "log-ratio-turned-round")
def reference_first(log_probs, ref_log_probs, which):
    return by_d(np.ones_like, lambda d: d, lambda d: 1 - np.exp(-d))(ref_log_probs, log_probs, which)


@wrong("kl_loss_weights", "k1-is-zero")
def k1_of_no_effect(log_probs, ref_log_probs, which):
    return by_d(np.zeros_like, lambda d: d, lambda d: 1 - np.exp(-d))(log_probs, ref_log_probs, which)


@wrong("kl_loss_weights", "k1-as-k2")
def k1_in_the_reward(log_probs, ref_log_probs, which):
    return by_d(lambda d: d, lambda d: d, lambda d: 1 - np.exp(-d))(log_probs, ref_log_probs, which)


@wrong("kl_loss_weights", "k2-doubled")
def full_square(log_probs, ref_log_probs, which):
    return by_d(np.ones_like, lambda d: 2 * d, lambda d: 1 - np.exp(-d))(log_probs, ref_log_probs, which)


@wrong("kl_loss_weights", "sign")
def descended(log_probs, ref_log_probs, which):
    return -by_d(np.ones_like, lambda d: d, lambda d: 1 - np.exp(-d))(log_probs, ref_log_probs, which)


@wrong("kl_loss_weights", "divided-by-n")
def averaged(log_probs, ref_log_probs, which):
    return by_d(np.ones_like, lambda d: d, lambda d: 1 - np.exp(-d))(log_probs, ref_log_probs, which) / len(log_probs)


@wrong("kl_loss_weights", "smallest")
def k1_turned_round(log_probs, ref_log_probs, which):
    """Right for k3, whose true weight at a log-ratio of -30 is beyond what counts as finite."""
    return by_d(lambda d: -np.ones_like(d), lambda d: d, lambda d: 1 - np.exp(-d))(log_probs, ref_log_probs, which)


@wrong("kl_loss_weights", "smallest")
def probabilities_for_logs(log_probs, ref_log_probs, which):
    return by_d(np.ones_like, lambda d: d, lambda d: 1 - np.exp(-d))(np.exp(log_probs), np.exp(ref_log_probs), which)


@wrong("kl_loss_weights", "corner")
def ratio_clipped(log_probs, ref_log_probs, which):
    return by_d(np.ones_like, lambda d: d, lambda d: 1 - np.exp(np.clip(-d, -10, 10)))(log_probs, ref_log_probs, which)


@wrong("kl_loss_weights", "shape")
def summed(log_probs, ref_log_probs, which):
    return by_d(np.ones_like, lambda d: d, lambda d: 1 - np.exp(-d))(log_probs, ref_log_probs, which).sum()


@right("kl_loss_weights")
def with_expm1(log_probs, ref_log_probs, which):
    return by_d(np.ones_like, lambda d: d, lambda d: -np.expm1(-d))(log_probs, ref_log_probs, which)


@right("kl_loss_weights")
def with_ratios(log_probs, ref_log_probs, which):
    ratio = np.exp(ref_log_probs - log_probs)
    if which == "k1":
        return ratio * 0 + 1
    return -np.log(ratio) if which == "k2" else 1 - ratio


@right("kl_loss_weights")
def by_complex_step(log_probs, ref_log_probs, which):
    d = log_probs - ref_log_probs + 1e-20j
    return {"k1": d, "k2": d**2 / 2, "k3": np.exp(-d) - 1 + d}[which].imag / 1e-20


@right("kl_loss_weights")
def by_a_list(log_probs, ref_log_probs, which):
    return [
        1.0 if which == "k1" else a - b if which == "k2" else -math.expm1(b - a)
        for a, b in zip(log_probs, ref_log_probs)
    ]


@right("kl_loss_weights")
def as_a_difference_of_laws(log_probs, ref_log_probs, which):
    p, q = np.exp(log_probs), np.exp(ref_log_probs)
    return {"k1": p / p, "k2": log_probs - ref_log_probs, "k3": (p - q) / p}[which]


# --- pass_at_k -----------------------------------------------------------------------------------------------------


@probes("pass_at_k")
def pass_probes(rng):
    for n in (3, 8, 25):
        for k in (1, 2, 3):
            yield n, int(rng.integers(0, n + 1)), k
            yield n, np.arange(n + 1), k
    yield 5000, np.array([2, 7]), 64


@wrong("pass_at_k", "plug-in")
def independent_tries(num_samples, num_correct, k):
    return 1 - (1 - num_correct / num_samples) ** k


@wrong("pass_at_k", "the-complement")
def failing(num_samples, num_correct, k):
    return scipy.special.comb(num_samples - num_correct, k) / scipy.special.comb(num_samples, k)


@wrong("pass_at_k", "overflow")
def by_factorials(num_samples, num_correct, k):
    n, c = np.broadcast_arrays(num_samples, num_correct)

    def f(x):
        return scipy.special.factorial(x)

    return np.where(n - c < k, 1.0, 1 - f(n - c) * f(n - k) / (f(np.maximum(n - c - k, 0)) * f(n)))


@wrong("pass_at_k", "rate-only")
def rate(num_samples, num_correct, k):
    return num_correct / np.asarray(num_samples)


@wrong("pass_at_k", "union-bound")
def k_times_the_rate(num_samples, num_correct, k):
    return k * num_correct / np.asarray(num_samples)


@wrong("pass_at_k", "floor-division")
def any_right(num_samples, num_correct, k):
    return np.where(np.asarray(num_correct) + 0 * np.asarray(num_samples) > 0, 1.0, 0.0)


@wrong("pass_at_k", "smallest")
def with_k_off_by_one(num_samples, num_correct, k):
    n, c = np.broadcast_arrays(num_samples, num_correct)
    miss = np.ones(n.shape)
    for i in range(k - 1):
        miss = miss * np.maximum(n - c - i, 0) / (n - i)
    return 1 - miss


@right("pass_at_k")
def human_eval_without_its_first_line(num_samples, num_correct, k):
    """Right too: with fewer than k wrong ones a factor of the product is 0."""

    def one(n, c):
        return 1 - np.prod(1 - k / np.arange(n - c + 1, n + 1))

    return np.vectorize(one, otypes=[float])(num_samples, num_correct)


@wrong("pass_at_k", "all-of-k-right")
def every_one_right(num_samples, num_correct, k):
    return np.vectorize(lambda n, c: math.comb(int(c), k) / math.comb(int(n), k), otypes=[float])(
        num_samples, num_correct
    )


@wrong("pass_at_k", "smallest")
def exactly_one(num_samples, num_correct, k):
    return np.vectorize(
        lambda n, c: float(Fraction(int(c) * math.comb(int(n - c), k - 1), math.comb(int(n), k))), otypes=[float]
    )(num_samples, num_correct)


@right("pass_at_k")
def human_eval(num_samples, num_correct, k):
    def one(n, c):
        return 1.0 if n - c < k else 1 - np.prod(1 - k / np.arange(n - c + 1, n + 1))

    return np.vectorize(one, otypes=[float])(num_samples, num_correct)


@right("pass_at_k")
def hypergeometric(num_samples, num_correct, k):
    return 1 - scipy.stats.hypergeom.pmf(0, num_samples, num_correct, k)


@right("pass_at_k")
def by_comb(num_samples, num_correct, k):
    return np.vectorize(lambda n, c: 1 - math.comb(int(n - c), k) / math.comb(int(n), k), otypes=[float])(
        num_samples, num_correct
    )


@right("pass_at_k")
def by_gamma(num_samples, num_correct, k):
    n, c = np.broadcast_arrays(num_samples, num_correct)
    g, left = scipy.special.gammaln, np.maximum(n - c - k, 0)
    return np.where(n - c < k, 1.0, -np.expm1(g(n - c + 1) - g(left + 1) - g(n + 1) + g(n - k + 1)))


@right("pass_at_k")
def draw_by_draw(num_samples, num_correct, k):
    if np.ndim(num_samples) or np.ndim(num_correct):
        return [draw_by_draw(n, c, k) for n, c in zip(*np.broadcast_arrays(num_samples, num_correct))]
    miss = 1.0
    for i in range(k):
        miss *= max(num_samples - num_correct - i, 0) / (num_samples - i)
    return 1 - miss


# --- optimal_policy ------------------------------------------------------------------------------------------------


@probes("optimal_policy")
def leash_probes(rng):
    for shape in [(2,), (5,), (3, 4), (2, 2, 3)]:
        ref = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
        yield ref, rng.normal(size=shape), 0.7
        yield ref, 50 * rng.normal(size=shape), 0.05
    yield np.array([0.0, 0.5, 0.5]), np.array([900.0, 1.0, 1.5]), 1.0


@wrong("optimal_policy", "without-reference")
def no_reference(ref_probs, rewards, beta):
    return scipy.special.softmax(rewards / beta, axis=-1)


@wrong("optimal_policy", "overflow")
def overflowing(ref_probs, rewards, beta):
    w = ref_probs * np.exp(rewards / beta)
    return w / w.sum(axis=-1, keepdims=True)


@wrong("optimal_policy", "times-beta")
def beta_multiplied(ref_probs, rewards, beta):
    return scipy.special.softmax(np.log(ref_probs) + beta * rewards, axis=-1)


@wrong("optimal_policy", "reference-sharpened")
def everything_divided(ref_probs, rewards, beta):
    return scipy.special.softmax((np.log(ref_probs) + rewards) / beta, axis=-1)


@wrong("optimal_policy", "unused")
def greedy(ref_probs, rewards, beta):
    return (rewards == np.max(rewards, axis=-1, keepdims=True)).astype(float)


@wrong("optimal_policy", "normalised-over-everything")
def one_sum_for_all(ref_probs, rewards, beta):
    return scipy.special.softmax(np.log(ref_probs) + rewards / beta)


@wrong("optimal_policy", "adds-the-reference")
def mixture(ref_probs, rewards, beta):
    return 0.5 * ref_probs + 0.5 * scipy.special.softmax(rewards / beta, axis=-1)


@wrong("optimal_policy", "not-normalised")
def unnormalised(ref_probs, rewards, beta):
    return ref_probs * np.exp((rewards - rewards.max(axis=-1, keepdims=True)) / beta)


@wrong("optimal_policy", "law")
def small_number_in_the_log(ref_probs, rewards, beta):
    return scipy.special.softmax(np.log(ref_probs + 1e-8) + rewards / beta, axis=-1)


@wrong("optimal_policy", "max-of-the-impossible")
def largest_of_the_impossible(ref_probs, rewards, beta):
    w = ref_probs * np.exp((rewards - rewards.max(axis=-1, keepdims=True)) / beta)
    return w / w.sum(axis=-1, keepdims=True)


@wrong("optimal_policy", "smallest")
def clipped_exponent(ref_probs, rewards, beta):
    w = ref_probs * np.exp(np.clip(rewards / beta, -50, 50))
    return w / w.sum(axis=-1, keepdims=True)


@right("optimal_policy")
def log_softmax_way(ref_probs, rewards, beta):
    with np.errstate(divide="ignore"):
        return scipy.special.softmax(np.log(ref_probs) + np.asarray(rewards) / beta, axis=-1)


@right("optimal_policy")
def logsumexp_with_weights(ref_probs, rewards, beta):
    z = np.asarray(rewards) / beta
    log_Z = scipy.special.logsumexp(z, b=ref_probs, axis=-1, keepdims=True)
    return ref_probs * np.exp(np.where(ref_probs > 0, z - log_Z, 0))


@right("optimal_policy")
def by_rows(ref_probs, rewards, beta):
    if np.ndim(ref_probs) > 1:
        return [by_rows(q, r, beta) for q, r in zip(ref_probs, rewards)]
    top = max(r for q, r in zip(ref_probs, rewards) if q > 0)
    w = [q * math.exp((r - top) / beta) if q > 0 else 0.0 for q, r in zip(ref_probs, rewards)]
    return [x / sum(w) for x in w]


@right("optimal_policy")
def masked_maximum(ref_probs, rewards, beta):
    top = np.where(ref_probs > 0, rewards, -np.inf).max(axis=-1, keepdims=True)
    w = ref_probs * np.exp(np.minimum(rewards - top, 0) / beta)
    return w / w.sum(axis=-1, keepdims=True)


@right("optimal_policy")
def in_long_doubles(ref_probs, rewards, beta):
    z = np.where(ref_probs > 0, np.asarray(rewards, np.longdouble) / beta, -np.inf)
    w = ref_probs * np.exp(z - z.max(axis=-1, keepdims=True))
    return (w / w.sum(axis=-1, keepdims=True)).astype(float)


# --- as a program is carried over -----------------------------------------------------------------------------------


@wrong("leave_one_out_advantages", "whole-numbers")
def written_into_a_copy(rewards):
    out = rewards.copy()
    for i in range(rewards.shape[1]):
        out[:, i] = rewards[:, i] - np.delete(rewards, i, axis=1).mean(axis=1)
    return out


@wrong("leave_one_out_advantages", "by-row")
def the_factor_upside_down(rewards):
    G = rewards.shape[1]
    return (G - 1) / G * (rewards - rewards.mean(axis=1, keepdims=True))


@right("leave_one_out_advantages")
def with_the_own_reward_masked(rewards):
    P, G = rewards.shape
    own = np.broadcast_to(np.eye(G, dtype=bool), (P, G, G))
    return rewards - np.ma.masked_array(np.broadcast_to(rewards[:, None, :], (P, G, G)), own).mean(axis=-1)


@wrong("token_weights", "by-row")
def empty_answers_not_counted(advantages, mask, how, max_len):
    lengths = mask.sum(axis=0)
    n = (lengths > 0).sum()
    divisor = {"sequence": n * np.maximum(lengths, 1), "token": mask.sum(), "constant": n * max_len}[how]
    return np.where(mask, advantages / divisor, 0.0)


@wrong("token_weights", "shape")
def padding_masked(advantages, mask, how, max_len):
    table = np.ma.masked_array(np.broadcast_to(advantages, mask.shape), ~mask)
    n, lengths = mask.shape[1], np.maximum(mask.sum(axis=0), 1)
    return table / {"sequence": n * lengths, "token": mask.sum(), "constant": n * max_len}[how]


@wrong("kl_loss_weights", "log-ratio-turned-round")
def differentiated_the_wrong_way_round(log_probs, ref_log_probs, which):
    d = ref_log_probs - log_probs
    return {"k1": -np.ones_like(d), "k2": -d, "k3": np.exp(-d) - 1}[which]


@wrong("pass_at_k", "corner")
def the_first_answer_makes_the_type(num_samples, num_correct, k):
    """np.vectorize takes its type from the first: 1 is an integer."""

    def one(n, c):
        return 1 if n - c < k else 1 - math.comb(n - c, k) / math.comb(n, k)

    return np.vectorize(one)(num_samples, num_correct)


@wrong("pass_at_k", "overflow")
def by_binomials_in_floats(num_samples, num_correct, k):
    left = scipy.special.comb(np.asarray(num_samples) - num_correct, k)
    return 1 - left / scipy.special.comb(num_samples, k)


@right("pass_at_k")
def by_the_hypergeometric_law(num_samples, num_correct, k):
    return scipy.stats.hypergeom.sf(0, num_samples, num_correct, k)


@wrong("optimal_policy", "not-finite")
def against_every_other_answer(ref_probs, rewards, beta):
    """Its share is 0 / 0 only where the reference gives 0 and the reward is the largest."""
    gaps = np.exp((np.expand_dims(rewards, -2) - np.expand_dims(rewards, -1)) / beta)
    others = np.expand_dims(ref_probs, -2)
    return ref_probs / np.where(others > 0, others * gaps, 0.0).sum(axis=-1)


@wrong("optimal_policy", "smallest")
def rewards_standardised(ref_probs, rewards, beta):
    z = (rewards - np.mean(rewards, -1, keepdims=True)) / (np.std(rewards, -1, keepdims=True) + 1e-8)
    with np.errstate(divide="ignore"):
        return scipy.special.softmax(np.log(ref_probs) + z / beta, axis=-1)


@wrong("optimal_policy", "law")
def the_impossible_taken_out_afterwards(ref_probs, rewards, beta):
    return scipy.special.softmax(np.log(np.maximum(ref_probs, 1e-12)) + rewards / beta, axis=-1) * (ref_probs > 0)
