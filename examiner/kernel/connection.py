"""The connection to a kernel: three sockets, and the clock of its sandbox."""

from __future__ import annotations

import select
import socket
from collections.abc import Collection, Iterator, Sequence

from examiner import codec
from examiner._exceptions import ProtocolError, SandboxError
from examiner.kernel.calls import CallSocket
from examiner.kernel.zmtp import MAX_CONTENT, Channel, ZmtpSocket
from examiner.sandbox import Stopwatch

__all__ = ["START_SECONDS", "Connection", "wall_limit"]

START_SECONDS = 60
POLL_SECONDS = 0.1
# Of a reply: a value, which has a frame for each array and one more, and what says which call it answers.
MAX_REPLY, MAX_FRAMES = codec.LIMITS.bytes + 2**10, codec.LIMITS.items + 3


class Connection:
    """A kernel's socket for cells, the one on which it publishes, and the one for calls of answers.

    Parameters
    ----------
    shell, iopub : socket.socket
        Connected to where the kernel listens, or will.
    calls : socket.socket
        The examiner's end of a pair.
    watch : Stopwatch
        The sandbox's own seconds.
    """

    def __init__(self, shell: socket.socket, iopub: socket.socket, calls: socket.socket, watch: Stopwatch) -> None:
        self.watch = watch
        self._iopub = ZmtpSocket(iopub, "SUB", MAX_CONTENT)
        self._shell = ZmtpSocket(shell, "DEALER", MAX_CONTENT)
        self._calls = CallSocket(calls, MAX_REPLY, MAX_FRAMES)
        self._channels: dict[Channel, ZmtpSocket | CallSocket] = {
            "iopub": self._iopub,
            "shell": self._shell,
            "calls": self._calls,
        }
        self._poller, self._published = _poller(self._channels.values()), _poller([self._iopub])

    def __repr__(self) -> str:
        return f"<Connection: {self.received} bytes received>"

    @property
    def received(self) -> int:
        """Bytes that have come in."""
        return self._iopub.received + self._shell.received + self._calls.received

    def close(self) -> None:
        """Close the sockets."""
        for channel in self._channels.values():
            channel.close()

    def wait_for_greeting(self) -> None:
        """Wait until the kernel publishes: it greets each subscriber.

        Raises
        ------
        SandboxError
            It does not come up.
        """
        try:
            while not self._iopub.receive():
                if is_late(self.watch):
                    raise SandboxError("The kernel did not start.")
                _ready(self._published, POLL_SECONDS)
        except ProtocolError as error:
            raise SandboxError(f"The kernel did not start: {error}.") from None

    def send(self, frames: list[bytes]) -> None:
        """Send one of Jupyter's requests."""
        self._shell.send(frames)

    def call(self, frames: Sequence[bytes]) -> None:
        """Send a call."""
        self._calls.send(frames)

    def receive(self, seconds: float) -> Iterator[tuple[list[bytes], Channel]]:
        """Give what comes in within some seconds, and on which channel; nothing where nothing does.

        Raises
        ------
        ProtocolError
            The kernel has hung up, or does not speak the protocol.
        """
        wanted = select.POLLIN | (select.POLLOUT if self._calls.sending else 0)
        self._poller.modify(self._calls, wanted)
        ready = _ready(self._poller, min(seconds, POLL_SECONDS))
        for name, channel in self._channels.items():
            if channel.fileno() in ready:
                for frames in channel.receive():
                    yield frames, name

    def publishing(self) -> bool:
        """Whether something published is on its way."""
        return self._iopub.unfinished or bool(_ready(self._published, 0))


def wall_limit(seconds: float) -> float:
    """Give the wall time after which a limit counts as passed by the machine, not by the student."""
    return 20 * seconds + 60


def is_late(watch: Stopwatch) -> bool:
    """Whether a start takes too long."""
    return watch.look(START_SECONDS) > START_SECONDS or watch.wall > wall_limit(START_SECONDS)


def _poller(channels: Collection[ZmtpSocket | CallSocket]) -> select.poll:
    """What waits for channels that can be read: not `select`, which knows no descriptor above 1023."""
    poller = select.poll()
    for channel in channels:
        poller.register(channel, select.POLLIN)
    return poller


def _ready(poller: select.poll, seconds: float) -> set[int]:
    return {descriptor for descriptor, _ in poller.poll(max(0.0, seconds) * 1000)}
