"""The result of each comparison of a test cell, by which mistakes are recognized."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Array", "Fingerprint", "Place", "TestResult", "Trace", "answer_of", "traces"]

Array = np.ndarray[Any, np.dtype[Any]]
Place = tuple[str, str, str, int]
"""A comparison: test cell, title of the block, its name, how many of that name came before it."""


@dataclass(frozen=True)
class TestResult:
    """The result of one test cell.

    Attributes
    ----------
    test : str
        Its name, ``test_<answer>`` or ``test_<answer>__<what>``.
    passed : bool
        Whether it gave full marks.
    checks : sequence
        Its comparisons, in order. Each has a `block` (the title), a `name`, `passed`, `message` and the value that it
        `received`.
    error : str or None
        Name of the exception that ended the cell.
    mutating : tuple of str
        The answers that changed an array which the test gave them.
    """

    __test__ = False  # pytest: not a test class

    test: str
    passed: bool
    checks: Sequence[Any] = ()
    error: str | None = None
    mutating: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """The result of one comparison.

    Attributes
    ----------
    passed : bool
    message : str or None
        What the check said.
    received : ndarray or None
        The value that was looked at: for failures, and for everything of the reference.
    noisy : bool
        Whether two runs disagree about it: it depends on what is drawn at random.
    unsteady : bool
        Whether it even passed in one of them.
    spread : float
        By how much, where both gave one number.
    """

    passed: bool
    message: str | None = None
    received: Array | None = field(default=None, repr=False)
    noisy: bool = False
    spread: float = 0.0
    unsteady: bool = False


@dataclass(frozen=True)
class Fingerprint:
    """The traces of one answer, and for the reference the inputs that were given to the answers."""

    entry: str
    traces: Mapping[Place, Trace] = field(repr=False)
    inputs: Mapping[Place, tuple[Array, ...]] = field(default_factory=dict, repr=False)

    def plain(self) -> dict[str, Any]:
        """The same as plain data; see `from_plain`."""
        rows = [
            [*place, t.passed, t.message, t.received, t.noisy, t.spread, t.unsteady] for place, t in self.traces.items()
        ]
        return {"entry": self.entry, "traces": rows, "inputs": [[*p, list(given)] for p, given in self.inputs.items()]}

    @classmethod
    def from_plain(cls, content: Mapping[str, Any]) -> Fingerprint:
        """Read what `plain` gave."""
        found = {_place(row): Trace(*row[4:]) for row in content["traces"]}
        return cls(content["entry"], found, {_place(row): tuple(row[4]) for row in content["inputs"]})


def _place(row: Sequence[Any]) -> Place:
    test, title, name, number = row[:4]
    return test, title, name, number


def answer_of(test: str) -> str:
    """The answer that a test cell belongs to."""
    return test.removeprefix("test_").split("__")[0]


def traces(results: Iterable[TestResult]) -> dict[Place, Trace]:
    """All traces of some test cells; an exception that ended a cell is one of them."""
    found: dict[Place, Trace] = {}
    for result in results:
        for check in result.checks:
            number = 0
            while (place := (result.test, check.block, check.name, number)) in found:
                number += 1
            found[place] = Trace(check.passed, check.message, check.received)
        if result.error is not None:
            found[result.test, "", "error", 0] = Trace(False, result.error)
    return found
