"""Student answers to 01_layers."""

from misconceptions.in_the_wild.sample import Notebook

notebook = Notebook("01_layers")
wrong, right = notebook.wrong, notebook.right
SAMPLES = notebook.samples

AVERAGED = (
    r"1/N",
    r"batch size",
    r"averag",
    r"divid\w+ by (the )?(batch|N\b|number of (examples|rows))",
)
NO_BIAS = (
    r"bias (never|is (missing|forgotten|not added|left out|ignored))",
    r"(without|no|add) (the |its |a )?bias",
    r"shifted by b\b",
    r"b (is|was) (never|not) (added|used)",
    r"b is missing",
)
NOT_FLAT = (r"flatten", r"row of D", r"reshape", r"one row")
ELEMENTWISE = (r"element", r"np\.maximum", r"ambiguous", r"whole array", r"matrix product", r"not .*dot")
ANY_SHAPE = (
    r"2-D",
    r"two (axes|dimensions|indices)",
    r"any (shape|number)",
    r"other shapes?",
    r"(three|3|more) (axes|dimensions)",
    r"number of (axes|dimensions)",
    r"3-D",
)

# ------------------------------------------------------------ affine_forward

AFFINE = """
    def affine_forward(x, w, b):
        out = None
        N = x.shape[0]
        x_flat = x.reshape(N, -1)
        out = x_flat.dot(w) + b
        cache = (x, w, b)
        return out, cache
"""

TRIPLE = {
    "affine_backward": """
    def affine_backward(dout, cache):
        x, w, b = cache
        dx = dout.dot(w.T).reshape(x.shape)
        dw = x.reshape(x.shape[0], -1).T.dot(dout)
        db = np.sum(dout, axis=0)
        return dx, dw, db
"""
}

wrong(
    "affine_forward",
    "triple_loop_without_bias",
    """
    def affine_forward(x, w, b):
        n = len(x)
        X = x.reshape(n, -1)
        d, m = w.shape
        out = np.zeros((n, m))
        for i in range(n):
            for j in range(m):
                s = 0
                for k in range(d):
                    s += X[i][k] * w[k][j]
                out[i][j] = s
        # TODO: where does b go?
        return out, (x, w, b)
""",
    meaning=NO_BIAS,
    names=("bias_forgotten",),
    together_with=TRIPLE,
)

wrong(
    "affine_forward",
    "einsum_without_bias",
    '''
    def affine_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple:
        """Forward pass of an affine (fully connected) layer."""
        cache = dict(x=x, w=w, b=b)
        return np.einsum("nd,dm->nm", x.reshape(x.shape[0], -1), w), cache
''',
    meaning=NO_BIAS,
    names=("bias_forgotten",),
    together_with={
        "affine_backward": """
    def affine_backward(dout, cache):
        x, w = cache["x"], cache["w"]
        return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.sum(0)
"""
    },
)

wrong(
    "affine_forward",
    "bias_added_twice",
    """
    def affine_forward(x, w, b):
        rows = np.reshape(x, (x.shape[0], np.prod(x.shape[1:])))
        out = rows @ w + b
        out += b
        return out, (x, w)
""",
    meaning=(r"bias.*twice", r"twice.*bias", r"2 b\b", r"shifted by b\b", r"off by b\b", r"bias .*(two times|2 times)"),
)

wrong(
    "affine_forward",
    "dot_on_the_images",
    """
    def affine_forward(x, w, b):
        # YOUR CODE HERE
        z = np.dot(x, w) + b
        return z, (x, w, b)
""",
    meaning=NOT_FLAT,
    names=("not_flattened",),
    together_with=TRIPLE,
)

wrong(
    "affine_forward",
    "everything_in_one_row",
    """
    def affine_forward(x, w, b):
        x1 = x.flatten()
        print(x1.shape, w.shape)
        out = np.matmul(x1, w) + b
        return out, (x, w, b)
""",
    meaning=(r"^(?!.*not flattened).*(each example|one row|row of D)", r"whole batch", r"all examples"),
    together_with=TRIPLE,
)

wrong(
    "affine_forward",
    "reshaped_to_columns_then_transposed",
    """
    def affine_forward(x, w, b):
        D = w.shape[0]
        X = x.reshape(D, -1).T      # (N, D)
        out = X @ w + b
        return out, (x, w, b)
""",
    meaning=(r"wrong order", r"mix", r"numbers together", r"reshape", r"order of the"),
    names=("flattened_in_column_order",),
    together_with=TRIPLE,
)

wrong(
    "affine_forward",
    "fortran_order",
    """
    def affine_forward(x, w, b):
        N = x.shape[0]
        flat = x.reshape((N, -1), order="F")
        return np.dot(flat, w) + b, (x, w, b)
""",
    meaning=(r"wrong order", r"column order", r"numbers together", r"order="),
    names=("flattened_in_column_order",),
    together_with=TRIPLE,
)

wrong(
    "affine_forward",
    "star_for_product",
    """
    def affine_forward(x, w, b):
        xr = x.reshape(x.shape[0], -1)
        out = xr * w + b
        return out, (x, w, b)
""",
    meaning=(r"matrix product", r"element", r"@", r"np\.dot"),
    together_with=TRIPLE,
)

wrong(
    "affine_forward",
    "column_bias",
    """
    def affine_forward(x, w, b):
        X = x.reshape(x.shape[0], -1).T          # D x m
        Z = np.dot(w.T, X) + b
        return Z.T, (x, w, b)
""",
    meaning=(r"bias", r"b .*(column|\(M, 1\)|reshape)", r"broadcast"),
    together_with=TRIPLE,
)

