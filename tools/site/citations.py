"""Each citation asks pybtex for the same plug-in, and for each answer pybtex reads the records of every package that is
installed: here it is asked once (findings/citations-read-every-package.sh)."""

import functools

from pybtex import plugin


def setup(app):
    plugin.find_plugin = functools.cache(plugin.find_plugin)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
