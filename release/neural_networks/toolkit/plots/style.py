"""The style that all figures share: the palette, Matplotlib's settings, new axes and their labels.

The colors are those of Okabe and Ito, which color-blind people can tell apart.
"""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.rcsetup import cycler

BLUE, ORANGE, GREEN, PINK, SKY, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
GREY = "#8C8C8C"
COLORS = (BLUE, ORANGE, GREEN, PINK, SKY, RED)
BLUE_TO_ORANGE = LinearSegmentedColormap.from_list("blue_to_orange", [BLUE, "white", RED])

STYLE: dict[str, Any] = {
    "figure.dpi": 90,
    "figure.constrained_layout.use": True,
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=COLORS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.titleweight": "bold",
    "grid.alpha": 0.3,
    "image.cmap": "viridis",
    "legend.frameon": False,
    "lines.linewidth": 2,
}


def new_axes(columns: int = 1, rows: int = 1, *, width: float = 5.0, height: float = 3.2) -> list[Axes]:
    """Return the axes of a new figure in the course's style, row by row.

    Parameters
    ----------
    columns, rows : int
        Number of axes in each direction.
    width, height : float
        Size of each axes, in inches.

    Returns
    -------
    list of matplotlib.axes.Axes
    """
    plt.style.use(STYLE)
    _, axes = plt.subplots(rows, columns, figsize=(width * columns, height * rows), squeeze=False)
    return list(axes.ravel())


def set_labels(ax: Axes, title: str, x: str, y: str) -> None:
    """Set the title and the names of both axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    title, x, y : str
        The title, and the name of each axis with its unit.
    """
    ax.set(title=title, xlabel=x, ylabel=y)
