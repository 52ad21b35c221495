"""Student answers to 06_mnist."""

from misconceptions.in_the_wild.sample import Notebook

notebook = Notebook("06_mnist")
wrong, right = notebook.wrong, notebook.right
SAMPLES = notebook.samples

# --------------------------------------------------------------- standardize

wrong(
    "standardize",
    "each_by_itself",
    """
    def standardize(train, *others):
        def z(a):
            s = a.std(axis=0)
            s[s == 0] = 1
            return (a - a.mean(axis=0)) / s
        return tuple(map(z, (train,) + others))
""",
    meaning=(r"own statistics", r"only the training data", r"statistics of the training"),
    names=("own_statistics",),
)

wrong(
    "standardize",
    "std_plus_1e_4",
    """
    def standardize(train, *others):
        mu = np.mean(train, axis=0)
        sigma = np.std(train, axis=0) + 1e-4
        out = [(train - mu) / sigma]
        for o in others:
            out.append((o - mu) / sigma)
        return tuple(out)
""",
    meaning=(
        r"(epsilon|ε|1e-4|small number|tiny|something).*(standard deviation|std)",
        r"(standard deviation|std).*(epsilon|ε|1e-4|small number|tiny|added)",
        r"tiny number",
    ),
    names=("tiny_epsilon",),
)

wrong(
    "standardize",
    "std_plus_1e_8",
    """
    def standardize(train, *others):
        mean = train.mean(axis=0, keepdims=True)
        std = train.std(axis=0, keepdims=True) + 1e-8
        return ((train - mean) / std, *[(x - mean) / std for x in others])
""",
    meaning=(
        r"tiny number",
        r"(epsilon|ε|small number|tiny).*(standard deviation|std|constant)",
        r"constant (feature|pixel)s?",
        r"blow up",
        r"enormous",
    ),
    names=("tiny_epsilon",),
)

wrong(
    "standardize",
    "one_mean_for_the_image",
    """
    def standardize(train, *others):
        m, s = train.mean(), train.std()
        return tuple([(train - m) / s] + [(o - m) / s for o in others])
""",
    meaning=(r"each needs its own", r"per feature", r"one mean", r"axis"),
    names=("all_features_together",),
)

wrong(
    "standardize",
    "plain_division",
    """
    def standardize(train, *others):
        mean = train.mean(0)
        std = train.std(0)
        train = (train - mean) / std
        others = [(o - mean) / std for o in others]
        return (train, *others)
""",
    meaning=(r"divid\w+ by (zero|0)", r"0/0", r"NaN", r"constant"),
    names=("divided_by_zero",),
)

wrong(
    "standardize",
    "others_as_one_list",
    """
    def standardize(train, *others):
        mean, std = train.mean(axis=0), train.std(axis=0)
        std = np.where(std == 0, 1, std)
        return (train - mean) / std, [(o - mean) / std for o in others]
""",
    meaning=(r"number of arrays", r"every array", r"nested", r"wrong shape", r"\blist\b", r"unpack", r"one array"),
)

wrong(
    "standardize",
    "pixels_by_255",
    """
    def standardize(train, *others):
        return tuple(a / 255.0 for a in (train, *others))
""",
    meaning=(r"mean", r"standard deviation", r"255", r"range"),
)

wrong(
    "standardize",
    "over_everything",
    """
    def standardize(train, *others):
        allx = np.vstack((train,) + others)
        mu, sd = allx.mean(axis=0), allx.std(axis=0)
        sd[sd < 1e-10] = 1.
        return tuple((a - mu) / sd for a in [train] + list(others))
""",
    meaning=(r"all data", r"only the training", r"test data", r"looked at"),
    names=("statistics_of_all_data",),
)

wrong(
    "standardize",
    "rows_with_keepdims",
    """
    def standardize(train, *others):
        res = []
        for a in (train, *others):
            mu = np.mean(a, axis=1, keepdims=True)
            sd = np.std(a, axis=1, keepdims=True)
            sd[sd == 0] = 1
            res.append((a - mu) / sd)
        return tuple(res)
""",
    meaning=(r"wrong axis", r"examples .*instead of features", r"axis", r"per feature"),
    names=("over_the_wrong_axis",),
)

wrong(
    "standardize",
    "median_and_quartiles",
    """
    def standardize(train, *others):
        med = np.median(train, axis=0)
        q1, q3 = np.percentile(train, [25, 75], axis=0)
        iqr = np.where(q3 > q1, q3 - q1, 1)
        return tuple((a - med) / iqr for a in (train, *others))
""",
    meaning=(r"median", r"quartile", r"\bmean\b.*standard deviation"),
)

right(
    "standardize",
    "threshold_for_constants",
    """
    def standardize(train, *others):
        mu = train.mean(axis=0)
        sd = train.std(axis=0)
        sd = np.where(sd < 1e-6, 1.0, sd)
        return [(a - mu) / sd for a in (train, *others)]
""",
)

