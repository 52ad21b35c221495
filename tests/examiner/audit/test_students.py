"""Sample students: submissions made from the release."""

from __future__ import annotations

from pathlib import Path

import pytest

from examiner._exceptions import CatalogueError
from examiner.audit import Student, find_entry, write_submissions
from examiner.diagnosis import Diagnoser
from examiner.engine import Engine
from examiner.notebooks import cells_of, grade_id, read


def written(small: Engine, folder: Path, *students: Student, **folders: Path) -> Path:
    """Write submissions of the small assignment."""
    assignment = small.assignment
    release = assignment.root / "release" / assignment.name
    entries = Diagnoser(small).catalogue["one"].entries
    parameters = folders.get("parameters", folder / "none")
    write_submissions(
        students, source=assignment.source, release=release, submitted=folder, parameters=parameters, entries=entries
    )
    return folder


def answers(folder: Path, student: str) -> dict[str, str]:
    """What a student wrote."""
    notebook = read(folder / student / "small" / "one.ipynb")
    return {grade_id(cell): cell.source for cell in cells_of(notebook, "answer")}


def test_everything_is_the_reference_but_what_is_named(small: Engine, tmp_path: Path) -> None:
    own = {"Net": "class Net: pass", "elsewhere": "x = 1"}
    student = Student("ada", ("double:triples",), own, left_out=("square",), submitted_at="2026-03-01 12:00:00 UTC")
    found = answers(written(small, tmp_path, student, Student("bob")), "ada")
    assert found["double"] == "def double(x):\n    return 3 * x"
    assert found["Net"] == "class Net: pass"
    assert "raise NotImplementedError" in found["square"]
    assert "# YOUR CODE HERE" in found["square"]
    assert (tmp_path / "ada" / "small" / "timestamp.txt").read_text() == "2026-03-01 12:00:00 UTC\n"
    assert "return 2 * x" in answers(tmp_path, "bob")["double"]
    assert not (tmp_path / "bob" / "small" / "timestamp.txt").exists()
    assert (tmp_path / "bob" / "small" / "toolkit" / "checks.py").is_file()


def test_a_blank_submission_is_the_release(small: Engine, tmp_path: Path) -> None:
    written(small, tmp_path, Student("ada", blank=True))
    assert all("# YOUR CODE HERE" in source for source in answers(tmp_path, "ada").values())


def test_notebooks_and_files_can_be_missing_or_others(small: Engine, tmp_path: Path) -> None:
    parameters = tmp_path / "trained"
    parameters.mkdir()
    for name in ("one.npz", "two.npz"):
        (parameters / name).write_bytes(b"reference")
    students = (
        Student("ada", notebooks=()),
        Student("bob", files={"one.npz": None, "two.npz": b"own"}),
        Student("cyd", blank=True),
    )
    folder = written(small, tmp_path / "submitted", *students, parameters=parameters)
    found = {each.name: {f.name: f.read_bytes() for f in (each / "small").glob("*.npz")} for each in folder.iterdir()}
    assert found == {"ada": dict.fromkeys(("one.npz", "two.npz"), b"reference"), "bob": {"two.npz": b"own"}, "cyd": {}}
    assert not (folder / "ada" / "small" / "one.ipynb").exists()


def test_an_old_submission_is_replaced(small: Engine, tmp_path: Path) -> None:
    written(small, tmp_path, Student("ada"))
    (tmp_path / "ada" / "small" / "old.txt").touch()
    written(small, tmp_path, Student("ada"))
    assert not (tmp_path / "ada" / "small" / "old.txt").exists()


def test_an_unknown_entry_is_an_error(small: Engine, tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="No catalogue entry 'double:gone'"):
        written(small, tmp_path, Student("ada", ("double:gone",)))
    assert find_entry("affine_forward:bias_forgotten").notebook == "01_layers"
