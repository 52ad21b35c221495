"""`examiner autograde`: grade a class through nbgrader, and say for every student what came of it."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import AutogradeApp
from nbgrader.converters import Autograde, NbGraderException
from nbgrader.coursedir import CourseDirectory

from examiner._exceptions import ExaminerError
from examiner.cells import cells_of, grade_id, is_bonus, read
from examiner.course import course_root, source_folder
from examiner.gradebook import fill
from examiner.intake import irregular
from examiner.outcome import NotebookOutcome, Status, StudentOutcome, finite, worst
from examiner.plugin import Examiner, close_graders
from examiner.sandbox import check_isolation

__all__ = ["Class", "Report"]


@dataclass(frozen=True)
class Report:
    """What a run came to.

    `changes` lists every mark that is another than before: student, test, old, new.
    """

    assignment: str
    isolation: str
    seed: int
    data: dict[str, str]
    seconds: float
    students: dict[str, StudentOutcome]
    changes: tuple[tuple[str, str, float | None, float | None], ...] = ()

    def as_json(self) -> str:
        """The run as JSON, DESIGN section 4."""
        content = {
            "assignment": self.assignment,
            "isolation": self.isolation,
            "seed": self.seed,
            "data": self.data,
            "seconds": round(self.seconds, 3),
            "students": {name: outcome.as_json() for name, outcome in self.students.items()},
        }
        return json.dumps(finite(content), indent=1, allow_nan=False)


class Class:
    """The submissions of one assignment in the course that the working folder belongs to.

    Parameters
    ----------
    assignment : str
        Its name.
    options : dict
        Options of `Examiner` to set, beside those of nbgrader_config.py.

    Raises
    ------
    ExaminerError
        There is no such course or assignment, or this machine cannot isolate as asked for.
    """

    def __init__(self, assignment: str, options: dict[str, Any]) -> None:
        self.assignment, self.root = assignment, course_root()
        self.source = source_folder(assignment, self.root)
        self._app = AutogradeApp()
        self._app.config_dir, self._app.log_level = str(self.root), logging.CRITICAL
        self._app.config_file_paths.insert(0, str(self.root))
        self._app.load_config_file(suppress_errors=False)
        for name, value in options.items():
            self._app.config.Examiner[name] = value
        self.course = self._app.coursedir = self._new_course()
        self.examiner = Examiner(config=self._app.config)
        check_isolation(self.examiner.options(assignment).isolation)

    def __repr__(self) -> str:
        return f"<Class {self.assignment}: {len(self.students())} submissions>"

    def _new_course(self) -> Any:
        course = CourseDirectory(parent=self._app)
        course.assignment_id = self.assignment
        return course

    def students(self) -> list[str]:
        """Students who handed something in."""
        pattern = self.course.format_path(self.course.submitted_directory, "*", self.assignment)
        folders = sorted(Path(self.root).glob(str(Path(pattern).relative_to(self.root))))
        depth = Path(pattern).parts.index("*")
        return [folder.parts[depth] for folder in folders if folder.is_dir()]

    def grade(
        self, students: list[str], *, force: bool, show: Callable[[str, StudentOutcome], None]
    ) -> Report:
        """Grade some students, or read what was graded before.

        Parameters
        ----------
        students : list of str
        force : bool
            Whether to grade again what has been graded.
        show : callable
            Called with each student and their outcome, as soon as it is there.
        """
        began = time.monotonic()
        fill(self.source, self.course.db_url, self.course.course_id, self._app.config)
        outcomes, changes = {}, []
        try:
            for student in students:
                before = self._marks(student)
                outcomes[student] = self._grade(student, force)
                after = self._marks(student)
                changes += [
                    (student, test, before[test], after.get(test))
                    for test in before
                    if before[test] != after.get(test)
                ]
                show(student, outcomes[student])
        finally:
            close_graders()
        return Report(
            self.assignment,
            self.examiner.isolation,
            self.examiner.seed,
            self._data(),
            time.monotonic() - began,
            outcomes,
            tuple(changes),
        )

    def _grade(self, student: str, force: bool) -> StudentOutcome:
        began = time.monotonic()
        self.course.student_id = student
        folder = Path(self.course.format_path(self.course.submitted_directory, student, self.assignment))
        left_out = [f"{path.relative_to(folder)} is {what}: it is not graded" for path, what in irregular(folder)]
        reason = None
        with _last_error(self._app.log) as said:
            try:
                Autograde(coursedir=self.course, parent=self._app, force=force).start()
            except (NbGraderException, SystemExit) as error:
                reason = said() or str(error) or "nbgrader could not grade the submission"
            except ExaminerError as error:
                reason = str(error)
            except Exception as error:  # one submission must never end the class's run
                reason = f"{type(error).__name__}: {error}"
        outcome = self._outcome(student, left_out[0] if left_out and reason else reason, time.monotonic() - began)
        if left_out and outcome.status != "failed":
            return replace(outcome, status="partial", reason=left_out[0])
        return outcome

    # ------------------------------------------------------------------------- what came of it

    def _outcome(self, student: str, reason: str | None, seconds: float) -> StudentOutcome:
        notebooks = self._notebooks(student)
        scores, bonus = self._scores(student)
        if reason is not None:
            return StudentOutcome("failed", reason, {}, scores, bonus, seconds)
        status: Status = worst(each.status for each in notebooks.values())
        reasons = [f"{n}: {o.reason}" for n, o in notebooks.items() if o.status == status and o.reason]
        missing = sorted(set(scores) - set(notebooks))
        if missing and status == "graded":
            status, reasons = "partial", [f"not handed in: {', '.join(missing)}"]
        return StudentOutcome(
            status, reasons[0] if reasons and status != "graded" else None, notebooks, scores, bonus, seconds
        )

    def _notebooks(self, student: str) -> dict[str, NotebookOutcome]:
        """What the graded notebooks' metadata say; the examiner wrote it."""
        folder = Path(self.course.format_path(self.course.autograded_directory, student, self.assignment))
        found = {}
        for path in sorted(folder.glob("*.ipynb")):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                content = nbformat.read(path, as_version=4).metadata["examiner"]
                found[path.stem] = NotebookOutcome.from_json(content)
        return found

    def _scores(self, student: str) -> tuple[dict[str, tuple[float, float]], float]:
        """Score and largest score of each notebook without bonus, and the bonus, from the gradebook."""
        scores, bonus = {}, 0.0
        received = self._received(student)
        for path in sorted(self.source.glob("*.ipynb")):
            cells = list(cells_of(read(path), "test", "written"))
            most = [float(cell.metadata.nbgrader.points) for cell in cells if not is_bonus(cell)]
            score = [received.get(grade_id(cell), 0.0) for cell in cells if not is_bonus(cell)]
            scores[path.stem] = (math.fsum(score), math.fsum(most))
            bonus += math.fsum(received.get(grade_id(cell), 0.0) for cell in cells if is_bonus(cell))
        return scores, bonus

    def _received(self, student: str) -> dict[str, float]:
        return {name: grade.score or 0.0 for name, grade in self._grades(student)}

    def _marks(self, student: str) -> dict[str, float | None]:
        return {name: grade.auto_score for name, grade in self._grades(student)}

    def _grades(self, student: str) -> Iterator[tuple[str, Any]]:
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            try:
                submission = gradebook.find_submission(self.assignment, student)
            except MissingEntry:
                return
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    yield grade.name, grade

    def _data(self) -> dict[str, str]:
        """The data sets that were there: a fall-back has another name."""
        data_dir = self.examiner.options(self.assignment).data_dir
        if data_dir is not None:
            os.environ.setdefault("NN_DATA_DIR", str(data_dir))
        sys.path.insert(0, str(self.source))
        try:
            from toolkit.data import locate
        except ImportError:
            return {}
        finally:
            sys.path.remove(str(self.source))
        sets = {"mnist": ("mnist", "digits"), "housing": ("california_housing", "diabetes")}
        return {key: own if locate(own) is not None else spare for key, (own, spare) in sets.items()}


@contextlib.contextmanager
def _last_error(log: Any) -> Iterator[Callable[[], str | None]]:
    """Listen for errors that nbgrader logs, and give the last line of the last traceback."""
    lines: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage().strip().splitlines()
            if text:
                lines.append(text[-1])

    listener = Listener(logging.ERROR)
    level, log_handlers = log.level, list(log.handlers)
    log.handlers[:] = [listener]
    log.setLevel(logging.ERROR)
    try:
        yield lambda: next((line for line in lines if "There was an error" not in line), None)
    finally:
        log.handlers[:] = log_handlers
        log.setLevel(level)
