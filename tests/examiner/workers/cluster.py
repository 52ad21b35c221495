"""A real Dask cluster on loopback: workers with working folders of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from examiner._exceptions import ExaminerError
from examiner.workers import DaskWorkers
from tests.conftest import ROOT

__all__ = ["Cluster", "connected", "dask_cluster"]

Cluster = tuple[str, list[subprocess.Popen[bytes]], Callable[[str], subprocess.Popen[bytes]]]
"""The scheduler's address, two worker processes, and a function that starts a further one."""


@contextmanager
def dask_cluster(folder: Path) -> Iterator[Cluster]:
    """Start a scheduler and two workers, and end them.

    Parameters
    ----------
    folder : Path
        Where their working folders are made.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    file = folder / "scheduler.json"
    with ExitStack() as running:

        def start(name: str, *command: str) -> subprocess.Popen[bytes]:
            (folder / name).mkdir()
            program = [sys.executable, "-m", "distributed.cli.dask_" + command[0], *command[1:]]
            process = running.enter_context(subprocess.Popen(program, cwd=folder / name, **quiet))  # type: ignore[call-overload]
            running.callback(process.kill)
            return process

        start("s", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        while not file.exists():
            time.sleep(0.1)
        options = ("--nworkers", "1", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--scheduler-file", str(file))

        def another(name: str) -> subprocess.Popen[bytes]:
            return start(name, "worker", *options)

        yield json.loads(file.read_text())["address"], [another("a"), another("b")], another


def connected(address: str) -> DaskWorkers:
    """The cluster's workers, when both are there."""
    while True:
        try:
            workers = DaskWorkers(address)
        except ExaminerError:
            time.sleep(0.2)
            continue
        if workers.number == 2:
            return workers
        workers.close()
        time.sleep(0.2)
