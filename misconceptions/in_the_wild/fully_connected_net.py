"""Student answers to 04_fully_connected_net.

Five right classes in five styles; most wrong ones are these with the changes that students make.
"""

from misconceptions.in_the_wild.sample import Notebook, edited

notebook = Notebook("04_fully_connected_net")
wrong, right = notebook.wrong, notebook.right
SAMPLES = notebook.samples
NET = "FullyConnectedNet"

# A: sandwich layers, caches in a dict, keys by string addition
A = """
    class FullyConnectedNet:
        def __init__(self, category, hidden_dims, input_dim=784, output_dim=10, reg=0.0,
                     weight_scale=1e-2, dtype=np.float32, rng=None):
            if category not in ("classification", "regression"):
                raise ValueError("unknown category")
            self.category = category
            self.reg = reg
            self.num_layers = 1 + len(hidden_dims)
            self.dtype = dtype
            self.params = {}

            if rng is None:
                rng = np.random.default_rng()
            layer_dims = [input_dim] + list(hidden_dims) + [output_dim]
            for i in range(self.num_layers):
                shape = (layer_dims[i], layer_dims[i + 1])
                self.params["W" + str(i + 1)] = weight_scale * rng.normal(0, 1, shape)
                self.params["b" + str(i + 1)] = np.zeros(layer_dims[i + 1])

            for k, v in self.params.items():
                self.params[k] = v.astype(dtype)

        def loss(self, X, y=None):
            X = X.astype(self.dtype)
            caches = {}
            h = X
            for i in range(1, self.num_layers):
                W, b = self.params["W" + str(i)], self.params["b" + str(i)]
                h, caches[i] = layers.affine_relu_forward(h, W, b)
            L = self.num_layers
            scores, caches[L] = layers.affine_forward(h, self.params["W" + str(L)], self.params["b" + str(L)])

            if y is None:
                return scores

            grads = {}
            if self.category == "classification":
                loss, dscores = losses.softmax_loss(scores, y)
            else:
                y = y.reshape(scores.shape)
                loss, dscores = losses.mse_loss(scores, y)

            for i in range(1, L + 1):
                loss += 0.5 * self.reg * np.sum(self.params["W" + str(i)] ** 2)

            dh, dW, db = layers.affine_backward(dscores, caches[L])
            grads["W" + str(L)] = dW + self.reg * self.params["W" + str(L)]
            grads["b" + str(L)] = db
            for i in range(L - 1, 0, -1):
                dh, dW, db = layers.affine_relu_backward(dh, caches[i])
                grads["W" + str(i)] = dW + self.reg * self.params["W" + str(i)]
                grads["b" + str(i)] = db
            return loss, grads
"""

# B: everything by hand in NumPy, activations in a list, global generator
B = """
    class FullyConnectedNet:

        def __init__(self, category, hidden_dims, input_dim=784, output_dim=10, reg=0.0, weight_scale=1e-2, dtype=np.float32, rng=None):
            if category != 'classification' and category != 'regression':
                raise ValueError(category)
            self.category = category
            self.reg = reg
            self.params = dict()
            sizes = [input_dim, *hidden_dims, output_dim]
            self.L = len(sizes) - 1
            for l in range(1, len(sizes)):
                self.params['W%d' % l] = np.array(np.random.randn(sizes[l-1], sizes[l]) * weight_scale, dtype=dtype)
                self.params['b%d' % l] = np.zeros(sizes[l], dtype=dtype)

        def loss(self, X, y=None):
            N = X.shape[0]
            a = [X.reshape(N, -1)]
            for l in range(1, self.L + 1):
                z = a[-1].dot(self.params['W%d' % l]) + self.params['b%d' % l]
                if l < self.L:
                    z = np.maximum(z, 0)
                a.append(z)
            scores = a[-1]
            if y is None:
                return scores

            if self.category == 'classification':
                shifted = scores - scores.max(axis=1, keepdims=True)
                logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
                loss = -logp[np.arange(N), y].mean()
                delta = np.exp(logp)
                delta[np.arange(N), y] -= 1
                delta /= N
            else:
                t = np.reshape(y, scores.shape)
                loss = np.mean((scores - t) ** 2)
                delta = 2 * (scores - t) / t.size

            grads = {}
            for l in range(self.L, 0, -1):
                W = self.params['W%d' % l]
                loss = loss + self.reg / 2 * np.sum(W * W)
                grads['W%d' % l] = a[l-1].T.dot(delta) + self.reg * W
                grads['b%d' % l] = delta.sum(axis=0)
                if l > 1:
                    delta = delta.dot(W.T)
                    delta[a[l-1] <= 0] = 0
            return loss, grads
"""

