"""Weight scale, depth and activation against the size of signals and gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit import plots
from toolkit.play.controls import Knob, offer, waits_for_answers

Array = NDArray[Any]

WIDTH, BATCH = 100, 64
FACTORS = 0.5, 0.7, 1.0, 1.4, 2.0
DEPTHS = 5, 10, 20, 40
ACTIVATIONS = "ReLU", "sigmoid", "none"
STRIP = [("ReLU", 0.7), ("ReLU", 1.4), ("ReLU", 2.0), ("sigmoid", 1.4), ("none", 1.4)]
CHANGING = 400, 100, 25, 400, 50, 200, 25, 300, 100, 400, 50, 100


def signal_sizes(layers: Any, activation: str, scales: Sequence[float], dims: Sequence[int]) -> tuple[Array, Array]:
    """Send a signal through a network and a gradient back, and measure both after each layer.

    Parameters
    ----------
    layers : object
        The student's functions of notebook 1, as ``answers("01_layers")`` gives them.
    activation : str
        "ReLU", "sigmoid" or "none".
    scales : sequence of float, length L
        Standard deviation of the weights of each layer.
    dims : sequence of int, length L + 1
        Number of inputs, and of units in each layer.

    Returns
    -------
    forward, backward : ndarray, shape (L + 1,)
        Root mean square of the outputs, first the input's; and of the gradients, first that of the input.
    """
    on, back = _activation(layers, activation)
    rng = np.random.default_rng(0)
    out, caches = rng.normal(size=(BATCH, dims[0])), []
    forward = [_size(out)]
    for d, m, scale in zip(dims, dims[1:], scales, strict=False):
        hidden, affine_cache = layers.affine_forward(out, scale * rng.normal(size=(d, m)), np.zeros(m))
        out, cache = on(hidden)  # (64, m)
        caches.append((affine_cache, cache))
        forward.append(_size(out))
    grad = rng.normal(size=out.shape)
    backward = [_size(grad)]
    for affine_cache, cache in reversed(caches):
        grad = layers.affine_backward(back(grad, cache), affine_cache)[0]
        backward.append(_size(grad))
    return np.array(forward), np.array(backward[::-1])


def _size(values: Array) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(values))))


def _activation(layers: Any, name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two functions of an activation; "none" passes everything on."""
    if name == "none":
        return lambda x: (x, None), lambda dout, _: dout
    kind = name.lower()
    return getattr(layers, f"{kind}_forward"), getattr(layers, f"{kind}_backward")


def _same_width(layers: Any, activation: str, factor: float, depth: int) -> tuple[Array, Array]:
    """Sizes in a network of equally wide layers, with weights of factor · √(1/D)."""
    return signal_sizes(layers, activation, [factor / np.sqrt(WIDTH)] * depth, [WIDTH] * (depth + 1))


@waits_for_answers
def signals(layers: Any) -> None:
    """Draw the size of signals and gradients in twenty layers for five settings, and offer controls.

    Parameters
    ----------
    layers : object
        The student's functions of notebook 1.
    """

    def sizes(activation: str, factor: float, depth: int) -> dict[str, tuple[Array, Array]]:
        return {f"{activation}, {factor:g} · √(1/D)": _same_width(layers, activation, factor, depth)}

    plots.signal_sizes({name: both for setting in STRIP for name, both in sizes(*setting, 20).items()})
    knobs = {
        "activation": Knob("activation", ACTIVATIONS, "ReLU"),
        "factor": Knob("weights / √(1/D)", FACTORS, 1.4),
        "depth": Knob("layers", DEPTHS, 20),
    }
    offer(lambda activation, factor, depth: plots.signal_sizes(sizes(activation, factor, depth)), knobs)


@waits_for_answers
def initialization(
    layers: Any, scale: Callable[[int], float | None], guess: Mapping[str, float | None] | None = None
) -> None:
    """Draw the size of a signal in ReLU layers of very different widths: two fixed scales, and a student's formula.

    Parameters
    ----------
    layers : object
        The student's functions of notebook 1.
    scale : callable
        ``scale(D)``, the standard deviation of the weights of a unit with D inputs; None if there is no formula yet.
    guess : mapping of str to float or None, optional
        The guessed size after the last layer with each scale, for a second picture.
    """
    chosen = [scale(d) for d in CHANGING[:-1]]
    tried: dict[str, list[float]] = {f"{fixed:g} everywhere": [fixed] * len(chosen) for fixed in (0.05, 0.2)}
    formula = [float(value) for value in chosen if value is not None]
    if len(formula) == len(chosen):
        tried["your formula"] = formula
    sizes = {name: signal_sizes(layers, "ReLU", scales, CHANGING) for name, scales in tried.items()}
    plots.signal_sizes(sizes)
    if guess is not None:
        reached = {name: float(both[0][-1]) for name, both in sizes.items()}
        plots.guess_and_truth(f"size of the signal after {len(chosen)} layers", guess, reached, log=True)
    if "your formula" not in sizes:
        print("There is no formula yet: write one, then run this cell again.")
        return
    last = sizes["your formula"][0][-1]
    kept = 1 / 3 < last < 3
    verdict = "✓ the signal keeps its size" if kept else "✗ the signal does not keep its size: see the hint"
    print(f"{verdict} (1 at the input, {last:.2g} after {len(chosen)} layers)")
