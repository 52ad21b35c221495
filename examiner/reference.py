"""The reference answers, for hidden tests: the solutions of the source notebooks."""

from __future__ import annotations

import functools
from pathlib import Path

from examiner.course import course_root, source_folder
from toolkit.earlier import Answers, answers


@functools.cache
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
    return answers(notebook, folder=source_folder(Path.cwd().name, course_root()))
