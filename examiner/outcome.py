"""The one record of a test's result, from the engine to the report: frozen, typed, with a schema version.

A test is *passed or not* by its score; its `status` says whether it could be graded at all:

graded    every check was decided
partial   graded, but some checks could not be: a limit, a dead kernel, a missing notebook
failed    not graded, for a reason that is not the student's: left to a person, never a zero
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from examiner._exceptions import OutcomeError

__all__ = [
    "MISSING",
    "NOTHING_SUBMITTED",
    "SCHEMA",
    "Check",
    "Mark",
    "NotebookOutcome",
    "Status",
    "StudentOutcome",
    "TestOutcome",
    "finite",
    "sentence",
    "spreadsheet_text",
    "worst",
]

SCHEMA = 1
"""Version of the records in graded notebooks and of ``--json``; raised where an old reader would misread a new one."""
Status = Literal["graded", "partial", "failed"]
MISSING = "the notebook was not submitted"
NOTHING_SUBMITTED = "nothing was submitted"
MAX_REASON = 500
_ORDER: tuple[Status, ...] = ("graded", "partial", "failed")
_PLAIN = (type(None), bool, int, str)  # what JSON takes as it is: most of a record, so asked for first


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of several statuses, ``graded`` if there are none.

    Parameters
    ----------
    statuses : iterable of {"graded", "partial", "failed"}
    """
    return max(statuses, key=_ORDER.index, default="graded")


def sentence(text: str) -> str:
    """One printable line: the text may quote a student's file names.

    Parameters
    ----------
    text : str
        Any text. Whitespace is collapsed, characters that are not printable are replaced, the rest is cut off.
    """
    line = " ".join(text.split())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line[:MAX_REASON])


_FORMULA = re.compile(r"(^|[;,|\n])(\s*+)(?=[=+\-@])")  # also where a spreadsheet would split a cell


def spreadsheet_text(text: str) -> str:
    """A text for a cell of a table, which no spreadsheet takes for a formula.

    Parameters
    ----------
    text : str
    """
    return _FORMULA.sub(r"\1\2'", text)


@dataclass(frozen=True)
class Check:
    """One comparison of a test: the row of a table.

    `block` is the title of the block that it belongs to; `error` and `tolerance` are None where nothing numerical
    was compared. `received` is what the student's code gave, for the diagnosis; it never reaches JSON.
    """

    name: str
    passed: bool
    error: float | None = None
    tolerance: float | None = None
    message: str | None = None
    block: str = ""
    hidden: bool = False
    received: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class TestOutcome:
    """One test cell. `score` is None where it needs manual grading."""

    __test__ = False  # pytest: no test class

    score: float | None
    max_score: float
    checks: tuple[Check, ...] = ()
    status: Status = "graded"
    reason: str | None = None
    bonus: bool = False
    calls: int = 0
    error: str | None = None
    """Name of the exception that ended the test."""
    mutating: tuple[str, ...] = ()
    """Answers that changed their input."""
    misconceptions: tuple[str, ...] = ()
    """Names of the catalogued mistakes behind failed checks, where they were recognized."""
    diagnosis: tuple[str, ...] = ()
    """Sentences to the student: of these mistakes, else computed hints."""

    @property
    def passed(self) -> bool:
        """Whether it gave full marks."""
        return self.score is not None and self.score >= self.max_score - 1e-6

    def without_values(self) -> TestOutcome:
        """The same without the values that its checks received: what leaves the engine's child."""
        return replace(self, checks=tuple(replace(check, received=None) for check in self.checks))


@dataclass(frozen=True)
class NotebookOutcome:
    """One notebook of one student: its tests, and how they were graded."""

    status: Status
    reason: str | None
    tests: Mapping[str, TestOutcome]
    seconds: float = 0.0
    calls: int = 0
    isolation: str = ""
    seed: int = 0
    data: Mapping[str, str] = field(default_factory=dict)
    """For each kind of data set the name of the one that the marks were made with."""
    cells: Mapping[str, float] = field(default_factory=dict)
    """Seconds of processor time that each cell took, by the name that messages use; tests with what they call."""
    statements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each answer the hashes of its statements, as `examiner.similarity` gives them."""
    key: str = ""
    """Hash of the submission and of all else that the marks depend on."""
    schema: int = SCHEMA

    def as_json(self) -> dict[str, Any]:
        """The record that a graded notebook's metadata keeps; `from_json` reads it."""
        plain: dict[str, Any] = _plain(self)
        return plain

    @classmethod
    def from_json(cls, content: object, *, assignment: str = "NAME") -> NotebookOutcome:
        """Read the record of a graded notebook.

        Parameters
        ----------
        content : object
            What `as_json` gave, after it went through JSON.
        assignment : str
            Name of the assignment, for the message of the error.

        Raises
        ------
        OutcomeError
            The record has another schema, or it is damaged.
        """
        remedy = f"run `examiner autograde {assignment} --force`"
        if not isinstance(content, Mapping) or content.get("schema") != SCHEMA:
            raise OutcomeError(f"graded by another version of the examiner: {remedy}")
        try:
            return _notebook(content)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise OutcomeError(f"the record in the graded notebook is damaged: {remedy}") from None


