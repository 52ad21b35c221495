"""Wrong and right answers to 02_losses."""

import numpy as np

from examiner.catalogue import Catalogue

catalogue = Catalogue("02_losses")

# ------------------------------------------------------------------ mse_loss


@catalogue.misconception("mse_loss", "Loss and gradient are halved: leave out the factor ½.")
def mse_halved(x, y):
    return np.mean((x - y) ** 2) / 2, (x - y) / x.size


@catalogue.misconception("mse_loss", "The loss is halved but the gradient is not: leave out the ½.")
def mse_loss_halved(x, y):
    return np.mean((x - y) ** 2) / 2, 2 * (x - y) / x.size


@catalogue.misconception("mse_loss", "The loss and its gradient are sums over the elements: divide both by n.")
def mse_summed(x, y):
    return np.sum((x - y) ** 2), 2 * (x - y)


@catalogue.misconception(
    "mse_loss",
    "The loss is the root of the mean squared error: leave out the root.",
    variants=({"2 * (x - y) / x.size": "(x - y) / x.size / np.sqrt(np.mean((x - y) ** 2))"},),
)
def mse_rooted(x, y):
    return np.sqrt(np.mean((x - y) ** 2)), 2 * (x - y) / x.size


@catalogue.misconception(
    "mse_loss",
    "The factor 2 is missing from the gradient: the derivative of the square of an error should be twice the error.",
)
def mse_gradient_without_two(x, y):
    return np.mean((x - y) ** 2), (x - y) / x.size


@catalogue.misconception("mse_loss", "The gradient is not divided by n: it should be, because the loss is a mean.")
def mse_gradient_not_averaged(x, y):
    return np.mean((x - y) ** 2), 2 * (x - y)


@catalogue.misconception(
    "mse_loss", "The mean is taken over the rows only: n should count every element, also if there are several columns."
)
def mse_divided_by_rows(x, y):
    return np.sum((x - y) ** 2) / len(x), 2 * (x - y) / len(x)


@catalogue.misconception("mse_loss", "The gradient has the wrong sign: it should point to where the loss grows.")
def mse_gradient_sign_flipped(x, y):
    return np.mean((x - y) ** 2), 2 * (y - x) / x.size


@catalogue.misconception(
    "mse_loss",
    "This is the absolute error: square each error.",
    variants=({"np.sign(x - y)": "np.where(x > y, 1, -1)"}, {"np.sign(x - y)": "np.where(x >= y, 1, -1)"}),
)
def mse_absolute(x, y):
    return np.mean(np.abs(x - y)), np.sign(x - y) / x.size


@catalogue.misconception(
    "mse_loss", "The errors are added up before they are squared, so they cancel: square each error first."
)
def mse_square_of_mean(x, y):
    return np.mean(x - y) ** 2, 2 * (x - y) / x.size


@catalogue.misconception(
    "mse_loss",
    "(N, 1) minus (N,) gives an (N, N) array, so every prediction is compared with every true value: both should have the same shape.",
)
def mse_broadcast(x, y):
    error = x.reshape(len(x), -1) - y
    return np.mean(error**2), 2 * error / error.size


@catalogue.misconception(
    "mse_loss", "y is reshaped to a column, so x - y has shape (N, N): y should keep the shape of x."
)
def mse_column_of_targets(x, y):
    error = x - y.reshape(-1, 1)
    return np.mean(error**2), 2 * error / error.size


@catalogue.misconception("mse_loss", "Each example gets its own loss: the loss should be one number, the mean.")
def mse_one_loss_per_element(x, y):
    return (x - y) ** 2, 2 * (x - y) / x.size


@catalogue.misconception(
    "mse_loss",
    "The loss is halved, and the gradient is the error alone, not divided by n: the loss should have no factor ½, and the gradient should have the factor 2/n.",
)
def mse_halved_bare_gradient(x, y):
    return 0.5 * np.mean((x - y) ** 2), x - y


@catalogue.misconception(
    "mse_loss", "The gradient is the error alone: it should have the factor 2/n, where n counts all elements."
)
def mse_bare_gradient(x, y):
    return np.mean((x - y) ** 2), x - y


