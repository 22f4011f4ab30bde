"""Names from before the book's checks and figures had a package of their own:
`policy_gradient.checks` is `learning_to_act.checks`.

The very same modules, found when they are first asked for, so that an old notebook (or pickle) runs unchanged.
"""

import sys

MOVED = ("checks", "explorables", "explore", "palette", "picture", "plots")
CHAPTERS = {
    "01": "values_or_probabilities",
    "02": "the_theorem",
    "03": "the_log_derivative_trick",
    "04": "continuous_actions",
    "05": "in_the_interview",
}
OLD, NEW = "policy_gradient.", "learning_to_act."


def home(name):
    """Where a module of that old name lives now, or None: 'policy_gradient.plots' -> 'learning_to_act.plots'."""
    if not name.startswith(OLD) or name.split(".")[1] not in MOVED:
        return None
    chapter = name.removeprefix("policy_gradient.checks.chapter")
    return f"{NEW}exercises.{CHAPTERS[chapter]}" if chapter in CHAPTERS else NEW + name.removeprefix(OLD)


class Finder:
    """Asked for every import, before the folders are: a folder that an older version left behind must not answer."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if not home(name):
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, Loader)


class Loader:
    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        from importlib import import_module

        name = module.__name__
        try:
            sys.modules[name] = import_module(
                home(name)
            )  # an importer hands out what stands here when the module has run
        except ModuleNotFoundError as error:
            if error.name != home(name):
                raise
            raise ModuleNotFoundError(f"No module named {name!r}", name=name) from None


def begin():
    """Have the old names found. Once, also when the package is imported anew."""
    sys.meta_path[:] = [Finder, *(other for other in sys.meta_path if getattr(other, "__module__", "") != __name__)]
