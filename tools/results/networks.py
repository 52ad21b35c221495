"""The course's network and momentum as the results need them: few copies, batch normalization, dropout, max-norm.

`LeanNet` computes what the reference's `FullyConnectedNet` and notebook 08's layers compute; tests compare them.  It is
not in the toolkit, because students write this network themselves.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Augment = Callable[[Array, np.random.Generator], Array]
EPSILON, RUNNING = np.float32(1e-5), np.float32(0.9)
"""Of batch normalization: added to each variance; how much of the running averages stays in a step."""


class LeanNet:
    """Affine layers with ReLUs between them, in float32, with as few passes over memory as possible.

    Parameters
    ----------
    category : str
        "classification" (softmax loss) or "regression" (mean squared error).
    dims : sequence of int
        Number of features, sizes of the hidden layers, number of outputs.
    rng : numpy.random.Generator
        Draws the initial weights (He: standard deviation √(2/fan-in)), the dropout masks and the augmentation.
    reg : float
        Strength of the L2 regularization.
    drop_input, drop_hidden : float
        Share of inputs and of hidden units that dropout sets to 0.
    smoothing : float
        Label smoothing: the share of the target's probability that is spread over all classes.
    augment : callable, optional
        `(X, rng) -> X`, applied to every training batch.
    normalize : bool
        Whether the inputs of each ReLU are batch-normalized.
    adversarial : float
        Length of a step from each example towards a larger loss. The network learns from what the steps lead to as
        much as from the examples (Goodfellow, Shlens and Szegedy, "Explaining and Harnessing Adversarial Examples",
        2015; steps of a fixed length as in Miyato and others, "Distributional Smoothing with Virtual Adversarial
        Training", 2016).
    """

    def __init__(
        self,
        category: str,
        dims: Sequence[int],
        rng: np.random.Generator,
        *,
        reg: float = 0.0,
        drop_input: float = 0.0,
        drop_hidden: float = 0.0,
        smoothing: float = 0.0,
        augment: Augment | None = None,
        normalize: bool = False,
        adversarial: float = 0.0,
    ) -> None:
        self.category, self.rng, self.reg, self.adversarial = category, rng, reg, adversarial
        self.drop_input, self.drop_hidden = drop_input, drop_hidden
        self.smoothing, self.augment, self.normalize = smoothing, augment, normalize
        self.depth = len(dims) - 1
        self.params: dict[str, Array] = {}
        self.running: dict[int, tuple[Array, Array]] = {}
        for k, (fan_in, fan_out) in enumerate(itertools.pairwise(dims), start=1):
            scale = np.float32(np.sqrt(2 / fan_in))
            self.params[f"W{k}"] = scale * rng.standard_normal((fan_in, fan_out), dtype=np.float32)
            self.params[f"b{k}"] = np.zeros(fan_out, np.float32)
            if normalize and k < self.depth:  # b is what is called beta there
                self.params[f"gamma{k}"] = np.ones(fan_out, np.float32)
                self.running[k] = np.zeros(fan_out, np.float32), np.ones(fan_out, np.float32)

    def __repr__(self) -> str:
        """Return the category and the sizes of the layers."""
        sizes = [len(self.params["W1"]), *(len(self.params[f"b{k}"]) for k in range(1, self.depth + 1))]
        return f"LeanNet({self.category}: {' -> '.join(map(str, sizes))})"

    def loss(self, X: Array, y: Array | None = None) -> Any:
        """Return scores (N, outputs) of X (N, D) if y is None, else (loss, grads), as `FullyConnectedNet` does."""
        if y is None:
            return self._scores(X)
        X = self.augment(X, self.rng) if self.augment else X
        loss, grads, dX = self._gradients(X, y)
        if self.adversarial:
            length = np.sqrt(np.einsum("ij,ij->i", dX, dX))[:, None]  # (N, 1)
            other, theirs, _ = self._gradients(X + np.float32(self.adversarial) * dX / (length + np.float32(1e-12)), y)
            loss, grads = (loss + other) / 2, {name: (g + theirs[name]) / 2 for name, g in grads.items()}
        return loss, grads

    def _gradients(self, X: Array, y: Array) -> tuple[float, dict[str, Array], Array]:
        """Return the loss and its gradients with respect to parameters and, for adversarial steps, to X (N, D)."""
        inputs, out, caches = self._forward_in_training(X)
        loss, dout = (_softmax if self.category == "classification" else _squares)(out, y, self.smoothing)
        grads: dict[str, Array] = {}
        for k in range(self.depth, 0, -1):
            w = self.params[f"W{k}"]
            grads[f"b{k}"] = dout.sum(axis=0)  # (M,)
            if k in caches:
                grads[f"gamma{k}"] = self._normalized_backward(k, dout, grads[f"b{k}"], *caches[k])
            grads[f"W{k}"] = inputs[k - 1].T @ dout  # (D, N) @ (N, M) -> (D, M)
            if self.reg:
                loss += self.reg / 2 * float(np.vdot(w, w))
                grads[f"W{k}"] += self.reg * w
            if k > 1 or self.adversarial:  # else nobody needs the gradient with respect to the pixels
                dout = dout @ w.T  # (N, M) @ (M, D) -> (N, D)
            if k > 1:
                dout *= inputs[k - 1] > 0  # ReLU and dropout at once: what either set to 0 gets no gradient
                if self.drop_hidden:
                    dout *= 1 / (1 - self.drop_hidden)
        return loss, grads, dout

    def _scores(self, X: Array) -> Array:
        out = X
        for k in range(1, self.depth + 1):
            out = out @ self.params[f"W{k}"]  # (N, D) @ (D, M) -> (N, M)
            if k in self.running:
                mean, variance = self.running[k]
                out -= mean
                out *= self.params[f"gamma{k}"] / np.sqrt(variance + EPSILON)
            out += self.params[f"b{k}"]
            if k < self.depth:
                np.maximum(out, 0, out=out)
        return out

    def _forward_in_training(self, X: Array) -> tuple[list[Array], Array, dict[int, tuple[Array, Array]]]:
        """Return the input of every layer, the scores, and what the backward pass of batch normalization needs."""
        out = self._dropped(X, self.drop_input, in_place=False)
        inputs, caches = [], {}
        for k in range(1, self.depth + 1):
            inputs.append(out)
            out = out @ self.params[f"W{k}"]  # (N, D) @ (D, M) -> (N, M)
            if k in self.running:
                caches[k] = self._normalized(k, out)
                out = caches[k][0] * self.params[f"gamma{k}"]
            out += self.params[f"b{k}"]
            if k < self.depth:
                np.maximum(out, 0, out=out)
                out = self._dropped(out, self.drop_hidden, in_place=True)
        return inputs, out, caches

    def _normalized(self, k: int, x: Array) -> tuple[Array, Array]:
        """Normalize x (N, M) in place, and return it with 1 / standard deviation (M,); the running averages follow."""
        mean = x.mean(axis=0)
        x -= mean
        variance = np.einsum("ij,ij->j", x, x) / np.float32(len(x))
        inverse = 1 / np.sqrt(variance + EPSILON)
        x *= inverse
        for average, now in zip(self.running[k], (mean, variance), strict=True):
            average *= RUNNING
            average += (1 - RUNNING) * now
        return x, inverse

    def _normalized_backward(self, k: int, dout: Array, dbeta: Array, x: Array, inverse: Array) -> Array:
        """Turn dout (N, M) into the gradient with respect to what was normalized, in place, and return dgamma (M,)."""
        dgamma: Array = np.einsum("ij,ij->j", dout, x)
        x *= dgamma / np.float32(len(x))
        dout -= dbeta / np.float32(len(x))
        dout -= x
        dout *= self.params[f"gamma{k}"] * inverse
        return dgamma

    def _dropped(self, x: Array, share: float, *, in_place: bool) -> Array:
        """Inverted dropout with a mask of bytes, which are quicker to draw than floats."""
        if not share:
            return x
        draws = np.frombuffer(self.rng.bytes(x.size), np.uint8).reshape(x.shape)
        x = np.multiply(x, draws >= round(256 * share), out=x if in_place else None)
        x *= np.float32(1 / (1 - share))
        return x


def _softmax(scores: Array, y: Array, smoothing: float) -> tuple[float, Array]:
    """Mean cross-entropy with smoothed targets, and its gradient (N, C)."""
    n, classes = scores.shape
    scores -= scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))  # (N, C)
    target = np.full(scores.shape, smoothing / classes, np.float32)
    target[np.arange(n), y] += 1 - smoothing
    return -float(np.vdot(target, log_p)) / n, (np.exp(log_p) - target) / np.float32(n)


def _squares(scores: Array, y: Array, smoothing: float) -> tuple[float, Array]:
    """Mean squared error of scores (N, 1) for y (N,), and its gradient."""
    error = scores - y.reshape(scores.shape).astype(scores.dtype, copy=False)  # (N, 1)
    return float(np.vdot(error, error)) / error.size, error * np.float32(2 / error.size)


def momentum_in_place(w: Array, dw: Array, config: dict[str, Any]) -> tuple[Array, dict[str, Any]]:
    """Classical momentum like `sgd_momentum`, without new arrays.

    With `config["max_norm"]`, the weights into a unit are scaled to at most this length after the step.
    """
    velocity = config.setdefault("velocity", np.zeros_like(w))
    velocity *= config.get("momentum", 0.9)
    dw *= config["learning_rate"]
    velocity -= dw
    w += velocity
    if w.ndim == 2 and "max_norm" in config:
        length = np.sqrt(np.einsum("ij,ij->j", w, w))  # (M,)
        if (length > config["max_norm"]).any():
            w *= np.minimum(1, config["max_norm"] / length)
    return w, config


def adam_in_place(w: Array, dw: Array, config: dict[str, Any]) -> tuple[Array, dict[str, Any]]:
    """Take a step of Adam with bias correction like `adam`, with few new arrays."""
    m, v = config.setdefault("m", np.zeros_like(w)), config.setdefault("v", np.zeros_like(w))
    config["t"] = t = config.get("t", 0) + 1
    beta1, beta2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
    m += (1 - beta1) * (dw - m)
    dw *= dw
    v += (1 - beta2) * (dw - v)
    root = np.sqrt(v)
    root *= 1 / np.sqrt(1 - beta2**t, dtype=w.dtype)
    root += config.get("epsilon", 1e-8)
    w -= (config["learning_rate"] / (1 - beta1**t)) * m / root
    return w, config
