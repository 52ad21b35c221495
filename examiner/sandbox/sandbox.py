"""The sandbox that submitted code runs in: bubblewrap, limits by named mechanisms, a watchdog.

What holds what, and what does not hold, is in ``docs/threat-model.md``.

Two folders matter to the caller.  `Sandbox.work` is the program's working folder: a file
system of its own in memory, which the host never sees.  `Sandbox.host_work` is a small folder
for unix sockets, at the same path on both sides; once they are bound, `Sandbox.seal` makes it
read-only for the program, for good.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from examiner._exceptions import SandboxError
from examiner.sandbox import bwrap
from examiner.sandbox.guard import Guard
from examiner.sandbox.launch import Order, launch_inside, launch_plain
from examiner.sandbox.linux import usage, users
from examiner.sandbox.scratch import Folders, remove_folder
from examiner.sandbox.watch import Running
from examiner.settings import Isolation, Limits

__all__ = ["Sandbox"]

# Run by a child process, for a process with threads may not enter a user namespace: enter the
# user namespace that owns the sandbox's mounts, then the mounts, and set one of them read-only.
_SEAL = """
import ctypes, fcntl, os, struct, sys
NS_GET_USERNS, NEW_USER, NEW_MOUNTS, MOUNT_SETATTR, READ_ONLY = 0xB701, 0x10000000, 0x20000, 442, 1
libc = ctypes.CDLL(None, use_errno=True)
mounts = os.open(f"/proc/{sys.argv[1]}/ns/mnt", os.O_RDONLY)
owner = fcntl.ioctl(mounts, NS_GET_USERNS)
attributes = struct.pack("QQQQ", READ_ONLY, 0, 0, 0)
for failed in (
    libc.setns(owner, NEW_USER),
    libc.setns(mounts, NEW_MOUNTS),
    libc.syscall(MOUNT_SETATTR, -100, os.fsencode(sys.argv[2]), 0, attributes, len(attributes)),
):
    if failed:
        sys.exit(os.strerror(ctypes.get_errno()))
"""


class Sandbox:
    """One program, and all that it starts, kept apart from everything else.

    Parameters
    ----------
    isolation : {"bubblewrap", "none"}
        ``"none"`` keeps nothing apart: a plain child process with limits.
    limits : Limits
        What it may use.
    files : mapping of str to Path or bytes
        What is in the working folder, read-only: name there, then a file or folder of the
        host (copied, never followed where it is a symbolic link) or the content itself.
    data_dir : Path, optional
        The data sets' folder, read-only in the sandbox at `data`.

    Attributes
    ----------
    work : Path
        The program's working folder, as the program sees it.
    data : Path or None
        The data sets' folder, as the program sees it.
    host_work : Path
        The folder for sockets and the connection file: one path, valid on both sides.

    Examples
    --------
    >>> with Sandbox("bubblewrap", Limits(), files={}) as sandbox:  # doctest: +SKIP
    ...     sandbox.start([sys.executable, "-c", "print('hello')"])
    ...     sandbox.wait()
    """

    def __init__(
        self,
        isolation: Isolation,
        limits: Limits | None = None,
        *,
        files: Mapping[str, Path | bytes] | None = None,
        data_dir: Path | None = None,
    ) -> None:
        self.isolation: Isolation = isolation
        self.limits = limits or Limits()
        apart = isolation == "bubblewrap"
        self._folders = Folders(users.unused() if apart else None, data_dir, {**(files or {}), **bwrap.font_cache()})
        self.host_work = self._folders.sockets
        self.work = Path(bwrap.WORK) if apart else self._folders.files
        self.data = None if data_dir is None else Path(bwrap.DATA) if apart else data_dir
        self._guard = Guard(self.limits, apart)
        self._used = self._closed = False

    def __repr__(self) -> str:
        state = f"exit status {self.poll()}" if self._used else "not started"
        return f"Sandbox({self.isolation}, {self.work}, {state})"

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def output(self) -> str:
        """The end of what the program wrote to its own stdout and stderr."""
        return str(self._guard.said)

    @property
    def reason(self) -> str | None:
        """One sentence when a limit ended the sandbox."""
        return self._guard.reason

    def start(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start the program.

        Parameters
        ----------
        argv : sequence of str
            Its command line; the host's Python is at the same path inside.
        env : mapping of str to str, optional
            Environment variables beside the few that every sandbox has.

        Raises
        ------
        IsolationError
            If bubblewrap is missing or may not work here.
        SandboxError
            If the sandbox did not start for another reason, or was started before.
        """
        if self._used or self._closed:
            raise SandboxError("This sandbox has been used: make a new one.")
        self._used = True
        self._guard.start(partial(self._launch, argv, env or {}))

    def poll(self) -> int | None:
        """Give the program's exit status, None while it runs; 128 + n where signal n ended it."""
        return self._guard.running.status()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until the program has ended; None if it has not within `timeout` seconds."""
        self._guard.wait(timeout)
        return self.poll()

    def interrupt(self) -> None:
        """Send SIGINT to the program inside, and to nothing else."""
        program = self._guard.running.program
        if program is not None:
            program.send(signal.SIGINT)

    def stopwatch(self) -> usage.Stopwatch:
        """Give a clock that stands still while the sandbox waits for a processor."""
        first = self._guard.running.first
        return usage.Stopwatch(dict if first is None else lambda: usage.thread_times(first.pid))

    def kill(self) -> None:
        """End everything inside, at once; returns when all of it is gone."""
        self._guard.kill()

    def close(self) -> None:
        """Kill, and remove the folders on the host without following any link in them."""
        if self._closed:
            return
        self._closed = True
        self.kill()
        self._guard.running.close()
        remove_folder(self._folders.root)

    def seal(self) -> bool:
        """Make the folder of sockets read-only for the sandbox, for good.

        To be called when the program has bound its sockets and before it runs submitted code:
        from then on nothing inside can write to a disk of the host, nor put a link where the
        host expects a socket.  Bound sockets go on working.

        Returns
        -------
        bool
            Whether it was done.  Where not (Linux before 5.12), the watchdog measures the folder.
        """
        first = self._guard.running.first
        if self.isolation == "none" or first is None or self.poll() is not None:
            return False
        if not self._guard.watch.sealed:
            command = [sys.executable, "-I", "-S", "-c", _SEAL, str(first.pid), str(self.host_work)]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            self._guard.watch.sealed = done.returncode == 0
        return self._guard.watch.sealed

    def _launch(self, argv: Sequence[str], env: Mapping[str, str], running: Running, output: int) -> None:
        folders, apart = self._folders, self.isolation == "bubblewrap"
        folders.hand_over()
        running.folders.append(os.open(folders.sockets, os.O_RDONLY | os.O_DIRECTORY))
        variables = {**bwrap.environment(self.work, "/tmp" if apart else str(self.work)), **env}
        order = Order(argv, variables, self.limits, output)
        if apart:
            layout = bwrap.Layout(folders.root, folders.files, folders.sockets, folders.data, folders.user)
            launch_inside(order, layout, running)
        else:
            launch_plain(order, self.work, running)
