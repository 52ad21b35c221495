"""Running one cell in this process: the only place where the examiner executes provided cells and test cells.

It runs in the engine's children, which end afterwards, so a cell may change its process in any way. Imports alone run
in the warm process, too.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import io
import math
import signal
import sys
import types
import warnings
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from nbformat import NotebookNode

from examiner._exceptions import CheckTimeoutError
from examiner.notebooks import THEIRS, Kind, imports, statements
from examiner.outcome import Check, TestOutcome

__all__ = ["Ran", "TimeIsUp", "compiled", "limited", "run_cell", "run_imports", "run_test", "silent"]

Space = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """What a test cell did, not yet scored.

    Attributes
    ----------
    outcome : TestOutcome
        Its score by nbgrader's rules, and its checks; their `received` is there for the diagnosis.
    error : Exception or None
        What ended it.
    printed : str
        What it wrote to stdout.
    """

    outcome: TestOutcome
    error: Exception | None
    printed: str


def run_cell(source: str, name: str, space: Space) -> None:
    """Run a provided cell or an answer in silence; its magics are left out.

    Raises
    ------
    Exception
        Any exception of the cell.
    """
    body, last = compiled(source, name)
    with silent():
        exec(body, space)
        if last is not None:  # it may do something, such as seeding a generator
            eval(last, space)


def run_imports(notebook: NotebookNode, space: Space, *more: Kind) -> None:
    """Import what the free cells and answers of a source notebook import, as far as it can be imported here.

    In one kernel, tests use what these import: ``import numpy as np`` is often a cell without nbgrader metadata.

    Parameters
    ----------
    notebook : NotebookNode
        The source notebook: the course's own code.
    space : dict
        The globals of its tests.
    *more : str
        Other kinds of cells whose imports to run.
    """
    for statement in imports(notebook, "free", *THEIRS, *more):
        with contextlib.suppress(Exception):
            run_cell(statement, "imports", space)


def run_test(
    source: str,
    name: str,
    space: Space,
    *,
    points: float,
    seconds: float | None = None,
    names: MutableMapping[str, Any] | None = None,
) -> Ran:
    """Run a test cell.

    Parameters
    ----------
    source : str
    name : str
        Its grade_id.
    space : dict
        Its globals.
    points : float
        Its maximum score.
    seconds : float, optional
        Limit of processor time.
    names : mutable mapping, optional
        Where the cell's own statements look up and set names, if that is not `space`.
    """
    before = {id(value): value for value in space.values()}  # kept, so that no new object gets the id of an old one
    value: Any = None
    error: Exception | None = None
    local = space if names is None else names
    with silent() as printed:
        try:
            body, last = compiled(source, name)
            with limited(seconds):
                exec(body, space, local)
                if last is not None:
                    value = eval(last, space, local)
        except SystemExit as raised:
            error = RuntimeError(f"SystemExit: {raised}")
        except TimeIsUp:
            error = CheckTimeoutError(f"checking the returned value took longer than {seconds:g} s: is it very large?")
        except Exception as raised:
            error = raised
        _close_figures()
    found = {id(v): v for v in space.values() if _is_checks(v) and id(v) not in before}.values()
    checks = tuple(check for each in found for check in _checks(each))
    score = 0.0 if error is not None else _score(value, list(found), points)
    kind = None if error is None else type(error).__name__
    return Ran(TestOutcome(score, points, checks, error=kind), error, printed.getvalue())


def _score(value: Any, checks: list[Any], points: float) -> float:
    """Points of a test that ran through: its last line's number, else its checks', else all; from 0 to `points`.

    As nbgrader has it, but for its accidents: full marks for NaN, a negative or a NumPy number, and an
    end of the whole submission for a number that is too large.
    """
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        score = float(value)
    elif checks:
        score = sum(float(each.score) for each in checks)
    else:
        score = points
    return min(max(round(score, 6), 0.0), points) if math.isfinite(score) else 0.0


def _is_checks(value: Any) -> bool:
    """Whether this is the toolkit's `Checks`, made here: a student's object of that name is a proxy, without a dict."""
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return False
    return type(value).__name__ == "Checks" and isinstance(own.get("results"), list)


def _checks(checks: Any) -> Iterator[Check]:
    """The comparisons of a `Checks` object, as records."""
    for result in checks.results:
        for each in result.comparisons:
            error = None if each.error is None else float(each.error)
            message, received = each.message, each.received
            yield Check(each.name, each.passed, error, each.tolerance, message, result.title, result.hidden, received)


# ----------------------------------------------------------------------------------- compiling


@functools.lru_cache(maxsize=4096)
def compiled(source: str, name: str) -> tuple[types.CodeType, types.CodeType | None]:
    """A cell without its magics, and its last line apart where that is an expression.

    The file's name is none of IPython's: no report of a check quotes a test's own lines.
    """
    tree = statements(source)
    if not tree and source.strip():
        tree = ast.parse(source).body  # raises what is wrong with it
    ending = None
    if tree and isinstance(last := tree[-1], ast.Expr):
        tree = tree[:-1]
        ending = compile(ast.Expression(last.value), f"<{name}>", "eval")
    return compile(ast.Module(tree, []), f"<{name}>", "exec"), ending


# ------------------------------------------------------------------------------ quiet and limits


class TimeIsUp(BaseException):
    """No block of checks catches it."""


@contextlib.contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise `TimeIsUp` after some seconds of this process's own processor time."""
    if seconds is None:
        yield
        return
    done = False

    def stop(*_: object) -> None:
        if not done:  # else it came too late, and would leave this very function half way
            raise TimeIsUp

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)  # again, should it be caught
    try:
        yield
    finally:
        done = True
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextlib.contextmanager
def silent() -> Iterator[io.StringIO]:
    """Keep what is printed to ourselves, and drop warnings and stderr."""
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield printed


def _close_figures() -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
