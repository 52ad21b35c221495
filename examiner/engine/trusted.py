"""Trusted runs: test cells on answers that the course's authors wrote, in the engine's child, without a sandbox.

The audit, the fingerprints and the sample class ask what the tests say about such answers. A submission
always needs the sandbox.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from nbformat import NotebookNode

from examiner.engine.cells import limited, run_cell, run_imports, run_test, silent
from examiner.engine.child import current_assignment
from examiner.notebooks import (
    answer_of,
    cells_of,
    defined_names,
    grade_id,
    is_blank,
    names_in,
    points,
    read,
    solutions,
    without_hidden,
)
from examiner.outcome import TestOutcome

__all__ = ["TrustedRun", "trusted_run"]


class TrustedRun:
    """A source notebook with its reference, ready to be run with other answers.

    Parameters
    ----------
    path : Path
        The source notebook.
    visible_only : bool
        Whether to leave out hidden tests, as the release does.
    """

    def __init__(self, path: Path, visible_only: bool = False) -> None:
        self.path = path
        notebook = read(path)
        self.reference = solutions(notebook)
        self.answers = [grade_id(cell) for cell in cells_of(notebook, "answer")]
        self.points = {grade_id(cell): points(cell) for cell in cells_of(notebook, "test")}
        self.names = defined_names(notebook)
        self._defines = {grade_id(cell): _defined(cell) for cell in cells_of(notebook, "answer")}
        self._uses = {name: names_in(self.reference[name]) for name in self.answers}
        shown = without_hidden if visible_only else str
        self._tests = {grade_id(cell): shown(cell.source) for cell in cells_of(notebook, "test")}
        self._test_uses = {name: names_in(source) for name, source in self._tests.items()}
        self._provided: dict[str, Any] = {"__name__": "__main__"}
        run_imports(notebook, self._provided)
        for cell in cells_of(notebook, "given"):
            if cell.cell_type == "code":
                run_cell(cell.source, grade_id(cell), self._provided)

    def __repr__(self) -> str:
        return f"<TrustedRun of {self.path.stem}: {len(self.answers)} answers, {len(self._tests)} tests>"

    def tests_of(self, answer: str) -> tuple[str, ...]:
        """The test cells of an answer that call it, unlike those that read a file."""
        return tuple(test for test in self.tests_touched((answer,)) if answer_of(test) == answer)

    def built_on(self, test: str) -> tuple[str, ...]:
        """The answers that a test or its answer's reference uses, directly or through others."""
        used = self._test_uses[test]
        found = {name for name in self.answers if self._names_of({name}) & used or name == answer_of(test)}
        while more := {n for each in found for n in self.answers if self._names_of({n}) & self._uses[each]} - found:
            found |= more
        return tuple(name for name in self.answers if name in found)

    def unfinished(self, outcomes: Mapping[str, TestOutcome], sources: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """Tests that lost points and are built on parts that are blank or not defined: by test, these parts.

        A part's own tests tell: each of them says that it is not written, or that there is nothing of its name.
        A test whose name does not say which answer it belongs to is left out: it may be the part's own.
        """
        written = self.reference | dict(sources)
        lost = [name for name, each in outcomes.items() if each.score is not None and not each.passed]
        missing = {
            answer
            for answer in map(answer_of, lost)
            if answer in self.answers and (is_blank(written[answer]) or _is_undefined(answer, outcomes))
        }
        found = {
            name: tuple(part for part in self.built_on(name) if part in missing and part != answer_of(name))
            for name in lost
            if answer_of(name) in self.answers and answer_of(name) not in missing
        }
        return {name: parts for name, parts in found.items() if parts}

    def tests_touched(self, replaced: Sequence[str], sources: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """The test cells that call one of some answers, directly or through others."""
        uses = self._uses | {name: names_in(source) for name, source in (sources or {}).items()}
        touched = set(replaced)
        while more := {name for name in self.answers if uses[name] & self._names_of(touched)} - touched:
            touched |= more
        names = self._names_of(touched)
        return tuple(test for test, used in self._test_uses.items() if used & names)

    def run(
        self,
        sources: Mapping[str, str],
        tests: Sequence[str] | None = None,
        *,
        seconds: float | None = None,
        wrap: Callable[[str, Any], Any] | None = None,
        copies: bool = False,
    ) -> dict[str, TestOutcome]:
        """Define all answers, some from other sources than the reference, and run test cells.

        Parameters
        ----------
        sources : mapping of str to str
            Source of the answers that are not the reference.
        tests : sequence of str, optional
            The test cells to run; by default those that the answers can touch.
        seconds : float, optional
            Limit of processor time for each test cell.
        wrap : callable, optional
            ``wrap(name, value)`` gives what is called in place of an answer.
        copies : bool
            Whether each call gets deep copies of its arguments, caches included.
        """
        chosen = self.tests_touched(tuple(sources), sources) if tests is None else tests
        space = self.namespace(sources)
        if wrap is not None:
            space.update({name: wrap(name, space[name]) for name in self.names if name in space})
        return {test: self._run_test(test, space, seconds, copies) for test in chosen}

    def namespace(self, sources: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The names of the provided cells and of all answers, some from other sources than the reference."""
        space = dict(self._provided)
        for name in self.answers:
            with contextlib.suppress(Exception):  # the tests report what then is missing
                run_cell((sources or {}).get(name, self.reference[name]), name, space)
        return space

    @contextlib.contextmanager
    def prepared(self, sources: Mapping[str, str], seconds: float | None = None) -> Iterator[dict[str, Any]]:
        """A namespace to work with in silence, for a limited time."""
        with silent(), limited(seconds):
            yield self.namespace(sources)

    def _names_of(self, answers: Iterable[str]) -> set[str]:
        """What the cells of some answers define: a cell need not be called like its only name."""
        return {name for answer in answers for name in self._defines.get(answer, ())}

    def _run_test(self, test: str, space: dict[str, Any], seconds: float | None, copies: bool) -> TestOutcome:
        """Run a test in globals of its own; the answers see which of their names it deletes or binds, until it ends."""
        before, calls = {name: space[name] for name in self.names if name in space}, _Calls(copies)
        own = space | {name: calls.watched(name, value) for name, value in before.items()}
        names = _Names(own, space, self.names)
        try:
            ran = run_test(self._tests[test], test, own, points=self.points[test], seconds=seconds, names=names)
            return replace(ran.outcome, mutating=tuple(calls.mutating))
        finally:
            for name in self.names:
                space.pop(name, None)
            space.update(before)


class _Names(dict[str, Any]):
    """A test cell's names: what it does to a name of the answers happens in their globals, too."""

    def __init__(self, own: dict[str, Any], answers: dict[str, Any], shared: Iterable[str]) -> None:
        super().__init__()
        self._own, self._answers, self._shared = own, answers, frozenset(shared)

    def __getitem__(self, name: str) -> Any:
        return self._own[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._own[name] = value
        if name in self._shared:
            self._answers[name] = value

    def __delitem__(self, name: str) -> None:
        del self._own[name]
        if name in self._shared:
            self._answers.pop(name, None)


def _is_undefined(answer: str, outcomes: Mapping[str, TestOutcome]) -> bool:
    """Whether each test of an answer says that there is nothing of its name."""
    own = [each for test, each in outcomes.items() if answer_of(test) == answer]
    undefined = f"NameError: name {answer!r} is not defined"
    return all(any(undefined in str(check.message) for check in each.checks) for each in own)


def _defined(cell: NotebookNode) -> set[str]:
    return set(defined_names(NotebookNode(cells=[cell])))


class _Calls:
    """The calls of one test cell: which answers changed an array that the test gave them, as the sandbox notes it."""

    def __init__(self, copies: bool) -> None:
        self.copies, self.inside = copies, False
        self.mutating: list[str] = []

    def watched(self, name: str, value: Any) -> Any:
        """The answer, with an eye on its arguments; what is not a function stays as it is."""
        if not inspect.isfunction(value):
            return value

        @functools.wraps(value)
        def call(*arguments: Any, **named: Any) -> Any:
            if self.inside:  # called by another answer
                return value(*arguments, **named)
            if self.copies:
                arguments, named = copy.deepcopy((arguments, named))
            given = [each for each in (*arguments, *named.values()) if type(each) is np.ndarray]
            before = [(each.shape, each.tobytes()) for each in given]
            self.inside = True
            try:
                result = value(*arguments, **named)
            finally:
                self.inside = False
            if [(each.shape, each.tobytes()) for each in given] != before and name not in self.mutating:
                self.mutating.append(name)
            return result

        return call


@functools.lru_cache(maxsize=8)
def trusted_run(notebook: str, visible_only: bool = False) -> TrustedRun:
    """A notebook of this process's assignment, prepared once."""
    return TrustedRun(current_assignment().notebook(notebook), visible_only)
