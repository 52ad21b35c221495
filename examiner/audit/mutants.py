"""Wrong answers derived mechanically from the reference: one small change of its syntax tree each.

Operators, constants, axes, signs, comparisons, dropped statements, swapped arguments and the
like.  No mutant is made of annotations, docstrings, error messages, ``__repr__``, or of what the
catalogue declares to be the student's own choice.
"""

from __future__ import annotations

import ast
import copy
import difflib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Mutant", "mutants"]


@dataclass(frozen=True)
class Mutant:
    """The reference of one answer with one change.

    Attributes
    ----------
    notebook, answer : str
    number : int
        Its place among the mutants of its answer.
    source : str
    diff : str
        The lines that differ from the reference.
    """

    notebook: str
    answer: str
    number: int
    source: str = field(repr=False)
    diff: str

    def added(self) -> tuple[str, ...]:
        """The lines that the reference does not have."""
        return tuple(line[1:].strip() for line in self.diff.split("\n") if line.startswith("+"))


def mutants(notebook: str, answer: str, source: str, own_choice: Collection[str] = ()) -> list[Mutant]:
    """All mutants of an answer.

    Parameters
    ----------
    notebook, answer : str
    source : str
        The reference.
    own_choice : collection of str
        What each student decides; see `examiner.diagnosis.entries.Catalogue.own_choice`.
    """
    tree = _plain(ast.parse(source))
    before = ast.unparse(tree)
    found = dict.fromkeys(after for after in _changed(tree, own_choice) if after != before)
    return [
        Mutant(notebook, answer, number, after, _diff(before, after)) for number, after in enumerate(found, start=1)
    ]


