"""Answers from earlier notebooks, carried over to this one.

``layers = answers("01_layers")`` gives the functions of *your* notebook
``01_layers.ipynb``: ``layers.affine_forward(x, w, b)``.  The notebook is read at
the first call, and only what the function needs is run: its own definition and
the imports, helpers and constants that it uses.  Test cells and training cells
are never run.  A notebook that has been saved since is read again at the next call.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import json
import linecache
import os
import re
import symtable
import time
import types
import unicodedata
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import cached_property
from pathlib import Path
from typing import Any

from toolkit.shapes import described, misfit, takes_cache

__all__ = ["Answers", "EarlierAnswerError", "UnfinishedAnswerError", "answers", "read_ahead"]

LOOK_SECONDS = 0.2  # between two looks at a notebook's file: a network asks for its layers thousands of times

# Where `answers` looks while an earlier notebook itself is being run: beside it.
_folder: ContextVar[Path | None] = ContextVar("_folder", default=None)


class EarlierAnswerError(RuntimeError):
    """An answer of an earlier notebook is missing or broken; the message says which."""

    def _render_traceback_(self) -> list[str]:
        """Show the sentence instead of this module's frames (IPython asks for this)."""
        return [f"{type(self).__name__}: {self}"]


class UnfinishedAnswerError(EarlierAnswerError, NotImplementedError):
    """An answer of an earlier notebook has not been written yet."""


def answers(notebook: str, folder: str | Path | None = None) -> Answers:
    """Give the answers of an earlier notebook.

    Parameters
    ----------
    notebook : str
        Its name without the ending, such as ``"01_layers"``.
    folder : path, optional
        Where the notebook lies; by default the folder that holds `toolkit`.

    Returns
    -------
    Answers
        The answers are its attributes.  Nothing is read before one is called.
    """
    return Answers(_path(notebook, folder))


def read_ahead(notebook: str, folder: str | Path | None = None) -> None:
    """Read an earlier notebook and compile what it defines, so that asking for its answers costs little.

    Parameters
    ----------
    notebook, folder
        As for `answers`.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError, AttributeError
        It cannot be read.
    """
    path = _path(notebook, folder)
    version, content = _version(path), _Content.of(path)
    for source in content.sources:
        with contextlib.suppress(SyntaxError):  # what the parser takes and the compiler does not
            for statement in source.statements:
                _ = statement.code
                for name in statement.binds - {"*"}:
                    content.slice(name)
    _ahead[path] = version, content


def _path(notebook: str, folder: str | Path | None) -> Path:
    home = folder or _folder.get() or os.environ.get("NN_EARLIER_DIR")
    return Path(home or Path(__file__).parents[1]) / f"{notebook}.ipynb"


class Answers:
    """The answers of one notebook, as attributes; see `answers`."""

    def __init__(self, path: Path) -> None:
        self._notebook = _Notebook(path)

    def __repr__(self) -> str:
        return f"<answers of {self._notebook.path.name}>"

    def __getattr__(self, name: str) -> EarlierAnswer:
        if name.startswith("_"):
            raise AttributeError(name)
        return EarlierAnswer(self._notebook, name)


class EarlierAnswer:
    """One function or class of an earlier notebook; reading it waits for the first call."""

    def __init__(self, notebook: _Notebook, name: str) -> None:
        self._notebook = notebook
        self.__name__ = name

    def __repr__(self) -> str:
        return f"<{self.__name__} from {self._notebook.path.name}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the answer; whatever goes wrong in it names notebook and exercise."""
        function = self._notebook.find(self.__name__)
        try:
            return function(*args, **kwargs)
        except EarlierAnswerError:
            raise
        except NotImplementedError:
            who = self._notebook.describe(self.__name__)
            message = f"{who} is not written yet: finish it there first, and save the notebook."
            raise UnfinishedAnswerError(message) from None
        except Exception as error:
            who = self._notebook.describe(self.__name__)
            message = f"{who} raised {type(error).__name__}: {error}.{_blame(function, args, self._notebook.path.name)}"
            raise EarlierAnswerError(message) from error


def _blame(function: Callable[..., Any], arguments: tuple[Any, ...], notebook: str) -> str:
    """Whose mistake it is that an earlier answer raised, by the shapes that it was given."""
    shapes, wrong = described(function, arguments), misfit(function, arguments)
    given = f" It was given {shapes}" if shapes else ""
    if wrong:
        return f"{given}: {wrong}. So the mistake is in this notebook, in what it passes to {function.__name__}."
    if takes_cache(function, arguments):  # which shapes are in it, only its notebook knows
        return f"{given}. Do dout and the cache belong together? If so, run the checks in {notebook}."
    fits = f"{given}, which fit together." if shapes else ""
    return f"{fits} The mistake is probably in {notebook}: run its checks there first."


