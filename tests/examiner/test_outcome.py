"""The one record of a test's result: as JSON and back, and refused where it does not fit."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

from examiner._exceptions import OutcomeError
from examiner.outcome import (
    SCHEMA,
    Check,
    Mark,
    NotebookOutcome,
    StudentOutcome,
    TestOutcome,
    finite,
    sentence,
    spreadsheet_text,
    worst,
)

CHECK = Check("out", False, 0.5, 1e-9, "off", "random inputs", True, received=np.ones(3))
TEST = TestOutcome(1.5, 4.0, (CHECK,), "graded", None, False, 3, "ValueError", ("double",), ("doubled",), ("Twice.",))
NOTEBOOK = NotebookOutcome("partial", "a limit", {"test_double": TEST}, 1.5, 3, "none", 7, {"weather": "real"})


def through_json(outcome: NotebookOutcome) -> Any:
    """The record as it comes out of a notebook's metadata."""
    return json.loads(json.dumps(outcome.as_json(), allow_nan=False))


def test_a_record_survives_json() -> None:
    assert NotebookOutcome.from_json(through_json(NOTEBOOK)) == NOTEBOOK


def test_what_was_received_never_reaches_json() -> None:
    assert "received" not in json.dumps(through_json(NOTEBOOK))
    assert "received" not in repr(CHECK)
    assert replace(CHECK, received=None) == CHECK


def test_an_error_that_is_not_finite_is_null() -> None:
    infinite = replace(TEST, checks=(replace(CHECK, error=math.inf),))
    content = through_json(replace(NOTEBOOK, tests={"t": infinite}))
    assert content["tests"]["t"]["checks"][0]["error"] is None
    assert finite((math.nan, {"a": [1.0]})) == [None, {"a": [1.0]}]


@pytest.mark.parametrize("content", [None, 3, [], {}, {"schema": SCHEMA + 1}, {"tests": {}}])
def test_another_version_is_refused_with_the_remedy(content: object) -> None:
    said = "^graded by another version of the examiner: run `examiner autograde small --force`$"
    with pytest.raises(OutcomeError, match=said):
        NotebookOutcome.from_json(content, assignment="small")


def damaged() -> list[dict[str, Any]]:
    """Records that hold something else than they should."""
    content = NOTEBOOK.as_json()
    test, check = content["tests"]["test_double"], content["tests"]["test_double"]["checks"][0]
    tests = [
        None,
        {},
        {**test, "score": "1.5"},
        {**test, "checks": 3},
        {**test, "checks": [{**check, "passed": "yes"}]},
        {**test, "checks": [{"name": "out"}]},
        {**test, "unknown": 1},
        {key: value for key, value in test.items() if key != "misconceptions"},
    ]
    whole = [{"tests": None}, {"status": "good"}, {"reason": 3}, {"seed": "7"}, {"data": []}, {"unknown": 1}]
    return [*({**content, "tests": {"t": each}} for each in tests), *({**content, **each} for each in whole)]


@pytest.mark.parametrize("content", damaged())
def test_a_damaged_record_is_refused_with_the_remedy(content: dict[str, Any]) -> None:
    with pytest.raises(OutcomeError, match=r"is damaged: run `examiner autograde NAME --force`$"):
        NotebookOutcome.from_json(content)


def test_records_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        TEST.score = 4.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("raw", "mark"),
    [
        ((8.0, 10.0, 1.0, 0.0), Mark(8.0, 10.0, 1.0, 0.0)),
        ((8.0, 10.0, 1.0, 3.0), Mark(5.0, 10.0, 1.0, 3.0)),
        ((8.0, 10.0, 1.0, 9.0), Mark(0.0, 10.0, 0.0, 9.0)),
        ((8.0, 10.0, 2.0, 9.0), Mark(0.0, 10.0, 1.0, 9.0)),
        ((None, 10.0, 0.0, 0.0), Mark(None, 10.0, 0.0, 0.0)),
    ],
)
def test_a_penalty_is_taken_off_the_score_then_off_the_bonus(
    raw: tuple[float | None, float, float, float], mark: Mark
) -> None:
    assert Mark.of(*raw) == mark


def test_a_row_sums_its_notebooks() -> None:
    marks = {"one": Mark(5.0, 10.0, 1.0, 2.0), "two": Mark(None, 4.0)}
    row = StudentOutcome("partial", None, {"one": NOTEBOOK, "two": replace(NOTEBOOK, tests={})}, marks)
    assert (row.score, row.max_score, row.bonus, row.penalty) == (5.0, 14.0, 1.0, 2.0)
    content = row.as_json()
    assert {key: content["notebooks"]["two"][key] for key in ("score", "max_score", "penalty")} == {
        "score": None,
        "max_score": 4.0,
        "penalty": 0.0,
    }
    assert set(content["tests"]["test_double"]) >= {"score", "max_score", "checks", "misconceptions", "error"}
    assert StudentOutcome("failed", "no", {}, {"two": Mark(None, 4.0)}).score is None


def test_the_worst_status_wins() -> None:
    assert worst(["graded", "failed", "partial"]) == "failed"
    assert worst([]) == "graded"


def test_a_reason_is_one_printable_line() -> None:
    said = sentence("one\n  two\x1b[31m \udce4\u202e" + "x" * 600)
    assert said.startswith("one two")
    assert said.isprintable()
    assert len(said) <= 500


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ('Because;=HYPERLINK("x")', 'Because;\'=HYPERLINK("x")'),
        ("a\n  @b", "a\n  '@b"),
        ("1 - 2 = -1", "1 - 2 = -1"),
    ],
)
def test_no_part_of_a_cell_is_a_formula(text: str, cell: str) -> None:
    assert spreadsheet_text(text) == cell
