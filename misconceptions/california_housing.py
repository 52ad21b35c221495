"""Wrong and right answers to 07_california_housing."""
# ruff: noqa: F821 - answers use names of the set-up cells, and X for features

import numpy as np

from examiner.catalogue import Catalogue

catalogue = Catalogue("07_california_housing")

# ------------------------------------------------------ standardize_and_clip

VALUES = "np.clip((X - mean) / std, -limit, limit) for X"
catalogue.change(
    "standardize_and_clip",
    "not_clipped",
    "Nothing is clipped: clip the standardized features to the limit.",
    {VALUES: "(X - mean) / std for X"},
)
catalogue.change(
    "standardize_and_clip",
    "limit_ignored",
    "The limit is fixed at 4: use the argument limit.",
    {VALUES: "np.clip((X - mean) / std, -4, 4) for X"},
)
catalogue.change(
    "standardize_and_clip",
    "clipped_above_only",
    "Only large values are clipped: clip very negative ones, too.",
    {VALUES: "np.minimum((X - mean) / std, limit) for X"},
)
catalogue.change(
    "standardize_and_clip",
    "clipped_at_zero",
    "The lower limit is 0, so every value below the mean becomes 0: it should be -limit.",
    {VALUES: "np.clip((X - mean) / std, 0, limit) for X"},
)
catalogue.change(
    "standardize_and_clip",
    "outliers_become_zero",
    "Values beyond the limit become 0, the mean: they should become the limit, with their own sign.",
    {VALUES: "np.where(abs((X - mean) / std) > limit, 0, (X - mean) / std) for X"},
)
catalogue.change(
    "standardize_and_clip",
    "clipped_before_standardizing",
    "The features are clipped before they are standardized: standardize first, because the limit counts standard deviations.",
    {VALUES: "(np.clip(X, -limit, limit) - mean) / std for X"},
)
catalogue.change(
    "standardize_and_clip",
    "not_centred",
    "The mean is not subtracted: subtract it from each feature.",
    {VALUES: "np.clip(X / std, -limit, limit) for X"},
)
catalogue.change(
    "standardize_and_clip",
    "by_the_variance",
    "The features are divided by their variance: divide by the standard deviation, its root.",
    {"train.std(axis=0)": "train.var(axis=0)"},
)
catalogue.change(
    "standardize_and_clip",
    "divided_by_zero",
    "Constant features are divided by zero: use 1 as their standard deviation.",
    {"std[std == 0] = 1": "pass"},
)
catalogue.change(
    "standardize_and_clip",
    "only_training_data_clipped",
    "Only the training data are clipped: all arrays should go through the same steps.",
    {VALUES: "np.clip((X - mean) / std, -limit, limit) if X is train else (X - mean) / std for X"},
)


@catalogue.misconception(
    "standardize_and_clip",
    "Each array is standardized by its own statistics: use the statistics of the training data for all arrays.",
)
def own_statistics(train, *others, limit=4.0):
    scaled = []
    for X in (train, *others):
        std = X.std(axis=0)
        scaled.append(np.clip((X - X.mean(axis=0)) / np.where(std == 0, 1, std), -limit, limit))
    return tuple(scaled)


@catalogue.misconception(
    "standardize_and_clip",
    "Mean and standard deviation are computed from all data: use only the training data.",
)
def statistics_of_all_data(train, *others, limit=4.0):
    everything = np.concatenate([train, *others])
    mean, std = everything.mean(axis=0), everything.std(axis=0)
    std[std == 0] = 1
    return tuple(np.clip((X - mean) / std, -limit, limit) for X in (train, *others))


@catalogue.misconception(
    "standardize_and_clip",
    "The data are standardized once more after clipping: standardize only once, before clipping.",
)
def standardized_again(train, *others, limit=4.0):
    for _ in range(2):
        mean, std = train.mean(axis=0), train.std(axis=0)
        std[std == 0] = 1
        train, *others = (np.clip((X - mean) / std, -limit, limit) for X in (train, *others))
    return (train, *others)


@catalogue.misconception(
    "standardize_and_clip", "Rows with extreme values are left out: keep every row, and clip the values."
)
def outliers_removed(train, *others, limit=4.0):
    mean, std = train.mean(axis=0), train.std(axis=0)
    std[std == 0] = 1
    scaled = [(X - mean) / std for X in (train, *others)]
    return tuple(X[np.all(np.abs(X) <= limit, axis=1)] for X in scaled)


