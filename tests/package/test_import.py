"""What `import policy_gradient` does and promises. What it costs is measured by `make bench`."""

import importlib
import inspect
import subprocess
import sys

import policy_gradient as pg


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_using_the_exact_part_loads_numpy_alone():
    code = """
import sys, policy_gradient as pg
pg.exact_gradient(pg.two_doors(), pg.two_action_softmax(2, 3), [0.0, 0.0])
print([m for m in ("gymnasium", "matplotlib", "scipy", "tqdm", "anywidget", "ipywidgets") if m in sys.modules])
"""
    assert run(code).strip() == "[]"


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
            assert inspect.getdoc(value), name
            assert value.__module__.startswith("policy_gradient"), name


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
