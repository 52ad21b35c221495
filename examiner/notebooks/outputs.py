"""What a cell of a student's shows, made harmless: text and pictures, of limited length.

A kernel's messages are hostile, and what is kept of them is looked at in an instructor's browser by
formgrader: HTML, JavaScript, SVG and widgets are left out, only their plain text stays.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

__all__ = ["OutputBudget", "Outputs", "harmless"]

PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
MAX_PICTURE = 3_000_000  # characters of base64
MAX_TRACEBACK = 200  # lines
MAX_OUTPUTS = 300  # of one cell
MAX_NOTEBOOK = 20_000_000  # characters of text and base64 in all cells of one notebook
CUT = "\n[The rest is left out: more than {limit:,} characters.]\n"


@dataclass
class OutputBudget:
    """How many characters the outputs of one notebook may still take, all cells together."""

    left: int = MAX_NOTEBOOK


class Outputs:
    """The outputs of one cell or call, kept within limits as messages come in.

    Parameters
    ----------
    max_text : int
        Characters that are kept in all.
    max_pictures : int
        Pictures that are kept.
    room : OutputBudget, optional
        What the notebook's cells share.

    Attributes
    ----------
    cut : bool
        Whether anything was left out.
    """

    def __init__(self, max_text: int = 100_000, max_pictures: int = 20, room: OutputBudget | None = None) -> None:
        self._max_text, self._left, self._pictures = max_text, max_text, max_pictures
        self._room = room or OutputBudget()
        self._outputs: list[NotebookNode] = []
        self._displays: dict[str, NotebookNode] = {}
        self._clear = False
        self.cut = False

    def __repr__(self) -> str:
        return f"<Outputs: {len(self._outputs)}{', cut' if self.cut else ''}>"

    def add(self, kind: Any, content: Any) -> None:
        """Take in one message of the kernel; what is damaged or of no use is dropped."""
        if not isinstance(content, dict):
            return
        if kind == "clear_output":
            self._clear = True
            if not content.get("wait"):
                self._start_over()
            return
        if kind == "update_display_data":
            self._update(content)
            return
        output = self._output(kind, content)
        if output is None:
            return
        if len(self._outputs) >= MAX_OUTPUTS:
            self.cut = True
            return
        if self._clear:
            self._start_over()
        if kind == "stream" and (last := self._stream(output.name)):
            last.text += output.text
        else:
            self._outputs.append(output)
        self._remember(content, output)

    def finished(self) -> list[NotebookNode]:
        """The outputs, as a notebook holds them."""
        for output in self._outputs:
            if output.output_type == "stream":
                output.text = _overwritten(output.text)
        return self._outputs

    # ---------------------------------------------------------------------------- inside

    def _start_over(self) -> None:
        self._outputs, self._clear = [], False

    def _stream(self, name: str) -> NotebookNode | None:
        """The cell's one stream of this name, as nbclient joins them."""
        found = (o for o in self._outputs if o.output_type == "stream" and o.name == name)
        return next(found, None)

    def _output(self, kind: Any, content: dict[str, Any]) -> NotebookNode | None:
        if kind == "stream":
            name = "stderr" if content.get("name") == "stderr" else "stdout"
            text = self._text(content.get("text"))
            return new_output("stream", name=name, text=text) if text else None
        if kind in ("display_data", "execute_result"):
            data = self._data(content.get("data"))
            count = {"execution_count": None} if kind == "execute_result" else {}
            return new_output(kind, data=data, **count) if data else None
        if kind == "error":
            lines = content.get("traceback")
            lines = lines[:MAX_TRACEBACK] if isinstance(lines, list) else []
            return new_output(
                "error",
                ename=self._text(content.get("ename"))[:200],
                evalue=self._text(content.get("evalue"))[:2000],
                traceback=[self._text(line) for line in lines],
            )
        return None

    def _data(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            return {}
        kept = {kind: picture for kind in PICTURES if (picture := self._picture(kind, data.get(kind)))}
        text = self._text(data.get("text/plain"))
        return {**kept, **({"text/plain": text} if text else {})}

    def _picture(self, kind: str, content: Any) -> str | None:
        if not isinstance(content, str) or not is_picture(kind, content):
            return None
        if self._pictures <= 0 or len(content) > self._room.left:
            self.cut = True
            return None
        self._pictures -= 1
        self._room.left -= len(content)
        return content

    def _text(self, text: Any) -> str:
        if isinstance(text, list):
            text = "".join(part for part in text if isinstance(part, str))
        if not isinstance(text, str):
            return ""
        return self._kept(text.encode(errors="replace").decode())  # half a surrogate pair cannot be saved

    def _kept(self, text: str) -> str:
        kept, note = text[: min(self._left, self._room.left)], ""
        if len(kept) < len(text):
            note = "" if self.cut else CUT.format(limit=self._max_text)
            self._left, self.cut = len(kept), True
        self._left -= len(kept)
        self._room.left -= len(kept)
        return kept + note

    def _remember(self, content: dict[str, Any], output: NotebookNode) -> None:
        transient = content.get("transient")
        name = transient.get("display_id") if isinstance(transient, dict) else None
        if isinstance(name, str) and len(self._displays) < 100:
            self._displays[name] = output

    def _update(self, content: dict[str, Any]) -> None:
        transient = content.get("transient")
        name = transient.get("display_id") if isinstance(transient, dict) else None
        shown = self._displays.get(name) if isinstance(name, str) else None
        data = self._data(content.get("data")) if shown is not None else {}
        if shown is not None and data:
            shown.data = NotebookNode(data)


def harmless(outputs: Any, max_text: int = 100_000) -> list[NotebookNode]:
    """Outputs as they stand in a submitted notebook, made harmless like a kernel's."""
    kept = Outputs(max_text)
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            kept.add(output.get("output_type"), output)
    return kept.finished()


def is_picture(kind: str, content: str) -> bool:
    """Whether this is base64 of what begins like a picture of this kind, and not too large."""
    if len(content) > MAX_PICTURE or not content.isascii():
        return False
    try:
        return base64.b64decode("".join(content.split()), validate=True).startswith(PICTURES[kind])
    except (binascii.Error, ValueError):
        return False


def _overwritten(text: str) -> str:
    """Text as a terminal shows it after carriage returns, which progress bars are made of."""
    return "\n".join(_last_part(line) for line in text.split("\n"))


def _last_part(line: str) -> str:
    parts: Iterable[str] = reversed(line.split("\r"))
    return next((part for part in parts if part), "")
