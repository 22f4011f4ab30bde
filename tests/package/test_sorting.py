"""The sorter: its exact success and gradient against every answer written out, and the estimators' means in it."""

import itertools
from math import sqrt
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

import policy_gradient as pg
from policy_gradient import sorting


@pytest.mark.parametrize(
    "make",
    [
        lambda task: pg.TokenPolicy(task, pg.MLPSoftmax((task.num_features, 16, task.base))),
        lambda task: pg.Transformer(task.base, task.num_digits, task.num_digits, width=8, heads=2, hidden=8),
    ],
)
def test_the_sorters_exact_gradient(make):
    task = pg.Sorting(3, 3)
    policy = make(task)
    rng = np.random.default_rng(0)
    theta = policy.init(rng, np.float64) + 0.2 * rng.normal(size=policy.num_params)
    J, gradient, p = sorting.exact(task, policy, theta)
    brute = 0.0  # every prompt and every answer
    prompts = np.array(list(itertools.product(range(3), repeat=3)))
    for answer in itertools.product(range(3), repeat=3):
        tokens = np.repeat(np.array(answer)[:, None], 27, axis=1)
        right = (np.sort(prompts, axis=1) == answer).all(1)
        brute += (np.exp(policy.log_prob(theta, prompts, tokens).sum(0)) * right).sum() / 27
    assert J == pytest.approx(brute) == pytest.approx(p.mean()) == pytest.approx(sorting.success(task, policy, theta))
    for _ in range(4):
        way = rng.normal(size=policy.num_params)
        slope = pg.finite_difference(lambda h: sorting.success(task, policy, theta + h[0] * way), np.zeros(1))[0]
        assert gradient @ way == pytest.approx(slope, rel=1e-6, abs=1e-10)


def test_every_estimators_mean_in_the_sorter():
    """Along the exact gradient, over 200 batches of 8 prompts with 4 answers:
    within 4.5 standard errors of what the chapter says."""
    task = pg.Sorting(2, 3)
    policy = pg.TokenPolicy(task, pg.MLPSoftmax((task.num_features, 12, 3)))
    rng = np.random.default_rng(3)
    theta = policy.init(rng, np.float64) + 0.4 * rng.normal(size=policy.num_params)
    _, g, p = sorting.exact(task, policy, theta)
    each = [sorting.exact(task, policy, theta, x[None])[1] for x in task.every()]
    for how in ("none", "mean", "leave_one_out", "std", "successes"):
        w = {
            "none": 1 + 0 * p,
            "mean": 0.75 + 0 * p,
            "leave_one_out": 1 + 0 * p,
            "std": pg.grpo_weight(p, 4),
            "successes": sum((1 - p) ** j for j in range(4)),
        }[how]
        wanted = np.mean([wi * gi for wi, gi in zip(w, each)], axis=0) @ g
        found = []
        for _ in range(200):
            prompts = np.repeat(task.prompts(rng, 8), 4, axis=0)
            answers = policy.generate(theta, prompts, rng)
            a = pg.group_advantages(task.reward(prompts, answers).reshape(8, 4), how).ravel()
            found.append(
                policy.weighted_score(theta, prompts, answers.tokens, pg.token_weights(a, answers.mask, "sum")) @ g
            )
        assert abs(np.mean(found) - wanted) < 4.5 * np.std(found) / sqrt(200)


def test_what_is_seen_are_the_prompt_what_was_written_and_the_place():
    task = pg.Sorting(3, 4)
    prompts, tokens = np.array([[3, 0, 1], [2, 2, 0]]), np.array([[0, 1], [3, 2], [1, 0]])
    assert (task.num_features, task.num_tokens, task.max_len, task.end) == (2 * 12 + 3, 4, 3, None)
    for t in range(3):
        x = task.features(prompts, tokens, t)
        assert x.shape == (2, 27) and x.dtype == np.float32
        for n in range(2):
            ones = {4 * i + prompts[n, i] for i in range(3)} | {12 + 4 * i + tokens[i, n] for i in range(t)} | {24 + t}
            assert set(np.flatnonzero(x[n])) == ones and x[n].sum() == len(ones)
    with pytest.raises(ValueError, match="prompts must lie in"):
        task.features([[4, 0, 0]], tokens[:, :1], 0)


def test_an_answer_is_right_if_all_its_digits_are():
    task, prompts = pg.Sorting(3, 4), np.array([[3, 0, 1], [2, 2, 0], [1, 1, 1]])
    assert task.answers(prompts).T.tolist() == [[0, 1, 3], [0, 2, 2], [1, 1, 1]]
    written = np.array([[0, 1, 3], [0, 2, 3], [1, 1, 1]]).T
    assert task.reward(prompts, written).tolist() == [1, 0, 1] and task.reward(prompts, written).dtype == float
    assert task.reward(prompts, SimpleNamespace(tokens=written)).tolist() == [1, 0, 1]


def test_every_prompt_is_listed_once_and_prompts_are_uniform():
    task = pg.Sorting(2, 3)
    assert task.every().tolist() == [list(pair) for pair in itertools.product(range(3), repeat=2)]
    drawn = task.prompts(np.random.default_rng(0), 9000)
    assert drawn.shape == (9000, 2)
    assert stats.chisquare(np.bincount(drawn @ [3, 1], minlength=9)).pvalue > 1e-3
    assert len(pg.Sorting(6, 8).every()) == 2**18
    for wrong in (dict(num_digits=0), dict(base=1)):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be at least"):
            pg.Sorting(**wrong)


def test_demonstrations_are_right_but_for_the_noise():
    task, rng = pg.Sorting(4, 5), np.random.default_rng(1)
    prompts, tokens = task.demonstrations(rng, 5000, 0.3)
    right = tokens == task.answers(prompts)
    assert tokens.shape == (4, 5000) and right.mean() == pytest.approx(1 - 0.3 * 4 / 5, abs=0.01)
    prompts, tokens = task.demonstrations(rng, 50, 0)
    np.testing.assert_array_equal(tokens, np.sort(prompts, axis=1).T)
    prompts, tokens = task.demonstrations(rng, 5000)  # three tenths unless told
    assert (tokens == task.answers(prompts)).mean() == pytest.approx(1 - 0.3 * 4 / 5, abs=0.01)
    noise = task.demonstrations(rng, 5000, 1.0)[1]
    assert stats.chisquare(np.bincount(noise.ravel(), minlength=5)).pvalue > 1e-3


def test_many_prompts_in_parts_are_as_one_by_one():
    task, rng = pg.Sorting(3, 8), np.random.default_rng(2)  # 512 prompts: more than one part
    policy = pg.TokenPolicy(task, pg.MLPSoftmax((task.num_features, 6, 8)))
    theta = rng.normal(size=policy.num_params)
    J, gradient, p = sorting.exact(task, policy, theta)
    one_by_one = [sorting.exact(task, policy, theta, x[None]) for x in task.every()]
    np.testing.assert_allclose(p, [one[2][0] for one in one_by_one], rtol=1e-9)
    np.testing.assert_allclose(gradient, np.mean([one[1] for one in one_by_one], axis=0), atol=1e-12)
    assert J == pytest.approx(p.mean()) and sorting.success(task, policy, theta, task.every()[:7]) == pytest.approx(
        p[:7].mean()
    )
    fast, plain = (
        form(policy, theta, task.every(), task.answers(task.every()))
        for form in (sorting._chances_and_gradient.fast, sorting._chances_and_gradient.plain)
    )
    np.testing.assert_allclose(fast[0], p), np.testing.assert_allclose(plain[0], p)
    np.testing.assert_allclose(plain[1], 512 * gradient, atol=1e-9)
