"""Every picture of the course, in one consistent look.

Each function draws one figure and returns nothing, so that a notebook needs one
line for it.  Colours are Okabe and Ito's, which colour-blind people tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.ticker import NullLocator

BLUE, ORANGE, GREEN, PINK, SKY, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
GREY = "#8C8C8C"
COLORS = (BLUE, ORANGE, GREEN, PINK, SKY, RED)
BLUE_TO_ORANGE = LinearSegmentedColormap.from_list("blue_to_orange", [BLUE, "white", RED])

STYLE: dict[str, Any] = {
    "figure.dpi": 90,
    "figure.constrained_layout.use": True,
    "axes.grid": True,
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.titleweight": "bold",
    "grid.alpha": 0.3,
    "image.cmap": "viridis",
    "legend.frameon": False,
    "lines.linewidth": 2,
}


def _axes(columns: int = 1, rows: int = 1, *, width: float = 5.0, height: float = 3.2) -> list[Axes]:
    """The axes of a new figure in the course's look, row by row; sizes in inches per axes."""
    plt.rcParams.update(STYLE)
    _, axes = plt.subplots(rows, columns, figsize=(width * columns, height * rows), squeeze=False)
    return list(axes.ravel())


def _label(ax: Axes, title: str, x: str, y: str) -> None:
    ax.set(title=title, xlabel=x, ylabel=y)


# ------------------------------------------------------------------ 01_layers


def activation(
    name: str, forward: Callable[..., Any], backward: Callable[..., Any], limit: float = 6.0
) -> None:
    """Draw an activation function and its derivative.

    Parameters
    ----------
    name : str
        Title of the figure.
    forward, backward : callable
        ``forward(x) -> (out, cache)`` and ``backward(dout, cache) -> dx``.
    limit : float
        Inputs run from ``-limit`` to ``limit``.
    """
    x = np.linspace(-limit, limit, 400)[None, :]  # (1, 400)
    out, cache = forward(x.copy())
    slope = backward(np.ones_like(x), cache)
    left, right = _axes(2, width=4.2, height=2.8)
    left.plot(x[0], np.asarray(out)[0])
    right.plot(x[0], np.asarray(slope)[0], color=ORANGE)
    _label(left, name, "input x", "output")
    _label(right, f"{name}: derivative", "input x", "d output / d x")
    plt.show()


def vanishing_gradients(norms: dict[str, np.ndarray]) -> None:
    """Draw how the size of a gradient changes on its way back through a deep stack.

    Parameters
    ----------
    norms : dict of str to ndarray
        For each activation, the gradient's norm after 0, 1, 2, … layers.
    """
    (ax,) = _axes(width=6.0)
    for name, values in norms.items():
        ax.semilogy(np.arange(len(values)), values, marker="o", label=name)
    _label(ax, "The gradient on its way back", "layers passed", "norm of the gradient")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    plt.show()


# ------------------------------------------------------------------ 02_losses


def regression_losses(losses: dict[str, Callable[..., Any]], limit: float = 4.0) -> None:
    """Draw losses of one prediction, and their gradients, against its error.

    Parameters
    ----------
    losses : dict of str to callable
        Each is ``loss(x, y) -> (loss, dx)``.
    limit : float
        Errors run from ``-limit`` to ``limit``.
    """
    errors = np.linspace(-limit, limit, 161)
    left, right = _axes(2, width=4.6, height=3.2)
    for (name, loss), dashes in zip(losses.items(), ("-", "--", "-."), strict=False):
        pairs = [loss(np.array([error]), np.zeros(1)) for error in errors]
        left.plot(errors, [float(value) for value, _ in pairs], dashes, label=name)
        right.plot(errors, [np.asarray(dx).item() for _, dx in pairs], dashes, label=name)
    left.set_ylim(top=1.35 * left.get_ylim()[1])
    left.legend(loc="upper center", ncols=len(losses), fontsize="small", columnspacing=1.2, handlelength=1.8)
    _label(left, "Loss", "error x - y", "loss")
    _label(right, "Gradient: the pull on one prediction", "error x - y", "d loss / d x")
    plt.show()


