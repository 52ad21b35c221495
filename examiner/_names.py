"""What the cells of a notebook are, by nbgrader's metadata, and what names answers define."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal

from nbformat import NotebookNode

__all__ = ["Kind", "defined_names", "kind_of", "statements"]

Kind = Literal["text", "given", "answer", "written", "test", "task", "training", "free"]
TRAINING_TAG = "skip-execution"


def kind_of(cell: NotebookNode) -> Kind:
    """What a cell is; DESIGN section 2 has the words."""
    grading = cell.metadata.get("nbgrader") or {}
    if grading.get("task"):
        return "task"
    if grading.get("grade"):
        return "written" if grading.get("solution") else "test"
    if grading.get("solution"):
        return "answer"
    if cell.cell_type != "code":
        return "text"
    if grading.get("locked"):
        return "given"
    return "training" if TRAINING_TAG in cell.metadata.get("tags", []) else "free"


def defined_names(notebook: NotebookNode) -> dict[str, bool]:
    """Names that the answer cells of a source notebook define; True where they can be called."""
    names: dict[str, bool] = {}
    for cell in notebook.cells:
        if kind_of(cell) == "answer" and cell.cell_type == "code":
            for node in statements(cell.source):
                names |= dict(_bound(node))
    return names


def statements(source: str) -> list[ast.stmt]:
    """The statements of a cell without its magics; none where it is no Python."""
    plain = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n"))
    try:
        return ast.parse(plain).body
    except SyntaxError:
        return []


def _bound(node: ast.stmt) -> Iterator[tuple[str, bool]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name, True
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Name):
                    yield part.id, isinstance(node.value, ast.Lambda)
