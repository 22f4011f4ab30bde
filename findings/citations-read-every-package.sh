#!/usr/bin/env bash
# Guess: what a citation costs depends on the references and the page; the style's plug-ins are looked up once for a build.
# Seen, sphinxcontrib-bibtex 2.7.0, pybtex 0.26.1, Sphinx 7.4.7: to resolve a citation the extension asks pybtex for the plug-in that writes
#   plain text, and pybtex asks importlib.metadata for the entry points of every installed package, anew for each citation. 100 citations
#   more read each package's file of entry points 100 times more, so the price grows with what else is installed in the environment. In
#   this book's, with 195 packages, it was 3 of 37 seconds of a build; the class that comes back is the same each time.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check sphinx==7.4.7 sphinxcontrib-bibtex==2.7.0 pybtex==0.26.1
cat > "$here/count.py" <<'PY'
import collections
import importlib.metadata
import pathlib
import sys

from sphinx.cmd.build import main

opened = collections.Counter()
sys.addaudithook(lambda event, args: event == "open" and opened.update([pathlib.Path(str(args[0])).name]))


def reads(citations, folder):
    """How often a build with so many citations opens a package's file of entry points."""
    folder.mkdir()
    (folder / "conf.py").write_text("extensions = ['sphinxcontrib.bibtex']\nbibtex_bibfiles = ['all.bib']\n")
    (folder / "all.bib").write_text("@book{one, author={A. Writer}, title={A Book}, year={2001}, publisher={P}}\n")
    (folder / "index.rst").write_text("T\n=\n\n" + ":cite:t:`one`\n" * citations + "\n.. bibliography::\n")
    before = opened["entry_points.txt"]
    assert main(["-q", "-W", "-b", "html", str(folder), str(folder / "out")]) == 0
    return opened["entry_points.txt"] - before


folder = pathlib.Path(sys.argv[1])
reads(1, folder / "first")  # with what Sphinx and the styles look up for themselves
packages = len({d.metadata["Name"] for d in importlib.metadata.distributions()})
hundred, two_hundred = reads(100, folder / "a"), reads(200, folder / "b")
print(f"{packages} packages; their files were opened {hundred} times for 100 citations, {two_hundred} for 200")
assert two_hundred - hundred == 100 * packages, "each citation asks each package for its entry points once"
PY
"$here/env/bin/python" "$here/count.py" "$here"
