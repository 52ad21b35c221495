"""`examiner autograde`: grade a class through nbgrader, and say for every student what came of it."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nbgrader.converters import Autograde, NbGraderException

from examiner._exceptions import ExaminerError
from examiner.gradebook import fill
from examiner.intake import leave_out
from examiner.outcome import StudentOutcome, finite, sentence
from examiner.plugin import Examiner, close_graders
from examiner.results import Results
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
        began, results = time.monotonic(), self.results
        fill(results.source, results.course.db_url, results.course.course_id, results.app.config)
        outcomes, changes = {}, []
        try:
            for student in students:
                before = results.marks(student)
                outcomes[student] = self._grade(student, force)
                after = results.marks(student)
                changes += [
                    (student, test, before[test], after.get(test))
                    for test in before
                    if before[test] != after.get(test)
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
        left_out: list[str] = []
        reason = None
        with _last_error(results.app.log) as said:
            try:
                found = leave_out(folder)
                left_out = [f"{path.relative_to(folder)} is {what}: it is not graded" for path, what in found]
                graded = results.autograded(student)
                if graded.is_dir() and not any(graded.glob("*.ipynb")):
                    shutil.rmtree(graded)  # nbgrader would take it for graded
                Autograde(coursedir=results.course, parent=results.app, force=force).start()
            except (NbGraderException, SystemExit) as error:
                reason = said() or str(error) or "nbgrader could not grade the submission"
            except ExaminerError as error:
                reason = str(error)
            except Exception as error:  # one submission must never end the class's run
                reason = f"{type(error).__name__}: {error}"
        results.note_failure(student, left_out[0] if left_out and reason else reason)
        outcome = results.outcome(student, time.monotonic() - began)
        if left_out and outcome.status != "failed":
            return replace(outcome, status="partial", reason=sentence(left_out[0]))
        return outcome


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
