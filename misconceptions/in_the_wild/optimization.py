"""Student answers to 05_optimization."""

from misconceptions.in_the_wild.sample import Notebook

notebook = Notebook("05_optimization")
wrong, right = notebook.wrong, notebook.right
SAMPLES = notebook.samples

UPHILL = (r"uphill", r"along the (averaged )?gradient", r"sign", r"subtract")
RATE_MISSING = (r"learning rate",)
NOT_STORED = (r"not (kept|stored|saved|written)", r"(every|each) step (begins|starts)", r"config")

# ----------------------------------------------------------------------- sgd

wrong(
    "sgd",
    "plus_equals",
    """
    def sgd(w, dw, config=None):
        if config is None: config = {}
        config.setdefault("learning_rate", 1e-2)
        w += config["learning_rate"] * dw
        return w, config
""",
    meaning=UPHILL,
    names=("uphill",),
)

wrong(
    "sgd",
    "rate_as_a_constant",
    """
    def sgd(w, dw, config=None):
        lr = 0.01
        next_w = w - lr * dw
        return next_w, config
""",
    meaning=(r"ignored", r"learning rate .*config", r"fixed", r"hard-coded", r"always"),
    names=("settings_ignored",),
)

wrong(
    "sgd",
    "in_place_without_a_rate",
    """
    def sgd(w, dw, config=None):
        if config is None:
            config = {"learning_rate": 1e-2}
        w -= dw
        return w, config
""",
    meaning=RATE_MISSING,
    names=("learning_rate_missing",),
)

wrong(
    "sgd",
    "default_of_another_course",
    """
    def sgd(w, dw, config=None):
        config = config or {}
        lr = config.get("learning_rate", 1e-3)
        return w - lr * dw, config
""",
    meaning=(r"default",),
    names=("other_default",),
)

wrong(
    "sgd",
    "config_may_be_none",
    """
    def sgd(w, dw, config=None):
        next_w = w - config["learning_rate"] * dw
        return next_w, config
""",
    meaning=(r"config.*None", r"None.*config", r"default", r"without (a )?config", r"NoneType"),
)

wrong(
    "sgd",
    "only_the_weights",
    """
    def sgd(w, dw, config=None):
        if config is None: config = {}
        return w - config.get("learning_rate", 0.01) * dw
""",
    meaning=(r"config", r"two (values|things)", r"tuple", r"pair", r"return"),
)

wrong(
    "sgd",
    "own_key_name",
    """
    def sgd(w, dw, config=None):
        config = dict(config or {})
        lr = config.setdefault("lr", 0.01)
        return w - lr * dw, config
""",
    meaning=(r"ignored", r"learning_rate", r"\bkey\b", r"learning rate .*config"),
    names=("settings_ignored",),
)

wrong(
    "sgd",
    "weight_decay_included",
    """
    def sgd(w, dw, config=None):
        if config is None: config = {}
        lr = config.get("learning_rate", 1e-2)
        wd = config.get("weight_decay", 1e-4)
        return w - lr * (dw + wd * w), config
""",
    meaning=(r"decay", r"\bw itself", r"regulariz", r"penalty"),
)

wrong(
    "sgd",
    "gradient_normalized",
    """
    def sgd(w, dw, config=None):
        config = config or {}
        g = dw / (np.linalg.norm(dw) + 1e-12)
        return w - config.get("learning_rate", 1e-2) * g, config
""",
    meaning=(r"norm", r"length of the gradient", r"size of the gradient"),
)

right(
    "sgd",
    "kwargs_helper",
    """
    def _step(w, dw, learning_rate=1e-2, **rest):
        return w + (-learning_rate) * dw

    def sgd(w, dw, config=None):
        config = config if config else {}
        return _step(w, dw, **config), config
""",
)

right(
    "sgd",
    "in_place_subtract",
    """
    def sgd(w, dw, config=None):
        if config is None: config = {}
        config.setdefault("learning_rate", 1e-2)
        np.subtract(w, config["learning_rate"] * dw, out=w)
        return [w, config]
""",
)

# -------------------------------------------------------------- sgd_momentum

PYTORCH = (
    r"PyTorch",
    r"velocity.*learning rate",
    r"learning rate.*velocity",
    r"gradient enters the velocity",
    r"velocity .*(scale|times)",
)

