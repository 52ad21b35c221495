"""How long a process has been at work: time in which the machine did not let it run does not count."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

__all__ = ["Clock"]

FILE = "/proc/{pid}/schedstat"


class Clock:
    """Measures one process: wall time less the time that it waited for a processor.

    Sleeping counts. So a busy machine costs no time, and a program that waits forever is stopped.

    Parameters
    ----------
    pid : int
        The process; it has one thread.
    """

    def __init__(self, pid: int) -> None:
        self._file = FILE.format(pid=pid)
        self._start = self._now()
        self._left_out = 0.0

    def __repr__(self) -> str:
        return f"<Clock: {self.seconds():.2f} s>"

    def seconds(self) -> float:
        """Seconds so far; the two clocks are not read at the same instant, so a difference may be just below 0."""
        return max(0.0, self._now() - self._start - self._left_out)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out what happens meanwhile."""
        before = self._now()
        try:
            yield
        finally:
            self._left_out += self._now() - before

    def _now(self) -> float:
        return time.monotonic() - self._waited()

    def _waited(self) -> float:
        """Seconds that the process has waited for a processor; 0 where the system does not tell."""
        try:
            descriptor = os.open(self._file, os.O_RDONLY)  # at each call of a test, and Python's files are slower
            try:
                return int(os.read(descriptor, 100).split()[1]) / 1e9
            finally:
                os.close(descriptor)
        except (OSError, ValueError, IndexError):
            return 0.0
