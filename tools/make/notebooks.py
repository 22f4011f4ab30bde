"""Execute notebooks from a fresh kernel and store what they show: the same bytes each time.

    python -m tools.make.notebooks [--force] [NOTEBOOK ...]        all of notebooks/ and solutions/ unless named

*Which notebooks run.* Each stored notebook says from which cells its outputs came (a hash in its metadata), so an
edited one runs, and a fresh clone runs nothing. A change of the package can change outputs too:
`.stamps/notebooks.json`, which git ignores, says with which package each notebook's outputs were last run or, in a
fresh clone and after a pull that brings other outputs, first seen here; when the package has changed since, the
notebook runs. (Were that hash in the notebook itself, each edit of any module would make all notebooks differ, even
where no output does.) `--force` runs all.

*What is stored.* Outputs as they come (measured times, printed as "CPU seconds", are those of the last run that changed
anything else), and the state of our own widgets, with model ids that do not change from run to run. A plain ipywidgets
view can do nothing without a kernel: its picture is stored instead, with a line that says so. Paths and addresses of
this machine go. Nothing is stored of a notebook in which a cell raises or warns, unless the cell's tag
`raises-exception` or `shows-warning` announces it.
"""

import argparse
import ast
import hashlib
import json
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbclient.output_widget import OutputWidget
from tqdm import tqdm

from tools.paths import ROOT
from tools.run.kernels import AsyncManager

STAMPS = ROOT / ".stamps/notebooks.json"
STATE, VIEW = "application/vnd.jupyter.widget-state+json", "application/vnd.jupyter.widget-view+json"
TIME = re.compile(rb"\b\d+(\.\d+)?(?= CPU seconds\b)")  # never twice the same: alone it is no reason to store anew
LINE = "*Run this notebook to move the sliders.*"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",  # for
    "pygments_lexer": "ipython3",
}  # `jupyter nbconvert --to script`; no version
ENVIRONMENT = {  # the same results each time
    "PG_PRERENDER": "1",
    "PYTHONHASHSEED": "0",
    "TQDM_DISABLE": "1",
    "TZ": "UTC",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "NO_COLOR": "",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # a shell's own choice would lose the pictures
}


class Refused(Exception):
    """What this notebook shows must not be stored."""


class Output(OutputWidget):
    """Keeps what a plain `Output` widget catches, and does not tell the kernel, which nobody asks: nbclient sends on
    the channel that it waits on, and on a busy machine it then waits for ever (jupyter/nbclient#312)."""

    def sync_state(self):
        pass


def source_hash(nb):
    """Of all that decides the outputs: the code cells and their tags."""
    cells = [[c.source, c.metadata.get("tags", [])] for c in nb.cells if c.cell_type == "code"]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def package_hash():
    """Of the package's code without comments, its widgets, the studies' results and the versions of the libraries."""
    digest = hashlib.sha256()
    files = [p for package in ("policy_gradient", "learning_to_act") for p in sorted((ROOT / package).rglob("*"))]
    for path in (p for p in files if p.suffix in (".py", ".js", ".css")):
        text = path.read_text(encoding="utf-8")
        digest.update((ast.dump(ast.parse(text)) if path.suffix == ".py" else text).encode())
    results = [p for p in files if p.suffix in (".csv", ".json", ".npz", ".npy")]
    for path in [*results, ROOT / "constraints.txt"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def execute(path, progress=False):
    """The notebook at `path`, executed in its own folder and made ready to be stored."""
    nb = nbformat.read(path, as_version=4)
    nb.metadata.pop("widgets", None)
    code = [c for c in nb.cells if c.cell_type == "code"]
    for cell in code:
        cell.outputs, cell.execution_count = [], None
    nb.metadata.kernelspec = KERNEL
    with tqdm(total=len(code), desc=path.stem, unit="cell", disable=None if progress else True, leave=False) as bar:
        client = NotebookClient(
            nb,
            timeout=900,
            record_timing=False,
            coalesce_streams=True,
            store_widget_state=True,
            iopub_timeout=60,
            raise_on_iopub_timeout=True,  # on a busy machine 4 seconds lost outputs
            resources={"metadata": {"path": str(path.resolve().parent)}},
            kernel_manager_class=AsyncManager,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],  # no word about its sockets
            on_cell_executed=lambda **_: bar.update(),
        )
        client.widget_registry = {"@jupyter-widgets/output": {"OutputModel": Output}}
        client.execute(env=os.environ | ENVIRONMENT)
    for cell in code:
        _refuse(cell)
    _plain_widgets(nb)
    _stable_ids(nb, path.stem)
    for cell in code:
        cell.outputs = [_without_machine(output) for output in cell.outputs]
    _trim(nb)
    nb.metadata["policy_gradient"] = {"outputs_from": source_hash(nb)}
    return nb


