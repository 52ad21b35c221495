"""Item analysis: difficulty, discrimination, and what the best students fail."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from examiner.outcome import NotebookOutcome, StudentOutcome, TestOutcome
from examiner.pages.report.item_analysis import TestRow, analyzed

NAMES = "test_fair", "test_odd", "test_all"


def student(*scores: float | None, isolation: str = "none") -> StudentOutcome:
    """The outcome of someone with these scores, of 1 point each."""
    tests = {name: TestOutcome(score, 1.0) for name, score in zip(NAMES, scores, strict=True)}
    return StudentOutcome("graded", None, {"one": NotebookOutcome("graded", None, tests, isolation=isolation)})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source notebook with three tests."""
    cells = []
    for name in NAMES:
        cell = new_code_cell("")
        cell.metadata["nbgrader"] = {"grade_id": name, "grade": True, "solution": False, "points": 1, "locked": True}
        cells.append(cell)
    nbformat.write(new_notebook(cells=cells), tmp_path / "one.ipynb")
    return tmp_path / "one.ipynb"


def rows(source: Path, *students: StudentOutcome) -> dict[str, TestRow]:
    return {row.name: row for row in analyzed([source], {f"s{number}": each for number, each in enumerate(students)})}


def test_good_and_bad_tests_are_told_apart(source: Path) -> None:
    # The better a student is at the others, the better at test_fair and the worse at test_odd.
    found = rows(
        source, *(student(x, y, 1.0) for x, y in ((1, 0), (1, 0), (1, 0.5), (1, 0), (0, 1), (0, 1), (0, 0.5), (0, 1)))
    )
    fair, odd, all_of_them = (found[name] for name in NAMES)
    assert fair.share == 0.5
    # By hand: test_odd against test_fair, 8 values each: covariance -0.25 * 0.75, deviations 0.5 and sqrt(0.1875).
    assert odd.discrimination == pytest.approx(-0.1875 / (0.5 * 0.1875**0.5))
    assert odd.surprising
    assert all_of_them.discrimination is None  # everybody has it
    assert (all_of_them.full, all_of_them.none, all_of_them.best) == (8, 0, 1.0)
    assert not all_of_them.surprising


def test_a_correlation_that_chance_makes_is_not_surprising(source: Path) -> None:
    # By hand: test_odd against test_fair, covariance -1/12, deviations 1/2 and sqrt(5/36).
    found = rows(source, *(student(x, y, 1) for x, y in ((1, 1), (1, 1), (1, 0), (0, 1), (0, 1), (0, 1))))
    assert found["test_odd"].discrimination == pytest.approx(-1 / 12 / (1 / 2 * (5 / 36) ** 0.5))
    assert not found["test_odd"].surprising


def test_what_the_best_quarter_fails_is_surprising(source: Path) -> None:
    students = [student(1, 0.2, 1) for _ in range(3)] + [student(0, 0.1, 1) for _ in range(9)]
    odd = rows(source, *students)["test_odd"]
    assert odd.best == pytest.approx(0.2)
    assert odd.discrimination == pytest.approx(1.0)
    assert odd.surprising


def test_only_those_who_submitted_it_count(source: Path) -> None:
    found = rows(source, student(1, 1, None), student(0, 0, 0, isolation=""))
    assert (found["test_fair"].students, found["test_fair"].share) == (1, 1.0)
    assert (found["test_all"].undecided, found["test_all"].share) == (1, None)


def test_few_students_say_nothing_about_a_test(source: Path) -> None:
    found = rows(source, *(student(x, x, x) for x in (0, 1, 1, 0)))
    assert {(row.discrimination, row.best) for row in found.values()} == {(None, None)}
    assert not any(row.surprising for row in found.values())
