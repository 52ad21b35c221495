"""Many tasks on several children of one engine: a child whose task takes too long is killed and replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait
from typing import Any

from examiner._exceptions import ChildEndedError
from examiner.engine.clock import Clock
from examiner.engine.engine import Child, Engine, value_of

__all__ = ["run_all"]

POLL_SECONDS = 0.2


def run_all(
    engine: Engine, function: str, tasks: Sequence[Any], *, jobs: int = 2, seconds: float = 60.0
) -> Iterator[tuple[int, Any]]:
    """Yield (number of the task, its result) as tasks end; None is the result of one that was killed.

    Parameters
    ----------
    engine : Engine
    function : str
        ``"package.module:name"`` of a function of one argument, run in the engine's children.
    tasks : sequence
        Its arguments.
    jobs : int
        Number of children.
    seconds : float
        Limit for each task; waiting for a processor does not count.

    Raises
    ------
    EngineError
        A task raised an exception: work that is trusted does not.
    """
    waiting = list(enumerate(tasks))[::-1]
    workers: list[_Worker] = []
    try:
        for _ in range(min(jobs, len(tasks))):
            workers.append(_Worker(engine, function))
            workers[-1].give(*waiting.pop())
        while busy := [worker for worker in workers if worker.number is not None]:
            ready = wait([worker.child.connection for worker in busy], timeout=POLL_SECONDS)
            for worker in busy:
                number = worker.number
                assert number is not None
                if worker.child.connection in ready:
                    yield number, worker.take()
                elif worker.clock.seconds() > seconds:
                    worker.restart()
                    yield number, None
                if worker.number is None and waiting:
                    worker.give(*waiting.pop())
    finally:
        for worker in workers:
            worker.child.kill()


class _Worker:
    """One child, and the task that it works on."""

    def __init__(self, engine: Engine, function: str) -> None:
        self.engine, self.function = engine, function
        self.number: int | None = None
        self.child: Child = engine.fork()
        self.clock = Clock(self.child.pid)

    def give(self, number: int, task: Any) -> None:
        self.number, self.clock = number, Clock(self.child.pid)
        self.child.send(self.function, (task,))

    def take(self) -> Any:
        """The result; None where the child died of its task."""
        self.number = None
        try:
            kind, *content = self.child.receive()
        except ChildEndedError:
            self.restart()
            return None
        return value_of(kind, content)

    def restart(self) -> None:
        self.child.kill()
        self.number, self.child = None, self.engine.fork()
