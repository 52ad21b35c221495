"""What commands with workers have in common: their arguments, and what Ctrl-C means."""

from __future__ import annotations

import argparse
import signal
import threading
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any

from examiner._exceptions import ExaminerError
from examiner.cli.arguments import console, positive_number
from examiner.workers import DaskWorkers, LocalWorkers, usable_cores

__all__ = ["Stop", "add_worker_arguments", "workers_of"]


def add_worker_arguments(parser: argparse.ArgumentParser, *, cluster: bool = True) -> None:
    """Add the arguments that say where the work is done, a `cluster` being one of the places or not."""
    cores = usable_cores()
    parser.add_argument(
        "--jobs",
        type=positive_number,
        default=cores,
        metavar="N",
        help=f"students at the same time; by default one for each core that may be used, here {cores}",
    )
    if not cluster:
        parser.set_defaults(executor="local", scheduler=None)
        return
    parser.add_argument(
        "--executor",
        choices=["local", "dask"],
        default="local",
        help="where submissions are graded: on this machine, or on a running Dask cluster",
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of the Dask cluster, such as tcp://10.0.0.1:8786")


def workers_of(options: argparse.Namespace) -> AbstractContextManager[LocalWorkers | DaskWorkers]:
    """The workers that the arguments ask for.

    Raises
    ------
    ExaminerError
        The arguments do not fit together, or the cluster cannot be reached.
    """
    if options.executor == "dask":
        if not options.scheduler:
            raise ExaminerError("--executor dask needs the cluster's address: --scheduler tcp://HOST:8786.")
        return DaskWorkers(options.scheduler)
    if options.scheduler:
        raise ExaminerError("--scheduler is for --executor dask.")
    return LocalWorkers(options.jobs)


class Stop:
    """Ctrl-C: the first one lets what is running finish, the second one ends everything at once.

    Parameters
    ----------
    command : str
        The command's name, for the message.
    """

    def __init__(self, command: str) -> None:
        self.command = command
        self._asked = self._said = False
        self._before: Any = None

    def asked(self) -> bool:
        """Whether Ctrl-C was pressed; the first time that it was, what happens now is printed."""
        if self._asked and not self._said:  # not in the handler, which may interrupt another print
            self._said = True
            console.print(
                f"Stopping {self.command} after the submissions that are being graded; Ctrl-C again: at once."
            )
        return self._asked

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
