"""Every known figure, reproduced from the reference solution.

Values to all printed digits; error figures, which are rounding noise, within a factor of 3.
Figures are the course report's, or of other courses where the test says "field".
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.conftest import SOURCE
from toolkit.checks import rel_error
from toolkit.earlier import answers
from toolkit.gradients import numerical_gradient, numerical_gradient_array

layers = answers("01_layers", folder=SOURCE)
losses = answers("02_losses", folder=SOURCE)
network = answers("04_fully_connected_net", folder=SOURCE)
rules = answers("05_optimization", folder=SOURCE)
normalization = answers("08_batch_normalization", folder=SOURCE)


def within_3(error: float, figure: float) -> bool:
    """Whether an error figure reproduces: rounding noise, so within a factor of 3."""
    return figure / 3 <= error <= figure * 3


def test_affine_forward() -> None:
    x = np.linspace(-0.1, 0.5, num=240).reshape(2, 4, 5, 6)
    w, b = np.linspace(-0.2, 0.3, num=360).reshape(120, 3), np.linspace(-0.3, 0.1, num=3)
    out, _ = layers.affine_forward(x, w, b)
    expected = [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]]
    assert np.round(out, 8).tolist() == expected
    assert within_3(rel_error(out, expected), 9.77e-10)


def errors_of_gradients(forward, backward, inputs, dout) -> list[float]:  # type: ignore[no-untyped-def]
    """Relative error of each gradient against the numeric one, h = 1e-5."""
    gradients = backward(dout, forward(*inputs)[1])
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    errors = []
    for i, gradient in enumerate(gradients):

        def nudged(value: np.ndarray, i: int = i) -> np.ndarray:
            return forward(*inputs[:i], value, *inputs[i + 1 :])[0]  # type: ignore[no-any-return]

        errors.append(rel_error(numerical_gradient_array(nudged, inputs[i], dout, h=1e-5), gradient))
    return errors


def test_affine_backward() -> None:
    rng = np.random.RandomState(231)
    inputs = rng.randn(10, 2, 3), rng.randn(6, 5), rng.randn(5)
    errors = errors_of_gradients(layers.affine_forward, layers.affine_backward, inputs, rng.randn(10, 5))
    assert all(map(within_3, errors, [5.399e-11, 9.904e-11, 2.412e-11])), errors


def test_relu_forward() -> None:
    out, _ = layers.relu_forward(np.linspace(-0.5, 0.5, 12).reshape(3, 4))
    expected = [0, 0, 0, 0, 0, 0, 0.04545455, 0.13636364, 0.22727273, 0.31818182, 0.40909091, 0.5]
    assert np.round(out.ravel(), 8).tolist() == expected
    assert within_3(rel_error(out.ravel(), expected), 5.0e-8)


@pytest.mark.parametrize(("layer", "figure"), [("relu", 3.2756e-12), ("sigmoid", 3.4465e-11)])
def test_activation_backward(layer: str, figure: float) -> None:
    rng = np.random.RandomState(231)
    x, dout = rng.randn(10, 10), rng.randn(10, 10)
    forward, backward = getattr(layers, f"{layer}_forward"), getattr(layers, f"{layer}_backward")
    (error,) = errors_of_gradients(forward, backward, (x,), dout)
    assert within_3(error, figure)


def test_sigmoid_forward() -> None:
    out, _ = layers.sigmoid_forward(np.linspace(-6, 6, 12))
    assert within_3(rel_error(out, np.round(1 / (1 + np.exp(-np.linspace(-6, 6, 12))), 8)), 6.383e-07)


def test_affine_relu_backward() -> None:
    rng = np.random.RandomState(231)
    inputs = rng.randn(2, 3, 4), rng.randn(12, 10), rng.randn(10)
    dout = rng.randn(2, 10)
    errors = errors_of_gradients(layers.affine_relu_forward, layers.affine_relu_backward, inputs, dout)
    assert all(map(within_3, errors, [2.2996e-11, 8.162e-11, 7.827e-12])), errors


def test_mse_loss() -> None:
    rng = np.random.RandomState(231)
    x, y = rng.randn(50), rng.randn(50)
    loss, dx = losses.mse_loss(x, y)
    assert float(loss) == pytest.approx(1.8672282748726519, rel=1e-15)
    assert within_3(rel_error(numerical_gradient(lambda x: losses.mse_loss(x, y)[0], x), dx), 2.86e-9)


def test_softmax_loss_field() -> None:
    rng = np.random.RandomState(231)
    x, y = 0.001 * rng.randn(50, 10), rng.randint(10, size=50)
    loss, dx = losses.softmax_loss(x, y)
    assert float(loss) == pytest.approx(2.302545844500738, rel=1e-15)
    assert within_3(rel_error(numerical_gradient(lambda x: losses.softmax_loss(x, y)[0], x), dx), 9.4e-9)


@pytest.fixture(scope="module")
def sanity() -> SimpleNamespace:
    """The two networks of the initial-loss check, drawn one after the other."""
    rng = np.random.RandomState(231)
    X, y = rng.randn(2, 15), rng.randint(10, size=2)
    make = [
        network.FullyConnectedNet(
            "classification", [20, 30], 15, 10, reg=reg, weight_scale=5e-2, dtype=np.float64, rng=rng
        )
        for reg in (0, 3.14)
    ]
    return SimpleNamespace(X=X, y=y, plain=make[0], regularized=make[1])


def test_initial_loss(sanity: SimpleNamespace) -> None:
    assert float(sanity.plain.loss(sanity.X, sanity.y)[0]) == pytest.approx(2.300479089768492, rel=1e-15)
    assert float(sanity.regularized.loss(sanity.X, sanity.y)[0]) == pytest.approx(7.052114776533016, rel=1e-15)


def network_errors(model, X, y) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Relative error of every parameter's gradient against the numeric one."""
    _, grads = model.loss(X, y)
    errors = {}
    for name, value in list(model.params.items()):

        def loss(nudged: np.ndarray, name: str = name) -> float:
            model.params[name] = nudged
            return float(model.loss(X, y)[0])

        errors[name] = rel_error(numerical_gradient(loss, value, h=1e-5), grads[name])
        model.params[name] = value
    return errors