def outlier(fit_line: Callable[..., Any], losses: dict[str, Callable[..., Any]]) -> None:
    """Draw lines fitted under several losses, and how far one outlier drags each of them.

    Parameters
    ----------
    fit_line : callable
        ``fit_line(loss, x, y) -> (slope, intercept)``.
    losses : dict of str to callable
        Each is ``loss(x, y) -> (loss, dx)``.
    """
    rng = np.random.default_rng(2)
    x = np.linspace(-1, 1, 20)
    clean = 1 + x + 0.15 * rng.normal(size=20)
    shifts, typo = np.linspace(0, 16, 17), np.eye(20)[17]  # the mistyped point is number 17
    left, right = _axes(2, width=4.6, height=3.4)
    left.scatter(x, clean - 10 * typo, color=GREY, label="data, one of them mistyped")
    left.plot(x, 1 + x, color=GREY, linestyle=":", label="true line")
    for (name, loss), dashes in zip(losses.items(), ("-", "--", "-."), strict=False):
        fits = np.array([fit_line(loss, x, clean - shift * typo) for shift in shifts])  # (17, 2)
        slope, intercept = fits[10]
        left.plot(x, slope * x + intercept, dashes, label=name)
        right.plot(shifts, fits[:, 0], dashes, marker="o", markersize=4, label=name)
    right.axhline(1, color=GREY, linestyle=":")
    left.set_xticks([-1, -0.5, 0, 0.5, 1])
    left.legend(loc="lower left", fontsize="small")
    _label(left, "One outlier, 10 too low", "x", "y")
    _label(right, "How far it drags the line", "how much too low it is", "slope (true slope 1)")
    plt.show()


def classification_losses(softmax_loss: Callable[..., Any], limit: float = 8.0) -> None:
    """Draw cross-entropy beside the squared error of the probability, for two classes.

    Parameters
    ----------
    softmax_loss : callable
        ``softmax_loss(x, y) -> (loss, dx)``, scores (N, 2) and classes (N,).
    limit : float
        The true class's score runs from ``-limit`` to ``limit``; the other one is 0.
    """
    z = np.linspace(-limit, limit, 161)
    p = 1 / (1 + np.exp(-z))
    pairs = [softmax_loss(np.array([[score, 0.0]]), np.array([0])) for score in z]
    left, right = _axes(2, width=4.6, height=3.2)
    left.plot(p, [float(value) for value, _ in pairs], label="cross-entropy (yours)")
    left.plot(p, (1 - p) ** 2, "--", label="squared error (1 - p)²")
    right.plot(z, [np.asarray(dx)[0, 0] for _, dx in pairs])
    right.plot(z, -2 * (1 - p) * p * (1 - p), "--")
    left.legend()
    _label(left, "Loss", "probability p of the true class", "loss")
    _label(right, "Slope: the pull on the true class's score", "score z of the true class", "d loss / d z")
    plt.show()


# ---------------------------------------------------------- 03_regularization


def _penalty_values(penalty: Callable[..., Any], weights: np.ndarray) -> np.ndarray:
    """Value of a penalty for each single weight of a list."""
    return np.array([float(penalty(np.array([weight]))[0]) for weight in weights])


def penalties(functions: dict[str, Callable[..., Any]], limit: float = 2.0) -> None:
    """Draw penalties of a single weight, and their gradients.

    Parameters
    ----------
    functions : dict of str to callable
        Each is ``penalty(w) -> (value, dw)``.
    limit : float
        Weights run from ``-limit`` to ``limit``.
    """
    weights = np.linspace(-limit, limit, 200)  # 200: so that 0 itself is not among them
    left, right = _axes(2, width=4.6, height=3.2)
    for (name, penalty), dashes in zip(functions.items(), ("-", "--", "-."), strict=False):
        pulls = [np.asarray(penalty(np.array([weight]))[1]).item() for weight in weights]
        left.plot(weights, _penalty_values(penalty, weights), dashes, label=name)
        right.plot(weights, pulls, dashes)
    left.legend(loc="upper center")
    _label(left, "Penalty", "weight w", "penalty")
    _label(right, "Gradient: the pull towards 0", "weight w", "d penalty / d w")
    plt.show()


