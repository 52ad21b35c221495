"""Processes of a sandbox, held by descriptors, so that a reused number is never mistaken."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from pathlib import Path


class Process:
    """One process of this machine.

    Parameters
    ----------
    pid : int
        Its number.

    Raises
    ------
    ProcessLookupError
        If there is none.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def __repr__(self) -> str:
        """Say which it is."""
        return f"Process({self.pid})"

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)

    def ended(self, timeout: float) -> bool:
        """Wait for its end at most so many seconds; where it is a namespace's first, for the end of all."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(timeout * 1000))

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)


def first_process(info: int, timeout: float) -> int:
    """Read from bwrap's ``--info-fd`` which process is the first of the sandbox.

    Raises
    ------
    ProcessLookupError
        If bwrap ends without telling.
    """
    text, deadline = b"", time.monotonic() + timeout
    poll = select.poll()
    poll.register(info, select.POLLIN)
    while not text.rstrip().endswith(b"}"):
        ready = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        new = os.read(info, 4096) if ready else b""
        if not new:
            raise ProcessLookupError
        text += new
    return int(json.loads(text)["child-pid"])


def only_child(pid: int, timeout: float) -> int:
    """Wait for the first child of a process.

    Raises
    ------
    ProcessLookupError
        If the process ends without one.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except FileNotFoundError:
            break
        if children:
            return int(children[0])
        time.sleep(0.001)
    raise ProcessLookupError


def await_program(pid: int, starter: str, timeout: float) -> None:
    """Wait until a process has become another program than the one that starts it.

    Raises
    ------
    ProcessLookupError
        If the process ends before.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            if not os.path.samefile(f"/proc/{pid}/exe", starter):
                return
        except PermissionError:  # not yet: it is changing its rights
            pass
        except FileNotFoundError:
            break
        time.sleep(0.001)
    raise ProcessLookupError
