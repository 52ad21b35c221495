"""Wrong and right answers to 03_regularization."""
# ruff: noqa: F821 - answers call each other by name, as they do in the notebook

import numpy as np

from examiner.catalogue import Catalogue

catalogue = Catalogue("03_regularization")

# --------------------------------------------------------- l2_regularization


@catalogue.misconception(
    "l2_regularization",
    "The factor ½ is missing, so the penalty and its gradient are twice too large: the penalty should be λ/2 times the sum of the squares.",
)
def l2_without_half(w, reg):
    return reg * np.sum(w**2), 2 * reg * w


@catalogue.misconception(
    "l2_regularization",
    "The factor ½ is missing from the penalty: it should be λ/2 times the sum of the squares; the gradient is right.",
)
def l2_penalty_without_half(w, reg):
    return reg * np.sum(w**2), reg * w


@catalogue.misconception(
    "l2_regularization", "The gradient is twice too large: the ½ of the penalty should cancel the 2."
)
def l2_gradient_doubled(w, reg):
    return reg / 2 * np.sum(w**2), 2 * reg * w


@catalogue.misconception("l2_regularization", "The gradient has a factor ½: only the penalty should have it.")
def l2_gradient_halved(w, reg):
    return reg / 2 * np.sum(w**2), reg / 2 * w


@catalogue.misconception(
    "l2_regularization", "The strength λ is missing from the gradient: multiply the gradient by it."
)
def l2_gradient_without_strength(w, reg):
    return reg / 2 * np.sum(w**2), w.copy()


@catalogue.misconception("l2_regularization", "The strength λ is missing from the penalty: multiply the penalty by it.")
def l2_penalty_without_strength(w, reg):
    return 0.5 * np.sum(w**2), reg * w


@catalogue.misconception(
    "l2_regularization",
    "The penalty is averaged over the weights: it should be a sum.",
    variants=({" / w.size": ""},),
)
def l2_averaged(w, reg):
    return reg / 2 * np.mean(w**2), reg * w / w.size


@catalogue.misconception("l2_regularization", "The penalty is the norm: leave out the root.")
def l2_norm(w, reg):
    return reg / 2 * np.sqrt(np.sum(w**2)), reg * w


@catalogue.misconception("l2_regularization", "λ is squared: only the weights should be squared.")
def l2_strength_squared(w, reg):
    return np.sum((reg * w) ** 2) / 2, reg**2 * w


@catalogue.misconception("l2_regularization", "This is the L1 penalty: use the squares of the weights.")
def l2_is_l1(w, reg):
    return reg * np.sum(np.abs(w)), reg * np.sign(w)


@catalogue.misconception(
    "l2_regularization", "The gradient has the wrong sign: a step against it should bring the weights closer to 0."
)
def l2_sign_flipped(w, reg):
    return reg / 2 * np.sum(w**2), -reg * w


@catalogue.misconception(
    "l2_regularization",
    "The penalty is summed over the first axis only: it should be one number, the sum over every axis.",
)
def l2_summed_over_first_axis(w, reg):
    return reg / 2 * sum(w**2), reg * w


@catalogue.misconception(
    "l2_regularization",
    "The sum is taken over the whole matrix product WᵀW, which contains products of different weights: square each weight on its own.",
    variants=({"w.T @ w": "w @ w.T"},),
)
def l2_matrix_product(w, reg):
    return reg / 2 * np.sum(w.T @ w), reg * w


@catalogue.misconception(
    "l2_regularization",
    "This works only for matrices: it should work for any number of axes, so use np.sum(w**2).",
    variants=({"np.trace(w.T @ w)": "np.trace(w @ w.T)"},),
)
def l2_trace(w, reg):
    return reg / 2 * np.trace(w.T @ w), reg * w


@catalogue.misconception(
    "l2_regularization",
    "This works only for weights with two axes: it should work for any number of axes, so use np.sum(w**2).",
)
def l2_two_indices(w, reg):
    rows, columns = w.shape
    return reg / 2 * sum(w[i, j] ** 2 for i in range(rows) for j in range(columns)), reg * w


