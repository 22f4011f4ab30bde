"""python -m policy_gradient.audit FILE.py:function [--json] [--picture FILE.png]
[--gaussian | --advantages | --token-loss]"""

import argparse
import importlib
import importlib.util
import sys
from pathlib import Path


def unreadable(why):
    """Say it, and end with 2."""
    print(why, file=sys.stderr)
    raise SystemExit(2)


def load(target):
    """The object that FILE.py:name or module:name means; one sentence, and an end with 2, if there is none."""
    where, _, name = target.rpartition(":")
    if not where:
        unreadable(f"{target}: wanted FILE.py:function or module:function.")
    sys.path.insert(0, str(Path(where).resolve().parent) if where.endswith(".py") else "")
    try:
        if where.endswith(".py"):
            if not Path(where).is_file():
                unreadable(f"There is no file {where}.")
            spec = importlib.util.spec_from_file_location(Path(where).stem, where)
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(where)
    except Exception as error:
        unreadable(f"{where} cannot be loaded: {type(error).__name__}: {error}")
    if not hasattr(module, name):
        known = ", ".join(
            n for n, x in vars(module).items() if callable(x) and getattr(x, "__module__", "") == module.__name__
        )
        unreadable(f"{where} has no {name}. It has: {known or 'no functions'}.")
    return getattr(module, name)


def main(words=None):
    """0: it was read, and nothing was found against it or stayed open; 1: something did; 2: it cannot be read."""
    parser = argparse.ArgumentParser(
        "python -m policy_gradient.audit", description="Which gradient does this code follow?"
    )
    parser.add_argument("target", help="FILE.py:function or module:function; a class is made without arguments")
    parser.add_argument("--json", action="store_true", help="the verdict as JSON")
    parser.add_argument("--picture", metavar="FILE", help="draw the two arrows into this file")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--gaussian", action="store_true", help="update(theta, batch) of a Gaussian policy")
    kind.add_argument(
        "--advantages", action="store_true", help="advantages(rewards): groups of answers, (prompts, answers)"
    )
    kind.add_argument("--token-loss", action="store_true", help="loss(log_probs, batch) over the tokens of answers")
    given = parser.parse_args(words)
    from policy_gradient import audit as house

    thing = load(given.target)
    how = (
        "audit_gaussian"
        if given.gaussian
        else "audit_advantages"
        if given.advantages
        else "audit_token_loss"
        if given.token_loss
        else "audit"
    )
    try:
        verdict = getattr(house, how)(thing() if isinstance(thing, type) else thing)
    except TypeError as error:
        unreadable(error)
    print(verdict.to_json() if given.json else verdict)
    if given.picture and verdict.angle is not None:
        verdict.picture().figure.savefig(given.picture, bbox_inches="tight")
    return 2 if verdict.unreadable else int(not verdict.ok)


if __name__ == "__main__":
    sys.exit(main())
