"""What is known of submissions: marks that hold, marks that are stale, late penalties, reasons that are kept."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook

from examiner.course import Course, Results
from examiner.course.results import data_sets
from examiner.notebooks import cells_of, grade_id
from examiner.outcome import Mark, NotebookOutcome, StudentOutcome
from tests.examiner.course.fakes import Grading, submit
from tests.examiner.small import source_notebook, submission

LATE = """
from nbgrader.plugins import LateSubmissionPlugin


class Strict(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return {penalty}


c.AssignLatePenalties.plugin_class = Strict
"""


@pytest.fixture
def results(root: Path, grade_all: Grading) -> Results:
    """The results of a class that has been graded."""
    grade_all()
    return Results(Course.load("small"))


def again() -> Results:
    """The results as another command would read them."""
    return Results(Course.load("small"))


def edit(root: Path, student: str, **changes: Any) -> None:
    """Change a student's record in the graded notebook."""
    path = root / "autograded" / student / "small" / "one.ipynb"
    content = json.loads(path.read_text())
    content["metadata"]["examiner"].update(changes)
    path.chmod(0o644)
    path.write_text(json.dumps(content))


def test_rows_say_what_was_graded(results: Results) -> None:
    assert repr(results) == "<Results of small: 2 submissions>"
    row = results.outcome("bob")
    assert (row.status, row.reason, row.score, row.max_score, row.penalty) == ("graded", None, 8.0, 14.0, 0.0)
    assert row.marks == {"one": Mark(8.0, 14.0)}
    assert results.marks("bob") == {"test_double": 0.0, "test_square": 4.0, "test_Net": 4.0}
    assert results.by_hand("bob") == ["explain"]


def test_what_a_person_has_marked_does_not_wait_although_nbgrader_asks_again(results: Results, root: Path) -> None:
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        gradebook.find_grade("explain", "one", "small", "bob").manual_score = 2.0  # it still needs a person
        gradebook.db.commit()
    results.refresh("bob")
    assert (results.by_hand("bob"), results.by_hand("ada")) == ([], ["explain"])


def test_a_submission_that_has_not_been_graded_says_so(results: Results, root: Path) -> None:
    submit(root, "late", submission())
    row = results.outcome("late")
    assert (row.status, row.score) == ("failed", None)
    assert row.reason == "not graded by the examiner yet: run `examiner autograde small`"


def test_a_notebook_that_has_not_been_graded_is_not_said_to_be_missing(results: Results, root: Path) -> None:
    nbformat.write(source_notebook(), root / "assignment" / "small" / "two.ipynb")
    submit(root, "ada", submission(), "two.ipynb")
    row = again().outcome("ada")
    assert row.status == "partial"
    assert str(row.reason).startswith("two: not graded by the examiner yet")
    assert row.notebooks["two"].tests["test_double"].score is None


# ---------------------------------------------------------------------------------- stale marks


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema": 0}, "graded by another version of the examiner"),
        ({"schema": None}, "graded by another version of the examiner"),
        ({"tests": 3}, "the record in the graded notebook is damaged"),
        ({"tests": {"test_double": {"points": 4}}}, "the record in the graded notebook is damaged"),
        ({"renamed_field": 1}, "the record in the graded notebook is damaged"),
        ({"status": "excellent"}, "the record in the graded notebook is damaged"),
    ],
)
def test_a_record_that_cannot_be_read_is_said_and_the_marks_stay(
    changes: dict[str, Any], said: str, results: Results, root: Path
) -> None:
    edit(root, "bob", **changes)
    row = results.outcome("bob")
    assert row.status == "partial"
    assert row.reason == f"one: stale: {said}: run `examiner autograde small --force`"
    assert (row.score, row.max_score) == (8.0, 14.0)
    assert {name: test.score for name, test in row.notebooks["one"].tests.items()} == {
        "test_double": 0.0,
        "test_square": 4.0,
        "test_Net": 4.0,
    }


def test_a_graded_notebook_that_is_not_json_is_said(results: Results, root: Path) -> None:
    path = root / "autograded" / "bob" / "small" / "one.ipynb"
    path.chmod(0o644)
    path.write_text("{")
    row = results.outcome("bob")
    assert row.reason == "one: stale: one.ipynb is damaged: run `examiner autograde small --force`"
    assert row.score == 8.0


