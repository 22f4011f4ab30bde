"""The book's explorables: figures that answer to the hand, on the page and in a notebook.
Each file's own are found, never listed."""

import importlib
import pkgutil

from . import base as _base

for _file in pkgutil.iter_modules(__path__):
    _module = importlib.import_module(f"{__name__}.{_file.name}")
    for _name, _value in vars(_module).items():
        if (
            isinstance(_value, type)
            and issubclass(_value, _base.Explorable)
            and _value.__module__ == _module.__name__
            and _value is not _base.Explorable
        ):
            globals()[_name] = _value
del _file, _module, _name, _value
