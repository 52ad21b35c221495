"""Entries of a submission's folder that must not be opened, and how nbgrader is kept from them.

nbgrader opens everything that it finds there: a link leads to other students' work, a pipe blocks forever, a device
has no end.  `examiner.notebooks.submission` asks the same questions, and changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import mimetypes
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import dateutil.parser  # type: ignore[import-untyped]
import dateutil.tz  # type: ignore[import-untyped]

from examiner._exceptions import DamagedNotebookError
from examiner.notebooks.repair import MAX_READ, as_notebook, is_readable_as_it_is
from examiner.outcome import sentence

__all__ = [
    "LEFT_OUT",
    "NO_TIME",
    "TOO_MANY",
    "digest",
    "entries",
    "irregular",
    "is_junk",
    "is_page",
    "is_time",
    "leave_out",
    "leave_out_irregular",
    "read_regular",
]

MAX_FILES = 500  # nbgrader's copying takes time with the square of their number
MAX_DEPTH = 20
LEFT_OUT = ".left_out"
"""Folder in a submission: what nbgrader must not open is moved there, for nbgrader passes over such names."""
LINKS = "a symbolic link", "a hard link", "not a regular file"
TOO_DEEP = f"more than {MAX_DEPTH} folders deep"
NO_TIME = "not a valid timestamp"
NOT_AS_IT_IS = "a notebook that nbgrader cannot read as it is"
TOO_MANY = f"one of more than {MAX_FILES} files"
PAGES = "html", "xml", "svg", "javascript", "ecmascript", "css", "wasm"
JUNK = {"__MACOSX", ".ipynb_checkpoints", ".DS_Store", ".git", "__pycache__", "desktop.ini", "thumbs.db"}
_TIME = re.compile(r"(?!.*(?:\.\.|(?<!\w)/))[\w :.,+\-/]{1,100}")
_DEFAULTS = datetime(2000, 1, 1), datetime(2001, 2, 2)
log = logging.getLogger(__name__)


# ---------------------------------------------------------------------------------------- entries


def entries(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield every entry below a folder, and why it must not be opened; links are not followed.

    Parameters
    ----------
    folder : Path
        A submission.

    Yields
    ------
    Path
        The entry. What is in a folder that must not be opened is not listed.
    str or None
        What it is, such as ``"a symbolic link"``; None where it is a folder or regular file.
    """
    return ((folder / name, what) for name, what, _ in _entries(folder))


def _entries(folder: Path) -> Iterator[tuple[str, str | None, os.stat_result | None]]:
    """What `entries` gives, as names relative to the folder, and the status of each entry that may be opened."""
    crowd = set(_too_many(folder))
    waiting = [("", 0)]
    while waiting:
        base, depth = waiting.pop()
        try:
            names = sorted(os.listdir(os.path.join(folder, base)))
        except OSError as error:
            yield base or ".", f"unreadable ({error.strerror})", None
            continue
        for name in (os.path.join(base, each) for each in names):
            what, status = (TOO_MANY, None) if name in crowd else _what(os.path.join(folder, name))
            if status is not None and stat.S_ISDIR(status.st_mode):
                what = TOO_MANY if base == LEFT_OUT else TOO_DEEP if depth >= MAX_DEPTH else None
                waiting += [(name, depth + 1)] if what is None else []
            yield name, what, status


def digest(folder: Path, *, contents: bool = True) -> str:
    """Hash a submission: names and contents of its regular files, names alone of what is not read.

    Parameters
    ----------
    folder : Path
        A submission.
    contents : bool
        False: sizes and times of the files instead of their contents, which takes no time.
    """
    found = hashlib.sha256()
    for entry, what, status in _entries(folder):
        regular = what is None and status is not None and stat.S_ISREG(status.st_mode)
        content = read_regular(folder / entry, MAX_READ) if regular and contents else None
        if regular and content is None and status is not None:  # or it is too large to be read
            content = f"{status.st_size} {status.st_mtime_ns}".encode()
        name = os.fsencode(entry)
        found.update(b"%d %d " % (len(name), len(content or b"")) + name + (what or "").encode() + b"\0")
        found.update(content or b"")
    return found.hexdigest()


