"""Of several training runs the best network is kept, and all of them are listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolkit.data import load
from toolkit.parameters import load_parameters, save_parameters
from toolkit.runs import keep_best, show_runs
from toolkit.solver import Solver


class Linear:
    """A linear network with squared error, with the arguments of `FullyConnectedNet`."""

    def __init__(self, category: str, hidden_dims: Any, input_dim: int, output_dim: int, **_: Any) -> None:
        assert not hidden_dims
        self.category, self.reg = category, 1e-3
        self.params = {"W1": np.zeros((input_dim, output_dim)), "b1": np.zeros(output_dim)}

    def loss(self, X: np.ndarray, y: np.ndarray | None = None) -> Any:
        scores = X @ self.params["W1"] + self.params["b1"]  # (N, D) @ (D, 1) -> (N, 1)
        if y is None:
            return scores
        error = scores - y.reshape(-1, 1)
        return np.mean(error**2), {"W1": 2 * X.T @ error / len(X), "b1": 2 * error.mean(axis=0)}


def sgd(w: np.ndarray, dw: np.ndarray, config: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
    return w - config["learning_rate"] * dw, config


DATA = load("diabetes")
MEAN, STD = DATA.X_train.mean(axis=0), DATA.X_train.std(axis=0)


def run(epochs: int, rule: Any = sgd, rate: float = 0.01) -> Solver:
    """Train for some epochs: more epochs, a better network."""
    arrays = DATA.as_dict() | {"X_train": (DATA.X_train - MEAN) / STD, "X_val": (DATA.X_val - MEAN) / STD}
    model = Linear("regression", [], DATA.input_dim, 1)
    settings = {"learning_rate": rate, "lr_decay": 0.9, "rng": np.random.default_rng(0), "verbose": False}
    return Solver(model, arrays, update_rule=rule, num_epochs=epochs, **settings).train()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of trained parameters."""
    return tmp_path / "housing_parameters.npz"


def keep(path: Path, solver: Solver) -> None:
    keep_best(path, solver, data_set="diabetes", mean=MEAN, std=STD)


def test_a_better_run_replaces_a_worse_one_and_not_the_other_way_round(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short, long = run(1), run(8)
    keep(path, short)
    assert capsys.readouterr().out == f"housing_parameters.npz: saved this network (validation {short.best_val:.4f}).\n"
    keep(path, long)
    content = path.read_bytes()
    np.testing.assert_array_equal(load_parameters(path).params["W1"], long.best_params["W1"])
    capsys.readouterr()
    keep(path, short)
    said = capsys.readouterr().out
    assert path.read_bytes() == content
    results = f"(validation {long.best_val:.4f}, this run {short.best_val:.4f})"
    assert said == f"housing_parameters.npz: not saved: the file holds a network that is as good or better {results}.\n"


def test_an_interrupted_run_is_kept_only_if_it_is_better(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupting(w: np.ndarray, dw: np.ndarray, config: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
        steps.append(1)
        if len(steps) > 12:  # two epochs of three steps for two parameters
            raise KeyboardInterrupt
        return sgd(w, dw, config)

    steps: list[int] = []
    solver = run(15, interrupting)
    assert "Stopped after 2 of 15 epochs: interrupted" in capsys.readouterr().out
    keep(path, solver)
    assert path.exists()  # better than nothing
    keep(path, run(15))
    content = path.read_bytes()
    keep(path, solver)
    assert path.read_bytes() == content
    assert f"this run {solver.best_val:.4f}, interrupted)" in capsys.readouterr().out


def test_a_run_without_a_result_is_not_saved(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(path, run(2, rate=1e200))
    assert not path.exists()
    assert "housing_parameters.npz: not saved: the run has no result (diverged)." in capsys.readouterr().out


def test_a_damaged_file_is_replaced(path: Path) -> None:
    path.write_bytes(b"PK")
    keep(path, run(1))
    assert load_parameters(path).data_set == "diabetes"


def test_a_network_for_the_published_data_is_not_replaced_by_one_for_a_substitute(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays = {"W1": np.ones((8, 1)), "b1": np.zeros(1)}
    save_parameters(path, arrays, data_set="california_housing", mean=np.zeros(8), std=np.ones(8))
    keep(path, run(1))
    assert load_parameters(path).data_set == "california_housing"
    assert "the file holds a network for california_housing, and this one is for diabetes." in capsys.readouterr().out


def test_the_table_lists_settings_and_results(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solvers = [run(2), run(8), run(1)]
    for solver in solvers:
        keep(path, solver)
    capsys.readouterr()
    show_runs(path)
    heading, *rows = capsys.readouterr().out.splitlines()
    columns = "time data hidden reg rule rate decay batch epochs ended training validation"
    assert heading.split() == columns.split()
    assert [row.startswith("*") for row in rows] == [False, True, False]
    for row, solver, epochs in zip(rows, solvers, (2, 8, 1), strict=True):
        for part in ("diabetes", "0.001", "sgd", "0.01", "0.9", "128", f"{epochs} of {epochs}", "finished"):
            assert part in row.split("  ") or f" {part} " in row
        assert row.endswith(f"{solver.train_history[solver.best_epoch - 1]:.4f}    {solver.best_val:.4f}")
    assert path.with_name("housing_runs.csv").read_text(encoding="utf-8").count("\n") == 4


def test_without_a_table_there_is_only_its_heading(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_runs(path)
    assert capsys.readouterr().out.count("\n") == 1


def test_a_table_that_cannot_be_written_costs_no_run(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.with_name("housing_runs.csv").mkdir()
    keep(path, run(1))
    assert path.exists()
    assert "housing_runs.csv could not be written" in capsys.readouterr().out
