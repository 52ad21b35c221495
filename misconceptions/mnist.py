"""Wrong and right answers to 06_mnist."""
# ruff: noqa: F821 - answers use names of the set-up cells, and X for features

import numpy as np

from examiner.catalogue import Catalogue

catalogue = Catalogue("06_mnist")

# --------------------------------------------------------------- standardize


@catalogue.misconception(
    "standardize",
    "Each array is standardized by its own statistics: use the statistics of the training data for all arrays.",
)
def own_statistics(train, *others):
    scaled = []
    for X in (train, *others):
        std = X.std(axis=0)
        scaled.append((X - X.mean(axis=0)) / np.where(std == 0, 1, std))
    return tuple(scaled)


@catalogue.misconception(
    "standardize", "Mean and standard deviation are computed from all data: use only the training data."
)
def statistics_of_all_data(train, *others):
    everything = np.concatenate([train, *others])
    mean, std = everything.mean(axis=0), everything.std(axis=0)
    std[std == 0] = 1
    return tuple((X - mean) / std for X in (train, *others))


@catalogue.misconception("standardize", "Constant features are divided by zero: use 1 as their standard deviation.")
def divided_by_zero(train, *others):
    mean, std = train.mean(axis=0), train.std(axis=0)
    return tuple((X - mean) / std for X in (train, *others))


@catalogue.misconception(
    "standardize",
    "Constant features are divided by a tiny number, so a later change becomes huge: use 1 as their standard deviation.",
)
def tiny_epsilon(train, *others):
    mean, std = train.mean(axis=0), train.std(axis=0)
    return tuple((X - mean) / (std + 1e-8) for X in (train, *others))


@catalogue.misconception(
    "standardize", "There is one mean and one standard deviation for all features: each feature should have its own."
)
def all_features_together(train, *others):
    mean, std = train.mean(), train.std()
    return tuple((X - mean) / std for X in (train, *others))


@catalogue.misconception(
    "standardize", "Examples are standardized instead of features: compute the statistics over axis 0."
)
def over_the_wrong_axis(train, *others):
    return tuple(
        (X - X.mean(axis=1, keepdims=True)) / np.maximum(X.std(axis=1, keepdims=True), 1e-3) for X in (train, *others)
    )


VALUE = "(X - mean) / std for X"
catalogue.change(
    "standardize", "not_centred", "The mean is not subtracted: subtract it from each feature.", {VALUE: "X / std for X"}
)
catalogue.change(
    "standardize",
    "not_scaled",
    "The features are not divided by their standard deviation: divide by it.",
    {VALUE: "X - mean for X"},
)
catalogue.change(
    "standardize",
    "by_the_variance",
    "The features are divided by their variance: divide by the standard deviation, its root.",
    {"train.std(axis=0)": "train.var(axis=0)"},
)
catalogue.change(
    "standardize",
    "sample_standard_deviation",
    "The standard deviation divides by N - 1: it should divide by N.",
    {"train.std(axis=0)": "train.std(axis=0, ddof=1)"},
)
catalogue.change(
    "standardize",
    "scaled_before_centring",
    "The mean is subtracted after the division: subtract it first, then divide.",
    {VALUE: "X / std - mean for X"},
)


@catalogue.misconception(
    "standardize", "The features are scaled to the range 0 to 1: they should have mean 0 and standard deviation 1."
)
def to_the_unit_range(train, *others):
    low, high = train.min(axis=0), train.max(axis=0)
    width = np.where(high > low, high - low, 1)
    return tuple((X - low) / width for X in (train, *others))


@catalogue.misconception(
    "standardize",
    "A small number is added to every standard deviation, which changes every feature: use 1 where it is 0, and do not change the others.",
    variants=tuple({"0.001": number} for number in ("1.0", "0.1", "0.01", "1e-4", "1e-5", "1e-6")),
)
def number_added_to_deviation(train, *others):
    mean, std = train.mean(axis=0), train.std(axis=0) + 0.001
    return tuple((X - mean) / std for X in (train, *others))


@catalogue.misconception(
    "standardize",
    "The pixels are divided by their range: subtract each feature's mean and divide by its standard deviation.",
    variants=(
        {"/ 255": "/ 256"},
        {"/ 255": "/ 127.5 - 1"},
        {"/ 255": "/ 255 - 0.5"},
        {"/ 255": "/ np.abs(train).max()"},
    ),
)
def divided_by_the_range(train, *others):
    return tuple(X / 255 for X in (train, *others))


