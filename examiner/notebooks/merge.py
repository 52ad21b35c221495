"""Merge a submission onto the source notebook: what is graded is the source, with the student's cells in it.

The given cells, tests, tasks, points and the notebook's metadata are the source's, whatever the submission
says.  The student's answers and written answers are put in by ``grade_id``; all other cells of theirs (helpers,
plots, experiments) follow the cell that they followed in the submission.
"""

from __future__ import annotations

import copy
import html
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from traitlets.config import Config

from examiner.notebooks.cells import TRAINING_TAG, grade_id, kind_of, read
from examiner.notebooks.outputs import harmless, is_picture

__all__ = ["merge", "prepared_source"]

THEIRS = ("answer", "written")
# A space after "<" makes text of what a browser would take for a tag, and harms no formula.
_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!https?://)")
_ACTIVE = ("javascript:", "vbscript:", "data:text", "data:image/svg", "data:application", "```mermaid", "~~~mermaid")
_ATTACHED = re.compile(r"""attachment:([^)\s"'>\]]*)""")
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_SOURCES: dict[tuple[Path, int, int, str], NotebookNode] = {}


@dataclass(frozen=True)
class _Place:
    """A cell of the submission, and the source's cell that it follows or fills."""

    cell: NotebookNode
    anchor: str | None
    fills: bool


def prepared_source(path: Path, config: Config | None = None) -> NotebookNode:
    """Read a source notebook as the gradebook knows it: solutions taken out, hidden tests in, checksums.

    Parameters
    ----------
    path : Path
        The notebook.
    config : traitlets.config.Config, optional
        nbgrader's configuration: it says what a stub looks like.
    """
    from nbgrader.preprocessors import ClearOutput, ClearSolutions, ComputeChecksums, LockCells  # slow

    status = path.stat()
    stubs = repr(config.get("ClearSolutions")) if config else ""
    key = (path, status.st_mtime_ns, status.st_size, stubs)
    if key not in _SOURCES:
        notebook, resources = read(path), {"language": "python"}
        for step in (LockCells, ClearSolutions, ClearOutput, ComputeChecksums):
            notebook, resources = step(config=config or Config()).preprocess(notebook, resources)
        if len(_SOURCES) > 64:
            _SOURCES.clear()
        _SOURCES[key] = notebook
    return copy.deepcopy(_SOURCES[key])


def merge(source: NotebookNode, submission: NotebookNode) -> NotebookNode:
    """Put a student's cells into the source notebook.

    Parameters
    ----------
    source : NotebookNode
        As `prepared_source` gives it; it is not changed.
    submission : NotebookNode
        What was handed in; anything in it may be damaged.

    Returns
    -------
    NotebookNode
        A notebook of the source's cells with nbgrader metadata, and of the student's.
    """
    merged = copy.deepcopy(source)
    skeleton = {grade_id(cell): cell for cell in merged.cells if cell.metadata.get("nbgrader")}
    places = list(_places(submission, skeleton))
    chosen: dict[str, NotebookNode] = {}
    for place in places:
        if place.fills and place.anchor is not None:
            before = chosen.get(place.anchor)
            if before is None or _text(place.cell) != skeleton[place.anchor].source:
                chosen[place.anchor] = place.cell  # of several that were written in, the last
    for name, cell in chosen.items():
        text, is_text = _text(cell), skeleton[name].cell_type == "markdown"
        skeleton[name].source = _plain(text) if is_text else text
        if is_text:
            _paste(cell, skeleton[name])
    taken, given = set(skeleton), {cell.source for cell in source.cells}
    after: dict[str | None, list[NotebookNode]] = {}
    for place in places:
        if not any(place.cell is cell for cell in chosen.values()):
            after.setdefault(place.anchor, []).append(_free(place.cell, taken, given))
    cells = [*after.get(None, [])]
    for name, cell in skeleton.items():
        cells += [cell, *after.get(name, [])]
    merged.cells = cells
    return merged