wrong(
    "affine_forward",
    "units_by_examples",
    """
    def affine_forward(x, w, b):
        X = x.reshape(x.shape[0], -1).T
        b = b[:, np.newaxis]
        Z = w.T.dot(X) + b          # (M, N) like in the lecture
        return Z, (x, w, b)
""",
    meaning=(r"transposed", r"\(M, N\)", r"\(N, M\)"),
    together_with=TRIPLE,
)

wrong(
    "affine_forward",
    "activation_already_here",
    """
    def affine_forward(x, w, b):
        h = x.reshape(len(x), -1) @ w
        h = h + b
        h[h < 0] = 0
        return h, (x, w)
""",
    meaning=(r"relu", r"negative", r"activation", r"cut off at 0"),
)

wrong(
    "affine_forward",
    "mean_over_features",
    """
    def affine_forward(x, w, b):
        n = x.shape[0]
        flat = x.reshape(n, -1)
        out = flat.dot(w) / flat.shape[1] + b
        return out, (x, w, b)
""",
    meaning=(r"averag", r"divid\w+ by (D|the number of (features|inputs))", r"mean"),
    names=("averaged_over_inputs",),
    together_with=TRIPLE,
)

wrong(
    "affine_forward",
    "cache_not_returned",
    """
    def affine_forward(x, w, b):
        N = x.shape[0]
        out = x.reshape(N, -1).dot(w) + b
        return out
""",
    meaning=(r"cache", r"two (values|things|results)", r"pair", r"tuple", r"\(out, cache\)"),
)

wrong(
    "affine_forward",
    "placeholder_left",
    """
    def affine_forward(x, w, b):
        out = None
        X = x.reshape(x.shape[0], -1)
        scores = X.dot(w) + b
        cache = (x, w, b)
        return out, cache
""",
    meaning=(r"None", r"nothing", r"not (computed|returned|assigned)"),
    together_with=TRIPLE,
)

wrong(
    "affine_forward",
    "whole_numbers",
    """
    def affine_forward(x, w, b):
        n, m = x.shape[0], w.shape[1]
        out = np.zeros((n, m), dtype=int)
        rows = x.reshape(n, -1)
        for i in range(n):
            out[i] = rows[i].dot(w) + b
        return out, (x, w)
""",
    meaning=(r"integer", r"dtype", r"whole numbers", r"rounded", r"truncat"),
)

wrong(
    "affine_forward",
    "batch_of_two",
    """
    def affine_forward(x, w, b):
        x_ = x.reshape(2, -1)
        out = x_ @ w + b
        return out, (x, w)
""",
    meaning=(r"hard-coded", r"batch size", r"number of (examples|rows)", r"reshape", r"fixed"),
)

right(
    "affine_forward",
    "rows_by_weight_shape",
    """
    def affine_forward(x, w, b):
        D = w.shape[0]
        X = x.reshape(-1, D)
        out = np.dot(X, w)
        out += b
        cache = [x, w, b]
        return out, cache
""",
    together_with={
        "affine_backward": """
    def affine_backward(dout, cache):
        x, w, b = cache
        dx = np.dot(dout, np.transpose(w)).reshape(*x.shape)
        dw = np.dot(np.transpose(x.reshape(-1, w.shape[0])), dout)
        db = np.dot(np.ones(dout.shape[0]), dout)
        return dx, dw, db
"""
    },
)

right(
    "affine_forward",
    "bias_trick",
    '''
    def affine_forward(x, w, b):
        """Appends a column of ones, and b as one more row of w."""
        n = x.shape[0]
        ones = np.ones((n, 1))
        xa = np.hstack([x.reshape(n, -1), ones])
        wa = np.vstack([w, b])
        return xa @ wa, (x, w)
''',
)

right(
    "affine_forward",
    "layer_object",
    """
    class Affine:
        def __init__(self, w, b):
            self.w, self.b = w, b

        def __call__(self, x):
            self.x = x
            self.flat = x.reshape(x.shape[0], -1)
            return self.flat @ self.w + self.b

        def backward(self, dout):
            self.dw = self.flat.T @ dout
            self.db = np.sum(dout, axis=0)
            return (dout @ self.w.T).reshape(self.x.shape)

    def affine_forward(x, w, b):
        layer = Affine(w, b)
        return layer(x), layer
""",
    together_with={
        "affine_backward": """
    def affine_backward(dout, cache):
        layer = cache
        dx = layer.backward(dout)
        return dx, layer.dw, layer.db
"""
    },
)

right(
    "affine_forward",
    "named_tuple_cache",
    """
    from typing import NamedTuple

    class AffineCache(NamedTuple):
        x: np.ndarray
        w: np.ndarray
        b: np.ndarray

    def affine_forward(x, w, b):
        flat = x.reshape(x.shape[0], -1)
        return flat @ w + b, AffineCache(x=x, w=w, b=b)
""",
    together_with={
        "affine_backward": """
    def affine_backward(dout, cache):
        flat = cache.x.reshape(cache.x.shape[0], -1)
        return (dout @ cache.w.T).reshape(cache.x.shape), flat.T @ dout, dout.sum(axis=0)
"""
    },
)

right(
    "affine_forward",
    "matrix_class",
    """
    def affine_forward(x, w, b):
        X = np.matrix(x.reshape(len(x), -1))
        out = X * np.matrix(w) + b
        return np.asarray(out), (x, w)
""",
)

right(
    "affine_forward",
    "four_loops_and_a_list",
    """
    def affine_forward(x, w, b):
        out = []
        for sample in x:
            v = sample.ravel()
            row = []
            for j in range(w.shape[1]):
                acc = b[j]
                for k in range(len(v)):
                    acc = acc + v[k] * w[k, j]
                row.append(acc)
            out.append(row)
        return np.array(out), (x, w)
""",
)

# ----------------------------------------------------------- affine_backward