# C: a small framework of layer objects that look their parameters up
C = """
    class Linear:
        def __init__(self, params, k):
            self.params, self.k = params, k

        def forward(self, x):
            self.x = x.reshape(x.shape[0], -1)
            return self.x @ self.params[f"W{self.k}"] + self.params[f"b{self.k}"]

        def backward(self, dout, grads, reg):
            W = self.params[f"W{self.k}"]
            grads[f"W{self.k}"] = self.x.T @ dout + reg * W
            grads[f"b{self.k}"] = dout.sum(axis=0)
            return dout @ W.T

    class ReLU:
        def forward(self, x):
            self.mask = x > 0
            return np.where(self.mask, x, 0)

        def backward(self, dout, grads, reg):
            return dout * self.mask

    class FullyConnectedNet:
        LOSSES = {"classification": losses.softmax_loss, "regression": losses.mse_loss}

        def __init__(self, category: str, hidden_dims: list, input_dim: int = 784, output_dim: int = 10,
                     reg: float = 0.0, weight_scale: float = 1e-2, dtype=np.float32, rng=None):
            try:
                self.criterion = self.LOSSES[category]
            except KeyError:
                raise ValueError(f"no such category: {category}")
            self.category, self.reg = category, reg
            self.params, self.layers = {}, []
            rng = rng or np.random.RandomState()
            fan_in = input_dim
            for k, units in enumerate(list(hidden_dims) + [output_dim], 1):
                if k > 1:
                    self.layers.append(ReLU())
                self.params[f"W{k}"] = rng.normal(loc=0.0, scale=weight_scale, size=(fan_in, units)).astype(dtype)
                self.params[f"b{k}"] = np.zeros((units,)).astype(dtype)
                self.layers.append(Linear(self.params, k))
                fan_in = units

        def loss(self, X, y=None):
            out = X
            for layer in self.layers:
                out = layer.forward(out)
            if y is None:
                return out
            if self.category == "regression":
                y = y.reshape(out.shape)
            loss, dout = self.criterion(out, y)
            grads = {}
            for layer in self.layers[::-1]:
                dout = layer.backward(dout, grads, self.reg)
            l2 = [np.sum(v ** 2) for k, v in self.params.items() if k.startswith("W")]
            return loss + 0.5 * self.reg * sum(l2), grads
"""

# D: helper functions beside the class, units-by-examples inside, as in an online course
D = """
    def linear_forward(A, W, b):
        Z = np.dot(W.T, A) + b.reshape(-1, 1)
        return Z, (A, W, b)

    def relu(Z):
        return np.maximum(0, Z)

    def initialize_parameters(layer_dims, scale, dtype, rng):
        parameters = {}
        for l in range(1, len(layer_dims)):
            parameters['W' + str(l)] = (rng.standard_normal((layer_dims[l - 1], layer_dims[l])) * scale).astype(dtype)
            parameters['b' + str(l)] = np.zeros(layer_dims[l], dtype=dtype)
        return parameters

    class FullyConnectedNet:
        def __init__(self, category, hidden_dims, input_dim=784, output_dim=10, reg=0.0,
                     weight_scale=1e-2, dtype=np.float32, rng=None):
            if category not in ['classification', 'regression']:
                raise ValueError('category must be classification or regression')
            self.category = category
            self.lambd = reg
            rng = np.random.default_rng() if rng is None else rng
            self.params = initialize_parameters([input_dim] + [h for h in hidden_dims] + [output_dim], weight_scale, dtype, rng)

        def loss(self, X, y=None):
            L = len(self.params) // 2
            A = X.reshape(X.shape[0], -1).T
            caches = []
            for l in range(1, L + 1):
                Z, cache = linear_forward(A, self.params['W' + str(l)], self.params['b' + str(l)])
                caches.append((cache, Z))
                A = relu(Z) if l != L else Z
            AL = A.T
            if y is None:
                return AL
            m = X.shape[0]
            if self.category == 'classification':
                cost, dAL = losses.softmax_loss(AL, y)
            else:
                cost, dAL = losses.mse_loss(AL, y.reshape(m, -1))
            grads = {}
            dZ = dAL.T
            for l in reversed(range(1, L + 1)):
                (A_prev, W, b), _ = caches[l - 1]
                grads['W' + str(l)] = np.dot(A_prev, dZ.T) + self.lambd * W
                grads['b' + str(l)] = np.sum(dZ, axis=1)
                if l > 1:
                    dA = np.dot(W, dZ)
                    dZ = dA * (caches[l - 2][1] > 0)
            cost += self.lambd / 2 * sum(np.sum(np.square(self.params['W' + str(l)])) for l in range(1, L + 1))
            return cost, grads
"""

