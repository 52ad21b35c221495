"""What tests of the engine have its children do."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from examiner.engine import ask, current_assignment, reference_answers, trusted_run

_remembered: list[Any] = []


def add(one: Any, other: Any) -> Any:
    """Give a sum."""
    return one + other


def fail(message: str) -> None:
    """Raise an exception."""
    raise ValueError(message)


def leave() -> None:
    """End without a word."""
    os._exit(3)


def killed() -> None:
    """Die of a signal."""
    os.kill(os.getpid(), signal.SIGKILL)


def loop_in_c() -> None:
    """Loop where no signal handler of Python runs."""
    sum(itertools.repeat(0))


def grandchild() -> int:
    """Start a process, and give its number."""
    return subprocess.Popen(["sleep", "1000"]).pid


def run_program() -> str:
    """Run a program and wait for it."""
    return subprocess.run(["echo", "done"], capture_output=True, text=True, check=True).stdout.strip()


def place() -> dict[str, Any]:
    """Where and as whom it runs."""
    environment = {name: os.environ.get(name) for name in ("CHECKS_SEED", "NN_EARLIER_DIR", "MPLBACKEND")}
    return {"cwd": os.getcwd(), "path": list(sys.path), "assignment": current_assignment().name} | environment


def spoil() -> None:
    """Change all that a process has."""
    os.chdir("/")
    os.environ["CHECKS_SEED"] = "7"
    sys.path.insert(0, "/spoiled")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allocate(count: int) -> int:
    """Make a large array."""
    return int(np.ones(count, np.uint8)[-1])


def remember(value: Any) -> list[Any]:
    """Keep a value in this process."""
    _remembered.append(value)
    return _remembered


def remembered() -> list[Any]:
    """All values that this process has kept."""
    return _remembered


def add_answers(first: int) -> Any:
    """Ask the parent twice."""
    return ask(("one", first)) + ask(("two", first))


def toolkit_value() -> float:
    """The number of this assignment's toolkit."""
    import toolkit

    value: float = toolkit.VALUE
    return value


def scores(
    notebook: str, sources: Mapping[str, str], tests: Sequence[str] | None = None, seconds: float | None = None
) -> dict[str, tuple[float | None, str | None]]:
    """Score and error of test cells, by a trusted run."""
    outcomes = trusted_run(notebook).run(sources, tests, seconds=seconds)
    return {test: (each.score, each.error) for test, each in outcomes.items()}


def received(notebook: str, test: str) -> list[Any]:
    """The values that the checks of a test received from the reference."""
    return [check.received for check in trusted_run(notebook).run({}, [test])[test].checks]


def touched(notebook: str, replaced: Sequence[str], sources: Mapping[str, str]) -> tuple[str, ...]:
    """The tests that some answers can touch."""
    return trusted_run(notebook).tests_touched(replaced, sources)


def tests_of(notebook: str, answer: str) -> tuple[str, ...]:
    """The tests of an answer."""
    return trusted_run(notebook).tests_of(answer)


def wrapped(notebook: str, test: str) -> list[str]:
    """The answers that a test calls, seen from outside."""
    called: list[str] = []

    def wrap(name: str, value: Any) -> Any:
        def call(*arguments: Any) -> Any:
            called.append(name)
            return value(*arguments)

        return call if callable(value) else value

    trusted_run(notebook).run({}, [test], wrap=wrap)
    return called


def described(notebook: str) -> str:
    """How a trusted run shows itself."""
    return repr(trusted_run(notebook))


def reference_of(notebook: str, name: str, argument: Any) -> Any:
    """Call a reference answer."""
    return getattr(reference_answers(notebook), name)(argument)


def task(what: Any) -> Any:
    """A task for `run_all`: a number, or how to end."""
    if isinstance(what, str):
        {"leave": leave, "loop": loop_in_c, "fail": lambda: fail("task 3")}[what]()
    return os.getpid(), what**2
