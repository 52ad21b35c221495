"""The connection to a kernel that is coming up: two sockets, and the clock of its sandbox."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from pathlib import Path

from examiner import codec
from examiner._exceptions import ProtocolError, SandboxError
from examiner.kernel.zmtp import MAX_CONTENT, ZmtpSocket
from examiner.sandbox import Sandbox

__all__ = ["PORTS", "START_SECONDS", "Connection", "wall_limit"]

PORTS = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4, "hb": 5}
START_SECONDS = 60
POLL_SECONDS = 0.1


class Connection:
    """A kernel's socket for requests and the one on which it publishes.

    Parameters
    ----------
    sandbox : Sandbox
        Where the kernel starts.
    address : Path
        Where its sockets are, without "-" and the port.

    Attributes
    ----------
    watch : Stopwatch
        The sandbox's own seconds.

    Raises
    ------
    SandboxError
        It does not come up: no student's fault, for no student code has run.
    """

    def __init__(self, sandbox: Sandbox, address: Path) -> None:
        self._sandbox, self._address = sandbox, address
        self.watch = sandbox.stopwatch()
        self._channels: list[ZmtpSocket] = []
        try:
            self._iopub = self._connect("iopub", "SUB", MAX_CONTENT)
            self._shell = self._connect("shell", "DEALER", codec.LIMITS.bytes + MAX_CONTENT)
            while not self._iopub.receive():  # the kernel greets each subscriber
                self._check_start()
                _readable([self._iopub], POLL_SECONDS)
        except BaseException as error:
            self.close()
            if isinstance(error, ProtocolError):
                raise SandboxError(f"The kernel did not start: {error}. {self._said()}") from None
            raise
        sandbox.seal()

    def __repr__(self) -> str:
        return f"<Connection to {self._sandbox}: {self.received} bytes received>"

    @property
    def received(self) -> int:
        """Bytes that have come in."""
        return sum(channel.received for channel in self._channels)

    def close(self) -> None:
        """Close the sockets."""
        for channel in self._channels:
            channel.close()

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

    def _connect(self, port: str, kind: str, max_bytes: int) -> ZmtpSocket:
        path = Path(f"{self._address}-{PORTS[port]}")
        while True:
            try:
                channel = ZmtpSocket(path, kind, max_bytes)
            except (FileNotFoundError, ConnectionRefusedError):
                self._check_start()
                time.sleep(0.005)
            else:
                self._channels.append(channel)
                return channel

    def _check_start(self) -> None:
        late = self.watch.look() > START_SECONDS or self.watch.wall > wall_limit(START_SECONDS)
        if late or self._sandbox.poll() is not None:
            raise SandboxError(f"The kernel did not start. {self._said()}")

    def _said(self) -> str:
        return (self._sandbox.output.strip().splitlines() or ["It said nothing."])[-1]


def wall_limit(seconds: float) -> float:
    """Give the wall time after which a limit counts as passed by the machine, not by the student."""
    return 20 * seconds + 60


def _readable(channels: list[ZmtpSocket], seconds: float) -> list[ZmtpSocket]:
    """Give the channels that can be read; not by `select`, which knows no descriptor above 1023."""
    poller = select.poll()
    for channel in channels:
        poller.register(channel, select.POLLIN)
    ready = {descriptor for descriptor, _ in poller.poll(max(0.0, seconds) * 1000)}
    return [channel for channel in channels if channel.fileno() in ready]
