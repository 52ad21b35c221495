"""`examiner report`, as far as it is printing."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from examiner.cli.report import _print, as_table
from examiner.outcome import Mark, StudentOutcome
from examiner.pages.report.class_report import ClassReport, Row
from examiner.pages.report.similar import Pair


@pytest.fixture
def report() -> ClassReport:
    """A report of three students: one graded, one late, one without a mark."""

    def row(student: str, status: str, mark: Mark) -> Row:
        reason = None if status == "graded" else "no"
        return Row(student, status, reason, StudentOutcome("graded", reason, {}, {"01_one": mark}), 0, None)

    rows = (
        row("ada", "graded", Mark(12.25, 14.0, 1.0)),
        row("[red]bob\x1b[2J", "graded", Mark(5.5, 14.0, 0.0, 2.5)),
        row("zoe", "failed", Mark(None, 14.0)),
    )
    return ClassReport("small", "today", ("none",), (231,), {}, {"01_one": 14.0}, rows, (), (), ())


def test_every_row_is_in_the_table(report: ClassReport) -> None:
    text = StringIO()
    Console(file=text, width=100).print(as_table(report))
    words = [line.split() for line in text.getvalue().splitlines() if line.strip()]
    assert ["ada", "graded", "12.2", "12.2", "1", "0"] in words
    assert ["zoe", "failed", "–", "–", "0", "0"] in words
    assert ["[red]bob\N{REPLACEMENT CHARACTER}[2J", "graded", "5.5", "5.5", "0", "-2.5"] in words


def test_eight_notebooks_fit_into_a_terminal(report: ClassReport) -> None:
    marks = {f"{number:02}_notebook": Mark(12.5, 14.0, 1.5, 2.5) for number in range(8)}
    row = Row("student_01", "graded", None, StudentOutcome("graded", None, {}, marks, hours_late=37.1), 0, None)
    text = StringIO()
    Console(file=text, width=80).print(as_table(replace(report, notebooks=dict.fromkeys(marks, 14.0), rows=(row,))))
    assert ["student_01", "graded", *["12.5"] * 8, "100", "12", "37.1", "-20"] in map(
        str.split, text.getvalue().splitlines()
    )


def test_not_all_of_many_pairs_are_printed(report: ClassReport, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = tuple(Pair(f"answer_{number}", ("ada", "zoe"), ("x", "x"), 100.0) for number in range(23))
    _print(replace(report, similar=pairs), Path("small.html"), Path("small.json"))
    said = capsys.readouterr().out
    assert said.count("for a person to look at: ada and zoe") == 20
    assert "and 3 more pairs of similar answers, in the report" in said
