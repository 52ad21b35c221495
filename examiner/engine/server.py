"""The warm process of one assignment: it loads the toolkit and the data sets once, and forks children.

It is started by exec and has one thread, so that a fork is safe. It ends when the examiner closes its socket.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from pathlib import Path
from typing import Any

import numpy as np

from examiner.assignment import Assignment
from examiner.engine import child
from examiner.engine.child import function_named
from examiner.own_processes import end_with, keep_loaded
from examiner.shared import write_shared

__all__ = ["DataSet", "main"]


@dataclass(frozen=True)
class DataSet:
    """A data set as it was loaded.

    Attributes
    ----------
    name : str or None
        None if it could not be loaded.
    said : str
        What its loader printed or raised.
    frozen : bool
        Whether nobody can change it: a frozen dataclass of numbers, texts, tuples of these, and read-only arrays.
    """

    name: str | None
    said: str = ""
    frozen: bool = False


def main(descriptor: int) -> None:
    """Serve the examiner at the other end of a socket.

    Requests are ``("load", assignment, modules)``, ``("warm", function, arguments)``, ``("share", kind)`` and
    ``("fork", folder)``. The last two are followed by a descriptor: of a file for the data set, of the child's socket.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no child is waited for: its socket shows that it has ended
    control = Connection(descriptor)
    while True:
        try:
            kind, *details = control.recv()
            if kind == "fork":
                _fork(control, details[0])
            elif kind == "share":
                control.send(_done(kind, [*details, recv_handle(control)]))
            else:
                control.send(_done(kind, details))
        except (EOFError, OSError):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(os.getpid(), signal.SIGKILL)  # and with it what its children have started
            return


def _done(kind: str, details: list[Any]) -> tuple[Any, ...]:
    try:
        return "done", REQUESTS[kind](*details)
    except Exception as error:
        return "raised", f"{type(error).__name__}: {error}"


def _load(assignment: Assignment, modules: list[str]) -> dict[str, DataSet]:
    """Import what tests need and load the data sets; what there is of these."""
    child.set_assignment(assignment)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for name in (*modules, *((assignment.toolkit,) if assignment.toolkit else ())):
            __import__(name)
        found = _data_sets(assignment.data_sets)
    keep_loaded()  # a collection would write to pages that are shared with the children
    return found


def _data_sets(loaders: Mapping[str, str]) -> dict[str, DataSet]:
    found = {}
    for kind, loader in loaders.items():
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                data = function_named(loader)()
                name = str(data.name)
        except Exception as error:
            found[kind] = DataSet(None, f"{type(error).__name__}: {error}")
        else:
            found[kind] = DataSet(name, said.getvalue().strip(), _is_frozen(data))
    return found


def _is_frozen(value: Any) -> bool:
    """Whether nobody can change a value without breaking Python's rules."""
    if isinstance(value, np.ndarray):
        return not value.flags.writeable and value.dtype.kind in "biufcSU"
    if type(value) is tuple:
        return all(map(_is_frozen, value))
    if is_dataclass(value):
        frozen: Any = getattr(type(value), "__dataclass_params__", None)
        return (
            frozen.frozen
            and set(vars(value)) == {field.name for field in fields(value)}
            and all(map(_is_frozen, vars(value).values()))
        )
    return value is None or type(value) in (bool, int, float, complex, str, bytes)


def _share(kind: str, descriptor: int) -> bool:
    """Write a data set into a file in memory."""
    try:
        write_shared(descriptor, function_named(child.current_assignment().data_sets[kind])())
    finally:
        os.close(descriptor)
    return True


def _warm(function: str, arguments: list[Any]) -> bool:
    """Call a function here, so that what it caches is there in every child from now on."""
    with contextlib.redirect_stdout(io.StringIO()):
        function_named(function)(*arguments)
    keep_loaded()
    return True


REQUESTS: Mapping[str, Callable[..., Any]] = {"load": _load, "warm": _warm, "share": _share}


def _fork(control: Connection, folder: Path) -> None:
    descriptor = recv_handle(control)
    server = os.getpid()
    if os.fork():
        os.close(descriptor)
        return
    end_with(server)
    control.close()
    child.run(Connection(descriptor), folder)