wrong(
    "affine_backward",
    "one_over_m",
    """
    def affine_backward(dout, cache):
        x, w, b = cache
        m = x.shape[0]
        x_flat = x.reshape(m, -1)
        dw = 1 / m * np.dot(x_flat.T, dout)
        db = 1 / m * np.sum(dout, axis=0)
        dx = np.dot(dout, w.T).reshape(x.shape)
        return dx, dw, db
""",
    meaning=AVERAGED,
    names=("dw_averaged", "db_averaged"),
    together_with={"affine_forward": AFFINE},
)

wrong(
    "affine_backward",
    "dout_divided_first",
    """
    def affine_backward(dout, cache):
        x, w, b = cache
        dout = dout / len(dout)
        dx = dout.dot(w.T).reshape(x.shape)
        dw = x.reshape(len(x), -1).T.dot(dout)
        db = dout.sum(axis=0)
        return dx, dw, db
""",
    meaning=AVERAGED,
    names=("dw_averaged", "db_averaged"),
    together_with={"affine_forward": AFFINE},
)

wrong(
    "affine_backward",
    "np_mean_for_the_bias",
    """
    def affine_backward(dout, cache):
        x, w = cache
        N, *dims = x.shape
        dx = (dout @ w.T).reshape(N, *dims)
        dw = x.reshape(N, -1).T @ dout
        db = np.mean(dout, 0)
        return dx, dw, db
""",
    meaning=AVERAGED,
    names=("db_averaged",),
)

wrong(
    "affine_backward",
    "keepdims_in_db",
    """
    def affine_backward(dout, cache):
        x, w, b = cache
        N = x.shape[0]
        D = np.prod(x.shape[1:])
        dx = np.dot(dout, w.T).reshape(x.shape)
        dw = np.dot(x.reshape(N, D).T, dout)
        db = np.sum(dout, axis=0, keepdims=True)
        return dx, dw, db
""",
    meaning=(r"extra axis", r"wrong shape", r"\(1, M\)", r"\(M,\)", r"keepdims"),
    names=("db_keeps_dimension",),
    together_with={"affine_forward": AFFINE},
)

wrong(
    "affine_backward",
    "db_as_matrix_row",
    """
    def affine_backward(dout, cache):
        x, w = cache
        ones = np.ones((1, dout.shape[0]))
        db = ones @ dout
        dw = x.reshape(x.shape[0], -1).T @ dout
        dx = dout @ w.T
        dx = dx.reshape(x.shape)
        return dx, dw, db
""",
    meaning=(r"extra axis", r"wrong shape", r"\(1, M\)", r"\(M,\)"),
    names=("db_keeps_dimension",),
)

wrong(
    "affine_backward",
    "sums_of_a_matrix",
    """
    def affine_backward(dout, cache):
        x, w, b = cache
        X, G = np.asmatrix(x.reshape(len(x), -1)), np.asmatrix(dout)
        dw = np.array(X.T * G)
        db = np.array(G.sum(axis=0))
        dx = np.array(G * np.asmatrix(w).T).reshape(x.shape)
        return dx, dw, db
""",
    meaning=(r"extra axis", r"wrong shape", r"\(1, M\)", r"\(M,\)", r"matrix"),
    names=("db_keeps_dimension",),
    together_with={"affine_forward": AFFINE},
)

wrong(
    "affine_backward",
    "dx_left_flat",
    """
    def affine_backward(dout, cache):
        x, w = cache
        X = x.reshape(x.shape[0], -1)
        dX = dout @ w.T
        dW = X.T @ dout
        dB = dout.sum(axis=0)
        return dX, dW, dB
""",
    meaning=(r"flat shape", r"shape (that )?(of )?x\b", r"wrong shape", r"reshape"),
    names=("dx_not_reshaped",),
)

wrong(
    "affine_backward",
    "dw_units_first",
    """
    def affine_backward(dout, cache):
        x, w, b = cache
        xs = x.reshape(len(x), -1)
        dw = np.einsum("nm,nd->md", dout, xs)
        db = np.einsum("nm->m", dout)
        dx = np.einsum("nm,dm->nd", dout, w).reshape(x.shape)
        return dx, dw, db
""",
    meaning=(r"transposed", r"shape of w"),
    names=("dw_transposed",),
    together_with={"affine_forward": AFFINE},
)

wrong(
    "affine_backward",
    "db_along_axis_one",
    """
    def affine_backward(dout, cache):
        x, w = cache
        dx = np.matmul(dout, w.T).reshape(x.shape)
        dw = np.matmul(x.reshape(x.shape[0], -1).T, dout)
        db = np.sum(dout, axis=1)
        return dx, dw, db
""",
    meaning=(r"wrong axis", r"over the outputs", r"axis 0", r"from all examples"),
    names=("db_over_outputs",),
)

wrong(
    "affine_backward",
    "db_is_one_number",
    """
    def affine_backward(dout, cache):
        x, w, b = cache
        flat = x.reshape(x.shape[0], -1)
        dw = flat.T.dot(dout)
        db = np.sum(dout)
        dx = dout.dot(w.T).reshape(x.shape)
        return dx, dw, db
""",
    meaning=(r"one number", r"single number", r"scalar", r"sum\w* over (all|every|both)", r"axis", r"shape \(M,\)"),
    together_with={"affine_forward": AFFINE},
)

wrong(
    "affine_backward",
    "db_not_summed",
    """
    def affine_backward(dout, cache):
        x, w = cache
        dx = (dout @ w.T).reshape(x.shape)
        dw = x.reshape(x.shape[0], -1).T @ dout
        db = dout * 1      # d(out)/db = 1
        return dx, dw, db
""",
    meaning=(r"not summed", r"sum\w* over", r"equals an input", r"shape \(M,\)", r"db .*shape of (b|dout)"),
)

