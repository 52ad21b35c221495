"""The classes put in place of nbgrader's own, run by nbgrader itself on a tiny assignment."""

from __future__ import annotations

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

from examiner.course.preprocessors import KeepTrainingOutput
from examiner.notebooks.cells import kind_of
from tests.conftest import ROOT

LEFT_TO_A_PERSON = "from examiner._exceptions import NeedsHumanError\nraise NeedsHumanError('by hand')"
CURVE = new_output("display_data", data={"text/plain": "the student's curve"})


def graded(grade_id: str, kind: str, source: str, **more: Any) -> NotebookNode:
    """A cell with nbgrader metadata."""
    flags = {
        "test": {"grade": True, "locked": True, "solution": False, "task": False, "points": 2},
        "answer": {"grade": False, "locked": False, "solution": True, "task": False},
        "written": {"grade": True, "locked": False, "solution": True, "task": False, "points": 3},
        "task": {"grade": False, "locked": True, "solution": False, "task": True, "points": 0},
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
            graded("question_why", "task", "Why?\n### BEGIN MARK SCHEME\nBecause.\n### END MARK SCHEME"),
            graded("explain_why", "written", "### BEGIN SOLUTION\nBecause.\n### END SOLUTION"),
        ]
    )
    (root / "assignment" / "tiny").mkdir(parents=True)
    nbformat.write(source, root / "assignment" / "tiny" / "one.ipynb")
    run(root, "generate_assignment")

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
    run(root, "autograde")

    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        notebook = gradebook.find_submission_notebook("one", "tiny", "ada")
        grades = {g.name: (g.auto_score, g.needs_manual_grade) for g in notebook.grades}
    graded_notebook = nbformat.read(root / "autograded" / "ada" / "tiny" / "one.ipynb", as_version=4)
    return {"grades": grades, "cells": {cell.id: cell for cell in graded_notebook.cells}}.__getitem__


def run(root: Path, command: str) -> None:
    """Run one nbgrader command in a course."""
    subprocess.run([sys.executable, "-m", "nbgrader", command, "tiny"], cwd=root, check=True, capture_output=True)


def test_a_tag_on_a_test_cell_or_an_answer_does_not_skip_it(outcome: Callable[[str], Any]) -> None:
    assert outcome("grades")["test_double"] == (2.0, False)
    assert outcome("cells")["test_double"].execution_count is not None


def test_the_curves_of_a_training_cell_stay_and_it_does_not_run(outcome: Callable[[str], Any]) -> None:
    assert outcome("cells")["train"].outputs == [CURVE]


def test_what_only_a_person_can_decide_is_left_to_one(outcome: Callable[[str], Any]) -> None:
    assert outcome("grades")["test_human"] == (None, True)
    assert outcome("grades")["explain_why"] == (None, True)


def test_a_task_cell_needs_no_human(outcome: Callable[[str], Any]) -> None:
    assert outcome("grades")["question_why"] == (0.0, False)


@pytest.mark.parametrize("metadata", [{}, {"nbgrader": {}}])
def test_a_training_cell_is_what_the_whole_examiner_takes_for_one(metadata: dict[str, Any]) -> None:
    cell = new_code_cell("train()", outputs=[CURVE], metadata={"tags": ["skip-execution"], **metadata})
    kept, _ = KeepTrainingOutput().preprocess_cell(cell, {}, 0)
    assert kind_of(kept) == "training"
    assert kept.outputs == [CURVE]


def test_outputs_of_all_other_cells_are_cleared() -> None:
    cell = new_code_cell("1", outputs=[CURVE])
    locked = graded("test_double", "test", "1", tags=["skip-execution"])
    locked.outputs = [CURVE]
    for dirty in (cell, locked):
        clean, _ = KeepTrainingOutput().preprocess_cell(dirty, {}, 0)
        assert clean.outputs == []
        assert clean.metadata.get("tags", []) == []
