"""A submission, read once and then handed on by value.

Nothing that a student can submit raises here, blocks, or is changed on disk.
"""

from __future__ import annotations

import fnmatch
import hashlib
import io
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote

from nbformat import NotebookNode

from examiner._exceptions import DamagedNotebookError
from examiner.notebooks.intake import LEFT_OUT, NO_TIME, TOO_MANY, entries, is_junk, is_time, read_regular
from examiner.notebooks.repair import MAX_READ, as_notebook
from examiner.outcome import sentence

__all__ = ["Contents", "LeftOut", "Repaired", "Submission", "read_submission"]

MAX_TOTAL = 2 * MAX_READ  # bytes that are read in all
MAX_FILE = 20_000_000  # bytes of a file that is not a notebook
MAX_FILES = 64_000_000  # bytes of all of them
MAX_NUMBER = 200
MAX_ROWS = 50
MAX_SAME = 4  # files that are compared to see whether they are the same
ARCHIVES = ".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz"
MAX_ZIPS = 5
MAX_ZIP = 64_000_000
MAX_MEMBERS = 500
MAX_RATIO = 200  # how many times larger than packed a member of more than a megabyte may be: notebooks reach 50
MAX_PATH = 1_000  # characters
MAX_LIFTED = 2  # folders around the notebooks
UNSAID = 10  # the rank of a notebook whose name says nothing
_GRADE_ID = re.compile(rb'"grade_id"\s*:\s*"([^"\\]+)"')

