"""Whether two failed comparisons are the same failure: by values, by what random values do, by kind of exception."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from toolkit.traces import Array, Trace

__all__ = ["agree", "by_chance", "is_telling", "symptom"]

CLOSE = 1e-5
CLOSE_SINGLE = 1e-3
NOISE = 0.15
DEVIATIONS = 6
FEW = 200
FOREIGN = "RuntimeError: "  # how an exception arrives whose type exists in the sandbox only
EARLIER = re.compile(r"EarlierAnswerError: .*? raised ")
GIVEN = " It was given "  # what an earlier answer's exception says next
LINE = " (in "
NUMBER = re.compile(r"-?\d[\d.]*(?:e[+-]?\d+)?")
SHAPE = re.compile(r"\([\d, ]*\)")
QUOTED = re.compile(r"'[^']*'")
ITEM = re.compile(r"('[^']*'|\('[^']*', \d+\)): (\([^)]*\))")
EXCEPTION = re.compile(r"(\w*(?:Error|Exception)): ?(.*)", re.DOTALL)

Symptom = tuple[object, ...]


def agree(student: Trace, known: Trace, inputs: Sequence[Array] = ()) -> bool:
    """Say whether two failures at the same place are the same failure.

    Parameters
    ----------
    student, known : Trace
        Where `known.noisy`, values are compared by what they do, not one by one.
    inputs : sequence of ndarray
        What the function was given: a mask shows by what it did to these.
    """
    one, other = student.received, known.received
    if one is None and other is None:
        return _same_message(student.message, known.message, known.noisy)
    if one is None or other is None or one.shape != other.shape:
        return False
    if not known.noisy:
        return _equal(one, other)
    given = _masked(one, inputs)
    return _near(one, other, known.spread) if given is None else _does_the_same(one / given, other / given)


def by_chance(known: Trace, inputs: Sequence[Array] = ()) -> bool:
    """Say whether a failure's value is a draw about which nothing is certain: it may also come out differently."""
    return known.unsteady or (known.noisy and known.received is not None and _masked(known.received, inputs) is None)


def is_telling(known: Trace, right: Array | None = None, inputs: Sequence[Array] = ()) -> bool:
    """Say whether agreement with a failure says something: not with a draw.

    Parameters
    ----------
    known : Trace
    right : ndarray, optional
        The reference's value: a number that hardly varies tells something if it is far from that.
    inputs : sequence of ndarray
        What the function was given.
    """
    value = known.received
    if known.unsteady or not known.noisy or value is None or value.size != 1 or right is None or right.size != 1:
        return not by_chance(known, inputs)
    narrow = DEVIATIONS * known.spread <= NOISE * abs(float(value.flat[0]))
    return narrow and not _near(right, value, known.spread)


def _masked(value: Array, inputs: Sequence[Array]) -> Array | None:
    """The input that a value may be a masked version of, where there are enough numbers to tell."""
    return next((each for each in inputs if each.shape == value.shape and each.size >= FEW and np.all(each)), None)


# ---------------------------------------------------------------------------------- messages


def symptom(message: str | None) -> Symptom | None:
    """What an exception's message says, whatever the names, numbers and functions of the code that raised it.

    Parameters
    ----------
    message : str or None
        ``"ValueError: operands could not be broadcast together with shapes (2,3) (4,)"``, say.

    Returns
    -------
    tuple or None
        Type, kind of trouble, and the sizes that do not fit; None for a message that is not an exception's.
    """
    text = EARLIER.sub("", (message or "").partition(LINE)[0].partition(GIVEN)[0].removeprefix(FOREIGN))
    if text.startswith("raises ") and ", not " in text:
        return (text.partition(", not ")[0],)
    found = EXCEPTION.fullmatch(text)
    if found is None:
        return None
    kind, said = found.groups()
    return (kind, *_trouble(kind, said))


def _trouble(kind: str, said: str) -> Symptom:
    """The kind of trouble, and what is characteristic of it."""
    numbers = frozenset(NUMBER.findall(said))
    if kind in ("AssertionError", "OverflowError", "ZeroDivisionError", "FloatingPointError", "NameError"):
        return ()
    if kind in ("AttributeError", "TypeError"):
        types = frozenset(("NoneType",) if "NoneType" in said else QUOTED.findall(said.partition(" attribute")[0]))
        wrong = re.search(r"positional argument|unexpected keyword|missing \d", said)
        return (wrong[0][:7],) if wrong else (types,) if types else (NUMBER.sub("#", said),)
    if "truth value" in said or kind == "KeyError":
        return (said.partition(". ")[0],)
    if "core dimension" in said or "not aligned" in said:
        return "product", _different_sizes(said)
    if "broadcast" in said:
        return "broadcast", frozenset(shape.replace(" ", "") for shape in SHAPE.findall(said))
    if "cannot reshape" in said:
        return "reshape", NUMBER.findall(said)[0]
    if "to unpack" in said:
        return "unpack", said.partition(" values")[0]
    if "out of bounds" in said or "out of range" in said or "too many indices" in said:
        return "bounds", numbers
    return (NUMBER.sub("#", QUOTED.sub("'…'", said)),)


