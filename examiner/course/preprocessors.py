"""The preprocessors that take the place of nbgrader's own, and the line that puts them there."""

from __future__ import annotations

import atexit
import copy
import logging
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.apps import AutogradeApp
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
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
from examiner.course.gradebook import fill
from examiner.course.options import Examiner
from examiner.grading import Grader, TimeBudget
from examiner.notebooks import (
    THEIRS,
    answer_of,
    grade_id,
    harmless_markdown,
    kind_of,
    leave_out_irregular,
    merged,
    prepared_source,
)
from examiner.outcome import sentence, worst
from examiner.sandbox import check_isolation
from examiner.settings import Isolation, Options

__all__ = [
    "Grade",
    "Merge",
    "SaveGrades",
    "ShowGrades",
    "after_grading",
    "check_machine",
    "configure",
    "grade",
    "merge",
    "open_grader",
]

NEEDS_HUMAN = "NeedsHumanError"
LOST = "examiner_lost"
"""In the metadata of a graded cell: why no answer for it could be found in the submission."""
MERGED = ("ClearOutput", "DeduplicateIds", "OverwriteKernelspec", "OverwriteCells")
"""nbgrader's sanitizing, which merging makes unnecessary."""


class SaveGrades(SaveAutoGrades):
    """Save the grades, and say rightly which cells need manual grading.

    A task of 0 points only asks a question: it gets its 0 points.  A test cell that ended in `NeedsHumanError`
    could not be decided: it has no score until a person gives one.
    """

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
        self.gradebook.db.commit()


def _needs_human(cell: NotebookNode) -> bool:
    return LOST in cell.metadata or any(output.get("ename") == NEEDS_HUMAN for output in cell.get("outputs", []))


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
        grader = _grader(assignment, Examiner(config=self.config).options(assignment))
        submission = read_submitted(self.submission(resources), assignment, self.course())
        nb = grade(grader, nb, who["notebook"], submission.files, _time_budget(grader, who["student"], who["notebook"]))
        if reason := nb.metadata["examiner"]["reason"]:
            status = nb.metadata["examiner"]["status"]
            self.log.warning("%s, %s: %s: %s", sentence(who["student"]), who["notebook"], status, reason)
        return nb, resources


OWN: Mapping[str, type] = {"Execute": Grade, "SaveAutoGrades": SaveGrades, "GetGrades": ShowGrades}
"""The examiner's preprocessors, by the name of nbgrader's in whose place they are put."""


def after_grading(app: AutogradeApp) -> list[Any]:
    """The steps of nbgrader that a graded notebook still goes through, as the course has configured them.

    Parameters
    ----------
    app : nbgrader.apps.AutogradeApp
        nbgrader, configured by the course.
    """
    listed = [
        OWN.get(name_of(each), each) for each in Autograde(coursedir=app.coursedir, parent=app).autograde_preprocessors
    ]
    names = [name_of(each) for each in listed]
    return listed[names.index(Grade.__name__) + 1 :] if Grade.__name__ in names else listed


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


def merge(source: NotebookNode, submitted: NotebookNode) -> NotebookNode:
    """Put a student's cells into the source notebook; answers that cannot be found need manual grading.

    Parameters
    ----------
    source : NotebookNode
        As `prepared_source` gives it.
    submitted : NotebookNode

    Returns
    -------
    NotebookNode
        `grade` and `SaveGrades` read in its cells' metadata which of them need manual grading.
    """
    found = merged(source, submitted)
    answers = [cell for cell in found.notebook.cells if kind_of(cell) in THEIRS]
    # One deleted cell is an answer that was not given; a notebook without its names may hold it unseen.
    if found.matched_by_content or len(found.unmatched) == len(answers):
        for cell in found.notebook.cells:
            if kind_of(cell) in ("test", "written") and answer_of(grade_id(cell)) in found.unmatched:
                cell.metadata[LOST] = f"no cell of the submission could be matched with {answer_of(grade_id(cell))}"
    return found.notebook


def grade(
    grader: Grader,
    notebook: NotebookNode,
    name: str,
    files: Mapping[str, bytes],
    time_budget: TimeBudget | None = None,
) -> NotebookNode:
    """Execute, test and diagnose a merged notebook, which keeps the outcome in its metadata.

    Parameters
    ----------
    grader : Grader
    notebook : NotebookNode
        As `merge` gives it.
    name : str
    files : mapping of str to bytes
        The other submitted files.
    time_budget : TimeBudget, optional
        What the submission's notebooks share.
    """
    lost = {grade_id(cell): cell.metadata[LOST] for cell in notebook.cells if LOST in cell.metadata}
    outcome = grader.grade(notebook, name, files, time_budget)
    tests = {
        test: replace(each, score=None, status="partial", reason=lost[test]) if test in lost else each
        for test, each in outcome.tests.items()
    }
    if lost:
        reason = outcome.reason or next(iter(lost.values()))
        outcome = replace(outcome, status=worst(["partial", outcome.status]), reason=reason, tests=tests)
    notebook.metadata["examiner"] = outcome.as_json()
    return notebook


def open_grader(assignment: Assignment, options: Options) -> Grader:
    """The grader of an assignment: the one place that knows how it is made. Close it after use."""
    return Grader(assignment, options)


_graders: dict[tuple[Path, Options], Grader] = {}


def _grader(assignment: Assignment, options: Options) -> Grader:
    """An open grader: nbgrader makes its preprocessors anew for each notebook."""
    key = (assignment.source, options)
    if key not in _graders:
        _close_graders()
        _graders[key] = open_grader(assignment, options)
    return _graders[key]


_budgets: dict[str, tuple[set[str], TimeBudget]] = {}


def _time_budget(grader: Grader, student: str, notebook: str) -> TimeBudget:
    """What a student's notebooks share; another student, or a notebook that comes again, begins anew."""
    if student not in _budgets or notebook in _budgets[student][0]:
        _budgets.clear()
        _budgets[student] = set(), grader.time_budget()
    notebooks, budget = _budgets[student]
    notebooks.add(notebook)
    return budget


@atexit.register
def _close_graders() -> None:
    while _graders:
        _graders.popitem()[1].close()


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