TIMESTAMP = "timestamp.txt"
BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    MemoryError,
)  # Python's zipfile


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that is not graded.

    Attributes
    ----------
    name : str
        Its path in the submission, as one printable line.
    why : str
        What it is, in the words that complete "``name`` is …".
    notebook : str or None
        The notebook of the assignment that it is or may be.
    """

    name: str
    why: str
    notebook: str | None = None

    def __str__(self) -> str:
        return f"{self.name} is {self.why}: it is not graded."


@dataclass(frozen=True)
class Repaired:
    """A notebook that is graded although its file was faulty, with the fault."""

    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.name}: {self.what}."


@dataclass(frozen=True)
class Contents:
    """What a row says of a submission: names of its notebooks, and sentences on what was left out or repaired.

    `files` are the other files: names and SHA-256.
    """

    notebooks: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """A submission.

    Attributes
    ----------
    notebooks : mapping of str to NotebookNode
        By name without ``.ipynb``. Valid, and without outputs except those of training cells and pictures.
    files : mapping of str to bytes
        The other files, by path in the submission.
    left_out : tuple of LeftOut
        What is not graded, notebooks first.
    repaired : tuple of Repaired
    submitted_at : str or None
        The text of ``timestamp.txt``, where it is a time.
    """

    notebooks: Mapping[str, NotebookNode] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    repaired: tuple[Repaired, ...] = ()
    submitted_at: str | None = None

    def __repr__(self) -> str:
        return f"<Submission: {len(self.notebooks)} notebooks, {len(self.files)} files, {len(self.left_out)} left out>"

    @property
    def contents(self) -> Contents:
        """What a row says of it."""
        files = {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}
        return Contents(tuple(self.notebooks), tuple(map(str, self.left_out)), tuple(map(str, self.repaired)), files)


def read_submission(
    folder: Path,
    expected: Collection[str] = (),
    ignored: Collection[str] = (),
    cells: Callable[[], Mapping[str, Collection[str]]] = dict,
) -> Submission:
    """Read a submission's folder: regular files, not too many, and notebooks of a sensible size, repaired.

    Parameters
    ----------
    folder : Path
        The submission of one student.
    expected : collection of str, optional
        Names of the assignment's notebooks, without ``.ipynb``. A plausible file under another name is taken where the
        right name is missing. By default all notebooks are taken.
    ignored : collection of str, optional
        Patterns of names of files to pass over, as in ``c.CourseDirectory.ignore``.
    cells : callable, optional
        Gives the cells of each expected notebook, by grade_id: a notebook whose name says nothing is known by them.

    Returns
    -------
    Submission
        Whatever the folder holds: what cannot be read is left out by name.
    """
    reader = _Reader(_Folder(folder), expected, ignored, cells)
    reader.take_time()
    reader.take_notebooks()
    reader.take_files()
    return reader.submission()


@dataclass(frozen=True, eq=False)
class _Source:
    """Something that can be read: a file in the folder, or a member of an archive in it.

    `path` is its path in the folder or archive, `name` what people are shown, `load` gives its bytes or None.
    """

    path: PurePosixPath
    name: str
    load: Callable[[int], bytes | None]
    archive: _Source | None = None


@dataclass(frozen=True)
class _Candidate:
    """A source that may be a notebook of the assignment; the lower its rank, the more likely."""

    notebook: str
    rank: int
    source: _Source


class _Folder:
    """The files of one submission, and what of them may be opened."""

    def __init__(self, folder: Path) -> None:
        self.left = MAX_TOTAL
        self.sources: list[_Source] = []
        self.refused: list[tuple[_Source, str]] = []
        for path, what in entries(folder):
            place = PurePosixPath(path.relative_to(folder).as_posix())
            if not any(map(is_junk, place.parts)):
                self._sort(path, place, what)

    def _sort(self, path: Path, place: PurePosixPath, what: str | None) -> None:
        """Keep a file, or say why not; of what was moved aside for nbgrader, give the name that it had."""
        aside = len(place.parts) > 1 and place.parts[0] == LEFT_OUT
        shown = PurePosixPath(*place.parts[1:]) if aside else place
        name = sentence(str(shown)) if place.parts else "the submission"
        source = _Source(shown, name, partial(self._read, path))
        if what is None and aside and shown.name != TIMESTAMP:
            what = TOO_MANY
        if what is not None:
            self.refused.append((source, what))
        elif not path.is_dir():
            self.sources.append(source)

    def _read(self, path: Path, most: int) -> bytes | None:
        data = read_regular(path, min(most, self.left))
        self.left -= len(data or b"")
        return data

    def members(self) -> Iterator[_Source]:
        """The regular files in archives; these are unpacked in memory, and only as far as they are read."""
        zips = [source for source in self.sources if source.path.suffix.lower() == ".zip"]
        for source in zips[:MAX_ZIPS]:
            data = source.load(MAX_ZIP)
            if data is None or data.count(b"PK\x01\x02") > 10 * MAX_MEMBERS:
                continue
            try:
                archive = zipfile.ZipFile(io.BytesIO(data))
            except BROKEN_ZIP:
                continue
            for member in archive.infolist()[:MAX_MEMBERS]:
                path = PurePosixPath(member.filename.replace("\\", "/"))
                if _is_regular(member, path):
                    name = sentence(f"{source.name}/{path}")
                    yield _Source(path, name, partial(self._unpack, archive, member), source)

    def _unpack(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes | None:
        most = min(most, self.left, max(10**6, MAX_RATIO * member.compress_size))
        try:
            with archive.open(member) as file:
                data = file.read(most + 1)
        except BROKEN_ZIP:
            return None
        self.left -= len(data)
        return data if len(data) <= most else None


def _is_regular(member: zipfile.ZipInfo, path: PurePosixPath) -> bool:
    """Whether a member of an archive is a file that can be unpacked without harm."""
    plain = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not member.flag_bits & 1
    inside = path.parts and not path.is_absolute() and ".." not in path.parts and not any(map(is_junk, path.parts))
    return (
        bool(plain and inside) and stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG) and not member.is_dir()
    )


class _Reader:
    """What is taken of one submission."""

    def __init__(
        self,
        folder: _Folder,
        expected: Collection[str],
        ignored: Collection[str],
        cells: Callable[[], Mapping[str, Collection[str]]],
    ) -> None:
        self.folder, self.expected, self.ignored, self.cells = folder, list(expected), ignored, cells
        self.names = {_key(name): name for name in self.expected}
        self.members: list[_Source] = []
        self.notebooks: dict[str, NotebookNode] = {}
        self.files: dict[str, bytes] = {}
        self.left_out: dict[str, LeftOut] = {}
        self.repaired: list[Repaired] = []
        self.submitted_at: str | None = None
        self.taken: list[_Source] = []
        for source, what in folder.refused:
            self.leave_out(source, what, self._meant(source))

    def submission(self) -> Submission:
        """What was taken."""
        rows = sorted(self.left_out.values(), key=lambda row: row.notebook is None)  # notebooks first
        if len(rows) > MAX_ROWS:
            rows[MAX_ROWS:] = [LeftOut(f"{len(rows) - MAX_ROWS} more", "left out for similar reasons")]
        return Submission(self.notebooks, self.files, tuple(rows), tuple(self.repaired), self.submitted_at)

    def leave_out(self, source: _Source, why: str, notebook: str | None = None) -> None:
        """Say that something is not graded."""
        self.left_out.setdefault(source.name, LeftOut(source.name, why, notebook))

    def take_time(self) -> None:
        """Take the time of the submission."""
        for source in self.folder.sources:
            if source.path == PurePosixPath(TIMESTAMP):
                self.taken.append(source)
                text = (source.load(MAX_FILE) or b"")[:200].decode(errors="replace").strip()
                if is_time(text):
                    self.submitted_at = text
                elif text:
                    self.leave_out(source, NO_TIME)

    # ------------------------------------------------------------------------------ notebooks

    def take_notebooks(self) -> None:
        """Take the notebooks with the right names; for those that are missing, files that may be them."""
        found = [source for source in self.folder.sources if source.path.suffix == ".ipynb"]
        right = {source.path.stem: source for source in found if self._is_right(source)}
        for name, source in right.items():
            self._take(name, source)
        missing = [name for name in self.expected if name not in right]
        if missing:
            self.members = list(self.folder.members())
            guesses = [guess for source in [*self.folder.sources, *self.members] if (guess := self._guess(source))]
            for name in missing:
                self._choose(name, [guess for guess in guesses if guess.notebook == name])
            self._name_archives()
        for source in found:
            if source not in self.taken:
                self.leave_out(source, self._not_wanted(source), self._meant(source))

    def _name_archives(self) -> None:
        """Say which archives gave nothing, where a notebook is still missing that may be in them."""
        opened = [source.archive for source in self.taken]
        for source in self.folder.sources if len(self.notebooks) < len(self.expected) else ():
            if source.path.suffix.lower() in ARCHIVES and source not in opened:
                self.leave_out(source, "an archive in which no notebook was found")

    def _is_right(self, source: _Source) -> bool:
        return len(source.path.parts) == 1 and (not self.expected or source.path.stem in self.expected)

    def _not_wanted(self, source: _Source) -> str:
        if (name := self._meant(source)) is not None:
            return f"an extra copy of {name}.ipynb"
        return (
            "not a notebook of this assignment"
            if self.expected
            else "in a subfolder, not in the submission's own folder"
        )

    def _choose(self, name: str, guesses: list[_Candidate]) -> None:
        """Take the one best candidate for a notebook that is missing."""
        lowest = min((each.rank for each in guesses), default=0)
        best = [each.source for each in guesses if each.rank == lowest]
        if len(best) > 1 and (len(best) > MAX_SAME or len({each.load(MAX_READ) for each in best}) > 1):
            for each in best:
                self.leave_out(each, f"one of several files that may be {name}.ipynb", name)
        elif best and self._take(name, best[0]):
            self.repaired.append(Repaired(sentence(f"{name}.ipynb"), f"taken from {best[0].name}"))

    def _take(self, name: str, source: _Source) -> bool:
        """Read a notebook; whether it can be read."""
        self.taken.append(source)
        data = source.load(MAX_READ)
        try:
            if data is None:
                raise DamagedNotebookError(f"larger than {MAX_READ >> 20} MiB, or unreadable")
            self.notebooks[name], repairs = as_notebook(data)
        except DamagedNotebookError as damage:
            self.leave_out(source, str(damage), name)
            return False
        self.repaired += [Repaired(sentence(f"{name}.ipynb"), repair) for repair in repairs]
        return True

    def _meant(self, source: _Source) -> str | None:
        """The notebook of the assignment that a file's name may mean."""
        guess = _guess(source.path.name, self.names)
        return guess[0] if guess else None

    def _guess(self, source: _Source) -> _Candidate | None:
        depth = len(source.path.parts) - 1
        if source in self.taken or depth > MAX_LIFTED:
            return None
        guess = _guess(source.path.name, self.names) or self._known_by_cells(source)
        if guess is None:
            return None
        name, rank = guess
        return _Candidate(name, rank + 2 * depth + 2 * (source.archive is not None), source)

    def _known_by_cells(self, source: _Source) -> tuple[str, int] | None:
        """The notebook most of whose cells are in a file, by grade_id, and how little its name says."""
        if not _ENDING.search(_plain(source.path.name)):
            return None
        found = set(_GRADE_ID.findall(source.load(MAX_READ) or b""))
        for name, wanted in self.cells().items():
            if wanted and 2 * len(found.intersection(each.encode() for each in wanted)) > len(wanted):
                return name, UNSAID
        return None

    # ---------------------------------------------------------------------------------- files

    def take_files(self) -> None:
        """Take the other files, also those next to a notebook that is taken from a folder or archive."""
        opened = [source.archive for source in self.taken]
        for source in self.folder.sources:
            if source not in self.taken and source not in opened:
                self._add(source.path, source)
        for taken in self.taken:
            for source in [*self.folder.sources, *self.members] if taken.archive or len(taken.path.parts) > 1 else ():
                beside = source.archive is taken.archive and source.path.is_relative_to(taken.path.parent)
                if beside and source not in self.taken:
                    self._add(source.path.relative_to(taken.path.parent), source)

    def _add(self, path: PurePosixPath, source: _Source) -> None:
        hidden = any(part.startswith((".", "__")) for part in path.parts[:-1])
        ignored = any(fnmatch.fnmatch(path.name, pattern) for pattern in self.ignored)
        if str(path) in self.files or path.suffix == ".ipynb" or hidden or ignored:
            return
        data = source.load(MAX_FILE)
        if not str(path).isprintable() or len(str(path)) > MAX_PATH:
            self.leave_out(source, "a file whose name cannot be shown")
        elif data is None:
            self.leave_out(source, f"larger than {MAX_FILE // 10**6} MB, or unreadable")
        elif len(self.files) >= MAX_NUMBER or len(data) + sum(map(len, self.files.values())) > MAX_FILES:
            self.leave_out(source, f"beyond the allowed {MAX_NUMBER} files or {MAX_FILES // 10**6} MB")
        else:
            self.files[str(path)] = data