wrong(
    "sgd_momentum",
    "library_convention",
    """
    def sgd_momentum(w, dw, config=None):
        if config is None:
            config = {}
        lr = config.setdefault("learning_rate", 1e-2)
        mu = config.setdefault("momentum", 0.9)
        v = config.get("velocity", np.zeros_like(w))
        v = mu * v + dw
        next_w = w - lr * v
        config["velocity"] = v
        return next_w, config
""",
    meaning=PYTORCH,
    names=("learning_rate_missing",),
)

wrong(
    "sgd_momentum",
    "library_convention_in_place",
    """
    def sgd_momentum(w, dw, config=None):
        config = {} if config is None else config
        if "velocity" not in config:
            config["velocity"] = np.zeros(w.shape)
        buf = config["velocity"]
        buf *= config.get("momentum", 0.9)
        buf += dw
        w -= config.get("learning_rate", 0.01) * buf
        return w, config
""",
    meaning=PYTORCH,
    names=("learning_rate_missing",),
)

wrong(
    "sgd_momentum",
    "velocity_points_uphill",
    """
    def sgd_momentum(w, dw, config=None):
        config = {"learning_rate": 0.01, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
        v = config["momentum"] * config["velocity"] + config["learning_rate"] * dw
        config["velocity"] = v
        return w - v, config
""",
    meaning=(r"sign", r"velocity .*(subtracted|uphill|opposite|gradient)", r"uphill"),
    names=("velocity_subtracted", "uphill"),
)

wrong(
    "sgd_momentum",
    "mu_written_as_a_number",
    """
    def sgd_momentum(w, dw, config=None):
        config = config or {}
        lr = config.get("learning_rate", 1e-2)
        v = config.get("velocity", np.zeros_like(w))
        v = 0.9 * v - lr * dw
        config["velocity"] = v
        return w + v, config
""",
    meaning=(r"momentum .*(ignored|config|fixed|hard-coded)", r"(ignored|fixed|hard-coded).*momentum"),
    names=("momentum_ignored",),
)

wrong(
    "sgd_momentum",
    "rate_written_as_a_number",
    """
    def sgd_momentum(w, dw, config=None):
        if config is None: config = {}
        mu = config.get("momentum", 0.9)
        v = config.get("velocity", 0)
        v = mu * v - 1e-2 * dw
        config["velocity"] = v
        return w + v, config
""",
    meaning=(
        r"learning rate .*(ignored|config|fixed|hard-coded)",
        r"(ignored|fixed|hard-coded).*learning rate",
        r"default",
    ),
)

wrong(
    "sgd_momentum",
    "average_of_gradients",
    """
    def sgd_momentum(w, dw, config=None):
        c = {"learning_rate": 1e-2, "momentum": 0.9}
        if config is not None:
            c.update(config)
        c.setdefault("velocity", np.zeros_like(w))
        c["velocity"] = c["momentum"] * c["velocity"] - (1 - c["momentum"]) * c["learning_rate"] * dw
        return w + c["velocity"], c
""",
    meaning=(r"averag", r"1 - (μ|β|momentum)", r"EMA"),
    names=("average_instead",),
)

wrong(
    "sgd_momentum",
    "ema_from_the_report",
    """
    def sgd_momentum(w, dw, config=None):
        if config is None: config = {}
        config.setdefault("learning_rate", 1e-2)
        config.setdefault("momentum", 0.9)
        v = config.get("velocity", np.zeros_like(w))
        b = config["momentum"]
        v = b * v + (1 - b) * dw
        next_w = w - config["learning_rate"] * v
        config["velocity"] = v
        return next_w, config
""",
    meaning=(r"averag", r"1 - (μ|β|momentum)", r"EMA"),
    names=("average_instead",),
)

wrong(
    "sgd_momentum",
    "local_velocity",
    """
    def sgd_momentum(w, dw, config=None):
        if config is None: config = {}
        lr, mu = config.get("learning_rate", 1e-2), config.get("momentum", 0.9)
        v = config.get("velocity", np.zeros_like(w))
        v = mu * v - lr * dw
        next_w = w + v
        return next_w, config
""",
    meaning=(
        r"not (kept|stored|saved|written)",
        r"(every|each) step (begins|starts)",
        r"velocity .*config",
        r"KeyError",
    ),
    names=("velocity_not_stored",),
)