def _refuse(cell):
    tags = cell.metadata.get("tags", [])
    for output in cell.outputs:
        text = "".join(output.get("text", ""))
        if (
            output.output_type == "stream"
            and output.name == "stderr"
            and not {"shows-warning", "raises-exception"} & set(tags)
        ):
            raise Refused(f"cell {cell.id} warns; mend that, or tag the cell shows-warning:\n{text}")


def _children(model):
    return re.findall(r"IPY_MODEL_(\w+)", json.dumps(model["state"]))


def _plain_widgets(nb):
    """Put what a plain ipywidgets view shows now in place of the view."""
    state = nb.metadata.get("widgets", {}).get(STATE, {}).get("state", {})

    def pictures(model_id):
        model = state.get(model_id, {"state": {}})
        yield from map(nbformat.from_dict, model["state"].get("outputs", []))
        for child in _children(model):
            yield from pictures(child)

    for cell in nb.cells:
        shown = []
        for output in cell.get("outputs", []):
            view = output.get("data", {}).get(VIEW)
            if view is None or state.get(view["model_id"], {}).get("model_module") == "anywidget":
                shown.append(output)
                continue
            inside = list(pictures(view["model_id"]))
            if bad := [o for o in inside if o.output_type == "error"]:
                raise Refused(f"cell {cell.id}: its widget shows {bad[0].ename}: {bad[0].evalue}")
            shown += inside + [
                nbformat.v4.new_output("display_data", {"text/markdown": LINE, "text/plain": LINE.strip("*")})
            ]
            if "nbval-ignore-output" not in cell.metadata.setdefault("tags", []):
                cell.metadata["tags"].append("nbval-ignore-output")  # run again, the cell shows the widget itself
        if "outputs" in cell:
            cell.outputs = shown


def _stable_ids(nb, stem):
    """Name every widget by the order in which the outputs show it; forget those that nothing shows."""
    state, order = nb.metadata.get("widgets", {}).get(STATE, {}).get("state", {}), []

    def visit(model_id):
        if model_id in state and model_id not in order:
            order.append(model_id)
            for child in _children(state[model_id]):
                visit(child)

    views = [o.data[VIEW] for c in nb.cells for o in c.get("outputs", []) if VIEW in o.get("data", {})]
    for view in views:
        visit(view["model_id"])
    names = {model_id: f"{stem}-{i:03d}" for i, model_id in enumerate(order)}
    for view in views:
        view["model_id"] = names[view["model_id"]]
    kept = {}
    for model_id in order:
        text = re.sub(r"IPY_MODEL_(\w+)", lambda m: "IPY_MODEL_" + names.get(m[1], m[1]), json.dumps(state[model_id]))
        kept[names[model_id]] = json.loads(text)
    nb.metadata.pop("widgets", None)
    if kept:
        nb.metadata["widgets"] = {STATE: {"state": kept, "version_major": 2, "version_minor": 0}}


