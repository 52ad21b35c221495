"""Worker processes on this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import FrameType
from typing import Any

from examiner.own_processes import ONE_THREAD, end_with

__all__ = ["LocalWorkers", "usable_cores"]

END_SECONDS = 20


def usable_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalWorkers:
    """Processes of this machine, each of which takes one task after the other.

    Each is an executor of its own: one that is killed breaks no other one, and is replaced.

    Parameters
    ----------
    number : int
        Number of processes.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._executors = [_executor() for _ in range(number)]
        self._given: list[deque[Future[Any]]] = [deque() for _ in range(number)]

    def __repr__(self) -> str:
        return f"<LocalWorkers: {self.number} processes>"

    def __enter__(self) -> LocalWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Give a task to the worker that has the fewest."""
        for given in self._given:
            while given and given[0].done():
                given.popleft()
        number = min(range(self.number), key=lambda each: len(self._given[each]))
        try:
            future = self._executors[number].submit(function, *arguments)
        except BrokenProcessPool:
            self._executors[number].shutdown(wait=False)
            self._executors[number] = _executor()
            future = self._executors[number].submit(function, *arguments)
        self._given[number].append(future)
        return future

    def close(self) -> None:
        """End the processes, which tidy up; what they still work on is dropped."""
        processes = []
        for executor, given in zip(self._executors, self._given, strict=True):
            its = list((executor._processes or {}).values())
            busy = not all(future.done() for future in given)
            executor.shutdown(wait=False, cancel_futures=True)
            if busy:  # others end by themselves: a signal might disturb how they tidy up
                for process in its:
                    process.terminate()
            processes += its
        for process in processes:
            process.join(END_SECONDS)
            process.kill()


def _executor() -> ProcessPoolExecutor:
    # Started by exec: a fork of a process that has threads may hang.
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin, (os.getpid(),))


def _end(number: int, frame: FrameType | None) -> None:
    """End as a program ends, so that sandboxes and temporary folders are removed."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def _begin(parent: int) -> None:
    """Prepare a worker: it ends with the process that started it, which alone decides what Ctrl-C means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    os.environ.update(ONE_THREAD)
    end_with(parent)
