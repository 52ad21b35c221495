"""Files of trained parameters earn points only on the data set that the grader itself has loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.assignment.marks import Marks
from toolkit.parameters import save_parameters

pytestmark = pytest.mark.slow

TESTS = {
    "06_mnist": (
        "test_train_mnist_model__accuracy",
        "mnist_parameters.npz",
        {"mnist": (784, 10), "mnist_5k": (784, 10), "digits": (64, 10)},
    ),
    "07_california_housing": (
        "test_train_housing_model__rmse",
        "housing_parameters.npz",
        {"california_housing": (8, 1), "diabetes": (10, 1)},
    ),
}
HAS_DATA = bool(os.environ.get("NN_DATA_DIR"))
needs_data = pytest.mark.skipif(not HAS_DATA, reason="MNIST and California housing are not on this machine")


def save(folder: Path, notebook: str, data_set: str) -> str:
    """Save an untrained network for a data set; give the name of the test."""
    test, file, sizes = TESTS[notebook]
    inputs, outputs = sizes[data_set]
    params = {"W1": np.zeros((inputs, outputs), np.float32), "b1": np.zeros(outputs, np.float32)}
    save_parameters(folder / file, params, data_set=data_set, mean=np.zeros(inputs), std=np.ones(inputs))
    return test


@pytest.fixture
def without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Marks]:
    """Marks on a machine that has the substitutes only; its working folder is `tmp_path`."""
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NN_OFFLINE", "1")
    made = Marks(folder=tmp_path, data_dir=tmp_path / "data")
    yield made
    made.close()


@needs_data
@pytest.mark.parametrize(
    ("notebook", "data_set", "error"),
    [
        ("06_mnist", "mnist", None),
        ("06_mnist", "mnist_5k", "NeedsHumanError"),
        ("06_mnist", "digits", "NeedsHumanError"),
        ("07_california_housing", "california_housing", None),
        ("07_california_housing", "diabetes", "NeedsHumanError"),
    ],
)
def test_a_network_for_the_substitute_is_left_to_a_person(
    notebook: str, data_set: str, error: str | None, tmp_path: Path
) -> None:
    """The easier data set earns nothing by itself, and an honest student without a network is not given 0."""
    test = save(tmp_path, notebook, data_set)
    marks = Marks(folder=tmp_path)
    try:
        assert marks.ending_of(notebook, test) == (error, 0.0)
    finally:
        marks.close()


@pytest.mark.parametrize(
    ("notebook", "data_set", "error"),
    [
        ("06_mnist", "mnist", "NeedsHumanError"),
        ("06_mnist", "mnist_5k", None),
        ("06_mnist", "digits", "NeedsHumanError"),
        ("07_california_housing", "california_housing", "NeedsHumanError"),
        ("07_california_housing", "diabetes", None),
    ],
)
def test_a_grader_without_the_data_set_leaves_the_cell_to_a_person(
    notebook: str, data_set: str, error: str | None, tmp_path: Path, without_data: Marks
) -> None:
    test = save(tmp_path, notebook, data_set)
    assert without_data.ending_of(notebook, test) == (error, 0.0)