def shrinkage(functions: dict[str, Callable[..., Any]], limit: float = 3.0) -> None:
    """Draw where a weight ends up under a penalty, against where the data alone would put it.

    The minimum of ``(w - a)**2 / 2 + penalty(w)`` is looked up on a fine grid of w.

    Parameters
    ----------
    functions : dict of str to callable
        Each is ``penalty(w) -> (value, dw)``.
    limit : float
        Values of a run from ``-limit`` to ``limit``.
    """
    weights, a = np.linspace(-limit, limit, 1201), np.linspace(-limit, limit, 201)
    (ax,) = _axes(width=5.0, height=3.8)
    ax.plot(a, a, color=GREY, linestyle=":", label="no penalty")
    for (name, penalty), dashes in zip(functions.items(), ("-", "--", "-."), strict=False):
        total = (weights - a[:, None]) ** 2 / 2 + _penalty_values(penalty, weights)  # (201, 1201)
        ax.plot(a, weights[total.argmin(axis=1)], dashes, label=name)
    ax.legend(loc="upper left")
    _label(ax, "Shrinkage", "weight a that the data ask for", "weight w with the penalty")
    plt.show()


def penalty_contours(functions: dict[str, Callable[..., Any]]) -> None:
    """Draw where lines of equal loss touch lines of equal penalty, for two weights.

    Parameters
    ----------
    functions : dict of str to callable
        Each is ``penalty(w) -> (value, dw)``, a sum over the elements of w.
    """
    grid = np.linspace(-1.5, 3.0, 181)  # holds 0 exactly
    first, second = np.meshgrid(grid, grid)
    u, v = first - 0.8, second - 2.2
    loss = 0.5 * (1.3 * u**2 - 0.5 * u * v + 0.9 * v**2)
    panels = _axes(len(functions), width=3.3, height=3.5)
    for ax, (name, penalty), color in zip(panels, functions.items(), COLORS, strict=False):
        values = _penalty_values(penalty, grid)
        price = values + values[:, None]  # (181, 181)
        row, column = np.unravel_index(np.argmin(loss + price), loss.shape)
        here_loss, here_price = float(loss[row, column]), float(price[row, column])
        ax.contour(first, second, loss, here_loss * np.array([0.1, 0.4, 1, 2]), colors=GREY, linewidths=1)
        ax.contour(first, second, price, here_price * np.array([0.3, 1]), colors=color, linewidths=(1, 2))
        ax.plot(0.8, 2.2, "+", color=GREY, markersize=9, markeredgewidth=2)
        ax.plot(grid[column], grid[row], "o", color="black")
        ax.set_aspect("equal")
        _label(ax, name, "weight 1", "weight 2")
    plt.show()


def weight_paths(strengths: np.ndarray, paths: dict[str, Any], matter: int) -> None:
    """Draw fitted weights against the strength of a penalty, a panel for each penalty.

    Parameters
    ----------
    strengths : ndarray, shape (S,)
    paths : dict of str to array_like, shape (S, D)
        The fitted weights at each strength.
    matter : int
        The first so many weights are drawn in colour, the others in grey.
    """
    panels = _axes(len(paths), width=3.4, height=3.2)
    for ax, (name, path) in zip(panels, paths.items(), strict=False):
        weights = np.asarray(path)  # (S, D)
        ax.plot(strengths, weights[:, matter:], color=GREY, linewidth=1)
        for index in range(matter):
            ax.plot(strengths, weights[:, index], label=f"weight {index + 1}")
        _label(ax, name, "strength λ", "weight")
        ax.sharey(panels[0])
    panels[-1].legend(fontsize="small")
    plt.show()


