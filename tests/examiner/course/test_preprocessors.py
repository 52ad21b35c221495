"""The classes put in place of nbgrader's own, run by nbgrader itself on a tiny assignment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.api import Gradebook

from examiner.jobs import LOST, grade, merge
from examiner.notebooks import cells_of, grade_id, prepared_source, read
from examiner.outcome import NotebookOutcome, TestOutcome
from tests.conftest import ROOT, without_examiner
from tests.examiner.course.fakes import FakeGrader
from tests.examiner.small import run, submission, write_class, write_course

LEFT_TO_A_PERSON = "from examiner._exceptions import NeedsHumanError\nraise NeedsHumanError('by hand')"
CURVE = new_output("display_data", data={"text/plain": "the student's curve"})


def graded(grade_id: str, kind: str, source: str, **more: Any) -> NotebookNode:
    """A cell with nbgrader metadata."""
    flags = {
        "test": {"grade": True, "locked": True, "solution": False, "task": False, "points": 2},
        "answer": {"grade": False, "locked": False, "solution": True, "task": False},
        "written": {"grade": True, "locked": False, "solution": True, "task": False, "points": 3},
        "question": {"grade": False, "locked": True, "solution": False, "task": True, "points": 0},
        "task": {"grade": False, "locked": True, "solution": False, "task": True, "points": 4},
    }[kind]
    make = new_code_cell if kind in ("test", "answer") else new_markdown_cell
    metadata = {"nbgrader": {"grade_id": grade_id, "schema_version": 3, **flags}, **more}
    return make(source, id=grade_id, metadata=metadata)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Grades and notebook of one submission of a tiny assignment, graded by `nbgrader autograde`."""
    root = tmp_path_factory.mktemp("tiny")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    source = new_notebook(
        cells=[
            graded("double", "answer", "### BEGIN SOLUTION\ndouble = lambda x: 2 * x\n### END SOLUTION"),
            graded("test_double", "test", "assert double(2) == 4"),
            graded("test_human", "test", LEFT_TO_A_PERSON),
            new_code_cell("print('trained')", id="train", metadata={"tags": ["skip-execution"]}),
            graded("task", "task", "Do it."),
            graded("question_why", "question", "Why?\n### BEGIN MARK SCHEME\nBecause.\n### END MARK SCHEME"),
            graded("explain_why", "written", "### BEGIN SOLUTION\nBecause.\n### END SOLUTION"),
        ]
    )
    (root / "assignment" / "tiny").mkdir(parents=True)
    nbformat.write(source, root / "assignment" / "tiny" / "one.ipynb")
    run(root, "nbgrader", "generate_assignment", "tiny")

    submission = nbformat.read(root / "release" / "tiny" / "one.ipynb", as_version=4)
    by_id = {cell.id: cell for cell in submission.cells}
    by_id["double"].source = "double = lambda x: 2 * x"
    by_id["double"].metadata.tags = ["skip-execution"]
    by_id["test_double"].metadata.tags = ["skip-execution"]
    by_id["train"].outputs = [CURVE]
    by_id["explain_why"].source = "I think so."
    folder = root / "submitted" / "ada" / "tiny"
    folder.mkdir(parents=True)
    nbformat.write(submission, folder / "one.ipynb")
    run(root, "nbgrader", "autograde", "tiny")

    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        notebook = gradebook.find_submission_notebook("one", "tiny", "ada")
        grades = {g.name: (g.auto_score, g.needs_manual_grade) for g in notebook.grades}
    graded_notebook = nbformat.read(root / "autograded" / "ada" / "tiny" / "one.ipynb", as_version=4)
    return {"grades": grades, "cells": {cell.id: cell for cell in graded_notebook.cells}}.__getitem__


def test_a_tag_on_a_test_cell_or_an_answer_does_not_skip_it(outcome: Callable[[str], Any]) -> None:
    assert outcome("grades")["test_double"] == (2.0, False)
    assert outcome("cells")["test_double"].execution_count is not None


def test_the_curves_of_a_training_cell_stay_and_it_does_not_run(outcome: Callable[[str], Any]) -> None:
    assert outcome("cells")["train"].outputs == [CURVE]


def test_what_only_a_person_can_decide_is_left_to_one(outcome: Callable[[str], Any]) -> None:
    assert outcome("grades")["test_human"] == (None, True)
    assert outcome("grades")["explain_why"] == (None, True)


def test_a_question_of_no_points_needs_no_person_and_a_task_does(outcome: Callable[[str], Any]) -> None:
    assert outcome("grades")["question_why"] == (0.0, False)
    assert outcome("grades")["task"] == (None, True)


# -------------------------------------------------------------------- answers that cannot be found


def without_names(keep: str = "") -> NotebookNode:
    """A submission whose cells have lost their nbgrader metadata and ids; all but one have lost their text."""
    notebook = submission()
    for number, cell in enumerate(notebook.cells):
        kept = cell.id == keep
        cell.metadata, cell.id = NotebookNode(), f"cell-{number}"
        cell.source = cell.source if kept else "x = 1" if cell.cell_type == "code" else "text"
    return notebook


