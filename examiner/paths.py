"""Where a course is: its root, found from a folder inside it."""

from __future__ import annotations

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