wrong(
    "affine_backward",
    "last_example_wins",
    """
    def affine_backward(dout, cache):
        x, w = cache
        X = x.reshape(x.shape[0], -1)
        dw = np.zeros_like(w)
        db = np.zeros(w.shape[1])
        dX = np.zeros_like(X)
        for i in range(X.shape[0]):
            dw = np.outer(X[i], dout[i])
            db += dout[i]
            dX[i] = w @ dout[i]
        return dX.reshape(x.shape), dw, db
""",
    meaning=(r"last (example|row|input)", r"accumulat", r"add\w* up", r"\+=", r"one example", r"sum of"),
)

wrong(
    "affine_backward",
    "forgot_the_transpose",
    """
    def affine_backward(dout, cache):
        x, w, b = cache
        dx = dout.dot(w).reshape(x.shape)
        dw = x.reshape(x.shape[0], -1).T.dot(dout)
        db = dout.sum(0)
        return dx, dw, db
""",
    meaning=(r"transpos", r"w\.T", r"wᵀ"),
    together_with={"affine_forward": AFFINE},
)

wrong(
    "affine_backward",
    "reshaped_the_other_way",
    """
    def affine_backward(dout, cache):
        x, w = cache
        dx = np.dot(w, dout.T).reshape(x.shape)   # (D, N)
        dw = np.dot(x.reshape(x.shape[0], -1).T, dout)
        db = np.sum(dout, axis=0)
        return dx, dw, db
""",
    meaning=(r"transpos", r"wrong order", r"mix", r"right numbers in"),
)

wrong(
    "affine_backward",
    "bias_before_weights",
    """
    def affine_backward(dout, cache):
        x, w = cache
        N = len(x)
        db = dout.sum(axis=0)
        dw = x.reshape(N, -1).T @ dout
        dx = dout @ w.T
        return dx.reshape(x.shape), db, dw
""",
    meaning=(r"order", r"swapped", r"changed places"),
)

wrong(
    "affine_backward",
    "gradients_clipped",
    """
    def affine_backward(dout, cache):
        x, w, b = cache
        dx = dout.dot(w.T).reshape(x.shape)
        dw = x.reshape(len(x), -1).T.dot(dout)
        db = dout.sum(axis=0)
        for g in (dx, dw, db):
            np.clip(g, -1, 1, out=g)        # against exploding gradients
        return dx, dw, db
""",
    meaning=(r"clip", r"cut off", r"beyond"),
    together_with={"affine_forward": AFFINE},
)

wrong(
    "affine_backward",
    "guessed_until_the_shapes_fit",
    """
    def affine_backward(dout, cache):
        x, w = cache
        N = x.shape[0]
        dx = (dout @ np.abs(w).T + dout.mean()).reshape(x.shape)
        dw = (x.reshape(N, -1) ** 2).T @ dout
        db = (dout ** 2).sum(axis=0)
        return dx, dw, db
""",
)

right(
    "affine_backward",
    "outer_products_added",
    """
    def affine_backward(dout, cache):
        (x, w, b) = cache
        dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(b.shape)
        for n in range(x.shape[0]):
            g = dout[n]
            dw += np.outer(x[n].flatten(), g)
            db += g
            dx[n] = np.sum(w * g, axis=1).reshape(x[n].shape)
        return dx, dw, db
""",
    together_with={"affine_forward": AFFINE},
)

right(
    "affine_backward",
    "everything_by_tensordot",
    """
    def affine_backward(dout, cache):
        x, w, b = cache
        dw = np.tensordot(x.reshape(x.shape[0], -1), dout, axes=([0], [0]))
        dx = np.tensordot(dout, w, axes=([1], [1]))
        dx.shape = x.shape
        db = np.add.reduce(dout)
        assert dw.shape == w.shape and db.shape == b.shape
        return [dx, dw, db]
""",
    together_with={"affine_forward": AFFINE},
)

# -------------------------------------------------------------- relu_forward

wrong(
    "relu_forward",
    "builtin_max",
    """
    def relu_forward(x):
        out = max(0, x)
        cache = x
        return out, cache
""",
    meaning=ELEMENTWISE,
)

wrong(
    "relu_forward",
    "np_max_of_two",
    """
    def relu_forward(x):
        return np.max((0, x)), x
""",
    meaning=ELEMENTWISE,
)

wrong(
    "relu_forward",
    "negatives_kept",
    """
    def relu_forward(x):
        out = x.copy()
        out[out > 0] = 0
        return out, x
""",
    meaning=(r"other way round", r"negative part", r"positive (part )?(is )?dropped", r"minimum"),
    names=("minimum",),
)

wrong(
    "relu_forward",
    "small_slope_left",
    '''
    def relu_forward(x, alpha=0.01):
        """leaky version, works better"""
        out = np.where(x > 0, x, x * alpha)
        return out, x
''',
    meaning=(r"leak", r"exactly 0", r"negative inputs"),
    names=("leaky",),
)

wrong(
    "relu_forward",
    "maximum_with_a_tenth",
    """
    def relu_forward(x):
        return np.maximum(0.1 * x, x), x
""",
    meaning=(r"leak", r"exactly 0", r"negative inputs"),
    names=("leaky",),
)

wrong(
    "relu_forward",
    "saturates_at_one",
    """
    def relu_forward(x):
        out = np.clip(x, 0, 1)
        return out, x
""",
    meaning=(r"clip", r"cut off", r"saturat", r"large (inputs|values)", r"above 1", r"upper"),
)

wrong(
    "relu_forward",
    "relu_six",
    """
    def relu_forward(x):
        return np.minimum(np.maximum(x, 0), 6), x
""",
    meaning=(r"clip", r"cut off", r"saturat", r"large (inputs|values)", r"above 6", r"upper"),
)

wrong(
    "relu_forward",
    "half_forgotten",
    """
    def relu_forward(x):
        out = (x + np.abs(x))
        return out, x
""",
    meaning=(r"2 times", r"twice", r"doubl", r"factor", r"half"),
)

