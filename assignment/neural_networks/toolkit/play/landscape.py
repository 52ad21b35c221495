"""Learning rate and momentum in a valley."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit import plots
from toolkit.play.controls import Knob, offer, waits_for_answers

Array = NDArray[Any]
Rule = Callable[..., Any]

RATES = 0.03, 0.1, 0.3, 0.6, 0.9, 1.05
MOMENTA = 0.0, 0.5, 0.8, 0.9, 0.95, 0.99
STRIP = [(0.03, 0.0), (0.9, 0.0), (1.05, 0.0), (0.03, 0.9), (0.3, 0.9), (0.3, 0.99)]


def height(x: Any, y: Any) -> Any:
    """Return the height of the valley of notebook 5: a hundred times more curved across than along."""
    return x**2 / 100 + y**2


def descend(rule: Rule, config: Mapping[str, float], steps: int = 50) -> Array:
    """Follow an update rule down the valley, from (-10, 2).

    Parameters
    ----------
    rule : callable
        ``rule(w, dw, config) -> (next_w, config)``.
    config : mapping of str to float
        Its settings.
    steps : int

    Returns
    -------
    ndarray, shape (steps + 1, 2)
        The path, including the start.
    """
    path, memory = [np.array([-10.0, 2.0])], dict(config)
    for _ in range(steps):
        w, memory = rule(path[-1].copy(), path[-1] * [0.02, 2.0], memory)
        path.append(np.array(w))
    return np.array(path)


@waits_for_answers
def valley(rule: Rule) -> None:
    """Draw six settings of a rule with momentum in the valley, and offer controls for others.

    Parameters
    ----------
    rule : callable
        The student's ``sgd_momentum``: its settings are "learning_rate" and "momentum".
    """

    def path(rate: float, momentum: float) -> dict[str, Array]:
        return {f"η {rate:g}, μ {momentum:g}": descend(rule, {"learning_rate": rate, "momentum": momentum})}

    plots.valley(height, {name: each for setting in STRIP for name, each in path(*setting).items()})
    knobs = {"rate": Knob("learning rate", RATES, 0.3), "momentum": Knob("momentum", MOMENTA, 0.9)}
    offer(lambda rate, momentum: plots.valley(height, path(rate, momentum)), knobs)
