"""Loss functions: their values, their gradients and their reaction to an outlier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from toolkit.plots.style import GREY, new_axes, set_labels, show


def regression_losses(losses: Mapping[str, Callable[..., Any]], limit: float = 4.0) -> None:
    """Draw loss functions of one prediction, and their gradients, against its error.

    Parameters
    ----------
    losses : mapping of str to callable
        At most three functions ``loss(x, y) -> (loss, dx)``; x, y and dx are (1,).
    limit : float
        The errors range from ``-limit`` to ``limit``.
    """
    errors = np.linspace(-limit, limit, 161)
    left, right = new_axes(2, width=4.6, height=3.2)
    for (name, loss), dashes in zip(losses.items(), ("-", "--", "-."), strict=False):
        pairs = [loss(np.array([error]), np.zeros(1)) for error in errors]
        left.plot(errors, [float(value) for value, _ in pairs], dashes, label=name)
        right.plot(errors, [np.asarray(dx).item() for _, dx in pairs], dashes, label=name)
    left.set_ylim(top=1.35 * left.get_ylim()[1])
    left.legend(loc="upper center", ncols=len(losses), fontsize="small", columnspacing=1.2, handlelength=1.8)
    set_labels(left, "Loss", "error x - y", "loss")
    set_labels(right, "Gradient: the pull on one prediction", "error x - y", "d loss / d x")
    show()


def outlier(fit_line: Callable[..., Any], losses: Mapping[str, Callable[..., Any]]) -> None:
    """Draw the line that fits best under each loss function, and how far one outlier moves it.

    Parameters
    ----------
    fit_line : callable
        ``fit_line(loss, x, y) -> (slope, intercept)``; x and y are (20,).
    losses : mapping of str to callable
        At most three functions ``loss(x, y) -> (loss, dx)``.
    """
    rng = np.random.default_rng(2)
    x = np.linspace(-1, 1, 20)
    clean = 1 + x + 0.15 * rng.normal(size=20)  # (20,)
    shifts, typo = np.linspace(0, 16, 17), np.eye(20)[17]  # (17,), (20,): point 17 is mistyped
    left, right = new_axes(2, width=4.6, height=3.4)
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
    set_labels(left, "One outlier, 10 too low", "x", "y")
    set_labels(right, "How far it drags the line", "how much too low it is", "slope (true slope 1)")
    show()


def classification_losses(softmax_loss: Callable[..., Any], limit: float = 8.0) -> None:
    """Draw the cross-entropy and the squared error of the probability, for two classes.

    Parameters
    ----------
    softmax_loss : callable
        ``softmax_loss(x, y) -> (loss, dx)``; scores x and dx are (1, 2), classes y are (1,).
    limit : float
        The score of the true class ranges from ``-limit`` to ``limit``; the other score is 0.
    """
    z = np.linspace(-limit, limit, 161)
    p = 1 / (1 + np.exp(-z))  # (161,)
    pairs = [softmax_loss(np.array([[score, 0.0]]), np.array([0])) for score in z]
    left, right = new_axes(2, width=4.6, height=3.2)
    left.plot(p, [float(value) for value, _ in pairs], label="cross-entropy (yours)")
    left.plot(p, (1 - p) ** 2, "--", label="squared error (1 - p)²")
    right.plot(z, [np.asarray(dx)[0, 0] for _, dx in pairs])
    right.plot(z, -2 * (1 - p) * p * (1 - p), "--")
    left.legend()
    set_labels(left, "Loss", "probability p of the true class", "loss")
    set_labels(right, "Slope: the pull on the true class's score", "score z of the true class", "d loss / d z")
    show()