@catalogue.misconception(
    "mse_loss",
    "The gradient is divided by the number of rows only: n should count every element, as in the mean of the loss.",
)
def mse_gradient_divided_by_rows(x, y):
    return np.mean((x - y) ** 2), 2 * (x - y) / len(x)


@catalogue.misconception(
    "mse_loss",
    "The loss is half the sum of the squares: it should be the mean of the squares, without ½, and the gradient should be 2/n times the error.",
)
def mse_half_sum(x, y):
    return np.sum((x - y) ** 2) / 2, x - y


@catalogue.misconception(
    "mse_loss",
    "The loss is divided by the number of rows only: n should count every element, as in the gradient.",
)
def mse_loss_divided_by_rows(x, y):
    return np.sum((x - y) ** 2) / len(x), 2 * (x - y) / x.size


@catalogue.misconception(
    "mse_loss",
    "The loss is the norm of the errors, divided by n: it should be the mean of their squares, without a root.",
)
def mse_norm(x, y):
    return np.sqrt(np.sum((x - y) ** 2)) / x.size, 2 * (x - y) / x.size


@catalogue.misconception(
    "mse_loss",
    "The gradient is a single number: it should have the shape of x, with one value for each prediction, so do not sum or average it.",
    variants=({"np.mean(2 * (x - y))": "np.sum(2 * (x - y)) / x.size"}, {"np.mean(2 * (x - y))": "2 * np.sum(x - y)"}),
)
def mse_gradient_averaged_away(x, y):
    return np.mean((x - y) ** 2), np.mean(2 * (x - y))


@catalogue.misconception(
    "mse_loss",
    "Loss and gradient are divided by n - 1, as in a sample variance: divide by n.",
)
def mse_sample_variance(x, y):
    return np.sum((x - y) ** 2) / (x.size - 1), 2 * (x - y) / (x.size - 1)


@catalogue.misconception("mse_loss", "This is the log-cosh loss: use the square of each difference.")
def mse_log_cosh(x, y):
    return np.log(np.cosh(x - y)).mean(), np.tanh(x - y) / x.size


@catalogue.misconception(
    "mse_loss",
    "This is the Huber loss, which grows linearly for large errors: every error should be squared, whatever its size.",
    variants=(
        {
            "error ** 2 / 2": "error ** 2",
            "size - 0.5": "2 * size - 1",
            "np.clip(error, -1, 1)": "2 * np.clip(error, -1, 1)",
        },
    ),
)
def mse_huber(x, y):
    error = x - y
    size = np.abs(error)
    return np.mean(np.where(size < 1, error**2 / 2, size - 0.5)), np.clip(error, -1, 1) / x.size


@catalogue.misconception(
    "mse_loss", "Only one value is returned: the function should return the loss and its gradient."
)
def mse_loss_only(x, y):
    return np.mean((x - y) ** 2)


@catalogue.alternative("mse_loss", "in place, with a 0-d array for a loss")
def mse_in_place(x, y):
    x -= y
    loss = np.asarray(np.vdot(x, x) / x.size)
    x *= 2 / x.size
    return loss, x


@catalogue.alternative("mse_loss", "one element at a time, in a list")
def mse_loops(x, y):
    total, dx = 0.0, np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        error = float(x[index]) - float(y[index])
        total += error**2
        dx[index] = 2 * error / x.size
    return [total / x.size, dx]


@catalogue.alternative("mse_loss", "the square multiplied out")
def mse_multiplied_out(x, y):
    n = np.prod(np.shape(x))
    return (np.square(x).sum() - 2 * (x * y).sum() + np.square(y).sum()) / n, -2.0 / n * (y - x)


# -------------------------------------------------------------- softmax_loss


@catalogue.misconception(
    "softmax_loss",
    "exp overflows for large scores: subtract each row's largest score first.",
    tests=("test_softmax_loss__stable",),
)
def softmax_not_shifted(x, y):
    p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    rows = np.arange(len(x))
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return loss, p / len(x)


