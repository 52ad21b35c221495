"""The sample class, graded by nbgrader: the score of every student in every test cell."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from examiner.cells import cells_of, grade_id, kind_of, points
from examiner.sample_class import Student, write_submissions
from misconceptions.students import STUDENTS
from tests.conftest import ROOT

Scores = dict[str, dict[str, float | None]]


def grade(students: list[Student], root: Path, parameters: Path) -> Scores:
    """Scores of some students, by test cell, graded in a course of their own."""
    write_submissions(
        students,
        source=ROOT / "assignment" / "neural_networks",
        release=ROOT / "release" / "neural_networks",
        submitted=root / "submitted",
        parameters=parameters,
    )
    for command in ("generate_assignment", "autograde", "generate_feedback"):
        call = [sys.executable, "-m", "nbgrader", command, "neural_networks", "--force"]
        done = subprocess.run(call, cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-4000:]
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        return {
            submission.student.id: {g.name: g.auto_score for n in submission.notebooks for g in n.grades}
            for submission in gradebook.assignment_submissions("neural_networks")
        }


@pytest.fixture(scope="module")
def roots(course: Callable[[], Path]) -> list[Path]:
    """Two courses: each grades half of the class, at the same time."""
    return [course(), course()]


@pytest.fixture(scope="module")
def scores(roots: list[Path], parameters: Path) -> Scores:
    """Scores of the whole class."""
    halves = [list(STUDENTS[half::2]) for half in (0, 1)]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(grade, halves, roots, [parameters] * 2)
    return first | second


@pytest.fixture(params=STUDENTS, ids=lambda student: student.name)
def student(request: pytest.FixtureRequest) -> Student:
    """Each sample student in turn."""
    found = request.param
    assert isinstance(found, Student)
    return found


def hands_in(student: Student, notebook: str) -> bool:
    """Whether a student has written anything into a notebook."""
    return not student.blank and (student.notebooks is None or notebook in student.notebooks)


def test_every_test_cell_scores_what_it_must(
    student: Student, scores: Scores, notebooks: dict[str, NotebookNode]
) -> None:
    full = {
        grade_id(cell): points(cell) if hands_in(student, name) else 0.0
        for name, notebook in notebooks.items()
        for cell in cells_of(notebook, "test")
    }
    unknown = set(student.expected) - set(full)
    assert not unknown
    received = {name: scores[student.name][name] for name in full}
    wrong = {
        name: (received[name], value)
        for name, value in (full | dict(student.expected)).items()
        if received[name] != pytest.approx(value, abs=1e-3)
    }
    assert not wrong, f"(received, expected): {wrong}"


def test_written_answers_wait_for_a_person_and_questions_do_not(
    scores: Scores, notebooks: dict[str, NotebookNode]
) -> None:
    for notebook in notebooks.values():
        for cell in cells_of(notebook, "task", "written"):
            expected = 0.0 if kind_of(cell) == "task" else None
            assert scores["reference"][grade_id(cell)] == expected
            assert scores["blank"][grade_id(cell)] == 0.0


def test_there_is_feedback_for_every_notebook_handed_in(roots: list[Path], scores: Scores) -> None:
    for student in STUDENTS:
        (root,) = (root for root in roots if (root / "submitted" / student.name).is_dir())
        handed_in = {path.stem for path in (root / "submitted" / student.name).rglob("*.ipynb")}
        assert {path.stem for path in (root / "feedback" / student.name).rglob("*.html")} == handed_in


def test_feedback_shows_results_and_neither_hidden_tests_nor_mark_schemes(roots: list[Path], scores: Scores) -> None:
    pages = [path.read_text(encoding="utf-8") for root in roots for path in (root / "feedback").rglob("*.html")]
    title = "hidden: regularization of the weights of the last layer"  # of the one that report_bug fails
    assert any(title in page for page in pages)
    for page in pages:
        assert not [words for words in ("reference_answers", "HIDDEN TESTS", "MARK SCHEME") if words in page]


def test_the_students_own_curves_are_in_the_graded_notebook(
    course: Callable[[], Path], parameters: Path
) -> None:
    root = course()
    write_submissions(
        [STUDENTS[0]],
        source=ROOT / "assignment" / "neural_networks",
        release=ROOT / "release" / "neural_networks",
        submitted=root / "submitted",
        parameters=parameters,
    )
    path = root / "submitted" / STUDENTS[0].name / "neural_networks" / "06_mnist.ipynb"
    for other in path.parent.glob("*.ipynb"):
        if other.stem[:2] in ("07", "08"):
            other.unlink()
    notebook = nbformat.read(path, as_version=4)
    training = [cell for cell in notebook.cells if kind_of(cell) == "training"]
    curve = nbformat.v4.new_output("display_data", data={"image/png": "aGVsbG8=", "text/plain": "a curve"})
    training[0].outputs = [curve]
    nbformat.write(notebook, path)
    for command in ("generate_assignment", "autograde"):
        call = [sys.executable, "-m", "nbgrader", command, "neural_networks", "--force"]
        subprocess.run(call, cwd=root, check=True, capture_output=True)
    graded = nbformat.read(root / "autograded" / STUDENTS[0].name / "neural_networks" / "06_mnist.ipynb", as_version=4)
    (kept,) = (cell for cell in graded.cells if cell.id == training[0].id)
    assert kept.outputs == [curve]
