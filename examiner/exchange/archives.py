"""Files in ZIP archives and folders that somebody else has made: read within limits, never unpacked by their names."""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from examiner._exceptions import ExaminerError
from examiner.notebooks import is_junk
from examiner.outcome import sentence

__all__ = ["File", "files_in"]

MAX_FILES = 50_000
MAX_FILE = 64 * 2**20  # bytes
MAX_ARCHIVE = 4 * 2**30  # bytes, unpacked, all files together
MAX_RATIO = 200  # of unpacked to packed bytes: a notebook's is about 5, a picture's 1
MAX_DEPTH = 3  # archives in archives


@dataclass(frozen=True)
class File:
    """A file of a download.

    Attributes
    ----------
    parts : tuple of str
        Its path in the download, without what could lead out of it; an archive in it counts as a folder.
    content : bytes
    changed : datetime
        When it was changed, as the download says; of files in a student's own archive, when that was.
    wanted : bool
        Whether it was read: files with other endings have no content here.
    """

    parts: tuple[str, ...]
    content: bytes
    changed: datetime
    wanted: bool = True

    @property
    def name(self) -> str:
        """Its name without folders."""
        return self.parts[-1]


def files_in(source: Path, wanted: tuple[str, ...], left: list[str]) -> Iterator[File]:
    """Yield the files of a download.

    Parameters
    ----------
    source : Path
        A ZIP archive or a folder.
    wanted : tuple of str
        Endings of the names of files that are read, such as ``.ipynb``; archives are always looked into, and of
        others the names alone are given.
    left : list of str
        Takes a sentence for each file in it that cannot be read: a student's mistake costs nobody else's files.

    Raises
    ------
    ExaminerError
        It cannot be read, or is larger than a class can be: one sentence that names it.
    """
    if source.is_dir():
        yield from _in_folder(source, wanted, left)
        return
    try:
        data: io.BufferedIOBase = source.open("rb")
    except OSError as error:
        raise ExaminerError(f"{source} cannot be read: {error.strerror}.") from None
    with data:
        yield from _Reader(source, wanted, left).read(data, (), 0)


def _in_folder(source: Path, wanted: tuple[str, ...], left: list[str]) -> Iterator[File]:
    reader = _Reader(source, wanted, left)
    for base, folders, names in os.walk(source):
        folders.sort()
        for name in sorted(names):
            path = Path(base, name)
            if path.is_symlink() or not stat.S_ISREG(path.lstat().st_mode):
                continue
            parts = _safe_parts(path.relative_to(source).as_posix())
            if any(map(is_junk, parts)):
                continue
            if name.lower().endswith(".zip"):
                with path.open("rb") as data:
                    time = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    yield from reader.read_nested(data, (*parts[:-1], Path(name).stem), 1, time)
                continue
            time = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if not name.lower().endswith(wanted):
                yield File(parts, b"", time, wanted=False)
            elif reader.counts(path.stat().st_size, parts):
                yield File(parts, path.read_bytes(), time)


class _Reader:
    """Reads archives, and counts what has been read."""

    def __init__(self, source: Path, wanted: tuple[str, ...], left: list[str]) -> None:
        self._source, self._wanted, self._left = source, wanted, left
        self._files = self._bytes = 0

    def read(
        self, data: io.BufferedIOBase, place: tuple[str, ...], depth: int, time: datetime | None = None
    ) -> Iterator[File]:
        """Yield the files of an archive that is at a place in the download.

        A student's own archive has a time of its own: the times in it are the student's to choose.
        """
        where = "/".join([str(self._source), *place])
        try:
            with zipfile.ZipFile(data) as archive:
                for entry in archive.infolist():
                    yield from self._entry(archive, entry, place, depth, time)
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
            EOFError,
            ValueError,
            OSError,
            zlib.error,
        ) as error:
            why = f"is not a ZIP archive that can be read: {sentence(str(error))}"
            raise ExaminerError(f"{sentence(where)} {why}.") from None

    def read_nested(self, data: io.BufferedIOBase, place: tuple[str, ...], depth: int, time: datetime) -> list[File]:
        """Give the files of a student's own archive; none where it cannot be read."""
        try:
            return list(self.read(data, place, depth, time))
        except ExaminerError as error:
            self._left.append(str(error).rstrip("."))
            return []

    def counts(self, size: int, parts: tuple[str, ...]) -> bool:
        """Count a file that will be read; whether it is not too large."""
        shown = sentence("/".join(parts))
        if size > MAX_FILE:
            self._left.append(f"{shown}: larger than {MAX_FILE >> 20} MiB")
            return False
        self._files, self._bytes = self._files + 1, self._bytes + size
        if self._files > MAX_FILES or self._bytes > MAX_ARCHIVE:
            raise ExaminerError(f"{self._source}: too large to be a class's submissions, at {shown}.")
        return True

    def _entry(
        self,
        archive: zipfile.ZipFile,
        entry: zipfile.ZipInfo,
        place: tuple[str, ...],
        depth: int,
        time: datetime | None,
    ) -> Iterator[File]:
        parts = (*place, *_safe_parts(entry.filename))
        name = parts[-1].lower() if parts else ""
        nested = name.endswith(".zip") and depth < MAX_DEPTH
        if not parts or entry.is_dir() or stat.S_ISLNK(entry.external_attr >> 16) or any(map(is_junk, parts)):
            return
        if not (nested or name.endswith(self._wanted)):
            yield File(parts, b"", time or _time_of(entry), wanted=False)
            return
        if entry.file_size > max(2**20, MAX_RATIO * entry.compress_size):
            self._left.append(f"{sentence('/'.join(parts))}: unpacks to {entry.file_size:,} bytes")
            return
        if not self.counts(entry.file_size, parts):
            return
        with archive.open(entry) as opened:
            content = opened.read(entry.file_size + 1)
        if nested:
            within = (*parts[:-1], parts[-1][:-4])
            yield from self.read_nested(io.BytesIO(content), within, depth + 1, time or _time_of(entry))
        else:
            yield File(parts, content, time or _time_of(entry))


def _safe_parts(name: str) -> tuple[str, ...]:
    """The folders and the name in a path, which may be Windows's, or lead anywhere."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return tuple(part for part in parts if part not in ("/", ".", "..", "") and not part.endswith(":"))


def _time_of(entry: zipfile.ZipInfo) -> datetime:
    """An archive holds local times, without a zone."""
    try:
        return datetime(*entry.date_time).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return datetime(1980, 1, 1, tzinfo=UTC)
