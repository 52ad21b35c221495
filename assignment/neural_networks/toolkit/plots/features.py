"""The features of a table: their distributions, and their places on a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import NullLocator
from numpy.typing import ArrayLike, NDArray

from toolkit.plots.style import BLUE_TO_ORANGE, new_axes, set_labels, show

if TYPE_CHECKING:
    from toolkit.data import Dataset

Array = NDArray[Any]


def feature_histograms(X: Array, names: Sequence[str], unit: str) -> None:
    """Draw a histogram of each feature; counts are logarithmic, to show single rows.

    Parameters
    ----------
    X : ndarray, shape (N, D)
        The features.
    names : sequence of str
        Names of the D features.
    unit : str
        Unit or preparation of the values, for the label.
    """
    columns = -(-len(names) // 2)
    panels = new_axes(columns, 2, width=2.3, height=1.9)
    for ax in panels[len(names) :]:
        ax.set_axis_off()
    for index, (ax, values) in enumerate(zip(panels, X.T, strict=False)):
        ax.stairs(*np.histogram(values, bins=40), fill=True, baseline=0.5)
        ax.set(yscale="log", yticks=10.0 ** np.arange(1 + int(np.log10(len(X)))), ylim=(0.5, 2 * len(X)))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.locator_params(axis="x", nbins=4)
        set_labels(ax, names[index], unit, "rows" if index % columns == 0 else "")
        ax.tick_params(labelsize="small")
    show()


def on_map(data: Dataset, X: Array, values: ArrayLike, label: str, centred: bool = False) -> None:
    """Draw values on a map of California; print a line if the data set has no places.

    Parameters
    ----------
    data : Dataset
        The data set, for the names of its features.
    X : ndarray, shape (N, D)
        Its features, not standardized.
    values : array_like, shape (N,)
        A value for each row of X.
    label : str
        Name and unit of the values.
    centred : bool
        Whether 0 is the middle of the color scale, as for errors.
    """
    if "Longitude" not in data.feature_names:
        print(f"There is no map of the data set {data.name}: its features contain no longitude and latitude.")
        return
    values = np.asarray(values)  # (N,)
    east, north = (X[:, data.feature_names.index(name)] for name in ("Longitude", "Latitude"))
    limit = np.quantile(np.abs(values), 0.98)
    scale = {"cmap": BLUE_TO_ORANGE, "vmin": -limit, "vmax": limit} if centred else {"cmap": "viridis"}
    order = np.argsort(np.abs(values))
    (ax,) = new_axes(width=5.6, height=4.8)
    dots = ax.scatter(east[order], north[order], c=values[order], s=5, **scale)
    ax.set_aspect(1 / np.cos(np.radians(37)))
    ax.figure.colorbar(dots, ax=ax, label=label, extend="both" if centred else "neither")
    set_labels(ax, "California", "longitude (degrees)", "latitude (degrees)")
    show()
