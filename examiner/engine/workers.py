"""Worker processes for trusted work that may never end: each is killed when its task takes too long."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from examiner._exceptions import ExaminerError

__all__ = ["WorkerError", "run_all"]

MEMORY = 6 << 30
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerError(ExaminerError):
    """A task raised something that it should not have."""


def run_all(function: str, tasks: Sequence[Any], *, jobs: int = 2, seconds: float = 60.0) -> Iterator[tuple[int, Any]]:
    """Yield (number of the task, its result) as tasks end; None is the result of one that was killed.

    Parameters
    ----------
    function : str
        ``"package.module:name"`` of a function of one argument.
    tasks : sequence
        Its arguments.
    jobs : int
        Number of processes.
    seconds : float
        Limit for each task.

    Raises
    ------
    WorkerError
        If a task raised an exception: work that is trusted does not.
    """
    waiting = list(enumerate(tasks))[::-1]
    workers = [_Worker(function, seconds) for _ in range(min(jobs, len(tasks)))]
    try:
        for worker in workers:
            worker.give(*waiting.pop())
        while busy := [worker for worker in workers if worker.number is not None]:
            left = min(worker.ends for worker in busy) - time.monotonic()
            ready = wait([worker.pipe for worker in busy], timeout=max(left, 0.0))
            for worker in busy:
                number = worker.number
                assert number is not None
                if worker.pipe in ready:
                    yield number, worker.take()
                elif worker.ends < time.monotonic():
                    worker.restart()
                    yield number, None
                if worker.number is None and waiting:
                    worker.give(*waiting.pop())
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """One process, and the task that it works on."""

    def __init__(self, function: str, seconds: float) -> None:
        self.function, self.seconds = function, seconds
        self.number: int | None = None
        self.ends = 0.0
        self._start()

    def _start(self) -> None:
        before = {name: os.environ.get(name) for name in THREADS}
        os.environ.update(dict.fromkeys(THREADS, "1"))  # one thread each: NumPy reads this when it is imported
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, self.function), daemon=True)
        self.process.start()
        theirs.close()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})

    def give(self, number: int, task: Any) -> None:
        self.number, self.ends = number, time.monotonic() + self.seconds
        self.pipe.send(task)

    def take(self) -> Any:
        """The result; None where the process died of its task."""
        self.number = None
        try:
            result, error = self.pipe.recv()
        except EOFError:
            self.restart()
            return None
        if error is not None:
            raise WorkerError(error)
        return result

    def restart(self) -> None:
        self.kill()
        self.number = None
        self._start()

    def end(self) -> None:
        """Let it end by itself where it has nothing to do, else kill it."""
        if self.number is None:
            self.pipe.close()
            self.process.join(2.0)
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _work(pipe: Connection, function: str) -> None:
    """Work on one task after the other."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.RLIM_INFINITY))
    module, _, name = function.partition(":")
    call = getattr(importlib.import_module(module), name)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        answer: tuple[Any, str | None]
        try:
            answer = call(task), None
        except Exception as error:
            answer = None, f"{type(error).__name__}: {error}"
        pipe.send(answer)
