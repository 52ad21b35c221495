"""Wrong and right answers to 01_layers."""
# ruff: noqa: F821 - answers call each other by name, as they do in the notebook

import numpy as np

from examiner.catalogue import Catalogue

catalogue = Catalogue("01_layers")

# ------------------------------------------------------------ affine_forward


@catalogue.misconception("affine_forward", "The bias never reaches the output: every output is shifted by b.")
def bias_forgotten(x, w, b):
    return x.reshape(x.shape[0], -1) @ w, (x, w)


@catalogue.misconception("affine_forward", "The bias is subtracted: an affine layer adds it.")
def bias_subtracted(x, w, b):
    return x.reshape(x.shape[0], -1) @ w - b, (x, w)


@catalogue.misconception(
    "affine_forward",
    "x is not flattened: each example has to become one row of D numbers first.",
    follow_on=("test_affine_backward", "test_affine_relu_forward", "test_affine_relu_backward"),
)
def not_flattened(x, w, b):
    return x @ w + b, (x, w)


@catalogue.misconception(
    "affine_forward", "The rows are filled in the wrong order: each example must keep its own numbers together."
)
def flattened_in_column_order(x, w, b):
    return x.reshape(x.shape[0], -1, order="F") @ w + b, (x, w)


@catalogue.misconception("affine_forward", "The output is averaged over the inputs: an affine layer sums.")
def averaged_over_inputs(x, w, b):
    return x.reshape(x.shape[0], -1) @ w / w.shape[0] + b, (x, w)


def wide_cache_backward(dout, cache):
    shape, rows, w, _, _ = cache
    return np.dot(dout, w.T).reshape(shape), np.dot(rows.T, dout), np.sum(dout, axis=0)


@catalogue.alternative(
    "affine_forward", "np.dot, and a cache of five", together_with={"affine_backward": wide_cache_backward}
)
def five_tuple(x, w, b):
    rows = x.reshape(x.shape[0], np.prod(x.shape[1:]))
    return np.dot(rows, w) + b, (x.shape, rows, w, b, None)


@catalogue.alternative("affine_forward", "one example and one output at a time")
def loops(x, w, b):
    out = np.zeros((x.shape[0], w.shape[1]))
    for n in range(x.shape[0]):
        for m in range(w.shape[1]):
            out[n, m] = np.sum(x[n].flatten() * w[:, m]) + b[m]
    return out, (x, w)


# ----------------------------------------------------------- affine_backward


@catalogue.misconception("affine_backward", "dx keeps the flat shape: give it back the shape that x came in.")
def dx_not_reshaped(dout, cache):
    x, w = cache
    return dout @ w.T, x.reshape(x.shape[0], -1).T @ dout, dout.sum(axis=0)


@catalogue.misconception("affine_backward", "dw is transposed: a gradient has the shape of what it is the gradient of.")
def dw_transposed(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), dout.T @ x.reshape(x.shape[0], -1), dout.sum(axis=0)


