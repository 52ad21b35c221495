"""The course of training: paths of update rules, and loss and accuracy by step and epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from toolkit.plots.style import COLORS, GREY, new_axes, set_labels, show

if TYPE_CHECKING:
    from toolkit.solver import Solver

Array = NDArray[Any]

TRAINING_LABELS: dict[str, tuple[str, Literal["lower right", "upper right"]]] = {
    "classification": ("accuracy", "lower right"),
    "regression": ("root mean square error", "upper right"),
}
"""Name of the measure of each category of networks, and the corner that its curves leave free."""

_DASHES = "-", "-", ":", "--", "-."
"""Of curves that may coincide."""


def valley(height: Callable[..., Any], paths: Mapping[str, Array], limits: tuple[float, float] = (-10.5, 2.5)) -> None:
    """Draw the paths of update rules over a landscape, one panel for each rule.

    Parameters
    ----------
    height : callable
        ``height(x, y)`` for arrays of equal shape.
    paths : mapping of str to ndarray, shape (steps, 2)
        The positions of each rule, from the start on; at most six rules. Without any, a line is printed.
    limits : tuple of float
        Range of x; the range of y is symmetric.
    """
    if not paths:
        print("There is no update rule yet: write one, then run this cell again.")
        return
    columns = min(len(paths), 3)
    rows = -(-len(paths) // columns)
    panels = new_axes(columns, rows, width=3.7, height=2.2)
    x, y = np.linspace(*limits, 200), np.linspace(-2.2, 2.2, 100)
    z = height(*np.meshgrid(x, y))  # (100, 200)
    for ax, (name, path), color in zip(panels, paths.items(), COLORS, strict=False):
        ax.contour(x, y, z, levels=np.geomspace(z.max() / 300, z.max(), 10), colors=GREY, linewidths=0.6)
        ax.plot(*np.transpose(path), marker="o", markersize=3, linewidth=1.2, color=color)
        ax.plot(0, 0, "*", color="black", markersize=9)
        ax.set(xlim=limits, ylim=(y[0], y[-1]))
        set_labels(ax, f"{name} (height {height(*path[-1]):.1g})", "x", "y")
    for ax in panels[len(paths) :]:
        ax.set_axis_off()
    show()


def loss_curves(histories: Mapping[str, Sequence[float]], smooth: int = 10) -> None:
    """Draw the training loss of several runs, in different dashes because curves may coincide.

    Parameters
    ----------
    histories : mapping of str to sequence of float
        The loss in each step, by the name of the run.
    smooth : int
        Number of steps in the moving average.
    """
    (ax,) = new_axes(width=6.0, height=3.4)
    for number, (name, history) in enumerate(histories.items()):
        means = np.convolve(history, np.ones(smooth) / smooth, mode="valid")
        style = _DASHES[number % len(_DASHES)]
        ax.plot(np.arange(smooth, len(history) + 1), means, style, label=name)
    set_labels(ax, "The same network, the same start", "step", f"loss, mean of {smooth} steps")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    show()


def learning_rates(tried: Mapping[str, Mapping[float, Solver]], chosen: Mapping[str, float]) -> None:
    """Draw what each update rule reaches with each learning rate; a star marks the one chosen for it.

    Parameters
    ----------
    tried : mapping of str to mapping of float to Solver
        For each rule, solvers that have trained a network for classification, by their learning rate. A solver without
        a finished epoch has diverged, and has no point.
    chosen : mapping of str to float
        The learning rate chosen for each rule.
    """
    (ax,) = new_axes(width=6.0, height=3.4)
    for number, (name, runs) in enumerate(tried.items()):
        reached = {rate: solver.best_val for rate, solver in sorted(runs.items()) if solver.best_val is not None}
        if not reached:
            continue
        style, color = _DASHES[number % len(_DASHES)], COLORS[number % len(COLORS)]
        ax.semilogx(list(reached), list(reached.values()), style, marker="o", markersize=4, color=color, label=name)
        if (rate := chosen.get(name)) in reached:
            ax.plot(rate, reached[rate], "*", markersize=14, color=color)
    set_labels(ax, "Each rule has a learning rate that suits it", "learning rate (logarithmic)", "validation accuracy")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    show()


def overfitting(solver: Solver) -> None:
    """Draw the loss in each step and the accuracy after each epoch, on few training examples.

    Parameters
    ----------
    solver : Solver
        A solver that has trained a network for classification.
    """
    left, right = new_axes(2, width=4.2, height=2.9)
    left.plot(np.arange(1, len(solver.loss_history) + 1), solver.loss_history)
    epochs = np.arange(1, len(solver.train_history) + 1)
    right.plot(epochs, solver.train_history, label="training")
    right.plot(epochs, solver.val_history, label="validation")
    right.set_ylim(0, 1.05)
    right.legend(loc="lower right")
    set_labels(left, "Loss", "step", "loss")
    set_labels(right, "Accuracy", "epoch", "share of right answers")
    show()


def training(solver: Solver) -> None:
    """Draw the loss in each step, and the accuracy or error after each epoch.

    Parameters
    ----------
    solver : Solver
        A solver that has trained a network.
    """
    name, place = TRAINING_LABELS[solver.model.category]
    left, right = new_axes(2, width=4.4, height=3.0)
    steps = np.arange(1, len(solver.loss_history) + 1)
    epochs = np.arange(1, len(solver.val_history) + 1)
    left.semilogy(steps, solver.loss_history, linewidth=0.6, alpha=0.6)
    right.plot(epochs, solver.train_history, marker="o", markersize=3, label="training (a sample)")
    right.plot(epochs, solver.val_history, marker="o", markersize=3, label="validation")
    set_labels(left, "Loss of each batch", "step", "loss (logarithmic)")
    set_labels(right, "After each epoch", "epoch", name)
    right.legend(loc=place)
    show()


def health(solver: Solver) -> None:
    """Draw signs of a healthy training, epoch by epoch: the size of steps and gradients, and dead units, by layer.

    Parameters
    ----------
    solver : Solver
        A solver that has trained a network of affine layers and ReLUs for a whole epoch at least.
    """
    steps, gradients, dead = new_axes(3, width=3.7, height=3.0)
    for (name, pulses), color in zip(solver.health_history.items(), COLORS, strict=False):
        epochs = np.arange(1, len(pulses) + 1)
        for ax, values in ((steps, [each.update for each in pulses]), (gradients, [each.gradient for each in pulses])):
            ax.semilogy(epochs, values, marker="o", markersize=3, color=color, label=name)
    for k, (shares, color) in enumerate(zip(zip(*solver.dead_history, strict=True), COLORS, strict=False), start=1):
        epochs = np.arange(1, len(shares) + 1)
        dead.plot(epochs, 100 * np.array(shares), marker="o", markersize=3, color=color, label=f"after W{k}")
    steps.axhline(1e-3, color=GREY, linestyle=":", linewidth=1)
    dead.set_ylim(-2, 102)
    set_labels(steps, "Step / weights", "epoch", "ratio of norms")
    set_labels(gradients, "Gradients", "epoch", "norm of the gradient")
    set_labels(dead, "Dead units: 0 for 500 examples", "epoch", "units, %")
    for ax in (steps, gradients, dead):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    for ax in (steps, dead):
        if ax.get_legend_handles_labels()[0]:
            ax.legend()
    show()


def study(runs: Mapping[str, Solver]) -> None:
    """Draw the training accuracy (dotted) and the validation accuracy of several runs in one figure.

    Parameters
    ----------
    runs : mapping of str to Solver
        At most six solvers that have trained, by the name of their setting.
    """
    (ax,) = new_axes(width=7.0, height=3.4)
    for (name, solver), color in zip(runs.items(), COLORS, strict=False):
        epochs = np.arange(1, len(solver.val_history) + 1)
        ax.plot(epochs, solver.train_history, ":", color=color)
        ax.plot(epochs, solver.val_history, marker="o", markersize=3, color=color, label=name)
    ax.plot([], [], ":", color=GREY, label="(training)")
    set_labels(ax, "Accuracy after each epoch", "epoch", "accuracy")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    show()


def validation_curves(runs: Mapping[str, Mapping[str, Solver]]) -> None:
    """Draw the validation accuracy of several runs, one panel for each setting.

    Parameters
    ----------
    runs : mapping of str to mapping of str to Solver
        For each setting, solvers that have trained, by name. A solver without a finished epoch has diverged.
    """
    panels = new_axes(len(runs), width=2.8, height=3.4)
    for ax, (setting, solvers) in zip(panels, runs.items(), strict=True):
        for name, solver in solvers.items():
            epochs = np.arange(1, len(solver.val_history) + 1)
            text = name if solver.val_history else f"{name} (diverged)"
            ax.plot(epochs, solver.val_history, marker="o", markersize=3, label=text)
        ax.set_ylim(0, 1.05)
        ax.tick_params(labelleft=ax is panels[0])
        set_labels(ax, setting, "epoch", "validation accuracy" if ax is panels[0] else "")
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22))
    show()


def train_and_validation(runs: Mapping[str, Solver]) -> None:
    """Draw the training accuracy and the validation accuracy of each run, one panel for each.

    Parameters
    ----------
    runs : mapping of str to Solver
        Solvers that have trained, by the name of their setting.
    """
    panels = new_axes(len(runs), width=4.2, height=2.9)
    for ax, (name, solver) in zip(panels, runs.items(), strict=True):
        epochs = np.arange(1, len(solver.val_history) + 1)
        ax.plot(epochs, solver.train_history, label="training")
        ax.plot(epochs, solver.val_history, label="validation")
        ax.set_ylim(0, 1.05)
        set_labels(ax, name, "epoch", "accuracy" if ax is panels[0] else "")
        ax.legend(loc="lower right")
    show()
