"""A real Dask cluster on loopback: workers with working folders of their own, one of them killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner._exceptions import ExaminerError
from examiner.course import ClassRun, Course
from examiner.course.class_run import RunReport
from examiner.workers import DaskWorkers, LocalWorkers, Task, run
from tests.examiner.small import submission, write_class
from tests.examiner.workers.cluster import Cluster, connected, dask_cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # Dask's own: sockets that it leaves to the garbage collector
]
SLOW = "import time\ntime.sleep(3)"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of two workers."""
    with dask_cluster(tmp_path) as running:
        yield running


def marks(report: RunReport) -> dict[str, dict[str, float | None]]:
    """Scores of all tests of all students."""
    return {
        student: {name: test.score for nb in row.notebooks.values() for name, test in nb.tests.items()}
        for student, row in report.students.items()
    }


def test_marks_are_the_same_as_here_and_a_lost_worker_costs_nothing(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "course"
    root.mkdir()
    wrong = {"double": "def double(x):\n    return x"}
    write_class(root, {"ada": submission({}, SLOW), "bob": submission(wrong, SLOW), "cyd": submission({}, SLOW)})
    monkeypatch.chdir(root)
    course = Course.load("small", {"diagnosis": False})
    address, processes, _ = cluster
    killed: list[str] = []

    def show(student: str, _: object) -> None:
        if not killed:
            killed.append(student)
            os.kill(processes[0].pid, signal.SIGKILL)

    with connected(address) as workers:
        elsewhere = ClassRun(course).grade(course.students(), workers, force=True, show=show)
    assert killed
    with LocalWorkers(1) as local:
        here = ClassRun(course).grade(course.students(), local, force=True, show=lambda *_: None)
    assert marks(elsewhere) == marks(here)
    assert {row.status for row in elsewhere.students.values()} == {"graded"}
    assert marks(here)["bob"]["test_double"] == 0.0


def test_what_is_shared_survives_the_workers_that_had_it(cluster: Cluster) -> None:
    address, processes, another = cluster
    with connected(address) as workers:
        shared = workers.share("value")
        assert workers.submit(str.upper, shared).result() == "VALUE"
        for process in processes:
            process.kill()
        another("c")
        tasks = [Task(name, lambda: (shared,)) for name in "abc"]
        assert dict(run(workers, str.upper, tasks)) == dict.fromkeys("abc", "VALUE")


def test_a_scheduler_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examiner.workers.dask.CONNECT_SECONDS", 0.5)
    with pytest.raises(ExaminerError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        DaskWorkers("tcp://127.0.0.1:9")
