"""Fingerprints and diagnosis in the engine's child, where the toolkit and the catalogue can be imported.

A fingerprint belongs to one entry, one seed, and everything else being reference. It is made of two runs, so
that random draws of an answer (initial weights, dropout) are distinguished from what it computes.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from examiner.diagnosis.entries import MISCONCEPTION, Entry, Excused, Listing, Task, excused_in, listings
from examiner.diagnosis.records import Diagnosis
from examiner.diagnosis.store import load
from examiner.engine import TrustedRun, current_assignment, trusted_run
from examiner.outcome import TestOutcome
from toolkit.checks import Block, Comparison
from toolkit.matching import JOINED, REFERENCE, VARIANT, Matcher, Mistake
from toolkit.traces import Array, Fingerprint, Place, TestResult, Trace, answer_of, traces

__all__ = ["alike", "catalogue", "diagnose", "excused", "fingerprints_of", "matcher", "parts", "steady"]

SECONDS = 60.0
"""Processor time of one test cell on a catalogued answer."""
QUICK = 0.1
DRAWS = 7
RUNS = 6
SLOW = 1.0
"""Processor time of two runs, above which an entry that draws is not run more often."""
LARGEST_INPUT = 10_000


def catalogue() -> tuple[Listing, ...]:
    """The catalogue of this process's assignment, as plain records."""
    package = current_assignment().catalogue
    return tuple(listings(package)) if package else ()


def excused() -> tuple[Excused, ...]:
    """The excused mutants of this process's assignment."""
    package = current_assignment().catalogue
    return excused_in(package) if package else ()


def results(outcomes: Mapping[str, TestOutcome]) -> list[TestResult]:
    """Outcomes as the toolkit takes them; a test that needs a person has lost nothing."""
    return [
        TestResult(name, each.score is None or each.passed, each.checks, each.error, each.mutating)
        for name, each in outcomes.items()
    ]


# --------------------------------------------------------------------------------- diagnosis


def diagnose(
    notebook: str,
    file: Path,
    outcomes: Mapping[str, TestOutcome],
    again: Callable[[str], TestOutcome] | None = None,
) -> dict[str, tuple[Diagnosis, ...]]:
    """Name the mistakes behind lost points, by test; `again` runs a test on inputs that no answer can change."""

    def tried(test: str) -> TestResult:
        assert again is not None
        return results({test: again(test)})[0]

    found = matcher(notebook, file).diagnose(results(outcomes), again and tried)
    return {
        test: tuple(Diagnosis(each.answer, each.name, each.sentence, each.checks) for each in those)
        for test, those in found.items()
    }


def alike(arguments: tuple[str, Path]) -> dict[str, frozenset[str]]:
    """For each misconception of a notebook, those that no comparison distinguishes from it."""
    return matcher(*arguments).alike()


def steady(file: Path) -> dict[str, bool]:
    """For each entry in a file of fingerprints, whether two runs of it agree."""
    known = map(Fingerprint.from_plain, load(file))
    return {each.entry: not any(trace.noisy for trace in each.traces.values()) for each in known}


@functools.lru_cache(maxsize=32)
def matcher(notebook: str, file: Path) -> Matcher:
    """The matcher of a notebook, with the fingerprints of a file."""
    known = {each.entry: each for each in map(Fingerprint.from_plain, load(file))}
    entries = [e for listing in catalogue() if listing.notebook == notebook for e in listing.entries]
    wrong = [entry for entry in entries if entry.kind == MISCONCEPTION]
    return Matcher(known, [Mistake(e.answer, e.name, e.sentence, e.follow_on) for e in wrong])


# ------------------------------------------------------------------------------- fingerprints


def fingerprints_of(task: Task) -> list[dict[str, Any]]:
    """The fingerprints of an entry, of its variants and of its pairs with others, as plain data."""
    run, entry, began = trusted_run(task.notebook, task.visible_only), task.entry, time.process_time()
    if entry is None:
        return [_reference_fingerprint(run).plain()]
    found = [_fingerprint(run, entry, number) for number in range(len(entry.variants) + 1)]
    quick = time.process_time() - began <= 2 * QUICK * len(found)
    if quick and not any(trace.noisy for trace in found[0].traces.values()):
        found += [pair for other in task.partners if (pair := _pair(run, entry, other)) is not None]
    return [each.plain() for each in found]


def parts(notebook: str) -> dict[str, list[str]]:
    """The answers of a notebook that each of its test cells is built on, but for the one that it tests."""
    run = trusted_run(notebook, visible_only=True)
    return {test: [each for each in run.built_on(test) if each != answer_of(test)] for test in run.points}


