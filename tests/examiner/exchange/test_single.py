"""One submission for another system: its results as that system's documentation describes them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from examiner._exceptions import EngineError, ExaminerError
from examiner.course import Course
from examiner.exchange import RESULTS, Single, grade_one
from examiner.outcome import Check, NotebookOutcome, TestOutcome
from tests.examiner.course.fakes import FakeGrader
from tests.examiner.exchange.schemas import GRADESCOPE, PRAIRIELEARN

SEEN = Check("out", True, 1e-12, 1e-9, None, "by hand")
SEEN_WRONG = Check("out", False, 0.5, 1e-9, "out[0] is 1.0, expected 2.0\x1b[2J", "by hand")
UNSEEN = Check("dw", True, 1e-12, 1e-9, None, "random inputs", hidden=True)
UNSEEN_WRONG = Check("dw", False, float("inf"), 1e-9, "the relative error is 1.0", "random inputs", hidden=True)

TESTS = {
    "test_right": TestOutcome(4.0, 4.0, (SEEN, UNSEEN)),
    "test_half": TestOutcome(1.0, 4.0, (SEEN, UNSEEN_WRONG), diagnosis=("dw is divided by the batch size.",)),
    "test_wrong": TestOutcome(0.0, 4.0, (SEEN_WRONG, UNSEEN_WRONG), diagnosis=("It triples.",)),
    "test_visible": TestOutcome(2.0, 2.0, (SEEN,)),
    "test_person": TestOutcome(None, 3.0, (SEEN,), "failed", "the test raised NameError"),
    "test_extra": TestOutcome(1.5, 2.0, (SEEN,), bonus=True),
}


@pytest.fixture
def single() -> Single:
    """A submission with one test of each kind."""
    return Single("small", "none", 231, 2.2, {"01_one": NotebookOutcome("graded", None, TESTS)}, ("01_one",), 16.0)


def by_name(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in content["tests"]}


# ------------------------------------------------------------------------------------- Gradescope


@pytest.mark.parametrize("hidden", ["visible", "after_due_date", "after_published", "hidden"])
def test_gradescope_s_results_are_valid(hidden: Any, single: Single) -> None:
    content = RESULTS["gradescope"](single, hidden)
    jsonschema.validate(json.loads(json.dumps(content, allow_nan=False)), GRADESCOPE)
    assert (content["score"], content["execution_time"]) == (8.5, 3)
    assert content["extra_data"]["isolation"] == "none"


def test_what_hidden_checks_say_is_seen_when_it_may_be(single: Single) -> None:
    tests = by_name(RESULTS["gradescope"](single, "after_published"))
    seen, scored = tests["01_one: half, visible checks"], tests["01_one: half"]
    assert (seen["visibility"], scored["visibility"]) == ("visible", "after_published")
    assert "score" not in seen
    assert (scored["score"], scored["max_score"], scored["status"]) == (1.0, 4.0, "failed")
    assert seen["output"] == "✓ by hand: out, relative error 1.00e-12"
    assert scored["output"].splitlines() == [
        "✗ random inputs: dw, relative error inf: the relative error is 1.0",
        "What went wrong:",
        "dw is divided by the batch size.",
    ]
    wrong = tests["01_one: wrong, visible checks"]["output"]
    assert wrong.splitlines()[-2:] == ["What went wrong:", "It triples."]
    assert "\x1b" not in wrong
    assert tests["01_one: visible"]["visibility"] == "visible"


def test_everything_can_be_visible(single: Single) -> None:
    tests = by_name(RESULTS["gradescope"](single, "visible"))
    assert set(tests) == {f"01_one: {name}" for name in ("right", "half", "wrong", "visible", "person")} | {
        "01_one: extra (bonus)"
    }
    assert "dw is divided by the batch size." in tests["01_one: half"]["output"]
    assert (tests["01_one: extra (bonus)"]["score"], tests["01_one: extra (bonus)"]["max_score"]) == (1.5, 0.0)


def test_what_could_not_be_graded_is_no_zero(single: Single) -> None:
    test = by_name(RESULTS["gradescope"](single, "visible"))["01_one: person"]
    assert "score" not in test
    assert "status" not in test
    assert test["output"].splitlines()[-1] == "Needs manual grading: the test raised NameError."


@pytest.mark.parametrize("to", ["gradescope", "prairielearn", "json"])
def test_the_isolation_is_said_as_it_is(to: str, single: Single) -> None:
    assert "Isolation: none. The submitted code was not separated from the tests" in json.dumps(
        RESULTS[to](single, "visible")
    )
    sandboxed = replace(single, isolation="bubblewrap")
    assert "Isolation: bubblewrap. The submitted code ran in a sandbox" in json.dumps(RESULTS[to](sandboxed, "visible"))


# ----------------------------------------------------------------------------------- PrairieLearn


@pytest.mark.parametrize("hidden", ["visible", "hidden"])
def test_prairielearn_s_results_are_valid(hidden: Any, single: Single) -> None:
    content = RESULTS["prairielearn"](single, hidden)
    jsonschema.validate(json.loads(json.dumps(content, allow_nan=False)), PRAIRIELEARN)
    assert content["score"] == 0.5
    half = by_name(content)["01_one: half"]
    assert ("dw is divided" in half["message"]) == (hidden == "visible")
    assert ("Hidden checks: 0 of 1 passed." in half["output"]) == (hidden == "hidden")
    assert by_name(content)["01_one: wrong"]["message"] == "It triples."


def test_nothing_submitted_is_not_gradable_and_costs_no_attempt(single: Single) -> None:
    content = RESULTS["prairielearn"](replace(single, submitted=()), "hidden")
    jsonschema.validate(content, PRAIRIELEARN)
    assert content["gradable"] is False
    assert "Not submitted: 01_one." in content["format_errors"]


def test_a_bonus_never_exceeds_prairielearn_s_scale(single: Single) -> None:
    tests = {name: TESTS[name] for name in ("test_visible", "test_extra")}
    rich = replace(single, notebooks={"01_one": NotebookOutcome("graded", None, tests)})
    assert RESULTS["prairielearn"](rich, "hidden")["score"] == 1.0


def test_the_results_stay_small(single: Single) -> None:
    check = replace(SEEN_WRONG, message="x" * 10_000)
    tests = {f"test_{number}": TestOutcome(0.0, 1.0, (check,) * 300) for number in range(60)}
    large = replace(single, notebooks={"01_one": NotebookOutcome("graded", None, tests)})
    for to in ("gradescope", "prairielearn"):
        assert len(json.dumps(RESULTS[to](large, "visible"))) < 1_000_000


# -------------------------------------------------------------------------------------- by grading


def test_a_folder_is_graded_without_a_gradebook(root: Path) -> None:
    course = Course.load("small")
    single = grade_one(course, root / "submitted/bob/small")
    assert (single.score, single.max_score, single.by_hand, single.submitted) == (8.0, 12.0, 2.0, ("one",))
    content = RESULTS["json"](single, "hidden")
    assert (content["score"], content["max_score"], content["isolation"], content["schema"]) == (8.0, 12.0, "none", 1)
    assert content["tests"]["test_double"]["checks"][0]["passed"] is False
    assert not (root / "gradebook.db").exists()
    assert not (root / "autograded").exists()


def test_an_empty_folder_has_zeros_with_a_reason(root: Path) -> None:
    (root / "empty").mkdir()
    single = grade_one(Course.load("small"), root / "empty")
    assert (single.score, single.submitted) == (0.0, ())
    assert "Not submitted: one." in single.notes()


def test_a_grader_that_fails_writes_no_results(root: Path, grader: FakeGrader, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise EngineError("the engine did not start")

    monkeypatch.setattr(grader, "begin", fails)
    with pytest.raises(ExaminerError, match="could not be graded: the engine did not start"):
        grade_one(Course.load("small"), root / "submitted/bob/small")
    with pytest.raises(ExaminerError, match="is not a folder: name the folder of the submission"):
        grade_one(Course.load("small"), root / "nothing")
