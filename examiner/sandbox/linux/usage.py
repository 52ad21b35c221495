"""What a sandbox uses, read from ``/proc`` and from its file systems.

Nothing here follows a name that the sandbox chose: processes are found from the sandbox's
first process downwards, file systems are measured through descriptors opened before any
submitted code ran.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
LOOK_SECONDS = 0.1  # how often a stopwatch reads what threads used


@dataclass(frozen=True)
class Usage:
    """What all processes of a sandbox use together."""

    processes: int  # threads, as the kernel's own limit counts them
    memory: int  # bytes, resident; a page shared by two processes counts twice
    cpu_seconds: float  # of living processes and of children they have waited for


def descendants(pid: int) -> Iterator[int]:
    """Give a process and all that descend from it, as far as they can be seen."""
    pending = [pid]
    while pending:
        pid = pending.pop()
        yield pid
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                pending += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        except OSError:  # ended in the meantime
            continue


def usage(pid: int) -> Usage:
    """Add up what a process and its descendants use."""
    processes, memory, ticks = 0, 0, 0
    for each in descendants(pid):
        try:
            # The name, in brackets, may hold anything: fields are counted from the last bracket.
            fields = Path(f"/proc/{each}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        processes += int(fields[17])
        memory += int(fields[21]) * PAGE
        ticks += sum(map(int, fields[11:15]))
    return Usage(processes, memory, ticks / TICKS)


@dataclass(frozen=True)
class ThreadTimes:
    """What one thread has had of the processors since it began, in seconds."""

    ran: float
    waited: float
    """For a processor, while it could have run."""


def thread_times(pid: int) -> dict[int, ThreadTimes]:
    """Give the times of each thread of a process and its descendants.

    Parameters
    ----------
    pid : int
        The sandbox's first process.

    Returns
    -------
    dict of int to ThreadTimes
        By the thread's number; empty where the system does not tell.
    """
    times = {}
    for each in descendants(pid):
        try:
            for thread in os.listdir(f"/proc/{each}/task"):
                ran, waited, _ = Path(f"/proc/{each}/task/{thread}/schedstat").read_text().split()
                times[int(thread)] = ThreadTimes(int(ran) / 1e9, int(waited) / 1e9)
        except (OSError, ValueError):  # ended in the meantime
            continue
    return times


class Stopwatch:
    """Counts a sandbox's own seconds: wall time without what it waited for a processor.

    A busy machine stops this clock, sleeping does not.  What a sandbox waits because its own threads
    keep the processors busy counts: the clock never goes slower than their processor time.  Of several
    threads the one that waited longest is taken, in each interval.

    Parameters
    ----------
    times : callable
        Gives the `thread_times` of the sandbox.
    clock : callable
        Gives wall time, in seconds.

    Attributes
    ----------
    seconds : float
        The sandbox's own seconds up to the last `look`.
    wall : float
        Wall time up to then.
    """

    def __init__(
        self, times: Callable[[], Mapping[int, ThreadTimes]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._times, self._clock = times, clock
        self._known: Mapping[int, ThreadTimes] = times()
        self.start()

    def __repr__(self) -> str:
        return f"<Stopwatch: {self.seconds:.1f} s of {self.wall:.1f} s>"

    def start(self) -> None:
        """Begin at 0."""
        self._began = self._read = self._clock()
        self._counted = self.seconds = self.wall = 0.0

    def look(self) -> float:
        """Give the sandbox's own seconds since `start`."""
        now = self._clock()
        self.wall = now - self._began
        elapsed = now - self._read
        if elapsed >= LOOK_SECONDS:  # reading costs: a short call is counted by wall time
            self._counted += self._own(elapsed)
            self._read, elapsed = now, 0.0
        self.seconds = self._counted + elapsed
        return self.seconds

    def _own(self, elapsed: float) -> float:
        before, self._known = self._known, self._times()
        nothing = ThreadTimes(0.0, 0.0)
        pairs = [(now, before.get(thread, nothing)) for thread, now in self._known.items()]
        ran = sum(now.ran - then.ran for now, then in pairs)
        waited = max((now.waited - then.waited for now, then in pairs), default=0.0)
        return max(elapsed - waited, min(elapsed, ran), 0.0)


def proportional_memory(pid: int) -> int | None:
    """Give the memory of a process and its descendants, shared pages counted once.

    Slower than `usage`, so asked for only when that one is above the limit.  None where
    the system does not tell.
    """
    total = 0
    for each in descendants(pid):
        try:
            rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
        except ProcessLookupError:
            continue
        except OSError:
            return None
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total * 1024


def sockets(pid: int) -> int:
    """Count the sockets in the network namespace of a process: each may keep 200 kB in the kernel."""
    first = Path(f"/proc/{pid}/net/sockstat").read_text().splitlines()[0]  # "sockets: used 12"
    return int(first.split()[-1])


def disk_used(folder: int) -> tuple[int, int]:
    """Bytes and files used on the file system of an open folder."""
    system = os.fstatvfs(folder)
    return (system.f_blocks - system.f_bfree) * system.f_frsize, system.f_files - system.f_ffree


def folder_used(folder: int, at_most: int) -> tuple[int, int]:
    """Bytes and entries in an open folder; one too many where it holds another folder."""
    size, entries = 0, 0
    with os.scandir(folder) as listing:
        for entry in listing:
            entries += 1
            if entries > at_most or entry.is_dir(follow_symlinks=False):
                return size, at_most + 1  # what lies in a folder is not counted: there should be none
            try:
                size += entry.stat(follow_symlinks=False).st_blocks * 512
            except OSError:
                continue
    return size, entries


def processes_of(user: int) -> int:
    """Count the threads that a user runs on the whole machine."""
    count = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{name}").st_uid == user:
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:  # ended in the meantime
            continue
    return count