def _fingerprint(run: TrustedRun, entry: Entry, variant: int) -> Fingerprint:
    """Run an entry or one of its variants twice, with other draws the second time; what is drawn, more often."""
    sources, began = entry.cells(run.reference, variant), time.process_time()

    def seen(number: int) -> dict[Place, Trace]:
        wrap = functools.partial(_drawn_before, DRAWS * number) if number else None
        return traces(results(run.run(sources, seconds=SECONDS, wrap=wrap)))

    found = _merged(seen(0), seen(1))
    if any(trace.noisy for trace in found.values()) and time.process_time() - began <= SLOW:
        for number in range(2, RUNS):
            found = _merged(found, seen(number))
    return Fingerprint(f"{entry}{VARIANT}{variant}" if variant else str(entry), found)


def _drawn_before(count: int, name: str, value: Any) -> Any:
    """The answer, given generators that have drawn before: what depends on a draw comes out differently."""
    del name
    if inspect.isfunction(value):

        @functools.wraps(value)
        def call(*arguments: Any, **named: Any) -> Any:
            _draw(count, (*arguments, *named.values()))
            return value(*arguments, **named)

        return call
    if inspect.isclass(value):

        def first(self: Any, *arguments: Any, **named: Any) -> None:
            _draw(count, (*arguments, *named.values()))
            value.__init__(self, *arguments, **named)

        return type(value.__name__, (value,), {"__init__": first})
    return value


def _draw(count: int, values: Iterable[Any]) -> None:
    for value in values:
        if isinstance(value, dict):
            _draw(count, value.values())
        elif isinstance(value, np.random.Generator | np.random.RandomState):
            value.standard_normal(count)


def _pair(run: TrustedRun, one: Entry, other: Entry) -> Fingerprint | None:
    """The fingerprint of two small changes at once, in the tests of their answer."""
    sources = one.combined(other, run.reference)
    if sources is None:
        return None
    found = traces(results(run.run(sources, run.tests_of(one.answer), seconds=SECONDS)))
    return Fingerprint(f"{one}{JOINED}{other}", {place: _failed_only(trace) for place, trace in found.items()})


def _failed_only(trace: Trace) -> Trace:
    return replace(trace, received=None) if trace.passed else trace


def _merged(one: Mapping[Place, Trace], other: Mapping[Place, Trace]) -> dict[Place, Trace]:
    """The traces of two runs as those of one."""
    return {place: _both(one.get(place), other.get(place)) for place in {**one, **other}}


def _both(one: Trace | None, other: Trace | None) -> Trace:
    """What two runs gave at one place."""
    if one is None or other is None:
        found = one or other
        assert found is not None
        return replace(found, noisy=True, unsteady=True)
    kept = replace(_failed_only(one if not one.passed else other), noisy=one.noisy, unsteady=one.unsteady)
    if one.passed != other.passed:
        return replace(kept, noisy=True, unsteady=True)
    if one.passed or (_same(one.received, other.received) and one.message == other.message):
        return kept
    return replace(kept, noisy=True, spread=max(one.spread, _spread(one.received, other.received)))


def _same(one: Array | None, other: Array | None) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f" and other.dtype.kind == "f"))


def _spread(one: Array | None, other: Array | None) -> float:
    if one is None or other is None or one.size != 1 or other.size != 1:
        return 0.0
    return float(abs(float(one.flat[0]) - float(other.flat[0])))


def _reference_fingerprint(run: TrustedRun) -> Fingerprint:
    """The reference's own values, and what was put into the answers just before each comparison."""
    tests = sorted({test for answer in run.answers for test in run.tests_touched((answer,))})
    seen = _Seen()
    original = Block._record

    def record(block: Block, comparison: Comparison) -> bool:
        seen.mark()
        return original(block, comparison)

    Block._record = record  # type: ignore[assignment,method-assign]
    try:
        found, inputs = dict[Place, Trace](), dict[Place, tuple[Array, ...]]()
        for test in tests:
            seen.marks.clear()
            new = traces(results(run.run({}, [test], wrap=seen.wrap)))
            found |= new
            inputs |= dict(zip(new, seen.marks, strict=False))
    finally:
        Block._record = original  # type: ignore[method-assign]
    return Fingerprint(REFERENCE, found, inputs)


class _Seen:
    """The small arrays that answers were called with since the last comparison."""

    def __init__(self) -> None:
        self.marks: list[tuple[Array, ...]] = []
        self._now: list[Array] = []
        self._fresh = False

    def mark(self) -> None:
        self.marks.append(tuple(self._now))
        self._fresh = True

    def wrap(self, name: str, value: Any) -> Any:
        del name
        if not inspect.isfunction(value):
            return value

        @functools.wraps(value)
        def call(*arguments: Any, **named: Any) -> Any:
            if self._fresh:
                self._now, self._fresh = [], False
            arrays = [each for each in arguments if isinstance(each, np.ndarray) and each.size <= LARGEST_INPUT]
            self._now += [np.array(each) for each in arrays]
            return value(*arguments, **named)

        return call
