"""Name the mistake behind failed checks, by the values that came back.

What an answer gave to each comparison is compared with the *fingerprints* of the known mistakes: the values that these
give to the same comparisons on the same inputs. A mistake is named only if it explains every comparison of the answer,
the passed ones too. Where none fits, `toolkit.hints` computes a hint. No sentence contains a value of the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations

from toolkit.hints import hints
from toolkit.likeness import agree, by_chance, is_telling
from toolkit.traces import Fingerprint, Place, TestResult, Trace, answer_of, traces

__all__ = ["JOINED", "REFERENCE", "VARIANT", "Matcher", "Mistake", "Named"]

REFERENCE = "reference"
JOINED = "+"
VARIANT = "~"
"""What separates an entry's name from the number of one of its variants."""
MOST = 3
FEW = 0.1


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
    instead : str or None
        Another mistake that explains them as well; then the sentence says "either … or …".
    """

    answer: str
    name: str | None
    sentence: str
    checks: tuple[tuple[str, str], ...] = ()
    instead: str | None = None


@dataclass(frozen=True)
class Match:
    """How a student's traces fit one fingerprint.

    Attributes
    ----------
    name : str
        The fingerprint's name.
    explained : frozenset of Place
        Failures that the mistake has, too, and that look the same.
    contradicted : bool
        Whether the mistake fails somewhere where the student passed, or fails in another way.
    values : int
        How many of the explained failures were compared by values, not by messages alone.
    certain : bool
        Whether an explained failure does not depend on what is drawn at random.
    instead : str
        The name of another fingerprint that fits as well.
    """

    name: str
    explained: frozenset[Place] = field(repr=False)
    contradicted: bool
    values: int
    certain: bool = True
    instead: str = ""


class Matcher:
    """Names the mistakes of one notebook.

    Parameters
    ----------
    known : mapping of str to Fingerprint
        The fingerprints of the reference, of mistakes, of their variants and of pairs of them, by name.
    mistakes : iterable of Mistake
    sure : bool
        Whether to name a mistake only if no other one fits as well, and to say "either … or …" about two that do. In
        a notebook the visible checks alone decide; in grading the hidden ones tell most mistakes apart.
    """

    def __init__(self, known: Mapping[str, Fingerprint], mistakes: Iterable[Mistake], sure: bool = False) -> None:
        self.reference, self.sure = known[REFERENCE], sure
        self.entries = {str(each): each for each in mistakes if str(each) in known}
        self.known = {name: each for name, each in known.items() if _base(name) in self.entries}
        self.pairs = {name: each for name, each in known.items() if JOINED in name}

    def __repr__(self) -> str:
        return f"<Matcher: {len(self.entries)} mistakes>"

    def diagnose(
        self, results: Iterable[TestResult], again: Callable[[str], TestResult] | None = None
    ) -> dict[str, tuple[Named, ...]]:
        """Name the mistakes behind the test cells of one notebook.

        Parameters
        ----------
        results : iterable of TestResult
            The results of all test cells of the notebook.
        again : callable, optional
            Runs a test cell again with inputs that the answers cannot change.

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
                after = {place for place in open_ if place[0] in self.entries[_base(match.name)].follow_on}
                self._attach(found, replace(match, explained=match.explained | after))
                open_ -= match.explained | after
        self._add_hints(found, runs, again)
        return {test: tuple(those[:MOST]) for test, those in found.items() if those}

    def _attach(self, found: dict[str, list[Named]], match: Match) -> None:
        entry, other = self.entries[_base(match.name)], self.entries.get(_base(match.instead))
        said = f"Either: {entry.sentence} Or: {other.sentence}" if other else entry.sentence
        for test, those in found.items():
            checks = dict.fromkeys(place[1:3] for place in sorted(match.explained) if place[0] == test)
            if checks:
                those.append(Named(entry.answer, entry.name, said, tuple(checks), other.name if other else None))

    def _add_hints(
        self, found: dict[str, list[Named]], runs: list[TestResult], again: Callable[[str], TestResult] | None
    ) -> None:
        """Give each answer a computed hint where no mistake was named in any of its test cells."""
        for answer in dict.fromkeys(answer_of(run.test) for run in runs):
            mine = [run for run in runs if answer_of(run.test) == answer]
            if not any(found.get(run.test) for run in mine):
                for test, sentence, checks in hints(mine, self.reference, again, self.sure):
                    found[test].append(Named(answer, None, sentence, checks))

    def _named(self, answer: str, student: Mapping[Place, Trace], open_: set[Place]) -> list[Match]:
        """The mistakes of an answer that explain its failures: one, or several together."""
        mine = {place for place in open_ if answer_of(place[0]) == answer}
        if not mine:
            return []
        names = [name for name in self.known if self.entries[_base(name)].answer == answer]
        matches = [match for name in names if not (match := self._match(name, answer, student)).contradicted]
        whole = [match for match in matches if self._explains(match, mine)]
        if whole:
            best = max(whole, key=lambda match: match.values)
            return [self._widened(each, student) for each in (self._told_apart(whole) if self.sure else [best])]
        for name in self.pairs:
            if self.entries[name.partition(JOINED)[0]].answer == answer:
                match = self._match(name, answer, student)
                if match.values and not match.contradicted and self._explains(match, mine):
                    return [self._part(match, each) for each in name.split(JOINED)]
        return [self._widened(match, student) for match in self._together(matches, mine)]

    def _told_apart(self, whole: list[Match]) -> list[Match]:
        """The match that is right for certain, one of two, or none; equal sentences are one."""
        said: dict[str, Match] = {}
        for match in whole:
            if match.certain:
                said.setdefault(self.entries[_base(match.name)].sentence, match)
        if not 0 < len(said) < 3:
            return []
        first, *other = said.values()
        return [replace(first, instead=other[0].name if other else "")]

    def _match(self, name: str, answer: str, student: Mapping[Place, Trace]) -> Match:
        """Hold a student's traces, in the tests of one answer, against a fingerprint."""
        explained, contradicted, values, certain = set[Place](), False, 0, False
        tests = {place[0] for place in student}
        for place, trace in self._fingerprint(name).traces.items():
            if trace.passed or place[0] not in tests or answer_of(place[0]) != answer:
                continue
            theirs, inputs = student.get(place), self.reference.inputs.get(place, ())
            if theirs is None or theirs.passed:
                contradicted = contradicted or not by_chance(trace, inputs)
            elif agree(theirs, trace, inputs):
                explained.add(place)
                right = self.reference.traces.get(place)
                values += trace.received is not None and not trace.noisy
                certain = certain or is_telling(trace, right.received if right else None, inputs)
            else:
                contradicted = contradicted or not by_chance(trace, inputs)
        return Match(name, frozenset(explained), contradicted, values, certain)

    def _explains(self, match: Match, failures: set[Place]) -> bool:
        """Whether a mistake has all of some failures, those aside that come and go with what is drawn."""
        known, inputs = self._fingerprint(match.name).traces, self.reference.inputs
        left = failures - match.explained
        chance = sum(place in known and by_chance(known[place], inputs.get(place, ())) for place in left)
        drawn = sum(known[place].noisy for place in match.explained)
        if 2 * drawn > len(match.explained):  # nearly all of it is drawn: a few comparisons pass or fail by luck
            return len(left) <= FEW * len(match.explained)
        return chance == len(left) < len(match.explained)

    def _fingerprint(self, name: str) -> Fingerprint:
        return self.pairs[name] if JOINED in name else self.known[name]

    def _together(self, matches: list[Match], failures: set[Place]) -> list[Match]:
        """Two or three mistakes that together explain all failures: each by values, each something of its own."""
        strong = [match for match in matches if match.values]
        best: dict[frozenset[Place], Match] = {}
        for match in strong:
            best.setdefault(match.explained & failures, match)
        if self.sure:  # parts that two mistakes explain are left out
            said = {(match.explained & failures, self.entries[_base(match.name)].sentence) for match in strong}
            best = {part: match for part, match in best.items() if [each for each, _ in said].count(part) == 1}
        for count in range(2, MOST + 1):
            for chosen in combinations(best.items(), count):
                parts = [part for part, _ in chosen]
                whole = frozenset().union(*parts)
                needed = all(part - frozenset().union(*(p for p in parts if p is not part)) for part in parts)
                if needed and whole >= failures:
                    return [match for _, match in chosen]
        return []

    def _part(self, match: Match, name: str) -> Match:
        """One of two mistakes that were matched together: about what it spoils alone, if that is anything."""
        own = {place for place, trace in self.known[name].traces.items() if not trace.passed}
        return replace(match, name=name, explained=match.explained & own or match.explained)

    def _widened(self, match: Match, student: Mapping[Place, Trace]) -> Match:
        """The same match, with what follows from it in the tests of other answers."""
        follow_on = {
            place
            for place, trace in self.known[match.name].traces.items()
            if place in student and not student[place].passed and not trace.passed and agree(student[place], trace)
        }
        return replace(match, explained=match.explained | follow_on)

    def alike(self) -> dict[str, frozenset[str]]:
        """For each mistake, those of its answer that no comparison tells from it, itself included."""
        return {name: frozenset(self._alike(name)) for name in self.entries}

    def _alike(self, name: str) -> list[str]:
        answer = self.entries[name].answer
        own = self.known[name].traces
        failures = {p for p, t in own.items() if not t.passed and not t.noisy and answer_of(p[0]) == answer}
        found = [name]
        for other in (each for each in self.known if self.entries[_base(each)].answer == answer):
            match = self._match(other, answer, own)
            if _base(other) not in found and not match.contradicted and self._explains(match, failures):
                found.append(_base(other))
        return found


def _base(name: str) -> str:
    """The entry that a fingerprint belongs to."""
    return name.partition(VARIANT)[0]
