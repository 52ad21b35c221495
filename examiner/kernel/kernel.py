"""A kernel in a sandbox: one process, and the messages to and from it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from examiner import codec
from examiner._exceptions import ProtocolError, SandboxError
from examiner.kernel.connection import PORTS, Connection, wall_limit
from examiner.kernel.messages import TOO_LARGE, Composer, Exchange
from examiner.notebooks import Outputs
from examiner.sandbox import Sandbox
from examiner.settings import Isolation, Limits, Timing

__all__ = ["CellStopped", "Kernel", "KernelDied"]

_HERE = Path(__file__).parent
AGENT = {
    f".examiner/{path.name}": path for path in (_HERE / "agent.py", _HERE / "forgiving.py", _HERE.parent / "codec.py")
}


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
        self._connection: Connection | None = None
        self._address = self.sandbox.host_work / "k"
        try:
            self._start(env or {})
        except BaseException:
            self.sandbox.close()
            raise

    def __repr__(self) -> str:
        return f"<Kernel in {self.sandbox}>"

    def _start(self, env: Mapping[str, str]) -> None:
        info: dict[str, Any] = {f"{name}_port": port for name, port in PORTS.items()}
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

    def wait_until_ready(self) -> Connection:
        """Connect, and wait until the kernel publishes.

        Raises
        ------
        SandboxError
            It does not come up: no student's fault, for no student code has run.
        """
        if self._connection is None:
            self._connection = Connection(self.sandbox, self._address)
        return self._connection

    def close(self) -> None:
        """End it, and everything that it started."""
        if self._connection is not None:
            self._connection.close()
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
        connection = self.wait_until_ready()
        exchange = Exchange(f"{kind}_reply", outputs)
        connection.watch.start()
        try:
            connection.send(self._composer.compose(exchange.id, f"{kind}_request", content, buffers))
            interrupted = self._receive(connection, exchange, seconds, timing)
        except ProtocolError:
            self.sandbox.wait(0.5)
            self._end(None)
        finally:
            self.seconds += connection.watch.look()
        if interrupted:
            raise CellStopped(f"took longer than {seconds:g} s")
        return {} if exchange.reply is None else exchange.reply, exchange.buffers

    def _receive(self, connection: Connection, exchange: Exchange, seconds: float, timing: Timing) -> bool:
        """Take in what the kernel sends until the exchange is finished; whether it had to be interrupted."""
        watch, allowed = connection.watch, connection.received + timing.traffic
        limit, interrupted = seconds, False
        while True:
            before = connection.received
            for frames, published in connection.receive(limit - watch.look()):
                exchange.take(frames, published=published)
            if connection.received > allowed:
                self._end(f"wrote more than {timing.traffic >> 20} MiB")
            if exchange.finished():  # before its time is judged: the examiner may be late itself
                return interrupted
            if watch.look() > limit and not interrupted:
                self.sandbox.interrupt()
                limit, interrupted = watch.seconds + timing.interrupt, True
            elif watch.seconds > limit:
                self._end(f"took longer than {seconds:g} s and could not be interrupted")
            elif watch.wall > wall_limit(limit):
                self.sandbox.kill()
                says = f"in {watch.wall:.0f} s a kernel could run for {watch.seconds:.0f} s"
                raise SandboxError(f"The machine is too busy to grade: {says}.")
            elif connection.received == before and self.sandbox.poll() is not None:
                self._end(None)

    def _end(self, why: str | None) -> None:
        """Kill the kernel and say why it is no more."""
        status = self.sandbox.poll()
        self.sandbox.kill()
        if why is None:
            why = self.sandbox.reason or (
                "closed its connection" if status is None else f"ended its kernel ({_status(status)})"
            )
        raise KernelDied(why)


def _status(status: int) -> str:
    return f"signal {status - 128}" if status > 128 else f"exit status {status}"
