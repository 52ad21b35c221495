"""Which cells need not run, and whether the others may draw.

A cell that need not run is one of the course's own that only draws or prints, and that the student has run already.

A notebook's answers decide its marks. Between them are free cells that only show what the answers do; drawing and
printing all of it again would take almost as long as the tests.
"""

from __future__ import annotations

import ast
import symtable
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TypeVar

from nbformat import NotebookNode

from examiner.notebooks import cells_of, kind_of, plain_python, statements

__all__ = ["may_draw", "spared"]

# With one of these, code can reach names and files that are not to be seen in it.
REACHING = frozenset(
    ("__import__", "_", "__", "___", "In", "Out", "dir", "eval", "exec", "get_ipython", "globals", "locals", "vars")
)
# What a cell does besides binding names: files, and the random numbers of later cells.
EFFECTS = "dump", "mkdir", "open", "remove", "rename", "save", "seed", "write"
QUIET = {"numpy", *sys.stdlib_module_names}  # modules that do not draw
MAX_KEPT = 20_000
"""Characters of a cell whose names are remembered."""
DEFINES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
BINDS = DEFINES | ast.Assign | ast.AnnAssign
T = TypeVar("T")


def _remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """Remember what a function gives for a cell, unless that is very long: all students have the course's own cells."""
    remembered = lru_cache(4096)(function)
    return wraps(function)(lambda source: remembered(source) if len(source) <= MAX_KEPT else function(source))


@dataclass(frozen=True)
class Names:
    """What a cell does with the notebook's names.

    Attributes
    ----------
    needs : frozenset of str
        Names that must be bound before it runs, or before a function of it is called.
    binds : frozenset of str
    values : frozenset of str
        Those of them that are not functions, classes and modules: other cells can change what they hold.
    """

    needs: frozenset[str]
    binds: frozenset[str]
    values: frozenset[str]


def spared(notebook: NotebookNode, source: NotebookNode, loaders: Collection[str] = ()) -> frozenset[str]:
    """Cells that need not run, by id; their outputs are the student's.

    Such a cell is free, its text is the source's, and it writes no file and sets no seed. It brings outputs, no error
    among them, or it has none to bring. No cell that runs needs a name that it binds, or a value that it uses and so
    may have changed. Where any cell may do more than can be seen in its code, or the submission brings no outputs,
    all run.

    Parameters
    ----------
    notebook : NotebookNode
        A merged notebook with the outputs of the submission.
    source : NotebookNode
        The source notebook.
    loaders : collection of str
        Names of functions whose results no cell can change, see `examiner.engine.DataSet`.
    """
    own = {cell.source for cell in cells_of(source, "free")}
    cells = {
        cell.id: cell
        for cell in cells_of(notebook, "given", "answer", "written", "free")
        if cell.cell_type == "code" and cell.source.strip()
    }
    candidates = {name for name, cell in cells.items() if cell.source in own and _was_run(cell)}
    if not any(cells[name].outputs for name in candidates):
        return frozenset()
    names = {name: _names(cell.source) for name, cell in cells.items()}
    found = {name: used for name, used in names.items() if used is not None}
    if len(found) < len(names):
        return frozenset()
    values = frozenset[str]().union(*(used.values for used in found.values())) - _unchanging(found, cells, loaders)
    while True:
        needed = frozenset[str]().union(*(used.needs for name, used in found.items() if name not in candidates))
        run = {name for name in candidates if needed & (found[name].binds | found[name].needs & values)}
        if not run:
            return frozenset(candidates)
        candidates -= run


def may_draw(notebook: NotebookNode, spared: Collection[str]) -> bool:
    """Whether cells that run may draw figures, as far as that can be seen.

    A free cell may draw if it uses an imported name that is not NumPy's or the standard library's. Any other cell may
    draw if its text mentions Matplotlib. A wrong "no" costs time only: the kernel then loads Matplotlib itself.

    Parameters
    ----------
    notebook : NotebookNode
        A merged notebook.
    spared : collection of str
        Ids of cells that do not run.
    """
    cells = [cell for cell in cells_of(notebook, "given", "answer", "written", "free") if cell.cell_type == "code"]
    if any(each in cell.source for cell in cells for each in ("matplotlib", "pyplot", "pylab")):
        return True
    imported = frozenset[str]().union(*(_imported(cell.source) for cell in cells if "import" in cell.source))
    running = [_names(cell.source) for cell in cells if kind_of(cell) == "free" and cell.id not in spared]
    return any(names is None or names.needs & imported for names in running)


@_remembered
def _imported(source: str) -> frozenset[str]:
    """The names that a cell imports from modules that may draw."""
    return frozenset(
        name.asname or name.name.partition(".")[0]
        for line in statements(source)
        if isinstance(line, ast.Import | ast.ImportFrom)
        for name in line.names
        if (getattr(line, "module", None) or name.name).partition(".")[0] not in QUIET
    )


def _unchanging(found: Mapping[str, Names], cells: Mapping[str, NotebookNode], loaders: Collection[str]) -> set[str]:
    """Names that a provided cell assigns from a loader's call, and that no other cell binds."""
    loaded = {
        statement.targets[0].id: call.func.id
        for cell in cells.values()
        if kind_of(cell) == "given" and any(name in cell.source for name in loaders)  # faster than parsing
        for statement in statements(cell.source)
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1
        if isinstance(statement.targets[0], ast.Name) and isinstance(call := statement.value, ast.Call)
        if isinstance(call.func, ast.Name) and call.func.id in loaders
    }
    times = Counter(name for used in found.values() for name in used.binds)
    return {name for name, loader in loaded.items() if times[name] == times[loader] == 1}


def _was_run(cell: NotebookNode) -> bool:
    """Whether a free cell has been run without an error, or has nothing to show, and did nothing else."""
    if kind_of(cell) != "free" or any(word in cell.source for word in EFFECTS):
        return False
    outputs = cell.get("outputs") or ()
    if outputs:
        return all(output.output_type != "error" for output in outputs)
    return all(isinstance(part, BINDS) for part in statements(cell.source))  # silent


@_remembered
def _names(source: str) -> Names | None:
    """What a cell does with the notebook's names; None where that cannot be seen."""
    text = plain_python(source)
    try:
        body = ast.parse(text).body
        tables = [symtable.symtable(ast.unparse(part), "cell", "exec") for part in body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    needs, binds, values, sure = set[str](), set[str](), set[str](), set[str]()
    for part, table in zip(body, tables, strict=True):
        symbols = table.get_symbols()
        bound = {each.get_name() for each in symbols if each.is_assigned() or each.is_imported()}
        declared = {each.get_name() for each in _inside(table) if each.is_declared_global()}
        added = {ast.unparse(node.target) for node in ast.walk(part) if isinstance(node, ast.AugAssign)}
        used = {each.get_name() for each in symbols if each.is_referenced()} | added & bound
        needs |= (used | {each.get_name() for each in _inside(table) if each.is_global()}) - sure
        binds |= bound | declared
        values |= declared if isinstance(part, DEFINES) else bound | declared
        sure |= bound if isinstance(part, BINDS) else set()
    if needs & REACHING or text != source:
        return None
    return Names(frozenset(needs), frozenset(binds), frozenset(values))


def _inside(table: symtable.SymbolTable) -> Iterator[symtable.Symbol]:
    """What the functions and classes in a statement use."""
    for child in table.get_children():
        yield from child.get_symbols()
        yield from _inside(child)