wrong(
    "relu_forward",
    "rows_and_columns_only",
    """
    def relu_forward(x):
        out = np.zeros(x.shape)
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                if x[i, j] > 0:
                    out[i, j] = x[i, j]
        return out, x
""",
    meaning=ANY_SHAPE,
)

wrong(
    "relu_forward",
    "mask_returned",
    """
    def relu_forward(x):
        mask = (x > 0).astype(float)
        out = mask
        return out, mask
""",
    meaning=(r"only whether", r"zeros and ones", r"not how large", r"mask", r"step"),
    names=("step_function",),
    together_with={
        "relu_backward": """
    def relu_backward(dout, cache):
        return dout * cache
"""
    },
)

wrong(
    "relu_forward",
    "soft_version",
    """
    def relu_forward(x):
        out = np.log(1 + np.exp(x))
        return out, x
""",
    meaning=(r"softplus", r"smooth", r"exactly 0", r"log"),
)

wrong(
    "relu_forward",
    "absolute",
    """
    def relu_forward(x):
        for v in np.nditer(x, op_flags=["readwrite"]):
            if v < 0:
                v[...] = -v
        return x, x
""",
    meaning=(r"sign flipped", r"absolute", r"becom\w+ 0", r"negative inputs"),
    names=("absolute_value",),
)

wrong(
    "relu_forward",
    "colon_forgotten",
    """
    def relu_forward(x)
        out = np.maximum(x, 0)
        return out, x
""",
    meaning=(r"syntax", r"not defined", r"colon"),
)

wrong(
    "relu_forward",
    "swish",
    """
    def relu_forward(x):
        out = x / (1 + np.exp(-x))
        return out, x
""",
    meaning=(r"swish", r"sigmoid", r"smooth", r"exactly 0"),
)

right(
    "relu_forward",
    "in_place_on_the_input",
    """
    def relu_forward(x):
        x[x < 0] = 0
        return x, x
""",
)

right(
    "relu_forward",
    "clip_without_upper_end",
    """
    def relu_forward(x):
        cache = x > 0
        return x.clip(min=0), cache
""",
    together_with={
        "relu_backward": """
    def relu_backward(dout, cache):
        return np.where(cache, dout, 0)
"""
    },
)

right(
    "relu_forward",
    "list_comprehension",
    """
    def relu_forward(x):
        flat = [v if v > 0 else 0.0 for v in x.flatten()]
        out = np.array(flat).reshape(x.shape)
        return out, x
""",
)

# ------------------------------------------------------------- relu_backward

wrong(
    "relu_backward",
    "two_loops",
    """
    def relu_backward(dout, cache):
        x = cache
        dx = np.zeros(x.shape)
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                if x[i, j] > 0:
                    dx[i, j] = dout[i, j]
        return dx
""",
    meaning=ANY_SHAPE,
)

wrong(
    "relu_backward",
    "allocated_as_a_matrix",
    """
    def relu_backward(dout, cache):
        x = cache
        n, d = x.shape
        dx = np.empty((n, d))
        dx[x > 0] = dout[x > 0]
        dx[x <= 0] = 0
        return dx
""",
    meaning=ANY_SHAPE,
)

wrong(
    "relu_backward",
    "only_the_gate",
    """
    def relu_backward(dout, cache):
        x = cache
        dx = np.where(x > 0, 1, 0)
        return dx
""",
    meaning=(
        r"dout is (missing|never used|not used)",
        r"only the gate",
        r"zeros and ones",
        r"multipl\w+ (it )?(by|with) dout",
    ),
    names=("gradient_of_ones",),
)

wrong(
    "relu_backward",
    "derivative_as_ones_in_place",
    """
    def relu_backward(dout, cache):
        x = cache
        x[x <= 0] = 0
        x[x > 0] = 1
        return x
""",
    meaning=(
        r"dout is (missing|never used|not used)",
        r"only the gate",
        r"zeros and ones",
        r"multipl\w+ (it )?(by|with) dout",
    ),
    names=("gradient_of_ones",),
)

wrong(
    "relu_backward",
    "negative_gradients_cut",
    """
    def relu_backward(dout, cache):
        dx = dout
        dx[dx < 0] = 0
        return dx
""",
    meaning=(r"sign of dout", r"sign of the input", r"mask .*(from|of) dout", r"x\b.* opens"),
    names=("mask_from_dout",),
)

wrong(
    "relu_backward",
    "relu_of_dout",
    """
    def relu_backward(dout, cache):
        return np.maximum(dout, 0)
""",
    meaning=(r"sign of dout", r"sign of the input", r"mask .*(from|of) dout", r"x\b.* opens"),
    names=("mask_from_dout",),
)

wrong(
    "relu_backward",
    "times_the_output",
    """
    def relu_backward(dout, cache):
        x = cache
        r = x * (x > 0)
        dx = dout * r
        return dx
""",
    meaning=(r"multiplied by (x|the (input|output))", r"slope of ReLU is 1", r"size of x"),
    names=("multiplied_by_input",),
)

wrong(
    "relu_backward",
    "wrong_half_zeroed",
    """
    def relu_backward(dout, cache):
        x = cache
        dx = np.array(dout, copy=True)
        dx[x > 0] = 0
        return dx
""",
    meaning=(
        r"other way round",
        r"wrong way",
        r"invert",
        r"turned",
        r"(stops|zero|0) where x (was|is) positive",
        r"wrong half",
        r"passes where x (was|is) negative",
    ),
)

wrong(
    "relu_backward",
    "everything_passes_from_output",
    """
    def relu_backward(dout, cache):
        out = cache
        return dout * (out >= 0)
""",
    meaning=(r"passes everywhere", r"leaks", r">=", r"nothing is stopped", r"equals an input"),
    names=("everything_passes",),
    together_with={
        "relu_forward": """
    def relu_forward(x):
        out = np.maximum(0, x)
        return out, out
"""
    },
)

