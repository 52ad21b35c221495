"""Late work: a due date, and what a late submission loses."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["LateWork"]

DAY = 86_400.0
KEYS = "due", "grace_minutes", "percent_a_day", "floor_percent"
EXAMPLE = "2026-03-01 23:59 Europe/Berlin"
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?) ?([+-]\d{2}:?\d{2}|[A-Za-z][\w+\-/]*)")


@dataclass(frozen=True)
class LateWork:
    """A due date and a policy: ``late`` in an assignment's entry of ``c.Examiner.assignments``.

    Attributes
    ----------
    due : datetime
        In UTC.
    grace_minutes : float
        A submission that is not later than this loses nothing. A later one is late from the due date on.
    percent_a_day : float
        Of the points of each notebook, for each day that has begun.
    floor_percent : float
        A late submission keeps at least this part of its points.
    """

    due: datetime
    grace_minutes: float = 0.0
    percent_a_day: float = 0.0
    floor_percent: float = 0.0

    @classmethod
    def read(cls, entry: object) -> LateWork:
        """Read an entry.

        Parameters
        ----------
        entry : object
            A dict with `due` and, optionally, the other attributes.

        Raises
        ------
        ValueError
            ``(what is wrong, the value)``, in words that complete a sentence.
        """
        if not isinstance(entry, Mapping):
            raise ValueError("must be a dict with the key 'due'", entry)
        if unknown := sorted(set(map(str, entry)) - set(KEYS)):
            raise ValueError(f"has an unknown key {unknown[0]!r}: use {', '.join(KEYS)}", unknown[0])
        numbers = {key: _number(key, entry[key]) for key in KEYS[1:] if key in entry}
        return cls(_due(entry.get("due")), **numbers)

    def is_late(self, seconds_late: float) -> bool:
        """Whether a submission so long after the due date is late at all."""
        return seconds_late > 60 * self.grace_minutes

    def penalty(self, score: float, seconds_late: float) -> float:
        """Points that a notebook loses.

        Parameters
        ----------
        score : float
            Points without a penalty.
        seconds_late : float
            Since the due date, or since the end of a student's extension.
        """
        if not self.is_late(seconds_late):
            return 0.0
        lost = self.percent_a_day * math.ceil(seconds_late / DAY)
        return round(score * min(lost, 100.0 - self.floor_percent) / 100, 6)


def _number(key: str, value: Any) -> float:
    most = math.inf if key == "grace_minutes" else 100
    fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not fits or not 0 <= value <= most:
        what = "a number of minutes" if key == "grace_minutes" else "a number from 0 to 100"
        raise ValueError(f"has {key} {value!r}, which is not {what}", value)
    return float(value)


def _due(value: Any) -> datetime:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC)
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        if found is None:
            raise ValueError
        day, clock, zone = found.groups()
        if zone[0] in "+-":
            return datetime.fromisoformat(f"{day}T{clock}{zone}").astimezone(UTC)
        place = ZoneInfo("UTC" if zone == "Z" else zone)
        return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=place).astimezone(UTC)
    except (ValueError, ZoneInfoNotFoundError, OSError, OverflowError):
        what = f"has the due date {value!r}, which is not a time with a time zone: write one such as {EXAMPLE!r}"
        raise ValueError(what, value) from None
