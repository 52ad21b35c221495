"""The report as a file for later: what has changed since the last one, and how another term's class did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examiner._exceptions import ExaminerError
from examiner.outcome import finite
from examiner.pages.report.class_report import ClassReport

__all__ = ["Earlier", "as_json", "read_earlier"]

SCHEMA = 1


@dataclass(frozen=True)
class Earlier:
    """An earlier report, as far as one is compared with it.

    Attributes
    ----------
    written : str
        When.
    students : mapping of str to (float or None)
        Their scores; empty where that report was anonymous.
    scores : tuple of float
        Those of everybody who was graded.
    tests : mapping of str to (float or None)
        Mean part of the points.
    mistakes : mapping of (str, str) to float
        Part of the graded students, by answer and name of the misconception.
    """

    written: str
    students: Mapping[str, float | None] = field(default_factory=dict)
    scores: tuple[float, ...] = ()
    tests: Mapping[str, float | None] = field(default_factory=dict)
    mistakes: Mapping[tuple[str, str], float] = field(default_factory=dict)


def as_json(report: ClassReport) -> str:
    """The report for `read_earlier`, here or in another term.

    Parameters
    ----------
    report : ClassReport
    """
    content = {
        "schema": SCHEMA,
        "assignment": report.assignment,
        "written": report.written,
        "students": {} if report.anonymous else {row.student: row.score for row in report.rows},
        "scores": sorted(report.scores),
        "tests": {test.name: test.share for test in report.tests},
        "mistakes": [[each.answer, each.name or each.sentence, report.part(each)] for each in report.mistakes],
    }
    return json.dumps(finite(content), indent=1, allow_nan=False)


def read_earlier(path: Path) -> Earlier:
    """Read what `as_json` gave.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ExaminerError
        It cannot be read, or is something else.
    """
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExaminerError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        content = None
    try:
        if content["schema"] != SCHEMA:
            raise ValueError
        return Earlier(
            str(content["written"]),
            {str(student): _number(score) for student, score in content["students"].items()},
            tuple(float(score) for score in content["scores"]),
            {str(name): _number(share) for name, share in content["tests"].items()},
            {(str(answer), str(name)): float(part) for answer, name, part in content["mistakes"]},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        what = "the .json file that `examiner report` writes beside its page"
        raise ExaminerError(f"{path} is not a report: give {what}.") from None


def _number(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]
