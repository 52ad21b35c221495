"""One submission for another system: graded by value, without gradebook, and written as that system reads results.

Gradescope: https://gradescope-autograders.readthedocs.io/en/latest/specs/
PrairieLearn: https://docs.prairielearn.com/externalGrading/
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from examiner._exceptions import ExaminerError
from examiner.course import Course, read_submitted
from examiner.jobs import Work, grade_submission
from examiner.notebooks import cells_of, grade_id, is_bonus, kind_of, points, read
from examiner.outcome import (
    MISSING,
    SCHEMA,
    Check,
    Mark,
    NotebookOutcome,
    StudentOutcome,
    TestOutcome,
    finite,
    sentence,
    worst,
)
from examiner.sandbox import check_isolation

__all__ = ["RESULTS", "Single", "Visibility", "grade_one"]

Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]
UNPROTECTED = (
    "Isolation: none. The submitted code was not separated from the tests and reference values in this container: "
    "whoever runs it can read them, and change results."
)
PROTECTED = "Isolation: bubblewrap. The submitted code ran in a sandbox of its own."
MAX_OUTPUT = 4_000  # characters of one test's output: PrairieLearn takes 1 MB in all


@dataclass(frozen=True)
class Single:
    """The outcome of one submission.

    Attributes
    ----------
    assignment : str
    isolation : str
        What isolated the submitted code.
    seed : int
    seconds : float
    notebooks : mapping of str to NotebookOutcome
        Every notebook of the assignment; those that were not submitted have zeros.
    submitted : tuple of str
        Names of those that were.
    by_hand : float
        Points of written answers: they are nobody's here.
    left_out : tuple of str
        Sentences on files that were not graded.
    """

    assignment: str
    isolation: str
    seed: int
    seconds: float
    notebooks: Mapping[str, NotebookOutcome]
    submitted: tuple[str, ...]
    by_hand: float
    left_out: tuple[str, ...] = ()

    def tests(self) -> Iterator[tuple[str, str, TestOutcome]]:
        """Notebook, name and outcome of each test."""
        for notebook, outcome in self.notebooks.items():
            for name, test in outcome.tests.items():
                yield notebook, name, test

    @property
    def score(self) -> float:
        """Points of the tests, bonus included; those that need manual grading count as 0."""
        return math.fsum(test.score or 0.0 for _, _, test in self.tests())

    @property
    def max_score(self) -> float:
        """Points of the tests without bonus."""
        return math.fsum(test.max_score for _, _, test in self.tests() if not test.bonus)

    def notes(self) -> list[str]:
        """What holds for the whole submission, a sentence each."""
        missing = [name for name in self.notebooks if name not in self.submitted]
        found = [UNPROTECTED if self.isolation == "none" else PROTECTED]
        found += [f"Not submitted: {', '.join(missing)}."] if missing else []
        found += [f"{name}: {each.reason}." for name, each in self._submitted() if each.reason]
        found += [f"Written answers are graded by hand: {self.by_hand:g} points."] if self.by_hand else []
        return [sentence(each) for each in (*found, *self.left_out)]

    def _submitted(self) -> Iterator[tuple[str, NotebookOutcome]]:
        return ((name, each) for name, each in self.notebooks.items() if name in self.submitted)


def grade_one(course: Course, folder: Path) -> Single:
    """Grade one submission: nothing is written, no gradebook is needed.

    Parameters
    ----------
    course : Course
    folder : Path
        What was submitted.

    Raises
    ------
    ExaminerError
        There is no such folder, or the submission could not be graded: not the student's fault, and no zero.
    IsolationError
        This machine cannot isolate the submission as asked for.
    """
    if not folder.is_dir():
        raise ExaminerError(f"{sentence(str(folder))} is not a folder: name the folder of the submission.")
    options = course.options
    check_isolation(options.isolation)
    submission = read_submitted(folder, course.assignment, course.directory)
    graded = grade_submission(Work.of(course.assignment, options, course.config), submission)
    if graded.reason is not None:
        raise ExaminerError(f"The submission could not be graded: {sentence(graded.reason)}")
    cells = {path.stem: list(cells_of(read(path), "test", "written", "task")) for path in course.assignment.notebooks()}
    notebooks = {}
    for name, those in cells.items():
        tests = [cell for cell in those if kind_of(cell) == "test"]
        if name in graded.notebooks:
            content = graded.notebooks[name].metadata["examiner"]
            notebooks[name] = NotebookOutcome.from_json(content, assignment=course.name)
        else:
            zeros = {grade_id(c): TestOutcome(0.0, points(c), (), "partial", MISSING, is_bonus(c)) for c in tests}
            notebooks[name] = NotebookOutcome("partial", MISSING, zeros)
    by_hand = math.fsum(
        points(c) for those in cells.values() for c in those if kind_of(c) != "test" and not is_bonus(c)
    )
    left_out = tuple(map(str, submission.left_out))
    submitted = tuple(graded.notebooks)
    return Single(course.name, options.isolation, options.seed, graded.seconds, notebooks, submitted, by_hand, left_out)


# ------------------------------------------------------------------------------- what a test says


def _lines(test: TestOutcome, *, hidden: bool) -> Iterator[str]:
    """The visible or the hidden checks of a test, a line each."""
    for check in test.checks:
        if check.hidden == hidden:
            yield _line(check)


def _line(check: Check) -> str:
    title = f"{check.block}: {check.name}" if check.block and check.block != check.name else check.name
    error = "" if check.error is None else f", relative error {check.error:.2e}"
    message = "" if check.passed or not check.message else f": {check.message}"
    return f"{'✓' if check.passed else '✗'} {sentence(title)}{error}{sentence(message)}"


def _diagnosis(test: TestOutcome) -> list[str]:
    return ["What went wrong:", *map(sentence, test.diagnosis)] if test.diagnosis else []


def _reason(test: TestOutcome) -> list[str]:
    if test.score is None:
        return [sentence(f"Needs manual grading: {test.reason or 'it could not be decided'}.")]
    return [sentence(test.reason)] if test.reason else []


def _output(lines: list[str]) -> str:
    return "\n".join(lines)[:MAX_OUTPUT]


def _title(notebook: str, name: str, test: TestOutcome) -> str:
    return f"{notebook}: {name.removeprefix('test_')}{' (bonus)' if test.bonus else ''}"


def _seen_failing(test: TestOutcome) -> bool:
    """Whether a check that students see has failed: then its diagnosis gives nothing away."""
    return any(not check.passed and not check.hidden for check in test.checks)


# ------------------------------------------------------------------------------------- Gradescope


def _as_gradescope(single: Single, hidden: Visibility) -> dict[str, Any]:
    """Gradescope's ``results.json``: what hidden checks say, and the score that they decide, have their visibility."""
    tests = [entry for each in single.tests() for entry in _gradescope_entries(*each, hidden)]
    return {
        "score": round(single.score, 6),
        "execution_time": math.ceil(single.seconds),
        "output": _output(single.notes()),
        "output_format": "text",
        "test_output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {"isolation": single.isolation, "seed": single.seed, "schema": SCHEMA},
    }


