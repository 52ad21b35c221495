"""The reference answers, for hidden tests: the solutions of the source notebooks."""

from __future__ import annotations

import contextlib
import functools
import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from examiner.assignment import find_assignment
from examiner.engine.child import current_assignment, in_child
from examiner.engine.trusted import TrustedRun

__all__ = ["prepare_reference", "reference_answers"]


def reference_answers(notebook: str) -> Any:
    """Give the reference answers of one notebook of the assignment being graded.

    Parameters
    ----------
    notebook : str
        Its name without the ending, such as ``"01_layers"``.

    Returns
    -------
    object
        The answers are its attributes.

    Raises
    ------
    CourseNotFoundError
        The working folder is not a course's assignment folder, or there is no such notebook.
    """
    assignment = current_assignment() if in_child() else find_assignment(Path.cwd().name)
    path = assignment.notebook(notebook)
    return _answers(path, path.stat().st_mtime_ns, assignment.toolkit)


def prepare_reference(notebook: str) -> None:
    """Read and compile the reference in the engine's warm process: no child has to.

    Parameters
    ----------
    notebook : str
        Its name without the ending.
    """
    assignment = current_assignment()
    with contextlib.suppress(Exception):  # no toolkit, or one that cannot read ahead; tests report what else is wrong
        earlier = importlib.import_module(f"{assignment.toolkit}.earlier")
        earlier.read_ahead(notebook, folder=assignment.notebook(notebook).parent)


@functools.lru_cache(maxsize=64)
def _answers(path: Path, changed: int, toolkit: str | None) -> Any:
    """The answers of one state of a notebook: a server that grades for days sees it corrected."""
    if toolkit is not None:
        with contextlib.suppress(ModuleNotFoundError):  # a toolkit need not have it
            earlier = importlib.import_module(f"{toolkit}.earlier")  # reads only what the answers need
            return earlier.answers(path.stem, folder=path.parent)
    return SimpleNamespace(**TrustedRun(path).namespace())
