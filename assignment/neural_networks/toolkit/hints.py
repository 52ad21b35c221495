"""Hints for failed checks that no known mistake explains: computed from the values, without any reference value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np

from toolkit.traces import Array, Fingerprint, Place, Trace

__all__ = ["hints"]

CLOSE = 1e-6
Case = tuple[Array, Array, tuple[Array, ...]]
"""What came back, what the reference gives, and what was put in."""


def hints(
    student: Mapping[Place, Trace], reference: Fingerprint, mutating: Sequence[str] = ()
) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Yield a sentence, and the comparisons that it is about, for the failures of one test cell.

    Parameters
    ----------
    student : mapping of Place to Trace
        All comparisons of the test cell.
    reference : Fingerprint
        The reference's values, and the inputs of its calls.
    mutating : sequence of str
        The functions that changed their input in this test cell.
    """
    said = set()
    for (title, name), places in groupby(student, key=lambda place: place[1:3]):
        failed = [place for place in places if not student[place].passed]
        sentence = failed and _hint(name, failed, student, reference, mutating)
        if sentence and sentence not in said:
            said.add(sentence)
            yield sentence, ((title, name),)
    if not said and (sentence := _only_one(student)):
        yield sentence, ()


def _hint(
    name: str,
    failed: list[Place],
    student: Mapping[Place, Trace],
    reference: Fingerprint,
    mutating: Sequence[str],
) -> str | None:
    """The first hint that fits all failures of one name in one block."""
    cases: list[Case] = []
    for place in failed:
        received, known = student[place].received, reference.traces.get(place)
        if received is None or known is None or known.received is None:
            return None
        cases.append((received, known.received, reference.inputs.get(place, ())))
    found = next((sentence for look in LOOKS if (sentence := look(cases))), None)
    if found is None and mutating:
        changes = "changes its input" if len(mutating) == 1 else "change their inputs"
        found = f"is wrong, and {' and '.join(mutating)} {changes} in place: work on a copy."
    return found and f"{name} {found}"


def _not_finite(cases: list[Case]) -> str | None:
    for received, _, _ in cases:
        if received.dtype.kind == "f" and not np.all(np.isfinite(received)):
            what = "NaN (0/0, or infinity minus infinity)" if np.any(np.isnan(received)) else "infinite"
            return f"is {what} in places: look for overflow, log of 0, and division by 0."
    return None


def _equals_input(cases: list[Case]) -> str | None:
    if all(any(_close(received, given) for given in inputs) for received, _, inputs in cases):
        return "equals an input of the function: nothing has been computed with it."
    return None


def _transposed(cases: list[Case]) -> str | None:
    # A square one shows by its values, any other by its shape alone.
    if all(r.ndim == 2 and min(r.shape) > 1 and _close(r.T, e) for r, e, _ in cases):
        return "is transposed."
    return None


def _extra_axis(cases: list[Case]) -> str | None:
    if all(r.shape != e.shape and r.size == e.size and _close(r.reshape(e.shape), e) for r, e, _ in cases):
        return "has the right numbers in the wrong shape."
    return None


def _wrong_dtype(cases: list[Case]) -> str | None:
    if all(r.dtype.kind != e.dtype.kind and r.shape == e.shape for r, e, _ in cases):
        kinds = {"b": "true/false values", "i": "integers", "u": "integers", "f": "floating-point numbers"}
        return f"has the wrong dtype: it holds {kinds.get(cases[0][0].dtype.kind, 'something else')}."
    return None


def _by_a_factor(cases: list[Case]) -> str | None:
    """A constant factor: -1, 1/N, or another one that is the same for all inputs."""
    factors = [_factor(received, expected) for received, expected, _ in cases]
    if any(factor is None for factor in factors):
        return None
    ratios = np.array(factors, dtype=np.float64)
    if np.allclose(ratios, -1, rtol=CLOSE):
        return "has the wrong sign."
    batch = np.array([len(inputs[0]) if inputs and inputs[0].ndim else 0 for _, _, inputs in cases])
    if np.all(batch > 1):
        if np.allclose(ratios, 1 / batch, rtol=CLOSE):
            return "is off by 1/N: it is divided by the batch size N once too often."
        if np.allclose(ratios, batch, rtol=CLOSE):
            return "is off by N: it is the batch size N times too large."
    enough = len(cases) > 1 or cases[0][0].size > 2
    if enough and np.allclose(ratios, ratios[0], rtol=CLOSE):
        return f"is off by a constant factor: it is {ratios[0]:.4g} times what it should be."
    return None


def _factor(received: Array, expected: Array) -> float | None:
    """The number that takes `expected` to `received`, where there is one other than 0 and 1."""
    if received.shape != expected.shape or not received.size or not np.any(expected):
        return None
    wide, target = received.astype(np.float64), expected.astype(np.float64)
    factor = float(np.sum(wide * target) / np.sum(target**2))
    if abs(factor) < CLOSE or abs(factor - 1) < CLOSE or not _close(wide, factor * target):
        return None
    return factor


def _one_row(cases: list[Case]) -> str | None:
    """Right up to one row or column, the same place in every case."""
    words = {0: "row", 1: "column"}
    for axis in (0, 1):
        if any(r.shape != e.shape or r.ndim <= axis or r.shape[axis] < 3 for r, e, _ in cases):
            continue
        wrong = [np.flatnonzero(_off(r, e).any(axis=tuple(a for a in range(r.ndim) if a != axis))) for r, e, _ in cases]
        if all(len(each) == 1 for each in wrong):
            ends = {(int(each[0]), int(each[0]) - r.shape[axis]) for each, (r, _, _) in zip(wrong, cases, strict=True)}
            which = _which({first for first, _ in ends}, {last for _, last in ends})
            what = words[axis] if cases[0][0].ndim > 1 else "element"
            return which and f"is right up to {which.format(what)}."
    return None


def _which(starts: set[int], ends: set[int]) -> str | None:
    if starts == {0}:
        return "the first {}"
    if ends == {-1}:
        return "the last {}"
    return f"{{}} {starts.pop()} (counted from 0)" if len(starts) == 1 else "one {}"


def _only_one(student: Mapping[Place, Trace]) -> str | None:
    """Of several layers, right but for one: ``W1``, ``W2``, ``W3`` …, say."""
    layers: dict[str, set[str]] = {}
    for (_, _, name, _), trace in student.items():
        stem, number = name[:-1], name[-1:]
        if number.isdigit() and stem:
            layers.setdefault(stem, set())
            if not trace.passed:
                layers[stem].add(name)
    names = {name for _, _, name, _ in student}
    for stem, wrong in layers.items():
        count = len({name for name in names if name[:-1] == stem and name[-1].isdigit()})
        if len(wrong) == 1 and count > 1:
            return f"{stem} is right up to one layer: only {next(iter(wrong))} is wrong."
    return None


LOOKS: tuple[Callable[[list[Case]], str | None], ...] = (
    _not_finite, _wrong_dtype, _transposed, _equals_input, _extra_axis, _by_a_factor, _one_row,
)  # fmt: skip


def _off(received: Array, expected: Array) -> Array:
    wide, target = received.astype(np.float64), expected.astype(np.float64)
    off: Array = np.abs(wide - target) > CLOSE * np.maximum(np.max(np.abs(target), initial=0.0), 1e-8)
    return off


def _close(one: Array, other: Array) -> bool:
    if one.shape != other.shape:
        return False
    return not np.any(_off(one, other))
