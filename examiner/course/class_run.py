"""Grade a class: every student from the submitted folder to the row of the report."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from nbformat import NotebookNode

from examiner._exceptions import ExaminerError
from examiner.course.folders import Course, id_fault
from examiner.course.gradebook import fill
from examiner.course.preprocessors import after_grading, check_machine, grade, merge, open_grader
from examiner.course.record import record, unfinished
from examiner.course.results import Results, data_sets, graded_notebooks
from examiner.grading import Grader
from examiner.notebooks import Submission, prepared_source
from examiner.outcome import SCHEMA, NotebookOutcome, StudentOutcome, finite

__all__ = ["ClassRun", "RunReport"]

LARGE = 1_000_000  # characters of a submission's code
_EXPENSIVE = re.compile(
    r"\bwhile\s*\(?\s*(?:True|1|not (?:False|0))\b|\b(?:count|repeat|cycle|sleep|pause|fork|forkpty|system|popen)\s*\("
    r"|\b(?:subprocess|multiprocessing|threading|concurrent|asyncio|signal|ctypes)\b"
)


@dataclass(frozen=True)
class Change:
    """A mark that differs from the one before this run."""

    student: str
    test: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class RunReport:
    """The result of a run.

    Attributes
    ----------
    assignment : str
    isolation, seed
        Those that the marks were made with, some of them in earlier runs: ``none`` if that is true of any mark, and
        the seed of this run if there are several.
    data : mapping of str to str
        The data sets that the marks were made with.
    seconds : float
    students : mapping of str to StudentOutcome
    changes : tuple of Change
    kept : mapping of str to tuple of str
        Students whose marks were made earlier in another way, by that way.
    """

    assignment: str
    isolation: str
    seed: int
    data: Mapping[str, str]
    seconds: float
    students: Mapping[str, StudentOutcome]
    changes: tuple[Change, ...] = ()
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_json(self) -> str:
        """The run as JSON, for `--json`: the keys are those of `RunReport` and `StudentOutcome`."""
        content = {
            "schema": SCHEMA,
            "assignment": self.assignment,
            "isolation": self.isolation,
            "seed": self.seed,
            "data": dict(self.data),
            "seconds": round(self.seconds, 3),
            "students": {_key(name): outcome.as_json() for name, outcome in self.students.items()},
        }
        return json.dumps(finite(content), indent=1, allow_nan=False)


class ClassRun:
    """Grades the submissions of one assignment, one student after the other.

    Parameters
    ----------
    course : Course

    Raises
    ------
    ExaminerError
        This machine cannot grade as asked for.
    """

    def __init__(self, course: Course) -> None:
        self.course, self.options = course, course.options
        self.results = Results(course)
        check_machine(self.options.isolation)
        self._after_grading = after_grading(course.app)

    def __repr__(self) -> str:
        return f"<ClassRun of {self.course.name}: {len(self.results.students())} submissions>"

    def grade(self, students: Sequence[str], *, force: bool, show: Callable[[str, StudentOutcome], None]) -> RunReport:
        """Grade some students, or read the marks that they have.

        Parameters
        ----------
        students : sequence of str
        force : bool
            Whether students who have marks are graded again.
        show : callable
            Called with each student and the outcome, as soon as it is there.

        Returns
        -------
        RunReport

        Raises
        ------
        GradebookError
            The gradebook cannot be read, or does not fit the source notebooks.
        """
        began = time.monotonic()
        fill(self.course.assignment, self.course.directory, self.course.config)
        interrupted = unfinished(self.course, students)
        outcomes: dict[str, StudentOutcome] = {}
        changes: list[Change] = []
        with open_grader(self.course.assignment, self.options) as grader:
            waiting: list[str] = []
            for student in chain(students, waiting):  # which grows meanwhile
                before = self.results.marks(student)
                again, may_wait = force or student in interrupted, student not in waiting
                outcome = self._student(grader, student, again, may_wait=may_wait)
                if outcome is None:
                    waiting.append(student)
                    continue
                outcomes[student] = outcome
                changes += _changes(student, before, self.results.marks(student))
                show(student, outcome)
        ordered = {student: outcomes[student] for student in students}
        return self._report(ordered, changes, time.monotonic() - began)

    def _student(self, grader: Grader, student: str, force: bool, *, may_wait: bool) -> StudentOutcome | None:
        """Grade one student: read, merge, execute and test and diagnose, record, row. Whatever happens, a row.

        A submission that looks expensive may have to wait for the others: None.
        """
        began, course, reason = time.monotonic(), self.course, None
        if id_fault(student):
            return self.results.outcome(student)
        submission = Submission()
        try:
            submission = course.submission(student)
            if not force and not self._is_due(student, submission):
                return self.results.outcome(student, submission)
            if may_wait and self._looks_expensive(student, submission):
                return None
            merged, budget, files = self._merge(submission), grader.time_budget(), submission.files
            graded = {name: grade(grader, notebook, name, files, budget) for name, notebook in merged.items()}
            record(course, student, graded, submission, self._after_grading)
            reason = None if graded else self._without_notebook(submission)
        except ExaminerError as error:
            reason = str(error).partition("\n")[0]  # the engine's errors have a traceback below
        except Exception as error:  # one submission must never end the class's run
            reason = f"{type(error).__name__}: {error}"
        self.results.note_failure(student, reason)
        return self.results.outcome(student, submission, time.monotonic() - began)

    def _merge(self, submission: Submission) -> dict[str, NotebookNode]:
        """The source notebooks with the student's cells in them."""
        source, config = self.course.assignment, self.course.config
        sources = {name: prepared_source(source.notebook(name), config) for name in submission.notebooks}
        return {name: merge(sources[name], notebook) for name, notebook in submission.notebooks.items()}

    def _is_due(self, student: str, submission: Submission) -> bool:
        """Whether something has not been graded yet, or was submitted after it was graded."""
        graded, folder = self.course.autograded(student), self.course.submitted(student)
        made = [path.stat().st_mtime for path in graded.glob("*.ipynb")]
        watched = (path for pattern in ("*.ipynb", "*.npz", "timestamp.txt") for path in folder.glob(pattern))
        submitted = max((path.lstat().st_mtime for path in watched), default=0.0)
        return not made or submitted > min(made) or not set(submission.notebooks) <= set(self.results.graded(student))

    def _looks_expensive(self, student: str, submission: Submission) -> bool:
        """Whether a submission hit a limit when it was graded before, or its code may run or wait for long.

        A look that is only ever wrong about the order in which students are graded.
        """
        records = self.results.graded(student).values()
        if any(isinstance(each, NotebookOutcome) and each.status == "partial" for each in records):
            return True
        code = [each.source for nb in submission.notebooks.values() for each in nb.cells if each.cell_type == "code"]
        return sum(map(len, code)) > LARGE or any(map(_EXPENSIVE.search, code))

    def _without_notebook(self, submission: Submission) -> str:
        """Why there is nothing to grade in a submission."""
        expected = ", ".join(f"{path.name}" for path in self.course.assignment.notebooks())
        return next(map(str, submission.left_out), f"no notebook was submitted: expected {expected}")

    # ------------------------------------------------------------------------------- the report

    def _report(self, outcomes: Mapping[str, StudentOutcome], changes: Sequence[Change], seconds: float) -> RunReport:
        isolation, seed = self._used(outcomes)
        return RunReport(
            assignment=self.course.name,
            isolation=isolation,
            seed=seed,
            data=data_sets(outcomes.values()),
            seconds=seconds,
            students=outcomes,
            changes=tuple(changes),
            kept=self._kept(outcomes),
        )

    def _used(self, outcomes: Mapping[str, StudentOutcome]) -> tuple[str, int]:
        """Isolation and seed behind these marks; those of the course's options where nothing was graded."""
        ways = {(each.isolation, each.seed) for outcome in outcomes.values() for each in graded_notebooks(outcome)}
        isolations, seeds = {isolation for isolation, _ in ways}, {seed for _, seed in ways}
        isolation = "none" if "none" in isolations else next(iter(isolations), self.options.isolation)
        return isolation, seeds.pop() if len(seeds) == 1 else self.options.seed

    def _kept(self, outcomes: Mapping[str, StudentOutcome]) -> dict[str, tuple[str, ...]]:
        """Students whose marks were not made as this run would make them, by how they were made."""
        found: dict[str, tuple[str, ...]] = {}
        now = (self.options.isolation, self.options.seed)
        for student, outcome in outcomes.items():
            for isolation, seed in sorted({(each.isolation, each.seed) for each in graded_notebooks(outcome)} - {now}):
                way = f"isolation {isolation}, seed {seed}"
                found[way] = (*found.get(way, ()), student)
        return found


def _changes(student: str, before: Mapping[str, float | None], after: Mapping[str, float | None]) -> Iterator[Change]:
    for test, mark in before.items():
        if mark != after.get(test):
            yield Change(student, test, mark, after.get(test))


def _key(student: str) -> str:
    """A student's name as JSON can hold it: a folder's name may be no text."""
    return student.encode("utf-8", "backslashreplace").decode()
