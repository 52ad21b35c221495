"""The results' pictures in the toolkit's style, as small PNG files, each with a text that says what it shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

from toolkit.data import Dataset
from toolkit.plots.style import BLUE, COLORS, GREY, ORANGE, new_axes, set_labels
from tools.results.honesty import CHANGES
from tools.results.store import Result
from tools.results.study import effect_of

DPI = 80
MARKERS = ("o", "s", "^", "D", "v")


def saved(path: Path) -> None:
    """Write the current figure, and close it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plt.gcf().savefig(path, dpi=DPI)
    plt.close()


def deep_against_classical(results: dict[str, Result]) -> None:
    """Draw the quality of every method against its time of fitting, one panel for each data set."""
    for ax, (title, result) in zip(new_axes(len(results), width=4.8, height=3.8), results.items(), strict=True):
        for (name, points), color, marker in zip(result["curves"].items(), COLORS, MARKERS, strict=False):
            seconds, values = np.transpose(points)
            ax.plot(np.maximum(seconds, 1e-3), values, marker=marker, markersize=5, color=color, label=name)
        ax.set_xscale("log")
        ax.legend(loc="upper left", bbox_to_anchor=(0, -0.2), fontsize="small", ncols=2)
        sizes = ", ".join(f"{size:,}" for size in result["sizes"])
        data_set, measure = title.split(", ", 1)
        set_labels(ax, f"{data_set}: {sizes} examples", "training, processor time (s)", f"test {measure}")
        if measure == "accuracy":
            ax.yaxis.set_major_formatter(PercentFormatter(1))


def study(rows: list[dict[str, Any]]) -> None:
    """Draw the validation accuracy of each drawn setting against what was drawn."""
    panels = new_axes(4, width=2.7, height=3.0)
    axes: dict[str, tuple[str, Callable[[Any], float], bool]] = {
        "rate": ("learning rate", float, True),
        "reg": ("L2 strength", float, True),
        "hidden": ("hidden units", sum, False),
        "batch": ("batch size", float, True),
    }
    for ax, (key, (label, value, logarithmic)) in zip(panels, axes.items(), strict=True):
        ax.scatter([value(row[key]) for row in rows], [row["validation"] for row in rows], color=BLUE, s=22)
        if logarithmic:
            ax.set_xscale("log", base=2 if key == "batch" else 10)
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        ax.tick_params(labelleft=ax is panels[0])
        said = f"rank correlation {effect_of(rows, key):+.2f}"
        set_labels(ax, said, label, "validation accuracy" if ax is panels[0] else "")


def houses_path(errors: dict[str, float]) -> None:
    """Draw the error after each improvement as bars, in the order of the improvements."""
    (ax,) = new_axes(width=6.6, height=2.6)
    names = list(errors)[::-1]
    colors = [ORANGE if "network" in name else BLUE for name in names]
    ax.bar_label(ax.barh(names, [errors[name] for name in names], color=colors), fmt="%.3f", padding=4)
    ax.margins(x=0.12)
    ax.grid(axis="y", visible=False)
    set_labels(ax, "California housing: better inputs beat width", "test RMSE ($100,000)", "")


def honesty(result: Result) -> None:
    """Draw the accuracy on changed digits, and confidence against accuracy."""
    panels = new_axes(2, 2, width=4.4, height=2.9)
    for ax, (change, (_, strengths)) in zip(panels[:3], CHANGES.items(), strict=True):
        for (name, changes), color in zip(result["changes"].items(), COLORS, strict=False):
            ax.plot(strengths, changes[change], marker="o", markersize=4, color=color, label=f"trained {SAID[name]}")
        ax.set_ylim(0, 1.05)
        ax.yaxis.set_major_formatter(PercentFormatter(1))
        set_labels(ax, change.split(",")[0].capitalize(), change, "test accuracy")
    panels[0].legend(fontsize="small")
    ax = panels[3]
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1)
    for (name, bins), color in zip(result["calibration"].items(), COLORS, strict=False):
        label = f"{SAID[name]}: off by {100 * bins['error']:.1f} points"
        ax.plot(bins["confidence"], bins["accuracy"], marker="o", markersize=4, color=color, label=label)
    ax.legend(fontsize="small")
    set_labels(ax, "Calibration", "mean probability of the predicted class", "share of right predictions")


SAID = {"plain": "on digits as they are", "augmented": "with augmentation"}


def mistakes(data: Dataset, rows: list[Result]) -> None:
    """Draw the surest mistakes on the test images."""
    panels = new_axes(6, -(-len(rows) // 6), width=1.35, height=1.75)
    assert data.image_shape is not None
    for ax, row in zip(panels, rows, strict=False):
        ax.imshow(data.X_test[row["image"]].reshape(data.image_shape), cmap="gray_r")
        title = f"{row['class']} read as {row['predicted']}\n{100 * row['probability']:.1f}%"
        ax.set_title(title, fontsize=9, fontweight="normal")
    for ax in panels:
        ax.axis("off")