class _Notebook:
    """A namespace for a notebook's answers: the statements that they need run in it, once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._forget()

    def _forget(self) -> None:
        """Start again with a new namespace: functions that were handed out keep their old one."""
        self._version, self._looked = _version(self.path), time.monotonic()
        self._content: _Content | None = None
        self._done: set[_Statement] = set()
        self._module = types.ModuleType(self.path.stem)
        self._found: dict[str, Callable[..., Any]] = {}

    def find(self, name: str) -> Callable[..., Any]:
        """The function or class called `name`, run if it has not been since the file changed."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            if self._version != _version(self.path):
                self._forget()
        if name not in self._found:
            self._found[name] = self._look_up(name)
        return self._found[name]

    def _look_up(self, name: str) -> Callable[..., Any]:
        content = self._read(name)
        with contextlib.suppress(SyntaxError):  # what the parser takes and the compiler does not
            self._run(content.slice(name), name)
        found: Callable[..., Any] | None = getattr(self._module, name, None)
        if not callable(found):
            raise EarlierAnswerError(
                f"{self.describe(name)} is not defined there, or its cell does not parse: "
                "open that notebook, run the cell, and save."
            )
        return found

    def describe(self, name: str) -> str:
        """'Exercise 1.1 (affine_forward) of 01_layers.ipynb', as far as the notebook tells."""
        cells = self._content.cells if self._content else []
        text = "\n".join("".join(cell.get("source", "")) for cell in cells)
        number = re.search(rf"Exercise (\d+\.\d+)[^\n]*\b{re.escape(name)}\b", text)
        exercise = f"Exercise {number[1]} ({name})" if number else name
        return f"{exercise} of {self.path.name}"

    def _read(self, name: str) -> _Content:
        try:
            if self._content is None:
                version, content = _ahead.get(self.path, (None, None))
                known = content if version == self._version else None
                self._content = known or _Content.of(self.path)
        except FileNotFoundError:
            raise EarlierAnswerError(
                f"{self.path.name} is not in this folder, and {name} is needed from it: "
                "put your copy beside this notebook."
            ) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise EarlierAnswerError(
                f"{self.path.name} cannot be read as a notebook, and {name} is needed from it: "
                "open it in Jupyter and save it again."
            ) from None
        return self._content

    def _run(self, statements: list[_Statement], name: str) -> None:
        """Run statements that have not run yet, one after the other."""
        token = _folder.set(self.path.parent)
        try:
            for statement in statements:
                if statement not in self._done:
                    exec(statement.code, self._module.__dict__)  # a student's own code, in their own kernel
                    self._done.add(statement)
        except Exception as error:
            raise EarlierAnswerError(
                f"{self.describe(name)} needs a line that raised {type(error).__name__}: {error}. "
                "Mend it there, and save the notebook."
            ) from error
        finally:
            _folder.reset(token)


def _version(path: Path) -> tuple[int, int, int] | None:
    """What changes whenever a file is saved; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class _Content:
    """What a notebook's file holds: its cells, and their top-level statements."""

    def __init__(self, cells: list[dict[str, Any]], notebook: str) -> None:
        self.cells = cells
        sources = ["".join(cell["source"]) for cell in cells if _holds_definitions(cell)]
        names = (f"<{notebook}, code cell {number}>" for number in itertools.count(1))
        self.sources = [_Source(source, name) for source, name in zip(sources, names, strict=False)]
        self._slices: dict[str, list[_Statement]] = {}

    @classmethod
    def of(cls, path: Path) -> _Content:
        """What a file holds now."""
        return cls(json.loads(path.read_text(encoding="utf-8"))["cells"], path.name)

    def slice(self, name: str) -> list[_Statement]:
        """The statements that `name` needs, directly or through others, in notebook order."""
        if name not in self._slices:
            self._slices[name] = self._sliced(name)
        return self._slices[name]

    def _sliced(self, name: str) -> list[_Statement]:
        needed, chosen = {name}, dict[tuple[int, int], _Statement]()
        grown = True
        while grown:
            new = {
                (i, j): statement
                for i, source in enumerate(self.sources)
                if source.may_bind(needed)
                for j, statement in enumerate(source.statements)
                if (i, j) not in chosen and statement.binds & (needed | {"*"})
            }
            needed |= {used for statement in new.values() for used in statement.uses}
            chosen |= new
            grown = bool(new)
        return [chosen[place] for place in sorted(chosen)]


