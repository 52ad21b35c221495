"""The examiner's end of the socket on which calls of answers go to a kernel: it never waits."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from examiner._exceptions import ProtocolError
from examiner.frames import FrameReader, encoded, received_now

__all__ = ["CallSocket"]


class CallSocket:
    """One end of a pair of sockets; a hostile kernel may have the other end.

    Parameters
    ----------
    connection : socket.socket
        It is closed with this one.
    max_bytes, max_frames : int
        How large a reply may be.
    """

    def __init__(self, connection: socket.socket, max_bytes: int, max_frames: int) -> None:
        self._socket, self._reader = connection, FrameReader(max_bytes, max_frames)
        self._outgoing = memoryview(b"")
        self.received = 0
        """Bytes that have come in so far."""
        connection.setblocking(False)

    def fileno(self) -> int:
        """The socket's number, for `select`."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    @property
    def sending(self) -> bool:
        """Whether part of a message is still to be sent; the next `receive` sends more."""
        return bool(self._outgoing)

    def send(self, frames: Sequence[bytes]) -> None:
        """Send a message, as far as the kernel takes it now.

        Raises
        ------
        ProtocolError
            The kernel has hung up.
        """
        self._outgoing = memoryview(bytes(self._outgoing) + encoded(frames))
        self._send_more()

    def receive(self) -> list[list[bytes]]:
        """The messages that have come in completely; sends what is still to be sent.

        Raises
        ------
        ProtocolError
            The kernel has hung up, or has sent something that is not a reply.
        """
        self._send_more()
        data = received_now(self._socket)
        if data is None:
            return []
        if not data:
            raise ProtocolError("the kernel has closed its socket")
        self.received += len(data)
        try:
            return self._reader.feed(data)
        except ValueError as error:
            raise ProtocolError(f"the kernel has sent {error}") from None

    def _send_more(self) -> None:
        try:
            while self._outgoing:
                self._outgoing = self._outgoing[self._socket.send(self._outgoing) :]
        except BlockingIOError:
            return
        except OSError:
            raise ProtocolError("the kernel does not take messages any more") from None
