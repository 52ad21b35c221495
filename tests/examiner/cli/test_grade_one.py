"""`examiner grade-one`: the file, what is said about it, exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examiner.cli.main import main
from tests.examiner.course.fakes import grader, root

__all__ = ["grader", "root"]


def test_results_are_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade-one", "small", "submitted/bob/small", "--results", "gradescope"]) == 0
    content = json.loads((root / "results.json").read_text())
    assert content["score"] == 8.0
    said = capsys.readouterr().out
    assert said.startswith("Isolation: none.")
    assert "8.00 of 12 points of tests" in said


def test_nothing_submitted_is_status_1_and_has_results(root: Path) -> None:
    (root / "empty").mkdir()
    assert main(["grade-one", "small", "empty", "--results", "prairielearn", "--output", "x.json"]) == 1
    assert json.loads((root / "x.json").read_text())["gradable"] is False


def test_no_submission_is_status_2_and_has_no_results(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade-one", "small", "missing", "--results", "json"]) == 2
    assert capsys.readouterr().err == "examiner: missing is not a folder: name the folder of the submission.\n"
    assert not (root / "results.json").exists()