def test_an_answer_that_cannot_be_found_needs_a_person(tmp_path: Path) -> None:
    source = prepared_source(write_course(tmp_path) / "one.ipynb")
    merged = merge(source, without_names(keep="double"))
    lost = {grade_id(cell) for cell in merged.cells if LOST in cell.metadata}
    assert {"test_square", "test_Net"} <= lost
    assert "test_double" not in lost
    outcome = NotebookOutcome.from_json(grade(FakeGrader(), merged, "one", {}).metadata["examiner"])  # type: ignore[arg-type]
    assert (outcome.status, outcome.tests["test_double"].score) == ("partial", 4.0)
    assert outcome.tests["test_Net"] == TestOutcome(
        None,
        4.0,
        outcome.tests["test_Net"].checks,
        "partial",
        "no cell of the submission could be matched with Net",
    )


def test_a_deleted_cell_is_an_answer_that_was_not_given(tmp_path: Path) -> None:
    source = prepared_source(write_course(tmp_path) / "one.ipynb")
    submitted = submission()
    submitted.cells = [cell for cell in submitted.cells if cell.id != "double"]
    merged = merge(source, submitted)
    assert not [cell for cell in cells_of(merged, "test", "written") if LOST in cell.metadata]


# ------------------------------------------------------- `nbgrader autograde` compared with plain nbgrader


CLASS: dict[str, NotebookNode] = {
    "ada": submission(),
    "bob": submission({"double": "def double(x):\n    return x + x", "Net": "class Net:\n    pass"}),
    "cyd": submission({"square": "square_forward = lambda x: (x * x, x)\nsquare_backward = lambda dout, cache: dout"}),
    "dan": submission({"double": "def double(x):\n    raise ValueError('no')"}, "1 / 0"),
    "eve": submission({"double": "def double(x) return", "explain": "It is so."}),
    "fay": submission({"double": "def double(x):\n    x *= 2\n    return x"}, "print('hello')", after="double"),
}


def marks(root: Path) -> dict[str, dict[str, tuple[float | None, bool]]]:
    """Automatic score of every cell of every student, and whether a human is needed."""
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        return {
            submission.student.id: {
                grade.name: (grade.auto_score, bool(grade.needs_manual_grade))
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in gradebook.assignment_submissions("small")
        }


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class, graded by `nbgrader autograde` through the examiner."""
    root = tmp_path_factory.mktemp("examined")
    write_class(root, CLASS)
    run(root, "nbgrader", "generate_assignment", "small")
    shutil.copytree(root, root.with_name("plain"))
    run(root, "nbgrader", "autograde", "small")
    return root


def test_plain_nbgrader_gives_the_same_marks_in_every_cell(examined: Path) -> None:
    plain = examined.with_name("plain")
    config = plain / "nbgrader_config.py"
    config.write_text(without_examiner(config.read_text()))
    run(plain, "nbgrader", "autograde", "small")
    assert marks(plain) == marks(examined)
    assert marks(examined)["ada"]["test_Net"] == (4.0, False)


def test_feedback_is_made_from_what_the_examiner_wrote(examined: Path) -> None:
    run(examined, "nbgrader", "generate_feedback", "small")
    page = (examined / "feedback" / "dan" / "small" / "one.html").read_text()
    assert "Failed check" in page
    assert "Your code raised ValueError: no" in page
    assert "cell double, line 2, in double" in page


COMMENT = """You wrote **this**:

<img src=x onerror=alert(1)> <IMG SRC=x ONERROR=alert(2)>
[see](javascript:alert(3)) <a href="javascript:alert(4)">here</a> <svg/onload=alert(5)>
<https://example.org> `<b>` and $a<b$

<script>alert(6)</script>
"""


def test_a_grader_s_comment_is_text(examined: Path) -> None:
    with Gradebook(f"sqlite:///{examined}/gradebook.db") as gradebook:
        for name in ("double", "explain"):
            gradebook.find_comment(name, "one", "small", "fay").manual_comment = COMMENT
        gradebook.db.commit()
    run(examined, "nbgrader", "generate_feedback", "small", "--student", "fay", "--force")
    page = (examined / "feedback" / "fay" / "small" / "one.html").read_text()
    assert page.count("<strong>this</strong>") == 2
    lower = page.lower()
    assert not re.search(r"<[^>]*\bon(?:error|load)=", lower)
    assert not re.search(r"<a[^>]*javascript:", lower)
    assert "<script>alert(6)" not in lower
    assert lower.count('href="https://example.org"') == 2


def test_the_seed_and_the_outcome_are_in_the_graded_notebook(examined: Path) -> None:
    content = read(examined / "autograded" / "ada" / "small" / "one.ipynb").metadata["examiner"]
    assert content["seed"] == 231
    assert content["isolation"] == "none"
    assert content["tests"]["test_double"]["score"] == 4.0


def test_nbgrader_without_bubblewrap_refuses_and_writes_nothing(tmp_path: Path) -> None:
    write_class(tmp_path, {"ada": CLASS["ada"]})
    config = tmp_path / "nbgrader_config.py"
    config.write_text(config.read_text().replace('c.Examiner.isolation = "none"', ""))
    run(tmp_path, "nbgrader", "generate_assignment", "small")
    hidden = "import shutil; real = shutil.which; shutil.which = lambda n, *a, **k: None if n == 'bwrap' else real(n)"
    call = [sys.executable, "-c", f"{hidden}; from nbgrader.apps.nbgraderapp import main; main()"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([*call, "autograde", "small"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "nothing was graded. bubblewrap (bwrap) is missing: install it" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert not list((tmp_path / "autograded").glob("*/*"))
