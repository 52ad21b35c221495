"""An assignment by value: graded where its folder is not."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest

from examiner.jobs import Work, bundled, grade_elsewhere, machine
from examiner.notebooks import Submission
from examiner.settings import Options
from tests.examiner.small import assignment_of, submission, write_course


@pytest.fixture
def sent(tmp_path: Path) -> bytes:
    """The small course as it is sent; its folder is gone."""
    source = write_course(tmp_path)
    packed = bundled(Work.of(assignment_of(source), Options(isolation="none", diagnosis=False)))
    assert packed.source == "assignment/small"
    assert {"assignment/small/one.ipynb", "assignment/small/toolkit/checks.py"} <= set(packed.files)
    shutil.rmtree(source)
    return pickle.dumps(packed)


def test_a_submission_is_graded_without_the_courses_folder(sent: bytes) -> None:
    done = grade_elsewhere(pickle.loads(sent), Submission({"one": submission()}))
    assert done.reason is None
    scores = {name: test["score"] for name, test in done.notebooks["one"].metadata["examiner"]["tests"].items()}
    assert scores == {"test_double": 4.0, "test_square": 4.0, "test_Net": 4.0}


def test_a_machine_says_what_marks_depend_on(sent: bytes) -> None:
    found = machine(pickle.loads(sent))
    assert found.fault is None
    assert {"numpy", "ipykernel", "nbgrader"} <= set(found.packages)
    assert found.data == {}