wrong(
    "sgd_momentum",
    "moved_before_the_update",
    """
    def sgd_momentum(w, dw, config=None):
        config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w)} | (config or {})
        next_w = w + config["velocity"]
        config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
        return next_w, config
""",
    meaning=(r"old velocity", r"new (one|velocity) first", r"before"),
    names=("old_velocity",),
)

wrong(
    "sgd_momentum",
    "in_place_uphill",
    """
    def sgd_momentum(w, dw, config=None):
        if config is None: config = {}
        v = config.setdefault("velocity", np.zeros_like(w))
        v *= config.setdefault("momentum", 0.9)
        v += config.setdefault("learning_rate", 1e-2) * dw
        w += v
        return w, config
""",
    meaning=UPHILL,
    names=("uphill",),
)

wrong(
    "sgd_momentum",
    "global_velocity",
    """
    velocity = 0

    def sgd_momentum(w, dw, config=None):
        global velocity
        config = config or {}
        velocity = config.get("momentum", 0.9) * velocity - config.get("learning_rate", 1e-2) * dw
        return w + velocity, config
""",
    meaning=(r"global", r"velocity .*config", r"config", r"other parameters", r"remember"),
    names=("velocity_not_stored",),
)

wrong(
    "sgd_momentum",
    "velocity_of_the_first_axis",
    """
    def sgd_momentum(w, dw, config=None):
        if config is None: config = {}
        v = config.get("velocity", np.zeros(w.shape[0]))
        v = config.get("momentum", 0.9) * v - config.get("learning_rate", 1e-2) * dw
        config["velocity"] = v
        return w + v, config
""",
    meaning=(r"shape of w", r"zeros", r"broadcast", r"shape"),
)

wrong(
    "sgd_momentum",
    "gradient_stored_as_velocity",
    """
    def sgd_momentum(w, dw, config=None):
        if config is None: config = {}
        mu, lr = config.get("momentum", 0.9), config.get("learning_rate", 1e-2)
        v = mu * config.get("velocity", np.zeros_like(w)) - lr * dw
        config["velocity"] = dw
        return w + v, config
""",
    meaning=(r"gradient is stored", r"velocity .*(overwritten|gradient)"),
    names=("velocity_overwritten",),
)

wrong(
    "sgd_momentum",
    "momentum_grows_with_the_step",
    """
    def sgd_momentum(w, dw, config=None):
        if config is None: config = {}
        config["step"] = config.get("step", 0) + 1
        mu = min(config.get("momentum", 0.9), 1 - 1 / (config["step"] + 2))
        v = mu * config.get("velocity", 0) - config.get("learning_rate", 1e-2) * dw
        config["velocity"] = v
        return w + v, config
""",
    meaning=(r"momentum", r"μ"),
)

right(
    "sgd_momentum",
    "velocity_starts_as_the_number_zero",
    """
    def sgd_momentum(w, dw, config=None):
        if config is None: config = {}
        mu, lr = config.get("momentum", .9), config.get("learning_rate", .01)
        config["velocity"] = mu * config.get("velocity", 0.) - lr * dw
        return w + config["velocity"], config
""",
)

right(
    "sgd_momentum",
    "all_in_place",
    """
    def sgd_momentum(w, dw, config=None):
        if config is None:
            config = {}
        config.setdefault("learning_rate", 1e-2)
        config.setdefault("momentum", 0.9)
        v = config.setdefault("velocity", np.zeros_like(w))
        v *= config["momentum"]
        v -= config["learning_rate"] * dw
        w += v
        return w, config
""",
)

# ---------------------------------------------------------- sgd_momentum_ema

wrong(
    "sgd_momentum_ema",
    "beta_written_as_a_number",
    """
    def sgd_momentum_ema(w, dw, config=None):
        if config is None: config = {}
        lr = config.get("learning_rate", 1e-2)
        v = config.get("velocity", np.zeros_like(w))
        v = 0.9 * v + 0.1 * dw
        config["velocity"] = v
        return w - lr * v, config
""",
    meaning=(r"(β|beta|0\.9).*(ignored|config|fixed|hard-coded|given)", r"(ignored|fixed|hard-coded).*(β|beta)"),
)

