"""Formgrader, in a JupyterLab that was started in the course's folder: it opens, and its button grades."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from tests.conftest import ROOT
from tests.examiner.small import run, submission, write_class

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one submission, which waits to be graded."""
    root = tmp_path_factory.mktemp("formgrader")
    write_class(root, {"ada": submission({"double": "def double(x):\n    return x"})})
    run(root, "nbgrader", "generate_assignment", "small")
    return root


@pytest.fixture(scope="module")
def ask(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """A function that asks a running JupyterLab, whose first choice of a port is taken."""
    home = tmp_path_factory.mktemp("home")
    taken = socket.create_server(("127.0.0.1", 0))
    own = {"PYTHONPATH": str(ROOT), "HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
    call = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--IdentityProvider.token=secret"]
    call += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={taken.getsockname()[1]}"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(call, cwd=course, env={**os.environ, **own}, stdout=log, stderr=log)
    try:
        yield _asking(_address(home, server), server)
    finally:
        server.terminate()
        server.wait(20)
        taken.close()


def _address(home: Path, server: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 90
    while not (found := list(home.glob("runtime/jpserver-*.json"))):
        assert server.poll() is None, (home / "log").read_text()
        assert time.monotonic() < deadline, (home / "log").read_text()
        time.sleep(0.1)
    return str(json.loads(found[0].read_text())["url"])


def _asking(address: str, server: subprocess.Popen[bytes]) -> Ask:
    def ask(path: str, method: str = "GET") -> Any:
        headers = {"Authorization": "token secret"}
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
