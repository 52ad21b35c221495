"""The lean network computes what the notebooks' network computes, and trains in place."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import SOURCE
from toolkit.earlier import answers
from tools.results.networks import LeanNet, adam_in_place, momentum_in_place


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def batch(category: str) -> tuple[np.ndarray, np.ndarray]:
    X = rng(1).standard_normal((17, 12)).astype(np.float32)
    y = rng(2).integers(5, size=17) if category == "classification" else rng(2).standard_normal(17).astype(np.float32)
    return X, y


@pytest.mark.parametrize(("category", "outputs"), [("classification", 5), ("regression", 1)])
def test_it_is_the_notebooks_network(category: str, outputs: int) -> None:
    lean = LeanNet(category, [12, 9, 7, outputs], rng(), reg=0.1)
    network = answers("04_fully_connected_net", folder=SOURCE).FullyConnectedNet
    plain = network(category, [9, 7], input_dim=12, output_dim=outputs, reg=0.1, dtype=np.float64)
    for k in (1, 2, 3):
        lean.params[f"b{k}"] += np.float32(0.1 * k)
    plain.params = {name: value.astype(np.float64) for name, value in lean.params.items()}
    X, y = batch(category)
    np.testing.assert_allclose(lean.loss(X), plain.loss(X.astype(np.float64)), atol=1e-5)
    (loss, grads), (expected, expected_grads) = lean.loss(X, y), plain.loss(X.astype(np.float64), y)
    assert loss == pytest.approx(expected, rel=1e-5)
    for name, value in expected_grads.items():
        assert grads[name].dtype == np.float32
        np.testing.assert_allclose(grads[name], value, atol=1e-5, err_msg=name)


def test_normalized_layers_are_the_notebooks() -> None:
    lean = LeanNet("classification", [12, 9, 5], rng(), normalize=True)
    lean.params["gamma1"] += rng(4).random(9, np.float32)
    lean.params["b1"] += rng(5).random(9, np.float32)
    forward, backward = (
        getattr(answers("08_batch_normalization", folder=SOURCE), f"batchnorm_{way}") for way in ("forward", "backward")
    )
    layers, loss_of = answers("01_layers", folder=SOURCE), answers("02_losses", folder=SOURCE).softmax_loss
    p = {name: value.astype(np.float64) for name, value in lean.params.items()}
    X, y = batch("classification")
    normalized, cache = forward(X @ p["W1"], p["gamma1"], p["b1"], {"mode": "train"})
    hidden, relu_cache = layers.relu_forward(normalized)
    expected, dout = loss_of(hidden @ p["W2"] + p["b2"], y)
    dx, dgamma, dbeta = backward(layers.relu_backward(dout @ p["W2"].T, relu_cache), cache)
    loss, grads = lean.loss(X, y)
    assert loss == pytest.approx(expected, rel=1e-5)
    wanted = {"W1": X.T @ dx, "b1": dbeta, "gamma1": dgamma, "W2": hidden.T @ dout, "b2": dout.sum(axis=0)}
    assert set(grads) == set(lean.params) == set(wanted)
    for name, value in wanted.items():
        np.testing.assert_allclose(grads[name], value, atol=1e-5, err_msg=name)


def test_outside_of_training_running_averages_normalize() -> None:
    network = LeanNet("classification", [12, 9, 5], rng(), normalize=True)
    X, y = batch("classification")
    for _ in range(200):
        network.loss(X, y)
    hidden = X @ network.params["W1"]
    hidden = (hidden - hidden.mean(axis=0)) / np.sqrt(hidden.var(axis=0) + 1e-5)
    expected = np.maximum(hidden, 0) @ network.params["W2"]
    np.testing.assert_allclose(network.loss(X), expected, atol=1e-4)
    np.testing.assert_allclose(network.loss(X[:1]), expected[:1], atol=1e-4)


def test_label_smoothing_agrees_with_differences() -> None:
    X, y = batch("classification")
    network = LeanNet("classification", [12, 5], rng(), smoothing=0.2)
    network.params = {name: value.astype(np.float64) for name, value in network.params.items()}
    _, grads = network.loss(X.astype(np.float64), y)
    b, numeric = network.params["b1"], np.zeros(5)
    for j in range(5):
        for sign in (1, -1):
            b[j] += sign * 1e-5
            numeric[j] += sign * network.loss(X.astype(np.float64), y)[0] / 2e-5
            b[j] -= sign * 1e-5
    np.testing.assert_allclose(grads["b1"], numeric, atol=1e-6)


def test_dropout_keeps_the_mean_and_sends_no_gradient_through_what_it_dropped() -> None:
    network = LeanNet("classification", [400, 300, 10], rng(), drop_hidden=0.5)
    x = np.ones((200, 300), np.float32)
    dropped = network._dropped(x, 0.5, in_place=False)
    assert set(np.unique(dropped)) == {0, 2}
    assert dropped.mean() == pytest.approx(1, abs=0.03)
    assert (x == 1).all()  # the caller's array stays as it is
    inputs, _, _ = network._forward_in_training(np.abs(rng(3).standard_normal((64, 400))).astype(np.float32))
    assert 0.6 < np.mean(inputs[1] == 0) < 0.9  # about half by the ReLU, half of the rest by dropout


@pytest.mark.parametrize(("lean", "name"), [(momentum_in_place, "sgd_momentum"), (adam_in_place, "adam")])
def test_rules_take_the_notebooks_steps(lean, name: str) -> None:
    rule = getattr(answers("05_optimization", folder=SOURCE), name)
    w, expected = rng().standard_normal((4, 3)), rng().standard_normal((4, 3))
    config, plain = {"learning_rate": 0.1}, {"learning_rate": 0.1}
    for step in range(5):
        dw = rng(step).standard_normal((4, 3))
        expected, plain = rule(expected, dw, plain)
        same, config = lean(w, dw.copy(), config)
        assert same is w
    np.testing.assert_allclose(w, expected, rtol=1e-6)


def test_max_norm_limits_the_weights_into_each_unit() -> None:
    w = np.array([[3.0, 0.1], [4.0, 0.1]])
    momentum_in_place(w, np.zeros_like(w), {"learning_rate": 0.1, "max_norm": 2.0})
    np.testing.assert_allclose(np.linalg.norm(w, axis=0), [2.0, np.hypot(0.1, 0.1)])


def test_adversarial_examples_are_a_step_towards_a_larger_loss() -> None:
    X, y = batch("classification")
    network, plain = (LeanNet("classification", [12, 9, 5], rng(), adversarial=size) for size in (0.5, 0.0))
    _, _, dX = network._gradients(X, y)
    double = LeanNet("classification", [12, 9, 5], rng())
    double.params = {name: value.astype(np.float64) for name, value in plain.params.items()}
    numeric = np.zeros_like(dX)
    for i, j in [(0, 0), (3, 5), (16, 11)]:
        step = np.zeros(X.shape)
        step[i, j] = 1e-6
        numeric[i, j] = (double.loss(X + step, y)[0] - double.loss(X - step, y)[0]) / 2e-6
        assert dX[i, j] == pytest.approx(numeric[i, j], abs=1e-6)
    length = np.linalg.norm(dX, axis=1, keepdims=True)  # 0 where no hidden unit is active
    towards = X + 0.5 * dX / np.where(length, length, 1)
    (loss, grads), (other, other_grads) = plain.loss(X, y), plain.loss(towards.astype(np.float32), y)
    assert other > loss
    found, found_grads = network.loss(X, y)
    assert found == pytest.approx((loss + other) / 2, rel=1e-5)
    for name, value in found_grads.items():
        np.testing.assert_allclose(value, (grads[name] + other_grads[name]) / 2, atol=1e-6, err_msg=name)
