"""What of a submission's folder is looked at: regular files, not too many, and notebooks of a sensible size.

nbgrader opens whatever lies there: a link leads to other students' work, a pipe blocks for ever,
a device has no end.  None of these is anybody's answer.
"""

from __future__ import annotations

import json
import logging
import mimetypes
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from examiner.outcome import sentence

__all__ = ["LEFT_OUT", "irregular", "leave_out", "leave_out_irregular"]

MAX_NOTEBOOK = 16 * 2**20
MAX_CELLS = 2_000
MAX_FILES = 500  # nbgrader's copying takes time with the square of their number
LEFT_OUT = ".left_out"
"""Folder in a submission: what nbgrader must not open is moved there, for nbgrader passes over such names."""
LINKS = "a link", "a hard link", "no regular file"
NO_TIME = "no time"
TOO_MANY = f"one of more than {MAX_FILES} files"
PAGES = "html", "xml", "svg", "javascript", "ecmascript", "css", "wasm"
log = logging.getLogger(__name__)


def irregular(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield every entry below a folder that is not graded, with what it is; links are not followed."""
    unreadable: list[OSError] = []
    crowd = set(_too_many(folder))
    yield from ((path, TOO_MANY) for path in sorted(crowd))
    for base, folders, names in os.walk(folder, onerror=unreadable.append):
        folders[:] = [name for name in folders if Path(base) / name not in crowd]
        for name in [*folders, *names]:
            path = Path(base) / name
            if path not in crowd and (what := _what(path, at_top=base == str(folder))):
                yield path, what
    yield from ((Path(error.filename), "unreadable") for error in unreadable)


def _too_many(folder: Path) -> Iterator[Path]:
    """What lies at the top of a submission and takes it beyond the number of files that are graded."""
    left = MAX_FILES
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name == LEFT_OUT:
            continue
        size = 1
        if path.is_dir() and not path.is_symlink():
            size = sum(1 for _ in islice(_below(path), left + 1))
        if size > left:
            yield path
        else:
            left -= size


def _below(folder: Path) -> Iterator[str]:
    for _, folders, names in os.walk(folder):
        yield from folders
        yield from names


def _what(path: Path, *, at_top: bool) -> str | None:
    """What an entry is, where it is not graded."""
    try:
        status = path.lstat()
    except OSError as error:
        return f"unreadable ({error.strerror})"
    if stat.S_ISLNK(status.st_mode):
        return "a link"
    if stat.S_ISDIR(status.st_mode):
        return "a folder" if path.suffix == ".ipynb" else TOO_MANY if path.parent.name == LEFT_OUT else None
    if not stat.S_ISREG(status.st_mode):
        return "no regular file"
    if status.st_nlink > 1:
        return "a hard link"
    if path.suffix == ".ipynb" and status.st_size > MAX_NOTEBOOK:
        return f"larger than {MAX_NOTEBOOK >> 20} MB"
    if path.suffix == ".ipynb" and at_top and (damage := _damage(path)):
        return damage
    if path.name == "timestamp.txt" and not _is_time(path):
        return NO_TIME
    return None


def _damage(path: Path) -> str | None:
    """What is wrong with a notebook that nbgrader would give up on, and with it on all the others."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError, MemoryError):
        return "no notebook, or a damaged one"
    cells = content.get("cells") if isinstance(content, dict) else None
    old = isinstance(content, dict) and isinstance(content.get("worksheets"), list)  # nbformat converts it
    if not isinstance(cells, list):
        return None if old else "no notebook, or a damaged one"
    return f"a notebook of more than {MAX_CELLS:,} cells" if len(cells) > MAX_CELLS else None


def _is_time(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            from nbgrader.utils import parse_utc

            text = file.read(200).strip()
        return not text or parse_utc(text) is not None
    except (OSError, ValueError, OverflowError, TypeError):
        return False


def leave_out(folder: Path) -> list[tuple[Path, str]]:
    """Keep nbgrader from opening what is irregular in a submission, and give what that is.

    Links, pipes, devices and files without number are moved into a hidden folder of the submission.
    What a browser would show as a page gets the ending of a text: formgrader serves these files.

    Raises
    ------
    OSError
        Something could not be moved.
    """
    found = list(irregular(folder))
    for path, what in found:
        log.warning("%s is %s: it is not graded", sentence(str(path)), what)
        if what in (*LINKS, NO_TIME, TOO_MANY) and path.parent != folder / LEFT_OUT:
            _move_aside(path, folder)
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != LEFT_OUT]
        for name in filter(_is_page, names):
            _rename(Path(base) / name, Path(base) / f"{name[-100:]}.txt")
    return found


def leave_out_irregular(assignment: str, student: str, notebooks: list[str]) -> None:
    """The hook of nbgrader's before a submission is converted: `leave_out`, and of the notebooks what was left out.

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


def _is_page(name: str) -> bool:
    kind, _ = mimetypes.guess_type(f"x{name.lower()}")
    return kind is not None and any(each in kind for each in PAGES)


def _move_aside(path: Path, folder: Path) -> None:
    """Move an entry into the hidden folder, which nothing that was handed in can take the place of."""
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