@catalogue.misconception(
    "l2_regularization",
    "Two indices are used: w may have any number of axes, so use np.sum(w**2).",
)
def l2_rows_of_rows(w, reg):
    total = 0.0
    for row in range(len(w)):
        for column in range(w.shape[1]):
            total = total + w[row, column] ** 2
    return reg * total / 2, reg * w


@catalogue.misconception(
    "l2_regularization",
    "Penalty and gradient are those of the norm itself: leave out the root and square the weights.",
    variants=({"(reg * norm": "(reg / 2 * norm"},),
)
def l2_norm_and_its_gradient(w, reg):
    norm = np.linalg.norm(w.ravel())
    return reg * norm, reg * w / norm


@catalogue.misconception(
    "l2_regularization",
    "The gradient is a single number: it should have the shape of w, with one value for each weight.",
)
def l2_gradient_summed(w, reg):
    return reg / 2 * np.sum(w**2), reg * w.sum()


@catalogue.misconception(
    "l2_regularization",
    "np.linalg.norm is not squared: the penalty should be λ/2 times the squared norm.",
)
def l2_norm_without_half(w, reg):
    return reg * np.linalg.norm(w.ravel()), reg * w


@catalogue.misconception(
    "l2_regularization",
    "w is scaled in place before the penalty is computed: dw = w does not copy, so make a new array, dw = reg * w.",
)
def l2_scaled_too_early(w, reg):
    scaled = reg * w
    return reg / 2 * np.sum(scaled**2), scaled


@catalogue.alternative("l2_regularization", "a scalar product of the flattened weights")
def l2_scalar_product(w, reg):
    flat = w.ravel()
    return 0.5 * reg * np.dot(flat, flat), np.multiply(w, reg)


@catalogue.alternative("l2_regularization", "the squared norm, and w scaled in place")
def l2_in_place(w, reg):
    penalty = np.asarray(0.5 * reg * np.linalg.norm(w.reshape(-1)) ** 2)
    w *= reg
    return [penalty, w]


# --------------------------------------------------------- l1_regularization


@catalogue.misconception("l1_regularization", "The gradient lacks the sign: it must be negative where the weight is.")
def l1_gradient_without_sign(w, reg):
    return reg * np.sum(np.abs(w)), reg * np.ones_like(w)


@catalogue.misconception(
    "l1_regularization", "The gradient is λ times the weight: for L1, it should be λ times the sign of the weight."
)
def l1_gradient_of_l2(w, reg):
    return reg * np.sum(np.abs(w)), reg * w


@catalogue.misconception(
    "l1_regularization", "The gradient is the size of the weight: it should be λ times the sign of the weight."
)
def l1_gradient_absolute(w, reg):
    return reg * np.sum(np.abs(w)), reg * np.abs(w)


@catalogue.misconception(
    "l1_regularization", "The strength λ is missing from the gradient: multiply the gradient by it."
)
def l1_gradient_without_strength(w, reg):
    return reg * np.sum(np.abs(w)), np.sign(w)


@catalogue.misconception("l1_regularization", "The strength λ is missing from the penalty: multiply the penalty by it.")
def l1_penalty_without_strength(w, reg):
    return np.sum(np.abs(w)), reg * np.sign(w)


@catalogue.misconception(
    "l1_regularization", "The weights are added with their signs, so they cancel: add their absolute values."
)
def l1_without_absolute_value(w, reg):
    return reg * np.sum(w), reg * np.sign(w)


@catalogue.misconception(
    "l1_regularization",
    "The sum is taken before the absolute value, so weights cancel: take the absolute value of each weight first.",
)
def l1_absolute_value_of_sum(w, reg):
    return reg * np.abs(np.sum(w)), reg * np.sign(w)


