"""The catalogue of wrong and right answers: what an entry is, and how it becomes a student's cell.

A module below `misconceptions/` holds one `Catalogue`, filled by decorating functions
and classes, or by naming small changes of the reference::

    catalogue = Catalogue("01_layers")

    @catalogue.misconception("affine_forward", "The bias never reaches the output.")
    def bias_forgotten(x, w, b):
        return x.reshape(len(x), -1) @ w, (x, w)

    catalogue.change("relu_backward", "mask_from_dout", "…", {"x > 0": "dout > 0"})
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from examiner._exceptions import CatalogueError

Definition = TypeVar("Definition", bound=Callable[..., Any])
MISCONCEPTION, ALTERNATIVE = "misconception", "alternative"


@dataclass(frozen=True)
class Entry:
    """One catalogued answer.

    Attributes
    ----------
    notebook, answer, name : str
        Where it belongs, the answer that it replaces, what it is called.
    kind : str
        ``"misconception"`` (wrong) or ``"alternative"`` (right, in another style).
    sentence : str
        For a misconception what the student is told; for an alternative its style.
    sources : mapping of str to str
        New source for each answer that is replaced (companions included).
    changes : mapping of str to str
        Texts of the reference to replace, where the entry is a change of it.
    tests : tuple of str
        Test cells that must notice, where that is worth saying.
    """

    notebook: str
    answer: str
    name: str
    kind: str
    sentence: str
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    changes: Mapping[str, str] = field(default_factory=dict, repr=False)
    tests: tuple[str, ...] = ()

    def cells(self, reference: Mapping[str, str]) -> dict[str, str]:
        """Source of every answer cell that this entry replaces.

        Parameters
        ----------
        reference : mapping of str to str
            Source of the reference's answer cells, by grade_id.

        Raises
        ------
        CatalogueError
            If a text to change does not stand exactly once in the reference.
        """
        cells = dict(self.sources)
        if self.changes:
            cells[self.answer] = self._changed(reference[self.answer])
        return cells

    def _changed(self, source: str) -> str:
        for old, new in self.changes.items():
            if source.count(old) != 1:
                raise CatalogueError(
                    f"{self.notebook}: {self.name} changes {old!r}, which stands {source.count(old)} "
                    f"times in the reference of {self.answer}: quote a text that stands there once."
                )
            source = source.replace(old, new)
        return source


class Catalogue:
    """The entries of one notebook, in the order of their definition."""

    def __init__(self, notebook: str) -> None:
        self.notebook = notebook
        self.entries: list[Entry] = []

    def __repr__(self) -> str:
        return f"<Catalogue of {self.notebook}: {len(self.entries)} entries>"

    def misconception(
        self,
        answer: str,
        sentence: str,
        *,
        tests: tuple[str, ...] = (),
        together_with: Mapping[str, Callable[..., Any]] | None = None,
    ) -> Callable[[Definition], Definition]:
        """Register the decorated function or class as a wrong `answer`.

        `together_with` names what replaces other answers beside it: a backward
        function that reads a cache of its own kind, say.
        """
        return self._register(MISCONCEPTION, answer, sentence, tests, together_with or {})

    def alternative(
        self,
        answer: str,
        style: str,
        *,
        together_with: Mapping[str, Callable[..., Any]] | None = None,
    ) -> Callable[[Definition], Definition]:
        """Register the decorated function or class as a right `answer` in another style."""
        return self._register(ALTERNATIVE, answer, style, (), together_with or {})

    def change(
        self,
        answer: str,
        name: str,
        sentence: str,
        changes: Mapping[str, str],
        *,
        kind: str = MISCONCEPTION,
        tests: tuple[str, ...] = (),
    ) -> None:
        """Register small changes of the reference: each text is replaced where it stands, once."""
        self.entries.append(
            Entry(self.notebook, answer, name, kind, sentence, changes=dict(changes), tests=tests)
        )

    def _register(
        self,
        kind: str,
        answer: str,
        sentence: str,
        tests: tuple[str, ...],
        companions: Mapping[str, Callable[..., Any]],
    ) -> Callable[[Definition], Definition]:
        def register(definition: Definition) -> Definition:
            replaced: dict[str, Callable[..., Any]] = {answer: definition, **companions}
            sources = {name: _source_as(name, what) for name, what in replaced.items()}
            self.entries.append(
                Entry(self.notebook, answer, definition.__name__, kind, sentence, sources, tests=tests)
            )
            return definition

        return register


def _source_as(name: str, definition: Callable[..., Any]) -> str:
    """The source of a function or class, without decorators, under another name."""
    node = ast.parse(textwrap.dedent(inspect.getsource(definition))).body[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    node.decorator_list = []
    node.name = name
    return ast.unparse(node)


def load_catalogues(package: str = "misconceptions") -> Iterator[Catalogue]:
    """Yield the catalogue of every module of `package` that has one."""
    parent = importlib.import_module(package)
    for info in pkgutil.iter_modules(parent.__path__):
        module = importlib.import_module(f"{package}.{info.name}")
        catalogue = getattr(module, "catalogue", None)
        if isinstance(catalogue, Catalogue):
            yield catalogue
