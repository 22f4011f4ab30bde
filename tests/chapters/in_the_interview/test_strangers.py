"""Three strangers' loops: the right diagnosis of a mended loop is accepted, and whatever else is told why not."""

import inspect
import json

import numpy as np
import pytest

from learning_to_act import strangers
from learning_to_act.strangers import NAMES, STRANGERS, check_stranger
from policy_gradient.audit import audit
from tools.paths import ROOT


def cells(folder):
    held = json.loads((ROOT / folder / "05-in-the-interview.ipynb").read_text("utf8"))["cells"]
    return ["".join(cell["source"]) for cell in held if cell["cell_type"] == "code"]


def loops(folder, name):
    """Every definition of the loop in a notebook, in order."""
    found = []
    for source in cells(folder):
        if source.startswith(f"def {name}("):
            space = {"np": np}
            exec(source, space)
            found.append((source, space[name]))
    return found


def mended(name):
    return loops("solutions", name)[-1][1]


@pytest.mark.parametrize("name", STRANGERS)
def test_the_learner_gets_the_loop_that_the_check_knows_and_no_solution(name):
    assert [source for source, _ in loops("exercises", name)] == [inspect.getsource(STRANGERS[name][0]).strip()]
    assert f'check_stranger({name}, mistake="")' in cells("exercises")
    assert len(loops("solutions", name)) == 2 and f'check_stranger({name}, mistake="{STRANGERS[name][1]}")' in cells(
        "solutions"
    )


@pytest.mark.parametrize("name", STRANGERS)
def test_the_mended_loop_with_its_name_is_accepted(name):
    result = check_stranger(mended(name), STRANGERS[name][1])
    assert result and result.exercise == name and STRANGERS[name][1] in result.message


@pytest.mark.parametrize("name", STRANGERS)
def test_the_loop_as_given_is_not_mended_whatever_it_is_called(name):
    original, bug = STRANGERS[name]
    for mistake in ("", bug, "no such name"):
        result = check_stranger(original, mistake)
        assert not result and result.mistake == "cosmetic"
        assert NAMES[bug][1].rstrip(".") in result.message, "what the audit says of it"
    assert "The name is right" in check_stranger(original, bug).message


@pytest.mark.parametrize("name", STRANGERS)
def test_each_wrong_name_is_told_why(name):
    for mistake, (what, words) in NAMES.items():
        if mistake != STRANGERS[name][1]:
            result = check_stranger(mended(name), mistake)
            assert not result and result.message.startswith("Mended. The name") and what in result.message
            assert words.rstrip(".") in result.message
            assert STRANGERS[name][1] not in result.message, "the answer is not given away"


def test_no_name_and_a_misspelt_one_are_told():
    loop = mended("stranger_2")
    assert "print(names())" in check_stranger(loop).message
    assert "Did you mean 'gamma-power-twice'?" in check_stranger(loop, "gamma-power-twise").message
    assert set(NAMES) == {line.split()[0] for line in strangers.names().splitlines()}


def to_go(batch, cut=True):
    out, G = np.zeros(len(batch)), 0.0
    for i in reversed(range(len(batch))):
        ended = batch.terminated[i] or batch.truncated[i] or not batch.mask[i]
        out[i] = G = batch.rewards[i] + batch.gamma * G * (not ended if cut else 1)
    return out


def weighed(weights, theta, batch):
    return weights * batch.mask @ batch.score(theta) / len(batch.episodes())


def gae(theta, batch):
    out, following = np.zeros(len(batch)), 0.0
    for i in reversed(range(len(batch))):
        if batch.mask[i]:
            done = batch.terminated[i] or batch.truncated[i]
            error = batch.rewards[i] + batch.gamma * batch.next_values[i] * (not done) - batch.values[i]
            out[i] = following = error + batch.gamma * batch.lam * following * (not done)
    return weighed(batch.gamma**batch.t * out, theta, batch)


def overwritten(theta, batch):
    gradient, weights = np.zeros(len(theta)), batch.gamma**batch.t * to_go(batch)
    p = 1 / (1 + np.exp(-theta))
    for i in np.flatnonzero(batch.mask):
        gradient[batch.obs[i]] = weights[i] * (batch.actions[i] - p[batch.obs[i]])
    return gradient / len(batch.episodes())


def malus(theta, batch):
    p = 1 / (1 + np.exp(-theta))
    visits = np.bincount(batch.obs[batch.mask], minlength=len(theta))
    return mended("stranger_1")(theta, batch) + 0.01 * visits * theta * p * (1 - p) / batch.mask.sum()


def last_twice(theta, batch):
    out = np.zeros(len(batch))
    for e in batch.episodes():
        shifted = [*batch.rewards[e][1:], batch.rewards[e][-1]]
        for t in range(len(shifted)):
            out[e.start + t] = sum(batch.gamma**k * r for k, r in enumerate(shifted[t:]))
    return weighed(batch.gamma**batch.t * out, theta, batch)


LOOPS = {
    "end-not-cut": lambda theta, batch: weighed(batch.gamma**batch.t * to_go(batch, cut=False), theta, batch),
    "entropy-with-the-wrong-sign": malus,
    "gamma-power-dropped": lambda theta, batch: weighed(to_go(batch), theta, batch),
    "last-reward-twice": last_twice,
    "truncation-as-termination": gae,
    "visits-overwritten": overwritten,
    **{bug: loop for loop, bug in STRANGERS.values()},
}


@pytest.mark.parametrize("name", NAMES)
def test_what_the_check_quotes_for_a_name_is_what_the_audit_says_of_such_a_loop(name):
    assert NAMES[name][1].rstrip(".") in str(audit(LOOPS[name])).replace("**", "")


def test_another_mistake_in_the_place_of_the_first_is_named():
    def stranger_2(theta, batch):
        return weighed(to_go(batch), theta, batch)

    result = check_stranger(stranger_2, "gamma-power-twice")
    assert not result and "another thing" in result.message and "without gamma^t" in result.message


def test_another_cure_passes_too():
    def stranger_2(theta, batch):
        return weighed(batch.gamma**batch.t * to_go(batch), theta, batch)

    assert check_stranger(stranger_2, "gamma-power-twice")


@pytest.mark.parametrize("lam, passes", [(0.0, True), (1.0, True), (0.95, False), (0.5, False)])
def test_one_step_and_all_steps_are_cures_and_a_lambda_of_its_own_is_not(lam, passes):
    """r + gamma V' - V has no lambda to ignore; another number stands where the given one should."""

    def stranger_3(theta, batch):
        out, following = np.zeros(len(batch)), 0.0
        for i in reversed(np.flatnonzero(batch.mask)):
            after = batch.next_values[i] * (not batch.terminated[i])
            following *= batch.gamma * lam * (not (batch.terminated[i] or batch.truncated[i]))
            out[i] = following = batch.rewards[i] + batch.gamma * after - batch.values[i] + following
        return weighed(batch.gamma**batch.t * out, theta, batch)

    result = check_stranger(stranger_3, STRANGERS["stranger_3"][1])
    assert bool(result) is passes and ("another thing" in result.message) is not passes
    assert passes or f"lambda is {lam:g}, whatever was given" in result.message


def test_what_cannot_be_read_gets_a_sentence():
    def stranger_1(theta, batch):
        return theta[7] / batch.nothing

    assert "cannot be read" in check_stranger(stranger_1).message and not check_stranger(stranger_1)
    for thing in (None, "stranger_1", np.zeros(3), len):
        assert "Pass one of stranger_1" in check_stranger(thing).message
