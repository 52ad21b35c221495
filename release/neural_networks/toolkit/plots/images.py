"""Arrays as images: digits, pixel statistics, weights of hidden units and the effect of dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from toolkit.plots.style import BLUE_TO_ORANGE, RED, new_axes, show

if TYPE_CHECKING:
    from toolkit.data import Dataset

Array = NDArray[Any]


def digits(data: Dataset, rng: np.random.Generator, columns: int = 12) -> None:
    """Draw random training images, one row for each digit.

    Parameters
    ----------
    data : Dataset
        A data set of images.
    rng : numpy.random.Generator
        Chooses the images.
    columns : int
        Number of images of each digit.

    Raises
    ------
    ValueError
        The data set is a table.
    """
    if data.image_shape is None:
        raise ValueError(f"The data set {data.name} is a table: give a data set of images.")
    rows = data.output_dim
    examples = [np.flatnonzero(data.y_train == digit) for digit in range(rows)]
    chosen = [rng.choice(indices, columns, replace=False) for indices in examples]
    images = data.X_train[np.array(chosen)].reshape(rows, columns, *data.image_shape)
    rim = round(0.1 * data.image_shape[0])
    images = np.pad(images, ((0, 0), (0, 0), (rim, rim), (rim, rim)))  # (rows, columns, height, width)
    height, width = images.shape[2:]
    (ax,) = new_axes(width=0.55 * columns, height=0.5 * rows)
    ax.imshow(images.swapaxes(1, 2).reshape(rows * height, columns * width), cmap="gray_r")
    ax.set(xticks=[], yticks=height * (np.arange(rows) + 0.5), yticklabels=range(rows), ylabel="digit")
    ax.spines[:].set_visible(False)
    ax.grid(False)
    show()


def pixel_statistics(mean: Array, std: Array, shape: tuple[int, int]) -> None:
    """Draw the mean and the standard deviation of each pixel, and the pixels that never change.

    Parameters
    ----------
    mean, std : ndarray, shape (D,)
        The statistics of each pixel over all images.
    shape : tuple of int
        Height and width of an image.
    """
    panels = new_axes(3, width=2.9, height=2.6)
    for ax, values, title in zip(panels, (mean, std), ("mean", "standard deviation"), strict=False):
        ax.figure.colorbar(_image(ax, values, shape, title), ax=ax, label="pixel value")
    constant = np.asarray(std) == 0  # (D,)
    title = f"{np.sum(constant)} pixels never change"
    _image(panels[2], constant, shape, title, cmap=ListedColormap(["#EEEEEE", RED]), vmin=0, vmax=1)
    show()


def most_wrong(X: Array, y: Array, scores: Array, shape: tuple[int, int], count: int = 12) -> None:
    """Draw the wrong predictions of which the network is most certain.

    Parameters
    ----------
    X : ndarray, shape (N, D)
        The images, not standardized.
    y : ndarray of int, shape (N,)
        The true digits.
    scores : ndarray, shape (N, C)
        The scores of the network.
    shape : tuple of int
        Height and width of an image.
    count : int
        Maximum number of images.
    """
    shifted = scores - scores.max(axis=1, keepdims=True)  # (N, C)
    sure = 1 / np.exp(shifted).sum(axis=1)  # probability of the predicted digit, (N,)
    said = scores.argmax(axis=1)  # (N,)
    wrong = np.flatnonzero(said != y)
    worst = wrong[np.argsort(-sure[wrong])][:count]
    panels = new_axes(6, max(1, -(-count // 6)), width=1.3, height=1.55)
    for ax in panels:
        ax.set_axis_off()
    for ax, index in zip(panels, worst, strict=False):
        title = f"{said[index]} ({sure[index]:.1%})\nis a {y[index]}"
        _image(ax, X[index], shape, cmap="gray_r")
        ax.set_title(title, fontsize=8, fontweight="normal")
    show()


def first_weights(w: Array, shape: tuple[int, int], count: int = 24) -> None:
    """Draw the weights of hidden units as images: ink on orange pixels excites a unit, ink on blue ones inhibits it.

    Parameters
    ----------
    w : ndarray, shape (D, M)
        Weights of the first layer.
    shape : tuple of int
        Height and width of an image.
    count : int
        Number of units, those with the largest weights first.
    """
    strongest = np.argsort(-np.linalg.norm(w, axis=0))[:count]
    panels = new_axes(8, -(-count // 8), width=0.95, height=0.95)
    for ax in panels:
        ax.set_axis_off()
    for ax, unit in zip(panels, strongest, strict=False):
        limit = np.quantile(np.abs(w[:, unit]), 0.99) or 1.0
        _image(ax, w[:, unit], shape, cmap=BLUE_TO_ORANGE, vmin=-limit, vmax=limit)
    show()


def dropout_draws(x: Array, draws: Sequence[Array], shown: int = 3) -> None:
    """Draw an input, some outputs of dropout for it, and the mean of all outputs, as images.

    Parameters
    ----------
    x : ndarray, shape (height, width)
        The input.
    draws : sequence of ndarray, shape (height, width)
        Outputs of dropout for it.
    shown : int
        Number of outputs to draw.
    """
    pictures = {"input": x} | {f"draw {k + 1}": draw for k, draw in enumerate(draws[:shown])}
    pictures[f"mean of {len(draws)} draws"] = np.mean(draws, axis=0)
    panels = new_axes(len(pictures), width=2.1, height=2.0)
    for ax, (name, picture) in zip(panels, pictures.items(), strict=True):
        image = ax.imshow(picture, vmin=0, vmax=float(np.max(draws)))
        ax.set(title=name, xticks=[], yticks=[])
        ax.grid(False)
    panels[0].figure.colorbar(image, ax=panels, label="value")
    show()


def _image(ax: Axes, values: Array, shape: tuple[int, int], title: str = "", **options: Any) -> AxesImage:
    """Draw pixels (D,) as an image without ticks."""
    image = ax.imshow(np.asarray(values).reshape(shape), **options)
    ax.set(title=title, xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.grid(False)
    return image
