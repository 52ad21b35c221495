"""A client's end of a kernel's socket that no kernel can fill without bounds.

Kernels speak ZMTP, the protocol of ZeroMQ, over unix sockets.  ZeroMQ itself is made for peers that mean
well: it keeps all parts of an unfinished message in memory, reconnects by itself, and does both in a thread of
its own.  This client reads the protocol (https://rfc.zeromq.org/spec/23/) itself, on one connection: it keeps no
more than it is told to, and drops what is larger.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Generator
from typing import Literal

from examiner._exceptions import ProtocolError
from examiner.frames import Incoming, received_now

__all__ = ["MAX_CONTENT", "OVERSIZE", "Channel", "ZmtpSocket"]

Channel = Literal["shell", "iopub", "calls"]
"""A kernel's sockets: for cells, for what it publishes, and for calls, which are not ZMTP."""

_GREETING = b"\xff" + bytes(7) + b"\x01\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
_MORE, _LONG, _COMMAND = 1, 2, 4
SEND_SECONDS = 10  # a kernel may stop reading
MAX_CONTENT = 8 * 2**20  # bytes of one message's JSON
OVERSIZE: list[bytes] = []
"""Stands for a message that was larger than the limit, or had more frames."""


class ZmtpSocket:
    """One connected socket of a kernel, read without blocking.

    Parameters
    ----------
    connection : socket.socket
        Connected to the kernel; it is closed with this one.
    kind : str
        ``"DEALER"`` for requests and replies, ``"SUB"`` for what the kernel publishes.
    max_bytes, max_frames : int
        The largest message that is kept; of a larger one only `OVERSIZE` remains.
    """

    def __init__(self, connection: socket.socket, kind: str, max_bytes: int, max_frames: int = 512) -> None:
        self._max_bytes, self._max_frames = max_bytes, max_frames
        self._incoming = Incoming()  # never more than one frame that is kept, and one chunk
        self._messages: list[list[bytes]] = []
        self._waiting: list[bytes] | None = []  # to be sent once the kernel has introduced itself
        self._parser = self._parse()
        next(self._parser)
        self.received = 0
        """Bytes that have come in so far."""
        self.unfinished = False
        """Whether a part of a message has come in."""
        self._socket = connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
        ready = b"\x05READY" + _property(b"Socket-Type", kind.encode()) + _property(b"Identity", b"")
        self._send_raw(_GREETING + bytes([_COMMAND, len(ready)]) + ready)
        if kind == "SUB":
            self.send([b"\x01"])  # subscribes to everything

    def fileno(self) -> int:
        """The socket's number, for `select`."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, frames: list[bytes]) -> None:
        """Send one message.

        Raises
        ------
        ProtocolError
            The kernel takes nothing any more.
        """
        parts = []
        for index, frame in enumerate(frames):
            flags = (_MORE if index + 1 < len(frames) else 0) | (_LONG if len(frame) > 255 else 0)
            size = struct.pack(">Q", len(frame)) if flags & _LONG else bytes([len(frame)])
            parts += [bytes([flags]), size, frame]
        if self._waiting is None:
            self._send_raw(b"".join(parts))
        else:
            self._waiting += parts

    def _send_raw(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError:
            raise ProtocolError("the kernel does not take messages any more") from None

    def receive(self) -> list[list[bytes]]:
        """The messages that have come in completely; never waits.

        Raises
        ------
        ProtocolError
            The kernel has hung up, or does not speak the protocol.
        """
        data = received_now(self._socket)
        if data is None:
            return []
        if not data:
            raise ProtocolError("the kernel has closed its socket")
        self.received += len(data)
        self._incoming += data
        next(self._parser)
        messages, self._messages = self._messages, []
        return messages

    # ------------------------------------------------------------------------- reading

    def _parse(self) -> Generator[None, None, None]:
        """Read messages forever; yields whenever it needs more bytes."""
        greeting = yield from self._incoming.take(len(_GREETING))
        if greeting[0] != 0xFF or greeting[10] < 3:
            raise ProtocolError("the kernel does not speak its protocol")
        yield from self._parse_ready()
        while True:
            yield from self._parse_message()

    def _parse_ready(self) -> Generator[None, None, None]:
        """Read the kernel's introduction: before it, ZeroMQ takes no messages."""
        flags, size = yield from self._incoming.take(2)
        if flags != _COMMAND:
            raise ProtocolError("the kernel does not speak its protocol")
        yield from self._drop(size)
        waiting, self._waiting = self._waiting, None
        self._send_raw(b"".join(waiting or []))

    def _parse_message(self) -> Generator[None, None, None]:
        frames: list[bytes] = []
        kept, more, over = 0, True, False
        while more:
            [flags] = yield from self._incoming.take(1)
            size = int.from_bytes((yield from self._incoming.take(8 if flags & _LONG else 1)), "big")
            if flags & _COMMAND:
                yield from self._drop(size)
                continue
            self.unfinished = True
            kept, more = kept + size, bool(flags & _MORE)
            over = over or kept > self._max_bytes or len(frames) >= self._max_frames
            if over:
                frames.clear()
                yield from self._drop(size)
            else:
                frames.append((yield from self._incoming.take(size)))
        self._messages.append(OVERSIZE if over else frames)
        self.unfinished = False

    def _drop(self, count: int) -> Generator[None, None, None]:
        while count:
            dropped = min(count, len(self._incoming))
            del self._incoming[:dropped]
            count -= dropped
            if count:
                yield


def _property(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
