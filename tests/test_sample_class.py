"""The sample class, graded by the examiner and by plain nbgrader: every student's score in every test cell."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from examiner.audit.students import Student, write_submissions
from examiner.notebooks.cells import cells_of, grade_id, kind_of, points
from misconceptions.students import STUDENTS
from tests.conftest import RELEASE, SOURCE, without_examiner

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CURVE = nbformat.v4.new_output("display_data", data={"image/png": DOT, "text/plain": "a curve"})


DRAWN_HERE = "reference"
"""The student whose figures are drawn while the submission is graded; the others submitted theirs, as students do."""


@dataclass(frozen=True)
class Graded:
    """A graded class: which way, in which folders, and every score by student and cell."""

    way: str
    roots: tuple[Path, ...]
    scores: dict[str, dict[str, float | None]]

    @property
    def examined(self) -> bool:
        """Whether the examiner graded."""
        return self.way == "examiner"

    def expected(self, student: Student) -> dict[str, float]:
        """What is expected of a student, graded this way, beyond full marks."""
        return {**student.expected, **(student.plain if self.way == "plain nbgrader" else {})}


def nbgrader(root: Path, command: str) -> None:
    """Run an nbgrader command in a course."""
    call = [sys.executable, "-m", "nbgrader", command, "neural_networks", "--force"]
    done = subprocess.run(call, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]


def grade(students: list[Student], root: Path, parameters: Path) -> dict[str, dict[str, float | None]]:
    """Scores of some students by cell, graded in a course of their own."""
    folders = {"source": SOURCE, "release": RELEASE, "submitted": root / "submitted", "parameters": parameters}
    write_submissions(students, **folders)
    for path in root.glob("submitted/*/neural_networks/*.ipynb"):
        add_outputs(path, executed=path.parts[-3] != DRAWN_HERE)
    for command in ("generate_assignment", "autograde", "generate_feedback"):
        nbgrader(root, command)
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        return {
            submission.student.id: {g.name: g.auto_score for n in submission.notebooks for g in n.grades}
            for submission in gradebook.assignment_submissions("neural_networks")
        }


def add_outputs(path: Path, *, executed: bool) -> None:
    """Put the output of a student's own run into a notebook's training cells, and into other cells that draw."""
    notebook = nbformat.read(path, as_version=4)
    drawn = [cell for cell in cells_of(notebook, "free") if executed and "plots." in cell.source]
    for cell in [*cells_of(notebook, "training"), *drawn]:
        cell.outputs = [CURVE]
    nbformat.write(notebook, path)


FEW = "reference", "report_bug", "blank"
"""Whom plain nbgrader grades in CI: it takes a minute for each."""
EVERYBODY = pytest.param("plain nbgrader, everybody", marks=pytest.mark.long)


@pytest.fixture(scope="module", params=["examiner", "plain nbgrader", EVERYBODY])
def graded(request: pytest.FixtureRequest, course: Callable[[], Path], parameters: Path) -> Graded:
    """The class, graded each way: two courses, half of the class in each, at the same time."""
    way, roots = request.param.partition(",")[0], (course(), course())
    students = [each for each in STUDENTS if request.param != "plain nbgrader" or each.name in FEW]
    if way == "plain nbgrader":
        for root in roots:
            config = root / "nbgrader_config.py"
            config.write_text(without_examiner(config.read_text()))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(grade, [students[half::2] for half in (0, 1)], roots, [parameters] * 2)
    return Graded(way, roots, first | second)


@pytest.fixture(params=STUDENTS, ids=lambda student: student.name)
def student(request: pytest.FixtureRequest, graded: Graded) -> Student:
    """Each sample student in turn."""
    found = request.param
    assert isinstance(found, Student)
    if found.name not in graded.scores:
        pytest.skip("plain nbgrader grades a few students here: `make test-all` has it grade everybody")
    return found


def hands_in(student: Student, notebook: str) -> bool:
    """Whether a student has written anything into a notebook."""
    return not student.blank and (student.notebooks is None or notebook in student.notebooks)


def test_every_test_cell_scores_what_it_must(
    student: Student, graded: Graded, notebooks: dict[str, NotebookNode]
) -> None:
    full = {
        grade_id(cell): points(cell) if hands_in(student, name) else 0.0
        for name, notebook in notebooks.items()
        for cell in cells_of(notebook, "test")
    }
    less = graded.expected(student)
    assert not set(less) - set(full)
    received = graded.scores[student.name]
    wrong = {
        name: (received[name], value)
        for name, value in (full | less).items()
        if received[name] != pytest.approx(value, abs=1e-3)
    }
    assert not wrong, f"(received, expected): {wrong}"


def test_written_answers_wait_for_a_person_and_questions_do_not(
    graded: Graded, notebooks: dict[str, NotebookNode]
) -> None:
    for notebook in notebooks.values():
        for cell in cells_of(notebook, "task", "written"):
            # Plain nbgrader lets a question of 0 points wait for a person, too.
            is_question = kind_of(cell) == "task"
            assert graded.scores["reference"][grade_id(cell)] == (0.0 if is_question and graded.examined else None)
            assert graded.scores["blank"][grade_id(cell)] == (None if is_question and not graded.examined else 0.0)


def test_there_is_feedback_for_every_submitted_notebook(graded: Graded) -> None:
    for root in graded.roots:
        for folder in (root / "submitted").iterdir():
            submitted = {path.stem for path in folder.rglob("*.ipynb")}
            assert submitted <= {path.stem for path in (root / "feedback" / folder.name).rglob("*.html")}


def test_feedback_shows_results_and_neither_hidden_tests_nor_mark_schemes(graded: Graded) -> None:
    # Plain nbgrader's feedback shows both.
    secrets = ["MARK SCHEME", "HIDDEN TESTS", "reference_answers"] if graded.examined else []
    pages = [path.read_text(encoding="utf-8") for root in graded.roots for path in (root / "feedback").rglob("*.html")]
    title = "regularization of the weights of the last layer"  # of the hidden block that report_bug fails
    assert any(title in page for page in pages)
    for page in pages:
        assert not [words for words in secrets if words in page]


def test_the_class_report_names_what_went_wrong(graded: Graded) -> None:
    root = next(root for root in graded.roots if (root / "submitted" / "report_bug").is_dir())
    call = [sys.executable, "-m", "examiner", "report", "neural_networks"]
    done = subprocess.run(call, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (root / "report" / "neural_networks.html").read_text(encoding="utf-8")
    assert "report_bug" in page
    if graded.examined:
        assert "last_layer_gradient_not_regularized" in page
    else:
        assert "not graded by the examiner yet" in page


def test_the_students_own_curves_stay_where_the_examiner_grades(graded: Graded) -> None:
    paths = [path for root in graded.roots for path in root.glob("autograded/*/neural_networks/06_mnist.ipynb")]
    assert paths
    for path in paths:
        training = list(cells_of(nbformat.read(path, as_version=4), "training"))
        assert training
        # Plain nbgrader clears what it does not run.
        assert all(cell.outputs == ([CURVE] if graded.examined else []) for cell in training), path
