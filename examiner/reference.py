"""The reference answers, for hidden tests: the solutions of the source notebooks."""

from __future__ import annotations

import functools
from pathlib import Path

from examiner.paths import course_root, graded_source, source_folder
from toolkit.earlier import Answers, answers


def reference_answers(notebook: str) -> Answers:
    """Give the reference answers of one notebook of the assignment being graded.

    Parameters
    ----------
    notebook : str
        Its name without the ending, such as ``"01_layers"``.

    Returns
    -------
    toolkit.earlier.Answers
        The answers are its attributes.

    Raises
    ------
    CourseNotFoundError
        If the working folder is not a course's assignment folder.
    """
    folder = graded_source.get() or source_folder(Path.cwd().name, course_root())
    path = folder / f"{notebook}.ipynb"
    return _answers(path, path.stat().st_mtime_ns if path.is_file() else 0)


@functools.lru_cache(maxsize=64)
def _answers(path: Path, changed: int) -> Answers:
    """The answers of one state of a notebook: a server that grades for days sees it mended."""
    return answers(path.stem, folder=path.parent)
