"""Draw a figure, and check what every figure of the course must have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from toolkit.data import Dataset, load
from toolkit.plots import COLORS, GREY
from toolkit.solver import Solver

PALETTE = {color.lower() for color in (*COLORS, GREY)} | {"#000000", "#ffffff"}
COLORMAPS = {"blue_to_orange", "viridis", "gray_r", "Blues"}


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Figure]]:
    """Return a function that calls a plot function, checks its figure and returns it."""

    def call(function: Callable[..., None], *args: Any, **options: Any) -> Figure:
        shown: list[list[int]] = []
        monkeypatch.setattr(plt, "show", lambda: shown.append(plt.get_fignums()))
        plt.close("all")
        function(*args, **options)
        assert shown == [plt.get_fignums()], "plt.show is called once"
        assert len(shown[0]) == 1, "there is one figure"
        figure = plt.gcf()
        figure.canvas.draw()  # pytest turns a warning of the layout or of the fonts into an error
        check_figure(figure)
        return figure

    plt.switch_backend("agg")
    with matplotlib.rc_context():
        yield call
    plt.close("all")


def check_figure(figure: Figure) -> None:
    """Check labels, legends and colors of a figure."""
    for ax in figure.axes:
        check_colors(ax)
        if ax.get_label() == "<colorbar>":
            assert ax.get_ylabel(), "a color scale has a label"
        elif ax.axison:
            check_labels(ax)


def check_labels(ax: Axes) -> None:
    """Check that each axis with numbers has a name, on each panel or on the first of its row or column."""
    place = ax.get_subplotspec()
    if has_numbers(ax.xaxis) and place.is_last_row():
        assert ax.get_xlabel(), f"{ax.get_title()}: the x axis has no label"
    if has_numbers(ax.yaxis) and place.is_first_col():
        assert ax.get_ylabel(), f"{ax.get_title()}: the y axis has no label"
    drawn = [line for line in ax.lines if not line.get_label().startswith("_")]
    if len(drawn) > 1 and place.colspan.stop == place.get_gridspec().ncols:
        assert any(other.get_legend() for other in ax.figure.axes), "several lines have a legend"


def has_numbers(axis: Any) -> bool:
    """Return whether an axis has ticks that are labelled by numbers, not by names."""
    texts = [text.get_text() for text in axis.get_ticklabels()]
    return any(text and not text[0].isalpha() for text in texts)


def check_colors(ax: Axes) -> None:
    """Check that lines, bars and dots have colors of the palette, and images one of the color maps."""
    if ax.get_label() == "<colorbar>":
        return
    colors = [line.get_color() for line in ax.lines]
    colors += [patch.get_facecolor() for patch in ax.patches]
    for dots in ax.collections:
        if isinstance(dots, PathCollection) and dots.get_array() is None:
            colors += list(dots.get_facecolor())
    assert {to_hex(color) for color in colors} <= PALETTE
    mapped = [*ax.images, *(c for c in ax.collections if isinstance(c, PathCollection) and c.get_array() is not None)]
    for cmap in (each.get_cmap() for each in mapped):
        if cmap.name not in COLORMAPS:  # a list of two colors
            assert {to_hex(color) for color in cmap.colors} <= PALETTE | {"#eeeeee"}


@pytest.fixture
def digits() -> Dataset:
    """Return the data set that replaces MNIST."""
    return load("digits")


@pytest.fixture
def diabetes() -> Dataset:
    """Return the data set that replaces California housing."""
    return load("diabetes")


class Linear:
    """A linear network for scikit-learn's digits (cross-entropy) or its diabetes data (mean squared error)."""

    def __init__(self, data: Dataset) -> None:
        self.category = data.category
        self.params = {"W1": np.zeros((data.input_dim, data.output_dim)), "b1": np.zeros(data.output_dim)}

    def loss(self, X: np.ndarray, y: np.ndarray | None = None) -> Any:
        scores = X @ self.params["W1"] + self.params["b1"]  # (N, C)
        if y is None:
            return scores
        if self.category == "regression":
            loss, dscores = np.mean((scores[:, 0] - y) ** 2), 2 * (scores - y[:, None]) / len(y)
        else:
            p = np.exp(scores - scores.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            loss, dscores = -np.mean(np.log(p[np.arange(len(y)), y])), (p - np.eye(10)[y]) / len(y)
        return loss, {"W1": X.T @ dscores, "b1": dscores.sum(axis=0)}


def sgd(w: np.ndarray, dw: np.ndarray, config: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
    """Take one step of gradient descent."""
    return w - config["learning_rate"] * dw, config


@pytest.fixture
def train() -> Callable[..., Solver]:
    """Return a function that trains a linear network on a data set."""

    def trained(data: Dataset, learning_rate: float = 1e-3, epochs: int = 3) -> Solver:
        options = {"learning_rate": learning_rate, "num_epochs": epochs, "rng": np.random.default_rng(0)}
        return Solver(Linear(data), data.as_dict(), update_rule=sgd, verbose=False, **options).train()

    return trained