@pytest.mark.parametrize("change", ["points", "name"])
def test_marks_are_stale_when_points_or_names_change(change: str, results: Results, root: Path) -> None:
    source = source_notebook()
    for each in cells_of(source, "test"):
        if grade_id(each) == "test_Net":
            if change == "points":
                each.metadata.nbgrader.points = 6
            else:
                each.metadata.nbgrader.grade_id = each.id = "test_Net__renamed"
    nbformat.write(source, root / "assignment" / "small" / "one.ipynb")
    row = again().outcome("bob")
    assert row.status == "partial"
    assert str(row.reason).startswith("one: stale: points or names of its tests have changed since it was graded")
    assert (row.score, row.max_score) == (8.0, 14.0)  # as they were made: never shown as 0
    test = row.notebooks["one"].tests["test_Net"]
    assert (test.score, test.status) == (4.0, "partial")


def test_a_regrade_ends_it(results: Results, root: Path, grade_all: Grading) -> None:
    edit(root, "bob", schema=0)
    row = grade_all("bob", force=True).students["bob"]
    assert (row.status, row.reason, row.score) == ("graded", None, 8.0)


# -------------------------------------------------------------------------------- late penalties


@pytest.mark.parametrize(("penalty", "left"), [("2.5", 5.5), ("score", 0.0), ("None", 8.0)])
def test_a_late_penalty_is_in_row_json_and_gradebook(penalty: str, left: float, root: Path, grade_all: Grading) -> None:
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(LATE.format(penalty=penalty))
    (root / "submitted" / "bob" / "small" / "timestamp.txt").write_text("2026-03-03 12:00:00 UTC")
    grade_all("bob")
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        book.update_or_create_assignment("small", duedate="2026-03-01 12:00:00 UTC")
    row = grade_all("bob", force=True).students["bob"]
    assert (row.score, row.penalty) == (left, 8.0 - left)
    content = row.as_json()
    assert (content["score"], content["penalty"]) == (left, 8.0 - left)
    assert (content["notebooks"]["one"]["score"], content["notebooks"]["one"]["penalty"]) == (left, 8.0 - left)
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        assert book.find_submission("small", "bob").late_submission_penalty == 8.0 - left


# ------------------------------------------------------------------------------ reasons that are kept


def test_a_failure_is_kept_until_the_submission_is_graded(results: Results) -> None:
    results.note_failure("bob", "the kernel did not start")
    row = again().outcome("bob")
    assert (row.status, row.reason, row.score) == ("failed", "the kernel did not start", 8.0)
    results.note_failure("bob", None)
    assert again().outcome("bob").status == "graded"


def test_a_failure_that_a_full_disk_cannot_keep_is_still_said(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    results.note_failure("ada", "the kernel did not start")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        results.note_failure("bob", "The disk is full")
    assert results.outcome("bob").reason == "The disk is full"
    assert again().outcome("bob").status == "graded"
    assert again().outcome("ada").reason == "the kernel did not start"


def test_a_failure_is_forgotten_when_nbgrader_grades_later(results: Results, root: Path) -> None:
    results.note_failure("bob", "the kernel did not start")
    later = time.time() + 10
    os.utime(root / "autograded" / "bob" / "small" / "one.ipynb", (later, later))
    assert results.outcome("bob").status == "graded"


@pytest.mark.parametrize("content", ["{", "[]", '{"bob": 1}'])
def test_a_damaged_list_of_failures_is_no_failure(content: str, results: Results, root: Path) -> None:
    (root / ".cache" / "failed").mkdir(parents=True, exist_ok=True)
    (root / ".cache" / "failed" / "small.json").write_text(content)
    assert results.outcome("bob").status == "graded"


def test_who_submitted_nothing_is_listed(results: Results, root: Path) -> None:
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        book.add_student("yan")
    (root / "submitted" / "flat").mkdir()
    assert results.absent() == {
        "flat": "nothing was submitted: submitted/flat has no folder small",
        "yan": "nothing was submitted",
    }


def test_a_submission_that_is_gone_is_said(results: Results, root: Path) -> None:
    shutil.rmtree(root / "submitted" / "bob")
    assert results.absent() == {"bob": "the submission is gone: its marks were made earlier"}


def test_data_sets_come_from_the_outcomes() -> None:
    def row(**data: str) -> StudentOutcome:
        return StudentOutcome("graded", None, {"one": NotebookOutcome("graded", None, {}, isolation="none", data=data)})

    assert data_sets([row(weather="real"), row(weather="small", tides="all"), row()]) == {
        "tides": "all",
        "weather": "real, small",
    }
