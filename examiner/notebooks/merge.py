"""Merge a submission onto the source notebook: what is graded is the source, with the student's cells in it.

The provided cells, tests, tasks, points and the notebook's metadata are the source's, whatever the submission says.
The student's answers and written answers are put in by ``grade_id``, or, where that is lost, by what they define and by
the text around them.  All other cells of theirs (helpers, plots, experiments) follow the cell that they followed in the
submission, in its order.
"""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from nbformat import NotebookNode
from traitlets.config import Config

from examiner._exceptions import DamagedNotebookError
from examiner.notebooks.cells import (
    GRADED,
    THEIRS,
    TRAINING_TAG,
    grade_id,
    kind_of,
    new_cell,
    read,
    unused_id,
    without_hidden,
)
from examiner.notebooks.markdown import attached_pictures, harmless_markdown
from examiner.notebooks.names import names_defined_by, words
from examiner.notebooks.repair import repaired

__all__ = ["Merged", "merge", "merged", "prepared_source"]

WEIGHT = 100  # of an answer, among the cells that say where others belong
STEPS = "LockCells", "ClearSolutions", "ClearOutput", "ComputeChecksums"  # nbgrader's, which makes a release
_SOURCES: dict[tuple[Path, int, int, str], NotebookNode] = {}


@dataclass(frozen=True)
class Merged:
    """A merged notebook, and how sure the merge is of it.

    Attributes
    ----------
    notebook : NotebookNode
        The source's cells with nbgrader metadata, and the student's.
    unmatched : tuple of str
        Answers and written answers for which the submission has no cell, by grade_id.
    matched_by_content : bool
        Whether cells were matched by their content, because their nbgrader metadata and ids were lost.
    """

    notebook: NotebookNode
    unmatched: tuple[str, ...] = ()
    matched_by_content: bool = False


def prepared_source(path: Path, config: Config | None = None) -> NotebookNode:
    """Read a source notebook as the gradebook knows it: solutions taken out, hidden tests in, checksums.

    Parameters
    ----------
    path : Path
        The notebook.
    config : traitlets.config.Config, optional
        nbgrader's configuration: it says what a stub looks like.

    Returns
    -------
    NotebookNode
        A copy that the caller may change.
    """
    from nbgrader import preprocessors  # here, for it takes a second, and the engine's processes do without

    status = path.stat()
    key = (path, status.st_mtime_ns, status.st_size, repr(_steps(config)))
    if key not in _SOURCES:
        notebook, resources = read(path), {"language": "python"}
        for step in STEPS:
            step_of_nbgrader = getattr(preprocessors, step)(config=config or Config())
            notebook, resources = step_of_nbgrader.preprocess(notebook, resources)
        if len(_SOURCES) > 64:
            _SOURCES.clear()
        _SOURCES[key] = notebook
    return copy.deepcopy(_SOURCES[key])


def _steps(config: Config | None) -> Config:
    """The part of nbgrader's configuration that says how a source notebook is prepared.

    Parameters
    ----------
    config : traitlets.config.Config, optional
    """
    return Config({step: config[step] for step in STEPS if config and step in config})


def merge(source: NotebookNode, submission: NotebookNode) -> NotebookNode:
    """Put a student's cells into the source notebook; `merged` also says how sure that is.

    Parameters
    ----------
    source : NotebookNode
        As `prepared_source` gives it; it is not changed.
    submission : NotebookNode
        The submitted notebook; anything in it may be damaged.

    Returns
    -------
    NotebookNode
        A notebook of the source's cells with nbgrader metadata, and of the student's.
    """
    return merged(source, submission).notebook


def merged(source: NotebookNode, submission: NotebookNode, *, is_repaired: bool = False) -> Merged:
    """Put a student's cells into the source notebook.

    Parameters
    ----------
    source : NotebookNode
        As `prepared_source` gives it; it is not changed.
    submission : NotebookNode
        The submitted notebook; anything in it may be damaged.
    is_repaired : bool, optional
        True only for a notebook from `read_submission`: its outputs are harmless, and kept without another look.

    Returns
    -------
    Merged
        The notebook, and what could not be matched.
    """
    notebook = copy.deepcopy(NotebookNode({key: value for key, value in source.items() if key != "cells"}))
    skeleton = {grade_id(cell): copy.deepcopy(cell) for cell in source.cells if kind_of(cell) in GRADED}
    cells = submission.cells if is_repaired else _submitted(submission)
    names = _named(cells, skeleton)
    by_content = False
    if len(set(filter(None, names))) < len(skeleton):
        by_content = _match_by_content(names, cells, source)
    chosen = _chosen(names, cells, skeleton)
    free = [i for i, name in enumerate(names) if name is None or _is_attempt(i, cells[i], skeleton[name], chosen)]
    for name, place in chosen.items():
        _fill(skeleton[name], cells[place])
    places = _places(free, names, cells, chosen, list(skeleton))
    made = _made(free, cells, source, skeleton.values())
    notebook.cells = [made[i] for i in free if places[i] < 0]
    for number, cell in enumerate(skeleton.values()):
        notebook.cells += [cell, *(made[i] for i in free if places[i] == number)]
    unmatched = tuple(name for name, cell in skeleton.items() if _is_theirs(cell) and name not in chosen)
    return Merged(notebook, unmatched, by_content)


