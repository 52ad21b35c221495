"""Records and submissions as rows need them: read once, and again only when the files have changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examiner._exceptions import OutcomeError
from examiner.course import Course
from examiner.course.folders import Course as CourseClass
from examiner.course.records import Records
from examiner.notebooks import Contents
from examiner.outcome import NotebookOutcome
from tests.examiner.course.fakes import Grading

NAMES = ["one"]


@pytest.fixture
def records(root: Path, grade_all: Grading) -> Records:
    """The records of a class that has been graded."""
    grade_all()
    return Records(Course.load("small"))


def test_the_record_of_a_graded_notebook_is_read_once(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    first = records.of("ada", NAMES)
    assert isinstance(first["one"], NotebookOutcome)
    monkeypatch.setattr("examiner.course.records._content", lambda path: pytest.fail(f"{path} was read"))
    assert records.of("ada", NAMES) == first
    assert records.of("ada", []) == {}
    assert records.of("nobody", NAMES) == {}


def test_a_notebook_that_has_changed_is_read_again(records: Records, root: Path) -> None:
    records.of("ada", NAMES)
    path = root / "autograded" / "ada" / "small" / "one.ipynb"
    path.chmod(0o644)
    path.write_text("not JSON")
    assert isinstance(records.of("ada", NAMES)["one"], OutcomeError)
    path.write_text(json.dumps({"metadata": {}}))
    assert records.of("ada", NAMES) == {}  # graded by plain nbgrader


def test_small_files_that_are_damaged_are_made_again(records: Records, root: Path) -> None:
    expected = records.of("ada", NAMES), records.submitted("ada")
    for content in ("", "[]", '{"state": 1}', '{"state": [], "found": [1]}'):
        for path in (root / ".cache" / "records" / "small", root / ".cache" / "submitted" / "small"):
            for file in path.iterdir():
                file.write_text(content)
        assert (records.of("ada", NAMES), records.submitted("ada")) == expected


def test_what_was_submitted_is_read_once(records: Records, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "submitted" / "ada" / "small" / "w.npz").write_bytes(b"weights")
    found = records.submitted("ada")
    assert found.notebooks == ("one",)
    assert list(found.files) == ["w.npz"]
    monkeypatch.setattr(CourseClass, "submission", lambda *_: pytest.fail("it was read again"))
    assert records.submitted("ada") == found
    assert records.submitted("nobody") == records.submitted("[odd]") == Contents()
