"""What of a submission's folder is looked at: regular files, and notebooks of a sensible size.

nbgrader opens whatever lies there: a link leads to other students' work, a pipe blocks for ever,
a device has no end.  None of these is anybody's answer.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["LEFT_OUT", "irregular", "leave_out_irregular"]

MAX_NOTEBOOK = 32 * 2**20
LEFT_OUT = ".left_out"
"""Folder in a submission: what nbgrader must not open is moved there, for nbgrader passes over such names."""
MOVED = "a link", "a hard link", "no regular file"
log = logging.getLogger(__name__)


def irregular(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield every entry below a folder that is not graded, with what it is; links are not followed."""
    for base, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = Path(base) / name
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                yield path, "a link"
            elif not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
                yield path, "no regular file"
            elif stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
                yield path, "a hard link"
            elif stat.S_ISREG(status.st_mode) and name.endswith(".ipynb") and status.st_size > MAX_NOTEBOOK:
                yield path, f"larger than {MAX_NOTEBOOK >> 20} MB"
            elif stat.S_ISDIR(status.st_mode) and name.endswith(".ipynb"):
                yield path, "a folder"


def leave_out_irregular(assignment: str, student: str, notebooks: list[str]) -> None:
    """Keep nbgrader from opening what is irregular: its hook before a submission is converted.

    Links, pipes and devices are moved into a hidden folder of the submission; notebooks that are
    too large are not read.

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
        for path, what in list(irregular(folder)):
            log.warning("%s is %s: it is not graded", path, what)
            if str(path) in notebooks:
                notebooks.remove(str(path))
            if what in MOVED and path.parent != folder / LEFT_OUT:
                try:
                    _move_aside(path, folder)
                except OSError as error:
                    sys.exit(f"{path} is {what}, and could not be moved aside: {error.strerror}.")


def _move_aside(path: Path, folder: Path) -> None:
    """Move an entry into the hidden folder, which nothing that was handed in can take the place of."""
    place = folder / LEFT_OUT
    if os.path.lexists(place) and not stat.S_ISDIR(place.lstat().st_mode):
        place.rename(folder / f"{LEFT_OUT}.{secrets.token_hex(4)}")
    if path == place:
        return
    place.mkdir(exist_ok=True)
    target = place / path.relative_to(folder).as_posix().replace("/", "__")
    path.rename(target.with_name(f"{target.name}.{secrets.token_hex(4)}") if os.path.lexists(target) else target)
