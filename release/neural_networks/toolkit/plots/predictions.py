"""Predictions against the truth, and the errors of several methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.plots.style import BLUE, COLORS, GREY, ORANGE, new_axes, set_labels, show

Array = NDArray[Any]


def confusion(y: Array, predicted: Array) -> None:
    """Draw how many images of each digit were predicted as which digit.

    Parameters
    ----------
    y : ndarray of int, shape (N,)
        The true digits.
    predicted : ndarray of int, shape (N,)
        The predicted digits.
    """
    size = int(max(np.max(y), np.max(predicted))) + 1
    counts = np.zeros((size, size), dtype=int)
    np.add.at(counts, (y, predicted), 1)
    mistakes = np.where(np.eye(size, dtype=bool), 0, counts)  # (size, size)
    (ax,) = new_axes(width=5.4, height=4.8)
    image = ax.imshow(mistakes, cmap="Blues", vmax=1.4 * max(mistakes.max(), 1))
    for row, column in np.ndindex(size, size):
        right = row == column
        font, color = ("x-small", GREY) if right else ("small", "black")
        ax.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=font, color=color)
    ax.set(xticks=range(size), yticks=range(size))
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, label="mistakes")
    set_labels(ax, f"{mistakes.sum()} mistakes in {len(y)} images", "the network says", "the digit is")
    show()


def predicted_against_true(y: Array, predictions: Mapping[str, ArrayLike], unit: str) -> None:
    """Draw predictions against the truth, one panel for each method.

    Parameters
    ----------
    y : ndarray, shape (N,)
        The true values.
    predictions : mapping of str to array_like, shape (N,) or (N, 1)
        The predictions of each method; at most six methods.
    unit : str
        Name and unit of the values.
    """
    panels = new_axes(len(predictions), width=4.0, height=3.6)
    low, high = float(np.min(y)), float(np.max(y))
    margin = 0.15 * (high - low)
    for ax, (name, values), color in zip(panels, predictions.items(), COLORS, strict=False):
        predicted = np.asarray(values).reshape(len(y))  # (N,)
        ax.scatter(y, predicted, s=float(np.clip(8000 / len(y), 4, 20)), alpha=0.4, color=color, linewidths=0)
        ax.plot([low, high], [low, high], color="black", linewidth=1)
        ax.set(xlim=(low - margin / 3, high + margin / 3), ylim=(low - margin, high + margin))
        rmse = np.sqrt(np.mean((predicted - y) ** 2))
        set_labels(ax, f"{name}: RMSE {rmse:.3f}", "true", "predicted" if ax is panels[0] else "")
    panels[0].figure.supxlabel(unit, fontsize="medium")
    show()


def methods(errors: Mapping[str, float], label: str) -> None:
    """Draw the errors of several methods as bars, the smallest at the top.

    Parameters
    ----------
    errors : mapping of str to float
        By the name of the method; the bar has another color if the name contains "network".
    label : str
        Name and unit of the error.
    """
    (ax,) = new_axes(width=6.5, height=0.45 * len(errors) + 0.9)
    names = sorted(errors, key=lambda name: -errors[name])
    colors = [ORANGE if "network" in name else BLUE for name in names]
    bars = ax.barh(names, [errors[name] for name in names], color=colors)
    ax.bar_label(bars, fmt="%.3f", padding=4)
    ax.margins(x=0.12)
    ax.grid(axis="y", visible=False)
    set_labels(ax, "On the test data", label, "")
    show()
