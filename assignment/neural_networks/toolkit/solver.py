"""The training loop: mini-batches, an update rule, histories and the best parameters."""

from __future__ import annotations

import copy
import math
import operator
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController
from tqdm import tqdm

from toolkit.health import Pulse, dead_units, pulse

__all__ = ["Model", "Solver", "UpdateRule"]

Array = NDArray[Any]
UpdateRule = Callable[[Array, Array, dict[str, Any]], tuple[Array, dict[str, Any]]]


class Model(Protocol):
    """The attributes and the method that a network needs for training, like `FullyConnectedNet`."""

    category: str
    params: dict[str, Array]

    def loss(self, X: Array, y: Array | None = None) -> Any:
        """Return scores (N, output_dim) if y is None, else (loss, grads)."""


class _Metric(NamedTuple):
    """A measure of quality: its name, its function, and whether one value is better than another."""

    name: str
    measure: Callable[[Array, Array], float]
    better: Callable[[float, float], bool]


def _accuracy(scores: Array, y: Array) -> float:
    """Share of rows of scores (N, C) whose largest entry is at y (N,); nan if a score is not finite."""
    if not np.isfinite(scores).all():
        return math.nan
    return float(np.mean(np.argmax(scores, axis=1) == y))


def _rmse(scores: Array, y: Array) -> float:
    """Root mean square error of scores (N, M) against y, (N, M) or, for M = 1, (N,)."""
    return float(np.sqrt(np.mean((scores.reshape(y.shape) - y) ** 2)))


_METRICS = {
    "classification": _Metric("acc", _accuracy, operator.gt),
    "regression": _Metric("rmse", _rmse, operator.lt),
}
_LABEL_KINDS = {"classification": ("iu", "integers"), "regression": ("fiu", "real numbers")}

_EXPLANATIONS = {
    "patience": "no better validation result in {solver.patience} epochs",
    "max_seconds": "reached the limit of {solver.max_seconds:g} seconds",
    "max_steps": "reached the limit of {solver.max_steps} steps",
    "interrupted": "interrupted",
    "diverged": (
        "diverged in epoch {epoch}, step {step}: the loss is not finite; try a smaller learning rate "
        "than {solver.learning_rate:g}"
    ),
}

_ALWAYS_EXPLAINED = {"max_seconds", "interrupted", "diverged"}
"""What nobody has planned is printed even if `verbose` is False."""

_EVALUATION_BATCH = 1024
_BAR_SECONDS = 0.5
"""Seconds after which a training shows a progress bar, and between its updates: a short training would only flicker."""
_WATCHED = 500
"""Training examples for which a unit is asked whether it is dead."""
_ONE_THREAD = 100_000_000
"""Multiplications of a batch with the largest weights up to which one thread is used, such as 128 x 784 x 900.

Measured with two cores and batches of 128: two threads gain at most a factor of 1.7 where nothing else runs, and
lose up to 13 where two other programs compute.
"""


