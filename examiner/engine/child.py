"""What a child of the engine does: it runs the functions that its parent names, one after the other.

A child is a fork of the assignment's warm process. Its working folder, environment, limits and timers are its own and
end with it. A function that runs in a child can ask the parent for something in the middle of its work, see `ask`.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from examiner._exceptions import EngineError
from examiner.assignment import Assignment
from examiner.settings import MIB

__all__ = ["ask", "current_assignment", "function_named", "in_child", "run", "set_assignment"]

MEMORY = 3 * 1024 * MIB
"""Bytes that a child may allocate beyond what it was forked with: what a student returned may broadcast to any size."""

_assignment: Assignment | None = None
_parent: Connection | None = None


def set_assignment(assignment: Assignment) -> None:
    """Say whose cells this process and its children run."""
    global _assignment
    _assignment = assignment


def in_child() -> bool:
    """Whether this process is one of the engine's."""
    return _assignment is not None


def current_assignment() -> Assignment:
    """The assignment whose cells this process runs.

    Raises
    ------
    EngineError
        This is not a process of the engine.
    """
    if _assignment is None:
        raise EngineError("No assignment is loaded in this process: call this only in a process of the engine.")
    return _assignment


def ask(question: Any) -> Any:
    """Ask the parent, and wait for its reply: the parent's call names a function that answers."""
    assert _parent is not None
    _parent.send(("ask", question))
    return _parent.recv()


def function_named(name: str) -> Callable[..., Any]:
    """The function that ``"package.module:name"`` stands for."""
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


def run(parent: Connection, folder: Path) -> NoReturn:
    """Serve the parent until it closes its end, and end this process.

    Parameters
    ----------
    parent : multiprocessing.connection.Connection
    folder : Path
        The working folder.
    """
    global _parent
    _parent = parent
    status = 1
    try:
        os.chdir(folder)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _limit_memory()
        parent.send(os.getpid())
        while True:
            name, arguments = parent.recv()
            parent.send(_outcome(name, arguments))
    except (EOFError, OSError):
        status = 0
    finally:
        os._exit(status)  # what the warm process registered for its own end is not a child's business


def _outcome(name: str, arguments: Sequence[Any]) -> tuple[Any, ...]:
    try:
        return "done", function_named(name)(*arguments)
    except Exception as error:
        lines = traceback.format_exc().strip().splitlines()
        return "raised", f"{type(error).__name__}: {error}", "\n".join(lines[-12:])


def _limit_memory() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    status = Path("/proc/self/status").read_text()
    now = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))
    resource.setrlimit(resource.RLIMIT_DATA, (now + MEMORY if hard == resource.RLIM_INFINITY else hard, hard))
