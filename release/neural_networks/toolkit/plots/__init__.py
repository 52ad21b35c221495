"""Every figure of the course, in one consistent style.

Each function draws and shows one figure, so that a notebook needs one line for it. Matplotlib is loaded with the first
name that is used: a notebook's first cell, and a grader that draws nothing, need not wait for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.plots.figures import *  # noqa: F403


def __getattr__(name: str) -> Any:
    """Find a name of `toolkit.plots.figures`, which loads Matplotlib."""
    missing = f"module {__name__!r} has no attribute {name!r}"
    if name.startswith("_") and name != "__all__":  # questions of Python and IPython
        raise AttributeError(missing)
    figures = importlib.import_module(f"{__name__}.figures")
    if name in globals():  # a submodule, which has just been loaded
        return globals()[name]
    try:
        return getattr(figures, name)
    except AttributeError:
        raise AttributeError(missing, name=name, obj=figures) from None


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})
