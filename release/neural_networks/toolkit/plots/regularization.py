"""Penalties on weights: their values, their gradients and their effect on a fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.plots.style import COLORS, GREY, new_axes, set_labels, show

Array = NDArray[Any]


def penalties(functions: Mapping[str, Callable[..., Any]], limit: float = 2.0) -> None:
    """Draw penalties on a single weight, and their gradients.

    Parameters
    ----------
    functions : mapping of str to callable
        At most three functions ``penalty(w) -> (value, dw)``; w and dw are (1,).
    limit : float
        The weight ranges from ``-limit`` to ``limit``.
    """
    weights = np.linspace(-limit, limit, 200)  # an even number, to leave out 0
    left, right = new_axes(2, width=4.6, height=3.2)
    for (name, penalty), dashes in zip(functions.items(), ("-", "--", "-."), strict=False):
        slopes = [np.asarray(penalty(np.array([weight]))[1]).item() for weight in weights]
        left.plot(weights, _penalty_values(penalty, weights), dashes, label=name)
        right.plot(weights, slopes, dashes, label=name)
    left.legend(loc="upper center")
    set_labels(left, "Penalty", "weight w", "penalty")
    set_labels(right, "Gradient: a step goes against it", "weight w", "d penalty / d w")
    show()


def shrinkage(functions: Mapping[str, Callable[..., Any]], limit: float = 3.0) -> None:
    """Draw the best weight under a penalty against the best weight without one.

    The best weight is the minimum of ``(w - a)**2 / 2 + penalty(w)`` on a fine grid of w.

    Parameters
    ----------
    functions : mapping of str to callable
        At most three functions ``penalty(w) -> (value, dw)``; w and dw are (1,).
    limit : float
        The best weight without a penalty, a, ranges from ``-limit`` to ``limit``.
    """
    weights, a = np.linspace(-limit, limit, 1201), np.linspace(-limit, limit, 201)
    (ax,) = new_axes(width=5.0, height=3.8)
    ax.plot(a, a, color=GREY, linestyle=":", label="no penalty")
    for (name, penalty), dashes in zip(functions.items(), ("-", "--", "-."), strict=False):
        total = (weights - a[:, None]) ** 2 / 2 + _penalty_values(penalty, weights)  # (201, 1201)
        ax.plot(a, weights[total.argmin(axis=1)], dashes, label=name)
    ax.legend(loc="upper left")
    set_labels(ax, "Shrinkage", "weight a that the data ask for", "weight w with the penalty")
    show()


def penalty_contours(functions: Mapping[str, Callable[..., Any]]) -> None:
    """Draw where contours of a loss touch contours of a penalty, for two weights.

    Parameters
    ----------
    functions : mapping of str to callable
        At most six functions ``penalty(w) -> (value, dw)``, each a sum over the elements of w.
    """
    grid = np.linspace(-1.5, 3.0, 181)  # contains 0 exactly
    first, second = np.meshgrid(grid, grid)  # (181, 181) each
    u, v = first - 0.8, second - 2.2
    loss = 0.5 * (1.3 * u**2 - 0.5 * u * v + 0.9 * v**2)  # (181, 181)
    panels = new_axes(len(functions), width=3.3, height=3.5)
    for ax, (name, penalty), color in zip(panels, functions.items(), COLORS, strict=False):
        values = _penalty_values(penalty, grid)  # (181,)
        price = values + values[:, None]  # (181, 181)
        row, column = np.unravel_index(np.argmin(loss + price), loss.shape)
        here_loss, here_price = float(loss[row, column]), float(price[row, column])
        ax.contour(first, second, loss, here_loss * np.array([0.1, 0.4, 1, 2]), colors=GREY, linewidths=1)
        ax.contour(first, second, price, here_price * np.array([0.3, 1]), colors=color, linewidths=(1, 2))
        ax.plot(0.8, 2.2, "+", color=GREY, markersize=9, markeredgewidth=2)
        ax.plot(grid[column], grid[row], "o", color="black")
        ax.set_aspect("equal")
        set_labels(ax, name, "weight 1", "weight 2")
    show()


def weight_paths(strengths: Array, paths: Mapping[str, ArrayLike], matter: int) -> None:
    """Draw fitted weights against the strength of a penalty, one panel for each penalty.

    Parameters
    ----------
    strengths : ndarray, shape (S,)
        The strengths, λ.
    paths : mapping of str to array_like, shape (S, D)
        The fitted weights at each strength.
    matter : int
        Number of weights, the first ones, to draw in color; the others are gray.
    """
    panels = new_axes(len(paths), width=3.4, height=3.2)
    for ax, (name, path) in zip(panels, paths.items(), strict=False):
        weights = np.asarray(path)  # (S, D)
        ax.plot(strengths, weights[:, matter:], color=GREY, linewidth=1)
        for index in range(matter):
            ax.plot(strengths, weights[:, index], label=f"weight {index + 1}")
        set_labels(ax, name, "strength λ", "weight")
        ax.sharey(panels[0])
    panels[-1].plot([], [], color=GREY, linewidth=1, label="the others")
    panels[-1].legend(fontsize="small")
    show()


def overparameterized(points: tuple[Array, Array], truth: tuple[Array, Array], curves: Mapping[float, Array]) -> None:
    """Draw fits of a few points by many weights, one panel for each strength of the penalty, two in a row.

    Parameters
    ----------
    points : tuple of ndarray, shape (N,)
        x and y of the points.
    truth : tuple of ndarray, shape (G,)
        x and y of the true curve.
    curves : mapping of float to ndarray, shape (G,)
        The fitted curve at each strength.
    """
    panels = new_axes(2, -(-len(curves) // 2), width=4.0, height=2.7)
    for ax, (reg, curve) in zip(panels, curves.items(), strict=False):
        ax.plot(*truth, color=GREY, linestyle=":", label="truth")
        ax.plot(truth[0], curve, label="fit")
        ax.plot(*points, "o", color="black", markersize=5, label="data")
        error = np.interp(points[0], truth[0], curve) - points[1]  # (N,)
        ax.set(ylim=(-2.5, 2.5), xticks=[-1, -0.5, 0, 0.5, 1])
        sizes = [float(np.sqrt(np.mean(np.square(e)))) for e in (error, curve - truth[1])]
        set_labels(ax, f"λ = {reg:g}\nRMSE {sizes[0]:.2f} to data, {sizes[1]:.2f} to truth", "x", "y")
    ax.legend(loc="lower right", fontsize="small")
    for ax in panels[len(curves) :]:
        ax.set_axis_off()
    show()


def _penalty_values(penalty: Callable[..., Any], weights: Array) -> Array:
    """Return the penalty on each of the weights alone: (N,) -> (N,)."""
    return np.array([float(penalty(np.array([weight]))[0]) for weight in weights])
