"""After Run All a reader scrolls up and moves a slider. What its function reads must still be what it read
when it was made.

`begin` and `report` are called in the kernel that nbval keeps for a notebook, before its first cell and after its last
(tests/conftest.py), so that no notebook is run a second time for this; `run_all` runs one in this process.
"""

import ast
import builtins
import dis
import json
import linecache
import types
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import numpy as np

STATE = "application/vnd.jupyter.widget-state+json"
MAKERS = {"explore", "interact"}


def calls(nb):
    """How often the cells call `explore` or `interact`, as the text has it."""
    trees = [ast.parse(cell.source) for cell in nb.cells if cell.cell_type == "code"]
    functions = [node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sum(getattr(f, "attr", getattr(f, "id", "")) in MAKERS for f in functions)


# --- what a function reads


def names_of(code):
    """The global names in a function's code, and in the code of the functions inside it."""
    inside = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    own = {
        step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }  # no attributes
    return own.union(*map(names_of, inside))


def reads(function, notebook, seen=None):
    """{path: object} of all that `function` reads and the notebook made: its globals, what it closes over and its
    defaults, then what those hold and read in their turn. `notebook` is the globals of the cells."""
    found = {} if seen is None else seen

    def look(path, value):
        if path in found or isinstance(value, types.ModuleType) or any(value is other for other in found.values()):
            return
        found[path] = value
        if isinstance(value, types.FunctionType):
            if value.__globals__ is notebook:
                for name in names_of(value.__code__) & set(notebook):
                    look(name, notebook[name])
            for name, cell in zip(value.__code__.co_freevars, value.__closure__ or ()):
                look(f"{path}, closed over {name}", cell.cell_contents)
            for i, default in enumerate(value.__defaults__ or ()):
                look(f"{path}, default {i}", default)
            for name, default in (value.__kwdefaults__ or {}).items():
                look(f"{path}, default {name}", default)
        elif isinstance(value, types.MethodType):
            look(f"{path}.__self__", value.__self__)
            look(f"{path}.__func__", value.__func__)
        elif isinstance(value, dict):
            for key, one in value.items():
                look(f"{path}[{key!r}]", one)
        elif isinstance(value, (list, tuple)):
            for i, one in enumerate(value):
                look(f"{path}[{i}]", one)
        elif not isinstance(value, (type, np.ndarray, np.random.Generator)) and hasattr(value, "__dict__"):
            for name, one in vars(value).items():
                look(f"{path}.{name}", one)

    look(getattr(function, "__name__", "function"), function)
    return found


def content(value):
    """What must not change in an object, though it stays the same object."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes() if value.dtype != object else list(map(id, value.flat))
    if isinstance(value, (list, tuple)):
        return [id(one) for one in value]
    if isinstance(value, dict):
        return [(key, id(one)) for key, one in value.items()]
    return None


def changed(before, after, kept):
    """What is read now and was another thing then."""
    return [
        path
        for path, value in after.items()
        if path not in before or before[path] is not value or kept[path] != content(value)
    ]


# --- who makes a slider


@dataclass
class Slider:
    number: int
    function: object
    widget: object = None
    before: dict = field(default_factory=dict)
    kept: dict = field(default_factory=dict)


class Watched:
    """All sliders that the cells whose globals are `space` make from now on, until `end`."""

    def __init__(self, space):
        import ipywidgets

        import learning_to_act.explore

        self.space, self.sliders = space, []
        self.places = (learning_to_act.explore, "explore"), (ipywidgets, "interact")
        self.real = [getattr(module, name) for module, name in self.places]
        for (module, name), wrapper in zip(self.places, (self.explore, self.interact)):
            setattr(module, name, wrapper)

    def end(self):
        for (module, name), real in zip(self.places, self.real):
            setattr(module, name, real)

    def made(self, function, widget=None):
        before = reads(function, self.space)
        kept = {path: content(value) for path, value in before.items()}
        self.sliders.append(Slider(len(self.sliders) + 1, function, widget, before, kept))

    def explore(self, draw, /, **values):
        widget = self.real[0](draw, **values)
        self.made(draw, widget)
        return widget

    def interact(self, function=None, **values):
        if function is None:
            return lambda function: self.interact(function, **values)
        made = self.real[1](function, **values)
        self.made(function)
        return made

    def stale(self):
        """What later cells changed for which slider, as sentences."""
        found = [(one.number, changed(one.before, reads(one.function, self.space), one.kept)) for one in self.sliders]
        return [
            f"slider {number}: a later cell changes what it reads: {', '.join(names)}; give one of them another name"
            for number, names in found
            if names
        ]

    def other_numbers(self, nb):
        """Where a slider of `explore` now shows other numbers than the notebook stored:
        a picture's description holds its title."""
        explored = [one for one in self.sliders if one.widget is not None]
        state = nb.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
        stored = [m["state"] for _, m in sorted(state.items()) if {"controls", "frames", "index"} <= set(m["state"])]
        if [json.dumps(one["controls"]) for one in stored] != [json.dumps(one.widget.controls) for one in explored]:
            return ["the controls are not those that are stored"]
        found = []
        for slider, one in zip(explored, stored):
            shape = [len(control["texts"]) for control in one["controls"]]
            if len(one["alts"]) != np.prod(shape):
                found.append(f"slider {slider.number}: {len(one['alts'])} pictures are stored, of {np.prod(shape)}")
            for k in sorted({int(k) for k in np.linspace(0, len(one["alts"]) - 1, 9)}):
                slider.widget.index = [int(i) for i in np.unravel_index(k, shape)]
                if slider.widget.error or slider.widget.alts != [one["alts"][k]]:
                    says = slider.widget.error or slider.widget.alts
                    found.append(f"slider {slider.number}: picture {k} is stored as {one['alts'][k]!r}; now {says!r}")
        return found


# --- in a kernel

_watched = []


def begin(space):
    _watched.append(Watched(space))


def report(notebook, answer):
    """What is wrong after the last cell, as a list of sentences, into the file `answer`."""
    nb, watched = nbformat.read(notebook, as_version=4), _watched[-1]
    found = watched.stale() + watched.other_numbers(nb)
    if len(watched.sliders) != calls(nb):
        found.append(f"{calls(nb)} calls of explore or interact, {len(watched.sliders)} seen")
    Path(answer).write_text(json.dumps(found), "utf8")


# --- in this process


def run_all(nb, name):
    """What is `Watched` after all cells have run, in order."""
    import matplotlib
    import matplotlib.pyplot as plt

    space = types.ModuleType("__main__").__dict__
    space["__builtins__"] = builtins
    watched = Watched(space)
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is non-interactive, and thus cannot be shown")
        plt.switch_backend("agg")
        try:
            for cell in nb.cells:
                if cell.cell_type == "code":
                    file = f"{name}, cell {cell.id}"
                    linecache.cache[file] = len(cell.source), None, cell.source.splitlines(keepends=True), file
                    exec(compile(cell.source, file, "exec"), space)
                    plt.close("all")
        finally:
            watched.end()
            plt.close("all")
    return watched
