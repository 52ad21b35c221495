"""`examiner audit`, as far as it is printing and parsing."""

from __future__ import annotations

from pathlib import Path

import pytest

from examiner.audit.auditor import Audit, Finding
from examiner.cli import audit, main
from tests.examiner.small import write_course

KILLED = Finding("01_layers", "relu_forward", "negated")
SURVIVED = Finding("01_layers", "relu_forward", "only_cached_wrong")


def test_there_is_a_line_for_each_problem(capsys: pytest.CaptureFixture[str]) -> None:
    audit._print(Audit(killed=[KILLED], survived=[SURVIVED]))
    said = capsys.readouterr().out
    assert "relu_forward:only_cached_wrong keeps full marks" in said
    assert "1 of 2 misconceptions lose points" in said


@pytest.mark.parametrize(("seconds", "slow"), [(301, True), (299, False)])
def test_a_slow_audit_says_so(seconds: float, slow: bool, capsys: pytest.CaptureFixture[str]) -> None:
    audit._print(Audit(seconds=seconds))
    assert ("took longer than 5 minutes" in capsys.readouterr().out) is slow


@pytest.mark.parametrize(
    ("entry", "said"),
    [("{}", "small has no catalogue"), ('{"catalogue": "wrong_answers"}', "no folder wrong_answers")],
)
def test_an_assignment_without_a_catalogue_is_one_sentence(
    entry: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_course(tmp_path)
    lines = [
        "c = get_config()",
        "c.CourseDirectory.source_directory = 'assignment'",
        f"c.Examiner.assignments = {{'small': {entry}}}",
    ]
    (tmp_path / "nbgrader_config.py").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    assert main(["audit", "small"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
