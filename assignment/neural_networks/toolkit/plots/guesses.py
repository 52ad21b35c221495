"""What a student guessed before running a cell, beside what came out."""

from __future__ import annotations

import math
from collections.abc import Mapping

from toolkit.plots.style import BLUE, GREY, ORANGE, new_axes, set_labels, show


def guess_and_truth(
    question: str, guesses: Mapping[str, float | None], truths: Mapping[str, float], *, log: bool = False
) -> None:
    """Draw guesses as circles and results as points, a row for each; without a guess there is only the result.

    Parameters
    ----------
    question : str
        What was asked, with its unit: the name of the axis.
    guesses : mapping of str to float or None
        The guess for each row; None, or no entry: no guess.
    truths : mapping of str to float
        The result of each row, from top to bottom.
    log : bool
        Whether the axis is logarithmic. A result or a guess of 0 or less is then not drawn, only written.
    """
    (ax,) = new_axes(width=6.5, height=1.1 + 0.45 * len(truths))
    named: set[str] = set()  # in the legend
    for row, (name, truth) in enumerate(truths.items()):
        guess = _number(guesses.get(name))
        said = "no guess" if guess is None else f"you said {guess:.3g}"
        print(f"{name}: {truth:.3g} ({said})")
        points = [
            (label, value)
            for label, value in (("your guess", guess), ("result", truth))
            if value is not None and math.isfinite(value) and (value > 0 or not log)
        ]
        ax.plot([value for _, value in points], [row] * len(points), color=GREY, linewidth=1)
        for label, value in points:
            face, edge, size = (BLUE, BLUE, 11) if label == "result" else ("none", ORANGE, 16)
            shown = None if label in named else label
            (point,) = ax.plot(value, row, "o", markersize=size, markerfacecolor=face, label=shown)
            point.set(markeredgecolor=edge, markeredgewidth=2, clip_on=False, zorder=3)  # whole at the edge of the axes
            named.add(label)
    ax.set_yticks(range(len(truths)), list(truths))
    ax.tick_params(axis="y", pad=10)  # room for a circle at the edge
    ax.set_ylim(len(truths) - 0.5, -0.5)
    if log:
        ax.set_xscale("log")
    elif ax.dataLim.xmin >= 0:
        ax.set_xlim(left=0)
    set_labels(ax, "Guess and result", question, "")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    show()


def _number(value: object) -> float | None:
    """A guess as a number; None where there is none."""
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
