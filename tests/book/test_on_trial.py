"""The page *On trial*: its tables are what the adapters stored, with versions and dates, and nobody is accused without
a run."""

import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from policy_gradient.audit import theorem, worlds
from policy_gradient.mdp import discounted_visitation, exact_gradient, state_probs, two_doors
from policy_gradient.policies import two_action_softmax
from tools.paths import ROOT
from tools.site import trial

PAGE = (ROOT / "book/on-trial.md").read_text("utf8")
FACTS, RESULTS, REMARKS = trial.facts(), trial.results(), trial.remarks()
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for part in ("trial_table", "trial_language")
    for line in FACTS[part].splitlines()[2:]
]


def test_the_tables_stand_on_the_page_and_none_of_it_is_typed():
    assert set(re.findall(r"\{\{ (trial_\w+) \}\}", PAGE)) == set(FACTS)
    written = re.sub(r"\{\{.*?\}\}|```.*?```", "", PAGE, flags=re.S)
    for result in RESULTS:
        assert result["version"] not in written, "a version comes from the results"


def test_each_stored_loss_is_one_row_below_its_library_version_date_and_way():
    rows = iter(ROWS)
    for language in (False, True):
        for result in RESULTS:
            held = {k: f for k, f in result["losses"].items() if trial.is_language(f) == language}
            if held:
                above = " ".join(next(rows))
                assert all(result[part] in above for part in ("version", "date", "how"))
                assert trial.NAMES[result["library"]] in above and f"ONLY={result['key']}`" in above
            for loss, facts in held.items():
                row = next(rows)
                assert row[0].startswith(loss.replace("gamma^t", r"$\gamma^t$"))
                if not language:
                    assert row[2] == ("none" if facts["angle"] is None else f"{facts['angle']:.0f}")
    assert next(rows, None) is None


def test_the_stored_angles_are_those_of_the_stored_directions_to_the_gradient_of_the_return():
    exact = theorem()
    for result in RESULTS:
        for loss, facts in result["losses"].items():
            if facts["theorem"]:
                ours = np.array(facts["direction"])
                cosine = ours @ exact / np.linalg.norm(ours) / np.linalg.norm(exact)
                assert np.degrees(np.arccos(np.clip(cosine, -1, 1))) == pytest.approx(facts["angle"], abs=0.1), loss


def test_a_verdict_says_every_departure_and_every_open_question():
    for result in RESULTS:
        for loss, facts in result["losses"].items():
            said = trial.verdict(facts)
            for finding in trial.departures(facts):
                if finding["question"] in ("average", "centre"):  # of a language model's: the headline says it
                    assert finding["answer"] in facts["headline"] and finding["answer"][1:] in said
                    continue
                assert trial._plain(finding["words"]) in said, (result["library"], loss, finding)
            assert said.count("Open:") == len(facts["open"])
            assert ("without gamma^t" in facts["headline"]) <= (r"without $\gamma^t$" in said)


def found(remark):
    """The findings of the stored losses that a remark speaks of."""
    (result,) = (r for r in RESULTS if trial.NAMES[r["library"]] == remark["library"])
    for loss in remark["losses"]:
        assert loss in result["losses"], f"{remark['library']}: no run of {loss}"
        facts = result["losses"][loss]
        yield (
            loss,
            {(f["question"], f["answer"]) for f in facts["findings"]} | ({("open", "yes")} if facts["open"] else set()),
        )


@pytest.mark.parametrize("remark", REMARKS, ids=lambda r: f"{r['library']}: {r['title']}")
def test_nobody_is_accused_without_a_run(remark):
    wanted = set(remark["finding"].items())
    for loss, findings in found(remark):
        assert wanted <= findings, (loss, findings)
    assert remark["kind"] in trial.KINDS and remark["title"] and len(remark["text"].split()) >= 15
    assert remark["title"] in FACTS[f"trial_{remark['kind']}s"]


def test_every_departure_is_explained():
    spoken = {(r["library"], loss, *pair) for r in REMARKS for loss in r["losses"] for pair in r["finding"].items()}
    for result in RESULTS:
        for loss, facts in result["losses"].items():
            for f in trial.departures(facts):
                assert (trial.NAMES[result["library"]], loss, f["question"], f["answer"]) in spoken, (loss, f)


def test_what_is_called_a_mistake_was_also_seen_not_to_learn():
    """A reading of the source is no proof: a run that cannot learn what it should,
    in all ten seeds, stands beside it."""
    for remark in REMARKS:
        if remark["kind"] == "mistake":
            (result,) = (r for r in RESULTS if trial.NAMES[r["library"]] == remark["library"])
            stuck, sound = (result["learned"][remark[part]]["seeds"] for part in ("stuck", "sound"))
            assert len(stuck) == len(sound) == 10 and max(stuck) < 0.7 and min(sound) > 0.9, remark["library"]


def test_the_sentences_about_learning_are_what_was_seen():
    learned = {r["library"]: r["learned"] for r in RESULTS if "learned" in r}
    assert max(learned["stable-baselines3"]["PPO"]["seeds"]) < -0.2, "on its way to the worst policy, -.25"
    assert min(learned["mushroom-rl"]["REINFORCE"]["seeds"]) > 0.1, "the best has .125"


def test_only_the_degrees_are_those_of_the_first_gradient():
    assert (
        "the degrees are those of the first gradient alone. (Whole trainings are [below](#learned-for-real).)" in PAGE
    )
    assert "\n## Learned for real\n" in PAGE and len(FACTS["trial_learned"].splitlines()) > 2
    assert "this page looks at the first gradient alone" not in PAGE


