"""The preprocessors that take the place of nbgrader's own, and the line that puts them there."""

from __future__ import annotations

import contextlib
import copy
import logging
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.apps import AutogradeApp
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    GetGrades,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from tornado.log import LogFormatter
from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

from examiner._exceptions import ExaminerError
from examiner.assignment import Assignment
from examiner.course.folders import read_submitted
from examiner.course.gradebook import OneTransaction, fill
from examiner.grading import Grader, StudentSide
from examiner.jobs import LOST, grade, grader_for, merge
from examiner.notebooks import harmless_markdown, leave_out_irregular, prepared_source
from examiner.options import Examiner
from examiner.outcome import sentence
from examiner.sandbox import check_isolation
from examiner.settings import Isolation

__all__ = ["Grade", "LatePenalties", "Merge", "SaveGrades", "ShowGrades", "after_grading", "check_machine", "configure"]

NEEDS_HUMAN = "NeedsHumanError"
TRANSACTION = "examiner_gradebook"
"""In nbgrader's resources: the gradebook of a transaction that several steps share."""
MERGED = ("ClearOutput", "DeduplicateIds", "OverwriteKernelspec", "OverwriteCells")
"""nbgrader's sanitizing, which merging makes unnecessary."""


class SaveGrades(SaveAutoGrades):
    """Save the grades, and mark the cells that need manual grading correctly.

    A task of 0 points only asks a question: it gets its 0 points.  A test cell that ended in `NeedsHumanError`
    could not be decided: it has no score until a person gives one.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Save the grades, in the transaction that is open or in one of their own."""
        with _gradebook(self, resources) as self.gradebook:
            for index, cell in enumerate(nb.cells):
                self.preprocess_cell(cell, resources, index)
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Save the grade of a graded cell or a task."""
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if utils.is_task(cell) and not cell.metadata.nbgrader.get("points"):
            self._save(cell, score=0.0, needs_human=False)
        elif utils.is_grade(cell) and _needs_human(cell):
            self._save(cell, score=None, needs_human=True)
        return cell, resources

    def _save(self, cell: NotebookNode, score: float | None, needs_human: bool) -> None:
        name = cell.metadata.nbgrader.grade_id
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        grade.auto_score, grade.needs_manual_grade = score, needs_human


def _needs_human(cell: NotebookNode) -> bool:
    return LOST in cell.metadata or any(output.get("ename") == NEEDS_HUMAN for output in cell.get("outputs", []))


class LatePenalties(AssignLatePenalties):
    """Assign the penalties for late submissions, in the transaction that is open or in one of their own."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Ask the course's plug-in for the penalty of a notebook."""
        self.init_plugin()
        with _gradebook(self, resources) as gradebook:
            late = gradebook.find_submission(self.assignment_id, self.student_id).total_seconds_late
            notebook = gradebook.find_submission_notebook(self.notebook_id, self.assignment_id, self.student_id)
            notebook.late_submission_penalty = None
            gradebook.db.flush()
            gradebook.db.refresh(notebook)  # its score is a sum that the database makes
            if late > 0:
                penalty = self.plugin_inst.late_submission_penalty(self.student_id, notebook.score, late)
                if penalty is not None:
                    notebook.late_submission_penalty = self._check_late_penalty(notebook, penalty)
        return nb, resources


@contextlib.contextmanager
def _gradebook(step: Any, resources: dict[str, Any]) -> Iterator[OneTransaction]:
    """The gradebook of the transaction that is open, else of a new one; the step knows whose notebook it has."""
    who = resources["nbgrader"]
    step.notebook_id, step.assignment_id, step.student_id = who["notebook"], who["assignment"], who["student"]
    step.db_url = who["db_url"]
    if (open_one := resources.get(TRANSACTION)) is not None:
        yield open_one
        return
    with OneTransaction(step.db_url, CourseDirectory(config=step.config).course_id) as gradebook:
        yield gradebook


