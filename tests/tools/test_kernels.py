"""The kernels of the tests: files for sockets, no heartbeat, and nothing of them stays."""

import ast
import glob
import os
import tempfile
import threading

import nbformat
import nbval.kernel
import pytest
from nbclient import NotebookClient
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

from tools.paths import ROOT
from tools.run import kernels


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where temporary folders are made; no thread that is still there at the end is new."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(threading.enumerate())
    yield tmp_path
    assert not {thread for thread in set(threading.enumerate()) - before if type(thread).__name__ == "HBChannel"}


def sockets(folder):
    return sorted(os.path.basename(path) for path in glob.glob(f"{folder}/kernel-*/*"))


def test_nbval_s_kernels(folder):
    manager, client = nbval.kernel.start_new_kernel(kernel_name=CURRENT_ENV_KERNEL_NAME)
    process = manager.provisioner.process
    assert isinstance(manager, kernels.Manager) and manager.transport == "ipc"
    assert sockets(folder) == [f"k-{n}" for n in range(1, 6)]
    assert not client.hb_channel.is_alive()
    assert client.execute("1 + 1", reply=True)["content"]["status"] == "ok"
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    assert process.poll() is not None and not os.listdir(folder)


@pytest.mark.parametrize("source, ends", [("print(6 * 7)", "42\n"), ("1 / 0", None)])
def test_nbclient_s_kernels(source, ends, folder):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    seen = []
    client = NotebookClient(
        nb, kernel_manager_class=kernels.AsyncManager, on_cell_start=lambda **_: seen.append(sockets(folder))
    )
    if ends:
        client.execute()
        assert nb.cells[0].outputs[0].text == ends
    else:
        with pytest.raises(Exception, match="ZeroDivisionError"):
            client.execute()
    assert seen == [[f"k-{n}" for n in range(1, 6)]] and not os.listdir(folder)


def test_a_path_too_long_for_a_socket_keeps_the_ports(folder, monkeypatch):
    long = folder / ("x" * kernels.LONGEST)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    manager, client = nbval.kernel.start_new_kernel(kernel_name=CURRENT_ENV_KERNEL_NAME)
    assert manager.transport == "tcp"
    assert client.execute("1 + 1", reply=True)["content"]["status"] == "ok"
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    assert not os.listdir(long)


def test_windows_keeps_the_ports(folder, monkeypatch):
    monkeypatch.setattr(kernels.sys, "platform", "win32")
    manager = kernels.Manager()
    monkeypatch.undo()
    assert manager.transport == "tcp"
    manager.cleanup_ipc_files()


def test_no_test_and_no_tool_starts_another_kernel():
    assert nbval.kernel.KernelManager is kernels.Manager
    found = 0
    for path in (*ROOT.glob("tests/**/*.py"), *ROOT.glob("tools/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "NotebookClient":
                found += 1
                assert "kernel_manager_class" in {keyword.arg for keyword in node.keywords}, f"{path}:{node.lineno}"
    assert found > 3
