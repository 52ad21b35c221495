"""What a sandbox uses, and the clock that stops while it waits for a processor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner.sandbox.linux import usage
from examiner.sandbox.linux.usage import Stopwatch, Times


def test_usage_adds_up_descendants() -> None:
    process = subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60 & wait"], start_new_session=True)
    try:
        deadline = time.monotonic() + 10
        while usage.usage(process.pid).processes < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        used = usage.usage(process.pid)
        assert used.processes == 3
        assert used.memory > 100_000
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_process_descends_from_itself_and_one_that_is_gone_has_used_nothing() -> None:
    assert next(usage.descendants(os.getpid())) == os.getpid()
    process = subprocess.Popen(["true"])
    process.wait()
    assert usage.usage(process.pid) == usage.Usage(0, 0, 0.0)
    assert usage.times(process.pid) == Times()


def test_memory_is_told_with_shared_pages_counted_once() -> None:
    assert 0 < usage.proportional_memory(os.getpid()) <= usage.usage(os.getpid()).memory * 1.5


def test_memory_that_may_not_be_looked_into_counts_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    read = usage._read

    def refuse(path: str) -> bytes:
        if path.endswith("smaps_rollup"):
            raise PermissionError(path)
        return read(path)

    monkeypatch.setattr(usage, "_read", refuse)
    resident = usage.usage(os.getpid()).memory
    assert usage.proportional_memory(os.getpid()) == pytest.approx(resident, rel=0.1)


def test_a_file_system_is_measured(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        used, files = usage.disk_used(folder)
        assert used > 0
        assert files >= 0
    finally:
        os.close(folder)


def test_the_threads_of_a_user_are_counted() -> None:
    assert usage.processes_of(os.getuid()) >= 1
    assert usage.processes_of(1_999_999_999) == 0


def test_processes_tell_their_times() -> None:
    sum(range(10**7))
    times = usage.times(os.getpid())
    assert times.ran > 0
    assert times.waited[os.getpid()] >= 0


def test_a_child_that_has_ended_still_counts() -> None:
    before = usage.times(os.getpid()).ran
    subprocess.run([sys.executable, "-S", "-c", "sum(range(10**7))"], check=True)
    assert usage.times(os.getpid()).ran - before > 0.05


# ---- the stopwatch, with a clock and a reader that are told what to say ----


class Machine:
    """A clock, and threads that run or wait while it goes on."""

    def __init__(self) -> None:
        self.now, self.ran = 100.0, 5.0
        self.waited = {1: 50.0}
        self.reads = 0

    def times(self) -> Times:
        """Read what the threads used."""
        self.reads += 1
        return Times(self.ran, dict(self.waited))

    def go(self, seconds: float, ran: float = 0.0, waited: float = 0.0, thread: int = 1) -> None:
        """Let time pass."""
        self.now += seconds
        self.ran += ran
        self.waited[thread] = self.waited.get(thread, 0.0) + waited


@pytest.fixture
def machine() -> Machine:
    """A machine."""
    return Machine()


@pytest.fixture
def watch(machine: Machine) -> Stopwatch:
    """A stopwatch on it that has begun to look at threads; it has counted nothing yet."""
    made = Stopwatch(machine.times, lambda: machine.now)
    look_at_threads(machine, made)
    return made


def look_at_threads(machine: Machine, watch: Stopwatch) -> None:
    """Let so much time pass that a stopwatch looks at threads, and take it back."""
    machine.go(2 * usage.LOOK_SECONDS)
    watch.look()
    watch._counted, watch._began = 0.0, machine.now


def test_running_and_sleeping_count_and_waiting_does_not(machine: Machine, watch: Stopwatch) -> None:
    machine.go(2, ran=2)
    assert watch.look() == 2
    machine.go(3)
    assert watch.look() == 5
    machine.go(10, ran=0.5, waited=9.5)
    assert watch.look() == pytest.approx(5.5)
    assert watch.wall == 15


def test_a_start_begins_at_nothing(machine: Machine, watch: Stopwatch) -> None:
    machine.go(2, ran=2)
    watch.look()
    watch.start()
    assert watch.look() == 0
    look_at_threads(machine, watch)
    machine.go(1, waited=1)
    assert watch.look() == 0


def test_what_happened_before_the_start_does_not_count(machine: Machine, watch: Stopwatch) -> None:
    machine.go(60, ran=60, waited=30)
    watch.start()
    look_at_threads(machine, watch)
    machine.go(5)
    assert watch.look() == 5


def test_of_several_threads_the_longest_wait_counts_not_their_sum(machine: Machine, watch: Stopwatch) -> None:
    machine.go(0, waited=4, thread=2)
    machine.go(0, waited=3, thread=3)
    machine.go(10, waited=4, ran=1)
    assert watch.look() == 6


def test_threads_that_wait_for_each_other_gain_nothing(machine: Machine, watch: Stopwatch) -> None:
    for thread in range(2, 12):
        machine.go(0, ran=1, waited=9, thread=thread)
    machine.go(10)
    assert watch.look() == 10


def test_processor_time_of_many_threads_never_counts_more_than_wall_time(machine: Machine, watch: Stopwatch) -> None:
    machine.go(0, ran=5, thread=2)
    machine.go(5, ran=5)
    assert watch.look() == 5


def test_more_waiting_than_time_is_no_time(machine: Machine, watch: Stopwatch) -> None:
    machine.go(1, waited=3)
    assert watch.look() == 0


def test_a_machine_that_tells_nothing_counts_wall_time(machine: Machine) -> None:
    watch = Stopwatch(Times, lambda: machine.now)
    machine.go(3)
    assert watch.look() == 3


def test_short_calls_read_nothing(machine: Machine, watch: Stopwatch) -> None:
    reads = machine.reads
    for _ in range(50):
        watch.start()
        machine.go(usage.LOOK_SECONDS / 2, waited=usage.LOOK_SECONDS / 2)
        assert watch.look() == pytest.approx(usage.LOOK_SECONDS / 2)
    assert machine.reads == reads


def test_far_from_a_limit_threads_are_seldom_read(machine: Machine, watch: Stopwatch) -> None:
    reads = machine.reads
    for _ in range(39):
        machine.go(usage.READ_SECONDS / 4, waited=usage.READ_SECONDS / 8)
        assert watch.look(100) < 100
    assert machine.reads - reads <= 10
    assert watch.look() == pytest.approx(39 * usage.READ_SECONDS / 8)


def test_a_limit_is_judged_by_what_threads_say(machine: Machine, watch: Stopwatch) -> None:
    machine.go(0.9, waited=0.8)
    assert watch.look(0.5) == pytest.approx(0.1)


@pytest.fixture
def hogs() -> Iterator[int]:
    """Three times as many busy processes as processors."""
    count = 3 * len(os.sched_getaffinity(0))
    made = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    yield count
    for process in made:
        process.kill()
        process.wait()


@pytest.mark.long
def test_on_a_busy_machine_the_clock_goes_by_processor_time(hogs: int) -> None:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        watch = Stopwatch(lambda: usage.times(busy.pid))
        before = usage.times(busy.pid).ran
        for _ in range(40):
            time.sleep(0.15)
            watch.look()
        ran = usage.times(busy.pid).ran - before
        assert watch.seconds < watch.wall * 0.8
        assert watch.seconds == pytest.approx(ran, rel=0.3, abs=1)
    finally:
        busy.kill()
        busy.wait()
