"""A JupyterLab of our own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager


@contextmanager
def running(folder, data):
    """JupyterLab on `folder`, with its own settings in `data`; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if k not in ("PG_PRERENDER", "MPLBACKEND")}
    environment |= {"JUPYTER_DATA_DIR": str(data), "JUPYTER_CONFIG_DIR": str(data), "OPENBLAS_NUM_THREADS": "1"}
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            f"--port={port}",
            "--ServerApp.port_retries=0",
            "--IdentityProvider.token=",
            f"--ServerApp.root_dir={folder}",
        ],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status").close()
                break
            except OSError:
                if server.poll() is not None:
                    raise RuntimeError("JupyterLab did not start") from None
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def listening(page):
    """Wait until the kernel of this page's notebook does: idle for the page, and for the server,
    which has heard it and this page."""
    page.wait_for_selector(".jp-NotebookPanel-toolbar [data-status=idle]")
    page.wait_for_function("""async () => (await (await fetch("/api/sessions")).json()).some(s =>
        location.pathname.endsWith(s.path) && s.kernel.execution_state === "idle" && s.kernel.connections > 0)""")


def run_all(page):
    """Run the notebook to its end."""
    listening(page)
    page.get_by_text("Run", exact=True).first.click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(
        """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
        .every(e => /\\[\\d+\\]/.test(e.textContent))"""
    )
    page.wait_for_selector(".jp-NotebookPanel-toolbar [data-status=idle]")
