"""Hints for failed checks that no known mistake explains: computed from the values, without any reference value.

A hint is about one value of an answer, `dx` say, and is given only if it fits every comparison of that value in all
test cells of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from toolkit.traces import Array, Fingerprint, Place, TestResult, Trace, answer_of, traces

__all__ = ["hints"]

CLOSE = 1e-6
NAME = re.compile(r"NameError: name '(\w+)' is not defined")
Hint = tuple[str, str, tuple[tuple[str, str], ...]]
"""Test cell, sentence, and the comparisons that it is about: title of the block, name."""


@dataclass(frozen=True)
class Case:
    """One comparison: the value that came back, the reference's, and the inputs."""

    received: Array = field(repr=False)
    expected: Array = field(repr=False)
    inputs: tuple[Array, ...] = field(repr=False)
    passed: bool


def hints(
    runs: Sequence[TestResult],
    reference: Fingerprint,
    again: Callable[[str], TestResult] | None = None,
    visible_only: bool = False,
) -> Iterator[Hint]:
    """Yield hints for the failures of one answer.

    Parameters
    ----------
    runs : sequence of TestResult
        All test cells of the answer.
    reference : Fingerprint
        The reference's values, and the inputs of its calls.
    again : callable, optional
        Runs a test cell again with inputs that the answers cannot change; a change of an input is blamed only if the
        test then passes.
    visible_only : bool
        Whether the runs are visible checks, which say themselves what is not finite, not defined or the only wrong one.
    """
    student = traces(runs)
    said = False
    for name in dict.fromkeys(place[2] for place, trace in student.items() if not trace.passed):
        places = [place for place in student if place[2] == name]
        cases = [_case(student[place], reference, place) for place in places]
        looks = LOOKS[visible_only:]
        sentence = _first([case for case in cases if case is not None], looks) if None not in cases else None
        for test in dict.fromkeys(place[0] for place in places) if sentence else ():
            failed = [place for place in places if place[0] == test and not student[place].passed]
            if failed:
                said = True
                yield test, f"{name} {sentence}", tuple(dict.fromkeys(place[1:3] for place in failed))
    if not said and not visible_only:
        yield from _not_defined(runs)
        yield from _only_one(student)
        yield from _changed_inputs(runs, again)


def _case(trace: Trace, reference: Fingerprint, place: Place) -> Case | None:
    known = reference.traces.get(place)
    if trace.received is None or known is None or known.received is None:
        return None
    return Case(trace.received, known.received, reference.inputs.get(place, ()), trace.passed)


def _first(cases: list[Case], looks: Sequence[Look]) -> str | None:
    """The first hint that fits all comparisons of a value."""
    return next((sentence for look in looks if (sentence := look(cases))), None)


def _not_finite(cases: list[Case]) -> str | None:
    failed = [case.received for case in cases if not case.passed]
    if len(failed) == len(cases):  # then it need not be the inputs' size
        return None
    if any(each.dtype.kind != "f" or np.all(np.isfinite(each)) for each in failed):
        return None
    if any(np.any(np.isnan(each)) for each in failed):
        return "is NaN in places: look for 0/0, infinity minus infinity, and roots or logarithms of negative numbers."
    return "is infinite in places: look for overflow, the logarithm of 0, and division by 0."


def _equals_input(cases: list[Case]) -> str | None:
    if all(any(_close(case.received, given) for given in case.inputs) for case in cases):
        return "equals an input of the function: nothing has been computed with it."
    return None


def _transposed(cases: list[Case]) -> str | None:
    # A square one shows by its values, any other by its shape alone.
    if all(c.received.ndim == 2 and min(c.received.shape) > 1 and _close(c.received.T, c.expected) for c in cases):
        return "is transposed."
    return None


def _extra_axis(cases: list[Case]) -> str | None:
    for case in cases:
        one, other = case.received, case.expected
        if one.shape == other.shape or one.size != other.size or not _close(one.reshape(other.shape), other):
            return None
    return "has the right numbers in the wrong shape."


def _wrong_dtype(cases: list[Case]) -> str | None:
    """The right numbers, but for what the dtype has lost."""
    kinds = {"b": "true/false values", "i": "integers", "u": "integers"}
    kept: dict[str, Callable[[Array], Array]] = {"b": lambda x: x != 0, "i": np.trunc, "u": np.trunc}
    for case in cases:
        kind = case.received.dtype.kind
        if kind not in kinds or case.expected.dtype.kind != "f" or np.ptp(case.received) == 0:
            return None
        if not any(_close(case.received, lost(case.expected)) for lost in (kept[kind], np.round)):
            return None
    return f"has the wrong dtype: it holds {kinds[cases[0].received.dtype.kind]}."


def _by_a_factor(cases: list[Case]) -> str | None:
    """A constant factor that has a name, where only one name fits all comparisons."""
    if not any(case.received.size > 1 or len(cases) > 1 for case in cases):
        return None
    fitting = [sentence for factor, sentence in FACTORS if _is_factor(factor, cases)]
    return fitting[0] if len(fitting) == 1 else None


def _is_factor(factor: Callable[[int, int], float], cases: list[Case]) -> bool:
    for case in cases:
        if not case.inputs or case.received.shape != case.expected.shape:
            return False
        first = case.inputs[0]
        if first.ndim == 0 or not _close(case.received, factor(len(first), first.size) * case.expected):
            return False
    return True