@catalogue.misconception("l1_regularization", "The L1 penalty has a factor ½: it should have none.")
def l1_halved(w, reg):
    return reg / 2 * np.sum(np.abs(w)), reg / 2 * np.sign(w)


@catalogue.misconception(
    "l1_regularization",
    "The penalty is averaged over the weights: it should be a sum.",
    variants=({" / w.size": ""},),
)
def l1_averaged(w, reg):
    return reg * np.mean(np.abs(w)), reg * np.sign(w) / w.size


@catalogue.misconception(
    "l1_regularization", "The gradient has the wrong sign: a step against it should bring the weights closer to 0."
)
def l1_sign_flipped(w, reg):
    return reg * np.sum(np.abs(w)), -reg * np.sign(w)


@catalogue.misconception(
    "l1_regularization",
    "For a matrix, NumPy's norm of order 1 is the largest column sum: use the sum of all absolute values.",
)
def l1_matrix_norm(w, reg):
    return reg * np.linalg.norm(w, 1), reg * np.sign(w)


@catalogue.misconception("l1_regularization", "Negative weights get no gradient: it should be -λ for them.")
def l1_only_positive(w, reg):
    return reg * np.sum(np.abs(w)), reg * (w > 0)


@catalogue.misconception(
    "l1_regularization",
    "The gradient is NaN for a weight of exactly 0: it should be a number there, and any slope from -λ to λ is right.",
)
def l1_nan_at_zero(w, reg):
    return reg * np.sum(np.abs(w)), reg * w / np.abs(w)


@catalogue.misconception(
    "l1_regularization", "The gradient is infinite for a weight of exactly 0: multiply λ by the sign of the weight."
)
def l1_infinite_at_zero(w, reg):
    return reg * np.sum(np.abs(w)), reg / np.sign(w)


@catalogue.misconception(
    "l1_regularization",
    "The penalty is the Euclidean norm, with a root: L1 should be the sum of the absolute values of the weights.",
)
def l1_euclidean_norm(w, reg):
    return reg * np.sqrt(np.sum(w**2)), reg * np.sign(w)


@catalogue.misconception(
    "l1_regularization",
    "Penalty and gradient are those of the Euclidean norm, with a root: L1 should be the sum of the absolute values.",
)
def l1_euclidean_norm_and_gradient(w, reg):
    norm = np.sqrt(np.sum(w**2))
    return reg * norm, reg / norm * w


@catalogue.misconception(
    "l1_regularization",
    "The gradient is a single number: it should have the shape of w, with one value for each weight.",
)
def l1_gradient_summed(w, reg):
    return reg * np.sum(np.abs(w)), reg * np.sign(w).sum()


@catalogue.misconception(
    "l1_regularization",
    "The absolute value is smoothed by a root: L1 should use |w| itself, and its gradient should be λ times the sign.",
    variants=tuple({"0.01": number} for number in ("1e-1", "1e-3", "1e-4", "1e-5", "1e-6", "1e-8")),
)
def l1_smoothed(w, reg):
    size = (w**2 + 1e-2) ** 0.5
    return reg * np.sum(size), reg * w / size


@catalogue.misconception("l1_regularization", "This is the L2 penalty: use the absolute values of the weights.")
def l1_is_l2(w, reg):
    return reg / 2 * np.sum(w**2), reg * w


@catalogue.alternative("l1_regularization", "the weight over its size, 0 where that cannot be")
def l1_mended(w, reg):
    with np.errstate(divide="ignore", invalid="ignore"):
        return reg * np.abs(w).sum(), np.nan_to_num(reg * w / np.abs(w))


@catalogue.alternative("l1_regularization", "np.where, with slope 1 at exactly 0")
def l1_where(w, reg):
    return reg * np.linalg.norm(w.reshape(-1), ord=1), np.where(w >= 0, reg, -reg)


@catalogue.alternative("l1_regularization", "masked assignment and a 0-d array")
def l1_masks(w, reg):
    penalty = np.array(reg * (w[w > 0].sum() - w[w < 0].sum()))
    w[w > 0], w[w < 0] = reg, -reg
    return penalty, w


