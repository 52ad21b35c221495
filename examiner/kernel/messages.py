"""Jupyter's messages and the replies to calls: composed, signed, and read as what a hostile kernel sent.

The examiner signs, for the kernel insists on it; it does not check signatures, for the kernel's own code
shares its process with the student's and can sign whatever it likes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from examiner.frames import QUIET
from examiner.kernel.zmtp import MAX_CONTENT, OVERSIZE, Channel
from examiner.notebooks import Outputs

__all__ = ["MAX_CONTENT", "Composer", "Exchange", "Message", "read"]

DELIMITER = b"<IDS|MSG>"
PUBLISHED = {"stream", "display_data", "execute_result", "error", "clear_output", "update_display_data"}
QUIET_SECONDS = 1.0  # how long the end of a cell's outputs may come after its reply


class Message(NamedTuple):
    """What is read of a message that answers a request; the kind is None for any other message."""

    kind: str | None
    content: dict[str, Any]


class Composer:
    """Composes and signs the messages of one client.

    Attributes
    ----------
    key : str
        What messages are signed with: for the kernel's connection file.
    """

    def __init__(self) -> None:
        self.key, self._session = secrets.token_hex(16), secrets.token_hex(16)

    def __repr__(self) -> str:
        return f"<Composer of session {self._session[:8]}>"

    def compose(self, name: str, kind: str, content: dict[str, Any]) -> list[bytes]:
        """Give the frames of a message.

        Parameters
        ----------
        name : str
            Its id, which answers name as their parent's.
        kind : str
            Its type, such as ``"execute_request"``.
        content : dict
            What JSON can hold.
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
        return [DELIMITER, signature.encode(), *parts]


def read(frames: list[bytes], parent: str) -> Message:
    """Read a message that answers the one with the id `parent`, trusting nothing.

    Returns
    -------
    Message
        Of no kind, and empty, for any other message and for what is damaged.
    """
    nothing = Message(None, {})
    if DELIMITER not in frames:
        return nothing
    parts = frames[frames.index(DELIMITER) + 2 :]
    if len(parts) < 4 or sum(map(len, parts[:4])) > MAX_CONTENT:
        return nothing
    try:
        # Without the metadata; and of bytes, `json` would guess the encoding.
        header, parent_header, content = (json.loads(parts[place].decode()) for place in (0, 1, 3))
    except (ValueError, RecursionError):
        return nothing
    answers = isinstance(parent_header, dict) and parent_header.get("msg_id") == parent
    if not answers or not isinstance(header, dict) or not isinstance(content, dict):
        return nothing
    kind = header.get("msg_type")
    return Message(kind if isinstance(kind, str) else None, content)


@dataclass
class Exchange:
    """One message to the kernel and what has come back for it so far; anything else is dropped.

    Parameters
    ----------
    channel : {"shell", "calls"}
        The channel of the reply: "shell" for a cell, "calls" for a call.
    outputs : Outputs
        Where what is published goes.
    clock : callable
        Gives wall time, in seconds.
    """

    channel: Channel
    outputs: Outputs
    clock: Callable[[], float] = time.monotonic
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    reply: dict[str, Any] | None = None
    frames: list[bytes] = field(default_factory=list)
    """What a reply to a call holds."""
    idle: bool = False
    foreign: int = 0
    """Messages that answer something else, or nothing."""
    quiet: bool = False
    """Whether the reply says that nothing was published, and so that nothing is to come."""
    replied: float = 0.0

    def finished(self) -> bool:
        """Whether the reply is there, and all that was published (or enough time to publish it)."""
        if self.reply is None:
            return False
        return self.idle or self.clock() > self.replied + QUIET_SECONDS

    def call(self, frames: Sequence[bytes]) -> list[bytes]:
        """Give the frames of a call's message: the call's id, then the request."""
        return [self.id.encode(), *frames]

    def take(self, frames: list[bytes], channel: Channel) -> None:
        """Take in a message that may be anything.

        Parameters
        ----------
        frames : list of bytes
            The message, or `OVERSIZE`.
        channel : {"shell", "iopub", "calls"}
            On which it came.
        """
        if channel == "calls":
            self._take_reply(frames)
        elif frames is OVERSIZE:
            self.outputs.cut = True
            if channel == self.channel and self.reply is None:  # whatever it was, no other will come
                self.reply, self.replied = {}, self.clock()
        else:
            self._take_message(*read(frames, self.id), channel)

    def _take_message(self, kind: str | None, content: dict[str, Any], channel: Channel) -> None:
        if channel == "iopub" and kind == "status":
            self.idle = self.idle or content.get("execution_state") == "idle"
        elif channel == "iopub" and kind in PUBLISHED:
            self.outputs.add(kind, content)
        elif channel == self.channel and kind == "execute_reply" and self.reply is None:
            self.reply, self.replied = content, self.clock()
        else:
            self.foreign += 1

    def _take_reply(self, frames: list[bytes]) -> None:
        """Take in the reply to a call: whose, whether all was quiet meanwhile, and what it holds."""
        if self.channel == "calls" and self.reply is None and len(frames) >= 2 and frames[0] == self.id.encode():
            self.reply, self.frames, self.replied = {}, frames[2:], self.clock()
            self.quiet = frames[1] == QUIET
        else:
            self.foreign += 1
