"""Strength and kind of regularization, on a model with more weights than points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit import plots
from toolkit.play.controls import Knob, offer, waits_for_answers

Array = NDArray[Any]
Penalty = Callable[[Array, float], Any]

CENTERS = np.linspace(-1, 1, 24)
STRENGTHS = 0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3
STRIP = 0.001, 0.03, 0.1


def bumps(x: Array) -> Array:
    """Compute 24 bell curves, (N,) -> (N, 24)."""
    return np.exp(-(((x[:, None] - CENTERS) / 0.08) ** 2) / 2)


def points() -> tuple[Array, Array]:
    """Draw fourteen noisy points of a sine, each (14,)."""
    rng = np.random.default_rng(2)
    x = np.linspace(-0.95, 0.95, 14)
    return x, np.sin(3 * x) + 0.3 * rng.normal(size=14)


def fit_bumps(penalty: Penalty, strength: float, steps: int = 800, learning_rate: float = 0.15) -> Array:
    """Minimize the mean squared error plus a penalty, by gradient descent with decreasing steps.

    Parameters
    ----------
    penalty : callable
        ``penalty(w, strength) -> (value, dw)``.
    strength : float
        Passed to the penalty.
    steps : int
    learning_rate : float
        Of the first step.

    Returns
    -------
    ndarray, shape (24,)
        The weights of the bumps.
    """
    x, y = points()
    features = bumps(x)  # (14, 24)
    w = np.random.default_rng(0).normal(size=24)
    for step in range(steps):
        gradient = 2 / len(y) * features.T @ (features @ w - y)  # (24, 14) @ (14,) -> (24,)
        w = w - learning_rate / (1 + 8 * step / steps) * (gradient + penalty(w.copy(), strength)[1])
    return w


@waits_for_answers
def regularization(penalties: Mapping[str, Penalty]) -> None:
    """Draw what kinds of penalties make of a model that is too large, at three strengths, and offer controls.

    Parameters
    ----------
    penalties : mapping of str to callable
        The student's penalties, ``penalty(w, strength) -> (value, dw)``, by name; at most six.
    """
    curve_x = np.linspace(-1, 1, 201)

    def draw(names: list[str], strengths: tuple[float, ...]) -> None:
        fits = {s: {name: fit_bumps(penalties[name], s) for name in names} for s in strengths}
        curves = {s: {name: bumps(curve_x) @ w for name, w in each.items()} for s, each in fits.items()}
        plots.strengths(points(), (curve_x, np.sin(3 * curve_x)), curves, fits)

    draw(list(penalties), STRIP)
    kinds = list(penalties)
    knobs = {"kind": Knob("penalty", kinds, kinds[0]), "strength": Knob("strength", STRENGTHS, 0.03)}
    offer(lambda kind, strength: draw([kind], (0.0, strength) if strength else (0.0,)), knobs)
