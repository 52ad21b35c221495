"""A client of a kernel's socket, and bytes that come to it in pieces."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import TypeVar

from examiner._exceptions import ProtocolError
from examiner.kernel.calls import CallSocket
from examiner.kernel.zmtp import ZmtpSocket

Client = TypeVar("Client", CallSocket, ZmtpSocket)


@contextlib.contextmanager
def connected(make: Callable[[socket.socket], Client]) -> Iterator[tuple[Client, socket.socket]]:
    """A client and the other end of its socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    client = make(ours)
    try:
        yield client, theirs
    finally:
        client.close()
        theirs.close()


def received(
    make: Callable[[socket.socket], Client],
    data: bytes,
    sizes: list[int],
    check: Callable[[Client, bytes], None] = lambda client, piece: None,
) -> tuple[list[list[bytes]], bool]:
    """Give what a client makes of bytes that come in pieces, and whether it gave up; `check` it after each piece."""
    messages: list[list[bytes]] = []
    with connected(make) as (client, peer):
        place, turn = 0, 0
        while place < len(data):
            piece = data[place : place + sizes[turn % len(sizes)]]
            place, turn = place + len(piece), turn + 1
            peer.sendall(piece)
            try:
                messages += client.receive()
            except ProtocolError:
                return messages, True
            check(client, piece)
            assert client.received == place
        return messages, False
