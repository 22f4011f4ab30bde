"""Is the built site the same bytes wherever and whenever it is built? `python -m tools.check.reproducible`
builds it twice and compares.

Two fresh clones of what is committed, in folders of different names and depth, one with another clock zone, language,
number of hash seeds and home. A difference is printed with the place where the two files part.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.paths import ROOT

PLACES = {
    "one": {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"},
    "another place/deep down": {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONUTF8": "1", "PYTHONHASHSEED": "2"},
}


def build(folder, environment):
    """Clone what is committed into `folder` and build it there. Returns the site's folder."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "tools.make.book", "--path-output", str(folder), str(folder)],
        cwd=folder,
        env=os.environ | environment | {"PYTHONPATH": str(folder), "HOME": str(folder.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stdout)
    return folder / "_build/html"


def tree(folder):
    """{path: bytes} of everything that is published."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def differences(site, other):
    """Lines that say which files differ, and where."""
    for path in sorted(site.keys() | other.keys()):
        a, b = site.get(path), other.get(path)
        if a is None or b is None:
            yield f"{path}: in one of the two only"
        elif a != b:
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            yield (
                f"{path}: differ at byte {at}:\n    {a[max(0, at - 60) : at + 60]!r}\n"
                f"    {b[max(0, at - 60) : at + 60]!r}"
            )


def main():
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sites = []
        for place, environment in PLACES.items():
            (Path(folder) / place).parent.mkdir(parents=True, exist_ok=True)
            sites.append(tree(build(Path(folder) / place, environment)))
            time.sleep(1.1)  # no second in common
        lines = list(differences(*sites))
        private = [
            f"{path}: contains the folder it was built in" for path, data in sites[0].items() if folder.encode() in data
        ]
    print(
        *lines,
        *private,
        f"{len(sites[0])} files, {sum(map(len, sites[0].values())):,} bytes: "
        f"{len(lines)} differ, {len(private)} name their folder",
        sep="\n",
    )
    return bool(lines + private)


if __name__ == "__main__":
    sys.exit(main())
