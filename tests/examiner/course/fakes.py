"""A small course that is graded in no time: a grader that runs nothing, and the course around it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import get_alembic_version
from sqlalchemy.exc import SAWarning

from examiner.course import ClassRun, Course
from examiner.course.class_run import RunReport
from examiner.grading import StudentSide
from examiner.kernel import KernelHost, TimeBudget
from examiner.notebooks import cells_of, grade_id, points
from examiner.outcome import Check, NotebookOutcome, TestOutcome
from tests.examiner.small import submission, write_class

WRONG = {"double": "def double(x):\n    return 'wrong'"}


def _no_host() -> KernelHost:
    raise AssertionError("nothing runs here")


class FakeGrader:
    """Gives each test full marks, or nothing where its answer holds the word ``wrong``."""

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        self.data, self.graded = data or {}, 0

    def __enter__(self) -> FakeGrader:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, notebooks: object = None) -> StudentSide:
        return StudentSide(_no_host, TimeBudget(600.0))

    def grade(
        self, notebook: NotebookNode, name: str, files: Mapping[str, bytes], side: StudentSide | None = None
    ) -> NotebookOutcome:
        self.graded += 1
        answers = {grade_id(cell): cell.source for cell in cells_of(notebook, "answer")}
        tests = {}
        for cell in cells_of(notebook, "test"):
            right = "wrong" not in answers[grade_id(cell).removeprefix("test_")]
            score = points(cell) if right else 0.0
            cell.outputs = [new_output("execute_result", {"text/plain": repr(score)}, execution_count=None)]
            tests[grade_id(cell)] = TestOutcome(score, points(cell), (Check("out", right, message=None),))
        return NotebookOutcome("graded", None, tests, 0.1, isolation="none", seed=231, data=self.data)


class InThisProcess:
    """Workers that run a task as soon as it is given, in this process."""

    number = 1

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(function(*arguments))
        except BaseException as error:
            future.set_exception(error)
            if not isinstance(error, Exception):
                raise
        return future


Grading = Callable[..., RunReport]
_alembic_version = cache(get_alembic_version)  # else a process for each new gradebook


@pytest.fixture
def grader() -> FakeGrader:
    """The grader of the course."""
    return FakeGrader()


@pytest.fixture
def root(tmp_path: Path, grader: FakeGrader, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course with two submissions, in which the fake grader grades."""
    write_class(tmp_path, {"ada": submission(), "bob": submission(WRONG)})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("examiner.jobs.submission.grader_for", lambda *_: grader)
    monkeypatch.setattr("nbgrader.api.get_alembic_version", _alembic_version)
    return tmp_path


@pytest.fixture
def grade_all(root: Path) -> Grading:
    """A function that grades the class, or some of it."""

    def grade(*students: str, force: bool = False, **options: object) -> RunReport:
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's models warn about nbgrader's own use
        course = Course.load("small", options)
        chosen = students or course.students()
        return ClassRun(course).grade(chosen, InThisProcess(), force=force, show=lambda *_: None)

    return grade


def submit(root: Path, student: str, notebook: NotebookNode | str, name: str = "one.ipynb") -> Path:
    """Write a submission's notebook, or what is in its place."""
    path = root / "submitted" / student / "small" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(notebook, str):
        path.write_text(notebook)
    else:
        nbformat.write(notebook, path)
    return path