@catalogue.misconception(
    "standardize",
    "Median and quartiles are used: use the mean and the standard deviation.",
    variants=({"high - low": "(high - low) / 1.349"}, {"high - low": "train.std(axis=0)"}),
)
def median_and_range_of_quartiles(train, *others):
    low, middle, high = np.quantile(train, [0.25, 0.5, 0.75], axis=0)
    spread = high - low
    spread[spread == 0] = 1
    return tuple((X - middle) / spread for X in (train, *others))


@catalogue.misconception("standardize", "Only the training data are returned: return every array.")
def others_forgotten(train, *others):
    mean, std = train.mean(axis=0), train.std(axis=0)
    std[std == 0] = 1
    return ((train - mean) / std,)


@catalogue.alternative("standardize", "zero wherever a feature was constant, and a list")
def zero_where_constant(train, *others):
    mean, std = np.mean(train, axis=0), np.sqrt(np.var(train, axis=0))
    varies = std > 0
    return [np.where(varies, (X - mean) / np.where(varies, std, 1), 0) for X in [train, *others]]


@catalogue.alternative("standardize", "in place, feature by feature")
def in_place(train, *others):
    arrays = [train, *others]
    for d in range(train.shape[1]):
        mean, std = train[:, d].mean(), train[:, d].std()
        for X in arrays[::-1]:
            X[:, d] -= mean
            X[:, d] /= std if std else 1
    return tuple(arrays)


@catalogue.alternative("standardize", "scikit-learn")
def by_a_library(train, *others):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train)
    return tuple(scaler.transform(X) for X in (train, *others))


# --------------------------------------------------------- build_mnist_model

catalogue.change(
    "build_mnist_model",
    "regression",
    "The network is made for regression: use classification, because digits are classes.",
    {'"classification"': '"regression"'},
    follow_on=("test_train_mnist_model",),
)
catalogue.change(
    "build_mnist_model",
    "one_output",
    "The network has one output: it should have one score for each class.",
    {"output_dim=mnist.output_dim": "output_dim=1"},
    follow_on=("test_train_mnist_model",),
)
catalogue.change(
    "build_mnist_model",
    "input_dim_of_height",
    "The network has the wrong number of inputs: it should take all pixels of an image.",
    {"input_dim=mnist.input_dim": "input_dim=mnist.image_shape[0]"},
    follow_on=("test_train_mnist_model",),
)
catalogue.change(
    "build_mnist_model",
    "all_weights_zero",
    "All initial weights are the same, so all units stay the same forever: draw them at random.",
    {"weight_scale=0.05": "weight_scale=0.0"},
)
catalogue.change(
    "build_mnist_model",
    "half_precision",
    "The parameters are neither float32 nor float64: use one of these, because save_parameters accepts no other type.",
    {"dtype=np.float32": "dtype=np.float16"},
    follow_on=("test_train_mnist_model",),
)
catalogue.change(
    "build_mnist_model",
    "returns_params",
    "The parameters are returned: return the network.",
    {"        rng=rng,\n    )": "        rng=rng,\n    ).params"},
    follow_on=("test_train_mnist_model",),
)


@catalogue.misconception(
    "build_mnist_model",
    "The function does not return the network: end it with a return statement.",
    follow_on=("test_train_mnist_model",),
)
def network_not_returned(rng):
    networks.FullyConnectedNet("classification", [50], mnist.input_dim, mnist.output_dim, rng=rng)


@catalogue.alternative("build_mnist_model", "one hidden layer, double precision")
def wide_and_shallow(rng):
    sizes = {"input_dim": mnist.input_dim, "output_dim": mnist.output_dim}
    return networks.FullyConnectedNet("classification", [100], weight_scale=0.03, dtype=np.float64, rng=rng, **sizes)


@catalogue.alternative("build_mnist_model", "three hidden layers, the default scale, a generator of its own")
def deep_with_defaults(rng):
    return networks.FullyConnectedNet("classification", (128, 64, 32), mnist.input_dim, reg=1e-4)


# --------------------------------------------------------- train_mnist_model

