"""The kernels of the tests, and of what stores outputs: their sockets are files, and nobody listens to a heartbeat.

Jupyter's own manager picks five free ports and lets the kernel take them a moment later: where several kernels start at
once, as in `make test`, another may have taken one (jupyter/jupyter_client#487). A file is the kernel's alone. Windows
keeps the ports, and so does a folder whose path is too long for a socket.

Jupyter's own client asks each second, in a thread with a socket of its own, whether the kernel is alive, and at the end
waits for that thread without a limit. Who started a kernel sees without asking whether its process lives.
"""

import os
import sys
import tempfile

from jupyter_client import AsyncKernelClient, AsyncKernelManager, BlockingKernelClient, KernelManager

LONGEST = 100  # characters of a socket's path; 104 on macOS, 108 on Linux, a last zero included


class _Files:
    """What a manager is told before it starts its kernel, and what it takes away at the end.
    Its kernel is not to be started a second time."""

    def __init__(self, **traits):
        self._folder = tempfile.mkdtemp(prefix="kernel-")
        start = os.path.join(self._folder, "k")
        if sys.platform != "win32" and len(f"{start}-5") <= LONGEST:
            traits |= {"transport": "ipc", "ip": start}
        super().__init__(client_factory=self.client_of_its_own, **traits)

    def cleanup_ipc_files(self):
        super().cleanup_ipc_files()
        if os.path.isdir(self._folder):
            os.rmdir(self._folder)


class _WithoutHeartbeat:
    def start_channels(self, shell=True, iopub=True, stdin=True, hb=False, control=True):
        super().start_channels(shell=shell, iopub=iopub, stdin=stdin, hb=False, control=control)


class Client(_WithoutHeartbeat, BlockingKernelClient):
    pass


class AsyncClient(_WithoutHeartbeat, AsyncKernelClient):
    pass


class Manager(_Files, KernelManager):
    """For nbval, which waits."""

    client_of_its_own = Client


class AsyncManager(_Files, AsyncKernelManager):
    """For nbclient: `NotebookClient(nb, kernel_manager_class=AsyncManager)`."""

    client_of_its_own = AsyncClient