@catalogue.misconception(
    "standardize_and_clip",
    "The raw features are clipped, and then standardized: the limit counts standard deviations, so standardize first.",
)
def raw_features_clipped(train, *others, limit=4.0):
    arrays = [np.clip(X, -limit, limit) for X in (train, *others)]
    mean, std = arrays[0].mean(axis=0), arrays[0].std(axis=0)
    std[std == 0] = 1
    return tuple((X - mean) / std for X in arrays)


@catalogue.misconception(
    "standardize_and_clip",
    "A small number is added to every standard deviation, which changes every feature: use 1 where it is 0, and do not change the others.",
    variants=tuple({"0.001": number} for number in ("1.0", "0.1", "0.01", "1e-4", "1e-5", "1e-6")),
)
def number_added_to_deviation(train, *others, limit=4.0):
    mean, std = train.mean(axis=0), train.std(axis=0) + 0.001
    return tuple(np.clip((X - mean) / std, -limit, limit) for X in (train, *others))


@catalogue.misconception(
    "standardize_and_clip",
    "The features are scaled to the range 0 to 1: they should have mean 0 and standard deviation 1.",
)
def to_the_unit_range(train, *others, limit=4.0):
    low, high = train.min(axis=0), train.max(axis=0)
    width = np.where(high > low, high - low, 1)
    return tuple(np.clip((X - low) / width, -limit, limit) for X in (train, *others))


@catalogue.alternative("standardize_and_clip", "minimum and maximum, and a list")
def minimum_and_maximum(train, *others, limit=4.0):
    mean, std = np.mean(train, axis=0), np.std(train, axis=0) + 1e-12
    return [np.minimum(np.maximum((X - mean) / std, -limit), limit) for X in [train, *others]]


@catalogue.alternative("standardize_and_clip", "in place, with masks")
def in_place(train, *others, limit=4.0):
    mean, std = train.mean(axis=0), train.std(axis=0)
    for X in (train, *others):
        X -= mean
        X /= np.where(std > 0, std, 1)
        X[X > limit] = limit
        X[X < -limit] = -limit
    return (train, *others)


# ------------------------------------------------------------------ r2_score

RATIO = "1 - residual / total"
catalogue.change(
    "r2_score",
    "share_not_explained",
    "This is the unexplained share: subtract it from 1.",
    {RATIO: "residual / total"},
)
catalogue.change(
    "r2_score",
    "the_other_way_round",
    "The fraction is upside down: divide the error of the predictions by that of the mean.",
    {RATIO: "1 - total / residual"},
)
catalogue.change(
    "r2_score",
    "mean_of_the_prediction",
    "The total is measured from the mean of the predictions: use the mean of the true values.",
    {"y.mean()": "prediction.mean()"},
)
catalogue.change(
    "r2_score",
    "variance_of_the_prediction",
    "The total is the spread of the predictions: it should be that of the true values.",
    {"(y - y.mean())": "(prediction - prediction.mean())"},
)
catalogue.change(
    "r2_score",
    "not_squared",
    "The deviations are not squared: square them.",
    {"(y - prediction) ** 2": "np.abs(y - prediction)", "(y - y.mean()) ** 2": "np.abs(y - y.mean())"},
)
catalogue.change(
    "r2_score",
    "not_centred",
    "The mean is not subtracted from the true values: subtract it before squaring.",
    {"(y - y.mean())": "y"},
)
catalogue.change(
    "r2_score",
    "root_of_the_fraction",
    "R² is computed with a root: leave out the root.",
    {RATIO: "1 - np.sqrt(residual / total)"},
)


@catalogue.misconception(
    "r2_score",
    "This is the squared correlation, which ignores whether predictions are shifted or scaled: compute R² from the errors of the predictions.",
)
def squared_correlation(y, prediction):
    return float(np.corrcoef(y.ravel(), prediction.ravel())[0, 1] ** 2)


@catalogue.misconception(
    "r2_score", "Negative values are cut off: R² should be negative if the predictions are worse than the mean."
)
def never_negative(y, prediction):
    return float(max(0, 1 - np.sum((y - prediction) ** 2) / np.sum((y - y.mean()) ** 2)))


