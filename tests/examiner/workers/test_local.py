"""Worker processes of this machine: one that is killed is replaced, and all end with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from examiner.workers import LocalWorkers, Task, run, usable_cores
from tests.conftest import ROOT


def test_cores_are_those_that_the_process_may_use() -> None:
    assert usable_cores() == len(os.sched_getaffinity(0))


def killed_once(file: str) -> int:
    """End this process the first time, as the system does when memory runs out."""
    if not Path(file).exists():
        Path(file).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def process_id(_: str) -> int:
    """The process that the task runs in."""
    time.sleep(0.2)
    return os.getpid()


def test_tasks_run_in_other_processes_which_stay(tmp_path: Path) -> None:
    with LocalWorkers(2) as workers:
        found = dict(run(workers, process_id, [Task(name, lambda: ("",)) for name in "abcd"]))
        assert sorted(found) == list("abcd")
        assert os.getpid() not in found.values()
        assert len(set(found.values())) == 2
        assert workers.submit(threads).result() == "1"


def threads() -> str:
    """Threads of numerical libraries."""
    return os.environ["OMP_NUM_THREADS"]


def test_a_killed_worker_is_replaced_and_its_task_runs_again(tmp_path: Path) -> None:
    with LocalWorkers(1) as workers:
        tasks = [Task("a", lambda: (str(tmp_path / "a"),)), Task("b", lambda: (str(tmp_path / "b"),))]
        found = dict(run(workers, killed_once, tasks))
    assert all(isinstance(each, int) for each in found.values())
    assert sorted(found) == ["a", "b"]


PARENT = """
import sys, time
from examiner.workers import LocalWorkers
from tests.examiner.workers.test_local import process_id
if __name__ == "__main__":
    workers = LocalWorkers(1)
    print(workers.submit(process_id, "").result(), flush=True)
    time.sleep(60)
"""


def test_workers_end_with_the_process_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "parent.py"]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, **quiet) as parent:  # type: ignore[call-overload]
        worker = int(parent.stdout.readline())
        parent.kill()
    for _ in range(300):
        if not Path(f"/proc/{worker}").exists():
            return
        time.sleep(0.1)
    pytest.fail("the worker is still there")
