"""Grade one submission by value, here or in a worker: merge, then execute, test and diagnose every notebook."""

from __future__ import annotations

import atexit
import functools
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from traitlets.config import Config

from examiner._exceptions import ExaminerError
from examiner.assignment import Assignment
from examiner.grading import Grader, StudentSide
from examiner.notebooks import (
    THEIRS,
    Submission,
    answer_of,
    cells_of,
    grade_id,
    kind_of,
    merged,
    prepared_source,
)
from examiner.outcome import NotebookOutcome, worst
from examiner.own_processes import keep_loaded
from examiner.settings import Options
from examiner.similarity import fingerprints

__all__ = ["LOST", "GradedSubmission", "Work", "grade", "grade_submission", "grader_for", "merge", "reason_of"]

LOST = "examiner_lost"
"""In the metadata of a graded cell: why no answer for it could be found in the submission."""


@dataclass(frozen=True)
class Work:
    """What it takes to grade submissions of one assignment; it can be sent to a worker.

    Attributes
    ----------
    assignment : Assignment
    options : Options
    sources : mapping of str to str
        The source notebooks by name, as `prepared_source` gives them, as JSON: a worker need not load nbgrader.
    """

    assignment: Assignment
    options: Options
    sources: Mapping[str, str]

    @classmethod
    def of(cls, assignment: Assignment, options: Options, config: Config | None = None) -> Work:
        """Prepare the source notebooks of an assignment.

        Parameters
        ----------
        assignment : Assignment
        options : Options
        config : traitlets.config.Config, optional
            nbgrader's, which says how a source notebook is prepared.
        """
        paths = assignment.notebooks()
        return cls(assignment, options, {path.stem: json.dumps(prepared_source(path, config)) for path in paths})


@dataclass(frozen=True)
class GradedSubmission:
    """One submission after grading.

    Attributes
    ----------
    notebooks : mapping of str to NotebookNode
        The graded notebooks by name, each with its outcome in its metadata.
    seconds : float
        How long grading took.
    reason : str or None
        Why it could not be graded; then there are no notebooks.
    """

    notebooks: Mapping[str, NotebookNode]
    seconds: float
    reason: str | None = None


def grade_submission(work: Work, submission: Submission) -> GradedSubmission:
    """Merge, execute, test and diagnose all notebooks of one submission.

    Parameters
    ----------
    work : Work
    submission : Submission

    Returns
    -------
    GradedSubmission
        Whatever happens: one submission must never end the class's run.
    """
    began = time.monotonic()
    try:
        return GradedSubmission(_graded(work, submission), time.monotonic() - began)
    except Exception as error:
        return GradedSubmission({}, time.monotonic() - began, reason_of(error))


def reason_of(error: Exception) -> str:
    """Why a submission could not be graded, as a row says it.

    Parameters
    ----------
    error : Exception
    """
    if isinstance(error, ExaminerError):
        return str(error).partition("\n")[0]  # the engine's errors have a traceback below
    return f"{type(error).__name__}: {error}"


def _graded(work: Work, submission: Submission) -> dict[str, NotebookNode]:
    grader = grader_for(work.assignment, work.options)
    submitted = sorted(submission.notebooks.items())
    notebooks = {name: merge(_source(work.sources[name]), each, is_repaired=True) for name, each in submitted}
    with grader.begin(notebooks) as side:
        return {name: grade(grader, each, name, submission.files, side) for name, each in notebooks.items()}


@functools.lru_cache(maxsize=64)
def _source(text: str) -> NotebookNode:
    return nbformat.from_dict(json.loads(text))


def merge(source: NotebookNode, submitted: NotebookNode, *, is_repaired: bool = False) -> NotebookNode:
    """Put a student's cells into the source notebook; answers that cannot be found need manual grading.

    Parameters
    ----------
    source : NotebookNode
        As `prepared_source` gives it.
    submitted : NotebookNode
    is_repaired : bool, optional
        True only for a notebook from `read_submission`, see `examiner.notebooks.merged`.

    Returns
    -------
    NotebookNode
        Its cells' metadata say which of them need manual grading, under `LOST`.
    """
    found = merged(source, submitted, is_repaired=is_repaired)
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
    side: StudentSide | None = None,
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
    side : StudentSide, optional
        What the submission's notebooks share.
    """
    lost = {grade_id(cell): cell.metadata[LOST] for cell in notebook.cells if LOST in cell.metadata}
    outcome = grader.grade(notebook, name, files, side)
    written = {grade_id(cell): fingerprints(cell.source) for cell in cells_of(notebook, "answer")}
    outcome = replace(outcome, statements={answer: found for answer, found in written.items() if found})
    notebook.metadata["examiner"] = (_without_lost(outcome, lost) if lost else outcome).as_json()
    return notebook


def _without_lost(outcome: NotebookOutcome, lost: Mapping[str, str]) -> NotebookOutcome:
    """An outcome without scores for answers that could not be found."""
    tests = {
        test: replace(each, score=None, status="partial", reason=lost[test]) if test in lost else each
        for test, each in outcome.tests.items()
    }
    reason = outcome.reason or next(iter(lost.values()))
    return replace(outcome, status=worst(["partial", outcome.status]), reason=reason, tests=tests)


# ---------------------------------------------------------------------------------- open graders

_graders: dict[tuple[Path, str, int], Grader] = {}


def grader_for(assignment: Assignment, options: Options) -> Grader:
    """Give an open grader, one for each thread: it is kept until another assignment or other options come.

    Parameters
    ----------
    assignment : Assignment
    options : Options
    """
    key = (assignment.source, repr(options), threading.get_ident())
    if key not in _graders:
        for other in [each for each in _graders if each[2] == key[2]]:
            _graders.pop(other).close()
        _graders[key] = Grader(assignment, options)
        keep_loaded()
    return _graders[key]


@atexit.register
def _close_graders() -> None:
    while _graders:
        _graders.popitem()[1].close()
