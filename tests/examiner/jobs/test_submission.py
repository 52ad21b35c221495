"""One submission by value: merged and graded, whatever happens."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from examiner._exceptions import EngineError
from examiner.jobs import Work, grade_submission, grader_for
from examiner.notebooks import Submission
from examiner.settings import Options
from tests.conftest import ROOT
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


def test_grading_leaves_the_prepared_source_as_it_is(work: Work) -> None:
    wrong = submission({"double": "def double(x):\n    return x"})
    first = grade_submission(work, Submission({"one": wrong}))
    second = grade_submission(work, Submission({"one": submission()}))
    again = grade_submission(work, Submission({"one": wrong}))
    scores = [
        each.notebooks["one"].metadata["examiner"]["tests"]["test_double"]["score"] for each in (first, second, again)
    ]
    assert scores == [0.0, 4.0, 0.0]


def test_a_worker_does_not_load_nbgrader(work: Work, tmp_path: Path) -> None:
    (tmp_path / "work").write_bytes(pickle.dumps((work, Submission({"one": submission()}))))
    code = """
import pickle, sys
from examiner.jobs import grade_submission
done = grade_submission(*pickle.load(open(sys.argv[1], "rb")))
print(done.reason, "nbgrader" in sys.modules)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "work")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False"]
