"""What a student's own notebook knows: the data file from which the toolkit names mistakes as they are made.

The file has a line for each answer: what its catalogued mistakes give to the visible checks, rounded, and their
sentences. No code of the reference or of the catalogue is in it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from examiner.diagnosis.diagnoser import Diagnoser
from examiner.diagnosis.entries import Entry
from examiner.diagnosis.store import load
from examiner.notebooks import answer_of

__all__ = ["FILE", "differences", "known_mistakes"]

FILE = "known_mistakes.jsonl"
"""Its name, in the toolkit's folder."""
DIGITS = 6
NOISE = 1e-12
"""Part of an array's largest number below which a number is rounding error."""
TOLERANCE = 1e-5
LARGEST_INPUT = 1000
"""Numbers of an input that is kept: inputs are for hints alone."""

Row = Sequence[Any]


def known_mistakes(diagnoser: Diagnoser) -> str:
    """Return the content of the data file of an assignment.

    Parameters
    ----------
    diagnoser : Diagnoser
        Of the assignment, with the seed that students' notebooks use.
    """
    lines: list[dict[str, Any]] = []
    for notebook in diagnoser.catalogue:
        file = diagnoser.fingerprints(notebook, visible_only=True)
        if file is not None:
            with diagnoser.engine.fork() as child:
                parts = child.call("examiner.diagnosis.inside:parts", notebook)
            lines += _lines(load(file), diagnoser.misconceptions(notebook), parts)
    return "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines)


def _lines(
    fingerprints: Sequence[Mapping[str, Any]], entries: Sequence[Entry], parts: Mapping[str, list[str]]
) -> Iterator[dict[str, Any]]:
    """A line for each answer that has mistakes."""
    for answer in dict.fromkeys(entry.answer for entry in entries):
        own = {str(entry): entry for entry in entries if entry.answer == answer}
        tables = _Tables()
        reference, *rest = ({**each, "traces": _own(each["traces"], answer)} for each in fingerprints)
        known = {each["entry"]: list(map(tables.failure, _failed(each["traces"]))) for each in rest}
        yield {
            "answer": answer,
            "tests": _titles(reference["traces"]),
            "parts": {test: those for test, those in parts.items() if answer_of(test) == answer},
            "mistakes": [[each.name, each.sentence, list(each.follow_on)] for each in own.values()],
            "reference": [[tables.place(row), tables.value(row[6])] for row in reference["traces"]],
            "inputs": [list(tables.given(row)) for row in _own(reference["inputs"], answer)],
            "known": {name: rows for name, rows in known.items() if rows and name.partition("~")[0] in own},
            "places": list(tables.places),
            "values": list(map(json.loads, tables.values)),
        }


def _own(rows: Iterable[Row], answer: str) -> list[Row]:
    return [row for row in rows if answer_of(row[0]) == answer]


def _failed(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if not row[4]]


def _titles(rows: Iterable[Row]) -> dict[str, list[str]]:
    """The titles of the blocks of each test cell, in order."""
    found: dict[str, dict[str, None]] = {}
    for test, title, *_ in rows:
        found.setdefault(test, {})[title] = None
    return {test: list(titles) for test, titles in found.items()}


class _Tables:
    """Places and values by number: each is written once."""

    def __init__(self) -> None:
        self.places: dict[tuple[Any, ...], int] = {}
        self.values: dict[str, int] = {}

    def place(self, row: Row) -> int:
        return self.places.setdefault(tuple(row[:4]), len(self.places))

    def value(self, array: np.ndarray | None) -> int | None:
        if array is None:
            return None
        return self.values.setdefault(json.dumps(_rounded(array), allow_nan=False), len(self.values))

    def failure(self, row: Row) -> list[Any]:
        """A failed comparison; a message counts only where there is no value."""
        message, received, noisy, spread, unsteady = row[5:]
        message = message if received is None else None
        return [self.place(row), message, self.value(received), noisy, _digits(spread), unsteady]

    def given(self, row: Row) -> Iterator[Any]:
        yield self.place(row)
        yield [self.value(each) for each in row[4] if each.size <= LARGEST_INPUT]


def _rounded(array: np.ndarray) -> list[Any]:
    """An array as its dtype, its shape and its numbers with six significant digits."""
    wide = array.astype(np.float64).ravel()
    largest = float(np.max(np.abs(wide[np.isfinite(wide)]), initial=0.0))
    numbers = [_digits(each) if not abs(each) < NOISE * largest else 0 for each in wide.tolist()]
    return [array.dtype.name, list(array.shape), numbers]


def _digits(number: float) -> float | int | str:
    if not math.isfinite(number):
        return str(number)
    short = float(f"{number:.{DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 10**DIGITS else short


# ------------------------------------------------------------------------------------ in sync?


def differences(one: str, other: str) -> list[str]:
    """The answers about which two contents of the file differ, by more than rounding and by more than what is drawn."""
    first, second = _by_answer(one), _by_answer(other)
    return [each for each in {**first, **second} if not _alike(first.get(each), second.get(each))]


def _by_answer(content: str) -> dict[str, dict[str, Any]]:
    lines = map(json.loads, content.splitlines())
    return {line["answer"]: line for line in lines}


def _alike(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    if one is None or other is None:
        return False
    if any(one.get(key) != other.get(key) for key in ("tests", "parts", "mistakes")):
        return False
    first, second = _resolved(one), _resolved(other)
    return first.keys() == second.keys() and all(_same(first[key], second[key]) for key in first)


def _resolved(line: Mapping[str, Any]) -> dict[str, Any]:
    """All values by what they belong to, without the numbers of the tables; what is drawn is None."""
    places, values = line["places"], line["values"]
    found: dict[str, Any] = {}
    for place, value in line["reference"]:
        found[f"reference {places[place]}"] = None if value is None else values[value]
    for place, given in line["inputs"]:
        found[f"inputs {places[place]}"] = [values[each] for each in given]
    for name, rows in line["known"].items():
        for place, message, value, noisy, *_ in rows:
            seen = message if value is None else values[value]
            found[f"{name} {places[place]}"] = None if noisy else seen
    return found


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        if one and all(isinstance(each, int | float) for each in (*one, *other)):
            return bool(np.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE * max(map(abs, other))))
        return all(map(_same, one, other))
    return bool(one == other)
