"""A small assignment in which the examiner is tested: two functions, a class, a written answer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets.config import Config

from examiner._exceptions import IsolationError
from examiner.assignment import Assignment
from examiner.grading import Grader
from examiner.notebooks import fill_in, merge, prepared_source, solutions
from examiner.outcome import NotebookOutcome
from examiner.sandbox import check_isolation
from examiner.settings import Options
from tests.conftest import ROOT, SOURCE


def _isolates() -> bool:
    try:
        check_isolation("bubblewrap")
    except IsolationError:
        return False
    return True


needs_bubblewrap = pytest.mark.skipif(not _isolates(), reason="bubblewrap is missing, or not allowed here")

CONFIG = """
c.Examiner.isolation = "none"
c.Examiner.assignments["small"] = {"toolkit": "toolkit", "environment": {"CHECKS_SEED": "{seed}"}, "files": ["w.npz"]}
"""
"""What is added to the course's nbgrader_config.py."""
FLAGS = {
    "given": {"grade": False, "locked": True, "solution": False, "task": False},
    "answer": {"grade": False, "locked": False, "solution": True, "task": False},
    "test": {"grade": True, "locked": True, "solution": False, "task": False, "points": 4},
    "task": {"grade": False, "locked": True, "solution": False, "task": True, "points": 0},
    "written": {"grade": True, "locked": False, "solution": True, "task": False, "points": 2},
}

SETUP = """
import numpy as np

from toolkit.checks import Checks, returned


def cases(rng):
    for shape in [(3,), (2, 4)]:
        yield rng.normal(size=shape)
"""
DOUBLE = """
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
    raise NotImplementedError("Exercise 1: write double")
"""
TEST_DOUBLE = """
check = Checks("double", points=4)
with check("by hand", weight=1) as c:
    c.close("out", double(np.array([1.0, -2.0])), [2.0, -4.0], tol=1e-9)
### BEGIN HIDDEN TESTS
from examiner.reference import reference_answers

with check.hidden("random inputs", weight=3) as c:
    for x in cases(c.rng):
        c.same(double, reference_answers("one").double, x, names="out", tol=1e-9)
### END HIDDEN TESTS
check.score
"""
SQUARE = """
def square_forward(x):
    ### BEGIN SOLUTION
    return x * x, x
    ### END SOLUTION
    raise NotImplementedError("Exercise 2: write square_forward")


def square_backward(dout, cache):
    ### BEGIN SOLUTION
    return 2 * dout * cache
    ### END SOLUTION
    raise NotImplementedError("Exercise 2: write square_backward")
"""
TEST_SQUARE = """
check = Checks("square", points=4)
with check("both ways", weight=1) as c:
    out, cache = square_forward(np.array([3.0]))
    c.close("out", out, [9.0], tol=1e-9)
    c.close("dx", square_backward(np.ones(1), cache), [6.0], tol=1e-9)
### BEGIN HIDDEN TESTS
with check.hidden("random inputs", weight=1) as c:
    for x in cases(c.rng):
        c.close("out", square_forward(x)[0], x**2, tol=1e-9)
### END HIDDEN TESTS
check.score
"""
NET = """
class Net:
    def __init__(self, size, rate=0.5):
        ### BEGIN SOLUTION
        self.rate = rate
        self.params = {"W": np.ones((size, 2)), "b": np.zeros(2)}
        return
        ### END SOLUTION
        raise NotImplementedError("Exercise 3: write Net")

    def loss(self, x, config=None):
        ### BEGIN SOLUTION
        if config is not None:
            config["steps"] = config.get("steps", 0) + 1
        out = x @ self.params["W"] + self.params["b"]
        return float(out.sum()), {"W": x.sum(axis=0)[:, None] * np.ones((1, 2)), "b": np.full(2, float(len(x)))}
        ### END SOLUTION
        raise NotImplementedError("Exercise 3: write Net.loss")
"""
TEST_NET = """
check = Checks("Net", points=4)
with check("as it is built", weight=1) as c:
    model = Net(3, rate=0.25)
    c.equal("rate", model.rate, 0.25)
    c.equal("parameters", sorted(model.params), ["W", "b"])
### BEGIN HIDDEN TESTS
with check.hidden("with other parameters", weight=3) as c:
    x = c.rng.normal(size=(4, 3))
    model.params["W"] = c.rng.normal(size=(3, 2))
    model.params["b"] = np.array([1.0, -1.0])
    config = returned({})
    loss, grads = model.loss(x, config)
    c.close("loss", loss, (x @ model.params["W"]).sum(), tol=1e-9)
    c.close("db", grads["b"], [4.0, 4.0], tol=1e-9)
    c.equal("steps", config, {"steps": 1})
### END HIDDEN TESTS
check.score
"""