# ------------------------------------------------ elastic_net_regularization


@catalogue.misconception(
    "elastic_net_regularization", "The squares have a factor ½: they should have none in the elastic net."
)
def elastic_net_halved(w, reg1, reg2):
    return reg1 * np.sum(np.abs(w)) + reg2 / 2 * np.sum(w**2), reg1 * np.sign(w) + reg2 * w


@catalogue.misconception(
    "elastic_net_regularization",
    "The factor 2 is missing from the gradient of the squares: the derivative of w² should be 2w.",
)
def elastic_net_gradient_without_two(w, reg1, reg2):
    return reg1 * np.sum(np.abs(w)) + reg2 * np.sum(w**2), reg1 * np.sign(w) + reg2 * w


@catalogue.misconception(
    "elastic_net_regularization", "The squares have a factor ½ in the penalty but not in the gradient: leave out the ½."
)
def elastic_net_penalty_halved(w, reg1, reg2):
    return reg1 * np.sum(np.abs(w)) + reg2 / 2 * np.sum(w**2), reg1 * np.sign(w) + 2 * reg2 * w


@catalogue.misconception(
    "elastic_net_regularization",
    "The two strengths are swapped: reg1 should be for the absolute values, reg2 for the squares.",
)
def elastic_net_swapped(w, reg1, reg2):
    return reg2 * np.sum(np.abs(w)) + reg1 * np.sum(w**2), reg2 * np.sign(w) + 2 * reg1 * w


@catalogue.misconception(
    "elastic_net_regularization",
    "The gradient of the absolute values lacks the sign: it should be the strength times the sign of the weight.",
)
def elastic_net_without_sign(w, reg1, reg2):
    return reg1 * np.sum(np.abs(w)) + reg2 * np.sum(w**2), reg1 + 2 * reg2 * w


@catalogue.misconception("elastic_net_regularization", "The gradient of the absolute values is missing: add it.")
def elastic_net_l2_gradient_only(w, reg1, reg2):
    return reg1 * np.sum(np.abs(w)) + reg2 * np.sum(w**2), 2 * reg2 * w


@catalogue.misconception("elastic_net_regularization", "The gradient of the squares is missing: add it.")
def elastic_net_l1_gradient_only(w, reg1, reg2):
    return reg1 * np.sum(np.abs(w)) + reg2 * np.sum(w**2), reg1 * np.sign(w)


@catalogue.misconception("elastic_net_regularization", "The squares are missing from the penalty: add them.")
def elastic_net_l1_penalty_only(w, reg1, reg2):
    return reg1 * np.sum(np.abs(w)), reg1 * np.sign(w) + 2 * reg2 * w


@catalogue.misconception("elastic_net_regularization", "One strength is used for both parts: each should have its own.")
def elastic_net_one_strength(w, reg1, reg2):
    return reg1 * (np.sum(np.abs(w)) + np.sum(w**2)), reg1 * (np.sign(w) + 2 * w)


@catalogue.misconception(
    "elastic_net_regularization", "The strengths are multiplied: the penalty should be the sum of two separate parts."
)
def elastic_net_product(w, reg1, reg2):
    return reg1 * np.sum(np.abs(w)) * reg2 * np.sum(w**2), reg1 * np.sign(w) * 2 * reg2 * w


@catalogue.misconception(
    "elastic_net_regularization",
    "The penalty is averaged over the weights: it should be a sum.",
    variants=({" / w.size": ""},),
)
def elastic_net_averaged(w, reg1, reg2):
    return np.mean(reg1 * np.abs(w) + reg2 * w**2), (reg1 * np.sign(w) + 2 * reg2 * w) / w.size


