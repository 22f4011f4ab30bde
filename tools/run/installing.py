"""Run pip and show that it lives: `python tools/run/installing.py PYTHON -m pip install ...`. Needs nothing but Python.

One line in a terminal, rewritten as it goes on; elsewhere a line now and then. What pip said is shown only if it fails.
"""
import argparse
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

QUIET = 20                                            # seconds between two lines where there is no terminal


class Progress:
    """How far pip is, from what it prints."""

    def __init__(self, command):
        files = [Path(command[i + 1]) for i, word in enumerate(command) if word == "-r"]
        self.wanted = sum(len(re.findall(r"^[\w.\[\]-]+ *==", f.read_text("utf8"), re.M)) for f in files if f.is_file())
        self.found, self.megabytes, self.unpacking = 0, 0.0, False

    def hear(self, line):
        self.found += line.startswith(("Collecting ", "Requirement already satisfied"))
        if size := re.search(r"Downloading \S+.*?\(([\d.]+) (kB|MB|GB)", line):
            self.megabytes += float(size[1]) * {"kB": 0.001, "MB": 1, "GB": 1000}[size[2]]
        self.unpacking |= line.startswith("Installing collected packages")

    def __str__(self):
        if self.unpacking:
            return "all packages are here; unpacking them"
        of = f" of {self.wanted}" * (self.wanted > 1)
        return f"package {self.found}{of}, {self.megabytes:.0f} MB fetched" if self.found else "asking for the packages"


def main(command, out=sys.stdout):
    progress, said, over, start = Progress(command), [], threading.Event(), time.monotonic()
    if progress.wanted > 100:
        print("Installing the book's packages into .venv: about 900 MB, some minutes, once.", file=out, flush=True)

    def show():
        live = out.isatty()
        while not over.wait(1 if live else QUIET):
            line = f"  {time.monotonic() - start:4.0f} s: {progress}"
            print(f"\r{line:<76}" if live else line, end="" if live else "\n", file=out, flush=True)
        if live and time.monotonic() - start > 1:
            print("\r" + " " * 76, end="\r", file=out, flush=True)

    ticker = threading.Thread(target=show)
    ticker.start()
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf8", errors="replace") as pip:
            for line in pip.stdout:
                said.append(line)
                progress.hear(line.strip())
    finally:
        over.set()
        ticker.join()
    if pip.returncode:
        print("".join(said[-40:]), end="", file=sys.stderr)
    return pip.returncode


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("python", help="the Python whose pip installs")
    parser.add_argument("words", nargs=argparse.REMAINDER, help="-m pip install ...")
    given = parser.parse_args()
    sys.exit(main([given.python, *given.words]))