def irregular(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield every entry below a folder that nbgrader must not open or cannot read, with what it is.

    Parameters
    ----------
    folder : Path
        A submission.
    """
    for path, what in entries(folder):
        if what is None and not _is_folder(path) and not is_junk(path.name):
            what = _fault_for_nbgrader(path, at_top=path.parent == folder)
        if what is not None:
            yield path, what


def is_junk(name: str) -> bool:
    """Whether a file or folder of this name was left by a system or program: it is not part of a submission."""
    return name in JUNK or name.lower() in JUNK or name.startswith(("._", "~$"))


def is_time(text: str) -> bool:
    """Whether nbgrader can read this as a time.

    Parameters
    ----------
    text : str
        The content of a ``timestamp.txt``.
    """
    if not _TIME.fullmatch(text):
        return False
    try:
        first, second = (_as_nbgrader_reads(text, default) for default in _DEFAULTS)
    except (ValueError, OverflowError, TypeError, OSError):
        return False
    return first == second  # else it names no date, and would be today


def _as_nbgrader_reads(text: str, default: datetime) -> datetime:
    """The time in UTC, as `nbgrader.utils.parse_utc` takes three words: the last is a zone, or seconds of an offset."""
    day, _, rest = text.partition(" ")
    clock, _, zone = rest.partition(" ")
    if zone and " " not in zone:
        offset = int(zone) if re.fullmatch(r"[+-]?\d+", zone) else dateutil.tz.gettz(zone)
        when = dateutil.parser.parse(f"{day} {clock} TZ", default=default, tzinfos={"TZ": offset})
    else:
        when = dateutil.parser.parse(text, default=default)
    local: datetime = when.replace(tzinfo=None)
    return local - (when.utcoffset() or timedelta())


def read_regular(path: Path, most: int) -> bytes | None:
    """Read a regular file.

    Parameters
    ----------
    path : Path
        The file; anything may be there.
    most : int
        Bytes that it may have.

    Returns
    -------
    bytes or None
        None for a link of either kind, a pipe, a device, a file that cannot be read, and one that is too large.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1 or status.st_size > most:
                return None
            return file.read(most)
    except (OSError, ValueError):
        return None


def _too_many(folder: Path) -> Iterator[str]:
    """Names at the top of a submission that take it beyond the number of files that are graded."""
    left = MAX_FILES
    try:
        with os.scandir(folder) as found:
            there = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in there:
        if entry.name == LEFT_OUT:
            continue
        inside = _below(entry.path) if entry.is_dir(follow_symlinks=False) else ()
        size = 1 + sum(1 for _ in islice(inside, left + 1))
        if size > left:
            yield entry.name
        else:
            left -= size


def _below(folder: Path | str) -> Iterator[str]:
    """All entries below a folder; of those that are too deep, none."""
    waiting = [(os.fspath(folder), 0)]
    while waiting:
        base, depth = waiting.pop()
        try:
            with os.scandir(base) as found:
                for entry in found:
                    yield entry.path
                    if entry.is_dir(follow_symlinks=False) and depth < MAX_DEPTH:
                        waiting.append((entry.path, depth + 1))
        except OSError:
            continue


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _what(path: str) -> tuple[str | None, os.stat_result | None]:
    """What an entry is, where it must not be opened; else its status."""
    try:
        status = os.lstat(path)
    except OSError as error:
        return f"unreadable ({error.strerror})", None
    if stat.S_ISLNK(status.st_mode):
        return "a symbolic link", None
    if stat.S_ISDIR(status.st_mode):
        return ("a folder", None) if Path(path).suffix == ".ipynb" else (None, status)
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file", None
    return ("a hard link", None) if status.st_nlink > 1 else (None, status)


def _fault_for_nbgrader(path: Path, *, at_top: bool) -> str | None:
    """What is wrong with a file that nbgrader would give up on, and with it on all the others."""
    if path.name == "timestamp.txt":
        data = read_regular(path, MAX_READ)
        text = (data or b"")[:200].decode(errors="replace").strip()
        return NO_TIME if data is None or (text and not is_time(text)) else None
    if path.suffix != ".ipynb" or not at_top:
        return None
    data = read_regular(path, MAX_READ)
    if data is None:
        return f"larger than {MAX_READ >> 20} MiB, or unreadable"
    try:
        as_notebook(data)
    except DamagedNotebookError as damage:
        return str(damage)
    return None if is_readable_as_it_is(data) else NOT_AS_IT_IS


# --------------------------------------------------------------------------------------- nbgrader


def leave_out(folder: Path) -> list[tuple[Path, str]]:
    """Keep nbgrader from opening what is irregular in a submission.

    Links, pipes, devices and crowds of files are moved into a hidden folder of the submission.  What a browser would
    show as a page gets the ending of a text: formgrader serves these files.

    Parameters
    ----------
    folder : Path
        The submission.

    Returns
    -------
    list of tuple of Path and str
        What is irregular, as `irregular` gives it.

    Raises
    ------
    OSError
        Something could not be moved.
    """
    found = list(irregular(folder))
    for path, what in found:
        log.warning("%s is %s: it is not graded.", sentence(str(path)), what)
        if what in (*LINKS, NO_TIME, TOO_MANY, TOO_DEEP) and path.parent != folder / LEFT_OUT:
            _move_aside(path, folder)
    for path in list(map(Path, _below(folder))):
        if is_page(path.name) and folder / LEFT_OUT not in path.parents and not _is_folder(path):
            _rename(path, path.with_name(f"{path.name[-100:]}.txt"))
    return found


def leave_out_irregular(assignment: str, student: str, notebooks: list[str]) -> None:
    """Leave out what is irregular before nbgrader converts a submission: its ``pre_convert_hook``.

    Parameters
    ----------
    assignment, student : str
        As nbgrader gives them; the student may be a pattern.
    notebooks : list of str
        Paths of the notebooks that will be graded; changed in place.

    Raises
    ------
    SystemExit
        Something could not be moved. nbgrader would swallow an exception, and open it.
    """
    for folder in {Path(notebook).parent for notebook in notebooks}:
        try:
            left_out = {str(path) for path, _ in leave_out(folder)}
        except OSError as error:
            sys.exit(f"{sentence(str(folder))}: a link or pipe could not be moved aside: {error.strerror}.")
        notebooks[:] = [notebook for notebook in notebooks if notebook not in left_out]


def is_page(name: str) -> bool:
    """Whether a browser would show a file of this name as a page, or run it."""
    kind, _ = mimetypes.guess_type(f"/x{name.lower()}")  # a path: a name with a colon is no URL
    return kind is not None and any(each in kind for each in PAGES)


def _move_aside(path: Path, folder: Path) -> None:
    """Move an entry into the hidden folder, whose place nothing submitted can take."""
    place = folder / LEFT_OUT
    if os.path.lexists(place) and not stat.S_ISDIR(place.lstat().st_mode):
        place.rename(folder / f"{LEFT_OUT}.{secrets.token_hex(4)}")
    if path == place:
        return
    place.mkdir(exist_ok=True)
    _rename(path, place / path.relative_to(folder).as_posix().replace("/", "__")[-60:])


def _rename(path: Path, target: Path) -> None:
    """Rename, and replace nothing."""
    path.rename(target.with_name(f"{secrets.token_hex(4)}-{target.name}") if os.path.lexists(target) else target)
