"""A sandbox's folders on the host: filled with care, removed whatever is in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from examiner._exceptions import SandboxError
from examiner.sandbox import scratch
from examiner.sandbox.scratch import Folders, new_folder, remove_folder, write_files


def test_a_hostile_folder_is_removed_without_following_links(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("precious")
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    (hostile / "to file").symlink_to(kept / "file")
    (hostile / "to folder").symlink_to(kept)
    os.link(kept / "file", hostile / "hard")
    (hostile / "closed").mkdir()
    (hostile / "closed" / "inner").mkdir()
    (hostile / "closed" / "inner" / "up").symlink_to("../../..")
    (hostile / "closed").chmod(0)
    os.mkfifo(hostile / "fifo")
    here = os.getcwd()
    try:
        os.chdir(hostile)
        for _ in range(1500):
            os.mkdir("d" * 100)
            os.chdir("d" * 100)
    finally:
        os.chdir(here)
    remove_folder(hostile)
    assert not hostile.exists()
    assert (kept / "file").read_text() == "precious"


def test_files_and_folders_are_copied_and_readable_for_everybody(tmp_path: Path) -> None:
    (tmp_path / "toolkit").mkdir(mode=0o700)
    (tmp_path / "toolkit" / "plots.py").write_text("1")
    (tmp_path / "toolkit" / "plots.py").chmod(0o600)
    made = tmp_path / "made"
    made.mkdir()
    write_files(
        made, {"toolkit": tmp_path / "toolkit", "deep/er/a.txt": b"text", "b.py": tmp_path / "toolkit/plots.py"}
    )
    assert (made / "deep" / "er" / "a.txt").read_bytes() == b"text"
    assert (made / "toolkit").stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in made.rglob("*") if path.is_file()} == {0o644}


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", ""])
def test_a_name_that_leads_out_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SandboxError):
        write_files(tmp_path, {name: b""})


def test_a_link_in_a_copied_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "link").symlink_to("/etc/passwd")
    made = tmp_path / "made"
    made.mkdir()
    write_files(made, {"given": tmp_path / "given"})
    assert (made / "given" / "link").is_symlink()


def test_the_path_is_short_enough_for_sockets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60)
    deep.mkdir()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(deep))
    folder = new_folder()
    assert len(str(folder)) < 40
    remove_folder(folder)


def test_folders_that_cannot_be_filled_are_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scratch, "new_folder", lambda: tmp_path / "made")
    (tmp_path / "made").mkdir()
    with pytest.raises(SandboxError):
        Folders(None, None, {"../a": b""})
    assert not (tmp_path / "made").exists()


def test_without_a_user_nothing_is_handed_over() -> None:
    folders = Folders(None, None, {"a": b"1"})
    (folders.sockets / "connection.json").write_text("{}")
    folders.hand_over()
    assert (folders.sockets / "connection.json").stat().st_uid == os.getuid()
    remove_folder(folders.root)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_sandbox_s_user_gets_the_folder_of_sockets_and_nobody_else_passes() -> None:
    folders = Folders(61_000, None, {})
    (folders.sockets / "connection.json").write_text("{}")
    folders.hand_over()
    assert (folders.sockets / "connection.json").stat().st_uid == 61_000
    assert folders.root.stat().st_mode & 0o777 == 0o710
    remove_folder(folders.root)
