"""Lighthouse on one page of each kind, as a phone on a slow network:
the median of three runs, into results/lighthouse.json.

    python -m benchmarks.lighthouse [KIND ...]        # of the site in _build/html; the rows of kinds not named stay;
                                                      # needs npm

The server is the one of the site's tests, which compresses as real hosts do. Lighthouse and the Node that it wants come
from npm into a folder of their own under _build. The phone, its processor and its network are simulated
(Lighthouse's own mobile settings).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from datetime import date
from pathlib import Path

from tests.helpers.pages import Server
from tools.run import chromium

ROOT = Path(__file__).resolve().parents[1]

RESULT = ROOT / "benchmarks/results/lighthouse.json"
TOOLS = ROOT / "_build/environments/lighthouse"
PACKAGES = ["lighthouse@13.5.0", "node@22"]  # a Node of its own: Lighthouse 13 wants at least 22.12
PAGES = {  # of each kind the heaviest
    "front page": "book/index",
    "prose": "book/glossary",
    "notation": "book/notation",
    "reference": "book/helper-reference",
    "chapter": "book/03-the-log-derivative-trick",
    "live training": "book/03-in-practice",
    "interview": "book/interview/language-models",
    "practice": "book/practice/flashcards",
    "exercises": "exercises/02-the-theorem",
    "solutions": "solutions/03-the-log-derivative-trick",
    "lab": "notebooks/02-the-theorem",
    "museum": "notebooks/museum-of-mistakes",
    "speed": "book/speed",
}
SCORES = {
    "performance": "performance",
    "accessibility": "accessibility",
    "best practices": "best-practices",
    "SEO": "seo",
}
TIMES = {
    "FCP": "first-contentful-paint",
    "LCP": "largest-contentful-paint",
    "TBT": "total-blocking-time",
}  # milliseconds
RUNS = 3


def installed():
    """The path of the command, brought here if it is missing."""
    command = TOOLS / "node_modules/.bin/lighthouse"
    if not command.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        (TOOLS / "package.json").write_text('{"private": true}\n')
        subprocess.run(
            ["npm", "install", "--no-package-lock", "--no-fund", "--no-audit", *PACKAGES], cwd=TOOLS, check=True
        )
    return command


def report(url):
    """Lighthouse's own report of one run."""
    path = os.pathsep.join([str(TOOLS / "node_modules/.bin"), os.environ["PATH"]])
    flags = " ".join(["--headless=new", *chromium.ARGS])
    done = subprocess.run(
        [installed(), url, "--output=json", "--quiet", "--form-factor=mobile", f"--chrome-flags={flags}"],
        env=os.environ | {"CHROME_PATH": str(chromium.path()), "PATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"Lighthouse failed on {url}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def complaints(result):
    """What cost the page a point of accessibility, best practices or SEO."""
    wanted = {
        ref["id"]
        for name in list(SCORES.values())[1:]
        for ref in result["categories"][name]["auditRefs"]
        if ref["weight"]
    }
    return [
        f"{name}: {audit['title']}"
        for name, audit in result["audits"].items()
        if name in wanted and audit["score"] is not None and audit["score"] < 1
    ]


def summary(reports):
    """Medians of the runs; what was complained of in any of them."""

    def middle(value):
        return statistics.median(value(r) for r in reports)

    row = {name: round(100 * middle(lambda r, key=key: r["categories"][key]["score"])) for name, key in SCORES.items()}
    row |= {name: round(middle(lambda r, key=key: r["audits"][key]["numericValue"])) for name, key in TIMES.items()}
    row["CLS"] = round(middle(lambda r: r["audits"]["cumulative-layout-shift"]["numericValue"]), 4)
    row["bytes"] = round(middle(lambda r: r["audits"]["total-byte-weight"]["numericValue"]))
    row["lost points"] = sorted({line for r in reports for line in complaints(r)})
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"{', '.join(PAGES)}; default: all")
    kinds = parser.parse_args().kinds or list(PAGES)
    if unknown := set(kinds) - set(PAGES):
        parser.error(f"no such kind of page: {', '.join(sorted(unknown))}; there are {', '.join(PAGES)}")
    server = Server(ROOT / "_build/html")
    rows = {row["kind"]: row for row in json.loads(RESULT.read_text("utf8"))["result"]} if RESULT.exists() else {}
    for kind in kinds:
        reports = [report(f"{server.url}{PAGES[kind]}.html") for _ in range(RUNS)]
        rows[kind] = {"kind": kind, "page": PAGES[kind]} | summary(reports)
        print(json.dumps(rows[kind]), flush=True)
    about = {
        "date": date.today().isoformat(),
        "runs": RUNS,
        "lighthouse": reports[0]["lighthouseVersion"],
        "cores": os.cpu_count(),
        "browser": reports[0]["environment"]["hostUserAgent"].split("Chrome/")[-1].split()[0],
    }
    server.http.shutdown()
    RESULT.write_text(
        json.dumps({"about": about, "result": [rows[kind] for kind in PAGES if kind in rows]}, indent=1) + "\n",
        encoding="utf8",
    )


if __name__ == "__main__":
    main()
