"""Python for the browser: a folder with Pyodide, the official wheels that the book uses, and our own.

    python -m tools.make.pyodide FOLDER [--from FOLDER_OR_ARCHIVE ...]
        a whole one, to serve from the book's own site
    python -m tools.make.pyodide --record CORE WHEELS
        tools/make/pyodide-lock.json anew (a new Pyodide)

tools/make/pyodide-lock.json names the official files with their SHA-256; a file that does not match is not taken,
whatever offers it (npm's pyodide package, any archive that carries the wheels, a folder). Without --from they come from
the content network. The other wheels are pure Python: packed from this environment (which pip filled from hashes), ours
from the source beside us. Packed twice they have the same bytes.
"""

import argparse
import base64
import csv
import hashlib
import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from pathlib import Path

from tools.paths import ROOT

RECORD = ROOT / "tools/make/pyodide-lock.json"
CORE = ["pyodide.asm.js", "pyodide.asm.wasm", "pyodide.js", "pyodide.mjs", "python_stdlib.zip"]
OFFICIAL = [
    "numpy",
    "matplotlib",
    "scipy",
    "joblib",
    "ipython",
    "jedi",
    "micropip",
    "ssl",
    "sqlite3",
]  # and all they depend on
OURS = {  # what we pack: (what it imports as, what must be loaded with it)
    "policy-gradient": (
        "policy_gradient learning_to_act",
        ["numpy", "matplotlib", "gymnasium", "anywidget", "tqdm"],
    ),  # and scipy, where used
    "gymnasium": ("gymnasium", ["numpy", "cloudpickle", "typing-extensions", "farama-notifications", "no-processes"]),
    "no-processes": ("_multiprocessing", []),
    "farama-notifications": ("farama_notifications", []),
    "cloudpickle": ("cloudpickle", []),
    "typing-extensions": ("typing_extensions", []),
    "anywidget": ("anywidget", ["ipywidgets", "psygnal", "typing-extensions"]),
    "psygnal": ("psygnal", []),
    "ipywidgets": ("ipywidgets", ["comm", "ipython", "traitlets"]),  # its two JavaScript packages belong to JupyterLab
    "comm": ("comm", []),
    "tqdm": ("tqdm", []),
}
LEFT_OUT = re.compile(r"^\.\./|\.(so|pyd|pyc)$|/tests/|dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json)$")
LONG_AGO = (2020, 1, 1, 0, 0, 0)
# The browser's Python has no processes and leaves this module out.
# Gymnasium names it on import, for workers nobody starts there.
NO_PROCESSES = {
    "_multiprocessing.py": b'''\
"""What `import multiprocessing.synchronize` needs to succeed where there are no processes."""


class SemLock:
    SEM_VALUE_MAX = 2**31 - 1

    def __init__(self, *args):
        raise OSError("there are no processes in the browser")


def sem_unlink(name):
    raise OSError("there are no processes in the browser")
''',
    "no_processes-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: no-processes\nVersion: 1.0\n",
    "no_processes-1.0.dist-info/WHEEL": b"",
}


def official():
    return json.loads(RECORD.read_text())


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# --- our wheels


def pack(files, folder):
    """Write {name: bytes} as a pure wheel whose bytes depend on nothing else. Returns its path."""
    info = next(name.partition("/")[0] for name in files if ".dist-info/" in name)
    kept = {name: data for name, data in files.items() if not LEFT_OUT.search(name)}
    tags = f"{info}/WHEEL"  # a package with an optional compiled part says so here; we leave that part out
    kept[tags] = b"Wheel-Version: 1.0\nGenerator: learning-to-act\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    digest = {
        name: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        for name, data in kept.items()
    }
    rows = [f"{name},sha256={digest[name]},{len(kept[name])}" for name in sorted(kept)] + [f"{info}/RECORD,,"]
    kept[f"{info}/RECORD"] = "\n".join(rows).encode() + b"\n"
    path = Path(folder, info.removesuffix(".dist-info") + "-py3-none-any.whl")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:
        for name in sorted(kept):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            wheel.writestr(entry, kept[name])
    return path


def installed(name):
    """{file: bytes} of an installed package, each as it was when it was installed."""
    distribution, files = importlib.metadata.distribution(name), {}
    for file, recorded, _ in csv.reader(io.StringIO(distribution.read_text("RECORD"))):
        if not LEFT_OUT.search(file):
            files[file] = Path(distribution.locate_file(file)).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(files[file]).digest()).decode().rstrip("=")
            if recorded.removeprefix("sha256=") != digest:
                raise SystemExit(f"{file} of {name} is not as it was installed: install {name} again")
    return files


def built(root=ROOT):
    """{file: bytes} of our own package's wheel, built by its build backend from a copy of the source,
    with no network."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "source")
        skip = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        for package in ("policy_gradient", "learning_to_act"):
            shutil.copytree(root / package, copy / package, ignore=skip)
        for file in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(root / file, copy)
        build = f"from setuptools.build_meta import build_wheel; build_wheel({folder!r})"
        done = subprocess.run(
            [sys.executable, "-c", build],
            cwd=copy,
            capture_output=True,
            text=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": "1577836800"},
        )
        if done.returncode:
            raise SystemExit(f"our own wheel does not build:\n{done.stderr}")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist() if not name.endswith("/")}


def entry(name, wheel, imports, depends):
    """A pure wheel's entry in the lock."""
    return {
        "name": name,
        "version": wheel.name.split("-")[1],
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": sha256(wheel.read_bytes()),
        "package_type": "package",
        "imports": imports,
        "depends": depends,
        "unvendored_tests": False,
    }