def test_the_numbers_in_the_prose_are_those_of_the_results():
    angles = [a for *_, a, _ in trial.angles()]
    away = [a for a in angles if a > 90]
    assert FACTS["trial_losses"] == str(len(angles)) and FACTS["trial_away"] == str(len(away))
    assert min(away) > 134.5 and "from 135 to 144 degrees" in PAGE and f"{min(away):.0f}" == "135"
    near = {f"{a:.0f}" for a in angles if a < 90}
    assert "9" in near and "9 degrees by luck" in PAGE


def test_the_angle_of_a_dropped_factor_is_small_where_gamma_is_near_one():
    """The sentence on two doors with another discount, by exact visits."""

    def angle(gamma):
        world, policy, at = replace(two_doors(), gamma=gamma), two_action_softmax(2, 3), np.zeros(2)
        late = discounted_visitation(replace(world, gamma=1.0), state_probs(world, policy, at))
        a, b = exact_gradient(world, policy, at), exact_gradient(world, policy, at, visitation=late)
        return np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))

    assert angle(0.5) == pytest.approx(135) and round(angle(0.9)) == 3
    assert all(angle(g) > angle(g + 0.05) for g in np.arange(0.5, 0.95, 0.05))
    assert r"falls from 135 degrees to 3 at $\gamma=.9$" in PAGE


def test_arrows_of_the_picture_beside_the_two_bundles():
    """The alternative text: three losses away from the gradient lie on two arrows of their own."""
    from tools.make.drawings.libraries import _groups

    right = [losses for unit, _, losses in _groups() if unit[0] > 0]
    assert sorted(right)[:-2] == [1, 2] and "two thin arrows, of three losses" in PAGE


def test_an_adapter_meets_another_version_with_one_sentence():
    """NumPy stands for a library of a version that the adapter was not written for."""
    code = "from studies.libraries.common import study; study('sb3', 'numpy', {})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1 and re.match(r"numpy [\d.]+ is not the version that sb3.py was written for", run.stderr)


def test_an_adapter_finds_the_library_whose_name_it_has(tmp_path):
    (tmp_path / "pfrl.py").write_text("raise SystemExit('this is the library')", "utf8")
    command, path = [sys.executable, "-m", "studies.libraries.pfrl"], os.pathsep.join([str(ROOT), str(tmp_path)])
    run = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert run.stderr == "this is the library\n", run.stderr


def test_an_environment_gets_what_the_first_lines_say_and_is_removed(tmp_path, monkeypatch):
    """alone: a package without what it asks for; override: a version against what another asks for."""
    from studies.libraries import run

    script = tmp_path / "a.py"
    script.write_text("# requires: alone:big==1 override:torch==2 torch==2\n# requires: small\n", "utf8")
    seen = []
    monkeypatch.setattr(run, "ROOT", tmp_path)

    def record(command, **more):
        seen.append([str(part) for part in command])
        if "venv" in command:
            command[-1].mkdir(parents=True)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(run.subprocess, "run", record)
    assert run.run("a", script) == 0
    made, wanted, alone, called = seen
    assert "venv" in made and wanted[-2:] == ["torch==2", "small"] and "--override" in wanted
    assert (
        alone[-2:] == ["--no-deps", "big==1"]
        and "--override" not in alone
        and called[-2:] == ["-m", "studies.libraries.a"]
    )
    assert not (tmp_path / "_build/environments/library-a").exists()


def test_what_the_page_says_of_how_they_were_run_is_what_the_results_say():
    functions = {trial.name(r) for r in RESULTS if not r["how"].startswith("end to end")}
    gymnasium = {who for who, *_ in trial.angles()}
    assert functions & gymnasium == {"rlax"} and "The other is rlax, which is a set of functions" in PAGE
    assert functions - gymnasium == {"verl", "OpenRLHF"} and "verl and OpenRLHF ask for a GPU" in PAGE
    assert FACTS["trial_whole"] == str(len(gymnasium) - 1) and len(RESULTS) - len(functions) >= 10


def test_a_way_of_running_that_is_said_in_the_results_is_the_script_s():
    """No "end to end" by hand: the adapter's own `path`, or its absence, is what stands in the results."""
    for result in RESULTS:
        script = (trial.FOLDER / f"{result['key']}.py").read_text("utf8")
        said = re.search(r"^    path=\"(.*?)\",$", script, re.M)
        assert result["how"] == (said[1] if said else "end to end"), result["key"]


def test_agilerl_s_angle_over_independent_episodes():
    """Its rule, with a critic at zero: a step takes gamma lambda times the next row's advantage along, unless that row
    is the last of its episode. Across the end it takes what the next episode does, which does not depend on the action:
    mean score zero."""
    world = worlds()["two doors"]
    batch, scores = world.batch, world.batch.score(world.theta)
    advantages = batch.rewards.astype(float)
    for rows in batch.episodes():
        rows = np.arange(len(batch))[rows]
        for i in reversed(rows[:-2]):
            advantages[i] += batch.gamma * batch.lam * advantages[i + 1]
    direction, gradient = (advantages @ scores / len(batch))[:2], np.array([-5 / 64, 1 / 64])
    np.testing.assert_allclose(direction, [1 / 6, 1 / 48])
    cosine = direction @ gradient / np.linalg.norm(direction) / np.linalg.norm(gradient)
    assert round(float(np.degrees(np.arccos(cosine)))) == 162
    assert "over independent episodes it is 162" in (ROOT / "book/on-trial.md").read_text("utf8")