def _without_machine(output):
    """No addresses, process numbers or folders of this machine in texts."""

    def clean(value, key=None):
        if isinstance(value, dict):
            return type(value)(
                (k, v if k in ("image/png", "image/jpeg", VIEW) else clean(v, k)) for k, v in value.items()
            )
        if isinstance(value, list):
            return [clean(v) for v in value]
        if not isinstance(value, str):
            return value
        value = re.sub(r"\bat 0x[0-9a-fA-F]+", "at 0x...", value)
        value = re.sub(r"[^\s\"'<>(]*ipykernel_\d+[/\\]\d+\.py", "this-cell.py", value)
        for folder in (sys.prefix, str(ROOT), str(Path.home())):
            if len(folder) > 1:
                value = value.replace(folder + os.sep, "")
        return value

    return nbformat.from_dict(clean(output))


def _trim(nb):
    """Only the metadata that somebody wrote or reads."""
    nb.metadata = nbformat.from_dict({k: v for k, v in nb.metadata.items() if k in ("myst", "widgets", "title")})
    nb.metadata.kernelspec, nb.metadata.language_info = KERNEL, LANGUAGE
    for cell in nb.cells:
        cell.metadata = nbformat.from_dict(
            {k: v for k, v in cell.metadata.items() if k in ("tags", "mystnb", "jupyter")}
        )
    nbformat.validate(nb)


def is_current(path, stamps, package):
    """Are the stored outputs those of the present cells and, as far as this machine knows, of the present package?"""
    nb = nbformat.read(path, as_version=4)
    same_cells = nb.metadata.get("policy_gradient", {}).get("outputs_from") == source_hash(nb)
    seen = stamps.get(_name(path))
    if same_cells and (seen is None or seen.get("outputs") != _outputs_hash(nb)):  # first seen here, or new from git
        seen = stamps[_name(path)] = {"package": package}
    return same_cells and seen["package"] == package


def _name(path):
    path = path.resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()


def _outputs_hash(nb):
    """Of what a run stores: a text edited by hand is no run."""
    shown = [[cell.get("outputs"), cell.get("execution_count")] for cell in nb.cells], nb.metadata.get("widgets")
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def store(nb, path):
    """Write the notebook in one go, and only if more than a measured time changed; say whether it was written."""
    text = (nbformat.writes(nb) + "\n").encode()
    if TIME.sub(b"", path.read_bytes()) == TIME.sub(b"", text):
        return False
    beside = path.with_suffix(".part")
    beside.write_bytes(text)
    beside.replace(path)
    return True


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--force", action="store_true", help="run those too that are up to date")
    parser.add_argument("notebooks", nargs="*", type=Path)
    args = parser.parse_args(arguments)
    paths = args.notebooks or sorted(
        p for folder in ("notebooks", "solutions") for p in (ROOT / folder).glob("*.ipynb")
    )
    for path in paths:
        if not path.is_file():
            parser.error(f"there is no notebook {path}")
    stamps, package, failed = _stamps(), package_hash(), 0
    for path in paths:
        if not args.force and is_current(path, stamps, package):
            _stamp(path, stamps[_name(path)]["package"])
            print(f"{_name(path)}: up to date")
            continue
        start = time.monotonic()
        try:
            changed = store(execute(path, progress=True), path)
        except (Refused, CellExecutionError) as error:
            failed += 1
            print(f"{_name(path)}: nothing stored\n{error}", file=sys.stderr)
            continue
        _stamp(path, package)
        print(
            f"{_name(path)}: run in {time.monotonic() - start:.0f} s, {'stored' if changed else 'the same as stored'}",
            flush=True,
        )
    return bool(failed)


def _stamps():
    return json.loads(STAMPS.read_text()) if STAMPS.exists() else {}


def _stamp(path, package):
    STAMPS.parent.mkdir(exist_ok=True)
    stamps = _stamps() | {
        _name(path): {"outputs": _outputs_hash(nbformat.read(path, as_version=4)), "package": package}
    }  # another run may have added to it
    STAMPS.write_text(json.dumps(stamps, indent=1, sort_keys=True))


if __name__ == "__main__":
    sys.exit(main())
