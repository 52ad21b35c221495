"""What a network learned: digits shifted, turned and covered by noise, calibration, and its surest mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.results.accuracy import DIGITS, probabilities
from tools.results.augmentation import GRID, rotation, sampled
from tools.results.context import Context
from tools.results.store import Result

Array = NDArray[Any]
BINS, MISTAKES = 10, 12


def shifted(X: Array, pixels: float) -> Array:
    """Shift images (N, 784) to the right."""
    return sampled(X, GRID - np.array([0, pixels], np.float32)[:, None, None])


def turned(X: Array, degrees: float) -> Array:
    """Turn images (N, 784) around their middle."""
    return sampled(X, np.tensordot(rotation(np.radians(degrees)), GRID, 1))


def noisy(X: Array, strength: float) -> Array:
    """Add normal noise to images (N, 784), and clip them to 0 … 1."""
    noise = np.random.default_rng(0).standard_normal(X.shape, dtype=np.float32)
    return np.clip(X + np.float32(strength) * noise, 0, 1)


CHANGES: dict[str, tuple[Callable[[Array, float], Array], tuple[float, ...]]] = {
    "shift to the right, pixels": (shifted, (0, 1, 2, 3, 4, 6)),
    "rotation, degrees": (turned, (0, 10, 20, 30, 45, 60)),
    "noise, standard deviation": (noisy, (0, 0.1, 0.2, 0.3, 0.45, 0.6)),
}


def measure(context: Context, names: tuple[str, ...] = ("plain", "augmented")) -> Result:
    """Measure networks that have been trained: accuracy on changed images, calibration, surest mistakes."""
    arrays = context.images()
    X, y = arrays["X_test"], arrays["y_test"]
    result: Result = {"changes": {}, "calibration": {}}
    for name in names:
        solver = context.trained(DIGITS[name][0], arrays, context.seeds[0])
        result["changes"][name] = {
            change: [solver.measure(solver.predict(apply(X, strength)), y) for strength in strengths]
            for change, (apply, strengths) in CHANGES.items()
        }
        p = probabilities(solver.predict(X))
        result["calibration"][name] = calibration(p, y)
        if name == names[0]:
            result["mistakes"] = surest_mistakes(p, y)
    return result


def calibration(p: Array, y: Array) -> Result:
    """Compare confidence with accuracy in ten bins of equal width.

    Parameters
    ----------
    p : ndarray, (N, C)
        Probabilities.
    y : ndarray of int, (N,)

    Returns
    -------
    dict
        "confidence", "accuracy" and "share" of each bin that is not empty, and "error": the mean difference of
        confidence and accuracy, weighted by share (the expected calibration error).
    """
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    rows = [(confidence[bins == b].mean(), right[bins == b].mean(), np.mean(bins == b)) for b in np.unique(bins)]
    return {
        "confidence": [float(row[0]) for row in rows],
        "accuracy": [float(row[1]) for row in rows],
        "share": [float(row[2]) for row in rows],
        "error": float(sum(abs(row[0] - row[1]) * row[2] for row in rows)),
    }


def surest_mistakes(p: Array, y: Array) -> list[Result]:
    """Return the wrong predictions with the highest probability: test image, class, prediction, probability."""
    confidence, predicted = p.max(axis=1), p.argmax(axis=1)
    wrong = np.flatnonzero(predicted != y)
    surest = wrong[np.argsort(-confidence[wrong])][:MISTAKES]
    return [
        {"image": int(i), "class": int(y[i]), "predicted": int(predicted[i]), "probability": float(confidence[i])}
        for i in surest
    ]
