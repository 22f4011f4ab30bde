"""What stands around the book: README, the documents for those who take part, forms,
and the settings of tools beside it."""

import fnmatch
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tools.check import gate
from tools.paths import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / ".github").glob("*.md")])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))
MAKEFILE = (ROOT / "Makefile").read_text("utf8")
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))


def text_of(path):
    return path.read_text("utf8")


def tracked():
    """The files of the repository; without git (an archive), those that are there."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        return [p.relative_to(ROOT).as_posix() for p in ROOT.rglob("*") if p.is_file() and ".venv" not in p.parts]
    return done.stdout.splitlines()


# --- the README

README = text_of(ROOT / "README.md")


def test_the_readme_shows_before_it_explains():
    """In this order: what it is, a picture, two commands, an example with its numbers, a map."""
    places = [
        README.index(part)
        for part in (
            "![",
            "## Two commands",
            "make serve",
            "make test",
            "## An example",
            "```text",
            "| folder |",
            "## Without make",
        )
    ]
    assert places == sorted(places) and places[0] < 700 and len(README.splitlines()) < 120


def test_the_readmes_picture_is_light_and_described():
    ((words, path),) = re.findall(r"!\[([^]]+)\]\(([^)]+)\)", README)
    assert len(words) > 60 and (ROOT / path).stat().st_size < 60_000
    width, height = (int.from_bytes((ROOT / path).read_bytes()[at : at + 4], "big") for at in (16, 20))
    assert (ROOT / path).read_bytes().startswith(b"\x89PNG") and 800 <= width <= 1600 and height < width


def test_the_readmes_map_names_the_folders_there_are():
    named = re.findall(r"^\| `([\w-]+)` \|", README, re.M)
    assert len(named) == len(set(named)) >= 10
    assert [name for name in named if not (ROOT / name).is_dir()] == []
    ignored = [line.rstrip("/") for line in text_of(ROOT / ".gitignore").split()]  # there, where there is no git
    folders = {file.partition("/")[0] for file in tracked() if "/" in file and not file.startswith(".")}
    lacking = {name for name in folders - set(named) if not any(fnmatch.fnmatch(name, one) for one in ignored)}
    assert not lacking, f"README.md's map lacks {', '.join(sorted(lacking))}: write a row for it under | folder |."


def test_the_table_of_tools_has_a_row_for_each_kind():
    table = dict(re.findall(r"^\| `(tools/\w+)` \| (.*) \|$", text_of(ROOT / "docs/architecture.md"), re.M))
    kinds = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("tools/*/__init__.py")}
    lacking = sorted(kinds - set(table))
    assert not lacking, f"docs/architecture.md's table of tools lacks {', '.join(lacking)}: write a row for it."


def test_sizes_and_times_are_the_same_everywhere():
    assert "about 900 MB" in README and "900 MB" in text_of(ROOT / "book/ways-to-run.md")
    workflow = yaml.safe_load(text_of(ROOT / ".github/workflows/test.yml"))
    assert workflow["jobs"]["test"]["timeout-minutes"] == 60 and "about ten minutes on two cores" in README
    floor, below = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["project"]["requires-python"]).groups()
    said = [
        int(minor) for minor in re.findall(r"3\.(\d\d)", re.search(r"They need Python (.*?) and `make`", README)[1])
    ]
    listed = [int(c.rpartition(".")[2]) for c in PROJECT["project"]["classifiers"] if re.search(r":: 3\.\d+$", c)]
    assert said == listed == list(range(int(floor), int(below)))


def test_the_pyodide_that_is_named_is_the_recorded_one():
    (record,) = ROOT.glob("tools/**/pyodide-lock.json")
    version = json.loads(text_of(record))["info"]["version"]
    named = [v for path in DOCUMENTS for v in re.findall(r"pyodide[-@](\d+\.\d+\.\d+)", text_of(path))]
    assert len(named) >= 2 and set(named) == {version}


# --- documents


def test_there_are_the_documents_that_one_looks_for():
    names = {path.relative_to(ROOT).as_posix() for path in DOCUMENTS}
    assert names >= {
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "CODE_OF_CONDUCT.md",
        "SECURITY.md",
        "docs/architecture.md",
        "docs/libraries.md",
        "docs/style.md",
        "docs/releasing.md",
        ".github/PULL_REQUEST_TEMPLATE.md",
    }


def anchors(path):
    """The addresses of a document's headings, as the host makes them."""
    return {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text_of(path), re.M)
    }


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_inside_the_repository_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(path)):
        if not link.startswith("https:"):
            file, _, heading = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            here = path.relative_to(ROOT).as_posix()
            assert target.is_file(), f"{here} links to {link}, which is not there: mend the link or write the file."
            assert not heading or heading in anchors(target), f"{here} links to {link}: no heading there is called so."


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_files_and_commands_that_are_named_exist(path):
    text, here = text_of(path), path.relative_to(ROOT).as_posix()
    for target in re.findall(r"(?<!`)`make ([a-z][a-z-]*)", text) + re.findall(r"^ {4}make ([a-z-]+)", text, re.M):
        assert target in TARGETS, f"{here} names `make {target}`, which the Makefile has not: name one that it has."
    if path.name == "CHANGELOG.md":
        return  # what was once so
    for name in re.findall(
        r"`((?:book|notebooks|solutions|tests|tools|docs|policy_gradient|learning_to_act|lite)/[\w./-]+)`", text
    ):
        there = "NAME" in name or "SLUG" in name or (ROOT / name).exists()  # in capitals: a place to fill in
        assert there, f"{here} names {name}, which is not there: mend the name or write the file."
    for module in re.findall(r"-m (tools(?:\.\w+)+)", text):
        there = "NAME" in module or (ROOT / (module.replace(".", "/") + ".py")).is_file()
        assert there, f"{here} names `python -m {module}`, which is not there: mend the name or write the tool."


