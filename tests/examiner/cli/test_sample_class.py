"""`examiner sample-class`, as far as it is printing and parsing."""

from __future__ import annotations

import pytest

from examiner.assignment import Assignment
from examiner.audit.sample_class import Drawn
from examiner.cli import main
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--students", "0"], "A class has at least one student"),
        (["--students", "2", "--parameters", "/nowhere"], "No trained parameters (*.npz) in /nowhere."),
    ],
)
def test_wrong_usage_is_one_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample-class", "neural_networks", *arguments]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line


def test_it_says_what_was_written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {}

    def write_class(assignment: Assignment, count: int, **options: object) -> Drawn:
        asked.update(options, assignment=assignment.name, count=count)
        return Drawn("2026-03-01", assignment.root / ".cache" / "expected.json")

    monkeypatch.setattr("examiner.audit.write_class", write_class)
    assert main(["sample-class", "neural_networks", "--students", "3", "--seed", "5"]) == 0
    assert asked == {"assignment": "neural_networks", "count": 3, "seed": 5, "parameters": None}
    said = capsys.readouterr().out
    assert said.startswith("Running the catalogue's answers: a few minutes the first time.")
    assert "3 students in submitted/, due 2026-03-01" in said
    assert "Their expected scores: .cache/expected.json" in said
