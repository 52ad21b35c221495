"""Starting programs: what goes wrong before anything runs."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from examiner.sandbox import launch
from examiner.sandbox.launch import Order, launch_plain, with_process_limit
from examiner.sandbox.linux import usage
from examiner.sandbox.watch import Running
from examiner.settings import Limits


def test_a_plain_program_runs_in_its_folder_with_its_environment_alone(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    code = "import os; print(os.getcwd(), sorted(os.environ), os.getsid(0) == os.getpid())"
    running = Running()
    launch_plain(Order([sys.executable, "-I", "-S", "-c", code], {"ONE": "1"}, Limits(), writer), tmp_path, running)
    os.close(writer)
    assert running.process is not None
    assert running.process.wait(20) == 0
    said = os.read(reader, 1000).decode()
    assert said.startswith(f"{tmp_path} [")
    assert "'ONE'" in said
    assert "HOME" not in said
    assert said.endswith("True\n")
    os.close(reader)
    running.close()


@pytest.mark.parametrize(
    ("release", "user", "expected"),
    [("6.1.0-1-amd64", None, 30), ("5.10.0", 61_000, 30), ("5.10.0", None, 37)],
    ids=["counted by namespace", "a user of its own", "counted by user"],
)
def test_old_kernels_count_what_the_user_runs_elsewhere(
    release: str, user: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "release", lambda: release)
    monkeypatch.setattr(usage, "processes_of", lambda user: 7)
    assert with_process_limit(30, user) == [f"--nproc={expected}"]


def test_data_that_all_may_read_is_mounted_itself_and_other_data_as_a_copy(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("numbers")
    tmp_path.chmod(0o755)
    (tmp_path / "a.txt").chmod(0o644)
    assert launch._readable(tmp_path, None) == launch._readable(tmp_path, 61_000) == tmp_path
    (tmp_path / "a.txt").chmod(0o600)
    assert launch._readable(tmp_path, None) == tmp_path
    copy = launch._readable(tmp_path, 61_000)
    assert copy is not None
    assert copy != tmp_path
    assert (copy / "a.txt").stat().st_mode & 0o004
    assert launch._readable(tmp_path, 61_001) == copy
    assert launch._readable(None, 61_000) is None
