"""Scores in files: the columns that platforms import, everybody once, and no formula in a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from examiner._exceptions import ExaminerError
from examiner.cli.main import main
from examiner.exchange import Person, Roster, exported, read_roster
from examiner.outcome import Mark, StudentOutcome
from tests.examiner.course.fakes import Grading
from tests.examiner.exchange.test_roster import CANVAS
from tests.examiner.small import run

MARKS = {"one": Mark(30.0, 40.0), "two": Mark(10.0, 10.0, bonus=5.0, penalty=2.5), "three": Mark(None, 0.0)}
OUTCOMES = {
    "ada": StudentOutcome("graded", None, {}, MARKS, hours_late=7.25),
    "cyd": StudentOutcome(
        "failed", "=HYPERLINK(1)", {}, {name: Mark(None, mark.max_score) for name, mark in MARKS.items()}
    ),
}


def rows(form: str, roster: Roster | None = None) -> list[list[str]]:
    """The exported file's cells."""
    return list(csv.reader(io.StringIO(exported(form, "ps1", OUTCOMES, roster))))


@pytest.fixture
def canvas(tmp_path: Path) -> Roster:
    """What Canvas exports."""
    path = tmp_path / "canvas.csv"
    path.write_text(CANVAS)
    return read_roster(path)


def test_a_spreadsheet_has_everything() -> None:
    head, ada, cyd = rows("csv")
    assert dict(zip(head, ada, strict=True)) == {
        "student_id": "ada", "name": "", "email": "", "section": "", "status": "graded", "score": "40",
        "out_of_100": "80",
        "bonus": "5", "hours_late": "7.25", "late_penalty": "2.5", "one": "30", "two": "10", "three": "", "reason": "",
    }  # fmt: skip
    assert cyd[4:7] == ["failed", "", ""]
    assert cyd[-1] == "'=HYPERLINK(1)"


def test_who_submitted_nothing_has_a_line_too(canvas: Roster) -> None:
    head, ada, bob, cyd = rows("csv", canvas)
    assert [row[0] for row in (ada, bob, cyd)] == ["ada", "bob", "cyd"]
    assert ada[1:4] == ["Lovelace, Ada", "", "A"]
    assert bob[4] == "absent"
    assert len(head) == len(ada) == len(bob)


def test_canvas_finds_its_own_columns_and_assignment(canvas: Roster) -> None:
    assert rows("canvas", canvas) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "ps1 (4711)"],
        ["    Points Possible", "", "", "", "", "100"],
        ["Lovelace, Ada", "11", "u1", "ada", "A", "90"],  # with the bonus
        ["Babbage, Bob", "12", "u2", "bob", "B", ""],
    ]
    for roster in (None, Roster({"ada": Person("ada")}, ("student_id",))):
        with pytest.raises(ExaminerError, match=r"Canvas's own export"):
            rows("canvas", roster)


def test_moodle_has_a_column_for_whom_and_one_for_the_score() -> None:
    assert rows("moodle") == [
        ["Username", "Email address", "ps1", "ps1 (feedback)"],
        ["ada", "", "90", "one: 30 of 40; two: 10 of 10; bonus: 5; late: 7.25 h; late penalty: -2.5"],
        ["cyd", "", "-", "one: - of 40; two: - of 10"],
    ]


def test_no_cell_becomes_a_formula_where_it_is_split() -> None:
    _, ada, _ = rows("csv", Roster({"ada": Person("ada", "x;=1", "y, -2")}))
    assert ada[1:3] == ["x;'=1", "y, '-2"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_name_is_a_formula(name: str) -> None:
    people = {"ada": Person("ada", name, name, name)}
    _, ada, _ = rows("csv", Roster(people))
    assert all(cell.startswith("'") for cell in ada[1:4])


def test_the_command_writes_the_file_and_says_what_it_lacks(
    root: Path, grade_all: Grading, capsys: pytest.CaptureFixture[str]
) -> None:
    grade_all()
    (root / "roster.csv").write_text("student_id,name\nada,Ada\nzoe,Zoe\n")
    assert main(["export", "small", "--roster", "roster.csv"]) == 0
    said = capsys.readouterr().out
    assert "not on the roster: bob" in said
    assert "2 answers need manual grading: they count 0 points in this file." in said
    assert "Scores of 2 students: small-csv.csv" in said
    written = list(csv.DictReader(io.StringIO((root / "small-csv.csv").read_text())))
    assert [(row["student_id"], row["status"]) for row in written] == [
        ("ada", "graded"),
        ("zoe", "absent"),
        ("bob", "graded"),
    ]
    assert main(["export", "small", "--format", "canvas"]) == 2
    assert main(["export", "small", "--roster", "none.csv", "--output", "other.csv"]) == 2
    assert "none.csv cannot be read" in capsys.readouterr().err


@pytest.mark.slow
def test_nbgrader_exports_the_same(root: Path, grade_all: Grading) -> None:
    grade_all()
    (root / "canvas_roster.csv").write_text(CANVAS)
    for name in ("Csv", "Canvas", "Moodle"):
        form, own, theirs = name.lower(), root / "own.csv", root / "theirs.csv"
        roster = ["--roster", "canvas_roster.csv"]
        assert main(["export", "small", "--format", form, *roster, "--output", str(own)]) == 0
        exporter = [f"--exporter=examiner.plugin.{name}Export", f"--{name}Export.roster=canvas_roster.csv"]
        run(root, "nbgrader", "export", *exporter, "--assignment", "['small']", "--to", str(theirs))
        assert theirs.read_bytes() == own.read_bytes()
    run(root, "nbgrader", "export", "--exporter=examiner.plugin.MoodleExport", "--student", "['ada']")
    assert "bob" not in (root / "small-moodle.csv").read_text()
    run(root, "nbgrader", "export", "--exporter=examiner.plugin.CanvasExport", status=1)  # it needs a roster
    assert not (root / "small-canvas.csv").exists()
