"""The book's figures: pure functions that draw data onto an Axes.
`base` has the style and what more than one chapter draws.

What one chapter alone draws stands in a file named after the chapter. All public functions are found, never listed.
"""

import importlib
import pkgutil

from .base import CYCLE, STYLE  # noqa: F401

for _file in pkgutil.iter_modules(__path__):
    _module = importlib.import_module(f"{__name__}.{_file.name}")
    for _name, _value in vars(_module).items():
        if not _name.startswith("_") and getattr(_value, "__module__", "") == _module.__name__:
            globals()[_name] = _value