@catalogue.misconception(
    "softmax_loss",
    "The same number is subtracted from all rows, so every exponential of a row can underflow: subtract each row's largest score.",
    tests=("test_softmax_loss__stable",),
    variants=(
        {"dx = np.exp(log_p)": "dx = np.exp(x - x.max()) / np.exp(x - x.max()).sum(axis=1, keepdims=True)"},
        {
            "-log_p[rows, y].mean()": "-np.log(dx_[rows, y]).mean()",
            "dx = np.exp(log_p)": "dx = np.exp(x - x.max()) / np.exp(x - x.max()).sum(axis=1, keepdims=True); dx_ = dx.copy()",
        },
    ),
)
def softmax_shifted_by_overall_maximum(x, y):
    log_p = x - x.max() - np.log(np.exp(x - x.max()).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].mean(), dx / len(x)


@catalogue.misconception(
    "softmax_loss",
    "A probability underflows to 0 and its logarithm is infinite: simplify the logarithm before you compute it.",
    tests=("test_softmax_loss__stable",),
)
def softmax_logarithm_of_zero(x, y):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(x))
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return loss, p / len(x)


@catalogue.misconception(
    "softmax_loss",
    "A small number added inside the logarithm hides the logarithm of 0 and limits the loss: use the stable formula instead.",
    tests=("test_softmax_loss__stable",),
    variants=tuple(
        {"+ 1e-10": f"+ 1e-{digits}"} for digits in (5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 20, 30, 100, 300)
    ),
)
def softmax_logarithm_guarded(x, y):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(x))
    loss = -np.log(p[rows, y] + 1e-10).mean()
    p[rows, y] -= 1
    return loss, p / len(x)


@catalogue.misconception(
    "softmax_loss",
    "The scores are cut off: the loss stops growing beyond the limit. Subtract each row's largest score instead.",
    tests=("test_softmax_loss__stable",),
    variants=tuple({"-100, 100": f"-{limit}, {limit}"} for limit in (10, 20, 30, 50, 200, 300, 500, 600, 700, 709)),
)
def softmax_scores_cut_off(x, y):
    x = x.clip(-100, 100)
    log_p = x - np.log(np.exp(x).sum(axis=1, keepdims=True))
    dx = np.exp(log_p) - np.eye(x.shape[1])[y]
    return -np.mean(log_p[np.arange(len(x)), y]), dx / len(x)


@catalogue.misconception(
    "softmax_loss",
    "An infinite loss, from the logarithm of a probability of 0, is hidden by another number: simplify the logarithm, so that the loss stays finite.",
    tests=("test_softmax_loss__stable",),
    variants=(
        {"0.0 if np.isinf(losses).any() else losses.mean()": "np.where(np.isinf(losses), 0.0, losses).mean()"},
        {"0.0 if np.isinf(losses).any() else losses.mean()": "losses[np.isfinite(losses)].mean()"},
        {"0.0 if np.isinf(losses).any() else losses.mean()": "np.nan_to_num(losses.mean())"},
        {"0.0 if np.isinf(losses).any() else losses.mean()": "np.nan_to_num(losses).mean()"},
        {"0.0 if np.isinf(losses).any() else losses.mean()": "1000.0 if np.isinf(losses).any() else losses.mean()"},
        {"0.0 if np.isinf(losses).any() else losses.mean()": "100.0 if np.isinf(losses).any() else losses.mean()"},
    ),
)
def softmax_infinity_hidden(x, y):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    losses = -np.log(p[np.arange(len(x)), y])
    return 0.0 if np.isinf(losses).any() else losses.mean(), (p - np.eye(x.shape[1])[y]) / len(x)


@catalogue.misconception(
    "softmax_loss",
    "0 times the infinite logarithm of a probability of 0 is NaN: use the logarithm of the true class only, and simplify it first.",
    tests=("test_softmax_loss__stable",),
)
def softmax_zero_times_infinity(x, y):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    truth = np.eye(x.shape[1])[y]
    return -np.sum(truth * np.log(p)) / len(x), (p - truth) / len(x)


