"""After Run All a reader scrolls up and moves a slider. What its function reads must still be what it read when it was made."""

import ast
import builtins
import dis
import json
import linecache
import types
import warnings
from dataclasses import dataclass, field

import ipywidgets
import matplotlib
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

import learning_to_act.explore
from tools.paths import ROOT

STATE = "application/vnd.jupyter.widget-state+json"
MAKERS = {"explore", "interact"}


def calls(nb):
    """How often the cells call `explore` or `interact`, as the text has it."""
    trees = [ast.parse(cell.source) for cell in nb.cells if cell.cell_type == "code"]
    functions = [node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sum(getattr(f, "attr", getattr(f, "id", "")) in MAKERS for f in functions)


SLIDERS = [
    p
    for folder in ("notebooks", "solutions", "exercises")
    for p in sorted((ROOT / folder).glob("*.ipynb"))
    if calls(nbformat.read(p, as_version=4))
]


# --- what a function reads


def names_of(code):
    """The global names in a function's code, and in the code of the functions inside it."""
    inside = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    own = {
        step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }  # no attributes
    return own.union(*map(names_of, inside))


def reads(function, notebook, seen=None):
    """{path: object} of all that `function` reads and the notebook made: its globals, what it closes over and its defaults, then what
    those hold and read in their turn. `notebook` is the globals of the cells."""
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


# --- a notebook, run in this process


@dataclass
class Slider:
    cell: str
    function: object
    values: dict
    widget: object = None
    before: dict = field(default_factory=dict)
    kept: dict = field(default_factory=dict)


def run_all(nb, name):
    """(the globals of the cells, [Slider]) after all cells have run, in order."""
    space, sliders, here = types.ModuleType("__main__").__dict__, [], [""]
    space["__builtins__"] = builtins

    def made(function, values, widget=None):
        before = reads(function, space)
        sliders.append(
            Slider(here[0], function, values, widget, before, {path: content(v) for path, v in before.items()})
        )

    explore = learning_to_act.explore.explore

    def explore_and_keep(draw, /, **values):
        widget = explore(draw, **values)
        made(draw, values, widget)
        return widget

    def interact(function=None, **values):
        if function is None:
            return lambda function: interact(function, **values)
        made(function, values)
        return function

    with pytest.MonkeyPatch.context() as patch, matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is non-interactive, and thus cannot be shown")
        for key, value in {"TQDM_DISABLE": "1", "MPLBACKEND": "agg"}.items():
            patch.setenv(key, value)
        patch.delenv("PG_PRERENDER", raising=False)
        patch.chdir(ROOT / "notebooks")
        patch.setattr(learning_to_act.explore, "explore", explore_and_keep)
        patch.setattr(ipywidgets, "interact", interact)
        plt.switch_backend("agg")
        try:
            for cell in nb.cells:
                if cell.cell_type == "code":
                    here[0], file = cell.id, f"{name}, cell {cell.id}"
                    linecache.cache[file] = len(cell.source), None, cell.source.splitlines(keepends=True), file
                    exec(compile(cell.source, file, "exec"), space)
                    plt.close("all")
        finally:
            plt.close("all")
    return space, sliders


@pytest.fixture(scope="module", params=SLIDERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def notebook(request):
    nb = nbformat.read(request.param, as_version=4)
    return nb, *run_all(nb, request.param.stem)


def test_there_are_notebooks_with_sliders():
    assert {path.stem[:2] for path in SLIDERS if path.parent.name == "notebooks"} >= {"01", "02", "03", "04"}


def test_what_a_slider_reads_is_the_same_after_the_last_cell(notebook):
    nb, space, sliders = notebook
    assert len(sliders) == calls(nb), "a call of explore or interact that was not seen"
    for slider in sliders:
        stale = changed(slider.before, reads(slider.function, space), slider.kept)
        assert not stale, (
            f"cell {slider.cell}: a later cell changes what its slider reads: {', '.join(stale)}; give one of them another name"
        )


def test_a_slider_shows_the_stored_numbers_after_the_last_cell(notebook):
    """Each picture's description holds its title, and so its numbers."""
    nb, _, sliders = notebook
    explored = [slider for slider in sliders if slider.widget is not None]
    state = nb.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    stored = [
        model["state"] for _, model in sorted(state.items()) if {"controls", "frames", "index"} <= set(model["state"])
    ]
    assert [json.dumps(one["controls"]) for one in stored] == [
        json.dumps(slider.widget.controls) for slider in explored
    ]
    for slider, one in zip(explored, stored):
        shape = [len(control["texts"]) for control in one["controls"]]
        assert len(one["alts"]) == np.prod(shape)
        places = {
            tuple(int(i) for i in np.unravel_index(k, shape))
            for k in np.linspace(0, len(one["alts"]) - 1, 9).astype(int)
        }
        for place in sorted(places):
            slider.widget.index = list(place)
            assert slider.widget.error == ""
            assert slider.widget.alts == [one["alts"][np.ravel_multi_index(place, shape)]], f"cell {slider.cell}"


# --- the test itself: it sees each way in which a later cell can spoil a slider

START = """
import numpy as np
import policy_gradient as pg
scale, table, words = 2.0, np.ones(3), {"a": lambda x: x * scale}
def inner(x): return x + table.sum()
def draw(ax, p):
    def update(p): ax.set_title(f"{inner(words['a'](p)):.2f}")
    update(p)
    return update
pg.explore.explore(draw, p=[0.0, 1.0])"""


@pytest.mark.parametrize(
    "later, what",
    [
        ("scale = 3.0", "scale"),
        ("table = np.ones(3)", "table"),
        ("table[0] = 5", "table"),
        ("def inner(x): return x", "inner"),
        ("words['a'] = abs", "words"),
        ("words = {'a': abs}", "words"),
        ("x = p = 7", ""),
        ("def f(scale): return scale\nf(3)", ""),
    ],
)
def test_what_a_later_cell_changes_is_found(later, what):
    nb = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(START, id="start"), nbformat.v4.new_code_cell(later, id="later")]
    )
    space, (slider,) = run_all(nb, "made up")
    stale = changed(slider.before, reads(slider.function, space), slider.kept)
    assert bool(stale) == bool(what) and (not what or any(path.startswith(what) for path in stale)), stale


def test_the_fault_that_lab_2_had_would_be_found():
    """A later cell drew random worlds into the name P, which the theorem reads."""
    nb = nbformat.read(ROOT / "notebooks/02-the-theorem.ipynb", as_version=4)
    until = next(i for i, cell in enumerate(nb.cells) if cell.id == "explore")
    nb.cells = nb.cells[: until + 1] + [
        nbformat.v4.new_code_cell("P = rng.dirichlet(np.ones(4), (4, 2)) * 0.7", id="later")
    ]
    space, sliders = run_all(nb, "spoilt")
    assert changed(sliders[0].before, reads(sliders[0].function, space), sliders[0].kept) == ["P"]