def overparameterized(
    points: tuple[np.ndarray, np.ndarray],
    truth: tuple[np.ndarray, np.ndarray],
    curves: dict[float, np.ndarray],
) -> None:
    """Draw fits of few points by many weights, a panel for each strength of the penalty.

    Parameters
    ----------
    points : tuple of ndarray, shape (N,)
        x and y of the points.
    truth : tuple of ndarray, shape (G,)
        x and y of the curve that the points come from.
    curves : dict of float to ndarray, shape (G,)
        The fitted curve at each strength.
    """
    panels = _axes(len(curves), width=3.1, height=3.2)
    for ax, (reg, curve) in zip(panels, curves.items(), strict=False):
        ax.plot(*truth, color=GREY, linestyle=":", label="truth")
        ax.plot(truth[0], curve, label="fit")
        ax.plot(*points, "o", color="black", markersize=5, label="data")
        error = np.interp(points[0], truth[0], curve) - points[1]
        ax.set(ylim=(-2.5, 2.5), xticks=[-1, -0.5, 0, 0.5, 1])
        sizes = [float(np.sqrt(np.mean(np.square(e)))) for e in (error, curve - truth[1])]
        _label(ax, f"λ = {reg:g}\nRMSE {sizes[0]:.2f} to data, {sizes[1]:.2f} to truth", "x", "y")
    panels[-1].legend(loc="lower right", fontsize="small")
    plt.show()


# ------------------------------------------------------------------ 04_fully_connected_net


def network(dims: Sequence[int]) -> None:
    """Draw a fully connected network as a chain of boxes, with the shapes of its parameters.

    Parameters
    ----------
    dims : sequence of int
        Number of features, sizes of the hidden layers, number of outputs.
    """
    (ax,) = _axes(width=2.3 * len(dims), height=1.4)
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
    plt.show()


def _box(color: str) -> dict[str, Any]:
    return {"boxstyle": "round,pad=0.5", "facecolor": color, "edgecolor": "none"}


def overfitting(solver: Any) -> None:
    """Draw a network's loss in each step, and its accuracy after each epoch.

    Parameters
    ----------
    solver : Solver
        It has trained a network for classification.
    """
    left, right = _axes(2, width=4.2, height=2.9)
    left.plot(np.arange(1, len(solver.loss_history) + 1), solver.loss_history)
    epochs = np.arange(1, len(solver.train_history) + 1)
    right.plot(epochs, solver.train_history, label="training")
    right.plot(epochs, solver.val_history, label="validation")
    right.set_ylim(0, 1.05)
    right.legend(loc="lower right")
    _label(left, "Loss", "step", "loss")
    _label(right, "Accuracy", "epoch", "share of right answers")
    plt.show()


# ------------------------------------------------------------------ 05_optimization


