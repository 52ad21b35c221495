"""The inputs of the networks: scaled digits, standardized targets, piecewise-linear features."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.data import load_california_housing, load_mnist
from tools.results.data import all_for_training, images, piecewise_linear, table, with_diagonals


def test_piecewise_linear_features_of_known_numbers() -> None:
    train = np.array([[0.0], [1.0], [2.0], [10.0], [20.0]])
    (encoded, other) = piecewise_linear(train, np.array([[-5.0], [6.0], [99.0]]), bins=2)  # edges 0, 2, 20
    np.testing.assert_allclose(encoded, [[0, 0], [0.5, 0], [1, 0], [1, 8 / 18], [1, 1]])
    np.testing.assert_allclose(other, [[0, 0], [1, 4 / 18], [1, 1]])


def test_equal_quantiles_are_one_edge_and_a_constant_has_no_bin() -> None:
    train = np.column_stack([np.zeros(6), [0, 0, 0, 0, 1, 2]])
    (encoded,) = piecewise_linear(train, bins=4)
    assert encoded.shape[0] == 6
    assert encoded.shape[1] < 4
    assert np.isfinite(encoded).all()


def test_digits_are_between_0_and_1() -> None:
    arrays = images(load_mnist(), limit=50)
    assert arrays["X_train"].dtype == np.float32
    assert arrays["X_train"].shape[0] == arrays["y_test"].shape[0] == 50
    assert arrays["X_train"].min() == 0
    assert arrays["X_train"].max() == pytest.approx(1)


def test_images_for_validation_join_those_for_training() -> None:
    arrays = images(load_mnist(), limit=50)
    joined = all_for_training(arrays)
    assert joined["X_train"].shape == (100, arrays["X_val"].shape[1])
    np.testing.assert_array_equal(joined["y_train"][50:], arrays["y_val"])
    assert joined["X_test"] is arrays["X_test"]
    assert "X_val" not in joined


def test_the_target_is_standardized_by_the_training_data() -> None:
    arrays = table(load_california_housing(), piecewise_linear, limit=100)
    assert arrays["y_train"].mean() == pytest.approx(0, abs=1e-5)
    assert arrays["y_train"].std() == pytest.approx(1, abs=1e-5)
    assert abs(arrays["y_test"].mean()) > 1e-3


def test_diagonals_are_sum_and_difference_of_the_location() -> None:
    housing = load_california_housing()
    (X,) = with_diagonals(housing.X_test[:3])
    assert X.shape == (3, housing.X_test.shape[1] + 2)
    np.testing.assert_allclose(X[:, -2] + X[:, -1], 2 * X[:, 6])
    np.testing.assert_allclose(X[:, -2] - X[:, -1], 2 * X[:, 7])
