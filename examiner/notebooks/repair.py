"""Notebooks as students' tools write them, made valid on a copy: what can be read is graded.

Anything may be damaged here, and nothing is raised but `DamagedNotebookError`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode

from examiner._exceptions import DamagedNotebookError
from examiner.notebooks.cells import kind_of, new_cell, unused_id
from examiner.notebooks.outputs import OutputBudget, harmless

__all__ = ["MAX_READ", "as_notebook", "is_readable_as_it_is", "repaired"]

MAX_READ = 100 * 2**20  # bytes of a notebook's file
MAX_NOTEBOOK = 16 * 2**20  # characters without outputs
MAX_CELLS = 2_000
MAX_DIGITS = 300
# In a file larger than MAX_NOTEBOOK: these take many times their size in memory, long texts do not.
MAX_VALUES = {b"[": 2_000_000, b"{": 2_000_000, b",": 10_000_000, b'"': 10_000_000}
BLANK = "\0 \t\r\n"
TOO_LARGE = f"larger than {MAX_NOTEBOOK >> 20} MiB without its outputs"
NOT_VALID = "not a valid notebook"
# What nbgrader keeps in a cell's metadata.
NBGRADER = "grade", "grade_id", "locked", "points", "schema_version", "solution", "task", "cell_type", "checksum"


def as_notebook(data: bytes) -> tuple[NotebookNode, tuple[str, ...]]:
    """Read a notebook from bytes, and repair it.

    Outputs of cells without nbgrader metadata are made harmless; others are dropped.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    NotebookNode
        A valid notebook of nbformat 4.5 without metadata; of its cells' metadata, nbgrader's and the tags are kept.
    tuple of str
        What was repaired, such as ``"it was not UTF-8"``.

    Raises
    ------
    DamagedNotebookError
        It cannot be repaired.
    """
    repairs: list[str] = []
    return _made(_parsed(data, repairs), repairs), tuple(dict.fromkeys(repairs))


def repaired(content: Mapping[str, Any]) -> NotebookNode:
    """Make a valid notebook of one that was parsed already, as `as_notebook` does.

    Parameters
    ----------
    content : mapping
        The notebook; it is not changed.

    Raises
    ------
    DamagedNotebookError
        It cannot be repaired.
    """
    return _made(content, [])


def _made(content: Mapping[str, Any], repairs: list[str]) -> NotebookNode:
    cells = _cells(content, repairs)
    if len(cells) > MAX_CELLS:
        raise DamagedNotebookError(f"a notebook of more than {MAX_CELLS:,} cells")
    budget, ids = OutputBudget(), set[str]()
    made = [_cell(cell, number, ids, repairs, budget) for number, cell in enumerate(cells, start=1)]
    if sum(len(cell.source) + len(str(cell.get("attachments", ""))) for cell in made) > MAX_NOTEBOOK:
        raise DamagedNotebookError(TOO_LARGE)
    # Not nbformat's `new_notebook`, which would check again what has just been made.
    return NotebookNode(cells=made, metadata=NotebookNode(), nbformat=4, nbformat_minor=5)


def is_readable_as_it_is(data: bytes) -> bool:
    """Whether nbgrader can read a notebook without repairs."""
    try:
        notebook = nbformat.convert(nbformat.reader.reads(data.decode()), 4)
        return all(isinstance(cell.source, str) and isinstance(cell.metadata, dict) for cell in notebook.cells)
    except Exception:  # nbformat documents none of what it raises
        return False


# ------------------------------------------------------------------------------------------ JSON


def _parsed(data: bytes, repairs: list[str]) -> dict[str, Any]:
    """The object in a file, whatever its encoding."""
    if len(data) > MAX_READ or (
        len(data) > MAX_NOTEBOOK and any(data.count(mark) > most for mark, most in MAX_VALUES.items())
    ):
        raise DamagedNotebookError(TOO_LARGE)
    odd: list[str] = []
    decoder = json.JSONDecoder(
        parse_constant=odd.append,
        parse_float=lambda text: _finite(float(text), odd),
        parse_int=lambda text: int(text) if len(text) <= MAX_DIGITS else odd.append(text),
    )
    text = _decoded(data, repairs).strip(BLANK)
    try:
        content, end = decoder.raw_decode(text)
    except (ValueError, RecursionError, MemoryError):
        raise DamagedNotebookError(NOT_VALID) from None
    content = _unwrapped(content)
    if not isinstance(content, dict):
        raise DamagedNotebookError(NOT_VALID)
    if end < len(text):  # a shorter file was written over a longer one
        repairs.append("it had text behind its end")
    if odd:
        repairs.append("it had numbers that JSON does not allow")
    return content


def _unwrapped(content: Any) -> Any:
    """The notebook in an answer of Jupyter's contents API, which some tools save as it is."""
    inner = content.get("content") if isinstance(content, dict) and content.get("type") == "notebook" else None
    return inner if isinstance(inner, dict) and "cells" not in content else content


