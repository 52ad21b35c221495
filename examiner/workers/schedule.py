"""Run tasks on workers: results as they come, lost workers' tasks again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass
from typing import Any, Protocol

from examiner._exceptions import WorkerLostError

__all__ = ["Task", "Workers", "run"]

AHEAD = 1  # tasks that wait at each worker, so that none is idle while a result is recorded
LOST = 3  # workers that may be lost with the same task
POLL_SECONDS = 0.2


class Workers(Protocol):
    """What runs tasks: processes of this machine, or a cluster."""

    number: int
    """Tasks that run at the same time."""

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Start a task as soon as a worker is free."""


@dataclass(frozen=True)
class Task:
    """A function's arguments, by name of the task. They are made when the task's turn comes, and then forgotten."""

    name: str
    arguments: Callable[[], tuple[Any, ...]]


def run(
    workers: Workers,
    function: Callable[..., Any],
    tasks: Iterable[Task],
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[str, Any]]:
    """Yield each task's name and its result, or the exception that it raised, as they come.

    Parameters
    ----------
    workers : Workers
    function : callable
        Importable in a worker; arguments and results are pickled.
    tasks : iterable of Task
        In the order in which they start.
    stopped : callable, optional
        Once it is true no further task starts; those that have started are finished.

    Yields
    ------
    str
        The task's name.
    object
        Its result, or an exception: `WorkerLostError` where several workers were lost with this task.
    """
    waiting, again = iter(tasks), deque[Task]()
    running: dict[Future[Any], Task] = {}
    lost: dict[str, int] = {}
    given_up = set[Future[Any]]()

    def fill() -> None:
        ahead = 0 if lost else AHEAD  # of several tasks at one worker, it would not be known which one ended it
        free = 0 if stopped() else (1 + ahead) * workers.number - len(running)
        for _ in range(free):
            task = again.popleft() if again else next(waiting, None)
            if task is None:
                break
            running[workers.submit(function, *task.arguments())] = task

    fill()
    while running:
        done, _ = wait(running, POLL_SECONDS, FIRST_COMPLETED)
        if stopped():
            given_up = {future for future in running if future.cancel()}
            done |= given_up
        for future in [each for each in running if each in done]:  # in the order in which they started
            task = running.pop(future)
            error = _error_of(future)
            if future in given_up:
                continue
            if _is_lost(error):
                lost[task.name] = lost.get(task.name, 0) + 1
                if lost[task.name] < LOST:
                    again.append(task)
                    continue
                error = WorkerLostError(f"{LOST} workers in a row ended while they worked on it: {error}")
            yield task.name, future.result() if error is None else error
        fill()


def _error_of(future: Future[Any]) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError as error:
        return error


def _is_lost(error: BaseException | None) -> bool:
    """Whether a worker ended, and not the task.

    Dask has an exception of its own for it, and cancels a task whose arguments were lost with the worker.
    """
    return isinstance(error, BrokenExecutor | CancelledError) or type(error).__name__ == "KilledWorker"
