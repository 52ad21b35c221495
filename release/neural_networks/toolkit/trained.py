"""A trained network, from its file to its predictions: what the last two notebooks share."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.parameters import Parameters, ParametersError, load_parameters

__all__ = ["predict", "read_trained", "scale_of"]

Array = NDArray[Any]


def scale_of(standardizer: Callable[..., Any], X: Array) -> tuple[Array, Array]:
    """Read off from a standardizing function the mean and the standard deviation that it uses.

    Parameters
    ----------
    standardizer : callable
        ``standardizer(train, other) -> (train, other)``, both standardized by `train`.
    X : ndarray, (N, D)
        The training data.

    Returns
    -------
    mean, std : ndarray of float64, (D,)
        As in ``(x - mean) / std``; `std` is 1 where a feature is constant.
    """
    low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)  # (D,)
    _, ends = standardizer(X, np.stack([low, high]))
    ends = np.asarray(ends, dtype=np.float64)  # (2, D)
    varies = ends[1] > ends[0]
    slope = np.where(varies, ends[1] - ends[0], 1) / np.where(varies, high - low, 1)
    return low - np.where(varies, ends[0], 0) / slope, 1 / slope


def read_trained(path: str | os.PathLike[str], data_sets: Collection[str], exercise: str) -> Parameters:
    """Read the parameters that a training cell saved.

    Parameters
    ----------
    path : str or path-like
        The file.
    data_sets : collection of str
        Names of the data sets that it may belong to.
    exercise : str
        The exercise that asks for it, for the message.

    Returns
    -------
    toolkit.parameters.Parameters

    Raises
    ------
    NotImplementedError
        There is no such file.
    ParametersError
        It cannot be read, or belongs to another data set.
    """
    if not os.path.lexists(path):
        raise NotImplementedError(f"Exercise {exercise}: train your network, {path} is not here yet")
    trained = load_parameters(path)
    if trained.data_set not in data_sets:
        raise ParametersError(
            f"{path} holds a network for {trained.data_set}, not for {' or '.join(data_sets)}: "
            "train and save it in this notebook."
        )
    return trained


def predict(
    trained: Parameters, network: Callable[..., Any], category: str, X: Array, limit: float = np.inf
) -> Array:
    """Compute the scores of a trained network.

    Parameters
    ----------
    trained : Parameters
        Its parameters, and the mean and standard deviation for its features.
    network : callable
        `FullyConnectedNet`, or what is called like it.
    category : str
        ``"classification"`` or ``"regression"``.
    X : ndarray, (N, D)
        Features as in the data set.
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
    features = np.clip((X - trained.mean) / trained.std, -limit, limit).astype(dtype)  # (N, D)
    return np.asarray(model.loss(features))
