"""A Chromium for the tests of the site: an installed one, else Debian's package, else Playwright's own.

    python -m tools.run.chromium        finds or installs one and prints its path

`PG_CHROMIUM` names another one. Tests call `path()` and `ARGS`.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELL = (
    "chromium-headless-shell"  # the same engine without a window around each page: a third of the time for a new one
)
NAMES = (
    SHELL,
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "msedge",
)
ARGS = [
    "--disable-gpu",
    "--font-render-hinting=none",  # letters as wide as on a screen, which the shell would round to whole pixels
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
if getattr(os, "geteuid", lambda: 1)() == 0:
    ARGS.append("--no-sandbox")  # its sandbox refuses to start as root
NONE = (
    "No Chromium for the tests of the site: install one (Debian: apt-get install chromium) "
    "or set PG_CHROMIUM to its path."
)


def path():
    """The browser's path, or None."""
    for name in filter(None, (os.environ.get("PG_CHROMIUM"), *NAMES)):
        if executable := shutil.which(name):
            return executable
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as p:
            own = p.chromium.executable_path
    except Exception:  # on a bare machine its driver lacks a library, which comes with Debian's packages below
        return None
    return own if Path(own).exists() else None


def _run(*command):
    try:
        return (
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            ).returncode
            == 0
        )
    except FileNotFoundError:
        return False


def say(what):
    print(f"No Chromium for the tests of the site: {what}. To use one of your own, set PG_CHROMIUM.", file=sys.stderr)


def get():
    """Install Debian's package where we may, else Playwright's browser. What is going to be done is said before."""
    root = getattr(os, "geteuid", lambda: 1)() == 0
    may = [] if root else ["sudo", "-n"]  # -n: never ask for a password
    if shutil.which("apt-get") and (root or _run("sudo", "-n", "true")):
        say(f"installing Debian's, {' '.join([*may, 'apt-get install'])} {SHELL} fonts-dejavu-core libatomic1")
        _run(*may, "apt-get", "update", "-q")
        install = [*may, "apt-get", "install", "-y", "-q", "--no-install-recommends", "fonts-dejavu-core", "libatomic1"]
        _run(*install, SHELL) or _run(*install, "chromium")  # not every Debian has the first
    if not path():
        say("fetching Playwright's own into its cache in your home folder")
        _run(sys.executable, "-m", "playwright", "install", "chromium")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    path() or get()
    print(path() or NONE)  # the tests of the site stop with the same line
