"""What every experiment needs: the data, how much of it, the seeds, and where checkpoints are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from toolkit.data import Dataset, load_california_housing, load_mnist
from tools.results import data
from tools.results.training import Recipe, ResumableSolver, train

SOURCE = Path(__file__).parents[2] / "assignment" / "neural_networks"


@dataclass(frozen=True)
class Context:
    """The inputs of all experiments.

    `limit` is the largest number of examples of a split and `epochs` the largest number of epochs, both None for the
    real results: the small version in CI sets them.
    """

    mnist: Dataset
    housing: Dataset
    checkpoints: Path
    seeds: tuple[int, ...] = (0, 1, 2)
    limit: int | None = None
    epochs: int | None = None

    @classmethod
    def load(cls, folder: Path, *, small: bool) -> Context:
        """Find both data sets."""
        few = {"limit": 300, "epochs": 2, "seeds": (0,)} if small else {}
        return cls(load_mnist(), load_california_housing(), folder / "checkpoints", **few)

    @property
    def house_unit(self) -> float:
        """The houses' standard deviation, which brings errors of standardized values back to $100,000."""
        return float(self.housing.y_train[: self.limit].std())

    def images(self) -> dict[str, NDArray[Any]]:
        """Return the digits, between 0 and 1."""
        return data.images(self.mnist, self.limit)

    def trained(self, recipe: Recipe, arrays: Mapping[str, NDArray[Any]], seed: int) -> ResumableSolver:
        """Train a recipe, or take it from its checkpoint."""
        return train(self.shortened(recipe), arrays, seed, self.checkpoints)

    def shortened(self, recipe: Recipe) -> Recipe:
        """The recipe with at most `epochs` epochs."""
        return recipe if self.epochs is None else replace(recipe, epochs=min(recipe.epochs, self.epochs))
