"""Wrong and right answers to 08_batch_normalization."""

import numpy as np

from examiner.catalogue import Catalogue

catalogue = Catalogue("08_batch_normalization")

# --------------------------------------------------------- batchnorm_forward

MEAN = '* bn_param["running_mean"] + (1 - momentum) * mean'
VAR = '* bn_param["running_var"] + (1 - momentum) * var'

# The backward function cannot correct what these put into the cache.
CACHED = (
    "eps_outside_root", "eps_forgotten", "eps_fixed", "no_root", "unbiased_variance", "running_statistics_in_training",
    "over_features", "one_mean_for_all_features", "mean_not_subtracted", "sum_instead_of_variance",
)  # fmt: skip

for name, sentence, changes in [
    (
        "eps_outside_root",
        "eps is added outside the root: add it to the variance, before taking the root.",
        {"np.sqrt(var + eps)": "np.sqrt(var) + eps"},
    ),
    (
        "eps_forgotten",
        "eps is not used, so a feature that is constant over the batch is divided by 0: add eps to the variance.",
        {"np.sqrt(var + eps)": "np.sqrt(var)"},
    ),
    (
        "eps_fixed",
        "eps is not taken from bn_param: use its value there, and 1e-5 only if it is missing.",
        {'bn_param.get("eps", 1e-5), ': "1e-5, "},
    ),
    (
        "no_root",
        "x is divided by the variance: divide it by the standard deviation, the root of the variance.",
        {"np.sqrt(var + eps)": "var + eps"},
    ),
    (
        "unbiased_variance",
        "The batch's variance is divided by N - 1: it should be the mean of the squared deviations, divided by N.",
        {"x.var(axis=0)": "x.var(axis=0, ddof=1)"},
    ),
    (
        "unbiased_running_variance",
        "The running variance averages variances divided by N - 1: use the same variance as for normalizing, divided by N.",
        {VAR: '* bn_param["running_var"] + (1 - momentum) * x.var(axis=0, ddof=1)'},
    ),
    (
        "running_standard_deviation",
        "The running variance averages standard deviations: it should average variances.",
        {VAR: '* bn_param["running_var"] + (1 - momentum) * np.sqrt(var)'},
    ),
    (
        "momentum_swapped",
        "Momentum is applied to the new batch: it should be the weight of the old running value.",
        {
            "momentum " + MEAN: '(1 - momentum) * bn_param["running_mean"] + momentum * mean',
            "momentum " + VAR: '(1 - momentum) * bn_param["running_var"] + momentum * var',
        },
    ),
    (
        "running_overwritten",
        "The running statistics are those of the last batch only: keep a share of the old ones.",
        {"momentum " + MEAN: "mean", "momentum " + VAR: "var"},
    ),
    (
        "running_not_stored",
        "The running statistics are computed but not stored in bn_param: store them there, so that the next call can use them.",
        {
            'bn_param["running_mean"] = momentum': "new_mean = momentum",
            'bn_param["running_var"] = momentum': "new_var = momentum",
        },
    ),
    (
        "only_mean_runs",
        "The running variance is never updated: update it like the running mean, because test mode needs both.",
        {'bn_param["running_var"] = momentum': "new_var = momentum"},
    ),
    (
        "running_variance_starts_at_one",
        "Missing running statistics start at the wrong value: they should start at zero.",
        {'"running_var", np.zeros(': '"running_var", np.ones('},
    ),
    (
        "batch_statistics_in_test_mode",
        "Test mode normalizes with the batch's own statistics: use the running ones, so that a result does not depend on the other examples.",
        {"    std = np.sqrt(var + eps)": "    mean, var = x.mean(axis=0), x.var(axis=0)\n    std = np.sqrt(var + eps)"},
    ),
    (
        "running_statistics_in_training",
        "Training mode normalizes with the running statistics: it should use the batch's own.",
        {
            "    std = np.sqrt(var + eps)": '    mean, var = bn_param["running_mean"], bn_param["running_var"]\n    std = np.sqrt(var + eps)'
        },
    ),
    (
        "updated_in_test_mode",
        "The running statistics change in test mode, too: only training mode should update them.",
        {
            "    std = np.sqrt(var + eps)": '    if bn_param["mode"] == "test":\n'
            '        bn_param["running_mean"] = momentum * mean + (1 - momentum) * x.mean(axis=0)\n'
            "    std = np.sqrt(var + eps)"
        },
    ),
    (
        "over_features",
        "Each example is normalized over its own features: each feature should be normalized over the examples of the batch.",
        {
            "    normalized = (x - mean) / std": '    if bn_param["mode"] == "train":\n'
            "        mean = x.mean(axis=1, keepdims=True)\n"
            "        std = np.sqrt(x.var(axis=1, keepdims=True) + eps)\n"
            "    normalized = (x - mean) / std"
        },
    ),
    (
        "one_mean_for_all_features",
        "One mean and one variance are used for all features: each feature should have its own, over axis 0.",
        {"x.mean(axis=0), x.var(axis=0)": "x.mean() + np.zeros(x.shape[1]), x.var() + np.zeros(x.shape[1])"},
    ),
    (
        "mean_not_subtracted",
        "The mean is never subtracted: normalized numbers should have mean 0.",
        {"(x - mean) / std": "x / std"},
    ),
    (
        "scale_and_shift_forgotten",
        "gamma and beta are not used: scale the normalized numbers by gamma and add beta at the end.",
        {"return gamma * normalized + beta,": "return normalized,"},
    ),
    (
        "shift_forgotten",
        "beta is not added: add it to the scaled numbers.",
        {"return gamma * normalized + beta,": "return gamma * normalized,"},
    ),
    (
        "scale_forgotten",
        "gamma is not used: multiply the normalized numbers by it before beta is added.",
        {"return gamma * normalized + beta,": "return normalized + beta,"},
    ),
    (
        "gamma_and_beta_swapped",
        "gamma and beta are swapped: gamma should scale, and beta should shift.",
        {"return gamma * normalized + beta,": "return beta * normalized + gamma,"},
    ),
    (
        "test_mode_only_normalizes",
        "gamma and beta are missing in test mode: scale and shift the normalized numbers there, too.",
        {
            "return gamma * normalized + beta,": 'return gamma * normalized + beta if bn_param["mode"] == "train" else normalized,'
        },
    ),
    (
        "gamma_forgotten_in_test_mode",
        "gamma is missing in test mode: scale the normalized numbers there, too.",
        {
            "return gamma * normalized + beta,": 'return (gamma if bn_param["mode"] == "train" else 1) * normalized + beta,'
        },
    ),
    (
        "sum_instead_of_variance",
        "The variance is the sum of the squared deviations: it should be their mean, divided by N.",
        {"x.mean(axis=0), x.var(axis=0)": "x.mean(axis=0), len(x) * x.var(axis=0)"},
    ),
    (
        "eps_forgotten_in_test_mode",
        "eps is forgotten in test mode: there, too, it is added to the variance inside the root.",
        {"np.sqrt(var + eps)": 'np.sqrt(var + (eps if bn_param["mode"] == "train" else 0))'},
    ),
    (
        "eps_outside_root_in_test_mode",
        "eps is added outside the root in test mode: it belongs to the variance, before the root is taken.",
        {"np.sqrt(var + eps)": 'np.sqrt(var + eps) if bn_param["mode"] == "train" else np.sqrt(var) + eps'},
    ),
    (
        "new_bn_param",
        "The running statistics are written into a copy of bn_param: the next call cannot see them, so change bn_param itself.",
        {
            'eps, momentum = bn_param.get("eps", 1e-5)': 'bn_param = dict(bn_param)\n    eps, momentum = bn_param.get("eps", 1e-5)'
        },
    ),
]:
    follow_on = ("test_batchnorm_backward",) if name in CACHED else ()
    catalogue.change("batchnorm_forward", name, sentence, changes, follow_on=follow_on)


