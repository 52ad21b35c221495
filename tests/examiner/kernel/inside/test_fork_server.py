"""The fork server's parts that need no sandbox; with one it is tested in `test_host` and `test_leftovers`."""

from __future__ import annotations

import functools
import importlib
import os
import resource
import socket
import subprocess
import sys
import types
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def fork_server(folder: Path) -> types.ModuleType:
    """The module."""
    return importlib.import_module("fork_server")


def test_data_sets_are_loaded_without_a_word_and_without_an_error(
    fork_server: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "some_data.py").write_text(
        "import warnings\nloaded = []\n"
        "def load():\n    print('loading'); warnings.warn('old'); loaded.append(1)\n"
        "def fail():\n    raise ValueError\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    lines = "fail; fail()", "missing", "load; load()"
    statements = ["import missing_module", *(f"from some_data import {line}" for line in lines)]
    fork_server.warm(*(functools.partial(fork_server.load, line) for line in statements))
    assert sys.modules["some_data"].loaded == [1]
    assert capfd.readouterr() == ("", "")
    del sys.modules["some_data"]


@pytest.mark.parametrize(
    "change",
    [
        lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE, (50, 50)),
        lambda pid: resource.prlimit(pid, resource.RLIMIT_CPU, (50, 60)),
        lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 15),
        lambda pid: os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0)),
        lambda pid: subprocess.run(["ionice", "-c", "3", "-p", str(pid)], check=True),
    ],
    ids=["files", "processor time", "priority", "scheduler", "input and output"],
)
def test_what_others_change_in_a_process_is_in_its_state(change: object, folder: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import fork_server as f; before = f.own_state()"
    code += "; print(flush=True); sys.stdin.readline(); print(f.own_state() == before)"
    for act, same in ((lambda pid: None, "True\n"), (change, "False\n")):
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        act(process.pid)  # type: ignore[operator]
        assert process.communicate("\n")[0] == same


def test_without_a_namespace_nothing_else_is_ended(fork_server: types.ModuleType) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        server = fork_server.ForkServer(theirs, None)
        server._kernel = os.fork()
        if not server._kernel:
            os._exit(3)
        os.waitid(os.P_PID, server._kernel, os.WEXITED | os.WNOWAIT)
        ours.send(b'{"op": "end"}')
        ours.shutdown(socket.SHUT_WR)
        assert server.serve() is None
        assert ours.recv(100) == b'{"ready": true}'
        assert ours.recv(100) == b'{"status": 3, "clean": false}'
