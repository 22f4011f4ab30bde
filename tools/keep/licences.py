"""Write LICENSES-OF-OTHERS.md: the licence of every package in the lock, as its own metadata says.

make licences                     after the lock changed; a test compares the list with the lock
"""

import argparse
import re
import sys
from importlib import metadata

from tools.paths import ROOT

LIST = ROOT / "LICENSES-OF-OTHERS.md"
COMPATIBLE = re.compile(
    r"MIT|MIT-0|MIT-CMU|0?BSD(-\d-Clause)?|Apache-2\.0|ISC|PSF-2\.0|Python-2\.0|MPL-2\.0|HPND|Unlicense|Zlib|CC0-1\.0"
    r"|Public Domain"
)
ELSEWHERE = {  # only installed on other systems, or saying nothing readable: from their own repositories
    "appnope": "BSD-2-Clause",
    "colorama": "BSD-3-Clause",
    "pywin32": "PSF-2.0",
    "pywinpty": "MIT",
    "axe-playwright-python": "MIT AND MPL-2.0",  # its LICENSE file, and that of axe, which it carries
    "docutils": "Public Domain AND BSD-2-Clause AND PSF-2.0",  # its GPL part, an Emacs mode, is in no wheel
}
APART = {  # not compatible, and why that does no harm
    "codespell": "run as a command by a test, neither imported by the package nor passed on",
}
NAMES = [  # what people write, and SPDX's name for it
    (r"mit license|the mit license.*|expat license|mit", "MIT"),
    (r"mit-cmu|cmu.*", "MIT-CMU"),
    (r"(new |modified |revised |3-clause )bsd( license)?|bsd[ -]3[ -]clause.*|bsd 3.*", "BSD-3-Clause"),
    (r"bsd[ -]2[ -]clause.*|simplified bsd|bsd 2.*", "BSD-2-Clause"),
    (r"bsd( license)?|osi approved :: bsd.*", "BSD"),
    (r"apache( software)?( license)?,?( version)? ?2(\.0)?.*|apache software license", "Apache-2.0"),
    (r"isc license.*|iscl", "ISC"),
    (r"python software foundation license|psf.*", "PSF-2.0"),
    (r"mozilla public license 2\.0.*|mpl[ -]2\.0.*", "MPL-2.0"),
    (r"public domain", "Public Domain"),
    (r"gnu general public license.*|gpl.*", "GPL"),
    (r"the unlicense.*", "Unlicense"),
]


def locked():
    """{name: version} of the lock."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.M))


def spdx(text):
    return next((name for pattern, name in NAMES if re.fullmatch(pattern, text.strip().lower())), text.strip())


def licence(package):
    """Its licence in SPDX's words: the expression, else the classifiers, else a short licence field."""
    if package in ELSEWHERE:
        return ELSEWHERE[package]
    about = metadata.metadata(package)
    if expression := about.get("License-Expression"):
        return expression
    classifiers = [c.split(" :: ")[-1] for c in about.get_all("Classifier", []) if c.startswith("License :: ")]
    names = sorted({spdx(c) for c in classifiers if c not in ("OSI Approved", "DFSG approved")})
    short = (about.get("License") or "").strip().split("\n")[0]
    return " AND ".join(names) or (spdx(short) if 0 < len(short) < 60 else "?")


def is_compatible(text):
    """May code under this licence be used beside code under MIT? Of "A OR B" one must be, of "A AND B" both."""
    either = [part.strip("() ") for part in re.split(r"\bOR\b", text)]
    return any(
        all(COMPATIBLE.fullmatch(p.split(" WITH ")[0].strip("() ")) for p in re.split(r"\bAND\b|,", part))
        for part in either
    )


def table():
    rows = [
        "# Licences of the packages in the lock",
        "",
        "Written by `make licences` from each package's own metadata. None is passed on with the book; "
        "what is (KaTeX, icons) is in",
        "`tools/vendor/vendored.json`.",
        "",
        "| package | version | licence |",
        "|---|---|---|",
    ]
    for name, version in locked().items():
        text = licence(name)
        rows.append(f"| {name} | {version} | {text}{f' ({APART[name]})' if name in APART else ''} |")
    return "\n".join(rows) + "\n"


def main():
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    wrong = [n for n in locked() if n not in APART and not is_compatible(licence(n))]
    LIST.write_text(table())
    if wrong:
        return "not known to be compatible with MIT: " + ", ".join(f"{n} ({licence(n)})" for n in wrong)


if __name__ == "__main__":
    sys.exit(main())
