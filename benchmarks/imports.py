"""What an import costs, each in a fresh process: CPU seconds and memory.

python -m benchmarks.imports         # prints the table as JSON
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

from benchmarks import THREADS  # and nothing large: a child's peak of memory begins with its parent's

WHAT = {
    "numpy": "import numpy",
    "policy_gradient": "import policy_gradient",
    "policy_gradient and a first policy": "import policy_gradient as pg; pg.MLPSoftmax((4, 64, 2))",
    "policy_gradient and its environments": "import policy_gradient, policy_gradient.envs",
    "torch": "import torch",
    "stable_baselines3": "from stable_baselines3 import A2C, PPO",
}
CODE = (
    "import resource, time; t = time.process_time()\n{}\n"
    "print(time.process_time() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
)


def main(rounds=7):
    samples = {name: [] for name in WHAT}
    for _ in range(rounds):
        for name, code in WHAT.items():
            done = subprocess.run(
                [sys.executable, "-c", CODE.format(code)],
                env=os.environ | THREADS,
                check=True,
                capture_output=True,
                text=True,
            )
            samples[name].append([float(x) for x in done.stdout.split()])
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in samples.items()}
    return [{"import": name, "CPU seconds": round(t, 3), "MiB": round(m)} for name, (t, m) in medians.items()]


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    print(json.dumps(main()))