# E: short, recursive, with a dataclass for the settings
E = '''
    from dataclasses import dataclass, field

    @dataclass
    class FullyConnectedNet:
        category: str
        hidden_dims: list
        input_dim: int = 784
        output_dim: int = 10
        reg: float = 0.0
        weight_scale: float = 1e-2
        dtype: type = np.float32
        rng: object = None
        params: dict = field(default_factory=dict)

        def __post_init__(self):
            if self.category not in {"classification", "regression"}:
                raise ValueError(self.category)
            normal = np.random.normal if self.rng is None else self.rng.normal
            dims = [self.input_dim] + list(self.hidden_dims) + [self.output_dim]
            for k, (i, o) in enumerate(zip(dims[:-1], dims[1:])):
                self.params[f"W{k+1}"] = self.dtype(normal(0, self.weight_scale, (i, o)))
                self.params[f"b{k+1}"] = self.dtype(np.zeros(o))

        def _from(self, k, h, y, grads):
            """Output of layers k, k+1, ...; with y the loss and the gradient at h instead."""
            W, b = self.params[f"W{k}"], self.params[f"b{k}"]
            z = h @ W + b
            last = f"W{k+1}" not in self.params
            if last and y is None:
                return z
            if last:
                f = losses.softmax_loss if self.category == "classification" else losses.mse_loss
                loss, dz = f(z, y)
            else:
                result = self._from(k + 1, z * (z > 0), y, grads)
                if y is None:
                    return result
                loss, dh = result
                dz = dh * (z > 0)
            grads[f"W{k}"] = h.T @ dz + self.reg * W
            grads[f"b{k}"] = dz.sum(0)
            return loss + 0.5 * self.reg * (W ** 2).sum(), dz @ W.T

        def loss(self, X, y=None):
            grads = {}
            X = X.reshape(len(X), -1)
            if y is None:
                return self._from(1, X, None, grads)
            if self.category == "regression":
                y = np.array(y).reshape(len(X), self.output_dim)
            loss, _ = self._from(1, X, y, grads)
            return loss, grads
'''

right(NET, "net_sandwich_layers", A)
right(NET, "net_by_hand_global_generator", B)
right(NET, "net_layer_objects", C)
right(NET, "net_online_course", D)
right(NET, "net_recursive_dataclass", E)

right(
    NET,
    "net_penalty_function_and_double_grads",
    edited(
        A,
        (
            '                loss += 0.5 * self.reg * np.sum(self.params["W" + str(i)] ** 2)\n',
            '                penalty, _ = regularization.l2_regularization(self.params["W" + str(i)].astype(np.float64), self.reg)\n'
            "                loss = loss + penalty\n",
        ),
        ("            X = X.astype(self.dtype)\n", "            X = np.asarray(X, dtype=np.float64)\n"),
    ),
)

right(
    NET,
    "net_keys_sorted_and_popped",
    edited(
        B,
        ("            self.params = dict()\n", "            self.params, self.cache = dict(), None  # cache unused\n"),
        (
            "            for l in range(self.L, 0, -1):\n                W = self.params['W%d' % l]\n",
            "            for key in sorted([k for k in self.params if k[0] == 'W'], key=lambda s: int(s[1:]), reverse=True):\n"
            "                l = int(key[1:])\n                W = self.params[key]\n",
        ),
    ),
)

# ------------------------------------------------------------ initialization

EMPTY = (
    r"hidden_dims.*(empty|\[\])",
    r"(empty|\[\]).*hidden_dims",
    r"no hidden (layer|unit)s?",
    r"without (any )?hidden layer",
    r"may be empty",
)

