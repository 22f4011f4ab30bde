"""What `import policy_gradient` does and promises. What it costs is measured by `make bench`."""

import ast
import dataclasses
import importlib
import inspect
import re
import subprocess
import sys

import policy_gradient as pg
from tests.helpers.docstrings import lacking
from tools.paths import ROOT


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_using_the_exact_part_loads_numpy_alone():
    code = """
import sys, policy_gradient as pg
pg.exact_gradient(pg.two_doors(), pg.two_action_softmax(2, 3), [0.0, 0.0])
print([m for m in ("gymnasium", "matplotlib", "scipy", "tqdm", "anywidget", "ipywidgets") if m in sys.modules])
"""
    assert run(code).strip() == "[]"


def test_the_package_alone_loads_not_even_numpy():
    assert run("import sys, policy_gradient; print('numpy' in sys.modules)").strip() == "False"
    assert "`import policy_gradient` loads nothing" in (ROOT / "docs/architecture.md").read_text("utf8")


def test_import_changes_nothing_around_it():
    code = """
import sys, os, warnings, signal, random
import numpy as np
before = (dict(os.environ), list(warnings.filters), np.geterr(), np.random.get_state()[1].tolist(), list(sys.path),
          random.getstate())
import policy_gradient
for name in policy_gradient.__all__:
    if policy_gradient._HOME[name] in ("policies", "mdp", "games", "returns", "optimizers"):
        getattr(policy_gradient, name)
after = (dict(os.environ), list(warnings.filters), np.geterr(), np.random.get_state()[1].tolist(), list(sys.path),
         random.getstate())
print(before == after)
"""
    assert run(code).strip() == "True"


def test_every_public_name_exists_and_says_what_it_is():
    assert len(set(pg.__all__)) == len(pg.__all__)
    for name in pg.__all__:
        value = getattr(pg, name)
        if callable(value):
            assert not lacking(value), lacking(value)
            assert value.__module__.startswith("policy_gradient"), name


def test_a_dataclass_without_a_docstring_is_seen():
    @dataclasses.dataclass
    class Silent:
        x: float

    assert inspect.getdoc(Silent) and lacking(Silent).startswith("package/test_import.py: Silent has no docstring")


# Public by its name, for another module of the library, and nothing that a reader calls
INTERNAL = {
    "envs.SmallVectorEnv": "what the library's own small environments have in common",
    "exact.Path": "one episode of the enumeration",
    "gaussian.checked_log_std": "a refusal that all Gaussians share",
    "gaussian.log_tanh_slope": "shared by squashed densities and their scores",
    "language.Writer": "what every policy over tokens shares",
    "mdp.chain": "what exact values and gradients are solved from",
    "networks.MLP": "the network inside MLPSoftmax, MLPGaussian and the critic",
    "networks.layer_sizes": "a refusal that all networks share",
    "onepass.pull": "the networks' one pass back",
    "onepass.regress": "the same, for the critic",
    "onepass.weighed_score": "the same, for a policy",
    "tabular.tabular": "the refusal of what is no TabularMDP",
}


def unlisted(root):
    """A sentence for each public function and class of a library module that the reference lacks."""
    shown = re.findall(
        r"^\.\. auto\w+:: policy_gradient\.(\S+)", (root / "book/helper-reference.md").read_text("utf8"), re.M
    )
    for path in sorted((root / "policy_gradient").glob("[a-z]*.py")):
        for node in ast.parse(path.read_text("utf8")).body:
            name = f"{path.stem}.{getattr(node, 'name', '_')}"
            if not name.split(".")[1].startswith("_") and name not in {*shown, *INTERNAL}:
                yield (
                    f"policy_gradient/{path.name}: {node.name} is public and not in the reference: name it in "
                    "book/helper-reference.md, or begin its name with _."
                )


def test_what_is_public_is_in_the_reference_or_begins_with_an_underscore(tmp_path):
    assert not [*unlisted(ROOT)], "\n".join(unlisted(ROOT))
    (tmp_path / "book").mkdir()
    (tmp_path / "book/helper-reference.md").write_text(".. autofunction:: policy_gradient.returns.whole\n")
    (tmp_path / "policy_gradient").mkdir()
    (tmp_path / "policy_gradient/returns.py").write_text("def whole(): ...\ndef halved(): ...\ndef _inner(): ...\n")
    assert [*unlisted(tmp_path)] == [
        "policy_gradient/returns.py: halved is public and not in the reference: name it in book/helper-reference.md, "
        "or begin its name with _."
    ]
    there = {
        f"{path.stem}.{getattr(node, 'name', '')}"
        for path in (ROOT / "policy_gradient").glob("*.py")
        for node in ast.parse(path.read_text("utf8")).body
    }
    assert set(INTERNAL) <= there, "INTERNAL names what is gone"


def test_public_methods_are_documented():
    for name in pg.__all__:
        value = getattr(pg, name)
        if inspect.isclass(value):
            for method, function in inspect.getmembers(value, inspect.isfunction):
                if not method.startswith("_") and function.__module__.startswith("policy_gradient"):
                    interface = inspect.getmodule(value).__doc__  # the policies' methods are listed there once
                    assert inspect.getdoc(function) or f"{method}(" in interface, f"{name}.{method}"


def test_names_and_modules_can_be_completed_and_are_the_same_everywhere():
    assert {*pg.__all__, "mdp", "envs"} <= set(dir(pg))
    for name in pg.__all__:
        assert getattr(pg, name) is getattr(importlib.import_module(f"policy_gradient.{pg._HOME[name]}"), name)


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(pg, "policy_gradients")