catalogue.change(
    "batchnorm_forward",
    "nothing_computed",
    "Nothing is computed yet: the output is None, and the running statistics are unchanged.",
    {
        "x.mean(axis=0), x.var(axis=0)": 'bn_param["running_mean"], bn_param["running_var"]',
        "return gamma * normalized + beta, (normalized, gamma, std)": "return None, None",
    },
    follow_on=("test_batchnorm_backward",),
)
catalogue.change(
    "batchnorm_forward",
    "running_statistics_local",
    "The running statistics stay in local variables: store them in bn_param, where the next call finds them.",
    {
        'bn_param.setdefault("running_mean"': 'bn_param.get("running_mean"',
        'bn_param.setdefault("running_var"': 'bn_param.get("running_var"',
        '        bn_param["running_mean"] = momentum ' + MEAN + "\n": "",
        '        bn_param["running_var"] = momentum ' + VAR + "\n": "",
    },
)


def standard_from_graph(dout, cache):
    centred, root, gamma = cache
    n = len(dout)
    dnormalized = dout * gamma
    dvariance = np.sum(dnormalized * centred, axis=0) * -0.5 / root**3
    dmean = -np.sum(dnormalized, axis=0) / root + dvariance * np.mean(-2.0 * centred, axis=0)
    dx = dnormalized / root + dvariance * 2.0 * centred / n + dmean / n
    return dx, np.sum(dout * centred / root, axis=0), np.sum(dout, axis=0)


