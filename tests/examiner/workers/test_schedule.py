"""Tasks on workers: results as they come, lost workers' tasks again, an end on request."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from typing import Any

import pytest

from examiner._exceptions import WorkerLostError
from examiner.workers import Task, run


class ByHand:
    """Workers whose tasks end when the test says so."""

    def __init__(self, number: int = 1) -> None:
        self.number = number
        self.given: list[tuple[Any, Future[Any]]] = []

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.given.append((arguments[0], future))
        return future

    def end(self, *names: str, error: Exception | None = None) -> None:
        """End some tasks that wait."""
        for name, future in self.given:
            if name in names and not future.done():
                future.set_running_or_notify_cancel()
                future.set_exception(error) if error else future.set_result(name.upper())

    @property
    def waiting(self) -> list[str]:
        return [name for name, future in self.given if not future.done()]


def tasks(names: str, made: list[str] | None = None) -> list[Task]:
    """A task for each letter, which notes that its arguments were made."""

    def of(name: str) -> Callable[[], tuple[str]]:
        def arguments() -> tuple[str]:
            if made is not None:
                made.append(name)
            return (name,)

        return arguments

    return [Task(name, of(name)) for name in names]


def test_only_as_many_tasks_are_made_as_workers_can_take() -> None:
    workers, made = ByHand(2), list[str]()
    results = run(workers, str.upper, tasks("abcdefgh", made))
    workers_end = ["a", "b"]

    def step() -> tuple[str, Any]:
        return next(results)

    # The generator has not started: nothing is read before a result is wanted.
    assert made == []
    original = workers.submit

    def submit(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future = original(function, *arguments)
        if arguments[0] in workers_end:
            workers.end(arguments[0])
        return future

    workers.submit = submit  # type: ignore[method-assign]
    assert step() == ("a", "A")
    assert made == list("abcd")  # one that runs and one that waits, for each of two workers
    assert step() == ("b", "B")
    assert made == list("abcd")
    workers.end("c")
    assert step() == ("c", "C")
    assert len(made) == 6


def test_an_exception_of_a_task_is_its_result() -> None:
    workers = ByHand()
    results = run(workers, str.upper, tasks("ab"))
    workers.submit = _ending(workers, {"a": ZeroDivisionError()})  # type: ignore[method-assign]
    name, error = next(results)
    assert name == "a"
    assert isinstance(error, ZeroDivisionError)
    assert next(results) == ("b", "B")


def test_a_lost_task_runs_again_and_one_that_ends_workers_is_given_up() -> None:
    workers = ByHand()
    workers.submit = _ending(workers, {"a": BrokenExecutor("gone")})  # type: ignore[method-assign]
    found = dict(run(workers, str.upper, tasks("abc")))
    assert isinstance(found["a"], WorkerLostError)
    assert {name: each for name, each in found.items() if name != "a"} == {"b": "B", "c": "C"}
    assert [name for name, _ in workers.given].count("a") == 3


def test_a_task_that_only_waited_at_a_lost_worker_is_not_given_up() -> None:
    """Both break together, for one of them ended the worker: after that each runs alone."""
    workers, given = ByHand(), list[list[str]]()

    def submit(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future = ByHand.submit(workers, function, *arguments)
        given.append(workers.waiting)
        if arguments[0] == "b" or (len(workers.waiting) == 1 and given[-1] == ["a"] and len(given) > 1):
            workers.end("a", "b", error=BrokenExecutor("gone")) if "a" in workers.waiting else workers.end("b")
        return future

    workers.submit = submit  # type: ignore[method-assign]
    found = dict(run(workers, str.upper, tasks("ab")))
    assert isinstance(found["a"], WorkerLostError)
    assert found["b"] == "B"
    assert all(len(each) == 1 for each in given[2:])


def test_once_stopped_nothing_starts_and_what_runs_is_finished() -> None:
    workers, stopped = ByHand(), False
    results = run(workers, str.upper, tasks("abcd"), lambda: stopped)
    workers.submit = _ending(workers, {}, only="a")  # type: ignore[method-assign]
    assert next(results) == ("a", "A")
    running = next(future for name, future in workers.given if name == "b")
    running.set_running_or_notify_cancel()
    stopped = True
    running.set_result("B")
    assert list(results) == [("b", "B")]
    assert "d" not in [name for name, _ in workers.given]


def _ending(workers: ByHand, errors: dict[str, Exception], only: str = "") -> Callable[..., Future[Any]]:
    """Submit, and end the task at once."""

    def submit(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future = ByHand.submit(workers, function, *arguments)
        if not only or arguments[0] in only:
            workers.end(arguments[0], error=errors.get(arguments[0]))
        return future

    return submit


def test_no_task_is_no_result() -> None:
    assert list(run(ByHand(), str.upper, [])) == []


@pytest.mark.parametrize("number", [1, 3])
def test_every_task_has_one_result(number: int) -> None:
    workers = ByHand(number)
    workers.submit = _ending(workers, {})  # type: ignore[method-assign]
    names = "abcdefghijk"
    assert sorted(run(workers, str.upper, tasks(names))) == [(name, name.upper()) for name in names]


def test_a_task_that_a_cluster_cancels_runs_again() -> None:
    workers = ByHand()
    results = run(workers, str.upper, tasks("a"))
    original = workers.submit

    def submit(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future = original(function, *arguments)
        if len(workers.given) == 1:
            future.cancel()  # as Dask does with a task whose arguments were lost with a worker
            future.set_running_or_notify_cancel()
        else:
            workers.end("a")
        return future

    workers.submit = submit  # type: ignore[method-assign]
    assert list(results) == [("a", "A")]


def test_nothing_is_kept_of_tasks_that_are_done() -> None:
    """A class may take days: what grew with each result, and was walked through at the next, overflowed the stack."""
    workers = ByHand()
    several = (Task("a", lambda: ("a",)) for _ in range(4_000))
    results = run(workers, str.upper, several)
    kept = list[int]()
    original = workers.submit

    def submit(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future = original(function, *arguments)
        workers.end("a")
        workers.given.clear()
        return future

    workers.submit = submit  # type: ignore[method-assign]
    tracemalloc.start()
    try:
        for number, _ in enumerate(results):
            if number in (1_000, 3_000):
                kept.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert kept[1] - kept[0] < 10_000
