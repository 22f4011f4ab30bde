"""Every exercise of the book, by name. The chapters' modules are found in `learning_to_act.exercises`, never listed."""

import functools
import importlib
import pkgutil


@functools.cache
def chapters():
    """The modules of all chapters, in the book's order."""
    package = importlib.import_module("learning_to_act.exercises")
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    names.sort(key=lambda name: package.NUMBERS.get(name.replace("_", "-"), 100))  # one without a number comes last
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


@functools.cache
def registry():
    """{name: Exercise} of every chapter."""
    return {exercise.name: exercise for chapter in chapters() for exercise in chapter.EXERCISES}
