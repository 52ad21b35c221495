"""Outputs of a student's cell, made harmless: text and pictures, of limited length.

A kernel's messages are hostile, and what is kept of them is looked at in an instructor's browser and terminal:
HTML, JavaScript, SVG and widgets are left out, only their plain text stays; of the text, letters and some colors.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import nbformat
from nbformat import NotebookNode

__all__ = [
    "OutputBudget",
    "Outputs",
    "as_submitted",
    "clean_text",
    "harmless",
    "new_output",
    "picture",
    "pictures_of",
    "with_pictures",
]

MAX_PICTURE = 3_000_000  # characters of base64
MAX_PIXELS = 16_000_000  # of one picture: a few kB of PNG can hold gigabytes of them
MAX_TRACEBACK = 200  # lines
MAX_OUTPUTS = 300  # of one cell
MAX_NOTEBOOK = 20_000_000  # characters of text and base64 in all cells of one notebook
MAX_COLORS = 400  # changes of color in one output
MAX_NOTEBOOK_COLORS = 20_000  # feedback makes an element of each
_NOT_DRAWN = re.compile(r"<(?:Figure|IPython\.core\.display\.Image|PIL\.)")
OWN_PICTURES = "(Pictures of the student's own run, as submitted.)\n"
OWN_OUTPUTS = "(The output of the student's own run, as submitted.)\n"
CUT = "\n[The rest is left out: more than {limit:,} characters.]\n"


@dataclass
class OutputBudget:
    """What the outputs of one notebook may still take, all cells together: characters, and changes of color."""

    left: int = MAX_NOTEBOOK
    colors: int = MAX_NOTEBOOK_COLORS


class Outputs:
    """The outputs of one cell or call, kept within limits as messages come in.

    Parameters
    ----------
    max_text : int
        Characters that are kept in all.
    max_pictures : int
        Pictures that are kept.
    budget : OutputBudget, optional
        The budget that the notebook's cells share.

    Attributes
    ----------
    cut : bool
        Whether anything was left out.
    """

    def __init__(self, max_text: int = 100_000, max_pictures: int = 20, budget: OutputBudget | None = None) -> None:
        self._max_text, self._max_pictures = max_text, max_pictures
        self._budget = budget or OutputBudget()
        self._text_used = self._picture_used = self._pictures = 0
        self._outputs: list[NotebookNode] = []
        self._streams: dict[str, list[str]] = {}
        self._displays: dict[str, NotebookNode] = {}
        self._clear = self._noted = False
        self.cut = False

    def __repr__(self) -> str:
        return f"<Outputs: {len(self._outputs)}{', cut' if self.cut else ''}>"

    def add(self, kind: Any, content: Any) -> None:
        """Take in one message of the kernel; damaged and irrelevant messages are dropped."""
        if not isinstance(content, dict):
            return
        if kind == "clear_output":
            self._clear = True
            if not content.get("wait"):
                self._start_over()
        elif kind == "update_display_data":
            self._update(content)
        elif isinstance(kind, str) and kind in _MAKERS:
            if self._clear:
                self._start_over()
            if len(self._outputs) >= MAX_OUTPUTS:
                self.cut = True
            elif output := _MAKERS[kind](self, content):
                self._outputs.append(output)
                self._remember(content, output)

    def finished(self) -> list[NotebookNode]:
        """Give the outputs, as a notebook holds them."""
        for output in self._outputs:
            if output.output_type == "stream" and (parts := self._streams.pop(output.name, None)):
                [output.text] = self._colored([_overwritten(output.text + "".join(parts))])
        return [output for output in self._outputs if output.output_type != "stream" or output.text]

    # ---------------------------------------------------------------------------- inside

    def _start_over(self) -> None:
        """Forget all outputs, and what they took: of a picture that is drawn again and again, the last one stays."""
        self._outputs, self._streams, self._clear = [], {}, False
        self._budget.left += self._text_used + self._picture_used
        self._text_used = self._picture_used = self._pictures = 0
        self._noted = False

    def _stream(self, content: dict[str, Any]) -> NotebookNode | None:
        """Text of a stream: a cell has one output of each name, as nbclient joins them."""
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        text = self._kept(_joined(content.get("text")))
        if not text:
            return None
        there = any(each.output_type == "stream" and each.name == name for each in self._outputs)
        self._streams.setdefault(name, []).append(text)
        return None if there else new_output("stream", name=name, text="")

    def _display(self, content: dict[str, Any]) -> NotebookNode | None:
        data = self._data(content.get("data"))
        return new_output("display_data", data=data) if data else None

    def _result(self, content: dict[str, Any]) -> NotebookNode | None:
        data = self._data(content.get("data"))
        return new_output("execute_result", data=data) if data else None

    def _error(self, content: dict[str, Any]) -> NotebookNode:
        lines: Any = content.get("traceback")
        lines = lines[:MAX_TRACEBACK] if isinstance(lines, list) else []
        return new_output(
            "error",
            ename=" ".join(clean_text(self._kept(_joined(content.get("ename"))[:200])).split()),
            evalue=clean_text(self._kept(_joined(content.get("evalue"))[:2000])),
            traceback=self._colored([self._kept(_joined(line)) for line in lines]),
        )

    def _data(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            return {}
        kept = {kind: found for kind in PICTURES if (found := self._picture(kind, data.get(kind)))}
        text = self._text(data.get("text/plain"))
        return {**kept, **({"text/plain": text} if text else {})}

    def _picture(self, kind: str, content: Any) -> str | None:
        found = picture(kind, content)
        if found is not None and (self._pictures >= self._max_pictures or len(found) > self._budget.left):
            self.cut, found = True, None
        if found is not None:
            self._pictures += 1
            self._picture_used += len(found)
            self._budget.left -= len(found)
        return found

    def _text(self, text: Any) -> str:
        return self._colored([self._kept(_joined(text))])[0]

    def _colored(self, texts: list[str]) -> list[str]:
        """The texts of one output, cleaned."""
        own = OutputBudget(colors=min(MAX_COLORS, self._budget.colors))
        self._budget.colors -= own.colors
        cleaned = [clean_text(text, own) for text in texts]
        self._budget.colors += own.colors
        return cleaned

    def _kept(self, text: str) -> str:
        """As much of a text as may be kept; where it is cut, a note says so, once."""
        left = max(min(self._max_text - self._text_used, self._budget.left), 0)
        kept, note = text[:left], ""
        if len(kept) < len(text):
            note = "" if self._noted else CUT.format(limit=self._max_text)
            self._noted = self.cut = True
        self._text_used += len(kept)
        self._budget.left -= len(kept)
        return kept + note

    def _remember(self, content: dict[str, Any], output: NotebookNode) -> None:
        name = _display_id(content) if "data" in output else None  # not of a text, which an update would make invalid
        if name is not None and len(self._displays) < 100:
            self._displays[name] = output

    def _update(self, content: dict[str, Any]) -> None:
        shown = self._displays.get(_display_id(content) or "")
        data = self._data(content.get("data")) if shown is not None else {}
        if shown is not None and data:
            shown.data = NotebookNode(data)


_MAKERS: dict[Any, Callable[[Outputs, dict[str, Any]], NotebookNode | None]] = {
    "stream": Outputs._stream,
    "display_data": Outputs._display,
    "execute_result": Outputs._result,
    "error": Outputs._error,
}


def harmless(outputs: Any, max_text: int = 100_000, budget: OutputBudget | None = None) -> list[NotebookNode]:
    """Make the outputs in a submitted notebook harmless, like a kernel's.

    Parameters
    ----------
    outputs : object
        The outputs of a cell; anything in them may be damaged.
    max_text : int
        Characters that are kept in all.
    budget : OutputBudget, optional
        The budget that the notebook's cells share.

    Returns
    -------
    list of NotebookNode
        Valid outputs.
    """
    kept = Outputs(max_text, budget=budget)
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            kept.add(output.get("output_type"), output)
    return kept.finished()


def pictures_of(outputs: Iterable[Any]) -> list[Any]:
    """Give those outputs that say to be pictures.

    Parameters
    ----------
    outputs : iterable of object
        Anything in them may be damaged.
    """
    data = [(output, output.get("data") if isinstance(output, dict) else None) for output in outputs]
    return [output for output, kinds in data if isinstance(kinds, dict) and not PICTURES.keys().isdisjoint(kinds)]


def with_pictures(
    outputs: Iterable[NotebookNode], submitted: Iterable[NotebookNode], budget: OutputBudget
) -> list[NotebookNode]:
    """Put submitted pictures where a cell that was run without drawing would have shown its own.

    Parameters
    ----------
    outputs : iterable of NotebookNode
        Of the run.
    submitted : iterable of NotebookNode
        Outputs that are pictures, in order.
    budget : OutputBudget
        The budget that the notebook's cells share.

    Returns
    -------
    list of NotebookNode
        With a line that says whose pictures these are.
    """
    waiting, placed = list[NotebookNode](), list[NotebookNode]()
    for each in submitted:
        size = sum(map(len, each.data.values()))
        if size <= budget.left:
            budget.left -= size
            waiting.append(each)
    for output in outputs:
        is_place = _NOT_DRAWN.match(output.get("data", {}).get("text/plain", ""))
        placed.append(waiting.pop(0) if is_place and waiting else output)
    return [*placed, *waiting, new_output("stream", name="stdout", text=OWN_PICTURES)]


def as_submitted(outputs: Iterable[NotebookNode], budget: OutputBudget) -> list[NotebookNode]:
    """Keep the submitted outputs of a cell that is not run, with a line that says whose they are.

    Parameters
    ----------
    outputs : iterable of NotebookNode
        Made harmless already.
    budget : OutputBudget
        The budget that the notebook's cells share.
    """
    return [*harmless(list(outputs), budget=budget), new_output("stream", name="stdout", text=OWN_OUTPUTS)]


def new_output(kind: str, **content: Any) -> NotebookNode:
    """Make an output of nbformat 4.5, without validating it: a notebook is validated as a whole, where it is complete.

    Parameters
    ----------
    kind : str
        ``"stream"``, ``"display_data"``, ``"execute_result"`` or ``"error"``.
    **content
        What an output of this kind holds; metadata and number are added where they belong.
    """
    more: dict[str, dict[str, Any]] = {
        "display_data": {"metadata": {}},
        "execute_result": {"metadata": {}, "execution_count": None},
    }
    return cast(NotebookNode, nbformat.from_dict({"output_type": kind, **more.get(kind, {}), **content}))


def _display_id(content: dict[str, Any]) -> str | None:
    transient = content.get("transient")
    name = transient.get("display_id") if isinstance(transient, dict) else None
    return name if isinstance(name, str) else None


def _joined(text: Any) -> str:
    """Text that may be in parts; half a surrogate pair cannot be saved."""
    if isinstance(text, list):
        text = "".join(part for part in text if isinstance(part, str))
    return text.encode(errors="replace").decode() if isinstance(text, str) else ""


# ---------------------------------------------------------------------------------------- pictures


def picture(kind: str, content: Any) -> str | None:
    """Give the base64 of a picture; None where it is not one of this kind, or too large.

    Parameters
    ----------
    kind : str
        ``image/png`` or ``image/jpeg``.
    content : object
        Base64, possibly in lines.
    """
    if not isinstance(content, str) or len(content) > MAX_PICTURE or not content.isascii():
        return None
    text = "".join(content.split())
    try:
        size = PICTURES[kind](base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, struct.error, KeyError):
        return None
    return text if size is not None and 0 < size[0] * size[1] <= MAX_PIXELS else None


def _png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the header, which comes first."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the first frame header, wherever it is."""
    place = 2 if data.startswith(b"\xff\xd8\xff") else len(data)
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        filler = marker == 0xFF
        place += 1 if filler else 2 + struct.unpack(">H", data[place + 2 : place + 4])[0]
    return None


