"""The examiner's pages in Chromium: usable by everybody, on a phone too, and nothing runs or is loaded."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, Page, expect

from examiner.cli.main import main
from tests.browser.axe import serious_findings
from tests.examiner.course.fakes import Grading
from tests.examiner.pages.vectors import VECTORS
from tests.examiner.small import submission

pytestmark = pytest.mark.slow
PAGES = {
    "report": "report/small.html",
    "feedback": "feedback/bob/small/index.html",
    "notebook": "feedback/bob/small/one.html",
    "written": "written/small/one-explain.html",
}


@pytest.fixture
def course(root: Path, grade_all: Grading) -> Path:
    """A graded class with all its pages; one student attacks whoever opens them."""
    notebook = submission({"double": f"def double(x):\n    return 'wrong'\n\n\n{VECTORS!r}"})
    next(cell for cell in notebook.cells if cell.id == "explain").source = "\n\n".join(VECTORS)
    nbformat.write(notebook, root / "submitted" / "bob" / "small" / "one.ipynb")
    grade_all(force=True)
    _attack(root / "autograded" / "bob" / "small" / "one.ipynb")
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        gradebook.find_comment("explain", "one", "small", "bob").manual_comment = "\n\n".join(VECTORS)
        gradebook.db.commit()
    with (root / "roster.csv").open("w", newline="") as file:
        people = ("ada", "Zoe Lovelace", "Mon"), ("bob", f"Bob {' '.join(VECTORS)}", f"Tue {VECTORS[0]}")
        csv.writer(file).writerows([("student_id", "name", "section"), *people])
    assert main(["report", "small", "--roster", "roster.csv"]) == 0
    assert main(["feedback", "small", "--jobs", "1"]) == 0
    assert main(["written", "small"]) == 0
    return root


def _attack(path: Path) -> None:
    """Put the vectors where a student's code writes to: outputs, exceptions, messages of checks, reasons."""
    path.chmod(0o644)
    notebook, everything = nbformat.read(path, as_version=4), "\n".join(VECTORS)
    record = notebook.metadata.examiner
    record.reason = " ".join(VECTORS)
    for test in record.tests.values():
        test.diagnosis = VECTORS[:1]
        test.reason = " ".join(VECTORS)
        for check in test.checks:
            check.passed, check.message, check.block = False, everything, VECTORS[1]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs += [
                new_output("stream", text=everything),
                new_output("error", ename=VECTORS[2], evalue=everything, traceback=VECTORS),
                new_output("display_data", data={"text/html": everything, "image/svg+xml": everything}),
            ]
    nbformat.write(notebook, path)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window, which notes what is asked for and what is said to a person."""
    window = browser.new_page()
    yield window
    window.close()


def address(course: Path, name: str) -> str:
    """Where a page is."""
    return (course / PAGES[name]).as_uri()


def test_nothing_is_loaded_nothing_runs_and_everybody_can_read_it(course: Path, browser: Browser) -> None:
    for name in PAGES:
        for width in (1280, 390):
            for scheme in ("light", "dark"):
                options: Any = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
                window = browser.new_page(**options)
                asked: list[str] = []
                said: list[str] = []
                window.on("request", lambda request, to=asked: to.append(request.url))
                window.on("dialog", lambda dialog, to=said: (to.append(dialog.message), dialog.dismiss()))
                window.goto(address(course, name))
                assert serious_findings(window) == [], (name, width, scheme)
                assert window.evaluate("document.documentElement.scrollWidth") <= width, name
                assert [each for each in asked[1:] if not each.startswith("data:")] == [], name
                assert said == [], name
                window.close()


def test_on_paper_every_page_is_dark_on_white(course: Path, browser: Browser) -> None:
    """Backgrounds are not printed, so a dark screen's colors could not be read there."""
    pale = """() => [...document.querySelectorAll("body, body *")].filter(each => each.textContent.trim())
        .map(each => getComputedStyle(each).color)
        .filter(color => Math.min(...color.match(/[\\d.]+/g).slice(0, 3).map(Number)) > 150)"""
    for name in PAGES:
        window = browser.new_page(color_scheme="dark")
        window.goto(address(course, name))
        assert window.evaluate(pale) != [], name
        window.emulate_media(media="print", color_scheme="dark")
        assert window.evaluate(pale) == [], name
        folded = window.locator("section details:not([open]) > *:not(summary)").first
        assert folded.count() == 0 or folded.is_visible(), "what is folded is printed"
        window.close()


def test_the_report_is_sorted_and_filtered(course: Path, page: Page) -> None:
    page.goto(address(course, "report"))
    rows = page.locator("#students tr:visible td:first-child")
    expect(rows).to_have_text(["ada", "bob"])
    page.get_by_role("button", name="Score", exact=True).click()
    expect(rows).to_have_text(["bob", "ada"])
    page.get_by_role("button", name="Score", exact=True).click()
    expect(rows).to_have_text(["ada", "bob"])
    page.locator("#students").get_by_role("button", name="Name", exact=True).click()
    expect(rows).to_have_text(["bob", "ada"])
    page.get_by_label("Only rows with").fill("mon graded")
    expect(rows).to_have_text(["ada"])
    expect(page.get_by_role("status")).to_have_text("1 of 2 students")
    page.get_by_label("Only rows with").fill("")
    expect(rows).to_have_count(2)


def test_the_report_reads_as_well_without_its_script(course: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    window = context.new_page()
    window.goto(address(course, "report"))
    expect(window.locator("#students td:first-child")).to_have_text(["ada", "bob"])
    expect(window.get_by_role("button")).to_have_count(0)
    context.close()
