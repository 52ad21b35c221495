"""Jupyter's messages: composed, signed, and read as what a hostile kernel sent.

The examiner signs, for the kernel insists on it; it does not check signatures, for the kernel's own code
shares its process with the student's and can sign whatever it likes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from examiner.kernel.zmtp import MAX_CONTENT, OVERSIZE
from examiner.notebooks import Outputs

__all__ = ["MAX_CONTENT", "TOO_LARGE", "Composer", "Exchange", "Message", "read"]

DELIMITER = b"<IDS|MSG>"
PUBLISHED = {"stream", "display_data", "execute_result", "error", "clear_output", "update_display_data"}
QUIET_SECONDS = 1.0  # how long the end of a cell's outputs may come after its reply
TOO_LARGE: dict[str, Any] = {}
"""Stands for a reply that was not kept."""


class Message(NamedTuple):
    """What is read of a message that answers a request; the kind is None for any other message."""

    kind: str | None
    content: dict[str, Any]
    buffers: list[bytes]


class Composer:
    """Composes and signs the messages of one client.

    Attributes
    ----------
    key : str
        What messages are signed with: for the kernel's connection file.
    """

    def __init__(self) -> None:
        self.key = uuid.uuid4().hex
        self._session = uuid.uuid4().hex

    def __repr__(self) -> str:
        return f"<Composer of session {self._session[:8]}>"

    def compose(self, name: str, kind: str, content: dict[str, Any], buffers: list[bytes]) -> list[bytes]:
        """Give the frames of a message.

        Parameters
        ----------
        name : str
            Its id, which answers name as their parent's.
        kind : str
            Its type, such as ``"execute_request"``.
        content : dict
            What JSON can hold.
        buffers : list of bytes
            What follows the JSON.
        """
        header = {
            "msg_id": name,
            "msg_type": kind,
            "session": self._session,
            "username": "examiner",
            "date": "2000-01-01T00:00:00+00:00",
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        signature = hmac.new(self.key.encode(), b"".join(parts), hashlib.sha256).hexdigest()
        return [DELIMITER, signature.encode(), *parts, *buffers]


def read(frames: list[bytes], parent: str) -> Message:
    """Read a message that answers the one with the id `parent`, trusting nothing.

    Returns
    -------
    Message
        Of no kind, and empty, for any other message and for what is damaged.
    """
    nothing = Message(None, {}, [])
    if DELIMITER not in frames:
        return nothing
    parts = frames[frames.index(DELIMITER) + 2 :]
    if len(parts) < 4 or sum(map(len, parts[:4])) > MAX_CONTENT:
        return nothing
    try:
        header, parent_header, _, content = map(json.loads, parts[:4])
    except (ValueError, RecursionError):
        return nothing
    answers = isinstance(parent_header, dict) and parent_header.get("msg_id") == parent
    if not answers or not isinstance(header, dict) or not isinstance(content, dict):
        return nothing
    kind = header.get("msg_type")
    return Message(kind if isinstance(kind, str) else None, content, parts[4:])


@dataclass
class Exchange:
    """One message to the kernel and what has come back for it so far; anything else is dropped.

    Parameters
    ----------
    wanted : str
        The type of the reply.
    outputs : Outputs
        Where what is published goes.
    clock : callable
        Gives wall time, in seconds.
    """

    wanted: str
    outputs: Outputs
    clock: Callable[[], float] = time.monotonic
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    reply: dict[str, Any] | None = None
    buffers: list[bytes] = field(default_factory=list)
    idle: bool = False
    quiet: bool = False
    """Whether the reply says that nothing was published, and so that nothing is to come."""
    replied: float = 0.0

    def finished(self) -> bool:
        """Whether the reply is there, and all that was published (or enough time to publish it)."""
        if self.reply is None:
            return False
        return self.idle or self.clock() > self.replied + QUIET_SECONDS

    def take(self, frames: list[bytes], *, published: bool) -> None:
        """Take in a message that may be anything.

        Parameters
        ----------
        frames : list of bytes
            The message, or `OVERSIZE`.
        published : bool
            Whether it came as something published, not as a reply.
        """
        if frames is OVERSIZE:
            self.outputs.cut = True
            if not published and self.reply is None:  # whatever it was, no other will come
                self.reply, self.replied = TOO_LARGE, self.clock()
            return
        kind, content, buffers = read(frames, self.id)
        if published and kind == "status":
            self.idle = self.idle or content.get("execution_state") == "idle"
        elif published and kind in PUBLISHED:
            self.outputs.add(kind, content)
        elif not published and kind == self.wanted and self.reply is None:
            self.reply, self.buffers, self.replied = content, buffers, self.clock()
            self.quiet = content.get("quiet") is True
