"""Both data sets as the results use them, and the piecewise-linear features of tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.data import Dataset

Array = NDArray[Any]
SPLITS = ("train", "val", "test")


def images(data: Dataset, limit: int | None = None) -> dict[str, Array]:
    """Scale the brightest pixel to 1; the black background stays 0, so that dropout of pixels makes sense.

    Parameters
    ----------
    data : Dataset
    limit : int, optional
        Use only so many examples of each split.

    Returns
    -------
    dict of ndarray
        "X_train" (N, D) in float32, "y_train" (N,), and the same for "val" and "test".
    """
    brightest = np.float32(1 / data.X_train.max())
    arrays = {f"X_{split}": getattr(data, f"X_{split}")[:limit].astype(np.float32) * brightest for split in SPLITS}
    return arrays | {f"y_{split}": getattr(data, f"y_{split}")[:limit] for split in SPLITS}


def all_for_training(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Join the images for training and for validation, whose work is done once the settings are chosen.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        What `images` returned.

    Returns
    -------
    dict of ndarray
        "X_train", "y_train", "X_test" and "y_test": there are no images for validation any more.
    """
    joined = {f"{kind}_train": np.concatenate([arrays[f"{kind}_train"], arrays[f"{kind}_val"]]) for kind in "Xy"}
    return joined | {f"{kind}_test": arrays[f"{kind}_test"] for kind in "Xy"}


def table(data: Dataset, encode: Any, limit: int | None = None) -> dict[str, Array]:
    """Encode the features of a table, and standardize its target by the training data.

    Parameters
    ----------
    data : Dataset
    encode : callable
        `(train, *others) -> tuple` of encoded arrays.
    limit : int, optional
        Use only so many examples of each split.

    Returns
    -------
    dict of ndarray
        As `images` has it, all in float32; y is standardized.
    """
    X = encode(*(getattr(data, f"X_{split}")[:limit] for split in SPLITS))
    mean, std = data.y_train[:limit].mean(), data.y_train[:limit].std()
    arrays = {f"X_{split}": each.astype(np.float32) for split, each in zip(SPLITS, X, strict=True)}
    scaled = {f"y_{split}": (getattr(data, f"y_{split}")[:limit] - mean) / std for split in SPLITS}
    return arrays | {name: y.astype(np.float32) for name, y in scaled.items()}


LOCATION = (6, 7)
"""Latitude and longitude in California housing."""


def with_diagonals(*arrays: Array) -> tuple[Array, ...]:
    """Append latitude + longitude and latitude - longitude, so that diagonals of the map have bins too.

    California's coast runs from north-west to south-east: on a diagonal, a bin is a strip along the coast.
    """
    latitude, longitude = LOCATION
    return tuple(
        np.column_stack([X, X[:, latitude] + X[:, longitude], X[:, latitude] - X[:, longitude]]) for X in arrays
    )


def piecewise_linear(train: Array, *others: Array, bins: int = 48) -> tuple[Array, ...]:
    """Encode every feature as the shares of its quantile bins that lie below the value.

    A bin's share is 0 below the bin, 1 above it, and rises linearly within, so that the first layer of a network can
    learn any piecewise-linear function of each feature (Gorishniy et al., "On Embeddings for Numerical Features in
    Tabular Deep Learning", 2022).

    Parameters
    ----------
    train : ndarray, (N, D)
        Its quantiles are the edges of the bins; equal edges are used once.
    *others : ndarray, (N_i, D)
    bins : int
        Largest number of bins of a feature.

    Returns
    -------
    tuple of ndarray
        `train` and all `others`, (N_i, sum of all bins), between 0 and 1.
    """
    shares = np.linspace(0, 1, bins + 1)
    edges = [np.unique(np.quantile(column, shares)) for column in train.T]
    return tuple(
        np.hstack(
            [np.clip((x[:, None] - e[:-1]) / np.diff(e), 0, 1) for x, e in zip(X.T, edges, strict=True)]
        )  # (N, bins)
        for X in (train, *others)
    )
