"""The transformer against the same block written out, one number of one sequence at a time, and finite differences.

PyTorch's automatic differentiation is asked in test_language_against_others.py, where PyTorch is.
"""

import itertools

import numpy as np
import pytest
from scipy import special

import policy_gradient as pg

MODEL = pg.Transformer(5, 3, 4, width=6, heads=2, hidden=7)


def case(model=MODEL, num=3, seed=0):
    rng = np.random.default_rng(seed)
    theta = model.init(rng, np.float64) + 0.3 * rng.normal(size=model.num_params)
    prompts = rng.integers(0, model.num_tokens, (num, model.prompt_len))
    return (
        theta,
        prompts,
        rng.integers(0, model.num_tokens, (model.max_len, num)),
        rng.normal(size=(model.max_len, num)),
    )


def written_out(model, theta, digits):
    """The logits after each digit of one sequence, (L, V), as loops over positions and heads."""
    parts, start = {}, 0
    for name, shape in model.shapes.items():
        parts[name], start = theta[start : start + np.prod(shape)].reshape(shape), start + np.prod(shape)
    assert start == len(theta)
    D, H = model.width, model.width // model.heads

    def norm(x, gain):
        return (x - np.mean(x)) / np.sqrt(np.var(x) + 1e-5) * gain

    x = [parts["embed"][digit] + parts["place"][i] for i, digit in enumerate(digits)]
    looked = [norm(one, parts["gain"][0]) @ parts["qkv"] for one in x]
    logits = []
    for i in range(len(digits)):
        heard = np.zeros(D)
        for h in range(model.heads):
            here = slice(h * H, (h + 1) * H)
            q = looked[i][:D][here]
            weights = special.softmax([q @ looked[j][D : 2 * D][here] / np.sqrt(H) for j in range(i + 1)])
            heard[here] = sum(w * looked[j][2 * D :][here] for j, w in enumerate(weights))
        y = x[i] + heard @ parts["mix"]
        hidden = np.tanh(norm(y, parts["gain"][1]) @ parts["up"][:-1] + parts["up"][-1])
        y = y + hidden @ parts["down"][:-1] + parts["down"][-1]
        logits.append(norm(y, parts["gain"][2]) @ parts["out"][:-1] + parts["out"][-1])
    return np.array(logits)


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_log_probabilities_are_those_of_the_block_written_out(heads):
    model = pg.Transformer(5, 3, 4, width=6, heads=heads, hidden=7)
    theta, prompts, tokens, _ = case(model)
    found = model.log_prob(theta, prompts, tokens)
    assert found.shape == tokens.shape
    for n in range(3):
        told = written_out(model, theta, [*prompts[n], *tokens[:-1, n]])[model.prompt_len - 1 :]
        wanted = special.log_softmax(told, axis=1)[np.arange(4), tokens[:, n]]
        np.testing.assert_allclose(found[:, n], wanted, atol=1e-10)


def test_the_score_is_the_slope_of_the_weighted_log_probabilities_in_every_parameter():
    theta, prompts, tokens, weights = case()
    slope = pg.finite_difference(lambda th: (weights * MODEL.log_prob(th, prompts, tokens)).sum(), theta)
    np.testing.assert_allclose(MODEL.weighted_score(theta, prompts, tokens, weights), slope, atol=1e-7)
    once = MODEL.weighted_score(theta, prompts, tokens, weights * (np.arange(4) == 1)[:, None])
    slope = pg.finite_difference(lambda th: weights[1] @ MODEL.log_prob(th, prompts, tokens)[1], theta)
    np.testing.assert_allclose(once, slope, atol=1e-7)  # one token's alone


def test_no_token_hears_of_a_later_one():
    theta, prompts, tokens, _ = case()
    changed = tokens.copy()
    changed[2] = (changed[2] + 1) % 5
    before, after = (MODEL.log_prob(theta, prompts, each) for each in (tokens, changed))
    np.testing.assert_allclose(before[:2], after[:2], rtol=1e-12)
    assert (before[2:] != after[2:]).all()


def test_the_chances_of_all_answers_sum_to_one_and_what_is_drawn_has_the_law_it_says():
    model = pg.Transformer(2, 2, 3, width=4, heads=2, hidden=3)
    theta, _, _, _ = case(model)
    answers = np.array(list(itertools.product((0, 1), repeat=3))).T
    chances = np.exp(model.log_prob(theta, np.tile([[1, 0]], (8, 1)), answers).sum(axis=0))
    assert chances.sum() == pytest.approx(1)
    prompts = np.tile([[1, 0]], (4000, 1))
    drawn = model.generate(theta, prompts, np.random.default_rng(1))
    counts = np.bincount(drawn.tokens.T @ [4, 2, 1], minlength=8)
    assert (abs(counts / 4000 - chances) < 4.5 * np.sqrt(chances * (1 - chances) / 4000)).all()
    np.testing.assert_allclose(drawn.log_probs, model.log_prob(theta, prompts, drawn), atol=1e-10)


def test_it_begins_near_the_uniform_policy_with_offsets_0_and_gains_1():
    model = pg.Transformer(11, 3, 4, width=64, heads=4, hidden=128)
    theta = model.init(np.random.default_rng(0))
    assert theta.dtype == np.float32 and model.init(np.random.default_rng(0), np.float64).dtype == np.float64
    parts, start = {}, 0
    for name, shape in model.shapes.items():
        parts[name], start = theta[start : start + np.prod(shape)].reshape(shape), start + np.prod(shape)
    assert start == model.num_params == len(theta)
    assert (parts["gain"] == 1).all() and not any(parts[name][-1].any() for name in ("up", "down", "out"))
    for name, std in dict(embed=0.5, place=0.5, qkv=1 / 8, mix=1 / 8, up=1 / 8, down=1 / 128**0.5).items():
        assert parts[name].std() == pytest.approx(std, rel=4 / (2 * parts[name].size) ** 0.5), name
    prompts, tokens = np.zeros((2, 3), int), np.zeros((4, 2), int)
    np.testing.assert_allclose(model.log_prob(theta, prompts, tokens), -np.log(11), atol=0.1)


@pytest.mark.parametrize(
    "ask, said",
    [
        (lambda: pg.Transformer(5, 3, 4, width=6, heads=4), "width must be a multiple of heads, got 6 and 4"),
        (lambda: pg.Transformer(5, 0, 4), "prompt_len must be at least 1"),
        (lambda: MODEL.log_prob(np.zeros(3), *case()[1:3]), "theta must have shape"),
        (lambda: MODEL.log_prob(case()[0], np.zeros((3, 2), int), case()[2]), r"prompts must have shape \(any, 3\)"),
        (lambda: MODEL.log_prob(case()[0], np.full((3, 3), 5), case()[2]), "prompts must lie in 0 .. 4"),
        (lambda: MODEL.log_prob(case()[0], case()[1], case()[2] - 9), "tokens must lie in 0 .. 4"),
        (lambda: MODEL.weighted_score(*case()[:3], np.ones((4, 2))), r"weights must have shape \(4, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused(ask, said):
    with pytest.raises(ValueError, match=said):
        ask()
