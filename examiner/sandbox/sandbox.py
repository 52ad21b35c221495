"""The sandbox that submitted code runs in: bubblewrap, limits by named mechanisms, a watchdog.

What holds what, and what does not hold, is in ``docs/threat-model.md``.

`Sandbox.work` is the program's working folder: a file system of its own in memory, which the host never
sees.  No folder is shared: the caller speaks to the program through descriptors that it passes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from examiner._exceptions import SandboxError
from examiner.removal import remove_folder
from examiner.sandbox import bwrap
from examiner.sandbox.guard import Guard
from examiner.sandbox.launch import START_SECONDS, Order, launch_inside, launch_plain
from examiner.sandbox.linux import usage, users
from examiner.sandbox.linux.processes import Process, only_child
from examiner.sandbox.scratch import Folders, SharedFiles
from examiner.sandbox.watch import Running
from examiner.settings import Isolation, Limits

__all__ = ["Sandbox", "shared_files"]


def shared_files(files: Mapping[str, Path | bytes]) -> SharedFiles:
    """Write files once for the working folders of many sandboxes.

    Parameters
    ----------
    files : mapping of str to Path or bytes
        As for `Sandbox`.
    """
    return SharedFiles({**files, **bwrap.font_cache()})


class Sandbox:
    """One program, and all that it starts, isolated from everything else.

    Parameters
    ----------
    isolation : {"bubblewrap", "none"}
        ``"none"`` keeps nothing apart: a plain child process with limits.
    limits : Limits
        What it may use.
    files : mapping of str to Path or bytes, or SharedFiles
        What is in the working folder, read-only: name there, then a file or folder of the
        host (copied, never followed where it is a symbolic link) or the content itself. What `shared_files`
        gives is not copied, except without isolation.
    data_dir : Path, optional
        The data sets' folder, read-only in the sandbox at `data`.

    Attributes
    ----------
    work : Path
        The program's working folder, as the program sees it.
    data : Path or None
        The data sets' folder, as the program sees it.

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
        files: Mapping[str, Path | bytes] | SharedFiles | None = None,
        data_dir: Path | None = None,
    ) -> None:
        self.isolation: Isolation = isolation
        self.limits = limits or Limits()
        apart = isolation == "bubblewrap"
        if isinstance(files, SharedFiles):
            shown = files if apart else files.content  # unprotected code could change what others see
        else:
            shown = {**(files or {}), **bwrap.font_cache()}
        self._folders = Folders(users.unused() if apart else None, data_dir, shown)
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

    def start(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        *,
        first: bool = False,
    ) -> None:
        """Start the program.

        Parameters
        ----------
        argv : sequence of str
            Its command line; the host's Python is at the same path inside.
        env : mapping of str to str, optional
            Environment variables beside the few that every sandbox has.
        pass_fds : sequence of int, optional
            Descriptors that the program gets, under the same numbers.
        first : bool, optional
            Whether it is the first process of its namespace: nothing inside can stop or end it, and it has
            to reap orphans. Means nothing without bubblewrap.

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
        self._guard.start(partial(self._launch, argv, env or {}, pass_fds, first))

    def poll(self) -> int | None:
        """Give the program's exit status, None while it runs; 128 + n where signal n ended it."""
        return self._guard.running.status()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until the program has ended; None if it has not within `timeout` seconds."""
        self._guard.wait(timeout)
        return self.poll()

    def child(self) -> Process:
        """Take hold of the program's only child, as soon as it is there.

        Raises
        ------
        ProcessLookupError
            The program has ended.
        """
        program = self._guard.running.program
        if program is None:
            raise ProcessLookupError
        return Process(only_child(program.pid, START_SECONDS))

    def stopwatch(self) -> usage.Stopwatch:
        """Give a clock that stops while the sandbox waits for a processor."""
        first = self._guard.running.first
        return usage.Stopwatch(usage.Times if first is None else lambda: usage.times(first.pid))

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

    def _launch(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        passed: Sequence[int],
        first: bool,
        running: Running,
        output: int,
    ) -> None:
        folders, apart = self._folders, self.isolation == "bubblewrap"
        variables = {**bwrap.environment(self.work, "/tmp" if apart else str(self.work)), **env}
        order = Order(argv, variables, self.limits, output, passed, first)
        if apart:
            layout = bwrap.Layout(folders.root, folders.files, folders.data, folders.user)
            launch_inside(order, layout, running)
        else:
            launch_plain(order, self.work, running)