def _is_theirs(cell: NotebookNode) -> bool:
    return kind_of(cell) in THEIRS


def _is_attempt(place: int, cell: NotebookNode, ours: NotebookNode, chosen: dict[str, int]) -> bool:
    """Whether this is another attempt at an answer: neither the one that was chosen nor the source's own text."""
    written = cell.source.strip() not in ("", ours.source.strip())
    return _is_theirs(ours) and written and place != chosen[grade_id(ours)]


def _submitted(submission: NotebookNode) -> list[NotebookNode]:
    """The cells of a submission, whatever it is."""
    try:
        return list(repaired(submission).cells)
    except DamagedNotebookError:
        return []


# ---------------------------------------------------------------------------- which cell is which


def _named(cells: Sequence[NotebookNode], skeleton: dict[str, NotebookNode]) -> list[str | None]:
    """The source's cell that each submitted cell is: by its grade_id, or, where that is lost, its id."""
    found: list[str | None] = []
    for cell in cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        found.append(next((each for each in (name, cell.id) if isinstance(each, str) and each in skeleton), None))
    return found


def _match_by_content(names: list[str | None], cells: Sequence[NotebookNode], source: NotebookNode) -> bool:
    """Find cells that have lost their names: by equal text, by what they define, by the text around them.

    Parameters
    ----------
    names : list of str or None
        The source's cell that each submitted cell is; filled in.
    cells : sequence of NotebookNode
        The submitted cells.
    source : NotebookNode
        The source notebook.

    Returns
    -------
    bool
        Whether any was found.
    """
    before = list(names)
    _match_equal(names, cells, source)
    _match_definitions(names, cells, source)
    _match_surroundings(names, cells, source)
    return names != before


def _match_equal(names: list[str | None], cells: Sequence[NotebookNode], source: NotebookNode) -> None:
    """Cells of the source's own: the same text, in the same order."""
    for tag, a, z, b, _ in _aligned(names, cells, source):
        for i, j in zip(range(a, z), range(b, b + z - a), strict=True) if tag == "equal" else ():
            if names[i] is None and kind_of(source.cells[j]) in GRADED and not _is_theirs(source.cells[j]):
                names[i] = grade_id(source.cells[j])


def _match_definitions(names: list[str | None], cells: Sequence[NotebookNode], source: NotebookNode) -> None:
    """An answer is the cell that defines most of what the source's answer defines; of several, the last."""
    code = [i for i, cell in enumerate(cells) if names[i] is None and cell.cell_type == "code"]
    defined = {i: names_defined_by(cells[i].source) for i in code}
    for cell in source.cells:
        if not _is_theirs(cell) or cell.cell_type != "code" or grade_id(cell) in names:
            continue
        wanted = names_defined_by(cell.source)
        ranked = [(cells[i].source != cell.source, len(wanted & defined[i]), i) for i in code if names[i] is None]
        ranked = [each for each in ranked if each[1]]
        if ranked:
            names[max(ranked)[2]] = grade_id(cell)


def _match_surroundings(names: list[str | None], cells: Sequence[NotebookNode], source: NotebookNode) -> None:
    """Between two cells that are the source's, a written answer is the one text, an answer the one code cell."""
    for _, a, z, b, y in _aligned(names, cells, source):
        for kind in ("markdown", "code"):
            theirs = [i for i in range(a, z) if names[i] is None and cells[i].cell_type == kind]
            slots = [
                grade_id(cell)
                for cell in source.cells[b:y]
                if _is_theirs(cell) and cell.cell_type == kind and grade_id(cell) not in names
            ]
            if len(theirs) == len(slots):
                for i, name in zip(theirs, slots, strict=True):
                    names[i] = name


def _aligned(
    names: Sequence[str | None], cells: Sequence[NotebookNode], source: NotebookNode
) -> Sequence[tuple[str, int, int, int, int]]:
    """How the submitted cells and the source's follow each other: `difflib`'s opcodes."""
    known = set(names)
    theirs = [("name", name) if name else _looks(cell, cell.source) for name, cell in zip(names, cells, strict=True)]
    ours = [
        ("name", grade_id(cell))
        if kind_of(cell) in GRADED and grade_id(cell) in known
        else _looks(cell, without_hidden(cell.source))
        for cell in source.cells
    ]
    return SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes()


