"""A student's saved notebook, read without running it and whatever has happened to the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.work.versions import STAMP

_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?(?:e-?\d+)?)")
_CODE_STUB = re.compile(r"^\s*raise NotImplementedError\(", re.MULTILINE)
_TEXT_STUB = "YOUR ANSWER HERE"
_LONG = "skip-execution"


class UnreadableError(Exception):
    """A file is not a notebook; the message is the end of a sentence that starts with its name."""


@dataclass(frozen=True)
class SavedCell:
    """A cell of a saved notebook.

    Attributes
    ----------
    id : str
        Its grade_id, or else the ID that Jupyter gave it.
    code : bool
    source : str
    outputs : tuple of mapping
        As in the file.
    count : int or None
        The number in brackets before it: when it was run.
    long : bool
        Whether it is tagged `skip-execution`.
    """

    id: str
    code: bool
    source: str
    outputs: tuple[Mapping[str, Any], ...] = ()
    count: int | None = None
    long: bool = False

    @property
    def score(self) -> float | None:
        """The score that its last run showed; None if it showed none."""
        for output in self.outputs:
            if output.get("output_type") == "execute_result":
                shown = _NUMBER.match(_text(_mapping(output.get("data")).get("text/plain")))
                return float(shown[1]) if shown else None
        return None

    @property
    def error(self) -> str | None:
        """The name of the exception that ended its last run."""
        names = (str(output.get("ename")) for output in self.outputs if output.get("output_type") == "error")
        return next(names, None)

    @property
    def tested_version(self) -> str | None:
        """The version of the answer that its outputs are about; see `toolkit.work.versions`."""
        stamps = (_mapping(output.get("metadata")).get(STAMP) for output in self.outputs)
        return next((str(stamp) for stamp in stamps if stamp), None)

    @property
    def blank(self) -> bool:
        """Whether nothing has been written into it: it is empty, or still has its stub."""
        if self.code:
            return not self.source.strip() or bool(_CODE_STUB.search(self.source))
        return self.source.strip() in ("", _TEXT_STUB)


@dataclass(frozen=True)
class Saved:
    """A saved notebook.

    Attributes
    ----------
    cells : tuple of SavedCell
    """

    cells: tuple[SavedCell, ...]

    def find(self, cell_id: str) -> SavedCell | None:
        """Return the first cell of this ID."""
        return next((cell for cell in self.cells if cell.id == cell_id), None)


def read_saved(path: Path) -> Saved:
    """Read a notebook that a student has saved.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Saved

    Raises
    ------
    UnreadableError
        The file is missing, or is not a notebook.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UnreadableError("is not in this folder") from None
    except OSError as error:
        raise UnreadableError(f"cannot be read ({error.strerror or error})") from None
    except (ValueError, RecursionError):
        raise UnreadableError("is damaged: open it in Jupyter, or start again from the released file") from None
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError("is not a notebook: start again from the released file")
    return Saved(tuple(_cells(cells)))


def _cells(cells: list[Any]) -> Iterator[SavedCell]:
    for cell in map(_mapping, cells):
        metadata = _mapping(cell.get("metadata"))
        grading = _mapping(metadata.get("nbgrader"))
        outputs, count, tags = cell.get("outputs"), cell.get("execution_count"), metadata.get("tags")
        yield SavedCell(
            str(grading.get("grade_id") or cell.get("id") or ""),
            cell.get("cell_type") == "code",
            _text(cell.get("source")),
            tuple(map(_mapping, outputs)) if isinstance(outputs, list) else (),
            count if isinstance(count, int) else None,
            isinstance(tags, list) and _LONG in tags,
        )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """Text as notebooks store it: one string, or a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")