wrong(
    NET,
    "first_and_last_layer_by_index",
    edited(
        A,
        (
            "            layer_dims = [input_dim] + list(hidden_dims) + [output_dim]\n"
            "            for i in range(self.num_layers):\n"
            "                shape = (layer_dims[i], layer_dims[i + 1])\n"
            '                self.params["W" + str(i + 1)] = weight_scale * rng.normal(0, 1, shape)\n'
            '                self.params["b" + str(i + 1)] = np.zeros(layer_dims[i + 1])\n',
            '            self.params["W1"] = weight_scale * rng.normal(size=(input_dim, hidden_dims[0]))\n'
            '            self.params["b1"] = np.zeros(hidden_dims[0])\n'
            "            for i in range(1, len(hidden_dims)):\n"
            '                self.params["W" + str(i + 1)] = weight_scale * rng.normal(size=(hidden_dims[i - 1], hidden_dims[i]))\n'
            '                self.params["b" + str(i + 1)] = np.zeros(hidden_dims[i])\n'
            '            self.params["W" + str(self.num_layers)] = weight_scale * rng.normal(size=(hidden_dims[-1], output_dim))\n'
            '            self.params["b" + str(self.num_layers)] = np.zeros(output_dim)\n',
        ),
    ),
    meaning=EMPTY,
)

wrong(
    NET,
    "loop_with_special_cases",
    edited(
        B,
        (
            "            sizes = [input_dim, *hidden_dims, output_dim]\n"
            "            self.L = len(sizes) - 1\n"
            "            for l in range(1, len(sizes)):\n"
            "                self.params['W%d' % l] = np.array(np.random.randn(sizes[l-1], sizes[l]) * weight_scale, dtype=dtype)\n"
            "                self.params['b%d' % l] = np.zeros(sizes[l], dtype=dtype)\n",
            "            self.L = len(hidden_dims) + 1\n"
            "            for l in range(self.L):\n"
            "                if l == 0:\n"
            "                    shape = (input_dim, hidden_dims[0])\n"
            "                elif l == self.L - 1:\n"
            "                    shape = (hidden_dims[l-1], output_dim)\n"
            "                else:\n"
            "                    shape = (hidden_dims[l-1], hidden_dims[l])\n"
            "                self.params['W%d' % (l+1)] = (weight_scale * np.random.randn(*shape)).astype(dtype)\n"
            "                self.params['b%d' % (l+1)] = np.zeros(shape[1]).astype(dtype)\n",
        ),
    ),
    meaning=EMPTY,
)

wrong(
    NET,
    "output_layer_after_the_loop",
    edited(
        C,
        (
            "            fan_in = input_dim\n            for k, units in enumerate(list(hidden_dims) + [output_dim], 1):\n",
            "            fan_in = input_dim\n            assert len(hidden_dims) > 0, 'need at least one hidden layer'\n"
            "            for k, units in enumerate(list(hidden_dims) + [output_dim], 1):\n",
        ),
    ),
    meaning=(*EMPTY, r"at least one hidden layer"),
)

KEYS = (
    r'"?W1"?.*(key|name)',
    r'(key|name)\w*.*"?W1"?',
    r"keyed",
    r"keys? (are|is|of)",
    r"names? of the param",
    r"named",
)

wrong(
    NET,
    "tuple_keys",
    edited(
        B,
        ("                self.params['W%d' % l] = np.array(", "                self.params['W', l] = np.array("),
        ("                self.params['b%d' % l] = np.zeros(", "                self.params['b', l] = np.zeros("),
        (
            "a[-1].dot(self.params['W%d' % l]) + self.params['b%d' % l]",
            "a[-1].dot(self.params['W', l]) + self.params['b', l]",
        ),
        ("                W = self.params['W%d' % l]\n", "                W = self.params['W', l]\n"),
        ("grads['W%d' % l]", "grads['W', l]"),
        ("grads['b%d' % l]", "grads['b', l]"),
    ),
    meaning=KEYS,
)

wrong(
    NET,
    "numbered_from_zero",
    edited(
        E,
        ('self.params[f"W{k+1}"] = ', 'self.params[f"W{k}"] = '),
        ('self.params[f"b{k+1}"] = ', 'self.params[f"b{k}"] = '),
        ("return self._from(1, X, None, grads)", "return self._from(0, X, None, grads)"),
        ("loss, _ = self._from(1, X, y, grads)", "loss, _ = self._from(0, X, y, grads)"),
    ),
    meaning=(*KEYS, r"count\w* from 1", r"W0", r"from (0|zero)"),
)

