"""A kernel in a sandbox: cells and calls with time limits, and a session that outlives its kernels.

`Kernel` is one process and the messages to and from it.  `Session` is what a notebook is graded with: where
a kernel has been killed it starts another one, which re-runs what came before, all but the cells that cost
a kernel.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import select
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from nbformat import NotebookNode

from examiner import codec as codec
from examiner._exceptions import AnswerStoppedError, ProtocolError, SandboxError
from examiner.kernel.zmtp import OVERSIZE, ZmtpSocket
from examiner.notebooks.outputs import OutputBudget, Outputs
from examiner.sandbox import Sandbox
from examiner.settings import Isolation, Limits, Timing

__all__ = ["Cell", "Kernel", "Session", "Timing"]

_HERE = Path(__file__).parent
AGENT = {".examiner/agent.py": _HERE / "agent.py", ".examiner/codec.py": _HERE.parent / "codec.py"}
DELIMITER = b"<IDS|MSG>"
SHELL, IOPUB, STDIN, CONTROL, HEARTBEAT = 1, 2, 3, 4, 5
PUBLISHED = {"stream", "display_data", "execute_result", "error", "clear_output", "update_display_data"}
MAX_CONTENT = 8 * 2**20  # bytes of one message's JSON
START_SECONDS = 60
TOO_LARGE: dict[str, Any] = {}
"""Stands for a reply that was not kept."""
QUIET_SECONDS = 1.0  # how long the end of a cell's outputs may come after its reply


class KernelDied(Exception):  # noqa: N818 - an event, told apart by its sentence
    """The kernel has ended, or had to be ended; the sentence says why."""


class CellStopped(Exception):  # noqa: N818
    """A cell or call hit its time limit and was interrupted; the kernel goes on."""


class Kernel:
    """One IPython kernel in a sandbox of its own.

    Parameters
    ----------
    isolation : {"bubblewrap", "none"}
        What keeps it apart.
    files : mapping of str to Path or bytes
        What lies in its working folder.
    limits : examiner.settings.Limits, optional
        What it may use.
    data_dir : Path, optional
        The data sets.
    env : mapping of str to str, optional
        Environment variables; ``{work}`` in a value is the working folder's path inside.
    """

    def __init__(
        self,
        isolation: Isolation,
        files: Mapping[str, Path | bytes],
        *,
        limits: Limits | None = None,
        data_dir: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.sandbox = Sandbox(isolation, limits or Limits(), files={**files, **AGENT}, data_dir=data_dir)
        self.calls = 0
        """Requests that have been answered."""
        self._key = uuid.uuid4().hex
        self._session = uuid.uuid4().hex
        self._shell: ZmtpSocket | None = None
        self._iopub: ZmtpSocket | None = None
        self._address = self.sandbox.host_work / "k"
        try:
            self._start(env or {})
        except BaseException:
            self.sandbox.close()
            raise

    def __repr__(self) -> str:
        return f"<Kernel in {self.sandbox}>"

    def _start(self, env: Mapping[str, str]) -> None:
        ports = {"shell": SHELL, "iopub": IOPUB, "stdin": STDIN, "control": CONTROL, "hb": HEARTBEAT}
        info: dict[str, Any] = {f"{name}_port": port for name, port in ports.items()}
        info |= {"transport": "ipc", "ip": str(self._address), "key": self._key, "signature_scheme": "hmac-sha256"}
        connection = self.sandbox.host_work / "kernel.json"
        connection.write_text(json.dumps(info))
        connection.chmod(0o644)
        agent = self.sandbox.work / ".examiner" / "agent.py"
        options = ["-f", str(connection), "--HistoryManager.enabled=False"]
        environment = {name: value.replace("{work}", str(self.sandbox.work)) for name, value in env.items()}
        if self.sandbox.isolation == "none":  # then nothing else ends it with the grader
            environment["JPY_PARENT_PID"] = str(os.getpid())
        # -I: nothing in the working folder can take the place of a module of Python's.
        self.sandbox.start([sys.executable, "-I", "-B", str(agent), *options], environment)

    def wait_until_ready(self) -> None:
        """Connect, and wait until the kernel publishes.

        Raises
        ------
        SandboxError
            It does not come up: the grader's fault, for no student code has run.
        """
        if self._iopub is not None:
            return
        deadline = time.monotonic() + START_SECONDS
        try:
            iopub = self._connect(IOPUB, "SUB", MAX_CONTENT, deadline)
            self._shell = self._connect(SHELL, "DEALER", codec.LIMITS.bytes + MAX_CONTENT, deadline)
            while not iopub.receive():  # the kernel greets each subscriber
                self._check_start(deadline)
                select.select([iopub], [], [], 0.05)
        except ProtocolError as error:
            raise SandboxError(f"The kernel did not start: {error}. {self._said()}") from None
        self._iopub = iopub
        seal = getattr(self.sandbox, "seal", None)
        if seal is not None:
            seal()

    def _connect(self, port: int, kind: str, max_bytes: int, deadline: float) -> ZmtpSocket:
        path = Path(f"{self._address}-{port}")
        while True:
            try:
                return ZmtpSocket(path, kind, max_bytes)
            except (FileNotFoundError, ConnectionRefusedError):
                self._check_start(deadline)
                time.sleep(0.005)

    def _check_start(self, deadline: float) -> None:
        if self.sandbox.poll() is not None or time.monotonic() > deadline:
            raise SandboxError(f"The kernel did not start. {self._said()}")

    def _said(self) -> str:
        return (self.sandbox.output.strip().splitlines() or ["It said nothing."])[-1]

    def close(self) -> None:
        """End it, and everything that it started."""
        for channel in (self._shell, self._iopub):
            if channel is not None:
                channel.close()
        self.sandbox.close()

    # -------------------------------------------------------------------- cells and calls

    def execute(self, source: str, outputs: Outputs, seconds: float, timing: Timing) -> int | None:
        """Run a cell; its outputs go to `outputs`.

        Returns
        -------
        int or None
            The cell's number, by which tracebacks name it.

        Raises
        ------
        CellStopped
            It took too long and was interrupted.
        KernelDied
            The kernel ended, or had to be ended.
        """
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        reply, _ = self._exchange("execute", content, [], outputs, seconds, timing)
        count = reply.get("execution_count")
        return count if type(count) is int else None

    def request(self, frames: list[bytes], outputs: Outputs, seconds: float, timing: Timing) -> list[bytes]:
        """Send a request to the agent and give the frames of its reply.

        Raises like `execute`, and `codec.CodecError` where the reply is larger than may cross.
        """
        self.calls += 1
        reply, buffers = self._exchange("examiner", {}, frames, outputs, seconds, timing)
        if reply is TOO_LARGE:
            raise codec.CodecError("it is too large, or has too many parts")
        return buffers

    def _exchange(
        self,
        kind: str,
        content: dict[str, Any],
        buffers: list[bytes],
        outputs: Outputs,
        seconds: float,
        timing: Timing,
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send one message; wait for its reply and for the end of what it publishes."""
        self.wait_until_ready()
        assert self._shell is not None
        assert self._iopub is not None
        exchange = _Exchange(uuid.uuid4().hex, f"{kind}_reply", outputs)
        allowed = self._shell.received + self._iopub.received + timing.traffic
        deadline, interrupted = time.monotonic() + seconds, False
        try:
            self._shell.send(self._message(exchange.id, f"{kind}_request", content, buffers))
            while not exchange.finished():
                ready, _, _ = _poll([self._shell, self._iopub], min(deadline - time.monotonic(), 0.1))
                for channel in ready:
                    for frames in channel.receive():
                        exchange.take(frames, published=channel is self._iopub)
                if self._shell.received + self._iopub.received > allowed:
                    self._end(f"wrote more than {timing.traffic >> 20} MB")
                if time.monotonic() > deadline and not interrupted:
                    self.sandbox.interrupt()
                    deadline, interrupted = time.monotonic() + timing.interrupt, True
                elif time.monotonic() > deadline:
                    self._end(f"took longer than {seconds:g} s and could not be interrupted")
                elif not ready and self.sandbox.poll() is not None:
                    self._end(None)
        except ProtocolError:
            self.sandbox.wait(0.5)
            self._end(None)
        if interrupted:
            raise CellStopped(f"took longer than {seconds:g} s")
        return {} if exchange.reply is None else exchange.reply, exchange.buffers

    def _end(self, why: str | None) -> None:
        """Kill the kernel and say why it is no more."""
        status = self.sandbox.poll()
        self.sandbox.kill()
        if why is None:
            why = self.sandbox.reason or (
                "closed its connection" if status is None else f"ended its kernel ({_status(status)})"
            )
        raise KernelDied(why)

    def _message(self, name: str, kind: str, content: dict[str, Any], buffers: list[bytes]) -> list[bytes]:
        header = {
            "msg_id": name,
            "msg_type": kind,
            "session": self._session,
            "username": "examiner",
            "date": "2000-01-01T00:00:00+00:00",
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        signature = hmac.new(self._key.encode(), b"".join(parts), hashlib.sha256).hexdigest()
        return [DELIMITER, signature.encode(), *parts, *buffers]


@dataclass
class _Exchange:
    """One message to the kernel and what has come back for it so far; anything else is dropped."""

    id: str
    wanted: str
    outputs: Outputs
    reply: dict[str, Any] | None = None
    buffers: list[bytes] = field(default_factory=list)
    idle: bool = False
    replied: float = 0.0

    def finished(self) -> bool:
        """Whether the reply is there, and all that was published (or enough time to publish it)."""
        late = self.reply is not None and time.monotonic() > self.replied + QUIET_SECONDS
        return self.reply is not None and (self.idle or late)

    def take(self, frames: list[bytes], *, published: bool) -> None:
        """Take in a message that may be anything."""
        if frames is OVERSIZE:
            self.outputs.cut = True
            if not published and self.reply is None:  # whatever it was, no other will come
                self.reply, self.replied = TOO_LARGE, time.monotonic()
            return
        kind, content, buffers = _read(frames, self.id)
        if published and kind == "status":
            self.idle = self.idle or content.get("execution_state") == "idle"
        elif published and kind in PUBLISHED:
            self.outputs.add(kind, content)
        elif not published and kind == self.wanted and self.reply is None:
            self.reply, self.buffers, self.replied = content, buffers, time.monotonic()


def _read(frames: list[bytes], parent: str) -> tuple[str | None, dict[str, Any], list[bytes]]:
    """Type, content and buffers of a message that answers `parent`; (None, {}, []) for any other."""
    nothing: tuple[None, dict[str, Any], list[bytes]] = (None, {}, [])
    if DELIMITER not in frames:
        return nothing
    parts = frames[frames.index(DELIMITER) + 2 :]
    if len(parts) < 4 or sum(map(len, parts[:4])) > MAX_CONTENT:
        return nothing
    try:
        header, parent_header, _, content = map(json.loads, parts[:4])
        answers = isinstance(parent_header, dict) and parent_header.get("msg_id") == parent
        if not answers or not isinstance(header, dict) or not isinstance(content, dict):
            return nothing
    except (ValueError, RecursionError):
        return nothing
    kind = header.get("msg_type")
    return (kind if isinstance(kind, str) else None), content, parts[4:]


def _poll(channels: list[ZmtpSocket], seconds: float) -> tuple[list[ZmtpSocket], None, None]:
    poller = select.poll()  # select() itself knows no descriptor above 1023
    for channel in channels:
        poller.register(channel, select.POLLIN)
    ready = {descriptor for descriptor, _ in poller.poll(max(0.0, seconds) * 1000)}
    return [channel for channel in channels if channel.fileno() in ready], None, None


def _status(status: int) -> str:
    return f"signal {status - 128}" if status > 128 else f"exit status {status}"


# ------------------------------------------------------------------------------------- session


@dataclass(frozen=True, eq=False)
class Cell:
    """A code cell that runs in the sandbox: what it is called, and its source."""

    name: str
    source: str


class Session:
    """A student's side of one notebook: cells and calls, through as many kernels as that takes.

    Parameters
    ----------
    start : callable
        Gives a kernel on which no student code has run.
    files : mapping of str to bytes
        What is written into the working folder of every kernel before anything runs.
    timing : Timing
        Its limits.

    Attributes
    ----------
    incidents : list of str
        One sentence for every limit that was hit and every kernel that ended.
    calls : int
        Calls that were made.
    """

    def __init__(self, start: Callable[[], Kernel], files: Mapping[str, bytes], timing: Timing) -> None:
        self._start, self._files, self._timing = start, files, timing
        self.check_seconds = timing.check
        self._kernel: Kernel | None = None
        self._history: list[Cell] = []
        self._costly: set[Cell] = set()  # cells that cost a kernel: not run again
        self._strikes: dict[str, int] = {}  # answers, and how often they cost their limit
        self._names: dict[int, str] = {}  # numbers of cells in this kernel
        self._deadline = time.monotonic() + timing.notebook
        self.generation = 0
        """Counts kernels: an object of an earlier one is lost."""
        self.incidents: list[str] = []
        self.calls = 0
        self.room = OutputBudget()
        """For the outputs of all its cells and tests."""
        self.outputs = Outputs()
        """What calls print and plot goes here."""

    def __repr__(self) -> str:
        return f"<Session: kernel {self.generation}, {len(self._history)} cells, {self.calls} calls>"

    def close(self) -> None:
        """End the kernel."""
        kernel, self._kernel = self._kernel, None
        if kernel is not None:
            kernel.close()

    def has(self, generation: int) -> bool:
        """Whether the kernel of this generation is still there, with its objects."""
        return self._kernel is not None and generation == self.generation

    def cell_name(self, number: int) -> str | None:
        """What the cell is called that the kernel counts as `number`."""
        return self._names.get(number)

    def run(self, cell: Cell) -> list[NotebookNode]:
        """Run a cell and give its outputs; whatever it does to its kernel is in them."""
        outputs = Outputs(budget=self.room)
        try:
            kernel = self._ready()
            self._history.append(cell)
            self._execute(kernel, cell, outputs)
        except (CellStopped, KernelDied, AnswerStoppedError) as error:
            self._costly.add(cell)
            if isinstance(error, KernelDied):
                self.close()
            stopped = isinstance(error, AnswerStoppedError)
            sentence = str(error) if stopped else self._sentence(f"cell {cell.name}", error)
            self._note(sentence)
            kind = "CellTimeoutError" if isinstance(error, CellStopped) else "DeadKernelError"
            line = f"\x1b[0;31m{kind}\x1b[0m: {sentence}"
            outputs.add("error", {"ename": kind, "evalue": sentence, "traceback": [line]})
        return outputs.finished()

    def ask(self, answer: str, request: dict[str, Any], refer: Callable[[Any], codec.Reference]) -> Any:
        """Send a request on behalf of a test and give the reply, unpacked.

        Parameters
        ----------
        answer : str
            What is asked, for the account of who hit a limit.
        request : dict
            Plain values and whatever `refer` knows.
        refer : callable
            As for `codec.pack`.

        Raises
        ------
        AnswerStoppedError
            It hit a limit or ended its kernel, now or twice before.
        codec.CodecError
            The reply is damaged, or the request cannot cross.
        """
        if self._strikes.get(answer, 0) >= 2:
            raise AnswerStoppedError(f"{answer} was stopped twice already and is not called again")
        kernel = self._ready()
        frames = codec.pack(request, refer, REQUEST)
        self.calls += 1
        try:
            seconds = self._seconds(self._timing.call)
            return codec.unpack(kernel.request(frames, self.outputs, seconds, self._timing))
        except (CellStopped, KernelDied) as error:
            self._strikes[answer] = self._strikes.get(answer, 0) + 1
            if isinstance(error, KernelDied):
                self.close()
            sentence = self._sentence(answer, error)
            self._note(sentence)
            raise AnswerStoppedError(sentence) from None

    # ---------------------------------------------------------------------------- inside

    def _note(self, sentence: str) -> None:
        if sentence not in self.incidents:
            self.incidents.append(sentence)

    def _sentence(self, who: str, error: Exception) -> str:
        late = isinstance(error, CellStopped) and time.monotonic() >= self._deadline
        return self._too_long() if late else f"{who} {error}"

    def _too_long(self) -> str:
        return f"the notebook took longer than {self._timing.notebook:g} s"

    def _seconds(self, limit: float) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            self._note(self._too_long())
            raise AnswerStoppedError(self._too_long())
        return min(limit, left)

    def _execute(self, kernel: Kernel, cell: Cell, outputs: Outputs) -> None:
        seconds = self._seconds(self._timing.cell)
        number = kernel.execute(cell.source, outputs, seconds, self._timing)
        if number is not None:
            self._names[number] = cell.name

    def _ready(self) -> Kernel:
        """The kernel, or a fresh one in which all that came before has run again."""
        while self._kernel is None:
            if self.generation > self._timing.restarts:
                raise AnswerStoppedError(f"{self.generation} kernels were ended, and no more is started")
            self._seconds(1)
            self.generation += 1
            self._kernel = self._start()
            self._names = {}
            self._replay(self._kernel)
        return self._kernel

    def _replay(self, kernel: Kernel) -> None:
        self._install(kernel)
        for cell in self._history:
            if cell in self._costly:
                continue
            try:
                self._execute(kernel, cell, Outputs())
            except (CellStopped, KernelDied) as error:
                self._note(self._sentence(f"cell {cell.name}", error))
                self._costly.add(cell)
                if isinstance(error, KernelDied):
                    self.close()
                    return

    def _install(self, kernel: Kernel) -> None:
        if not self._files:
            return
        content = {name: np.frombuffer(data, np.uint8) for name, data in self._files.items()}
        frames = codec.pack({"op": "install", "cell": None, "first": [], "files": content}, None, REQUEST)
        reply = codec.unpack(kernel.request(frames, Outputs(), START_SECONDS, self._timing))
        if "error" in reply:
            raise SandboxError(f"The sandbox's files could not be written: {reply['error']}")


REQUEST = codec.Limits(bytes=2**28, items=10**6, json_bytes=2**26)
"""The examiner's own requests may be larger than replies: data sets are sent."""
