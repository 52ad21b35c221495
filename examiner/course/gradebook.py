"""The gradebook: what it knows of an assignment, what it holds of a student, and how to wait for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from traitlets.config import Config

from examiner._exceptions import GradebookError
from examiner.assignment import Assignment
from examiner.notebooks import prepared_source

__all__ = ["CellGrade", "NotebookGrades", "fill", "known_students", "patiently", "read_grades", "register", "withdraw"]

PATIENCE = 300.0
"""Seconds to wait for a gradebook that another program has locked."""
PAUSE = 1.0
LOCKED, FULL = "database is locked", "disk is full"
log = logging.getLogger(__name__)
T = TypeVar("T")
_filled: dict[tuple[str, str], dict[str, int]] = {}


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class NotebookGrades:
    """What the gradebook holds of one notebook of one student."""

    cells: Mapping[str, CellGrade]
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

    Grades, comments and extensions in the gradebook stay.

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
    key = (str(directory.db_url), str(assignment.source))
    if _filled.get(key) == state:
        return []
    prepared = {path.stem: prepared_source(path, config) for path in assignment.notebooks()}
    changed = patiently(lambda: _changed(assignment.name, directory, prepared))
    for name in changed:
        where = {"notebook": name, "assignment": assignment.name, "db_url": directory.db_url}
        patiently(lambda name=name, where=where: _save_cells(prepared[name], where, config))  # type: ignore[misc]
    _filled[key] = state
    return changed


def _changed(assignment: str, directory: CourseDirectory, prepared: Mapping[str, NotebookNode]) -> list[str]:
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        gradebook.update_or_create_assignment(assignment)
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
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            return [student.id for student in gradebook.students]

    return patiently(read)


def read_grades(directory: CourseDirectory, assignment: str, student: str) -> dict[str, NotebookGrades]:
    """What the gradebook holds of a student's submission, by notebook; nothing where there is no submission.

    Parameters
    ----------
    directory : nbgrader.coursedir.CourseDirectory
    assignment, student : str
    """

    def read() -> dict[str, NotebookGrades]:
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            try:
                submission = gradebook.find_submission(assignment, student)
            except MissingEntry:
                return {}
            return {
                notebook.name: NotebookGrades(
                    {grade.name: _grade(grade) for grade in notebook.grades}, notebook.late_submission_penalty or 0.0
                )
                for notebook in submission.notebooks
            }

    return patiently(read)


def _grade(grade: Any) -> CellGrade:
    return CellGrade(
        grade.auto_score, grade.manual_score, grade.extra_credit, grade.max_score, bool(grade.needs_manual_grade)
    )


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