wrong(
    NET,
    "weights_and_biases_in_lists",
    """
    class FullyConnectedNet:
        def __init__(self, category, hidden_dims, input_dim=784, output_dim=10, reg=0.0, weight_scale=1e-2,
                     dtype=np.float32, rng=None):
            if category not in ("classification", "regression"):
                raise ValueError
            self.category, self.reg = category, reg
            d = [input_dim] + hidden_dims + [output_dim]
            rng = rng if rng is not None else np.random.default_rng()
            self.W = [(weight_scale * rng.normal(size=(i, o))).astype(dtype) for i, o in zip(d, d[1:])]
            self.b = [np.zeros(o, dtype) for o in d[1:]]

        @property
        def params(self):
            p = {f"W{k}": w for k, w in enumerate(self.W, 1)}
            p.update({f"b{k}": b for k, b in enumerate(self.b, 1)})
            return p

        def loss(self, X, y=None):
            hs = [X.reshape(X.shape[0], -1)]
            for k, (W, b) in enumerate(zip(self.W, self.b)):
                z = hs[-1] @ W + b
                hs.append(z if k == len(self.W) - 1 else np.maximum(0, z))
            out = hs[-1]
            if y is None:
                return out
            if self.category == "classification":
                loss, d = losses.softmax_loss(out, y)
            else:
                loss, d = losses.mse_loss(out, y.reshape(out.shape))
            grads = {}
            for k in range(len(self.W), 0, -1):
                W = self.W[k - 1]
                grads[f"W{k}"] = hs[k - 1].T @ d + self.reg * W
                grads[f"b{k}"] = d.sum(axis=0)
                loss += 0.5 * self.reg * (W * W).sum()
                d = (d @ W.T) * (hs[k - 1] > 0)
            return loss, grads
""",
    meaning=(r"self\.params", r"copies"),
    names=("parameters_copied",),
)

wrong(
    NET,
    "parameters_kept_in_the_layers",
    edited(
        C,
        (
            "        def __init__(self, params, k):\n            self.params, self.k = params, k\n",
            "        def __init__(self, W, b, k):\n            self.W, self.b, self.k = W, b, k\n",
        ),
        (
            '            return self.x @ self.params[f"W{self.k}"] + self.params[f"b{self.k}"]\n',
            "            return self.x @ self.W + self.b\n",
        ),
        ('            W = self.params[f"W{self.k}"]\n', "            W = self.W\n"),
        ("Linear(self.params, k)", 'Linear(self.params[f"W{k}"], self.params[f"b{k}"], k)'),
    ),
    meaning=(r"self\.params", r"copies"),
    names=("parameters_copied",),
)

wrong(
    NET,
    "biases_as_rows",
    edited(
        B,
        ("np.zeros(sizes[l], dtype=dtype)", "np.zeros((1, sizes[l]), dtype=dtype)"),
        ("delta.sum(axis=0)", "delta.sum(axis=0, keepdims=True)"),
    ),
    meaning=(r"\(1, M\)", r"\(M,\)", r"extra axis", r"wrong shape", r"bias\w*.*shape", r"shape.*bias", r"keepdims"),
)

wrong(
    NET,
    "bias_gradients_as_columns",
    edited(
        D,
        ("grads['b' + str(l)] = np.sum(dZ, axis=1)", "grads['b' + str(l)] = np.sum(dZ, axis=1, keepdims=True)"),
    ),
    meaning=(r"\(M, 1\)", r"\(M,\)", r"extra axis", r"bias\w*.*shape", r"shape.*bias", r"keepdims", r"wrong shape"),
)

wrong(
    NET,
    "biases_start_random",
    edited(
        B,
        ("np.zeros(sizes[l], dtype=dtype)", "(weight_scale * np.random.randn(sizes[l])).astype(dtype)"),
    ),
    meaning=(r"bias\w* .*(zero|0|random)",),
    names=("biases_random",),
)

wrong(
    NET,
    "dtype_argument_unused",
    edited(
        A,
        ("            for k, v in self.params.items():\n                self.params[k] = v.astype(dtype)\n", ""),
    ),
    meaning=(r"dtype", r"float64"),
    names=("dtype_ignored",),
)

wrong(
    NET,
    "he_initialization",
    edited(
        D,
        ("* scale).astype(dtype)", "* np.sqrt(2. / layer_dims[l - 1])).astype(dtype)"),
    ),
    meaning=(r"weight_scale", r"spread"),
    names=("scaled_by_layer_size", "weight_scale_ignored"),
)

wrong(
    NET,
    "rand_for_randn",
    edited(
        B,
        ("np.random.randn(sizes[l-1], sizes[l]) * weight_scale", "np.random.rand(sizes[l-1], sizes[l]) * weight_scale"),
    ),
    meaning=(r"uniform", r"normal(ly)? distribut", r"mean .*not near 0", r"rand\b"),
    names=("uniform_weights",),
)

