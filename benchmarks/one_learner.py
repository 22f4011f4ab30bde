"""What one learner costs a server: memory and CPU seconds of a kernel for every lab and every set of exercises, and of
the Jupyter server in front of it.

    python -m benchmarks.one_learner [NOTEBOOK ...]        Linux; writes benchmarks/results/learner.json
                                                           (all notebooks: some minutes)

Each notebook runs from a fresh kernel, every cell once, as "Run All" does. Memory is what the kernel's process had
resident: at the start, and at most (VmHWM of /proc/PID/status). CPU seconds are user + system of the kernel and its
children, which hardly depend on what else the machine does. "exercises" are run with our answers in place, so that
every check runs to its end. The server is JupyterLab's own, after its page was loaded and a session with a kernel was
opened; a hub puts the same process, with a little more in it, in front of every learner.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import psutil
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "benchmarks/results/learner.json"
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
MIB = 2**20


def peak(pid):
    """The most memory that the process ever had resident, in MiB."""
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def notebook(path):
    """Run every cell in a fresh kernel: {memory and CPU}."""
    nb, usage = nbformat.read(path, as_version=4), {}

    def look(**_):
        process = psutil.Process(client.km.provisioner.process.pid)
        times = process.cpu_times()
        usage.setdefault("start MiB", round(process.memory_info().rss / MIB))
        usage["peak MiB"] = round(peak(process.pid))
        usage["CPU seconds"] = round(times.user + times.system + times.children_user + times.children_system, 1)

    client = NotebookClient(
        nb,
        timeout=3600,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        on_cell_start=look,
        on_cell_executed=look,
    )
    client.execute(env=os.environ | ONE_THREAD)
    return usage


def server():
    """JupyterLab's server alone: {memory and CPU}, with its page loaded and one session open."""
    with TemporaryDirectory() as folder:
        env = (
            os.environ
            | ONE_THREAD
            | {f"JUPYTER_{kind}_DIR": f"{folder}/{kind}" for kind in ("CONFIG", "DATA", "RUNTIME")}
        )
        nbformat.write(nbformat.v4.new_notebook(), f"{folder}/empty.ipynb")
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--ServerApp.port=0",
            "--IdentityProvider.token=",
            f"--ServerApp.root_dir={folder}",
            "--ServerApp.disable_check_xsrf=True",
        ]
        if os.geteuid() == 0:
            command.append("--allow-root")
        with open(f"{folder}/log", "w") as log:
            running = psutil.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            url, end = None, time.monotonic() + 300
            while not url and time.monotonic() < end:
                records = list(Path(folder, "RUNTIME").glob("jpserver-*.json"))
                try:
                    url = json.loads(records[0].read_text())["url"]
                except (IndexError, ValueError):
                    time.sleep(0.2)

            def ask(path, data=None):
                request = urllib.request.Request(
                    url + path, json.dumps(data).encode() if data else None, {"Content-Type": "application/json"}
                )
                with urllib.request.urlopen(request, timeout=120) as answer:
                    return answer.read()

            page = ask("lab").decode()
            for script in re.findall(r'src="/(static/[^"]+\.js)', page):
                ask(script)
            session = json.loads(
                ask(
                    "api/sessions",
                    {"path": "empty.ipynb", "name": "", "type": "notebook", "kernel": {"name": "python3"}},
                )
            )
            time.sleep(3)
            times = running.cpu_times()
            usage = {
                "resident MiB": round(running.memory_info().rss / MIB),
                "peak MiB": round(peak(running.pid)),
                "CPU seconds to start": round(times.user + times.system, 1),
            }
            request = urllib.request.Request(f"{url}api/sessions/{session['id']}", method="DELETE")
            urllib.request.urlopen(request, timeout=60).close()
            return usage
        finally:
            running.terminate()
            running.wait(60)


def gib(mib, learners):
    """Memory for so many, as the Littlest JupyterHub's documentation counts it, in GiB, two figures."""
    return (
        f"{float(f'{mib * learners / 1024:.2g}'):.0f}"
        if mib * learners >= 10 * 1024
        else f"{mib * learners / 1024:.1f}"
    )


def tables(usage):
    """(what one learner costs, what that means for many), in Markdown, for book/for-instructors.md."""
    chapters = sorted({path.split("/")[1] for path in usage["notebooks"]})
    rows = [
        f"| {name.split('.')[0].partition('-')[0].lstrip('0') if name[0] == '0' else 'museum of mistakes'} | "
        + " | ".join(
            f"{costing[what]}" if (costing := usage["notebooks"].get(f"{kind}/{name}")) else " "
            for kind in ("notebooks", "exercises")
            for what in ("peak MiB", "CPU seconds")
        )
        + " |"
        for name in chapters
    ]
    costs = [
        "| chapter | lab, peak MiB | lab, CPU seconds | exercises, peak MiB | exercises, CPU seconds |",
        "|:--|--:|--:|--:|--:|",
        *rows,
    ]
    server, kernels = usage["server"]["peak MiB"], sorted(row["peak MiB"] for row in usage["notebooks"].values())
    single, three = server + kernels[-1], server + sum(kernels[-3:])
    heavy = max(row["CPU seconds"] for name, row in usage["notebooks"].items() if name.startswith("notebooks/"))
    sizes = [
        "| learners at the same time | one notebook open each, GiB | three open each, GiB "
        "| CPU minutes if all press Run All |",
        "|--:|--:|--:|--:|",
        *(f"| {n} | {gib(single, n)} | {gib(three, n)} | {n * heavy / 60:.0f} |" for n in (40, 100, 200)),
    ]
    return "\n".join(costs), "\n".join(sizes)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="default: all, and the result is stored")
    names = parser.parse_args().notebooks
    paths = [Path(name).resolve() for name in names] or sorted(
        [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb")]
    )
    usage = {"python": platform.python_version(), "server": server(), "notebooks": {}}
    print("server", usage["server"])
    for path in paths:
        name = path.relative_to(ROOT).as_posix().replace("solutions/", "exercises/")
        usage["notebooks"][name] = notebook(path)
        print(name, usage["notebooks"][name], flush=True)
    if not names:
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text(json.dumps(usage, indent=1) + "\n")


if __name__ == "__main__":
    main()
