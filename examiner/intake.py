"""What of a submission's folder is looked at: regular files, and notebooks of a sensible size.

nbgrader opens whatever lies there: a link leads to other students' work, a pipe blocks for ever,
a device has no end.  None of these is anybody's answer.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["irregular", "leave_out_irregular"]

MAX_NOTEBOOK = 32 * 2**20
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
            elif stat.S_ISREG(status.st_mode) and name.endswith(".ipynb") and status.st_size > MAX_NOTEBOOK:
                yield path, f"larger than {MAX_NOTEBOOK >> 20} MB"
            elif stat.S_ISDIR(status.st_mode) and name.endswith(".ipynb"):
                yield path, "a folder"


def leave_out_irregular(assignment: str, student: str, notebooks: list[str]) -> None:
    """Keep nbgrader from opening what is irregular: its hook before a submission is converted.

    Links, pipes and devices are removed from the submission's folder (they hold nothing);
    notebooks that are too large are not read.

    Parameters
    ----------
    assignment, student : str
        As nbgrader gives them; the student may be a pattern.
    notebooks : list of str
        Paths of the notebooks that will be graded; changed in place.
    """
    for folder in {Path(notebook).parent for notebook in notebooks}:
        for path, what in list(irregular(folder)):
            log.warning("%s is %s: it is not graded", path, what)
            if what in ("a link", "no regular file"):
                path.unlink()
            if str(path) in notebooks:
                notebooks.remove(str(path))