def test_network_gradients_without_regularization(sanity: SimpleNamespace) -> None:
    errors = network_errors(sanity.plain, sanity.X, sanity.y)
    figures = {"W1": 1.0e-7, "W2": 2.2e-5, "W3": 4.6e-7}
    assert all(within_3(errors[name], figure) for name, figure in figures.items()), errors
    assert all(errors[name] <= 1e-8 * 3 for name in ("b1", "b2", "b3")), errors


def test_network_gradients_with_regularization(sanity: SimpleNamespace) -> None:
    """The report printed `W3 relative error: 1.0` here: its last layer's term was missing."""
    errors = network_errors(sanity.regularized, sanity.X, sanity.y)
    assert within_3(errors["W2"], 3.5e-8), errors
    assert all(errors[name] <= 4e-8 * 3 for name in errors if name != "W2"), errors


def test_momentum() -> None:
    w, dw = np.linspace(-0.4, 0.6, num=20).reshape(4, 5), np.linspace(-0.6, 0.4, num=20).reshape(4, 5)
    v = np.linspace(0.6, 0.9, num=20).reshape(4, 5)
    next_w, config = rules.sgd_momentum(w, dw, {"learning_rate": 1e-3, "velocity": v})
    assert np.round([next_w[0, 0], next_w[-1, -1]], 4).tolist() == [0.1406, 1.4096]
    assert np.round([config["velocity"][0, 0], config["velocity"][-1, -1]], 4).tolist() == [0.5406, 0.8096]
    # The figures compare with the field's table of eight digits, which is on a straight line.
    steps = np.linspace(0, 1, 20)
    table_w = np.round(0.1406 + steps * (1.4096 - 0.1406), 8).reshape(4, 5)
    table_v = np.round(0.5406 + steps * (0.8096 - 0.5406), 8).reshape(4, 5)
    assert within_3(rel_error(next_w, table_w), 8.88e-9), rel_error(next_w, table_w)
    assert within_3(rel_error(config["velocity"], table_v), 4.27e-9), rel_error(config["velocity"], table_v)


def test_adam_field() -> None:
    w, dw = np.linspace(-0.4, 0.6, num=20).reshape(4, 5), np.linspace(-0.6, 0.4, num=20).reshape(4, 5)
    m, v = np.linspace(0.6, 0.9, num=20).reshape(4, 5), np.linspace(0.7, 0.5, num=20).reshape(4, 5)
    next_w, _ = rules.adam(w, dw, {"learning_rate": 1e-2, "m": m, "v": v, "t": 5})
    assert np.round([next_w[0, 0], next_w[-1, -1]], 8).tolist() == [-0.40094747, 0.59801459]


def test_batch_normalization_field() -> None:
    rng = np.random.RandomState(231)
    x, gamma, beta, dout = 5 * rng.randn(4, 5) + 12, rng.randn(5), rng.randn(5), rng.randn(4, 5)

    def forward(x, gamma, beta):  # type: ignore[no-untyped-def]
        return normalization.batchnorm_forward(x, gamma, beta, {"mode": "train"})

    errors = errors_of_gradients(forward, normalization.batchnorm_backward, (x, gamma, beta), dout)
    assert all(map(within_3, errors, [1.7e-9, 7.4e-13, 2.9e-12])), errors
