"""Grade one notebook: given cells on both sides, answers in the sandbox, tests here."""

from __future__ import annotations

import ast
import contextlib
import html
import io
import math
import os
import resource
import signal
import sys
import threading
import time
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_output

from examiner._exceptions import AnswerStoppedError, NeedsHumanError
from examiner.grading.proxies import AnswerError, Bridge, Raised
from examiner.kernel import Cell, Session
from examiner.notebooks.cells import is_bonus, kind_of
from examiner.notebooks.names import defined_names, statements, used_names
from examiner.notebooks.outputs import Outputs
from examiner.outcome import Check, NotebookOutcome, TestOutcome, worst
from examiner.paths import grading

if TYPE_CHECKING:  # needs the toolkit, which is there only while a notebook is graded
    from examiner.diagnosis.diagnoser import Diagnosis

__all__ = ["NotebookGrader", "Said", "Workspace"]

HUMAN = NeedsHumanError.__name__
# A test itself says NotImplementedError where something was not handed in.
_STUDENTS_OWN = AnswerError, AnswerStoppedError, NotImplementedError
CALL_TEXT = 10_000
CALL_PICTURES = 4
MAX_MEMORY = 3 * 2**30  # bytes that a test may allocate on top of what is in use
Said = tuple[str, float, float, tuple[Any, ...], str | None, tuple[str, ...]]
"""A `examiner.engine.trusted.TestRun`, which needs the toolkit: test cell, its score, its points, the results of its
checks, the name of the exception that ended it, the answers that changed their input."""
HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


@dataclass(frozen=True)
class Workspace:
    """Where tests run: a working folder, the assignment's source folder, the seed.

    Attributes
    ----------
    folder : Path
        The working folder: the student's trained parameters, and nothing else of theirs.
    source : Path
        The assignment's source folder: the toolkit, and the reference.
    seed : int
        Seed of the hidden inputs.
    data_dir : Path or None
        The data sets.
    """

    folder: Path
    source: Path
    seed: int = 231
    data_dir: Path | None = None

    @contextlib.contextmanager
    def seated(self) -> Iterator[None]:
        """Run with this folder, environment and search path; all is put back afterwards."""
        environment = {
            "CHECKS_SEED": str(self.seed),
            "NN_EARLIER_DIR": str(self.source),
            "MPLBACKEND": "agg",
            "NN_OFFLINE": "1",
            **({"NN_DATA_DIR": str(self.data_dir)} if self.data_dir else {}),
        }
        before, here, path = dict(os.environ), os.getcwd(), list(sys.path)
        os.environ.update(environment)
        os.chdir(self.folder)
        sys.path.insert(0, str(self.source))
        try:
            with grading(self.source):
                yield
        finally:
            sys.path[:] = path
            os.chdir(here)
            os.environ.clear()
            os.environ.update(before)