wrong(
    "sgd_momentum_ema",
    "beta_looked_up_as_momentum",
    """
    def sgd_momentum_ema(w, dw, config=None):
        config = dict(config or {})
        beta = config.get("momentum", 0.9)
        v = beta * config.get("velocity", 0) + (1 - beta) * dw
        config["velocity"] = v
        return w - config.get("learning_rate", 1e-2) * v, config
""",
    meaning=(
        r"(β|beta|0\.9).*(ignored|config|fixed|hard-coded|key|given)",
        r"(ignored|fixed|hard-coded|key).*(β|beta)",
    ),
)

wrong(
    "sgd_momentum_ema",
    "adam_habit",
    """
    def sgd_momentum_ema(w, dw, config=None):
        config = {"learning_rate": 1e-2, "beta": 0.9, "t": 0, **(config or {})}
        config["t"] += 1
        v = config["beta"] * config.get("velocity", 0) + (1 - config["beta"]) * dw
        config["velocity"] = v
        v_hat = v / (1 - config["beta"] ** config["t"])
        return w - config["learning_rate"] * v_hat, config
""",
    meaning=(r"correct", r"start from zero", r"Adam"),
    names=("bias_corrected",),
)

wrong(
    "sgd_momentum_ema",
    "sum_of_gradients",
    """
    def sgd_momentum_ema(w, dw, config=None):
        if config is None: config = {}
        lr = config.setdefault("learning_rate", 1e-2)
        beta = config.setdefault("beta", 0.9)
        v = config.get("velocity", np.zeros_like(w))
        config["velocity"] = beta * v + dw
        return w - lr * config["velocity"], config
""",
    meaning=(r"1 - β", r"1 - beta", r"sum, not an average", r"10 times"),
    names=("sum_instead",),
)

wrong(
    "sgd_momentum_ema",
    "betas_turned_around",
    """
    def sgd_momentum_ema(w, dw, config=None):
        c = {"learning_rate": 0.01, "beta": 0.9} if config is None else {"learning_rate": 0.01, "beta": 0.9, **config}
        v = c.get("velocity", np.zeros_like(dw))
        v = (1 - c["beta"]) * v + c["beta"] * dw
        c["velocity"] = v
        return w - c["learning_rate"] * v, c
""",
    meaning=(r"changed places", r"swapped", r"past"),
    names=("weights_swapped",),
)

wrong(
    "sgd_momentum_ema",
    "copied_from_classical",
    """
    def sgd_momentum_ema(w, dw, config=None):
        if config is None: config = {}
        config.setdefault("learning_rate", 1e-2)
        config.setdefault("beta", 0.9)
        v = config.get("velocity", np.zeros_like(w))
        v = config["beta"] * v - config["learning_rate"] * dw
        w += v
        config["velocity"] = v
        return w, config
""",
    meaning=(r"classical", r"average of (the )?gradients", r"1 - β"),
    names=("classical_instead",),
)

right(
    "sgd_momentum_ema",
    "lerp",
    """
    def lerp(a, b, t):
        return a + t * (b - a)

    def sgd_momentum_ema(w, dw, config=None):
        cfg = {"learning_rate": 1e-2, "beta": 0.9, "velocity": np.zeros_like(w)}
        cfg.update(config or {})
        cfg["velocity"] = lerp(cfg["velocity"], dw, 1 - cfg["beta"])
        return w - cfg["learning_rate"] * cfg["velocity"], cfg
""",
)

right(
    "sgd_momentum_ema",
    "element_by_element",
    """
    def sgd_momentum_ema(w, dw, config=None):
        config = config if config is not None else {}
        eta, beta = config.get("learning_rate", 1e-2), config.get("beta", 0.9)
        v = np.array(config.get("velocity", np.zeros(w.shape)), dtype=float)
        new = np.empty(w.shape)
        for i in np.ndindex(w.shape):
            v[i] = beta * v[i] + (1 - beta) * dw[i]
            new[i] = w[i] - eta * v[i]
        config["velocity"] = v
        return new, config
""",
)


# ------------------------------------------------------------------ nesterov

