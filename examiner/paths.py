"""Where a course is: its root, found from a folder inside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from examiner._exceptions import CourseNotFoundError

__all__ = ["CONFIG", "FINGERPRINTS", "course_root"]

CONFIG = "nbgrader_config.py"
FINGERPRINTS = Path(".cache", "fingerprints")
"""Folder of the fingerprints, below a course's root."""


def course_root(start: Path | None = None) -> Path:
    """The nearest folder at or above `start` that holds ``nbgrader_config.py``.

    Raises
    ------
    CourseNotFoundError
        If there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / CONFIG).is_file():
            return folder
    raise CourseNotFoundError(f"No {CONFIG} in {here} or above it: work inside the course's folder.")


# Until the engine has its own process: the source folder of the assignment that is being graded.
SOURCE = "assignment"
graded_source: ContextVar[Path | None] = ContextVar("graded_source", default=None)


@contextlib.contextmanager
def grading(source: Path) -> Iterator[None]:
    """Take the reference from this source folder for the time being."""
    token = graded_source.set(source)
    try:
        yield
    finally:
        graded_source.reset(token)


def source_folder(assignment: str, root: Path | None = None) -> Path:
    """The folder of an assignment's source notebooks.

    Raises
    ------
    CourseNotFoundError
        If the course has no such assignment.
    """
    folder = (root or course_root()) / SOURCE / assignment
    if not folder.is_dir():
        raise CourseNotFoundError(f"No assignment {assignment!r}: {SOURCE}/{assignment} is missing.")
    return folder
