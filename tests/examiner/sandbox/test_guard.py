"""The thread that starts, watches and ends a sandbox."""

from __future__ import annotations

import os
import subprocess

import pytest

from examiner._exceptions import SandboxError
from examiner.sandbox.guard import Guard
from examiner.sandbox.linux.processes import Process
from examiner.sandbox.watch import Running
from examiner.settings import Limits


def launcher(command: str):
    """Give a function that launches a shell command."""

    def launch(running: Running, output: int) -> None:
        running.process = subprocess.Popen(["sh", "-c", command], stdout=output, stderr=output, start_new_session=True)
        running.first, running.program = Process(running.process.pid), Process(running.process.pid)
        running.folders.append(os.open("/", os.O_RDONLY))

    return launch


@pytest.fixture
def guard() -> Guard:
    """A guard that watches nothing but the end."""
    made = Guard(Limits(), apart=False)
    made.watch.exceeded = lambda: None  # type: ignore[method-assign]
    return made


def test_what_the_program_said_is_there_at_its_end(guard: Guard) -> None:
    guard.start(launcher("echo hello; exit 3"))
    guard.wait(20)
    assert (str(guard.said), guard.running.status(), guard.reason) == ("hello\n", 3, None)
    assert guard.running.folders == []
    guard.running.close()


def test_a_passed_limit_ends_the_program_and_is_the_reason(guard: Guard) -> None:
    guard.watch.exceeded = lambda: "used too much"  # type: ignore[method-assign]
    guard.start(launcher("sleep 60"))
    guard.wait(20)
    assert (guard.running.status(), guard.reason) == (137, "used too much")
    guard.running.close()


def test_killing_waits_for_the_end(guard: Guard) -> None:
    guard.kill()
    guard.start(launcher("sleep 60"))
    guard.kill()
    assert guard.running.status() == 137
    guard.running.close()


def test_what_goes_wrong_at_the_start_is_raised_with_what_was_said(guard: Guard) -> None:
    def fail(running: Running, output: int) -> None:
        os.write(output, b"warning\nno permission\n")
        raise SandboxError("The sandbox did not start.")

    with pytest.raises(SandboxError, match=r"^The sandbox did not start: no permission$"):
        guard.start(fail)


def test_other_errors_are_raised_as_they_are_and_what_was_started_is_ended(guard: Guard) -> None:
    def fail(running: Running, output: int) -> None:
        launcher("sleep 60")(running, output)
        raise FileNotFoundError("prlimit")

    with pytest.raises(FileNotFoundError, match="prlimit"):
        guard.start(fail)
    assert guard.running.status() == 137
    guard.running.close()