wrong(
    NET,
    "seed_in_the_constructor",
    edited(
        B,
        (
            "            self.category = category\n",
            "            np.random.seed(42)  # reproducible\n            self.category = category\n",
        ),
    ),
    meaning=(r"seed", r"same weights", r"fresh"),
    names=("seed_fixed",),
)

wrong(
    NET,
    "assert_for_the_category",
    edited(
        A,
        (
            '            if category not in ("classification", "regression"):\n                raise ValueError("unknown category")\n',
            '            assert category in ("classification", "regression")\n',
        ),
    ),
    meaning=(r"ValueError",),
    names=("category_key_error",),
)

wrong(
    NET,
    "else_means_regression",
    edited(
        D,
        (
            "            if category not in ['classification', 'regression']:\n"
            "                raise ValueError('category must be classification or regression')\n",
            "",
        ),
    ),
    meaning=(r"ValueError", r"category"),
    names=("category_unchecked",),
)

# ------------------------------------------------------------------- forward

wrong(
    NET,
    "images_not_flattened",
    edited(B, ("a = [X.reshape(N, -1)]", "a = [X]")),
    meaning=(r"flatten", r"reshape", r"images?", r"rows?\b"),
)

wrong(
    NET,
    "relu_everywhere",
    edited(
        E,
        ("            z = h @ W + b\n", "            z = np.maximum(h @ W + b, 0)\n"),
    ),
    meaning=(r"last layer", r"scores may be negative", r"ReLU follows"),
    names=("relu_after_output",),
)

wrong(
    NET,
    "activation_list_without_relu",
    edited(
        D,
        ("                A = relu(Z) if l != L else Z\n", "                A = Z\n"),
    ),
    meaning=(r"ReLU", r"one affine function", r"non-?linear"),
    names=("hidden_relu_missing",),
)

wrong(
    NET,
    "softmax_in_the_scores",
    edited(
        B,
        (
            "            scores = a[-1]\n            if y is None:\n                return scores\n",
            "            scores = a[-1]\n            if y is None:\n                e = np.exp(scores - scores.max(axis=1, keepdims=True))\n"
            "                return e / e.sum(axis=1, keepdims=True)\n",
        ),
    ),
    meaning=(r"probabilities", r"softmax"),
    names=("probabilities_returned",),
)

wrong(
    NET,
    "equals_none",
    edited(A, ("            if y is None:\n", "            if y == None:\n")),
    meaning=(r"is None", r"== None", r"ambiguous", r"compar"),
)

wrong(
    NET,
    "not_y",
    edited(C, ("            if y is None:\n", "            if not y:\n")),
    meaning=(r"is None", r"not y", r"ambiguous", r"compar"),
)

wrong(
    NET,
    "self_forgotten",
    edited(
        A,
        (
            'W, b = self.params["W" + str(i)], self.params["b" + str(i)]',
            'W, b = params["W" + str(i)], params["b" + str(i)]',
        ),
    ),
    meaning=(r"self\.params", r"not defined", r"NameError"),
)

wrong(
    NET,
    "two_layer_net_from_last_week",
    """
    class FullyConnectedNet:
        def __init__(self, category, hidden_dims, input_dim=784, output_dim=10, reg=0.0, weight_scale=1e-2,
                     dtype=np.float32, rng=None):
            if category not in ("classification", "regression"):
                raise ValueError("category")
            self.category = category
            self.reg = reg
            H = hidden_dims[0] if len(hidden_dims) else 100
            rng = rng or np.random.default_rng()
            self.params = {}
            self.params["W1"] = rng.normal(0, weight_scale, (input_dim, H)).astype(dtype)
            self.params["b1"] = np.zeros(H, dtype)
            self.params["W2"] = rng.normal(0, weight_scale, (H, output_dim)).astype(dtype)
            self.params["b2"] = np.zeros(output_dim, dtype)

        def loss(self, X, y=None):
            W1, b1, W2, b2 = [self.params[k] for k in ("W1", "b1", "W2", "b2")]
            h, c1 = layers.affine_relu_forward(X, W1, b1)
            s, c2 = layers.affine_forward(h, W2, b2)
            if y is None:
                return s
            if self.category == "classification":
                loss, ds = losses.softmax_loss(s, y)
            else:
                loss, ds = losses.mse_loss(s, y.reshape(s.shape))
            loss += 0.5 * self.reg * (np.sum(W1 ** 2) + np.sum(W2 ** 2))
            dh, dW2, db2 = layers.affine_backward(ds, c2)
            _, dW1, db1 = layers.affine_relu_backward(dh, c1)
            return loss, {"W1": dW1 + self.reg * W1, "b1": db1, "W2": dW2 + self.reg * W2, "b2": db2}
""",
    meaning=(r"two layers", r"hidden_dims", r"one for each entry"),
    names=("always_two_layers",),
)

