"""All measurements, or those named, each into results/NAME.json; the book's page reads them from there.

python -m benchmarks.run [training rollouts gradients tables imports language waiting]
                                                        # all: about half an hour of two cores
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks import THREADS

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks/results"
# Seeds that chose nothing: neither a setting nor a network's size. Peers get ten, the slowest three.
SEEDS = {
    "ours": range(9001, 9021),
    "ppo": range(9001, 9011),
    "a2c": range(9001, 9011),
    "torch_reinforce": range(9001, 9011),
    "torch_batch": range(9001, 9004),
}
PACKAGES = ("numpy", "gymnasium", "torch", "stable-baselines3")


def call(name, *arguments):
    """What a benchmark prints, from a process of its own with one thread."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | THREADS,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{name} {' '.join(map(str, arguments))} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def training():
    """Every method's k-th seed before anyone's next: what else the machine does meets all alike."""
    turns = [(method, seeds[k]) for k in range(20) for method, seeds in SEEDS.items() if k < len(seeds)]
    return {"cap": 120, "runs": [call("train_one", method, seed) for method, seed in tqdm(turns, desc="training")]}


def own(name):
    """What a benchmark prints, from the book's own environment, which has JupyterLab and builds the book."""
    command = [str(ROOT / ".venv/bin/python"), "-m", f"benchmarks.{name}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


SECTIONS = {"training": training, "waiting": lambda: own("waiting")} | {
    name: lambda name=name: call(name) for name in ("rollouts", "gradients", "tables", "imports", "language")
}


def store(name, result, packages=PACKAGES):
    about = {
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "versions": {package: version(package) for package in packages},
    }
    text = json.dumps({"about": about, "result": result}, indent=1)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf8")


def summary(runs):
    """One line per method: median CPU seconds (sampled, greedy), solved, memory."""
    for method in SEEDS:
        of_method = [run for run in runs if run["method"] == method]
        row = [f"{method:16}"]
        for criterion in ("sampled", "greedy"):
            times = [run["solved"].get(criterion, {}).get("seconds", np.inf) for run in of_method]
            row.append(
                f"{criterion} {np.median(times):6.2f} s ({min(times):.2f} to {max(times):.2f}), "
                f"{np.isfinite(times).sum()} of {len(times)}"
            )
        yield "; ".join(row) + f"; {np.median([run['memory'] for run in of_method]):.0f} MiB"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(SECTIONS)}; default: all")
    names = parser.parse_args().names
    if unknown := set(names) - set(SECTIONS):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    for name in names or SECTIONS:
        result = SECTIONS[name]()
        store(name, result)
        print(f"\n{name}")
        if name == "training":
            print("\n".join(summary(result["runs"])))
        else:
            print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
