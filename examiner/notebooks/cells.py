"""What each cell of a notebook is, in the words of the course's vocabulary."""

from __future__ import annotations

import ast
import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

import nbformat
from nbformat import NotebookNode

__all__ = [
    "BONUS_TAG",
    "GRADED",
    "SOLUTION",
    "STUB",
    "THEIRS",
    "TRAINING_TAG",
    "Kind",
    "answer_of",
    "cells_of",
    "fill_in",
    "grade_id",
    "is_bonus",
    "kind_of",
    "names_in",
    "new_cell",
    "parsed",
    "plain_python",
    "points",
    "read",
    "read_once",
    "solutions",
    "unused_id",
    "without_hidden",
]

Kind = Literal["given", "answer", "test", "written", "task", "free", "training"]

GRADED: tuple[Kind, ...] = "given", "answer", "test", "written", "task"
"""Kinds of the cells that nbgrader knows by their grade_id."""
THEIRS: tuple[Kind, ...] = "answer", "written"
"""Kinds of the cells that students fill in."""
TRAINING_TAG = "skip-execution"
BONUS_TAG = "bonus"
# As nbgrader finds them: in a line that may hold more.
SOLUTION = re.compile(r"^[^\n]*BEGIN SOLUTION[^\n]*\n(.*?)^[^\n]*END SOLUTION[^\n]*\n?", re.DOTALL | re.MULTILINE)
# What nbgrader takes out of the release, up to the line with the same words after END.
_BEGIN_HIDDEN = re.compile("BEGIN (HIDDEN TESTS|MARK SCHEME)")
STUB = re.compile(r"\n[ \t]*raise NotImplementedError\(\"Exercise [^\n]*")
MAX_PYTHON = 500_000  # characters of a cell that are looked at as Python
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


# ------------------------------------------------------------------------------------------ kinds


def kind_of(cell: NotebookNode) -> Kind:
    """Give the kind of a cell, from its nbgrader metadata and its tags.

    A graded solution cell is ``written``, be it text or code: it is graded by hand.  Tests need not be locked.
    A cell that nbgrader neither locks nor grades is ``free``, whatever other metadata nbgrader left in it.
    """
    nbgrader = cell["metadata"].get("nbgrader")  # asked for thousands of times: an attribute would take longer
    if not nbgrader or not isinstance(nbgrader, dict):
        return "training" if _has_tag(cell, TRAINING_TAG) else "free"
    if nbgrader.get("task"):
        return "task"
    if nbgrader.get("grade"):
        return "written" if nbgrader.get("solution") else "test"
    if nbgrader.get("solution"):
        return "answer"
    return "given" if nbgrader.get("locked") else "free"


def without_hidden(source: str) -> str:
    """The source of a cell without hidden tests and mark schemes, as students get it."""
    kept, at, endless = list[str](), 0, set[str]()
    begin = _BEGIN_HIDDEN.search(source)
    while begin is not None and len(endless) < 2:  # students write such words as well: each is looked for once
        end = -1 if begin[1] in endless else source.find(f"END {begin[1]}", begin.end())
        if end < 0:
            endless.add(begin[1])
            begin = _BEGIN_HIDDEN.search(source, begin.end())
            continue
        kept.append(source[at : max(at, source.rfind("\n", 0, begin.start()) + 1)])
        at = source.find("\n", end) + 1 or len(source)
        begin = _BEGIN_HIDDEN.search(source, at)
    return "".join([*kept, source[at:]])


def cells_of(notebook: NotebookNode, *kinds: Kind) -> Iterator[NotebookNode]:
    """Yield the cells of the given kinds, in order."""
    return (cell for cell in notebook.cells if kind_of(cell) in kinds)


def is_bonus(cell: NotebookNode) -> bool:
    """Whether the points of a test cell or written answer count on top of the rest."""
    return _has_tag(cell, BONUS_TAG)


def _has_tag(cell: NotebookNode, tag: str) -> bool:
    tags = cell["metadata"].get("tags")
    return isinstance(tags, list) and tag in tags


