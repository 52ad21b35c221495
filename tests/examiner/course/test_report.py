"""The class report: a row with a reason for everybody, what went wrong, and nothing that a stranger can slip in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from examiner.__main__ import main
from examiner.course import Course, Results
from examiner.course.report import ClassReport, _mistakes, as_html, class_report
from examiner.outcome import NotebookOutcome, StudentOutcome, TestOutcome
from tests.examiner.small import run, submission, write_class

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=alert(1)>"
ANSWERS = {
    "ada": submission(),
    "bob": submission({"double": "def double(x):\n    return x"}),
    "cyd": submission({"double": "def double(x):\n    import os\n    os._exit(3)"}),
    HOSTILE: submission(),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded class: one handed in nothing, one after the grading; two share their parameters."""
    root = tmp_path_factory.mktemp("reported")
    write_class(root, ANSWERS)
    (root / "submitted" / "zoe" / "small").mkdir(parents=True)
    for name, content in {"ada": b"one", "bob": b"one", "cyd": b"other"}.items():
        (root / "submitted" / name / "small" / "w.npz").write_bytes(content)
    run(root, "examiner", "autograde", "small", status=1)
    run(root, "nbgrader", "generate_feedback", "small", "--student", "bob")
    run(root, "nbgrader", "db", "student", "add", "yan")
    (root / "submitted" / "flat").mkdir()
    late = root / "submitted" / "late" / "small"
    late.mkdir(parents=True)
    nbformat.write(submission(), late / "one.ipynb")
    return root


@pytest.fixture
def report(course: Path, monkeypatch: pytest.MonkeyPatch) -> ClassReport:
    """The report, as data."""
    monkeypatch.chdir(course)
    return class_report(Results(Course.load("small")), course / "report")


def test_everybody_has_a_row_with_a_reason(report: ClassReport) -> None:
    rows = {row.student: row for row in report.rows}
    assert {name: row.status for name, row in rows.items()} == {
        "ada": "graded",
        "bob": "graded",
        "cyd": "partial",
        HOSTILE: "graded",
        "zoe": "failed",
        "late": "waiting",
        "flat": "absent",
        "yan": "absent",
    }
    assert {name: row.score for name, row in rows.items()} == {
        "ada": 12,
        "bob": 8,
        "cyd": 8,
        HOSTILE: 12,
        "zoe": None,
        "late": None,
        "flat": None,
        "yan": None,
    }
    assert rows["yan"].reason == "nothing was submitted"
    assert rows["flat"].reason == "nothing was submitted: submitted/flat has no folder small"
    assert rows["ada"].reason is None
    assert "exit status 3" in str(rows["cyd"].reason)
    assert "no notebook was submitted: expected one.ipynb" in str(rows["zoe"].reason)
    assert "run `examiner autograde small`" in str(rows["late"].reason)
    assert [status for status, _, _ in report.attention()] == ["failed", "waiting", "partial", "absent", "absent"]
    assert (report.max_score, report.by_hand) == (14, 4)


def test_tests_are_counted_over_the_graded(report: ClassReport) -> None:
    double, square, net = report.tests
    assert (double.name, double.notebook, double.points) == ("test_double", "one", 4)
    assert (double.students, double.full, double.none, double.undecided, double.share) == (5, 2, 2, 1, 0.5)
    assert square.share == net.share == 1.0


def test_equal_parameters_are_flagged(report: ClassReport) -> None:
    assert report.alike == (("w.npz", ("ada", "bob")),)


class _Page(HTMLParser):
    """Tags of a page, and every address in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        assert not [name for name, _ in attrs if name.startswith("on")]


def test_the_page_needs_nothing_and_runs_nothing(report: ClassReport) -> None:
    text = as_html(report)
    page = _Page(text)
    assert page.tags.isdisjoint({"script", "iframe", "object", "link"})
    assert [each for each in page.addresses if not each.startswith("data:image/svg+xml")] == ["../feedback/bob/small/"]
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "Isolation: none." in text


def test_the_command_writes_the_page_and_prints_every_row(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(course)
    assert main(["report", "small"]) == 1  # zoe could not be graded
    said = capsys.readouterr().out
    for words in ("ada", "12", "failed: zoe: ", "waiting: late: ", "identical w.npz: ada, bob", "Isolation: none."):
        assert words in said
    assert (course / "report" / "small.html").read_text().startswith("<!doctype html>")


def test_a_failure_is_forgotten_once_the_submission_is_graded(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    results = Results(Course.load("small"))
    assert results.failure("zoe") is not None
    results.note_failure("ada", "what was before")
    assert results.outcome("ada").status == "failed"
    results.note_failure("ada", None)
    assert results.outcome("ada").status == "graded"


@pytest.mark.parametrize("arguments", [["gone"], ["small", "--output", "/proc/nowhere/page.html"], ["empty"]])
def test_what_cannot_be_reported_is_one_sentence(
    arguments: list[str], course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(course)
    (course / "assignment" / "empty").mkdir(exist_ok=True)
    assert main(["report", *arguments]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


# -------------------------------------------------------------------------- what students were told


@pytest.fixture
def told() -> Callable[..., StudentOutcome]:
    """A function that makes the outcome of a student who was told something about one test."""

    def outcome(names: tuple[str, ...], sentences: tuple[str, ...]) -> StudentOutcome:
        test = TestOutcome(0.0, 4.0, misconceptions=names, diagnosis=sentences)
        notebook = NotebookOutcome("graded", None, {"test_double": test, "test_double__twice": replace(test)})
        return StudentOutcome("graded", None, {"one": notebook})

    return outcome


def test_mistakes_are_counted_once_for_a_student(told: Callable[..., StudentOutcome]) -> None:
    found = _mistakes(
        {
            "ada": told((), ("out has the wrong sign.",)),
            "bob": told(("tripled", "negated"), ("It is tripled.", "The sign is wrong.")),
            "cyd": told(("negated",), ("The sign is wrong.",)),
            "dan": told((), ()),
        }
    )
    assert [(each.answer, each.name, each.sentence, each.students) for each in found] == [
        ("double", "negated", "The sign is wrong.", ("bob", "cyd")),
        ("double", "tripled", "It is tripled.", ("bob",)),
        ("double", None, "out has the wrong sign.", ("ada",)),
    ]
