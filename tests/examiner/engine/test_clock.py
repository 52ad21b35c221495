"""How long a process has been at work: neither waiting for a processor nor a pause counts."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from examiner.engine import clock as module
from examiner.engine.clock import Clock


class Machine:
    """A machine whose time is set by hand."""

    def __init__(self, file: Path) -> None:
        self.now, self.file = 1000.0, file
        self.wait(5)

    def wait(self, seconds: float) -> None:
        """Set how long the process has waited for a processor since it started."""
        self.file.write_text(f"123456789 {round(seconds * 1e9)} 42")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path / "schedstat")
    monkeypatch.setattr(module, "FILE", str(made.file))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_sleeping_and_working_count(machine: Machine) -> None:
    clock = Clock(1)
    machine.now += 3
    assert clock.seconds() == pytest.approx(3)
    assert repr(clock) == "<Clock: 3.00 s>"


def test_waiting_for_a_processor_does_not_count(machine: Machine) -> None:
    clock = Clock(1)
    machine.now += 10
    machine.wait(5 + 8)
    assert clock.seconds() == pytest.approx(2)


def test_a_pause_does_not_count_and_waiting_in_it_is_left_out_once(machine: Machine) -> None:
    clock = Clock(1)
    machine.now += 1
    with clock.paused():
        machine.now += 20
        machine.wait(5 + 7)
    machine.now += 2
    assert clock.seconds() == pytest.approx(3)


def test_a_pause_ends_with_an_exception(machine: Machine) -> None:
    clock = Clock(1)
    with contextlib.suppress(ValueError), clock.paused():
        machine.now += 20
        raise ValueError
    assert clock.seconds() == pytest.approx(0)


@pytest.mark.parametrize("content", [None, "", "12", "a b c"])
def test_a_system_that_does_not_tell_counts_all(content: str | None, machine: Machine) -> None:
    machine.file.unlink()
    if content is not None:
        machine.file.write_text(content)
    clock = Clock(1)
    machine.now += 4
    assert clock.seconds() == pytest.approx(4)


def test_a_real_process_can_be_read() -> None:
    assert Clock(os.getpid()).seconds() >= 0
