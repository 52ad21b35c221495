"""Grades notebooks of one assignment, one after the other, with a spare kernel starting in the meantime."""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from examiner._exceptions import EngineError, ExaminerError
from examiner.assignment import Assignment
from examiner.diagnosis import Diagnoser
from examiner.engine import Child, Engine
from examiner.grading.notebook import NotebookGrader
from examiner.kernel import Kernel, Session, TimeBudget
from examiner.notebooks import cells_of, read
from examiner.outcome import NotebookOutcome, sentence
from examiner.settings import Options

__all__ = ["Grader"]

log = logging.getLogger(__name__)
EARLIER = ".earlier"
_EARLIER = re.compile(r"""\banswers\(["']([^"']+)["']\)""")
IDLE_SECONDS = 120


class Grader:
    """Grades notebooks of one assignment.

    Parameters
    ----------
    assignment : Assignment
    options : Options
        How to grade.
    """

    def __init__(self, assignment: Assignment, options: Options) -> None:
        self.assignment, self.options = assignment, options
        self.engine = Engine(assignment, options.seed, options.data_dir)
        self.diagnoser = Diagnoser(self.engine)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="spare kernel")
        self._spare: Future[Kernel] | None = None
        self._idle: threading.Timer | None = None
        self._lock = threading.Lock()
        self._earlier: dict[tuple[str, int], bytes] = {}
        self._said: set[str] = set()

    def __repr__(self) -> str:
        return f"<Grader of {self.assignment.name}, isolation {self.options.isolation}>"

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the spare kernel and the engine; both start again when they are needed."""
        with self._lock:
            spare, self._spare = self._spare, None
            if self._idle is not None:
                self._idle.cancel()
        if spare is not None:
            with contextlib.suppress(ExaminerError, OSError):
                spare.result().close()
        self.engine.close()
        self.diagnoser = Diagnoser(self.engine)  # the course may be changed until the next notebook

    def time_budget(self) -> TimeBudget:
        """What the notebooks of one submission share: give it to each call of `grade`."""
        return TimeBudget(self.options.timing.student)

    def grade(
        self,
        notebook: NotebookNode,
        name: str,
        files: Mapping[str, bytes],
        time_budget: TimeBudget | None = None,
    ) -> NotebookOutcome:
        """Grade a notebook: its cells' outputs are set, and the outcome is returned.

        Parameters
        ----------
        notebook : NotebookNode
            The merged notebook.
        name : str
            Its name without the ending.
        files : mapping of str to bytes
            What else was submitted.
        time_budget : TimeBudget, optional
            What the submission's notebooks share. By default, this one has a budget of its own.

        Raises
        ------
        IsolationError, SandboxError, EngineError
            The sandbox or the engine did not start.
        """
        began = time.monotonic()
        source = read(self.assignment.notebook(name))
        inside = {**self._plain(files), **self._earlier_notebooks(name)}
        time_budget = time_budget or self.time_budget()
        with tempfile.TemporaryDirectory(prefix="examiner-") as folder, self._session(inside, time_budget) as session:
            place = self._workspace(Path(folder), files)

            def fork() -> Child:
                return self.engine.fork(place)

            def fingerprints() -> Path | None:
                return self._fingerprints(name) if self.options.diagnosis else None

            def another() -> AbstractContextManager[Session]:
                return self._session(inside, time_budget)

            outcome = NotebookGrader(notebook, source, name, session, another, fork, fingerprints).run()
        self._rest()
        return replace(
            outcome,
            isolation=self.options.isolation,
            seed=self.options.seed,
            data={kind: each.name for kind, each in self.engine.data_sets().items() if each.name},
            seconds=time.monotonic() - began,
        )

    def _fingerprints(self, name: str) -> Path | None:
        """The file of a notebook's fingerprints; what is wrong with the catalogue is said once, for all notebooks."""
        try:
            return self.diagnoser.fingerprints(name)
        except EngineError as error:
            why = sentence(str(error).splitlines()[0])
            if why not in self._said:
                self._said.add(why)
                log.warning("Lost points are not diagnosed: %s: correct the catalogue.", why)
            return None

    # ----------------------------------------------------------------------------- kernels

    @contextlib.contextmanager
    def _session(self, files: Mapping[str, bytes], time_budget: TimeBudget) -> Iterator[Session]:
        session = Session(self._take, files, self.options.timing, time_budget)
        try:
            yield session
        finally:
            session.close()

    def _take(self) -> Kernel:
        """A kernel on which nothing has run; the next one starts while this one is used."""
        with self._lock:
            spare, self._spare = self._spare, None
            if self._idle is not None:
                self._idle.cancel()
        spare = spare or self._pool.submit(self._start)
        kernel = spare.result()
        with self._lock:
            self._spare = self._pool.submit(self._start)
        return kernel

    def _rest(self) -> None:
        """What nobody uses for minutes is ended: a server's autograder sleeps for days."""
        with self._lock:
            self._idle = threading.Timer(IDLE_SECONDS, self.close)
            self._idle.daemon = True
            self._idle.start()

    def _start(self) -> Kernel:
        options, provided = self.options, self._provided()
        data = None if options.data_dir is None else "{data}"
        variables = self.assignment.variables(earlier="{work}/" + EARLIER, seed=options.seed, data=data)
        return Kernel(options.isolation, provided, limits=options.limits, data_dir=options.data_dir, env=variables)

    # ------------------------------------------------------------------------------- files

    def _provided(self) -> dict[str, Path]:
        """The files and folders beside the source notebooks, by name."""
        return {
            entry.name: entry
            for entry in sorted(self.assignment.source.iterdir())
            if entry.suffix != ".ipynb" and not entry.name.startswith((".", "__")) and not entry.is_symlink()
        }

    def _workspace(self, folder: Path, files: Mapping[str, bytes]) -> Path:
        """The folder that tests run in: the course's files, and of what was submitted only what tests read."""
        place = folder / self.assignment.source.name
        place.mkdir()
        for name, entry in self._provided().items():
            if entry.is_file():
                shutil.copyfile(entry, place / name)
            elif name != self.assignment.toolkit:  # that one is imported from where it is
                shutil.copytree(entry, place / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        for name in self.assignment.files:
            if name in files:
                (place / name).write_bytes(files[name])
        return place

    def _plain(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """What was submitted and does not take the place of a file that the course provides."""
        given = {entry.name for entry in self.assignment.source.iterdir()}
        return {name: data for name, data in files.items() if name.split("/")[0] not in given}

    def _earlier_notebooks(self, name: str) -> dict[str, bytes]:
        """The reference of the *earlier* notebooks that this one builds on, without texts and tests."""
        earlier = {}
        wanted = _builds_on(self.assignment, name)
        for path in self.assignment.notebooks():
            if path.stem in wanted:
                key = (path.name, path.stat().st_mtime_ns)
                if key not in self._earlier:
                    self._earlier[key] = _stripped(read(path))
                earlier[f"{EARLIER}/{path.name}"] = self._earlier[key]
        return earlier


def _builds_on(assignment: Assignment, name: str) -> set[str]:
    """Notebooks that the provided cells of one name, and those that these build on in their turn.

    No others: the reference of another one might answer what this one asks.
    """
    given = "\n".join(cell.source for cell in cells_of(read(assignment.notebook(name)), "given"))
    known = {path.stem for path in assignment.notebooks()}
    direct = {other for other in _EARLIER.findall(given) if other < name and other in known}
    return direct.union(*(_builds_on(assignment, other) for other in direct))


def _stripped(notebook: NotebookNode) -> bytes:
    """A source notebook with nothing in it but provided cells and solutions."""
    notebook.cells = list(cells_of(notebook, "given", "answer"))
    return str(nbformat.writes(notebook)).encode()
