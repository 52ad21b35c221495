"""Grade one notebook: provided cells on both sides, answers in the sandbox, tests in the engine's child."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from examiner._exceptions import AnswerStoppedError, ChildEndedError, ChildTimeoutError, EngineError
from examiner.engine import Child
from examiner.grading.inside import Tested
from examiner.grading.rendering import explain, shown
from examiner.kernel import Cell, Session
from examiner.notebooks import (
    Outputs,
    as_submitted,
    cells_of,
    defined_names,
    grade_id,
    is_bonus,
    kind_of,
    pictures_of,
    with_pictures,
)
from examiner.outcome import Check, NotebookOutcome, TestOutcome, sentence, worst

__all__ = ["NotebookGrader"]

log = logging.getLogger(__name__)
INSIDE = "examiner.grading.inside"
CALL_TEXT = 10_000
CALL_PICTURES = 4
MARGIN = 30.0
"""Seconds beyond a test's own limit after which its child is killed: it may be in code that no signal interrupts."""


_FILE = re.compile(r"\([\w<>.-]+\.py, (?=line \d+\))")  # the kernel's own name for a cell
_NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")


class NotebookGrader:
    """The grading of one notebook.

    Parameters
    ----------
    notebook : NotebookNode
        The merged notebook: its outputs are set.
    source : NotebookNode
        The source notebook: what answers define.
    name : str
        Its name without the ending.
    session : Session
        The student's side, in the sandbox.
    another_session : callable
        Gives one more such session, as a context: for tests that run again.
    fork : callable
        Gives a child of the engine, in which the tests run.
    fingerprints : callable
        Gives the file of the notebook's fingerprints, None where nothing is diagnosed; asked when points are lost.
    keep_pictures : bool, optional
        Whether the student's own cells keep the pictures of the submission, where it has any, and draw no others.
    spared : collection of str, optional
        Ids of the cells that do not run at all, see `spared`.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        source: NotebookNode,
        name: str,
        session: Session,
        another_session: Callable[[], AbstractContextManager[Session]],
        fork: Callable[[], Child],
        fingerprints: Callable[[], Path | None],
        keep_pictures: bool = True,
        spared: Collection[str] = (),
    ) -> None:
        self.notebook, self.name, self.session, self.fingerprints = notebook, name, session, fingerprints
        self.answers = defined_names(source)
        self.tests: dict[str, TestOutcome] = {}
        self._fork, self._another_session = fork, another_session
        self._keep_pictures, self._spared = keep_pictures, spared
        self._child: Child | None = None
        self._provided: list[tuple[str, str]] = []
        self._raised: dict[str, str | None] = {}
        self._seconds: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<NotebookGrader of {self.name}: {len(self.tests)} tests so far>"

    def run(self) -> NotebookOutcome:
        """Go through all cells in order, and give the outcome."""
        began = time.monotonic()
        try:
            for number, cell in enumerate(self.notebook.cells, start=1):
                if cell.cell_type == "code" and cell.source.strip():
                    before = self._taken()
                    self._cell(cell, number)
                    self._seconds[_name_of(cell, number)] = round(max(0.0, self._taken() - before), 3)
            self._again_on_reference()
            self._diagnose()
        finally:
            if self._child is not None:
                self._child.kill()
        statuses = [test.status for test in self.tests.values()]
        incidents = self.session.incidents
        status = worst([*statuses, "partial" if incidents else "graded"])
        reasons = [test.reason for test in self.tests.values() if test.status == status and test.reason]
        reason = next(iter([*reasons, *incidents]), None) if status != "graded" else None
        seconds = time.monotonic() - began
        return NotebookOutcome(status, reason, self.tests, seconds, self.session.calls, cells=self._seconds)

    def _taken(self) -> float:
        """Processor seconds so far, of the student's side and of the tests."""
        return self.session.seconds + (self._child.seconds if self._child is not None else 0.0)

    def _cell(self, cell: NotebookNode, number: int) -> None:
        kind = kind_of(cell)
        name = _name_of(cell, number)
        if kind == "test":
            self._test(cell, name)
        elif cell.id in self._spared:
            cell.outputs = as_submitted(cell.outputs, self.session.budget)
        elif kind != "training":
            pictures = pictures_of(cell.outputs) if kind == "free" and self._keep_pictures else []
            outputs = self.session.run(Cell(name, cell.source, provided=kind == "given", draws=not pictures))
            cell.outputs = with_pictures(outputs, pictures, self.session.budget) if pictures else outputs
            cell.execution_count = number
            self._raised[name] = _exception_in(cell.outputs)
            if kind == "given":
                self._provided.append((cell.source, name))
                if self._child is not None and self._child.alive:
                    with contextlib.suppress(ChildEndedError):  # the next test starts another one
                        self._child.call(f"{INSIDE}:provide", cell.source, name)

    def _points_are_lost(self) -> bool:
        return any(test.score is not None and not test.passed for test in self.tests.values())

    # ------------------------------------------------------------------------------ tests

    def _again_on_reference(self) -> None:
        """Run tests again that are built on unfinished parts, with the reference in the place of these.

        In a fresh sandbox, after the parts' own tests: there is nothing of the reference in the first one.
        """
        if not self._points_are_lost() or self._child is None or not self._child.alive:
            return
        try:
            written = {grade_id(cell): cell.source for cell in cells_of(self.notebook, "answer")}
            unfinished = self._child.call(f"{INSIDE}:unfinished", written)
        except EngineError:
            return
        if not unfinished:
            return
        own = self.session
        own.close()
        with self._another_session() as self.session:
            for cell in self.notebook.cells:
                kind, name = kind_of(cell), cell.metadata.get("nbgrader", {}).get("grade_id", "")
                if cell.cell_type != "code" or kind == "training" or cell.id in self._spared:
                    continue
                if kind != "test":
                    self.session.run(Cell(name, cell.source, provided=kind == "given", draws=False))
                elif name in unfinished:
                    first, shown_first = self.tests[name], cell.outputs
                    self._test(cell, name, unfinished[name])
                    if self.tests[name].status == "failed":  # a part that is not a function of plain values
                        self.tests[name], cell.outputs = first, shown_first
            calls, incidents = self.session.calls, self.session.incidents
        self.session = own
        own.calls += calls
        for incident in incidents:
            own.note(incident)

    def _test(self, cell: NotebookNode, name: str, replaced: Collection[str] = ()) -> None:
        points = float(cell.metadata.nbgrader.points)
        self.session.outputs = self._outputs()
        calls, before = self.session.calls, len(self.session.incidents)
        tested = self._run(cell.source, name, points, replaced)
        for incident in tested.incidents:
            self.session.note(incident)
        outcome = replace(tested.outcome, checks=tuple(map(self._with_reason, tested.outcome.checks)))
        if outcome.status == "graded" and (stopped := self.session.incidents[before:]):
            outcome = replace(outcome, status="partial", reason=stopped[0])
        outcome = replace(outcome, bonus=is_bonus(cell), calls=self.session.calls - calls)
        self.tests[name] = outcome
        cell.outputs = shown(replace(tested, outcome=outcome), self.session.outputs)
        cell.execution_count = len(self.tests)

    def _outputs(self) -> Outputs:
        return Outputs(CALL_TEXT, CALL_PICTURES, self.session.budget)

    def _with_reason(self, check: Check) -> Check:
        """Say of an answer that is not defined what its cell said."""
        missing = _NOT_DEFINED.search(check.message or "")
        why = self._raised.get(missing[1]) if missing else None
        return replace(check, message=f"{check.message} (its cell raised {why})") if why else check

    def _run(self, source: str, name: str, points: float, replaced: Collection[str]) -> Tested:
        """Run a test in the child; a child that had to be ended costs this test, and is replaced.

        A child that ended by itself may have been ended by the system: the test runs once more, in another one.
        """
        try:
            return self._run_once(source, name, points, replaced)
        except (ChildEndedError, EngineError):
            self.session.outputs = self._outputs()
        try:
            return self._run_once(source, name, points, replaced)
        except (ChildEndedError, EngineError) as error:
            why = f"{name}: {str(error).splitlines()[0]}: grade the submission again"
            return Tested(TestOutcome(None, points, (), "failed", why))

    def _run_once(self, source: str, name: str, points: float, replaced: Collection[str]) -> Tested:
        limit = self.session.check_seconds
        try:
            tested: Tested = self._ready().call(
                f"{INSIDE}:grade_test", source, name, points, replaced, serve=self._serve, seconds=2 * limit + MARGIN
            )
        except ChildTimeoutError:
            why = f"{name}: checking the returned value took longer than {limit:g} s: is it very large?"
            return Tested(TestOutcome(0.0, points, (), "partial", why), incidents=(why,))
        if tested.outcome.error == "CheckTimeoutError":
            why = f"{name}: checking the returned value took longer than {limit:g} s: is it very large?"
            return tested if tested.outcome.score is None else replace(tested, incidents=(*tested.incidents, why))
        return tested

    def _ready(self) -> Child:
        """The child, or a fresh one in which all provided cells have run again."""
        if self._child is None or not self._child.alive:
            self._child = self._fork()
            self._child.call(f"{INSIDE}:begin", self.name, self.answers, self.session.check_seconds)
            for source, name in self._provided:
                self._child.call(f"{INSIDE}:provide", source, name)
        return self._child

    def _serve(self, question: tuple[Any, ...]) -> Any:
        """Relay what a test asks of the student's side."""
        kind, *details = question
        if kind == "cell":
            return self.session.cell_name(*details)
        try:
            said, content = "frames", self.session.request(*details)
        except AnswerStoppedError as error:
            return "stopped", str(error), self.session.generation, self.session.alive
        return said, content, self.session.generation, self.session.alive

    # -------------------------------------------------------------------------- diagnosis

    def _diagnose(self) -> None:
        """Name the mistakes behind lost points, in the outcomes and below the checks that they spoil."""
        found = self._named()
        cells = {cell.metadata.nbgrader.grade_id: cell for cell in self.notebook.cells if kind_of(cell) == "test"}
        for name, those in found.items():
            names = tuple(each.name for each in those if each.name is not None)
            sentences = tuple(each.sentence for each in those)
            self.tests[name] = replace(self.tests[name], misconceptions=names, diagnosis=sentences)
            explain(cells[name], self.tests[name], those)

    def _named(self) -> Mapping[str, Any]:
        if not self._points_are_lost() or self._child is None or not self._child.alive:
            return {}
        try:
            file = self.fingerprints()
            return {} if file is None else self._child.call(f"{INSIDE}:diagnose", file, serve=self._serve)
        except Exception as error:  # a score is valid without its diagnosis
            log.warning("%s: not diagnosed (%s: %s)", self.name, type(error).__name__, str(error).splitlines()[0])
            return {}


def _name_of(cell: NotebookNode, number: int) -> str:
    """What a cell is called in messages."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or f"number {number}")


def _exception_in(outputs: list[NotebookNode]) -> str | None:
    """The exception that ended a cell, as one line."""
    found = [output for output in outputs if output.output_type == "error"]
    return sentence(_FILE.sub("(", f"{found[0].ename}: {found[0].evalue}"))[:200] if found else None
