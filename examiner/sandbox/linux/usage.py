"""What a sandbox uses, read from ``/proc`` and from its file systems.

Nothing here follows a name that the sandbox chose: processes are found from the sandbox's
first process downwards, file systems are measured through descriptors opened before any
submitted code ran.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
LOOK_SECONDS = 0.1  # what a stopwatch counts without a look at the processes
READ_SECONDS = 1.0  # how often it looks at them, far from a limit


@dataclass(frozen=True)
class Usage:
    """What all processes of a sandbox use together."""

    processes: int  # threads, as the kernel's own limit counts them
    memory: int  # bytes, resident; a page shared by two processes counts twice
    cpu_seconds: float  # of living processes and of children they have waited for


def descendants(pid: int) -> Iterator[int]:
    """Give a process and all that descend from it, as far as they can be seen."""
    return (each for each, _ in _processes(pid))


def _processes(pid: int) -> Iterator[tuple[int, list[str]]]:
    """Give a process and all that descend from it, each with its threads."""
    pending = [pid]
    while pending:
        pid, threads = pending.pop(), list[str]()
        with contextlib.suppress(OSError):  # ended in the meantime
            threads = os.listdir(f"/proc/{pid}/task")
            for thread in threads:
                pending += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
        yield pid, threads


def _read(path: str) -> bytes:
    """Read a small file of `/proc`; ten times a second for each sandbox, so without a file object."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 65536)
    finally:
        os.close(descriptor)


def _fields(pid: int) -> list[bytes]:
    """What ``/proc/PID/stat`` says behind the name, which is in brackets and may hold anything."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def usage(pid: int) -> Usage:
    """Add up what a process and its descendants use."""
    processes, memory, ticks = 0, 0, 0
    for each in descendants(pid):
        try:
            fields = _fields(each)
        except OSError:
            continue
        processes += int(fields[17])
        memory += int(fields[21]) * PAGE
        ticks += sum(map(int, fields[11:15]))
    return Usage(processes, memory, ticks / TICKS)


@dataclass(frozen=True)
class Times:
    """What processes have had of the processors since they began, in seconds."""

    ran: float = 0.0
    """All together, and with them the children that they have waited for."""
    waited: Mapping[int, float] = field(default_factory=dict)
    """For a processor, while it could have run: by thread. Empty where the system does not tell."""


def times(pid: int) -> Times:
    """Give the times of a process and its descendants.

    Parameters
    ----------
    pid : int
        The sandbox's first process.
    """
    ticks, waited = 0, {}
    for each, threads in _processes(pid):
        with contextlib.suppress(OSError):  # ended in the meantime
            ticks += sum(map(int, _fields(each)[11:15]))
            for thread in threads:
                waited[int(thread)] = int(_read(f"/proc/{each}/task/{thread}/schedstat").split()[1]) / 1e9
    return Times(ticks / TICKS, waited)


class Stopwatch:
    """Counts a sandbox's own seconds: wall time without what it waited for a processor.

    A busy machine stops this clock, sleeping does not.  What a sandbox waits because its own threads
    keep the processors busy counts: the clock never goes slower than their processor time.  Of several
    threads the one that waited longest is taken, in each interval.

    Looking at processes costs, so a short time is counted as wall time, and a longer one is looked at
    seldom: own seconds are never more than seconds of the wall.

    Parameters
    ----------
    times : callable
        Gives the `times` of the sandbox.
    clock : callable
        Gives wall time, in seconds.

    Attributes
    ----------
    seconds : float
        The sandbox's own seconds up to the last `look`, or more.
    wall : float
        Wall time up to then.
    """

    def __init__(self, times: Callable[[], Times], clock: Callable[[], float] = time.monotonic) -> None:
        self._times, self._clock = times, clock
        self.start()

    def __repr__(self) -> str:
        return f"<Stopwatch: {self.seconds:.1f} s of {self.wall:.1f} s>"

    def start(self) -> None:
        """Begin at 0."""
        self._began = self._read = self._clock()
        self._known: Times | None = None
        self._counted = self.seconds = self.wall = 0.0

    def look(self, limit: float = 0.0) -> float:
        """Give the sandbox's own seconds since `start`.

        Parameters
        ----------
        limit : float, optional
            Up to which a number that is too large will do.
        """
        now = self._clock()
        self.wall = now - self._began
        elapsed = now - self._read
        due = self._known is None or elapsed >= READ_SECONDS or self._counted + elapsed > limit
        if elapsed >= LOOK_SECONDS and due:
            self._counted += self._own(elapsed)
            self._read, elapsed = now, 0.0
        self.seconds = self._counted + elapsed
        return self.seconds

    def _own(self, elapsed: float) -> float:
        before, now = self._known, self._times()
        self._known = now
        if before is None:
            return elapsed
        waited = max((each - before.waited.get(thread, 0.0) for thread, each in now.waited.items()), default=0.0)
        return max(elapsed - waited, min(elapsed, now.ran - before.ran), 0.0)


def proportional_memory(pid: int) -> int:
    """Give the memory of a process and its descendants, shared pages counted once.

    Slower than `usage`, so asked for only when that one is above the limit.  A process of which the
    system does not tell counts with all that is resident.
    """
    total = 0
    for each in descendants(pid):
        with contextlib.suppress(OSError):  # ended in the meantime
            try:
                rollup = _read(f"/proc/{each}/smaps_rollup")
            except OSError:
                total += int(_fields(each)[21]) * PAGE
            else:
                total += 1024 * sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith(b"Pss:"))
    return total


def sockets(pid: int) -> int:
    """Count the sockets in the network namespace of a process: each may keep 200 kB in the kernel."""
    first = Path(f"/proc/{pid}/net/sockstat").read_text().splitlines()[0]  # "sockets: used 12"
    return int(first.split()[-1])


def disk_used(folder: int) -> tuple[int, int]:
    """Bytes and files used on the file system of an open folder."""
    system = os.fstatvfs(folder)
    return (system.f_blocks - system.f_bfree) * system.f_frsize, system.f_files - system.f_ffree


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
