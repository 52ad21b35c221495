"""The scratch is as it was, or it says that it is not."""

from __future__ import annotations

import os
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a file and a folder in it."""
    (tmp_path / "home" / "work").mkdir(parents=True)
    (tmp_path / "home" / "given").write_text("1")
    return tmp_path / "home"


@pytest.fixture
def made(home: Path, scratch: types.ModuleType) -> Any:
    """The scratch."""
    return scratch.Scratch([str(home)])


def test_what_was_not_there_is_removed_and_times_are_reset(home: Path, made: Any) -> None:
    before = home.stat().st_mtime_ns, (home / "work").stat().st_mtime_ns
    (home / "work" / "deep" / "er").mkdir(parents=True)
    (home / "work" / "deep" / "er" / "file").write_text("left")
    (home / "work" / "deep").chmod(0)
    (home / "link").symlink_to("/etc/passwd")
    assert made.wipe()
    assert sorted(path.name for path in home.rglob("*")) == ["given", "work"]
    assert (home.stat().st_mtime_ns, (home / "work").stat().st_mtime_ns) == before
    assert "3 entries" in repr(made)


@pytest.mark.parametrize(
    "change",
    [
        lambda home: os.rename(home / "work", home / "elsewhere"),
        lambda home: (home / "work").chmod(0),
        lambda home: (home / "given").chmod(0o777),
        lambda home: (home / "given").unlink(),
        lambda home: os.replace(_made(home / "new"), home / "given"),
        lambda home: ((home / "work").rmdir(), (home / "work").symlink_to("/etc")),
    ],
    ids=["moved", "closed folder", "mode", "removed", "replaced", "now a link"],
)
def test_a_change_of_what_was_there_is_told(change: Callable[[Path], Any], home: Path, made: Any) -> None:
    change(home)
    assert not made.wipe()


def test_an_extended_attribute_of_a_folder_is_told(home: Path, made: Any) -> None:
    try:
        os.setxattr(home / "work", "user.left", b"1")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    assert not made.wipe()


def _made(path: Path) -> Path:
    path.write_text("1")
    return path