class Solver:
    """Train a network on mini-batches and keep the parameters with the best validation result.

    After each epoch it prints one of these lines, for classification or for regression::

        (Epoch 7 / 20) train acc: 0.981000; val_acc: 0.972100
        (Epoch 7 / 20) train rmse: 0.512000; val_rmse: 0.548300

    Parameters
    ----------
    model : object
        The network: `category`, `params` (dict of arrays) and `loss(X, y=None)`.
    data : mapping
        "X_train" (N, …), "y_train", "X_val", "y_val", such as `Dataset.as_dict()`.
        y is (N,) integers for classification, (N,) or (N, output_dim) real for regression.
    update_rule : callable
        `(w, dw, config) -> (next_w, config)`, such as `sgd_momentum`.
    learning_rate : float
        The update rule receives it as `config["learning_rate"]`.
    lr_decay : float
        Factor by which the learning rate is multiplied after each epoch.
    batch_size : int
        Number of examples in a step; the last step of an epoch takes the rest.
    num_epochs : int
        Number of passes through the training data in a call of `train`.
    optim_config : mapping, optional
        Other settings of the update rule, such as `{"momentum": 0.9}`.
    rng : numpy.random.Generator or RandomState, optional
        Shuffles the data. None: a new generator.
    max_seconds : float, optional
        Maximum time of a call of `train`.
    max_steps : int, optional
        Maximum number of steps in a call of `train`.
    patience : int, optional
        Number of consecutive epochs without a better validation result after which to stop.
    num_train_samples : int, optional
        Number of random examples on which to measure the training result. None: all of them.
    verbose : bool
        Whether to print a line for each epoch and, after half a second, to show a progress bar.

    Attributes
    ----------
    loss_history : list of float
        The loss of each step.
    train_history, val_history : list of float
        Accuracy or root mean square error after each epoch. An epoch that a limit or an interrupt
        cuts short counts; an epoch that diverges does not.
    health_history : dict of str to list of Pulse
        For each matrix of weights ("W1", ...), its gradient and its step at the end of each whole epoch.
    dead_history : list of list of float
        After each epoch, the share of units of each hidden layer that output 0 for all of 500 training examples.
    best_params : dict of str to ndarray
        Copies of the parameters with the best validation result; before the first result, copies of
        the initial parameters.
    best_val : float or None
        The best validation result.
    best_epoch : int
        Its epoch, counted from 1; 0 before the first result.
    learning_rate, learning_rate_at_start : float
        The current learning rate, and the one that was set.
    last_epoch : int
        Number of epochs that were asked for, in all calls of `train` together.
    stop_reason : str
        Why training ended: "finished", "patience", "max_seconds", "max_steps", "interrupted" or
        "diverged"; before training, "not started".

    Raises
    ------
    ValueError
        An argument is not valid; the message names it.
    """

    def __init__(
        self,
        model: Model,
        data: Mapping[str, Array],
        *,
        update_rule: UpdateRule,
        learning_rate: float = 1e-2,
        lr_decay: float = 1.0,
        batch_size: int = 128,
        num_epochs: int = 10,
        optim_config: Mapping[str, Any] | None = None,
        rng: np.random.Generator | np.random.RandomState | None = None,
        max_seconds: float | None = None,
        max_steps: int | None = None,
        patience: int | None = None,
        num_train_samples: int | None = 1000,
        verbose: bool = True,
    ) -> None:
        self.model = model
        self.update_rule = update_rule
        self.learning_rate = self.learning_rate_at_start = _positive("learning_rate", learning_rate)
        self.lr_decay = _positive("lr_decay", lr_decay)
        self.batch_size = _count("batch_size", batch_size)
        self.num_epochs = _count("num_epochs", num_epochs)
        self.optim_config = dict(optim_config or {})
        self.rng = np.random.default_rng() if rng is None else rng
        self.max_seconds = _optional(_positive, "max_seconds", max_seconds)
        self.max_steps = _optional(_count, "max_steps", max_steps)
        self.patience = _optional(_count, "patience", patience)
        self.num_train_samples = _optional(_count, "num_train_samples", num_train_samples)
        self.verbose = verbose
        self._check_functions()
        self._metric = _METRICS[model.category]
        self.X_train, self.y_train = _pair(data, "train", model.category)
        self.X_val, self.y_val = _pair(data, "val", model.category)

        self.loss_history: list[float] = []
        self.train_history: list[float] = []
        self.val_history: list[float] = []
        self.health_history: dict[str, list[Pulse]] = {}
        self.dead_history: list[list[float]] = []
        self.best_val: float | None = None
        self.best_epoch = 0
        self.best_params = self._copy_params()
        self.stop_reason = "not started"
        self.last_epoch = self.num_epochs
        self._first_epoch = self._first_step = self._steps_measured = 0

    def __repr__(self) -> str:
        """Return the category, the update rule, the learning rate and the progress."""
        best = "" if self.best_val is None else f", best val_{self._metric.name} {self.best_val:.6f}"
        return (
            f"Solver({self.model.category}, {self.update_rule_name}, learning rate "
            f"{self.learning_rate:g}, {self.stop_reason} after {len(self.val_history)} epochs{best})"
        )

    @property
    def update_rule_name(self) -> str:
        """Name of the update rule, for legends of figures."""
        return getattr(self.update_rule, "__name__", repr(self.update_rule))

    @property
    def steps_per_epoch(self) -> int:
        """Number of steps in an epoch."""
        return math.ceil(len(self.X_train) / self.batch_size)

    @property
    def epochs_done(self) -> int:
        """Number of epochs that were not cut short."""
        return self._first_epoch + (len(self.loss_history) - self._first_step) // self.steps_per_epoch

    def measure(self, scores: Array, y: Array) -> float:
        """Compute the accuracy, or the root mean square error, of scores (N, output_dim) for y (N,)."""
        return self._metric.measure(scores, y)

    def better(self, result: float, other: float) -> bool:
        """Whether a validation result is better than another one."""
        return self._metric.better(result, other)

    def train(self) -> Solver:
        """Train for `num_epochs` epochs, or until a limit, an interrupt or a divergence; see `stop_reason`.

        At the end, `model.params` are the best parameters. Another call continues from them for
        another `num_epochs`, with the current learning rate and a new state of the update rule.

        Returns
        -------
        Solver
            The solver itself.
        """
        self._start()
        with np.errstate(all="ignore"), self._threads(), self._progress_bar() as bar:
            try:
                while self.stop_reason == "running":
                    self._train_epoch(bar)
            except KeyboardInterrupt:
                self.stop_reason = "interrupted"
                self._finish_epoch(bar)
        for name, w in self.best_params.items():
            self.model.params[name] = w.copy()
        self._explain_stop()
        return self

    def predict(self, X: Array) -> Array:
        """Compute scores in batches, to use little memory.

        Parameters
        ----------
        X : ndarray, (N, …)
            Features, standardized like the training data.

        Returns
        -------
        ndarray, (N, output_dim)
        """
        starts = range(0, len(X), _EVALUATION_BATCH)
        return np.concatenate([self.model.loss(X[i : i + _EVALUATION_BATCH]) for i in starts])

    def _start(self) -> None:
        self.stop_reason = "running"
        self._epoch = len(self.val_history)
        self.last_epoch = self._epoch + self.num_epochs
        self._first_epoch, self._first_step = self._epoch, len(self.loss_history)
        self._started = time.monotonic()
        self._steps_left = math.inf if self.max_steps is None else self.max_steps
        self._configs = {
            name: copy.deepcopy(self.optim_config) | {"learning_rate": self.learning_rate} for name in self.model.params
        }

    def _train_epoch(self, bar: Any) -> None:
        self._epoch += 1
        for step, indices in enumerate(self._batches(), start=1):
            self._step(indices, watched=step == self.steps_per_epoch)
            bar.update()
            if self.stop_reason == "running":
                self.stop_reason = self._exhausted_budget()
            if self.stop_reason != "running":
                break
        self._finish_epoch(bar)

    def _batches(self) -> Iterator[NDArray[np.int64]]:
        order = self.rng.permutation(len(self.X_train))
        for start in range(0, len(order), self.batch_size):
            yield order[start : start + self.batch_size]

    def _step(self, indices: NDArray[np.int64], *, watched: bool) -> None:
        loss, grads = self.model.loss(self.X_train[indices], self.y_train[indices])
        self.loss_history.append(float(loss))
        if not math.isfinite(self.loss_history[-1]):
            self.stop_reason = "diverged"
            return
        for name, w in list(self.model.params.items()):
            # Copies, because rules may work in place.
            before = (np.array(w), np.array(grads[name])) if watched and np.ndim(w) > 1 else None
            next_w, self._configs[name] = self.update_rule(w, grads[name], self._configs[name])
            if before:
                self.health_history.setdefault(name, []).append(pulse(*before, next_w))
            self.model.params[name] = np.asarray(next_w).astype(w.dtype, copy=False)

    def _exhausted_budget(self) -> str:
        self._steps_left -= 1
        if self._steps_left <= 0:
            return "max_steps"
        if self.max_seconds and time.monotonic() - self._started >= self.max_seconds:
            return "max_seconds"
        return "running"

    def _finish_epoch(self, bar: Any) -> None:
        """Measure, keep the best parameters, decay the learning rate and decide whether to continue."""
        if self.stop_reason == "diverged" or len(self.loss_history) == self._steps_measured:
            return
        train, val = self._evaluate()
        if not math.isfinite(val):
            self.stop_reason = "diverged"
            return
        self._steps_measured = len(self.loss_history)
        self.train_history.append(train)
        self.val_history.append(val)
        self.dead_history.append(dead_units(self.model.params, self.X_train[:_WATCHED]))
        if self.best_val is None or self._metric.better(val, self.best_val):
            self.best_val, self.best_epoch = val, len(self.val_history)
            self.best_params = self._copy_params()
        self._report(bar)
        self._decay()
        if self.stop_reason == "running":
            self.stop_reason = self._verdict()

    def _evaluate(self) -> tuple[float, float]:
        n = len(self.X_train)
        sample: Any = slice(None)
        if self.num_train_samples is not None and self.num_train_samples < n:
            sample = self.rng.choice(n, self.num_train_samples, replace=False)
        measure = self._metric.measure
        return (
            measure(self.predict(self.X_train[sample]), self.y_train[sample]),
            measure(self.predict(self.X_val), self.y_val),
        )

    def _decay(self) -> None:
        self.learning_rate *= self.lr_decay
        for config in self._configs.values():
            config["learning_rate"] = self.learning_rate

    def _verdict(self) -> str:
        if len(self.val_history) >= self.last_epoch:
            return "finished"
        if self.patience and len(self.val_history) - self.best_epoch >= self.patience:
            return "patience"
        return "running"

    def _threads(self) -> Any:
        """Use one thread for small products: on a busy machine, threads that wait for each other are far slower."""
        widest = max(w.size for w in self.best_params.values())
        return _thread_pools(len(sys.modules)).limit(limits=1 if widest * self.batch_size <= _ONE_THREAD else None)

    def _progress_bar(self) -> Any:
        total = min(self._steps_left, self.num_epochs * self.steps_per_epoch)
        # Where the student has a bar, `write` shows this one, too, and tqdm only removes one that had no delay.
        delay = 0 if getattr(tqdm, "_instances", ()) else _BAR_SECONDS
        return tqdm(
            total=int(total),
            unit="step",
            file=sys.stdout,
            leave=False,
            mininterval=_BAR_SECONDS,
            delay=delay,
            disable=not self.verbose,
        )

    def _report(self, bar: Any) -> None:
        if self.verbose:
            name = self._metric.name
            line = (
                f"(Epoch {len(self.val_history)} / {self.last_epoch}) "
                f"train {name}: {self.train_history[-1]:.6f}; val_{name}: {self.val_history[-1]:.6f}"
            )
            if bar.delay == 0 or bar.last_print_t > bar.start_t:
                bar.write(line, file=sys.stdout)
            else:
                print(line)  # `write` would show the bar

    def _explain_stop(self) -> None:
        """Print after how many epochs training ended early, and why."""
        explanation = _EXPLANATIONS.get(self.stop_reason)
        if explanation and (self.verbose or self.stop_reason in _ALWAYS_EXPLAINED):
            origin = f"epoch {self.best_epoch}, the best epoch" if self.best_epoch else "the start"
            print(
                f"Stopped after {self.epochs_done} of {self.last_epoch} epochs: "
                + explanation.format(solver=self, epoch=self._epoch, step=len(self.loss_history))
                + f"; the parameters are now those of {origin}."
            )

    def _copy_params(self) -> dict[str, Array]:
        return {name: np.array(w) for name, w in self.model.params.items()}

    def _check_functions(self) -> None:
        if not callable(self.update_rule):
            raise ValueError("update_rule must be a function (w, dw, config) -> (next_w, config)")
        if "learning_rate" in self.optim_config:
            raise ValueError("optim_config must not contain learning_rate: pass it as a separate argument")
        category = getattr(self.model, "category", None)
        if category not in _METRICS:
            raise ValueError(f"model.category must be one of {list(_METRICS)}, not {category!r}")
        if not all(hasattr(self.rng, method) for method in ("permutation", "choice")):
            raise ValueError("rng must be a numpy.random.Generator or RandomState")


