"""What holds for all tests."""
import functools
import os

import nbval.kernel
from nbval.kernel import RunningKernel

# As tools/run_notebooks.py does: a progress bar would be one more output on a slow machine.
QUIET = {"TQDM_DISABLE": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
nbval.kernel.start_new_kernel = functools.partial(nbval.kernel.start_new_kernel, env=os.environ | QUIET)


def _execute(self, cell_input, allow_stdin=None):
    """As nbval does, but remembered by the kernel: without that IPython takes no notice of a cell's last semicolon."""
    return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


RunningKernel.execute_cell_input = _execute


def pytest_collection_modifyitems(items):
    """The browser's tests come last: while a browser is held open its event loop runs in this thread, and kernels wait for ever."""
    items.sort(key=lambda item: "site" in item.path.parent.parts[-1:])
