"""What happens in the layers of a network: activations, gradients, shapes and distributions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.plots.style import BLUE, COLORS, GREEN, GREY, ORANGE, new_axes, set_labels, show

Array = NDArray[Any]


def activation(name: str, forward: Callable[..., Any], backward: Callable[..., Any], limit: float = 6.0) -> None:
    """Draw an activation function and its derivative.

    Parameters
    ----------
    name : str
        Title of the figure.
    forward, backward : callable
        ``forward(x) -> (out, cache)`` and ``backward(dout, cache) -> dx``; all arrays are (1, 400).
    limit : float
        The inputs range from ``-limit`` to ``limit``.
    """
    x = np.linspace(-limit, limit, 400)[None, :]  # (1, 400)
    out, cache = forward(x.copy())
    slope = backward(np.ones_like(x), cache)  # (1, 400)
    left, right = new_axes(2, width=4.2, height=2.8)
    left.plot(x[0], np.asarray(out)[0])
    right.plot(x[0], np.asarray(slope)[0], color=ORANGE)
    set_labels(left, name, "input x", "output")
    set_labels(right, f"{name}: derivative", "input x", "d output / d x")
    show()


def vanishing_gradients(norms: Mapping[str, ArrayLike]) -> None:
    """Draw how the norm of a gradient changes on its way back through many layers.

    Parameters
    ----------
    norms : mapping of str to array_like, shape (L,)
        For each activation function, the norm after 0, 1, 2, … layers.
    """
    (ax,) = new_axes(width=6.0)
    for name, values in norms.items():
        values = np.asarray(values)  # (L,)
        ax.semilogy(np.arange(len(values)), values, marker="o", label=name)
    set_labels(ax, "The gradient on its way back", "layers passed", "norm of the gradient")
    ax.locator_params(axis="x", integer=True)
    ax.legend()
    show()


def network(dims: Sequence[int]) -> None:
    """Draw a fully connected network as a chain of boxes, with the shapes of its parameters.

    Parameters
    ----------
    dims : sequence of int
        Number of features, sizes of the hidden layers, number of outputs.
    """
    (ax,) = new_axes(width=2.3 * len(dims), height=1.4)
    depth = len(dims) - 1
    names = ["input X", *(f"hidden layer {k}" for k in range(1, depth)), "scores"]
    colors = [GREY, *[BLUE] * (depth - 1), GREEN]
    boxes = [
        ax.text(k, 0, f"{name}\n(N, {size})", ha="center", va="center", color="white", bbox=_box(color))
        for k, (name, size, color) in enumerate(zip(names, dims, colors, strict=True))
    ]
    for k in range(1, depth + 1):
        ends = {"patchA": boxes[k - 1].get_bbox_patch(), "patchB": boxes[k].get_bbox_patch()}
        arrow = {"arrowstyle": "->", "shrinkA": 4, "shrinkB": 4} | ends
        ax.annotate("", (k, 0), (k - 1, 0), arrowprops=arrow)
        function = "affine" if k == depth else "affine, ReLU"
        ax.text(k - 0.5, 0.08, function, ha="center", va="bottom", fontsize="small")
        params = f"W{k} ({dims[k - 1]}, {dims[k]})\nb{k} ({dims[k]},)"
        ax.text(k - 0.5, -0.1, params, ha="center", va="top", fontsize="small")
    ax.set(xlim=(-0.4, depth + 0.4), ylim=(-0.5, 0.4))
    ax.set_axis_off()
    show()


def _box(color: str) -> dict[str, Any]:
    return {"boxstyle": "round,pad=0.5", "facecolor": color, "edgecolor": "none"}


def layer_histograms(stacks: Mapping[str, Sequence[Array]], limit: float = 3.0) -> None:
    """Draw a histogram of the values in each layer, one row for each stack of layers.

    Parameters
    ----------
    stacks : mapping of str to sequence of ndarray, any shape
        For each stack, the values in its layers, first layer first.
    limit : float
        The histograms range from ``-limit`` to ``limit``; the outermost bins include the values beyond.
    """
    depth = max(map(len, stacks.values()))
    panels = new_axes(depth, len(stacks), width=1.25, height=1.7)
    bins = np.linspace(-limit, limit, 41).tolist()
    for row, (name, arrays) in enumerate(stacks.items()):
        for k, values in enumerate(arrays):
            ax = panels[row * depth + k]
            ax.hist(np.clip(values, -limit, limit).ravel(), bins, color=COLORS[row])
            ax.set(yticks=[], xticks=(-2, 0, 2), xlim=(-limit, limit))
            ax.grid(False)
            spread = f"std\n{np.std(values):.2g}"
            ax.text(0.98, 0.97, spread, transform=ax.transAxes, ha="right", va="top", fontsize=8)
            set_labels(ax, f"layer {k + 1}" if row == 0 else "", "value" if row == len(stacks) - 1 else "", "")
        panels[row * depth].set_ylabel(f"{name}\nhow many")
    show()
