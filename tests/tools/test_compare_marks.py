"""Two runs of one class are the same run, or every difference is said."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tools.compare_marks import differences

CHECK = {"name": "out", "passed": True, "error": 2e-9}
TEST = {"score": 4.0, "status": "graded", "misconceptions": [], "checks": [CHECK]}
RUN = {"students": {"ada": {"tests": {"test_f": TEST}}}}


def changed(**values: Any) -> dict[str, Any]:
    """The same run with another value in its test or check."""
    run = copy.deepcopy(RUN)
    test = run["students"]["ada"]["tests"]["test_f"]
    for key, value in values.items():
        (test if key in test else test["checks"][0])[key] = value
    return run


@pytest.mark.parametrize("values", [{}, {"error": 5e-9}, {"error": 1e-9}])
def test_the_same_run_has_no_difference(values: dict[str, Any]) -> None:
    assert list(differences(RUN, changed(**values))) == []


@pytest.mark.parametrize(
    "values",
    [
        {"score": 3.0},
        {"status": "partial"},
        {"misconceptions": ["bias"]},
        {"checks": []},
        {"passed": False},
        {"error": 7e-9},
        {"error": None},
    ],
)
def test_a_difference_is_said(values: dict[str, Any]) -> None:
    (line,) = differences(RUN, changed(**values))
    assert line.startswith("ada test_f")


def test_a_student_or_test_that_is_missing_is_said() -> None:
    assert list(differences(RUN, {"students": {}})) == ["ada: only in one of the files"]
    assert list(differences(RUN, {"students": {"ada": {"tests": {}}}})) == ["ada test_f: only in one of the files"]
