"""Student answers to 07_california_housing."""

from misconceptions.in_the_wild.sample import Notebook

notebook = Notebook("07_california_housing")
wrong, right = notebook.wrong, notebook.right
SAMPLES = notebook.samples

# ------------------------------------------------------ standardize_and_clip

wrong(
    "standardize_and_clip",
    "four_written_twice",
    """
    def standardize_and_clip(train, *others, limit=4.0):
        mu, sd = train.mean(axis=0), train.std(axis=0)
        sd[sd == 0] = 1
        return tuple(np.clip((x - mu) / sd, -4, 4) for x in (train,) + others)
""",
    meaning=(r"limit is fixed", r"limit", r"fixed at 4", r"clipped"),
    names=("limit_ignored",),
)

wrong(
    "standardize_and_clip",
    "clip_result_thrown_away",
    """
    def standardize_and_clip(train, *others, limit=4.0):
        mean = train.mean(axis=0)
        std = train.std(axis=0)
        std[std == 0] = 1.0
        out = []
        for a in [train, *others]:
            z = (a - mean) / std
            np.clip(z, -limit, limit)
            out.append(z)
        return tuple(out)
""",
    meaning=(r"clipped", r"beyond", r"limit"),
    names=("not_clipped",),
)

wrong(
    "standardize_and_clip",
    "upper_limit_only",
    """
    def standardize_and_clip(train, *others, limit=4.0):
        m, s = np.mean(train, 0), np.std(train, 0)
        s = np.where(s > 0, s, 1)
        res = [(a - m) / s for a in (train, *others)]
        for r in res:
            r[r > limit] = limit
        return tuple(res)
""",
    meaning=(r"negative", r"only large", r"-limit", r"both sides", r"lower"),
    names=("clipped_above_only",),
)

wrong(
    "standardize_and_clip",
    "clipped_raw_features",
    """
    def standardize_and_clip(train, *others, limit=4.0):
        train = np.clip(train, -limit, limit)
        others = [np.clip(o, -limit, limit) for o in others]
        mu, sd = train.mean(axis=0), train.std(axis=0)
        sd[sd == 0] = 1
        return tuple((a - mu) / sd for a in [train] + others)
""",
    meaning=(r"before", r"counts standard deviations", r"raw", r"first standardize"),
    names=("clipped_before_standardizing",),
)

wrong(
    "standardize_and_clip",
    "std_plus_1e_2",
    """
    def standardize_and_clip(train, *others, limit=4.0):
        mu = train.mean(axis=0)
        sd = train.std(axis=0) + 1e-2
        return tuple(np.clip((a - mu) / sd, -limit, limit) for a in (train, *others))
""",
    meaning=(
        r"(epsilon|ε|0\.01|1e-2|small number|something).*(standard deviation|std)",
        r"(standard deviation|std).*(epsilon|ε|0\.01|1e-2|small number|added)",
    ),
)

wrong(
    "standardize_and_clip",
    "statistics_after_stacking",
    """
    def standardize_and_clip(train, *others, limit=4.0):
        stacked = np.concatenate((train,) + others, axis=0)
        mu = stacked.mean(axis=0)
        sd = stacked.std(axis=0)
        sd[sd == 0] = 1
        split = np.cumsum([len(a) for a in (train,) + others])[:-1]
        return tuple(np.split(np.clip((stacked - mu) / sd, -limit, limit), split))
""",
    meaning=(r"all data", r"only the training", r"test data", r"looked at"),
    names=("statistics_of_all_data",),
)

right(
    "standardize_and_clip",
    "small_guard",
    """
    def standardize_and_clip(train, *others, limit=4.0):
        mu = train.mean(axis=0)
        sd = train.std(axis=0) + 1e-8
        return tuple(np.clip((a - mu) / sd, -limit, limit) for a in (train, *others))
""",
)

right(
    "standardize_and_clip",
    "in_place_masks",
    """
    def standardize_and_clip(train, *others, limit=4.0):
        mu, sd = train.mean(axis=0), train.std(axis=0)
        sd[sd == 0] = 1
        result = []
        for a in (train, *others):
            a -= mu
            a /= sd
            a[a > limit] = limit
            a[a < -limit] = -limit
            result.append(a)
        return result
""",
)

# ------------------------------------------------------------------ r2_score

wrong(
    "r2_score",
    "fraction_of_errors",
    """
    def r2_score(y, prediction):
        ss_res = np.sum((y - prediction) ** 2)
        ss_tot = np.sum((y - np.mean(y)) ** 2)
        return ss_res / ss_tot
""",
    meaning=(r"subtract it from 1", r"not explained", r"1 -"),
    names=("share_not_explained",),
)

wrong(
    "r2_score",
    "correlation_squared",
    """
    def r2_score(y, prediction):
        r = np.corrcoef(y.ravel(), prediction.ravel())[0, 1]
        return r ** 2
""",
    meaning=(r"correlation",),
    names=("squared_correlation",),
)

wrong(
    "r2_score",
    "mean_of_the_predictions",
    """
    def r2_score(y, prediction):
        y_bar = prediction.mean()
        u = ((y - prediction) ** 2).sum()
        v = ((y - y_bar) ** 2).sum()
        return 1 - u / v
""",
    meaning=(r"mean of the (predictions|true)",),
    names=("mean_of_the_prediction",),
)