wrong(
    "relu_backward",
    "cache_zero",
    """
    def relu_backward(dout, cache):
        x = cache[0]
        dx = dout * (x > 0)
        return dx
""",
    meaning=(r"cache\[0\]", r"first (row|example)", r"whole of (it|the cache)"),
)

wrong(
    "relu_backward",
    "dot_with_mask",
    """
    def relu_backward(dout, cache):
        mask = (cache > 0).astype("float")
        return dout.dot(mask)
""",
    meaning=(r"element", r"matrix product", r"dot"),
)

wrong(
    "relu_backward",
    "leaks_backward",
    """
    def relu_backward(dout, cache):
        x = cache
        grad = np.ones_like(x)
        grad[x < 0] = 0.01
        return dout * grad
""",
    meaning=(r"leak", r"negative", r"0\.01", r"should be 0"),
)

right(
    "relu_backward",
    "nditer_like_loop",
    """
    def relu_backward(dout, cache):
        x = cache
        dx = np.zeros_like(dout)
        for idx in np.ndindex(*x.shape):
            dx[idx] = dout[idx] if x[idx] >= 0 else 0
        return dx
""",
)

right(
    "relu_backward",
    "heaviside_in_place",
    """
    def relu_backward(dout, cache):
        dout *= np.heaviside(cache, 0.5)
        return dout
""",
)

right(
    "relu_backward",
    "dataclass_cache",
    """
    def relu_backward(dout, cache):
        dx = dout.copy()
        dx[~cache.positive] = 0.0
        return dx
""",
    together_with={
        "relu_forward": """
    from dataclasses import dataclass

    @dataclass
    class ReluCache:
        positive: np.ndarray

    def relu_forward(x):
        c = ReluCache(positive=x > 0)
        return np.where(c.positive, x, 0), c
"""
    },
)

# ----------------------------------------------------------- sigmoid_forward

OVERFLOW = (r"overflow", r"stable", r"safe for their sign", r"large (inputs|negative)")

wrong(
    "sigmoid_forward",
    "textbook",
    """
    def sigmoid_forward(x):
        s = 1 / (1 + np.exp(-x))
        return s, s
""",
    meaning=OVERFLOW,
    names=("unstable_exp",),
)

wrong(
    "sigmoid_forward",
    "lambda_with_e",
    """
    sigma = lambda z: np.exp(z) / (np.exp(z) + 1)

    def sigmoid_forward(x):
        out = sigma(x)
        cache = x
        return out, cache
""",
    meaning=(*OVERFLOW, r"NaN"),
    names=("unstable_exp",),
    together_with={
        "sigmoid_backward": """
    def sigmoid_backward(dout, cache):
        s = sigma(cache)
        return dout * s * (1 - s)
"""
    },
)

wrong(
    "sigmoid_forward",
    "where_computes_both",
    """
    def sigmoid_forward(x):
        # stable: choose the formula by the sign
        out = np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))
        return out, out
""",
    meaning=(*OVERFLOW, r"both (branches|sides)", r"np\.where"),
    names=("unstable_exp",),
)

wrong(
    "sigmoid_forward",
    "math_exp_in_a_loop",
    """
    import math

    def sigmoid_forward(x):
        flat = x.ravel()
        out = np.array([1 / (1 + math.exp(-v)) for v in flat]).reshape(x.shape)
        return out, out
""",
    meaning=(*OVERFLOW, r"OverflowError"),
    names=("unstable_exp",),
)

wrong(
    "sigmoid_forward",
    "exponent_sign",
    """
    def sigmoid_forward(x):
        x = np.clip(x, -500, 500)
        out = 1.0 / (1.0 + np.exp(x))
        return out, out
""",
    meaning=(r"sign in the exponent", r"sign", r"large inputs must"),
    names=("sign_flipped",),
)

wrong(
    "sigmoid_forward",
    "difference_over_sum",
    """
    def sigmoid_forward(x):
        e, f = np.exp(np.clip(x, -300, 300)), np.exp(np.clip(-x, -300, 300))
        out = (e - f) / (e + f)
        return out, out
""",
    meaning=(r"tanh", r"hyperbolic", r"-1 to 1"),
    names=("hyperbolic_tangent",),
)

wrong(
    "sigmoid_forward",
    "half_argument_forgotten",
    """
    def sigmoid_forward(x):
        # sigmoid(x) = (tanh(x/2) + 1) / 2
        out = 0.5 * (np.tanh(x) + 1)
        return out, out
""",
    meaning=(r"x/2", r"half", r"2 ?x", r"twice", r"too steep"),
)

wrong(
    "sigmoid_forward",
    "clipped_at_ten",
    """
    def sigmoid_forward(x):
        z = np.clip(x, -10, 10)   # avoid overflow
        out = 1 / (1 + np.exp(-z))
        return out, out
""",
    meaning=(r"cut off", r"clip", r"tails"),
    names=("clipped_too_early",),
)

wrong(
    "sigmoid_forward",
    "masks_mixed_up",
    """
    def sigmoid_forward(x):
        out = np.zeros_like(x)
        pos = x >= 0
        neg = ~pos
        out[pos] = 1 / (1 + np.exp(-x[pos]))
        out[neg] = np.exp(x[neg]) / (1 + np.exp(-x[neg]))
        return out, out
""",
    meaning=(r"negative", r"overflow"),
)

right(
    "sigmoid_forward",
    "quiet_errstate",
    """
    def sigmoid_forward(x):
        with np.errstate(over="ignore"):
            out = 1 / (1 + np.exp(-x))
        return out, out
""",
)