@catalogue.misconception(
    "elastic_net_regularization",
    "The gradient is NaN for a weight of exactly 0: it should be a number there, and any slope of the absolute value from -1 to 1 is right.",
)
def elastic_net_nan_at_zero(w, reg1, reg2):
    penalty = reg1 * np.sum(np.abs(w)) + reg2 * np.sum(w**2)
    return penalty, reg1 * w / np.abs(w) + 2 * reg2 * w


@catalogue.misconception(
    "elastic_net_regularization",
    "The strengths are used as a total and a mixing ratio: each part should have its own strength, reg1 and reg2.",
    variants=({"0.5 * (1 - reg2)": "(1 - reg2)", "+ (1 - reg2) * w": "+ 2 * (1 - reg2) * w"},),
)
def elastic_net_mixing_ratio(w, reg1, reg2):
    penalty = reg1 * (reg2 * np.sum(np.abs(w)) + 0.5 * (1 - reg2) * np.sum(w**2))
    return penalty, reg1 * (reg2 * np.sign(w) + (1 - reg2) * w)


@catalogue.misconception(
    "elastic_net_regularization",
    "The second part is the norm of the weights: leave out the root and use the sum of the squares.",
)
def elastic_net_norm(w, reg1, reg2):
    return reg1 * np.sum(np.abs(w)) + reg2 * np.sqrt(np.sum(w**2)), reg1 * np.sign(w) + 2 * reg2 * w


@catalogue.misconception(
    "elastic_net_regularization",
    "The gradient is a single number: it should have the shape of w, with one value for each weight.",
)
def elastic_net_gradient_summed(w, reg1, reg2):
    return reg1 * np.sum(np.abs(w)) + reg2 * np.sum(w**2), np.sum(reg1 * np.sign(w) + 2 * reg2 * w)


@catalogue.alternative("elastic_net_regularization", "built from the other two")
def elastic_net_from_parts(w, reg1, reg2):
    penalty1, dw1 = l1_regularization(w, reg1)
    penalty2, dw2 = l2_regularization(w, 2 * reg2)
    return penalty1 + penalty2, dw1 + dw2


@catalogue.alternative("elastic_net_regularization", "one expression per element, in a loop")
def elastic_net_loop(w, reg1, reg2):
    penalty, dw = 0.0, np.empty(w.shape)
    for index, weight in np.ndenumerate(w):
        penalty += reg1 * abs(weight) + reg2 * weight * weight
        dw[index] = (reg1 if weight > 0 else -reg1) + 2 * reg2 * weight
    return [penalty, dw]


@catalogue.alternative("elastic_net_regularization", "factored out, with w changed in place")
def elastic_net_in_place(w, reg1, reg2):
    size = np.abs(w)
    penalty = np.asarray(np.sum(size * (reg1 + reg2 * size)))
    w *= 2 * reg2 + reg1 / np.where(size > 0, size, 1.0)
    return penalty, w


# ---------------------------------------------------- how mutants are tried out


@catalogue.probe("l1_regularization", "l2_regularization", "elastic_net_regularization")
def penalties(answers, rng):
    shape = [(7,), (3, 4), (2, 3, 2)][rng.integers(3)]
    w, one, two = 10.0 ** rng.integers(-2, 3) * rng.normal(size=shape), *rng.uniform(0, 3, size=2)
    seen = []
    for weights in (w, w * (rng.random(shape) < 0.7), np.zeros(shape)):
        seen += [answers.l2_regularization(weights, reg) for reg in (one, 0.0)]
        seen += [but_for_zeros(weights, reg, *answers.l1_regularization(weights, reg)) for reg in (one, 0.0)]
        for both in ((one, two), (0.0, two), (one, 0.0)):
            seen.append(but_for_zeros(weights, both[0], *answers.elastic_net_regularization(weights, *both)))
    return seen


def but_for_zeros(w, reg, penalty, dw):
    """At exactly 0, any slope between -reg and reg is as good as any other."""
    free = (w == 0) & (np.abs(dw) <= reg)
    return penalty, np.where(free, 0.0, dw)