def _looks(cell: NotebookNode, text: str) -> tuple[str, str]:
    """What a cell looks like, without regard to space."""
    return cell.cell_type, " ".join(text.split())


def _chosen(
    names: Sequence[str | None], cells: Sequence[NotebookNode], skeleton: dict[str, NotebookNode]
) -> dict[str, int]:
    """The submitted cell that is each answer: of several, the last that was written in."""
    chosen: dict[str, tuple[int, int]] = {}
    for place, (name, cell) in enumerate(zip(names, cells, strict=True)):
        if name is not None and _is_theirs(skeleton[name]):
            written = bool(cell.source.strip()) + (cell.source.strip() not in ("", skeleton[name].source.strip()))
            chosen[name] = max(chosen.get(name, (-1, -1)), (written, place))
    return {name: place for name, (_, place) in chosen.items()}


# ------------------------------------------------------------------------------- where it belongs


def _places(
    free: Sequence[int],
    names: Sequence[str | None],
    cells: Sequence[NotebookNode],
    chosen: dict[str, int],
    order: Sequence[str],
) -> dict[int, int]:
    """After which of the source's cells each free cell belongs, by number; -1 where it is before all of them.

    That is the cell that it follows in the submission, among the cells there that are in the source's order: a cell
    that was moved takes no others with it.  What an answer needs of the cells before it still runs before it.
    """
    number = {name: i for i, name in enumerate(order)}
    marks = [(i, number[name]) for i, name in enumerate(names) if name is not None and chosen.get(name, i) == i]
    anchors = _in_order(marks, set(chosen.values()))
    moved = [(i, number[name]) for name, i in chosen.items() if i not in anchors]
    defined = {i: names_defined_by(cells[i].source) for i in free} if moved else {}
    places, place = {}, -1
    for i in range(len(cells)):
        if i in anchors:
            place = anchors[i]
        places[i] = place
    for later, target in moved:
        needed = words(cells[later].source)
        for i in free:
            if i < later and needed & defined[i]:
                places[i] = min(places[i], target - 1)
    return {i: places[i] for i in free}


def _in_order(marks: Sequence[tuple[int, int]], weighty: set[int]) -> dict[int, int]:
    """Of cells with their numbers, the longest run whose numbers never fall; answers count more than other cells."""
    numbers: list[int] = []  # the ends of the best runs found so far, rising in number and in weight
    best: list[tuple[int, int, int]] = []  # weight, index in `marks`, index of the run's cell before
    previous: dict[int, int] = {}
    for index, (cell, number) in enumerate(marks):
        at = bisect_right(numbers, number)
        weight, before = (best[at - 1][0], best[at - 1][1]) if at else (0, -1)
        weight += WEIGHT if cell in weighty else 1
        previous[index] = before
        stop = at
        while stop < len(best) and best[stop][0] <= weight:
            stop += 1
        numbers[at:stop], best[at:stop] = [number], [(weight, index, before)]
    run, index = {}, best[-1][1] if best else -1
    while index >= 0:
        cell, number = marks[index]
        run[cell] = number
        index = previous[index]
    return run


# ------------------------------------------------------------------------------- new cells


def _fill(cell: NotebookNode, theirs: NotebookNode) -> None:
    """Put a student's answer into the source's cell."""
    if cell.cell_type == "code":
        cell.source = theirs.source
    elif theirs.source != cell.source:
        cell.source, pictures = attached_pictures(harmless_markdown(theirs.source), theirs.get("attachments"))
        if pictures:
            cell.attachments = pictures


def _made(
    free: Iterable[int], cells: Sequence[NotebookNode], source: NotebookNode, graded: Iterable[NotebookNode]
) -> dict[int, NotebookNode]:
    """The free cells as new cells."""
    taken = {cell.id for cell in graded}
    given = {cell.source for cell in source.cells if cell.cell_type != "code"}
    return {i: _free(cells[i], unused_id(cells[i].id, taken, f"free-{i + 1}"), given) for i in free}


def _free(cell: NotebookNode, name: str, given: set[str]) -> NotebookNode:
    """A cell of the student's own: no metadata but the tag of a training cell, and the outputs that `repaired` kept.

    Its text is looked at in an instructor's browser: HTML in it, other than the course's own, stays text.
    """
    if cell.cell_type == "code":
        made = new_cell("code", cell.source, name)
        if kind_of(cell) == "training":
            made.metadata.tags = [TRAINING_TAG]
        made.outputs = copy.deepcopy(cell.outputs)
        return made
    text = cell.source if cell.source in given else harmless_markdown(cell.source)
    if cell.cell_type != "markdown":
        return new_cell("raw", text, name)
    text, pictures = attached_pictures(text, cell.get("attachments"))
    made = new_cell("markdown", text, name)
    if pictures:
        made.attachments = pictures
    return made
