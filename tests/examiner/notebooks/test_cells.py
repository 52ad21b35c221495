"""What each cell is, and what of it is Python."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from examiner.notebooks.cells import (
    answer_of,
    cells_of,
    fill_in,
    grade_id,
    is_bonus,
    kind_of,
    names_in,
    plain_python,
    points,
    read,
    solutions,
    unused_id,
    without_hidden,
)
from tests.examiner.small import cell, source_notebook

COURSE = ["setup", "double", "look", "test_double", "square", "test_square", "Net", "test_Net", "explain"]


def graded(make: Any, **flags: Any) -> NotebookNode:
    """A cell with nbgrader's metadata."""
    return make("x", metadata={"nbgrader": {"grade_id": "x", "schema_version": 3, **flags}})


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (graded(new_code_cell, grade=False, solution=False, locked=True), "given"),
        (graded(new_code_cell, grade=False, solution=True, locked=False), "answer"),
        (graded(new_code_cell, grade=True, solution=False, locked=True, points=1), "test"),
        (graded(new_code_cell, grade=True, solution=False, locked=False, points=1), "test"),
        (graded(new_markdown_cell, grade=True, solution=True, locked=False, points=1), "written"),
        (graded(new_code_cell, grade=True, solution=True, locked=False, points=1), "written"),
        (graded(new_markdown_cell, grade=False, solution=False, locked=True, task=True, points=4), "task"),
        (graded(new_code_cell, grade=False, solution=False, locked=False), "free"),
        (new_code_cell("x", metadata={"nbgrader": {}}), "free"),
        (new_code_cell("x", metadata={"nbgrader": ["of another tool"]}), "free"),
        (new_code_cell("x", metadata={"tags": ["skip-execution"]}), "training"),
        (NotebookNode(cell_type="code", metadata={"tags": None}), "free"),
    ],
)
def test_a_cell_is_what_its_metadata_says(made: NotebookNode, kind: str) -> None:
    assert kind_of(made) == kind


def test_cells_are_found_by_kind() -> None:
    assert [c.id for c in cells_of(source_notebook(), "answer", "free")] == ["double", "look", "square", "Net"]


def test_a_cell_says_its_name_points_and_whether_they_are_bonus() -> None:
    made = cell("test_double__more", "test", "1", tags=["bonus"])
    assert (grade_id(made), points(made), is_bonus(made)) == ("test_double__more", 4.0, True)
    assert answer_of("test_double__more") == answer_of("test_double") == "double"
    assert not is_bonus(cell("explain", "written", "why"))


def test_solutions_are_what_a_student_would_submit() -> None:
    found = solutions(source_notebook())
    assert sorted(found) == ["Net", "double", "explain", "square"]
    assert found["double"] == "def double(x):\n    return 2 * x"
    assert found["explain"] == "Because.\n"


def test_a_solution_without_markers_is_the_whole_cell() -> None:
    text = "### AUTOTEST double(2)\ndef double(x):\n    return 2 * x"
    assert solutions(new_notebook(cells=[cell("double", "answer", text)])) == {"double": text}


def test_what_is_hidden_is_left_out_as_in_the_release() -> None:
    hidden = "    ### BEGIN HIDDEN TESTS\nassert f() == 1\n### END HIDDEN TESTS\n"
    scheme = "### BEGIN MARK SCHEME\n2 points\n### END MARK SCHEME"
    assert without_hidden(f"check = 1\n{hidden}check\n{scheme}") == "check = 1\ncheck\n"


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("a\n# BEGIN MARK SCHEME x\nb\nc END MARK SCHEME d\ne", "a\ne"),
        ("a BEGIN HIDDEN TESTS b END HIDDEN TESTS c", ""),
        ("a\nBEGIN HIDDEN TESTS\nBEGIN MARK SCHEME\nb\nEND MARK SCHEME\nc", "a\nBEGIN HIDDEN TESTS\nc"),
        ("BEGIN MARK SCHEME\na", "BEGIN MARK SCHEME\na"),
        ("BEGIN MARK SCHEME\n" * 200_000, "BEGIN MARK SCHEME\n" * 200_000),  # minutes, if each looked for its end
        ("BEGIN MARK SCHEME BEGIN HIDDEN TESTS " * 100_000, "BEGIN MARK SCHEME BEGIN HIDDEN TESTS " * 100_000),
    ],
)
def test_what_is_hidden_ends_where_it_says(source: str, left: str) -> None:
    assert without_hidden(source) == left


def test_markers_are_found_as_nbgrader_finds_them() -> None:
    text = "def f():\n    # BEGIN SOLUTION here\n    return 1\n    # END SOLUTION\nf()"
    assert solutions(new_notebook(cells=[cell("f", "answer", text)])) == {"f": "def f():\n    return 1\nf()"}


