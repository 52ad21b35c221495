"""The class report: the class on one page, a row with a reason for every student, and what went wrong most."""

from __future__ import annotations

import math
import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from statistics import mean, median
from urllib.parse import quote

from examiner.course import NOT_GRADED, Results, SlowCell, data_sets, graded_notebooks, slowest
from examiner.notebooks import Contents, answer_of
from examiner.outcome import NOTHING_SUBMITTED, NotebookOutcome, StudentOutcome
from examiner.pages.report.item_analysis import TestRow, analyzed
from examiner.pages.report.similar import Pair, similar_answers

__all__ = ["UNPROTECTED", "ClassReport", "Mistake", "Row", "Section", "anonymous", "class_report"]

WAITING, ABSENT = "waiting", "absent"
UNPROTECTED = "Submitted code ran unprotected when these marks were made: `examiner doctor` says how to get a sandbox."


@dataclass(frozen=True)
class Row:
    """One student: `status` is an outcome's, ``waiting`` to be graded, or ``absent``: nothing was submitted."""

    student: str
    status: str
    reason: str | None
    outcome: StudentOutcome
    by_hand: int
    """Cells that need manual grading."""
    feedback: str | None
    """Path of the feedback, relative to the report."""
    name: str = ""
    section: str = ""

    @property
    def score(self) -> float | None:
        """Points without bonus; None where no mark exists."""
        return self.outcome.score

    @property
    def graded(self) -> bool:
        """Whether the score counts: whoever waits or submitted nothing is not a zero."""
        return self.status in ("graded", "partial")