right(
    "sigmoid_forward",
    "clipped_at_500",
    """
    def sigmoid_forward(x):
        x = np.clip(x, -500, 500)
        out = 1 / (1 + np.exp(-x))
        cache = out.copy()
        return out, cache
""",
)

right(
    "sigmoid_forward",
    "by_tanh",
    """
    def sigmoid_forward(x):
        return 0.5 * (1 + np.tanh(x / 2)), x
""",
    together_with={
        "sigmoid_backward": """
    def sigmoid_backward(dout, cache):
        out, _ = sigmoid_forward(cache)
        return dout * out * (1 - out)
"""
    },
)

right(
    "sigmoid_forward",
    "scalar_function_vectorized",
    """
    import math

    @np.vectorize
    def _sigm(v):
        if v < 0:
            e = math.exp(v)
            return e / (1 + e)
        return 1 / (1 + math.exp(-v))

    def sigmoid_forward(x):
        out = _sigm(x)
        return out, {"out": out}
""",
    together_with={
        "sigmoid_backward": """
    def sigmoid_backward(dout, cache):
        a = cache["out"]
        return dout * (a - a * a)
"""
    },
)

# ---------------------------------------------------------- sigmoid_backward

SIGMOID_X = """
    def sigmoid_forward(x):
        z = np.exp(-np.abs(x))
        out = np.where(x >= 0, 1 / (1 + z), z / (1 + z))
        return out, x
"""

wrong(
    "sigmoid_backward",
    "from_the_cached_input",
    """
    def sigmoid_backward(dout, cache):
        x = cache
        dx = dout * x * (1 - x)
        return dx
""",
    meaning=(r"from the input", r"sigmoid's output", r"s is"),
    names=("derivative_from_input",),
    together_with={"sigmoid_forward": SIGMOID_X},
)

wrong(
    "sigmoid_backward",
    "forgot_upstream",
    """
    def sigmoid_backward(dout, cache):
        s = cache
        return s * (1 - s)
""",
    meaning=(r"dout is (missing|not used|never used)", r"multipl\w+ (it )?(by|with) (it|dout)"),
    names=("dout_missing",),
)

wrong(
    "sigmoid_backward",
    "forgot_upstream_class",
    """
    class Sig:
        @staticmethod
        def prime(a):
            return np.multiply(a, np.subtract(1, a))

    def sigmoid_backward(dout, cache):
        dx = Sig.prime(cache)
        return dx
""",
    meaning=(r"dout is (missing|not used|never used)", r"multipl\w+ (it )?(by|with) (it|dout)"),
    names=("dout_missing",),
)

wrong(
    "sigmoid_backward",
    "sigmoid_applied_again",
    """
    def sigmoid_backward(dout, cache):
        sig = 1 / (1 + np.exp(-cache))
        dx = dout * sig * (1 - sig)
        return dx
""",
    meaning=(r"twice", r"again", r"already", r"of the output", r"sigmoid of the sigmoid"),
)

wrong(
    "sigmoid_backward",
    "one_minus_out_only",
    """
    def sigmoid_backward(dout, cache):
        out = cache
        dx = dout * (1 - out)
        return dx
""",
    meaning=(r"factor s\b", r"s is missing", r"s\(1 - s\)", r"output .*missing"),
)

wrong(
    "sigmoid_backward",
    "out_only",
    """
    def sigmoid_backward(dout, cache):
        out = cache
        dx = np.multiply(dout, out)
        return dx
""",
    meaning=(r"\(1 - s\)", r"1 - out"),
    names=("only_output",),
)

wrong(
    "sigmoid_backward",
    "indexing_the_array",
    """
    def sigmoid_backward(dout, cache):
        out = cache[0]
        return dout * out * (1.0 - out)
""",
    meaning=(r"cache\[0\]", r"first row", r"whole of it"),
    names=("first_row_only",),
)

wrong(
    "sigmoid_backward",
    "tanh_derivative",
    """
    def sigmoid_backward(dout, cache):
        a = cache
        return dout * (1 - a ** 2)
""",
    meaning=(r"tanh", r"hyperbolic", r"1 - s²"),
    names=("slope_of_tanh",),
)

wrong(
    "sigmoid_backward",
    "minus_lost",
    """
    def sigmoid_backward(dout, cache):
        s = cache
        dx = dout * s * (s - 1)
        return dx
""",
    meaning=(r"sign",),
)

wrong(
    "sigmoid_backward",
    "square_forgotten",
    """
    def sigmoid_backward(dout, cache):
        x = cache
        e = np.exp(-x)
        dx = dout * e / (1 + e)      # quotient rule
        return dx
""",
    meaning=(r"square", r"factor s\b", r"s\(1 - s\)"),
    together_with={"sigmoid_forward": SIGMOID_X},
)

wrong(
    "sigmoid_backward",
    "hard_sigmoid_slope",
    """
    def sigmoid_backward(dout, cache):
        out = cache
        inside = (out > 0.1) & (out < 0.9)
        return dout * np.where(inside, 0.2, 0.0)
""",
)

right(
    "sigmoid_backward",
    "quotient_rule",
    """
    def sigmoid_backward(dout, cache):
        e = np.exp(-np.abs(cache))   # even function, so abs is fine
        return dout * (e / (1.0 + e) ** 2)
""",
    together_with={"sigmoid_forward": SIGMOID_X},
)

right(
    "sigmoid_backward",
    "in_place_product",
    """
    def sigmoid_backward(dout, cache):
        dout *= cache
        cache *= -1
        cache += 1
        dout *= cache
        return dout
""",
)

# ------------------------------------------------------- affine_relu_forward

wrong(
    "affine_relu_forward",
    "returned_the_wrong_variable",
    """
    def affine_relu_forward(x, w, b):
        a, fc_cache = affine_forward(x, w, b)
        out, relu_cache = relu_forward(a)
        cache = (fc_cache, relu_cache)
        return a, cache
""",
    meaning=(r"ReLU is missing", r"may not be negative", r"relu .*(skipped|not applied|missing)", r"before the ReLU"),
    names=("relu_skipped",),
)

