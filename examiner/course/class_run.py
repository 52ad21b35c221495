"""Grade a class: every student from the submitted folder to the row of the report."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from examiner._exceptions import ExaminerError
from examiner.course.folders import Course, id_fault
from examiner.course.gradebook import fill
from examiner.course.penalties import refresh_penalties
from examiner.course.preprocessors import after_grading, check_machine
from examiner.course.record import record, unfinished
from examiner.course.results import Results, data_sets, graded_notebooks
from examiner.jobs import (
    GradedSubmission,
    Machine,
    Work,
    bundled,
    digest_of,
    grade_elsewhere,
    grade_submission,
    machine,
    reason_of,
)
from examiner.notebooks import Submission, digest, read_regular
from examiner.outcome import SCHEMA, NotebookOutcome, StudentOutcome, finite
from examiner.own_processes import keep_loaded
from examiner.workers import DaskWorkers, Task, Workers, run

__all__ = ["ClassRun", "RunReport", "SlowCell", "slowest"]

LARGE = 20_000_000  # bytes of a notebook
_EXPENSIVE = re.compile(
    rb"\bwhile\s*+(?:\(\s*+)?(?:True|1|not (?:False|0))\b"  # possessive: a megabyte of blanks is read once
    rb"|\b(?:count|repeat|cycle|sleep|pause|fork|forkpty|system|popen)\s*+\("
    rb"|\b(?:subprocess|multiprocessing|threading|concurrent|asyncio|signal|ctypes)\b"
)


@dataclass(frozen=True)
class Change:
    """A mark that differs from the one before this run."""

    student: str
    test: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class SlowCell:
    """A cell that took long."""

    student: str
    notebook: str
    cell: str
    seconds: float


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
    """

    assignment: str
    isolation: str
    seed: int
    data: Mapping[str, str]
    seconds: float
    students: Mapping[str, StudentOutcome]
    changes: tuple[Change, ...] = ()

    def slowest(self, number: int = 10) -> list[SlowCell]:
        """The cells that took longest, of all students."""
        return slowest(self.students, number)

    def as_json(self) -> str:
        """The run as JSON, for `--json`: the keys are those of `RunReport` and `StudentOutcome`."""
        content = {
            "schema": SCHEMA,
            "assignment": self.assignment,
            "isolation": self.isolation,
            "seed": self.seed,
            "data": dict(self.data),
            "seconds": round(self.seconds, 3),
            "slowest": [{**asdict(each), "student": _key(each.student)} for each in self.slowest()],
            "students": {_key(name): outcome.as_json() for name, outcome in self.students.items()},
        }
        return json.dumps(finite(content), indent=1, allow_nan=False)


def slowest(students: Mapping[str, StudentOutcome], number: int = 10) -> list[SlowCell]:
    """Find the cells that took longest; those below a tenth of a second do not count.

    Parameters
    ----------
    students : mapping of str to StudentOutcome
    number : int
    """
    found = [
        SlowCell(student, name, cell, seconds)
        for student, outcome in students.items()
        for name, notebook in outcome.notebooks.items()
        for cell, seconds in notebook.cells.items()
        if seconds >= 0.1
    ]
    return sorted(found, key=lambda each: -each.seconds)[:number]