wrong(
    "nesterov",
    "classical_again",
    """
    def nesterov(w, dw, config=None):
        if config is None: config = {}
        mu = config.setdefault("momentum", 0.9)
        v = config.get("velocity", np.zeros_like(w))
        v = mu * v - config.setdefault("learning_rate", 1e-2) * dw
        config["velocity"] = v
        return w + v, config
""",
    meaning=(r"classical", r"ahead"),
    names=("classical_instead",),
)

wrong(
    "nesterov",
    "ahead_with_the_old_velocity",
    """
    def nesterov(w, dw, config=None):
        config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": 0 * w} | (config or {})
        lr, mu, v_old = config["learning_rate"], config["momentum"], config["velocity"]
        config["velocity"] = mu * v_old - lr * dw
        next_w = w + mu * v_old - lr * dw
        return next_w, config
""",
    meaning=(r"old velocity", r"new (one|velocity)", r"classical"),
    names=("old_velocity", "classical_instead"),
)

wrong(
    "nesterov",
    "sign_of_the_old_velocity",
    """
    def nesterov(w, dw, config=None):
        if config is None: config = {}
        lr, mu = config.get("learning_rate", 1e-2), config.get("momentum", 0.9)
        v_prev = config.get("velocity", np.zeros_like(w))
        v = mu * v_prev - lr * dw
        config["velocity"] = v
        return w + mu * v_prev + (1 + mu) * v, config
""",
    meaning=(r"sign", r"old velocity.*(subtract|minus)"),
)

wrong(
    "nesterov",
    "library_convention_nesterov",
    """
    def nesterov(w, dw, config=None):
        if config is None: config = {}
        lr, mu = config.get("learning_rate", 1e-2), config.get("momentum", 0.9)
        buf = config.get("velocity", np.zeros_like(w))
        buf = mu * buf + dw
        config["velocity"] = buf
        return w - lr * (dw + mu * buf), config
""",
    meaning=PYTORCH,
)

wrong(
    "nesterov",
    "gradient_only_in_the_velocity",
    """
    def nesterov(w, dw, config=None):
        c = dict(learning_rate=1e-2, momentum=0.9)
        c.update(config or {})
        v = c["momentum"] * c.get("velocity", 0) - c["learning_rate"] * dw
        c["velocity"] = v
        return w + c["momentum"] * v, c
""",
    meaning=(r"gradient is missing", r"without the gradient", r"gradient .*step"),
    names=("gradient_left_out",),
)

wrong(
    "nesterov",
    "formula_misremembered",
    """
    def nesterov(w, dw, config=None):
        if config is None: config = {}
        lr, mu = config.get("learning_rate", 1e-2), config.get("momentum", 0.9)
        v = config.get("velocity", np.zeros_like(w))
        g = dw + mu * mu * v
        v = mu * v - lr * g
        config["velocity"] = v
        return w + (1 + mu * mu) * v - lr * mu * dw, config
""",
)

right(
    "nesterov",
    "two_velocities_formula",
    """
    def nesterov(w, dw, config=None):
        if config is None: config = {}
        lr, mu = config.get("learning_rate", 1e-2), config.get("momentum", 0.9)
        v_prev = config.get("velocity", np.zeros_like(w))
        v = mu * v_prev - lr * dw
        w += -mu * v_prev + (1 + mu) * v
        config["velocity"] = v
        return w, config
""",
)

right(
    "nesterov",
    "in_two_steps",
    """
    def nesterov(w, dw, config=None):
        if config is None: config = {}
        lr = config.setdefault("learning_rate", 1e-2)
        mu = config.setdefault("momentum", 0.9)
        v = config.setdefault("velocity", np.zeros_like(w))
        v *= mu
        v -= lr * dw
        w -= lr * dw
        w += mu * v
        return w, config
""",
)


# ---------------------------------------------------------------------- adam

T_TOO_LARGE = (
    r"\bt\b.*(one too (large|many|far)|twice|ahead|starts at 1|too large)",
    r"counted twice",
    r"one step (ahead|too)",
    r"t ?\+ ?1",
    r"t is \d+",
    r"starts? (at|from) (0|1)",
)

