"""The record that every loader returns."""

import numpy as np
import pytest

from toolkit.data import DIMENSIONS, load


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_arrays_are_read_only(name):
    dataset = load(name)
    for array in [*dataset.as_dict().values(), dataset.X_test, dataset.y_test]:
        with pytest.raises(ValueError, match="read-only"):
            array -= 1


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_dimensions(name):
    dataset = load(name)
    assert dataset.X_train.shape[1] == dataset.input_dim == DIMENSIONS[name][0]
    assert dataset.output_dim == (10 if dataset.category == "classification" else 1)
    assert dataset.y_train.ndim == 1
    assert dataset.y_train.dtype == (np.int64 if name == "digits" else np.float64)
    assert dataset.X_train.dtype == (np.float32 if name == "digits" else np.float64)
    assert dataset.image_shape == ((8, 8) if name == "digits" else None)
    assert len(dataset.feature_names) == (0 if name == "digits" else 10)


def test_as_dict_has_the_arrays_that_the_solver_needs():
    dataset = load("digits")
    arrays = dataset.as_dict()
    assert list(arrays) == ["X_train", "y_train", "X_val", "y_val"]
    assert arrays["X_val"] is dataset.X_val


def test_repr():
    assert repr(load("digits")) == (
        "Dataset(digits, classification: X_train (1150, 64), X_val (288, 64), X_test (359, 64), float32)"
    )