def _places(submission: NotebookNode, skeleton: dict[str, NotebookNode]) -> Iterator[_Place]:
    """The student's cells, each with where it belongs; copies of what is the source's own are left out."""
    anchor: str | None = None
    cells = submission.get("cells")
    for cell in cells if isinstance(cells, list) else []:
        if not isinstance(cell, dict):
            continue
        name = _name(cell, skeleton)
        if name is None:
            yield _Place(NotebookNode(cell), anchor, False)
        elif kind_of(skeleton[name]) in THEIRS:
            anchor = name
            yield _Place(NotebookNode(cell), anchor, True)
        else:
            anchor = name


def _name(cell: dict[str, Any], skeleton: dict[str, NotebookNode]) -> str | None:
    """The source's cell that a submitted cell is: by its grade_id, or, where that is lost, its id."""
    metadata = cell.get("metadata")
    grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = grading.get("grade_id") if isinstance(grading, dict) else None
    for candidate in (name, cell.get("id")):
        if isinstance(candidate, str) and candidate in skeleton:
            return candidate
    return None


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    # Half a surrogate is no character: no file could hold it.
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""


def _free(cell: NotebookNode, taken: set[str], given: set[str]) -> NotebookNode:
    """A cell of the student's own, made anew: no metadata but the tag of a training cell.

    Its text is looked at in an instructor's browser: HTML in it, other than the course's own, stays text.
    """
    kind, text = cell.get("cell_type"), _text(cell)
    if kind == "code":
        made = new_code_cell(text, id=_fresh(cell.get("id"), taken))
        metadata = cell.get("metadata")
        tags = metadata.get("tags") if isinstance(metadata, dict) else None
        if isinstance(tags, list) and TRAINING_TAG in tags and "nbgrader" not in cell.metadata:
            made.metadata.tags = [TRAINING_TAG]
            made.outputs = harmless(cell.get("outputs"))
        return made
    text = text if text in given else _plain(text)
    make = new_markdown_cell if kind == "markdown" else new_raw_cell
    made = make(text, id=_fresh(cell.get("id"), taken))
    if kind == "markdown":
        _paste(cell, made)
    return made


def _paste(cell: dict[str, Any], made: NotebookNode) -> None:
    """Take over pictures; where the text names one that was not, feedback would end with the whole submission."""
    if pictures := _attachments(cell):
        made.attachments = pictures
    made.source = _ATTACHED.sub(lambda link: link[0] if link[1] in pictures else f"left-out:{link[1]}", made.source)
    seen = html.unescape(html.unescape(made.source)).replace("\\", "")
    if any(name not in pictures for name in _ATTACHED.findall(seen)):
        made.source = made.source.replace("](", "] (").replace("]:", "] :")


def _plain(text: str) -> str:
    """A student's Markdown without HTML, and without links where one would run a script."""
    text = _TAG.sub("< ", text)
    seen = re.sub(r"[\s\\\x00-\x1f]", "", html.unescape(html.unescape(text))).lower()
    if any(scheme in seen for scheme in _ACTIVE):
        text = text.replace("](", "] (").replace("]:", "] :").replace("mermaid", "mermaid (text)")
    return text


def _attachments(cell: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Pictures that were pasted into a text cell."""
    found = cell.get("attachments")
    kept: dict[str, dict[str, str]] = {}
    for name, data in list(found.items())[:20] if isinstance(found, dict) else []:
        if isinstance(name, str) and isinstance(data, dict):
            pictures = {kind: data.get(kind) for kind in ("image/png", "image/jpeg")}
            good = {k: p for k, p in pictures.items() if isinstance(p, str) and is_picture(k, p)}
            if good:
                kept[name[:200]] = good
    return kept


def _fresh(wanted: Any, taken: set[str]) -> str:
    """The wanted id where it is one and not taken, else a new one."""
    name = wanted if isinstance(wanted, str) and _ID.fullmatch(wanted) else f"free-{len(taken)}"
    if name in taken:
        name = f"free-{uuid.uuid4().hex}"
    taken.add(name)
    return name
