"""Name the mistake behind failed checks, by the values that came back.

What an answer gave to each comparison is compared with the *fingerprints* of the known mistakes: the values that these
give to the same comparisons on the same inputs. Where none fits, `toolkit.hints` computes a hint. No sentence contains
a value of the reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

import numpy as np

from toolkit.hints import hints
from toolkit.traces import Array, Fingerprint, Place, TestResult, Trace, answer_of, traces

__all__ = ["JOINED", "REFERENCE", "Matcher", "Mistake", "Named"]

REFERENCE = "reference"
JOINED = "+"
CLOSE = 1e-5
CLOSE_SINGLE = 1e-3
SIMILAR = 0.8
FOREIGN = "RuntimeError: "
MOST = 3
NUMBER = re.compile(r"-?\d[\d.]*(e[+-]?\d+)?")


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer.

    Attributes
    ----------
    answer, name : str
        The answer that it is about, and what it is called.
    sentence : str
        What the student is told.
    follow_on : tuple of str
        Test cells of other answers that lose points, too.
    """

    answer: str
    name: str
    sentence: str
    follow_on: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.answer}:{self.name}"


@dataclass(frozen=True)
class Named:
    """One sentence to the student.

    Attributes
    ----------
    answer : str
        The answer that it is about.
    name : str or None
        The mistake; None for a hint that was computed.
    sentence : str
    checks : tuple of (str, str)
        The failed comparisons that it explains: title of the block, name.
    """

    answer: str
    name: str | None
    sentence: str
    checks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Match:
    """How a student's traces fit the fingerprint of one misconception.

    Attributes
    ----------
    explained : frozenset of Place
        Failures that the misconception has, too, with the same values.
    differing : frozenset of Place
        Failures of both, with other values.
    missing : frozenset of Place
        Failures that the misconception has and the student has not.
    strong : bool
        Whether values were compared, not messages alone.
    """

    name: str
    explained: frozenset[Place] = field(repr=False)
    differing: frozenset[Place] = field(repr=False)
    missing: frozenset[Place] = field(repr=False)
    strong: bool


class Matcher:
    """Names the mistakes of one notebook.

    Parameters
    ----------
    known : mapping of str to Fingerprint
        The fingerprints of the reference, of mistakes and of pairs of them, by name.
    mistakes : iterable of Mistake
    """

    def __init__(self, known: Mapping[str, Fingerprint], mistakes: Iterable[Mistake]) -> None:
        self.reference = known[REFERENCE]
        self.entries = {str(each): each for each in mistakes if str(each) in known}
        self.known = {name: known[name] for name in self.entries}
        self.pairs = {name: each for name, each in known.items() if JOINED in name}

    def __repr__(self) -> str:
        return f"<Matcher: {len(self.known)} mistakes>"

    def diagnose(self, results: Iterable[TestResult]) -> dict[str, tuple[Named, ...]]:
        """Name the mistakes behind the test cells of one notebook.

        Parameters
        ----------
        results : iterable of TestResult
            The results of all test cells of the notebook.

        Returns
        -------
        dict of str to tuple of Named
            For each test cell that lost points, the most telling first.
        """
        decided = {place[0] for place in self.reference.traces}  # others look at files, say
        runs = [run for run in results if run.test in decided]
        student = traces(runs)
        open_ = {place for place, trace in student.items() if not trace.passed}
        found: dict[str, list[Named]] = {run.test: [] for run in runs if not run.passed}
        for answer in dict.fromkeys(answer_of(run.test) for run in runs):
            for match in self._named(answer, student, open_):
                after = {place for place in open_ if place[0] in self.entries[match.name].follow_on}
                self._attach(found, replace(match, explained=match.explained | after))
                open_ -= match.explained | match.differing | after
        for run in runs:
            if run.test in found and not found[run.test]:
                left = {place: trace for place, trace in student.items() if place[0] == run.test}
                found[run.test] += [
                    Named(answer_of(run.test), None, sentence, checks)
                    for sentence, checks in hints(left, self.reference, run.mutating)
                ]
        return {test: tuple(those[:MOST]) for test, those in found.items() if those}

    def _attach(self, found: dict[str, list[Named]], match: Match) -> None:
        entry = self.entries[match.name]
        for test, those in found.items():
            checks = dict.fromkeys(place[1:3] for place in sorted(match.explained) if place[0] == test)
            if checks:
                those.append(Named(entry.answer, entry.name, entry.sentence, tuple(checks)))

    def _named(self, answer: str, student: Mapping[Place, Trace], open_: set[Place]) -> list[Match]:
        """The misconceptions of an answer that explain its failures: one, or several of them."""
        mine = {place for place in open_ if answer_of(place[0]) == answer}
        if not mine:
            return []
        names = [name for name, entry in self.entries.items() if entry.answer == answer]
        matches = [match for name in names if (match := _match(name, self.known[name], answer, student)).explained]
        for match in matches:
            if match.explained >= mine and not match.missing and not match.differing:
                return [self._widened(match, student)]
        for name, pair in self.pairs.items():
            if self.entries[name.partition(JOINED)[0]].answer == answer:
                match = _match(name, pair, answer, student)
                if match.strong and match.explained >= mine and not match.missing and not match.differing:
                    return [self._part(match, each) for each in name.split(JOINED)]
        return [self._widened(match, student) for match in _cover(matches, mine)]

    def _part(self, match: Match, name: str) -> Match:
        """One of two misconceptions that were matched together: about what it spoils alone, if that is anything."""
        own = {place for place, trace in self.known[name].traces.items() if not trace.passed}
        return replace(match, name=name, explained=match.explained & own or match.explained)

    def _widened(self, match: Match, student: Mapping[Place, Trace]) -> Match:
        """The same match, with what follows from it in the tests of other answers."""
        follow_on = {
            place
            for place, trace in self.known[match.name].traces.items()
            if place in student and not student[place].passed and not trace.passed and _agree(student[place], trace)
        }
        return replace(match, explained=match.explained | follow_on)

    def alike(self) -> dict[str, frozenset[str]]:
        """For each misconception, those of its answer that no comparison tells from it, itself included."""
        return {name: frozenset(self._alike(name)) for name in self.entries}

    def _alike(self, name: str) -> list[str]:
        answer = self.entries[name].answer
        own = self.known[name].traces
        found = [name]
        for other in (n for n, entry in self.entries.items() if entry.answer == answer and n != name):
            match = _match(other, self.known[other], answer, own)
            failures = {p for p, t in own.items() if not t.passed and not t.noisy and answer_of(p[0]) == answer}
            if match.explained and match.explained >= failures and not match.missing and not match.differing:
                found.append(other)
        return found


