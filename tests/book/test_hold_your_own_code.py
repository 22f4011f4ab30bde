"""The page *Hold your own code*: its loops run as they stand, the verdicts printed on it are those of today; the wheel;
the adapters' results."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import fields, replace

import numpy as np
import pytest

import policy_gradient as pg
from policy_gradient.audit import audit, audit_gaussian
from policy_gradient.audit import theorem as audit_theorem
from policy_gradient.audit import worlds as audit_worlds
from tests.helpers.sentences import doors, sigmoid, slope
from tools.make import wheel
from tools.paths import ROOT

HOLD = (ROOT / "book/hold-your-own-code.md").read_text("utf8")

PAGE = (ROOT / "book/hold-your-own-code.md").read_text(encoding="utf-8")
BLOCKS = {m[1]: m[2] for m in re.finditer(r"```python\n# ([^\n]+)\n(.*?)```", PAGE, re.S)}
LIBRARIES = ROOT / "studies/libraries"


def verdict_of(name, function="update"):
    space = {}
    exec(BLOCKS[name].replace("print(", "(") if "print(" in BLOCKS[name] else BLOCKS[name], space)
    return audit(space[function])


def printed(text):
    lines = (line.strip().removeprefix(">").strip() for line in str(text).splitlines())
    return "\n".join(line for line in lines if line)


def test_the_first_loop_gets_the_verdict_on_the_page():
    assert printed(verdict_of("numpy", "my_update")) in printed(PAGE)


def test_the_gaussian_gets_the_verdict_on_the_page_and_the_mended_one_is_not_accused():
    def verdict(source):
        space = {}
        exec(source.replace("print(audit_gaussian(my_gaussian))", ""), space)
        return audit_gaussian(space["my_gaussian"])

    source = BLOCKS["gaussian"]
    assert printed(str(verdict(source))) in printed(PAGE) and verdict(source).accused
    for wrong, right in (("batch.actions", "batch.drawn"), ("score.size", "len(score)")):
        assert source.count(wrong) == 1
        assert verdict(source := source.replace(wrong, right)).ok is (right == "len(score)")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_strangers_loop_is_accused_and_the_mended_one_is_not(number):
    verdict = verdict_of(f"stranger {number}")
    assert verdict.accused and printed(verdict) in printed(PAGE)
    mended = verdict_of(f"mended {number}")
    assert mended.ok and "follows the theorem's direction." in mended.headline, str(mended)


def test_the_fourth_stranger_s_example():
    """To leave pays 1, to stay .5 three times; and rewards that are all 1, as CartPole's."""
    leave, stay = np.array([1.0]), np.full(3, 0.5)
    mean = np.concatenate([leave, stay]).mean()
    assert (stay.sum(), leave.sum(), mean) == (1.5, 1, 0.625)
    assert ((leave - mean).sum(), (stay - mean).sum()) == (0.375, -0.375)
    world = audit_worlds()["plain"]
    space = {}
    exec(BLOCKS["stranger 4"], space)
    assert not space["update"](world.theta, replace(world.batch.copy(), rewards=np.ones(len(world.batch)))).any()
    lengths = np.bincount(audit_worlds()["two doors"].batch.episode)
    assert len(lengths) == 8 and np.ptp(lengths) == 0
    for number, uphill in ((1, True), (2, True), (3, False), (4, True)):
        assert (verdict_of(f"stranger {number}").angle < 90) == uphill


def test_the_network_passes_the_kit_and_its_fault_is_named_as_on_the_page():
    exec(BLOCKS["network"], {})
    faulty = BLOCKS["network"].replace(" * (hidden > 0)", "")
    assert faulty != BLOCKS["network"]
    with pytest.raises(AssertionError) as told:
        exec(faulty, {})
    assert f"> {told.value}.\n" in PAGE


def test_the_terminal_s_switches_on_the_page_are_those_there_are(capsys):
    from policy_gradient.audit.__main__ import main

    with pytest.raises(SystemExit):
        main(["--help"])
    there = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert there == set(re.findall(r"(?<=[ `])--[a-z-]+", PAGE)) - {"--no-deps"}


def test_what_the_terminal_ends_with(tmp_path, capsys):
    from policy_gradient.audit.__main__ import main

    (tmp_path / "mine.py").write_text(
        BLOCKS["mended 1"]
        + BLOCKS["mended 1"].replace("def update", "def dropped").replace("batch.gamma**batch.t * ", "")
        + "def grpo(r):\n    return (r - r.mean(1, keepdims=True)) / (r.std(1, keepdims=True) + 1e-6)\n\n"
        + "def nothing(theta, batch):\n    pass\n"
    )
    ends = {"update": 0, "dropped": 1, "grpo": 0, "nothing": 2}
    for name, end in ends.items():
        assert main([f"{tmp_path}/mine.py:{name}", *["--advantages"] * (name == "grpo")]) == end, name
    assert "**without gamma^t**" in (said := capsys.readouterr().out) and "not the mean success" in said
    assert "choices do not, and of a language model's advantages a division by the group's spread" in PAGE


