"""What runs elsewhere: actions held to a commit, and nothing published that was not tested."""

import re

import pytest
import yaml

from tools.paths import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def read(name):
    return yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text("utf8"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.stem)
def test_every_action_is_a_commit_with_its_version_beside_it(path):
    uses = re.findall(r"\buses:.*", path.read_text("utf8"))
    assert uses and all(re.fullmatch(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in uses), (
        uses
    )


def test_one_action_is_one_commit_everywhere():
    found = {}
    for path in WORKFLOWS:
        for name, commit in re.findall(r"uses: ([\w./-]+)@(.*)", path.read_text("utf8")):
            found.setdefault(name, set()).add(commit)
    assert all(len(commits) == 1 for commits in found.values()), found


def test_newer_actions_are_looked_for():
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text("utf8"))["updates"]
    assert "github-actions" in [one["package-ecosystem"] for one in updates]


def test_the_tests_wait_for_the_check():
    jobs = read("test")["jobs"]
    assert [step["run"] for step in jobs["check"]["steps"] if "run" in step] == ["make check PYTHON=python"]
    assert all(jobs[name]["needs"] == "check" for name in jobs if name != "check")


def test_only_what_passed_the_tests_is_published():
    publish, tests = read("publish"), read("test")
    when = publish[True]  # YAML reads the key `on` as true
    assert set(when) == {"workflow_run"} and when["workflow_run"]["workflows"] == [tests["name"]]
    assert when["workflow_run"]["types"] == ["completed"] and when["workflow_run"]["branches"] == ["main"]
    assert "main" in tests[True]["push"]["branches"]
    for job in publish["jobs"].values():
        assert (
            "github.event.workflow_run.conclusion == 'success'" in job["if"]
            and "github.event.workflow_run.event == 'push'" in job["if"]
        )
        checkouts = [step for step in job["steps"] if "actions/checkout@" in step.get("uses", "")]
        assert [step["with"]["ref"] for step in checkouts] == ["${{ github.event.workflow_run.head_sha }}"], (
            "what was tested, not what came since"
        )


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.stem)
def test_rights_are_said_and_jobs_end(path):
    flow = yaml.safe_load(path.read_text("utf8"))
    allowed = (
        {"contents": "read", "pages": "write", "id-token": "write"} if path.stem == "publish" else {"contents": "read"}
    )
    assert flow["permissions"] == allowed
    assert all("timeout-minutes" in job for job in flow["jobs"].values())
