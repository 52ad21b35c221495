"""Watch a student's network learn to separate two classes in the plane, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit import plots
from toolkit.play.clouds import CLOUDS, cloud
from toolkit.play.controls import Knob, offer, waits_for_answers

Array = NDArray[Any]
Rule = Callable[..., Any]

LIMIT, CELLS = 1.6, 48
HIDDEN: dict[str, list[int]] = {"none": [], "4": [4], "16": [16], "16, 16": [16, 16], "32, 32": [32, 32]}
RATES = 0.003, 0.01, 0.03, 0.1, 0.3, 1.0
KEPT = 0, 20, 100, 600
LIVE = tuple(range(0, 601, 40))


@dataclass(frozen=True)
class Frame:
    """What a network knows after some steps of training."""

    step: int
    surface: Array
    """Probability of class 1 on a grid over the plane, (48, 48), lowest row first."""
    accuracy: float
    """Share of the training points that are right."""


def train_frames(
    network: Callable[..., Any],
    rule: Rule,
    X: Array,
    y: Array,
    *,
    hidden: list[int],
    learning_rate: float,
    at: tuple[int, ...] = KEPT,
) -> Iterator[Frame]:
    """Train a network on all points at once, and yield a frame at each of the given steps.

    Parameters
    ----------
    network : callable
        The student's `FullyConnectedNet`.
    rule : callable
        The student's update rule.
    X : ndarray, shape (N, 2)
    y : ndarray of int, shape (N,)
        0 or 1.
    hidden : list of int
        Sizes of the hidden layers.
    learning_rate : float
    at : tuple of int
        Steps after which there is a frame, in increasing order.

    Yields
    ------
    Frame
    """
    rng = np.random.default_rng(3)
    model = network("classification", hidden, input_dim=2, output_dim=2, weight_scale=0.5, dtype=np.float64, rng=rng)
    side = np.linspace(-LIMIT, LIMIT, CELLS)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)  # (48 * 48, 2)
    configs: dict[str, Any] = {name: {"learning_rate": learning_rate} for name in model.params}
    for step in range(at[-1] + 1):
        if step in at:
            yield Frame(step, _probability(model.loss(grid)), float(np.mean(np.argmax(model.loss(X), axis=1) == y)))
        if step == at[-1]:
            return
        _, grads = model.loss(X, y)
        for name in list(model.params):
            model.params[name], configs[name] = rule(model.params[name], grads[name], configs[name])


def _probability(scores: Array) -> Array:
    """Softmax of two scores for each cell of the grid: the probability of class 1, (48, 48)."""
    difference = np.clip(scores[:, 1] - scores[:, 0], -50, 50)
    return np.asarray(1 / (1 + np.exp(-difference))).reshape(CELLS, CELLS)


@waits_for_answers
def playground(network: Callable[..., Any], rules: Mapping[str, tuple[Rule, float]]) -> None:
    """Draw how the boundary between two classes moves in training, and offer controls to train again.

    Parameters
    ----------
    network : callable
        The student's `FullyConnectedNet`.
    rules : mapping of str to (callable, float)
        The student's update rules, each with a learning rate for the strip, which shows the last of them. Rules that
        are not written are left out of the controls.
    """

    def strip(name: str, rule: Rule, rate: float, hidden: list[int]) -> tuple[Array, Array, list[Frame]]:
        X, y = cloud(name)
        return X, y, list(train_frames(network, rule, X, y, hidden=hidden, learning_rate=rate))

    rule, rate = list(rules.values())[-1]
    plots.boundaries({name: strip(name, rule, rate, [16, 16]) for name in CLOUDS}, LIMIT)

    def train(data: str, hidden: str, update: str, learning_rate: float) -> None:
        from IPython.display import clear_output

        X, y = cloud(data)
        frames: list[Frame] = []
        settings: dict[str, Any] = {"hidden": HIDDEN[hidden], "learning_rate": learning_rate, "at": LIVE}
        for frame in train_frames(network, rules[update][0], X, y, **settings):
            frames.append(frame)
            clear_output(wait=True)  # type: ignore[no-untyped-call]
            plots.boundaries({data: (X, y, [frame])}, LIMIT)
        clear_output(wait=True)  # type: ignore[no-untyped-call]
        plots.boundaries({data: (X, y, [frames[k] for k in (0, 2, 5, -1)])}, LIMIT)

    knobs = {
        "data": Knob("points", list(CLOUDS), "spirals"),
        "hidden": Knob("hidden units", list(HIDDEN), "16, 16"),
        "update": Knob("update rule", list(rules), list(rules)[-1]),
        "learning_rate": Knob("learning rate", RATES, 0.1),
    }
    offer(train, knobs, button="Train")
