"""Until `read_submission` is here."""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Sequence
from pathlib import Path

MAX_FILE = 20_000_000
MAX_FILES = 64_000_000
MAX_NUMBER = 200


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