FACTORS: tuple[tuple[Callable[[int, int], float], str], ...] = (
    (lambda rows, size: -1.0, "has the wrong sign."),
    (lambda rows, size: 2.0, "is twice as large as it should be: a factor 2 is too many, or a factor ½ is missing."),
    (lambda rows, size: 0.5, "is half as large as it should be: a factor 2 is missing, or a factor ½ is too many."),
    (lambda rows, size: 1 / rows, "is off by 1/N: it is divided by the batch size N once too often."),
    (lambda rows, size: float(rows), "is off by N: it is the batch size N times too large."),
    (lambda rows, size: 1 / size, "is off by 1/n: it is divided by the number of elements n once too often."),
    (lambda rows, size: float(size), "is off by n: it is not divided by the number of elements n."),
    (lambda rows, size: size / 2, "is off by n/2: the factor 2/n is missing, where n is the number of elements."),
    (lambda rows, size: size / rows, "is divided by the number of rows: divide by the number of all elements."),
    (lambda rows, size: rows / size, "is divided by the number of all elements: divide by the number of rows."),
)


def _one_row(cases: list[Case]) -> str | None:
    """Right up to one row or column, the same place in every case."""
    words = {0: "row", 1: "column"}
    for axis in (0, 1):
        arrays = [(case.received, case.expected) for case in cases]
        if len(cases) < 2 or any(r.shape != e.shape or r.ndim <= axis or r.shape[axis] < 3 for r, e in arrays):
            continue
        wrong = [np.flatnonzero(_off(r, e).any(axis=tuple(a for a in range(r.ndim) if a != axis))) for r, e in arrays]
        if all(len(each) == 1 for each in wrong):
            ends = {(int(each[0]), int(each[0]) - r.shape[axis]) for each, (r, _) in zip(wrong, arrays, strict=True)}
            which = _which({first for first, _ in ends}, {last for _, last in ends})
            what = words[axis] if arrays[0][0].ndim > 1 else "element"
            return which and f"is right up to {which.format(what)}."
    return None


def _which(starts: set[int], ends: set[int]) -> str | None:
    if starts == {0}:
        return "the first {}"
    if ends == {-1}:
        return "the last {}"
    return f"{{}} {starts.pop()} (counted from 0)" if len(starts) == 1 else "one {}"


Look = Callable[[list[Case]], str | None]
LOOKS: tuple[Look, ...] = (
    _not_finite, _wrong_dtype, _transposed, _equals_input, _extra_axis, _by_a_factor, _one_row,
)  # fmt: skip


# --------------------------------------------------------------------- hints about a whole answer


def _not_defined(runs: Sequence[TestResult]) -> Iterator[Hint]:
    """One name that is not defined behind all failures: the answer itself where its cell raised an error."""
    failed = [(run.test, check.message or "") for run in runs for check in run.checks if not check.passed]
    names = {found[1] if (found := NAME.search(message)) else "" for _, message in failed}
    if len(names) == 1 and (name := names.pop()):
        remedy = "assign it before you use it"
        if name in {answer_of(test) for test, _ in failed}:
            remedy = "run its cell, and correct the error that it reports"
        for test in dict.fromkeys(test for test, _ in failed):
            yield test, f"{name} is not defined: {remedy}.", ()


def _only_one(student: dict[Place, Trace]) -> Iterator[Hint]:
    """Of several layers, right but for one (``W1``, ``W2``, ``W3`` …, say), with nothing else wrong."""
    failed = [place for place, trace in student.items() if not trace.passed]
    wrong = {_value(place) for place in failed}
    stems = {name[:-1] for name in wrong if name[:-1] and name[-1].isdigit()}
    if len(wrong) != 1 or not stems:
        return
    stem, name = stems.pop(), wrong.pop()
    if len({value for place in student if (value := _value(place))[:-1] == stem and value[-1].isdigit()}) > 1:
        for test in dict.fromkeys(place[0] for place in failed):
            yield test, f"{stem} is right up to one layer: only {name} is wrong.", ()


def _value(place: Place) -> str:
    """What a check compares, without the words before it: ``what reg adds to the gradient of W2`` is about ``W2``."""
    return place[2].rpartition(" ")[2]


def _changed_inputs(runs: Sequence[TestResult], again: Callable[[str], TestResult] | None) -> Iterator[Hint]:
    """An answer that changes its input: said where the test passes once it cannot."""
    for run in runs:
        if not run.passed and run.mutating and again is not None and again(run.test).passed:
            changes = "changes its input" if len(run.mutating) == 1 else "change their inputs"
            yield run.test, f"{' and '.join(run.mutating)} {changes} in place: work on a copy.", ()


def _off(received: Array, expected: Array) -> Array:
    wide, target = received.astype(np.float64), expected.astype(np.float64)
    close = np.abs(wide - target) <= CLOSE * np.maximum(np.max(np.abs(target), initial=0.0), 1e-8)
    off: Array = ~close  # NaN is close to nothing
    return off


def _close(one: Array, other: Array) -> bool:
    if one.shape != other.shape:
        return False
    return not np.any(_off(one, other))
