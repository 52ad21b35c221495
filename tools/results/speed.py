"""What an epoch costs: the reference, a plain student solution, scikit-learn and PyTorch, in turns, on one thread."""

from __future__ import annotations

import importlib
import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from toolkit.earlier import answers
from toolkit.solver import Solver
from tools.results.context import SOURCE, Context
from tools.results.networks import LeanNet, momentum_in_place
from tools.results.store import Result

HIDDEN, BATCH, STEPS, RUNS = [512, 512], 128, 100, 5
RATE, MOMENTUM = 0.01, 0.9
REFERENCE, STUDENT, PYTORCH = "this reference", "a plain student solution", "PyTorch"
DEFAULT, SAME_RULE = "scikit-learn, its default (Adam)", "scikit-learn, same rule"


def measure(context: Context) -> Result:
    """Measure every contender five times in turns.

    Returns
    -------
    dict
        "seconds": processor seconds of an epoch, a list for each contender; "torch": its version, or why it was
        skipped.
    """
    X, y = _part(context)
    contenders = {
        REFERENCE: _solver(_lean(X.shape[1]), X, y, momentum_in_place),
        STUDENT: _solver(_textbook(X.shape[1]), X, y, _rule()),
        SAME_RULE: _sklearn(X, y, solver="sgd", nesterovs_momentum=False, learning_rate_init=RATE),
        DEFAULT: _sklearn(X, y),
    }
    torch, said = _imported("torch")
    if torch is not None:
        contenders[PYTORCH] = _pytorch(torch, X, y)
    return {"seconds": _paired(contenders, len(context.mnist.X_train) / len(X)), "torch": said}


def ladder(context: Context) -> Result:
    """Measure network and update rule, each as a student writes it and with few passes over memory."""
    X, y = _part(context)
    contenders = {
        "textbook network, textbook momentum": _solver(_textbook(X.shape[1]), X, y, _rule()),
        "textbook network, momentum in place": _solver(_textbook(X.shape[1]), X, y, momentum_in_place),
        "lean network, textbook momentum": _solver(_lean(X.shape[1]), X, y, _rule()),
        "lean network, momentum in place": _solver(_lean(X.shape[1]), X, y, momentum_in_place),
    }
    return {"seconds": _paired(contenders, len(context.mnist.X_train) / len(X))}


def _part(context: Context) -> tuple[Any, Any]:
    """The first 100 batches."""
    arrays = context.images()
    return arrays["X_train"][: BATCH * STEPS], arrays["y_train"][: BATCH * STEPS]


def _paired(contenders: dict[str, Callable[[], Any]], scale: float) -> dict[str, list[float]]:
    """Processor seconds of each contender in each of five rounds, times `scale`."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    with threadpool_limits(1):
        for run in range(RUNS + 1):
            for name, epoch in contenders.items():
                start = time.process_time()
                epoch()
                if run:  # the first round warms up
                    seconds[name].append((time.process_time() - start) * scale)
    return seconds


def ratio(seconds: dict[str, list[float]], one: str, other: str) -> float:
    """Return the median of the paired ratios of two contenders."""
    return float(np.median(np.divide(seconds[one], seconds[other])))


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _rule() -> Callable[..., Any]:
    """The reference's `sgd_momentum`, as a student writes it."""
    rule: Callable[..., Any] = answers("05_optimization", folder=SOURCE).sgd_momentum
    return rule


def _lean(features: int) -> LeanNet:
    return LeanNet("classification", [features, *HIDDEN, 10], _rng())


def _textbook(features: int) -> Any:
    networks = answers("04_fully_connected_net", folder=SOURCE)
    return networks.FullyConnectedNet("classification", HIDDEN, input_dim=features, weight_scale=0.05, rng=_rng())


def _solver(model: Any, X: Any, y: Any, rule: Callable[..., Any]) -> Callable[[], Any]:
    data = {"X_train": X, "y_train": y, "X_val": X[:BATCH], "y_val": y[:BATCH]}
    settings: dict[str, Any] = {"learning_rate": RATE, "batch_size": BATCH, "num_epochs": 1, "num_train_samples": BATCH}
    return Solver(model, data, update_rule=rule, rng=_rng(), verbose=False, **settings).train


def _sklearn(X: Any, y: Any, **settings: Any) -> Callable[[], Any]:
    network = MLPClassifier(HIDDEN, batch_size=min(BATCH, len(X)), random_state=0, **settings)
    network.partial_fit(X[:BATCH], y[:BATCH], classes=np.arange(10))
    return lambda: network.partial_fit(X, y)


def _imported(name: str) -> tuple[Any, str]:
    """Return a module and its version, or None and the reason."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None, f"skipped: {name} is not installed"
    return module, str(module.__version__)


def _pytorch(torch: Any, X: Any, y: Any) -> Callable[[], None]:
    torch.set_num_threads(1)
    sizes, layers = [X.shape[1], *HIDDEN, 10], []
    for fan_in, fan_out in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM)
    cross_entropy, images, labels = torch.nn.CrossEntropyLoss(), torch.tensor(X), torch.tensor(y)

    def epoch() -> None:
        order = torch.randperm(len(images))
        for start in range(0, len(images), BATCH):
            batch = order[start : start + BATCH]
            optimizer.zero_grad()
            cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step()

    return epoch
