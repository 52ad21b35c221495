"""The examiner as nbgrader's autograder and as a command: the same marks as plain nbgrader for honest work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook

from examiner.__main__ import main
from examiner.notebooks.cells import cells_of, grade_id, read
from examiner.sandbox import bwrap
from tests.conftest import ROOT, without_examiner
from tests.examiner.small import (
    TEST_DOUBLE,
    cell,
    make_too_deep,
    needs_bubblewrap,
    run,
    source_notebook,
    submission,
    write_class,
)

CLASS: dict[str, NotebookNode] = {
    "ada": submission(),
    "bob": submission({"double": "def double(x):\n    return x + x", "Net": "class Net:\n    pass"}),
    "cyd": submission({"square": "square_forward = lambda x: (x * x, x)\nsquare_backward = lambda dout, cache: dout"}),
    "dan": submission({"double": "def double(x):\n    raise ValueError('no')"}, "1 / 0"),
    "eve": submission({"double": "def double(x) return", "explain": "It is so."}),
    "fay": submission({"double": "def double(x):\n    x *= 2\n    return x"}, "print('hello')", after="double"),
}  # fmt: skip


def marks(root: Path) -> dict[str, dict[str, tuple[float | None, bool]]]:
    """Automatic score of every cell of every student, and whether a human is needed."""
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        return {
            submission.student.id: {
                grade.name: (grade.auto_score, bool(grade.needs_manual_grade))
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in gradebook.assignment_submissions("small")
        }


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class, graded by `nbgrader autograde` through the examiner."""
    root = tmp_path_factory.mktemp("examined")
    write_class(root, CLASS)
    run(root, "nbgrader", "generate_assignment", "small")
    shutil.copytree(root, root.with_name("plain"))
    run(root, "nbgrader", "autograde", "small")
    return root


def test_plain_nbgrader_gives_the_same_marks_in_every_cell(course: Path) -> None:
    plain = course.with_name("plain")
    config = plain / "nbgrader_config.py"
    config.write_text(without_examiner(config.read_text()))
    run(plain, "nbgrader", "autograde", "small")
    assert marks(plain) == marks(course)
    assert marks(course)["ada"]["test_Net"] == (4.0, False)


def test_feedback_is_made_from_what_the_examiner_wrote(course: Path) -> None:
    run(course, "nbgrader", "generate_feedback", "small")
    page = (course / "feedback" / "dan" / "small" / "one.html").read_text()
    assert "Relative error" in page
    assert "Your code raised ValueError: no" in page
    assert "cell double, line 2, in double" in page


