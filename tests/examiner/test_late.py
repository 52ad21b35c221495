"""Due dates, and what late work loses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from examiner.late import DAY, LateWork

DUE = datetime(2026, 3, 1, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "due",
    [
        "2026-03-01 23:59 Europe/Berlin",
        "2026-03-01 23:59:00 +0100",
        "2026-03-01T23:59+01:00",
        "2026-03-01 22:59 UTC",
        "2026-03-01T22:59Z",
        datetime(2026, 3, 1, 23, 59, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_a_due_date_has_a_zone(due: object) -> None:
    assert LateWork.read({"due": due}) == LateWork(DUE)


@pytest.mark.parametrize(
    "due", ["2026-03-01 23:59", "2026-13-01 23:59 UTC", "soon", "", None, 3, "2026-03-01 23:59 Mars", "2026-03-01 UTC"]
)
def test_anything_else_is_no_due_date(due: object) -> None:
    with pytest.raises(ValueError, match="which is not a time with a time zone: write one such as '2026-03-01 23:59"):
        LateWork.read({"due": due})


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("2026-03-01", "must be a dict with the key 'due'"),
        ({"due": DUE, "grace": 3}, "has an unknown key 'grace': use due, grace_minutes, percent_a_day, floor_percent"),
        ({"due": DUE, "percent_a_day": 110}, "has percent_a_day 110, which is not a number from 0 to 100"),
        ({"due": DUE, "floor_percent": "50"}, "has floor_percent '50', which is not a number from 0 to 100"),
        ({"due": DUE, "grace_minutes": -1}, "has grace_minutes -1, which is not a number of minutes"),
        ({"due": DUE, "grace_minutes": float("nan")}, "has grace_minutes nan, which is not a number of minutes"),
        ({"due": DUE, "percent_a_day": True}, "has percent_a_day True, which is not a number from 0 to 100"),
    ],
)
def test_an_impossible_policy_is_refused(entry: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"must be|has ") as raised:
        LateWork.read(entry)
    assert raised.value.args[0] == sentence


@pytest.mark.parametrize(
    ("seconds", "lost"),
    [
        (0, 0.0),
        (30 * 60, 0.0),  # within the grace period
        (31 * 60, 2.0),  # the first day has begun
        (DAY, 2.0),
        (DAY + 1, 4.0),
        (4 * DAY, 8.0),
        (5 * DAY, 10.0),
        (50 * DAY, 10.0),  # half of the points are kept
    ],
)
def test_each_day_that_has_begun_costs_a_part_of_the_points(seconds: float, lost: float) -> None:
    late = LateWork(DUE, grace_minutes=30, percent_a_day=10, floor_percent=50)
    assert late.penalty(20.0, seconds) == lost
    assert late.penalty(0.0, seconds) == 0.0


def test_a_due_date_without_a_policy_costs_nothing() -> None:
    assert LateWork(DUE).penalty(20.0, 9 * DAY) == 0.0


def test_no_floor_means_that_everything_can_be_lost() -> None:
    assert LateWork(DUE, percent_a_day=30).penalty(20.0, 9 * DAY) == 20.0
