"""python -m policy_gradient.audit FILE.py:function [--json] [--picture FILE.png]
[--gaussian | --advantages | --token-loss]"""

import argparse
import contextlib
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
    if not where or not name:
        unreadable(f"{target}: wanted FILE.py:function or module:function.")
    if where.endswith(".py") and not Path(where).is_file():
        unreadable(f"There is no file {where}.")
    sys.path.insert(0, str(Path(where).resolve().parent) if where.endswith(".py") else "")
    words, sys.argv = sys.argv, [where]  # a file that reads its arguments must not meet ours
    try:
        if where.endswith(".py"):
            spec = importlib.util.spec_from_file_location(Path(where).stem, where)
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(where)
    except SystemExit as end:
        unreadable(
            f"{where} ends the program while it is loaded (SystemExit: {end.code}). "
            'Put what it runs under if __name__ == "__main__":, so that its functions can be taken alone.'
        )
    except Exception as error:
        unreadable(f"{where} cannot be loaded: {type(error).__name__}: {error}")
    finally:
        sys.argv = words
    thing = module
    for part in name.split("."):
        if not hasattr(thing, part):
            known = ", ".join(
                n for n, x in vars(module).items() if callable(x) and getattr(x, "__module__", "") == module.__name__
            )
            unreadable(f"{where} has no {name}. It has: {known or 'no functions'}.")
        thing = getattr(thing, part)
    return thing


def made(thing, target):
    """`thing`, or one of it where it is a class."""
    if not isinstance(thing, type):
        return thing
    try:
        return thing()
    except Exception as error:
        unreadable(
            f"{target}: {thing.__name__}() cannot be made without arguments: {type(error).__name__}: {error}. "
            f"Make one in the file, agent = {thing.__name__}(...), and name that: ...:agent"
        )


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

    how = (
        "audit_gaussian"
        if given.gaussian
        else "audit_advantages"
        if given.advantages
        else "audit_token_loss"
        if given.token_loss
        else "audit"
    )
    with contextlib.redirect_stdout(sys.stderr):  # what the file prints is no part of the verdict
        thing = made(load(given.target), given.target)
        try:
            verdict = getattr(house, how)(thing)
        except TypeError as error:
            unreadable(error)
    print(verdict.to_json() if given.json else verdict)
    if given.picture and verdict.angle is not None:
        try:
            verdict.picture().figure.savefig(given.picture, bbox_inches="tight")
        except (ImportError, OSError, ValueError) as error:
            unreadable(f"The picture cannot be written: {type(error).__name__}: {error}")
    return 2 if verdict.unreadable else int(not verdict.ok)


if __name__ == "__main__":
    sys.exit(main())
