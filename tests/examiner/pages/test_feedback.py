"""Feedback: what a student is shown and what not, and that nothing that anybody wrote runs or loads anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.api import Gradebook

from examiner._exceptions import ExaminerError
from examiner.cli.main import main
from examiner.course import CellGrade, Course
from examiner.outcome import Check, NotebookOutcome, TestOutcome
from examiner.pages import markup, write_feedback
from examiner.pages.feedback import MAX_REST, Marks, NotebookPage, as_index, as_page, notebook_page
from tests.examiner.course.fakes import Grading
from tests.examiner.notebooks.test_outputs import png
from tests.examiner.pages.vectors import VECTORS
from tests.examiner.small import cell, run

SECRET = "### BEGIN HIDDEN TESTS\nsecret = reference.double(3)\n### END HIDDEN TESTS"
SCHEME = "### BEGIN MARK SCHEME\n1 point for a reason.\n### END MARK SCHEME"
WRONG = "def double(x):\n    return x * x"
FAILED = Check("dx", False, 0.5, 1e-9, "dx: relative error 5e-01", block="by hand")
POINTS = {"01_layers": 10.0, "02_losses": 5.0}
HINT = "The gradient is averaged, and must be summed."


def graded(**changes: str) -> NotebookNode:
    """A graded notebook: a failed exercise with two tests, one that passed, a written answer, other cells."""
    said = {
        "answer": WRONG,
        "message": str(FAILED.message),
        "diagnosis": HINT,
        "stream": "loss 1",
        "text": "I think so.",
    }
    said |= {"block": "by hand", **changes}
    failed = Check("dx", False, 0.5, 1e-9, said["message"], said["block"])
    tests = {
        "test_double": TestOutcome(2.0, 4.0, (Check("shape", True), failed), diagnosis=(said["diagnosis"],)),
        "test_double__more": TestOutcome(1.0, 1.0, (Check("out", True),)),
        "test_half": TestOutcome(3.0, 3.0, (Check("out", True),) * 5),
    }
    picture = new_output("display_data", data={"image/png": png(3, 2), "text/html": said["stream"]})
    test = cell("test_double", "test", f"check = 1\n{SECRET}")
    test.outputs = [
        new_output("display_data", data={"text/html": "<p>table of checks</p>"}),
        *[new_output("stream", text=str(said["stream"]))] * 2,
        picture,
    ]
    written = cell("explain", "written", f"{said['text']}\n{SCHEME}")
    answer = cell("double", "answer", str(said["answer"]))
    answer.outputs = [new_output("stream", text=f"tried: {said['stream']}"), picture]
    own = new_code_cell("plot()", outputs=[picture, new_output("stream", text=str(said["stream"]))])
    notebook = new_notebook(cells=[
        cell("setup", "given", "import numpy as np"),
        new_markdown_cell(f"# Doubling\n\n$x^2$ and {said['text']}"),
        answer,
        test,
        cell("test_double__more", "test", "check = 2"),
        cell("half", "answer", "def half(x):\n    return x / 2"),
        cell("test_half", "test", "check = 3"),
        written,
        own,
    ])  # fmt: skip
    for name, outcome in tests.items():
        found = next(each for each in notebook.cells if each.metadata.get("nbgrader", {}).get("grade_id") == name)
        found.metadata.nbgrader.points = outcome.max_score
    notebook.metadata.examiner = NotebookOutcome("graded", None, tests).as_json()
    return notebook


def shown(notebook: NotebookNode, student: str = "ada", comment: str = "Well done.", **marks: Any) -> NotebookPage:
    """The page of a notebook, as data."""
    cells = {"test_double": (2.0, 4.0), "test_double__more": (1.0, 1.0), "test_half": (3.0, 3.0), "explain": (1.5, 2.0)}
    grades = {name: CellGrade(score, None, None, most, False) for name, (score, most) in cells.items()}
    marks = {"cells": grades, "comments": {"explain": comment}, **marks}
    return notebook_page(notebook, Marks(**marks), student, "ps1", "01_layers")


class Elements(HTMLParser):
    """All elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


# ------------------------------------------------------------------------------------- content


