"""The computation graph of one layer and its loss, with the values and gradients of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from toolkit.plots.style import BLUE, GREY, RED, new_axes, show

_FUNCTIONS = (("affine", 7.2), ("ReLU", 4.6), ("softmax loss", 2.0))
_INPUTS = 8.9  # where the arrows of x, w and b start
_EDGES = {
    "x": ((-3.2, _INPUTS), (-0.75, 7.65)),
    "w": ((0.0, _INPUTS), (0.0, 7.65)),
    "b": ((3.2, _INPUTS), (0.75, 7.65)),
    "a": ((0.0, 6.75), (0.0, 5.05)),
    "h": ((0.0, 4.15), (0.0, 2.45)),
    "loss": ((0.0, 1.55), (0.0, 0.3)),
}
"""Where each edge starts and ends. Its value and gradient are above its start, or beside it."""


def computation_graph(edges: Mapping[str, tuple[Any, Any]]) -> None:
    """Draw affine → ReLU → softmax loss from top to bottom, with a value and a gradient on each edge.

    Parameters
    ----------
    edges : mapping of str to (value, gradient)
        For "x", "w", "b", "a" (after the affine layer), "h" (after the ReLU) and "loss": numbers or small arrays of at
        most two axes, the gradient in the shape of the value.
    """
    (ax,) = new_axes(width=6.0, height=5.8)
    for name, y in _FUNCTIONS:
        box = {"boxstyle": "round,pad=0.5", "facecolor": GREY, "edgecolor": "none"}
        ax.text(0, y, name, ha="center", va="center", color="white", weight="bold", bbox=box)
    for name, (start, end) in _EDGES.items():
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "linewidth": 1.5, "color": "black"})
        value, gradient = edges[name]
        inputs = start[1] == _INPUTS
        where = (start[0], 10.5) if inputs else (0.3, (start[1] + end[1]) / 2)
        _edge(ax, where, name, np.asarray(value), np.asarray(gradient), beside=not inputs)
    ax.text(-4.4, 4.2, "values flow down", rotation=90, ha="center", va="center", color=BLUE)
    ax.text(-3.8, 4.2, "gradients flow up", rotation=90, ha="center", va="center", color=RED)
    ax.set(xlim=(-4.8, 5.8), ylim=(0.1, 12))
    ax.set_title("One run: values in blue, gradients of the loss in red")
    ax.set_axis_off()
    show()


def _edge(ax: Axes, where: tuple[float, float], name: str, value: Any, gradient: Any, *, beside: bool) -> None:
    """Write the value and the gradient of an edge: side by side next to an arrow, or one above the other."""
    x, y = where
    texts = ((f"{name} =\n{_numbers(value)}", BLUE), (f"d{name} =\n{_numbers(gradient)}", RED))
    for k, (text, color) in enumerate(texts):
        place = (x + 2.85 * k, y) if beside else (x, y + 1.4 - 1.5 * k)
        font: dict[str, Any] = {"family": "monospace", "fontsize": 9, "color": color}
        ax.text(*place, text, ha="left" if beside else "center", va="center" if beside else "top", **font)


def _numbers(values: Any) -> str:
    """A small array as rows of numbers with two decimals."""
    rows = np.atleast_2d(np.round(values, 2) + 0.0)  # no -0
    return "\n".join(" ".join(f"{number:5.2f}" for number in row) for row in rows)