class ClassRun:
    """Grades the submissions of one assignment: workers grade, this process alone writes.

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
        self._given: dict[str, tuple[str, Submission]] = {}  # to the workers, with its key

    def __repr__(self) -> str:
        return f"<ClassRun of {self.course.name}: {len(self.results.students())} submissions>"

    @cached_property
    def work(self) -> Work:
        """What it takes to grade a submission."""
        return Work.of(self.course.assignment, self.options, self.course.config)

    def grade(
        self,
        students: Sequence[str],
        workers: Workers,
        *,
        force: bool,
        show: Callable[[str, StudentOutcome], None],
        stopped: Callable[[], bool] = lambda: False,
    ) -> RunReport:
        """Grade some students, or read the marks that they have.

        Parameters
        ----------
        students : sequence of str
        workers : Workers
            What grades.
        force : bool
            Whether students who have marks are graded again.
        show : callable
            Called with each student and the outcome, as soon as it is there.
        stopped : callable, optional
            Once it is true no further submission is started, and the report has only the students that are done.

        Returns
        -------
        RunReport

        Raises
        ------
        GradebookError
            The gradebook cannot be read, or does not fit the source notebooks.
        """
        began = time.monotonic()
        keep_loaded()
        fill(self.course.assignment, self.course.directory, self.course.config)
        refresh_penalties(self.course)
        interrupted = unfinished(self.course, students)
        due = {student for student in students if force or student in interrupted or self._is_due(student)}
        outcomes = _Outcomes()
        changes: list[Change] = []
        for student in students:
            if student not in due:
                outcome = self.results.outcome(student)
                outcomes.add(student, outcome)
                show(student, outcome)
        function, shared = self._prepared(workers) if due else (grade_submission, None)
        tasks = (self._task(student, shared) for student in self._in_order(due))
        for student, graded in run(workers, function, tasks, stopped):
            before = self.results.marks(student)
            outcome = self._recorded(student, graded)
            outcomes.add(student, outcome)
            changes += _changes(student, before, self.results.marks(student))
            show(student, outcome)
        return self._report(outcomes.in_order(students), changes, time.monotonic() - began)

    def _prepared(self, workers: Workers) -> tuple[Callable[..., GradedSubmission], Any]:
        """What workers run, and what they need for it besides a submission."""
        if not isinstance(workers, DaskWorkers):
            return grade_submission, self.work
        packed = bundled(self.work)
        check_workers(workers.everywhere(machine, packed), machine(packed))
        return grade_elsewhere, workers.share(packed)

    def _task(self, student: str, shared: Any) -> Task:
        """Read a submission when a worker is ready for it; merge, execute, test and diagnose there."""

        def read() -> tuple[Any, Submission]:
            key, submission = self._key(student), self.course.submission(student)
            self._given[student] = key, submission
            return shared, submission

        return Task(student, read)

    def _recorded(self, student: str, graded: GradedSubmission | Exception) -> StudentOutcome:
        """Record what a worker has graded, and give the row. Whatever happened, there is a row."""
        key, submission = self._given.pop(student)
        if isinstance(graded, Exception):  # the worker's, not the submission's
            graded = GradedSubmission({}, 0.0, reason_of(graded))
        seconds, reason = graded.seconds, graded.reason
        if reason is None:
            for notebook in graded.notebooks.values():
                notebook.metadata["examiner"]["key"] = key
            try:
                record(self.course, student, graded.notebooks, submission, self._after_grading)
                reason = None if graded.notebooks else self._without_notebook(submission)
            except Exception as error:  # one submission must never end the class's run
                reason = reason_of(error)
        self.results.refresh(student)
        self.results.note_failure(student, reason)
        self.results.records.note_submitted(student, submission.contents)
        return self.results.outcome(student, submission.contents, seconds)

    # --------------------------------------------------------------------- who is graded, and when

    def _key(self, student: str) -> str:
        """A hash of all that a student's marks depend on; nothing where there can be none."""
        folder = self.course.submitted(student)
        if id_fault(student) or not folder.is_dir():
            return ""
        return hashlib.sha256(f"{self._state} {digest(folder)}".encode()).hexdigest()

    @cached_property
    def _state(self) -> str:
        return digest_of(self.work)

    def _is_due(self, student: str) -> bool:
        """Whether a submission, or something that its marks depend on, has changed since it was graded."""
        if id_fault(student):
            return False
        records = self._records(student)
        if not records or any(each.status == "failed" for each in records.values()):
            return True
        key = self._key(student)
        as_now = {name for name, each in records.items() if each.key == key}
        return as_now != set(self.results.submitted(student).notebooks)

    def _in_order(self, students: Collection[str]) -> list[str]:
        """The order of grading: the longest first, where that is known; what may hit limits comes last."""

        def rank(student: str) -> tuple[bool, float, str]:
            records = self._records(student).values()
            return self._looks_expensive(student, records), -sum(each.seconds for each in records), student

        return sorted(students, key=rank)

    def _records(self, student: str) -> dict[str, NotebookOutcome]:
        """The records of a student's graded notebooks that can be read."""
        graded = self.results.graded(student)
        return {name: each for name, each in graded.items() if isinstance(each, NotebookOutcome)}

    def _looks_expensive(self, student: str, records: Collection[NotebookOutcome]) -> bool:
        """Whether a submission hit a limit when it was graded before, or its code may run or wait for long.

        A look that is only ever wrong about the order in which students are graded.
        """
        if any(each.status == "partial" for each in records):
            return True
        contents = (read_regular(path, LARGE) for path in self.course.submitted(student).glob("*.ipynb"))
        return any(content is None or _EXPENSIVE.search(content) for content in contents)

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
        )

    def _used(self, outcomes: Mapping[str, StudentOutcome]) -> tuple[str, int]:
        """Isolation and seed behind these marks; those of the course's options where nothing was graded."""
        ways = {(each.isolation, each.seed) for outcome in outcomes.values() for each in graded_notebooks(outcome)}
        isolations, seeds = {isolation for isolation, _ in ways}, {seed for _, seed in ways}
        isolation = "none" if "none" in isolations else next(iter(isolations), self.options.isolation)
        return isolation, seeds.pop() if len(seeds) == 1 else self.options.seed