def test_each_way_takes_about_ten_lines():
    for name in ("numpy", "torch", "library", "gaussian", "torch gaussian"):
        lines = [line for line in BLOCKS[name].splitlines() if line.strip() and not line.startswith(("import", "from"))]
        assert len(lines) <= 10, name


def test_the_page_tells_nobody_to_install_a_name_that_is_not_ours():
    for line in re.findall(r"^.*pip install.*$", PAGE, re.M):
        assert line.split()[-1].endswith(".whl")


def test_the_wheel_holds_the_instrument(tmp_path):
    path = wheel.build(tmp_path)
    with zipfile.ZipFile(path) as held:
        names = held.namelist()
    assert {"policy_gradient/audit/__main__.py", "policy_gradient/audit/worlds.py"} <= set(names) and path.name in PAGE
    code = "import sys; sys.path.insert(0, sys.argv[1]); import policy_gradient.audit as a; print(a.__file__)"
    assert (
        str(path)
        in subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, cwd=tmp_path
        ).stdout
    )


RESULTS = sorted((LIBRARIES / "results").glob("*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda p: p.stem)
def test_a_library_result_is_complete_and_of_the_pinned_version(path):
    found = json.loads(path.read_text(encoding="utf-8"))
    script = (ROOT / found["script"]).read_text(encoding="utf-8")
    pinned = rf"\b{re.escape(found['library'])}(\[\w+\])?=={re.escape(found['version'])}(\s|$)"
    assert re.search(pinned, script.splitlines()[0])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"]) and found["losses"]
    for name, facts in found["losses"].items():
        assert f'"{name}"' in script and facts["unreadable"] is None and facts["headline"], name


def test_every_adapter_has_a_result_and_can_be_parsed():
    scripts = {p.stem: p for p in LIBRARIES.glob("*.py") if p.read_text(encoding="utf-8").startswith("# requires:")}
    assert {p.stem for p in RESULTS} == set(scripts) and len(scripts) >= 6
    for script in scripts.values():
        ast.parse(script.read_text(encoding="utf-8"))


def test_a_sum_that_runs_across_an_end_is_a_bias_where_actions_decide_the_length():
    """The first stranger's loop as the page prints it, over every pair of episodes: of one world whose lengths are
    fixed, and of one where action 1 pays 1 and ends, action 0 waits a step for its 1."""
    from types import SimpleNamespace as Space

    space = {}
    for name in ("stranger 1", "mended 1"):
        exec(re.search(rf"```python\n# {name}\n(.*?)```", HOLD, re.DOTALL)[1], space)
        space[name] = space["update"]

    class Batch(Space):
        __len__ = lambda self: len(self.rewards)  # noqa: E731
        episodes = lambda self: self.slices  # noqa: E731
        score = lambda self, theta: ((self.actions - 0.5) * (self.choice == 1))[:, None]  # noqa: E731

    def mean(update, episodes):
        total = 0.0
        for first in episodes:
            for second in episodes:
                a, r, c = (np.array([*x, *y], float) for x, y in zip(first, second))
                t = np.r_[np.arange(len(first[0])), np.arange(len(second[0]))]
                parts = [slice(0, len(first[0])), slice(len(first[0]), len(t))]
                batch = Batch(rewards=r, actions=a, choice=c, t=t, gamma=0.5, mask=np.ones(len(t)), slices=parts)
                total += update(np.zeros(1), batch)[0] / len(episodes) ** 2
        return total

    ends_or_waits = [((1,), (1.0,), (1,)), ((0, 0), (0.0, 1.0), (1, 0))]  # actions, rewards, is there a choice
    fixed = [((1, 0), (1.0, 1.0), (1, 0)), ((0, 0), (0.0, 1.0), (1, 0))]
    assert mean(space["mended 1"], ends_or_waits) == pytest.approx(slope(lambda z: sigmoid(z) * 0.5 + 0.5, 0))
    assert mean(space["stranger 1"], ends_or_waits) == pytest.approx(0.1484375)
    assert mean(space["stranger 1"], fixed) == pytest.approx(mean(space["mended 1"], fixed)) == pytest.approx(0.25)
    assert "and their lengths do not depend on what is done" in HOLD and "$\\gamma<1$ it is a bias" in HOLD


def test_an_update_that_ties_episodes_together_shows_its_direction_on_large_batches():
    world, _, _, exact = doors()
    returns, scores = [], []
    for a, b, c in np.ndindex(2, 2, 2):
        states, actions = [0, 1, 2 if b else 3], (a, b, c)
        returns.append(sum(0.5**t * world.R[s, u] for t, (s, u) in enumerate(zip(states, actions))))
        softmax_ = pg.two_action_softmax(2, 3)
        scores.append(sum(softmax_.score(np.zeros(2), world.obs[s], u) for s, u in zip(states, actions)))
    R, S = np.array(returns), np.array(scores)
    update = lambda batch: ((R[batch] - R[batch].mean())[:, None] * S[batch]).mean(axis=0)  # noqa: E731
    np.testing.assert_allclose(update(np.arange(8)), exact, atol=1e-6)
    pairs = [update(np.array(pair)) for pair in np.ndindex(8, 8)]
    np.testing.assert_allclose(np.mean(pairs, axis=0), exact / 2, atol=1e-6)  # and no seed was drawn
    normalised = lambda batch: update(batch) / R[batch].std()  # noqa: E731
    np.testing.assert_allclose(normalised(np.arange(8)), exact / R.std(), atol=1e-6)
    assert "ties them together by their mean or their standard deviation shows its direction on large batches" in HOLD
    assert "can still train" in HOLD and "it still trains" not in HOLD and "was found to" not in HOLD


def test_an_update_that_runs_on_into_the_next_episode_shows_the_order_of_the_eight():
    """The first stranger's loop: 3 degrees as the eight lie, 10 the other way round, none over many drawn."""
    space, batch, exact = {}, audit_worlds()["two doors"].batch, audit_theorem()
    exec(re.search(r"```python\n# stranger 1\n(.*?)```", HOLD, re.DOTALL)[1], space)

    def angle(order):
        episodes = [np.arange(24)[one] for one in batch.episodes()]
        rows = np.concatenate([episodes[n] for n in order])
        arrays = {f.name: getattr(batch, f.name) for f in fields(batch)}
        laid = {name: x[rows] for name, x in arrays.items() if isinstance(x, np.ndarray)}
        laid["episode"] = np.repeat(np.arange(len(order)), 3)
        got = space["update"](np.zeros(3), replace(batch, **laid))[:2]
        return np.degrees(np.arccos(got @ exact / np.linalg.norm(got) / np.linalg.norm(exact)))

    drawn = np.random.default_rng(0).integers(8, size=40_000)
    assert [round(angle(order)) for order in (range(8), range(7, -1, -1), drawn)] == [3, 10, 0]
    assert "runs on from one episode into the next shows its direction for the order in which the eight lie" in HOLD
    assert "makes 3 degrees" in HOLD and "or their order" not in HOLD


def test_a_wrapper_s_own_sum_is_not_the_library_s():
    from policy_gradient.audit import audit

    def right(theta, batch):  # advantages without a fault, and the page's last line
        advantages, following = np.zeros(len(batch)), 0.0
        for i in reversed(np.flatnonzero(batch.mask)):
            value = batch.next_values[i] * (not batch.terminated[i])
            error = batch.rewards[i] + batch.gamma * value - batch.values[i]
            following *= batch.gamma * batch.lam * (not (batch.terminated[i] or batch.truncated[i]))
            advantages[i] = following = error + following
        return advantages @ batch.score(theta) / len(batch.episodes())

    assert "weighed **without gamma^t**" in str(audit(right))
    assert "The sum is ours: it has no $\\gamma^t$ and no mask" in HOLD and "whatever differs" not in HOLD
    assert "its own reward and those that came *before* it" in HOLD and "G = batch.rewards[i] + batch.gamma * G" in HOLD
    assert "as bad as death" not in HOLD  # where each step costs, an end is good


def test_the_sentences_that_a_test_with_pytorch_holds_are_on_the_page():
    """That test runs where PyTorch is; a sentence that was written anew is seen here."""
    tree = ast.parse((ROOT / "tests/package/test_audit_with_torch.py").read_text("utf8"))
    held = [
        node.left.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) == "PAGE"
    ]
    assert len(held) >= 3 and [sentence for sentence in held if sentence not in PAGE] == []


def test_what_the_batches_do_not_show_is_said():
    for world in audit_worlds().values():
        b = world.batch
        p = b.probs(world.theta)
        np.testing.assert_allclose(np.exp(b.log_probs), np.where(b.actions == 1, p, 1 - p))
        assert 0.23 < p.min() and p.max() < 0.77
    assert "from probabilities between .23 and .77. So a ratio of new to old probabilities is 1" in PAGE