def test_documents_keep_to_themselves():
    for path in [*DOCUMENTS, *FORMS, ROOT / "CITATION.cff"]:
        assert not re.search(r"/(work|tmp|root|home)/|localhost|127\.0\.0\.1|pypi\.", text_of(path)), path.name


def test_each_library_row_has_a_verdict_and_a_reason():
    table = text_of(ROOT / "docs/libraries.md").split("## Private names")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| ")
    ][1:]
    assert len(rows) >= 25
    for ours, library, verdict, why in rows:
        assert (
            ours
            and library
            and set(verdict.split("; ")) <= {"adopted", "kept", "kept for now", "later"}
            and len(why) > 15
        ), ours


def test_the_changelog_has_its_form():
    text = text_of(ROOT / "CHANGELOG.md")
    heads = re.findall(r"^## (.+)$", text, re.M)
    assert heads[0] == "Unreleased" and heads[1].startswith(PROJECT["project"]["version"])
    assert set(re.findall(r"^### (.+)$", text, re.M)) <= {
        "Added",
        "Changed",
        "Deprecated",
        "Removed",
        "Fixed",
        "Security",
    }


# --- one name, one version, one address


def test_the_citation_is_valid():
    """The required keys of the Citation File Format 1.2.0, and what a citation of ours holds."""
    assert (
        CITATION["cff-version"] == "1.2.0"
        and CITATION["message"]
        and CITATION["title"]
        and CITATION["type"] == "software"
    )
    assert CITATION["authors"] == [{"name": "The authors of Learning to Act"}] == PROJECT["project"]["authors"]
    assert CITATION["version"] == PROJECT["project"]["version"] and set(CITATION["license"]) == {"MIT", "CC-BY-4.0"}
    assert set(CITATION) <= {
        "cff-version",
        "message",
        "title",
        "type",
        "abstract",
        "authors",
        "version",
        "license",
        "keywords",
        "repository-code",
        "url",
        "date-released",
    }
    assert CONFIG["author"].lower() == "the authors of learning to act" and "The authors of Learning to Act" in text_of(
        ROOT / "LICENSE"
    )


def addresses():
    """{where: address} of every place that names the repository."""
    urls = PROJECT["project"].get("urls", {})
    found = {f"pyproject {name}": url for name, url in urls.items()}
    found |= {f"CITATION {key}": CITATION[key] for key in ("repository-code",) if key in CITATION}
    found |= {
        f"contact {link['name']}": link["url"]
        for link in yaml.safe_load(text_of(ROOT / ".github/ISSUE_TEMPLATE/config.yml")).get("contact_links", [])
    }
    clone = re.search(r"git clone (\S+)", README)[1]
    return found | ({"README": clone} if clone != "ADDRESS" else {})


def test_one_address_everywhere():
    """_config.yml says it; what cannot read that names the same or a page below it; where it says none, nobody does."""
    setting = CONFIG.get("repository", {}).get("url", "")
    strange = {
        where: url
        for where, url in addresses().items()
        if not setting or not re.match(re.escape(setting) + r"(\.git)?(/|$)", url)
    }
    assert not strange, f"_config.yml says {setting or 'no address'}"
    assert not setting or {"README", "CITATION repository-code", "pyproject Repository"} <= set(addresses()), (
        "docs/releasing.md"
    )