wrong(
    "adam",
    "t_starts_at_one_and_is_increased",
    """
    def adam(w, dw, config=None):
        if config is None: config = {}
        config.setdefault("learning_rate", 1e-3)
        config.setdefault("beta1", 0.9)
        config.setdefault("beta2", 0.999)
        config.setdefault("epsilon", 1e-8)
        config.setdefault("m", np.zeros_like(w))
        config.setdefault("v", np.zeros_like(w))
        config.setdefault("t", 1)

        config["t"] += 1
        config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
        config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw ** 2
        m_hat = config["m"] / (1 - config["beta1"] ** config["t"])
        v_hat = config["v"] / (1 - config["beta2"] ** config["t"])
        next_w = w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])
        return next_w, config
""",
    meaning=T_TOO_LARGE,
)

wrong(
    "adam",
    "plus_one_in_the_exponent_too",
    """
    def adam(w, dw, config=None):
        c = {"learning_rate": 1e-3, "beta1": .9, "beta2": .999, "epsilon": 1e-8, "m": 0., "v": 0., "t": 0, **(config or {})}
        c["t"] += 1
        c["m"] = c["beta1"] * c["m"] + (1 - c["beta1"]) * dw
        c["v"] = c["beta2"] * c["v"] + (1 - c["beta2"]) * dw * dw
        mt = c["m"] / (1 - c["beta1"] ** (c["t"] + 1))
        vt = c["v"] / (1 - c["beta2"] ** (c["t"] + 1))
        return w - c["learning_rate"] * mt / (np.sqrt(vt) + c["epsilon"]), c
""",
    meaning=T_TOO_LARGE,
)

wrong(
    "adam",
    "uncorrected",
    """
    def adam(w, dw, config=None):
        if config is None: config = {}
        lr = config.get("learning_rate", 1e-3)
        b1, b2, eps = config.get("beta1", 0.9), config.get("beta2", 0.999), config.get("epsilon", 1e-8)
        m, v = config.get("m", np.zeros_like(w)), config.get("v", np.zeros_like(w))
        config["t"] = config.get("t", 0) + 1
        m = b1 * m + (1 - b1) * dw
        v = b2 * v + (1 - b2) * (dw ** 2)
        w += -lr * m / (np.sqrt(v) + eps)
        config["m"], config["v"] = m, v
        return w, config
""",
    meaning=(r"correct", r"start from zero"),
    names=("no_bias_correction",),
)

wrong(
    "adam",
    "epsilon_under_the_root",
    """
    def adam(w, dw, config=None):
        config = config or {}
        b1, b2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
        t = config.get("t", 0) + 1
        m = b1 * config.get("m", 0) + (1 - b1) * dw
        v = b2 * config.get("v", 0) + (1 - b2) * dw ** 2
        mh, vh = m / (1 - b1 ** t), v / (1 - b2 ** t)
        w = w - config.get("learning_rate", 1e-3) * mh / np.sqrt(vh + config.get("epsilon", 1e-8))
        config.update(m=m, v=v, t=t)
        return w, config
""",
    meaning=(r"(epsilon|ε).*root", r"root.*(epsilon|ε)"),
    names=("epsilon_inside_root",),
)

wrong(
    "adam",
    "counted_at_the_end",
    """
    def adam(w, dw, config=None):
        keys = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 0}
        config = {**keys, "m": np.zeros_like(w), "v": np.zeros_like(w), **(config or {})}
        lr, b1, b2, eps, t = [config[k] for k in keys]
        m = b1 * config["m"] + (1 - b1) * dw
        v = b2 * config["v"] + (1 - b2) * dw * dw
        m_hat = m / (1 - b1 ** t)
        v_hat = v / (1 - b2 ** t)
        config["m"], config["v"], config["t"] = m, v, t + 1
        return w - lr * m_hat / (np.sqrt(v_hat) + eps), config
""",
    meaning=(r"after it is used", r"divid\w+ by (0|zero)", r"ZeroDivision", r"count the step first", r"NaN"),
    names=("counted_after_use",),
)

