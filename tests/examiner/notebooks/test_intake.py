"""Entries of a submission's folder that are not answers: links, pipes, very large files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from nbgrader.utils import parse_utc

from examiner.notebooks import intake
from examiner.notebooks.intake import (
    LEFT_OUT,
    MAX_DEPTH,
    entries,
    irregular,
    is_junk,
    is_time,
    leave_out,
    leave_out_irregular,
    read_regular,
)
from tests.examiner.notebooks.test_repair import TEXT
from tests.examiner.small import make_too_deep


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A submission with a good notebook and one of everything that is not graded."""
    folder = tmp_path / "submitted" / "ada" / "course"
    folder.mkdir(parents=True)
    (folder / "01_good.ipynb").write_text(TEXT)
    (folder / "02_link.ipynb").symlink_to(tmp_path / "elsewhere.ipynb")
    os.mkfifo(folder / "03_pipe.ipynb")
    (folder / "04_large.ipynb").write_text(TEXT + " " * 20_000)
    (folder / "notes.txt").symlink_to("/etc/hostname")
    (folder / "figures").symlink_to(tmp_path)
    (tmp_path / "elsewhere.ipynb").write_text("another student's work")
    os.link(tmp_path / "elsewhere.ipynb", folder / "05_hard.ipynb")
    return folder


IRREGULAR = ["02_link.ipynb", "03_pipe.ipynb", "05_hard.ipynb", "figures", "notes.txt"]


def test_what_is_irregular_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_READ", len(TEXT))
    found = {path.name: what for path, what in irregular(folder)}
    assert sorted(found) == sorted([*IRREGULAR, "04_large.ipynb"])
    assert found["05_hard.ipynb"] == "a hard link"
    assert found["02_link.ipynb"] == "a symbolic link"
    assert found["03_pipe.ipynb"] == "not a regular file"
    assert found["04_large.ipynb"].startswith("larger than")


def test_nbgrader_does_not_get_to_open_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_READ", len(TEXT))
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
def test_nothing_submitted_takes_the_place_of_the_hidden_folder(trap: str, folder: Path, tmp_path: Path) -> None:
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


def test_only_regular_files_are_read(folder: Path) -> None:
    (folder / "weights.npz").write_bytes(b"own")
    assert read_regular(folder / "weights.npz", 3) == b"own"
    assert read_regular(folder / "weights.npz", 2) is None
    for name in [*IRREGULAR, "missing"]:
        assert read_regular(folder / name, 10**6) is None
    assert read_regular(Path("/dev/zero"), 10) is None


def test_every_entry_is_listed_once(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "helper.py").write_text("")
    found = {path.relative_to(folder).as_posix(): what for path, what in entries(folder)}
    assert found["sub/helper.py"] is None
    assert sorted(name for name, what in found.items() if what is not None) == IRREGULAR


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert list(entries(tmp_path / "missing")) == [(tmp_path / "missing", "unreadable (No such file or directory)")]
    (tmp_path / "file").write_text("")
    assert list(entries(tmp_path / "file")) == [(tmp_path / "file", "unreadable (Not a directory)")]


def test_folders_in_folders_have_an_end(folder: Path) -> None:
    os.makedirs(folder / "/".join("d" * 400))
    whats = [what for _, what in irregular(folder)]
    assert f"more than {MAX_DEPTH} folders deep" in whats
    leave_out(folder)
    assert not list(folder.glob("/".join("d" * (MAX_DEPTH + 2))))


@pytest.mark.parametrize("name", ["._01.ipynb", "__MACOSX", ".DS_Store", "desktop.ini", "Thumbs.db", "~$notes.docx"])
def test_files_of_systems_and_programs_are_junk(name: str, folder: Path) -> None:
    assert is_junk(name)
    (folder / name).write_text("not a notebook")
    assert name not in {path.name for path, _ in irregular(folder)}


@pytest.mark.parametrize("name", ["01_layers.ipynb", "_notes.txt", ".hidden", "~notes"])
def test_files_of_students_are_not_junk(name: str) -> None:
    assert not is_junk(name)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2026-03-01 12:00:00 UTC", True),
        ("2015-02-02 15:58:23.948203 America/New_York", True),
        ("2026-03-01 12:00:00 +0100", True),
        ("2026-03-01T12:00:00Z", True),
        ("2026-03-01T12:00:00+01:00", True),
        ("1 March 2026, 12:00", True),
        ("see my e-mail", False),
        ("10:00", False),
        ("9999-12-31 23:59:59 -0800", False),
        ("2026-03-01 10:00:00 999999999", False),
        ("9M6,11a 8.-92", False),
        ("2026-03-01 12:00:00 /etc/passwd", False),
        ("2026-03-01 12:00:00 ../../etc", False),
        ("99999999999999999999", False),
        ("2026-13-41", False),
        ("1" * 200, False),
        ("", False),
    ],
)
def test_a_time_is_one_that_nbgrader_reads(text: str, valid: bool) -> None:
    assert is_time(text) == valid
    if valid:
        assert parse_utc(text) is not None


@pytest.mark.parametrize("text", [TEXT.replace('"nbformat": 4', '"nbformat": "4"'), "\ufeff" + TEXT])
def test_what_nbgrader_cannot_read_costs_none_of_the_others(text: str, folder: Path) -> None:
    (folder / "06_odd.ipynb").write_text(text)
    notebooks = [str(folder / "01_good.ipynb"), str(folder / "06_odd.ipynb")]
    leave_out_irregular(assignment="course", student="*", notebooks=notebooks)
    assert notebooks == [str(folder / "01_good.ipynb")]
    assert (folder / "06_odd.ipynb").read_text() == text


def test_what_cannot_be_moved_ends_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(intake, "_move_aside", refuse)
    with pytest.raises(SystemExit, match="could not be moved aside: Read-only file system"):
        leave_out_irregular(assignment="course", student="*", notebooks=[str(folder / "01_good.ipynb")])


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "not a valid notebook"),
        ('{"cells": [', "not a valid notebook"),
        ("[" * 100_000, "not a valid notebook"),
        ("1", "not a valid notebook"),
        ('{"cells": {}}', "not a valid notebook"),
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
    assert (deep / "link", "a symbolic link") in found
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