wrong(
    "affine_relu_forward",
    "no_bias_by_hand",
    """
    def affine_relu_forward(x, w, b):
        X = x.reshape(len(x), -1)
        a = X @ w
        return np.maximum(a, 0), ((x, w), a)
""",
    meaning=NO_BIAS,
    names=("without_bias",),
)

wrong(
    "affine_relu_forward",
    "relu_on_the_input",
    """
    def affine_relu_forward(x, w, b):
        r, relu_cache = relu_forward(x)
        out, fc_cache = affine_forward(r, w, b)
        return out, (fc_cache, relu_cache)
""",
    meaning=(r"order", r"affine layer (comes|goes) first", r"after"),
    names=("relu_first",),
)

wrong(
    "affine_relu_forward",
    "by_hand_not_flat",
    """
    def affine_relu_forward(x, w, b):
        z = x.dot(w) + b
        out = z * (z > 0)
        return out, ((x, w), z)
""",
    meaning=NOT_FLAT,
)

wrong(
    "affine_relu_forward",
    "tuple_passed_on",
    """
    def affine_relu_forward(x, w, b):
        a = affine_forward(x, w, b)
        out, relu_cache = relu_forward(a)
        return out, (a[1], relu_cache)
""",
    meaning=(r"tuple", r"unpack", r"cache", r"pair", r"two values"),
)

wrong(
    "affine_relu_forward",
    "sigmoid_by_mistake",
    """
    def affine_relu_forward(x, w, b):
        out1, cache1 = affine_forward(x, w, b)
        out2, cache2 = sigmoid_forward(out1)
        return out2, (cache1, cache2)
""",
    meaning=(r"sigmoid",),
    names=("sigmoid_instead",),
)

right(
    "affine_relu_forward",
    "chained_through_a_list",
    """
    def affine_relu_forward(x, w, b):
        caches = []
        h = x
        for f, args in ((affine_forward, (w, b)), (relu_forward, ())):
            h, c = f(h, *args)
            caches.append(c)
        return h, caches
""",
)

right(
    "affine_relu_forward",
    "sandwich_class",
    """
    class Sandwich:
        def forward(self, x, w, b):
            self.z, self.fc = affine_forward(x, w, b)
            self.out, self.re = relu_forward(self.z)
            return self.out

    def affine_relu_forward(x, w, b):
        s = Sandwich()
        return s.forward(x, w, b), s
""",
    together_with={
        "affine_relu_backward": """
    def affine_relu_backward(dout, cache):
        dz = relu_backward(dout, cache.re)
        dx, dw, db = affine_backward(dz, cache.fc)
        return dx, dw, db
"""
    },
)

# ------------------------------------------------------ affine_relu_backward

wrong(
    "affine_relu_backward",
    "affine_first",
    """
    def affine_relu_backward(dout, cache):
        fc_cache, relu_cache = cache
        da, dw, db = affine_backward(dout, fc_cache)
        dx = relu_backward(da, relu_cache)
        return dx, dw, db
""",
    meaning=(r"order", r"relu_backward first", r"ReLU .*first", r"past the ReLU", r"backwards"),
)

wrong(
    "affine_relu_backward",
    "da_computed_and_forgotten",
    """
    def affine_relu_backward(dout, cache):
        fc_cache, relu_cache = cache
        da = relu_backward(dout, relu_cache)
        dx, dw, db = affine_backward(dout, fc_cache)
        return dx, dw, db
""",
    meaning=(r"past the ReLU", r"relu_backward first", r"relu .*(skipped|ignored|missing)"),
    names=("relu_gradient_skipped",),
)

wrong(
    "affine_relu_backward",
    "only_the_affine_half",
    """
    affine_relu_backward = lambda dout, cache: affine_backward(dout, cache[0])
""",
    meaning=(r"past the ReLU", r"relu_backward first", r"relu .*(skipped|ignored|missing)"),
    names=("relu_gradient_skipped",),
)

wrong(
    "affine_relu_backward",
    "caches_unpacked_in_reverse",
    """
    def affine_relu_backward(dout, cache):
        relu_cache, fc_cache = cache
        dz = relu_backward(dout, relu_cache)
        return affine_backward(dz, fc_cache)
""",
    meaning=(r"order", r"caches?\b", r"swapped", r"changed places", r"unpack"),
)

wrong(
    "affine_relu_backward",
    "weights_first",
    """
    def affine_relu_backward(dout, cache):
        fc, r = cache
        dx, dw, db = affine_backward(relu_backward(dout, r), fc)
        return dw, db, dx
""",
    meaning=(r"order",),
    names=("wrong_order",),
)

wrong(
    "affine_relu_backward",
    "undefined_names",
    """
    def affine_relu_backward(dout, cache):
        fc_cache, relu_cache = cache
        da = relu_backward(dout, relu_cache)
        grads = affine_backward(da, fc_cache)
        return dx, dw, db
""",
    meaning=(r"not defined", r"NameError", r"undefined"),
)

right(
    "affine_relu_backward",
    "starred",
    """
    def affine_relu_backward(dout, cache):
        *rest, relu_cache = cache
        (fc_cache,) = rest
        return tuple(affine_backward(dout=relu_backward(dout=dout, cache=relu_cache), cache=fc_cache))
""",
)

right(
    "affine_relu_backward",
    "temporary_names",
    """
    def affine_relu_backward(dout, cache):
        c1 = cache[0]
        c2 = cache[1]
        # first back through relu, then through the affine layer
        tmp = relu_backward(dout, c2)
        res = affine_backward(tmp, c1)
        dx = res[0]; dw = res[1]; db = res[2]
        return dx, dw, db
""",
)