wrong(
    "r2_score",
    "mse_over_sample_variance",
    """
    def r2_score(y, prediction):
        mse = np.mean((y - prediction) ** 2)
        return 1 - mse / np.var(y, ddof=1)
""",
    meaning=(r"N ?- ?1", r"n ?- ?1", r"ddof", r"sample variance"),
)

wrong(
    "r2_score",
    "clamped_at_zero",
    """
    def r2_score(y, prediction):
        ssr = np.sum(np.square(y - prediction))
        sst = np.sum(np.square(y - y.mean()))
        return max(0.0, 1 - ssr / sst)
""",
    meaning=(r"negative", r"cut"),
    names=("never_negative",),
)

wrong(
    "r2_score",
    "per_cent",
    """
    def r2_score(y, prediction):
        ssr = np.sum((y - prediction) ** 2)
        sst = np.sum((y - y.mean()) ** 2)
        return 100 * (1 - ssr / sst)
""",
    meaning=(r"100", r"per ?cent"),
)

wrong(
    "r2_score",
    "residuals_not_squared",
    """
    def r2_score(y, prediction):
        num = np.sum(np.abs(y - prediction))
        den = np.sum(np.abs(y - np.mean(y)))
        return float(1 - num / den)
""",
    meaning=(r"square",),
    names=("not_squared",),
)

right(
    "r2_score",
    "guarded_denominator",
    """
    def r2_score(y, prediction):
        ss_res = np.sum((y - prediction) ** 2)
        ss_tot = np.sum((y - np.mean(y)) ** 2)
        return 1 - ss_res / (ss_tot + 1e-8)
""",
)

right(
    "r2_score",
    "loops_and_flatten",
    """
    def r2_score(y, prediction):
        y, p = y.flatten().tolist(), prediction.flatten().tolist()
        mean = sum(y) / len(y)
        res = tot = 0.0
        for a, b in zip(y, p):
            res += (a - b) * (a - b)
            tot += (a - mean) * (a - mean)
        return 1 - res / tot
""",
)

# ------------------------------------------------------- build_housing_model

wrong(
    "build_housing_model",
    "copied_from_mnist",
    """
    def build_housing_model(rng):
        return networks.FullyConnectedNet("classification", [64, 32], input_dim=housing.input_dim, output_dim=1, weight_scale=0.1, rng=rng)
""",
    meaning=(r"classification", r"regression", r"price is a number", r"category"),
    names=("classification",),
)

wrong(
    "build_housing_model",
    "default_outputs",
    """
    def build_housing_model(rng):
        model = networks.FullyConnectedNet("regression", [100, 50], input_dim=housing.X_train.shape[1], weight_scale=0.1, rng=rng)
        return model
""",
    meaning=(r"one output", r"several outputs", r"one price", r"output_dim", r"shape of the predictions"),
    names=("ten_outputs",),
)

right(
    "build_housing_model",
    "two_small_layers_double",
    """
    def build_housing_model(rng):
        D = housing.X_train.shape[1]
        return networks.FullyConnectedNet("regression", (50, 50), D, 1, 0.0, 0.1, np.float64, rng)
""",
)

# ------------------------------------------------------- train_housing_model

wrong(
    "train_housing_model",
    "fixed_number_of_epochs",
    """
    def train_housing_model(model, data, max_epochs):
        s = Solver(model, data, update_rule=optimization.sgd_momentum, learning_rate=0.02, batch_size=64,
                   num_epochs=max(max_epochs, 30), verbose=False)
        return s.train()
""",
    meaning=(r"max_epochs", r"epochs"),
    names=("max_epochs_ignored",),
)

wrong(
    "train_housing_model",
    "model_returned",
    """
    def train_housing_model(model, data, max_epochs):
        solver = Solver(model, data, update_rule=optimization.adam, learning_rate=5e-3, batch_size=32,
                        num_epochs=max_epochs, verbose=False)
        solver.train()
        model.params = solver.best_params
        return model
""",
    meaning=(r"return the solver", r"model is returned", r"val_history"),
    names=("returns_the_model",),
)

right(
    "train_housing_model",
    "adam_small_batches",
    '''
    def train_housing_model(model, data, max_epochs):
        """Adam, decaying; the best parameters are put back in the end."""
        solver = Solver(model, data, update_rule=optimization.adam, learning_rate=5e-3, lr_decay=0.97,
                        batch_size=32, num_epochs=max_epochs, verbose=False)
        solver.train()
        if solver.best_params:
            model.params.update(solver.best_params)
        return solver
''',
)

right(
    "train_housing_model",
    "momentum_written_out",
    """
    def my_momentum(w, dw, config):
        v = 0.9 * config.get("velocity", 0) - config["learning_rate"] * dw
        return w + v, {**config, "velocity": v}

    def train_housing_model(model, data, max_epochs):
        s = Solver(model, data, update_rule=my_momentum, learning_rate=0.01, batch_size=32, num_epochs=max_epochs)
        return s.train()
""",
)