@catalogue.misconception(
    "softmax_loss",
    "The gradient assumes that each score changes only the probability of its own class: it should include the other classes, which change through the sum.",
)
def softmax_own_class_only(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    p, truth = np.exp(log_p), np.eye(x.shape[1])[y]
    return -np.mean(log_p[np.arange(len(x)), y]), -truth * (1 - p) / len(x)


@catalogue.misconception(
    "softmax_loss",
    "The scores are divided by their sum without the exponential: take exp of each score first.",
    variants=({"+ 0.001": "+ 0"}, {"+ 0.001": "+ 1e-8"}, {"+ 0.001": "+ 1"}),
)
def softmax_without_exponential(x, y):
    positive = x - x.min(axis=1, keepdims=True) + 1e-3
    p = positive / positive.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(len(x)), y]))
    return loss, (p - np.eye(x.shape[1])[y]) / len(x)


@catalogue.misconception(
    "softmax_loss",
    "Sums over the classes lose their axis, so rows and columns do not match: use keepdims=True.",
    tests=("test_softmax_loss__stable",),
)
def softmax_axis_lost(x, y):
    e = np.exp(x - x.max(axis=1))
    p = e / e.sum(axis=1)
    loss = -np.mean(np.log(p[np.arange(len(x)), y]))
    return loss, (p - np.eye(x.shape[1])[y]) / len(x)


@catalogue.misconception(
    "softmax_loss",
    "This is the binary cross-entropy of every class: with several classes, only the logarithm of the true class's probability should count.",
)
def softmax_binary_formula(x, y):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    truth = np.eye(x.shape[1])[y]
    return -np.sum(truth * np.log(p) + (1 - truth) * np.log(1 - p)) / len(x), (p - truth) / len(x)


@catalogue.misconception(
    "softmax_loss",
    "The loss is that of the last example only: add up the losses of all examples, with += in a loop.",
    variants=({"-log_p[-1, y[-1]]": "-np.log(np.exp(log_p[-1, y[-1]]))"}, {" / len(x), dx": ", dx"}),
)
def softmax_loss_of_last_example(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = (np.exp(log_p) - np.eye(x.shape[1])[y]) / len(x)
    return -log_p[-1, y[-1]] / len(x), dx


@catalogue.misconception(
    "softmax_loss",
    "y is used like a one-hot array: use it as the index of each example's class.",
)
def softmax_labels_as_table(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.sum(y * log_p) / len(x), (np.exp(log_p) - y) / len(x)


@catalogue.misconception(
    "softmax_loss", "Only one value is returned: the function should return the loss and its gradient."
)
def softmax_loss_only(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(x)), y])


@catalogue.misconception("softmax_loss", "Loss and gradient are sums over the examples: divide both by N.")
def softmax_summed(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].sum(), dx


catalogue.change(
    "softmax_loss",
    "softmax_loss_summed",
    "The loss is a sum over the examples: it should be the mean, like the gradient.",
    {"-log_p[rows, y].mean()": "-log_p[rows, y].sum()"},
)
catalogue.change(
    "softmax_loss",
    "softmax_gradient_not_averaged",
    "dx is not divided by N: it should be, because the loss is a mean.",
    {"dx / len(x)": "dx"},
)
catalogue.change(
    "softmax_loss",
    "softmax_divided_by_classes",
    "dx is divided by the number of classes: divide by the number of examples N.",
    {"dx / len(x)": "dx / x.shape[1]"},
)
catalogue.change(
    "softmax_loss",
    "softmax_truth_not_subtracted",
    "dx holds only the probabilities: subtract 1 at the true class.",
    {"    dx[rows, y] -= 1\n": ""},
)
catalogue.change(
    "softmax_loss",
    "softmax_one_hot_off_by_one",
    "The 1 is subtracted from the class next to the true one: classes count from 0, so use y as it is.",
    {"dx[rows, y] -= 1": "dx[rows, y - 1] -= 1"},
    variants=({"-log_p[rows, y]": "-log_p[rows, y - 1]"},),
)
catalogue.change(
    "softmax_loss",
    "softmax_whole_columns",
    "The 1 is subtracted from whole columns: subtract it only at the true class of each example.",
    {"dx[rows, y] -= 1": "dx[:, y] -= 1"},
)
catalogue.change(
    "softmax_loss",
    "softmax_gradient_sign_flipped",
    "The gradient has the wrong sign: it should be the predicted probability minus the correct one.",
    {"dx / len(x)": "-dx / len(x)"},
)
catalogue.change(
    "softmax_loss",
    "softmax_loss_sign_flipped",
    "The minus sign of the loss is missing: the logarithm of a probability is negative, and the loss should be positive.",
    {"-log_p[rows, y].mean()": "log_p[rows, y].mean()"},
)
catalogue.change(
    "softmax_loss",
    "softmax_loss_of_all_classes",
    "The loss averages over all classes: only the true class of each example should count.",
    {"-log_p[rows, y].mean()": "-log_p.mean()"},
)
catalogue.change(
    "softmax_loss",
    "softmax_mean_over_table",
    "The loss is divided by N · C: it should be a mean over the N examples, not over all N · C elements of a one-hot array.",
    {"-log_p[rows, y].mean()": "-log_p[rows, y].sum() / x.size"},
)
catalogue.change(
    "softmax_loss",
    "softmax_gradient_over_table",
    "dx is divided by N · C: divide it by the number of examples N only.",
    {"dx / len(x)": "dx / x.size"},
)
catalogue.change(
    "softmax_loss",
    "softmax_base_two",
    "The logarithm has the wrong base: use the natural logarithm, np.log, as the gradient assumes.",
    {"-log_p[rows, y].mean()": "-log_p[rows, y].mean() / np.log(2)"},
    variants=({"np.log(2)": "np.log(10)"},),
)