# ------------------------------------------------------------ loss, gradients

wrong(
    NET,
    "targets_not_reshaped",
    edited(
        A,
        ("                y = y.reshape(scores.shape)\n", ""),
    ),
    meaning=(r"\(N, N\)", r"broadcast", r"scores' shape", r"reshape", r"shape of (y|the scores|the targets)"),
    names=("targets_broadcast",),
)

wrong(
    NET,
    "targets_not_reshaped_by_hand",
    edited(
        B,
        ("                t = np.reshape(y, scores.shape)\n", "                t = y\n"),
    ),
    meaning=(r"\(N, N\)", r"broadcast", r"scores' shape", r"reshape", r"shape of (y|the scores|the targets)"),
    names=("targets_broadcast",),
)

wrong(
    NET,
    "targets_made_a_column",
    edited(
        D,
        ("losses.mse_loss(AL, y.reshape(m, -1))", "losses.mse_loss(AL, y[:, np.newaxis])"),
    ),
    meaning=(r"\(N,\) only", r"may also come", r"reshape", r"shape of (y|the targets)", r"extra axis"),
    names=("only_flat_targets",),
)

wrong(
    NET,
    "prediction_flattened",
    edited(
        A,
        (
            "                y = y.reshape(scores.shape)\n                loss, dscores = losses.mse_loss(scores, y)\n",
            "                loss, dscores = losses.mse_loss(scores[:, 0], y.ravel())\n"
            "                dscores = dscores.reshape(-1, 1)\n",
        ),
    ),
    meaning=(r"first output", r"several outputs", r"all of them", r"one output"),
    names=("only_first_output",),
)

wrong(
    NET,
    "softmax_whatever_the_category",
    edited(
        E,
        (
            '                f = losses.softmax_loss if self.category == "classification" else losses.mse_loss\n',
            "                f = losses.softmax_loss\n",
        ),
    ),
    meaning=(r"softmax", r"mean squared error", r"regression"),
    names=("regression_by_softmax",),
)

wrong(
    NET,
    "last_layer_gradient_without_reg",
    edited(
        A,
        (
            '            grads["W" + str(L)] = dW + self.reg * self.params["W" + str(L)]\n',
            '            grads["W" + str(L)] = dW\n',
        ),
    ),
    meaning=(r"last layer.*(λ|reg|penalty|W3)", r"(λ|reg|penalty).*last layer", r"what reg adds to the gradient of W3"),
    names=("last_layer_gradient_not_regularized",),
)

wrong(
    NET,
    "reg_added_inside_the_if",
    edited(
        B,
        (
            "                grads['W%d' % l] = a[l-1].T.dot(delta) + self.reg * W\n",
            "                grads['W%d' % l] = a[l-1].T.dot(delta)\n",
        ),
        (
            "                if l > 1:\n                    delta = delta.dot(W.T)\n",
            "                if l < self.L:\n                    grads['W%d' % l] += self.reg * W\n"
            "                if l > 1:\n                    delta = delta.dot(W.T)\n",
        ),
    ),
    meaning=(r"last layer.*(λ|reg|penalty|W3)", r"(λ|reg|penalty).*last layer"),
    names=("last_layer_gradient_not_regularized",),
)

wrong(
    NET,
    "range_stops_before_the_last",
    edited(
        A,
        (
            "            for i in range(1, L + 1):\n                loss +=",
            "            for i in range(1, L):\n                loss +=",
        ),
    ),
    meaning=(r"last layer", r"every weight matrix", r"W3"),
    names=("last_layer_loss_missing",),
)

wrong(
    NET,
    "penalty_starts_at_the_second_layer",
    edited(
        D,
        (
            "for l in range(1, L + 1))\n            return cost, grads",
            "for l in range(2, L + 1))\n            return cost, grads",
        ),
    ),
    meaning=(r"first layer", r"every weight matrix", r"W1"),
    names=("first_layer_loss_missing",),
)

wrong(
    NET,
    "scores_beside_the_loss",
    edited(
        B,
        ("            return loss, grads\n", "            return scores, loss, grads\n"),
    ),
    meaning=(r"scores", r"\(loss, grads\)", r"two (values|things)", r"unpack"),
    names=("scores_returned_with_y",),
)

