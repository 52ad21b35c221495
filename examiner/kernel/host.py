"""A sandbox that kernels run in, one after the other, each forked by the fork server in it."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGINT
from typing import Any

from examiner import codec, frames, removal, shared
from examiner._exceptions import SandboxError
from examiner.kernel.connection import Connection, is_late
from examiner.kernel.kernel import Kernel
from examiner.kernel.messages import Composer
from examiner.sandbox import Process, Sandbox, SharedFiles, Stopwatch, shared_files
from examiner.settings import Isolation, Limits

__all__ = ["KernelHost", "kernel_files"]

_INSIDE = Path(__file__).parent / "inside"
_MODULES = [_INSIDE / "agent.py", _INSIDE / "forgiving.py", _INSIDE / "scratch.py"]
_MODULES += [Path(str(each.__file__)) for each in (codec, frames, removal, shared)]
PROGRAM = ".examiner/fork_server.py"
FILES = {
    PROGRAM: _INSIDE / "fork_server.py",
    **{f".examiner/_examiner_{path.name}": path for path in _MODULES},
}
POLL_SECONDS = 0.1
REPLY_SECONDS = 30
"""How long the fork server may take to clean up. No student is to blame: a fresh one takes its place."""
MAX_REPLY = 4096


def kernel_files(files: Mapping[str, Path | bytes]) -> SharedFiles:
    """Write the given files, and those of the fork server, once for many hosts.

    Parameters
    ----------
    files : mapping of str to Path or bytes

    Returns
    -------
    SharedFiles
        To be closed after the hosts.
    """
    return shared_files({**files, **FILES})


class KernelHost:
    """A sandbox with a fork server in it, which starts loading at once.

    Parameters
    ----------
    isolation : {"bubblewrap", "none"}
        What keeps it apart. Without bubblewrap nothing can be cleaned up for sure, and a host serves one kernel.
    files : mapping of str to Path or bytes, or SharedFiles
        What lies in its working folder; from `kernel_files` where many hosts show the same.
    limits : examiner.settings.Limits, optional
        What it may use: all kernels together.
    data_dir : Path, optional
        The data sets.
    env : mapping of str to str, optional
        Environment variables; ``{work}`` and ``{data}`` in a value are the paths of the working folder and
        of the data sets inside.
    preload : sequence of str, optional
        Statements of Python that run once, for all kernels: imports and calls that load data sets. One that fails is
        passed over: a notebook that needs it will say why.
    descriptors : sequence of int, optional
        What these statements read: they have the same numbers inside.
    """

    def __init__(
        self,
        isolation: Isolation,
        files: Mapping[str, Path | bytes] | SharedFiles,
        *,
        limits: Limits | None = None,
        data_dir: Path | None = None,
        env: Mapping[str, str] | None = None,
        preload: Sequence[str] = (),
        descriptors: Sequence[int] = (),
    ) -> None:
        shown = files if isinstance(files, SharedFiles) else {**files, **FILES}
        self.sandbox = Sandbox(isolation, limits, files=shown, data_dir=data_dir)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: Process | None = None  # the kernel's
        self._connection: Connection | None = None
        self._ready, self.alive = False, True
        try:
            # -I: nothing in the working folder can take the place of a module of Python's.
            program = [sys.executable, "-I", "-B", str(self.sandbox.work / PROGRAM)]
            variables = {name: self._with_paths(value) for name, value in (env or {}).items()}
            program += [str(theirs.fileno()), isolation, *preload]
            self.sandbox.start(program, variables, [theirs.fileno(), *descriptors], first=True)
        except BaseException:
            self.close()
            raise
        finally:
            theirs.close()

    def __repr__(self) -> str:
        return f"<KernelHost in {self.sandbox}>"

    def __enter__(self) -> KernelHost:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _with_paths(self, value: str) -> str:
        return value.replace("{work}", str(self.sandbox.work)).replace("{data}", str(self.sandbox.data or ""))

    @property
    def reason(self) -> str | None:
        """One sentence when a limit ended the sandbox."""
        return self.sandbox.reason

    def close(self) -> None:
        """End it, and everything in it."""
        self.alive = False
        self._let_go()
        self._control.close()
        self.sandbox.close()

    # -------------------------------------------------------------------------------- kernels

    def start(self, draws: bool = False) -> Kernel:
        """Start a kernel; the one before it is ended.

        Parameters
        ----------
        draws : bool, optional
            Whether this kernel or a later one may draw figures. If so, Matplotlib is loaded before the first kernel
            of the sandbox, once for all. Otherwise kernels that draw load it themselves.

        Raises
        ------
        SandboxError
            It does not come up: no student's fault, for no student code has run.
        """
        if self._connection is not None:
            self.end()
        try:
            return self._started(self.sandbox.stopwatch(), draws)
        except (SandboxError, OSError) as error:
            self.close()
            what = error if isinstance(error, SandboxError) else "The kernel did not start."
            raise SandboxError(f"{what} {self._said()}") from None

    def _started(self, watch: Stopwatch, draws: bool) -> Kernel:
        while not self._ready:
            self._ready = self._reply(POLL_SECONDS) is not None
            if is_late(watch):
                raise SandboxError("The fork server did not start.")
        composer, (listeners, clients), (calls, their_calls) = Composer(), _connected_pairs(), socket.socketpair()
        self._connection = connection = Connection(*clients, calls, watch)  # before the kernel is there
        theirs = (*listeners, their_calls)
        try:
            self._send({"op": "start", "key": composer.key, "draws": draws}, [each.fileno() for each in theirs])
        finally:
            for each in theirs:
                each.close()
        while self._reply(POLL_SECONDS) is None:  # it may load Matplotlib first
            if is_late(watch):
                raise SandboxError("The fork server does not answer.")
        self._process = self.sandbox.child()
        connection.wait_for_greeting()
        return Kernel(self, connection, composer)

    def interrupt(self) -> None:
        """Send SIGINT to the kernel, and to nothing else."""
        if self._process is not None:
            self._process.send(SIGINT)

    def ended(self, seconds: float) -> bool:
        """Wait for the kernel's end at most so many seconds."""
        return self._process is None or self._process.ended(seconds)

    def end(self) -> int | None:
        """End the kernel and everything that it started.

        Returns
        -------
        int or None
            Its exit status, negative where a signal ended it; None where it had to be ended.
        """
        try:
            self._send({"op": "end"})
            reply = self._reply(REPLY_SECONDS)
        except (SandboxError, OSError):
            reply = None
        self._let_go()
        if reply is None or not reply["clean"]:
            self.close()
        status = self.sandbox.poll() if reply is None else reply["status"]
        return 128 - status if reply is None and status is not None and status > 128 else status

    def _let_go(self) -> None:
        """Let go of the kernel."""
        if self._process is not None:
            self._process.close()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None

    # --------------------------------------------------------------------- the fork server

    def _send(self, request: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)

    def _reply(self, seconds: float) -> dict[str, Any] | None:
        """The fork server's reply, None where it has not come within so many seconds.

        Raises
        ------
        SandboxError
            It has ended.
        """
        poller = select.poll()
        poller.register(self._control, select.POLLIN)
        for _ in range(max(1, round(seconds / POLL_SECONDS))):
            if poller.poll(POLL_SECONDS * 1000):
                if data := self._control.recv(MAX_REPLY):
                    reply: dict[str, Any] = json.loads(data)
                    return reply
                raise SandboxError("The fork server has ended.")
        return None

    def _said(self) -> str:
        said = self.sandbox.output.strip().splitlines() or ["It said nothing."]
        return f"It {self.reason}." if self.reason else said[-1]


Pair = tuple[socket.socket, socket.socket]


def _connected_pairs() -> tuple[Pair, Pair]:
    """Two sockets that listen, and one connected to each: nothing else can connect, for their paths are gone."""
    with tempfile.TemporaryDirectory(dir=_short_folder()) as folder, contextlib.ExitStack() as opened:
        listeners, clients = [], []
        for path in (f"{folder}/shell", f"{folder}/iopub"):
            listener, client = (opened.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2))
            listener.bind(path)
            listener.listen(1)
            client.connect(path)
            listeners.append(listener)
            clients.append(client)
        opened.pop_all()
    return (listeners[0], listeners[1]), (clients[0], clients[1])


def _short_folder() -> str | None:
    """Where temporary folders are made: the path of a socket has at most 107 bytes."""
    return None if len(tempfile.gettempdir()) <= 80 else "/tmp"