def valley(
    height: Callable[..., Any], paths: dict[str, np.ndarray], limits: tuple[float, float] = (-10.5, 2.5)
) -> None:
    """Draw the paths of update rules over a landscape, a panel for each rule.

    Parameters
    ----------
    height : callable
        ``height(x, y)`` for arrays of equal shape.
    paths : dict of str to ndarray, shape (steps, 2)
        Where each rule was, from the start on.
    limits : tuple of float
        Range of x; that of y is symmetric.
    """
    if not paths:
        print("No update rule is written yet.")
        return
    columns = min(len(paths), 3)
    rows = -(-len(paths) // columns)
    panels = _axes(columns, rows, width=3.7, height=2.2)
    x, y = np.linspace(*limits, 200), np.linspace(-2.2, 2.2, 100)
    z = height(*np.meshgrid(x, y))  # (100, 200)
    for ax, (name, path), color in zip(panels, paths.items(), COLORS, strict=False):
        ax.contour(x, y, z, levels=np.geomspace(z.max() / 300, z.max(), 10), colors=GREY, linewidths=0.6)
        ax.plot(*np.transpose(path), marker="o", markersize=3, linewidth=1.2, color=color)
        ax.plot(0, 0, "*", color="black", markersize=9)
        ax.set(xlim=limits, ylim=(y[0], y[-1]))
        _label(ax, f"{name} (height {height(*path[-1]):.1g})", "x", "y")
    for ax in panels[len(paths) :]:
        ax.set_axis_off()
    plt.show()


def loss_curves(histories: dict[str, Sequence[float]], smooth: int = 10) -> None:
    """Draw the training loss of several runs; curves may lie on top of each other.

    Parameters
    ----------
    histories : dict of str to sequence of float
        The loss of each step, by run.
    smooth : int
        Each point is the mean of so many steps.
    """
    (ax,) = _axes(width=6.0, height=3.4)
    for number, (name, history) in enumerate(histories.items()):
        means = np.convolve(history, np.ones(smooth) / smooth, mode="valid")
        style = ("-", "-", ":", "--", "-.")[number % 5]
        ax.plot(np.arange(smooth, len(history) + 1), means, style, label=name)
    _label(ax, "The same network, the same start", "step", f"loss, mean of {smooth} steps")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    plt.show()


# ------------------------------------------------------------------- 06_mnist


def _picture(ax: Axes, values: np.ndarray, shape: tuple[int, int], title: str = "", **options: Any) -> Any:
    """Draw a row of pixels as an image without ticks."""
    image = ax.imshow(np.asarray(values).reshape(shape), **options)
    ax.set(title=title, xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.grid(False)
    return image


def digits(data: Any, rng: np.random.Generator, columns: int = 12) -> None:
    """Draw random training images, a row for each digit.

    Parameters
    ----------
    data : Dataset
        The images.
    rng : numpy.random.Generator
        Chooses them.
    columns : int
        Images of each digit.
    """
    rows = data.output_dim
    examples = [np.flatnonzero(data.y_train == digit) for digit in range(rows)]
    chosen = [rng.choice(indices, columns, replace=False) for indices in examples]
    images = data.X_train[np.array(chosen)].reshape(rows, columns, *data.image_shape)
    rim = round(0.1 * data.image_shape[0])
    images = np.pad(images, ((0, 0), (0, 0), (rim, rim), (rim, rim)))
    height, width = images.shape[2:]
    (ax,) = _axes(width=0.55 * columns, height=0.5 * rows)
    ax.imshow(images.swapaxes(1, 2).reshape(rows * height, columns * width), cmap="gray_r")
    ax.set(xticks=[], yticks=height * (np.arange(rows) + 0.5), yticklabels=range(rows), ylabel="digit")
    ax.spines[:].set_visible(False)
    ax.grid(False)
    plt.show()


def pixel_statistics(mean: np.ndarray, std: np.ndarray, shape: tuple[int, int]) -> None:
    """Draw the mean and the standard deviation of each pixel, and the pixels that never change.

    Parameters
    ----------
    mean, std : ndarray, shape (D,)
    shape : tuple of int
        Height and width of an image.
    """
    panels = _axes(3, width=2.9, height=2.6)
    for ax, values, title in zip(panels, (mean, std), ("mean", "standard deviation"), strict=False):
        ax.figure.colorbar(_picture(ax, values, shape, title), ax=ax, label="pixel value")
    constant = np.asarray(std) == 0
    title = f"{np.sum(constant)} pixels never change"
    _picture(panels[2], constant, shape, title, cmap=ListedColormap(["#EEEEEE", RED]), vmin=0, vmax=1)
    plt.show()


def training(solver: Any) -> None:
    """Draw a network's loss in each step, and its accuracy or error after each epoch.

    Parameters
    ----------
    solver : Solver
        It has trained a network.
    """
    name, place = TRAINING_LABELS[solver.model.category]
    left, right = _axes(2, width=4.4, height=3.0)
    steps = np.arange(1, len(solver.loss_history) + 1)
    epochs = np.arange(1, len(solver.val_history) + 1)
    left.semilogy(steps, solver.loss_history, linewidth=0.6, alpha=0.6)
    right.plot(epochs, solver.train_history, marker="o", markersize=3, label="training (a sample)")
    right.plot(epochs, solver.val_history, marker="o", markersize=3, label="validation")
    _label(left, "Loss of each batch", "step", "loss (logarithmic)")
    _label(right, "After each epoch", "epoch", name)
    right.legend(loc=place)
    plt.show()


TRAINING_LABELS = {
    "classification": ("accuracy", "lower right"),
    "regression": ("root mean square error", "upper right"),
}


def study(runs: dict[str, Any]) -> None:
    """Draw training (dotted) and validation accuracy of several runs in one figure.

    Parameters
    ----------
    runs : dict of str to Solver
        Trained solvers, by the name of their setting.
    """
    (ax,) = _axes(width=7.0, height=3.4)
    for (name, solver), color in zip(runs.items(), COLORS, strict=False):
        epochs = np.arange(1, len(solver.val_history) + 1)
        ax.plot(epochs, solver.train_history, ":", color=color)
        ax.plot(epochs, solver.val_history, marker="o", markersize=3, color=color, label=name)
    ax.plot([], [], ":", color=GREY, label="(training)")
    _label(ax, "Accuracy after each epoch", "epoch", "accuracy")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    plt.show()


def confusion(y: np.ndarray, predicted: np.ndarray) -> None:
    """Draw how often each digit was taken for which.

    Parameters
    ----------
    y : ndarray of int, shape (N,)
        The true digits.
    predicted : ndarray of int, shape (N,)
        What the network says.
    """
    size = int(max(np.max(y), np.max(predicted))) + 1
    counts = np.zeros((size, size), dtype=int)
    np.add.at(counts, (y, predicted), 1)
    mistakes = np.where(np.eye(size, dtype=bool), 0, counts)
    (ax,) = _axes(width=5.4, height=4.8)
    image = ax.imshow(mistakes, cmap="Blues", vmax=1.4 * max(mistakes.max(), 1))
    for row, column in np.ndindex(size, size):
        right = row == column
        style = {"fontsize": "x-small" if right else "small", "color": GREY if right else "black"}
        ax.text(column, row, counts[row, column], ha="center", va="center", **style)
    ax.set(xticks=range(size), yticks=range(size))
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, label="mistakes")
    _label(ax, f"{mistakes.sum()} mistakes in {len(y)} images", "the network says", "the digit is")
    plt.show()


def most_wrong(
    X: np.ndarray, y: np.ndarray, scores: np.ndarray, shape: tuple[int, int], count: int = 12
) -> None:
    """Draw the images on which the network is wrong and most sure of itself.

    Parameters
    ----------
    X : ndarray, shape (N, D)
        The images as they are seen.
    y : ndarray of int, shape (N,)
        The true digits.
    scores : ndarray, shape (N, C)
        The network's scores.
    shape : tuple of int
        Height and width of an image.
    count : int
        So many at most are drawn.
    """
    shifted = scores - scores.max(axis=1, keepdims=True)
    sure = 1 / np.exp(shifted).sum(axis=1)  # probability of the digit that wins, (N,)
    said = scores.argmax(axis=1)
    wrong = np.flatnonzero(said != y)
    worst = wrong[np.argsort(-sure[wrong])][:count]
    panels = _axes(6, max(1, -(-count // 6)), width=1.3, height=1.55)
    for ax in panels:
        ax.set_axis_off()
    for ax, index in zip(panels, worst, strict=False):
        title = f"{said[index]} ({sure[index]:.1%})\nis a {y[index]}"
        _picture(ax, X[index], shape, cmap="gray_r")
        ax.set_title(title, fontsize=8, fontweight="normal")
    plt.show()


def first_weights(w: np.ndarray, shape: tuple[int, int], count: int = 24) -> None:
    """Draw the weights into hidden units as images: orange says yes to ink there, blue says no.

    Parameters
    ----------
    w : ndarray, shape (D, M)
        Weights of the first layer.
    shape : tuple of int
        Height and width of an image.
    count : int
        So many units are drawn, those with the largest weights.
    """
    strongest = np.argsort(-np.linalg.norm(w, axis=0))[:count]
    panels = _axes(8, -(-count // 8), width=0.95, height=0.95)
    for ax in panels:
        ax.set_axis_off()
    for ax, unit in zip(panels, strongest, strict=False):
        limit = np.quantile(np.abs(w[:, unit]), 0.99) or 1.0
        _picture(ax, w[:, unit], shape, cmap=BLUE_TO_ORANGE, vmin=-limit, vmax=limit)
    plt.show()


# ------------------------------------------------------ 07_california_housing


def feature_histograms(X: np.ndarray, names: Sequence[str], unit: str) -> None:
    """Draw a histogram of each feature; counts are logarithmic, so that single rows show.

    Parameters
    ----------
    X : ndarray, shape (N, D)
    names : sequence of str
        Names of the D features.
    unit : str
        What the values are, for the label.
    """
    columns = -(-len(names) // 2)
    panels = _axes(columns, 2, width=2.3, height=1.9)
    for ax in panels[len(names) :]:
        ax.set_axis_off()
    for index, (ax, values) in enumerate(zip(panels, X.T, strict=False)):
        ax.stairs(*np.histogram(values, bins=40), fill=True, baseline=0.5)
        ax.set(yscale="log", yticks=10.0 ** np.arange(1 + int(np.log10(len(X)))), ylim=(0.5, 2 * len(X)))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.locator_params(axis="x", nbins=4)
        _label(ax, names[index], unit, "rows" if index % columns == 0 else "")
        ax.tick_params(labelsize="small")
    plt.show()


def on_map(data: Any, X: np.ndarray, values: np.ndarray, label: str, centred: bool = False) -> None:
    """Draw values where they are in California; says so where a data set has no places.

    Parameters
    ----------
    data : Dataset
        The data set, for the names of its features.
    X : ndarray, shape (N, D)
        Its features, not standardized.
    values : ndarray, shape (N,)
    label : str
        What the values are, with their unit.
    centred : bool
        Whether 0 is in the middle of the scale, as for errors.
    """
    if "Longitude" not in data.feature_names:
        print(f"The data set {data.name} has no map: none of its features is a place.")
        return
    values = np.asarray(values)
    east, north = (X[:, data.feature_names.index(name)] for name in ("Longitude", "Latitude"))
    limit = np.quantile(np.abs(values), 0.98)
    scale = {"cmap": BLUE_TO_ORANGE, "vmin": -limit, "vmax": limit} if centred else {"cmap": "viridis"}
    order = np.argsort(np.abs(values))
    (ax,) = _axes(width=5.6, height=4.8)
    dots = ax.scatter(east[order], north[order], c=values[order], s=5, **scale)
    ax.set_aspect(1 / np.cos(np.radians(37)))
    ax.figure.colorbar(dots, ax=ax, label=label, extend="both" if centred else "neither")
    _label(ax, "California", "longitude (degrees)", "latitude (degrees)")
    plt.show()


def predicted_against_true(y: np.ndarray, predictions: dict[str, np.ndarray], unit: str) -> None:
    """Draw predictions against the truth, a panel for each method.

    Parameters
    ----------
    y : ndarray, shape (N,)
        The truth.
    predictions : dict of str to ndarray, shape (N,) or (N, 1)
        What each method says.
    unit : str
        What is predicted, with its unit.
    """
    panels = _axes(len(predictions), width=4.0, height=3.6)
    low, high = float(np.min(y)), float(np.max(y))
    margin = 0.15 * (high - low)
    for ax, (name, predicted), color in zip(panels, predictions.items(), COLORS, strict=False):
        predicted = np.asarray(predicted).reshape(len(y))
        ax.scatter(y, predicted, s=np.clip(8000 / len(y), 4, 20), alpha=0.4, color=color, linewidths=0)
        ax.plot([low, high], [low, high], color="black", linewidth=1)
        ax.set(xlim=(low - margin / 3, high + margin / 3), ylim=(low - margin, high + margin))
        rmse = np.sqrt(np.mean((predicted - y) ** 2))
        _label(ax, f"{name}: RMSE {rmse:.3f}", "true", "predicted" if ax is panels[0] else "")
    panels[0].figure.supxlabel(unit, fontsize="medium")
    plt.show()


def methods(errors: dict[str, float], label: str) -> None:
    """Draw the error of several methods as bars, the best at the top.

    Parameters
    ----------
    errors : dict of str to float
        By the method's name; what is called a network is set off by its colour.
    label : str
        What the error is, with its unit.
    """
    (ax,) = _axes(width=6.5, height=0.45 * len(errors) + 0.9)
    names = sorted(errors, key=lambda name: -errors[name])
    colors = [ORANGE if "network" in name else BLUE for name in names]
    bars = ax.barh(names, [errors[name] for name in names], color=colors)
    ax.bar_label(bars, fmt="%.3f", padding=4)
    ax.margins(x=0.12)
    ax.grid(axis="y", visible=False)
    _label(ax, "On the test data", label, "")
    plt.show()


# ------------------------------------------------------ 08_batch_normalization


def layer_histograms(stacks: dict[str, list[np.ndarray]], limit: float = 3.0) -> None:
    """Draw histograms of the numbers in each layer, a row for each stack of layers.

    Parameters
    ----------
    stacks : dict of str to list of ndarray
        For each stack its layers' numbers, of any shape, from the first layer on.
    limit : float
        The histograms run from ``-limit`` to ``limit``; numbers beyond are counted in the outermost bins.
    """
    depth = max(map(len, stacks.values()))
    panels = _axes(depth, len(stacks), width=1.25, height=1.7)
    bins = np.linspace(-limit, limit, 41).tolist()
    for row, (name, arrays) in enumerate(stacks.items()):
        for k, values in enumerate(arrays):
            ax = panels[row * depth + k]
            ax.hist(np.clip(values, -limit, limit).ravel(), bins, color=COLORS[row])
            ax.set(yticks=[], xticks=(-2, 0, 2), xlim=(-limit, limit))
            ax.grid(False)
            spread = f"std\n{np.std(values):.2g}"
            ax.text(0.98, 0.97, spread, transform=ax.transAxes, ha="right", va="top", fontsize=8)
            _label(ax, f"layer {k + 1}" if row == 0 else "", "value" if row == len(stacks) - 1 else "", "")
        panels[row * depth].set_ylabel(f"{name}\nhow many")
    plt.show()


def dropout_draws(x: np.ndarray, draws: list[np.ndarray], shown: int = 3) -> None:
    """Draw an input as an image, what dropout makes of it, and the mean of all draws.

    Parameters
    ----------
    x : ndarray, shape (height, width)
        The input.
    draws : list of ndarray, shape (height, width)
        Outputs of dropout for it.
    shown : int
        So many of the draws are drawn.
    """
    pictures = {"input": x} | {f"draw {k + 1}": draw for k, draw in enumerate(draws[:shown])}
    pictures[f"mean of {len(draws)} draws"] = np.mean(draws, axis=0)
    panels = _axes(len(pictures), width=2.1, height=2.0)
    for ax, (name, picture) in zip(panels, pictures.items(), strict=True):
        image = ax.imshow(picture, vmin=0, vmax=np.max(draws))
        ax.set(title=name, xticks=[], yticks=[])
        ax.grid(False)
    panels[0].figure.colorbar(image, ax=panels, label="value")
    plt.show()


def validation_curves(runs: dict[str, dict[str, Any]]) -> None:
    """Draw the validation accuracy of several runs, a panel for each setting.

    Parameters
    ----------
    runs : dict of str to dict of str to Solver
        For each setting the trained solvers, by name; one without a finished epoch has diverged.
    """
    panels = _axes(len(runs), width=2.8, height=3.4)
    for ax, (setting, solvers) in zip(panels, runs.items(), strict=True):
        for name, solver in solvers.items():
            epochs = np.arange(1, len(solver.val_history) + 1)
            label = name if solver.val_history else f"{name} (diverged)"
            ax.plot(epochs, solver.val_history, marker="o", markersize=3, label=label)
        ax.set_ylim(0, 1.05)
        ax.tick_params(labelleft=ax is panels[0])
        _label(ax, setting, "epoch", "validation accuracy" if ax is panels[0] else "")
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22))
    plt.show()


def train_and_validation(runs: dict[str, Any]) -> None:
    """Draw training and validation accuracy of each run, a panel for each.

    Parameters
    ----------
    runs : dict of str to Solver
        Trained solvers, by the name of their setting.
    """
    panels = _axes(len(runs), width=4.2, height=2.9)
    for ax, (name, solver) in zip(panels, runs.items(), strict=True):
        epochs = np.arange(1, len(solver.val_history) + 1)
        ax.plot(epochs, solver.train_history, label="training")
        ax.plot(epochs, solver.val_history, label="validation")
        ax.set_ylim(0, 1.05)
        _label(ax, name, "epoch", "accuracy" if ax is panels[0] else "")
        ax.legend(loc="lower right")
    plt.show()
