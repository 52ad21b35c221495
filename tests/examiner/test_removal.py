"""Folders are removed whatever is in them."""

from __future__ import annotations

import os
from pathlib import Path

from examiner.removal import clear_folder, remove_folder


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


def test_a_folder_is_cleared_of_all_but_what_is_kept(tmp_path: Path) -> None:
    for name in ("kept", "other"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "file").touch()
    clear_folder(tmp_path, {"kept"})
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept" / "deep" / "file").exists()