wrong(
    "adam",
    "t_never_stored",
    """
    def adam(w, dw, config=None):
        if config is None: config = {}
        b1, b2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
        t = config.get("t", 0)
        t += 1
        config["m"] = b1 * config.get("m", 0) + (1 - b1) * dw
        config["v"] = b2 * config.get("v", 0) + (1 - b2) * dw ** 2
        m = config["m"] / (1 - b1 ** t)
        v = config["v"] / (1 - b2 ** t)
        return w - config.get("learning_rate", 1e-3) * m / (np.sqrt(v) + config.get("epsilon", 1e-8)), config
""",
    meaning=(r"\bt\b.*(not (kept|stored|counted)|config)", r"counts as the first", r"KeyError"),
    names=("steps_not_counted",),
)

wrong(
    "adam",
    "betas_and_epsilon_as_numbers",
    """
    def adam(w, dw, config=None):
        if config is None:
            config = {"m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0}
        config.setdefault("m", np.zeros_like(w))
        config.setdefault("v", np.zeros_like(w))
        config["t"] = config.get("t", 0) + 1
        lr = config.get("learning_rate", 1e-3)
        config["m"] = 0.9 * config["m"] + 0.1 * dw
        config["v"] = 0.999 * config["v"] + 0.001 * dw ** 2
        mh = config["m"] / (1 - 0.9 ** config["t"])
        vh = config["v"] / (1 - 0.999 ** config["t"])
        return w - lr * mh / (np.sqrt(vh) + 1e-8), config
""",
    meaning=(
        r"(beta|β|epsilon|settings).*(ignored|config|fixed|hard-coded|given)",
        r"(ignored|fixed|hard-coded).*(beta|β|epsilon|settings)",
    ),
)

wrong(
    "adam",
    "beta_times_t",
    """
    def adam(w, dw, config=None):
        c = {"learning_rate": 1e-3, "beta1": .9, "beta2": .999, "epsilon": 1e-8, "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0}
        if config: c.update(config)
        c["t"] += 1
        c["m"] = c["beta1"] * c["m"] + (1 - c["beta1"]) * dw
        c["v"] = c["beta2"] * c["v"] + (1 - c["beta2"]) * dw ** 2
        mb = c["m"] / (1 - c["beta1"] * c["t"])
        vb = c["v"] / (1 - c["beta2"] * c["t"])
        return w - c["learning_rate"] * mb / (np.sqrt(vb) + c["epsilon"]), c
""",
    meaning=(r"power", r"\*\*", r"times t", r"to the t"),
)

wrong(
    "adam",
    "corrected_averages_kept",
    """
    def adam(w, dw, config=None):
        if config is None: config = {}
        b1, b2 = config.setdefault("beta1", .9), config.setdefault("beta2", .999)
        config["t"] = config.get("t", 0) + 1
        config["m"] = (b1 * config.get("m", 0) + (1 - b1) * dw) / (1 - b1 ** config["t"])
        config["v"] = (b2 * config.get("v", 0) + (1 - b2) * dw ** 2) / (1 - b2 ** config["t"])
        step = config["m"] / (np.sqrt(config["v"]) + config.setdefault("epsilon", 1e-8))
        return w - config.setdefault("learning_rate", 1e-3) * step, config
""",
    meaning=(r"corrected .*(stored|kept)", r"this step only"),
    names=("corrected_stored",),
)

wrong(
    "adam",
    "no_root_of_v",
    """
    def adam(w, dw, config=None):
        if config is None: config = {}
        b1, b2 = config.get("beta1", .9), config.get("beta2", .999)
        t = config.get("t", 0) + 1
        m = b1 * config.get("m", 0) + (1 - b1) * dw
        v = b2 * config.get("v", 0) + (1 - b2) * dw ** 2
        config["m"], config["v"], config["t"] = m, v, t
        w = w - config.get("learning_rate", 1e-3) * (m / (1 - b1 ** t)) / (v / (1 - b2 ** t) + config.get("epsilon", 1e-8))
        return w, config
""",
    meaning=(r"\broot\b",),
    names=("root_missing",),
)

wrong(
    "adam",
    "running_maximum_and_decay",
    """
    def adam(w, dw, config=None):
        c = {"learning_rate": 1e-3, "beta1": .9, "beta2": .999, "epsilon": 1e-8, "m": 0., "v": 0., "t": 0, "vmax": 0., **(config or {})}
        c["t"] += 1
        g = dw + 1e-2 * w
        c["m"] = c["beta1"] * c["m"] + (1 - c["beta1"]) * g
        c["v"] = c["beta2"] * c["v"] + (1 - c["beta2"]) * g * g
        c["vmax"] = np.maximum(c["vmax"], c["v"])
        step = c["m"] / (1 - c["beta1"] ** c["t"]) / (np.sqrt(c["vmax"]) + c["epsilon"])
        return w - c["learning_rate"] * step, c
""",
)

