"""What of a sandbox is running: how it ends, what it says, and the watchdog that compares its usage with limits."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from dataclasses import dataclass, field

from examiner.sandbox.linux import usage
from examiner.sandbox.linux.cgroup import Cgroup
from examiner.sandbox.linux.processes import Process
from examiner.settings import MIB, Limits

__all__ = ["END_SECONDS", "Running", "Said", "Watch"]

SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 0.2  # seconds between two looks
FASTEST_GROWTH = 5 * 1024 * MIB * (os.cpu_count() or 1)  # bytes a second that all cores together can fill, about
END_SECONDS = 20
OUTPUT_BYTES = 16 * 1024  # how much of the program's own stdout and stderr is kept
MAX_SOCKETS = 512  # a kernel of Jupyter's has about thirty
FILES_PER_MIB = 64  # how many files the scratch may hold, for each MiB of its size


@dataclass
class Running:
    """The processes, open folders and control group of a sandbox: filled as it starts, so that it can end halfway."""

    process: subprocess.Popen[bytes] | None = None
    """What the examiner started: bwrap, or the program itself."""
    first: Process | None = None
    """The first process inside: all others end with it."""
    program: Process | None = None
    group: Cgroup | None = None
    folders: list[int] = field(default_factory=list)
    """Descriptors of the sandbox's file systems."""

    def status(self) -> int | None:
        """Give the program's exit status, None while it runs; 128 + n where signal n ended it."""
        status = None if self.process is None else self.process.poll()
        return 128 - status if status is not None and status < 0 else status

    def end(self, apart: bool) -> None:
        """End everything inside, at once; returns when all of it is gone.

        Parameters
        ----------
        apart : bool
            Whether the sandbox is a process namespace, which ends as a whole.
        """
        process, first = self.process, self.first
        if process is None:
            return
        if not apart:
            for pid in [*usage.descendants(process.pid)][:0:-1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if first is None:
            process.kill()
        else:
            # The first process of a pid namespace takes all others along, and ends after them.
            # bwrap itself may end earlier, when the program has: its end tells nothing.
            first.send(signal.SIGKILL)
            if not first.ended(END_SECONDS):
                process.kill()
        process.wait()

    def release(self) -> None:
        """Let go of folders and control group, when everything inside has ended."""
        for folder in self.folders:
            os.close(folder)
        self.folders.clear()
        if self.group is not None:
            self.group.remove()

    def close(self) -> None:
        """Let go of the processes."""
        for process in (self.first, self.program):
            if process is not None:
                process.close()
        self.first = self.program = None


class Said:
    """The end of what a program wrote to its own stdout and stderr."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._lock = threading.Lock()

    def __str__(self) -> str:
        with self._lock:
            return self._kept.decode(errors="replace")

    def read(self, descriptor: int) -> None:
        """Take in what there is to read, without waiting."""
        with contextlib.suppress(BlockingIOError):
            new = os.read(descriptor, 65536)
            with self._lock:
                self._kept += new
                del self._kept[:-OUTPUT_BYTES]


class Watch:
    """Watches one sandbox until its program ends or a limit is passed.

    Parameters
    ----------
    running : Running
        What was started.
    limits : Limits
        What it may use.
    apart : bool
        Whether it has namespaces of its own.
    """

    def __init__(self, running: Running, limits: Limits, apart: bool) -> None:
        self._running, self._limits, self._apart = running, limits, apart
        self._memory = 0  # bytes, at the last look

    def until_the_end(self, said: Said, reader: int) -> str | None:
        """Watch; returns when the program has ended, or the reason why it has to be ended."""
        process, program = self._running.process, self._running.program
        assert process is not None
        while process.poll() is None:
            if reason := self._exceeded_or_lost():
                return reason
            said.read(reader)
            if program is None or program.ended(self.pause()):
                process.wait()
        return self._reason_of_end(process.returncode)

    def pause(self) -> float:
        """Seconds until the next look: the time in which the fastest growth would reach the limit, within bounds."""
        filled = (self._limits.memory - self._memory) / FASTEST_GROWTH
        return min(max(filled, SHORTEST_PAUSE), LONGEST_PAUSE)

    def _exceeded_or_lost(self) -> str | None:
        try:
            return self.exceeded()
        except (OSError, ValueError) as error:
            first = self._running.first
            ending = first is None or first.ended(1)
            return None if ending else f"could not be watched any more ({error})"

    def _reason_of_end(self, status: int) -> str | None:
        if self._running.group is not None and self._running.group.out_of_memory():
            return self._memory_reason()
        return self._cpu_reason() if status in (-signal.SIGXCPU, 128 + signal.SIGXCPU) else None

    def exceeded(self) -> str | None:
        """Give the limit that is passed now, as a sentence's end."""
        limits, first = self._limits, self._running.first
        if first is None:
            return None
        used = usage.usage(first.pid)
        self._memory = used.memory
        if used.memory > limits.memory and usage.proportional_memory(first.pid) > limits.memory:
            return self._memory_reason()
        if used.cpu_seconds > limits.cpu_seconds:
            return self._cpu_reason()
        if used.processes > limits.processes + 4:
            return f"had more than {limits.processes} processes"
        if self._apart and usage.sockets(first.pid) > MAX_SOCKETS:
            return "opened too many sockets"
        return self._disk_exceeded()

    def _disk_exceeded(self) -> str | None:
        for folder in self._running.folders:
            _, files = usage.disk_used(folder)
            if files > max(1024, self._limits.disk // MIB * FILES_PER_MIB):
                return "made too many files"
        return None

    def _memory_reason(self) -> str:
        return f"used more than {_size(self._limits.memory)} of memory"

    def _cpu_reason(self) -> str:
        return f"used more than {self._limits.cpu_seconds} s of processor time"


def _size(number: int) -> str:
    return f"{number / 1024**3:g} GiB" if number >= 1024**3 else f"{number / MIB:g} MiB"