@dataclass(frozen=True)
class Mistake:
    """One sentence that students were shown, and these students."""

    answer: str
    name: str | None
    """The catalogued misconception; None for a hint that was computed."""
    sentence: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A section or group of the roster: how many are in it, how many of them are graded, and their scores."""

    name: str
    students: int
    graded: int
    mean: float | None
    median: float | None


@dataclass(frozen=True)
class ClassReport:
    """All that the page shows."""

    assignment: str
    written: str
    isolation: tuple[str, ...]
    seeds: tuple[int, ...]
    data: Mapping[str, str]
    notebooks: Mapping[str, float]
    """Notebooks and their points, those of nothing but bonus left out."""
    rows: tuple[Row, ...]
    tests: tuple[TestRow, ...]
    mistakes: tuple[Mistake, ...]
    alike: tuple[tuple[str, tuple[str, ...]], ...]
    """Files that several students submitted, byte for byte the same: name, students."""
    similar: tuple[Pair, ...] = ()
    """Answers of two students that are alike."""
    slow: tuple[SlowCell, ...] = ()
    anonymous: bool = False

    @cached_property
    def scores(self) -> list[float]:
        """Scores of those who are graded."""
        return _scores(self.rows)

    @property
    def max_score(self) -> float:
        """Points of the assignment, without bonus."""
        return math.fsum(self.notebooks.values())

    @cached_property
    def penalties(self) -> bool:
        """Whether any student lost points for a late submission."""
        return any(row.outcome.penalty for row in self.rows)

    @cached_property
    def late(self) -> bool:
        """Whether any submission is late."""
        return any(row.outcome.hours_late for row in self.rows)

    @cached_property
    def named(self) -> bool:
        """Whether a roster gave any names."""
        return any(row.name for row in self.rows)

    @property
    def surprising(self) -> list[TestRow]:
        """Tests that the best students fail, or that tell them from others the wrong way round."""
        return [test for test in self.tests if test.surprising]

    def sections(self) -> list[Section]:
        """The roster's sections, by name; empty without a roster that has any."""
        members: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row.section:
                members[row.section].append(row)
        return [_section(name, rows) for name, rows in sorted(members.items())]

    def part(self, mistake: Mistake) -> float:
        """The part of the graded students who made a mistake, from 0 to 1."""
        graded = sum(row.graded for row in self.rows)
        return len(mistake.students) / graded if graded else 0.0

    def bins(self, scores: Iterable[float], number: int = 10) -> list[tuple[float, float, int]]:
        """The distribution of scores of this class or another: from, to (exclusive, but for the last), students."""
        width = self.max_score / number if self.max_score else 1.0
        counts = Counter(min(number - 1, max(0, int(score / width + 1e-9))) for score in scores)
        return [(each * width, (each + 1) * width, counts[each]) for each in range(number)]

    @property
    def by_status(self) -> Counter[str]:
        """How many students are graded, partial, failed, waiting, absent."""
        return Counter(row.status for row in self.rows)

    @property
    def by_hand(self) -> int:
        """Cells that need manual grading."""
        return sum(row.by_hand for row in self.rows)

    def attention(self) -> list[tuple[str, str, list[str]]]:
        """What needs attention, the worst first: status, reason, students."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in self.rows:
            if row.status != "graded":
                found[row.status, row.reason or ""].append(row.student)
        order = ("failed", WAITING, "partial", ABSENT)
        return [(*each, found[each]) for each in sorted(found, key=lambda each: order.index(each[0]))]


def class_report(
    results: Results,
    beside: Path,
    progress: Callable[[list[str]], Iterable[str]] = iter,
    people: Mapping[str, tuple[str, str]] | None = None,
) -> ClassReport:
    """Read the outcome of an assignment.

    Parameters
    ----------
    results : Results
    beside : Path
        The folder of the report: links to feedback are relative to it.
    progress : callable
        Called with the list of the students; returns an iterable over them, such as a progress bar.
    people : mapping of str to (str, str), optional
        The roster: names and sections by student. Each of them has a row.

    Returns
    -------
    ClassReport
    """
    rows, files = [], []
    for student in progress(results.students()):
        submitted = results.submitted(student)
        rows.append(_row(results, student, submitted, beside))
        files.append((student, _digests(results, submitted)))
    rows += [Row(name, ABSENT, why, results.outcome(name), 0, None) for name, why in results.absent().items()]
    people = people or {}
    missing = set(people) - {row.student for row in rows}
    rows += [Row(name, ABSENT, NOTHING_SUBMITTED, results.outcome(name), 0, None) for name in missing]
    for place, row in enumerate(rows):
        name, section = people.get(row.student, ("", ""))
        rows[place] = replace(row, name=name, section=section)
    rows.sort(key=lambda row: row.student)
    graded = {row.student: row.outcome for row in rows if row.status not in (WAITING, ABSENT)}
    outcomes = [each for outcome in graded.values() for each in graded_notebooks(outcome)]
    return ClassReport(
        assignment=results.course.name,
        written=datetime.now(UTC).astimezone().strftime("%d %B %Y, %H:%M"),
        isolation=tuple(sorted({outcome.isolation for outcome in outcomes})),
        seeds=tuple(sorted({outcome.seed for outcome in outcomes})),
        data=data_sets(graded.values()),
        notebooks={
            name: mark.max_score for row in rows[:1] for name, mark in row.outcome.marks.items() if mark.max_score
        },
        rows=tuple(rows),
        tests=tuple(analyzed(results.course.assignment.notebooks(), graded)),
        mistakes=tuple(_mistakes(graded)),
        alike=tuple(_alike(files)),
        similar=tuple(similar_answers(results, graded)),
        slow=tuple(slowest(graded)),
    )


def anonymous(report: ClassReport) -> ClassReport:
    """The same report without names: students are numbered, in an order that is drawn anew for each report.

    Parameters
    ----------
    report : ClassReport
    """
    # Drawn, not computed from the names: who knows the class could compute it again.
    order = random.SystemRandom().sample(report.rows, len(report.rows))
    number = {row.student: f"student {place}" for place, row in enumerate(order, start=1)}

    def renamed(students: Iterable[str]) -> tuple[str, ...]:
        return tuple(number[student] for student in students)

    nameless = [replace(row, name="", section="", feedback=None) for row in order]
    rows = [replace(row, student=number[row.student], reason=_without(row.student, row.reason)) for row in nameless]
    return replace(
        report,
        rows=tuple(rows),
        mistakes=tuple(replace(each, students=renamed(each.students)) for each in report.mistakes),
        alike=tuple((name, renamed(students)) for name, students in report.alike),
        similar=(),  # code can name its author
        slow=tuple(replace(each, student=number[each.student]) for each in report.slow),
        anonymous=True,
    )


def _without(student: str, reason: str | None) -> str | None:
    """A reason that names nobody."""
    return reason if reason is None or student not in reason else "see the report with names"


def _section(name: str, rows: list[Row]) -> Section:
    scores = _scores(rows)
    return Section(name, len(rows), len(scores), mean(scores) if scores else None, median(scores) if scores else None)


def _scores(rows: Iterable[Row]) -> list[float]:
    return [row.score for row in rows if row.graded and row.score is not None]


def _row(results: Results, student: str, submitted: Contents, beside: Path) -> Row:
    outcome = results.outcome(student, submitted)
    status = WAITING if outcome.reason == NOT_GRADED.format(results.course.name) else outcome.status
    folder = results.course.feedback(student)
    first = folder / "index.html"
    feedback = quote(Path(os.path.relpath(first, beside)).as_posix()) if first.is_file() else None
    return Row(student, status, outcome.reason, outcome, len(results.by_hand(student)), feedback)


def _mistakes(outcomes: Mapping[str, StudentOutcome]) -> list[Mistake]:
    """The sentences that students were shown, the most frequent first."""
    who: dict[tuple[str, str | None, str], list[str]] = defaultdict(list)
    for student, outcome in outcomes.items():
        told = [told for notebook in outcome.notebooks.values() for told in _told(notebook)]
        for each in dict.fromkeys(told):
            who[each].append(student)
    found = [Mistake(*each, tuple(students)) for each, students in who.items()]
    return sorted(found, key=lambda mistake: (-len(mistake.students), mistake.name is None, mistake.answer))


def _told(notebook: NotebookOutcome) -> Iterable[tuple[str, str | None, str]]:
    for name, test in notebook.tests.items():
        # A diagnosis is either all names or all hints.
        names: tuple[str | None, ...] = test.misconceptions or (None,) * len(test.diagnosis)
        for misconception, said in zip(names, test.diagnosis, strict=False):
            yield answer_of(name), misconception, said


def _digests(results: Results, submitted: Contents) -> dict[str, str]:
    """A digest of each submitted file that tests read."""
    return {name: submitted.files[name] for name in results.course.assignment.files if name in submitted.files}


def _alike(files: Iterable[tuple[str, Mapping[str, str]]]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Identical files of several students: one student may have made them all."""
    who: dict[tuple[str, str], list[str]] = defaultdict(list)
    for student, digests in files:
        for each in digests.items():
            who[each].append(student)
    return [(name, tuple(students)) for (name, _), students in sorted(who.items()) if len(students) > 1]
