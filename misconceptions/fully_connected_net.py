"""Wrong and right answers to 04_fully_connected_net."""
# ruff: noqa: F821, RUF005, UP031 - answers use names of the set-up cell, and styles of their own

import numpy as np

from examiner.catalogue import Catalogue

catalogue = Catalogue("04_fully_connected_net")

NET = "FullyConnectedNet"
INITIALIZATION = ("test_FullyConnectedNet__initialization",)
SCORES = ("test_FullyConnectedNet__scores",)
LOSS = ("test_FullyConnectedNet__loss",)
GRADIENTS = ("test_FullyConnectedNet__gradients",)
REGRESSION = ("test_FullyConnectedNet__regression",)

FORWARD = "layers.affine_forward if k == self.depth else layers.affine_relu_forward"
BACKWARD = "layers.affine_backward if k == self.depth else layers.affine_relu_backward"
WEIGHTS = 'self.params[f"W{k}"] = (weight_scale * rng.normal(size=(dims[k - 1], dims[k]))).astype(dtype)'
BIASES = "np.zeros(dims[k], dtype)"
PARAMETERS = 'forward(out, self.params[f"W{k}"], self.params[f"b{k}"])'
TOTAL = 'loss, grads[f"W{k}"] = loss + penalty, dw + dpenalty'

# ------------------------------------------------------------ initialization

catalogue.change(
    NET,
    "biases_random",
    "The biases are drawn at random: they should start at zero.",
    {BIASES: "(weight_scale * rng.normal(size=dims[k])).astype(dtype)"},
    tests=INITIALIZATION,
)
catalogue.change(
    NET,
    "dtype_ignored",
    "The parameters ignore the argument dtype: they should have that dtype, while NumPy's default is float64.",
    {WEIGHTS: WEIGHTS.replace(".astype(dtype)", ""), BIASES: "np.zeros(dims[k])"},
    tests=INITIALIZATION,
)
catalogue.change(
    NET,
    "weight_scale_ignored",
    "The spread of the weights ignores weight_scale: it should be their standard deviation.",
    {"weight_scale * rng.normal": "1e-2 * rng.normal"},
    tests=INITIALIZATION,
)
catalogue.change(
    NET,
    "weight_scale_as_variance",
    "weight_scale is used as the variance of the weights: it should be their standard deviation.",
    {"weight_scale * rng.normal": "weight_scale**0.5 * rng.normal"},
    tests=INITIALIZATION,
)
catalogue.change(
    NET,
    "scaled_by_layer_size",
    "The spread of the weights depends on the layer's size: it should be weight_scale for every layer.",
    {"weight_scale * rng.normal": "(2 / dims[k - 1]) ** 0.5 * rng.normal"},
    tests=INITIALIZATION,
)
catalogue.change(
    NET,
    "uniform_weights",
    "The weights come from a uniform distribution: they should be normally distributed.",
    {"rng.normal(size=": "rng.uniform(-(3**0.5), 3**0.5, size="},
    tests=INITIALIZATION,
    variants=({"-(3**0.5), 3**0.5, size=": "size="}, {"-(3**0.5), 3**0.5, size=": "-1, 1, size="}),
)
catalogue.change(
    NET,
    "equal_weights",
    "All initial weights of a layer are equal, so its units stay the same forever: draw them at random.",
    {"rng.normal(size=(dims[k - 1], dims[k]))": "np.ones((dims[k - 1], dims[k]))"},
    tests=INITIALIZATION,
)
catalogue.change(
    NET,
    "seed_fixed",
    "Without rng, every network gets the same weights: create a new generator each time.",
    {"np.random.default_rng()": "np.random.default_rng(0)"},
    tests=INITIALIZATION,
)
catalogue.change(
    NET,
    "category_unchecked",
    "An unknown category is accepted: raise a ValueError.",
    {
        "if category not in loss_functions": "if False",
        "loss_functions[category]": "loss_functions.get(category, losses.mse_loss)",
    },
    tests=INITIALIZATION,
)
catalogue.change(
    NET,
    "category_key_error",
    "An unknown category raises a different error: check the category first, and raise a ValueError.",
    {"raise ValueError": "raise KeyError"},
    tests=INITIALIZATION,
)
catalogue.change(
    NET,
    "output_dim_ignored",
    "The last layer always has ten outputs: it should have output_dim outputs.",
    {"[input_dim, *hidden_dims, output_dim]": "[input_dim, *hidden_dims, 10]"},
    tests=INITIALIZATION,
)
catalogue.change(
    NET,
    "always_two_layers",
    "The network always has two layers: it should have one hidden layer for each entry of hidden_dims, and the output layer.",
    {
        "len(hidden_dims) + 1": "2",
        "[input_dim, *hidden_dims, output_dim]": "[input_dim, hidden_dims[0], output_dim]",
    },
    tests=INITIALIZATION + SCORES,
)

