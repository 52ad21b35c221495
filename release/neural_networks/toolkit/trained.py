"""From the file of a trained network to its predictions, for the last two notebooks."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.parameters import Parameters, ParametersError, load_parameters

__all__ = ["predict", "read_trained", "scale_of"]

Array = NDArray[Any]
BATCH = 500
"""Rows that are evaluated at once: small arrays use the same memory again, and the system need not clear more."""


def scale_of(standardizer: Callable[..., Any], X: Array) -> tuple[Array, Array]:
    """Determine the mean and the standard deviation that a standardizing function uses.

    Parameters
    ----------
    standardizer : callable
        ``standardizer(train, other) -> (train, other)``, both standardized with the statistics of `train`.
    X : ndarray, (N, D)
        The training data.

    Returns
    -------
    mean, std : ndarray of float64, (D,)
        As in ``(x - mean) / std``; `std` is 1 for constant features.
    """
    low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)  # (D,)
    _, ends = standardizer(X, np.stack([low, high]))
    ends = np.asarray(ends, dtype=np.float64)  # (2, D)
    varies = ends[1] > ends[0]
    slope = np.where(varies, ends[1] - ends[0], 1) / np.where(varies, high - low, 1)
    return low - np.where(varies, ends[0], 0) / slope, 1 / slope


def read_trained(path: str | os.PathLike[str], data_sets: Collection[str], exercise: str) -> Parameters:
    """Load the parameters that a training cell saved.

    Parameters
    ----------
    path : str or path-like
        The file.
    data_sets : collection of str
        Names of the data sets on which the network may have been trained.
    exercise : str
        Number of the exercise that creates the file, for the message.

    Returns
    -------
    toolkit.parameters.Parameters

    Raises
    ------
    NotImplementedError
        The file does not exist.
    ParametersError
        The file cannot be loaded, or its network was trained on another data set.
    """
    if not os.path.lexists(path):
        raise NotImplementedError(f"Exercise {exercise}: train your network to create {path}")
    trained = load_parameters(path)
    if trained.data_set not in data_sets:
        raise ParametersError(
            f"{path} contains a network for {trained.data_set}, not for {' or '.join(data_sets)}: "
            "train a network in this notebook and save it."
        )
    return trained


def predict(trained: Parameters, network: Callable[..., Any], category: str, X: Array, limit: float = np.inf) -> Array:
    """Compute the scores of a trained network.

    Parameters
    ----------
    trained : Parameters
        The parameters of the network, and the mean and standard deviation of its features.
    network : callable
        `FullyConnectedNet`, or another class with the same arguments.
    category : str
        ``"classification"`` or ``"regression"``.
    X : ndarray, (N, D)
        Features, not standardized.
    limit : float
        Standardized features are clipped to ±limit.

    Returns
    -------
    ndarray, (N, output_dim)
    """
    biases = [b.size for name, b in trained.params.items() if name.startswith("b")]
    dtype = trained.params["W1"].dtype
    model = network(category, biases[:-1], input_dim=X.shape[1], output_dim=biases[-1], dtype=dtype)
    for name, w in trained.params.items():
        model.params[name] = w
    scores = [
        model.loss(np.clip((batch - trained.mean) / trained.std, -limit, limit).astype(dtype))
        for batch in np.split(X, range(BATCH, len(X), BATCH))
    ]
    return np.concatenate(scores)
