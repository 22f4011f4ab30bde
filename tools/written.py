"""What stands in a YAML file. A build asks for the table of contents some three hundred times:
a text is parsed once."""

from functools import cache

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same rules, in C where the wheel has them


def content(path):
    """The file's content, None if it is empty. Whoever asks gets the same object: it is to be read, never changed."""
    return parsed(path.read_text("utf8"))


@cache
def parsed(text):
    return yaml.load(text, LOADER)  # both are safe loaders
