"""Names that the answer cells of a source notebook define: proxies take their place in tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from nbformat import NotebookNode

from examiner.notebooks.cells import MAX_PYTHON, THEIRS, Kind, cells_of, parsed, plain_python

__all__ = ["defined_names", "imports", "is_blank", "names_defined_by", "statements", "words"]

_DEFINITION = re.compile(
    r"^(?:async +)?(?:def|class) +(\w+)|^([^\W\d]\w*(?: *, *[^\W\d]\w*){0,20}) *(?::[^=\n]{0,200})?=(?!=)", re.MULTILINE
)


def defined_names(notebook: NotebookNode) -> dict[str, bool]:
    """Give the names that the answer cells of a source notebook define, and those of code that is graded by hand.

    Parameters
    ----------
    notebook : NotebookNode
        A source notebook.

    Returns
    -------
    dict of str to bool
        True where what has the name can be called.
    """
    names: dict[str, bool] = {}
    for cell in cells_of(notebook, *THEIRS):
        if cell.cell_type == "code":
            for name, callable_ in _bound(statements(cell.source), names):
                names[name] = names.get(name, False) or callable_
    return names


def imports(notebook: NotebookNode, *kinds: Kind) -> list[str]:
    """Give the import statements at the top level of some cells of a source notebook.

    Parameters
    ----------
    notebook : NotebookNode
        A source notebook.
    *kinds : str
        Kinds of the cells.

    Returns
    -------
    list of str
        In the order of the notebook.
    """
    return [  # most cells import nothing, and need not be parsed
        ast.unparse(node)
        for cell in cells_of(notebook, *kinds)
        if cell.cell_type == "code" and "import" in cell.source
        for node in statements(cell.source)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def is_blank(source: str) -> bool:
    """Whether nothing has been written into the functions of a cell: they only say that they are not implemented.

    Parameters
    ----------
    source : str
        An answer cell's source.
    """
    nodes = [node for part in statements(source) for node in ast.walk(part)]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return bool(functions) and all(map(_says_nothing, functions))


def _says_nothing(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return all(isinstance(node, ast.Pass) or _is_ellipsis(node) or _is_not_implemented(node) for node in body)


def _is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def _is_not_implemented(node: ast.stmt) -> bool:
    return isinstance(node, ast.Raise) and node.exc is not None and "NotImplementedError" in ast.unparse(node.exc)


def statements(source: str) -> list[ast.stmt]:
    """Give the statements of a cell without its magics; none where it is not Python."""
    return parsed(plain_python(source)) or []


def names_defined_by(source: str) -> set[str]:
    """Give the names that a cell seems to define at its top level, whether it parses or not."""
    return {
        name.strip()
        for function, targets in _DEFINITION.findall(source[:MAX_PYTHON])
        for name in (function or targets).split(",")
    }


def words(source: str) -> set[str]:
    """Give all words of a cell that may be names."""
    return set(re.findall(r"[^\W\d]\w*", source))


def _bound(body: Iterable[ast.stmt], known: dict[str, bool]) -> Iterator[tuple[str, bool]]:
    """Names that statements bind in the namespace that they run in, and whether these can be called."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, True
            continue
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        callable_ = isinstance(value, ast.Lambda) or (isinstance(value, ast.Name) and known.get(value.id, False))
        for part in _own_parts(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                yield part.id, callable_
        yield from _bound(_blocks(node), known)


def _own_parts(node: ast.AST) -> Iterator[ast.AST]:
    """Parts of a statement that are run in its own namespace: neither its blocks, nor bodies of functions."""
    for child in ast.iter_child_nodes(node):
        scope = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
        if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case | scope):
            yield child
            yield from _own_parts(child)


def _blocks(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements inside a compound one."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body
