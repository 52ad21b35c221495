"""Name a mistake in the notebook in which it is made: what `Checks` says where a visible check failed.

`known_mistakes.jsonl` holds what frequent mistakes give to the visible checks: for each answer a line of wrong values,
rounded to six digits, and of sentences. It is made with the release. The comparison is that of grading.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from toolkit.matching import REFERENCE, Matcher, Mistake, Named
from toolkit.traces import Array, Fingerprint, Place, TestResult, Trace
from toolkit.work import newest_cell

__all__ = ["FILE", "Session", "name_mistakes", "said"]

FILE = Path(__file__).with_name("known_mistakes.jsonl")
FIRST = "{part} failed its own checks when you last ran them: start there, because this cell builds on it."


def name_mistakes(answer: str, checks: Sequence[Any], failing: Collection[str] = ()) -> tuple[Named, ...]:
    """Name the mistakes behind the visible checks of one test cell.

    Parameters
    ----------
    answer : str
        The answer that the cell tests.
    checks : sequence
        All its comparisons, in order. Each has a `block` (the title), a `name`, `passed`, `message` and the value that
        it `received`.
    failing : collection of str
        Answers that failed their own checks: where the cell builds on one of them, that is what is said.

    Returns
    -------
    tuple of Named
        Empty if nothing is known that explains all of them, or if the cell is not the course's.
    """
    known = _known(answer)
    test = known and known.test_of(_titles(checks))
    if not known or not test or all(check.passed for check in checks):
        return ()
    if part := next((part for part in known.parts[test] if part in failing), None):
        return (Named(part, None, FIRST.format(part=part)),)
    return known.matcher.diagnose([TestResult(test, False, checks)]).get(test, ())


@dataclass(frozen=True)
class Known:
    """What is known about one answer.

    Attributes
    ----------
    titles : mapping of str to tuple of str
        The titles of the blocks of its test cells.
    parts : mapping of str to tuple of str
        The other answers of the notebook that its test cells are built on.
    matcher : Matcher
    """

    titles: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, tuple[str, ...]]
    matcher: Matcher

    def test_of(self, titles: tuple[str, ...]) -> str | None:
        """The test cell that has these blocks."""
        return next((test for test, those in self.titles.items() if those == titles), None)


def _titles(checks: Sequence[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(check.block for check in checks))


class Session:
    """The test cells that have run in one notebook, each as it went the last time."""

    def __init__(self) -> None:
        self._failed: dict[tuple[str, tuple[str, ...]], bool] = {}
        self._tested: dict[str, str | None] = {}  # the cell of each answer, when it was tested

    def __repr__(self) -> str:
        return f"<Session: {len(self._failed) - sum(self._failed.values())} of {len(self._failed)} test cells passed>"

    def named(self, answer: str, checks: Sequence[Any]) -> tuple[Named, ...]:
        """Name the mistakes behind a test cell, and remember how it went; see `name_mistakes`."""
        self._failed[answer, _titles(checks)] = not all(check.passed for check in checks)
        self._tested[answer] = newest_cell(answer)
        failing = {name for (name, _), failed in self._failed.items() if failed}
        # An answer that was changed since may be right now.
        return name_mistakes(answer, checks, {name for name in failing if self._tested[name] == newest_cell(name)})


_session = Session()


def said(answer: str, checks: Sequence[Any]) -> list[str]:
    """The sentences about a test cell that has run in this notebook."""
    with contextlib.suppress(Exception):  # no score may depend on a sentence about it
        return [each.sentence for each in _session.named(answer, checks)]
    return []


@functools.cache
def _known(answer: str) -> Known | None:
    """Read an answer's line of the file; None without one."""
    start = f'{{"answer": {json.dumps(answer)},'
    try:
        with FILE.open(encoding="utf-8") as lines:
            line = next((line for line in lines if line.startswith(start)), None)
    except OSError:  # a toolkit without the file says nothing
        return None
    return _read(json.loads(line)) if line else None


def _read(content: Mapping[str, Any]) -> Known:
    places: list[Place] = [tuple(place) for place in content["places"]]
    values = [_array(value) for value in content["values"]]
    inputs = {places[place]: tuple(values[each] for each in given) for place, given in content["inputs"]}
    right = {places[place]: Trace(True, None, _of(values, value)) for place, value in content["reference"]}
    known = {REFERENCE: Fingerprint(REFERENCE, right, inputs)}
    for name, rows in content["known"].items():
        known[name] = Fingerprint(name, dict(_traces(rows, places, values)))
    mistakes = [Mistake(content["answer"], *each) for each in content["mistakes"]]
    titles, parts = ({test: tuple(those) for test, those in content[key].items()} for key in ("tests", "parts"))
    return Known(titles, parts, Matcher(known, mistakes, sure=True))


def _traces(
    rows: Sequence[Sequence[Any]], places: Sequence[Place], values: Sequence[Array]
) -> Iterator[tuple[Place, Trace]]:
    for place, message, value, noisy, spread, unsteady in rows:
        yield places[place], Trace(False, message, _of(values, value), noisy, spread, unsteady)


def _of(values: Sequence[Array], number: int | None) -> Array | None:
    return None if number is None else values[number]


def _array(content: Sequence[Any]) -> Array:
    """An array from its dtype, its shape and its numbers; "nan" and "inf" are text, as JSON has it."""
    dtype, shape, numbers = content
    array: Array = np.array([float(each) for each in numbers]).reshape(shape).astype(dtype)
    return array