class NotebookGrader:
    """The grading of one notebook.

    Parameters
    ----------
    notebook : NotebookNode
        The notebook to be graded, as `merge` made it: its outputs are set.
    source : NotebookNode
        The source notebook: what answers define.
    session : Session
        The sandbox.
    desk : Workspace
        Where tests run.
    reference : callable
        Gives the reference answer of a name, to tell a faulty test from a wrong answer.
    diagnose : callable
        Names the mistakes behind what all tests said, by test; see `examiner.diagnosis.diagnoser`.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        source: NotebookNode,
        session: Session,
        desk: Workspace,
        reference: Callable[[str], Any],
        diagnose: Callable[[list[Said]], Mapping[str, tuple[Diagnosis, ...]]],
    ) -> None:
        self.notebook, self.session, self.desk, self.reference = notebook, session, desk, reference
        self.answers = defined_names(source)
        self.module = types.ModuleType("__main__")
        self.given: dict[str, Any] = {}
        self.bridge = Bridge(session, self.given)
        self.diagnose = diagnose
        self.tests: dict[str, TestOutcome] = {}
        self.runs: dict[str, _Run] = {}
        self.fault: str | None = None

    def __repr__(self) -> str:
        return f"<NotebookGrader: {len(self.tests)} tests so far>"

    def run(self) -> NotebookOutcome:
        """Go through all cells in order, and give the outcome."""
        began = time.monotonic()
        self.module.__dict__.update(
            {name: self.bridge.proxy(name) for name, callable_ in self.answers.items() if callable_}
        )
        with self.desk.seated(), _plain_figures():
            for number, cell in enumerate(self.notebook.cells, start=1):
                self._cell(cell, number)
        self._diagnose()
        statuses = [test.status for test in self.tests.values()]
        incidents = self.session.incidents
        status = worst([*statuses, "partial" if incidents else "graded"])
        reasons = [test.reason for test in self.tests.values() if test.status == status and test.reason]
        reason = next(iter([*reasons, *incidents]), None) if status != "graded" else None
        seconds = time.monotonic() - began
        return NotebookOutcome(status, reason, self.tests, seconds, self.session.calls, seed=self.desk.seed)

    def _cell(self, cell: NotebookNode, number: int) -> None:
        if cell.cell_type != "code" or not cell.source.strip():
            return
        kind = kind_of(cell)
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or f"number {number}"
        if kind == "test":
            self._test(cell, name)
        elif kind != "training":
            cell.outputs = self.session.run(Cell(name, cell.source))
            cell.execution_count = number
            if kind == "given":
                self._give(cell.source, name)

    def _give(self, source: str, name: str) -> None:
        """Run a given cell on this side, too."""
        try:
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                code = compile(ast.Module(statements(source), []), f"<{name}>", "exec")
                before = dict(self.module.__dict__)
                exec(code, self.module.__dict__)
        except Exception as error:
            self.fault = f"given cell {name} raised {type(error).__name__}: {error}"
            return
        new = {key: value for key, value in self.module.__dict__.items() if before.get(key, self) is not value}
        self.given.update({key: value for key, value in new.items() if not key.startswith("__")})

    # ------------------------------------------------------------------------------ tests

    def _test(self, cell: NotebookNode, name: str) -> None:
        points = float(cell.metadata.nbgrader.points)
        bonus = is_bonus(cell)
        self.bridge.begin(name)
        self.session.outputs = Outputs(CALL_TEXT, CALL_PICTURES, self.session.budget)
        calls, incidents = self.session.calls, len(self.session.incidents)
        run = self._run(cell.source, name)
        self.bridge.end()
        if isinstance(run.error, CheckTimeoutError):
            self.session.incidents.append(f"{name}: {run.error}")
        outcome = self._judge(run, cell.source, name, points)
        if outcome.status == "graded" and (stopped := self.session.incidents[incidents:]):
            outcome = replace(outcome, status="partial", reason=stopped[0])
        outcome = replace(outcome, bonus=bonus, calls=self.session.calls - calls)
        self.tests[name], self.runs[name] = outcome, run
        cell.outputs = self._shown(run, outcome)
        cell.execution_count = len(self.tests)

    def _run(self, source: str, name: str) -> _Run:
        """Run a test cell; what it raises is part of the result."""
        tree, space = statements(source), self.module.__dict__
        self._fetch_values(tree)
        before = {key: id(value) for key, value in space.items()}
        run = _run_cell(tree, space, name, self.session.check_seconds)
        found = [v for k, v in space.items() if type(v).__name__ == "Checks" and before.get(k) != id(v)]
        checks = tuple({id(each): each for each in found}.values())
        return replace(run, checks=checks, mutating=tuple(self.bridge.mutating))

    def _fetch_values(self, tree: list[ast.stmt]) -> None:
        """Answers that are plain values are read anew by each test that uses them."""
        for name in sorted(used_names(tree) & {name for name, callable_ in self.answers.items() if not callable_}):
            self.module.__dict__.pop(name, None)
            with contextlib.suppress(NameError, AnswerStoppedError):
                self.module.__dict__[name] = self.bridge.value(name)

    def _judge(self, run: _Run, source: str, name: str, points: float) -> TestOutcome:
        """Turn what a test cell did into a score, or into what a human has to look at."""
        checks = tuple(_checks(run.checks))
        error = run.error
        if isinstance(error, NeedsHumanError):
            return TestOutcome(None, points, checks, "graded", f"{name}: {error}")
        fault = self.fault or next(iter(self.bridge.faults), None)
        if fault is None and error is not None and not isinstance(error, _STUDENTS_OWN):
            fault = self._fault_of(source, name)
        if fault is not None:
            return TestOutcome(None, points, checks, "failed", f"{name}: {fault}")
        if error is not None:
            message = _public(error, source)
            checks = (*checks, Check(name, False, message=f"{type(error).__name__}: {message}"))
            return TestOutcome(0.0, points, checks)
        return TestOutcome(_score(run, points), points, checks)

    def _diagnose(self) -> None:
        """Name the mistakes behind lost points, in the outcomes and below the checks that they spoil."""
        found = self.diagnose([_said_by(name, self.tests[name], run) for name, run in self.runs.items()])
        cells = {cell.metadata.nbgrader.grade_id: cell for cell in self.notebook.cells if kind_of(cell) == "test"}
        for name, those in found.items():
            names = tuple(each.name for each in those if each.name is not None)
            sentences = tuple(each.sentence for each in those)
            self.tests[name] = replace(self.tests[name], misconceptions=names, diagnosis=sentences)
            shown = cells[name].outputs[0].data
            shown["text/html"] = _table(self.tests[name], _placed(self.tests[name].checks, those))
            shown["text/plain"] += "\n".join(["", "What went wrong:", *sentences])

    def _fault_of(self, source: str, name: str) -> str | None:
        """What the test raises on the reference's own answers: then no student is to blame."""
        space = dict(self.module.__dict__)
        tree = statements(source)
        try:
            space |= {answer: self.reference(answer) for answer in used_names(tree) & set(self.answers)}
        except Exception as unread:
            return f"the reference could not be read ({type(unread).__name__}: {unread})"
        error = _run_cell(tree, space, name, self.session.check_seconds).error
        return None if error is None else f"the test raised {type(error).__name__}: {error}"

    # --------------------------------------------------------------------- what is shown

    def _shown(self, run: _Run, outcome: TestOutcome) -> list[NotebookNode]:
        """The outputs of a test cell: its checks, what the student's code said, the score."""
        shown = [new_output("display_data", data={"text/html": _table(outcome), "text/plain": run.printed})]
        shown += _said(self.session.outputs)
        raised = dict.fromkeys(map(_traceback, self.bridge.raised))  # the same one once; none that a test asked for
        if raised and not (outcome.score is not None and outcome.score >= outcome.max_score):
            shown.append(_stream("\n".join(list(raised)[-3:])))
        if outcome.score is None:
            reason = outcome.reason or "a person grades this"
            shown.append(_error(HUMAN, reason if outcome.status == "graded" else "A person will grade this."))
        elif run.error is not None:
            last = outcome.checks[-1].message or ""
            shown.append(_error(type(run.error).__name__, last.partition(": ")[2]))
        else:
            data = {"text/plain": repr(outcome.score)}
            shown.append(new_output("execute_result", data=data, execution_count=None))
        return shown


