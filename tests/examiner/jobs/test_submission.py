"""One submission by value: merged and graded, whatever happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from examiner._exceptions import EngineError
from examiner.jobs import Work, grade_submission, grader_for
from examiner.notebooks import Submission
from examiner.settings import Options
from tests.examiner.small import assignment_of, submission, write_course

OPTIONS = Options(isolation="none", diagnosis=False)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """The small course."""
    return Work.of(assignment_of(write_course(tmp_path)), OPTIONS)


def test_all_notebooks_are_graded(work: Work) -> None:
    done = grade_submission(work, Submission({"one": submission()}))
    assert done.reason is None
    assert done.notebooks["one"].metadata["examiner"]["status"] == "graded"
    cells = done.notebooks["one"].metadata["examiner"]["cells"]
    assert set(cells) >= {"setup", "double", "test_double"}
    assert all(seconds >= 0 for seconds in cells.values())


def test_nothing_submitted_is_nothing_graded(work: Work) -> None:
    assert dict(grade_submission(work, Submission()).notebooks) == {}


@pytest.mark.parametrize(
    ("error", "reason"),
    [(EngineError("the engine ended\nwith a traceback"), "the engine ended"), (ZeroDivisionError("x"), "Zero")],
)
def test_what_fails_is_a_reason(error: Exception, reason: str, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("examiner.jobs.submission.grader_for", fails)
    done = grade_submission(work, Submission({"one": submission()}))
    assert str(done.reason).startswith(reason)
    assert "\n" not in str(done.reason)
    assert not done.notebooks


def test_a_grader_is_kept_until_other_options_come(work: Work) -> None:
    grader = grader_for(work.assignment, OPTIONS)
    assert grader_for(work.assignment, OPTIONS) is grader
    other = grader_for(work.assignment, Options(isolation="none", seed=3))
    assert other is not grader
