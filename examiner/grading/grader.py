"""Grades notebooks of one assignment, one after the other; the next student's sandbox starts in the meantime."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from examiner._exceptions import EngineError, ExaminerError
from examiner.assignment import Assignment
from examiner.diagnosis import Diagnoser
from examiner.engine import Engine
from examiner.grading.notebook import INSIDE, NotebookGrader
from examiner.grading.spared import may_draw, spared
from examiner.grading.student import StudentSide
from examiner.kernel import KernelHost, Session, TimeBudget, kernel_files
from examiner.notebooks import THEIRS, cells_of, imports, read, read_once
from examiner.outcome import NotebookOutcome, sentence
from examiner.sandbox import SharedFiles
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
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="next sandbox")
        self._next: Future[KernelHost] | None = None
        self._files: SharedFiles | None = None
        self._files_lock = threading.Lock()  # of its own: `close` waits for a sandbox that needs the files
        self._source: tuple[tuple[str, int, int], ...] | None = None  # the course's files when something began
        self._used = False  # whether a sandbox was needed before: a single submission needs no second one
        self._sides: weakref.WeakSet[StudentSide] = weakref.WeakSet()
        self._idle: threading.Timer | None = None
        self._lock = threading.RLock()
        self._earlier: dict[tuple[str, int], bytes] = {}
        self._said: set[str] = set()

    def __repr__(self) -> str:
        return f"<Grader of {self.assignment.name}, isolation {self.options.isolation}>"

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all sandboxes and the engine; they start again when they are needed."""
        with self._lock:
            prepared, self._next = self._next, None
            self._stay_awake()
            for side in self._sides:
                side.close()
        if prepared is not None:
            with contextlib.suppress(ExaminerError, OSError):
                prepared.result().close()
        self.engine.close()
        with self._files_lock:
            files, self._files = self._files, None
        if files is not None:
            files.close()  # no sandbox shows them any more
        self.diagnoser = Diagnoser(self.engine)  # the course may be changed until the next notebook

    def begin(self, notebooks: Mapping[str, NotebookNode] | None = None) -> StudentSide:
        """Give what the notebooks of one submission share, for each call of `grade`: a context, closed at its end.

        Parameters
        ----------
        notebooks : mapping of str to NotebookNode, optional
            All notebooks of the submission, by name. Without them, the sandbox prepares for drawing.
        """
        self._start_anew_after_changes()
        spare = {name: self._spared(notebook, name) for name, notebook in (notebooks or {}).items()}
        draws = any(may_draw(notebook, spare[name]) for name, notebook in notebooks.items()) if notebooks else True
        side = StudentSide(self._host, TimeBudget(self.options.timing.student), spare, draws)
        with self._lock:
            self._sides.add(side)
        return side

    def _start_anew_after_changes(self) -> None:
        """Where the course's files have changed, let sandboxes and the engine both start again, with what is there now.

        Notebooks are read again in any case.
        """
        found = tuple(_state_of(self.assignment.source))
        if self._source not in (None, found):
            self.close()
        self._source = found

    def grade(
        self,
        notebook: NotebookNode,
        name: str,
        files: Mapping[str, bytes],
        side: StudentSide | None = None,
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
        side : StudentSide, optional
            What the submission's notebooks share, from `begin`. By default, this one shares with none.

        Raises
        ------
        IsolationError, SandboxError, EngineError
            The sandbox or the engine did not start.
        """
        began = time.monotonic()
        with contextlib.ExitStack() as opened, self._awake():
            outcome = self._graded(notebook, name, files, side or opened.enter_context(self.begin()))
        return replace(
            outcome,
            isolation=self.options.isolation,
            seed=self.options.seed,
            data={kind: each.name for kind, each in self.engine.data_sets().items() if each.name},
            seconds=time.monotonic() - began,
        )

    def _graded(
        self, notebook: NotebookNode, name: str, files: Mapping[str, bytes], side: StudentSide
    ) -> NotebookOutcome:
        source = read_once(self.assignment.notebook(name))
        builds_on = _builds_on(self.assignment, name)
        inside = {**self._plain(files), **self._earlier_notebooks(builds_on)}

        def session() -> AbstractContextManager[Session]:
            start = partial(side.take, name, builds_on)
            return closing(Session(start, inside, self.options.timing, side.time_budget))

        def fingerprints() -> Path | None:
            return self._fingerprints(name) if self.options.diagnosis else None

        with tempfile.TemporaryDirectory(prefix="examiner-") as folder, session() as first:
            with contextlib.suppress(EngineError):  # a process that was killed is replaced by the fork
                self.engine.warm(f"{INSIDE}:prepare", name, *sorted(builds_on))
            fork = partial(self.engine.fork, self._workspace(Path(folder), files))
            spare = side.spared[name] if name in side.spared else self._spared(notebook, name)
            keep = self.options.figures == "submitted"
            return NotebookGrader(notebook, source, name, first, session, fork, fingerprints, keep, spare).run()

    def _spared(self, notebook: NotebookNode, name: str) -> frozenset[str]:
        """The ids of the cells that need not run."""
        if self.options.figures != "submitted":
            return frozenset()
        mapped = self.assignment.provide is not None and self.options.isolation != "none"
        frozen = [kind for kind, data in self.engine.data_sets().items() if data.frozen] if mapped else []
        loaders = [self.assignment.data_sets[kind] for kind in frozen]
        return spared(notebook, read_once(self.assignment.notebook(name)), {each.partition(":")[2] for each in loaders})

    def all_fingerprints(self) -> list[Path]:
        """The files of all notebooks' fingerprints; they are computed first where they are missing."""
        names = [path.stem for path in self.assignment.notebooks()] if self.options.diagnosis else []
        return [file for name in names if (file := self._fingerprints(name)) is not None]

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

    # --------------------------------------------------------------------------- sandboxes

    def _host(self) -> KernelHost:
        """A sandbox in which nothing has run; from the second on, the next one starts while this one is used."""
        with self._lock:
            prepared, self._next = self._next, None
            others_follow, self._used = self._used, True
        host = None
        if prepared is not None:
            with contextlib.suppress(ExaminerError, OSError):  # then this one says what is wrong
                host = prepared.result()
        if host is None or not host.alive:
            host = self._start()
        if others_follow:
            self.prepare()
        return host

    def prepare(self) -> None:
        """Start the sandbox that the next student will need."""
        with self._lock:
            if self._next is None:
                self._next = self._pool.submit(self._start)

    def _start(self) -> KernelHost:
        options, data = self.options, None if self.options.data_dir is None else "{data}"
        shared = self._shared_data()
        try:
            return KernelHost(
                options.isolation,
                self._shared_files(),
                limits=options.limits,
                data_dir=options.data_dir,
                env=self.assignment.variables(earlier="{work}/" + EARLIER, seed=options.seed, data=data),
                preload=[*self._imports, *self._data_sets(shared)],
                descriptors=list(shared.values()),
            )
        finally:
            for descriptor in shared.values():
                os.close(descriptor)

    def _shared_files(self) -> SharedFiles:
        """The course's files for all sandboxes, as they are when the first one starts."""
        with self._files_lock:
            if self._files is None or not self._files.folder.is_dir():  # somebody tidied up
                self._files = kernel_files(self._provided())
            return self._files

    def _shared_data(self) -> dict[str, int]:
        """The data sets that the engine has loaded, for a sandbox that cannot change them."""
        if self.assignment.provide is not None and self.options.isolation != "none":
            with contextlib.suppress(EngineError, OSError):  # then the sandbox loads them, or says what is wrong
                return self.engine.shared_data()
        return {}

    def _data_sets(self, shared: Mapping[str, int]) -> Iterator[str]:
        """Statements that provide the data sets in the sandbox: from the engine, else from the files."""
        for kind, loader in self.assignment.data_sets.items():
            module, _, function = (loader if kind not in shared else str(self.assignment.provide)).partition(":")
            read = f"sys.modules['_examiner_shared'].read_shared({shared[kind]})" if kind in shared else ""
            yield f"import sys; from {module} import {function}; {function}({read})"

    @cached_property
    def _imports(self) -> tuple[str, ...]:
        """What every sandbox imports before a notebook runs: all that the course's notebooks do."""
        notebooks = map(read_once, self.assignment.notebooks())
        return tuple(dict.fromkeys(line for each in notebooks for line in imports(each, "given", "free", *THEIRS)))

    @contextlib.contextmanager
    def _awake(self) -> Iterator[None]:
        """What nobody uses for minutes is ended: a server's autograder sleeps for days."""
        with self._lock:
            self._stay_awake()
        try:
            yield
        finally:
            with self._lock:
                self._idle = threading.Timer(IDLE_SECONDS, self._close_idle)
                self._idle.daemon = True
                self._idle.start()

    def _close_idle(self) -> None:
        with self._lock:
            if self._idle is threading.current_thread():
                self.close()

    def _stay_awake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

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

    def _earlier_notebooks(self, wanted: Collection[str]) -> dict[str, bytes]:
        """The references of earlier notebooks, without texts and tests."""
        earlier = {}
        for path in self.assignment.notebooks():
            if path.stem in wanted:
                key = (path.name, path.stat().st_mtime_ns)
                if key not in self._earlier:
                    self._earlier[key] = _stripped(read(path))
                earlier[f"{EARLIER}/{path.name}"] = self._earlier[key]
        return earlier


def _state_of(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Path, time and size of each file in a folder, except notebooks, hidden folders and compiled modules."""
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each != "__pycache__" and not each.startswith("."))
        for name in sorted(names):
            with contextlib.suppress(OSError):  # it is gone
                if not name.endswith(".ipynb"):
                    status = os.stat(os.path.join(base, name))
                    yield os.path.join(base, name), status.st_mtime_ns, status.st_size


def _builds_on(assignment: Assignment, name: str) -> set[str]:
    """The notebooks whose answers a notebook's provided cells use, directly or through others.

    No others: the reference of another one might answer what this one asks.
    """
    paths = {path.stem: path for path in assignment.notebooks()}
    found, pending = set[str](), [name]
    while pending:
        each = pending.pop()
        used = _used_by(paths[each], paths[each].stat().st_mtime_ns)
        direct = {other for other in used if other < each and other in paths}
        pending += direct - found
        found |= direct
    return found


@lru_cache(maxsize=64)
def _used_by(path: Path, changed: int) -> frozenset[str]:
    """The notebooks in ``answers("…")`` in a notebook's provided cells, for one state of its file."""
    return frozenset(other for cell in cells_of(read_once(path), "given") for other in _EARLIER.findall(cell.source))


def _stripped(notebook: NotebookNode) -> bytes:
    """A source notebook with nothing in it but provided cells and solutions."""
    notebook.cells = list(cells_of(notebook, "given", "answer"))
    return str(nbformat.writes(notebook)).encode()
