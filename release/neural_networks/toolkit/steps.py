"""Batch normalization's backward pass, one intermediate value at a time, against numeric gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.gradients import numerical_gradient_array

__all__ = ["EPS", "check_steps", "numeric_steps"]

Array = NDArray[Any]

EPS, TOLERANCE = 1e-5, 1e-6

HINTS = {
    "dbeta": "beta is added to every example: what happens to a gradient when the forward pass copies a number?",
    "dgamma": "gamma is multiplied by normalized, and copied to every example.",
    "dnormalized": "Each element is multiplied by gamma once.",
    "dinverse": "inverse is copied to every example, where it is multiplied by centered.",
    "dstd": "The derivative of 1 / s is -1 / s².",
    "dvar": "The derivative of √v is 1 / (2 √v), and std is that root.",
    "dsquared": "The mean gives every example the same share, 1 / N. The shape is (N, D).",
    "dcentered": "centered is used twice, in normalized and in squared: add both paths.",
    "dmu": "mu is subtracted from every example: mind the sign.",
    "dx": "x is used twice, in centered and in mu: add both paths. The path through mu is shared by all N examples.",
}
"""For each gradient, in the order of the backward pass, what to think of."""


def numeric_steps(x: Array, gamma: Array, beta: Array, dout: Array) -> dict[str, Array]:
    """Measure the gradient of every value between the input and the output of batch normalization.

    Parameters
    ----------
    x, dout : ndarray, shape (N, D)
        The input, and the gradient of the loss with respect to the output.
    gamma, beta : ndarray, shape (D,)

    Returns
    -------
    dict of str to ndarray
        The gradients named in `HINTS`, each in the shape of its value.
    """
    mu = x.mean(axis=0)  # (D,)
    centered = x - mu  # (N, D)
    squared = centered**2  # (N, D)
    var = squared.mean(axis=0)  # (D,)
    std = np.sqrt(var + EPS)  # (D,)

    def scaled(normalized: Array) -> Array:
        return gamma * normalized + beta

    def whole(centered: Array) -> Array:
        return scaled(centered / np.sqrt((centered**2).mean(axis=0) + EPS))

    values: dict[str, tuple[Callable[[Array], Array], Array]] = {
        "dbeta": (lambda v: gamma * centered / std + v, beta),
        "dgamma": (lambda v: v * centered / std + beta, gamma),
        "dnormalized": (scaled, centered / std),
        "dinverse": (lambda v: scaled(centered * v), 1 / std),
        "dstd": (lambda v: scaled(centered / v), std),
        "dvar": (lambda v: scaled(centered / np.sqrt(v + EPS)), var),
        "dsquared": (lambda v: scaled(centered / np.sqrt(v.mean(axis=0) + EPS)), squared),
        "dcentered": (whole, centered),
        "dmu": (lambda v: whole(x - v), mu),
        "dx": (lambda v: whole(v - v.mean(axis=0)), x),
    }
    return {name: numerical_gradient_array(f, value.copy(), dout) for name, (f, value) in values.items()}


def check_steps(x: Array, gamma: Array, beta: Array, dout: Array, yours: Mapping[str, Any]) -> None:
    """Print a line for each gradient: right, not yet written, or where it first differs; and a hint for the first.

    Parameters
    ----------
    x, dout : ndarray, shape (N, D)
    gamma, beta : ndarray, shape (D,)
    yours : mapping of str to ndarray or None
        The student's gradients, by the names in `HINTS`; None for those that are not written.
    """
    expected = numeric_steps(x, gamma, beta, dout)
    first_wrong = None
    for name, right in expected.items():
        mine = yours.get(name)
        problem = "not written yet" if mine is None else _difference(np.asarray(mine), right)
        mark = "✓" if problem is None else "·" if mine is None else "✗"
        print(f"{mark} {name:<12} {problem or ''}".rstrip())
        if mark == "✗" and first_wrong is None:
            first_wrong = name
    if first_wrong:
        print(f"\nStart with {first_wrong}. {HINTS[first_wrong]}")


def _difference(mine: Array, right: Array) -> str | None:
    """Say how an array differs from the numeric gradient; None if it does not."""
    if mine.shape != right.shape:
        return f"has the shape {mine.shape}, its value has {right.shape}"
    wrong = ~np.isclose(mine.astype(float), right, rtol=TOLERANCE, atol=TOLERANCE * np.abs(right).max() + 1e-8)
    if not wrong.any():
        return None
    index = tuple(int(k) for k in np.argwhere(wrong)[0])
    return f"at {list(index)}: yours {mine[index]:.5g}, numeric {right[index]:.5g}"