@lru_cache(maxsize=1)
def _thread_pools(modules: int) -> ThreadpoolController:
    """The libraries that compute with several threads.

    Looking for them takes a millisecond, so they are looked for again only after modules were loaded.
    """
    return ThreadpoolController()


def _pair(data: Mapping[str, Array], split: str, category: str) -> tuple[Array, Array]:
    """Return X and y of the split "train" or "val", checked."""
    missing = [key for key in (f"X_{split}", f"y_{split}") if key not in data]
    if missing:
        raise ValueError(f"data has no {missing[0]!r}; it contains {sorted(data)}")
    X, y = np.asarray(data[f"X_{split}"]), np.asarray(data[f"y_{split}"])
    if X.ndim < 2 or len(X) == 0:
        raise ValueError(f"X_{split} must be (N, ...) with N > 0, not of shape {X.shape}")
    if y.ndim == 0 or len(X) != len(y):
        raise ValueError(f"X_{split} has {len(X)} rows, but y_{split} has shape {y.shape}")
    kinds, description = _LABEL_KINDS[category]
    if y.dtype.kind not in kinds:
        raise ValueError(f"y_{split} must contain {description} for {category}, not {y.dtype}")
    if category == "classification" and y.ndim != 1:
        raise ValueError(f"y_{split} must be (N,) class numbers, not of shape {y.shape}")
    return X, y


def _positive(name: str, value: float) -> float:
    if not (isinstance(value, (int, float, np.number)) and 0 < value < math.inf):
        raise ValueError(f"{name} must be a positive number, not {value!r}")
    return float(value)


def _count(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} must be a positive integer, not {value!r}")
    return int(value)


def _optional(check: Callable[[str, Any], Any], name: str, value: Any) -> Any:
    return None if value is None else check(name, value)
