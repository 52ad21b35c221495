"""What answers earn that do nothing, or the same to everything: at most a quarter of the points."""

from __future__ import annotations

import pytest

from tests.assignment.marks import Marks

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
def test_dropout_that_draws_nothing(train: str, test: str, marks: Marks) -> None:
    source = {"dropout_forward": DROPOUT.format(train=train, test=test)}
    assert marks.of("08_batch_normalization", source, ["test_dropout_forward"])["test_dropout_forward"] <= 1 / 4


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
    notebook: str,
    name: str,
    biases: str,
    told: str,
    weights: str,
    bias: bool,
    seed: int,
    marks: Marks,
    other_marks: Marks,
) -> None:
    change = LAST + weights + (biases if bias else "")
    source = {name: UNTRAINED.format(name=name, change=change, told=told)}
    seeded = next(each for each in (marks, other_marks) if each.seed == seed)
    assert seeded.of(notebook, source, [f"test_{name}"])[f"test_{name}"] <= 1 / 4


POISONED = """
def {name}(model, data, max_epochs):
    for part in ("train", "val"):
        scores = model.loss(data["X_" + part])
        {write}
    class T:
        val_history = [0.5]
    return T()
"""
NEW_ARRAY = 'data["y_" + part] = {predicted}'
IN_PLACE = 'data["y_" + part][:] = {predicted}'
NEW_INPUTS = 'data["X_" + part][:] = 0; data["y_" + part][:] = model.loss(data["X_" + part]){of_scores}'


@pytest.mark.parametrize("write", [NEW_ARRAY, IN_PLACE, NEW_INPUTS])
@pytest.mark.parametrize(
    ("notebook", "name", "of_scores"),
    [("06_mnist", "train_mnist_model", ".argmax(1)"), ("07_california_housing", "train_housing_model", "[:, 0]")],
)
def test_labels_that_are_what_the_untrained_network_predicts(
    notebook: str, name: str, of_scores: str, write: str, marks: Marks
) -> None:
    """The answer writes into the data that it was given, in the one process of plain nbgrader, and trains nothing."""
    source = POISONED.format(name=name, write=write.format(predicted=f"scores{of_scores}", of_scores=of_scores))
    assert marks.of(notebook, {name: source}, [f"test_{name}"])[f"test_{name}"] == 0


OWN_LOSS = """
def {name}(model, data, max_epochs):
    import itertools
    original, count = model.loss, itertools.count()
    model.loss = lambda X, y=None: original(X) if y is None else (1 / (1 + next(count)), {{}})
    class T:
        val_history = [0.5]
    return T()
"""


@pytest.mark.parametrize(
    ("notebook", "name"), [("06_mnist", "train_mnist_model"), ("07_california_housing", "train_housing_model")]
)
def test_a_network_that_tells_its_own_loss(notebook: str, name: str, marks: Marks) -> None:
    assert marks.of(notebook, {name: OWN_LOSS.format(name=name)}, [f"test_{name}"])[f"test_{name}"] == 0


@pytest.mark.parametrize(
    "value", ["np.arange(3.0)", "np.ones(x.shape)", "np.ones((len(x), w.shape[1]))", "0.5", "None"]
)
@pytest.mark.parametrize("cache", ["None", "(x, w, b)"])
@pytest.mark.parametrize("gradients", ["np.arange(3.0)", "np.ones(dout.shape)", "dout"])
def test_layers_that_are_always_the_same(value: str, cache: str, gradients: str, marks: Marks) -> None:
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
    shares = marks.of("01_layers", source, tests)
    assert {name: share for name, share in shares.items() if share > 1 / 4} == {}


@pytest.mark.parametrize("scale", ["1.0", "1 / dropout_param['p']", "2.0"])
def test_dropout_without_any_zeros(scale: str, marks: Marks) -> None:
    source = {
        "dropout_forward": f"def dropout_forward(x, dropout_param):\n    return x * {scale}, {scale}",
        "dropout_backward": "def dropout_backward(dout, cache):\n    return dout * cache",
    }
    assert marks.of("08_batch_normalization", source, ["test_dropout_backward"])["test_dropout_backward"] <= 1 / 4


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
def test_a_network_that_looks_at_nothing(scores: str, marks: Marks) -> None:
    source = {"FullyConnectedNet": NETWORK.format(scores=scores)}
    tests = [f"test_FullyConnectedNet__{what}" for what in ("scores", "loss", "gradients", "regression")]
    shares = marks.of("04_fully_connected_net", source, tests)
    assert {name: share for name, share in shares.items() if share > 1 / 4} == {}
