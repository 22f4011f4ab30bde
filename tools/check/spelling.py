"""Spelling: codespell over pages, notebooks, docstrings and scripts; British spelling in what is prose.
`python -m tools.check.spelling`

codespell knows common misspellings, so names and formulas do not disturb it. Its list of British words and their
American forms, turned around, holds the book to one of the two.
tools/check/words.txt has the words that are right here.
"""

import argparse
import io
import json
import re
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

import codespell_lib

from tools.paths import ROOT

WORDS = ROOT / "tools/check/words.txt"
FOLDERS = (
    "book",
    "docs",
    ".github",
    "notebooks",
    "exercises",
    "solutions",
    "policy_gradient",
    "learning_to_act",
    "studies",
    "tests",
    "tools",
)
NAMES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "SECURITY.md",
    "CITATION.cff",
    "Makefile",
    "pyproject.toml",
    "_config.yml",
    "requirements.txt",
    ".editorconfig",
    ".gitattributes",
    ".pre-commit-config.yaml",
)
ENDINGS = ".md", ".yml", ".bib", ".ipynb", ".py", ".js", ".css", ".html", ".txt"
OTHERS = "vendor", "__pycache__", ".ipynb_checkpoints", "_build"
NOT_PROSE = re.compile(
    r"^(`{3,}|~{3,}).*?^\1|`+[^`]+`+|\$\$.*?\$\$|\$[^$\n]+\$|\]\([^)]*\)|<[^>\n]+>|https?://\S+|^---\n.*?^---",
    re.DOTALL | re.MULTILINE,
)


def files(root=ROOT):
    paths = [root / name for name in NAMES] + [p for folder in FOLDERS for p in sorted((root / folder).rglob("*"))]
    return [
        p
        for p in paths
        if p.is_file()
        and (p.suffix in ENDINGS or p.parent == root)
        and not set(OTHERS) & set(p.parts)
        and p.name not in (WORDS.name, "test_spelling.py")
    ]  # the one holds misspellings on purpose


def text_of(path, prose=False):
    """What people wrote in a file: of a notebook its cells, without outputs;
    with `prose`, without code and formulas."""
    text = path.read_text("utf8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown" or not prose)
    return re.sub(NOT_PROSE, lambda m: "\n" * m[0].count("\n"), text) if prose else text


def american(folder):
    """codespell's British words and their American forms, the other way round, as a dictionary of its own."""
    known = Path(codespell_lib.__file__).parent / "data/dictionary_en-GB_to_en-US.txt"
    pairs = [line.split("->") for line in known.read_text("utf8").splitlines() if "->" in line]
    turned = {us.strip().rstrip(","): gb for gb, us in pairs if "," not in us.strip().rstrip(",")}
    path = folder / "american.txt"
    path.write_text("".join(f"{us}->{gb}\n" for us, gb in turned.items()), "utf8")
    return path


def ask(folder, *options):
    """codespell's lines about a folder."""
    output = io.StringIO()
    with redirect_stdout(output):
        codespell_lib.main(
            "--ignore-words", str(WORDS), "--disable-colors", "--quiet-level", "0", *options, str(folder)
        )
    return [line.removeprefix(str(folder) + "/") for line in output.getvalue().splitlines() if "==>" in line]


def check(paths, root=ROOT):
    """Lines about misspellings, and about American spelling in prose."""
    with tempfile.TemporaryDirectory() as folder:
        for kind, chosen in (("text", paths), ("prose", [p for p in paths if p.suffix in (".md", ".ipynb", ".yml")])):
            for path in chosen:
                copy = Path(folder) / kind / path.relative_to(root)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.with_name(copy.name + ".txt").write_text(text_of(path, kind == "prose"), "utf8")
        (Path(folder) / "text").mkdir(exist_ok=True)
        (Path(folder) / "prose").mkdir(exist_ok=True)
        return ask(Path(folder) / "text") + ask(Path(folder) / "prose", "--dictionary", str(american(Path(folder))))


def main():
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    lines = check(files())
    print(*lines, f"{len(files())} files, {len(lines)} words to look at", sep="\n")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