class _Outcomes(Mapping[str, StudentOutcome]):
    """The outcomes of a class, packed: those of a thousand students would take hundreds of megabytes."""

    def __init__(self, packed: Mapping[str, bytes] | None = None) -> None:
        self._packed = dict(packed or {})

    def __getitem__(self, student: str) -> StudentOutcome:
        outcome: StudentOutcome = pickle.loads(zlib.decompress(self._packed[student]))
        return outcome

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    def add(self, student: str, outcome: StudentOutcome) -> None:
        """Add a student, or replace the student's outcome."""
        self._packed[student] = zlib.compress(pickle.dumps(outcome), level=1)

    def in_order(self, students: Sequence[str]) -> _Outcomes:
        """The same outcomes in the order of these students."""
        return _Outcomes({student: self._packed[student] for student in students if student in self._packed})


def check_workers(found: Mapping[str, Machine], here: Machine) -> None:
    """Refuse workers that cannot grade, or that would give other marks than this machine.

    Parameters
    ----------
    found : mapping of str to Machine
        By the worker's address.
    here : Machine

    Raises
    ------
    ExaminerError
        One sentence, with the worker's address.
    """
    for address, each in found.items():
        if each.fault:
            raise ExaminerError(f"Worker {address} cannot grade: {each.fault}")
        for name, own in (("Python", here.python), *here.packages.items()):
            theirs = each.python if name == "Python" else each.packages.get(name)
            if theirs != own:
                raise ExaminerError(f"Worker {address} has {name} {theirs}, and this machine {own}: install the same.")
        for kind, data in here.data.items():
            if each.data.get(kind) != data:
                raise ExaminerError(
                    f"Worker {address} has {each.data.get(kind)} where this machine has {data}: "
                    "put the data sets into the same place on all machines."
                )


def _changes(student: str, before: Mapping[str, float | None], after: Mapping[str, float | None]) -> Iterator[Change]:
    for test, mark in before.items():
        if mark != after.get(test):
            yield Change(student, test, mark, after.get(test))


def _key(student: str) -> str:
    """A student's name as JSON can hold it: a folder's name may be no text."""
    return student.encode("utf-8", "backslashreplace").decode()
