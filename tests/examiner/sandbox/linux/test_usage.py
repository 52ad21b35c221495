"""What a sandbox uses, and the clock that stands still while it waits for a processor."""

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
from examiner.sandbox.linux.usage import Stopwatch, ThreadTimes


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
    assert usage.thread_times(process.pid) == {}


def test_memory_is_told_with_shared_pages_counted_once() -> None:
    shared = usage.proportional_memory(os.getpid())
    assert shared is None or 0 < shared <= usage.usage(os.getpid()).memory * 1.5


def test_a_folder_is_measured_up_to_a_number_of_entries(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(bytes(5000))
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        size, entries = usage.folder_used(folder, 10)
        assert (size >= 15_000, entries) == (True, 3)
        assert usage.folder_used(folder, 2)[1] == 3
        (tmp_path / "d").mkdir()
        assert usage.folder_used(folder, 10)[1] == 11
        used, files = usage.disk_used(folder)
        assert used > 0
        assert files >= 0
    finally:
        os.close(folder)


def test_the_threads_of_a_user_are_counted() -> None:
    assert usage.processes_of(os.getuid()) >= 1
    assert usage.processes_of(1_999_999_999) == 0


def test_each_thread_tells_its_times() -> None:
    sum(range(10**6))
    times = usage.thread_times(os.getpid())
    assert times[os.getpid()].ran > 0
    assert times[os.getpid()].waited >= 0


# ---- the stopwatch, with a clock and a reader that are told what to say ----


class Machine:
    """A clock, and threads that run or wait while it goes on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.threads = {1: ThreadTimes(5.0, 50.0)}
        self.reads = 0

    def times(self) -> dict[int, ThreadTimes]:
        """Read what the threads used."""
        self.reads += 1
        return dict(self.threads)

    def go(self, seconds: float, ran: float = 0.0, waited: float = 0.0, thread: int = 1) -> None:
        """Let time pass."""
        self.now += seconds
        old = self.threads.get(thread, ThreadTimes(0.0, 0.0))
        self.threads[thread] = ThreadTimes(old.ran + ran, old.waited + waited)


@pytest.fixture
def machine() -> Machine:
    """A machine."""
    return Machine()


@pytest.fixture
def watch(machine: Machine) -> Stopwatch:
    """A stopwatch on it."""
    return Stopwatch(machine.times, lambda: machine.now)


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
    machine.go(1, waited=1)
    assert watch.look() == 0


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
    watch = Stopwatch(dict, lambda: machine.now)
    machine.go(3)
    assert watch.look() == 3


def test_short_calls_read_nothing(machine: Machine, watch: Stopwatch) -> None:
    reads = machine.reads
    for _ in range(50):
        watch.start()
        machine.go(usage.LOOK_SECONDS / 2, waited=usage.LOOK_SECONDS / 2)
        assert watch.look() == pytest.approx(usage.LOOK_SECONDS / 2)
    assert machine.reads == reads


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
        while not usage.thread_times(busy.pid):
            time.sleep(0.01)
        watch = Stopwatch(lambda: usage.thread_times(busy.pid))
        before = usage.thread_times(busy.pid)[busy.pid]
        for _ in range(40):
            time.sleep(0.15)
            watch.look()
        ran = usage.thread_times(busy.pid)[busy.pid].ran - before.ran
        assert watch.seconds < watch.wall * 0.8
        assert watch.seconds == pytest.approx(ran, rel=0.3, abs=1)
    finally:
        busy.kill()
        busy.wait()
