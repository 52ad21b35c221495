"""Which version of an answer a check has tested: a stamp in the output of the check."""

from __future__ import annotations

import hashlib
import re
import sys
from typing import Any

STAMP = "answer_version"
"""Key of the stamp in the metadata of an output."""


def version_of(source: str) -> str:
    """Return a short name for the source of a cell, the same for sources that differ in blank space at line ends only.

    Parameters
    ----------
    source : str

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    lines = (line.rstrip() for line in source.splitlines())
    return hashlib.sha256("\n".join(line for line in lines if line).encode("utf-8", "replace")).hexdigest()[:12]


def announce(answer: str, line: str) -> None:
    """Print a line; in a notebook, its output also carries the version of the answer that the kernel knows.

    Parameters
    ----------
    answer : str
        The name of the function or class.
    line : str
    """
    source = newest_cell(answer)
    if source is None:
        print(line)
    else:
        notebook_shell().display_pub.publish({"text/plain": line}, {STAMP: version_of(source)})


def newest_cell(answer: str) -> str | None:
    """Return the newest cell that defines an answer, as it was run in this kernel; None outside a notebook.

    Parameters
    ----------
    answer : str
        The name of the function or class.
    """
    history = getattr(getattr(notebook_shell(), "history_manager", None), "input_hist_raw", ())
    if not history:
        return None
    definition = re.compile(rf"^(?:def|class)\s+{re.escape(answer)}\b", re.MULTILINE)
    return next((source for source in reversed(history) if definition.search(source)), None)


def notebook_shell() -> Any:
    """Return IPython's shell, None outside a notebook."""
    return getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