def _gradescope_entries(notebook: str, name: str, test: TestOutcome, hidden: Visibility) -> Iterator[dict[str, Any]]:
    title = _title(notebook, name, test)
    seen, unseen = list(_lines(test, hidden=False)), list(_lines(test, hidden=True))
    said = _diagnosis(test)
    scored: dict[str, Any] = {"name": title, "tags": [notebook], "visibility": "visible"}
    if unseen and hidden != "visible":
        early = said if _seen_failing(test) else []
        yield {**scored, "name": f"{title}, visible checks", "output": _output([*seen, *early])}
        scored["visibility"] = hidden
        lines = [*unseen, *([] if early else said), *_reason(test)]
    else:
        lines = [*seen, *unseen, *said, *_reason(test)]
    if test.score is not None:
        scored |= {"score": round(test.score, 6), "max_score": 0.0 if test.bonus else test.max_score}
        scored["status"] = "passed" if test.passed else "failed"
    yield {**scored, "output": _output(lines)}


# ----------------------------------------------------------------------------------- PrairieLearn


def _as_prairielearn(single: Single, hidden: Visibility) -> dict[str, Any]:
    """PrairieLearn's ``results.json``: it knows no visibility of tests, so hidden checks are only counted."""
    notes = single.notes()
    if not single.submitted:
        return {"gradable": False, "format_errors": notes, "message": notes[0]}
    return {
        "gradable": True,
        "score": round(min(1.0, single.score / single.max_score), 6) if single.max_score else 0.0,
        "message": notes[0],
        "output": _output(notes),
        "tests": [_prairielearn_entry(*each, hidden) for each in single.tests()],
    }


def _prairielearn_entry(notebook: str, name: str, test: TestOutcome, hidden: Visibility) -> dict[str, Any]:
    unseen = [check for check in test.checks if check.hidden]
    lines = list(_lines(test, hidden=False))
    if hidden == "visible":
        lines += _lines(test, hidden=True)
    elif unseen:
        lines.append(f"Hidden checks: {sum(check.passed for check in unseen)} of {len(unseen)} passed.")
    told = hidden == "visible" or _seen_failing(test)
    return {
        "name": _title(notebook, name, test),
        "description": "bonus" if test.bonus else "",
        "points": round(test.score or 0.0, 6),
        "max_points": test.max_score,
        "message": _output([*(test.diagnosis if told else ()), *_reason(test)]),
        "output": _output(lines),
    }


# ------------------------------------------------------------------------------------------ JSON


def _as_json(single: Single, hidden: Visibility) -> dict[str, Any]:
    """A student's part of ``examiner autograde --json``, and what holds for the run; all checks are in it."""
    marks = {name: _mark(outcome) for name, outcome in single.notebooks.items()}
    status = worst(outcome.status for outcome in single.notebooks.values())
    reason = next((f"{name}: {each.reason}" for name, each in single.notebooks.items() if each.status == status), None)
    row = StudentOutcome(status, reason if status != "graded" else None, single.notebooks, marks, single.seconds)
    run = {"schema": SCHEMA, "assignment": single.assignment, "isolation": single.isolation, "seed": single.seed}
    content = {**run, "by_hand": single.by_hand, "notes": single.notes(), **row.as_json()}
    plain: dict[str, Any] = finite(content)
    return plain


def _mark(outcome: NotebookOutcome) -> Mark:
    own = [test for test in outcome.tests.values() if not test.bonus]
    scores = [test.score for test in own if test.score is not None]
    bonus = math.fsum(test.score or 0.0 for test in outcome.tests.values() if test.bonus)
    return Mark(math.fsum(scores) if scores else None, math.fsum(test.max_score for test in own), bonus)


RESULTS: Mapping[str, Callable[[Single, Visibility], dict[str, Any]]] = {
    "gradescope": _as_gradescope,
    "prairielearn": _as_prairielearn,
    "json": _as_json,
}
