"""The study of the course report as a random search, and the report's three settings."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from tqdm import tqdm

from tools.results.accuracy import measured
from tools.results.context import Context
from tools.results.store import Result
from tools.results.training import Recipe, train

DRAWS, EXAMPLES = 16, 10_000
SIZES = ((128,), (256,), (512,), (256, 256), (512, 512))
REPORT = {
    "[512, 512], reg 0": (Recipe("classification", (512, 512), 6, 0.1, last_rate=0.1), {"validation": 0.9483}),
    "[1024, 1024], reg 0": (
        Recipe("classification", (1024, 1024), 6, 0.1, last_rate=0.1),
        {"validation": 0.9539, "test": 0.9487},
    ),
    "[512, 512], reg 1e-3": (
        Recipe("classification", (512, 512), 6, 0.1, last_rate=0.1, reg=1e-3),
        {"validation": 0.9775, "test": 0.9770},
    ),
}
"""The report's settings, and its figures; the last ran for 100 epochs there."""


def drawn(rng: np.random.Generator) -> Recipe:
    """Draw one setting of everything that the report varied."""
    return Recipe(
        "classification",
        SIZES[rng.integers(len(SIZES))],
        epochs=int(rng.integers(3, 9)),
        rate=float(10 ** rng.uniform(-2.5, -0.3)),
        reg=float(10 ** rng.uniform(-6, -2)),
        batch=int(rng.choice([32, 64, 128, 256])),
        last_rate=float(rng.choice([1, 0.1, 0.01])),
    )


def search(context: Context) -> Result:
    """Train the drawn settings on 10,000 images, and keep their validation accuracy; no test image is used."""
    rng, arrays = np.random.default_rng(231), context.images()
    part = arrays | {f"{kind}_train": arrays[f"{kind}_train"][:EXAMPLES] for kind in "Xy"}
    recipes = [drawn(rng) for _ in range(DRAWS if context.limit is None else 4)]
    rows = []
    for recipe in tqdm(recipes, unit="setting", desc="random search", leave=False):
        solver = train(context.shortened(recipe), part, 0)
        rows.append({**asdict(recipe), "validation": solver.best_val, "seconds": solver.seconds})
    return {"rows": rows}


def report(context: Context, name: str) -> Result:
    """Train one setting of the report, with few epochs."""
    recipe, _ = REPORT[name]
    arrays = context.images()
    return measured(arrays, context.trained(recipe, arrays, 0))


def effect_of(rows: list[dict[str, Any]], setting: str) -> float:
    """Rank correlation of a setting with the validation accuracy; sizes are compared by their number of units."""
    values = [sum(row[setting]) if isinstance(row[setting], list) else row[setting] for row in rows]
    return float(spearmanr(values, [row["validation"] for row in rows]).statistic)