@catalogue.misconception("affine_backward", "db has an extra axis: b has shape (M,), and so has its gradient.")
def db_keeps_dimension(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.sum(axis=0, keepdims=True)


@catalogue.misconception(
    "affine_backward", "db is divided by the batch size: averaging over examples is the business of the loss."
)
def db_averaged(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.mean(axis=0)


@catalogue.misconception("affine_backward", "db is summed over the outputs: each bias collects from all examples.")
def db_over_outputs(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.sum(axis=1)


@catalogue.misconception(
    "affine_backward", "dw is divided by the batch size: averaging over examples is the business of the loss."
)
def dw_averaged(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout / x.shape[0], dout.sum(axis=0)


@catalogue.alternative("affine_backward", "einsum")
def einsum_backward(dout, cache):
    x, w = cache
    rows = x.reshape(len(x), -1)
    dx = np.einsum("nm,dm->nd", dout, w).reshape(x.shape)
    return dx, np.einsum("nd,nm->dm", rows, dout), np.einsum("nm->m", dout)


@catalogue.alternative("affine_backward", "sums of outer products, and dout changed in place")
def outer_products(dout, cache):
    x, w = cache
    dw = sum(np.outer(row, grad) for row, grad in zip(x.reshape(len(x), -1), dout, strict=True))
    db = np.ones(len(dout)) @ dout
    dx = (dout @ w.T).reshape(x.shape)
    dout *= 0
    return [dx, dw, db]


# -------------------------------------------------------------- relu_forward


@catalogue.misconception("relu_forward", "Negative inputs get their sign flipped instead of becoming 0.")
def absolute_value(x):
    return np.abs(x), x


@catalogue.misconception("relu_forward", "Negative inputs leak through: ReLU gives exactly 0 for them.")
def leaky(x):
    return np.maximum(0.01 * x, x), x


@catalogue.misconception(
    "relu_forward", "The negative part is kept and the positive dropped: it is the other way round."
)
def minimum(x):
    return np.minimum(0, x), x


@catalogue.misconception("relu_forward", "The output says only whether an input is positive, not how large it is.")
def step_function(x):
    return (x > 0).astype(float), x


def kept_mask_backward(dout, cache):
    return np.where(cache, dout, 0.0)


@catalogue.alternative("relu_forward", "a mask in the cache", together_with={"relu_backward": kept_mask_backward})
def multiplied_by_mask(x):
    mask = x > 0
    return x * mask, mask


@catalogue.alternative("relu_forward", "np.where on a copy")
def where(x):
    return np.where(x < 0, 0.0, x), x.copy()


# ------------------------------------------------------------- relu_backward


@catalogue.misconception(
    "relu_backward", "The sign of dout decides: it is the sign of the input x that opens the gate."
)
def mask_from_dout(dout, cache):
    return dout * (dout > 0)


@catalogue.misconception("relu_backward", "The gradient is only the gate, all zeros and ones: dout is missing.")
def gradient_of_ones(dout, cache):
    return (cache > 0).astype(float)


@catalogue.misconception("relu_backward", "The gradient passes everywhere: where x was negative it has to stop.")
def everything_passes(dout, cache):
    return dout


@catalogue.misconception(
    "relu_backward", "The gradient is multiplied by x itself: the slope of ReLU is 1, whatever the size of x."
)
def multiplied_by_input(dout, cache):
    return dout * np.maximum(0, cache)


@catalogue.alternative("relu_backward", "at exactly 0 the gradient passes; dout changed in place")
def zero_passes(dout, cache):
    dout[cache < 0] = 0
    return dout


@catalogue.alternative("relu_backward", "np.where")
def where_backward(dout, cache):
    return np.where(cache > 0, dout, 0)


# ----------------------------------------------------------- sigmoid_forward


@catalogue.misconception(
    "sigmoid_forward", "exp overflows for large inputs: use the form of the formula that is safe for their sign."
)
def unstable_exp(x):
    out = 1 / (1 + np.exp(-x))
    return out, out


@catalogue.misconception("sigmoid_forward", "The sign in the exponent is wrong: large inputs must give outputs near 1.")
def sign_flipped(x):
    small = np.exp(-np.abs(x))
    out = np.where(x >= 0, small, 1) / (1 + small)
    return out, out


@catalogue.misconception(
    "sigmoid_forward",
    "This is the hyperbolic tangent: its outputs run from -1 to 1, the sigmoid's from 0 to 1.",
    follow_on=("test_sigmoid_backward",),
)
def hyperbolic_tangent(x):
    out = np.tanh(x)
    return out, out


@catalogue.misconception(
    "sigmoid_forward",
    "Large inputs are cut off far too early: the tails of the sigmoid are lost.",
    follow_on=("test_sigmoid_backward",),
)
def clipped_too_early(x):
    out = 1 / (1 + np.exp(-np.clip(x, -5, 5)))
    return out, out


@catalogue.alternative("sigmoid_forward", "by the hyperbolic tangent")
def by_tanh(x):
    out = 0.5 * (1 + np.tanh(0.5 * x))
    return out, out


@catalogue.alternative("sigmoid_forward", "a masked assignment for each sign")
def two_masks(x):
    out = np.empty_like(x, dtype=float)
    positive = x >= 0
    out[positive] = 1 / (1 + np.exp(-x[positive]))
    out[~positive] = np.exp(x[~positive]) / (1 + np.exp(x[~positive]))
    return out, out


# ---------------------------------------------------------- sigmoid_backward


def input_cached(x):
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small), x


@catalogue.misconception(
    "sigmoid_backward",
    "s(1 - s) is computed from the input x: s is the sigmoid's output.",
    together_with={"sigmoid_forward": input_cached},
)
def derivative_from_input(dout, cache):
    return dout * cache * (1 - cache)


@catalogue.misconception("sigmoid_backward", "dout is missing: the slope s(1 - s) has to be multiplied by it.")
def dout_missing(dout, cache):
    return cache * (1 - cache)


@catalogue.misconception("sigmoid_backward", "The factor (1 - s) is missing from the slope.")
def only_output(dout, cache):
    return dout * cache


@catalogue.misconception("sigmoid_backward", "This is the slope of the hyperbolic tangent, 1 - s², not of the sigmoid.")
def slope_of_tanh(dout, cache):
    return dout * (1 - cache**2)


@catalogue.misconception("sigmoid_backward", "cache[0] is only the first row of the output: use the whole of it.")
def first_row_only(dout, cache):
    return dout * cache[0] * (1 - cache[0])


@catalogue.alternative(
    "sigmoid_backward", "from the input, kept in a tuple", together_with={"sigmoid_forward": input_cached}
)
def output_computed_again(dout, cache):
    s = 0.5 * (1 + np.tanh(0.5 * cache))
    return dout * (s - s**2)


@catalogue.alternative("sigmoid_backward", "in place")
def in_place(dout, cache):
    dout *= cache
    dout *= 1 - cache
    return dout


# ------------------------------------------------------- affine_relu_forward


@catalogue.misconception("affine_relu_forward", "The ReLU is missing: the output may not be negative.")
def relu_skipped(x, w, b):
    a, affine_cache = affine_forward(x, w, b)
    return a, (affine_cache, relu_forward(a)[1])


@catalogue.misconception(
    "affine_relu_forward",
    "The order is wrong: the affine layer comes first, the ReLU after it.",
    follow_on=("test_affine_relu_backward",),
)
def relu_first(x, w, b):
    out = relu_forward(x)[0]
    out, affine_cache = affine_forward(out, w, b)
    return out, (affine_cache, relu_forward(out)[1])


@catalogue.misconception("affine_relu_forward", "A sigmoid stands where the ReLU belongs.")
def sigmoid_instead(x, w, b):
    a, affine_cache = affine_forward(x, w, b)
    return sigmoid_forward(a)[0], (affine_cache, relu_forward(a)[1])


@catalogue.misconception(
    "affine_relu_forward", "The affine layer is applied without its bias.", follow_on=("test_affine_relu_backward",)
)
def without_bias(x, w, b):
    a, affine_cache = affine_forward(x, w, 0 * b)
    out, relu_cache = relu_forward(a)
    return out, (affine_cache, relu_cache)


def closure_backward(dout, cache):
    return cache(dout)


@catalogue.alternative(
    "affine_relu_forward", "a closure for a cache", together_with={"affine_relu_backward": closure_backward}
)
def closure(x, w, b):
    a, affine_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, lambda dout: affine_backward(relu_backward(dout, relu_cache), affine_cache)


@catalogue.alternative("affine_relu_forward", "keyword arguments and a list for a cache")
def keywords(x, w, b):
    affine_out, affine_cache = affine_forward(x=x, w=w, b=b)
    relu_out, relu_cache = relu_forward(x=affine_out)
    return relu_out, [affine_cache, relu_cache]


# ------------------------------------------------------ affine_relu_backward


@catalogue.misconception(
    "affine_relu_backward", "The gradient goes past the ReLU: it has to go through relu_backward first."
)
def relu_gradient_skipped(dout, cache):
    affine_cache, _ = cache
    return affine_backward(dout, affine_cache)


@catalogue.misconception(
    "affine_relu_backward", "Only dx comes back: the weights and the bias want their gradients too."
)
def only_dx(dout, cache):
    affine_cache, relu_cache = cache
    return affine_backward(relu_backward(dout, relu_cache), affine_cache)[0]


@catalogue.misconception("affine_relu_backward", "The gradients come back in another order than dx, dw, db.")
def wrong_order(dout, cache):
    affine_cache, relu_cache = cache
    dx, dw, db = affine_backward(relu_backward(dout, relu_cache), affine_cache)
    return dw, dx, db


@catalogue.misconception("affine_relu_backward", "The bias gets the gradient from above the ReLU: it sits below it.")
def db_before_relu(dout, cache):
    affine_cache, relu_cache = cache
    dx, dw, _ = affine_backward(relu_backward(dout, relu_cache), affine_cache)
    return dx, dw, dout.sum(axis=0)


@catalogue.alternative("affine_relu_backward", "one expression")
def one_expression(dout, cache):
    return affine_backward(relu_backward(dout, cache[1]), cache[0])


@catalogue.alternative("affine_relu_backward", "a list of gradients")
def as_list(dout, cache):
    da = relu_backward(dout, cache[1])
    return list(affine_backward(da, cache[0]))


# ---------------------------------------------------- how mutants are tried out


def images(rng):
    shape = [(4, 3), (2, 3, 2), (1, 2, 2, 2), (6, 1)][rng.integers(4)]
    size, scale = int(np.prod(shape[1:])), 10.0 ** rng.integers(-2, 3)
    return (
        scale * rng.normal(size=shape),
        rng.normal(size=(size, 5)),
        rng.normal(size=5),
        rng.normal(size=(shape[0], 5)),
    )


@catalogue.probe("affine_forward")
def affine_output(answers, rng):
    return answers.affine_forward(*images(rng)[:3])[0]


@catalogue.probe("affine_backward")
def affine_gradients(answers, rng):
    x, w, b, dout = images(rng)
    return answers.affine_backward(dout, answers.affine_forward(x, w, b)[1])


@catalogue.probe("relu_forward")
def relu_output(answers, rng):
    x = images(rng)[0]
    return answers.relu_forward(x)[0], answers.relu_forward(np.zeros(2))[0]


@catalogue.probe("relu_backward")  # the slope at exactly 0 is anybody's choice
def relu_gradient(answers, rng):
    x = images(rng)[0]
    return answers.relu_backward(rng.normal(size=x.shape), answers.relu_forward(x)[1])


@catalogue.probe("sigmoid_forward")
def sigmoid_output(answers, rng):
    with np.errstate(over="raise"):
        return [answers.sigmoid_forward(x)[0] for x in (images(rng)[0], np.array([-1e3, -40.0, 0.0, 40.0, 1e3]))]


@catalogue.probe("sigmoid_backward")
def sigmoid_gradient(answers, rng):
    x = images(rng)[0]
    return answers.sigmoid_backward(rng.normal(size=x.shape), answers.sigmoid_forward(x)[1])


@catalogue.probe("affine_relu_forward")
def sandwich_output(answers, rng):
    return answers.affine_relu_forward(*images(rng)[:3])[0]


@catalogue.probe("affine_relu_backward")
def sandwich_gradients(answers, rng):
    x, w, b, dout = images(rng)
    return answers.affine_relu_backward(dout, answers.affine_relu_forward(x, w, b)[1])