wrong(
    NET,
    "early_return_of_the_scores",
    edited(
        C,
        ("            if y is None:\n                return out\n", "            return out\n"),
    ),
    meaning=(r"scores", r"although y is given", r"loss and the gradients"),
    names=("scores_returned_with_y",),
)

wrong(
    NET,
    "noise_on_the_inputs",
    edited(
        A,
        (
            "            X = X.astype(self.dtype)\n",
            "            X = (X + 0.1 * np.random.randn(*X.shape)).astype(self.dtype)  # augmentation\n",
        ),
    ),
    meaning=(r"noise", r"random", r"another (result|value) each", r"differs? (at|from) (every|each|call)"),
)

wrong(
    NET,
    "penalty_in_the_gradient_only",
    edited(
        C,
        ("            return loss + 0.5 * self.reg * sum(l2), grads\n", "            return loss, grads\n"),
    ),
    meaning=(r"penalty .*loss", r"loss .*penalty", r"adds nothing to the loss"),
    names=("loss_not_regularized",),
)

wrong(
    NET,
    "half_forgotten_in_the_loss",
    edited(
        B,
        ("loss = loss + self.reg / 2 * np.sum(W * W)", "loss = loss + self.reg * np.sum(W * W)"),
    ),
    meaning=(r"twice", r"2 times", r"λ/2", r"½", r"half"),
    names=("half_missing",),
)

wrong(
    NET,
    "lambda_over_2m",
    edited(
        D,
        ("cost += self.lambd / 2 * sum(", "cost += self.lambd / (2 * m) * sum("),
        ("np.dot(A_prev, dZ.T) + self.lambd * W", "np.dot(A_prev, dZ.T) + self.lambd / m * W"),
    ),
    meaning=(r"batch size", r"1/N", r"divided by", r"averag"),
    names=("penalty_averaged",),
)

wrong(
    NET,
    "every_parameter_regularized",
    edited(
        C,
        (
            'l2 = [np.sum(v ** 2) for k, v in self.params.items() if k.startswith("W")]',
            "l2 = [np.sum(v ** 2) for v in self.params.values()]",
        ),
        (
            "            return loss + 0.5 * self.reg * sum(l2), grads\n",
            "            for k in grads:\n                if k[0] == 'b':\n                    grads[k] = grads[k] + self.reg * self.params[k]\n"
            "            return loss + 0.5 * self.reg * sum(l2), grads\n",
        ),
    ),
    meaning=(r"bias",),
    names=("biases_penalized",),
)

wrong(
    NET,
    "gradient_of_penalty_times_two",
    edited(
        E,
        ('grads[f"W{k}"] = h.T @ dz + self.reg * W', 'grads[f"W{k}"] = h.T @ dz + 2 * self.reg * W'),
    ),
    meaning=(r"twice", r"2 times", r"cancels"),
    names=("gradient_of_penalty_doubled",),
)

wrong(
    NET,
    "divided_by_m_again",
    edited(
        D,
        (
            "grads['W' + str(l)] = np.dot(A_prev, dZ.T) + self.lambd * W",
            "grads['W' + str(l)] = 1 / m * np.dot(A_prev, dZ.T) + self.lambd * W",
        ),
        ("grads['b' + str(l)] = np.sum(dZ, axis=1)", "grads['b' + str(l)] = 1 / m * np.sum(dZ, axis=1)"),
    ),
    meaning=(r"batch size", r"1/N", r"once (more|too often)", r"again"),
    names=("gradients_averaged_again",),
)

wrong(
    NET,
    "relu_mask_of_the_gradient",
    edited(
        B,
        ("                    delta[a[l-1] <= 0] = 0\n", "                    delta[delta <= 0] = 0\n"),
    ),
    meaning=(r"sign of (the gradient|dout)", r"mask", r"ReLU"),
)

wrong(
    NET,
    "relu_forgotten_on_the_way_back",
    edited(
        E,
        ("                dz = dh * (z > 0)\n", "                dz = dh\n"),
    ),
    meaning=(r"past the ReLU", r"ReLU"),
    names=("relu_gradient_skipped",),
)

wrong(
    NET,
    "delta_by_updated_layer",
    edited(
        D,
        ("dZ = dA * (caches[l - 2][1] > 0)", "dZ = dA * (dA > 0)"),
    ),
    meaning=(r"sign of (the gradient|dout)", r"mask", r"ReLU"),
)

wrong(
    NET,
    "gradients_returned_first",
    edited(
        E,
        ("            return loss, grads\n", "            return grads, loss\n"),
    ),
    meaning=(r"order", r"\(loss, grads\)", r"swapped", r"loss first"),
)
