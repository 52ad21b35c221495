"""`examiner autograde`: grade a class through nbgrader, and say for every student what came of it."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde, NbGraderException

from examiner._exceptions import ExaminerError
from examiner.course.gradebook import fill
from examiner.course.preprocessors import Examiner, close_graders
from examiner.course.results import Results
from examiner.notebooks.intake import leave_out
from examiner.outcome import StudentOutcome, finite
from examiner.sandbox import check_isolation

__all__ = ["Class", "Report"]


@dataclass(frozen=True)
class Report:
    """What a run came to.

    `isolation` and `seed` are those that the marks were made with, some of them in earlier runs: ``none``
    where that is true of any mark, and the seed of this run where there are several.
    `changes` lists every mark that is another than before: student, test, old, new.
    `kept` lists the students whose marks were made earlier in another way, by that way.
    """

    assignment: str
    isolation: str
    seed: int
    data: dict[str, str]
    seconds: float
    students: dict[str, StudentOutcome]
    changes: tuple[tuple[str, str, float | None, float | None], ...] = ()
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

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
    """The submissions of one assignment, to be graded.

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
        self.results = Results(assignment, options)
        check_isolation(self.results.examiner.options(assignment).isolation)

    def __repr__(self) -> str:
        return f"<Class {self.results.assignment}: {len(self.results.students())} submissions>"

    def grade(self, students: list[str], *, force: bool, show: Callable[[str, StudentOutcome], None]) -> Report:
        """Grade some students, or read what was graded before.

        Parameters
        ----------
        students : list of str
        force : bool
            Whether to grade again what has been graded.
        show : callable
            Called with each student and their outcome, as soon as it is there.
        """
        began, results = time.monotonic(), self.results
        fill(results.source, results.course.db_url, results.course.course_id, results.app.config)
        outcomes, changes = {}, []
        try:
            for student in students:
                before = results.marks(student)
                outcomes[student] = self._grade(student, force)
                after = results.marks(student)
                changes += [
                    (student, test, before[test], after.get(test)) for test in before if before[test] != after.get(test)
                ]
                show(student, outcomes[student])
        finally:
            close_graders()
        return Report(
            results.assignment,
            *_used(outcomes, results.examiner),
            results.data(),
            time.monotonic() - began,
            outcomes,
            tuple(changes),
            _kept(outcomes, results.examiner),
        )

    def _grade(self, student: str, force: bool) -> StudentOutcome:
        began, results = time.monotonic(), self.results
        results.course.student_id = student
        folder = results.submitted(student)
        graded = results.autograded(student)
        reason = None
        with _last_error(results.app.log) as said, _kept_if_interrupted(graded):
            try:
                leave_out(folder)
                if graded.is_dir() and not any(graded.glob("*.ipynb")):
                    shutil.rmtree(graded)  # nbgrader would take it for graded
                force = force or _newer(folder, graded)
                Autograde(coursedir=results.course, parent=results.app, force=force).start()
            except (NbGraderException, SystemExit) as error:
                reason = said() or str(error) or "nbgrader could not grade the submission"
            except ExaminerError as error:
                reason = str(error)
            except Exception as error:  # one submission must never end the class's run
                reason = f"{type(error).__name__}: {error}"
        results.note_failure(student, reason)
        return results.outcome(student, time.monotonic() - began)


def _newer(folder: Path, graded: Path) -> bool:
    """Whether something was handed in after the last grading: nbgrader itself looks at a timestamp.txt only."""
    made = [path.stat().st_mtime for path in graded.glob("*.ipynb")]
    handed_in = [path.lstat().st_mtime for pattern in ("*.ipynb", "*.npz") for path in folder.glob(pattern)]
    return bool(made) and max(handed_in, default=0.0) > min(made)


@contextlib.contextmanager
def _kept_if_interrupted(graded: Path) -> Iterator[None]:
    """Put graded notebooks back where an interrupt ends their regrading: nbgrader removes them first."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept"
        if graded.is_dir():
            shutil.copytree(graded, kept, symlinks=True)
        try:
            yield
        except BaseException:
            if kept.is_dir():
                shutil.rmtree(graded, ignore_errors=True)
                shutil.copytree(kept, graded, symlinks=True)
            raise


def _used(outcomes: Mapping[str, StudentOutcome], examiner: Examiner) -> tuple[str, int]:
    """Isolation and seed behind these marks; what the course's options say where nothing was graded."""
    notebooks = [each for outcome in outcomes.values() for each in outcome.notebooks.values() if each.isolation]
    seeds = {each.seed for each in notebooks} or {examiner.seed}
    isolations = {each.isolation for each in notebooks} or {examiner.isolation}
    isolation = "none" if "none" in isolations else isolations.pop()
    return isolation, examiner.seed if len(seeds) > 1 else seeds.pop()


def _kept(outcomes: Mapping[str, StudentOutcome], examiner: Examiner) -> dict[str, tuple[str, ...]]:
    """Students whose marks were not made as this run would make them, by how they were made."""
    found: dict[str, tuple[str, ...]] = {}
    for student, outcome in outcomes.items():
        ways = {(each.isolation, each.seed) for each in outcome.notebooks.values() if each.isolation}
        for isolation, seed in sorted(ways - {(examiner.isolation, examiner.seed)}):
            way = f"isolation {isolation}, seed {seed}"
            found[way] = (*found.get(way, ()), student)
    return found


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
