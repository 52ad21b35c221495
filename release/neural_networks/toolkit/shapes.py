"""Shapes as docstrings state them, to say whether the arrays that a function was given fit together.

A numpydoc line such as ``w : ndarray, shape (D, M)`` names the sizes of an argument; equal names are equal sizes.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["described", "misfit", "takes_cache"]

LINE = re.compile(r"^\s*(\w+) : ndarray, shape \(([^()]*)\)\s*$", re.MULTILINE)
ANY = "d_1, ..., d_k"
"""Any number of sizes, whose product is D."""


def misfit(function: Callable[..., Any], arguments: Sequence[Any]) -> str | None:
    """Say which array's shape does not fit the others, by the function's docstring; None if none is found.

    Parameters
    ----------
    function : callable
    arguments : sequence
        What it was called with, in order.
    """
    stated = dict(LINE.findall((inspect.getdoc(function) or "").partition("Returns\n")[0]))
    sizes: dict[str, int] = {}
    for name, value in _named(function, arguments).items():
        if name in stated and isinstance(value, np.ndarray):
            found = _sizes(stated[name], value.shape)
            if found is None:
                return f"{name} must have shape ({stated[name]})"
            for size, number in found.items():
                if sizes.setdefault(size, number) != number:
                    return f"{name} of shape {value.shape} does not fit the others: {size} is {sizes[size]} there"
    return None


def described(function: Callable[..., Any], arguments: Sequence[Any]) -> str:
    """The arrays that a function was called with: ``x (2, 3), w (3, 4)``."""
    arrays = {name: value for name, value in _named(function, arguments).items() if isinstance(value, np.ndarray)}
    return ", ".join(f"{name} {value.shape}" for name, value in arrays.items())


def takes_cache(function: Callable[..., Any], arguments: Sequence[Any]) -> bool:
    """Whether one of the arguments is a cache, which may hold arrays of any shape."""
    return "cache" in _named(function, arguments)


def _named(function: Callable[..., Any], arguments: Sequence[Any]) -> Mapping[str, Any]:
    """The arguments by the names of the parameters."""
    try:
        return inspect.signature(function).bind_partial(*arguments).arguments
    except (TypeError, ValueError):  # too many of them, or nothing that has a signature
        return {}


def _sizes(stated: str, shape: tuple[int, ...]) -> dict[str, int] | None:
    """The sizes by their names; None if their number is wrong."""
    if ANY in stated:
        return {"N": shape[0], "D": math.prod(shape[1:])} if len(shape) > 1 else None
    names = [name.strip() for name in stated.split(",") if name.strip()]
    if len(names) != len(shape):
        return None
    return {name: size for name, size in zip(names, shape, strict=True) if name.isidentifier()}
