"""One training, with the toolkit's `Solver`: its settings, its result, and a checkpoint after each epoch."""

from __future__ import annotations

import copy
import hashlib
import json
import math
import pickle
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.data.files import write_atomically
from toolkit.solver import Solver
from tools.results.augmentation import Warp
from tools.results.networks import LeanNet, adam_in_place, momentum_in_place

Array = NDArray[Any]
RULES = {"momentum": momentum_in_place, "adam": adam_in_place}


@dataclass(frozen=True)
class Recipe:
    """The settings of a training; the defaults are those of a plain network.

    `last_rate` is the learning rate of the last epoch as a share of the first one's: the rate falls by the same
    factor after each epoch. If it is 0, the rate falls like a cosine from its maximum to its minimum.
    """

    category: str
    hidden: tuple[int, ...]
    epochs: int
    rate: float
    rule: str = "momentum"
    last_rate: float = 0.01
    batch: int = 128
    reg: float = 0.0
    drop_input: float = 0.0
    drop_hidden: float = 0.0
    smoothing: float = 0.0
    max_norm: float | None = None
    warped: bool = False
    normalize: bool = False
    adversarial: float = 0.0

    @property
    def key(self) -> str:
        """A name for files: another recipe has another one, and a setting that is new changes no name."""
        own = {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name) != each.default}
        return hashlib.sha256(json.dumps(own).encode()).hexdigest()[:10]

    def network(self, features: int, outputs: int, rng: np.random.Generator) -> LeanNet:
        """Make the untrained network."""
        return LeanNet(
            self.category,
            [features, *self.hidden, outputs],
            rng,
            reg=self.reg,
            drop_input=self.drop_input,
            drop_hidden=self.drop_hidden,
            smoothing=self.smoothing,
            augment=Warp(rng) if self.warped else None,
            normalize=self.normalize,
            adversarial=self.adversarial,
        )

    def share(self, epoch: int) -> float:
        """Learning rate after so many epochs, as a share of the first one's."""
        if self.last_rate:
            return float(self.last_rate ** (epoch / max(1, self.epochs - 1)))
        return (1 + math.cos(math.pi * epoch / self.epochs)) / 2


class ResumableSolver(Solver):
    """A `Solver` that writes a checkpoint after each epoch, and goes on from it if it was interrupted.

    Parameters
    ----------
    checkpoint : Path or None
        A file of this program's own cache; None keeps nothing.
    share : callable, optional
        The learning rate after so many epochs, as a share of the first one's; instead of `lr_decay`.
    keep_last : bool, optional
        End with the parameters of the last epoch, not with those of the best validation result.

    Attributes
    ----------
    seconds : float
        Processor time of the training, in all processes that worked on it.
    best_running : dict
        The running averages of batch normalization that belong to `best_params`.
    """

    _KEPT = (
        "loss_history", "train_history", "val_history", "best_val", "best_epoch", "best_params", "best_running",
        "learning_rate", "_configs",
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        checkpoint: Path | None,
        share: Callable[[int], float] | None = None,
        keep_last: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(*args, **settings)
        self.checkpoint, self.share, self.keep_last, self.seconds = checkpoint, share, keep_last, 0.0
        self.best_running: dict[int, Any] = {}

    def train(self) -> ResumableSolver:
        """Train or go on; at the end, the network has the best parameters and their running averages."""
        super().train()
        if self.best_running:
            self.model.running = copy.deepcopy(self.best_running)  # type: ignore[attr-defined]
        return self

    def _start(self) -> None:
        super()._start()
        self._clock = time.process_time()
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        state = pickle.loads(self.checkpoint.read_bytes())
        for name in self._KEPT:
            setattr(self, name, state[name])
        self.seconds, self.rng.bit_generator.state = state["seconds"], state["rng"]
        self.model.params.update(state["params"])
        if state["running"]:
            self.model.running = state["running"]  # type: ignore[attr-defined]
        self._epoch, self._steps_measured = len(self.val_history), len(self.loss_history)
        self.stop_reason = self._verdict()

    def _finish_epoch(self, bar: Any) -> None:
        if self.share is not None:
            self.lr_decay = self.share(self._epoch) / self.share(self._epoch - 1)
        super()._finish_epoch(bar)
        running = getattr(self.model, "running", {})
        if self.keep_last:
            self.best_params = self._copy_params()
        if self.keep_last or self.best_epoch == len(self.val_history):
            self.best_running = copy.deepcopy(running)
        now = time.process_time()
        self.seconds, self._clock = self.seconds + now - self._clock, now
        if self.checkpoint is None or self.stop_reason not in ("running", "finished"):
            return
        state = {name: getattr(self, name) for name in self._KEPT}
        state |= {"params": self.model.params, "running": running}
        state |= {"seconds": self.seconds, "rng": self.rng.bit_generator.state}
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.checkpoint, pickle.dumps(state))


def train(recipe: Recipe, data: Mapping[str, Array], seed: int, folder: Path | None = None) -> ResumableSolver:
    """Train a recipe, or go on where an interrupted training stopped.

    Parameters
    ----------
    recipe : Recipe
    data : mapping
        "X_train", "y_train", "X_val", "y_val", as for `Solver`. Without the last two, nothing is chosen by validation:
        the parameters of the last epoch are kept.
    seed : int
        Of weights, order of the examples, dropout and augmentation.
    folder : Path, optional
        Where checkpoints are; None keeps none.

    Returns
    -------
    ResumableSolver
        With the parameters of the best validation result, or of the last epoch.
    """
    keep_last = "X_val" not in data
    if keep_last:  # `Solver` wants some: these few decide nothing
        data = {**data, "X_val": data["X_train"][:100], "y_val": data["y_train"][:100]}
    rng = np.random.default_rng(seed)
    outputs = 10 if recipe.category == "classification" else 1
    solver = ResumableSolver(
        recipe.network(data["X_train"].shape[1], outputs, rng),
        data,
        update_rule=RULES[recipe.rule],
        optim_config={} if recipe.max_norm is None else {"max_norm": recipe.max_norm},
        learning_rate=recipe.rate,
        share=recipe.share,
        keep_last=keep_last,
        batch_size=recipe.batch,
        num_epochs=recipe.epochs,
        rng=rng,
        verbose=False,
        checkpoint=folder
        and folder / f"{recipe.key}-{len(data['X_train'])}x{data['X_train'].shape[1]}-{seed}.checkpoint",
    )
    solver.train()
    return solver
