"""A bar for what lasts."""

import sys


def bar(items, what, shown, total=None):
    """`items`, with a bar beside it if it is `shown` and takes longer than two seconds."""
    from tqdm import tqdm  # here, because importing it takes longer than most of what the package does

    if sys.platform == "emscripten":
        tqdm.monitor_interval = 0  # its watching thread: a browser has none, and tqdm would warn
    # TQDM_DISABLE=1 silences it everywhere.
    return tqdm(items, desc=what, total=total, delay=2, leave=False) if shown else items
