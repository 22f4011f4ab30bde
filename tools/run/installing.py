"""Make an environment and install into it, with uv, or with pip where uv cannot be had: needs nothing but Python.

    python tools/run/installing.py .venv --require-hashes -r requirements.lock \
        --then --no-deps --no-build-isolation -e .

pip brings uv, held to the hashes in requirements-uv.txt; uv then reads the words that pip would. ENVIRONMENT/installed
is written last, so that what broke off is begun again. One line shows how far it is: rewritten in a terminal, elsewhere
a new one now and then. What the installer said is shown only if it fails,
and a network that does not answer is told in one line.
"""

import argparse
import ast
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").is_file())
UV = ROOT / "requirements-uv.txt"
EVERY = 5  # seconds between two lines where there is no terminal
SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
}
NO_ANSWER = re.compile(
    r"error sending request|dns error|Network connectivity is disabled|timed out|Connection\w* (?:refused|broken)|"
    r"connection broken|NewConnectionError|No route to host|\(from versions: none\)",
    re.I,
)
PACKAGE = re.compile(
    r"(?:No matching distribution found for |Failed to "
    r"(?:fetch|download|query)[^\w\n]*(?:https?://\S*/)?)([\w.-]+(?:==[\w.]+)?)"
)


class Progress:
    """How far the installer is, from what it prints."""

    def __init__(self, words):
        files = [Path(words[i + 1]) for i, word in enumerate(words[:-1]) if word == "-r"]
        self.wanted = sum(len(re.findall(r"^[\w.\[\]-]+ *==", f.read_text("utf8"), re.M)) for f in files if f.is_file())
        self.found, self.megabytes, self.unpacking = 0, 0.0, False

    def hear(self, line):
        self.found += line.startswith(("Collecting ", "Requirement already satisfied"))
        if resolved := re.match(r"Resolved (\d+) packages", line):
            self.found = int(resolved[1])
        if size := re.search(r"Downloading \S+.*?\(([\d.]+) ?([kMGK])i?B\)", line):
            self.megabytes += float(size[1]) * {"k": 0.001, "K": 0.001, "M": 1, "G": 1000}[size[2]]
        self.unpacking |= line.startswith(("Installing collected packages", "Prepared "))

    def __str__(self):
        if self.unpacking:
            return "all packages are here; unpacking them"
        of = f" of {self.wanted}" * (self.wanted >= self.found > 0 and self.wanted > 1)
        return (
            f"package {self.found}{of}, {self.megabytes:.0f} MB to fetch" if self.found else "asking for the packages"
        )


def run(command, progress, out, env=None):
    """The command's exit status and its lines; meanwhile `progress` is shown."""
    lines, over, start = [], threading.Event(), time.monotonic()

    def show():
        live = out.isatty()
        while not over.wait(1 if live else EVERY):
            line = f"  {time.monotonic() - start:4.0f} s: {progress}"
            print(f"\r{line:<76}" if live else line, end="" if live else "\n", file=out, flush=True)
        if live and time.monotonic() - start > 1:
            print("\r" + " " * 76, end="\r", file=out, flush=True)

    ticker = threading.Thread(target=show)
    ticker.start()
    try:
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf8",
            errors="replace",
            env=env,
        ) as installer:
            for line in installer.stdout:
                lines.append(line)
                progress.hear(line.strip())
    except OSError as error:  # a uv that does not run on this machine
        return 127, [f"{error}\n"]
    finally:
        over.set()
        ticker.join()
    return installer.returncode, lines


def why(lines):
    """One line for an answer that did not come; None if something else went wrong."""
    text = "".join(lines)
    if NO_ANSWER.search(text):
        name = PACKAGE.search(text)
        return f"no answer for {name[1] if name else 'the packages'} from the network, and no copy here"


def python_of(environment):
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def works(environment):
    """Does its Python run, and is pip there?"""
    try:
        return subprocess.run([python_of(environment), "-c", "import pip"], capture_output=True).returncode == 0
    except OSError:
        return False


def make(environment, out):
    """The environment, new where there was none or only half of one."""
    half = environment / "half-made"
    if half.exists() or not works(environment):
        if environment.exists():
            print(f"{environment} was left half made; it is begun again.", file=out, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
    half.touch()
    (environment / "installed").unlink(missing_ok=True)


def settings(python):
    """Where pip was told to look for packages, in uv's words, so that a mirror or a folder of wheels serves both."""
    done = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True)
    variables = {}
    for key, value in re.findall(r"^(?:global|user|site|install|:env:)\.([\w-]+)=(.+)$", done.stdout, re.M):
        if key in SETTINGS:
            variables[SETTINGS[key]] = ast.literal_eval(value).replace("\n", " ").strip()
    if "UV_FIND_LINKS" in variables:
        variables["UV_FIND_LINKS"] = ",".join(variables["UV_FIND_LINKS"].split())
    if "UV_INDEX" in variables:
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does; what must not be mixed up has hashes
    return {**variables, **os.environ}


def uv_for(environment, out):
    """uv's file, of the book's environment or brought into this one; None, said in one line, if it cannot be had."""
    for place in (environment, ROOT / ".venv"):
        for name in ("bin/uv", "Scripts/uv.exe"):
            if (place / name).is_file():
                return place / name
    status, lines = run(
        [
            python_of(environment),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--retries",
            "1",
            "--require-hashes",
            "-r",
            UV,
        ],
        Progress([]),
        out,
    )
    if status:
        print(f"uv cannot be had ({why(lines) or lines[-1].strip()}); pip does it, more slowly.", file=out, flush=True)
        return None
    return next(environment / name for name in ("bin/uv", "Scripts/uv.exe") if (environment / name).is_file())


def install(environment, steps, out=None):
    """0 when every step is installed, else the installer's status."""
    out = out or sys.stdout
    if not (environment / "installed").exists() and any(Progress(words).wanted > 100 for words in steps):
        print(f"Installing the book's packages into {environment}: about 900 MB, once.", file=out, flush=True)
    make(environment, out)
    python, uv = python_of(environment), uv_for(environment, out)
    env = settings(python)
    for words in steps:
        status = 1
        if uv:
            status, lines = run([uv, "pip", "install", "--python", python, *words], Progress(words), out, env)
            if status:
                reason = why(lines) or "; ".join(line.strip() for line in lines[-3:])
                print(f"uv did not install it ({reason}); pip tries, more slowly.", file=out, flush=True)
        if status:
            status, lines = run(
                [python, "-m", "pip", "install", "--disable-pip-version-check", *words], Progress(words), out
            )
        if status:
            reason = why(lines)
            print(
                f"Not installed: {reason}. Connect, then run the same command again: what came already is kept."
                if reason
                else "".join(lines[-40:]).rstrip(),
                file=sys.stderr,
            )
            return status
    (environment / "half-made").unlink()
    (environment / "installed").touch()
    return 0


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("environment", type=Path, help="its folder, made if it is not there")
    parser.add_argument(
        "words", nargs=argparse.REMAINDER, help="what comes after `pip install`; --then begins another such line"
    )
    given = parser.parse_args(arguments)
    steps = [[]]
    for word in given.words:
        if word == "--then":
            steps.append([])
        else:
            steps[-1].append(word)
    if not all(steps):
        parser.error("say what to install, for example: -r requirements.txt")
    return install(given.environment, steps)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nStopped; the same command begins again.")
