"""A notebook's tests in the child: names, faults, and what of an exception may be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from examiner._exceptions import AnswerStoppedError, CheckTimeoutError
from examiner.grading import inside
from examiner.grading.inside import NotebookTests, _public
from examiner.grading.proxies import AnswerError, bridge
from tests.examiner.small import assignment_of, write_course

TEST = """
value = 1
### BEGIN HIDDEN TESTS
value = secret()
### END HIDDEN TESTS
value = open_()
""".strip()


def raised(source: str, **names: Any) -> Exception:
    """What a test raises."""
    try:
        exec(compile(source, "<test_f>", "exec"), names)
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def fails() -> None:
    raise ValueError("expected 42.5")


def test_what_a_hidden_check_raises_is_not_told() -> None:
    assert _public(raised(TEST, secret=fails), TEST, "test_f") == "in a hidden check"
    assert _public(raised(TEST, secret=int, open_=fails), TEST, "test_f") == "expected 42.5"
    assert len(_public(raised("raise ValueError('x' * 1000)"), "raise ValueError('x' * 1000)", "test_f")) == 300


@pytest.mark.parametrize("kind", [AnswerError, AnswerStoppedError, CheckTimeoutError])
def test_what_the_students_own_code_said_is_told_everywhere(kind: type[Exception]) -> None:
    def secret() -> None:
        raise kind("of the student")

    assert _public(raised(TEST, secret=secret), TEST, "test_f") == "of the student"


@pytest.fixture
def tests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> NotebookTests:
    """The tests of a notebook whose parent knows no answer."""
    monkeypatch.setattr("examiner.engine.child._assignment", assignment_of(write_course(tmp_path)))

    def ask(question: tuple[Any, ...]) -> Any:
        return "stopped", f"{question[1]} is not there", 1, True

    monkeypatch.setattr(bridge, "ask", ask)
    return NotebookTests("one", {"f": True, "rate": False}, seconds=5)


def test_provided_cells_and_tests_share_their_names(tests: NotebookTests) -> None:
    tests.provide("x = 2\ny = 3\n_private = 4", "setup")
    assert {name: tests.provided[name] for name in ("x", "y")} == {"x": 2, "y": 3}
    assert "__builtins__" not in tests.provided
    found = tests.test("z = x * y\nprint('said')\nz / 4", "test_z", 4.0)
    assert (found.outcome.score, found.outcome.status, found.printed) == (1.5, "graded", "said\n")
    assert tests.outcomes == {"test_z": found.outcome}
    assert repr(tests) == "<NotebookTests of one: 1 so far>"


def test_a_provided_cell_that_fails_leaves_every_test_to_a_person(tests: NotebookTests) -> None:
    tests.provide("x = 1\n1 / 0", "setup")
    found = tests.test("x", "test_x", 4.0).outcome
    assert (found.score, found.status) == (None, "failed")
    assert found.reason == "test_x: provided cell setup raised ZeroDivisionError: division by zero"


def test_an_answer_that_was_stopped_is_said_and_costs_points(tests: NotebookTests) -> None:
    found = tests.test("f(1)", "test_f", 4.0).outcome
    assert (found.score, found.status, found.error) == (0.0, "graded", "AnswerStoppedError")
    assert found.checks[-1].message == "AnswerStoppedError: f is not there"


def test_the_proxies_are_back_after_a_test_that_replaced_them(tests: NotebookTests) -> None:
    before = repr(tests.space["f"])
    tests.test("def g():\n    global f\n    f = 3\ng()\nassert f == 3", "test_f", 4.0)
    assert repr(tests.space["f"]) == before == "<f in the sandbox>"


def test_a_plain_value_that_is_not_there_is_a_missing_name(
    tests: NotebookTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tests, "_fault_of", lambda source, name: None)
    tests.space["rate"] = 0.5  # of an earlier test
    found = tests.test("rate", "test_rate", 4.0).outcome
    assert (found.score, found.error) == (0.0, "NameError")


def test_who_is_at_fault_is_found_with_the_references_own_answers(
    tests: NotebookTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reference:
        @staticmethod
        def namespace() -> dict[str, Any]:
            return {"f": lambda: (1, 2)}

    monkeypatch.setattr(inside, "trusted_run", lambda notebook: Reference)
    tests.space["f"] = tests.answers = {}
    theirs = tests.test("a, b = f() if callable(f) else (3,)", "test_f", 4.0).outcome
    assert (theirs.status, theirs.score) == ("graded", 0.0)
    faulty = tests.test("a, b, c = f() if callable(f) else (3,)", "test_f", 4.0).outcome
    assert (faulty.status, faulty.score) == ("failed", None)
    assert "test_f: the test raised ValueError" in str(faulty.reason)


def test_a_reference_that_cannot_be_read_is_a_fault(tests: NotebookTests, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(notebook: str) -> None:
        raise OSError("no such notebook")

    monkeypatch.setattr(inside, "trusted_run", gone)
    found = tests.test("1 / 0", "test_f", 4.0).outcome
    assert found.reason == "test_f: the reference could not be read (OSError: no such notebook)"
