"""What the reference promises: the modules that book/helper-reference.md documents, and the public names in them."""

import importlib
import inspect
import re

import policy_gradient as pg
from tools.paths import ROOT

PAGE = ROOT / "book/helper-reference.md"
RESULTS = {  # public, and given nothing by a reader that could be refused
    "Answers": "what `generate` writes down",
    "segments.Segment": "what `segments` writes down; segment_gae looks at it",
    "exact.Path": "what `trajectories` writes down",
    "gaussian.log_tanh_slope": "inside densities, of actions that were looked at",
}


def modules():
    """The modules of its automodule lines, and the homes of what it documents one by one."""
    text = PAGE.read_text("utf-8")
    named = set(re.findall(r"^\.\. automodule:: ([\w.]+)$", text, re.M))
    named |= set(re.findall(r"^\.\. auto(?:function|class):: ([\w.]+)\.\w+$", text, re.M))
    return [importlib.import_module(name) for name in sorted(named)]


def public(*more):
    """{name: function or class} that takes arguments: of `pg` by its name alone, else as module.name."""
    found = {name: getattr(pg, name) for name in pg.__all__}
    for module in [*modules(), *more]:
        short = module.__name__.rpartition(".")[2]
        found |= {
            f"{short}.{name}": value
            for name, value in vars(module).items()
            if not name.startswith("_")
            and callable(value)
            and f"{getattr(value, '__module__', '')}.".startswith(f"{module.__name__}.")
            and found.get(name) is not value
        }
    return {name: v for name, v in found.items() if callable(v) and inspect.signature(v).parameters}