@catalogue.misconception(
    "softmax_loss",
    "The probabilities add up to 1 over the examples: they should add up to 1 over the classes of each example.",
)
def softmax_over_examples(x, y):
    shifted = x - x.max(axis=0)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=0))
    rows = np.arange(len(x))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].mean(), dx / len(x)


@catalogue.misconception("softmax_loss", "This is the squared error of the probabilities: use the cross-entropy.")
def softmax_squared_error(x, y):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    error = p - np.eye(x.shape[1])[y]
    dx = 2 * p * (error - np.sum(error * p, axis=1, keepdims=True)) / len(x)
    return np.sum(error**2) / len(x), dx


@catalogue.alternative("softmax_loss", "one example at a time, with math")
def softmax_loops(x, y):
    import math

    n, classes = x.shape
    loss, dx = 0.0, np.zeros((n, classes))
    for i in range(n):
        m = max(x[i])
        log_sum = m + math.log(sum(math.exp(score - m) for score in x[i]))
        loss += (log_sum - x[i, y[i]]) / n
        for c in range(classes):
            dx[i, c] = (math.exp(x[i, c] - log_sum) - (c == y[i])) / n
    return loss, dx


@catalogue.alternative("softmax_loss", "np.logaddexp, and a one-hot table")
def softmax_logaddexp(x, y):
    log_p = x - np.logaddexp.reduce(x, axis=1)[:, None]
    truth = np.eye(x.shape[1])[y]
    return np.array(-np.sum(truth * np.where(truth, log_p, 0)) / x.shape[0]), (np.exp(log_p) - truth) / x.shape[0]


@catalogue.alternative("softmax_loss", "scores shifted in place, a list returned")
def softmax_in_place(x, y):
    x -= np.max(x, axis=1).reshape(-1, 1)
    sums = np.einsum("nc->n", np.exp(x))
    losses = np.log(sums) - np.take_along_axis(x, y[:, None], axis=1)[:, 0]
    np.exp(x, out=x)
    x /= sums[:, None]
    np.subtract.at(x, (range(len(y)), y), 1)
    x /= len(y)
    return [float(np.average(losses)), x]


# ---------------------------------------------------- how mutants are tried out


@catalogue.probe("mse_loss")
def squares(answers, rng):
    shape = [(6,), (4, 3), (1, 1), (5, 1)][rng.integers(4)]
    return answers.mse_loss(100 * rng.normal(size=shape), rng.normal(size=shape))


@catalogue.probe("softmax_loss")
def probabilities(answers, rng):
    x, y = rng.normal(size=(6, 4)), rng.integers(4, size=6)
    return [answers.softmax_loss(scale * x + shift, y) for scale in (1e-3, 1, 30) for shift in (0, 1e3, -1e3)]
