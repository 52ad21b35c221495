"""Grades notebooks of one assignment, one after the other, with a spare kernel starting in the meantime."""

from __future__ import annotations

import contextlib
import fnmatch
import logging
import os
import re
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat import NotebookNode

from examiner._exceptions import ExaminerError, GradingFaultError
from examiner.grading.notebook import NotebookGrader, Said, Workspace
from examiner.kernel import Kernel, Session
from examiner.notebooks.cells import cells_of, read, solutions
from examiner.outcome import NotebookOutcome
from examiner.paths import course_root
from examiner.settings import SEED, Isolation, Limits, Timing

if TYPE_CHECKING:
    from examiner.diagnosis.diagnoser import Diagnosis

__all__ = ["Grader", "Options", "submitted_files"]

log = logging.getLogger(__name__)

EARLIER = ".earlier"
_EARLIER = re.compile(r"""\banswers\(["']([^"']+)["']\)""")
IDLE_SECONDS = 120
MAX_FILE = 20_000_000
MAX_FILES = 64_000_000
MAX_NUMBER = 200


@dataclass(frozen=True)
class Options:
    """How to grade."""

    isolation: Isolation = "bubblewrap"
    seed: int = SEED
    timing: Timing = field(default_factory=Timing)
    limits: Limits = field(default_factory=Limits)
    data_dir: Path | None = None
    collected: tuple[str, ...] = ()
    """Names of submitted files that tests read, such as trained parameters."""
    diagnosis: bool = True
    """Whether lost points are diagnosed by the catalogue of misconceptions."""


