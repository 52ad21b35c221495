"""From the file of a trained network to its predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from toolkit.parameters import Parameters, ParametersError, save_parameters
from toolkit.trained import BATCH, predict, read_trained, scale_of


def own_standardize(train, *others, limit=np.inf):  # type: ignore[no-untyped-def]
    mean, std = train.mean(axis=0), train.std(axis=0)
    std[std == 0] = 1
    return tuple(np.clip((X - mean) / std, -limit, limit) for X in (train, *others))


def zero_where_constant(train, *others):  # type: ignore[no-untyped-def]
    std = train.std(axis=0)
    scaled = own_standardize(train, *others)
    return [np.where(std > 0, X, 0) for X in scaled]


class Net:
    """A linear network of any size."""

    def __init__(self, category, hidden_dims, *, input_dim, output_dim, dtype):  # type: ignore[no-untyped-def]
        self.described = category, hidden_dims, input_dim, output_dim, dtype
        self.params: dict[str, np.ndarray] = {}

    def loss(self, X: np.ndarray) -> np.ndarray:
        assert X.dtype == self.described[-1]
        for layer in range(1, len(self.params) // 2 + 1):
            X = X @ self.params[f"W{layer}"] + self.params[f"b{layer}"]
        return X


@pytest.fixture
def diabetes() -> Parameters:
    """Return a network that adds up ten features and predicts one value."""
    params = {"W1": np.ones((10, 2), np.float32), "b1": np.zeros(2, np.float32)}
    params |= {"W2": np.full((2, 1), 0.5, np.float32), "b2": np.ones(1, np.float32)}
    return Parameters(params, "diabetes", np.full(10, 3.0), np.full(10, 2.0))


@pytest.mark.parametrize("standardizer", [own_standardize, zero_where_constant])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_scale_is_read_off_from_a_function(standardizer, dtype) -> None:  # type: ignore[no-untyped-def]
    X = np.random.default_rng(0).normal(5, 20, size=(50, 6)).astype(dtype)
    X[:, [1, 4]] = 0, 7
    mean, std = scale_of(standardizer, X)
    varies = [0, 2, 3, 5]
    np.testing.assert_allclose(mean[varies], X.mean(axis=0)[varies], rtol=1e-4)
    np.testing.assert_allclose(std[varies], X.std(axis=0)[varies], rtol=1e-4)
    assert mean[[1, 4]].tolist() == [0, 7]
    assert std[[1, 4]].tolist() == [1, 1]


def test_predictions_are_standardized_and_clipped(diabetes: Parameters) -> None:
    X = np.full((2, 10), 3.0)
    X[1, :2] = 5, 103  # 1 and 50 standard deviations from the mean
    assert predict(diabetes, Net, "regression", X).tolist() == [[1], [52]]
    assert predict(diabetes, Net, "regression", X, limit=4.0).tolist() == [[1], [6]]


@pytest.mark.parametrize("rows", [0, 1, BATCH, BATCH + 1, 2 * BATCH])
def test_predictions_in_batches_are_those_of_all_rows(rows: int, diabetes: Parameters) -> None:
    X = np.random.default_rng(0).normal(3, 2, size=(rows, 10))
    wanted = ((X - 3) / 2).astype(np.float32).sum(axis=1, keepdims=True) + 1
    np.testing.assert_allclose(predict(diabetes, Net, "regression", X), wanted, atol=1e-5)


def test_a_missing_file_is_an_unfinished_exercise(tmp_path: Path) -> None:
    with pytest.raises(
        NotImplementedError, match=r"Exercise 7\.5: train your network to create .*housing_parameters\.npz"
    ):
        read_trained(tmp_path / "housing_parameters.npz", {"diabetes"}, "7.5")


def test_a_file_for_other_data_is_refused(tmp_path: Path, diabetes: Parameters) -> None:
    path = tmp_path / "mnist_parameters.npz"
    save_parameters(path, diabetes.params, data_set="diabetes", mean=diabetes.mean, std=diabetes.std)
    assert read_trained(path, {"diabetes"}, "7.5").data_set == "diabetes"
    with pytest.raises(ParametersError, match="contains a network for diabetes, not for mnist or digits"):
        read_trained(path, ("mnist", "digits"), "6.4")