# ------------------------------------------------------------------------------ matching


def _match(name: str, known: Fingerprint, answer: str, student: Mapping[Place, Trace]) -> Match:
    """Hold a student's traces, in the tests of one answer, against a fingerprint."""
    explained, differing, missing, strong = set(), set(), set(), False
    tests = {place[0] for place in student}
    for place, trace in known.traces.items():
        if trace.passed or place[0] not in tests or answer_of(place[0]) != answer:
            continue
        theirs = student.get(place)
        if theirs is None or theirs.passed:
            if not trace.noisy:
                missing.add(place)
        elif _agree(theirs, trace):
            explained.add(place)
            strong = strong or trace.received is not None
        else:
            differing.add(place)
    return Match(name, frozenset(explained), frozenset(differing), frozenset(missing), strong)


def _cover(matches: list[Match], failures: set[Place]) -> list[Match]:
    """Several misconceptions that together explain failures: each by values, and none against them."""
    chosen: list[Match] = []
    left = set(failures)
    fitting = [match for match in matches if match.strong and not match.missing]
    while fitting and len(chosen) < MOST:
        best = max(fitting, key=lambda match: (len(match.explained & left), -len(match.differing)))
        covered = best.explained & left
        if not covered or (best.differing and len(best.explained) <= len(best.differing)):
            break
        chosen.append(best)
        left -= best.explained | best.differing
        fitting.remove(best)
    return chosen


def _agree(student: Trace, known: Trace) -> bool:
    """Whether two failures are the same failure."""
    one, other = student.received, known.received
    if one is None and other is None:
        return _alike(_said(student.message, known.noisy), _said(known.message, known.noisy))
    if one is None or other is None or one.shape != other.shape or one.dtype.kind != other.dtype.kind:
        return False
    return _near(one, other, known.spread) if known.noisy else _equal(one, other)


def _said(message: str | None, noisy: bool) -> str | None:
    """A message, without the place in the student's code; without numbers where they are noise."""
    text = message and message.partition(" (in ")[0]
    return NUMBER.sub("#", text) if text and noisy else text


def _alike(one: str | None, other: str | None) -> bool:
    """Equal messages, or nearly so of the same exception: its text may name an object."""
    if one is None or other is None or one == other:
        return one == other
    if not other.startswith(FOREIGN):  # how an exception arrives whose type exists in the sandbox only
        one = one.removeprefix(FOREIGN)
    kind, _, text = one.partition(": ")
    known, _, rest = other.partition(": ")
    return kind == known and kind.endswith("Error") and SequenceMatcher(None, text, rest).ratio() > SIMILAR


def _equal(one: Array, other: Array) -> bool:
    """Equal but for rounding, relative to the largest value; NaN and infinity in the same places."""
    if one.dtype.kind not in "f":
        return bool(np.array_equal(one, other))
    wide, known = one.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(wide) & np.isfinite(known)
    if not np.array_equal(wide[~finite], known[~finite], equal_nan=True):
        return False
    tolerance = CLOSE_SINGLE if min(one.dtype.itemsize, other.dtype.itemsize) <= 4 else CLOSE
    scale = float(np.max(np.abs(known[finite]), initial=0.0))
    return bool(np.all(np.abs(wide[finite] - known[finite]) <= tolerance * scale + 1e-12))


def _near(one: Array, other: Array, spread: float) -> bool:
    """Alike as draws are: one number within a few times its spread, an array by its size."""
    wide, known = one.astype(np.float64), other.astype(np.float64)
    if not (np.all(np.isfinite(wide)) and np.all(np.isfinite(known))):
        return bool(np.isfinite(wide).all() == np.isfinite(known).all())
    sizes = float(np.sqrt(np.mean(wide**2))), float(np.sqrt(np.mean(known**2)))
    if one.size == 1:
        return abs(sizes[0] - sizes[1]) <= max(6 * spread, 0.15 * sizes[1]) + 1e-12
    ratio = 1 + 6 / np.sqrt(one.size)  # few draws differ much
    return bool(sizes[0] <= ratio * sizes[1] + 1e-12 and sizes[1] <= ratio * sizes[0] + 1e-12)