# ------------------------------------------------------------------------------------------ names

UNSEEN = "Cc", "Cf", "Cn", "Co", "Cs", "Mn", "So", "Sk"  # categories of Unicode: controls, marks, pictures
_ENDING = re.compile(r"\.+ipynb(?:\.(?:txt|json|ipynb))?$|(?<=.)\.json$")
_ADDED = re.compile(
    r"^(?:copy of|kopie von|copie de|copia de|copia di|kopi af)[ _]"
    r"|(?: ?\(\d{1,3}\)|[-_ ]+(?:copy|kopie|copie)\d*|[-_ ]v?\d{1,3}|[-_ ](?:final|new|fixed|late|solved|submission))$"
)


def _key(name: str) -> str:
    """A name without differences of spelling: case, ways to write an accent, kinds of space."""
    return re.sub(r"[\s_\-]+", "_", _plain(name))


def _plain(name: str) -> str:
    """A name without what browsers, phones and right-to-left systems put into it: %20, emoji, marks of direction."""
    kept = (each for each in unicodedata.normalize("NFKC", unquote(name)) if unicodedata.category(each) not in UNSEEN)
    return PureWindowsPath("".join(kept)).name.casefold().strip()


def _guess(filename: str, names: Mapping[str, str]) -> tuple[str, int] | None:
    """The notebook that a file's name may mean, and how far it is from the right one."""
    lower = _plain(filename[:300])
    ending = _ENDING.search(lower)
    if ending is None:
        return None
    stem, rank = lower[: ending.start()], int(ending[0] != ".ipynb")
    if (exact := names.get(_key(stem))) is not None:
        return exact, rank + (filename != f"{exact}.ipynb")
    if ending[0] == ".json":
        return None  # only a browser's ending for a notebook, not any data that are named like one
    while (shorter := _ADDED.sub("", stem, count=1)) != stem:
        stem = shorter
        if (name := names.get(_key(stem))) is not None:
            return name, rank + 2
    key = _key(stem)
    inside = [each for each in names if f"_{each}_" in f"_{key}_"]
    longest = max(map(len, inside), default=0)
    best = [each for each in inside if len(each) == longest]
    return (names[best[0]], rank + 3) if len(best) == 1 else None