DIMS = "[input_dim, *hidden_dims, output_dim]"
catalogue.change(
    NET,
    "hidden_dims_never_empty",
    "The network fails without hidden layers: hidden_dims may be the empty list [], and then the network should have a single layer.",
    {DIMS: "[input_dim, hidden_dims[0], *hidden_dims[1:], output_dim]"},
    tests=INITIALIZATION + SCORES,
    variants=tuple(
        {"hidden_dims[0], *hidden_dims[1:]": "*hidden_dims", "self.params = {}": f"self.params = {{}}\n        {check}"}
        for check in (
            "assert hidden_dims",
            "if not hidden_dims: raise ValueError('no hidden layer')",
            "hidden_dims or {}['W1']",
            "hidden_dims or np.zeros(0)[0]",
        )
    ),
)


def renamed(weight, bias):
    """The changes that give the parameters other names."""
    return {
        WEIGHTS: WEIGHTS.replace('[f"W{k}"]', weight),
        'self.params[f"b{k}"] = ' + BIASES: f"self.params{bias} = {BIASES}",
        PARAMETERS: f"forward(out, self.params{weight}, self.params{bias})",
        'dout, dw, grads[f"b{k}"] =': f"dout, dw, grads{bias} =",
        'l2_regularization(self.params[f"W{k}"]': f"l2_regularization(self.params{weight}",
        TOTAL: TOTAL.replace('[f"W{k}"]', weight),
    }


for name, weight, bias in [
    ("keys_are_tuples", '["W", k]', '["b", k]'),
    ("keys_from_zero", '[f"W{k - 1}"]', '[f"b{k - 1}"]'),
    ("keys_in_lower_case", '[f"w{k}"]', '[f"b{k}"]'),
    ("keys_with_underscore", '[f"W_{k}"]', '[f"b_{k}"]'),
    ("keys_are_words", '[f"weight{k}"]', '[f"bias{k}"]'),
]:
    catalogue.change(
        NET,
        name,
        'The parameters have names other than "W1", "b1", "W2", …: these strings, counted from 1, should be the keys of self.params and of grads.',
        renamed(weight, bias),
        tests=INITIALIZATION,
    )


# -------------------------------------------------------------------- scores

