"""How alike two answers are, whatever the names of their variables and the order of their statements.

An answer becomes its statements, each in a canonical form: names that the answer itself binds are all the same name,
comments, annotations and docstrings are gone, and spaces and brackets are Python's own.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator

__all__ = ["canonical", "fingerprints", "length"]

MIN_LENGTH = 9
"""Characters of a canonical statement; a shorter one (``return v``) says nothing about where it comes from."""
ANY = "v"
MAX_CHARACTERS = 50_000


def canonical(source: str) -> list[str]:
    """Give the statements of an answer in canonical form, in their order.

    Parameters
    ----------
    source : str
        Python; what cannot be parsed has no statements.
    """
    if len(source) > MAX_CHARACTERS:
        return []
    try:
        nodes = list(ast.walk(ast.parse(source)))
        _give_one_name(nodes)
        return [text for text in _texts(nodes) if len(text) >= MIN_LENGTH]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _fingerprint(statement: str) -> str:
    """A short hash of a canonical statement, the same in every process, and its length: ``"1f0c24d8e7:31"``."""
    digest = hashlib.sha256(statement.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{digest[:10]}:{len(statement)}"


def length(fingerprint: str) -> int:
    """Characters of the statement that a hash was made from."""
    return int(fingerprint.partition(":")[2])


def fingerprints(source: str) -> tuple[str, ...]:
    """Hashes of an answer's statements, each of them once, in their order.

    Parameters
    ----------
    source : str
    """
    return tuple(dict.fromkeys(map(_fingerprint, canonical(source))))


def _give_one_name(nodes: list[ast.AST]) -> None:
    """Give all names that are bound in some nodes one name, and remove the annotations of parameters."""
    bound = {each.id for each in nodes if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    bound |= {each.arg for each in nodes if isinstance(each, ast.arg)}
    bound |= {each.name for each in nodes if isinstance(each, ast.FunctionDef)}
    for each in nodes:
        if isinstance(each, ast.Name) and each.id in bound:
            each.id = ANY
        elif isinstance(each, ast.arg):
            each.arg, each.annotation = ANY, None


def _texts(nodes: list[ast.AST]) -> Iterator[str]:
    """Simple statements, and the heads of compound ones."""
    for node in nodes:
        match node:
            case ast.If(test=test) | ast.While(test=test):
                yield f"{type(node).__name__} {ast.unparse(test)}"
            case ast.For(target=target, iter=of) | ast.AsyncFor(target=target, iter=of):
                yield f"for {ast.unparse(target)} in {ast.unparse(of)}"
            case ast.With(items=items) | ast.AsyncWith(items=items):
                yield f"with {', '.join(map(ast.unparse, items))}"
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield ast.unparse(ast.Assign([target], value, lineno=0))
            case ast.AnnAssign():
                continue
            case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Import() | ast.ImportFrom() | ast.Raise():
                continue
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef() | ast.Try() | ast.TryStar() | ast.Match():
                continue
            case ast.stmt():
                yield ast.unparse(node)
