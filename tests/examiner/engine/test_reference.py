"""The reference answers: in the engine's child, and where an author tries out a hidden test."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from examiner._exceptions import EngineError
from examiner.engine import Engine
from tests.conftest import ROOT
from tests.examiner.engine.conftest import INSIDE
from tests.examiner.small import write_course, write_plain_course, write_toolkit_course

CALL = f"{INSIDE}:reference_of"
READS_AHEAD = """
from types import SimpleNamespace
ahead = []
def answers(notebook, folder=None):
    return SimpleNamespace(told=lambda x: f"{notebook} of {folder.name}, read ahead: {', '.join(ahead)}")
def read_ahead(notebook, folder=None):
    ahead.append(notebook)
"""


def test_in_a_child_with_the_courses_toolkit(engine: Engine) -> None:
    with engine.fork() as child:
        assert child.call(CALL, "one", "double", 3) == 6


def test_in_a_child_without_a_toolkit(plain: Engine, tmp_path: Path) -> None:
    with plain.fork(tmp_path) as child:  # wherever a test runs
        assert child.call(CALL, "squares", "sum_of_squares", 2) == 5


def test_a_toolkit_need_not_read_notebooks_nor_be_called_toolkit(tmp_path: Path) -> None:
    assignment = write_toolkit_course(tmp_path, 1.0)
    (assignment.source / "helpers.py").touch()
    notebook = nbformat.read(assignment.source / "one.ipynb", as_version=4)
    notebook.cells[1].source = notebook.cells[1].source.replace("told():", "told(x):").replace("toolkit.VALUE", "x + 1")
    nbformat.write(notebook, assignment.source / "one.ipynb")
    for name in ("toolkit", "helpers"):
        with Engine(replace(assignment, toolkit=name)) as engine, engine.fork() as child:
            assert child.call(CALL, "one", "told", 1) == 2


def test_a_notebook_that_does_not_exist_is_named(plain: Engine) -> None:
    with plain.fork() as child, pytest.raises(EngineError, match="CourseNotFoundError: No notebook 'gone'"):
        child.call(CALL, "gone", "f", 1)


def test_a_corrected_notebook_is_read_again(tmp_path: Path) -> None:
    assignment = write_plain_course(tmp_path)
    path = assignment.source / "squares.ipynb"
    with Engine(assignment) as engine, engine.fork() as child:
        assert child.call(CALL, "squares", "scaled", 1) == 0.5
        path.write_text(path.read_text().replace("rate = 0.5", "rate = 0.25"))
        os.utime(path, ns=(1, 1))
        assert child.call(CALL, "squares", "scaled", 1) == 0.25


def test_what_the_warm_process_has_prepared_is_there_in_each_child(engine: Engine, tmp_path: Path) -> None:
    assignment = write_toolkit_course(tmp_path, 1.0)
    path = assignment.source / "one.ipynb"
    (assignment.source / "toolkit" / "earlier.py").write_text(READS_AHEAD)
    with Engine(assignment) as own:
        own.warm("examiner.engine:prepare_reference", "one")
        for _ in range(2):
            with own.fork() as child:
                assert child.call(CALL, "one", "told", 3) == f"one of {path.parent.name}, read ahead: one"
    engine.warm("examiner.engine:prepare_reference", "gone")  # what is wrong, tests will say
    with engine.fork() as child:
        assert child.call(CALL, "one", "double", 3) == 6


def test_a_notebook_that_was_read_ahead_and_corrected_is_read_again(tmp_path: Path) -> None:
    assignment = write_toolkit_course(tmp_path, 1.0)
    path = assignment.source / "one.ipynb"
    for name in ("earlier", "shapes", "likeness"):
        text = (ROOT / f"assignment/neural_networks/toolkit/{name}.py").read_text()
        (assignment.source / "toolkit" / f"{name}.py").write_text(text)
    path.write_text(path.read_text().replace("told():", "told(x):").replace("toolkit.VALUE", "x + 1"))
    with Engine(assignment) as engine:
        engine.warm("examiner.engine:prepare_reference", "one")
        with engine.fork() as child:
            assert child.call(CALL, "one", "told", 1) == 2
        path.write_text(path.read_text().replace("x + 1", "x + 10"))
        with engine.fork() as child:
            assert child.call(CALL, "one", "told", 1) == 11


def run(folder: Path, code: str) -> str:
    """Run code as an author's own kernel would, in an assignment's folder."""
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", f"from examiner.reference import reference_answers\n{code}"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("step", ["source", "assignment", "material"])
def test_in_a_plain_process_inside_a_courses_folder(step: str, tmp_path: Path) -> None:
    assignment = write_plain_course(tmp_path)
    if step != "source":
        assignment.source.parent.rename(tmp_path / step)
        config = f"c = get_config()\nc.CourseDirectory.source_directory = {step!r}\n"
        (tmp_path / "nbgrader_config.py").write_text(config)
    assert run(tmp_path / step / "plain", "print(reference_answers('squares').squares(2))") == "[1, 4]\n"


def test_in_a_plain_process_with_a_toolkit(tmp_path: Path) -> None:
    source = write_course(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.source_directory = 'assignment'\n"
        "c.Examiner.assignments = {'small': {'toolkit': 'toolkit'}}\n"
    )
    assert run(source, "print(reference_answers('one').double(4))") == "8\n"


def test_outside_a_course_it_says_what_is_missing(tmp_path: Path) -> None:
    assert "CourseNotFoundError" in run(tmp_path, "reference_answers('one')")
