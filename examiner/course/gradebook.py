"""The gradebook: its content for an assignment and a student, and how to wait until it is unlocked."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from nbformat import NotebookNode
from nbgrader.api import (
    Assignment as AssignmentRow,
)
from nbgrader.api import (
    Base,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from sqlalchemy import func, inspect
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from traitlets.config import Config

from examiner._exceptions import GradebookError
from examiner.assignment import Assignment
from examiner.notebooks import prepared_source

__all__ = [
    "CellGrade",
    "HandMark",
    "NotebookGrades",
    "OneTransaction",
    "fill",
    "known_students",
    "patiently",
    "read_comments",
    "read_grades",
    "read_lateness",
    "register",
    "save_by_hand",
    "withdraw",
]

PATIENCE = 300.0
"""Seconds to wait for a gradebook that another program has locked."""
PAUSE = 1.0
LOCKED, FULL = "database is locked", "disk is full"
DAMAGED = "file is not a database", "disk image is malformed"
log = logging.getLogger(__name__)
T = TypeVar("T")
_filled: dict[tuple[str, str], dict[str, int]] = {}
_opened: dict[tuple[str, str], Gradebook] = {}  # by URL and course


@dataclass(frozen=True, slots=True)
class CellGrade:
    """What the gradebook holds of one graded cell of one student."""

    auto: float | None
    manual: float | None
    extra: float | None
    max_score: float
    needs_person: bool

    @property
    def score(self) -> float | None:
        """The points that nbgrader counts; None where no mark exists."""
        given = self.auto if self.manual is None else self.manual
        return None if given is None else given + (self.extra or 0.0)

    @property
    def waits(self) -> bool:
        """Whether a person still has to give a mark; nbgrader asks again after each grading."""
        return self.needs_person and self.manual is None


@dataclass(frozen=True)
class NotebookGrades:
    """What the gradebook holds of one notebook of one student."""

    cells: dict[str, CellGrade]
    penalty: float = 0.0


def patiently(action: Callable[[], T], patience: float | None = None) -> T:
    """Do something with the gradebook; while another program has it locked, wait and try again.

    Parameters
    ----------
    action : callable
        May be called several times.
    patience : float, optional
        Seconds after which to give up; by default `PATIENCE`.

    Raises
    ------
    GradebookError
        The gradebook stayed locked, or there is no space left for it.
    """
    end, told = time.monotonic() + (PATIENCE if patience is None else patience), False
    while True:
        try:
            return action()
        except Exception as error:  # nbgrader wraps the database's errors in its own
            if FULL in str(error):
                raise GradebookError("The disk is full: free some space, then run the command again.") from None
            if any(each in str(error) for each in DAMAGED):
                why = "The gradebook is damaged: restore gradebook.db from a backup, or move it away and grade again."
                raise GradebookError(why) from None
            if LOCKED not in str(error):
                raise
            if time.monotonic() > end:
                who = "another program, such as formgrader"
                raise GradebookError(
                    f"The gradebook is locked by {who}: close it, then run the command again."
                ) from None
        if not told:
            log.warning("The gradebook is locked by another program: waiting.")
            told = True
        time.sleep(PAUSE)


# ------------------------------------------------------------------------------- the assignment


def fill(assignment: Assignment, directory: CourseDirectory, config: Config) -> list[str]:
    """Enter the source notebooks into the gradebook as they are now, as nbgrader's ``generate_assignment`` does.

    Grades, comments and extensions in the gradebook stay. The due date is the configuration's, if that has one.

    Parameters
    ----------
    assignment : Assignment
    directory : nbgrader.coursedir.CourseDirectory
        Says where the gradebook is.
    config : traitlets.config.Config
        nbgrader's configuration.

    Returns
    -------
    list of str
        Names of the notebooks that were new or had changed.

    Raises
    ------
    GradebookError
        Graded cells were added or removed while there are submissions, or the gradebook cannot be written.
    """
    state = {path.stem: path.stat().st_mtime_ns for path in assignment.notebooks()}
    due = assignment.late.due.replace(tzinfo=None) if assignment.late else None
    if due is not None:
        state["due"] = int(due.timestamp())
    key = (str(directory.db_url), str(assignment.source))
    if _filled.get(key) == state:
        return []
    prepared = {path.stem: prepared_source(path, config) for path in assignment.notebooks()}
    changed = patiently(lambda: _changed(assignment.name, directory, prepared, due))
    for name in changed:
        where = {"notebook": name, "assignment": assignment.name, "db_url": directory.db_url}
        patiently(lambda name=name, where=where: _save_cells(prepared[name], where, config))  # type: ignore[misc]
    _filled[key] = state
    return changed


def _changed(
    assignment: str, directory: CourseDirectory, prepared: Mapping[str, NotebookNode], due: datetime | None
) -> list[str]:
    with SharedGradebook(directory.db_url, directory.course_id) as gradebook:
        gradebook.update_or_create_assignment(assignment, **({"duedate": due} if due else {}))
        return [name for name, notebook in prepared.items() if _differs(gradebook, assignment, name, notebook)]


def _differs(gradebook: Gradebook, assignment: str, name: str, notebook: NotebookNode) -> bool:
    try:
        known = {cell.name: cell.checksum for cell in gradebook.find_notebook(name, assignment).source_cells}
    except MissingEntry:
        return True
    ours = [cell.metadata.nbgrader for cell in notebook.cells if _is_saved(cell)]
    return known != {grading.grade_id: grading.get("checksum") for grading in ours}


def _is_saved(cell: NotebookNode) -> bool:
    """Whether nbgrader keeps the source of a cell in the gradebook."""
    grading = cell.metadata.get("nbgrader") or {}
    return any(grading.get(flag) for flag in ("grade", "solution", "locked", "task"))


def _save_cells(notebook: NotebookNode, where: dict[str, str], config: Config) -> None:
    resources: dict[str, Any] = {"nbgrader": where}
    try:
        SaveCells(config=config).preprocess(notebook, resources)
    except RuntimeError as error:
        text = (
            f"{where['notebook']}: {error}. Restore these cells, or remove the assignment from the gradebook, with all "
            f"its scores: nbgrader db assignment remove {where['assignment']} --force"
        )
        raise GradebookError(text) from None


# --------------------------------------------------------------------------------- the students


def known_students(directory: CourseDirectory) -> list[str]:
    """IDs of the students in the gradebook."""

    def read() -> list[str]:
        with SharedGradebook(directory.db_url, directory.course_id) as gradebook:
            return [student.id for student in gradebook.students]

    return patiently(read)


def read_grades(
    directory: CourseDirectory, assignment: str, student: str | None = None
) -> dict[str, dict[str, NotebookGrades]]:
    """What the gradebook holds of the submissions of an assignment, by student and notebook.

    Parameters
    ----------
    directory : nbgrader.coursedir.CourseDirectory
    assignment : str
    student : str, optional
        Only this student's submission.
    """
    cell, code, task = BaseCell.__table__, GradeCell.__table__, TaskCell.__table__

    def read() -> list[Any]:
        with SharedGradebook(directory.db_url, directory.course_id) as gradebook:
            query = (
                gradebook.db.query(
                    SubmittedAssignment.student_id,
                    Notebook.name,
                    SubmittedNotebook.late_submission_penalty,
                    cell.c.name,
                    Grade.auto_score,
                    Grade.manual_score,
                    Grade.extra_credit,
                    func.coalesce(code.c.max_score, task.c.max_score),
                    Grade.needs_manual_grade,
                )
                .select_from(SubmittedNotebook)
                .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
                .join(AssignmentRow, AssignmentRow.id == SubmittedAssignment.assignment_id)
                .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
                .outerjoin(Grade, Grade.notebook_id == SubmittedNotebook.id)
                .outerjoin(cell, cell.c.id == Grade.cell_id)
                .outerjoin(code, code.c.id == cell.c.id)
                .outerjoin(task, task.c.id == cell.c.id)
                .filter(AssignmentRow.name == assignment)
            )
            found: list[Any] = (
                query if student is None else query.filter(SubmittedAssignment.student_id == student)
            ).all()
            return found

    grades: dict[str, dict[str, NotebookGrades]] = {}
    for who, notebook, penalty, name, auto, manual, extra, most, needs_person in patiently(read):
        of_student = grades.setdefault(who, {})
        of_notebook = of_student.setdefault(notebook, NotebookGrades({}, penalty or 0.0))
        if name is not None:
            # One text for all students.
            of_notebook.cells[sys.intern(name)] = CellGrade(auto, manual, extra, most, bool(needs_person))
    return grades


def read_comments(directory: CourseDirectory, assignment: str, student: str) -> dict[str, dict[str, str]]:
    """What graders wrote below a student's answers, by notebook and cell.

    Parameters
    ----------
    directory : nbgrader.coursedir.CourseDirectory
    assignment, student : str
    """
    cell = BaseCell.__table__

    def read() -> list[Any]:
        with SharedGradebook(directory.db_url, directory.course_id) as gradebook:
            query = (
                gradebook.db.query(Notebook.name, cell.c.name, Comment)
                .select_from(Comment)
                .join(cell, cell.c.id == Comment.cell_id)
                .join(SubmittedNotebook, SubmittedNotebook.id == Comment.notebook_id)
                .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
                .join(AssignmentRow, AssignmentRow.id == SubmittedAssignment.assignment_id)
                .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
                .filter(AssignmentRow.name == assignment, SubmittedAssignment.student_id == student)
            )
            return [(notebook, name, row.comment) for notebook, name, row in query]

    comments: dict[str, dict[str, str]] = {}
    for notebook, name, said in patiently(read):
        if said:
            comments.setdefault(notebook, {})[name] = said
    return comments


def read_lateness(directory: CourseDirectory, assignment: str, student: str | None = None) -> dict[str, float]:
    """How many seconds each student's submission is late, extensions taken off.

    Parameters
    ----------
    directory : nbgrader.coursedir.CourseDirectory
    assignment : str
    student : str, optional
        Only this student's submission.
    """

    def read() -> dict[str, float]:
        with SharedGradebook(directory.db_url, directory.course_id) as gradebook:
            query = gradebook.db.query(SubmittedAssignment).join(AssignmentRow).filter(AssignmentRow.name == assignment)
            if student is not None:
                query = query.filter(SubmittedAssignment.student_id == student)
            dated = (each for each in query if each.assignment.duedate is not None)  # else nbgrader's sum would fail
            return {each.student_id: float(each.total_seconds_late) for each in dated}

    return patiently(read)


@dataclass(frozen=True)
class HandMark:
    """What a person gives an answer: points, None where these stay as they are, and a comment, empty likewise."""

    student: str
    notebook: str
    cell: str
    score: float | None
    comment: str = ""


def save_by_hand(directory: CourseDirectory, assignment: str, marks: Collection[HandMark]) -> None:
    """Save what people have given, all of it or nothing.

    Parameters
    ----------
    directory : nbgrader.coursedir.CourseDirectory
    assignment : str
    marks : collection of HandMark

    Raises
    ------
    GradebookError
        The gradebook does not know one of the answers.
    """

    def save() -> None:
        with OneTransaction(directory.db_url, directory.course_id) as gradebook:
            for mark in marks:
                where = mark.cell, mark.notebook, assignment, mark.student
                if mark.score is not None:
                    grade = gradebook.find_grade(*where)
                    grade.manual_score, grade.needs_manual_grade = mark.score, False
                if mark.comment:
                    gradebook.find_comment(*where).manual_comment = mark.comment

    try:
        patiently(save)
    except MissingEntry as error:
        raise GradebookError(f"{error}: grade the submission again with `examiner autograde {assignment}`.") from None


class SharedGradebook(Gradebook):
    """nbgrader's gradebook with the engine that this process uses for all gradebooks with the same URL.

    nbgrader makes an engine each time. SQLAlchemy compiles all statements again for each engine, and keeps them: 50 MB
    after a thousand students.

    Parameters
    ----------
    db_url, course_id : str
    """

    session_class: type[Session] = Session

    def __init__(self, db_url: str, course_id: str) -> None:
        self.__dict__.update(_first(db_url, course_id).__dict__)  # nbgrader's own `__init__` makes an engine
        self.db = scoped_session(sessionmaker(bind=self.engine, class_=self.session_class))

    def close(self) -> None:
        """Close the connection. Others of this engine that are open stay so."""
        self.db.remove()
        if not self.engine.pool.checkedout():
            self.engine.dispose()


def _first(db_url: str, course_id: str) -> Gradebook:
    """The gradebook that made the engine. The database may be another one by now: then it is prepared again."""
    known = _opened.get((db_url, course_id))
    if known is not None:
        try:
            if Base.metadata.tables.keys() <= set(inspect(known.engine).get_table_names()):
                known.check_course(course_id)
                return known
            known.engine.dispose()
        finally:
            known.db.remove()
    known = _opened[db_url, course_id] = Gradebook(db_url, course_id)
    known.db.remove()
    return known


class _Flushing(Session):
    """A session for one transaction, though nbgrader commits after every cell."""

    def commit(self) -> None:
        """Flush where there are new rows, whose errors nbgrader expects here; other changes wait for the next query."""
        if self.new or self.deleted:
            self.flush()


class OneTransaction(SharedGradebook):
    """A gradebook whose changes are made all together when it is closed without an error, or not at all."""

    session_class = _Flushing

    def __init__(self, db_url: str, course_id: str) -> None:
        super().__init__(db_url, course_id)
        self._rows: dict[tuple[Any, ...], dict[str, Any]] = {}

    def __exit__(self, kind: Any, *details: Any) -> None:
        """Commit, or roll back after an error."""
        try:
            session: Any = self.db()
            session.rollback() if kind else Session.commit(session)
        finally:
            super().__exit__(kind, *details)

    def find_grade(self, grade_cell: str, notebook: str, assignment: str, student: str) -> Grade:
        """Find a grade; those of a notebook are read together."""
        return self._row(Grade, grade_cell, notebook, assignment, student)

    def find_comment(self, solution_cell: str, notebook: str, assignment: str, student: str) -> Comment:
        """Find a comment; those of a notebook are read together."""
        return self._row(Comment, solution_cell, notebook, assignment, student)

    def _row(self, kind: Any, name: str, *where: str) -> Any:
        if (kind, *where) not in self._rows:
            cell, submitted = BaseCell.__table__, self.find_submission_notebook(*where)
            query = self.db.query(cell.c.name, kind).join(cell, cell.c.id == kind.cell_id)
            self._rows[kind, *where] = dict(map(tuple, query.filter(kind.notebook_id == submitted.id).all()))
        try:
            return self._rows[kind, *where][name]
        except KeyError:
            raise MissingEntry(f"No such {kind.__name__.lower()}: {'/'.join((*where, name))}") from None


def register(gradebook: Gradebook, assignment: str, student: str, submitted_at: Any, *, create: bool) -> None:
    """Enter a student and the submission into the gradebook, as nbgrader's ``autograde`` does.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
    assignment, student : str
    submitted_at : datetime, str or None
        None keeps the time that the gradebook has.
    create : bool
        Whether a student that it does not know is created.

    Raises
    ------
    GradebookError
        The gradebook does not know the student, and must not create one.
    """
    if create:
        gradebook.update_or_create_student(student)
    elif student not in {each.id for each in gradebook.students}:
        raise GradebookError(f"No student {student} in the gradebook: add the student with `nbgrader db student add`.")
    when = {"timestamp": submitted_at} if submitted_at else {}
    gradebook.update_or_create_submission(assignment, student, **when)


def withdraw(
    gradebook: Gradebook, assignment: str, student: str, notebooks: Collection[str], *, score: float | None
) -> None:
    """Take back all marks of some notebooks: nothing that could have earned them was submitted.

    Comments stay. Without a submission in the gradebook there is nothing to take back.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
    assignment, student : str
    notebooks : collection of str
    score : float or None
        The score that each cell gets: 0 for a notebook that is missing, None where a person has to look.
    """
    try:
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        return
    for notebook in submission.notebooks:
        if notebook.name not in notebooks:
            continue
        notebook.late_submission_penalty = None
        for grade in notebook.grades:
            grade.auto_score, grade.manual_score, grade.extra_credit = score, None, None
            grade.needs_manual_grade = score is None
    gradebook.db.commit()
