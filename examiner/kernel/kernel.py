"""A kernel: the messages to and from it, and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, Protocol

from examiner._exceptions import ProtocolError, SandboxError
from examiner.kernel.connection import Connection, wall_limit
from examiner.kernel.messages import Composer, Exchange
from examiner.notebooks import Outputs
from examiner.settings import Timing

__all__ = ["CellStopped", "Kernel", "KernelDied"]

MAX_FOREIGN = 10_000  # messages that answer nothing, in one exchange: each takes time to read
END_SECONDS = 0.5  # how long after its sockets a kernel's process may end


class KernelDied(Exception):  # noqa: N818 - an event, told apart by its sentence
    """The kernel has ended, or had to be ended; the sentence says why."""


class CellStopped(Exception):  # noqa: N818
    """A cell or call hit its time limit and was interrupted; the kernel goes on."""


class Host(Protocol):
    """What a kernel asks of where it runs."""

    @property
    def reason(self) -> str | None:
        """One sentence when a limit ended the sandbox, and the kernel with it."""

    def interrupt(self) -> None:
        """Send SIGINT to the kernel, and to nothing else."""

    def ended(self, seconds: float) -> bool:
        """Wait for the kernel's end at most so many seconds."""

    def end(self) -> int | None:
        """End the kernel, everything that it started, and the connection; its exit status where it had ended."""


class Kernel:
    """One IPython kernel.

    Parameters
    ----------
    host : Host
        Where it runs.
    connection : Connection
        To it.
    composer : Composer
        Of the messages that it takes.

    Attributes
    ----------
    calls : int
        Requests that have been sent.
    seconds : float
        What its cells and calls took of their limits, all together.
    """

    def __init__(self, host: Host, connection: Connection, composer: Composer) -> None:
        self.calls = 0
        self.seconds = 0.0
        self._host, self._connection, self._composer = host, connection, composer
        self._closed = False

    def __repr__(self) -> str:
        return f"<Kernel in {self._host}>"

    def close(self) -> None:
        """End it, and everything that it started."""
        if not self._closed:
            self._closed = True
            self._host.end()

    # -------------------------------------------------------------------- cells and calls

    def execute(
        self, source: str, outputs: Outputs, seconds: float, timing: Timing, *, draws: bool = True
    ) -> int | None:
        """Run a cell; its outputs go to `outputs`. Unless it `draws`, its figures are not made into pictures.

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
            "draws": draws,  # for the agent
        }
        exchange = Exchange("shell", outputs)
        message = self._composer.compose(exchange.id, "execute_request", content)
        self._exchange(exchange, lambda: self._connection.send(message), seconds, timing)
        count = (exchange.reply or {}).get("execution_count")
        return count if type(count) is int else None

    def request(self, frames: list[bytes], outputs: Outputs, seconds: float, timing: Timing) -> list[bytes]:
        """Send a call to the agent and give the frames of its reply. Raises like `execute`."""
        self.calls += 1
        exchange = Exchange("calls", outputs)
        message = exchange.call(frames)
        self._exchange(exchange, lambda: self._connection.call(message), seconds, timing)
        return exchange.frames

    def _exchange(self, exchange: Exchange, send: Callable[[], None], seconds: float, timing: Timing) -> None:
        """Send one message; wait for its reply and for the end of what it publishes."""
        connection = self._connection
        connection.watch.start()
        try:
            send()
            interrupted = self._receive(connection, exchange, seconds, timing)
        except ProtocolError:
            self._host.ended(END_SECONDS)
            self._end(None)
        self.seconds += connection.watch.look()
        if interrupted:
            raise CellStopped(f"took longer than {seconds:g} s")

    def _receive(self, connection: Connection, exchange: Exchange, seconds: float, timing: Timing) -> bool:
        """Take in what the kernel sends until the exchange is finished; whether it had to be interrupted."""
        watch, allowed = connection.watch, connection.received + timing.traffic
        limit, interrupted = seconds, False
        while True:
            before = connection.received
            for frames, channel in connection.receive(limit - watch.seconds):
                exchange.take(frames, channel)
            if exchange.foreign > MAX_FOREIGN:
                self._end("sent messages without end")
            if connection.received > allowed:
                self._end(f"wrote more than {timing.traffic >> 20} MiB")
            # Before its time is judged: the examiner may be late itself.
            if exchange.finished() or (exchange.quiet and not connection.publishing()):
                return interrupted
            if watch.look(limit) > limit and not interrupted:
                self._host.interrupt()
                limit, interrupted = watch.seconds + timing.interrupt, True
            elif watch.seconds > limit:
                self._end(f"took longer than {seconds:g} s and could not be interrupted")
            elif watch.wall > wall_limit(limit):
                self.close()
                says = f"in {watch.wall:.0f} s a kernel could run for {watch.seconds:.0f} s"
                raise SandboxError(f"The machine is too busy to grade: {says}.")
            elif connection.received == before and self._host.ended(0):
                self._end(None)

    def _end(self, why: str | None) -> NoReturn:
        """End the kernel and say why."""
        self.seconds += self._connection.watch.look()  # before it takes time to end it
        self._closed = True
        status = self._host.end()
        if why is None:
            why = self._host.reason or (
                "closed its connection" if status is None else f"ended its kernel ({_status(status)})"
            )
        raise KernelDied(why)


def _status(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
