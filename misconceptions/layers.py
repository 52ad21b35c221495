"""Wrong and right answers to 01_layers."""
# ruff: noqa: F821 - answers call each other by name, as they do in the notebook

import numpy as np

from examiner.catalogue import Catalogue

catalogue = Catalogue("01_layers")

AFTER_AFFINE = "test_affine_backward", "test_affine_relu_forward", "test_affine_relu_backward"
AFTER_RELU = "test_relu_backward", "test_affine_relu_forward", "test_affine_relu_backward"

# ------------------------------------------------------------ affine_forward


@catalogue.misconception("affine_forward", "The bias is not added: every output should contain b.")
def bias_forgotten(x, w, b):
    return x.reshape(x.shape[0], -1) @ w, (x, w)


@catalogue.misconception("affine_forward", "The bias is subtracted: it should be added.")
def bias_subtracted(x, w, b):
    return x.reshape(x.shape[0], -1) @ w - b, (x, w)


@catalogue.misconception(
    "affine_forward",
    "x is not flattened: each example should first become one row of D numbers.",
    follow_on=("test_affine_backward", "test_affine_relu_forward", "test_affine_relu_backward"),
)
def not_flattened(x, w, b):
    return x @ w + b, (x, w)


@catalogue.misconception(
    "affine_forward", "The rows are filled in the wrong order: each example must keep its own numbers together."
)
def flattened_in_column_order(x, w, b):
    return x.reshape(x.shape[0], -1, order="F") @ w + b, (x, w)


@catalogue.misconception("affine_forward", "The output is averaged over the inputs: it should be the sum over them.")
def averaged_over_inputs(x, w, b):
    return x.reshape(x.shape[0], -1) @ w / w.shape[0] + b, (x, w)


@catalogue.misconception("affine_forward", "The bias is added twice: it should be added once.")
def bias_twice(x, w, b):
    return x.reshape(x.shape[0], -1) @ w + 2 * b, (x, w)


@catalogue.misconception(
    "affine_forward",
    "All examples of the batch end up in one row: each example should have its own row.",
    follow_on=AFTER_AFFINE,
)
def whole_batch_in_one_row(x, w, b):
    return np.ravel(x) @ w + b, (x, w)


@catalogue.misconception(
    "affine_forward",
    "x and w are multiplied element by element: use the matrix product, @ or np.dot.",
    follow_on=AFTER_AFFINE,
)
def elementwise_product(x, w, b):
    return x.reshape(x.shape[0], -1) * w + b, (x, w)


@catalogue.misconception(
    "affine_forward",
    "The numbers of different examples are mixed: x.reshape(D, -1) does not transpose. Reshape to (N, -1) instead.",
    variants=({"w.shape[0], -1).T": "w.shape[0], x.shape[0]).T"},),
)
def reshaped_to_columns(x, w, b):
    return x.reshape(w.shape[0], -1).T @ w + b, (x, w)


@catalogue.misconception(
    "affine_forward",
    "The bias is added to an array of shape (M, N): with examples as columns, b must be a column too, of shape (M, 1).",
    follow_on=AFTER_AFFINE,
)
def bias_across_columns(x, w, b):
    return (w.T @ x.reshape(x.shape[0], -1).T + b).T, (x, w)


@catalogue.misconception(
    "affine_forward",
    "Negative outputs are set to 0: the affine layer should have no activation, because the ReLU is a separate function.",
)
def relu_included(x, w, b):
    return np.maximum(x.reshape(x.shape[0], -1) @ w + b, 0), (x, w)


@catalogue.misconception(
    "affine_forward",
    "The cache is not returned: the function should return two values, out and cache.",
    follow_on=AFTER_AFFINE,
)
def only_out(x, w, b):
    return x.reshape(x.shape[0], -1) @ w + b


@catalogue.misconception(
    "affine_forward",
    "The output is None: assign your result to the name that you return.",
    follow_on=AFTER_AFFINE,
)
def out_is_none(x, w, b):
    x.reshape(x.shape[0], -1) @ w + b
    return None, (x, w)