catalogue.change(
    NET,
    "relu_after_output",
    "A ReLU follows the last layer: scores may be negative, so the last layer should have no ReLU.",
    {FORWARD: "layers.affine_relu_forward", BACKWARD: "layers.affine_relu_backward"},
    tests=SCORES,
    variants=(
        {
            "backward = layers.affine_relu_backward": "backward = layers.affine_relu_backward if k < self.depth "
            "else lambda dout, cache: layers.affine_backward(dout, cache[0])"
        },
    ),
)
catalogue.change(
    NET,
    "hidden_relu_missing",
    "The ReLUs between the layers are missing, so the whole network is one affine function: each hidden layer should have a ReLU.",
    {FORWARD: "layers.affine_forward", BACKWARD: "layers.affine_backward"},
    tests=SCORES,
)
catalogue.change(
    NET,
    "probabilities_returned",
    "Without y, probabilities are returned: return the scores, because only the loss uses the softmax.",
    {"return out  #": "return np.exp(out) / np.exp(out).sum(axis=1, keepdims=True)  #"},
    tests=SCORES,
)
catalogue.change(
    NET,
    "parameters_copied",
    "The network computes with copies of its initial parameters: read self.params in each call.",
    {
        "        return\n": "        self.first = dict(self.params)\n        return\n",
        PARAMETERS: PARAMETERS.replace("params", "first"),
    },
    tests=SCORES,
)
catalogue.change(
    NET,
    "bias_left_out",
    "The biases are missing from the scores: add them in each layer.",
    {PARAMETERS: PARAMETERS.replace(', self.params[f"b', ', 0 * self.params[f"b')},
    tests=SCORES,
)

catalogue.change(
    NET,
    "images_not_flattened",
    "Images are not flattened: X may have shape (N, d_1, …, d_k), so reshape it to (N, D) first.",
    {"X.astype(self.dtype, copy=False), []": 'X.astype(self.dtype), []\n        X @ self.params["W1"]'},
    tests=SCORES,
)

# ---------------------------------------------------------------------- loss

catalogue.change(
    NET,
    "scores_returned_with_y",
    "Scores are returned although y is given: return the loss and the gradients.",
    {"if y is None:": "if y is None or len(y) > 0:"},
    tests=LOSS + GRADIENTS + REGRESSION,
)
catalogue.change(
    NET,
    "y_compared_with_none",
    "y is compared element by element, and the truth value of an array is ambiguous: write `if y is None`.",
    {"if y is None:": "if y == None:"},
    tests=LOSS + GRADIENTS + REGRESSION,
)
catalogue.change(
    NET,
    "scores_beside_loss",
    "The scores are returned along with the loss: if y is given, return two values, (loss, grads).",
    {"return loss, grads\n": "return out, loss, grads\n"},
    tests=LOSS + GRADIENTS + REGRESSION,
    variants=(
        {"return out, loss, grads": "return loss, grads, out"},
        {"return out, loss, grads": "return loss, out, grads"},
    ),
)
catalogue.change(
    NET,
    "grads_before_loss",
    "Loss and gradients are returned in the wrong order: return loss, grads.",
    {"return loss, grads\n": "return grads, loss\n"},
    tests=LOSS + GRADIENTS + REGRESSION,
)
catalogue.change(
    NET,
    "gradients_not_returned",
    "Only the loss is returned: if y is given, return two values, (loss, grads).",
    {"return loss, grads\n": "return loss\n"},
    tests=LOSS + GRADIENTS + REGRESSION,
)
catalogue.change(
    NET,
    "loss_not_regularized",
    "The penalty is missing from the loss: add it for every weight matrix.",
    {TOTAL: 'grads[f"W{k}"] = dw + dpenalty'},
    tests=LOSS,
)
catalogue.change(
    NET,
    "first_layer_loss_missing",
    "The loss has no penalty for the first layer's weights: it should have one for every weight matrix.",
    {"loss + penalty": "loss + penalty * (k > 1)"},
    tests=LOSS,
)
catalogue.change(
    NET,
    "last_layer_loss_missing",
    "The loss has no penalty for the last layer's weights: it should have one for every weight matrix.",
    {"loss + penalty": "loss + penalty * (k < self.depth)"},
    tests=LOSS,
)
catalogue.change(
    NET,
    "half_missing",
    "The penalty in the loss is twice too large: it should be λ/2 times the sum of squares.",
    {"loss + penalty": "loss + 2 * penalty"},
    tests=LOSS,
)
catalogue.change(
    NET,
    "biases_penalized",
    "The biases are regularized, too: only weights should be.",
    {
        TOTAL: TOTAL
        + "\n            b = self.params[f'b{k}']"
        + "\n            bias_penalty, dbias = regularization.l2_regularization(b, self.reg)"
        + "\n            loss, grads[f'b{k}'] = loss + bias_penalty, grads[f'b{k}'] + dbias"
    },
    tests=LOSS + GRADIENTS,
)
catalogue.change(
    NET,
    "penalty_averaged",
    "The penalty is divided by the batch size: only the data loss should be a mean over examples.",
    {"loss + penalty, dw + dpenalty": "loss + penalty / len(X), dw + dpenalty / len(X)"},
    tests=LOSS + GRADIENTS,
)