right(
    "standardize",
    "column_loop_in_double",
    """
    def standardize(train, *others):
        arrays = [np.array(a, dtype=np.float64) for a in (train,) + others]
        for j in range(train.shape[1]):
            col = train[:, j].astype(np.float64)
            m = col.sum() / len(col)
            s = np.sqrt(((col - m) ** 2).sum() / len(col))
            for a in arrays:
                a[:, j] = (a[:, j] - m) / (s if s > 0 else 1)
        return tuple(arrays)
""",
)

# --------------------------------------------------------- build_mnist_model

wrong(
    "build_mnist_model",
    "regression_on_labels",
    """
    def build_mnist_model(rng):
        model = networks.FullyConnectedNet("regression", [128], input_dim=784, output_dim=10, weight_scale=2e-2, rng=rng)
        return model
""",
    meaning=(r"regression", r"classification", r"category", r"classes"),
    names=("regression",),
)

wrong(
    "build_mnist_model",
    "image_height_as_input",
    """
    def build_mnist_model(rng):
        h, w = mnist.image_shape
        return networks.FullyConnectedNet("classification", [256, 128], input_dim=h, output_dim=10, reg=1e-3, weight_scale=0.05, rng=rng)
""",
    meaning=(r"all pixels", r"inputs?\b.*(pixels|features|first layer)", r"input_dim", r"mismatch"),
    names=("input_dim_of_height",),
)

wrong(
    "build_mnist_model",
    "nothing_returned",
    """
    def build_mnist_model(rng):
        model = networks.FullyConnectedNet("classification", [100], rng=rng, weight_scale=0.03)
        print(model)
""",
    meaning=(
        r"None",
        r"nothing (is|was) returned",
        r"return(s|ed)? nothing",
        r"(does not|doesn't|never) return",
        r"return the (network|model)",
        r"return statement",
    ),
)

wrong(
    "build_mnist_model",
    "one_output_for_ten_digits",
    """
    def build_mnist_model(rng):
        net = networks.FullyConnectedNet(category="classification", hidden_dims=[512, 512], output_dim=1, rng=rng, weight_scale=0.05)
        return net
""",
    meaning=(r"one output", r"one score for each class", r"output_dim", r"shape of the scores"),
    names=("one_output",),
)

right(
    "build_mnist_model",
    "keyword_dictionary",
    """
    CONFIG = dict(category="classification", hidden_dims=[256, 128], input_dim=mnist.input_dim,
                  output_dim=mnist.output_dim, reg=5e-4, weight_scale=4e-2)

    def build_mnist_model(rng):
        return networks.FullyConnectedNet(**CONFIG, rng=rng)
""",
)

# --------------------------------------------------------- train_mnist_model

wrong(
    "train_mnist_model",
    "twenty_epochs_always",
    """
    def train_mnist_model(model, data, max_epochs):
        solver = Solver(model, data, update_rule=optimization.sgd_momentum, learning_rate=5e-2,
                        num_epochs=20, batch_size=64, verbose=False)
        solver.train()
        return solver
""",
    meaning=(r"max_epochs", r"epochs"),
    names=("max_epochs_ignored",),
)

wrong(
    "train_mnist_model",
    "train_not_called",
    """
    def train_mnist_model(model, data, max_epochs):
        solver = Solver(model, data, update_rule=optimization.adam, learning_rate=1e-3, num_epochs=max_epochs, batch_size=100)
        # solver.train()
        return solver
""",
    meaning=(r"before it has trained", r"must have trained", r"never trained", r"not (been )?trained"),
    names=("never_trained",),
)

wrong(
    "train_mnist_model",
    "validation_appended",
    """
    def train_mnist_model(model, data, max_epochs):
        d = dict(data)
        d["X_train"] = np.vstack([data["X_train"], data["X_val"]])
        d["y_train"] = np.hstack([data["y_train"], data["y_val"]])
        s = Solver(model, d, update_rule=optimization.sgd_momentum, learning_rate=0.05, lr_decay=0.95,
                   batch_size=32, num_epochs=max_epochs, verbose=False)
        s.train()
        return s
""",
    meaning=(r"validation",),
    names=("trained_on_everything",),
)

wrong(
    "train_mnist_model",
    "positional_arguments",
    """
    def train_mnist_model(model, data, max_epochs):
        solver = Solver(model, data, optimization.sgd_momentum, 0.05, 0.95, 64, max_epochs)
        return solver.train()
""",
    meaning=(r"positional", r"keyword", r"TypeError", r"arguments?"),
)

right(
    "train_mnist_model",
    "adam_with_patience",
    """
    def train_mnist_model(model, data, max_epochs):
        n = len(data["X_train"])
        solver = Solver(model, data, update_rule=optimization.adam, learning_rate=2e-3, lr_decay=0.97,
                        num_epochs=max_epochs, batch_size=min(64, n // 4), patience=15, verbose=False)
        solver.train()
        return solver
""",
)

right(
    "train_mnist_model",
    "trains_epoch_by_epoch",
    """
    def train_mnist_model(model, data, max_epochs):
        print("training on", data["X_train"].shape)
        s = Solver(model, data, update_rule=optimization.sgd_momentum, learning_rate=0.05, batch_size=32,
                   num_epochs=1, optim_config={"momentum": 0.9}, verbose=False)
        for _ in range(max_epochs):
            s.train()
            s.learning_rate *= 0.98
        return s
""",
)