def _decoded(data: bytes, repairs: list[str]) -> str:
    for encoding in dict.fromkeys((json.detect_encoding(data), "utf-8")):  # zeros in front look like UTF-32
        # Blank bytes may be many, and one rare character makes each of them four bytes of text: away first.
        kept = data.strip(BLANK.encode()) if encoding == "utf-8" else data
        try:
            text = kept.decode(encoding, "surrogatepass")
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8":
            name = "UTF-8 with a byte order mark" if encoding == "utf-8-sig" else encoding[:6].upper()
            repairs.append(f"it was saved as {name}")
        return text
    repairs.append("it was not UTF-8")
    return data.decode("cp1252", "replace")


def _finite(number: float, odd: list[str]) -> float | None:
    if math.isfinite(number):
        return number
    odd.append("")
    return None


# ----------------------------------------------------------------------------------------- cells


def _cells(content: Mapping[str, Any], repairs: list[str]) -> list[Any]:
    """The cells of a notebook of any format since 3."""
    version, minor = content.get("nbformat"), content.get("nbformat_minor", 0)
    cells, sheets = content.get("cells"), content.get("worksheets")
    if isinstance(cells, list):
        if version != 4 or not isinstance(version, int) or not isinstance(minor, int):
            repairs.append("its nbformat was missing" if version is None else "its nbformat was not 4")
        if not isinstance(content.get("metadata"), dict):
            repairs.append("its metadata was missing")
        return cells
    if not isinstance(sheets, list):
        raise DamagedNotebookError(NOT_VALID)
    repairs.append("it was converted from nbformat 3")
    return [cell for sheet in sheets if isinstance(sheet, dict) for cell in _listed(sheet.get("cells"))]


def _cell(cell: Any, number: int, ids: set[str], repairs: list[str], budget: OutputBudget) -> NotebookNode:
    """Make a new cell of what is valid in one."""
    if not isinstance(cell, dict):
        repairs.append("it had a cell that was not an object")
        cell = {"cell_type": "raw", "source": "", "metadata": {}}
    metadata, source = _metadata(cell, repairs), _source(cell, repairs)
    name = unused_id(cell.get("id"), ids, f"cell-{number}")
    if cell.get("cell_type") == "code":
        if not isinstance(cell.get("outputs"), list):
            repairs.append("it had a code cell without outputs")
        made = new_cell("code", source, name, metadata)
        if kind_of(made) in ("free", "training"):
            made.outputs = harmless([_modern(output) for output in _listed(cell.get("outputs"))], budget=budget)
        return made
    if cell.get("cell_type") not in ("markdown", "heading"):
        return new_cell("raw", source, name, metadata)
    made = new_cell("markdown", f"# {source}" if cell.get("cell_type") == "heading" else source, name, metadata)
    if attachments := _attachments(cell.get("attachments")):
        made.attachments = attachments
    return made


def _metadata(cell: dict[str, Any], repairs: list[str]) -> dict[str, Any]:
    """A cell's nbgrader metadata and tags: nothing else of it matters here."""
    metadata = cell.get("metadata")
    if not isinstance(metadata, dict):
        repairs.append("it had a cell without metadata")
        return {}
    kept: dict[str, Any] = {}
    if isinstance(nbgrader := metadata.get("nbgrader"), dict):
        values = {key: nbgrader[key] for key in NBGRADER if isinstance(nbgrader.get(key), str | bool | int | float)}
        kept["nbgrader"] = {key: _text(value) if isinstance(value, str) else value for key, value in values.items()}
    tags = [tag for tag in _listed(metadata.get("tags")) if isinstance(tag, str) and tag and "," not in tag]
    if tags:
        kept["tags"] = list(dict.fromkeys(map(_text, tags)))
    return kept


def _source(cell: dict[str, Any], repairs: list[str]) -> str:
    source = cell.get("source", cell.get("input"))
    if not isinstance(source, str | list):
        repairs.append("it had a cell without source")
    return _text(source)


def _text(source: Any) -> str:
    """Give a text that may be a list of lines; half a surrogate pair is not a character: no file could hold it."""
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""


def _attachments(attachments: Any) -> dict[str, dict[str, str]]:
    """Attachments that a notebook may hold; which of them are shown is decided later."""
    found = attachments.items() if isinstance(attachments, dict) else ()
    kept = {
        _text(name): {_text(kind): _text(data) for kind, data in bundle.items() if isinstance(data, str)}
        for name, bundle in found
        if isinstance(bundle, dict)
    }
    return {name: bundle for name, bundle in kept.items() if bundle}


def _modern(output: Any) -> Any:
    """An output of nbformat 3 as nbformat 4 has it."""
    if not isinstance(output, dict) or "data" in output or output.get("output_type") not in ("display_data", "pyout"):
        return output
    data = {"image/png": output.get("png"), "image/jpeg": output.get("jpeg"), "text/plain": output.get("text")}
    return {"output_type": "display_data", "data": data}


def _listed(value: Any) -> Iterator[Any]:
    return iter(value if isinstance(value, list) else ())
