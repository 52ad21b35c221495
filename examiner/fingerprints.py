"""What each catalogued answer makes of each comparison: computed once, kept on disk, shared by all students.

A fingerprint belongs to one entry, one seed, and everything else being reference.  It is made of
two runs, so that what an answer draws at random (first weights, dropout) is told from what it computes.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from examiner._workers import run_all
from examiner.catalogue import Entry, load_catalogues
from examiner.rehearsal import Place, Rehearsal, TestRun, by_place
from toolkit.checks import Block, Comparison

__all__ = ["JOINED", "REFERENCE", "Array", "Fingerprint", "Trace", "fingerprints", "rehearsal", "traces"]

Array = np.ndarray[Any, np.dtype[Any]]
REFERENCE = "reference"
SECONDS = 10.0
FORMAT = 3
QUICK = 0.1
JOINED = "+"


@dataclass(frozen=True)
class Trace:
    """What came of one comparison.

    Attributes
    ----------
    passed : bool
    message : str or None
        What the check said.
    received : ndarray or None
        What came back: for failures, and for everything of the reference.
    noisy : bool
        Whether two runs disagree about it.
    spread : float
        By how much, where both gave one number.
    """

    passed: bool
    message: str | None = None
    received: Array | None = field(default=None, repr=False)
    noisy: bool = False
    spread: float = 0.0


@dataclass(frozen=True)
class Fingerprint:
    """The traces of one entry, and for the reference the inputs that were given to the answers."""

    entry: str
    traces: Mapping[Place, Trace] = field(repr=False)
    inputs: Mapping[Place, tuple[Array, ...]] = field(default_factory=dict, repr=False)


def traces(runs: Iterable[TestRun]) -> dict[Place, Trace]:
    """All traces of some test cells; an exception that ended a cell is one, too."""
    found: dict[Place, Trace] = {}
    for run in runs:
        found |= {place: _trace(each) for place, each in by_place(run.test, run.results).items()}
        if run.error is not None:
            found[run.test, "", "error", 0] = Trace(False, run.error)
    return found


def _trace(comparison: Comparison) -> Trace:
    return Trace(comparison.passed, comparison.message, comparison.received)


def fingerprint(rehearsed: Rehearsal, entry: Entry | None) -> Fingerprint:
    """Rehearse an entry twice; None stands for the reference."""
    if entry is None:
        return _reference_fingerprint(rehearsed)
    sources = entry.cells(rehearsed.reference)
    one, other = (traces(rehearsed.run(sources, seconds=SECONDS).values()) for _ in range(2))
    return Fingerprint(str(entry), {place: _merged(one.get(place), other.get(place)) for place in one | other})


def _merged(one: Trace | None, other: Trace | None) -> Trace:
    """Two runs' traces as one."""
    if one is None or other is None:
        found = one or other
        assert found is not None
        return replace(found, noisy=True)
    kept = one if not one.passed else other
    kept = replace(kept, received=None if kept.passed else kept.received)
    if one.passed != other.passed:
        return replace(kept, noisy=True)
    if one.passed or (_same(one.received, other.received) and one.message == other.message):
        return kept
    return replace(kept, noisy=True, spread=_spread(one.received, other.received))


def _same(one: Array | None, other: Array | None) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f" and other.dtype.kind == "f"))


def _spread(one: Array | None, other: Array | None) -> float:
    if one is None or other is None or one.size != 1 or other.size != 1:
        return 0.0
    return float(abs(float(one.flat[0]) - float(other.flat[0])))


# --------------------------------------------------------------------- the reference


def _reference_fingerprint(rehearsed: Rehearsal) -> Fingerprint:
    """The reference's own values, and what was put into the answers just before each comparison."""
    tests = sorted({test for answer in rehearsed.answers for test in rehearsed.tests_touched((answer,))})
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
            run = rehearsed.run({}, [test], seconds=60.0, wrap=seen.wrap)
            new = traces(run.values())
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
            arrays = [each for each in arguments if isinstance(each, np.ndarray) and each.size <= 1000]
            self._now += [np.array(each) for each in arrays]
            return value(*arguments, **named)

        return call


# --------------------------------------------------------------------------- on disk


def fingerprints(path: Path, seed: int, cache: Path, jobs: int = 2) -> dict[str, Fingerprint]:
    """The fingerprints of a notebook's reference and misconceptions, from disk where they are there.

    Parameters
    ----------
    path : Path
        The source notebook.
    seed : int
        Seed of the hidden inputs.
    cache : Path
        Folder to keep them in.
    jobs : int
        Processes to compute them with.
    """
    entries = misconceptions(path.stem)
    file = cache / f"{path.stem}-{seed}-{_digest(path, entries)}.npz"
    if file.is_file():
        return load(file)
    partners = [[each for each in entries[i + 1 :] if each.answer == entry.answer] for i, entry in enumerate(entries)]
    tasks = [(path, seed, None, []), *((path, seed, *both) for both in zip(entries, partners, strict=True))]
    done = dict(run_all("examiner.fingerprints:task", tasks, jobs=jobs, seconds=20 * SECONDS))
    found = [each for number in range(len(tasks)) for each in done[number] or ()]
    save(file, found)
    return {each.entry: each for each in found}