# ----------------------------------------------------------------- gradients

catalogue.change(
    NET,
    "last_layer_gradient_not_regularized",
    "The gradient of the last layer's weights lacks its term λW: every weight matrix should have one.",
    {"dw + dpenalty": "dw + dpenalty * (k < self.depth)"},
    tests=GRADIENTS,
)
catalogue.change(
    NET,
    "hidden_gradients_not_regularized",
    "Only the last layer's gradient has its term λW: every weight matrix should have one.",
    {"dw + dpenalty": "dw + dpenalty * (k == self.depth)"},
    tests=GRADIENTS,
)
catalogue.change(
    NET,
    "gradients_not_regularized",
    "The penalty is in the loss but not in the gradients: each dW should contain its term λW.",
    {"dw + dpenalty": "dw"},
    tests=GRADIENTS,
)
catalogue.change(
    NET,
    "gradient_of_penalty_doubled",
    "The gradients' term λW is twice too large: the ½ in the loss should cancel the 2.",
    {"dw + dpenalty": "dw + 2 * dpenalty"},
    tests=GRADIENTS,
)
catalogue.change(
    NET,
    "relu_gradient_skipped",
    "The gradient goes past the ReLUs in the backward pass: use the sandwich layer's backward function.",
    {BACKWARD: "lambda dout, cache: layers.affine_backward(dout, cache if k == self.depth else cache[0])"},
    tests=GRADIENTS,
)
catalogue.change(
    NET,
    "relu_gate_from_gradient",
    "The sign of the gradient decides whether it passes a ReLU in the backward pass: the sign of the ReLU's input should decide.",
    {
        BACKWARD: "(lambda dout, cache: layers.affine_backward(dout if k == self.depth else dout * (dout > 0), "
        "cache if k == self.depth else cache[0]))"
    },
    tests=GRADIENTS,
)
catalogue.change(
    NET,
    "gradients_averaged_again",
    "The gradients are divided by the batch size once more: leave this out, because the loss function already does it.",
    {"dw + dpenalty": "dw / len(X) + dpenalty"},
    tests=GRADIENTS,
    variants=(
        {"return loss, grads\n": "return loss, {k: g / len(X) if k[0] == 'b' else g for k, g in grads.items()}\n"},
    ),
)
catalogue.change(
    NET,
    "first_layer_left_out",
    "The backward pass stops before the first layer: that layer should get its gradients and its penalty, too.",
    {"range(self.depth, 0, -1)": "range(self.depth, 1, -1)"},
    tests=LOSS + GRADIENTS,
)

# ---------------------------------------------------------------- regression

