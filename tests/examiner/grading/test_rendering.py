"""What a graded test cell shows."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.utils import determine_grade

from examiner.diagnosis import Diagnosis
from examiner.grading.inside import Tested
from examiner.grading.proxies import Raised
from examiner.grading.rendering import explain, shown
from examiner.notebooks import Outputs
from examiner.outcome import Check, TestOutcome
from tests.examiner.small import cell

PASSED = Check("out", True, 1e-12, 1e-9, None, "by hand")
FAILED = Check("dx", False, 0.25, 1e-9, "dx: relative error 2.50e-01", "random inputs", hidden=True)
RAISED = Raised("ValueError", "no <b>", (("double", 3, "double", "return helper(x)"), ("own", 2, "helper", "raise x")))

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def kinds(found: list[NotebookNode]) -> list[str]:
    return [each.output_type for each in found]


def table(found: list[NotebookNode]) -> str:
    html: str = found[0].data["text/html"]
    return html


def outcome(score: float | None, *checks: Check, **more: Any) -> TestOutcome:
    return TestOutcome(score, 4.0, checks, **more)


def test_the_table_has_a_row_for_every_check() -> None:
    found = shown(Tested(outcome(1.0, PASSED, FAILED), "printed by the test"), Outputs())
    assert kinds(found) == ["display_data", "execute_result"]
    head, one, other = table(found).split("<tr")[1:]
    assert "1 of 4 points" in table(found)
    assert "Relative error" in head
    for text in ("&#10003;", "by hand: out", "1.00e-12", "1.00e-09"):
        assert text in one
    for text in ("&#10007;", "random inputs: dx", "2.50e-01", "dx: relative error"):
        assert text in other
    assert found[0].data["text/plain"] == "printed by the test"
    assert found[1].data["text/plain"] == "1.0"


def test_every_text_in_the_table_is_escaped() -> None:
    evil = "<script>alert('&')</script>"
    bad = Check(evil, False, None, None, evil, evil + "2")
    found = outcome(0.0, bad, status="partial", reason=evil)
    shown_cell = cell("test_double", "test", "")
    shown_cell.outputs = shown(Tested(found), Outputs())
    explain(shown_cell, found, [Diagnosis("double", None, evil)])
    assert "<script" not in table(shown_cell.outputs)
    assert table(shown_cell.outputs).count("&lt;script&gt;") == 5


def test_a_very_long_message_is_cut() -> None:
    assert len(table(shown(Tested(outcome(0.0, Check("out", False, message="x" * 10**6))), Outputs()))) < 10_000


def test_a_traceback_is_shown_once_and_only_where_points_are_lost() -> None:
    lost = shown(Tested(outcome(0.0, FAILED), raised=(RAISED, RAISED)), Outputs())
    assert kinds(lost) == ["display_data", "stream", "execute_result"]
    assert lost[1].text == (
        "Your code raised ValueError: no <b>\n"
        "  cell double, line 3, in double\n    return helper(x)\n"
        "  cell own, line 2, in helper\n    raise x\n"
    )
    assert kinds(shown(Tested(outcome(4.0, PASSED), raised=(RAISED,)), Outputs())) == ["display_data", "execute_result"]


def test_at_most_three_tracebacks_are_shown() -> None:
    raised = tuple(Raised("ValueError", str(number)) for number in range(5))
    text = shown(Tested(outcome(0.0), raised=raised), Outputs())[1].text
    assert [number for number in range(5) if f"ValueError: {number}" in text] == [2, 3, 4]


def test_what_the_student_printed_and_plotted_is_shown() -> None:
    outputs = Outputs()
    outputs.add("stream", {"name": "stdout", "text": "hello"})
    outputs.add("display_data", {"data": {"text/plain": "<Figure>", "image/png": PIXEL}, "metadata": {}})
    found = shown(Tested(outcome(4.0)), outputs)
    assert any("Output of your code during the test:\nhello" in each.get("text", "") for each in found)
    assert any("image/png" in each.get("data", {}) for each in found)


def test_an_exception_that_ended_a_test_is_its_last_check() -> None:
    last = Check("test_double", False, message="NameError: name 'x' is not defined")
    found = shown(Tested(outcome(0.0, PASSED, last, error="NameError")), Outputs())[-1]
    assert (found.output_type, found.ename, found.evalue) == ("error", "NameError", "name 'x' is not defined")


def test_what_needs_manual_grading_is_said_with_or_without_the_reason() -> None:
    """A fault of the grader is not for the student's eyes; what a test says itself is."""
    asked = shown(Tested(outcome(None, reason="test_double: no data here")), Outputs())
    assert "needs manual grading" in table(asked)
    assert (asked[-1].ename, asked[-1].evalue) == ("NeedsHumanError", "test_double: no data here")
    failed = shown(Tested(outcome(None, status="failed", reason="test_double: secret")), Outputs())
    assert failed[-1].evalue == "This test needs manual grading."
    assert "secret" not in str(failed)


def test_a_limit_that_was_hit_is_said() -> None:
    found = table(shown(Tested(outcome(0.0, status="partial", reason="double was stopped")), Outputs()))
    assert "<p>double was stopped</p>" in found
    assert "<p>no limit" not in table(shown(Tested(outcome(0.0, reason="no limit")), Outputs()))


def test_nbgrader_reads_the_score() -> None:
    graded = cell("test_double", "test", "")
    for score in (0.0, 1.5, 4.0):
        graded.outputs = shown(Tested(outcome(score)), Outputs())
        assert determine_grade(graded) == (score, 4.0)
    graded.outputs = shown(Tested(outcome(0.0, error="ValueError")), Outputs())
    assert determine_grade(graded) == (0, 4.0)


def test_a_sentence_stands_below_the_check_that_it_explains() -> None:
    other = Check("dw", False, 0.5, 1e-9, "dw is wrong", "random inputs")
    found = outcome(0.0, PASSED, FAILED, other)
    graded = cell("test_double", "test", "")
    graded.outputs = shown(Tested(found), Outputs())
    those = [
        Diagnosis("double", "named", "About dw.", (("random inputs", "dw"),)),
        Diagnosis("double", None, "About anything."),
    ]
    explain(graded, found, those)
    rows = [row for row in table(graded.outputs).split("<tr")[2:]]
    places = [
        next(part for part in ("by hand", "About dw.", "About any", "dx:", "dw is") if part in row) for row in rows
    ]
    assert places == ["by hand", "dx:", "About any", "dw is", "About dw."]
    assert "What went wrong:\nAbout dw.\nAbout anything." in graded.outputs[0].data["text/plain"]