def test_the_seed_and_the_outcome_are_in_the_graded_notebook(course: Path) -> None:
    content = read(course / "autograded" / "ada" / "small" / "one.ipynb").metadata["examiner"]
    assert content["seed"] == 231
    assert content["isolation"] == "none"
    assert content["tests"]["test_double"]["score"] == 4.0


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A course whose gradebook is empty, with three submissions."""
    write_class(tmp_path, {name: CLASS[name] for name in ("ada", "bob")})
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


def test_a_notebook_that_was_not_submitted_has_its_rows(fresh: Path, examine: Grade) -> None:
    triple = "def triple(x):\n    ### BEGIN SOLUTION\n    return 3 * x\n    ### END SOLUTION"
    cells = [cell("triple", "answer", triple), cell("test_triple", "test", "assert triple(1) == 3")]
    nbformat.write(new_notebook(cells=cells), fresh / "assignment" / "small" / "two.ipynb")
    ada = examine("--student", "ada")["students"]["ada"]
    assert (ada["status"], ada["reason"]) == ("partial", "not submitted: two")
    assert (ada["score"], ada["max_score"]) == (12.0, 18.0)
    assert ada["notebooks"]["two"]["reason"] == "the notebook was not submitted"
    test = ada["tests"]["test_triple"]
    assert (test["score"], test["max_score"], test["status"]) == (0.0, 4.0, "partial")


def test_a_damaged_submission_costs_nobody_elses_row(fresh: Path, examine: Grade) -> None:
    deep = fresh / "submitted" / "ada" / "small"
    make_too_deep(deep)
    (deep / "two.ipynb").write_text('{"cells": [')
    (fresh / "submitted" / "bob" / "small" / "timestamp.txt").write_text("see my e-mail")
    students = examine(status=1)["students"]
    assert students["ada"]["score"] == 12.0
    assert students["ada"]["status"] == "partial"
    assert (students["bob"]["score"], students["bob"]["status"]) == (8.0, "partial")
    assert students["bob"]["reason"] == "timestamp.txt is no time: it is not graded"
    assert students["zoe"]["status"] == "failed"


def test_a_new_submission_is_graded_again(fresh: Path, examine: Grade) -> None:
    examine("--student", "bob")
    path = fresh / "submitted" / "bob" / "small" / "one.ipynb"
    nbformat.write(CLASS["ada"], path)
    os.utime(path, (time.time() + 10, time.time() + 10))
    again = examine("--student", "bob")
    assert again["students"]["bob"]["score"] == 12.0
    assert "changed: bob, test_Net: 0 -> 4" in again["said"]


def test_an_interrupt_keeps_what_was_graded_before(
    fresh: Path, examine: Grade, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    examine("--student", "ada")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("examiner.grading.grader.Grader.grade", interrupt)
    assert main(["autograde", "small", "--student", "ada", "--force"]) == 2
    assert "interrupted" in capsys.readouterr().err
    graded = read(fresh / "autograded" / "ada" / "small" / "one.ipynb")
    assert graded.metadata["examiner"]["tests"]["test_double"]["score"] == 4.0


def test_a_folder_without_notebooks_is_not_taken_for_graded(fresh: Path, examine: Grade) -> None:
    (fresh / "autograded" / "ada" / "small").mkdir(parents=True)
    (fresh / "autograded" / "ada" / "small" / "README.md").write_text("left over")
    assert examine("--student", "ada")["students"]["ada"]["score"] == 12.0


def test_what_was_graded_is_not_graded_again_without_force(examine: Grade) -> None:
    first = examine("--student", "ada")
    second = examine("--student", "ada")
    assert second["students"]["ada"]["tests"] == first["students"]["ada"]["tests"]
    assert second["students"]["ada"]["seconds"] < first["students"]["ada"]["seconds"]


def test_a_mended_test_keeps_what_people_did_and_lists_every_change(fresh: Path, examine: Grade) -> None:
    examine("--student", "bob")
    with Gradebook(f"sqlite:///{fresh}/gradebook.db") as gradebook:
        grade = gradebook.find_grade("explain", "one", "small", "bob")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        gradebook.find_grade("test_square", "one", "small", "bob").extra_credit = 0.5
        gradebook.find_submission("small", "bob").extension = timedelta(days=2)
        gradebook.find_comment("explain", "one", "small", "bob").manual_comment = "well said"
        gradebook.db.commit()
    mended = source_notebook()
    for each in cells_of(mended, "test"):
        if grade_id(each) == "test_double":
            each.source = TEST_DOUBLE.strip().replace("[2.0, -4.0]", "[2.0, -5.0]")
    nbformat.write(mended, fresh / "assignment" / "small" / "one.ipynb")
    report = examine("--student", "bob", "--force")
    assert "changed: bob, test_double: 4 -> 3" in report["said"]
    assert report["said"].count("changed:") == 1
    with Gradebook(f"sqlite:///{fresh}/gradebook.db") as gradebook:
        assert gradebook.find_grade("explain", "one", "small", "bob").manual_score == 1.5
        assert gradebook.find_grade("test_square", "one", "small", "bob").extra_credit == 0.5
        assert gradebook.find_submission("small", "bob").extension == timedelta(days=2)
        assert gradebook.find_comment("explain", "one", "small", "bob").manual_comment == "well said"
    assert report["students"]["bob"]["score"] == 3.0 + 4.0 + 1.5 + 0.5


def test_marks_of_an_earlier_run_are_reported_as_they_were_made(examine: Grade) -> None:
    first = examine("--student", "ada", "--seed", "5")
    assert (first["isolation"], first["seed"]) == ("none", 5)
    second = examine("--student", "ada", "--seed", "9")
    assert (second["isolation"], second["seed"]) == ("none", 5)
    assert second["students"]["ada"]["notebooks"]["one"]["seed"] == 5
    assert "Marks of an earlier run (isolation none, seed 5) stay for 1 of 1 students" in second["said"]
    assert "earlier run" not in first["said"]


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
    assert report["students"]["ada"]["reason"] in (
        "data.txt is a link: it is not graded",
        "two.ipynb is no regular file: it is not graded",
    )
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


def test_nbgrader_without_bubblewrap_refuses_and_writes_nothing(fresh: Path) -> None:
    config = fresh / "nbgrader_config.py"
    config.write_text(config.read_text().replace('c.Examiner.isolation = "none"', ""))
    run(fresh, "nbgrader", "generate_assignment", "small")
    hidden = "import shutil; real = shutil.which; shutil.which = lambda n, *a, **k: None if n == 'bwrap' else real(n)"
    call = [sys.executable, "-c", f"{hidden}; from nbgrader.apps.nbgraderapp import main; main()"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([*call, "autograde", "small"], cwd=fresh, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "nothing was graded. bubblewrap (bwrap) is missing: install it" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert not list((fresh / "autograded").glob("*/*"))


def test_without_bubblewrap_grading_is_refused_in_one_sentence(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(fresh)
    monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)
    bwrap.tool.cache_clear()
    assert main(["autograde", "small", "--isolation", "bubblewrap"]) == 2
    bwrap.tool.cache_clear()
    (said,) = capsys.readouterr().err.strip().splitlines()
    assert "bubblewrap" in said
    assert "--isolation none" in said


def test_all_options_are_explained() -> None:
    done = run(ROOT, "examiner", "--help-all")
    for option in ("Examiner.isolation", "Examiner.seed", "Examiner.cell_seconds", "autograde"):
        assert option in done
