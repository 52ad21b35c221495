"""The watchdog, told what a sandbox uses."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner.sandbox import watch
from examiner.sandbox.linux import usage
from examiner.sandbox.linux.cgroup import Cgroup
from examiner.sandbox.linux.processes import Process
from examiner.sandbox.linux.usage import Usage
from examiner.sandbox.watch import FILES_PER_MIB, OUTPUT_BYTES, Running, Said, Watch
from examiner.settings import Limits

LIMITS = Limits(memory=2**30, processes=10, cpu_seconds=5, disk=100 * 2**20)
MODEST = Usage(processes=3, memory=2**20, cpu_seconds=0.1)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A program that uses little."""
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    folder = os.open(tmp_path, os.O_RDONLY)
    monkeypatch.setattr(usage, "usage", lambda pid: MODEST)
    monkeypatch.setattr(usage, "disk_used", lambda folder: (0, 5))
    made = Running(process, Process(process.pid), Process(process.pid), folders=[folder])
    yield made
    made.end(apart=False)
    made.release()
    made.close()


def using(monkeypatch: pytest.MonkeyPatch, **changes: float) -> None:
    """Let the sandbox use something else."""
    monkeypatch.setattr(usage, "usage", lambda pid: Usage(**{**vars(MODEST), **changes}))


def test_within_limits_nothing_is_said(running: Running) -> None:
    assert Watch(running, LIMITS, apart=False).exceeded() is None
    assert Watch(Running(), LIMITS, apart=False).exceeded() is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cpu_seconds": 6}, "used more than 5 s of processor time"),
        ({"processes": 15}, "had more than 10 processes"),
    ],
)
def test_a_passed_limit_is_named(
    changes: dict[str, float], reason: str, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(monkeypatch, **changes)
    assert Watch(running, LIMITS, apart=False).exceeded() == reason


@pytest.mark.parametrize(
    ("memory", "cores", "pause"),
    [(2**20, 1, 0.2), (2**29, 1, 0.125), (2**30 - 1, 1, 0.05), (2**31, 1, 0.05), (2**20, 64, 0.05)],
)
def test_the_more_memory_is_used_the_sooner_is_the_next_look(
    memory: int, cores: int, pause: float, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FASTEST_GROWTH", 2**32 * cores)
    using(monkeypatch, memory=memory)
    monkeypatch.setattr(usage, "proportional_memory", lambda pid: memory)
    found = Watch(running, LIMITS, apart=False)
    found.exceeded()
    assert found.pause() == pytest.approx(pause, rel=0.01)


@pytest.mark.parametrize(
    ("exact", "reason"),
    [(2**29, None), (2**31, "used more than 1 GiB of memory")],
)
def test_shared_memory_counts_once(
    exact: int, reason: str | None, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(monkeypatch, memory=2**31)
    monkeypatch.setattr(usage, "proportional_memory", lambda pid: exact)
    assert Watch(running, LIMITS, apart=False).exceeded() == reason


def test_sockets_are_counted_where_they_are_the_sandbox_s_own(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "sockets", lambda pid: 1000)
    assert Watch(running, LIMITS, apart=False).exceeded() is None
    assert Watch(running, LIMITS, apart=True).exceeded() == "opened too many sockets"


def test_files_are_counted(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "disk_used", lambda folder: (0, 100 * FILES_PER_MIB + 1))
    assert Watch(running, LIMITS, apart=False).exceeded() == "made too many files"


def test_what_cannot_be_watched_is_a_reason(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(pid: int) -> Usage:
        raise ValueError("no number")

    monkeypatch.setattr(usage, "usage", unreadable)
    reader, writer = os.pipe()
    assert Watch(running, LIMITS, apart=False).until_the_end(Said(), reader) == (
        "could not be watched any more (no number)"
    )
    os.close(reader)
    os.close(writer)


def test_memory_that_the_control_group_refused_is_the_reason_of_the_end(running: Running, tmp_path: Path) -> None:
    (tmp_path / "memory.events").write_text("oom_kill 1\n")
    running.group = Cgroup(tmp_path)
    running.end(apart=False)
    assert Watch(running, LIMITS, apart=False).until_the_end(Said(), 0) == "used more than 1 GiB of memory"
    running.group = None


def test_the_end_of_what_a_program_says_is_kept() -> None:
    reader, writer = os.pipe2(os.O_NONBLOCK)
    said = Said()
    said.read(reader)
    assert str(said) == ""
    os.write(writer, b"first" + b"x" * OUTPUT_BYTES)
    said.read(reader)
    os.write(writer, b"\xff last")
    said.read(reader)
    assert len(str(said)) == OUTPUT_BYTES
    assert str(said).endswith("\ufffd last")
    os.close(reader)
    os.close(writer)


def test_what_is_running_has_a_status_and_ends_as_a_whole(running: Running) -> None:
    assert running.status() is None
    running.end(apart=False)
    assert running.status() == 128 + 9
    assert Running().status() is None
    Running().end(apart=True)