catalogue.change(
    "train_mnist_model",
    "max_epochs_ignored",
    "max_epochs is not respected: the number of epochs must not be larger than max_epochs.",
    {"num_epochs=max_epochs": "num_epochs=12"},
)
catalogue.change(
    "train_mnist_model",
    "settings_by_position",
    "The solver's settings are passed by position: all arguments after model and data must be keyword arguments, such as update_rule=….",
    {"update_rule=optimization.sgd_momentum": "optimization.sgd_momentum"},
)
catalogue.change(
    "train_mnist_model",
    "never_trained",
    "The solver is returned before it has trained: train it first.",
    {"solver.train()": "solver"},
)
catalogue.change(
    "train_mnist_model",
    "trained_twice",
    "The solver trains twice, for more than max_epochs in total: train it once.",
    {"return solver.train()": "return solver.train().train()"},
)
catalogue.change(
    "train_mnist_model",
    "returns_the_model",
    "The model is returned: return the solver.",
    {"return solver.train()": "solver.train()\n    return model"},
)
catalogue.change(
    "train_mnist_model",
    "learning_rate_far_too_large",
    "The learning rate is so large that the loss is no longer finite, or does not fall: use a smaller one.",
    {"learning_rate=0.05 if few else 0.1": "learning_rate=500.0"},
)
catalogue.change(
    "train_mnist_model",
    "learning_rate_far_too_small",
    "The learning rate is so small that nothing is learned: use a larger one.",
    {"learning_rate=0.05 if few else 0.1": "learning_rate=1e-12"},
)
catalogue.change(
    "train_mnist_model",
    "uphill",
    "The parameters move along the gradient, uphill: they should move against it.",
    {"update_rule=optimization.sgd_momentum": "update_rule=lambda w, dw, config: (w + 0.05 * dw, config)"},
)
catalogue.change(
    "train_mnist_model",
    "another_model",
    "A new model is trained: train the model that the function gets.",
    {"        model,\n": "        build_mnist_model(np.random.default_rng(2)),\n"},
)
catalogue.change(
    "train_mnist_model",
    "trained_on_validation_data",
    "The network is trained on the validation images: train it on the training images, because the validation images are only for choosing settings.",
    {"        data,\n": '        data | {"X_train": data["X_val"], "y_train": data["y_val"]},\n'},
)
catalogue.change(
    "train_mnist_model",
    "trained_on_everything",
    "The network is trained on the validation images, too: use them only for choosing settings.",
    {
        "        data,\n": "        data\n"
        '        | {"X_train": np.concatenate([data["X_train"], data["X_val"]])}\n'
        '        | {"y_train": np.concatenate([data["y_train"], data["y_val"]])},\n'
    },
)


@catalogue.alternative("train_mnist_model", "plain gradient descent, slow, with early stopping")
def slow_descent(model, data, max_epochs):
    return Solver(
        model,
        data,
        update_rule=optimization.sgd,
        learning_rate=1e-2,
        batch_size=256,
        num_epochs=min(50, max_epochs),
        patience=5,
        verbose=False,
    ).train()


@catalogue.alternative("train_mnist_model", "Adam, with a batch larger than the trial, epoch by epoch")
def adam_in_one_batch(model, data, max_epochs):
    solver = Solver(model, data, update_rule=optimization.adam, learning_rate=1e-3, batch_size=512, num_epochs=1)
    for _ in range(max_epochs):
        solver.train()
    return solver


# ------------------------------------------------------------ for the mutants

catalogue.own_choice("build_mnist_model", "[...]", "reg", "weight_scale", "dtype", "rng", "large")
catalogue.own_choice(
    "train_mnist_model",
    "few", "update_rule", "learning_rate", "lr_decay", "batch_size", "optim_config", "rng", "max_seconds", "verbose",
)  # fmt: skip


@catalogue.probe("standardize")
def scaled(answers, rng):
    arrays = [rng.normal(size=(n, 4)) * [1, 30, 1e-3, 1] + [5, -7, 0, 2] for n in (9, 5, 1)]
    arrays[0][:, 3] = arrays[1][:, 3] = 2
    return (
        answers.standardize(*arrays),
        answers.standardize(arrays[0]),
        answers.standardize(*(np.float32(X) for X in arrays[:2])),
    )


@catalogue.probe("build_mnist_model")
def built(answers, rng):
    model = answers.build_mnist_model(rng)
    return model.category, [(name, value.shape, value) for name, value in model.params.items()], float(model.reg)