SQUARES = "def squares(n):\n    return [number**2 for number in range(1, n + 1)]"
SUM_OF_SQUARES = "def sum_of_squares(n):\n    return sum(squares(n))"
FINDS_OUT = """
try:
    sum_of_squares(1)
except NameError:
    pass
else:
    raise AssertionError("sum_of_squares does not use squares")
"""
# As nbgrader's quickstart course has it: is the other function used?
TEST_SUM = (
    "original = squares\ndel squares\ntry:"
    + FINDS_OUT.replace("\n", "\n    ").rstrip()
    + "\nfinally:\n    squares = original"
)
PLAIN_TESTS = {
    "test_squares": "assert squares(2) == [1, 4]",
    "test_sum_of_squares": TEST_SUM,
    "test_sum_of_squares__not_put_back": "del squares" + FINDS_OUT,
    "test_sum_of_squares__back": "assert sum_of_squares(2) == 5",
    "test_scaled": "rate = 2.0\nassert scaled(3) == 6.0",
    "test_scaled__back": "assert scaled(3) == 1.5",
    "test_rate": "1.5 if rate == 0.5 else 0.0",
}

CATALOGUE = """
@catalogue.misconception("double", "It triples.")
def triples(x):
    return 3 * x

catalogue.change("square", "halved", "dx lacks its factor 2.", {"2 * dout * cache": "dout * cache"})

@catalogue.alternative("double", "added")
def added(x):
    return x + x
"""
"""For `write_catalogue`; tests add entries of their own."""


def cell(name: str, kind: str, source: str, **metadata: Any) -> NotebookNode:
    """A cell with nbgrader metadata."""
    make = new_markdown_cell if kind in ("written", "task") else new_code_cell
    grading = {"grade_id": name, "schema_version": 3, **FLAGS[kind]}
    return make(source.strip("\n"), id=name, metadata={"nbgrader": grading, **metadata})


def source_notebook() -> NotebookNode:
    """The source notebook."""
    return new_notebook(
        cells=[
            cell("setup", "given", SETUP),
            cell("double", "answer", DOUBLE),
            new_code_cell("shown = double(np.ones(2))", id="look"),
            cell("test_double", "test", TEST_DOUBLE),
            cell("square", "answer", SQUARE),
            cell("test_square", "test", TEST_SQUARE),
            cell("Net", "answer", NET),
            cell("test_Net", "test", TEST_NET),
            cell("explain", "written", "### BEGIN SOLUTION\nBecause.\n### END SOLUTION"),
        ]
    )


def write_course(root: Path) -> Path:
    """Write the assignment into a course's folders, and give its source folder."""
    source = root / "assignment" / "small"
    shutil.copytree(SOURCE / "toolkit", source / "toolkit", ignore=shutil.ignore_patterns("__pycache__"))
    nbformat.write(source_notebook(), source / "one.ipynb")
    return source


def plain_notebook() -> NotebookNode:
    """A source notebook as of any course: plain asserts, a number as the last line, no toolkit."""
    answers = {"squares": SQUARES, "sum_of_squares": SUM_OF_SQUARES, "rate": "rate = 0.5"}
    answers["scaled"] = "def scaled(x):\n    return rate * x"
    made = [cell("setup", "given", "import numpy as np")]
    made += [cell(name, "answer", f"### BEGIN SOLUTION\n{text}\n### END SOLUTION") for name, text in answers.items()]
    return new_notebook(cells=made + [cell(name, "test", text) for name, text in PLAIN_TESTS.items()])


def write_plain_course(root: Path) -> Assignment:
    """Write a course without toolkit and without an entry in its configuration; its assignment is called plain."""
    source = root / "source" / "plain"
    source.mkdir(parents=True)
    nbformat.write(plain_notebook(), source / "squares.ipynb")
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    return Assignment("plain", root, source)


