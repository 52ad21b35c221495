"""Run one notebook's answers and tests in this process: trusted code only.

The audit, the diagnosis and the sample class ask what the tests say about an answer that the
course's authors wrote themselves.  None of that needs a sandbox; a submission always does.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import signal
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from examiner.notebooks.cells import answer_of, cells_of, grade_id, names_in, points, read, solutions
from toolkit.checks import Checks, Comparison, Result

__all__ = ["Place", "TestRun", "TimeLimit", "TrustedRun", "by_place"]

Place = tuple[str, str, str, int]
"""A comparison: test cell, title of the block, its name, how many of that name came before it."""


class TimeLimit(BaseException):
    """An answer took too long; no block of checks catches it."""


@dataclass(frozen=True)
class TestRun:
    """What one test cell said.

    Attributes
    ----------
    test : str
        Its grade_id.
    score, points : float
        What it gave, and what it could have given.
    results : tuple of Result
        Its blocks.
    error : str or None
        The name of the exception that ended the cell.
    mutating : tuple of str
        The answers that changed an array which the test gave them; in the sandbox only, not in a rehearsal.
    """

    __test__ = False  # pytest: no test class

    test: str
    score: float
    points: float
    results: tuple[Result, ...] = ()
    error: str | None = None
    mutating: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it gave full marks."""
        return self.score >= self.points - 1e-6


def by_place(test: str, results: Sequence[Result]) -> dict[Place, Comparison]:
    """The comparisons of a test cell, each under where it stands, in order."""
    found: dict[Place, Comparison] = {}
    for result in results:
        for comparison in result.comparisons:
            number = 0
            while (place := (test, result.title, comparison.name, number)) in found:
                number += 1
            found[place] = comparison
    return found


class TrustedRun:
    """A notebook with its reference, ready to be run with other answers.

    Parameters
    ----------
    path : Path
        The source notebook.
    seed : int
        Seed of the hidden inputs.
    """

    def __init__(self, path: Path, seed: int = 231) -> None:
        self.path, self.seed = path, seed
        notebook = read(path)
        self.reference = solutions(notebook)
        self.answers = [grade_id(cell) for cell in cells_of(notebook, "answer")]
        self.points = {grade_id(cell): points(cell) for cell in cells_of(notebook, "test")}
        self._uses = {name: names_in(self.reference[name]) for name in self.answers}
        self._tests = {grade_id(cell): cell.source for cell in cells_of(notebook, "test")}
        self._test_uses = {name: names_in(source) for name, source in self._tests.items()}
        with self._seated():
            self._given = _given(notebook)

    def __repr__(self) -> str:
        return f"<TrustedRun of {self.path.stem}: {len(self.answers)} answers, {len(self._tests)} tests>"

    def tests_of(self, answer: str) -> tuple[str, ...]:
        """The test cells of an answer that call it: not those that look at a file, say."""
        return tuple(test for test in self.tests_touched((answer,)) if answer_of(test) == answer)

    def tests_touched(self, replaced: Sequence[str], sources: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """The test cells that call one of some answers, directly or through others."""
        uses = self._uses | {name: names_in(source) for name, source in (sources or {}).items()}
        touched = set(replaced)
        while more := {name for name in self.answers if uses[name] & touched} - touched:
            touched |= more
        return tuple(test for test, used in self._test_uses.items() if used & touched)

    def run(
        self,
        sources: Mapping[str, str],
        tests: Sequence[str] | None = None,
        *,
        seconds: float | None = None,
        wrap: Callable[[str, Any], Any] | None = None,
    ) -> dict[str, TestRun]:
        """Define all answers, some from other sources than the reference, and run test cells.

        Parameters
        ----------
        sources : mapping of str to str
            Source of the answers that are not the reference.
        tests : sequence of str, optional
            The test cells to run; by default those that the answers can touch.
        seconds : float, optional
            Limit for each test cell.
        wrap : callable, optional
            ``wrap(name, value)`` gives what is called in place of an answer.
        """
        chosen = self.tests_touched(tuple(sources), sources) if tests is None else tests
        with self._seated():
            space = self.namespace(sources)
            if wrap is not None:
                space.update({name: wrap(name, space[name]) for name in self.answers if name in space})
            return {test: self._run_test(test, dict(space), seconds) for test in chosen}

    @contextlib.contextmanager
    def prepared(self, sources: Mapping[str, str], seconds: float | None = None) -> Iterator[dict[str, Any]]:
        """A namespace to work with in silence, in the notebook's folder, for a limited time."""
        with self._seated(), _silent(), _limited(seconds):
            yield self.namespace(sources)

    def namespace(self, sources: Mapping[str, str]) -> dict[str, Any]:
        """The names of the given cells and of all answers, some from other sources than the reference."""
        space = dict(self._given)
        for name in self.answers:
            with contextlib.suppress(Exception), _silent():  # what then is missing, the tests report
                exec(_compiled(sources.get(name, self.reference[name]), name), space)
        return space

    def _run_test(self, test: str, space: dict[str, Any], seconds: float | None) -> TestRun:
        before, error = {id(value) for value in space.values()}, None
        with _silent():
            try:
                with _limited(seconds):
                    exec(_compiled(self._tests[test], test), space)
            except (Exception, TimeLimit, SystemExit) as raised:
                error = type(raised).__name__
        found = {id(v): v for v in space.values() if isinstance(v, Checks) and id(v) not in before}.values()
        results = tuple(result for checks in found for result in checks.results)
        score = 0.0 if error else sum(checks.score for checks in found)
        return TestRun(test, score, self.points[test], results, error)

    @contextlib.contextmanager
    def _seated(self) -> Iterator[None]:
        """Work in the notebook's folder, with its seed."""
        changed = {"CHECKS_SEED": str(self.seed), "MPLBACKEND": "agg", "NN_OFFLINE": "1"}
        before, here = {name: os.environ.get(name) for name in changed}, Path.cwd()
        os.environ.update(changed)
        os.chdir(self.path.parent)
        try:
            yield
        finally:
            os.chdir(here)
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
            _close_figures()


def _given(notebook: NotebookNode) -> dict[str, Any]:
    """The names that the given cells define."""
    space: dict[str, Any] = {"__name__": "__main__"}
    with _silent():
        for cell in cells_of(notebook, "given"):
            exec(_compiled(cell.source, grade_id(cell)), space)
    return space


@functools.lru_cache(maxsize=4096)
def _compiled(source: str, name: str) -> types.CodeType:
    plain = "\n".join("" if line.startswith(("%", "!")) else line for line in source.split("\n"))
    return compile(plain, f"<{name}>", "exec")


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep what is printed and warned to ourselves."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _limited(seconds: float | None) -> Iterator[None]:
    """Raise `TimeLimit` after some seconds, where signals can be had."""
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TimeLimit

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)  # again and again, should it be caught
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _close_figures() -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