catalogue.change(
    NET,
    "regression_by_softmax",
    "Regression uses the softmax loss: use the mean squared error.",
    {"losses.mse_loss": "lambda x, y: losses.softmax_loss(x, np.zeros(len(x), int))"},
    tests=REGRESSION,
    variants=({"lambda x, y: losses.softmax_loss(x, np.zeros(len(x), int))": "losses.softmax_loss"},),
)
catalogue.change(
    NET,
    "targets_broadcast",
    "Scores (N, 1) minus y (N,) gives (N, N): give y the scores' shape first.",
    {"np.asarray(y, self.dtype).reshape(out.shape)": "np.asarray(y, self.dtype)"},
    tests=REGRESSION,
    variants=(
        {
            "loss, dout = self.data_loss(out, y)": "error = out - y if self.category == 'regression' else 0\n"
            "        loss, dout = (np.mean(error**2), 2 * error / error.size) if self.category == 'regression' "
            "else self.data_loss(out, y)"
        },
    ),
)
catalogue.change(
    NET,
    "only_flat_targets",
    "Regression works with y of shape (N,) only: it should also work with shape (N, output_dim).",
    {"np.asarray(y, self.dtype).reshape(out.shape)": "np.asarray(y, self.dtype)[:, None]"},
    tests=REGRESSION,
    variants=(
        {
            "loss, dout = self.data_loss(out, y)": "loss, dout = self.data_loss(out, y)\n"
            "        if self.category == 'regression':\n"
            "            np.dot(caches[-1][0].T if self.depth == 1 else caches[-1][0].reshape(len(X), -1).T, 2 * (out - y))\n"
            "            dout = dout[:, 0] if dout.ndim > 2 else dout"
        },
    ),
)
catalogue.change(
    NET,
    "predictions_flattened",
    "Regression compares the first output only, as a row of N numbers: several outputs are allowed, so compare all of them.",
    {
        "loss, dout = self.data_loss(out, y)": "if self.category == 'regression':\n"
        "            out, y = out[:, 0], y.ravel()\n"
        "        loss, dout = self.data_loss(out, y)\n"
        "        dout = dout.reshape(len(X), -1)"
    },
    tests=REGRESSION,
)
catalogue.change(
    NET,
    "only_first_output",
    "Regression uses the first output only: the error should be a mean over all of them.",
    {
        "loss, dout = self.data_loss(out, y)": "loss, dout = self.data_loss(out[:, :1], y[:, :1]) if "
        'self.category == "regression" else self.data_loss(out, y)\n'
        "        dout = np.hstack([dout, np.zeros((len(out), out.shape[1] - dout.shape[1]))])"
    },
    tests=REGRESSION,
)

# -------------------------------------------------------------- alternatives


@catalogue.alternative(NET, "global generator, last layer drawn first, everything inline, double precision gradients")
class Inline:
    def __init__(
        self,
        category,
        hidden_dims,
        input_dim=784,
        output_dim=10,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        rng=None,
    ):
        if category != "classification" and category != "regression":
            raise ValueError("unknown category: " + str(category))
        self.category = category
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        sizes = [input_dim] + list(hidden_dims) + [output_dim]
        self.params = {}
        for i in reversed(range(self.num_layers)):
            self.params["W" + str(i + 1)] = np.random.normal(0, weight_scale, (sizes[i], sizes[i + 1]))
            self.params["b" + str(i + 1)] = np.zeros(sizes[i + 1])
        for key in self.params:
            self.params[key] = self.params[key].astype(dtype)

    def loss(self, X, y=None):
        hidden = [np.reshape(X, (len(X), -1)).astype(np.float64)]
        for i in range(1, self.num_layers + 1):
            a = np.dot(hidden[-1], self.params["W%d" % i]) + self.params["b%d" % i]
            hidden.append(a if i == self.num_layers else a * (a >= 0))
        scores = hidden[-1]
        if y is None:
            return scores
        n = len(scores)
        if self.category == "classification":
            p = np.exp(scores - np.max(scores, axis=1)[:, None])
            p /= np.sum(p, axis=1)[:, None]
            loss = -np.sum(np.log(p[range(n), y])) / n
            p[range(n), y] -= 1
            grad = p / n
        else:
            grad = scores - np.reshape(y, scores.shape)
            loss = np.average(grad**2)
            grad = 2 * grad / grad.size
        loss = np.array(loss)
        grads = {}
        for i in range(self.num_layers, 0, -1):
            w = self.params["W%d" % i]
            grads["W%d" % i] = np.dot(hidden[i - 1].T, grad) + self.reg * w
            grads["b%d" % i] = np.sum(grad, axis=0)
            loss = loss + 0.5 * self.reg * np.sum(w * w)
            grad = np.dot(grad, w.T) * (hidden[i - 1] > 0)
        return loss, grads