def test_what_failed_comes_first_and_stands_open() -> None:
    page = shown(graded())
    place, written = page.places()
    assert (place.anchor, place.lost, place.sentence) == ("test_double", 2.0, HINT)
    assert (written.anchor, written.lost) == ("explain", 0.5)
    assert written.sentence == "A person has graded this answer: see the comment."
    assert (page.score, page.max_score, page.waiting) == (7.5, 10.0, 0)
    html = as_page(page)
    text = Elements(html).text
    assert '<a href="#test_double">double</a>' in html
    assert text.count("by hand: dx") == 1
    assert str(FAILED.message) in text
    assert text.replace("tried: loss 1", "").count("loss 1") == 2  # once in the test, once below the student's own cell
    assert "7.5 of 10" in text
    assert "half: all 5 checks passed" in text
    assert html.count("<details open>") == 1  # the failed exercise's code
    assert html.count("<details>") == 1
    assert "table of checks" not in html


def test_hidden_tests_and_mark_schemes_are_not_shown() -> None:
    html = as_page(shown(graded()))
    for secret in ("secret", "HIDDEN", "MARK SCHEME", "for a reason", "check = 1"):
        assert secret not in html
    assert "1 point for a reason." in as_page(shown(graded(), show_mark_schemes=True))


def test_a_question_may_be_a_cell_of_its_own() -> None:
    notebook = graded()
    written = next(cell for cell in notebook.cells if cell.id == "explain")
    written.source = "I think so."
    task = cell("question", "task", f"Why is it **doubled**?\n{SCHEME}")
    notebook.cells.insert(notebook.cells.index(written), task)
    html = as_page(shown(notebook))
    assert html.count("<strong>doubled</strong>") == html.count("The question") == 1
    assert "for a reason" not in html
    assert "1 point for a reason." in as_page(shown(notebook, show_mark_schemes=True))


def test_formulas_are_mathml_and_code_is_colored() -> None:
    html = as_page(shown(graded()))
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html
    assert '<span class="k">def</span>' in html


def test_what_a_notebook_folds_is_shown_unfolded() -> None:
    assert markup.markdown("$$a\n\n" * 4000).startswith("<pre>$$a")  # to look for their ends would take seconds
    html = str(markup.markdown("<details><summary>Hint</summary>\n\nNo <b>.\n</details>"))
    assert html == "<p><strong>Hint</strong></p>\n<p>No &lt;b&gt;.</p>\n"


def test_a_picture_is_shown_with_a_text() -> None:
    pictures = [attributes for tag, attributes in Elements(as_page(shown(graded()))).found if tag == "img"]
    assert [each["src"] for each in pictures] == [f"data:image/png;base64,{png(3, 2)}"] * 3
    assert all(each["alt"] for each in pictures)


def test_what_an_answer_printed_and_drew_stands_with_its_code() -> None:
    html = as_page(shown(graded()))
    code = html[html.index("Your code") :]
    code = code[: code.index("</details>")]
    assert '<pre class="said">tried: loss 1</pre>' in code
    assert 'alt="Picture 1 of double"' in code


def test_a_page_that_was_fetched_alone_has_no_link_to_another() -> None:
    links = [attributes["href"] for tag, attributes in Elements(as_page(shown(graded()))).found if tag == "a"]
    assert links
    assert all(each.startswith("#") for each in links)


def test_what_waits_for_a_person_is_no_zero() -> None:
    grades = {"explain": CellGrade(None, None, None, 2.0, True), "test_half": CellGrade(3.0, None, None, 3.0, False)}
    page = shown(graded(), cells=grades)
    assert page.waiting == 3  # the exercise `double` has no marks at all: two tests
    assert "needs manual grading" in as_page(page)


def test_a_late_penalty_and_comments_are_on_the_overview() -> None:
    pages = [shown(graded(), penalty=1.5), shown(graded(), comment="See <b>p. 3</b>, $y^2$")]
    html = as_index(pages, POINTS)
    text = Elements(html).text
    assert "13.5 of 25" in text
    assert "not submitted0 of 5" in text.replace("\n", "")
    assert "−1.5" in text
    assert "See <b>p. 3</b>" in text
    assert "<msup>" in html
    assert html.count('href="01_layers.html#test_double"') == 2