class ShowGrades(GetGrades):
    """Put scores and comments into the feedback; a comment that quotes a student's HTML shows it as text."""

    def _get_comment(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        super()._get_comment(cell, resources)
        comment = cell.metadata.nbgrader["comment"]
        cell.metadata.nbgrader["comment"] = comment and harmless_markdown(comment)


class _Grading(NbGraderPreprocessor):
    """What `Merge` and `Grade` have in common: the course that nbgrader is configured for."""

    def assignment(self, resources: dict[str, Any]) -> Assignment:
        """The assignment that is being graded."""
        return Assignment.from_config(resources["nbgrader"]["assignment"], Path(self.course().root), self.config)

    def submission(self, resources: dict[str, Any]) -> Path:
        """The folder that was submitted."""
        course, who = self.course(), resources["nbgrader"]
        return Path(course.format_path(course.submitted_directory, who["student"], who["assignment"]))

    def course(self) -> CourseDirectory:
        """The course's folders."""
        return CourseDirectory(config=self.config)


class Merge(_Grading):
    """Put the student's cells into the source notebook: the result is graded."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Replace the submitted notebook."""
        self._check(resources)
        assignment, name = self.assignment(resources), resources["nbgrader"]["notebook"]
        if changed := fill(assignment, self.course(), self.config):
            self.log.info("Gradebook filled from the source notebooks: %s", ", ".join(changed))
        return merge(prepared_source(assignment.notebook(name), self.config), nb), resources

    def _check(self, resources: dict[str, Any]) -> None:
        """End the whole run where this machine cannot grade at all: no other student could be graded either."""
        course, who = self.course(), resources["nbgrader"]
        try:
            isolation = Examiner(config=self.config).options(self.assignment(resources)).isolation
            check_machine(isolation)
        except ExaminerError as error:
            place = course.format_path(course.autograded_directory, who["student"], who["assignment"])
            shutil.rmtree(place, ignore_errors=True)  # else nbgrader would take it for graded
            raise SystemExit(f"nbgrader: nothing was graded. {error}") from None
        if isolation == "none":
            self.log.warning("Isolation: none. The submission of %s runs unprotected.", who["student"])


class Grade(_Grading):
    """Grade a merged notebook: answers run in the sandbox, tests outside it."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Set the outputs of all cells; the outcome goes to the notebook's metadata."""
        who, assignment = resources["nbgrader"], self.assignment(resources)
        grader = grader_for(assignment, Examiner(config=self.config).options(assignment))
        submission = read_submitted(self.submission(resources), assignment, self.course())
        nb = grade(grader, nb, who["notebook"], submission.files, _side(grader, who["student"], who["notebook"]))
        if reason := nb.metadata["examiner"]["reason"]:
            status = nb.metadata["examiner"]["status"]
            self.log.warning("%s, %s: %s: %s", sentence(who["student"]), who["notebook"], status, reason)
        return nb, resources


OWN: Mapping[str, type] = {
    "Execute": Grade,
    "SaveAutoGrades": SaveGrades,
    "AssignLatePenalties": LatePenalties,
    "GetGrades": ShowGrades,
}
"""The examiner's preprocessors, by the name of nbgrader's in whose place they are put."""


def after_grading(app: AutogradeApp) -> list[Any]:
    """The steps of nbgrader that a graded notebook still goes through, as the course has configured them.

    Nothing checks the metadata of its cells again: they are the source notebook's.

    Parameters
    ----------
    app : nbgrader.apps.AutogradeApp
        nbgrader, configured by the course.
    """
    listed = [
        OWN.get(name_of(each), each) for each in Autograde(coursedir=app.coursedir, parent=app).autograde_preprocessors
    ]
    names = [name_of(each) for each in listed]
    rest = listed[names.index(Grade.__name__) + 1 :] if Grade.__name__ in names else listed
    return [each for each in rest if each is not CheckCellMetadata]


# ---------------------------------------------------------------------------------- the grader


@cache
def check_machine(isolation: Isolation) -> None:
    """Refuse a machine that cannot grade.

    Parameters
    ----------
    isolation : {"bubblewrap", "none"}

    Raises
    ------
    ExaminerError
        The machine does not run Linux, or cannot isolate submitted code as asked for.
    """
    if sys.platform != "linux":
        raise ExaminerError(f"Grading requires Linux, and this is {sys.platform}: grade on a Linux machine.")
    check_isolation(isolation)


_sides: dict[str, tuple[set[str], StudentSide]] = {}


def _side(grader: Grader, student: str, notebook: str) -> StudentSide:
    """What a student's notebooks share; another student, or a notebook that comes again, gets new ones."""
    if student not in _sides or notebook in _sides[student][0]:
        while _sides:
            _sides.popitem()[1][1].close()
        _sides[student] = set(), grader.begin()
    notebooks, side = _sides[student]
    notebooks.add(notebook)
    return side


# ------------------------------------------------------------------------------- configuration


def configure(c: Config) -> None:
    """Switch the examiner on: the one line in nbgrader_config.py, after everything else that it sets.

    What the file has set stays; in nbgrader's lists of preprocessors the examiner's take the place of those that
    trust submissions.

    Parameters
    ----------
    c : traitlets.config.Config
        What ``get_config()`` gave.
    """
    sanitize = _listed(c, Autograde, "sanitize_preprocessors")
    c.Autograde.sanitize_preprocessors = [
        Merge,
        *(each for each in sanitize if name_of(each) not in (*MERGED, "Merge")),
    ]
    grade = _listed(c, Autograde, "autograde_preprocessors")
    c.Autograde.autograde_preprocessors = [OWN.get(name_of(each), each) for each in grade]
    feedback = _listed(c, GenerateFeedback, "preprocessors")
    feedback = [OWN.get(name_of(each), each) for each in feedback]
    c.GenerateFeedback.preprocessors = _with_after(feedback, "ShowGrades", [ClearHiddenTests, ClearMarkScheme])
    if "exporter_class" not in c.GenerateFeedback:
        c.GenerateFeedback.exporter_class = "examiner.pages.exporter.FeedbackExporter"
    if "plugin_class" not in c.AssignLatePenalties:
        c.AssignLatePenalties.plugin_class = "examiner.course.penalties.LatePolicy"
    c.NbGrader.logging_config = _printable(c.NbGrader.get("logging_config"))
    c.Autograde.pre_convert_hook = _hook(c.Autograde.get("pre_convert_hook"))


def name_of(preprocessor: Any) -> str:
    """The class name of a preprocessor, which a list may hold as a class, an object or the path of a class."""
    if isinstance(preprocessor, str):
        return preprocessor.rpartition(".")[2]
    return preprocessor.__name__ if isinstance(preprocessor, type) else type(preprocessor).__name__


def _listed(c: Config, converter: type, name: str) -> list[Any]:
    """A list of preprocessors as the file has set it, else nbgrader's own."""
    default = list(getattr(converter, name).default())
    value = c[converter.__name__].get(name, default)
    return list(value.get_value(default) if isinstance(value, LazyConfigValue) else value)


def _with_after(listed: Sequence[Any], anchor: str, added: Sequence[type]) -> list[Any]:
    """A list with some preprocessors after the one that is named, or at its start."""
    names = [name_of(each) for each in listed]
    place = names.index(anchor) + 1 if anchor in names else 0
    return [*listed[:place], *(each for each in added if each.__name__ not in names), *listed[place:]]


class Printable(LogFormatter):
    """Writes log records as text alone: they quote names of files, and a student may have put anything into those.

    All lines of a record but the first one are indented, so that none of them looks like a record.
    """

    def format(self, record: logging.LogRecord) -> str:
        """A record, as nbgrader writes it."""
        clean = copy.copy(record)
        clean.msg, clean.args, clean.exc_text = _text(record.getMessage()), None, None
        formatted: str = super().format(clean)
        return formatted

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """A traceback."""
        return _text(super().formatException(ei))


def _text(message: str) -> str:
    lines = message.replace("\r", "\n").replace("\t", " ").split("\n")
    return "\n".join(
        "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line) for line in lines
    )


def _printable(own: Any) -> dict[str, Any]:
    """The configuration of nbgrader's log, with `Printable` unless the course has its own formatter."""
    config: dict[str, Any] = dict(own) if isinstance(own, Mapping) else {}
    formatters = dict(config.get("formatters", {}))
    console = {"class": f"{__name__}.{Printable.__name__}", **formatters.get("console", {})}
    return {**config, "formatters": {**formatters, "console": console}}


def _hook(own: Any) -> Any:
    """The hook before a submission is converted: `leave_out_irregular`, then the course's own."""
    if own is None or own is leave_out_irregular:
        return leave_out_irregular
    hook: Callable[..., None] = own if callable(own) else _imported(own)

    def both(**submission: Any) -> None:
        leave_out_irregular(**submission)
        hook(**submission)

    return both


def _imported(path: str) -> Callable[..., None]:
    from importlib import import_module

    module, _, function = path.rpartition(".")
    found: Callable[..., None] = getattr(import_module(module), function)
    return found