@catalogue.alternative(NET, "a stack of closures, affine and ReLU apart, helper methods")
class Closures:
    def __init__(
        self,
        category,
        hidden_dims,
        input_dim=784,
        output_dim=10,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        rng=None,
    ):
        if category not in ("classification", "regression"):
            raise ValueError(category)
        self.category, self.reg, self.params, self.dtype = category, reg, {}, np.dtype(dtype)
        if rng is None:
            rng = np.random.RandomState()
        previous = input_dim
        for number, size in enumerate(tuple(hidden_dims) + (output_dim,), start=1):
            self.params[f"W{number}"] = np.array(rng.standard_normal((previous, size)) * weight_scale, dtype=dtype)
            self.params[f"b{number}"] = np.full(size, 0, dtype=dtype)
            previous = size
        self.last = number

    def forward(self, X):
        out, stack = X, []
        for number in range(1, self.last + 1):
            out, cache = layers.affine_forward(out, self.params[f"W{number}"], self.params[f"b{number}"])
            relu_cache = None
            if number < self.last:
                out, relu_cache = layers.relu_forward(out)
            stack.append((number, cache, relu_cache))
        return out, stack

    def loss(self, X, y=None):
        scores, stack = self.forward(np.array(X, dtype=self.dtype))
        if y is None:
            return scores
        if self.category == "classification":
            data_loss, grad = losses.softmax_loss(scores, y)
        elif np.ndim(y) == 1:
            data_loss, grad = losses.mse_loss(scores, y[:, np.newaxis])
        else:
            data_loss, grad = losses.mse_loss(scores, y)
        grads = {}
        while stack:
            number, cache, relu_cache = stack.pop()
            if relu_cache is not None:
                grad = layers.relu_backward(grad, relu_cache)
            grad, grads[f"W{number}"], grads[f"b{number}"] = layers.affine_backward(grad, cache)
            grads[f"W{number}"] = grads[f"W{number}"] + self.reg * self.params[f"W{number}"]
        penalty = sum(np.linalg.norm(w) ** 2 for name, w in self.params.items() if name[0] == "W")
        return data_loss + self.reg / 2 * penalty, grads


@catalogue.alternative(NET, "recursive, with spare attributes, and a list returned")
class Recursive:
    def __init__(
        self,
        category,
        hidden_dims,
        input_dim=784,
        output_dim=10,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        rng=None,
    ):
        if {"classification": 1, "regression": 2}.get(category) is None:
            raise ValueError("category")
        self.category, self.reg, self.L, self.history = category, reg, len(hidden_dims) + 1, []
        rng = rng or np.random.default_rng()
        shapes = list(zip([input_dim, *hidden_dims], [*hidden_dims, output_dim], strict=True))
        weights = {f"W{i}": weight_scale * rng.normal(0, 1, s) for i, s in enumerate(shapes, 1)}
        biases = {f"b{i}": np.zeros((s[1],)) for i, s in enumerate(shapes, 1)}
        self.params = {k: v.astype(dtype) for k, v in (weights | biases).items()}

    def _layer(self, i, x, top):
        w, b = self.params[f"W{i}"], self.params[f"b{i}"]
        if i == self.L:
            scores, cache = layers.affine_forward(x, w, b)
            loss, dscores = top(scores)
            dx, dw, db = layers.affine_backward(dscores, cache)
            grads = {}
        else:
            out, cache = layers.affine_relu_forward(x, w, b)
            loss, dout, grads = self._layer(i + 1, out, top)
            dx, dw, db = layers.affine_relu_backward(dout, cache)
        penalty, extra = regularization.l2_regularization(w, self.reg)
        grads.update({f"W{i}": dw + extra, f"b{i}": db})
        return loss + penalty, dx, grads

    def loss(self, X, y=None):
        if y is None:
            kept = []
            self._layer(1, X, lambda scores: (kept.append(scores), (0.0, np.zeros_like(scores)))[1])
            return kept[0]
        if self.category == "classification":
            loss, _, grads = self._layer(1, X, lambda scores: losses.softmax_loss(scores, y))
        else:
            loss, _, grads = self._layer(1, X, lambda scores: losses.mse_loss(scores, y.reshape(scores.shape)))
        self.history.append(loss)
        return [loss, grads]