right(
    "adam",
    "efficient_form_of_the_paper",
    """
    def adam(w, dw, config=None):
        if config is None: config = {}
        a = config.setdefault("learning_rate", 1e-3)
        b1 = config.setdefault("beta1", 0.9)
        b2 = config.setdefault("beta2", 0.999)
        eps = config.setdefault("epsilon", 1e-8)
        config["t"] = t = config.get("t", 0) + 1
        config["m"] = b1 * config.get("m", np.zeros_like(w)) + (1 - b1) * dw
        config["v"] = b2 * config.get("v", np.zeros_like(w)) + (1 - b2) * dw ** 2
        a_t = a * np.sqrt(1 - b2 ** t) / (1 - b1 ** t)
        return w - a_t * config["m"] / (np.sqrt(config["v"]) + eps), config
""",
    costs=0.2,  # one small block asks where epsilon is
)

right(
    "adam",
    "one_letter_names",
    """
    def adam(w, dw, config=None):
        c = config or {}
        g, a, p, q, e = dw, c.get("learning_rate", 1e-3), c.get("beta1", .9), c.get("beta2", .999), c.get("epsilon", 1e-8)
        m, v, t = c.get("m", 0 * w), c.get("v", 0 * w), c.get("t", 0) + 1
        m = p * m + (1 - p) * g
        v = q * v + (1 - q) * np.power(g, 2)
        M = m / (1 - p ** t); V = v / (1 - q ** t)
        c["m"] = m; c["v"] = v; c["t"] = t
        return w - a * M / (V ** .5 + e), c
""",
)


# ------------------------------------------------------------------- rmsprop

wrong(
    "rmsprop",
    "running_sum_of_squares",
    """
    def rmsprop(w, dw, config=None):
        if config is None: config = {}
        config.setdefault("learning_rate", 1e-2)
        config.setdefault("decay_rate", 0.99)
        config.setdefault("epsilon", 1e-8)
        config.setdefault("cache", np.zeros_like(w))
        config["cache"] += dw ** 2
        return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config
""",
    meaning=(r"AdaGrad", r"added up", r"sum"),
    names=("sum_instead", "factor_missing"),
)

wrong(
    "rmsprop",
    "no_square_root",
    """
    def rmsprop(w, dw, config=None):
        c = dict(config or {})
        lr, rho, eps = c.get("learning_rate", 1e-2), c.get("decay_rate", 0.99), c.get("epsilon", 1e-8)
        s = rho * c.get("cache", 0 * w) + (1 - rho) * dw * dw
        c["cache"] = s
        w_new = w - lr * dw / (s + eps)
        return w_new, c
""",
    meaning=(r"root",),
    names=("root_missing",),
)

wrong(
    "rmsprop",
    "always_the_usual_decay",
    """
    def rmsprop(w, dw, config=None):
        if config is None: config = {}
        eta, eps = config.get("learning_rate", 0.01), config.get("epsilon", 1e-8)
        old = config.get("cache", np.zeros(w.shape))
        new = 0.9 * old + 0.1 * np.square(dw)
        config["cache"] = new
        return w - eta * dw / (new ** 0.5 + eps), config
""",
    meaning=(r"hard-coded",),
    names=("decay_ignored",),
)

right(
    "rmsprop",
    "step_by_step",
    """
    def rmsprop(w, dw, config=None):
        if config is None: config = {}
        lr = config.setdefault("learning_rate", 1e-2)
        rho = config.setdefault("decay_rate", 0.99)
        eps = config.setdefault("epsilon", 1e-8)
        cache = config.setdefault("cache", np.zeros_like(w))
        cache = rho * cache + (1 - rho) * dw ** 2
        rms = np.sqrt(cache)
        next_w = w - lr * (dw / (rms + eps))
        config["cache"] = cache
        return next_w, config
""",
)
