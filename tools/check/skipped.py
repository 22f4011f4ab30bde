"""Say at the end of `make test` what was not tested, and why.

python -m tools.check.skipped FILE         # the file that PG_SKIPPED named while the tests ran (tests/conftest.py)
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path


def summary(lines):
    """The text about lines of JSON, each [test, reason]."""
    reasons = defaultdict(list)
    for test, reason in dict.fromkeys((test, reason) for test, reason in map(json.loads, filter(None, lines))):
        reasons[reason].append(test)
    if not reasons:
        return "Nothing was skipped."
    count = sum(map(len, reasons.values()))
    report = [
        f"Not tested here: {count} test{'s' * (count > 1)}, skipped for {len(reasons)} "
        f"reason{'s' * (len(reasons) > 1)}."
    ]
    for reason, tests in sorted(reasons.items(), key=lambda item: -len(item[1])):
        report.append(f"  {len(tests)}: {reason}")
        report += [f"      {test}" for test in tests[:3]] + [f"      and {len(tests) - 3} more"] * (len(tests) > 3)
    return "\n".join(report)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Say what was skipped, and why.")
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    print(summary(file.read_text("utf8").splitlines() if file.exists() else []))
