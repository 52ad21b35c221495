"""The student's side of one notebook: its cells and calls, through as many kernels as that takes.

Where a kernel has been killed another one is started, which re-runs what came before, all but the cells that
cost a kernel.  A kernel that ends before anything of the student ran is nobody's fault: it is replaced by a
fresh one, and not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from nbformat import NotebookNode

from examiner import codec
from examiner._exceptions import AnswerStoppedError, SandboxError
from examiner.kernel.connection import START_SECONDS, wall_limit
from examiner.kernel.kernel import CellStopped, Kernel, KernelDied
from examiner.notebooks import OutputBudget, Outputs
from examiner.settings import Timing

__all__ = ["Cell", "Session", "TimeBudget"]

FRESH = 3  # kernels that may fail in a row without the student's doing
MAX_TIMEOUTS = 2  # of one answer; then it is not called again


@dataclass
class TimeBudget:
    """Seconds that a submission's notebooks may still take, all together."""

    left: float


@dataclass(frozen=True, eq=False)
class Cell:
    """A code cell that runs in the sandbox.

    Attributes
    ----------
    name : str
        What it is called in messages.
    source : str
        Its code.
    provided : bool
        Whether the course wrote it: where it stops before anything else ran, no student is at fault.
    draws : bool
        Whether its figures are made into pictures.
    """

    name: str
    source: str
    provided: bool = False
    draws: bool = True


