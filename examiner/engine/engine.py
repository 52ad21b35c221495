"""The examiner's end of the engine: a warm process for one assignment, and the children forked from it.

Nothing of the examiner's own process is changed for a test: no working folder, environment, search path, limit or
signal handler. So several children, of several assignments, can run side by side.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from pathlib import Path
from typing import IO, Any

from examiner._exceptions import ChildEndedError, ChildTimeoutError, EngineError
from examiner.assignment import Assignment
from examiner.engine.clock import Clock
from examiner.engine.server import DataSet
from examiner.own_processes import KEEP_MEMORY, ONE_THREAD
from examiner.settings import SEED
from examiner.shared import new_file

__all__ = ["Child", "Engine"]

BOOT = (
    "import sys; sys.path[:] = sys.argv[2].split(chr(10)); "
    "from examiner.engine.server import main; main(int(sys.argv[1]))"
)
MODULES = ("numpy", "matplotlib.pyplot", "examiner.engine.trusted")
START_SECONDS = 120
POLL_SECONDS = 0.2


class Engine:
    """The warm process of one assignment; it starts when it is first needed.

    Parameters
    ----------
    assignment : Assignment
    seed : int
        Seed of the hidden inputs.
    data_dir : Path, optional
        Folder of the data sets; by default where the assignment's configuration finds them.
    """

    def __init__(self, assignment: Assignment, seed: int = SEED, data_dir: Path | None = None) -> None:
        self.assignment, self.seed = assignment, seed
        self.data_dir = data_dir if data_dir is not None else assignment.data_dir()
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: Connection | None = None
        self._said: IO[bytes] | None = None
        self._data: Mapping[str, DataSet] = {}
        self._shared: dict[str, int] = {}
        self._warmed: set[tuple[str, tuple[Any, ...]]] = set()

    def __repr__(self) -> str:
        state = "not started" if self._process is None else f"process {self._process.pid}"
        return f"<Engine of {self.assignment.name}, seed {self.seed}: {state}>"

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the warm process, its children, and everything that they started."""
        with self._lock:
            if self._control is not None:
                self._control.close()
            if self._process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)  # not waited for yet: the number is still its own
                self._process.wait()
            if self._said is not None:
                self._said.close()
            for descriptor in self._shared.values():
                os.close(descriptor)
            self._shared.clear()
            self._process = self._control = self._said = None
            self._warmed.clear()

    def data_sets(self) -> Mapping[str, DataSet]:
        """The data sets that tests use, by kind."""
        with self._lock:
            self._started()
            return self._data

    def shared_data(self) -> dict[str, int]:
        """The data sets that tests use, by kind: descriptors of files in memory, which the caller closes.

        What reads them is `examiner.shared.read_shared`.

        Raises
        ------
        EngineError
            The warm process does not start, or a data set is not made of what pickles.
        OSError
            Too many files are open.
        """
        with self._lock:
            control, process = self._started()
            for kind in [each for each, data in self._data.items() if data.name and each not in self._shared]:
                descriptor = new_file()
                try:
                    control.send(("share", kind))
                    send_handle(control, descriptor, process.pid)
                    self._answer()
                except BaseException as error:
                    os.close(descriptor)
                    if isinstance(error, OSError):
                        raise self._failed("ended") from None
                    raise
                self._shared[kind] = descriptor
            opened: dict[str, int] = {}
            try:
                for kind, descriptor in self._shared.items():  # each opened anew: a copy would share its position
                    opened[kind] = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY)
            except OSError:
                for each in opened.values():
                    os.close(each)
                raise
            return opened

    def warm(self, function: str, *arguments: Any) -> None:
        """Call a function in the warm process, once: what it caches is there in all later children."""
        with self._lock:
            self._started()  # a new process has nothing warmed
            if (function, arguments) not in self._warmed:
                self._request("warm", function, list(arguments))
                self._warmed.add((function, arguments))

    def fork(self, folder: Path | None = None) -> Child:
        """Start a child.

        Parameters
        ----------
        folder : Path, optional
            Its working folder; by default the assignment's source folder.

        Raises
        ------
        EngineError
            The warm process does not start.
        """
        ours, theirs = socket.socketpair()
        with ours, theirs, self._lock:
            control, process = self._started()
            try:
                control.send(("fork", (folder or self.assignment.source).resolve()))
                send_handle(control, theirs.fileno(), process.pid)
            except OSError:
                raise self._failed("ended") from None
            theirs.close()
            return Child(Connection(ours.detach()))

    # ------------------------------------------------------------------------------- inside

    def _started(self) -> tuple[Connection, subprocess.Popen[bytes]]:
        """The warm process: a new one where there is none, or where the last one has died."""
        if self._process is not None and _has_ended(self._process.pid):
            self.close()
        if self._process is None or self._control is None:
            self._start()
        assert self._process is not None
        assert self._control is not None
        return self._control, self._process

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the engine
        own = [str(self.assignment.source), str(self.assignment.root)]
        path = [*own, *(each for each in sys.path if each and each not in own)]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", BOOT, str(theirs.fileno()), "\n".join(path)],
                env=self._environment(),
                cwd=self.assignment.source,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the examiner, which ends its children itself
            )
        self._control = Connection(ours.detach())
        self._data = self._request("load", self.assignment, list(MODULES))

    def _environment(self) -> dict[str, str]:
        own = self.assignment.variables(earlier=self.assignment.source, seed=self.seed, data=self.data_dir)
        return {**os.environ, **ONE_THREAD, **KEEP_MEMORY, "MPLBACKEND": "agg", "PYTHONHASHSEED": "0", **own}

    def _request(self, *request: Any) -> Any:
        assert self._control is not None
        try:
            self._control.send(request)
        except OSError:
            raise self._failed("ended") from None
        return self._answer()

    def _answer(self) -> Any:
        assert self._control is not None
        try:
            if not self._control.poll(START_SECONDS):
                raise self._failed(f"did not answer within {START_SECONDS} s")
            kind, content = self._control.recv()
        except (EOFError, OSError):
            raise self._failed("ended") from None
        if kind == "raised":
            raise EngineError(f"{self.assignment.name}: the engine could not load the assignment: {content}")
        return content

    def _failed(self, why: str) -> EngineError:
        said = b""
        if self._said is not None:
            self._said.seek(0)
            said = self._said.read()[-2000:]
        self.close()
        last = (said.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        return EngineError(f"{self.assignment.name}: the engine's process {why}: {last}")


def _has_ended(pid: int) -> bool:
    """Whether a process of ours has ended; it keeps its number until it is waited for."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # this process ignores SIGCHLD: the system has waited for it
        return True


class Child:
    """One child of the engine, which runs functions by name.

    Parameters
    ----------
    connection : multiprocessing.connection.Connection
        To the child; to be waited at for its next message.

    Raises
    ------
    EngineError
        The child does not come up.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        try:
            if not connection.poll(START_SECONDS):
                raise EngineError(f"A child of the engine did not start within {START_SECONDS} s.")
            self.pid = int(connection.recv())
            self._process = os.pidfd_open(self.pid)  # it waits for us: the number is still its own
        except (EOFError, OSError):
            raise EngineError("A child of the engine ended before it was used.") from None
        self._open = True
        self._poller = select.poll()  # `Connection.poll` would make a new one for each message
        self._poller.register(connection.fileno(), select.POLLIN)
        self.seconds = 0.0
        """Processor time of its calls; what `serve` took does not count."""

    def __repr__(self) -> str:
        return f"<Child {self.pid}{'' if self._open else ', ended'}>"

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def alive(self) -> bool:
        """Whether it can still be called."""
        return self._open

    def kill(self) -> None:
        """End it at once."""
        if self._open:
            self._open = False
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._process, signal.SIGKILL)
            os.close(self._process)
            self.connection.close()

    def call(
        self,
        function: str,
        *arguments: Any,
        serve: Callable[[Any], Any] | None = None,
        seconds: float | None = None,
    ) -> Any:
        """Run a function in the child and give its value.

        Parameters
        ----------
        function : str
            ``"package.module:name"``.
        *arguments
            Plain values and records.
        serve : callable, optional
            Answers what the function asks meanwhile, see `examiner.engine.child.ask`.
        seconds : float, optional
            Limit of its time; waiting for a processor, and for `serve`, does not count.

        Raises
        ------
        ChildTimeoutError
            It took longer, and was killed.
        ChildEndedError
            It ended before it had answered.
        EngineError
            The function raised an exception.
        """
        self.send(function, arguments)
        clock = Clock(self.pid)
        while True:
            if not self._poller.poll(1000 * POLL_SECONDS):
                if seconds is not None and clock.seconds() > seconds:
                    self.kill()
                    raise ChildTimeoutError(f"took longer than {seconds:g} s")
                continue
            kind, *content = self.receive()
            if kind != "ask":
                self.seconds += clock.seconds()
                return value_of(kind, content)
            assert serve is not None
            with clock.paused():
                reply = serve(content[0])
            self._send(reply)

    def send(self, function: str, arguments: Sequence[Any]) -> None:
        """Start a function in the child, without waiting for it."""
        self._send((function, arguments))

    def receive(self) -> tuple[Any, ...]:
        """The child's next message, see `value_of`."""
        try:
            message: tuple[Any, ...] = self.connection.recv()
        except (EOFError, OSError):
            self.kill()
            raise ChildEndedError("a child of the engine ended") from None
        return message

    def _send(self, content: Any) -> None:
        try:
            self.connection.send(content)
        except OSError:
            self.kill()
            raise ChildEndedError("a child of the engine ended") from None


def value_of(kind: str, content: Sequence[Any]) -> Any:
    """The value in a child's last message; its exception is raised as an `EngineError`."""
    if kind == "raised":
        raise EngineError(f"{content[0]}\n{content[1]}")
    return content[0]