def write_toolkit_course(root: Path, value: float) -> Assignment:
    """Write a course whose toolkit is one number, which its test gives as points."""
    source = root / "source" / "numbers"
    (source / "toolkit").mkdir(parents=True)
    (source / "toolkit" / "__init__.py").write_text(f"VALUE = {value}\n")
    test = "from toolkit import VALUE\nassert told() == VALUE\nVALUE"
    cells = [
        cell("setup", "given", "import toolkit"),
        cell("told", "answer", "### BEGIN SOLUTION\ndef told():\n    return toolkit.VALUE\n### END SOLUTION"),
        cell("test_told", "test", test),
    ]
    nbformat.write(new_notebook(cells=cells), source / "one.ipynb")
    return Assignment("numbers", root, source, "toolkit")


def write_catalogue(root: Path, text: str, package: str = "mistakes") -> None:
    """Write a catalogue of the small assignment into a course."""
    (root / package).mkdir()
    (root / package / "__init__.py").touch()
    (root / package / "one.py").write_text(
        f"import numpy as np\n\nfrom examiner.catalogue import Catalogue\n\ncatalogue = Catalogue('one')\n{text}"
    )


def write_release(source: Path) -> Path:
    """Write the release of a course's only notebook, and give its folder."""
    release = source.parents[1] / "release" / source.name
    shutil.copytree(source, release, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"))
    config = Config({"ClearSolutions": {"code_stub": {"python": "# YOUR CODE HERE"}}})
    nbformat.write(prepared_source(source / "one.ipynb", config), release / "one.ipynb")
    return release


def assignment_of(source: Path, files: tuple[str, ...] = (), catalogue: str | None = None) -> Assignment:
    """The small assignment, whose source is this folder."""
    environment = {"CHECKS_SEED": "{seed}", "NN_EARLIER_DIR": "{earlier}"}
    return Assignment(source.name, source.parents[1], source, "toolkit", catalogue, environment, files=files)


def grader_of(source: Path, options: Options, files: tuple[str, ...] = ()) -> Grader:
    """A grader of the small assignment."""
    return Grader(assignment_of(source, files), options)


def write_class(root: Path, students: dict[str, NotebookNode]) -> None:
    """Write a course with its submissions; the examiner in it isolates nothing, for speed."""
    write_course(root)
    config = (ROOT / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").write_text(config + CONFIG)
    for name, notebook in students.items():
        folder = root / "submitted" / name / "small"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "one.ipynb")


def make_too_deep(folder: Path) -> None:
    """Nest folders until their path is longer than the system takes."""
    here = os.getcwd()
    os.chdir(folder)
    try:
        for _ in range(45):
            os.mkdir("c" * 100)
            os.chdir("c" * 100)
    finally:
        os.chdir(here)


def run(root: Path, *command: str, status: int = 0) -> str:
    """Run a command in a course; what it wrote to stdout."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-m", *command], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == status, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def submission(answers: Mapping[str, str] | None = None, extra: str = "", *, after: str = "setup") -> NotebookNode:
    """What a student submits: the reference, with other answers and with a cell of their own."""
    source = source_notebook()
    notebook = fill_in(source, {**solutions(source), **(answers or {})})
    if extra:
        place = next(i for i, each in enumerate(notebook.cells) if each.id == after)
        notebook.cells.insert(place + 1, new_code_cell(extra, id="extra"))
    return notebook


def grade(
    grader: Grader, submitted: NotebookNode, files: Mapping[str, bytes] | None = None
) -> tuple[NotebookOutcome, NotebookNode]:
    """Grade a submission of the small assignment: the outcome, and the graded notebook."""
    notebook = merge(prepared_source(grader.assignment.source / "one.ipynb"), submitted)
    return grader.grade(notebook, "one", files or {}), notebook


def scores(outcome: NotebookOutcome) -> dict[str, float | None]:
    """Scores by test."""
    return {name: test.score for name, test in outcome.tests.items()}


def shown(notebook: NotebookNode, name: str) -> str:
    """All that a graded cell shows, as text."""
    found = next(each for each in notebook.cells if each.id == name)
    return "\n".join(str(dict(output)) for output in found.outputs)