@catalogue.misconception("r2_score", "This is the root mean square error: return R².")
def rmse_instead(y, prediction):
    return float(np.sqrt(np.mean((y - prediction) ** 2)))


@catalogue.misconception(
    "r2_score",
    "The variance is divided by N - 1, the error by N: use the same divisor, or the two sums.",
)
def sample_variance(y, prediction):
    return float(1 - np.mean((y - prediction) ** 2) / np.var(y, ddof=1))


@catalogue.misconception("r2_score", "R² is given in percent: it should be a fraction, with 1 for perfect predictions.")
def in_percent(y, prediction):
    return float(100 * (1 - np.sum((y - prediction) ** 2) / np.sum((y - y.mean()) ** 2)))


@catalogue.misconception("r2_score", "The error is not divided by the variance of the true values: divide by it.")
def not_divided(y, prediction):
    return float(1 - np.mean((y - prediction) ** 2))


@catalogue.misconception("r2_score", "This is the mean squared error: return R².")
def mean_squared_error(y, prediction):
    return float(np.mean((y - prediction) ** 2))


@catalogue.alternative("r2_score", "mean square error and variance, a NumPy number")
def by_the_variance(y, prediction):
    return 1 - np.mean((y - prediction) ** 2) / np.var(y)


@catalogue.alternative("r2_score", "scalar products")
def scalar_products(y, prediction):
    residual, centred = (y - prediction).ravel(), (y - np.mean(y)).ravel()
    return np.array(1 - residual @ residual / (centred @ centred))


# ------------------------------------------------------- build_housing_model

catalogue.change(
    "build_housing_model",
    "classification",
    "The network is made for classification: use regression, because a price is a number.",
    {'"regression"': '"classification"'},
    follow_on=("test_train_housing_model",),
)
catalogue.change(
    "build_housing_model",
    "ten_outputs",
    "The network has several outputs: it should have one, for the price.",
    {"output_dim=1": "output_dim=10"},
    follow_on=("test_train_housing_model",),
)
catalogue.change(
    "build_housing_model",
    "input_dim_of_digits",
    "The network has the wrong number of inputs: it should have one for each of the features.",
    {"input_dim=housing.input_dim": "input_dim=784"},
    follow_on=("test_train_housing_model",),
)
catalogue.change(
    "build_housing_model",
    "all_weights_zero",
    "All initial weights are the same, so all units stay the same forever: draw them at random.",
    {"weight_scale=0.1": "weight_scale=0.0"},
)
catalogue.change(
    "build_housing_model",
    "half_precision",
    "The parameters are neither float32 nor float64: use one of these, because save_parameters accepts no other type.",
    {"dtype=np.float32": "dtype=np.float16"},
)
catalogue.change(
    "build_housing_model",
    "returns_params",
    "The parameters are returned: return the network.",
    {"        rng=rng,\n    )": "        rng=rng,\n    ).params"},
    follow_on=("test_train_housing_model",),
)


@catalogue.misconception(
    "build_housing_model",
    "The function does not return the network: end it with a return statement.",
    follow_on=("test_train_housing_model",),
)
def network_not_returned(rng):
    networks.FullyConnectedNet("regression", [50], housing.input_dim, 1, rng=rng)


@catalogue.alternative("build_housing_model", "one hidden layer, double precision")
def shallow(rng):
    sizes = {"input_dim": housing.input_dim, "output_dim": 1}
    return networks.FullyConnectedNet("regression", [50], weight_scale=0.3, dtype=np.float64, rng=rng, **sizes)


@catalogue.alternative("build_housing_model", "two hidden layers, the default scale, a generator of its own")
def with_defaults(rng):
    return networks.FullyConnectedNet("regression", (100, 50), housing.input_dim, 1)


# ------------------------------------------------------- train_housing_model

