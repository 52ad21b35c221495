"""A sandbox's folders on the host: filled with care."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from examiner._exceptions import SandboxError
from examiner.removal import remove_folder
from examiner.sandbox import scratch
from examiner.sandbox.scratch import Folders, new_folder, write_files


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


def test_modules_are_compiled_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("key = 1")
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "module.py").write_text("x = 1")
    (tmp_path / "given" / "link.py").symlink_to(tmp_path / "secret.py")
    made = tmp_path / "made"
    made.mkdir()
    write_files(made, {"given": tmp_path / "given", "broken.py": b"def "}, compiled=True)
    compiled = list(made.rglob("*.pyc"))
    assert [each.name.split(".")[0] for each in compiled] == ["module"]
    assert compiled[0].stat().st_mode & 0o777 == 0o644
    assert compiled[0].parent.stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_root_s_own_temporary_folder_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    folder = new_folder()
    assert tmp_path not in folder.parents
    remove_folder(folder)


def test_folders_that_cannot_be_filled_are_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scratch, "new_folder", lambda: tmp_path / "made")
    (tmp_path / "made").mkdir()
    with pytest.raises(SandboxError):
        Folders(None, None, {"../a": b""})
    assert not (tmp_path / "made").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_sandbox_s_user_may_pass_and_nobody_else() -> None:
    folders = Folders(61_000, None, {})
    assert folders.root.stat().st_gid == 61_000
    assert folders.root.stat().st_mode & 0o777 == 0o710
    remove_folder(folders.root)


def test_a_sandbox_of_the_caller_s_own_is_closed_to_all_others() -> None:
    folders = Folders(None, None, {"a": b"1"})
    assert folders.root.stat().st_mode & 0o777 == 0o700
    remove_folder(folders.root)
