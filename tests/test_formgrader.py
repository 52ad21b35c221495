"""Formgrader, in a JupyterLab that was started in the course's folder: it opens, and its button grades."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, expect

from tests.browser.conftest import browser
from tests.browser.lab import SECONDS, TOKEN, Lab, jupyter_lab
from tests.conftest import ROOT
from tests.examiner.small import run, submission, write_class

__all__ = ["browser"]

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one submission, which waits to be graded."""
    root = tmp_path_factory.mktemp("formgrader")
    write_class(root, {"ada": submission({"double": "def double(x):\n    return x"})})
    run(root, "nbgrader", "generate_assignment", "small")
    return root


@pytest.fixture(scope="module")
def lab(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running JupyterLab, whose first choice of a port is taken."""
    home = tmp_path_factory.mktemp("home")
    taken = socket.create_server(("127.0.0.1", 0))
    with taken, jupyter_lab(course, home, taken.getsockname()[1], PYTHONPATH=str(ROOT)) as running:
        yield running


@pytest.fixture(scope="module")
def ask(lab: Lab) -> Ask:
    """A function that asks JupyterLab."""
    return _asking(*lab)


def _asking(address: str, server: subprocess.Popen[bytes]) -> Ask:
    def ask(path: str, method: str = "GET") -> Any:
        headers = {"Authorization": f"token {TOKEN}"}
        request = urllib.request.Request(address + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            content = answer.read().decode()
        assert server.poll() is None
        return json.loads(content) if "/api/" in path else content

    return ask


def test_its_page_opens_and_knows_the_course(ask: Ask) -> None:
    assert "formgrader" in ask("formgrader/")
    (assignment,) = ask("formgrader/api/assignments")
    assert (assignment["name"], assignment["num_submissions"]) == ("small", 1)


def test_its_button_grades_through_the_examiner(ask: Ask, course: Path) -> None:
    answer = ask("formgrader/api/submission/small/ada/autograde", "POST")
    assert answer["success"], answer
    assert "Isolation: none." in answer["log"]
    graded = json.loads((course / "autograded" / "ada" / "small" / "one.ipynb").read_text())
    assert graded["metadata"]["examiner"]["tests"]["test_double"]["score"] == 0.0
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        assert gradebook.find_grade("test_square", "one", "small", "ada").auto_score == 4.0


def test_a_person_grades_in_it(lab: Lab, course: Path, browser: Browser) -> None:
    """Autograde, open a submission, give a written answer points and a comment, and generate feedback."""
    address, _ = lab
    window = browser.new_page(viewport={"width": 1280, "height": 900})
    window.set_default_timeout(1000 * SECONDS)
    expect.set_options(timeout=1000 * SECONDS)
    window.goto(f"{address}lab?token={TOKEN}")  # JupyterLab lets this browser in from now on
    window.goto(f"{address}formgrader/manage_submissions/small")
    row = window.locator("tr", has_text="ada")
    row.locator(".autograde a").click()
    expect(window.locator(".modal.in")).to_contain_text("Successfully autograded")
    window.goto(f"{address}formgrader/gradebook/small/one")
    window.get_by_role("link", name="Submission #1").click()
    expect(window.locator("body")).to_contain_text("✗")
    expect(window.locator("input#test_double")).to_have_attribute("placeholder", "0")
    answer = window.locator(".nbgrader_cell", has=window.locator("#explain"))
    answer.locator("#explain").fill("1.5")
    answer.locator("#explain-comment").fill("Say why it grows.")
    answer.locator("#explain-comment").press("Tab")
    expect(answer.locator(".comment-saved")).to_be_visible()
    window.locator("li.next a").click()
    expect(window).to_have_url(re.compile(r"/gradebook/small/one"))
    window.goto(f"{address}formgrader/manage_submissions/small")
    row.locator(".generate-feedback a").click()
    expect(window.locator(".modal.in")).to_contain_text("Successfully generated feedback")
    window.close()
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        assert gradebook.find_grade("explain", "one", "small", "ada").manual_score == 1.5
    feedback = (course / "feedback" / "ada" / "small" / "one.html").read_text()
    assert "Say why it grows." in feedback
    assert "1.5 of 2" in feedback
    said = run(course, "examiner", "report", "small")
    assert re.search(r"ada +graded +9.5", said)


def test_its_other_pages_are_served_while_it_grades(ask: Ask, course: Path) -> None:
    slow = submission({"double": "import time\ntime.sleep(4)\ndef double(x):\n    return 2 * x"})
    folder = course / "submitted" / "grace" / "small"
    folder.mkdir(parents=True)
    nbformat.write(slow, folder / "one.ipynb")
    with ThreadPoolExecutor(1) as pool:
        grading = pool.submit(ask, "formgrader/api/submission/small/grace/autograde", "POST")
        time.sleep(1)
        answered = 0
        while not grading.done():
            (assignment,) = ask("formgrader/api/assignments")
            answered += not grading.done()
        assert grading.result()["success"], grading.result()
    assert (assignment["num_submissions"], answered > 0) == (2, True)
    assert json.loads((course / "autograded" / "grace" / "small" / "one.ipynb").read_text())["metadata"]["examiner"]


def test_a_worker_that_is_killed_is_said_and_replaced(ask: Ask, lab: Lab) -> None:
    (worker,) = workers_of(lab[1].pid)
    os.kill(worker, signal.SIGKILL)
    path = "formgrader/api/submission/small/ada/autograde"
    answers = [ask(path, "POST"), ask(path, "POST")]
    assert answers[-1]["success"], answers
    assert all(each["success"] or "press the button again" in each["error"] for each in answers)


def workers_of(server: int) -> list[int]:
    """The processes of a server that grade."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == server and "spawn_main" in (entry / "cmdline").read_text():
                found.append(int(entry.name))
        except OSError:  # it has ended
            continue
    return found