catalogue.change(
    NET,
    "penalties_at_the_end",
    "the penalties are added in a loop of their own, after the way back",
    {
        TOTAL: 'grads[f"W{k}"] = dw',
        'penalty, dpenalty = regularization.l2_regularization(self.params[f"W{k}"], self.reg)': "pass",
        "return loss, grads\n": "for name in [name for name in self.params if name.startswith('W')]:\n"
        "            loss += 0.5 * self.reg * (self.params[name] ** 2).sum()\n"
        "            grads[name] = grads[name] + self.reg * self.params[name]\n"
        "        return loss, grads\n",
    },
    kind="alternative",
)
catalogue.change(
    NET,
    "flattened_first",
    "images become rows before the first layer, and the spread is an argument of normal",
    {
        "X.astype(self.dtype, copy=False), []": "np.asarray(X, self.dtype).reshape(len(X), -1), []",
        WEIGHTS: 'self.params[f"W{k}"] = np.asarray(rng.normal(0.0, weight_scale, (dims[k - 1], dims[k])), dtype)',
    },
    kind="alternative",
)
catalogue.change(
    NET,
    "biases_drawn_first",
    "biases before weights, the last layer first; double precision inside; the loss a 0-d array",
    {
        "for k in range(1, self.depth + 1):\n            self.params": "for k in range(self.depth, 0, -1):\n"
        "            self.params",
        BIASES: "(0.0 * rng.normal(size=dims[k])).astype(dtype)",
        "X.astype(self.dtype, copy=False)": "X.astype(np.float64)",
        "return loss, grads\n": "return np.array(loss), grads\n",
    },
    kind="alternative",
)
catalogue.change(
    NET,
    "caches_from_behind",
    "caches are popped, and parts of the network are looked up in dictionaries",
    {
        FORWARD: "{True: layers.affine_forward, False: layers.affine_relu_forward}[k == self.depth]",
        BACKWARD: "[layers.affine_relu_backward, layers.affine_backward][int(k == self.depth)]",
        "caches[k - 1]": "caches.pop()",
    },
    kind="alternative",
)

# ---------------------------------------------------- how mutants are tried out


@catalogue.probe(NET)
def networks(answers, rng):
    category = ["classification", "regression"][rng.integers(2)]
    hidden = [[], [4], [5, 3], [4, 6, 3]][rng.integers(4)]
    model = answers.FullyConnectedNet(category, hidden, 6, 3, reg=rng.uniform(), dtype=np.float64, rng=rng)
    made = {name: value.copy() for name, value in model.params.items()}
    for name, value in made.items():
        model.params[name] = rng.normal(size=value.shape)
    X = rng.normal(size=(5, 2, 3))
    y = rng.integers(3, size=5) if category == "classification" else rng.normal(size=(5, 3))
    usual = answers.FullyConnectedNet(category, hidden, rng=np.random.RandomState(rng.integers(100)))
    images = rng.normal(size=(2, 28, 28)).astype(np.float32)
    return made, model.loss(X), model.loss(X, y), usual.params, usual.loss(images), float(usual.reg)
