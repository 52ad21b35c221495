"""The class report: a row with a reason for everybody, what went wrong, and nothing that a stranger can slip in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from examiner.cli.main import main
from examiner.course import Course, Results, SlowCell
from examiner.outcome import NotebookOutcome, StudentOutcome, TestOutcome
from examiner.pages import ClassReport, as_html, as_json, class_report, read_earlier
from examiner.pages.report.class_report import Mistake, _mistakes
from examiner.pages.report.similar import Pair
from tests.conftest import ROOT
from tests.examiner.pages.vectors import VECTORS
from tests.examiner.small import run, submission, write_class

HOSTILE = "x' onmouseover='alert(1)"
ANSWERS = {
    "ada": submission(),
    "bob": submission({"double": "def double(x):\n    return x"}),
    "cyd": submission({"double": "def double(x):\n    import os\n    os._exit(3)"}),
    HOSTILE: submission(),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded class: one submitted nothing, one after the grading; two share their parameters."""
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
    assert (double.students, double.full, double.none, double.undecided, double.share) == (4, 2, 2, 0, 0.5)
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
    assert page.tags.isdisjoint({"iframe", "object", "link"})
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
    assert scripts == [(ROOT / "examiner/pages/report/report.js").read_text()]
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f'script-src &#39;sha256-{digest}&#39;"' in text
    assert [each for each in page.addresses if not each.startswith("data:image/svg+xml")] == [
        "../feedback/bob/small/index.html"
    ]
    assert "x&#39; onmouseover=&#39;alert(1)" in text
    assert "Isolation: none." in text


@pytest.mark.parametrize("vector", VECTORS, ids=map(str, range(len(VECTORS))))
def test_nothing_that_is_written_becomes_markup(vector: str, report: ClassReport) -> None:
    """A vector in every place that a student, a grader or a roster can write to."""
    hostile = replace(
        report,
        rows=tuple(replace(row, name=vector, section=vector, reason=vector) for row in report.rows),
        mistakes=(Mistake("double", None, vector, (vector, "bob")), Mistake("double", "tripled", vector, (vector,))),
        alike=((vector, (vector, "bob")),),
        similar=(Pair("double", (vector, "bob"), (vector, vector), 90.0),),
        slow=(SlowCell(vector, "one", vector, 1.0),),
    )
    text, harmless = as_html(hostile), as_html(report)
    page, known = _Page(text), _Page(harmless).tags | {"pre", "mark", "details", "summary"}
    assert page.tags <= known
    assert all(each.startswith(("data:image/svg+xml", "../feedback/", "#")) for each in page.addresses)
    for tag in ("<script", "<style", "<title"):
        assert text.count(tag) == harmless.count(tag)
    assert "\x1b" not in text
    assert "\u202e" not in text


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


# ----------------------------------------------------------------- roster, names left out, other reports


def test_a_roster_gives_names_sections_and_who_is_absent(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(course)
    roster = "student_id,name,section\nada,Ada Lovelace,Mon\nbob,Bob Babbage,Mon\nxia,Xia Li,Tue\n"
    (course / "roster.csv").write_text(roster)
    assert main(["report", "small", "--roster", "roster.csv", "--output", "named.html"]) == 1
    text = (course / "named.html").read_text()
    for words in ("Ada Lovelace", "Xia Li", "<th>Section</th>", "<td>Tue</td>"):
        assert words in text
    people = {"ada": ("Ada Lovelace", "Mon"), "bob": ("Bob Babbage", "Mon"), "xia": ("Xia Li", "Tue")}
    report = class_report(Results(Course.load("small")), course, people=people)
    assert [(each.name, each.students, each.graded, each.mean) for each in report.sections()] == [
        ("Mon", 2, 2, 10.0),
        ("Tue", 1, 0, None),
    ]
    assert next(row for row in report.rows if row.student == "xia").status == "absent"
    assert sorted(report.scores) == [8, 8, 12, 12]  # nobody who is absent or waits


def test_no_name_is_in_an_anonymous_report(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    (course / "roster.csv").write_text("student_id,name,section\nada,Ada Lovelace,Mon\n")
    assert main(["report", "small", "--roster", "roster.csv", "--anonymous"]) == 1
    page = (course / "report" / "small-anonymous.html").read_text()
    kept = json.loads((course / "report" / "small-anonymous.json").read_text())
    assert kept["students"] == {}
    assert kept["scores"] == [8, 8, 12, 12]
    assert "student 3" in page
    for name in ("ada", "bob", "cyd", "zoe", "yan", "flat", "Lovelace", "Mon", "feedback/", "onerror"):
        assert not re.search(rf"\b{name}\b", page)


def test_what_has_changed_and_another_term_stand_beside_it(
    course: Path, monkeypatch: pytest.MonkeyPatch, report: ClassReport
) -> None:
    monkeypatch.chdir(course)
    before = json.loads(as_json(report))
    before["students"]["ada"] = 3.0
    before["tests"]["test_double"] = 0.25
    before["written"] = "1 May"
    (course / "term.json").write_text(json.dumps(before))
    (course / "again.json").write_text(json.dumps(before))
    assert main(["report", "small", "--compare", "term.json", "--output", "again.html"]) == 1
    text = (course / "again.html").read_text()
    changed = text.partition("What changed since 1 May")[2].partition("</table>")[0]
    assert '<td class="id">ada</td><td class="n">3</td><td class="n">12</td>' in changed
    assert "bob" not in changed
    assert '<td class="n">50%</td><td class="n">25%</td>' in text.partition("test_<wbr>double")[2][:400]
    earlier = read_earlier(course / "again.json")  # written anew beside the page
    assert earlier.students["ada"] == 12
    assert earlier.tests == {"test_double": 0.5, "test_square": 1.0, "test_Net": 1.0}


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 2}', '{"schema": 1, "written": "", "students": 3}', None])
def test_another_file_is_no_report(
    content: str | None, course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(course)
    path = course / "other.json"
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_text(content)
    assert main(["report", "small", "--compare", "other.json"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("examiner: other.json ")
    assert len(said.strip().splitlines()) == 1