catalogue.change(
    "train_housing_model",
    "max_epochs_ignored",
    "max_epochs is not respected: the number of epochs must not be larger than max_epochs.",
    {"num_epochs=max_epochs": "num_epochs=12"},
)
catalogue.change(
    "train_housing_model",
    "settings_by_position",
    "The solver's settings are passed by position: all arguments after model and data must be keyword arguments, such as update_rule=….",
    {"update_rule=optimization.sgd_momentum": "optimization.sgd_momentum"},
)
catalogue.change(
    "train_housing_model",
    "never_trained",
    "The solver is returned before it has trained: train it first.",
    {"solver.train()": "solver"},
)
catalogue.change(
    "train_housing_model",
    "trained_twice",
    "The solver trains twice, for more than max_epochs in total: train it once.",
    {"return solver.train()": "return solver.train().train()"},
)
catalogue.change(
    "train_housing_model",
    "returns_the_model",
    "The model is returned: return the solver.",
    {"return solver.train()": "solver.train()\n    return model"},
)
catalogue.change(
    "train_housing_model",
    "learning_rate_far_too_large",
    "The learning rate is so large that the loss is no longer finite, or does not fall: use a smaller one.",
    {"learning_rate=0.02": "learning_rate=500.0"},
)
catalogue.change(
    "train_housing_model",
    "learning_rate_far_too_small",
    "The learning rate is so small that nothing is learned: use a larger one.",
    {"learning_rate=0.02": "learning_rate=1e-12"},
)
catalogue.change(
    "train_housing_model",
    "uphill",
    "The parameters move along the gradient, uphill: they should move against it.",
    {"update_rule=optimization.sgd_momentum": "update_rule=lambda w, dw, config: (w + 0.02 * dw, config)"},
)
catalogue.change(
    "train_housing_model",
    "another_model",
    "A new model is trained: train the model that the function gets.",
    {"        model,\n": "        build_housing_model(np.random.default_rng(2)),\n"},
)
catalogue.change(
    "train_housing_model",
    "trained_on_validation_data",
    "The network is trained on the validation rows: train it on the training rows, because the validation rows are only for choosing settings.",
    {"        data,\n": '        data | {"X_train": data["X_val"], "y_train": data["y_val"]},\n'},
)
catalogue.change(
    "train_housing_model",
    "trained_on_everything",
    "The network is trained on the validation rows, too: use them only for choosing settings.",
    {
        "        data,\n": "        data\n"
        '        | {"X_train": np.concatenate([data["X_train"], data["X_val"]])}\n'
        '        | {"y_train": np.concatenate([data["y_train"], data["y_val"]])},\n'
    },
)


@catalogue.alternative("train_housing_model", "plain gradient descent, slow, with early stopping")
def slow_descent(model, data, max_epochs):
    return Solver(
        model,
        data,
        update_rule=optimization.sgd,
        learning_rate=1e-2,
        batch_size=128,
        num_epochs=min(50, max_epochs),
        patience=5,
        verbose=False,
    ).train()


@catalogue.alternative("train_housing_model", "Adam, with a batch larger than the trial, epoch by epoch")
def adam_in_one_batch(model, data, max_epochs):
    solver = Solver(model, data, update_rule=optimization.adam, learning_rate=3e-3, batch_size=512, num_epochs=1)
    for _ in range(max_epochs):
        solver.train()
    return solver


# ------------------------------------------------------------ for the mutants

catalogue.own_choice("build_housing_model", "[...]", "reg", "weight_scale", "dtype", "rng", "large")
catalogue.own_choice(
    "train_housing_model",
    "few", "update_rule", "learning_rate", "lr_decay", "batch_size", "optim_config", "rng", "max_seconds", "verbose",
)  # fmt: skip


@catalogue.probe("standardize_and_clip")
def scaled(answers, rng):
    arrays = [rng.normal(size=(n, 4)) * [1, 30, 1e-3, 1] + [5, -7, 0, 2] for n in (9, 5, 1)]
    arrays[0][:, 3] = arrays[1][:, 3] = 2
    return (
        answers.standardize_and_clip(*arrays),
        answers.standardize_and_clip(arrays[0]),
        answers.standardize_and_clip(*(np.float32(X) for X in arrays[:2])),
    )


@catalogue.probe("r2_score")
def explained(answers, rng):
    shapes = [(9,), (7, 1), (30,)]
    pairs = [(10 * rng.normal(size=shape) + 3, 20 * rng.normal(size=shape)) for shape in shapes]
    return [answers.r2_score(y, guess) for y, guess in pairs] + [answers.r2_score(y, y + 0.01) for y, _ in pairs]


@catalogue.probe("build_housing_model")
def built(answers, rng):
    model = answers.build_housing_model(rng)
    return model.category, [(name, value.shape, value) for name, value in model.params.items()], float(model.reg)