class Session:
    """A student's side of one notebook: cells and calls, through as many kernels as that takes.

    Parameters
    ----------
    start : callable
        Gives a kernel on which no student code has run. One that turns out dead is replaced.
    files : mapping of str to bytes
        What is written into the working folder of every kernel before anything runs.
    timing : Timing
        Its limits.
    time_budget : TimeBudget, optional
        What the submission's notebooks share; by default the session has a budget of its own.

    Attributes
    ----------
    incidents : list of str
        One sentence for every limit that was hit and every kernel that ended.
    calls : int
        Calls that were made.
    generation : int
        Counts kernels: an object of an earlier one is lost.
    budget : OutputBudget
        For the outputs of all its cells and tests.
    outputs : Outputs
        What calls print and plot goes here.
    """

    def __init__(
        self,
        start: Callable[[], Kernel],
        files: Mapping[str, bytes],
        timing: Timing,
        time_budget: TimeBudget | None = None,
    ) -> None:
        self._start, self._files, self._timing = start, files, timing
        self._time_budget = time_budget or TimeBudget(timing.student)
        self.check_seconds = timing.check
        self._kernel: Kernel | None = None
        self._history: list[Cell] = []
        self._costly: set[Cell] = set()  # cells that cost a kernel: not run again
        self._timeouts: dict[str, int] = {}  # answers, and how often they were stopped
        self._names: dict[int, str] = {}  # numbers of cells in this kernel
        self._spent = 0.0  # seconds of the notebook's limit, by kernels that are gone
        self._began = time.monotonic()
        self._untouched = True  # whether nothing of the student has run yet
        self._shortened = False  # whether the last limit was what is left of the notebook's or the submission's
        self.generation = 0
        self.incidents: list[str] = []
        self.calls = 0
        self.budget = OutputBudget()
        self.outputs = Outputs()

    def __repr__(self) -> str:
        return f"<Session: kernel {self.generation}, {len(self._history)} cells, {self.calls} calls>"

    def close(self) -> None:
        """End the kernel."""
        kernel, self._kernel = self._kernel, None
        if kernel is not None:
            self._spent += kernel.seconds
            self._time_budget.left -= kernel.seconds
            kernel.close()

    @property
    def seconds(self) -> float:
        """What its cells and calls took of their limits, all together."""
        return self._spent + self._running

    @property
    def alive(self) -> bool:
        """Whether a kernel of the current generation is there, with its objects."""
        return self._kernel is not None

    def has(self, generation: int) -> bool:
        """Whether the kernel of this generation is still there, with its objects."""
        return self.alive and generation == self.generation

    def cell_name(self, number: int) -> str | None:
        """What the cell is called that the kernel counts as `number`."""
        return self._names.get(number)

    def run(self, cell: Cell) -> list[NotebookNode]:
        """Run a cell and give its outputs; whatever it does to its kernel is in them.

        Raises
        ------
        SandboxError
            No kernel could be had, or a provided cell did not end, before anything of the student ran.
        """
        self._untouched = self._untouched and cell.provided
        outputs = Outputs(budget=self.budget)
        try:
            self._attempt(cell, outputs)
        except (CellStopped, KernelDied, AnswerStoppedError) as error:
            self._costly.add(cell)
            if isinstance(error, KernelDied):
                self.close()
            stopped = isinstance(error, AnswerStoppedError)
            sentence = str(error) if stopped else self._sentence(f"cell {cell.name}", error)
            self.note(sentence)
            kind = "CellTimeoutError" if isinstance(error, CellStopped) else "DeadKernelError"
            line = f"\x1b[0;31m{kind}\x1b[0m: {sentence}"
            outputs.add("error", {"ename": kind, "evalue": sentence, "traceback": [line]})
        return outputs.finished()

    def request(self, answer: str, frames: list[bytes]) -> list[bytes]:
        """Send a packed request on behalf of a test and give the frames of the reply, unread.

        Parameters
        ----------
        answer : str
            What is asked, for the account of which answers hit a limit.
        frames : list of bytes
            What `codec.pack` made of the request, within `REQUEST_LIMITS`.

        Returns
        -------
        list of bytes
            For `codec.unpack`; a hostile kernel can have written anything.

        Raises
        ------
        AnswerStoppedError
            It hit a limit or ended its kernel, now or twice before.
        """
        if self._timeouts.get(answer, 0) >= MAX_TIMEOUTS:
            raise AnswerStoppedError(f"{answer} was stopped twice already and is not called again")
        self._untouched = False
        kernel = self._ready()
        self.calls += 1
        try:
            return kernel.request(frames, self.outputs, self._seconds(self._timing.call), self._timing)
        except (CellStopped, KernelDied) as error:
            self._timeouts[answer] = self._timeouts.get(answer, 0) + 1
            if isinstance(error, KernelDied):
                self.close()
            sentence = self._sentence(answer, error)
            self.note(sentence)
            raise AnswerStoppedError(sentence) from None

    def note(self, sentence: str) -> None:
        """Add a sentence to the incidents, once."""
        if sentence not in self.incidents:
            self.incidents.append(sentence)

    # ------------------------------------------------------------------------- limits of time

    @property
    def _left(self) -> float:
        """Seconds that are left of the notebook's limit and the submission's."""
        return min(self._timing.notebook - self._spent, self._time_budget.left) - self._running

    @property
    def _running(self) -> float:
        """Seconds that the kernel has taken so far."""
        return 0.0 if self._kernel is None else self._kernel.seconds

    def _seconds(self, limit: float) -> float:
        """A limit, or what is left of the notebook's and the submission's."""
        if self._left <= 0:
            self.note(self._too_long())
            raise AnswerStoppedError(self._too_long())
        if time.monotonic() - self._began > wall_limit(self._timing.notebook):
            raise SandboxError("The machine is too busy to grade: a notebook's limit passed while kernels waited.")
        self._shortened = self._left < limit
        return min(limit, self._left)

    def _sentence(self, who: str, error: Exception) -> str:
        late = isinstance(error, CellStopped) and self._shortened
        return self._too_long() if late else f"{who} {error}"

    def _too_long(self) -> str:
        if self._time_budget.left <= self._timing.notebook - self._spent:
            return f"the submission's notebooks together took longer than {self._timing.student:g} s"
        return f"the notebook took longer than {self._timing.notebook:g} s"

    # -------------------------------------------------------------------------------- kernels

    def _attempt(self, cell: Cell, outputs: Outputs) -> None:
        """Run a cell; a provided one that stops before anything of the student ran, on fresh kernels."""
        for _ in range(FRESH):
            try:
                self._execute(self._ready(), cell, outputs)
            except (CellStopped, KernelDied) as error:
                if not self._untouched:
                    self._history.append(cell)
                    raise
                why = str(error)
                self.close()
                self.generation -= 1  # not counted
            else:
                self._history.append(cell)
                return
        raise SandboxError(f"The provided cell {cell.name} {why}, before anything of the student ran.")

    def _execute(self, kernel: Kernel, cell: Cell, outputs: Outputs) -> None:
        seconds = self._seconds(self._timing.cell)
        number = kernel.execute(cell.source, outputs, seconds, self._timing, draws=cell.draws)
        if number is not None:
            self._names[number] = cell.name

    def _ready(self) -> Kernel:
        """The kernel, or a fresh one in which all that came before has run again."""
        while self._kernel is None:
            if self.generation > self._timing.restarts:
                raise AnswerStoppedError(f"stopped: restart limit reached ({self._timing.restarts})")
            self._seconds(1)
            self._kernel = self._fresh()
            self.generation += 1
            self._names = {}
            self._replay(self._kernel)
        return self._kernel

    def _fresh(self) -> Kernel:
        """A kernel with the notebook's files; one that is dead already is replaced, a few times."""
        for _ in range(FRESH):
            try:
                return self._installed(self._start())
            except (CellStopped, KernelDied, SandboxError) as error:
                why = str(error)
        raise SandboxError(
            f"{FRESH} kernels in a row ended before any cell ran: {why.rstrip('.')}. "
            "Run `examiner doctor`, then grade again."
        )

    def _replay(self, kernel: Kernel) -> None:
        for cell in self._history:
            if cell in self._costly:
                continue
            try:
                self._execute(kernel, replace(cell, draws=False), Outputs())
            except (CellStopped, KernelDied) as error:
                if self._untouched:
                    raise
                self.note(self._sentence(f"cell {cell.name}", error))
                self._costly.add(cell)
                if isinstance(error, KernelDied):
                    self.close()
                    return

    def _installed(self, kernel: Kernel) -> Kernel:
        """Write the notebook's files, and see that the kernel answers."""
        try:
            content = {name: np.frombuffer(data, np.uint8) for name, data in self._files.items()}
            request: dict[str, Any] = {"op": "install", "cell": None, "files": content}
            frames = codec.pack(request, None, codec.REQUEST_LIMITS)
            reply = codec.unpack(kernel.request(frames, Outputs(), START_SECONDS, self._timing))
            if not isinstance(reply, dict) or "error" in reply:
                raise SandboxError(f"The sandbox's files could not be written: {reply}")
        except BaseException:
            kernel.close()
            raise
        kernel.seconds = 0.0  # the student's limit begins now
        return kernel