class Grader:
    """Grades notebooks of one assignment.

    Parameters
    ----------
    source : Path
        The assignment's source folder.
    options : Options
        How to grade.
    """

    def __init__(self, source: Path, options: Options) -> None:
        self.source, self.options = source.resolve(), options
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="spare kernel")
        self._spare: Future[Kernel] | None = None
        self._idle: threading.Timer | None = None
        self._lock = threading.Lock()
        self._earlier: dict[tuple[str, int], bytes] = {}

    def __repr__(self) -> str:
        return f"<Grader of {self.source.name}, isolation {self.options.isolation}>"

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the spare kernel."""
        with self._lock:
            spare, self._spare = self._spare, None
            if self._idle is not None:
                self._idle.cancel()
        if spare is not None:
            with contextlib.suppress(ExaminerError, OSError):
                spare.result().close()

    def grade(self, notebook: NotebookNode, name: str, files: Mapping[str, bytes]) -> NotebookOutcome:
        """Grade a notebook: its cells' outputs are set, and the outcome is returned.

        Parameters
        ----------
        notebook : NotebookNode
            As `examiner.notebooks.merge.merge` made it.
        name : str
            Its name without the ending.
        files : mapping of str to bytes
            What else was handed in.

        Raises
        ------
        IsolationError, SandboxError
            The sandbox did not start.
        """
        path = self.source / f"{name}.ipynb"
        source = read(path)
        inside = {**self._plain(files), **self._earlier_notebooks(name)}
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="examiner-") as folder:
            desk = Workspace(self._desk(Path(folder), files), self.source, self.options.seed, self.options.data_dir)
            session = Session(self._take, inside, self.options.timing)
            try:
                reference, diagnose = _reference(source, name), self._diagnose(path)
                outcome = NotebookGrader(notebook, source, session, desk, reference, diagnose).run()
            finally:
                session.close()
        self._rest()
        return replace(outcome, isolation=self.options.isolation, seconds=time.monotonic() - began)

    def _diagnose(self, path: Path) -> Callable[[list[Said]], Mapping[str, tuple[Diagnosis, ...]]]:
        """Give the diagnosis of one notebook: fingerprints are computed, once, when points are first lost."""

        def diagnose(said: list[Said]) -> Mapping[str, tuple[Diagnosis, ...]]:
            lost = any(score < points for _, score, points, *_ in said)
            if not lost or not self.options.diagnosis or find_spec("misconceptions") is None:
                return {}
            try:
                with _importable(self.source), _data_sets_in(self.options.data_dir):
                    from examiner.diagnosis.diagnoser import diagnoser
                    from examiner.diagnosis.fingerprints import misconceptions
                    from examiner.engine.trusted import TestRun

                    if not misconceptions(path.stem):
                        return {}
                    cache = course_root(self.source) / ".cache" / "fingerprints"
                    return diagnoser(path, self.options.seed, cache).diagnose([TestRun(*each) for each in said])
            except Exception as error:  # a mark stands without its diagnosis
                log.warning("%s: not diagnosed (%s: %s)", path.stem, type(error).__name__, error)
                return {}

        return diagnose

    # ----------------------------------------------------------------------------- kernels

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
        """A spare kernel that nobody takes for minutes is ended: a server's autograder sleeps for days."""
        with self._lock:
            self._idle = threading.Timer(IDLE_SECONDS, self.close)
            self._idle.daemon = True
            self._idle.start()

    def _start(self) -> Kernel:
        given = {
            entry.name: entry
            for entry in sorted(self.source.iterdir())
            if entry.suffix != ".ipynb" and not entry.name.startswith((".", "__")) and not entry.is_symlink()
        }
        env = {"NN_EARLIER_DIR": "{work}/" + EARLIER, "CHECKS_SEED": str(self.options.seed), "NN_OFFLINE": "1"}
        if self.options.data_dir is not None:
            env["NN_DATA_DIR"] = "{data}"
        return Kernel(
            self.options.isolation,
            given,
            limits=self.options.limits,
            data_dir=self.options.data_dir,
            env=env,
        )

    # ------------------------------------------------------------------------------- files

    def _desk(self, folder: Path, files: Mapping[str, bytes]) -> Path:
        """The folder that tests run in: of what was handed in, only what tests read."""
        place = folder / self.source.name
        place.mkdir()
        for name in self.options.collected:
            if name in files:
                (place / name).write_bytes(files[name])
        return place

    def _plain(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """What was handed in and does not take the place of a file that the course gives."""
        given = {entry.name for entry in self.source.iterdir()}
        return {name: data for name, data in files.items() if name.split("/")[0] not in given}

    def _earlier_notebooks(self, name: str) -> dict[str, bytes]:
        """The reference of the *earlier* notebooks that this one builds on, without texts and tests."""
        earlier = {}
        wanted = _builds_on(self.source, name)
        for path in sorted(self.source.glob("*.ipynb")):
            if path.stem in wanted:
                key = (path.name, path.stat().st_mtime_ns)
                if key not in self._earlier:
                    self._earlier[key] = _stripped(read(path))
                earlier[f"{EARLIER}/{path.name}"] = self._earlier[key]
        return earlier


@contextlib.contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let Python import what lies in a folder: the toolkit in an assignment's source."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextlib.contextmanager
def _data_sets_in(folder: Path | None) -> Iterator[None]:
    """Let the toolkit find data sets where tests find them."""
    before = os.environ.get("NN_DATA_DIR")
    if folder is not None:
        os.environ["NN_DATA_DIR"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("NN_DATA_DIR", None)
        os.environ.update({"NN_DATA_DIR": before} if before is not None else {})


def _builds_on(source: Path, name: str) -> set[str]:
    """Notebooks that the given cells of one name, and those that these build on in their turn.

    No others: the reference of another one might answer what this one asks.
    """
    given = "\n".join(cell.source for cell in cells_of(read(source / f"{name}.ipynb"), "given"))
    direct = {other for other in _EARLIER.findall(given) if other < name and (source / f"{other}.ipynb").is_file()}
    return direct.union(*(_builds_on(source, other) for other in direct))


def _stripped(notebook: NotebookNode) -> bytes:
    """A source notebook with nothing in it but given cells and solutions."""
    notebook.cells = list(cells_of(notebook, "given", "answer"))
    return str(nbformat.writes(notebook)).encode()


def _reference(source: NotebookNode, name: str) -> Any:
    """Give a function for the reference's answers of one notebook; nothing is read before it is called."""

    def find(answer: str) -> Any:
        from examiner.reference import reference_answers  # needs the toolkit

        if not any(answer in text for text in solutions(source).values()):
            raise GradingFaultError(f"{answer} is no answer of {name}")
        return getattr(reference_answers(name), answer)

    return find


def submitted_files(folder: Path, ignored: Sequence[str] = ()) -> dict[str, bytes]:
    """What was handed in beside notebooks: regular files, no links of either kind, within limits.

    Parameters
    ----------
    folder : Path
        The submission.
    ignored : sequence of str
        Patterns of names to leave out, as in ``c.CourseDirectory.ignore``.

    Returns
    -------
    dict of str to bytes
        By path inside the folder. Files that are too large, or too many, are left out.
    """
    found: dict[str, bytes] = {}
    total = 0
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        for name in sorted(names):
            if name.endswith(".ipynb") or any(fnmatch.fnmatch(name, pattern) for pattern in ignored):
                continue
            if not (Path(base) / name).as_posix().isprintable():  # no text in UTF-8, or a trap for who reads it
                continue
            content = _regular(Path(base) / name)
            if content is not None and total + len(content) <= MAX_FILES and len(found) < MAX_NUMBER:
                total += len(content)
                found[(Path(base) / name).relative_to(folder).as_posix()] = content
    return found


def _regular(path: Path) -> bytes | None:
    """A regular file's content; None for a link of either kind, a pipe, a device, and for what is too large."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1 or status.st_size > MAX_FILE:
            return None
        return file.read(MAX_FILE)