def test_a_file_that_is_not_graded_is_named_where_its_notebook_is_missing(root: Path, grade_all: Grading) -> None:
    folder = root / "submitted" / "ada" / "small"
    (folder / "homework.ipynb").write_bytes((folder / "one.ipynb").read_bytes())
    grade_all()
    text = Elements((write_feedback(Course.load("small"), "ada") / "index.html").read_text()).text
    assert "homework.ipynb is not a notebook of this assignment: it is not graded." in text


def test_bonus_is_not_counted_into_the_maximum() -> None:
    notebook = graded()
    next(each for each in notebook.cells if each.id == "test_half").metadata.tags = ["bonus"]
    page = shown(notebook)
    assert (page.score, page.max_score, page.bonus) == (4.5, 7.0, 3.0)


def test_a_notebook_without_a_record_has_its_scores() -> None:
    notebook = graded()
    del notebook.metadata["examiner"]
    html = as_page(shown(notebook))
    assert "7.5 of 10" in html


@pytest.mark.parametrize("place", ["answer", "stream", "text", "message"])
def test_a_page_is_small_whatever_a_student_writes(place: str) -> None:
    long = {"answer": "a = [1, 2]\n" * 6_000, "message": "x" * 2_000}.get(place, "x " * 500_000)
    notebook = graded(**{place: long})
    notebook.cells += [new_code_cell("a = 1\n" * 900) for _ in range(100)]
    html = as_page(shown(notebook))
    assert len(html) < 300_000
    assert MAX_REST < 200_000


def test_a_penalty_above_the_score_is_taken_off_the_bonus() -> None:
    notebook = graded()
    next(each for each in notebook.cells if each.id == "test_half").metadata.tags = ["bonus"]
    page = shown(notebook, penalty=6.0)
    assert (page.score, page.bonus) == (0.0, 1.5)


# ------------------------------------------------------------------------------------ injection

PLACES = "answer", "message", "diagnosis", "stream", "text", "block"
LINKS = ("http://", "https://", "#", "index.html", "01_layers.html")


def hostile_pages(vector: str) -> list[str]:
    """Pages with a vector in every place that a student or grader can write to."""
    notebook = graded(**dict.fromkeys(PLACES, vector))
    attached = {"a.png": {"image/png": png(1, 1)}, vector: {"image/png": vector}}
    notebook.cells.append(new_markdown_cell(vector, attachments=attached))
    notebook.metadata.examiner["reason"] = vector
    page = shown(notebook, student=vector, comment=vector, show_mark_schemes=True)
    return [as_page(page), as_index([page, page], POINTS)]


@pytest.mark.parametrize("vector", VECTORS, ids=map(str, range(len(VECTORS))))
def test_nothing_that_is_written_becomes_markup(vector: str) -> None:
    harmless = [as_page(shown(graded())), as_index([shown(graded())], POINTS)]
    known = {tag for page in harmless for tag, _ in Elements(page).found}
    known |= {"a", "blockquote", "code", "em", "h1", "hr", "s", "strong", "ul"}  # Markdown
    known |= {"mo", "mspace", "mstyle", "mtable", "mtd", "mtext", "mtr"}  # formulas
    for page in hostile_pages(vector):
        for tag, attributes in Elements(page).found:
            assert tag in known, (tag, attributes)
            assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcset", "srcdoc")]
            assert (attributes.get("src") or "data:image/").startswith("data:image/")
            assert (attributes.get("href") or "#").startswith(LINKS), attributes
        assert page.count("<style>") == page.count("<title>") == 1
        assert "\x1b" not in page
        assert "\u202e" not in page


def test_powerful_formulas_stay_text() -> None:
    grows, broken = ("\\def\\a{\\a\\a}\\a", "\\newcommand{\\x}{y}\\x"), ("\\frac{1", "\\begin{matrix}")
    for latex in (*grows, *broken, "{" * 1_500, "x" * 3_000):
        assert markup.formula(latex).startswith(("<code>", "<math"))
        assert len(markup.formula(latex)) < 40_000


