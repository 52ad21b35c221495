"""A graded submission on record: as nbgrader writes it, and whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

from examiner.course import Course, gradebook
from examiner.course.gradebook import read_grades
from examiner.course.record import _as_text, unfinished
from examiner.notebooks import read
from tests.conftest import ROOT
from tests.examiner.course.fakes import Grading, submit
from tests.examiner.small import submission

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def graded(root: Path) -> Path:
    """Ada's graded folder."""
    return root / "autograded" / "ada" / "small"


def state(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_lie_beside_the_notebooks_the_courses_own_on_top(root: Path, graded: Path, grade_all: Grading) -> None:
    source, submitted = root / "assignment" / "small", root / "submitted" / "ada" / "small"
    (source / "README.md").write_text("the course's")
    (source / "w.npz").write_bytes(b"the course's")
    with (root / "nbgrader_config.py").open("a") as config:
        config.write('c.Autograde.exclude_overwriting = {"small": ["w.npz"]}\n')
    for name, text in {"README.md": "mine", "w.npz": "mine", "notes/a.txt": "mine", "page.svg.md": "mine"}.items():
        (submitted / name).parent.mkdir(exist_ok=True)
        (submitted / name).write_text(text)
    (submitted / "toolkit").write_text("a file where the course has a folder")
    (submitted / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    grade_all("ada")
    found = {name: content.decode() for name, content in state(graded).items() if not name.startswith("toolkit")}
    del found["one.ipynb"]
    assert found == {
        "README.md": "the course's",
        "w.npz": "mine",
        "notes/a.txt": "mine",
        "page.svg.md": "mine",
        "timestamp.txt": "2026-03-01 12:00:00 UTC\n",
    }
    assert (graded / "toolkit" / "checks.py").is_file()
    assert not list(graded.rglob("__pycache__"))


def test_what_a_browser_would_run_is_kept_as_text(root: Path, graded: Path, grade_all: Grading) -> None:
    with (root / "nbgrader_config.py").open("a") as config:
        config.write("c.CourseDirectory.ignore = []\n")
    (root / "submitted" / "ada" / "small" / "page.html").write_text("<script>alert(1)</script>")
    grade_all("ada")
    assert (graded / "page.html.txt").is_file()
    assert not (graded / "page.html").exists()


def test_permissions_are_nbgraders(root: Path, graded: Path, grade_all: Grading) -> None:
    grade_all("ada")
    assert (graded / "one.ipynb").stat().st_mode & 0o777 == 0o444
    with (root / "nbgrader_config.py").open("a") as config:
        config.write("c.CourseDirectory.groupshared = True\n")
    grade_all("ada", force=True)
    assert (graded / "one.ipynb").stat().st_mode & 0o777 == 0o664
    assert graded.stat().st_mode & 0o2070 == 0o2070


def test_the_notebook_is_valid_and_holds_its_outcome(graded: Path, grade_all: Grading) -> None:
    grade_all("ada")
    notebook = read(graded / "one.ipynb")
    nbformat.validate(notebook)
    assert notebook.metadata["examiner"]["schema"] == 1
    assert (graded / "one.ipynb").read_text().endswith("}\n")


def test_the_time_of_the_submission_is_in_the_gradebook(root: Path, grade_all: Grading) -> None:
    (root / "submitted" / "ada" / "small" / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    grade_all("ada")
    with Gradebook(Course.load("small").directory.db_url) as book:
        assert book.find_submission("small", "ada").timestamp == datetime(2026, 3, 1, 12)


def test_the_courses_own_steps_run_after_grading(root: Path, graded: Path, grade_all: Grading) -> None:
    (root / "own_steps.py").write_text(
        "from nbgrader.preprocessors import NbGraderPreprocessor\n\n\n"
        "class Stamp(NbGraderPreprocessor):\n"
        "    def preprocess(self, nb, resources):\n"
        "        nb.metadata['stamp'] = resources['nbgrader']['student']\n"
        "        return nb, resources\n\n\n"
        "class Never(Stamp):\n"
        "    def preprocess(self, nb, resources):\n"
        "        raise AssertionError\n"
    )
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(
            "import sys\nsys.path.insert(0, str(Path(__file__).parent))\nfrom own_steps import Never\nsys.path.pop(0)\n"
            "c.Autograde.autograde_preprocessors += ['own_steps.Stamp', Never]\nc.Never.enabled = False\n"
        )
    grade_all("ada")
    assert read(graded / "one.ipynb").metadata["stamp"] == "ada"


# ------------------------------------------------------------------------- whole or not at all


@pytest.mark.parametrize("step", ["_copy_files", "_write", "_put_in_place", "_set_permissions"])
def test_a_full_disk_keeps_what_was_there(
    step: str, root: Path, graded: Path, grade_all: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade_all("ada")
    before = state(graded)

    def full(*_: object) -> None:
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr(f"examiner.course.record.{step}", full)
        row = grade_all("ada", force=True).students["ada"]
    assert (row.status, row.score) == ("failed", 12.0)
    assert row.reason == (
        "The disk is full: free some space, then run the command again. Earlier graded notebooks were kept."
    )
    assert state(graded) == before
    assert grade_all("ada").students["ada"].status == "graded"  # also without --force


def test_a_full_disk_leaves_no_half_filled_folder(
    root: Path, graded: Path, grade_all: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("examiner.course.record._write", lambda *_: (_ for _ in ()).throw(FULL))
        row = grade_all("ada").students["ada"]
    assert (row.status, row.score) == ("failed", None)
    assert not graded.exists()


def test_a_rename_that_fails_puts_the_old_folder_back(
    root: Path, graded: Path, grade_all: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade_all("ada")
    before, real = state(graded), Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        row = grade_all("ada", force=True).students["ada"]
    assert row.reason == "The graded notebooks could not be written: Invalid cross-device link."
    assert state(graded) == before


def test_a_locked_gradebook_keeps_what_was_there(
    root: Path, graded: Path, grade_all: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade_all("ada")
    before = state(graded)
    submit(root, "ada", submission({"square": "square_forward = 'wrong'"}))
    monkeypatch.setattr(gradebook, "PATIENCE", 0.0)
    other = sqlite3.connect(root / "gradebook.db")
    other.execute("BEGIN IMMEDIATE")  # others may read, but not write
    row = grade_all("ada", force=True).students["ada"]
    other.rollback()
    other.close()
    assert (row.status, row.score) == ("failed", 12.0)
    who = "another program, such as formgrader"
    assert row.reason == f"The gradebook is locked by {who}: close it, then run the command again."
    assert state(graded) == before


KILLED = """
import os, signal, warnings
warnings.simplefilter("ignore")
from examiner.course import ClassRun, Course
from examiner.course import record
from examiner.jobs import submission
from tests.examiner.course.fakes import FakeGrader, InThisProcess

submission.grader_for = lambda *_: FakeGrader()
record._set_permissions = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
ClassRun(Course.load("small")).grade(["ada"], InThisProcess(), force=True, show=lambda *_: None)
"""


def test_a_kill_leaves_the_old_folder_and_the_next_run_grades_again(
    root: Path, graded: Path, grade_all: Grading
) -> None:
    grade_all("ada")
    before = state(graded)
    submit(root, "ada", submission({"square": "square_forward = 'wrong'"}))
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "assignment" / "neural_networks")))
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert state(graded) == before
    row = grade_all("ada").students["ada"]
    assert (row.status, row.score) == ("graded", 8.0)
    one = read_grades(Course.load("small").directory, "small", "ada")["ada"]["one"]
    assert one.cells["test_square"].auto == 0.0
    assert not any((root / ".cache" / "recording").glob("*/*"))


def test_a_kill_between_the_two_renames_loses_nothing(root: Path, graded: Path, grade_all: Grading) -> None:
    grade_all("ada")
    before = state(graded)
    work = root / ".cache" / "recording" / "small" / "tmp1"
    work.mkdir(parents=True)
    (work / "student").write_text("ada")
    graded.rename(work / "old")
    assert unfinished(Course.load("small"), ["bob"]) == set()
    assert unfinished(Course.load("small"), ["ada", "bob"]) == {"ada"}
    assert state(graded) == before
    assert unfinished(Course.load("small"), ["ada"]) == set()


def test_what_a_killed_process_was_tidying_up_is_removed(root: Path) -> None:
    work = root / ".cache" / "recording" / "small" / "tmp1"
    (work / "new").mkdir(parents=True)  # its student's name is gone already
    assert unfinished(Course.load("small"), ["ada"]) == set()
    assert not work.exists()


def test_what_another_process_is_recording_is_left_alone(root: Path) -> None:
    work = root / ".cache" / "recording" / "small" / f"{os.getppid()}-tmp"
    work.mkdir(parents=True)
    (work / "student").write_text("ada")
    assert unfinished(Course.load("small"), ["ada"]) == set()
    assert work.is_dir()


def test_a_student_who_must_not_be_created_has_a_row(root: Path, grade_all: Grading) -> None:
    with (root / "nbgrader_config.py").open("a") as config:
        config.write("c.Autograde.create_student = False\n")
    row = grade_all("ada").students["ada"]
    assert row.status == "failed"
    assert "No student ada in the gradebook" in str(row.reason)


def test_a_written_notebook_is_the_notebook() -> None:
    cells = [new_code_cell("print('é\u2028')\n\tx = 1", id="a"), new_markdown_cell("", id="b")]
    for notebook in (new_notebook(cells=cells, metadata={"examiner": {"a": [1.5, None]}}), new_notebook()):
        assert nbformat.reads(_as_text(notebook), 4) == notebook