@dataclass(frozen=True)
class Mark:
    """Points of one notebook in the gradebook.

    `score` is without bonus, after the late penalty, and None where no mark exists. A penalty that exceeds the score
    is taken off the bonus, so that both together are nbgrader's own number.
    """

    score: float | None
    max_score: float
    bonus: float = 0.0
    penalty: float = 0.0

    @classmethod
    def of(cls, score: float | None, max_score: float, bonus: float, penalty: float) -> Mark:
        """Take the penalty off a score and a bonus."""
        rest = max(0.0, penalty - (score or 0.0))
        left = None if score is None else max(0.0, score - penalty)
        return cls(left, max_score, max(0.0, bonus - rest), penalty)


@dataclass(frozen=True)
class StudentOutcome:
    """One student's row: every submission has one."""

    status: Status
    reason: str | None
    notebooks: Mapping[str, NotebookOutcome] = field(default_factory=dict)
    """Every notebook of the assignment, also those that were not submitted."""
    marks: Mapping[str, Mark] = field(default_factory=dict)
    """Points of each notebook, manual grading included."""
    seconds: float = 0.0
    hours_late: float = 0.0
    """Since the due date; 0 for a submission that is not late, and where no due date or time is known."""

    @property
    def score(self) -> float | None:
        """Points without bonus; None where no mark exists."""
        scores = [mark.score for mark in self.marks.values() if mark.score is not None]
        return math.fsum(scores) if scores else None

    @property
    def max_score(self) -> float:
        """Points of the assignment without bonus."""
        return math.fsum(mark.max_score for mark in self.marks.values())

    @property
    def bonus(self) -> float:
        """Points on top of `score`."""
        return math.fsum(mark.bonus for mark in self.marks.values())

    @property
    def penalty(self) -> float:
        """Points taken off for a late submission."""
        return math.fsum(mark.penalty for mark in self.marks.values())

    def as_json(self) -> dict[str, Any]:
        """The student's part of ``--json``."""
        tests = {name: test for outcome in self.notebooks.values() for name, test in outcome.tests.items()}
        return {
            "status": self.status,
            "reason": self.reason,
            "score": self.score,
            "max_score": self.max_score,
            "bonus": self.bonus,
            "penalty": self.penalty,
            "hours_late": round(self.hours_late, 2),
            "seconds": round(self.seconds, 3),
            "notebooks": {name: self._notebook(name) for name in self.marks},
            "tests": {name: _plain(test, without=("calls",)) for name, test in tests.items()},
        }

    def _notebook(self, name: str) -> dict[str, Any]:
        outcome, mark = self.notebooks[name], self.marks[name]
        return {
            "status": outcome.status,
            "reason": outcome.reason,
            "score": mark.score,
            "max_score": mark.max_score,
            "penalty": mark.penalty,
            "seconds": round(outcome.seconds, 3),
            "calls": outcome.calls,
            "isolation": outcome.isolation,
            "seed": outcome.seed,
        }


def finite(value: Any) -> Any:
    """A value for JSON: numbers that are not finite become None, tuples lists."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


# ------------------------------------------------------------------------------ records as JSON


def _plain(record: Any, without: tuple[str, ...] = ()) -> Any:
    """A record as plain values; `dataclasses.asdict` would copy what was received."""
    if type(record) in _PLAIN:
        return record
    if isinstance(record, Check | TestOutcome | NotebookOutcome):
        left_out = (*without, "received")
        return {each.name: _plain(getattr(record, each.name)) for each in fields(record) if each.name not in left_out}
    if isinstance(record, Mapping):
        return {str(key): _plain(value) for key, value in record.items()}
    if isinstance(record, list | tuple):
        return [_plain(value) for value in record]
    return finite(record)


def _notebook(content: Mapping[str, Any]) -> NotebookOutcome:
    outcome = NotebookOutcome(**{**content, "tests": {str(k): _test(v) for k, v in content["tests"].items()}})
    _expect(outcome.status in _ORDER, outcome.reason is None or isinstance(outcome.reason, str))
    _expect(isinstance(outcome.isolation, str), isinstance(outcome.seed, int), isinstance(outcome.data, Mapping))
    _expect(isinstance(outcome.seconds, int | float), isinstance(outcome.calls, int), isinstance(outcome.key, str))
    _expect(*(isinstance(seconds, int | float) for seconds in outcome.cells.values()))
    _expect(*(isinstance(found, list | tuple) for found in outcome.statements.values()))
    return outcome


def _test(content: Mapping[str, Any]) -> TestOutcome:
    lists = {name: tuple(map(str, content[name])) for name in ("mutating", "misconceptions", "diagnosis")}
    test = TestOutcome(**{**content, **lists, "checks": tuple(Check(**each) for each in content["checks"])})
    _expect(test.status in _ORDER, test.score is None or isinstance(test.score, int | float))
    _expect(isinstance(test.max_score, int | float))
    _expect(all(isinstance(each.name, str) and isinstance(each.passed, bool) for each in test.checks))
    return test


def _expect(*facts: bool) -> None:
    if not all(facts):
        raise ValueError
