"""The tests of one notebook, in the engine's child: provided cells run here, answers are proxies.

The functions of this module are what `examiner.grading.notebook` calls in the child.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from examiner._exceptions import AnswerStoppedError, CheckTimeoutError, NeedsHumanError
from examiner.diagnosis import Diagnosis, diagnose_here
from examiner.engine import (
    Ran,
    compiled,
    current_assignment,
    prepare_reference,
    run_cell,
    run_imports,
    run_test,
    trusted_run,
)
from examiner.grading.proxies import AnswerError, Bridge, Link, Raised, TestNames
from examiner.notebooks import cells_of, grade_id, names_in, read_once
from examiner.outcome import Check, TestOutcome

__all__ = ["Tested", "begin", "diagnose", "grade_test", "prepare", "provide", "unfinished"]

HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
# A test itself says NotImplementedError where something was not submitted.
STUDENTS_OWN = AnswerError, AnswerStoppedError, NotImplementedError


@dataclass(frozen=True)
class Tested:
    """The result of a test cell, as the examiner's process sees it.

    Attributes
    ----------
    outcome : TestOutcome
    printed : str
        What the test wrote to stdout.
    raised : tuple of Raised
        What the student's code raised meanwhile.
    incidents : tuple of str
        What the sandbox sent that is not an answer.
    """

    __test__ = False  # pytest: not a test class

    outcome: TestOutcome
    printed: str = ""
    raised: tuple[Raised, ...] = ()
    incidents: tuple[str, ...] = ()


class NotebookTests:
    """The tests of one notebook.

    Parameters
    ----------
    notebook : str
        Its name.
    answers : mapping of str to bool
        The names that its answers define; True where they can be called.
    seconds : float
        Processor time that one test may take.
    """

    def __init__(self, notebook: str, answers: Mapping[str, bool], seconds: float) -> None:
        self.notebook, self.answers, self.seconds = notebook, answers, seconds
        self.space = types.ModuleType("__main__").__dict__
        self.provided: dict[str, Any] = {}
        self.bridge = Bridge(Link(), self.provided)
        self.outcomes: dict[str, TestOutcome] = {}
        self.sources: dict[str, tuple[str, float, Collection[str]]] = {}
        self.fault: str | None = None
        run_imports(_source(notebook), self.space)
        self._place_proxies()

    def __repr__(self) -> str:
        return f"<NotebookTests of {self.notebook}: {len(self.outcomes)} so far>"

    def provide(self, source: str, name: str) -> None:
        """Run a provided cell."""
        before = dict(self.space)
        try:
            run_cell(source, name, self.space)
        except Exception as error:
            self.fault = f"provided cell {name} raised {type(error).__name__}: {error}"
            return
        new = {key: value for key, value in self.space.items() if before.get(key, self) is not value}
        self.provided.update({key: value for key, value in new.items() if not key.startswith("__")})

    def test(self, source: str, name: str, points: float, replaced: Collection[str] = ()) -> Tested:
        """Run a test cell and judge it; the reference takes the place of some parts."""
        self.sources[name] = source, points, replaced
        self.bridge.begin(name)
        self._fetch_values(source)
        if replaced:
            self._replace(replaced)
        names = TestNames(self.space, self.answers, self.bridge)
        ran = run_test(source, name, self.space, points=points, seconds=self.seconds, names=names)
        raised, incidents = tuple(self.bridge.raised), tuple(self.bridge.incidents)
        outcome = replace(self._judge(ran, source, name), mutating=tuple(self.bridge.mutating))
        self.bridge.end()
        self._place_proxies()  # what the test has deleted or replaced
        self.outcomes[name] = outcome
        note = f"{', '.join(replaced)}: not finished, so the reference is used here.\n" if replaced else ""
        return Tested(outcome.without_values(), note + ran.printed, raised, incidents)

    def _replace(self, names: Collection[str]) -> None:
        reference = trusted_run(self.notebook).namespace()
        parts = {name: reference[name] for name in names}
        self.space.update(parts)
        self.bridge.replace(parts)

    def again(self, name: str) -> TestOutcome:
        """Run a test once more with copies for every call: nothing that an answer changes reaches another one."""
        source, points, replaced = self.sources[name]
        self.bridge.begin(f"{name}, again")
        self.bridge.copies = True
        if replaced:
            self._replace(replaced)
        try:
            names = TestNames(self.space, self.answers, self.bridge)
            return run_test(source, name, self.space, points=points, seconds=self.seconds, names=names).outcome
        finally:
            self.bridge.copies = False
            self.bridge.end()
            self._place_proxies()

    def _place_proxies(self) -> None:
        self.space.update({name: self.bridge.proxy(name) for name, callable_ in self.answers.items() if callable_})

    def _fetch_values(self, source: str) -> None:
        """Answers that are plain values are read again by each test that uses them."""
        for name in sorted(names_in(source)):
            if self.answers.get(name) is False:
                self.space.pop(name, None)
                with contextlib.suppress(NameError, AnswerStoppedError):
                    self.space[name] = self.bridge.value(name)

    def _judge(self, ran: Ran, source: str, name: str) -> TestOutcome:
        """Turn the result of a test cell into a score, or into a reason for manual grading."""
        outcome, error = ran.outcome, ran.error
        if isinstance(error, NeedsHumanError):
            return replace(outcome, score=None, reason=f"{name}: {error}")
        fault = self.fault or next(iter(self.bridge.faults), None)
        if fault is None and error is not None and not isinstance(error, STUDENTS_OWN):
            fault = self._fault_of(source, name)
        if fault is not None:
            return replace(outcome, score=None, status="failed", reason=f"{name}: {fault}")
        if error is None:
            return outcome
        message = f"{type(error).__name__}: {_public(error, source, name)}"
        return replace(outcome, checks=(*outcome.checks, Check(name, False, message=message)))

    def _fault_of(self, source: str, name: str) -> str | None:
        """What the test raises on the reference's own answers: then it is not the student's fault."""
        try:
            space = trusted_run(self.notebook).namespace()
        except Exception as unread:
            return f"the reference could not be read ({type(unread).__name__}: {unread})"
        space.update({key: value for key, value in self.space.items() if key not in space})  # of earlier tests
        error = run_test(source, name, space, points=0, seconds=self.seconds).error
        return None if error is None else f"the test raised {type(error).__name__}: {error}"


def _public(error: Exception, source: str, name: str) -> str:
    """An exception's message; what a hidden test raises itself may name a reference value."""
    if isinstance(error, AnswerError | AnswerStoppedError | CheckTimeoutError):
        return str(error)
    lines, trace = [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == f"<{name}>":
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    hidden = False
    for line in source.split("\n")[: max(lines) if lines else None]:
        hidden = (hidden or line.strip() == HIDDEN[0]) and line.strip() != HIDDEN[1]
    return "in a hidden check" if hidden else str(error)[:300]


def _source(notebook: str) -> NotebookNode:
    return read_once(current_assignment().notebook(notebook))


# ------------------------------------------------------------------------ called from outside


def prepare(notebook: str, *earlier: str) -> None:
    """Read, compile and import, in the engine's warm process, what every child needs that tests this notebook.

    Parameters
    ----------
    notebook : str
        Its name without the ending.
    *earlier : str
        The notebooks that it builds on.
    """
    for name in (*earlier, notebook):
        prepare_reference(name)
    source = _source(notebook)
    run_imports(source, {}, "given")
    for cell in cells_of(source, "given", "test"):
        if cell.cell_type == "code":
            with contextlib.suppress(SyntaxError):
                compiled(cell.source, grade_id(cell))
            names_in(cell.source)


_tests: NotebookTests | None = None


def begin(notebook: str, answers: Mapping[str, bool], seconds: float) -> None:
    """Start with a notebook; see `NotebookTests`."""
    global _tests
    _tests = NotebookTests(notebook, answers, seconds)


def provide(source: str, name: str) -> None:
    """Run a provided cell."""
    _begun().provide(source, name)


def grade_test(source: str, name: str, points: float, replaced: Collection[str] = ()) -> Tested:
    """Run a test cell; the reference takes the place of some parts."""
    return _begun().test(source, name, points, replaced)


def unfinished(sources: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Tests that are built on unfinished parts, and these parts; `sources` are the student's answers."""
    tests = _begun()
    return trusted_run(tests.notebook).unfinished(tests.outcomes, sources)


def diagnose(fingerprints: Path) -> dict[str, tuple[Diagnosis, ...]]:
    """Name the mistakes behind the points that were lost, by test."""
    tests = _begun()
    return diagnose_here(tests.notebook, fingerprints, tests.outcomes, tests.again)


def _begun() -> NotebookTests:
    assert _tests is not None
    return _tests
