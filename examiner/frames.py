"""Messages of several frames on a stream: how calls of answers go into the sandbox and their replies come back.

A message is the number of its frames (4 bytes), their sizes (8 bytes each) and the frames. The examiner and the agent
in the sandbox both use this module.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Generator, Sequence
from itertools import accumulate

__all__ = ["CHUNK", "QUIET", "FrameReader", "Incoming", "encoded", "received_now"]

CHUNK = 2**18
"""Bytes that are read at once."""
QUIET = b"quiet"
"""What a reply to a call says where nothing was published meanwhile."""


def encoded(frames: Sequence[bytes]) -> bytes:
    """Give the bytes of a message.

    Parameters
    ----------
    frames : sequence of bytes
    """
    return b"".join((struct.pack(f">I{len(frames)}Q", len(frames), *map(len, frames)), *frames))


def received_now(connection: socket.socket) -> bytes | None:
    """Give what has come in, without waiting: None for nothing, no bytes where the other end has hung up.

    Parameters
    ----------
    connection : socket.socket
    """
    try:
        return connection.recv(CHUNK, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return b""


class Incoming(bytearray):
    """Bytes that have come in and have not been taken."""

    def wait(self, count: int) -> Generator[None, None, None]:
        """Wait until so many bytes have come in; yields until then."""
        while len(self) < count:
            yield

    def take(self, count: int) -> Generator[None, None, bytes]:
        """Take so many from the front; yields as long as there are fewer."""
        yield from self.wait(count)
        taken = bytes(memoryview(self)[:count])
        del self[:count]
        return taken


class FrameReader:
    """Reads messages from bytes that come in pieces.

    It keeps no more than one message and one piece, and the message twice while it is cut into frames.

    Parameters
    ----------
    max_bytes : int
        How many bytes the frames of a message may have, all together.
    max_frames : int
        How many frames it may have.
    """

    def __init__(self, max_bytes: int, max_frames: int) -> None:
        self._max_bytes, self._max_frames = max_bytes, max_frames
        self._incoming = Incoming()
        self._messages: list[list[bytes]] = []
        self._parser = self._parse()
        next(self._parser)

    def feed(self, data: bytes) -> list[list[bytes]]:
        """Take in what has come and give the messages that are complete now.

        Raises
        ------
        ValueError
            A message is larger than it may be, or has more frames; nothing can be read after it.
        """
        self._incoming += data
        next(self._parser)
        messages, self._messages = self._messages, []
        return messages

    def _parse(self) -> Generator[None, None, None]:
        """Read messages forever; yields whenever it needs more bytes."""
        while True:
            [count] = struct.unpack(">I", (yield from self._incoming.take(4)))
            if not 0 < count <= self._max_frames:
                raise ValueError("a message with no frames or too many")
            sizes = struct.unpack(f">{count}Q", (yield from self._incoming.take(8 * count)))
            total = sum(sizes)
            if total > self._max_bytes:
                raise ValueError("a message that is too large")
            yield from self._incoming.wait(total)
            with memoryview(self._incoming) as content:
                places = zip(sizes, accumulate(sizes), strict=True)
                self._messages.append([bytes(content[end - size : end]) for size, end in places])
            del self._incoming[:total]
