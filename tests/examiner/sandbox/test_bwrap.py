"""Bubblewrap's command line."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner._exceptions import IsolationError
from examiner.sandbox import bwrap
from examiner.sandbox.bwrap import Layout
from examiner.settings import Limits


@pytest.fixture(autouse=True)
def forget_the_tools() -> Iterator[None]:
    """Let each test look for the system's programs again."""
    yield
    bwrap.tool.cache_clear()
    bwrap.version.cache_clear()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A sandbox's folders, with one file, as an ordinary user has them."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "notes.txt").write_text("1")
    return Layout(tmp_path, tmp_path / "files", None, None)


def pairs(arguments: list[str], option: str) -> list[tuple[str, str]]:
    """Give the two values of each use of an option."""
    places = [index for index, each in enumerate(arguments) if each == option]
    return [(arguments[place + 1], arguments[place + 2]) for place in places]


def test_nothing_of_the_host_is_writable(layout: Layout) -> None:
    arguments = bwrap.bwrap(layout, {}, 2**20)
    assert pairs(arguments, "--bind") == []
    assert arguments[-2:] == ["--chdir", bwrap.WORK]
    assert {"--unshare-all", "--disable-userns", "--die-with-parent", "--new-session", "--clearenv"} <= set(arguments)


def test_files_and_data_are_mounted_read_only(layout: Layout, tmp_path: Path) -> None:
    with_data = Layout(layout.root, layout.files, tmp_path, None)
    mounts = pairs(bwrap.bwrap(with_data, {}, 2**20), "--ro-bind")
    assert (str(layout.files / "notes.txt"), "/tmp/work/notes.txt") in mounts
    assert (str(tmp_path), bwrap.DATA) in mounts
    assert bwrap.DATA not in dict(map(reversed, pairs(bwrap.bwrap(layout, {}, 2**20), "--ro-bind")))


def test_the_environment_is_what_the_caller_gives(layout: Layout) -> None:
    assert pairs(bwrap.bwrap(layout, {"SEED": "1", "EMPTY": ""}, 2**20), "--setenv") == [("SEED", "1"), ("EMPTY", "")]


def test_the_variables_of_every_sandbox_know_no_assignment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "1")
    variables = bwrap.environment(Path("/tmp/work"), "/tmp")
    assert variables["HOME"] == "/tmp/work"
    assert not [name for name in variables if name.startswith("NN_") or name == "SECRET"]


def test_what_only_root_can_reach_is_staged_where_the_sandbox_s_user_can(layout: Layout, tmp_path: Path) -> None:
    private = tmp_path.parent / f"{tmp_path.name}-private"
    private.mkdir(mode=0o700)
    as_root = Layout(layout.root, layout.files, private, 60_700)
    try:
        staged = as_root.source(private)
        assert staged == as_root.source(private) == str(layout.root / "stage" / "0")
        assert as_root.source(layout.files) == str(layout.files)
        command = bwrap.with_rights(as_root)
        assert command[command.index(str(private)) + 1] == staged
        assert "--reuid=60700" in command
    finally:
        private.rmdir()


def test_an_ordinary_user_has_nothing_to_drop(layout: Layout) -> None:
    assert bwrap.with_rights(layout) == []


def test_limits_are_set_for_each_process() -> None:
    command = bwrap.with_limits(Limits(file_size=7, cpu_seconds=11, open_files=13, memory=17))
    assert {"--fsize=7", "--cpu=11:16", "--nofile=13", "--data=17", "--core=0"} <= set(command)


def test_a_missing_program_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    bwrap.tool.cache_clear()
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(IsolationError, match=r"bubblewrap \(bwrap\) is missing: install it"):
        bwrap.tool("bwrap")
    with pytest.raises(IsolationError, match=r"setpriv \(of util-linux\) is missing"):
        bwrap.tool("setpriv")


def test_this_python_is_seen_and_no_project_around_it() -> None:
    parts = bwrap.python_parts()
    assert all(part.exists() for part in parts)
    assert not any(part == Path(sys.prefix) for part in parts)