def ours(folder):
    """Pack our wheels into `folder` and return their entries for the lock."""
    entries, special = {}, {"policy-gradient": built, "no-processes": NO_PROCESSES.copy}
    for name, (modules, depends) in OURS.items():
        wheel = pack(special[name]() if name in special else installed(name), folder)
        entries[name] = entry(name, wheel, modules.split(), depends)
    return entries


# --- the official files


def wanted(record):
    """{SHA-256: file name} of all official files."""
    return {
        entry["sha256"]: entry["file_name"]
        for entry in [*record["core"].values(), *record["packages"].values()]
        if entry["name"] not in OURS
    }


def offered(source):
    """(name, bytes) of the files in a folder, a wheel or zip, or an npm archive."""
    source = Path(source)
    if source.is_dir():
        yield from ((p.name, p.read_bytes()) for p in sorted(source.rglob("*")) if p.is_file())
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            yield from ((name.rpartition("/")[2], archive.read(name)) for name in archive.namelist())
    else:
        with tarfile.open(source) as archive:
            yield from ((m.name.rpartition("/")[2], archive.extractfile(m).read()) for m in archive if m.isfile())


def gather(folder, sources):
    """Bring every official file into `folder`. Returns the names that nothing offered with the right SHA-256."""
    record, network = official(), official()["network"]
    missing = {
        digest: name
        for digest, name in wanted(record).items()
        if not ((folder / name).is_file() and sha256((folder / name).read_bytes()) == digest)
    }
    names = set(missing.values())
    for source in sources:
        for name, data in offered(source):
            if name in names and missing.pop(digest := sha256(data), None):
                (folder / name).write_bytes(data)
    if not sources:
        for digest, name in list(missing.items()):
            with urllib.request.urlopen(network + name, timeout=60) as answer:
                data = answer.read()
            if sha256(data) != digest:
                raise SystemExit(f"{network + name} does not have the SHA-256 of the official lock: not taken")
            (folder / name).write_bytes(data)
            del missing[digest]
    return sorted(missing.values())


def lock(entries, base):
    """Pyodide's lock file: the official wheels below `base` ("" for the same folder), and ours beside the lock."""
    record = official()
    packages = {
        name: {key: value for key, value in entry.items() if key != "size"} | {"file_name": base + entry["file_name"]}
        for name, entry in record["packages"].items()
    }
    return json.dumps({"info": record["info"], "packages": packages | entries}, indent=1, sort_keys=True) + "\n"


def assemble(folder, sources=()):
    """A whole Pyodide in `folder`, to be served as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = gather(folder, sources)
    if missing:
        raise SystemExit(f"not found with the SHA-256 of the official lock: {', '.join(missing)}")
    (folder / "pyodide-lock.json").write_text(lock(ours(folder), ""))


def record(core, wheels):
    """The part of the official lock that we use, with sizes, which the reader is told before a download."""
    files, sizes = dict(offered(core)), {sha256(data): len(data) for _, data in offered(wheels)}
    whole, kept, more = json.loads(files["pyodide-lock.json"]), {}, list(OFFICIAL)
    while more:
        name = re.sub(r"[-_.]+", "-", more.pop()).lower()
        if name not in kept:
            kept[name] = {**whole["packages"][name], "size": sizes[whole["packages"][name]["sha256"]]}
            more += kept[name]["depends"]
    version = whole["info"]["version"]
    RECORD.write_text(
        json.dumps(
            {
                "origin": f"npm: pyodide@{version}. The packages are entries of its pyodide-lock.json, "
                "the core its files' own SHA-256.",
                "network": f"https://cdn.jsdelivr.net/pyodide/v{version}/full/",
                "official-lock": sha256(files["pyodide-lock.json"]),
                "core": {
                    name: {"name": name, "file_name": name, "sha256": sha256(files[name]), "size": len(files[name])}
                    for name in CORE
                },
                "info": whole["info"],
                "packages": dict(sorted(kept.items())),
            },
            indent=1,
        )
        + "\n"
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument(
        "--from",
        dest="sources",
        nargs="+",
        type=Path,
        default=[],
        metavar="SOURCE",
        help="folders, wheels or npm archives that may hold official files (default: the content network)",
    )
    parser.add_argument("--record", nargs=2, type=Path, metavar=("CORE", "WHEELS"))
    given = parser.parse_args(arguments)
    if given.record:
        return record(*given.record)
    if not given.folder:
        parser.error("name the folder to fill")
    assemble(given.folder, given.sources)
    size = sum(p.stat().st_size for p in given.folder.iterdir())
    print(
        f"{given.folder}: Pyodide {official()['info']['version']} with {len(OURS)} wheels of ours, {size / 1e6:.0f} MB"
    )


if __name__ == "__main__":
    main()
