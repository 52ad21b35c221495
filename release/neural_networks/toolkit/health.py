"""Signs of a healthy training: how far a step moves the weights, how large gradients are, which units are dead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pulse", "dead_units", "pulse"]

Array = NDArray[Any]


class Pulse(NamedTuple):
    """One matrix of weights in one step of training."""

    gradient: float
    """Norm of its gradient."""
    update: float
    """Norm of the step over the norm of the weights: about 0.001 is healthy."""


def pulse(w: Array, dw: Array, next_w: Array) -> Pulse:
    """Measure one step.

    Parameters
    ----------
    w, dw, next_w : ndarray, all of one shape
        Weights before the step, their gradient, and the weights after the step.

    Returns
    -------
    Pulse
    """
    size = float(np.linalg.norm(w))
    moved = float(np.linalg.norm(np.asarray(next_w) - w))
    return Pulse(float(np.linalg.norm(dw)), moved / size if size else float("nan"))


def dead_units(params: Mapping[str, Array], X: Array) -> list[float]:
    """Compute the share of hidden units that output 0 for every example, layer by layer.

    Parameters
    ----------
    params : mapping of str to ndarray
        "W1", "b1", ..., of a network of affine layers with ReLUs between them.
    X : ndarray, shape (N, ...)
        Examples.

    Returns
    -------
    list of float
        A share for each hidden layer; empty for another kind of network, such as one with batch normalization.
    """
    depth = len(params) // 2
    if set(params) != {f"{kind}{k}" for kind in "Wb" for k in range(1, depth + 1)}:
        return []
    shares, out = [], X.reshape(len(X), -1)
    for k in range(1, depth):
        if out.shape[1:] != params[f"W{k}"].shape[:1]:
            return []
        out = np.maximum(out @ params[f"W{k}"] + params[f"b{k}"], 0)  # (N, units)
        shares.append(float(np.mean(~out.any(axis=0))))
    return shares
