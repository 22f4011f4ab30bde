"""Citations in a tenth of the time: each asks pybtex for its plug-ins, and pybtex asks for them the records of every
package that is installed, 319 times in a build of this book (findings/citations-read-every-package.sh)."""

import functools

from pybtex import plugin


def setup(app):
    plugin.find_plugin = functools.cache(plugin.find_plugin)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