def grade_id(cell: NotebookNode) -> str:
    """The cell's grade_id."""
    return str(cell.metadata.nbgrader.grade_id)


def points(cell: NotebookNode) -> float:
    """The points of a test cell, task or written answer."""
    return float(cell.metadata.nbgrader.points)


def answer_of(test: str) -> str:
    """The answer that a test cell belongs to: ``test_<answer>`` or ``test_<answer>__<what>``."""
    return test.removeprefix("test_").split("__")[0]


# ------------------------------------------------------------------------------- the course's own


def read(path: Path) -> NotebookNode:
    """Read a notebook of the course, of any version of the format 4.

    Cells of notebooks older than 4.5 have no ids: they get the same ones each time, their grade_id where it is one.

    Parameters
    ----------
    path : Path
        The notebook.

    Returns
    -------
    NotebookNode
        Of format 4.5 or later.

    Raises
    ------
    OSError
        The file cannot be read.
    nbformat.reader.NotJSONError
        It is not a notebook.
    """
    text = path.read_text(encoding="utf-8-sig")
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, dict) and content.get("nbformat") == 4 and content.get("nbformat_minor", 0) < 5:
        text = json.dumps(_with_ids(content))
    return nbformat.reads(text, as_version=4)


def read_once(path: Path) -> NotebookNode:
    """Read a notebook of the course, again only when its file was changed: nobody may change what this gives.

    Parameters
    ----------
    path : Path
        The notebook.
    """
    return _read(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> NotebookNode:
    return read(path)


def _with_ids(content: dict[str, Any]) -> dict[str, Any]:
    """Raise a notebook of the formats 4.0 to 4.4 to 4.5, in place: they differ in the ids of cells alone."""
    content["nbformat_minor"] = 5
    taken: set[str] = set()
    for number, cell in enumerate(content["cells"], start=1):
        cell["id"] = unused_id(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id"), taken, f"cell-{number}")
    return content


def new_cell(kind: str, source: str, name: str, metadata: Mapping[str, Any] | None = None) -> NotebookNode:
    """Make a cell of nbformat 4.5.

    nbformat's own functions validate each cell by itself, which takes a millisecond: here a notebook is validated as
    a whole, where it is complete.

    Parameters
    ----------
    kind : str
        ``"code"``, ``"markdown"`` or ``"raw"``.
    source : str
    name : str
        The cell's id.
    metadata : mapping, optional
    """
    more: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    cell = {"id": name, "cell_type": kind, "metadata": metadata or {}, "source": source, **more}
    return cast(NotebookNode, nbformat.from_dict(cell))


def unused_id(wanted: object, taken: set[str], otherwise: str) -> str:
    """The wanted id where it is valid and not taken, else another; it is taken from now on.

    Parameters
    ----------
    wanted : object
        The id that the cell had; anything.
    taken : set of str
        Ids of the other cells; added to.
    otherwise : str
        What the id is made of where the wanted one cannot be.
    """
    name = wanted if isinstance(wanted, str) and _ID.fullmatch(wanted) else otherwise
    base, number = name[:48], len(taken)
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return name


def solutions(source: NotebookNode) -> dict[str, str]:
    """Give the reference's answers and written answers, as a student would submit them.

    Parameters
    ----------
    source : NotebookNode
        A source notebook, solutions and all.

    Returns
    -------
    dict of str to str
        By grade_id: the cell's source without solution markers, and without the line that says the exercise is not
        done.  A cell without markers is the solution as a whole.
    """
    cells = cells_of(source, *THEIRS)
    return {grade_id(cell): STUB.sub("", SOLUTION.sub(r"\1", cell.source)) for cell in cells}


def fill_in(release: NotebookNode, filled: dict[str, str]) -> NotebookNode:
    """Write answers into a released notebook's cells, by grade_id, and return it."""
    for cell in cells_of(release, *THEIRS):
        cell.source = filled.get(grade_id(cell), cell.source)
    return release


# ----------------------------------------------------------------------------------------- Python

PYTHON_MAGICS = "capture", "prun", "time"
"""Cell magics that run their cell in the notebook's own namespace; the others' is not Python, or defines nothing."""
_CELL_MAGIC = re.compile(r"\s*%%(\w*)")
_MAGIC = re.compile(r"\s*[%!?,;/]")  # at the start of a statement nothing of this is Python
_HELP = re.compile(r"\s*%{0,2}[\w.*\[\]'\"]+\?{1,2}\s*")
_ASSIGNED = re.compile(r"([\w., \t*\[\]'\"]+=[ \t]*)[%!][^=].*")
# What a scanner must know of a line: strings (which may not end in it), comments, brackets.
_TOKEN = re.compile(r"""\"{3}|'{3}|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\#.*|[()\[\]{}]""")


def plain_python(source: str) -> str:
    """Give a cell's Python, without what only IPython understands; line numbers stay.

    Line magics, shell commands and questions (``%``, ``!``, ``?``) are left out, and what is assigned from one is None.
    The body of ``%%time`` and its like stays; a cell of another cell magic, such as ``%%bash``, has no Python.

    Parameters
    ----------
    source : str
        The cell's source.

    Returns
    -------
    str
        Python, or what the author took for it: it may not parse.
    """
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    while first < len(lines) and (magic := _CELL_MAGIC.match(lines[first])):
        if magic[1] not in PYTHON_MAGICS:
            return "\n" * (len(lines) - 1)
        lines[first] = ""
        first = next((number for number in range(first, len(lines)) if lines[number].strip()), len(lines))
    text = "\n".join(_without_indent(lines, first))
    return text if _parses(text) else "\n".join(_without_magics(text.split("\n")))


def _without_indent(lines: list[str], first: int) -> list[str]:
    """Cells may be indented as a whole, by as much as their first line."""
    indent = re.match(r"[ \t]*", lines[first])[0] if first < len(lines) else ""  # type: ignore[index]
    return [line.removeprefix(indent) for line in lines] if indent else lines


def _parses(text: str) -> bool:
    """Whether this is Python: then a line that begins with % is part of a string or of a longer expression."""
    return parsed(text) is not None


def parsed(text: str) -> list[ast.stmt] | None:
    """The statements of some Python; None where it does not parse."""
    if len(text) > MAX_PYTHON:
        return None
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _without_magics(lines: list[str]) -> Iterator[str]:
    """Leave magics out, where a line begins a statement."""
    depth, quote, continued, of_magic = 0, "", False, False
    for line in lines:
        at_start = not (depth or quote or continued)
        if of_magic or (at_start and (_MAGIC.match(line) or _HELP.fullmatch(line))):
            of_magic = line.endswith("\\")
            indent = line[: len(line) - len(line.lstrip())]
            yield f"{indent}pass" if indent else ""
            continue
        if at_start and (assigned := _ASSIGNED.fullmatch(line)):
            yield f"{assigned[1]}None"
            continue
        yield line
        depth, quote = _after(line, depth, quote)
        continued = not quote and line.endswith("\\")


def _after(line: str, depth: int, quote: str) -> tuple[int, str]:
    """How deep in brackets, and in which string of several lines, a line ends."""
    place = 0
    while place < len(line):
        if quote:
            end = re.compile(rf"(?:[^\\]|\\.)*?{quote}").match(line, place)
            if end is None:
                return depth, quote
            place, quote = end.end(), ""
        elif token := _TOKEN.search(line, place):
            place = token.end()
            if token[0] in ('"""', "'''"):
                quote = token[0]
            elif token[0] in "([{":
                depth += 1
            elif token[0] in ")]}":
                depth = max(depth - 1, 0)
        else:
            break
    return depth, quote


@functools.lru_cache(maxsize=4096)
def names_in(source: str) -> frozenset[str]:
    """Give all names in a piece of Python; none where it does not parse."""
    body = parsed(plain_python(source)) or []
    return frozenset(node.id for part in body for node in ast.walk(part) if isinstance(node, ast.Name))