@catalogue.alternative(
    "batchnorm_forward",
    "step by step, early return, running statistics changed in place",
    together_with={"batchnorm_backward": standard_from_graph},
)
def step_by_step(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    n, d = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(d, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(d, dtype=x.dtype))
    if mode == "test":
        return gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta, None
    if mode != "train":
        raise ValueError(f"Unknown mode {mode}")
    mu = np.sum(x, axis=0) / n
    centred = x - mu
    variance = np.sum(centred**2, axis=0) / n
    root = np.sqrt(variance + eps)
    running_mean *= momentum
    running_mean += (1 - momentum) * mu
    running_var *= momentum
    running_var += (1 - momentum) * variance
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return centred / root * gamma + beta, (centred, root, gamma)


def by_dictionary_backward(dout, cache):
    xhat, gamma = cache["xhat"], cache["gamma"]
    n = dout.shape[0]
    dgamma = np.einsum("nd,nd->d", dout, xhat)
    dbeta = np.einsum("nd->d", dout)
    dx = gamma * cache["inverse"] / n * (n * dout - dbeta - xhat * dgamma)
    return dx, dgamma, dbeta


@catalogue.alternative(
    "batchnorm_forward",
    "mean of squares less square of the mean, bn_param.update, a dictionary for a cache, x changed in place",
    together_with={"batchnorm_backward": by_dictionary_backward},
)
def moments(x, gamma, beta, bn_param):
    eps, m = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    old_mean = bn_param["running_mean"] if "running_mean" in bn_param else 0 * gamma
    old_var = bn_param["running_var"] if "running_var" in bn_param else 0 * gamma
    mean, var = old_mean, old_var
    if bn_param["mode"] == "train":
        mean = np.einsum("nd->d", x) / len(x)
        var = np.maximum(np.mean(x * x, axis=0) - mean * mean, 0)
        bn_param.update(running_mean=old_mean * m + (1 - m) * mean, running_var=old_var * m + (1 - m) * var)
    inverse = (var + eps) ** -0.5
    x -= mean
    x *= inverse
    return x * gamma + beta, {"xhat": x, "gamma": gamma, "inverse": inverse}


# -------------------------------------------------------- batchnorm_backward

DX = "gamma / std * (centred - normalized * dgamma / len(dout))"

for name, sentence, changes in [
    (
        "statistics_taken_as_constants",
        "dx contains only the direct path: it should include the paths through the mean and the variance, which x changes, too.",
        {DX: "gamma / std * dout"},
    ),
    (
        "variance_path_forgotten",
        "The path through the variance is missing from dx: add it, because x also changes the variance of its feature.",
        {DX: "gamma / std * centred"},
    ),
    (
        "mean_path_forgotten",
        "The path through the mean is missing from dx: each column of dx should sum to 0.",
        {DX: "gamma / std * (dout - normalized * dgamma / len(dout))"},
    ),
    (
        "factor_two_forgotten",
        "The path through the variance counts only half: the derivative of a square should bring a factor 2.",
        {DX: "gamma / std * (centred - normalized * dgamma / len(dout) / 2)"},
    ),
    (
        "variance_path_doubled",
        "The path through the variance counts twice: the derivative of 1/√v should bring a factor -½.",
        {DX: "gamma / std * (centred - 2 * normalized * dgamma / len(dout))"},
    ),
    (
        "mean_path_not_averaged",
        "The path through the mean is not divided by N: divide it by N, because each example has the weight 1/N in the mean.",
        {DX: "gamma / std * (dout - dbeta - normalized * dgamma / len(dout))"},
    ),
    (
        "variance_path_not_averaged",
        "The path through the variance is not divided by N: divide it by N, because each example has the weight 1/N in the variance.",
        {DX: "gamma / std * (centred - normalized * dgamma)"},
    ),
    (
        "variance_path_sign",
        "The path through the variance has the wrong sign: it should be negative, because a larger variance makes the outputs smaller.",
        {DX: "gamma / std * (centred + normalized * dgamma / len(dout))"},
    ),
    (
        "sums_instead_of_means",
        "The paths through the mean and the variance are not divided by N: divide both by N, because each example has the weight 1/N in a mean.",
        {DX: "gamma / std * (dout - dbeta - normalized * dgamma)"},
    ),
    (
        "divided_by_the_variance",
        "dx is divided by the variance: divide it by the standard deviation, as in the forward pass.",
        {DX: "gamma / std**2 * (centred - normalized * dgamma / len(dout))"},
    ),
    (
        "gamma_missing",
        "gamma is missing from dx: multiply the gradient by gamma, as in the forward pass.",
        {DX: "(centred - normalized * dgamma / len(dout)) / std"},
    ),
    (
        "std_missing",
        "dx is not divided by the standard deviation: it should be, because the forward pass divides the input by it.",
        {DX: "gamma * (centred - normalized * dgamma / len(dout))"},
    ),
    (
        "dx_averaged",
        "dx is divided by the batch size: only the loss should average over examples.",
        {DX: DX + " / len(dout)"},
    ),
    (
        "dgamma_without_normalized",
        "dgamma is the sum of dout alone: multiply each term by the normalized input.",
        {
            "dgamma = (dout * normalized).sum(axis=0)  # (D,)": "dgamma, dbeta = dout.sum(axis=0), dout.sum(axis=0)",
            DX: "gamma / std * (centred - normalized * (dout * normalized).mean(axis=0))",
        },
    ),
    (
        "dgamma_averaged",
        "dgamma is divided by the batch size: only the loss should average over examples.",
        {"return dx, dgamma, dbeta": "return dx, dgamma / len(dout), dbeta"},
    ),
    (
        "dbeta_averaged",
        "dbeta is divided by the batch size: only the loss should average over examples.",
        {"return dx, dgamma, dbeta": "return dx, dgamma, dbeta / len(dout)"},
    ),
    (
        "dgamma_not_summed",
        "dgamma is not summed over the batch: it should have the shape of gamma, (D,).",
        {"return dx, dgamma, dbeta": "return dx, dout * normalized, dbeta"},
    ),
    (
        "over_the_wrong_axis",
        "dgamma and dbeta are summed over the features: they should be summed over the examples.",
        {"return dx, dgamma, dbeta": "return dx, (dout * normalized).sum(axis=1), dout.sum(axis=1)"},
    ),
    (
        "wrong_order",
        "The gradients are returned in the wrong order: return dx, dgamma, dbeta.",
        {"return dx, dgamma, dbeta": "return dx, dbeta, dgamma"},
    ),
]:
    catalogue.change("batchnorm_backward", name, sentence, changes)


def input_cached(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    var = bn_param.setdefault("running_var", np.zeros(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = np.mean(x, axis=0), np.var(x, axis=0)
        bn_param["running_mean"] = momentum * bn_param["running_mean"] + (1 - momentum) * mean
        bn_param["running_var"] = momentum * bn_param["running_var"] + (1 - momentum) * var
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, (x, mean, var, eps, gamma)


@catalogue.misconception(
    "batchnorm_backward",
    "dgamma is computed from the raw input x: use the normalized input, which gamma multiplies.",
    together_with={"batchnorm_forward": input_cached},
)
def dgamma_from_input(dout, cache):
    x, mean, var, eps, gamma = cache
    normalized = (x - mean) / np.sqrt(var + eps)
    g = dout - dout.mean(axis=0) - normalized * (dout * normalized).mean(axis=0)
    return gamma / np.sqrt(var + eps) * g, (dout * x).sum(axis=0), dout.sum(axis=0)


@catalogue.misconception(
    "batchnorm_backward",
    "eps is missing from the root in the backward pass: use the same root as in the forward pass.",
    together_with={"batchnorm_forward": input_cached},
)
def eps_forgotten_backward(dout, cache):
    x, mean, var, eps, gamma = cache
    normalized = (x - mean) / np.sqrt(var)
    g = dout - dout.mean(axis=0) - normalized * (dout * normalized).mean(axis=0)
    dgamma = (dout * (x - mean) / np.sqrt(var + eps)).sum(axis=0)
    return gamma / np.sqrt(var) * g, dgamma, dout.sum(axis=0)


@catalogue.alternative(
    "batchnorm_backward", "the computational graph, node by node", together_with={"batchnorm_forward": input_cached}
)
def computational_graph(dout, cache):
    x, mean, var, eps, gamma = cache
    n = x.shape[0]
    inverse = 1 / np.sqrt(var + eps)
    dnormalized = dout * gamma
    dvar = np.sum(dnormalized * (x - mean), axis=0) * -0.5 * inverse**3
    dmean = -np.sum(dnormalized * inverse, axis=0) + dvar * np.sum(-2 * (x - mean), axis=0) / n
    dx = dnormalized * inverse + dvar * 2 * (x - mean) / n + dmean / n
    return dx, np.sum(dout * (x - mean) * inverse, axis=0), dout.sum(axis=0)


@catalogue.alternative("batchnorm_backward", "the Jacobian of each feature, and dout changed in place")
def jacobian(dout, cache):
    normalized, gamma, std = cache
    n, d = dout.shape
    dgamma, dbeta = np.sum(dout * normalized, axis=0), np.ones(n) @ dout
    for j in range(d):
        column = normalized[:, j]
        slopes = (np.eye(n) - 1 / n - np.outer(column, column) / n) * gamma[j] / std[j]
        dout[:, j] = slopes @ dout[:, j]
    return [dout, dgamma, dbeta]


# ----------------------------------------------------------- dropout_forward

MASK = '(dropout_param["rng"].random(x.shape) < p) / p'

for name, sentence, changes in [
    (
        "not_inverted",
        "The kept elements are not scaled up: divide by p, so that the mean stays the same.",
        {MASK: '(dropout_param["rng"].random(x.shape) < p) * 1.0'},
    ),
    (
        "multiplied_by_p",
        "The kept elements are multiplied by p: divide by p, so that the mean stays the same.",
        {MASK: '(dropout_param["rng"].random(x.shape) < p) * p'},
    ),
    (
        "scaled_in_test_mode",
        "The output is scaled in test mode: inverted dropout should scale in training mode only, and test mode should return x.",
        {
            MASK: '(dropout_param["rng"].random(x.shape) < p) * 1.0',
            "np.ones(x.shape)": 'np.full(x.shape, dropout_param["p"])',
        },
    ),
    (
        "p_drops",
        "p is used as the probability to drop: it should be the probability to keep.",
        {MASK: '(dropout_param["rng"].random(x.shape) >= p) / (1 - p)'},
    ),
    (
        "comparison_turned",
        "The comparison is the wrong way round, so a share 1 - p is kept: the share should be p.",
        {MASK: '(dropout_param["rng"].random(x.shape) > p) / p'},
    ),
    (
        "scaled_by_drop_probability",
        "The kept elements are divided by the probability to drop: divide by the probability to keep.",
        {MASK: '(dropout_param["rng"].random(x.shape) < p) / (1 - p)'},
    ),
    (
        "active_in_test_mode",
        "Elements are dropped in test mode, too: test mode should return x unchanged.",
        {'if dropout_param["mode"] == "train":': "if True:"},
    ),
    (
        "never_active",
        "Nothing is dropped in training: each element should be kept with probability p.",
        {'if dropout_param["mode"] == "train":': "if False:"},
    ),
    (
        "normal_draws",
        "The mask is drawn from a normal distribution, so the wrong share of elements is kept: draw uniformly from [0, 1).",
        {'dropout_param["rng"].random(x.shape)': 'dropout_param["rng"].normal(size=x.shape)'},
    ),
    (
        "one_mask_for_all_examples",
        "All examples share one mask: each element should be kept or dropped on its own.",
        {'dropout_param["rng"].random(x.shape)': '(dropout_param["rng"].random(x.shape[1:]) + np.zeros(x.shape))'},
    ),
    (
        "whole_examples_dropped",
        "Whole examples are kept or dropped: draw the mask element by element.",
        {
            'dropout_param["rng"].random(x.shape)': '(dropout_param["rng"].random((x.shape[0],) + (1,) * (x.ndim - 1)) + np.zeros(x.shape))'
        },
    ),
    (
        "same_mask_at_every_call",
        "Every call gives the same mask: draw it with the generator in dropout_param.",
        {'dropout_param["rng"].random(x.shape)': "np.random.default_rng(0).random(x.shape)"},
    ),
    (
        "mask_as_output",
        "The output is the mask itself: multiply it by the input.",
        {"return x * mask,": "return mask,"},
    ),
    (
        "two_axes_only",
        "This works only for inputs with two axes: x may have any number of axes, so draw a mask of shape x.shape.",
        {"mask = np.ones(x.shape)": "rows, columns = x.shape\n    mask = np.ones((rows, columns))"},
    ),
    (
        "two_indices_only",
        "Two indices are used: x may have any number of axes, so draw a mask of shape x.shape at once.",
        {
            MASK: "np.zeros(x.shape)\n        for i in range(x.shape[0]):\n            for j in range(x.shape[1]):\n"
            '                mask[i, j] = (dropout_param["rng"].random() < p) / p'
        },
    ),
    (
        "nothing_in_test_mode",
        "Test mode uses a name that only training mode assigns: test mode should have its own branch, which returns x.",
        {"    mask = np.ones(x.shape)\n": ""},
    ),
    (
        "multiplicative_noise",
        "The input is multiplied by normal noise, and nothing is dropped: dropout should set elements to 0.",
        {MASK: '1 + dropout_param["rng"].normal(size=x.shape) * np.sqrt((1 - p) / p)'},
    ),
    (
        "scaled_by_p_in_test_mode",
        "The output of test mode is multiplied by p: inverted dropout should scale in training mode only, and test mode should return x.",
        {"np.ones(x.shape)": 'np.full(x.shape, dropout_param["p"])'},
    ),
]:
    spreads = "mask_as_output", "never_active", "two_axes_only", "two_indices_only", "multiplicative_noise"
    follow_on = ("test_dropout_backward",) if name in (*spreads, "nothing_in_test_mode") else ()
    catalogue.change("dropout_forward", name, sentence, changes, follow_on=follow_on)


def pair_backward(dout, cache):
    keep, p = cache
    return dout if keep is None else np.where(keep, dout / p, 0.0)


@catalogue.alternative(
    "dropout_forward",
    "true and false for a mask, the scale next to it in the cache, None in test mode",
    together_with={"dropout_backward": pair_backward},
)
def boolean_mask(x, dropout_param):
    p = dropout_param["p"]
    if dropout_param["mode"] == "test":
        return x, (None, p)
    keep = dropout_param["rng"].uniform(size=x.shape) > 1 - p
    out = x / p
    out[~keep] = 0
    return out, (keep, p)


@catalogue.alternative("dropout_forward", "NumPy's global generator, binomial draws")
def global_generator(x, dropout_param):
    if dropout_param["mode"] == "train":
        mask = np.random.binomial(1, dropout_param["p"], size=x.shape) / dropout_param["p"]
    else:
        mask = np.ones_like(x)
    return np.multiply(x, mask), mask


# ---------------------------------------------------------- dropout_backward


@catalogue.misconception(
    "dropout_backward", "The gradient passes everywhere: it should be 0 where an element was dropped."
)
def mask_ignored(dout, cache):
    return dout


@catalogue.misconception(
    "dropout_backward",
    "The scale is missing: the gradient should be scaled up like the kept elements in the forward pass.",
)
def scale_forgotten(dout, cache):
    return dout * (cache > 0)


@catalogue.misconception(
    "dropout_backward", "The gradient is divided by the scale of the forward pass: multiply by it."
)
def divided_by_scale(dout, cache):
    return np.where(cache > 0, dout / np.maximum(cache, 1), 0.0)


@catalogue.misconception(
    "dropout_backward", "The scale is applied twice: multiply by the mask only, because it already contains the scale."
)
def scaled_twice(dout, cache):
    return dout * cache**2


@catalogue.misconception(
    "dropout_backward", "The gradient passes where elements were dropped: it should pass only where they were kept."
)
def mask_turned(dout, cache):
    return dout * (cache == 0)


@catalogue.misconception("dropout_backward", "The gradient is only the mask: multiply it by dout.")
def dout_missing(dout, cache):
    return cache


@catalogue.misconception("dropout_backward", "The backward pass draws its own mask: use the mask of the forward pass.")
def another_mask(dout, cache):
    return dout * np.random.permutation(cache.ravel()).reshape(cache.shape)


def none_cached_forward(x, dropout_param):
    if dropout_param["mode"] == "test":
        return x, None
    mask = np.where(dropout_param["rng"].random(x.shape) < dropout_param["p"], 1 / dropout_param["p"], 0.0)
    return x * mask, mask


@catalogue.misconception(
    "dropout_backward",
    "In test mode, the cache is None and cannot be multiplied: return dout unchanged.",
    together_with={"dropout_forward": none_cached_forward},
)
def none_in_test_mode(dout, cache):
    return cache * dout


@catalogue.alternative("dropout_backward", "in place")
def in_place(dout, cache):
    dout *= cache
    return dout


def closure_forward(x, dropout_param):
    if dropout_param["mode"] == "train":
        scale = (dropout_param["rng"].random(x.shape) < dropout_param["p"]) / dropout_param["p"]
        return x * scale, lambda dout: dout * scale
    return x, lambda dout: dout


@catalogue.alternative("dropout_backward", "a closure in the cache", together_with={"dropout_forward": closure_forward})
def by_closure(dout, cache):
    return cache(dout)


# ---------------------------------------------------- how mutants are tried out


def batches(rng):
    for n, d in [(6, 3), (2, 5), (9, 4)]:
        yield 3 * rng.normal(size=(n, d)) + 2, rng.normal(size=d), rng.normal(size=d), rng.normal(size=(n, d))


@catalogue.probe("batchnorm_forward")
def normalized_batches(answers, rng):
    seen = []
    for x, gamma, beta, _ in batches(rng):
        chosen = {"eps": rng.uniform(), "momentum": rng.uniform()}
        param = {"mode": "train"} | {name: chosen[name] for name in chosen if rng.integers(2)}
        seen += [answers.batchnorm_forward(k * x, gamma, beta, param)[0] for k in (1, 1e-3, 5)]
        param["mode"] = "test"
        seen += [answers.batchnorm_forward(x, gamma, beta, param)[0], param["running_mean"], param["running_var"]]
    return seen


@catalogue.probe("batchnorm_backward")
def batch_gradients(answers, rng):
    caches = [(dout, answers.batchnorm_forward(*rest, {"mode": "train"})[1]) for *rest, dout in batches(rng)]
    return [answers.batchnorm_backward(dout, cache) for dout, cache in caches]


@catalogue.probe("dropout_forward", "dropout_backward")
def dropped(answers, rng):
    seen = []
    for mode in ("train", "test"):
        x, param = rng.normal(size=(6, 5)), {"p": rng.uniform(0.2, 0.9), "mode": mode, "rng": rng}
        out, cache = answers.dropout_forward(x, param)
        seen += [out, answers.dropout_backward(rng.normal(size=x.shape), cache)]
    return seen