def _different_sizes(said: str) -> frozenset[str]:
    """The two sizes that a matrix product should have found equal, as `@` or `np.dot` reports them."""
    found = re.search(r"size (\d+) is different from (\d+)|aligned: (\d+) \(dim \d+\) != (\d+)", said)
    return frozenset(each for each in found.groups() if each) if found else frozenset()


def _same_message(one: str | None, other: str | None, noisy: bool) -> bool:
    """Equal messages but for their numbers, or exceptions of one kind; where they are noise, with similar numbers."""
    one, other = (text and text.partition(LINE)[0] for text in (one, other))  # a notebook says its line, too
    if one == other:
        return True
    if one is None or other is None:
        return False
    first, second = symptom(one), symptom(other)
    if first is not None or second is not None:
        return first == second
    if ITEM.search(one):  # names and shapes: in any order
        return ITEM.sub("#", one) == ITEM.sub("#", other) and set(ITEM.findall(one)) == set(ITEM.findall(other))
    if ": received " in one or NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return not noisy or all(abs(float(a) - float(b)) <= NOISE * abs(float(b)) for a, b in pairs)


# ------------------------------------------------------------------------------------ values


def _equal(one: Array, other: Array) -> bool:
    """Equal but for rounding, relative to the largest value; NaN and infinity in the same places."""
    wide, known = one.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(wide) & np.isfinite(known)
    if not np.array_equal(wide[~finite], known[~finite], equal_nan=True):
        return False
    single = any(each.dtype.kind == "f" and each.dtype.itemsize <= 4 for each in (one, other))
    scale = float(np.max(np.abs(known[finite]), initial=0.0))
    tolerance = (CLOSE_SINGLE if single else CLOSE) * scale + 1e-12
    return bool(np.all(np.abs(wide[finite] - known[finite]) <= tolerance))


def _near(one: Array, other: Array, spread: float) -> bool:
    """Alike as draws are: one number within a few times its spread, an array by its order of magnitude."""
    wide, known = one.astype(np.float64), other.astype(np.float64)
    if not (np.all(np.isfinite(wide)) and np.all(np.isfinite(known))):
        return bool(np.isfinite(wide).all() == np.isfinite(known).all())
    size, typical = float(np.sqrt(np.mean(wide**2))), float(np.sqrt(np.mean(known**2)))
    if one.size == 1:
        return abs(size - typical) <= max(DEVIATIONS * spread, NOISE * typical) + 1e-12
    if size == 0 or typical == 0:  # a unit that is off for every input: chance
        return True
    return bool(max(size / typical, typical / size) <= 1 + FEW / one.size)


def _does_the_same(one: Array, other: Array) -> bool:
    """Whether two masks do the same: the share that they keep, by what they multiply it, and along which axes."""
    if not (np.all(np.isfinite(one)) and np.all(np.isfinite(other))):
        return False
    if abs(np.mean(one != 0) - np.mean(other != 0)) > DEVIATIONS * 0.5 / np.sqrt(one.size):
        return False
    if any(abs(a - b) > NOISE for a, b in zip(_together(one), _together(other), strict=True)):
        return False
    kept, known = (np.sort(each[each != 0]) for each in (one, other))
    if not kept.size or not known.size:
        return kept.size == known.size
    quantiles = np.linspace(0.05, 0.95, 7)
    spread = float(known[-1] - known[0])
    off = np.abs(np.quantile(kept, quantiles) - np.quantile(known, quantiles))
    if spread <= CLOSE * abs(float(known[0])):  # one factor for all
        return bool(np.all(off <= CLOSE * abs(float(known[0]))))
    return bool(np.all(off <= NOISE * max(spread / 2, float(np.max(np.abs(known))) / 2)))


def _together(mask: Array) -> list[float]:
    """For each axis, the share of its rows that are kept or dropped as a whole."""
    kept = mask != 0
    axes = [tuple(a for a in range(mask.ndim) if a != axis) for axis in range(mask.ndim)] if mask.ndim > 1 else []
    return [float(np.mean(kept.all(axis=rest) | ~kept.any(axis=rest))) for rest in axes]
