"""`examiner autograde`: a row for everybody, what changed, and every refusal as one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from examiner.cli import main
from examiner.course.preprocessors import check_machine
from examiner.sandbox import bwrap
from tests.conftest import ROOT
from tests.examiner.small import needs_bubblewrap, submission, write_class


def ada() -> NotebookNode:
    """A submission with full marks."""
    return submission()


def bob() -> NotebookNode:
    """A submission with a class that does nothing."""
    return submission({"double": "def double(x):\n    return x + x", "Net": "class Net:\n    pass"})


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A course whose gradebook is empty, with three submissions."""
    write_class(tmp_path, {"ada": ada(), "bob": bob()})
    (tmp_path / "submitted" / "zoe" / "small").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def examine(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    """A function that runs `examiner autograde` in the course: the JSON that it wrote, and what it said."""
    monkeypatch.chdir(fresh)
    monkeypatch.setenv("PATH", os.environ["PATH"])

    def command(*options: str, status: int = 0) -> dict[str, Any]:
        with warnings.catch_warnings():
            assert main(["autograde", "small", "--json", "out.json", *options]) == status
        content: dict[str, Any] = json.loads((fresh / "out.json").read_text())
        return {**content, "said": capsys.readouterr().out}

    return command


Grade = Callable[..., dict[str, Any]]


def test_the_command_gives_a_row_to_everybody(examine: Grade) -> None:
    report = examine("--seed", "5", status=1)
    assert (report["schema"], report["assignment"], report["isolation"], report["seed"]) == (1, "small", "none", 5)
    assert "Isolation: none." in report["said"]
    assert "2 answers need manual grading: examiner written small" in report["said"]
    students = report["students"]
    assert [(name, row["status"]) for name, row in students.items()] == [
        ("ada", "graded"),
        ("bob", "graded"),
        ("zoe", "failed"),
    ]
    ada, zoe = students["ada"], students["zoe"]
    assert (ada["score"], ada["max_score"], ada["bonus"], ada["reason"]) == (12.0, 14.0, 0.0, None)
    assert ada["notebooks"]["one"]["status"] == "graded"
    assert set(ada["tests"]["test_double"]) >= {"score", "max_score", "checks", "misconceptions"}
    assert set(ada["tests"]["test_double"]["checks"][0]) >= {"name", "passed", "error", "tolerance", "message"}
    assert students["bob"]["score"] == 8.0
    assert zoe["reason"] == "no notebook was submitted: expected one.ipynb"
    assert (zoe["score"], zoe["max_score"]) == (None, 14.0)
    assert zoe["notebooks"]["one"]["status"] == "failed"
    assert zoe["tests"]["test_double"]["score"] is None  # a fault, or nothing to grade: never a student's zero


def test_it_says_which_marks_changed(fresh: Path, examine: Grade) -> None:
    assert examine("--student", "bob", "--seed", "5")["seed"] == 5
    assert examine("--student", "bob", "--seed", "9")["seed"] == 9
    path = fresh / "submitted" / "bob" / "small" / "one.ipynb"
    nbformat.write(ada(), path)
    os.utime(path, (time.time() + 10, time.time() + 10))
    again = examine("--student", "bob")
    assert again["students"]["bob"]["score"] == 12.0
    assert "changed: bob, test_Net: 0 -> 4" in again["said"]


def test_an_interrupt_is_said(fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(fresh)
    monkeypatch.setattr("examiner.course.class_run.run", interrupt)
    assert main(["autograde", "small", "--student", "ada", "--force"]) == 2
    assert "interrupted" in capsys.readouterr().err


def test_no_name_reaches_the_terminal_as_it_is(fresh: Path, examine: Grade) -> None:
    for name in ("eve\n999 students, all graded", "mal\x1b[2J"):
        (fresh / "submitted" / name / "small").mkdir(parents=True)
    said = examine("--student", "eve\n999 students, all graded", "--student", "mal\x1b[2J", status=1)["said"]
    assert "\x1b" not in said
    assert not any(line.startswith("999") for line in said.splitlines())
    assert said.count("Invalid student ID") == 2


def test_links_in_a_submission_lead_nowhere(fresh: Path, examine: Grade) -> None:
    secret = fresh / "secret.txt"
    secret.write_text("the secret")
    folder = fresh / "submitted" / "ada" / "small"
    (folder / "data.txt").symlink_to(secret)
    look = submission({}, "import os\nprint(sorted(os.listdir('.')), os.path.exists('data.txt'))")
    nbformat.write(look, folder / "one.ipynb")
    os.mkfifo(folder / "two.ipynb")
    report = examine("--student", "ada")
    assert report["students"]["ada"]["status"] == "partial"
    assert report["students"]["ada"]["reason"] == "data.txt is a symbolic link: it is not graded."
    graded = list((fresh / "autograded" / "ada" / "small").rglob("*"))
    assert fresh / "autograded" / "ada" / "small" / "one.ipynb" in graded
    assert not [path for path in graded if path.is_file() and "the secret" in path.read_text()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["autograde", "gone"], "Assignment 'gone' not found: the folder assignment/gone does not exist."),
        (["autograde", "small", "--student", "nobody"], "No submission of small by nobody"),
        (["autograde", "small", "--json", "/nowhere/marks.json"], "/nowhere/marks.json cannot be written"),
        (["autograde", "small", "--seed", "-1"], "-1 is not a whole number of 0 or more"),
        (["sample-class", "small", "--students", "2"], "small has no catalogue of wrong and right answers"),
        (["audit", "small"], "small has no catalogue of wrong and right answers"),
    ],
)
def test_wrong_usage_is_one_sentence(
    arguments: list[str],
    said: str,
    fresh: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(fresh)
    try:
        status = main(arguments)
    except SystemExit as ended:  # argparse's own
        status = ended.code
    assert status == 2
    assert said in capsys.readouterr().err
    assert not list((fresh / "autograded").glob("*/*"))


@pytest.mark.parametrize(
    ("option", "said"),
    [("Examiner.seed = -3", "seed"), ("Examiner.data_dir = '/nowhere'", "/nowhere, which is not a folder")],
)
def test_an_impossible_option_of_the_course_is_one_sentence(
    option: str, said: str, fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with (fresh / "nbgrader_config.py").open("a") as config:
        config.write(f"c.{option}\n")
    monkeypatch.chdir(fresh)
    assert main(["autograde", "small"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line


@needs_bubblewrap
def test_a_read_only_course_is_one_sentence(fresh: Path) -> None:
    here = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(fresh), str(fresh), "--chdir", str(fresh)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for command in (["autograde", "small"], ["report", "small"]):
        call = [*here, sys.executable, "-m", "examiner", *command]
        done = subprocess.run(call, env=environment, capture_output=True, text=True)
        assert done.returncode == 2
        (line,) = done.stderr.strip().splitlines()
        assert "read-only" in line.lower()


def test_without_bubblewrap_grading_is_refused_in_one_sentence(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(fresh)
    monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)
    for cached in (bwrap.tool, check_machine):
        cached.cache_clear()
    assert main(["autograde", "small", "--isolation", "bubblewrap"]) == 2
    for cached in (bwrap.tool, check_machine):
        cached.cache_clear()
    (said,) = capsys.readouterr().err.strip().splitlines()
    assert "bubblewrap" in said
    assert "--isolation none" in said