@catalogue.misconception(
    "affine_forward",
    "The batch size is a fixed number: take it from x.shape[0], since batches differ in size.",
    follow_on=AFTER_AFFINE,
    variants=({"x.reshape(2,": "x.reshape(3,"}, {"x.reshape(2,": "x.reshape(10,"}),
)
def batch_size_fixed(x, w, b):
    return x.reshape(2, -1) @ w + b, (x, w)


@catalogue.misconception(
    "affine_forward",
    "The output is transposed: it should have shape (N, M), a row for each example.",
    follow_on=("test_affine_relu_forward", "test_affine_relu_backward"),
)
def output_transposed(x, w, b):
    return (x.reshape(x.shape[0], -1) @ w + b).T, (x, w)


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


@catalogue.misconception("affine_backward", "dx has the flat shape: it should have the shape of x.")
def dx_not_reshaped(dout, cache):
    x, w = cache
    return dout @ w.T, x.reshape(x.shape[0], -1).T @ dout, dout.sum(axis=0)


@catalogue.misconception("affine_backward", "dw is transposed: it should have the same shape as w.")
def dw_transposed(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), dout.T @ x.reshape(x.shape[0], -1), dout.sum(axis=0)


@catalogue.misconception("affine_backward", "db has an extra axis: it should have the shape of b, (M,).")
def db_keeps_dimension(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.sum(axis=0, keepdims=True)


@catalogue.misconception(
    "affine_backward", "db is divided by the batch size: only the loss should average over examples."
)
def db_averaged(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.mean(axis=0)


@catalogue.misconception("affine_backward", "db is summed over the outputs: it should be summed over the examples.")
def db_over_outputs(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.sum(axis=1)


@catalogue.misconception(
    "affine_backward", "dw is divided by the batch size: only the loss should average over examples."
)
def dw_averaged(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout / x.shape[0], dout.sum(axis=0)


@catalogue.misconception(
    "affine_backward",
    "db is a single number, the sum over both axes: it should have shape (M,), so sum over axis 0 only.",
)
def db_summed_over_everything(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.sum()


@catalogue.misconception(
    "affine_backward",
    "dw comes from the last example only: add up the contributions of all examples, with += in a loop.",
)
def dw_of_last_example(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), np.outer(x[-1].ravel(), dout[-1]), dout.sum(axis=0)


@catalogue.misconception(
    "affine_backward",
    "w is not transposed: dx should be the matrix product of dout and w.T.",
    follow_on=("test_affine_relu_backward",),
)
def w_not_transposed(dout, cache):
    x, w = cache
    return (dout @ w).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.sum(axis=0)


@catalogue.misconception(
    "affine_backward",
    "x is not transposed: dw should be the matrix product of the flattened x.T and dout.",
    follow_on=("test_affine_relu_backward",),
)
def x_not_transposed(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1) @ dout, dout.sum(axis=0)


@catalogue.misconception(
    "affine_backward",
    "dw is computed from an x that is not flattened: reshape it to (N, D) as in the forward pass.",
    follow_on=("test_affine_relu_backward",),
)
def x_not_flattened(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.T @ dout, dout.sum(axis=0)


@catalogue.misconception(
    "affine_backward",
    "The numbers of dx are in the wrong order: reshaping an array of shape (D, N) does not transpose it, so transpose it first.",
)
def dx_reshaped_from_columns(dout, cache):
    x, w = cache
    return (w @ dout.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.sum(axis=0)


@catalogue.misconception(
    "affine_backward",
    "The gradients are returned in the wrong order: return dx, dw, db.",
    follow_on=("test_affine_relu_backward",),
)
def db_before_dw(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), dout.sum(axis=0), x.reshape(x.shape[0], -1).T @ dout


@catalogue.misconception(
    "affine_backward",
    "The gradients are returned in the wrong order: return dx, dw, db.",
    follow_on=("test_affine_relu_backward",),
)
def dw_before_dx(dout, cache):
    x, w = cache
    return x.reshape(x.shape[0], -1).T @ dout, (dout @ w.T).reshape(x.shape), dout.sum(axis=0)


@catalogue.misconception(
    "affine_backward",
    "The gradients are clipped: the function should return the exact gradients, whatever their size.",
    variants=({"(-1, 1)": "(-5, 5)"},),
)
def gradients_limited(dout, cache):
    x, w = cache
    low, high = (-1, 1)
    dx, dw = (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout
    return dx.clip(low, high), dw.clip(low, high), dout.sum(axis=0).clip(low, high)


@catalogue.misconception(
    "affine_backward", "dx is divided by the batch size: only the loss should average over examples."
)
def dx_averaged(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape) / len(x), x.reshape(x.shape[0], -1).T @ dout, dout.sum(axis=0)


@catalogue.misconception(
    "affine_backward",
    "All gradients are divided by the batch size: only the loss should average over examples.",
)
def everything_averaged(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape) / len(x), x.reshape(x.shape[0], -1).T @ dout / len(x), dout.mean(axis=0)


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


@catalogue.misconception("relu_forward", "Negative inputs get the opposite sign: they should become 0.")
def absolute_value(x):
    return np.abs(x), x


@catalogue.misconception(
    "relu_forward",
    "Negative inputs leak through: they should become exactly 0.",
    variants=tuple({"0.01": slope} for slope in ("0.1", "0.2", "0.3", "0.05", "0.001")),
)
def leaky(x):
    return np.where(x > 0, x, 0.01 * x), x


@catalogue.misconception(
    "relu_forward", "The negative part is kept and the positive part is dropped: it should be the other way round."
)
def minimum(x):
    return np.minimum(0, x), x


@catalogue.misconception(
    "relu_forward",
    "The output shows only whether an input is positive: for positive inputs, it should be the input itself.",
)
def step_function(x):
    return (x > 0).astype(float), x


@catalogue.misconception(
    "relu_forward",
    "max compares x as a whole array: use np.maximum(0, x), which compares element by element.",
    follow_on=AFTER_RELU,
)
def whole_array_compared(x):
    return max(x, 0), x


@catalogue.misconception(
    "relu_forward",
    "np.max returns the largest element of an array: use np.maximum(0, x), which compares element by element.",
    follow_on=AFTER_RELU,
    variants=({"np.max([0, x])": "np.max(0, x)"}, {"np.max([0, x])": "np.max(x, 0)"}),
)
def largest_of_all(x):
    return np.max([0, x]), x


@catalogue.misconception(
    "relu_forward",
    "Large inputs are cut off: the ReLU should have no upper limit.",
    variants=({"1.0": "6.0"}, {"1.0": "10.0"}, {"1.0": "5.0"}),
)
def limited_above(x):
    return np.minimum(np.maximum(0.0, x), 1.0), x


@catalogue.misconception(
    "relu_forward",
    "This works only for inputs with two axes: it should work for any number of axes.",
    follow_on=AFTER_RELU,
)
def two_axes_only(x):
    rows, columns = np.shape(x)
    return np.array([[max(x[i, j], 0.0) for j in range(columns)] for i in range(rows)]), x


@catalogue.misconception(
    "relu_forward",
    "Two indices are used: the function should work for any number of axes, and with three axes x[i, j] is a row.",
    follow_on=AFTER_RELU,
)
def two_indices_only(x):
    out = x.copy()
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] < 0:
                out[i, j] = 0
    return out, x


@catalogue.misconception(
    "relu_forward",
    "This is the softplus log(1 + exp(x)), a smooth curve: the ReLU should be max(0, x).",
    variants=({"np.logaddexp(0, x)": "np.log1p(np.exp(x))"},),
)
def softplus(x):
    return np.logaddexp(0, x), x


@catalogue.misconception(
    "relu_forward", "This is the swish x · sigmoid(x), a smooth curve: the ReLU should be max(0, x)."
)
def swish_instead(x):
    return 0.5 * x * (1 + np.tanh(x / 2)), x


@catalogue.misconception(
    "relu_forward", "Negative inputs become exp(x) - 1, as in an ELU: they should become exactly 0."
)
def exponential_unit(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0))), x


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
    "relu_backward", "The sign of dout decides where the gradient passes: the sign of the input x should decide."
)
def mask_from_dout(dout, cache):
    return dout * (dout > 0)


@catalogue.misconception(
    "relu_backward", "Negative gradients are dropped, too: the sign of the input x alone should decide what passes."
)
def negative_gradients_dropped(dout, cache):
    return dout * (cache > 0) * (dout > 0)


@catalogue.misconception("relu_backward", "The gradient is only the mask of zeros and ones: multiply it by dout.")
def gradient_of_ones(dout, cache):
    return (cache > 0).astype(float)


@catalogue.misconception("relu_backward", "The gradient passes everywhere: it should be 0 where x was negative.")
def everything_passes(dout, cache):
    return dout


@catalogue.misconception(
    "relu_backward",
    "The gradient is multiplied by x itself: where x is positive, the slope should be 1, whatever the size of x.",
)
def multiplied_by_input(dout, cache):
    return dout * np.maximum(0, cache)


@catalogue.misconception(
    "relu_backward",
    "This works only for arrays with two axes: it should work for any number of axes.",
)
def backward_two_axes_only(dout, cache):
    rows, columns = np.shape(cache)
    return np.array([[dout[i, j] * (cache[i, j] > 0) for j in range(columns)] for i in range(rows)])


@catalogue.misconception(
    "relu_backward",
    "Two indices are used: the function should work for any number of axes, and with three axes x[i, j] is a row.",
)
def backward_two_indices_only(dout, cache):
    dx = dout.copy()
    for i in range(cache.shape[0]):
        for j in range(cache.shape[1]):
            if cache[i, j] <= 0:
                dx[i, j] = 0
    return dx


@catalogue.misconception(
    "relu_backward",
    "The mask is the wrong way round: the gradient should pass where x was positive and be 0 where x was negative.",
)
def gate_turned(dout, cache):
    return np.where(cache < 0, dout, 0.0)


@catalogue.misconception(
    "relu_backward",
    "cache[0] is only the first row of x: use the whole array.",
    follow_on=("test_affine_relu_backward",),
)
def gate_of_first_row(dout, cache):
    return dout * (cache[0] > 0)


@catalogue.misconception(
    "relu_backward",
    "dout and the mask are multiplied as matrices: multiply them element by element, with *.",
    follow_on=("test_affine_relu_backward",),
)
def gate_as_matrix(dout, cache):
    return dout @ np.where(cache > 0, 1.0, 0.0)


@catalogue.misconception(
    "relu_backward",
    "The gradient leaks through where x was negative: it should be 0 there.",
    variants=tuple({"0.01": slope} for slope in ("0.1", "0.2", "0.3", "0.05", "0.001")),
)
def leaky_backward(dout, cache):
    return np.where(cache > 0, dout, 0.01 * dout)


@catalogue.alternative("relu_backward", "at exactly 0 the gradient passes; dout changed in place")
def zero_passes(dout, cache):
    dout[cache < 0] = 0
    return dout


@catalogue.alternative("relu_backward", "np.where")
def where_backward(dout, cache):
    return np.where(cache > 0, dout, 0)


# ----------------------------------------------------------- sigmoid_forward


@catalogue.misconception(
    "sigmoid_forward",
    "exp overflows for large inputs: for each sign of x, use the form of the formula that does not overflow.",
    variants=(
        {"1 / (1 + np.exp(-x))": "np.exp(x) / (1 + np.exp(x))"},
        {"np.exp(-x)": "np.vectorize(__import__('math').exp)(-x)"},
    ),
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
    "This is the hyperbolic tangent, with outputs from -1 to 1: the outputs of the sigmoid should be between 0 and 1.",
    follow_on=("test_sigmoid_backward",),
)
def hyperbolic_tangent(x):
    out = np.tanh(x)
    return out, out


@catalogue.misconception(
    "sigmoid_forward",
    "Large inputs are cut off too early, so the tails of the sigmoid are lost: use a formula that needs no limit.",
    follow_on=("test_sigmoid_backward",),
    variants=tuple({"-5, 5": f"-{limit}, {limit}"} for limit in (6, 8, 10, 15, 20)),
)
def clipped_too_early(x):
    out = 1 / (1 + np.exp(-np.clip(x, -5, 5)))
    return out, out


@catalogue.misconception(
    "sigmoid_forward",
    "The curve is too steep: the sigmoid should be ½ (1 + tanh(x/2)), with half of x.",
    follow_on=("test_sigmoid_backward",),
)
def tangent_of_whole_input(x):
    out = (np.tanh(x) + 1) / 2
    return out, out


@catalogue.misconception(
    "sigmoid_forward",
    "The denominator for negative inputs is wrong and overflows: for them, the sigmoid should be exp(x) / (1 + exp(x)).",
    follow_on=("test_sigmoid_backward",),
)
def denominator_of_the_other_sign(x):
    out = np.where(x >= 0, 1.0, np.exp(x)) / (1 + np.exp(-x))
    return out, out


@catalogue.misconception(
    "sigmoid_forward",
    "This is the hard sigmoid, a straight line that is cut off: the sigmoid should be 1 / (1 + exp(-x)).",
    follow_on=("test_sigmoid_backward",),
    variants=({"0.2 * x": "x / 6"}, {"0.2 * x": "0.25 * x"}),
)
def straight_line(x):
    out = np.clip(0.2 * x + 0.5, 0, 1)
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
    "s(1 - s) is computed from the input x: s should be the sigmoid's output.",
    together_with={"sigmoid_forward": input_cached},
)
def derivative_from_input(dout, cache):
    return dout * cache * (1 - cache)


@catalogue.misconception("sigmoid_backward", "dout is missing: multiply the slope s(1 - s) by it.")
def dout_missing(dout, cache):
    return cache * (1 - cache)


@catalogue.misconception("sigmoid_backward", "The factor (1 - s) is missing from the slope: it should be s(1 - s).")
def only_output(dout, cache):
    return dout * cache


@catalogue.misconception(
    "sigmoid_backward",
    "This is the slope of the hyperbolic tangent, 1 - s²: the slope of the sigmoid should be s(1 - s).",
)
def slope_of_tanh(dout, cache):
    return dout * (1 - cache**2)


@catalogue.misconception("sigmoid_backward", "cache[0] is only the first row of the output: use the whole array.")
def first_row_only(dout, cache):
    return dout * cache[0] * (1 - cache[0])


@catalogue.misconception(
    "sigmoid_backward",
    "The sigmoid is applied twice: the cache already holds the output s, so compute s(1 - s) from it directly.",
)
def sigmoid_of_output(dout, cache):
    s = 0.5 * (1 + np.tanh(0.5 * cache))
    return dout * s * (1 - s)


@catalogue.misconception("sigmoid_backward", "The factor s is missing from the slope: it should be s(1 - s).")
def only_one_minus_output(dout, cache):
    return dout - dout * cache


@catalogue.misconception(
    "sigmoid_backward",
    "The denominator of the slope exp(-x) / (1 + exp(-x))² is not squared: square it, or use s(1 - s).",
    together_with={"sigmoid_forward": input_cached},
)
def denominator_not_squared(dout, cache):
    return dout / (1 + np.exp(cache))


@catalogue.misconception("sigmoid_backward", "The slope has the wrong sign: it should be s(1 - s), not s(s - 1).")
def slope_sign_flipped(dout, cache):
    return dout * cache * (cache - 1)


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


@catalogue.misconception("affine_relu_forward", "The ReLU is missing: the output must never be negative.")
def relu_skipped(x, w, b):
    a, affine_cache = affine_forward(x, w, b)
    return a, (affine_cache, relu_forward(a)[1])


@catalogue.misconception(
    "affine_relu_forward",
    "The affine step does not flatten x: call affine_forward, which makes each example a row.",
    follow_on=("test_affine_relu_backward",),
)
def own_affine_not_flattened(x, w, b):
    a = x @ w + b
    out, relu_cache = relu_forward(a)
    return out, ((x, w), relu_cache)


@catalogue.misconception(
    "affine_relu_forward",
    "affine_forward returns two values, and both go into the ReLU: unpack out and cache first.",
    follow_on=("test_affine_relu_backward",),
)
def pair_not_unpacked(x, w, b):
    return relu_forward(affine_forward(x, w, b))


@catalogue.misconception(
    "affine_relu_forward",
    "The order is wrong: the affine layer should come first, then the ReLU.",
    follow_on=("test_affine_relu_backward",),
)
def relu_first(x, w, b):
    out = relu_forward(x)[0]
    out, affine_cache = affine_forward(out, w, b)
    return out, (affine_cache, relu_forward(out)[1])


@catalogue.misconception("affine_relu_forward", "The activation is a sigmoid: it should be the ReLU.")
def sigmoid_instead(x, w, b):
    a, affine_cache = affine_forward(x, w, b)
    return sigmoid_forward(a)[0], (affine_cache, relu_forward(a)[1])


@catalogue.misconception(
    "affine_relu_forward",
    "The affine layer is applied without its bias: the output should include b.",
    follow_on=("test_affine_relu_backward",),
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
    "affine_relu_backward", "The gradient goes past the ReLU: it should go through relu_backward first."
)
def relu_gradient_skipped(dout, cache):
    affine_cache, _ = cache
    return affine_backward(dout, affine_cache)


@catalogue.misconception("affine_relu_backward", "Only dx is returned: return dw and db as well.")
def only_dx(dout, cache):
    affine_cache, relu_cache = cache
    return affine_backward(relu_backward(dout, relu_cache), affine_cache)[0]


@catalogue.misconception("affine_relu_backward", "The gradients are returned in the wrong order: return dx, dw, db.")
def wrong_order(dout, cache):
    affine_cache, relu_cache = cache
    dx, dw, db = affine_backward(relu_backward(dout, relu_cache), affine_cache)
    return dw, dx, db


@catalogue.misconception(
    "affine_relu_backward",
    "db is computed from a gradient that has not passed the ReLU: use the one that relu_backward returns.",
)
def db_before_relu(dout, cache):
    affine_cache, relu_cache = cache
    dx, dw, _ = affine_backward(relu_backward(dout, relu_cache), affine_cache)
    return dx, dw, dout.sum(axis=0)


@catalogue.misconception(
    "affine_relu_backward",
    "The order is wrong: in the backward pass, relu_backward should come first, then affine_backward.",
)
def affine_before_relu(dout, cache):
    affine_cache, relu_cache = cache
    dx, dw, db = affine_backward(dout, affine_cache)
    return relu_backward(dx, relu_cache), dw, db


@catalogue.misconception(
    "affine_relu_backward",
    "The two caches are swapped: unpack them in the order in which the forward function packed them.",
)
def caches_swapped(dout, cache):
    return affine_backward(relu_backward(dout, cache[0]), cache[1])


@catalogue.misconception("affine_relu_backward", "The gradients are returned in the wrong order: return dx, dw, db.")
def db_in_the_middle(dout, cache):
    affine_cache, relu_cache = cache
    dx, dw, db = affine_backward(relu_backward(dout, relu_cache), affine_cache)
    return dw, db, dx


@catalogue.misconception(
    "affine_relu_backward",
    "A name that you return is not defined: assign the three gradients from affine_backward to the names that you return.",
)
def names_never_assigned(dout, cache):
    affine_cache, relu_cache = cache
    gradients = affine_backward(relu_backward(dout, relu_cache), affine_cache)  # noqa: F841
    return dx, dw, db


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


@catalogue.probe("relu_backward")  # the slope at exactly 0 is a free choice
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