# ------------------------------------------------------------------------- running a test cell


@dataclass(frozen=True)
class _Run:
    """What a test cell did: the value of its last line, what it raised, printed, checked, who changed an input."""

    value: Any
    error: Exception | None
    printed: str
    checks: tuple[Any, ...] = ()
    mutating: tuple[str, ...] = ()


class CheckTimeoutError(Exception):
    """A test took too long to look at what came back."""


class _TimeIsUp(BaseException):
    """No block of checks catches it."""


def _run_cell(tree: list[ast.stmt], space: dict[str, Any], name: str, seconds: float) -> _Run:
    """Run statements for some seconds, and give the last one's value where it is an expression."""
    last = tree[-1] if tree and isinstance(tree[-1], ast.Expr) else None
    body = tree[:-1] if last is not None else tree
    value: Any = None
    error: Exception | None = None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings(), _bounded_memory():
        try:
            # The file's name is none of IPython's: no report of a check quotes a test's own lines.
            with _bounded_time(seconds):
                exec(compile(ast.Module(body, []), f"<{name}>", "exec"), space)
                if last is not None:
                    value = eval(compile(ast.Expression(last.value), f"<{name}>", "eval"), space)
        except _TimeIsUp:
            error = CheckTimeoutError(f"what came back took longer than {seconds:g} s to check")
        except Exception as raised:
            error = raised
    return _Run(value, error, printed.getvalue())


@contextlib.contextmanager
def _bounded_memory() -> Iterator[None]:
    """Let a test allocate no more than `MAX_MEMORY`: what a student returned may broadcast to any size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    status = Path("/proc/self/status").read_text()
    now = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))
    most = now + MAX_MEMORY if hard == resource.RLIM_INFINITY else min(now + MAX_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@contextlib.contextmanager
def _bounded_time(seconds: float) -> Iterator[None]:
    """Let a test use no more of the processor, where signals can be had: calls have limits of their own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    done = threading.Event()

    def stop(*_: object) -> None:
        if not done.is_set():  # else it came too late, and would leave this very function half way
            raise _TimeIsUp

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)  # again, should it be caught
    try:
        yield
    finally:
        done.set()
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _score(run: _Run, points: float) -> float:
    """Points of a test that ran through: its value, else its checks', else all; finite, from 0 to `points`."""
    if isinstance(run.value, int | float | np.integer | np.floating) and not isinstance(run.value, bool):
        score = float(run.value)
    elif run.checks:
        score = sum(float(each.score) for each in run.checks)
    else:
        score = points
    return min(max(round(score, 6), 0.0), points) if math.isfinite(score) else 0.0


def _said_by(name: str, outcome: TestOutcome, run: _Run) -> Said:
    """What a test cell said; one that a human decides has lost nothing."""
    results = tuple(result for checks in run.checks for result in checks.results)
    score = outcome.max_score if outcome.score is None else outcome.score
    error = type(run.error).__name__ if run.error else None
    return name, score, outcome.max_score, results, error, run.mutating