def misconceptions(notebook: str) -> list[Entry]:
    """The wrong answers of one notebook, in the catalogue's order."""
    catalogues = [catalogue for catalogue in load_catalogues() if catalogue.notebook == notebook]
    return [entry for each in catalogues for entry in each.entries if entry.kind == "misconception"]


def task(arguments: tuple[Path, int, Entry | None, list[Entry]]) -> list[Fingerprint]:
    """Work of one worker process: an entry's fingerprint, and those of its pairs with others."""
    path, seed, entry, partners = arguments
    rehearsed, began = rehearsal(path, seed), time.monotonic()
    found = [fingerprint(rehearsed, entry)]
    if entry is None or time.monotonic() - began > 2 * QUICK or any(t.noisy for t in found[0].traces.values()):
        return found
    return found + [pair for other in partners if (pair := _pair(rehearsed, entry, other)) is not None]


def _pair(rehearsed: Rehearsal, one: Entry, other: Entry) -> Fingerprint | None:
    """The fingerprint of two small changes at once, in the tests of their answer."""
    sources = one.combined(other, rehearsed.reference)
    if sources is None:
        return None
    runs = rehearsed.run(sources, rehearsed.tests_of(one.answer), seconds=SECONDS)
    kept = {
        place: replace(trace, received=None if trace.passed else trace.received)
        for place, trace in traces(runs.values()).items()
    }
    return Fingerprint(f"{one}{JOINED}{other}", kept)


@functools.lru_cache(maxsize=8)
def rehearsal(path: Path, seed: int) -> Rehearsal:
    """A notebook's rehearsal, prepared once in a process."""
    return Rehearsal(path, seed)


def _digest(path: Path, entries: Sequence[Entry]) -> str:
    """A hash of all that a fingerprint depends on."""
    digest = hashlib.sha256(f"{FORMAT} {np.__version__} {_data_sets()}".encode())
    for file in sorted(path.parent.glob("*.ipynb")):
        if file.name <= path.name:  # earlier notebooks are its reference
            digest.update(file.read_bytes())
    for file in sorted((path.parent / "toolkit").rglob("*.py")):
        digest.update(file.read_bytes())
    for entry in entries:
        digest.update(json.dumps([str(entry), dict(entry.sources), dict(entry.changes)]).encode())
    return digest.hexdigest()[:16]


def _data_sets() -> list[tuple[str, bool]]:
    """Which of the toolkit's data sets are here: tests draw their inputs from others where they are not."""
    try:
        from toolkit import data
    except ImportError:
        return []
    names = [name.removeprefix("load_") for name in data.__all__ if name.startswith("load_")]
    return [(name, data.locate(name) is not None) for name in names]


def save(file: Path, found: Iterable[Fingerprint]) -> None:
    """Write fingerprints as JSON and one buffer of numbers, in one step."""
    buffer = bytearray()

    def put(array: Array | None) -> list[Any] | None:
        if array is None:
            return None
        buffer.extend(np.ascontiguousarray(array).tobytes())
        return [array.dtype.str, array.shape, len(buffer) - array.nbytes]

    index = [
        {
            "entry": each.entry,
            "traces": [
                [*place, t.passed, t.message, put(t.received), t.noisy, t.spread]
                for place, t in each.traces.items()
            ],
            "inputs": [[*place, [put(a) for a in given]] for place, given in each.inputs.items()],
        }
        for each in found
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.stem}-{os.getpid()}.unfinished.npz")
    text = np.frombuffer(json.dumps(index).encode(), np.uint8)
    np.savez_compressed(unfinished, allow_pickle=False, index=text, buffer=np.frombuffer(bytes(buffer), np.uint8))
    unfinished.replace(file)


def load(file: Path) -> dict[str, Fingerprint]:
    """Read what `save` wrote."""
    with np.load(file, allow_pickle=False) as arrays:
        index, buffer = json.loads(arrays["index"].tobytes()), arrays["buffer"].tobytes()
    return {
        each["entry"]: Fingerprint(
            each["entry"],
            {_place(row): _trace_from(row[4:], buffer) for row in each["traces"]},
            {_place(row): tuple(_get(where, buffer) for where in row[4]) for row in each["inputs"]},
        )
        for each in index
    }


def _get(where: list[Any], buffer: bytes) -> Array:
    kind, shape, start = where
    count = int(np.prod(shape))
    return np.frombuffer(buffer, np.dtype(kind), count, start).reshape(shape)


def _place(row: list[Any]) -> Place:
    test, title, name, number = row[:4]
    return test, title, name, number


def _trace_from(row: list[Any], buffer: bytes) -> Trace:
    passed, message, where, noisy, spread = row
    return Trace(passed, message, None if where is None else _get(where, buffer), noisy, spread)
