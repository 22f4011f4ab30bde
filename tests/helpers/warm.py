"""`python -m MODULE ARGUMENTS` many times over, by forks of one process that has imported the libraries once.

A fork begins as a fresh interpreter would after these imports: nothing of the book is loaded, and the module is run as
`__main__` in the folder that is asked for. The libraries alone would take a fifth of a second of each command.
"""

import json
import subprocess
import sys
from collections import namedtuple

Done = namedtuple("Done", "returncode stdout stderr")
LIBRARIES = "argparse", "subprocess", "ssl", "numpy", "scipy.stats", "gymnasium"
PROGRAM = f"""
import atexit, gc, json, os, runpy, sys
import {", ".join(LIBRARIES)}
sys.modules["rfc3987_syntax"] = None            # as tools/__init__.py does
import nbclient
del sys.modules["rfc3987_syntax"]
gc.freeze()
for line in sys.stdin:
    module, arguments, folder, files = json.loads(line)
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    for number, name in enumerate([os.devnull, *files]):
        file = os.open(name, os.O_RDWR | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    sys.argv = [module, *arguments]
    sys.path[0] = folder
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code or 0
    if type(code) is not int:
        sys.exit(code)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)          # to take all the libraries down again would cost more than the command
"""


class Warm:
    """The process. Its environment is that of every command."""

    def __init__(self, environment):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(self, module, *arguments, folder, scratch):
        """What `subprocess.run` would say of the command. Its streams go through two files in `scratch`."""
        files = [scratch / "out", scratch / "err"]
        for file in files:
            file.write_bytes(b"")
        self.process.stdin.write(json.dumps([module, arguments, str(folder), [str(file) for file in files]]) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return Done(code, *(file.read_text("utf8") for file in files))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
