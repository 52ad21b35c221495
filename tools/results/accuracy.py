"""How good the reference becomes: digits without and with augmentation, houses with better and better inputs."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.metrics import root_mean_squared_error

from toolkit.earlier import answers
from tools.results import data
from tools.results.context import SOURCE, Context
from tools.results.store import Result
from tools.results.training import Recipe, ResumableSolver

PLAIN = Recipe("classification", (512, 512), 40, 0.3, last_rate=0.0, drop_input=0.2, drop_hidden=0.3, normalize=True)
AUGMENTED = replace(PLAIN, epochs=28, drop_input=0.0, drop_hidden=0.1, warped=True)
ADVERSARIAL = replace(PLAIN, epochs=30, drop_input=0.0, adversarial=1.0)
DIGITS = {"plain": (PLAIN, 1), "average": (PLAIN, 7), "adversarial": (ADVERSARIAL, 3), "augmented": (AUGMENTED, 3)}
"""The digits' networks, by name: their settings, and the number of networks whose probabilities are averaged."""
TRIED = {
    "no batch normalization, learning rate 0.1": replace(PLAIN, normalize=False, rate=0.1),
    "learning rate 0.1": replace(PLAIN, rate=0.1),
    "a learning rate that falls to 0.02 of it by the same factor each time": replace(PLAIN, last_rate=0.02),
    "no dropout of hidden units": replace(PLAIN, drop_hidden=0.0),
    "20 epochs": replace(PLAIN, epochs=20),
    "no dropout of inputs": replace(PLAIN, drop_input=0.0),
    "label smoothing, 0.1": replace(PLAIN, smoothing=0.1),
    "max-norm, 2": replace(PLAIN, max_norm=2.0),
    "adversarial examples at a distance of 1, no dropout of inputs, 30 epochs": ADVERSARIAL,
    "the same at a distance of 2": replace(ADVERSARIAL, adversarial=2.0),
    "the same at a distance of 3": replace(ADVERSARIAL, adversarial=3.0),
}
"""Other settings for the plain network, which were measured on the validation split alone."""

HOUSES = Recipe("regression", (128, 64), 50, 5e-3, rule="adam", last_rate=0.03, drop_hidden=0.1)
AVERAGED = 5


def digits(context: Context, name: str, seed: int) -> Result:
    """Train the networks of one name on all images but those of the test, and measure their average on these once."""
    recipe, number = DIGITS[name]
    arrays = data.all_for_training(context.images())
    return measured(arrays, *(context.trained(recipe, arrays, number * seed + k) for k in range(number)))


def validated(context: Context, recipe: Recipe, number: int = 1) -> Result:
    """Train networks without the images for validation, and measure their average on these; no test image is used."""
    arrays = context.images()
    arrays = {name: values for name, values in arrays.items() if not name.endswith("_test")}
    return measured(arrays, *(context.trained(recipe, arrays, k) for k in range(number)))


def student(context: Context) -> Result:
    """Train the network of notebook 06 with its settings, which are those of the hints, and no limit of seconds."""
    notebook = answers("06_mnist", folder=SOURCE)
    X = notebook.standardize(*(getattr(context.mnist, f"X_{split}")[: context.limit] for split in data.SPLITS))
    arrays = {f"X_{split}": each for split, each in zip(data.SPLITS, X, strict=True)}
    arrays |= {f"y_{split}": getattr(context.mnist, f"y_{split}")[: context.limit] for split in data.SPLITS}
    rows = {name: values[:5000] for name, values in arrays.items()}
    with contextlib.redirect_stdout(io.StringIO()):  # one short run, only to learn its settings
        settings = notebook.train_mnist_model(notebook.build_mnist_model(np.random.default_rng(0)), rows, 1)
    solver = ResumableSolver(
        notebook.build_mnist_model(np.random.default_rng(0)),
        arrays,
        update_rule=settings.update_rule,
        optim_config=settings.optim_config,
        learning_rate=settings.learning_rate_at_start,
        lr_decay=settings.lr_decay,
        batch_size=settings.batch_size,
        num_epochs=min(12, context.epochs or 12),
        rng=np.random.default_rng(1),
        verbose=False,
        checkpoint=context.checkpoints / "student.checkpoint",
    )
    return measured(arrays, solver.train())


def measured(arrays: dict[str, Any], *solvers: ResumableSolver) -> Result:
    """Return what trainings reached on the data for validation and on the test data, where there are these."""
    found: Result = {"seconds": sum(each.seconds for each in solvers), "epochs": len(solvers[0].val_history)}
    for split, name in {"val": "validation", "test": "test"}.items():
        if f"X_{split}" not in arrays:
            continue
        p = np.mean([probabilities(each.predict(arrays[f"X_{split}"])) for each in solvers], axis=0)  # (N, C)
        found[name] = solvers[0].measure(p, arrays[f"y_{split}"])
    return found


def probabilities(scores: Any) -> Any:
    """Softmax of scores (N, C)."""
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def linear_houses(context: Context) -> Result:
    """Test errors of least squares, on features as they are and clipped."""
    standardize = answers("07_california_housing", folder=SOURCE).standardize_and_clip
    return {
        name: _least_squares(data.table(context.housing, encode, context.limit)) * context.house_unit
        for name, encode in {
            "linear": lambda *X: standardize(*X, limit=np.inf),
            "clipped": standardize,
        }.items()
    }


def _least_squares(arrays: dict[str, Any]) -> float:
    """Root mean square error on the test data, in standard deviations of the target."""
    train, test = (np.column_stack([arrays[f"X_{s}"], np.ones(len(arrays[f"X_{s}"]))]) for s in ("train", "test"))
    weights, *_ = np.linalg.lstsq(train.astype(float), arrays["y_train"].astype(float), rcond=None)
    return float(root_mean_squared_error(arrays["y_test"], test @ weights))


def houses(context: Context, seed: int) -> Result:
    """Errors of one network on clipped and on piecewise-linear features, of five that also see diagonals, averaged."""
    unit, first = context.house_unit, AVERAGED * seed
    found: Result = {}
    for name, encode in {
        "clipped": answers("07_california_housing", folder=SOURCE).standardize_and_clip,
        "piecewise": data.piecewise_linear,
    }.items():
        arrays = data.table(context.housing, encode, context.limit)
        found[name] = _error(context.trained(HOUSES, arrays, first).predict(arrays["X_test"]), arrays, "test") * unit
    arrays = data.table(context.housing, house_features, context.limit)
    solvers = [context.trained(HOUSES, arrays, first + k) for k in range(AVERAGED)]
    for split in ("val", "test"):
        scores = [each.predict(arrays[f"X_{split}"]) for each in solvers]
        found |= {
            f"{split} single": [_error(each, arrays, split) * unit for each in scores],
            f"{split} average": _error(np.mean(scores, axis=0), arrays, split) * unit,
        }
    return found | {"seconds": sum(each.seconds for each in solvers)}


def house_features(*arrays: Any) -> tuple[Any, ...]:
    """Return the best inputs for California housing: piecewise-linear features, diagonals of the map included."""
    return data.piecewise_linear(*data.with_diagonals(*arrays))


def _error(scores: Any, arrays: dict[str, Any], split: str) -> float:
    return float(root_mean_squared_error(arrays[f"y_{split}"], scores[:, 0]))
