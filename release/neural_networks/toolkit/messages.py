"""What a failed check says: one sentence that a beginner can act on."""

from __future__ import annotations

import ast
import linecache
import re
import traceback
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from toolkit.work import newest_cell, notebook_shell

__all__ = [
    "ReturnValueError", "broken_cell", "first_difference", "one_line", "overflow", "shape_of_mistake", "unpacked",
    "warned",
]  # fmt: skip

KINDS = {"b": "true/false values", "i": "integers", "u": "integers", "f": "floating-point numbers"}
MISSING = re.compile(r"name '(\w+)' is not defined")


class ReturnValueError(TypeError):
    """An answer returned something else than the values that it must return."""


def unpacked(function: str, value: Any, names: Sequence[str], more: int = 0) -> list[Any]:
    """Return the values that an answer returned, if there are as many as there are names.

    Parameters
    ----------
    function : str
        The answer's name.
    value : object
        What it returned.
    names : sequence of str
        What the values are called: ``["out", "cache"]``.
    more : int
        How many values without a name come after them.

    Raises
    ------
    ReturnValueError
        If there are more or fewer values, or one that is not a tuple.
    """
    count, said = len(names) + more, ", ".join(names) + (", …" if more else "," if len(names) == 1 else "")
    must = f"{function} must return {count} value{'s' if count > 1 else ' in a tuple'} ({said})"
    if value is None:
        raise ReturnValueError(f"{must}, yours returned nothing: does it end in a return?")
    if not isinstance(value, np.ndarray | np.generic | int | float | str | dict):
        try:
            values = list(value)
        except TypeError:  # a network, say
            raise ReturnValueError(f"{must}, yours returned one {type(value).__name__}") from None
        if len(values) != count:
            raise ReturnValueError(f"{must}, yours returned {len(values)}")
        return values
    remedy = ": a comma after it makes it a tuple" if count == 1 else ""
    raise ReturnValueError(f"{must}, yours returned one {_kind(value)}{remedy}")


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.ndim:
        return "array"
    kinds: dict[type, str] = {dict: "dict", str: "text"}
    return kinds.get(type(value), "number")


def shape_of_mistake(name: str, value: Any, expected: np.ndarray) -> str | None:
    """One sentence on the first of None, type, shape, dtype, NaN that is wrong, else None."""
    if value is None:
        return f"{name} is None: does the function return it?"
    try:
        array = np.asarray(value)
    except Exception:  # whatever a stranger's object raises, it is not an array
        return f"{name} is a {type(value).__name__}, not an array of numbers"
    if array.dtype.kind not in KINDS:
        return f"{name} is a {type(value).__name__}, not an array of real numbers"
    if array.shape != expected.shape:
        return f"{name} has shape {array.shape}, expected {expected.shape}"
    wrong_kind = expected.dtype.kind == "f" and array.dtype.kind != "f" and array.ndim > 0
    if wrong_kind or (expected.dtype.kind in "iu" and array.dtype.kind not in "iu"):
        return f"{name} holds {KINDS[array.dtype.kind]}, expected {KINDS[expected.dtype.kind]}"
    if not np.all(np.isfinite(array)):
        return f"{name} is not finite: {int(np.sum(~np.isfinite(array)))} of {array.size} are NaN or infinite"
    return None


def first_difference(array: np.ndarray, expected: np.ndarray, tol: float) -> str:
    """Where two arrays of one shape first differ, and by what values."""
    wide, target = array.astype(np.float64), expected.astype(np.float64)
    off = np.abs(wide - target) > tol * np.maximum(1e-8, np.abs(wide) + np.abs(target))
    index = tuple(int(i) for i in np.argwhere(off)[0])
    where = f" at index {index}" if index else ""
    return f";{where} received {wide[index]:.8g}, expected {target[index]:.8g}"


# ------------------------------------------------------------------- exceptions and warnings


def one_line(error: BaseException, answer: str = "") -> str:
    """Describe an exception in one line, with the line of the notebook that raised it.

    Parameters
    ----------
    error : BaseException
    answer : str
        The answer that was tested: if that is not defined, its own cell has to be run.
    """
    if isinstance(error, ReturnValueError):
        return str(error)
    text = (str(error).strip().splitlines() or [""])[0][:300]
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, NameError) and len(frames) == 1 and (missing := MISSING.match(text)):
        return f"NameError: {missing[0]}: {_remedy(missing[1], answer)}"  # raised by the test cell itself
    own = [frame for frame in frames[1:] if _is_notebook(frame.filename)]
    where = f" (in {own[-1].name}, line {own[-1].lineno}: {own[-1].line})" if own else ""
    return f"{type(error).__name__}: {text}{where}"


def _remedy(name: str, answer: str) -> str:
    if name == answer:
        return "run the cell above that defines it, and correct the error that this reports"
    return "run all cells above first"


def overflow(caught: Sequence[warnings.WarningMessage]) -> str | None:
    """The first overflow among some warnings, with the line of the notebook that it comes from."""
    found = [item for item in caught if "overflow" in str(item.message)]
    return f"warns: {warned(found[0])}" if found else None


def warned(item: warnings.WarningMessage) -> str:
    """A warning in one line, with the line of the notebook that it comes from."""
    line = linecache.getline(item.filename, item.lineno).strip() if _is_notebook(item.filename) else ""
    return f"{item.message}" + (f" (in line {item.lineno}: {line})" if line else "")


def _is_notebook(filename: str) -> bool:
    return "ipykernel" in filename or "ipython" in filename


# ------------------------------------------------------------------- cells that were not run


def broken_cell(answer: str) -> str | None:
    """Say so if the newest cell that defines an answer has a syntax error: then an older version is tested.

    Parameters
    ----------
    answer : str
        Name of a function or class.
    """
    cell = newest_cell(answer)
    if cell is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(notebook_shell().transform_cell(cell))
    except SyntaxError as error:
        return (
            f"the last cell that you ran for {answer} has a syntax error in line {error.lineno}, so this checks your "
            "older version: correct the cell and run it again"
        )
    return None
