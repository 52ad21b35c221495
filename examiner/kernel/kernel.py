"""A kernel in a sandbox: one process, and the messages to and from it."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from examiner import codec
from examiner._exceptions import ProtocolError, SandboxError
from examiner.kernel.messages import MAX_CONTENT, TOO_LARGE, Composer, Exchange
from examiner.kernel.zmtp import ZmtpSocket
from examiner.notebooks import Outputs
from examiner.sandbox import Sandbox, Stopwatch
from examiner.settings import Isolation, Limits, Timing

__all__ = ["START_SECONDS", "CellStopped", "Kernel", "KernelDied", "wall_limit"]

_HERE = Path(__file__).parent
AGENT = {".examiner/agent.py": _HERE / "agent.py", ".examiner/codec.py": _HERE.parent / "codec.py"}
SHELL, IOPUB, STDIN, CONTROL, HEARTBEAT = 1, 2, 3, 4, 5
START_SECONDS = 60
POLL_SECONDS = 0.1


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
        Environment variables; ``{work}`` and ``{data}`` in a value are the paths of the working folder and
        of the data sets inside.

    Attributes
    ----------
    calls : int
        Requests that have been sent.
    seconds : float
        What its cells and calls took of their limits, all together.
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
        self.seconds = 0.0
        self._composer = Composer()
        self._stopwatch: Stopwatch | None = None
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
        info |= {
            "transport": "ipc",
            "ip": str(self._address),
            "key": self._composer.key,
            "signature_scheme": "hmac-sha256",
        }
        connection = self.sandbox.host_work / "kernel.json"
        connection.write_text(json.dumps(info))
        connection.chmod(0o644)
        agent = self.sandbox.work / ".examiner" / "agent.py"
        options = ["-f", str(connection), "--HistoryManager.enabled=False"]
        environment = {name: self._with_paths(value) for name, value in env.items()}
        if self.sandbox.isolation == "none":  # then nothing else ends it with the grader
            environment["JPY_PARENT_PID"] = str(os.getpid())
        # -I: nothing in the working folder can take the place of a module of Python's.
        self.sandbox.start([sys.executable, "-I", "-B", str(agent), *options], environment)

    def _with_paths(self, value: str) -> str:
        return value.replace("{work}", str(self.sandbox.work)).replace("{data}", str(self.sandbox.data or ""))

    def wait_until_ready(self) -> None:
        """Connect, and wait until the kernel publishes.

        Raises
        ------
        SandboxError
            It does not come up: no student's fault, for no student code has run.
        """
        if self._stopwatch is not None:
            return
        watch = self.sandbox.stopwatch()
        try:
            self._iopub = self._connect(IOPUB, "SUB", MAX_CONTENT, watch)
            self._shell = self._connect(SHELL, "DEALER", codec.LIMITS.bytes + MAX_CONTENT, watch)
            while not self._iopub.receive():  # the kernel greets each subscriber
                self._check_start(watch)
                _poll([self._iopub], POLL_SECONDS)
        except ProtocolError as error:
            raise SandboxError(f"The kernel did not start: {error}. {self._said()}") from None
        self.sandbox.seal()
        self._stopwatch = watch

    def _connect(self, port: int, kind: str, max_bytes: int, watch: Stopwatch) -> ZmtpSocket:
        path = Path(f"{self._address}-{port}")
        while True:
            try:
                return ZmtpSocket(path, kind, max_bytes)
            except (FileNotFoundError, ConnectionRefusedError):
                self._check_start(watch)
                time.sleep(0.005)

    def _check_start(self, watch: Stopwatch) -> None:
        late = watch.look() > START_SECONDS or watch.wall > wall_limit(START_SECONDS)
        if late or self.sandbox.poll() is not None:
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
        assert self._stopwatch is not None
        exchange = Exchange(f"{kind}_reply", outputs)
        self._stopwatch.start()
        try:
            self._shell.send(self._composer.compose(exchange.id, f"{kind}_request", content, buffers))
            interrupted = self._receive(exchange, seconds, timing)
        except ProtocolError:
            self.sandbox.wait(0.5)
            self._end(None)
        finally:
            self.seconds += self._stopwatch.look()
        if interrupted:
            raise CellStopped(f"took longer than {seconds:g} s")
        return {} if exchange.reply is None else exchange.reply, exchange.buffers

    def _receive(self, exchange: Exchange, seconds: float, timing: Timing) -> bool:
        """Take in what the kernel sends until the exchange is finished; whether it had to be interrupted."""
        assert self._shell is not None
        assert self._iopub is not None
        assert self._stopwatch is not None
        allowed = self._shell.received + self._iopub.received + timing.traffic
        limit, interrupted = seconds, False
        while True:
            ready = _poll([self._shell, self._iopub], min(limit - self._stopwatch.look(), POLL_SECONDS))
            for channel in ready:
                for frames in channel.receive():
                    exchange.take(frames, published=channel is self._iopub)
            if self._shell.received + self._iopub.received > allowed:
                self._end(f"wrote more than {timing.traffic >> 20} MB")
            if exchange.finished():  # before its time is judged: the examiner may be late itself
                return interrupted
            if self._is_late(limit, seconds) and not interrupted:
                self.sandbox.interrupt()
                limit, interrupted = self._stopwatch.seconds + timing.interrupt, True
            elif self._stopwatch.seconds > limit:
                self._end(f"took longer than {seconds:g} s and could not be interrupted")
            elif not ready and self.sandbox.poll() is not None:
                self._end(None)

    def _is_late(self, limit: float, seconds: float) -> bool:
        """Whether a limit is passed.

        Raises
        ------
        SandboxError
            The machine is so busy that nobody will wait for the limit to be reached.
        """
        assert self._stopwatch is not None
        used = self._stopwatch.look()
        if used <= limit and self._stopwatch.wall > wall_limit(seconds):
            self.sandbox.kill()
            wall = self._stopwatch.wall
            raise SandboxError(
                f"The machine is too busy to grade: in {wall:.0f} s a kernel could run for {used:.0f} s."
            )
        return used > limit

    def _end(self, why: str | None) -> None:
        """Kill the kernel and say why it is no more."""
        status = self.sandbox.poll()
        self.sandbox.kill()
        if why is None:
            why = self.sandbox.reason or (
                "closed its connection" if status is None else f"ended its kernel ({_status(status)})"
            )
        raise KernelDied(why)


def wall_limit(seconds: float) -> float:
    """Give the wall time after which a limit counts as passed by the machine, not by the student."""
    return 20 * seconds + 60


def _poll(channels: list[ZmtpSocket], seconds: float) -> list[ZmtpSocket]:
    """Give the channels that can be read; not by `select`, which knows no descriptor above 1023."""
    poller = select.poll()
    for channel in channels:
        poller.register(channel, select.POLLIN)
    ready = {descriptor for descriptor, _ in poller.poll(max(0.0, seconds) * 1000)}
    return [channel for channel in channels if channel.fileno() in ready]


def _status(status: int) -> str:
    return f"signal {status - 128}" if status > 128 else f"exit status {status}"
