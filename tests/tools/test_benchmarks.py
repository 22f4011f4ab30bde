"""The page on speed says what was measured, and what was measured can be had again."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from tools.paths import ROOT
from tools.site import measured


def run(method, seed, sampled, greedy=None, memory=100.0):
    solved = {"sampled": {"seconds": sampled, "steps": int(1000 * sampled)}} if sampled else {}
    return {
        "method": method,
        "seed": seed,
        "memory": memory,
        "solved": solved | ({"greedy": {"seconds": greedy, "steps": 1}} if greedy else {}),
    }


@pytest.fixture
def hand_made(monkeypatch):
    """Ours 1, 2, 9 and a fourth; PPO 20, 40, 30; A2C 50 and two that never got there; one of each other."""
    runs = [run("ours", s, t, t / 2, 50.0) for s, t in enumerate((1.0, 2.0, 9.0, 3.0))]
    runs += [run("ppo", s, t, t, 300.0) for s, t in enumerate((20.0, 40.0, 30.0))]
    runs += [run("a2c", s, t, t, 400.0) for s, t in enumerate((50.0, None, None))]
    runs += [run("torch_reinforce", 0, 10.0), run("torch_batch", 0, None)]
    stored = measured.stored
    monkeypatch.setattr(measured, "stored", lambda name: {"runs": runs} if name == "training" else stored(name))


def test_medians_ratios_and_failures_are_what_the_runs_say(hand_made):
    facts = measured.training_numbers()
    assert facts["ratio_ppo"] == facts["ratio_best"] == "15"  # 30 over the median of our first three, 2
    assert facts["ratio_a2c"] == "inf" and facts["ours_median"] == "2.5" and facts["ours_worst"] == "9"
    assert facts["memory_ratio"] == "6.0" and facts["ours_solved"] == 4
    table = measured.training_tables()["training_time"]
    assert (
        "| 1 of 3 | not solved (50 to not solved) |" in table
        and "| 4 of 4 | 2.5 (1 to 9) | 1.2 (0.5 to 4.5) |" in table
    )


def test_every_number_that_the_page_names_was_measured():
    page = (ROOT / "book/speed.md").read_text("utf8")
    named, facts = set(re.findall(r"\{\{ (\w+) \}\}", page)), measured.facts()
    assert named and named <= set(facts), named - set(facts)
    assert not any(bad in str(value) for value in facts.values() for bad in ("nan", "inf", "not measured")), facts


def test_peers_and_book_ran_on_the_same_fresh_seeds():
    runs = measured.stored("training")["runs"]
    seeds = {method: [r["seed"] for r in runs if r["method"] == method] for method in measured.NAMES}
    assert all(len(s) == len(set(s)) >= 3 for s in seeds.values())
    assert all(set(s) <= set(seeds["ours"]) for s in seeds.values()) and len(seeds["ours"]) >= 20
    tuned = {
        seed
        for study in (ROOT / "studies").glob("*.py")
        for seed in map(int, re.findall(r"\b90\d\d\b", study.read_text("utf8")))
    }
    assert not tuned & set(seeds["ours"])


def test_the_stored_result_holds_its_lines():
    facts = measured.training_numbers()
    assert facts["ours_solved"] == facts["ours_seeds"] and float(facts["ours_worst"]) < 3
    assert float(facts["ratio_best"]) >= 10 and float(facts["memory_ratio"]) >= 4
    assert float(measured.facts()["gradient_least"]) >= 1.5 and float(measured.facts()["sync_ratio"]) >= 5


def test_the_sorter_beside_trl_learned_the_same_from_the_same_and_holds_its_lines():
    found = measured.stored("sorter_trl")
    assert found["checked"]["largest difference of log-probabilities"] < 1e-5
    assert found["checked"]["cosine of gradients"] > 0.999
    runs = {method: [r for r in found["runs"] if r["method"] == method] for method in ("book", "trl", "trl_pieces")}
    assert [r["seed"] for r in runs["trl"]] == [r["seed"] for r in runs["book"]] and len(runs["book"]) >= 10
    assert [r["seed"] for r in runs["trl_pieces"]] == [r["seed"] for r in runs["book"]][: len(runs["trl_pieces"])]
    assert all(r["updates"] < found["cap"] and r["J"] > 0.93 for r in found["runs"])  # all stop at the level, having it
    for method, least in {"trl": 30, "trl_pieces": 60}.items():
        theirs, ours = (np.array([r["seconds"] for r in rs]) for rs in (runs[method], runs["book"]))
        ours, said = ours[: len(theirs)], found["summary"][method]["over the book"]
        assert abs(np.median(theirs) / np.median(ours) - said["of medians"]) < 0.01
        assert abs(min(theirs / ours) - said["least of a pair"]) < 0.01 and said["of medians"] >= least
        parts = found["summary"][method]["ms per update"]
        assert parts["generating"] + parts["scoring"] < parts["seconds"]
    version = json.loads((measured.RESULTS / "sorter_trl.json").read_text("utf8"))["about"]["versions"]["trl"]
    assert f"TRL {version} " in (ROOT / "book/speed.md").read_text("utf8")
    for name in ("benchmarks/requirements-trl.txt", "studies/libraries/trl.py"):  # one version on all pages
        assert f"trl=={version}" in (ROOT / name).read_text("utf8").split()


def test_the_sorter_beside_a_loop_in_pytorch_holds_its_lines():
    found = measured.stored("language")
    assert found["torch_over_ours"] >= 3 and found["exact_in_updates"] < 15
    assert found["to_95"]["below_3"] == len(found["to_95"]["seconds"]) == 20 and max(found["to_95"]["seconds"]) < 3


def test_a_seed_can_be_run_again():
    """Our arm needs nothing but the book's own environment. Training is chaotic:
    another processor needs other steps, not ten times as many."""
    stored = next(r for r in measured.stored("training")["runs"] if (r["method"], r["seed"]) == ("ours", 9001))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.train_one", "ours", "9001"], cwd=ROOT, capture_output=True, text=True
    )
    again = json.loads(done.stdout)
    assert again["solved"].keys() == {"sampled", "greedy"}, done.stderr
    assert 0.2 < again["solved"]["sampled"]["steps"] / stored["solved"]["sampled"]["steps"] < 5


def test_the_bare_physics_of_the_benchmark_is_gymnasiums():
    import gymnasium as gym

    from benchmarks.rollouts import BareCartPole

    rng = np.random.default_rng(0)
    bare, envs = BareCartPole(32, rng), gym.make_vec("CartPole-v1", 32, vectorization_mode="vector_entry_point")
    envs.reset(seed=0)
    for _ in range(5):  # too few for a pole to fall
        envs.unwrapped.state = bare.state.astype(np.float64).copy()
        actions = rng.integers(2, size=32)
        obs, *_ = envs.step(actions)
        assert not bare.step(actions).any()
        np.testing.assert_allclose(bare.state, obs.T, atol=1e-6)


def test_the_page_has_its_words_where_nobody_has_measured_the_waits(monkeypatch, tmp_path):
    found = set(measured.waiting_tables())
    monkeypatch.setattr(measured, "RESULTS", tmp_path)
    assert set(measured.waiting_tables()) == found


def test_the_parts_of_the_limits_are_those_that_its_first_lines_name():
    from benchmarks import limits

    assert re.search(r"benchmarks\.limits \[([\w ]+)\]", limits.__doc__)[1].split() == list(limits.PARTS)
    assert all((ROOT / path.replace(".html", ".md")).exists() for path in limits.DRAGGED)


def test_the_limits_of_products_are_the_promised_ones(monkeypatch):
    """The same work is done in each round: the times are given here, and the ratios must follow from them."""
    from benchmarks import limits

    given = {"score": [20.0], "product": [50.0], "ten": [27.5]}
    done = []
    monkeypatch.setattr(limits, "in_turn", lambda ways, rounds: [done.append(way()) for way in ways.values()] and given)
    figures = list(limits.products(M=16))
    assert [(ratio, limit) for _, ratio, limit in figures] == [(2.5, 3.0), (1.1, 1.5)] * 2
    assert len(done) == 6 and done[0][0].shape == done[1][0].shape == done[2].shape


def test_a_ratio_above_its_limit_is_named_and_fails(capsys):
    from benchmarks import limits

    assert limits.judged([("quick / slow", 0.5, 1.0), ("slow / quick", 2.0, 1.0)])
    said = capsys.readouterr().out.splitlines()
    assert (
        len(said) == 2
        and "ABOVE" not in said[0]
        and said[1].startswith("  2.00  of at most  1.0  slow / quick")
        and "ABOVE" in said[1]
    )
    assert not limits.judged([("quick / slow", 0.5, 1.0)])


def test_the_first_results_that_are_stored_are_the_medians_of_their_pairs():
    stored = json.loads((ROOT / "benchmarks/results/first_python.json").read_text())
    assert set(stored["summary"]) == set(stored["pairs"]) >= {"pressed", "written", "lite"}
    for way, pairs in stored["pairs"].items():
        assert len(pairs) >= 5
        for kind, said in stored["summary"][way].items():
            then, now = (np.median([pair[site]["result"][kind] for pair in pairs]) for site in ("658b420", "now"))
            assert np.allclose([said["658b420"], said["now"]], [then, now], atol=0.006), (way, kind)
            assert np.isclose(said["now / 658b420"], now / then, atol=0.011), (way, kind)


def test_the_steps_of_a_first_result_are_found_by_the_files_that_were_sent():
    from benchmarks import first_python

    sent = first_python.Sent()
    for name in ("/pyodide.asm.wasm", "/numpy-2.whl?v=1", "/index.html"):
        sent.append((name, 1))
    assert len(sent) == 3 and sent.last(first_python.SENT["core"], 0) < sent.last(first_python.SENT["wheels"], 0)
    assert sent.last(first_python.SENT["core"], sent.times[1][0] + 1) is None
