"""Train the networks of the reference answers, once, and keep their files.

    python tools/train_reference.py [--force]

The files lie in a folder below ``.cache/reference/`` that is called by the data sets found, under the
names that students give them: ``mnist_parameters.npz`` and ``housing_parameters.npz``.  What is
there already is only measured.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# On a busy machine several threads of one product wait for each other: one is quicker.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "assignment" / "neural_networks"
CACHE = ROOT / ".cache" / "reference"

sys.path.insert(0, str(SOURCE))

from toolkit.data import DataError, Dataset, load_california_housing, load_mnist
from toolkit.earlier import Answers, answers
from toolkit.parameters import load_parameters, save_parameters
from toolkit.trained import predict, scale_of


@dataclass(frozen=True)
class Task:
    """What one notebook trains: its data, its answers, its file."""

    notebook: str
    load: Callable[[], Dataset]
    file: str
    build: str
    train: str
    standardizer: Callable[[Answers, float], Callable[..., Any]]
    limit: float
    epochs: dict[str, int]


TASKS = (
    Task(
        "06_mnist",
        load_mnist,
        "mnist_parameters.npz",
        "build_mnist_model",
        "train_mnist_model",
        lambda notebook, limit: notebook.standardize,
        np.inf,
        {"mnist": 12, "mnist_5k": 40, "digits": 40},
    ),
    Task(
        "07_california_housing",
        load_california_housing,
        "housing_parameters.npz",
        "build_housing_model",
        "train_housing_model",
        lambda notebook, limit: lambda *X: notebook.standardize_and_clip(*X, limit=limit),
        4.0,
        {"california_housing": 40, "diabetes": 40},
    ),
)


def parameters_folder() -> Path:
    """Give the folder of both files, for the data sets found on this machine."""
    return _folder([task.load() for task in TASKS])


def _folder(data_sets: list[Dataset]) -> Path:
    return CACHE / "+".join(data.name for data in data_sets)


def train(task: Task, data: Dataset, path: Path) -> None:
    """Train as the notebook's own training cell does, and save the parameters."""
    notebook = answers(task.notebook, folder=SOURCE)
    X_train, X_val = task.standardizer(notebook, task.limit)(data.X_train, data.X_val)
    arrays = {"X_train": X_train, "y_train": data.y_train, "X_val": X_val, "y_val": data.y_val}
    model = getattr(notebook, task.build)(np.random.default_rng(0))
    getattr(notebook, task.train)(model, arrays, task.epochs[data.name])
    mean, std = scale_of(task.standardizer(notebook, np.inf), data.X_train)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_parameters(path, model.params, data_set=data.name, mean=mean, std=std)


def measure(task: Task, data: Dataset, path: Path) -> str:
    """Accuracy, or error and R², on the test data."""
    network = answers("04_fully_connected_net", folder=SOURCE).FullyConnectedNet
    scores = predict(load_parameters(path), network, data.category, data.X_test, task.limit)
    if data.category == "classification":
        return f"test accuracy {np.mean(scores.argmax(axis=1) == data.y_test):.4f}"
    squares = np.mean((scores[:, 0] - data.y_test) ** 2)
    return f"test RMSE {np.sqrt(squares):.4f}, R² {1 - squares / data.y_test.var():.4f}"


def main() -> None:
    """Train what is missing, and print one line for each network."""
    parser = argparse.ArgumentParser(description="Train the reference's networks, and keep their files.")
    parser.add_argument("--force", action="store_true", help="train again what is there already")
    force = parser.parse_args().force
    data_sets = [task.load() for task in TASKS]
    for task, data in zip(TASKS, data_sets, strict=True):
        path = _folder(data_sets) / task.file
        start = time.perf_counter()
        how = "kept"
        if force or not path.exists():
            with contextlib.redirect_stdout(io.StringIO()):
                train(task, data, path)
            how = f"trained in {time.perf_counter() - start:.1f} s"
        print(f"{os.path.relpath(path)}: {data.name}, {measure(task, data, path)}, {how}")


if __name__ == "__main__":
    try:
        main()
    except DataError as error:
        sys.exit(str(error))
