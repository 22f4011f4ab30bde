"""Look the locked versions up in the public list of known vulnerabilities (pip-audit),
and fail on what nobody has explained.

    make audit

`tools/keep/audit.json` holds the explained findings: {"CVE or PYSEC or GHSA number": "why it does no harm here"}. An
explanation that nothing needs any more fails too, and so does a package that could not be looked up: pip-audit itself
says "no known vulnerabilities" then. pip-audit runs in an environment of its own that is thrown away.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.keep.lock import ROOT, throwaway

EXPLAINED = ROOT / "tools/keep/audit.json"


def verdict(report, explained):
    """Lines that say what is wrong: nothing, if the lock is clean or every finding explained."""
    packages = report["dependencies"]
    skipped = [p["name"] for p in packages if "skip_reason" in p]
    findings = [
        (p["name"], p["version"], {v["id"], *v["aliases"]}, v["fix_versions"])
        for p in packages
        for v in p.get("vulns", [])
    ]
    known = set().union(*(ids for _, _, ids, _ in findings))
    lines = [
        f"{name} {version}: {', '.join(sorted(ids))}, mended in {', '.join(fixed) or 'no version yet'}"
        for name, version, ids, fixed in findings
        if not ids & set(explained)
    ]
    lines += (
        [
            f"explained in {EXPLAINED.name} but no longer found: {advisory}"
            for advisory in sorted(set(explained) - known)
        ]
        if not skipped
        else []
    )
    if skipped:
        lines.append(
            f"{len(skipped)} of {len(packages)} packages could not be looked up ({', '.join(skipped[:3])}, ...): "
            "nothing is known of them"
        )
    return lines


def main():
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        python = throwaway(Path(folder, "audit"), "pip-audit")
        done = subprocess.run(
            [
                python,
                "-m",
                "pip_audit",
                "--disable-pip",
                "--require-hashes",
                "-r",
                ROOT / "requirements.lock",
                "-f",
                "json",
                "--progress-spinner",
                "off",
            ],
            capture_output=True,
            text=True,
        )
    if not done.stdout.strip():
        return f"pip-audit could not run:\n{done.stderr[-2000:]}"
    report = json.loads(done.stdout)
    lines = verdict(report, json.loads(EXPLAINED.read_text()))
    print(
        f"{len(report['dependencies'])} packages looked at, "
        f"{sum(len(p.get('vulns', [])) for p in report['dependencies'])} known vulnerabilities"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
