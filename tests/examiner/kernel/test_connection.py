"""Connecting to a kernel that is coming up."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator

import pytest

from examiner._exceptions import ProtocolError, SandboxError
from examiner.kernel import connection as connection_module
from examiner.kernel.calls import CallSocket
from examiner.kernel.connection import MAX_REPLY, START_SECONDS, Connection, _poller, _ready, wall_limit


class Clock:
    """A stopwatch of which a test says how it goes."""

    def __init__(self, step: float, wall_step: float) -> None:
        self.step, self.wall_step = step, wall_step
        self.seconds = self.wall = 0.0

    def look(self, limit: float = 0.0) -> float:
        """Let time pass."""
        self.seconds += self.step
        self.wall += self.wall_step
        return self.seconds


class FakeSocket:
    """A kernel's socket."""

    greets, sending = True, False

    def __init__(self, connection: str, kind: str | int, max_bytes: int) -> None:
        self.connection, self.kind, self.received, self.closed = connection, kind, 0, False
        self._ours, self._theirs = socket.socketpair()
        MADE.append(self)

    def fileno(self) -> int:
        """A descriptor that cannot be read."""
        return self._ours.fileno()

    def receive(self) -> list[list[bytes]]:
        """Greet."""
        return [[b"welcome"]] if self.greets else []

    def close(self) -> None:
        """Close it."""
        self.closed = True
        self._ours.close()
        self._theirs.close()


MADE: list[FakeSocket] = []


@pytest.fixture(autouse=True)
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sockets are fake ones."""
    monkeypatch.setattr(connection_module, "ZmtpSocket", FakeSocket)
    monkeypatch.setattr(connection_module, "CallSocket", FakeSocket)
    MADE.clear()
    yield
    for each in MADE:
        each.close()


def connect(clock: Clock | None = None) -> Connection:
    """Connect."""
    return Connection("shell", "iopub", "calls", clock or Clock(0, 0))  # type: ignore[arg-type]


def test_cells_calls_and_what_is_published_have_a_socket_each() -> None:
    connection = connect()
    connection.wait_for_greeting()
    kinds = {(each.connection, each.kind) for each in MADE}
    assert kinds == {("shell", "DEALER"), ("iopub", "SUB"), ("calls", MAX_REPLY)}
    assert list(connection.receive(0)) == []
    connection.close()
    assert all(each.closed for each in MADE)


@pytest.mark.parametrize(
    "clock", [Clock(START_SECONDS / 4, START_SECONDS / 4), Clock(0, wall_limit(START_SECONDS) / 4)], ids=["own", "wall"]
)
def test_a_kernel_is_not_waited_for_without_end(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeSocket, "greets", False)
    with pytest.raises(SandboxError, match="did not start"):
        connect(clock).wait_for_greeting()


def test_a_kernel_that_speaks_something_else_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def receive(self: FakeSocket) -> list[list[bytes]]:
        raise ProtocolError("the kernel does not speak its protocol")

    monkeypatch.setattr(FakeSocket, "receive", receive)
    with pytest.raises(SandboxError, match="did not start: the kernel does not speak its protocol"):
        connect().wait_for_greeting()


def test_polling_knows_descriptors_above_1023() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2000:
        pytest.skip("no such descriptor is allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    opened: list[int] = []
    try:
        while not opened or opened[-1] < 1100:
            opened.append(os.open("/dev/null", os.O_RDONLY))
        ours, theirs = socket.socketpair()
        channel, other = CallSocket(ours, 100, 5), CallSocket(theirs, 100, 5)
        other.send([b"!"])
        assert channel.fileno() > 1023
        assert _ready(_poller([channel, other]), 0) == {channel.fileno()}
        assert _ready(_poller([other]), 0) == set()
        channel.close()
        other.close()
    finally:
        for each in opened:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
