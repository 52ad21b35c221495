"""Pictures of experiments: fits at several strengths, sizes of signals, boundaries that move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

from toolkit.plots.style import BLUE, BLUE_TO_ORANGE, COLORS, GREY, RED, new_axes, set_labels, show

if TYPE_CHECKING:
    from toolkit.play import Frame

Array = NDArray[Any]

_MARKERS = "osD^vP"
_TWO_CLASSES = ListedColormap([BLUE, RED])


def strengths(
    points: tuple[Array, Array],
    truth: tuple[Array, Array],
    curves: Mapping[float, Mapping[str, Array]],
    weights: Mapping[float, Mapping[str, Array]],
) -> None:
    """Draw fitted curves above and their weights below, a column for each strength of the penalty.

    Parameters
    ----------
    points, truth : tuple of ndarray
        x and y of the points, and of the true curve.
    curves : mapping of float to mapping of str to ndarray
        For each strength, the fit of each penalty at the x of the true curve.
    weights : mapping of float to mapping of str to ndarray
        The weights of each fit.
    """
    columns = len(curves)
    panels = new_axes(columns, 2, width=3.3, height=2.3)
    widest = max(np.abs(w).max() for fits in weights.values() for w in fits.values())
    for column, strength in enumerate(curves):
        upper, lower = panels[column], panels[columns + column]
        upper.plot(*truth, ":", color="black", linewidth=1.2, label="truth")
        for k, (name, fitted) in enumerate(curves[strength].items()):
            upper.plot(truth[0], fitted, color=COLORS[k], label=name)
            w = weights[strength][name]
            place = np.arange(1, len(w) + 1) + 0.25 * (k - (len(curves[strength]) - 1) / 2)
            marker = _MARKERS[k]
            lower.plot(place, w, marker, markersize=3.5, color=COLORS[k], label=f"{name}: {_zeros(w)} near 0")
        upper.plot(*points, "o", color="black", markersize=4)
        upper.set_ylim(-2.2, 2.2)
        lower.set_ylim(-1.1 * widest, 1.1 * widest)
        for ax in (upper, lower):
            ax.tick_params(labelleft=column == 0)
        set_labels(upper, f"strength {strength:g}", "x", "y" if column == 0 else "")
        set_labels(lower, "", "number of the weight", "weight" if column == 0 else "")
        lower.legend(loc="upper center", bbox_to_anchor=(0.5, -0.28), fontsize="small")
    handles, names = panels[columns - 1].get_legend_handles_labels()
    panels[columns - 1].legend(handles, names, loc="upper left", bbox_to_anchor=(1, 1))
    show()


def _zeros(w: Array) -> int:
    """How many weights are nearly 0."""
    return int(np.sum(np.abs(w) < 0.02))


def signal_sizes(sizes: Mapping[str, tuple[Array, Array]]) -> None:
    """Draw the size of the signal after each layer, and of the gradient that comes back.

    Parameters
    ----------
    sizes : mapping of str to tuple of ndarray
        For each setting, at most six, the sizes of signal and gradient after 0, 1, 2, … layers.
    """
    left, right = new_axes(2, width=4.4, height=3.2)
    for k, (name, both) in enumerate(sizes.items()):
        for ax, values in zip((left, right), both, strict=True):
            ax.semilogy(np.arange(len(values)), values, marker=_MARKERS[k], markersize=3.5, color=COLORS[k], label=name)
    for ax in (left, right):
        ax.axhline(1, color=GREY, linestyle=":", linewidth=1)
        ax.locator_params(axis="x", integer=True)
    set_labels(left, "Signal, from left to right", "layer (0: the input)", "root mean square")
    set_labels(right, "Gradient, from right to left", "layer (0: the input)", "root mean square")
    handles, names = left.get_legend_handles_labels()
    left.figure.legend(handles, names, loc="outside lower center", ncols=2)
    show()


def boundaries(strips: Mapping[str, tuple[Array, Array, Sequence[Frame]]], limit: float) -> None:
    """Draw what a network says about each place of the plane, a row for each data set, a column for each frame.

    Parameters
    ----------
    strips : mapping of str to (X, y, frames)
        For each data set, its points (N, 2), their classes (N,), and frames of the training.
    limit : float
        The plane ranges from ``-limit`` to ``limit``.
    """
    columns = max(len(frames) for *_, frames in strips.values())
    panels = new_axes(columns, len(strips), width=1.7 if columns > 1 else 3.6, height=2.0 if columns > 1 else 3.8)
    extent = (-limit, limit, -limit, limit)
    for row, (name, (X, y, frames)) in enumerate(strips.items()):
        for column, frame in enumerate(frames):
            ax = panels[row * columns + column]
            ax.imshow(frame.surface, cmap=BLUE_TO_ORANGE, vmin=-0.3, vmax=1.3, origin="lower", extent=extent)
            ax.scatter(X[:, 0], X[:, 1], c=y, cmap=_TWO_CLASSES, s=7, edgecolors="white", linewidths=0.3)
            if 0 < frame.surface.min() < 0.5 < frame.surface.max():
                ax.contour(frame.surface, [0.5], extent=extent, colors="black", linewidths=1.2)
            ax.set(xticks=[], yticks=[], xlim=(-limit, limit), ylim=(-limit, limit))
            ax.grid(False)
            set_labels(ax, f"step {frame.step}\n{frame.accuracy:.0%} right", "", name if column == 0 else "")
    show()
