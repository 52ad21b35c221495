"""The connection to a kernel: two sockets, and the clock of its sandbox."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

from examiner import codec
from examiner._exceptions import ProtocolError, SandboxError
from examiner.kernel.zmtp import MAX_CONTENT, ZmtpSocket
from examiner.sandbox import Stopwatch

__all__ = ["START_SECONDS", "Connection", "wall_limit"]

START_SECONDS = 60
POLL_SECONDS = 0.1


class Connection:
    """A kernel's socket for requests and the one on which it publishes.

    Parameters
    ----------
    shell, iopub : socket.socket
        Connected to where the kernel listens, or will.
    watch : Stopwatch
        The sandbox's own seconds.
    """

    def __init__(self, shell: socket.socket, iopub: socket.socket, watch: Stopwatch) -> None:
        self.watch = watch
        self._iopub = ZmtpSocket(iopub, "SUB", MAX_CONTENT)
        self._shell = ZmtpSocket(shell, "DEALER", codec.LIMITS.bytes + MAX_CONTENT)
        self._channels = [self._iopub, self._shell]

    def __repr__(self) -> str:
        return f"<Connection: {self.received} bytes received>"

    @property
    def received(self) -> int:
        """Bytes that have come in."""
        return sum(channel.received for channel in self._channels)

    def close(self) -> None:
        """Close the sockets."""
        for channel in self._channels:
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
                _readable([self._iopub], POLL_SECONDS)
        except ProtocolError as error:
            raise SandboxError(f"The kernel did not start: {error}.") from None

    def send(self, frames: list[bytes]) -> None:
        """Send a request."""
        self._shell.send(frames)

    def receive(self, seconds: float) -> Iterator[tuple[list[bytes], bool]]:
        """Give what comes in within some seconds, and whether it was published; nothing where nothing does.

        Raises
        ------
        ProtocolError
            The kernel has hung up, or does not speak the protocol.
        """
        for channel in _readable(self._channels, min(seconds, POLL_SECONDS)):
            for frames in channel.receive():
                yield frames, channel is self._iopub

    def publishing(self) -> bool:
        """Whether something published is on its way."""
        return self._iopub.unfinished or bool(_readable([self._iopub], 0))


def wall_limit(seconds: float) -> float:
    """Give the wall time after which a limit counts as passed by the machine, not by the student."""
    return 20 * seconds + 60


def is_late(watch: Stopwatch) -> bool:
    """Whether a start takes too long."""
    return watch.look(START_SECONDS) > START_SECONDS or watch.wall > wall_limit(START_SECONDS)


def _readable(channels: list[ZmtpSocket], seconds: float) -> list[ZmtpSocket]:
    """Give the channels that can be read; not by `select`, which knows no descriptor above 1023."""
    poller = select.poll()
    for channel in channels:
        poller.register(channel, select.POLLIN)
    ready = {descriptor for descriptor, _ in poller.poll(max(0.0, seconds) * 1000)}
    return [channel for channel in channels if channel.fileno() in ready]
