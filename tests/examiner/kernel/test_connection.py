"""Connecting to a kernel that is coming up."""

from __future__ import annotations

import os
import resource
import socket
from pathlib import Path
from typing import Any, cast

import pytest

from examiner._exceptions import ProtocolError, SandboxError
from examiner.kernel import connection as connection_module
from examiner.kernel.connection import START_SECONDS, Connection, _readable, wall_limit


class Clock:
    """A stopwatch of which a test says how it goes."""

    def __init__(self, step: float, wall_step: float) -> None:
        self.step, self.wall_step = step, wall_step
        self.seconds = self.wall = 0.0

    def look(self) -> float:
        """Let time pass."""
        self.seconds += self.step
        self.wall += self.wall_step
        return self.seconds


class FakeSandbox:
    """A sandbox in which a kernel may come up."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock(0, 0)
        self.status: int | None = None
        self.output = ""
        self.sealed = False

    def stopwatch(self) -> Clock:
        """Give the clock."""
        return self.clock

    def poll(self) -> int | None:
        """Give the status."""
        return self.status

    def seal(self) -> None:
        """Note it."""
        self.sealed = True


class FakeSocket:
    """A kernel's socket; `missing` times it is not there yet."""

    missing = 0
    greets = True
    made: list[FakeSocket]

    def __init__(self, path: Path, kind: str, max_bytes: int) -> None:
        if FakeSocket.missing > 0:
            FakeSocket.missing -= 1
            raise FileNotFoundError(path)
        self.path, self.kind, self.received, self.closed = path, kind, 0, False
        self._ours, self._theirs = socket.socketpair()
        FakeSocket.made.append(self)

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


@pytest.fixture(autouse=True)
def sockets(monkeypatch: pytest.MonkeyPatch) -> list[FakeSocket]:
    """The sockets that are made."""
    monkeypatch.setattr(connection_module, "ZmtpSocket", FakeSocket)
    monkeypatch.setattr(FakeSocket, "made", [], raising=False)
    monkeypatch.setattr(FakeSocket, "missing", 0)
    return FakeSocket.made


def connect(sandbox: Any) -> Connection:
    """Connect."""
    return Connection(sandbox, Path("/ipc/k"))


def test_sockets_that_are_not_there_yet_are_waited_for(sockets: list[FakeSocket]) -> None:
    FakeSocket.missing = 3
    sandbox = FakeSandbox()
    connection = connect(sandbox)
    assert [(str(each.path), each.kind) for each in sockets] == [("/ipc/k-2", "SUB"), ("/ipc/k-1", "DEALER")]
    assert sandbox.sealed
    assert list(connection.receive(0)) == []
    connection.close()
    assert all(each.closed for each in sockets)


@pytest.mark.parametrize(
    "clock", [Clock(START_SECONDS / 4, START_SECONDS / 4), Clock(0, wall_limit(START_SECONDS) / 4)], ids=["own", "wall"]
)
def test_a_kernel_is_not_waited_for_without_end(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeSocket, "greets", False)
    sandbox = FakeSandbox(clock)
    with pytest.raises(SandboxError, match=r"did not start\. It said nothing\."):
        connect(sandbox)
    assert all(each.closed for each in FakeSocket.made)
    assert not sandbox.sealed


def test_a_kernel_that_ends_while_it_starts_is_quoted(sockets: list[FakeSocket]) -> None:
    FakeSocket.missing = 1
    sandbox = FakeSandbox()
    sandbox.status, sandbox.output = 1, "Traceback\nNo module named ipykernel\n"
    with pytest.raises(SandboxError, match=r"did not start\. No module named ipykernel$"):
        connect(sandbox)


def test_a_kernel_that_speaks_something_else_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def receive(self: FakeSocket) -> list[list[bytes]]:
        raise ProtocolError("the kernel does not speak its protocol")

    monkeypatch.setattr(FakeSocket, "receive", receive)
    with pytest.raises(SandboxError, match="did not start: the kernel does not speak its protocol"):
        connect(FakeSandbox())
    assert all(each.closed for each in FakeSocket.made)


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
        channel: Any = ours
        theirs.send(b"!")
        assert channel.fileno() > 1023
        assert _readable([channel], 0) == [channel]
        assert _readable([cast("Any", theirs)], 0) == []
        ours.close()
        theirs.close()
    finally:
        for each in opened:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
