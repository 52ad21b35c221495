"""Every picture of the course, in one consistent look.

Each function draws one figure and returns nothing, so that a notebook needs one
line for it.  Colours are Okabe and Ito's, which colour-blind people tell apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, PINK, SKY, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
GREY = "#8C8C8C"
COLORS = (BLUE, ORANGE, GREEN, PINK, SKY, RED)

STYLE: dict[str, Any] = {
    "figure.dpi": 90,
    "figure.constrained_layout.use": True,
    "axes.grid": True,
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.titleweight": "bold",
    "grid.alpha": 0.3,
    "image.cmap": "viridis",
    "legend.frameon": False,
    "lines.linewidth": 2,
}


def _axes(columns: int = 1, rows: int = 1, *, width: float = 5.0, height: float = 3.2) -> list[Axes]:
    """The axes of a new figure in the course's look, row by row; sizes in inches per axes."""
    plt.rcParams.update(STYLE)
    _, axes = plt.subplots(rows, columns, figsize=(width * columns, height * rows), squeeze=False)
    return list(axes.ravel())


def _label(ax: Axes, title: str, x: str, y: str) -> None:
    ax.set(title=title, xlabel=x, ylabel=y)


# ------------------------------------------------------------------ 01_layers


def activation(
    name: str, forward: Callable[..., Any], backward: Callable[..., Any], limit: float = 6.0
) -> None:
    """Draw an activation function and its derivative.

    Parameters
    ----------
    name : str
        Title of the figure.
    forward, backward : callable
        ``forward(x) -> (out, cache)`` and ``backward(dout, cache) -> dx``.
    limit : float
        Inputs run from ``-limit`` to ``limit``.
    """
    x = np.linspace(-limit, limit, 400)[None, :]  # (1, 400)
    out, cache = forward(x.copy())
    slope = backward(np.ones_like(x), cache)
    left, right = _axes(2, width=4.2, height=2.8)
    left.plot(x[0], np.asarray(out)[0])
    right.plot(x[0], np.asarray(slope)[0], color=ORANGE)
    _label(left, name, "input x", "output")
    _label(right, f"{name}: derivative", "input x", "d output / d x")
    plt.show()


def vanishing_gradients(norms: dict[str, np.ndarray]) -> None:
    """Draw how the size of a gradient changes on its way back through a deep stack.

    Parameters
    ----------
    norms : dict of str to ndarray
        For each activation, the gradient's norm after 0, 1, 2, … layers.
    """
    (ax,) = _axes(width=6.0)
    for name, values in norms.items():
        ax.semilogy(np.arange(len(values)), values, marker="o", label=name)
    _label(ax, "The gradient on its way back", "layers passed", "norm of the gradient")
    ax.legend()
    plt.show()
