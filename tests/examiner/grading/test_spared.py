"""Which of the course's own cells need not run."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from examiner.grading.spared import may_draw, spared
from examiner.notebooks import prepared_source
from examiner.notebooks.cells import read
from examiner.settings import Figures
from tests.examiner.grading.test_notebook import FULL, OPTIONS
from tests.examiner.small import cell, grade, grader_of, scores, write_course

SHOWS = new_output("stream", name="stdout", text="shown")
RAISED = new_output("error", ename="ValueError", evalue="no", traceback=[])
ANSWER = "def double(x):\n    return 2 * x"


def spared_of(
    *own: str, answer: str = ANSWER, theirs: str = "", error: bool = False, loaders: tuple[str, ...] = ()
) -> set[str]:
    """The course's own cells, of those between an answer and a cell of the student's, that need not run."""
    given = cell(
        "given",
        "given",
        "import numpy as np\nfrom tools import load_weather\ndata = np.ones(3)\nweather = load_weather()",
    )
    cells = [new_code_cell(source, id=f"own-{number}") for number, source in enumerate(own)]
    source = new_notebook(cells=[given, cell("double", "answer", ANSWER), *cells])
    notebook = copy.deepcopy(source)
    for each in notebook.cells[2:]:
        each.outputs = [RAISED if error else SHOWS]
    notebook.cells[1].source = answer
    notebook.cells.append(new_code_cell(theirs, id="theirs"))
    places = {each.id: each.source for each in cells}
    return {places[name] for name in spared(notebook, source, loaders)}


@pytest.mark.parametrize(
    "own",
    [
        "print(double(3))",
        "rng = np.random.default_rng(0)\nprint(double(rng.normal(size=3)))",
        "x = 1\nx += 1\nprint([double(y) for y in range(x)])",
        "print(double(data))",
    ],
)
def test_a_cell_that_only_shows_what_answers_do_is_spared(own: str) -> None:
    assert spared_of(own) == {own}


def test_cells_that_only_spared_cells_need_are_spared() -> None:
    own = "def slope(f):\n    return f(1) - f(0)", "steepest = slope(double)", "print(steepest)"
    assert spared_of(*own) == set(own)
    assert spared_of(*own, theirs="print(slope(double))") == set(own[1:])
    assert spared_of(*own, theirs="print(steepest)") == set()  # the last one may have changed it


@pytest.mark.parametrize(
    ("own", "answer", "theirs"),
    [
        ("rate = 2\nprint(rate)", "def double(x):\n    return rate * x", ""),
        ("rate = 2\nprint(rate)", "def double(x):\n    def inner():\n        return rate\n    return inner() * x", ""),
        ("rate = 2\nprint(rate)", ANSWER, "for _ in range(3):\n    print([rate for each in 'ab'])"),
        ("rate = 2\nprint(rate)", ANSWER, "rate += 1"),
        ("rate = 2\nprint(rate)", ANSWER, "if double(1) == 3:\n    rate = 1\nprint(rate)"),
        ("def set_rate():\n    global rate\n    rate = 2\nset_rate()\nprint(1)", ANSWER, "print(rate)"),
        ("import math\nprint(math.pi)", ANSWER, "print(math.tau)"),
        ("data[0] = 5\nprint(data)", ANSWER, "print(data)"),  # it may have changed what the other one uses
        ("print(double(data))", "def double(x):\n    return x + data", ""),
        ("rate = 2\nprint(rate)", ANSWER, "print(globals()['rate'])"),
        ("rate = 2\nprint(rate)", "def double(x):\n    return eval('rate') * x", ""),
        ("rate = 2\nprint(rate)", ANSWER, "%timeit rate"),
        ("rate = 2\nprint(rate)", ANSWER, "print(("),
        ("np.random.seed(0)\nprint(np.random.rand())", ANSWER, ""),
        ("np.save('x.npy', data)\nprint('saved')", ANSWER, ""),
    ],
)
def test_a_cell_on_which_another_may_depend_runs(own: str, answer: str, theirs: str) -> None:
    assert spared_of(own, answer=answer, theirs=theirs) == set()


def test_a_name_that_a_cell_binds_first_is_not_another_cells() -> None:
    own = "rate = 2\nprint(rate)"
    assert spared_of(own, theirs="rate = 3\nprint(rate)") == {own}
    assert spared_of(own, answer="def double(x):\n    rate = 2\n    rate *= 1\n    return rate * x") == {own}


def test_what_a_loader_returns_cannot_be_changed() -> None:
    own, answer = "print(weather.rain.mean())", "def double(x):\n    return 2 * x + weather.rain"
    assert spared_of(own, answer=answer) == set()
    assert spared_of(own, answer=answer, loaders=("load_weather",)) == {own}
    assert spared_of("print(data)", answer=f"{answer} + data", loaders=("load_weather",)) == set()
    for theirs in ("weather = 3", "load_weather = dict"):
        assert spared_of(own, answer=answer, theirs=theirs, loaders=("load_weather",)) == set()


@pytest.mark.parametrize(
    ("source", "draws"),
    [
        ("guess = {'a': 1}\nprint(np.max([1, 2]), math.pi, double(3))", False),
        ("def show(x):\n    print(x)", False),
        ("plots.digits(1)", True),
        ("def show(x):\n    plots.digits(x)", True),
        ("view(3)", True),
        ("plt.plot([1, 2])", True),
        ("import matplotlib.pyplot as plt", True),
        ("%pylab inline", True),
        ("%timeit 1", True),  # what cannot be read may do anything
        ("print((", True),
    ],
)
def test_free_cells_may_draw_that_use_what_is_imported(source: str, draws: bool) -> None:
    given = cell("given", "given", "import math\nimport numpy as np\nfrom toolkit import plots, show as view")
    free = new_code_cell(source, id="free")
    notebook = new_notebook(cells=[given, cell("double", "answer", "def double(x):\n    return plots"), free])
    if "plt." in source:
        notebook.cells[0].source += "\nimport seaborn as plt"
    assert may_draw(notebook, ()) is draws
    assert may_draw(notebook, {"free"}) is ("matplotlib" in source or "pylab" in source)


def test_a_cell_that_ended_in_an_error_or_was_not_run_runs() -> None:
    own = "print(double(3))"
    assert spared_of(own, error=True) == set()
    source = new_notebook(cells=[cell("double", "answer", ANSWER), new_code_cell(own)])
    assert not spared(source, source)


@pytest.mark.parametrize(("figures", "changed"), [("submitted", False), ("submitted", True), ("drawn", False)])
def test_a_spared_cell_keeps_what_the_student_saw(figures: Figures, changed: bool, tmp_path: Path) -> None:
    """The kernel would print another text than the submission has."""
    source = write_course(tmp_path)
    path = source / "one.ipynb"
    notebook = read(path)
    own = new_code_cell("print('run again')", id="own")
    notebook.cells.append(own)
    nbformat.write(notebook, path)
    handed_in = prepared_source(path)
    for each in handed_in.cells:
        if each.metadata.get("nbgrader", {}).get("grade_id") in ("double", "square", "Net"):
            each.source = next(c.source for c in read(path).cells if c.id == each.id).replace("raise Not", "Not")
    last = handed_in.cells[-1]
    last.outputs = [new_output("stream", name="stdout", text="the student's run\n")]
    if changed:
        last.source += "  # mine"
    with grader_of(source, replace(OPTIONS, figures=figures)) as grader:
        outcome, graded = grade(grader, handed_in)
    assert scores(outcome) == FULL
    texts = "".join(each.text for each in graded.cells[-1].outputs)
    kept = "the student's run\n(The output of the student's own run, as submitted.)\n"
    assert texts == (kept if figures == "submitted" and not changed else "run again\n")