PICTURES: dict[str, Callable[[bytes], tuple[int, int] | None]] = {"image/png": _png_size, "image/jpeg": _jpeg_size}


# -------------------------------------------------------------------------------------------- text

# A run of sequences that set colors; not possessive (`++`), for then Python before 3.11.5 goes too far.
_COLORS = re.compile(r"(?:\x1b\[[0-9;]{0,40}m)+")
_CONTROL = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]{0,500}(?:\x07|\x1b\\|\x9c)?"  # titles, links
    r"|(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"  # movements of the cursor, and everything like them
    r"|\x1b[ -/]*+[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    r"|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"  # order of writing
)
_SEPARATORS = re.compile("[\u2028\u2029\x85]")
MAX_RUNS = 2_000  # runs of one text that are looked at
MAX_RUN = 200  # characters of one run
_ENDS = 22, 23, 24, 27, 39, 49
_STYLES = (
    dict.fromkeys((1, 22), "bold")
    | dict.fromkeys((3, 23), "italic")
    | dict.fromkeys((4, 24), "underline")
    | dict.fromkeys((7, 27), "inverse")
    | dict.fromkeys((*range(30, 40), *range(90, 98)), "color")
    | dict.fromkeys((*range(40, 50), *range(100, 108)), "background")
)


def clean_text(text: str, budget: OutputBudget | None = None) -> str:
    """Give a text without control characters; of the escape sequences, only changes of color stay, not too many.

    Parameters
    ----------
    text : str
        Any text.
    budget : OutputBudget, optional
        What the notebook's outputs may still take; without one, no colors stay.

    Returns
    -------
    str
        What a page or terminal can show.
    """
    text, kept, place = _SEPARATORS.sub("\n", text), [], 0
    allowed = budget.colors if budget is not None else 0
    style: dict[str, str] = {}
    shown: dict[str, str] = {}
    for number, run in enumerate(_COLORS.finditer(text)):
        if allowed < 2 or number >= MAX_RUNS:  # one is for the end
            break
        if plain := _CONTROL.sub("", text[place : run.start()]):
            if style != shown:
                kept.append(_sequence(style))
                shown, allowed = style, allowed - 1
            kept.append(plain)
        style, place = _styled(style, run[0]), run.end()
    rest = _CONTROL.sub("", text[place:])
    if rest and style != shown and allowed > 1:
        kept.append(_sequence(style))
        shown, allowed = style, allowed - 1
    kept.append(rest)
    if shown:
        kept.append(_sequence({}))
        allowed -= 1
    if budget is not None:
        budget.colors = allowed
    return "".join(kept)