class Noting(BaseHTTPRequestHandler):
    """Notes every request."""

    asked: list[str]

    def do_GET(self) -> None:
        """Note one."""
        self.asked.append(self.path)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_in_a_browser_nothing_runs_and_nothing_is_asked_for(tmp_path: Path) -> None:
    handler = type("Handler", (Noting,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"
        everything = "\n\n".join(vector.replace("HOST", host) for vector in VECTORS)
        for number, page in enumerate(hostile_pages(everything)):
            path = tmp_path / f"{number}.html"
            path.write_text(page, encoding="utf-8")
            options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={tmp_path}/b"]
            options += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
            call = ["chromium", *options, "--virtual-time-budget=2000", "--dump-dom", path.as_uri()]
            done = subprocess.run(call, capture_output=True, timeout=120, env={**os.environ, "HOME": str(tmp_path)})
            dom = done.stdout.decode(errors="replace")
            assert "Look at this first" in dom or "What to look at first" in dom, done.stderr.decode()[-2000:]
            assert "<title>pwned" not in dom
        server.shutdown()
    assert handler.asked == []


# -------------------------------------------------------------------------------------- on disk


FILES = {"index.html", "one.html", "timestamp.txt", "submission_secret.txt"}


def test_only_pages_are_written_and_all_of_them(root: Path, grade_all: Grading) -> None:
    for student in ("ada", "bob"):
        (root / "submitted" / student / "small" / "w.npz").write_bytes(b"parameters")
    grade_all()
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        book.find_comment("explain", "one", "small", "bob").manual_comment = "Too short."
        book.db.commit()
    course = Course.load("small")
    folder = write_feedback(course, "bob")
    again = write_feedback(course, "bob")
    assert folder == again == root / "feedback" / "bob" / "small"
    assert {path.name for path in folder.iterdir()} <= FILES
    assert not [path for path in folder.parent.iterdir() if path != folder]
    assert "Too short." in (folder / "index.html").read_text()
    assert "Too short." in (folder / "one.html").read_text()


def test_pages_that_cannot_be_put_in_place_leave_the_old_ones(
    root: Path, grade_all: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade_all()
    folder = write_feedback(Course.load("small"), "bob")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OSError, match="No space left"):
        write_feedback(Course.load("small"), "bob")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_damaged_graded_notebook_leaves_the_old_pages(root: Path, grade_all: Grading) -> None:
    grade_all()
    course = Course.load("small")
    folder = write_feedback(course, "bob")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    path = root / "autograded" / "bob" / "small" / "one.ipynb"
    path.chmod(0o644)
    path.write_text("{")
    with pytest.raises(ExaminerError, match=r"^bob: one\.ipynb in .* cannot be read .*: grade it again\.$"):
        write_feedback(course, "bob")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(ExaminerError, match=r"^zoe: nothing is graded yet"):
        write_feedback(course, "zoe")


def test_the_command_writes_what_nbgrader_writes(
    root: Path, grade_all: Grading, capsys: pytest.CaptureFixture[str]
) -> None:
    grade_all()
    assert main(["feedback", "small", "--jobs", "1"]) == 0
    assert "Feedback of 2 students: feedback/<student>/small/index.html" in capsys.readouterr().out
    ours = {path.relative_to(root): path.read_bytes() for path in (root / "feedback").rglob("*.html")}
    assert len(ours) == 4
    shutil.rmtree(root / "feedback")
    run(root, "nbgrader", "generate_feedback", "small")
    theirs = {path.relative_to(root): path.read_bytes() for path in (root / "feedback").rglob("*") if path.is_file()}
    assert {path: content for path, content in theirs.items() if path.suffix == ".html"} == ours
    assert {path.name for path in theirs} <= FILES
    (root / "submitted" / "zoe" / "small").mkdir(parents=True)
    assert main(["feedback", "small", "--jobs", "1"]) == 1
    assert "no feedback, because nothing is graded: zoe" in capsys.readouterr().out
    assert main(["feedback", "small", "--student", "nobody"]) == 2
    assert "Nothing of small is graded of nobody." in capsys.readouterr().err


def test_a_notebook_is_read_as_nbgrader_leaves_it(root: Path, grade_all: Grading) -> None:
    grade_all()
    notebook = nbformat.read(root / "autograded" / "bob" / "small" / "one.ipynb", as_version=4)
    assert notebook.metadata.examiner.tests