def _checks(found: tuple[Any, ...]) -> Iterator[Check]:
    for checks in found:
        for result in checks.results:
            for each in result.comparisons:
                error = None if each.error is None else float(each.error)
                yield Check(each.name, each.passed, error, each.tolerance, each.message, result.title, result.hidden)


def _public(error: Exception, source: str) -> str:
    """An exception's message; what a hidden test raises itself may name a reference value."""
    if isinstance(error, AnswerError | AnswerStoppedError | CheckTimeoutError):
        return str(error)
    lines, trace = [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith("<test"):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    hidden = False
    for line in source.split("\n")[: max(lines) if lines else None]:
        hidden = (hidden or line.strip() == HIDDEN[0]) and line.strip() != HIDDEN[1]
    return "in a hidden check" if hidden else str(error)[:300]


@contextlib.contextmanager
def _plain_figures() -> Iterator[None]:
    """Figures that tests draw go nowhere."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    open_before = set(pyplot.get_fignums()) if pyplot else set()
    try:
        yield
    finally:
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            for number in set(pyplot.get_fignums()) - open_before:
                pyplot.close(number)


# ------------------------------------------------------------------------------ what is shown

_HEAD = ("", "Check", "Relative error", "Tolerance", "Message")
_CELL = "text-align:left;vertical-align:top;padding:2px 14px 2px 0"
_FAILED = "color:#B3400B"  # with a ✗, for people who do not tell colours apart


def _placed(checks: Sequence[Check], those: Iterable[Diagnosis]) -> dict[int, list[str]]:
    """Sentences by the number of the check that they stand below: the first that they explain, or that failed."""
    failed = [number for number, check in enumerate(checks) if not check.passed]
    found: dict[int, list[str]] = {}
    for each in those:
        own = [number for number in failed if (checks[number].block, checks[number].name) in each.checks]
        found.setdefault(next(iter([*own, *failed]), len(checks) - 1), []).append(each.sentence)
    return found


def _table(outcome: TestOutcome, below: Mapping[int, Sequence[str]] = MappingProxyType({})) -> str:
    """The checks of a test as an HTML table, with sentences below some of them; every text in it is escaped."""
    score = "a person decides" if outcome.score is None else f"{outcome.score:.4g} of {outcome.max_score:g} points"
    rows = "".join(
        _row(check) + "".join(map(_sentence, below.get(number, ()))) for number, check in enumerate(outcome.checks)
    )
    head = "".join(f"<th style='{_CELL}'>{title}</th>" for title in _HEAD)
    reason = f"<p>{html.escape(outcome.reason)}</p>" if outcome.reason and outcome.status == "partial" else ""
    return f"<p><b>{score}</b></p>{reason}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _sentence(text: str) -> str:
    """What went wrong in the check above, as a row."""
    box = "border-left:4px solid #E69F00;padding:2px 10px"
    cell = f"<td colspan='{len(_HEAD) - 1}' style='{_CELL}'><div style='{box}'>{html.escape(text)}</div></td>"
    return f"<tr><td></td>{cell}</tr>"


def _row(check: Check) -> str:
    mark = "&#10003;" if check.passed else "&#10007;"
    title = f"{check.block}: {check.name}" if check.block and check.block != check.name else check.name
    numbers = ["" if each is None else f"{each:.2e}" for each in (check.error, check.tolerance)]
    texts = [html.escape(each[:2000]) for each in (title, *numbers, check.message or "")]
    cells = "".join(f"<td style='{_CELL}'>{each}</td>" for each in (mark, *texts))
    style = "" if check.passed else f" style='{_FAILED}'"
    return f"<tr{style}>{cells}</tr>"


def _said(outputs: Outputs) -> list[NotebookNode]:
    """What answers printed and plotted, as outputs that nbgrader takes for neither error nor score."""
    found = outputs.finished()
    text = "".join(o.text for o in found if o.output_type == "stream")
    text += "".join(o.data.get("text/plain", "") + "\n" for o in found if "data" in o and not _pictures(o))
    shown = [_stream(f"Your code printed, while it was tested:\n{text}")] if text.strip() else []
    return shown + [new_output("display_data", data=_pictures(o)) for o in found if "data" in o and _pictures(o)]


def _pictures(output: NotebookNode) -> dict[str, str]:
    return {kind: content for kind, content in output.data.items() if kind.startswith("image/")}


def _traceback(raised: Raised) -> str:
    """A student's traceback: their own cells and lines only."""
    lines = [f"Your code raised {raised.name}: {raised.message}"]
    for cell, line, function, text in raised.frames:
        lines += [f"  cell {cell}, line {line}, in {function}", f"    {text}"]
    return "\n".join(lines) + "\n"


def _stream(text: str) -> NotebookNode:
    return new_output("stream", name="stdout", text=text)


def _error(name: str, message: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"])
