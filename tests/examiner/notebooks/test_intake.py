"""What lies in a submission's folder and is nobody's answer: links, pipes, what is too large."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from examiner.grading.grader import submitted_files
from examiner.notebooks import intake
from examiner.notebooks.intake import LEFT_OUT, irregular, leave_out, leave_out_irregular
from tests.examiner.small import make_too_deep


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A submission with a good notebook and one of everything that is not graded."""
    folder = tmp_path / "submitted" / "ada" / "course"
    folder.mkdir(parents=True)
    (folder / "01_good.ipynb").write_text('{"cells": []}')
    (folder / "02_link.ipynb").symlink_to(tmp_path / "elsewhere.ipynb")
    os.mkfifo(folder / "03_pipe.ipynb")
    (folder / "04_large.ipynb").write_text('{"cells": []}' + " " * 2000)
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


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "no notebook"),
        ('{"cells": [', "no notebook"),
        ("[" * 100_000, "no notebook"),
        ("1", "no notebook"),
        ('{"cells": {}}', "no notebook"),
        ('{"cells": [' + ",".join(["{}"] * 2_001) + "]}", "a notebook of more than 2,000 cells"),
    ],
    ids=["empty", "cut off", "deep", "a number", "cells in a dict", "many cells"],
)
def test_a_damaged_notebook_costs_none_of_the_others(content: str, what: str, folder: Path) -> None:
    (folder / "06_damaged.ipynb").write_text(content)
    notebooks = [str(path) for path in sorted(folder.glob("*.ipynb"))]
    leave_out_irregular(assignment="course", student="*", notebooks=notebooks)
    assert str(folder / "06_damaged.ipynb") not in notebooks
    assert str(folder / "01_good.ipynb") in notebooks
    assert next(why for path, why in irregular(folder) if path.name == "06_damaged.ipynb").startswith(what)


def test_files_without_number_are_moved_away_together(folder: Path) -> None:
    many = folder / "venv" / "lib"
    many.mkdir(parents=True)
    for number in range(600):
        (many / str(number)).touch()
    (folder / "helper.py").write_text("")
    leave_out(folder)
    assert not (folder / "venv").exists()
    assert (folder / "helper.py").exists()
    assert (folder / LEFT_OUT / "venv").is_dir()
    assert [what for path, what in irregular(folder) if path.name == "venv"] == ["one of more than 500 files"]


@pytest.mark.parametrize(
    "name", ["evil.html", "evil.HTML", "evil.shtml", "evil.SVG", "[x]/evil.html", "page.xhtml", "run.mjs"]
)
def test_what_a_browser_would_run_becomes_text(name: str, folder: Path) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("<script>alert(1)</script>")
    leave_out(folder)
    assert not (folder / name).exists()
    assert (folder / f"{name}.txt").read_text() == "<script>alert(1)</script>"


def test_long_names_and_deep_folders_end_nothing(folder: Path, tmp_path: Path) -> None:
    deep = folder / ("a" * 200) / ("b" * 200)
    deep.mkdir(parents=True)
    (deep / "link").symlink_to(tmp_path)
    make_too_deep(folder)
    found = leave_out(folder)
    assert (deep / "link", "a link") in found
    assert not (deep / "link").is_symlink()


def test_names_cannot_write_to_the_terminal(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "\x1b]0;title\x07").symlink_to("/etc/hostname")
    leave_out(folder)
    assert "\x1b" not in caplog.text


def test_a_time_that_is_none_is_left_out(folder: Path) -> None:
    (folder / "timestamp.txt").write_text("see my e-mail")
    leave_out(folder)
    assert not (folder / "timestamp.txt").exists()
    (folder / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    leave_out(folder)
    assert (folder / "timestamp.txt").exists()
