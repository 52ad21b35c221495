"""The style that all figures share: the palette, Matplotlib's settings, new axes and their labels.

The colors are those of Okabe and Ito, which color-blind people can tell apart.
"""

from __future__ import annotations

import importlib
import threading
from html import escape
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.rcsetup import cycler

BLUE, ORANGE, GREEN, PINK, SKY, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
GREY = "#8C8C8C"
MAX_PANELS, MAX_CURVES, MAX_TEXTS = 6, 6, 17  # in the words about a figure
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

_latest = threading.local()
"""The figure of each thread's latest `new_axes`."""


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
    figure = (_figure_of_its_own if _is_inline() else plt.figure)(figsize=(width * columns, height * rows))
    _latest.figure = figure
    return list(figure.subplots(rows, columns, squeeze=False).ravel())


def _is_inline() -> bool:
    return "inline" in matplotlib.get_backend()


def _figure_of_its_own(**settings: Any) -> Figure:
    """Make a figure that pyplot does not know.

    Jupyter shows and closes all of pyplot's figures when the callback of a control ends, and it runs callbacks in
    threads: a figure that another one is still drawing would be lost.
    """
    importlib.import_module("matplotlib_inline.backend_inline")  # tells IPython how to show a figure
    figure = Figure(**settings)
    FigureCanvasAgg(figure)
    return figure


def set_labels(ax: Axes, title: str, x: str, y: str) -> None:
    """Set the title and the names of both axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    title, x, y : str
        The title, and the name of each axis with its unit.
    """
    ax.set(title=title, xlabel=x, ylabel=y)


def show() -> None:
    """Show the figure of the latest `new_axes`, with a text for those who cannot see it."""
    if not _is_inline():  # a script, a window, a widget
        plt.show()
        return
    from IPython.core.interactiveshell import InteractiveShell  # not before: where nothing is shown, it is not needed
    from IPython.display import display

    formatter: Any = InteractiveShell.instance().display_formatter
    data, metadata = formatter.format(_latest.figure)
    data, metadata = _with_words(data, metadata, described(_latest.figure))
    display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]


def _with_words(data: dict[str, str], metadata: dict[str, Any], words: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Add the text to the picture: in Jupyter's metadata, and as HTML, because JupyterLab ignores these metadata."""
    if "image/png" not in data:
        return data, metadata
    picture = metadata.get("image/png", {}) | {"alt": words}
    attributes = "".join(f' {name}="{escape(str(value))}"' for name, value in picture.items())
    shown = f'<img src="data:image/png;base64,{data["image/png"]}"{attributes}>'
    return data | {"text/html": shown}, metadata | {"image/png": picture}


def described(figure: Figure) -> str:
    """Say in words what a figure shows: titles, axes, and where each curve begins and ends.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    """
    panels = [ax for ax in figure.axes if ax.has_data() or ax.texts or ax.get_title()]
    said = " ".join(_panel(ax) for ax in panels[:MAX_PANELS])
    more = f" And {len(panels) - MAX_PANELS} more panels." if len(panels) > MAX_PANELS else ""
    return f"{said}{more}" or "An empty figure."


def _panel(ax: Axes) -> str:
    """A sentence about one panel of a figure."""
    title = " ".join(ax.get_title().split())
    axes = [" ".join(name.split()) for name in (ax.get_ylabel(), ax.get_xlabel()) if name]
    parts = [" against ".join(axes)] if axes else []
    lines = [line for line in ax.lines if len(np.asarray(line.get_xydata())) > 1]
    parts += [_curve(line) for line in lines[:MAX_CURVES]]
    parts += [f"{len(lines) - MAX_CURVES} more curves"] if len(lines) > MAX_CURVES else []
    parts += [f"{len(ax.patches)} bars"] if ax.patches else []
    parts += ["a picture"] * len(ax.images)
    parts += ["points"] if any(isinstance(each, PathCollection) for each in ax.collections) else []
    texts = [" ".join(text.get_text().split()) for text in ax.texts if text.get_text()]  # arrows have none
    parts += [", ".join(texts[:MAX_TEXTS])] if texts else []
    return f"{title or 'A panel'}: {'; '.join(filter(None, parts)) or 'nothing drawn'}."


def _curve(line: Line2D) -> str:
    """The name of a curve, its first and its last point."""
    points = np.asarray(line.get_xydata(), dtype=float)
    name = str(line.get_label())
    ends = " to ".join(f"({x:.3g}, {y:.3g})" for x, y in points[[0, -1]])
    return f"{'a curve' if name.startswith('_') else name} from {ends}"
