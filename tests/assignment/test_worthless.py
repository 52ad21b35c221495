"""What answers earn that do nothing, or the same to everything: at most a quarter of the points."""

from __future__ import annotations

import pytest
from examiner.diagnosis.fingerprints import rehearsal

from tests.conftest import SOURCE

DROPOUT = """
def dropout_forward(x, dropout_param):
    if dropout_param["mode"] == "test":
        return {test}, np.ones(x.shape)
    return {train}, np.ones(x.shape)
"""


@pytest.mark.parametrize("test", ["x", "0 * x", "x / dropout_param['p']", "None"])
@pytest.mark.parametrize(
    "train",
    [
        "x", "0 * x", "np.ones(x.shape)", "x / dropout_param['p']", "x * dropout_param['p']", "None", "-x",
        "np.where(np.arange(x.size).reshape(x.shape) > 0, x / dropout_param['p'], 0)",  # all but one are kept
        "np.where(np.arange(x.size).reshape(x.shape) > 0, 0, x / dropout_param['p'])",  # all but one are dropped
    ],
)  # fmt: skip
def test_dropout_that_draws_nothing(train: str, test: str) -> None:
    rehearsed = rehearsal(SOURCE / "08_batch_normalization.ipynb", 231)
    source = {"dropout_forward": DROPOUT.format(train=train, test=test)}
    run = rehearsed.run(source, ["test_dropout_forward"], seconds=10)["test_dropout_forward"]
    assert run.score <= run.points / 4


UNTRAINED = """
def {name}(model, data, max_epochs):
    {change}
    class T:
        val_history = [{told}]
    return T()
"""
FREQUENCIES = """
    counts = np.bincount(data["y_train"], minlength=len(model.params[last])) + 1e-3
    model.params[last] = np.log(counts / counts.sum()).astype(np.float32)"""
TO_THE_MEAN = """
    model.params[last] = model.params[last] + np.float32(1.0)"""
ZEROS = """
    for name in model.params:
        model.params[name] = 0 * model.params[name]"""
SLIGHTLY_LARGER = """
    for name in model.params:
        model.params[name] = model.params[name] * np.float32(1.001)"""
LAST = """last = f"b{len(model.params) // 2}"
    """


@pytest.mark.parametrize("weights", ["", ZEROS, SLIGHTLY_LARGER])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("notebook", "name", "biases", "told"),
    [
        ("06_mnist", "train_mnist_model", FREQUENCIES, "0.0"),
        ("07_california_housing", "train_housing_model", TO_THE_MEAN, "1e9"),
    ],
)
@pytest.mark.parametrize("seed", [231, 7])
def test_training_that_never_happens(
    notebook: str, name: str, biases: str, told: str, weights: str, bias: bool, seed: int
) -> None:
    change = LAST + weights + (biases if bias else "")
    source = {name: UNTRAINED.format(name=name, change=change, told=told)}
    run = rehearsal(SOURCE / f"{notebook}.ipynb", seed).run(source, [f"test_{name}"], seconds=10)[f"test_{name}"]
    assert run.score <= run.points / 4


@pytest.mark.parametrize(
    "value", ["np.arange(3.0)", "np.ones(x.shape)", "np.ones((len(x), w.shape[1]))", "0.5", "None"]
)
@pytest.mark.parametrize("cache", ["None", "(x, w, b)"])
@pytest.mark.parametrize("gradients", ["np.arange(3.0)", "np.ones(dout.shape)", "dout"])
def test_layers_that_are_always_the_same(value: str, cache: str, gradients: str) -> None:
    relu = "x" if "w" in value else value
    source = {
        "affine_forward": f"def affine_forward(x, w, b):\n    return {value}, {cache}",
        "affine_relu_forward": f"def affine_relu_forward(x, w, b):\n    return {value}, {cache}",
        "relu_forward": f"def relu_forward(x):\n    return {relu}, None",
        "affine_backward": f"def affine_backward(dout, cache):\n    return ({gradients},) * 3",
        "affine_relu_backward": f"def affine_relu_backward(dout, cache):\n    return ({gradients},) * 3",
        "relu_backward": f"def relu_backward(dout, cache):\n    return {gradients}",
    }
    tests = [f"test_{name}" for name in source]
    runs = rehearsal(SOURCE / "01_layers.ipynb", 231).run(source, tests, seconds=10)
    assert {name: run.score for name, run in runs.items() if run.score > run.points / 4} == {}


@pytest.mark.parametrize("scale", ["1.0", "1 / dropout_param['p']", "2.0"])
def test_dropout_without_any_zeros(scale: str) -> None:
    source = {
        "dropout_forward": f"def dropout_forward(x, dropout_param):\n    return x * {scale}, {scale}",
        "dropout_backward": "def dropout_backward(dout, cache):\n    return dout * cache",
    }
    run = rehearsal(SOURCE / "08_batch_normalization.ipynb", 231).run(source, ["test_dropout_backward"], seconds=10)
    assert run["test_dropout_backward"].score <= run["test_dropout_backward"].points / 4


NETWORK = """
class FullyConnectedNet:
    def __init__(
        self, category, hidden_dims, input_dim=784, output_dim=10, reg=0, weight_scale=1, dtype=np.float32, rng=None
    ):
        self.category, self.reg, self.params = category, reg, {{}}
        dims = [input_dim, *hidden_dims, output_dim]
        for k in range(1, len(dims)):
            self.params[f"W{{k}}"] = np.zeros((dims[k - 1], dims[k]), dtype)
            self.params[f"b{{k}}"] = np.zeros(dims[k], dtype)

    def loss(self, X, y=None):
        last = max(name for name in self.params if name.startswith("b"))
        scores = np.zeros((len(X), len(self.params[last]))) + {scores}
        if y is None:
            return scores
        error = scores - np.reshape(y, (len(X), -1))
        loss = np.mean(error**2) if self.category == "regression" else 0.0
        grads = {{name: self.reg * w if name.startswith("W") else np.ones_like(w) for name, w in self.params.items()}}
        if self.category == "regression":
            grads[last] = 2 * error.sum(axis=0) / error.size
        weights = [w for name, w in self.params.items() if name.startswith("W")]
        return loss + sum(self.reg / 2 * np.sum(w**2) for w in weights), grads
"""


@pytest.mark.parametrize("scores", ["0.0", "self.params[last]"])
def test_a_network_that_looks_at_nothing(scores: str) -> None:
    source = {"FullyConnectedNet": NETWORK.format(scores=scores)}
    tests = [f"test_FullyConnectedNet__{what}" for what in ("scores", "loss", "gradients", "regression")]
    runs = rehearsal(SOURCE / "04_fully_connected_net.ipynb", 231).run(source, tests, seconds=10)
    assert {name: run.score for name, run in runs.items() if run.score > run.points / 4} == {}
