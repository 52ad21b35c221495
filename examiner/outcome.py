"""What grading comes to: frozen records, and the JSON that `examiner autograde --json` writes.

A test is *passed or not* by its score; its `status` says whether it could be graded at all:

graded    every check was decided
partial   graded, but some checks could not be: a limit, a dead kernel, a missing notebook
failed    not graded, for a reason that is not the student's: left to a human, never a zero
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

__all__ = ["Check", "NotebookOutcome", "Status", "StudentOutcome", "TestOutcome", "finite", "sentence", "worst"]

Status = Literal["graded", "partial", "failed"]
MAX_REASON = 500
_ORDER: tuple[Status, ...] = ("graded", "partial", "failed")


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of several; ``graded`` where there is none."""
    return max(statuses, key=_ORDER.index, default="graded")


def sentence(text: str) -> str:
    """A reason as one line that a terminal and a page can show: it may quote a stranger's file names."""
    line = " ".join(text.split())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line[:MAX_REASON])


@dataclass(frozen=True)
class Check:
    """One comparison of a test: the row of a table.

    `block` is the title of the block it belongs to; `error` and `tolerance` are None where
    nothing numerical was compared.
    """

    name: str
    passed: bool
    error: float | None = None
    tolerance: float | None = None
    message: str | None = None
    block: str = ""
    hidden: bool = False
    received: Any = field(default=None, repr=False, compare=False)
    """The value that was looked at, for the diagnosis: it never leaves the engine's child."""


@dataclass(frozen=True)
class TestOutcome:
    """One test cell. `score` is None where a human has to decide."""

    __test__ = False  # pytest: no test class

    score: float | None
    max_score: float
    checks: tuple[Check, ...] = ()
    status: Status = "graded"
    reason: str | None = None
    bonus: bool = False
    calls: int = 0
    misconceptions: tuple[str, ...] = ()
    """Names of the catalogued mistakes behind failed checks, where they were recognised."""
    diagnosis: tuple[str, ...] = ()
    """Sentences to the student: of these mistakes, else hints that were computed."""
    error: str | None = None
    """Name of the exception that ended the test."""
    mutating: tuple[str, ...] = ()
    """Answers that changed an array which the test gave them."""

    @property
    def passed(self) -> bool:
        """Whether it gave full marks."""
        return self.score is not None and self.score >= self.max_score - 1e-6

    def without_values(self) -> TestOutcome:
        """The same without the values that its checks received."""
        return replace(self, checks=tuple(replace(check, received=None) for check in self.checks))


@dataclass(frozen=True)
class NotebookOutcome:
    """One notebook of one student: its tests, and how it went."""

    status: Status
    reason: str | None
    tests: Mapping[str, TestOutcome]
    seconds: float = 0.0
    calls: int = 0
    isolation: str = ""
    seed: int = 0
    data: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As what JSON can hold: what a graded notebook's metadata keeps."""
        plain: dict[str, Any] = finite(asdict(self))
        return plain

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> NotebookOutcome:
        """Read what `as_json` gave."""
        tests = {
            name: TestOutcome(
                **{
                    **test,
                    "checks": tuple(Check(**check) for check in test["checks"]),
                    "misconceptions": tuple(test["misconceptions"]),
                    "diagnosis": tuple(test.get("diagnosis", ())),
                    "mutating": tuple(test.get("mutating", ())),
                }
            )
            for name, test in content["tests"].items()
        }
        return cls(**{**content, "tests": tests})


@dataclass(frozen=True)
class StudentOutcome:
    """One student's row: always there, whatever they handed in."""

    status: Status
    reason: str | None
    notebooks: Mapping[str, NotebookOutcome] = field(default_factory=dict)
    """Every notebook of the assignment, what was not handed in included."""
    scores: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Score and largest score of each notebook, written answers included, bonus not."""
    bonus: float = 0.0
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The student's part of ``--json``."""
        return {
            "status": self.status,
            "reason": self.reason,
            "score": sum(score for score, _ in self.scores.values()),
            "max_score": sum(most for _, most in self.scores.values()),
            "bonus": self.bonus,
            "seconds": round(self.seconds, 3),
            "notebooks": {name: self._notebook(name) for name in self.scores},
            "tests": {name: _test(test) for outcome in self.notebooks.values() for name, test in outcome.tests.items()},
        }

    def _notebook(self, name: str) -> dict[str, Any]:
        outcome, (score, most) = self.notebooks[name], self.scores[name]
        return {
            "status": outcome.status,
            "reason": outcome.reason,
            "score": score,
            "max_score": most,
            "seconds": round(outcome.seconds, 3),
            "calls": outcome.calls,
            "isolation": outcome.isolation,
            "seed": outcome.seed,
        }


def _test(test: TestOutcome) -> dict[str, Any]:
    content = asdict(test)
    del content["calls"]
    plain: dict[str, Any] = finite(content)
    return plain


def finite(value: Any) -> Any:
    """A value for JSON: numbers that are not finite become None, tuples lists."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