def _plain(tree: ast.Module) -> ast.Module:
    """The tree without docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


# ------------------------------------------------------------------------- where to change

Place = tuple[ast.AST, str, int | None, ast.AST]
"""A node and where it hangs: its parent, the field, the index in it, itself."""


def _places(node: ast.AST, own_choice: Collection[str]) -> Iterator[Place]:
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        several = isinstance(value, list)
        for index, child in enumerate(value if several else [value]):
            if isinstance(child, ast.AST) and not _left_alone(child, node, own_choice):
                yield node, name, index if several else None, child
                yield from _places(child, own_choice)


def _left_alone(node: ast.AST, parent: ast.AST, own_choice: Collection[str]) -> bool:
    if isinstance(node, ast.FunctionDef):
        return node.name == "__repr__"
    if isinstance(parent, ast.Raise) or (isinstance(parent, ast.JoinedStr) and isinstance(node, ast.Constant)):
        return True
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) in own_choice
    if isinstance(node, ast.List | ast.IfExp) and ast.unparse(node).startswith("["):
        return "[...]" in own_choice
    return isinstance(node, ast.keyword) and node.arg in own_choice


def _changed(tree: ast.Module, own_choice: Collection[str]) -> Iterator[str]:
    """Sources of all trees with one change."""
    for number, (_, _, _, node) in enumerate(list(_places(tree, own_choice))):
        for kind, change in CHANGES:
            if not isinstance(node, kind):
                continue
            for new in change(copy.deepcopy(node)):
                changed = copy.deepcopy(tree)
                parent, name, index, _ = list(_places(changed, own_choice))[number]
                if index is None:
                    setattr(parent, name, new)
                else:
                    getattr(parent, name)[index : index + 1] = [] if new is None else [new]
                source = _source(changed)
                if source is not None:
                    yield source


def _source(tree: ast.Module) -> str | None:
    """The source of a tree, where it is valid Python."""
    try:
        source = ast.unparse(ast.fix_missing_locations(tree))
        compile(source, "<mutant>", "exec")
    except (SyntaxError, ValueError, TypeError, AttributeError):
        return None
    return source


# --------------------------------------------------------------------------- what to change

Change = Callable[[Any], Iterator[ast.AST | None]]
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Pow: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.Lt), ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
FUNCTIONS = {
    "sum": "mean", "mean": "sum", "max": "min", "min": "max", "maximum": "minimum", "minimum": "maximum",
    "std": "var", "var": "std", "zeros": "ones", "zeros_like": "ones_like", "sqrt": "square", "sign": "abs",
    "normal": "uniform", "argmax": "argmin", "float32": "float64",
}  # fmt: skip


def _operator(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) in OPERATORS:
        yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)


def _operands(node: ast.BinOp) -> Iterator[ast.AST]:
    """One side dropped, or both swapped where that matters."""
    yield node.left
    yield node.right
    if not isinstance(node.op, ast.Add | ast.Mult):
        yield ast.BinOp(node.right, node.op, node.left)


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 2 if value else 0.1)
        yield ast.Constant(value / 2 if value else -0.1)
    elif isinstance(value, str):
        yield ast.Constant(value + "_")


def _sign(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _negated(node: ast.Assign | ast.Return) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.BinOp | ast.Call | ast.Name) and not isinstance(node.value, ast.Constant):
        node.value = ast.UnaryOp(ast.USub(), node.value)
        yield node


def _comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for new in COMPARISONS.get(type(node.ops[0]), ()):
        yield ast.Compare(node.left, [new(), *node.ops[1:]], node.comparators)


def _keyword(node: ast.keyword) -> Iterator[ast.AST | None]:
    """Another axis, or the keyword dropped."""
    if node.arg == "axis":
        yield ast.keyword(node.arg, ast.Constant(None))
    yield None


def _arguments(node: ast.Call) -> Iterator[ast.AST]:
    """Arguments swapped, the last one dropped, another function, or none."""
    first = node.args
    if len(first) > 1:
        yield ast.Call(node.func, [first[1], first[0], *first[2:]], node.keywords)
        yield ast.Call(node.func, first[:-1], node.keywords)
    if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) not in ("np", "self"):
        yield node.func.value  # x.reshape(...) becomes x
    if len(first) == 1 and not isinstance(first[0], ast.Starred):
        yield first[0]


def _attribute(node: ast.Attribute) -> Iterator[ast.AST]:
    if node.attr in FUNCTIONS:
        yield ast.Attribute(node.value, FUNCTIONS[node.attr], node.ctx)
    if node.attr == "T":
        yield node.value


def _choice(node: ast.IfExp) -> Iterator[ast.AST]:
    yield node.body
    yield node.orelse
    yield ast.IfExp(node.test, node.orelse, node.body)


def _boolean(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield from node.values
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def _branch(node: ast.If) -> Iterator[ast.AST]:
    yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    yield ast.If(ast.Constant(True), node.body, node.orelse)


def _statement(node: ast.stmt) -> Iterator[ast.AST]:
    yield ast.Pass()


def _subscript(node: ast.Subscript) -> Iterator[ast.AST]:
    if isinstance(node.ctx, ast.Load):
        yield node.value


def _tuple(node: ast.Tuple) -> Iterator[ast.AST]:
    if len(node.elts) > 1 and isinstance(node.ctx, ast.Load):
        yield ast.Tuple([node.elts[1], node.elts[0], *node.elts[2:]], node.ctx)


STATEMENTS = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.If, ast.For, ast.Raise, ast.Return)
CHANGES: tuple[tuple[type[Any] | tuple[type[Any], ...], Change], ...] = (
    (ast.BinOp, _operator), (ast.BinOp, _operands), (ast.Constant, _constant), (ast.UnaryOp, _sign),
    ((ast.Assign, ast.Return), _negated), (ast.Compare, _comparison), (ast.keyword, _keyword),
    (ast.Call, _arguments), (ast.Attribute, _attribute), (ast.IfExp, _choice), (ast.BoolOp, _boolean),
    (ast.If, _branch), (STATEMENTS, _statement), (ast.Subscript, _subscript), (ast.Tuple, _tuple),
)  # fmt: skip
