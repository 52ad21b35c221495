"""Deep against classical: the same splits and growing training sets, until a fit costs too much."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, root_mean_squared_error
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC, SVR
from threadpoolctl import threadpool_limits

from toolkit.earlier import answers
from tools.results import data
from tools.results.accuracy import HOUSES, PLAIN, house_features
from tools.results.context import SOURCE, Context
from tools.results.speed import REFERENCE
from tools.results.store import Result
from tools.results.training import Recipe, train

SIZES = {"mnist": (1000, 4000, 12_000), "housing": (1000, 4000, 13_210)}
NETWORK = replace(PLAIN, epochs=15)
Arrays = dict[str, Any]
Measured = tuple[float, float]
"""Processor seconds of fitting, and accuracy or error on the test data."""

CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "k-nearest neighbors": lambda: KNeighborsClassifier(3),
    "logistic regression": lambda: LogisticRegression(C=0.1, max_iter=200),
    "kernel machine (RBF)": lambda: SVC(C=5, gamma="scale"),
    "boosted trees": lambda: HistGradientBoostingClassifier(max_iter=50, random_state=0),
}
REGRESSORS: dict[str, Callable[[], Any]] = {
    "k-nearest neighbors": lambda: KNeighborsRegressor(10),
    "linear model": lambda: Ridge(),
    "kernel machine (RBF)": lambda: SVR(C=5, epsilon=0.1),
    "boosted trees": lambda: HistGradientBoostingRegressor(max_iter=300, random_state=0),
}


def digits(context: Context) -> Result:
    """Accuracy on the test images against the time of fitting, for each method and size of the training set."""
    arrays = context.images()
    curves = _curves(CLASSIFIERS, arrays, "mnist", accuracy_score)
    curves[REFERENCE] = [_network(context, NETWORK, _part(arrays, size), unit=1.0) for size in _sizes(arrays, "mnist")]
    return {"curves": curves, "sizes": _sizes(arrays, "mnist")}


def houses(context: Context) -> Result:
    """Root mean square error on the test data against the time of fitting."""
    clip = answers("07_california_housing", folder=SOURCE).standardize_and_clip
    unit = context.house_unit
    arrays = data.table(context.housing, clip, context.limit)
    sizes = _sizes(arrays, "housing")
    curves = _curves(REGRESSORS, arrays, "housing", lambda y, predicted: unit * root_mean_squared_error(y, predicted))
    arrays = data.table(context.housing, house_features, context.limit)
    curves[REFERENCE] = [_network(context, HOUSES, _part(arrays, size), unit=unit) for size in sizes]
    return {"curves": curves, "sizes": sizes}


def _sizes(arrays: Arrays, name: str) -> list[int]:
    return sorted({min(size, len(arrays["X_train"])) for size in SIZES[name]})


def _part(arrays: Arrays, size: int) -> Arrays:
    return arrays | {f"{kind}_train": arrays[f"{kind}_train"][:size] for kind in "Xy"}


def _curves(
    methods: dict[str, Callable[[], Any]], arrays: Arrays, name: str, measure: Callable[[Any, Any], float]
) -> dict[str, list[Measured]]:
    with threadpool_limits(1):
        return {
            method: [_fitted(make(), _part(arrays, size), measure) for size in _sizes(arrays, name)]
            for method, make in methods.items()
        }


def _fitted(method: Any, arrays: Arrays, measure: Callable[[Any, Any], float]) -> Measured:
    start = time.process_time()
    method.fit(arrays["X_train"], arrays["y_train"])
    seconds = time.process_time() - start
    return seconds, float(measure(arrays["y_test"], method.predict(arrays["X_test"])))


def _network(context: Context, recipe: Recipe, arrays: Arrays, unit: float) -> Measured:
    solver = train(context.shortened(recipe), arrays, 0)
    return solver.seconds, unit * solver.measure(solver.predict(arrays["X_test"]), arrays["y_test"])
