"""What each cell of a notebook is, in the words of the course's vocabulary."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import nbformat
from nbformat import NotebookNode

Kind = Literal["given", "answer", "test", "written", "task", "free", "training"]

TRAINING_TAG = "skip-execution"
BONUS_TAG = "bonus"
SOLUTION = re.compile(r"[ \t]*### BEGIN SOLUTION\n(.*?)[ \t]*### END SOLUTION\n?", re.DOTALL)
STUB = re.compile(r"\n[ \t]*raise NotImplementedError\(\"Exercise [^\n]*")


def kind_of(cell: NotebookNode) -> Kind:
    """The kind of a cell, from its nbgrader metadata (empty is as good as missing) and tags."""
    nbgrader = cell.metadata.get("nbgrader")
    if not nbgrader:
        return "training" if TRAINING_TAG in cell.metadata.get("tags", []) else "free"
    if nbgrader.get("task"):
        return "task"
    if nbgrader.get("grade"):
        return "written" if nbgrader.get("solution") else "test"
    return "answer" if nbgrader.get("solution") else "given"


def cells_of(notebook: NotebookNode, *kinds: Kind) -> Iterator[NotebookNode]:
    """Yield the cells of the given kinds, in order."""
    return (cell for cell in notebook.cells if kind_of(cell) in kinds)


def is_bonus(cell: NotebookNode) -> bool:
    """Whether the points of a test cell or written answer count on top of the rest."""
    return BONUS_TAG in cell.metadata.get("tags", [])


def grade_id(cell: NotebookNode) -> str:
    """The cell's grade_id."""
    return str(cell.metadata.nbgrader.grade_id)


def points(cell: NotebookNode) -> float:
    """The points of a test cell or written answer."""
    return float(cell.metadata.nbgrader.points)


def answer_of(test: str) -> str:
    """The answer that a test cell belongs to: ``test_<answer>`` or ``test_<answer>__<what>``."""
    return test.removeprefix("test_").split("__")[0]


@functools.lru_cache(maxsize=4096)
def names_in(source: str) -> frozenset[str]:
    """All names in a piece of Python; none where it does not parse."""
    try:
        nodes = ast.walk(ast.parse(source))
    except SyntaxError:
        return frozenset()
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name))


def read(path: Path) -> NotebookNode:
    """Read a notebook of the course."""
    return nbformat.read(path, as_version=4)


def solutions(source: NotebookNode) -> dict[str, str]:
    """The reference's answers and written answers, as a student would hand them in.

    Returns
    -------
    dict of str to str
        By grade_id: the cell's source without solution markers, and without the
        line that says the exercise is not done.
    """
    cells = cells_of(source, "answer", "written")
    return {grade_id(cell): STUB.sub("", SOLUTION.sub(r"\1", cell.source)) for cell in cells}


def fill_in(release: NotebookNode, filled: dict[str, str]) -> NotebookNode:
    """Write answers into a released notebook's cells, by grade_id, and return it."""
    for cell in cells_of(release, "answer", "written"):
        cell.source = filled.get(grade_id(cell), cell.source)
    return release
