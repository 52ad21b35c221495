"""nbgrader's own quickstart course, graded by the examiner with the marks that plain nbgrader gives.

Two notebooks of nbformat 4.0 in ``source/ps1``: plain asserts, a test that deletes an answer's name, unlocked tests,
a code cell that is graded by hand, written answers, a task of 4 points; no toolkit, no `Checks`, no catalogue.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook

from tests.conftest import ROOT, SWITCH, without_examiner
from tests.examiner.small import submission, write_class

LINE = f"from examiner.plugin import configure; {SWITCH}\n"
SQUARES = "def squares(n):\n    if n < 1:\n        raise ValueError(n)\n    return [i ** 2 for i in range(1, n + 1)]"
SUM = "def sum_of_squares(n):\n    return sum(squares(n))"
EQUATION = r"$\sum_{i=1}^n i^2$"
APPLICATION = "def pyramidal_number(n):\n    return sum_of_squares(n)"
TEXTS = {"sum_of_squares_equation": EQUATION, "part-a": "Fibonacci numbers.", "part-b": "Below zero."}
RIGHT = {"squares": SQUARES, "sum_of_squares": SUM, "sum_of_squares_application": APPLICATION, **TEXTS}
ALONE = "def sum_of_squares(n):\n    return n * (n + 1) * (2 * n + 1) // 6"
CLASS: Mapping[str, Mapping[str, str]] = {
    "right": RIGHT,
    "blank": {},
    "alone": RIGHT | {"sum_of_squares": ALONE},
    "wrong": RIGHT | {"squares": "def squares(n):\n    return [i ** 2 for i in range(n)]"},
    "broken": RIGHT | {"squares": "def squares(n) return"},
    "free": RIGHT,
}
FREE = "free"
"""The student who does the task in cells of their own, after it."""
BESIDE = "right", "alone"
"""The students who are graded together with another course."""
Marks = dict[str, dict[str, tuple[float | None, bool]]]


def run(root: Path, *command: str) -> None:
    """Run a command in a course."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-m", *command], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def marks(root: Path) -> Marks:
    """Automatic score of every cell of every student, and whether a person is needed."""
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        return {
            submitted.student.id: {
                grade.name: (grade.auto_score, bool(grade.needs_manual_grade))
                for notebook in submitted.notebooks
                for grade in notebook.grades
            }
            for submitted in gradebook.assignment_submissions("ps1")
        }


def fill_in(notebook: NotebookNode, student: str) -> NotebookNode:
    """A released notebook as a student submits it."""
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = CLASS[student].get(name, cell.source)
    if student == FREE:
        notebook.cells += [new_markdown_cell("An arithmetic sum."), new_code_cell("sum(range(10)) == 45")]
        for cell in notebook.cells[-2:]:
            del cell["id"]  # the course's notebooks are older than ids
    return notebook


def grade_beside(root: Path, *commands: tuple[Path, str]) -> None:
    """Grade assignments of several courses in one Python process, one after the other."""
    script = (
        "import os, sys\nfrom examiner.cli import main\n"
        "for folder, name in zip(sys.argv[1::2], sys.argv[2::2]):\n"
        "    os.chdir(folder)\n"
        "    assert main(['autograde', name, '--isolation', 'none', '--force']) == 0\n"
    )
    words = [word for folder, name in commands for word in (str(folder), name)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as `nbgrader quickstart` makes it, with the examiner's line and a class of submissions."""
    base = tmp_path_factory.mktemp("quickstart")
    run(base, "nbgrader", "quickstart", "course101")
    root = base / "course101"
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(f"\n{LINE}")
    run(root, "nbgrader", "generate_assignment", "ps1", "--force")
    for student in CLASS:
        folder = root / "submitted" / student / "ps1"
        shutil.copytree(root / "release" / "ps1", folder)
        for path in folder.glob("*.ipynb"):
            path.chmod(0o644)
            nbformat.write(fill_in(nbformat.read(path, as_version=4), student), path)
    return root


@pytest.fixture(scope="module")
def plain(quickstart: Path) -> Marks:
    """The marks that plain nbgrader gives."""
    root = quickstart.with_name("plain")
    shutil.copytree(quickstart, root)
    config = root / "nbgrader_config.py"
    config.write_text(without_examiner(config.read_text()))
    run(root, "nbgrader", "autograde", "ps1")
    return marks(root)


@pytest.fixture(scope="module")
def examined(quickstart: Path) -> Path:
    """The course, graded by the examiner."""
    root = quickstart.with_name("examined")
    shutil.copytree(quickstart, root)
    grade_beside(root, (root, "ps1"))
    return root


def test_plain_nbgrader_gives_what_the_class_was_made_for(plain: Marks) -> None:
    tests = "correct_squares", "squares_invalid_input", "correct_sum_of_squares", "sum_of_squares_uses_squares"
    assert {student: [found[test][0] for test in tests] for student, found in plain.items()} == {
        "right": [1.0, 1.0, 0.5, 0.5],
        "blank": [0.0, 0.0, 0.0, 0.0],
        "alone": [1.0, 1.0, 0.5, 0.0],
        "wrong": [0.0, 0.0, 0.0, 0.5],
        "broken": [0.0, 0.0, 0.0, 0.0],
        "free": [1.0, 1.0, 0.5, 0.5],
    }


@pytest.mark.parametrize("student", CLASS)
def test_the_examiner_gives_the_same_marks_in_every_cell(student: str, examined: Path, plain: Marks) -> None:
    assert marks(examined)[student] == plain[student]


def test_a_task_of_4_points_waits_for_a_person(examined: Path) -> None:
    task = "cell-938593c4a215c6cc"
    assert {found[task] for found in marks(examined).values()} == {(None, True)}


def test_free_cells_after_the_task_and_code_graded_by_hand_survive(examined: Path) -> None:
    cells = nbformat.read(examined / "autograded" / FREE / "ps1" / "problem1.ipynb", as_version=4).cells
    sources = [cell.source for cell in cells]
    assert sources[-2:] == ["An arithmetic sum.", "sum(range(10)) == 45"]
    assert APPLICATION in sources


@pytest.mark.parametrize("first", ["ps1", "small"])
def test_beside_another_course_in_one_process(first: str, quickstart: Path, plain: Marks, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    write_class(ours, {"ada": submission()})
    others = shutil.ignore_patterns(*(student for student in CLASS if student not in BESIDE))
    shutil.copytree(quickstart, theirs, ignore=others)
    commands = [(theirs, "ps1"), (ours, "small")]
    grade_beside(tmp_path, *(commands if first == "ps1" else reversed(commands)))
    assert marks(theirs) == {student: plain[student] for student in BESIDE}
    with Gradebook(f"sqlite:///{ours}/gradebook.db") as gradebook:
        assert gradebook.find_submission("small", "ada").score == 12.0


def test_the_report_reads_it(examined: Path) -> None:
    run(examined, "examiner", "report", "ps1")
    assert "right" in (examined / "report" / "ps1.html").read_text()
