"""The record that every loader returns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DIMENSIONS = {
    "mnist": (784, 10),
    "mnist_5k": (784, 10),
    "digits": (64, 10),
    "california_housing": (8, 1),
    "diabetes": (10, 1),
}
"""Number of features and number of outputs of each data set, by name."""


@dataclass(frozen=True, repr=False, eq=False)
class Dataset:
    """A data set with training, validation and test splits. Its arrays are read-only: change copies.

    Attributes
    ----------
    name : str
        ``"mnist"``, ``"mnist_5k"``, ``"digits"``, ``"california_housing"`` or ``"diabetes"``.
    category : str
        ``"classification"`` or ``"regression"``.
    X_train, X_val, X_test : ndarray, (N, D)
        Features: float32 for images (raw pixel values), float64 for tables.
    y_train, y_val, y_test : ndarray, (N,)
        Labels 0 … 9 (int64) or target values (float64).
    target_name : str
        Name and unit of y.
    feature_names : tuple of str
        Names of the D features of a table; empty for images.
    image_shape : tuple of int, or None
        Height and width of an image; None for a table.
    """

    name: str
    category: str
    X_train: Array
    y_train: Array
    X_val: Array
    y_val: Array
    X_test: Array
    y_test: Array
    target_name: str
    feature_names: tuple[str, ...] = ()
    image_shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Make the arrays read-only, because all callers share them."""
        for value in (getattr(self, field.name) for field in fields(self)):
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def input_dim(self) -> int:
        """Number of features, D."""
        return DIMENSIONS[self.name][0]

    @property
    def output_dim(self) -> int:
        """Number of classes, or 1 for regression."""
        return DIMENSIONS[self.name][1]

    def as_dict(self) -> dict[str, Array]:
        """Return the arrays that `Solver` needs: X_train, y_train, X_val and y_val, by name."""
        return {key: getattr(self, key) for key in ("X_train", "y_train", "X_val", "y_val")}

    def __repr__(self) -> str:
        """Return the name, the category and the shapes."""
        splits = ((split, getattr(self, f"X_{split}")) for split in ("train", "val", "test"))
        shapes = ", ".join(f"X_{split} {X.shape}" for split, X in splits)
        return f"Dataset({self.name}, {self.category}: {shapes}, {self.X_train.dtype})"