# --- make help


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_make_help_lists_every_command():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True)
    listed = dict(re.findall(r"^  make (\S+) +(\S.*)$", done.stdout, re.M))
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[1].split()
    silent, unnamed = sorted(TARGETS - set(listed)), sorted(TARGETS - {*phony})
    assert not silent, f"Makefile: {silent[0]} has no help: write `## what it does` at the end of its first line."
    assert not unnamed, f"Makefile: {unnamed[0]} is no file: name it in .PHONY."
    assert done.returncode == 0 and set(listed) == TARGETS == {*phony}
    assert listed["serve"].startswith("build the book and serve it") and all(
        len(words) > 10 for words in listed.values()
    )


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_make_alone_serves_the_book():
    plan = subprocess.run(
        ["make", "--no-print-directory", "--dry-run"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    assert "serve" in plan.splitlines()[-1]


# --- forms


@pytest.mark.parametrize("path", [p for p in FORMS if p.name != "config.yml"], ids=lambda p: p.stem)
def test_forms_have_what_the_host_requires(path):
    form = yaml.safe_load(text_of(path))
    assert (
        set(form) <= {"name", "description", "title", "labels", "assignees", "body"}
        and form["name"]
        and form["description"]
    )
    ids = [field["id"] for field in form["body"] if field["type"] != "markdown"]
    assert len(ids) == len(set(ids)) >= 2
    for field in form["body"]:
        assert (
            field["type"] in {"markdown", "input", "textarea", "dropdown", "checkboxes"}
            and field["attributes"]["label"]
        )
        assert (
            field["type"] != "dropdown"
            or len(set(field["attributes"]["options"])) == len(field["attributes"]["options"]) > 1
        )
        assert field.get("validations", {"required": True})["required"] in (True, False)


def test_there_is_a_form_for_each_kind_of_report():
    assert {p.stem for p in FORMS} == {"config", "wrong-number", "check-did-not-recognise", "bug"}
    assert set(yaml.safe_load(text_of(ROOT / ".github/ISSUE_TEMPLATE/config.yml"))) <= {
        "blank_issues_enabled",
        "contact_links",
    }


# --- settings of tools beside the book


def patterns():
    lines = [
        line.split() for line in text_of(ROOT / ".gitattributes").splitlines() if line and not line.startswith("#")
    ]
    return [(words[0], words[1:]) for words in lines]


def test_each_pattern_of_gitattributes_matches_a_file():
    files = tracked()
    for pattern, _ in patterns():
        matching = [
            f for f in files if fnmatch.fnmatch(f, pattern.replace("**", "*")) or fnmatch.fnmatch(Path(f).name, pattern)
        ]
        assert matching, pattern


def test_what_tools_wrote_is_marked_as_generated():
    marked = {pattern for pattern, words in patterns() if "linguist-generated" in words}
    assert {"requirements.lock", "requirements-uv.txt", "constraints.txt", "exercises/*.ipynb"} <= marked
    assert any(
        "linguist-vendored" in words and "-text" in words
        for pattern, words in patterns()
        if pattern.startswith("book/_static/vendor")
    )


def test_the_editors_settings_can_be_read():
    sections = re.findall(r"^\[(.+)\]$", text_of(ROOT / ".editorconfig"), re.M)
    assert text_of(ROOT / ".editorconfig").startswith("root = true") and {"*", "*.py", "Makefile"} <= set(sections)
    assert f"max_line_length = {PROJECT['tool']['ruff']['line-length']}" in text_of(ROOT / ".editorconfig")


def test_hooks_run_from_the_books_own_environment():
    settings = yaml.safe_load(text_of(ROOT / ".pre-commit-config.yaml"))
    lock = text_of(ROOT / "requirements.lock")
    assert [repo["repo"] for repo in settings["repos"]] == ["local"]
    for hook in settings["repos"][0]["hooks"]:
        assert (
            {"id", "name", "entry", "language"} <= set(hook)
            and hook["language"] == "system"
            and hook["entry"].startswith(".venv/bin/")
        )
        ends = f"tools.check.gate {hook['id']}", f"tools.make.{hook['id']}"
        assert re.search(rf"^{hook['id']}==", lock, re.M) or hook["entry"].endswith(ends), hook["id"]
    assert [hook["id"] for hook in settings["repos"][0]["hooks"]] == [
        *(part for part in gate.PARTS if part != "tests"),
        "exercises",
    ]


def test_ruff_takes_its_settings():
    assert set(PROJECT["tool"]["ruff"]["lint"]["select"]) >= {"E", "F", "I", "B", "UP"}
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F401", "-"],
        input="import os\n",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "F401" in done.stdout
    shown = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--show-settings", "pyproject.toml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert shown.returncode == 0 and "line_length = 120" in shown.stdout


def test_codespell_with_the_projects_settings_finds_nothing():
    assert (ROOT / PROJECT["tool"]["codespell"]["ignore-words"]).is_file()
    done = subprocess.run(
        [sys.executable, "-c", "import codespell_lib, sys; sys.exit(codespell_lib.main())", "--quiet-level", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