# What `read_ahead` has read, and of which version of the file.
_ahead: dict[Path, tuple[tuple[int, int, int] | None, _Content]] = {}


class _Source:
    """A code cell. It is parsed only when it may bind a name that is needed."""

    def __init__(self, source: str, filename: str) -> None:
        self._source, self._filename = source, filename
        self._words = set(re.findall(r"[^\W\d]\w*", unicodedata.normalize("NFKC", source)))  # as Python reads names
        self._binds_any = "*" in source and "import" in self._words

    def may_bind(self, names: set[str]) -> bool:
        """Whether one of these names occurs in it, or a star import may bind any name."""
        return self._binds_any or not self._words.isdisjoint(names)

    @cached_property
    def statements(self) -> list[_Statement]:
        """Its top-level statements that bind a name."""
        return list(_statements(self._source, self._filename))


class _Statement:
    """One top-level statement: the names that it binds, the names that it uses, its code."""

    def __init__(self, node: ast.stmt, filename: str, lines: list[str] | None) -> None:
        self._node, self._filename, self._lines = node, filename, lines
        self.binds = _bound(node) if isinstance(node, DEFINING) and not _has_walrus(node) else _names(self._table)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            self.binds |= _owners(node)

    @cached_property
    def uses(self) -> set[str]:
        """The names that it uses; found on demand, because few statements are needed."""
        return set(_globals_used(self._table))

    @cached_property
    def _table(self) -> symtable.SymbolTable:
        """Its symbol table, made from its lines if no other statement shares them: that is faster."""
        if self._lines is not None:
            first = min([self._node.lineno, *(each.lineno for each in getattr(self._node, "decorator_list", ()))])
            with contextlib.suppress(SyntaxError):  # the line before may end in a backslash
                text = "\n".join(self._lines[first - 1 : self._node.end_lineno])
                return symtable.symtable(text, self._filename, "exec")
        return symtable.symtable(ast.unparse(self._node), self._filename, "exec")

    @cached_property
    def code(self) -> types.CodeType:
        """The compiled statement."""
        return compile(ast.Module([self._node], []), self._filename, "exec")


BINDING = (
    ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign,
    ast.AugAssign, ast.If, ast.Try, ast.With,
)  # fmt: skip


# What these bind can be read from the node itself.
DEFINING = ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef


def _statements(source: str, filename: str) -> Iterator[_Statement]:
    """The top-level statements of a cell that bind a name; none where it does not parse."""
    plain = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n"))
    try:
        body = ast.parse(plain).body
    except SyntaxError:
        return  # the answer in it, if any, is reported as not defined
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    lines = plain.split("\n")
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, BINDING):
            alone = node.col_offset == 0 and (after is None or after.lineno > (node.end_lineno or 0))
            yield _Statement(node, filename, lines if alone and "\r" not in plain else None)


def _bound(node: ast.stmt) -> set[str]:
    """The names that a definition or an import binds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(each.asname or each.name).partition(".")[0] for each in node.names}  # "*" stands for any
    return {node.name} if isinstance(node, ast.FunctionDef | ast.ClassDef) else set()


def _has_walrus(node: ast.stmt) -> bool:
    """Whether a decorator, a default or a base of a definition binds a name of its own (``:=``)."""
    arguments = getattr(node, "args", None)
    parts = [*getattr(node, "decorator_list", ()), *getattr(node, "bases", ()), *getattr(node, "keywords", ())]
    parts += [each for each in (*arguments.defaults, *arguments.kw_defaults) if each] if arguments else []
    return any(isinstance(each, ast.NamedExpr) for part in parts for each in ast.walk(part))


def _names(table: symtable.SymbolTable) -> set[str]:
    """The names that any other statement binds."""
    return {each.get_name() for each in table.get_symbols() if each.is_assigned() or each.is_imported()}


def _holds_definitions(cell: dict[str, Any]) -> bool:
    """Whether a cell is code, and neither a test cell nor a training cell."""
    metadata = cell.get("metadata", {})
    is_test = metadata.get("nbgrader", {}).get("grade", False)
    is_training = "skip-execution" in metadata.get("tags", [])
    return cell.get("cell_type") == "code" and not is_test and not is_training


def _globals_used(table: symtable.SymbolTable) -> Iterator[str]:
    """Names of the module that the code of a symbol table reads, functions inside included."""
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (top or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals_used(child)


def _owners(node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> set[str]:
    """Names whose attribute or item an assignment sets: ``Net.loss = loss`` belongs to ``Net``."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    owners = set()
    for target in targets:
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        if isinstance(target, ast.Name):
            owners.add(target.id)
    return owners
