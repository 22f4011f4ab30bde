"""Say plainly, before anything is installed, if this Python cannot carry the book. Runs on any Python."""

import argparse
import sys


def problem(version=sys.version_info):
    if not (3, 11) <= tuple(version[:2]) <= (3, 13):
        return (
            "The book needs Python 3.11, 3.12 or 3.13; this is %d.%d. Name another one: make PYTHON=python3.12 ..."  # noqa: UP031  (runs on any Python)
            % tuple(version[:2])
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "This Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.exit(problem())
