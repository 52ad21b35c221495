"""What lies in a submission's folder and is nobody's answer: links, pipes, what is too large."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from examiner import intake
from examiner.grader import submitted_files
from examiner.intake import LEFT_OUT, irregular, leave_out_irregular


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A submission with a good notebook and one of everything that is not graded."""
    folder = tmp_path / "submitted" / "ada" / "course"
    folder.mkdir(parents=True)
    (folder / "01_good.ipynb").write_text("{}")
    (folder / "02_link.ipynb").symlink_to(tmp_path / "elsewhere.ipynb")
    os.mkfifo(folder / "03_pipe.ipynb")
    (folder / "04_large.ipynb").write_bytes(b" " * 2000)
    (folder / "notes.txt").symlink_to("/etc/hostname")
    (folder / "figures").symlink_to(tmp_path)
    (tmp_path / "elsewhere.ipynb").write_text("another student's work")
    os.link(tmp_path / "elsewhere.ipynb", folder / "05_hard.ipynb")
    return folder


IRREGULAR = ["02_link.ipynb", "03_pipe.ipynb", "05_hard.ipynb", "figures", "notes.txt"]


def test_what_is_irregular_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_NOTEBOOK", 1000)
    found = {path.name: what for path, what in irregular(folder)}
    assert sorted(found) == sorted([*IRREGULAR, "04_large.ipynb"])
    assert found["05_hard.ipynb"] == "a hard link"
    assert found["02_link.ipynb"] == "a link"
    assert found["03_pipe.ipynb"] == "no regular file"
    assert found["04_large.ipynb"].startswith("larger than")


def test_nbgrader_does_not_get_to_open_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_NOTEBOOK", 1000)
    notebooks = [str(path) for path in sorted(folder.glob("*.ipynb"))]
    leave_out_irregular(assignment="course", student="*", notebooks=notebooks)
    assert [Path(notebook).name for notebook in notebooks] == ["01_good.ipynb"]
    assert sorted(path.name for path in folder.iterdir()) == [LEFT_OUT, "01_good.ipynb", "04_large.ipynb"]
    assert sorted(path.name for path in (folder / LEFT_OUT).iterdir()) == IRREGULAR
    assert (folder.parents[2] / "elsewhere.ipynb").read_text() == "another student's work"


def test_what_was_left_out_once_is_named_again(folder: Path) -> None:
    leave_out_irregular(assignment="course", student="*", notebooks=[str(folder / "01_good.ipynb")])
    leave_out_irregular(assignment="course", student="*", notebooks=[str(folder / "01_good.ipynb")])
    assert sorted(path.name for path, _ in irregular(folder)) == IRREGULAR


@pytest.mark.parametrize("trap", ["link", "file", "folder"])
def test_nothing_handed_in_takes_the_place_of_the_hidden_folder(trap: str, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place = folder / LEFT_OUT
    if trap == "link":
        place.symlink_to(outside)
    elif trap == "file":
        place.write_text("")
    else:
        place.mkdir()
        (place / "notes.txt").write_text("mine")
        (place / "inner").symlink_to(outside)
    leave_out_irregular(assignment="course", student="*", notebooks=[str(folder / "01_good.ipynb")])
    assert not list(outside.iterdir())
    assert place.is_dir()
    assert not place.is_symlink()
    assert not (folder / "notes.txt").is_symlink()


def test_files_of_the_submission_that_are_links_are_not_read(folder: Path) -> None:
    (folder / "weights.npz").write_bytes(b"own")
    os.link(folder.parents[2] / "elsewhere.ipynb", folder / "stolen.txt")
    assert submitted_files(folder) == {"weights.npz": b"own"}


def test_what_cannot_be_moved_ends_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(intake, "_move_aside", refuse)
    with pytest.raises(SystemExit, match="could not be moved aside: Read-only file system"):
        leave_out_irregular(assignment="course", student="*", notebooks=[str(folder / "01_good.ipynb")])
