"""Jupyter Book's own command, `main`, with Sphinx at work in as many processes as there are cores.

Jupyter Book 1 has no option for it. Sphinx forks, which is safe on Linux alone: elsewhere one process builds.
"""

import functools
import os
import sys


def processes():
    """How many work at once: one more than there are cores, since Sphinx's first one hands out pages and waits."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    return cores + 1 if cores > 1 else 1


def main():
    from jupyter_book import sphinx
    from jupyter_book.cli.main import main as command

    sphinx.build_sphinx = functools.partial(sphinx.build_sphinx, jobs=processes())
    command()
