"""A course on disk: any source folder and folder structure, and who submitted something."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_notebook

from examiner._exceptions import ConfigurationError, CourseNotFoundError
from examiner.course import Course
from examiner.course.folders import id_fault

CONFIG = "c = get_config()\n"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A course as nbgrader's quickstart makes it: `source/ps1`, nothing configured."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    (tmp_path / "source" / "ps1").mkdir(parents=True)
    nbformat.write(new_notebook(), tmp_path / "source" / "ps1" / "problem1.ipynb")
    (tmp_path / "submitted" / "ada" / "ps1").mkdir(parents=True)
    return tmp_path


def test_a_course_with_nbgraders_defaults(plain: Path) -> None:
    inside = plain / "submitted"
    course = Course.load("ps1", start=inside)
    assert course.assignment.source == plain / "source" / "ps1"
    assert course.students() == ["ada"]
    assert course.submitted("ada") == plain / "submitted" / "ada" / "ps1"
    assert course.autograded("ada") == plain / "autograded" / "ada" / "ps1"
    assert course.directory.db_url == f"sqlite:///{plain}/gradebook.db"
    assert course.options.isolation == "bubblewrap"
    assert repr(course) == f"<Course of ps1 in {plain}>"


def test_files_of_the_source_folder_without_notebooks_and_ignored_ones(plain: Path) -> None:
    for name in ("data.csv", "toolkit/plots.py", "toolkit/__pycache__/plots.pyc", ".ipynb_checkpoints/old.csv"):
        (plain / "source" / "ps1" / name).parent.mkdir(exist_ok=True)
        (plain / "source" / "ps1" / name).touch()
    assert Course.load("ps1", start=plain).source_files == {Path("data.csv"), Path("toolkit/plots.py")}


@pytest.mark.parametrize(
    "structure", ["{assignment_id}/{nbgrader_step}/{student_id}", "x/{nbgrader_step}/s-{student_id}/{assignment_id}"]
)
def test_another_folder_structure(structure: str, plain: Path) -> None:
    line = f"c.CourseDirectory.directory_structure = {structure!r}\n"
    (plain / "nbgrader_config.py").write_text(CONFIG + line)
    for step, student in (("source", "."), ("submitted", "ada"), ("submitted", "bob")):
        folder = plain / structure.format(nbgrader_step=step, student_id=student, assignment_id="ps1")
        folder.mkdir(parents=True)
    course = Course.load("ps1", start=plain)
    assert course.students() == ["ada", "bob"]
    assert course.submitted("bob").is_dir()


def test_folders_without_the_assignment_are_named(plain: Path) -> None:
    (plain / "submitted" / "flat").mkdir()
    (plain / "submitted" / "notes.txt").write_text("a file is no student")
    course = Course.load("ps1", start=plain)
    assert course.students() == ["ada"]
    assert course.without_submission() == {"flat": "nothing was submitted: submitted/flat has no folder ps1"}


def test_nothing_was_submitted(plain: Path) -> None:
    (plain / "submitted" / "ada" / "ps1").rmdir()
    (plain / "submitted" / "ada").rmdir()
    (plain / "submitted").rmdir()
    assert Course.load("ps1", start=plain).students() == []


def test_what_cannot_be_loaded_is_one_sentence(plain: Path) -> None:
    with pytest.raises(CourseNotFoundError, match="Assignment 'gone' not found: the folder source/gone does not exist"):
        Course.load("gone", start=plain)
    with pytest.raises(ConfigurationError, match="seed"):
        Course.load("ps1", {"seed": -1}, start=plain)
    (plain / "nbgrader_config.py").write_text("1 / 0")
    with pytest.raises(ConfigurationError, match=r"nbgrader_config.py raised ZeroDivisionError: division by zero\."):
        Course.load("ps1", start=plain)


def test_a_submission_is_read_without_the_files_that_the_course_ignores(plain: Path) -> None:
    config = "c.CourseDirectory.ignore = ['*.npz', '*.tmp']\nc.Examiner.assignments = {'ps1': {'files': ['w.npz']}}\n"
    (plain / "nbgrader_config.py").write_text(CONFIG + config)
    folder = plain / "submitted" / "ada" / "ps1"
    nbformat.write(new_notebook(), folder / "problem1.ipynb")
    for name in ("w.npz", "notes.tmp", "notes.txt"):
        (folder / name).write_text("x")
    submission = Course.load("ps1", start=plain).submission("ada")
    assert set(submission.notebooks) == {"problem1"}
    assert set(submission.files) == {"w.npz", "notes.txt"}  # what tests read is not ignored


@pytest.mark.parametrize("student", ["ada", "ada.lovelace@example.org", "Ada Lovelace", "2024-17", "Ærø", "O'Neill"])
def test_a_valid_student_id(student: str) -> None:
    assert id_fault(student) is None


@pytest.mark.parametrize(
    ("student", "rule"),
    [
        ("[ada] Smith", "must not contain [ ] * ?"),
        ("ada?", "must not contain [ ] * ?"),
        ("<b>ada</b>", 'must not contain < > & " ` \\'),
        ("ada&lt;b", 'must not contain < > & " ` \\'),
        ('ada" onclick=', 'must not contain < > & " ` \\'),
        ("ada ", "must not begin or end with a blank"),
        ("a\x1b[31mda", "must not contain [ ] * ?"),
        ("a\x07da", "must not contain line breaks or control characters"),
        ("a\u202eda", "must not contain line breaks or control characters"),
        ("ad\udce4", "must be valid UTF-8"),
    ],
)
def test_an_invalid_student_id(student: str, rule: str) -> None:
    said = str(id_fault(student))
    assert said.startswith('Invalid student ID "')
    assert said.endswith(f": IDs {rule}")
    assert said.isprintable()
