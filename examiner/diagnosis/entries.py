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
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np

from examiner._exceptions import CatalogueError

Definition = TypeVar("Definition", bound=Callable[..., Any])
Probe = Callable[[SimpleNamespace, np.random.Generator], Any]
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
    follow_on : tuple of str
        Test cells of other answers that lose points too, and that cannot be helped.
    variants : tuple of mapping of str to str
        The same mistake with another number or function: texts to replace in the answer's own cell. They are
        recognized like the entry itself, and told the same.
    """

    notebook: str
    answer: str
    name: str
    kind: str
    sentence: str
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    changes: Mapping[str, str] = field(default_factory=dict, repr=False)
    tests: tuple[str, ...] = ()
    follow_on: tuple[str, ...] = ()
    variants: tuple[Mapping[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.answer}:{self.name}"

    def replaced(self) -> tuple[str, ...]:
        """The answers that it replaces: its own, and their companions."""
        return tuple({self.answer: None} | dict.fromkeys(self.sources))

    def cells(self, reference: Mapping[str, str], variant: int = 0) -> dict[str, str]:
        """Source of every answer cell that this entry replaces.

        Parameters
        ----------
        reference : mapping of str to str
            Source of the reference's answer cells, by grade_id.
        variant : int
            Number of the variant, counted from 1; 0 is the entry itself.

        Raises
        ------
        CatalogueError
            If a text to change does not occur exactly once in the reference.
        """
        cells = dict(self.sources)
        if self.changes:
            cells[self.answer] = self._changed(reference[self.answer], self.changes)
        if variant:
            cells[self.answer] = self._changed(cells[self.answer], self.variants[variant - 1])
        return cells

    def combined(self, other: Entry, reference: Mapping[str, str]) -> dict[str, str] | None:
        """Sources of two entries at once: None where they are not changes of the same answer that go together."""
        if not self.changes or not other.changes or self.answer != other.answer:
            return None
        both = replace(self, name=f"{self.name}+{other.name}", changes=dict(self.changes) | dict(other.changes))
        if len(both.changes) < len(self.changes) + len(other.changes):
            return None
        try:
            return both.cells(reference)
        except CatalogueError:
            return None

    def _changed(self, source: str, changes: Mapping[str, str]) -> str:
        for old, new in changes.items():
            if source.count(old) != 1:
                raise CatalogueError(
                    f"{self.notebook}: {self.name} changes {old!r}, which occurs {source.count(old)} "
                    f"times in the source of {self.answer}: quote a text that occurs once."
                )
            source = source.replace(old, new)
        return source


@dataclass(frozen=True)
class Task:
    """Fingerprints to compute.

    Attributes
    ----------
    notebook : str
    entry : Entry or None
        None for the reference.
    partners : tuple of Entry
        Other entries, of which fingerprints of pairs are wanted.
    visible_only : bool
        Whether hidden tests are left out.
    """

    notebook: str
    entry: Entry | None = None
    partners: tuple[Entry, ...] = ()
    visible_only: bool = False


@dataclass(frozen=True)
class Listing:
    """A catalogue as plain records, which can leave the process that has loaded it.

    Attributes
    ----------
    notebook : str
    entries : tuple of Entry
    own_choices : mapping of str to frozenset of str
        What each student decides, by answer; see `Catalogue.own_choice`.
    probed : frozenset of str
        Answers that have a probe; see `Catalogue.probe`.
    """

    notebook: str
    entries: tuple[Entry, ...]
    own_choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    probed: frozenset[str] = frozenset()


class Catalogue:
    """The entries of one notebook, in the order of their definition."""

    def __init__(self, notebook: str) -> None:
        self.notebook = notebook
        self.entries: list[Entry] = []
        self.probes: dict[str, Probe] = {}
        self.own_choices: dict[str, frozenset[str]] = {}

    def __repr__(self) -> str:
        return f"<Catalogue of {self.notebook}: {len(self.entries)} entries>"

    def listing(self) -> Listing:
        """The same as plain records."""
        return Listing(self.notebook, tuple(self.entries), dict(self.own_choices), frozenset(self.probes))

    def misconception(
        self,
        answer: str,
        sentence: str,
        *,
        tests: tuple[str, ...] = (),
        follow_on: tuple[str, ...] = (),
        together_with: Mapping[str, Callable[..., Any]] | None = None,
        variants: tuple[Mapping[str, str], ...] = (),
    ) -> Callable[[Definition], Definition]:
        """Register the decorated function or class as a wrong `answer`.

        `together_with` replaces other answers as well, such as a backward
        function that reads its own kind of cache.
        """
        return self._register(MISCONCEPTION, answer, sentence, tests, together_with or {}, follow_on, variants)

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
        follow_on: tuple[str, ...] = (),
        variants: tuple[Mapping[str, str], ...] = (),
    ) -> None:
        """Register small changes of the reference: each text occurs once and is replaced."""
        self.entries.append(
            Entry(self.notebook, answer, name, kind, sentence, {}, dict(changes), tests, follow_on, variants)
        )

    def probe(self, *answers: str) -> Callable[[Probe], Probe]:
        """Register how to try out some answers on random inputs, wider than the tests do.

        The decorated function takes a namespace of provided names and answers, and a generator,
        and returns all numbers that the answers gave.  A mutant that no test notices is taken
        for the same function where its probe gives the same numbers, time after time.
        """

        def register(probe: Probe) -> Probe:
            self.probes.update(dict.fromkeys(answers, probe))
            return probe

        return register

    def own_choice(self, answer: str, *what: str) -> None:
        """Declare what each student decides in an answer, so that no mutant is made of it.

        `what` are names of keyword arguments and of variables that are set, and ``"[...]"``
        for lists.
        """
        self.own_choices[answer] = frozenset(what)

    def _register(
        self,
        kind: str,
        answer: str,
        sentence: str,
        tests: tuple[str, ...],
        companions: Mapping[str, Callable[..., Any]],
        follow_on: tuple[str, ...] = (),
        variants: tuple[Mapping[str, str], ...] = (),
    ) -> Callable[[Definition], Definition]:
        def register(definition: Definition) -> Definition:
            replaced: dict[str, Callable[..., Any]] = {answer: definition, **companions}
            sources = {name: _source_as(name, what) for name, what in replaced.items()}
            self.entries.append(
                Entry(
                    self.notebook, answer, definition.__name__, kind, sentence, sources, {}, tests, follow_on, variants
                )
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


def listings(package: str) -> Iterator[Listing]:
    """Yield what every catalogue of a package lists, in the order of the notebooks."""
    return (each.listing() for each in sorted(load_catalogues(package), key=lambda each: each.notebook))


def excused_in(package: str) -> tuple[Excused, ...]:
    """The excused mutants of a package: ``EXCUSED`` of its module `excused`; none without such a module."""
    try:
        found: tuple[Excused, ...] = importlib.import_module(f"{package}.excused").EXCUSED
    except ModuleNotFoundError:
        return ()
    return found


@dataclass(frozen=True)
class Excused:
    """A mutant that keeps full marks and is not a mistake: its changed line, or ``-`` and a dropped one."""

    answer: str
    line: str
    reason: str

    def covers(self, answer: str, diff: str) -> bool:
        """Whether it is about the mutant of an answer with this difference."""
        lines = [line[0] + line[1:].strip() for line in diff.split("\n")]
        return self.answer == answer and ("+" + self.line in lines or self.line in lines)
