"""What is known of an assignment's submissions: graded notebooks, the gradebook, and what could not be graded."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from nbformat import NotebookNode

from examiner._exceptions import OutcomeError
from examiner.course.folders import Course, id_fault
from examiner.course.gradebook import NotebookGrades, known_students, read_grades, read_lateness
from examiner.course.records import Records
from examiner.notebooks import Contents, cells_of, grade_id, is_bonus, kind_of, points, read
from examiner.outcome import (
    MISSING,
    NOTHING_SUBMITTED,
    Mark,
    NotebookOutcome,
    Status,
    StudentOutcome,
    TestOutcome,
    sentence,
    worst,
)

__all__ = ["NOT_GRADED", "Results", "data_sets", "graded_notebooks"]

NOT_GRADED = "not graded by the examiner yet: run `examiner autograde {}`"
CHANGED = "points or names of its tests have changed since it was graded: run `examiner autograde {} --force`"


class Results:
    """The submissions of one assignment.

    Parameters
    ----------
    course : Course
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        self._failures = course.cache("failed") / f"{course.name}.json"
        self.records = Records(course)
        self._grades: dict[str, dict[str, NotebookGrades]] | None = None
        self._late: dict[str, float] | None = None
        self._noted: dict[str, tuple[str, float] | None] = {}  # by this run

    def __repr__(self) -> str:
        return f"<Results of {self.course.name}: {len(self.students())} submissions>"

    def students(self) -> list[str]:
        """Students who submitted something, those with an invalid ID included."""
        return self.course.students()

    def outcome(self, student: str, submitted: Contents | None = None, seconds: float = 0.0) -> StudentOutcome:
        """The outcome of a student's submission: a row, whatever it is.

        Parameters
        ----------
        student : str
        submitted : Contents, optional
            What the student submitted; read where it is not given.
        seconds : float
            How long grading took.
        """
        if fault := id_fault(student):
            return self._ungraded(fault, {}, seconds)
        submitted = self.submitted(student) if submitted is None else submitted
        grades = self._gradebook(student)
        graded = self.graded(student)
        failure = self.failure(student)
        if failure is None and not graded:
            failure = NOT_GRADED.format(self.course.name)
        if not graded:
            return self._ungraded(str(failure), grades, seconds)
        notebooks = {name: self._checked(name, outcome, grades.get(name)) for name, outcome in graded.items()}
        missing = [name for name in self._cells if name not in notebooks]
        status, reason = self._summary(notebooks, missing, submitted)
        for name in missing:
            waits = name in submitted.notebooks
            notebooks[name] = self._without(
                name, *(("failed", NOT_GRADED.format(self.course.name)) if waits else ("partial", MISSING))
            )
        if failure is not None:  # the last attempt failed; the marks are those of an earlier one
            status, reason = "failed", failure
        ordered = {name: notebooks[name] for name in sorted(notebooks)}
        marks, late = self._marks(ordered, grades), self._hours_late(student)
        return StudentOutcome(status, reason and sentence(reason), ordered, marks, seconds, late)

    def graded(self, student: str) -> dict[str, NotebookOutcome | OutcomeError]:
        """The records in a student's graded notebooks, or why one cannot be read."""
        return self.records.of(student, self._cells)

    def answers(self, student: str, notebook: str) -> dict[str, str]:
        """What a student wrote into each answer of a notebook, from the graded one; nothing where it cannot be read."""
        path = self.course.autograded(student) / f"{notebook}.ipynb"
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            return {grade_id(cell): cell.source for cell in cells_of(read(path), "answer")}
        return {}

    def refresh(self, student: str) -> None:
        """Read a student's marks again: they have been written since."""
        if self._grades is not None:
            own = read_grades(self.course.directory, self.course.name, student)
            self._grades[student] = own.get(student, {})
        if self._late is not None:
            late = read_lateness(self.course.directory, self.course.name, student)
            self._late[student] = late.get(student, 0.0)

    def submitted(self, student: str) -> Contents:
        """What a student submitted."""
        return self.records.submitted(student)

    def _gradebook(self, student: str) -> dict[str, NotebookGrades]:
        """What the gradebook holds of a student; it is read once, for all."""
        if self._grades is None:
            self._grades = read_grades(self.course.directory, self.course.name)
        return self._grades.get(student, {})

    def _hours_late(self, student: str) -> float:
        """Hours between the due date and a late submission, 0 within the grace period; those of all are read once."""
        if self._late is None:
            self._late = read_lateness(self.course.directory, self.course.name)
        seconds, policy = self._late.get(student, 0.0), self.course.assignment.late
        return seconds / 3600 if policy is None or policy.is_late(seconds) else 0.0

    def absent(self) -> dict[str, str]:
        """Students of the gradebook, and folders among the submissions, without a submission; and the reason."""
        found = dict.fromkeys(known_students(self.course.directory), NOTHING_SUBMITTED)
        found |= self.course.without_submission()
        present = set(self.students())
        gone = "the submission is gone: its marks were made earlier"
        return {
            name: gone if not id_fault(name) and self.graded(name) else why
            for name, why in sorted(found.items())
            if name not in present
        }

    def marks(self, student: str) -> dict[str, float | None]:
        """Automatic score of every test cell, and every score given by hand, that the gradebook holds of a student."""
        if id_fault(student):
            return {}
        grades = self._gradebook(student)
        tests = {grade_id(cell) for cells in self._cells.values() for cell in cells if kind_of(cell) == "test"}
        cells = {name: cell for notebook in grades.values() for name, cell in notebook.cells.items()}
        by_hand = {f"{name} (by hand)": cell.manual for name, cell in cells.items() if cell.manual is not None}
        return {name: cell.auto for name, cell in cells.items() if name in tests} | by_hand

    def by_hand(self, student: str) -> list[str]:
        """Cells that need manual grading."""
        if id_fault(student):
            return []
        cells = (each for notebook in self._gradebook(student).values() for each in notebook.cells.items())
        return [name for name, cell in cells if cell.waits]

    # ------------------------------------------------------------------ what could not be graded

    def failure(self, student: str) -> str | None:
        """Why a student's submission could not be graded at the last attempt."""
        reason, when = self._failed().get(student, (None, 0.0))
        graded = [path.stat().st_mtime for path in self.course.autograded(student).glob("*.ipynb")]
        return None if max(graded, default=0.0) > when else reason

    def note_failure(self, student: str, reason: str | None) -> None:
        """Keep a reason for the report, for nbgrader has no place for it; None: the submission was graded.

        Where the reason cannot be kept, because the disk is full, the row of this run still says it.
        """
        if reason is None and student not in self._failed():
            return
        self._noted[student] = None if reason is None else (reason, time.time())
        new = self._failures.with_suffix(".new")
        try:
            self._failures.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(self._failed(), indent=1), encoding="utf-8")
            new.replace(self._failures)
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)

    def _failed(self) -> dict[str, tuple[str, float]]:
        kept: dict[str, tuple[str, float] | None] = {}
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            found = json.loads(self._failures.read_text(encoding="utf-8"))
            kept = {student: (str(reason), float(when)) for student, (reason, when) in found.items()}
        return {student: each for student, each in {**kept, **self._noted}.items() if each is not None}

    # ------------------------------------------------------------------------------- notebooks

    def _checked(
        self, name: str, outcome: NotebookOutcome | OutcomeError, grades: NotebookGrades | None
    ) -> NotebookOutcome:
        """An outcome that fits the source notebook; else its marks, and the reason why they are stale."""
        if isinstance(outcome, OutcomeError):
            return self._from_gradebook(name, grades, f"stale: {outcome}")
        tests = {grade_id(cell): points(cell) for cell in self._cells[name] if kind_of(cell) == "test"}
        if tests == {test: each.max_score for test, each in outcome.tests.items()}:
            return outcome
        reason = f"stale: {CHANGED.format(self.course.name)}"
        stale = {test: replace(each, status="partial", reason=reason) for test, each in outcome.tests.items()}
        return replace(outcome, status=worst(["partial", outcome.status]), reason=reason, tests=stale)

    def _from_gradebook(self, name: str, grades: NotebookGrades | None, reason: str) -> NotebookOutcome:
        """The marks of a notebook whose record cannot be read."""
        outcome = self._without(name, "partial", reason)
        known = grades.cells if grades else {}
        scores = {test: known[test].auto if test in known else None for test in outcome.tests}
        return replace(outcome, tests={t: replace(each, score=scores[t]) for t, each in outcome.tests.items()})

    def _without(self, notebook: str, status: Status, reason: str) -> NotebookOutcome:
        """The outcome of a notebook that could not be graded: zeros only where it is not the grader's fault."""
        score = None if status == "failed" else 0.0
        tests = {
            grade_id(cell): TestOutcome(score, points(cell), (), status, reason, is_bonus(cell))
            for cell in self._cells[notebook]
            if kind_of(cell) == "test"
        }
        return NotebookOutcome(status, reason, tests)

    def _ungraded(self, reason: str, grades: Mapping[str, NotebookGrades], seconds: float) -> StudentOutcome:
        """The row of a student without a graded notebook."""
        reason = sentence(reason)
        notebooks = {name: self._without(name, "failed", reason) for name in self._cells}
        return StudentOutcome("failed", reason, notebooks, self._marks(notebooks, grades), seconds)

    def _summary(
        self, notebooks: Mapping[str, NotebookOutcome], missing: Sequence[str], submitted: Contents
    ) -> tuple[Status, str | None]:
        """Status and reason of a student with graded notebooks."""
        status = worst(each.status for each in notebooks.values())
        reasons = [
            f"{name}: {each.reason}" for name, each in notebooks.items() if each.status == status and each.reason
        ]
        stale = [reason for reason in reasons if ": stale: " in reason]
        if stale and status != "failed":
            return "partial", stale[0]
        if waiting := [name for name in missing if name in submitted.notebooks]:
            return "partial", f"{', '.join(waiting)}: {NOT_GRADED.format(self.course.name)}"
        if submitted.left_out and status != "failed":
            return "partial", submitted.left_out[0]
        if missing and status == "graded":
            return "partial", self._missing(missing)
        said = reasons if status != "graded" else submitted.repaired
        return status, next(iter(said), None)

    def _missing(self, missing: Sequence[str]) -> str:
        """Name the notebooks that are missing, or those that were submitted if that is shorter."""
        names = [name for name in self._cells if name not in missing]
        only = 0 < len(names) < len(missing)
        return f"submitted only: {', '.join(names)}" if only else f"not submitted: {', '.join(missing)}"

    # ----------------------------------------------------------------------------------- marks

    @cached_property
    def _cells(self) -> dict[str, list[NotebookNode]]:
        """The graded cells of each source notebook, tasks included."""
        paths = self.course.assignment.notebooks()
        return {path.stem: list(cells_of(read(path), "test", "written", "task")) for path in paths}

    def _marks(self, notebooks: Mapping[str, NotebookOutcome], grades: Mapping[str, NotebookGrades]) -> dict[str, Mark]:
        return {name: self._mark(name, grades.get(name), notebooks[name]) for name in self._cells}

    def _mark(self, name: str, grades: NotebookGrades | None, outcome: NotebookOutcome) -> Mark:
        """Points of one notebook: the gradebook's own cells, where the source notebook has others by now."""
        most = {grade_id(cell): points(cell) for cell in self._cells[name]}
        extra = {grade_id(cell) for cell in self._cells[name] if is_bonus(cell)}
        if outcome.reason and outcome.reason.startswith("stale: ") and grades:
            most = {cell: each.max_score for cell, each in grades.cells.items()}
        scores = {cell: each.score for cell, each in (grades.cells if grades else {}).items() if most.get(cell)}
        own = [score for cell, score in scores.items() if cell not in extra and score is not None]
        bonus = math.fsum(score for cell, score in scores.items() if cell in extra and score is not None)
        largest = math.fsum(points for cell, points in most.items() if cell not in extra)
        return Mark.of(math.fsum(own) if own else None, largest, bonus, grades.penalty if grades else 0.0)


def graded_notebooks(outcome: StudentOutcome) -> Iterator[NotebookOutcome]:
    """The notebooks of a student that the examiner has graded."""
    return (each for each in outcome.notebooks.values() if each.isolation)


def data_sets(outcomes: Iterable[StudentOutcome]) -> dict[str, str]:
    """The data sets that marks were made with, by kind; several of one kind are listed."""
    found: dict[str, set[str]] = {}
    for outcome in outcomes:
        for notebook in graded_notebooks(outcome):
            for kind, name in notebook.data.items():
                found.setdefault(kind, set()).add(name)
    return {kind: ", ".join(sorted(names)) for kind, names in sorted(found.items())}