def test_answers_are_filled_in_by_name() -> None:
    filled = fill_in(source_notebook(), {"double": "double = 2", "unknown": "1"})
    assert {c.id: c.source for c in filled.cells}["double"] == "double = 2"


# ------------------------------------------------------------------------------------------- read


def test_cells_of_an_old_notebook_get_the_same_ids_each_time(tmp_path: Path) -> None:
    notebook = source_notebook()
    for each in notebook.cells:
        del each["id"]
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps({**notebook, "nbformat": 4, "nbformat_minor": 0}))
    first = read(path)
    nbformat.validate(first)
    assert [c.id for c in first.cells] == [name if name != "look" else "cell-3" for name in COURSE]
    assert read(path) == first


def test_a_course_notebook_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "one.ipynb"
    path.write_text(nbformat.writes(source_notebook()), encoding="utf-8-sig")
    assert [c.id for c in read(path).cells] == COURSE


def test_ids_are_used_once() -> None:
    taken: set[str] = set()
    assert unused_id("mine", taken, "cell-1") == "mine"
    assert unused_id("mine", taken, "cell-2") != "mine"
    assert unused_id("not an id", taken, "cell-3") == "cell-3"
    assert unused_id(5, taken, "cell-4") == "cell-4"
    assert len({unused_id("same", taken, "x") for _ in range(5_000)}) == 5_000
    nbformat.validate(new_notebook(cells=[new_code_cell("", id=unused_id("a" * 64, taken, "x")) for _ in range(3)]))


# ----------------------------------------------------------------------------------- plain Python


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("%matplotlib inline\nx = 1", "\nx = 1"),
        ("  \n%load_ext autoreload\n%autoreload 2\nx = 1", "  \n\n\nx = 1"),
        ("!pip install numpy\nx = 1", "\nx = 1"),
        ("!pip install \\\n    numpy\nx = 1", "\n    pass\nx = 1"),
        ("np.mean?\nx = 1", "\nx = 1"),
        ("?np.mean\nx = 1", "\nx = 1"),
        ("if x:\n    %time f()\ny = 1", "if x:\n    pass\ny = 1"),
        ("x = %timeit -o f()\ny = 1", "x = None\ny = 1"),
        ("files = !ls\ny = 1", "files = None\ny = 1"),
        ("%%time\nx = 1", "\nx = 1"),
        ("\n%%capture out\n%%time\nx = 1", "\n\n\nx = 1"),
        ("%%time\n%matplotlib inline\nx = 1", "\n\nx = 1"),
        ("%%bash\nls\nrm x", "\n\n"),
        ("%%timeit\nx = 1", "\n"),
        ("%%writefile helper.py\nx = 1", "\n"),
        ("    x = 1\n    y = 2", "x = 1\ny = 2"),
        ('text = """\n%s is\n!not a command\n"""', 'text = """\n%s is\n!not a command\n"""'),
        ('%time f()\ntext = """\n%s is\n"""\n%time g()', '\ntext = """\n%s is\n"""\n'),
        ("%time f()\nx = (5\n% 3)", "\nx = (5\n% 3)"),
        ("%time f()\nx = 5 \\\n% 3", "\nx = 5 \\\n% 3"),
        ("%time f()\nx = 1  # really?\ny = 'a # b'", "\nx = 1  # really?\ny = 'a # b'"),
        ("", ""),
        ("%%time", ""),
        ("def f(:", "def f(:"),
    ],
)  # fmt: skip
def test_magics_are_left_out_and_python_stays(source: str, plain: str) -> None:
    assert plain_python(source) == plain


def test_names_in_a_cell_with_magics() -> None:
    assert names_in("%time f()\nx = double(y)") == {"x", "double", "y"}
    assert names_in("def f(:") == frozenset()
    assert names_in("\0") == frozenset()
    assert names_in("(" * 10_000) == frozenset()


@given(st.text(alphabet="%!?\\ \n\"'#()[]=ax1.", max_size=80))
@settings(max_examples=50, deadline=None)
def test_lines_keep_their_numbers(source: str) -> None:
    plain = plain_python(source)
    assert plain.count("\n") == source.count("\n")
    assert plain_python(plain).count("\n") == plain.count("\n")


@given(st.sampled_from(["x = [1,\n% 2]", "s = '''\n%a\n'''", "f()\n", "if x:\n    pass", "# !x\ny"]))
@settings(max_examples=20, deadline=None)
def test_what_is_python_already_is_not_touched(source: str) -> None:
    try:
        ast.parse(source)
    except SyntaxError:
        return
    assert plain_python(source) == source