def _styled(style: dict[str, str], run: str) -> dict[str, str]:
    """The style after a run of sequences that set it; of a long run, after its last ones."""
    run, new = run[-MAX_RUN:], dict(style)
    parameters = iter(run[run.index("\x1b") + 2 : -1].replace("m\x1b[", ";").split(";"))
    for each in parameters:
        number = int(each or 0)
        if number in (38, 48):
            mode = next(parameters, "")
            values = [next(parameters, "") for _ in range({"5": 1, "2": 3}.get(mode, 0))]
            if values and all(value.isdecimal() and int(value) < 256 for value in values):
                new[_STYLES[number]] = ";".join([each, mode, *values])
        elif number == 0:
            new.clear()
        elif number in _ENDS:
            new.pop(_STYLES[number], None)
        elif number in _STYLES:
            new[_STYLES[number]] = str(number)
    return new


def _sequence(style: dict[str, str]) -> str:
    return f"\x1b[{';'.join(['0', *style.values()])}m"


def _overwritten(text: str) -> str:
    """Text as a terminal shows it after carriage returns, which progress bars are made of."""
    return "\n".join(_last_part(line) for line in text.split("\n")) if "\r" in text else text


def _last_part(line: str) -> str:
    parts: Iterable[str] = reversed(line.split("\r"))
    return next((part for part in parts if part), "")
