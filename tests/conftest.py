"""What holds for all tests."""
from nbval.kernel import RunningKernel


def _execute(self, cell_input, allow_stdin=None):
    """As nbval does, but remembered by the kernel: without that IPython takes no notice of a cell's last semicolon."""
    return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


RunningKernel.execute_cell_input = _execute
