"""Checks with partial credit: what every test cell of the course is written in.

A test cell is a few *blocks*.  Each block makes one or more comparisons and is
worth a weight; a block that fails, or whose code raises, costs its own weight
and nothing else::

    check = Checks("affine_forward", points=4)
    with check("the worked example", weight=1) as c:
        out, _ = affine_forward(x, w, b)
        c.close("out", out, expected, tol=1e-8)
    check.score
"""

from __future__ import annotations

import contextlib
import copy
import io
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np

from toolkit.messages import (
    KINDS,
    ReturnValueError,
    broken_cell,
    first_difference,
    one_line,
    overflow,
    shape_of_mistake,
    unpacked,
    warned,
)
from toolkit.naming import said
from toolkit.work import announce

__all__ = ["Checks", "Comparison", "Result", "Returned", "chain", "rel_error", "returned", "wide_range"]

DEFAULT_SEED = 231
LARGEST_KEPT = 10_000


def rel_error(x: Any, y: Any) -> float:
    """Largest relative error between two arrays.

    Parameters
    ----------
    x, y : array_like
        Two arrays of the same shape.

    Returns
    -------
    float
        ``max(|x - y| / max(1e-8, |x| + |y|))`` over all elements; ``nan`` where
        either array holds a NaN, and 0.0 for empty arrays.

    Raises
    ------
    ValueError
        If the shapes differ: broadcasting would hide a mistake.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.shape != y.shape:
        raise ValueError(f"rel_error compares equal shapes, not {x.shape} with {y.shape}")
    if x.size == 0:
        return 0.0
    return float(np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y))))


def chain(forward: Callable[..., Any], backward: Callable[..., Any]) -> Callable[..., Any]:
    """Join a forward and a backward function through their own cache.

    What a cache holds is its author's business, so a backward function is only
    ever given the cache of the forward function that it belongs to.

    Returns
    -------
    callable
        ``chained(dout, *inputs)``, which is ``backward(dout, cache)`` with the
        cache of ``forward(*inputs)``.
    """

    def chained(dout: np.ndarray, *inputs: Any) -> Any:
        _, cache = unpacked(_name(forward), forward(*inputs), ["out", "cache"])
        return backward(dout, cache)

    chained.__name__ = _name(backward)

    return chained


class Returned(dict[Any, Any]):
    """A dict that an answer may change for the test to see; see `returned`."""

    returns_changes = True


def returned(content: Mapping[Any, Any]) -> Returned:
    """Return a dict that a test gives to an answer in order to read what the answer changes in it.

    An answer gets copies, so that a test never measures by what it gave away. What an answer
    changes in a dict comes back only if the test passes it like this::

        bn_param = returned({"mode": "train"})
        batchnorm_forward(x, gamma, beta, bn_param)
        c.close("running_mean", bn_param.get("running_mean"), expected, tol=1e-9)

    In a notebook it is a dict like any other.
    """
    return Returned(content)


def wide_range(rng: np.random.Generator, shape: int | tuple[int, ...], low: float, high: float) -> np.ndarray:
    """Draw numbers of both signs and of all magnitudes, so that no limit or threshold stays hidden.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : int or tuple of int
    low, high : float
        The smallest and the largest magnitude, both positive; both of them are drawn if there are at
        least two numbers, and the largest one is positive.

    Returns
    -------
    ndarray of float64
        As many positive as negative numbers, or one more.
    """
    sizes = np.geomspace(high, low, int(np.prod(shape)))
    signs = np.where(np.arange(sizes.size) % 2 == 0, 1.0, -1.0)
    return rng.permutation(sizes * signs).reshape(shape)


@dataclass(frozen=True)
class Comparison:
    """One comparison: what was looked at, and how it went.

    `error` is the relative error (None where nothing numerical was compared),
    `message` one sentence, None where it passed.  For a diagnosis: `received` is
    a copy of a numerical value that was looked at (None for large ones), never shown.
    """

    name: str
    passed: bool
    error: float | None = None
    tolerance: float | None = None
    message: str | None = None
    received: np.ndarray | None = field(default=None, repr=False, compare=False)


class _Titled:
    """A comparison that also knows the title of its block."""

    def __init__(self, block: str, comparison: Comparison) -> None:
        self.block, self.name, self.passed = block, comparison.name, comparison.passed
        self.message, self.received = comparison.message, comparison.received


@dataclass(frozen=True)
class Result:
    """One finished block: its weight, the part of it that was earned, its comparisons."""

    title: str
    hidden: bool
    weight: float
    earned: float
    comparisons: tuple[Comparison, ...]

    @property
    def passed(self) -> bool:
        """Whether every comparison of the block passed."""
        return all(comparison.passed for comparison in self.comparisons)


class Checks:
    """The checks of one test cell.

    Parameters
    ----------
    name : str
        The answer that is tested.
    points : float
        Points for passing all blocks of the cell.
    seed : int, optional
        Seed of the blocks' random generators; by default the environment's
        ``CHECKS_SEED``, else 231.

    Attributes
    ----------
    results : list of Result
        The blocks that have run, in order.
    """

    def __init__(self, name: str, points: float, seed: int | None = None) -> None:
        self.name = name
        self.points = float(points)
        given = os.environ.get("CHECKS_SEED") if seed is None else seed
        self.seed = DEFAULT_SEED if given is None else int(given)
        self._own_notebook = given is None  # grading names its seed, and its mistakes
        self.results: list[Result] = []
        announce(self.answer, f"{name}: {'1 point' if points == 1 else f'{points:g} points'}")
        if broken := broken_cell(self.answer):
            print(f"  ! {broken}")

    def __repr__(self) -> str:
        passed = sum(result.passed for result in self.results)
        return f"<Checks {self.name}: {passed} of {len(self.results)} passed>"

    def __call__(self, title: str, weight: float = 1) -> Block:
        """Open a visible block: its messages show what was received and what was expected."""
        return Block(self, title, weight, hidden=False)

    def hidden(self, title: str, weight: float = 1) -> Block:
        """Open a hidden block: its messages never show a reference value."""
        return Block(self, title, weight, hidden=True)

    @property
    def answer(self) -> str:
        """The answer that is tested."""
        return self.name.partition(":")[0]

    @staticmethod
    def unpack(function: str, value: Any, *names: str) -> list[Any]:
        """Return the values that an answer returned, or say what it must return; see `toolkit.messages.unpacked`."""
        return unpacked(function, value, names)

    @property
    def score(self) -> float:
        """Points earned: `points` times the part of the weights that was earned.

        In a student's notebook, reading it also says what went wrong: it is the last line of a test cell.
        """
        total = sum(result.weight for result in self.results)
        earned = sum(result.weight * result.earned for result in self.results)
        share = earned / total if total > 0 else 0.0
        score = float(min(max(round(self.points * share, 6), 0.0), self.points))
        if self._own_notebook and not any(result.hidden for result in self.results):
            self._sum_up(score)
        return score

    def _sum_up(self, score: float) -> None:
        checks = [_Titled(result.title, each) for result in self.results for each in result.comparisons]
        for sentence in said(self.answer, checks):
            print(f"  → {sentence}")
        print(f"{score:.4g} of {self.points:g} so far; hidden checks decide the rest")


class Block:
    """One block of a test cell, used as a context manager; see `Checks`.

    Attributes
    ----------
    rng : numpy.random.Generator
        Seeded by the run's seed, the answer's name and the block's title, so
        that every student meets the same inputs whatever happened before.
    """

    def __init__(self, checks: Checks, title: str, weight: float, hidden: bool) -> None:
        self.title, self.weight, self.hidden = title, float(weight), hidden
        self.rng = np.random.default_rng([checks.seed, *f"{checks.name}: {title}".encode()])
        self._checks = checks
        self._comparisons: list[Comparison] = []
        self._earned = 1.0
        self._stack = contextlib.ExitStack()
        self._stderr = io.StringIO()
        self._warned: list[warnings.WarningMessage] = []

    def __repr__(self) -> str:
        return f"<Block {self.title!r} of {self._checks.name}>"

    def __enter__(self) -> Block:
        # nbgrader gives 0 for anything on stderr, and a warning is not a mistake.
        self._stack.enter_context(contextlib.redirect_stderr(self._stderr))
        self._warned = self._stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("default")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._stack.close()
        if error is not None and (isinstance(error, NotImplementedError) or not isinstance(error, Exception)):
            return False  # a blank answer, an interrupt or an exit ends the cell
        if error is not None:
            self._record(Comparison(self.title, False, message=one_line(error, self._checks.answer)))
        elif not self._comparisons:
            self._record(Comparison(self.title, False, message="this block compared nothing"))
        self._finish()
        return True

    def call(self, answer: Callable[..., Any], *inputs: Any, names: Sequence[str], **named: Any) -> list[Any]:
        """Call an answer that returns several values, and say what it must return where it does not.

        Parameters
        ----------
        answer : callable
        *inputs, **named
            Its arguments.
        names : sequence of str
            What the values are called.

        Returns
        -------
        list
            As many values as names.
        """
        return unpacked(_name(answer), answer(*inputs, **named), names)

    # ------------------------------------------------------------ comparisons

    def close(self, name: str, value: Any, expected: Any, tol: float) -> bool:
        """Compare `value` with `expected` within the relative error `tol`.

        Looked at in this order, and no further than the first that is wrong:
        defined, type, shape, kind of dtype, finite, close.

        Parameters
        ----------
        name : str
            What the value is called in the report.
        value : array_like
            The student's value: anything that NumPy reads as real numbers.
        expected : array_like
            The reference value.
        tol : float
            Largest relative error (see `rel_error`) that passes.

        Returns
        -------
        bool
            Whether it passed.
        """
        expected = np.asarray(expected)
        message, kept = shape_of_mistake(name, value, expected), _kept(value)
        if message is not None:
            return self._record(Comparison(name, False, None, tol, message, kept))
        array = np.asarray(value)
        error = rel_error(array, expected)
        if error <= tol:
            return self._record(Comparison(name, True, error, tol, None, kept))
        message = f"{name}: relative error {error:.2e}, at most {tol:.0e} passes"
        if not self.hidden:
            message += first_difference(array, expected, tol)
        return self._record(Comparison(name, False, error, tol, message, kept))

    def same(
        self,
        answer: Callable[..., Any],
        reference: Callable[..., Any],
        *inputs: Any,
        names: str | Sequence[str],
        tol: float,
    ) -> bool:
        """Call both functions on copies of the same inputs and compare what they return.

        Parameters
        ----------
        answer, reference : callable
            The student's function and the reference.
        *inputs
            Arguments; each side gets copies of its own.
        names : str or sequence of str
            Name of the one value returned, or names of the first values of a
            returned tuple; what comes after them (a cache) is not compared.
        tol : float
            Largest relative error that passes.
        """
        received = answer(*copy.deepcopy(inputs))
        expected = reference(*copy.deepcopy(inputs))
        if isinstance(names, str):
            return self.close(names, received, expected, tol)
        try:
            received = unpacked(_name(answer), received, names, len(expected) - len(names))
        except ReturnValueError as error:
            return self._record(Comparison(", ".join(names), False, None, tol, str(error)))
        passed = [self.close(*pair, tol) for pair in zip(names, received, expected, strict=False)]
        return all(passed)

    def true(self, name: str, condition: Any, message: str) -> bool:
        """Pass where `condition` holds; `message` is the sentence for where it does not."""
        passed = bool(condition)
        return self._record(Comparison(name, passed, message=None if passed else message))

    def equal(self, name: str, value: Any, expected: Any) -> bool:
        """Compare exactly: for text, whole numbers, shapes and dtypes."""
        passed = bool(value == expected)
        shown = "" if self.hidden else f", expected {expected!r}"
        message = None if passed else f"{name}: received {value!r:.200}{shown}"
        return self._record(Comparison(name, passed, message=message))

    def raises(self, kind: type[Exception], answer: Callable[..., Any], *inputs: Any) -> bool:
        """Pass where calling `answer` raises `kind`."""
        name = f"raises {kind.__name__}"
        try:
            answer(*copy.deepcopy(inputs))
        except kind:
            return self._record(Comparison(name, True))
        except NotImplementedError:
            raise
        except Exception as error:
            return self._record(Comparison(name, False, message=f"{name}, not {one_line(error)}"))
        return self._record(Comparison(name, False, message=f"{name}: nothing was raised"))

    def quiet(self, answer: Callable[..., Any], *inputs: Any, names: Sequence[str] = ()) -> Any:
        """Call `answer` and return its value, or several (see `call`); an overflow warning fails the block."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            value = answer(*copy.deepcopy(inputs))
        message = overflow(caught)
        self._record(Comparison("no overflow", message is None, message=message))
        return unpacked(_name(answer), value, names) if names else value

    def between(self, name: str, value: float, none: float, full: float) -> float:
        """Give part of the block: nothing at `none`, all of it at `full`, linear between.

        Returns
        -------
        float
            The part earned, from 0 to 1.  `full` may be the smaller of the two
            (an error that should be low).
        """
        if not np.isfinite(value):
            self._earned = 0.0
            return float(self._record(Comparison(name, False, message=f"{name}: {value}")))
        self._earned = float(np.clip((value - none) / (full - none), 0.0, 1.0))
        message = f"{name} {value:.4f}: {self._earned:.0%} of the points ({full:g} gives all)"
        return self._earned if self._record_partial(name, message) else 0.0

    # ------------------------------------------------------------- bookkeeping

    def _record(self, comparison: Comparison) -> bool:
        self._comparisons.append(comparison)
        return comparison.passed

    def _record_partial(self, name: str, message: str) -> bool:
        return self._record(Comparison(name, self._earned > 0, message=message))

    def _finish(self) -> None:
        passed = all(comparison.passed for comparison in self._comparisons)
        earned = self._earned if passed else 0.0
        result = Result(self.title, self.hidden, self.weight, earned, tuple(self._comparisons))
        self._checks.results.append(result)
        noise = [f"{item.category.__name__}: {warned(item)}" for item in self._warned]
        print(_report(result, noise + self._stderr.getvalue().splitlines()))


# ------------------------------------------------------------------- what is kept and printed


def _kept(value: Any) -> np.ndarray | None:
    """A copy of a value as a plain array, where it is numbers and not too many."""
    try:
        array = np.asarray(value)
        small = value is not None and array.size <= LARGEST_KEPT and array.dtype.kind in KINDS
        return np.array(array) if small else None
    except Exception:  # whatever a stranger's object raises, there is nothing to keep
        return None


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", "the function")


def _report(result: Result, said: list[str]) -> str:
    """A block as text: one line, and a line more for every failure and for the first warning."""
    mark = "✓" if result.passed else "✗"
    kind = "hidden: " if result.hidden else ""
    numbers = [c for c in result.comparisons if c.error is not None and c.passed]
    worst = max(numbers, key=lambda c: c.error or 0.0, default=None)
    detail = f"  (relative error {worst.error:.2e}, tolerance {worst.tolerance:.0e})" if worst else ""
    lines = [f"  {mark} {kind}{result.title}{detail if result.passed else ''}"]
    lines += [f"      {c.message}" for c in result.comparisons if c.message is not None]
    lines += [f"      {line.strip()[:200]}" for line in said[:1]]
    return "\n".join(lines)
