"""Numerical gradients by centered differences, for checking analytic gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["numerical_gradient", "numerical_gradient_array"]


def numerical_gradient(f: Callable[[NDArray[np.float64]], Any], x: ArrayLike, h: float = 1e-5) -> NDArray[np.float64]:
    """Differentiate a function that returns one number.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of x and returns one number, such as a loss.
    x : array_like, any shape
        The point at which to differentiate. It is not changed: `f` receives float64 copies.
    h : float
        Half the distance between the two points of each difference.

    Returns
    -------
    ndarray of float64, the shape of x
        (f(x + h) - f(x - h)) / 2h, for each element of x.

    Raises
    ------
    TypeError
        x is not real, or `f` does not return a real number.
    ValueError
        h is not positive, or `f` returns more than one number.
    """
    return _centered_differences(lambda point: _number(f(point)), x, h)


def numerical_gradient_array(
    f: Callable[[NDArray[np.float64]], Any], x: ArrayLike, df: ArrayLike, h: float = 1e-5
) -> NDArray[np.float64]:
    """Differentiate sum(f(x) * df), as backpropagation does with an upstream gradient df.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of x and returns an array.
    x : array_like, any shape
        The point at which to differentiate. It is not changed: `f` receives float64 copies.
    df : array_like, the shape of f(x)
        The upstream gradient.
    h : float
        Half the distance between the two points of each difference.

    Returns
    -------
    ndarray of float64, the shape of x
        The gradient of sum(f(x) * df) with respect to x.

    Raises
    ------
    TypeError
        x, df or the result of `f` is not real.
    ValueError
        h is not positive, or the shapes of f(x) and df differ.
    """
    upstream = _real("df", df)

    def output(point: NDArray[np.float64]) -> NDArray[np.float64]:
        out = _real("f(x)", f(point))
        if out.shape != upstream.shape:
            raise ValueError(f"f(x) has shape {out.shape}, but df has shape {upstream.shape}")
        return out

    return _centered_differences(output, x, h, weights=upstream)


def _centered_differences(
    f: Callable[[NDArray[np.float64]], Any],
    x: ArrayLike,
    h: float,
    weights: NDArray[np.float64] | float = 1.0,
) -> NDArray[np.float64]:
    if not h > 0:
        raise ValueError(f"h must be positive, not {h}")
    x = _real("x", x)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += h
        below[index] -= h
        gradient[index] = np.sum((f(above) - f(below)) * weights) / (2 * h)
    return gradient


def _number(value: Any) -> float:
    number = _real("f(x)", value)
    if number.size != 1:
        raise ValueError(f"f(x) must be one number, not an array of shape {number.shape}")
    return float(number.reshape(()))


def _real(name: str, value: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must contain real numbers, not {array.dtype}")
    return array.astype(np.float64)  # a copy, always in C order
