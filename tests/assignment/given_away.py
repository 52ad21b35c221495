"""Finds test cells that read what they have given to an answer, without running them.

In plain nbgrader an answer shares its process with the tests, so an argument is whatever the answer has made of it.
A test that reads it afterwards measures by what it gave away.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["GivenAway", "given_away"]

COPYING = {"same", "raises", "quiet"}
"""Methods of a block that give copies to answers."""
VIEWS = {"reshape", "ravel", "view", "squeeze", "transpose", "swapaxes", "get", "values", "items"}
IMMUTABLE = {"float", "int", "str", "bool", "len", "range", "slice", "type", "returned", "reference_answers"}


@dataclass(frozen=True)
class GivenAway:
    """A name that is read after it was given to an answer."""

    name: str
    given: int
    """Line of the call."""
    read: int
    """Line of the first read after it; for a loop, in its next round."""

    def __str__(self) -> str:
        return (
            f"line {self.read} reads {self.name}, which line {self.given} has given to an answer: give a copy "
            f"({self.name}.copy(), deepcopy({self.name})), or returned(...) to read what the answer changes"
        )


def given_away(source: str, answers: Collection[str], helpers: str = "") -> list[GivenAway]:
    """Return the names that a test cell reads after it has given them to an answer.

    Parameters
    ----------
    source : str
        The test cell.
    answers : collection of str
        Names that answers define.
    helpers : str
        Source of the provided cells: what their functions pass on counts as given.
    """
    cell, provided = ast.parse(source), ast.parse(helpers)
    defined = [node for tree in (provided, cell) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    parameters = {each.name: [a.arg for a in each.args.args] for each in defined}
    walk = _Walk(set(answers), parameters, _leaks(defined, parameters, answers, own_callables=True))
    walk.direct = _leaks(defined, parameters, answers, own_callables=False)
    walk.statements([each for each in provided.body if isinstance(each, ast.Import | ast.ImportFrom)])
    walk.statements(cell.body)
    return list(dict.fromkeys(walk.found))


def _leaks(
    functions: Sequence[ast.FunctionDef],
    parameters: Mapping[str, Sequence[str]],
    answers: Collection[str],
    own_callables: bool,
) -> dict[str, set[str]]:
    """For each function, its parameters that reach an answer without a copy.

    With `own_callables`, a parameter that the function calls counts as an answer.
    """
    leaks: dict[str, set[str]] = {each.name: set() for each in functions}
    for _ in functions:  # a function may call another one
        for each in functions:
            own = set(parameters[each.name])
            called = {n.func.id for n in ast.walk(each) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
            walk = _Walk(set(answers) | (called & own if own_callables else set()), parameters, leaks)
            walk.statements(each.body)
            numbers = {a.arg for a in each.args.args if getattr(a.annotation, "id", None) in IMMUTABLE}
            leaks[each.name] |= walk.given & own - numbers
    return leaks


@dataclass
class _Walk:
    """Goes through statements in the order in which they run, loops twice."""

    tainted: set[str]
    """Names of answers, and of what came from them."""
    parameters: Mapping[str, Sequence[str]]
    """Of each helper."""
    leaks: Mapping[str, set[str]]
    """Those of them that reach an answer, or a function that is an argument."""
    direct: Mapping[str, set[str]] | None = None
    """Those of them that reach an answer whatever the arguments are; by default the same."""
    origins: dict[str, set[str]] = field(default_factory=dict)
    """Names whose objects are, in part, those of other names."""
    immutable: set[str] = field(default_factory=set)
    lines: dict[str, int] = field(default_factory=dict)
    """Names that have been given away, with the line."""
    given: set[str] = field(default_factory=set)
    """All names that were ever given away as they came."""
    bound: set[str] = field(default_factory=set)
    found: list[GivenAway] = field(default_factory=list)

    # ----------------------------------------------------------------- statements

    def statements(self, body: Sequence[ast.stmt]) -> None:
        for each in body:
            self.statement(each)

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.immutable |= {(each.asname or each.name).split(".")[0] for each in node.names}
        elif isinstance(node, ast.Assign):
            self.read(node.value)
            for target in node.targets:
                self.bind(target, node.value)
        elif isinstance(node, ast.For):
            self.read(node.iter)
            for _ in range(2):
                self.bind_each(target=node.target, values=node.iter)
                self.statements(node.body)
        elif isinstance(node, ast.With):
            for item in node.items:
                self.read(item.context_expr)
            self.statements(node.body)
        else:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.stmt):
                    self.statement(child)
                elif isinstance(child, ast.expr):
                    self.read(child)

    def bind(self, target: ast.expr, value: ast.expr | None) -> None:
        """Give new values to the names of a target; `value` is None where they are not known."""
        if isinstance(target, ast.Tuple | ast.List):
            single = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            for number, each in enumerate(target.elts):
                self.bind(each, value.elts[number] if single else value)  # type: ignore[union-attr]
        elif isinstance(target, ast.Starred):
            self.bind(target.value, value)
        elif isinstance(target, ast.Name):
            taint = value is not None and self.is_tainted(value)
            immutable = value is not None and self.is_immutable(value)
            (self.tainted.add if taint else self.tainted.discard)(target.id)
            (self.immutable.add if immutable else self.immutable.discard)(target.id)
            roots = set() if value is None else set(_roots(value)) - {target.id}
            self.origins[target.id] = roots.union(*(self.origins.get(each, set()) for each in roots))
            self.lines.pop(target.id, None)
            self.bound.add(target.id)
        else:
            self.read(target)  # data["y"] = ... reads data

    def bind_each(self, target: ast.expr, values: ast.expr) -> None:
        """Give the names of a loop the elements that they go through."""
        zipped = isinstance(values, ast.Call) and isinstance(values.func, ast.Name) and values.func.id == "zip"
        if zipped and isinstance(target, ast.Tuple) and len(target.elts) == len(values.args):  # type: ignore[attr-defined]
            for name, each in zip(target.elts, values.args, strict=True):  # type: ignore[attr-defined]
                self.bind_each(name, each)
        else:
            self.bind(target, values)

    # ---------------------------------------------------------------- expressions

    def read(self, node: ast.expr) -> None:
        """Note what an expression reads, then what it gives away."""
        if isinstance(node, ast.Name):
            if node.id in self.lines and isinstance(node.ctx, ast.Load | ast.Store):
                self.found.append(GivenAway(node.id, self.lines.pop(node.id), node.lineno))
        elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
            self.comprehension(node)
        elif isinstance(node, ast.Lambda):
            pass  # it runs when it is called, on its own arguments
        else:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.read(child)
                elif isinstance(child, ast.keyword):
                    self.read(child.value)
            if isinstance(node, ast.Call):
                self.call(node)

    def comprehension(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp) -> None:
        self.read(node.generators[0].iter)
        for _ in range(2):
            for number, each in enumerate(node.generators):
                if number > 0:
                    self.read(each.iter)
                self.bind_each(each.target, each.iter)
                for condition in each.ifs:
                    self.read(condition)
            for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
                self.read(part)

    def call(self, node: ast.Call) -> None:
        """Note the arguments that an answer gets, directly or through a helper."""
        if isinstance(node.func, ast.Attribute) and node.func.attr in COPYING:
            return
        arguments = [*node.args, *(each.value for each in node.keywords)]
        if self.is_tainted(node.func):
            given = [root for each in arguments for root in _roots(each)]
        elif isinstance(node.func, ast.Name) and node.func.id in self.leaks:
            given = list(self.through(node.func.id, node))
        else:
            return
        for name in [origin for each in given for origin in (each, *sorted(self.origins.get(each, ())))]:
            if name not in self.tainted and name not in self.immutable and name != "c":
                self.lines[name] = node.lineno
                if name not in self.bound:
                    self.given.add(name)

    def through(self, helper: str, node: ast.Call) -> Iterator[str]:
        """Names that a helper passes on to an answer."""
        tainted = any(map(self.is_tainted, (*node.args, *(each.value for each in node.keywords))))
        names, leaking = self.parameters[helper], (self.leaks if tainted else self.direct or self.leaks)[helper]
        starred = any(isinstance(each, ast.Starred) for each in node.args)
        for number, each in enumerate(node.args):
            if starred or (number < len(names) and names[number] in leaking):
                yield from _roots(each) if leaking else ()
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg in leaking:
                yield from _roots(keyword.value)

    def is_tainted(self, node: ast.expr) -> bool:
        """Whether an expression is an answer, or came from one."""
        if isinstance(node, ast.Name):
            return node.id in self.tainted
        if isinstance(node, ast.Call):
            passed = [each for each in node.args if not isinstance(each, ast.Name) or each.id in self.answers]
            return self.is_tainted(node.func) or any(map(self.is_tainted, passed))
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            return self.is_tainted(node.value)
        if isinstance(node, ast.Tuple | ast.List):
            return any(map(self.is_tainted, node.elts))
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            return self.is_tainted(node.elt)
        return False

    def __post_init__(self) -> None:
        self.answers = frozenset(self.tainted)

    def is_immutable(self, node: ast.expr) -> bool:
        """Whether an answer cannot change this value, or the test wants to see it changed."""
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.Name):
            return node.id in self.immutable
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id in IMMUTABLE
        if isinstance(node, ast.Attribute):
            return self.is_immutable(node.value)
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            return self.is_immutable(node.elt)
        if isinstance(node, ast.Tuple | ast.List):
            return all(map(self.is_immutable, node.elts))
        if isinstance(node, ast.UnaryOp):
            return self.is_immutable(node.operand)
        if isinstance(node, ast.BinOp):
            return self.is_immutable(node.left) and self.is_immutable(node.right)
        return False


def _roots(node: ast.expr) -> Iterator[str]:
    """Names whose objects, or parts of them, are in a value: not those that it only copies or computes with."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        if node.attr != "rng":  # a generator of random numbers is no reference value
            yield from _roots(node.value)
    elif isinstance(node, ast.Subscript | ast.Starred):
        yield from _roots(node.value)
    elif isinstance(node, ast.Tuple | ast.List):
        for each in node.elts:
            yield from _roots(each)
    elif isinstance(node, ast.Dict):
        for each in node.values:
            yield from _roots(each)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):  # of two dicts: their values are shared
        yield from _roots(node.left)
        yield from _roots(node.right)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in VIEWS:
        yield from _roots(node.func.value)
