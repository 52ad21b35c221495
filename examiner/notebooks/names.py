"""Names that the answer cells of a source notebook define: proxies take their place in tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nbformat import NotebookNode

from examiner.notebooks.cells import cells_of

__all__ = ["defined_names", "statements", "used_names"]


def defined_names(notebook: NotebookNode) -> dict[str, bool]:
    """Names that the answer cells of a source notebook define; True where they can be called."""
    names: dict[str, bool] = {}
    for cell in cells_of(notebook, "answer"):
        for node in statements(cell.source):
            names |= dict(_bound(node))
    return names


def used_names(body: list[ast.stmt]) -> set[str]:
    """All names in some statements."""
    return {node.id for part in body for node in ast.walk(part) if isinstance(node, ast.Name)}


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
