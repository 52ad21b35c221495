"""Keep the best network of several training runs, and a table of all runs.

`keep_best` saves a network only if it is better on the validation data than the one that the file holds. Each run
becomes a line of a table beside the file: `mnist_runs.csv` beside `mnist_parameters.npz`.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.data import DIMENSIONS, DataError, load
from toolkit.parameters import ParametersError, load_parameters, save_parameters
from toolkit.solver import Solver
from toolkit.trained import predict

__all__ = ["keep_best", "show_runs"]

Array = NDArray[Any]


def keep_best(
    path: str | os.PathLike[str],
    solver: Solver,
    *,
    data_set: str,
    mean: Array,
    std: Array,
    limit: float = np.inf,
) -> None:
    """Save the network of a run unless the file holds a better one; say which was kept, and why.

    Parameters
    ----------
    path : str or path-like
        The file, such as ``mnist_parameters.npz``.
    solver : Solver
        The solver after training.
    data_set : str
        `Dataset.name` of the training data.
    mean, std : ndarray, (D,)
        The statistics that standardized the features; see `toolkit.trained.scale_of`.
    limit : float
        Standardized features are clipped to ±limit.
    """
    path = Path(path)
    reason = _reason_to_keep(path, solver, data_set, limit)
    if reason is None:
        save_parameters(path, solver.best_params, data_set=data_set, mean=mean, std=std)
        reason = f"saved this network (validation {solver.best_val:.4f})"
    else:
        reason = f"not saved: {reason}"
    print(f"{path.name}: {reason}.")
    _log(_log_of(path), _row(solver, data_set) | {"file": reason})


def show_runs(path: str | os.PathLike[str]) -> None:
    """Print the table of all runs whose network was meant for a file, the best one marked with ``*``.

    Parameters
    ----------
    path : str or path-like
        The file of trained parameters.
    """
    rows = _read(_log_of(Path(path)))
    columns = [name for name in _COLUMNS if name != "file"]
    last_saved = max((i for i, row in enumerate(rows) if str(row.get("file")).startswith("saved")), default=None)
    table = [["", *columns]]
    table += [
        ["*" if i == last_saved else "", *(row.get(name) or "" for name in columns)] for i, row in enumerate(rows)
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _reason_to_keep(path: Path, solver: Solver, data_set: str, limit: float) -> str | None:
    """Say why the file should stay as it is; None if the new network should be saved."""
    if solver.best_val is None:
        return f"the run has no result ({solver.stop_reason})"
    if not path.exists():
        return None
    try:
        old = load_parameters(path)
    except ParametersError:
        return None  # nothing that could be used
    names = list(DIMENSIONS)  # each published data set stands before its replacements
    if old.data_set != data_set:
        larger = names.index(old.data_set) < names.index(data_set)
        return f"the file holds a network for {old.data_set}, and this one is for {data_set}" if larger else None
    try:
        data = load(data_set)
        scores = predict(old, type(solver.model), data.category, data.X_val, limit)
        held = solver.measure(scores, data.y_val)
    except (DataError, ArithmeticError, LookupError, TypeError, ValueError):
        return None  # a network that cannot be measured is not known to be better
    if solver.better(solver.best_val, held):
        return None
    ended = "" if solver.stop_reason == "finished" else f", {solver.stop_reason}"
    results = f"validation {held:.4f}, this run {solver.best_val:.4f}{ended}"
    return f"the file holds a network that is as good or better ({results})"


_COLUMNS = (
    "time", "data", "hidden", "reg", "rule", "rate", "decay", "batch", "epochs", "ended",
    "training", "validation", "file",
)  # fmt: skip


def _row(solver: Solver, data_set: str) -> dict[str, str]:
    """Describe settings and results of a run as text."""
    sizes = [str(b.size) for name, b in solver.best_params.items() if name.startswith("b")]
    settings = (solver.learning_rate_at_start, solver.lr_decay, getattr(solver.model, "reg", ""))
    rate, decay, reg = (f"{value:g}" if isinstance(value, (int, float)) else str(value) for value in settings)
    train = solver.train_history[solver.best_epoch - 1] if solver.best_epoch else np.nan
    return {
        "time": time.strftime("%Y-%m-%d %H:%M"),
        "data": data_set,
        "hidden": " ".join(sizes[:-1]),
        "reg": reg,
        "rule": solver.update_rule_name,
        "rate": rate,
        "decay": decay,
        "batch": str(solver.batch_size),
        "epochs": f"{solver.epochs_done} of {solver.last_epoch}",
        "ended": solver.stop_reason,
        "training": f"{train:.4f}",
        "validation": "" if solver.best_val is None else f"{solver.best_val:.4f}",
    }


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.stem.removesuffix('_parameters')}_runs.csv")


def _log(path: Path, row: Mapping[str, str]) -> None:
    """Add a line to the table; a table that cannot be written costs no run."""
    try:
        new = not path.exists()
        with path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, _COLUMNS)
            if new:
                writer.writeheader()
            writer.writerow(row)
    except OSError as error:
        print(f"{path.name} could not be written ({error.strerror}): this run is not in the table.")


def _read(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return list(csv.DictReader(file))
    except OSError:
        return []
