"""Three small data sets with two features and two classes, for the playground."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def moons(t: Array, y: Array) -> Array:
    """Two half circles that interlock: a position for each t from 0 to 1 and class y, (N, 2)."""
    angle, side = np.pi * t, 1 - 2 * y
    across, up = np.cos(angle) * side - 0.5 + y, np.sin(angle) * side - 0.25 + 0.5 * y
    return np.stack([across, up], axis=1) / 1.2


def spirals(t: Array, y: Array) -> Array:
    """Two arms that wind once around each other: a position for each t from 0 to 1 and class y, (N, 2)."""
    radius, angle = 0.15 + 1.15 * t, 2 * np.pi * t + np.pi * y
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def xor(t: Array, y: Array) -> Array:
    """Four corners, opposite ones of one class: a position for each t from 0 to 1 and class y, (N, 2)."""
    right = np.where(t < 0.5, -1.0, 1.0)
    return np.stack([0.8 * right, np.where(y == 1, -0.8 * right, 0.8 * right)], axis=1)


CLOUDS: dict[str, tuple[Callable[[Array, Array], Array], float]] = {
    "moons": (moons, 0.1),
    "spirals": (spirals, 0.05),
    "XOR": (xor, 0.2),
}
"""For each data set, the curve that its points lie on and the standard deviation of their noise."""


def cloud(name: str, number: int = 200, seed: int = 0) -> tuple[Array, Array]:
    """Draw a data set.

    Parameters
    ----------
    name : str
        A key of `CLOUDS`.
    number : int
        Number of points, N.
    seed : int

    Returns
    -------
    X : ndarray of float64, shape (N, 2)
    y : ndarray of int, shape (N,)
        0 and 1, in turn.
    """
    curve, noise = CLOUDS[name]
    rng = np.random.default_rng(seed)
    y = np.arange(number) % 2
    return curve(rng.random(number), y) + noise * rng.normal(size=(number, 2)), y
