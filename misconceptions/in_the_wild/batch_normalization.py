"""Student answers to 08_batch_normalization."""

from misconceptions.in_the_wild.sample import Notebook, edited

notebook = Notebook("08_batch_normalization")
wrong, right = notebook.wrong, notebook.right
SAMPLES = notebook.samples

# --------------------------------------------------------- batchnorm_forward

# F: the usual skeleton of a course, filled in; a long tuple for a cache
F = """
    def batchnorm_forward(x, gamma, beta, bn_param):
        mode = bn_param["mode"]
        eps = bn_param.get("eps", 1e-5)
        momentum = bn_param.get("momentum", 0.9)

        N, D = x.shape
        running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
        running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))

        out, cache = None, None
        if mode == "train":
            mu = np.mean(x, axis=0)
            var = np.var(x, axis=0)
            std = np.sqrt(var + eps)
            x_hat = (x - mu) / std
            out = gamma * x_hat + beta
            running_mean = momentum * running_mean + (1 - momentum) * mu
            running_var = momentum * running_var + (1 - momentum) * var
            cache = (x, x_hat, mu, var, std, gamma, beta, eps)
        elif mode == "test":
            x_hat = (x - running_mean) / np.sqrt(running_var + eps)
            out = gamma * x_hat + beta
        else:
            raise ValueError('Invalid forward batchnorm mode "%s"' % mode)

        bn_param["running_mean"] = running_mean
        bn_param["running_var"] = running_var
        return out, cache
"""
F_BACKWARD = """
    def batchnorm_backward(dout, cache):
        x, x_hat, mu, var, std, gamma, beta, eps = cache
        N = x.shape[0]
        dbeta = np.sum(dout, axis=0)
        dgamma = np.sum(dout * x_hat, axis=0)
        dx_hat = dout * gamma
        dvar = np.sum(dx_hat * (x - mu) * -0.5 * (var + eps) ** (-1.5), axis=0)
        dmu = np.sum(-dx_hat / std, axis=0) + dvar * np.mean(-2 * (x - mu), axis=0)
        dx = dx_hat / std + dvar * 2 * (x - mu) / N + dmu / N
        return dx, dgamma, dbeta
"""
WITH_F = {"batchnorm_backward": F_BACKWARD}

TEST_MODE_SCALE = (r"test mode.*(gamma|beta|scale|shift)", r"(gamma|beta|scale|shift)\w*.*test mode")
EPS_TEST = (r"(eps|ε).*(root|test|forgotten|missing|reaches|never|not used)", r"test mode.*(eps|ε)")

right("batchnorm_forward", "skeleton_filled_in", F, together_with=WITH_F)

wrong(
    "batchnorm_forward",
    "only_the_skeleton",
    edited(
        F,
        (
            """            mu = np.mean(x, axis=0)
            var = np.var(x, axis=0)
            std = np.sqrt(var + eps)
            x_hat = (x - mu) / std
            out = gamma * x_hat + beta
            running_mean = momentum * running_mean + (1 - momentum) * mu
            running_var = momentum * running_var + (1 - momentum) * var
            cache = (x, x_hat, mu, var, std, gamma, beta, eps)
""",
            "            # TODO\n            pass\n",
        ),
        (
            """            x_hat = (x - running_mean) / np.sqrt(running_var + eps)
            out = gamma * x_hat + beta
""",
            "            pass\n",
        ),
    ),
    meaning=(r"None", r"nothing", r"not (yet )?(computed|done|implemented)", r"no output", r"blank", r"empty"),
)

wrong(
    "batchnorm_forward",
    "returns_the_placeholders",
    """
    def batchnorm_forward(x, gamma, beta, bn_param):
        mode, eps, momentum = bn_param["mode"], bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
        running_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
        running_var = bn_param.get("running_var", np.zeros(x.shape[1]))
        out = cache = None
        # YOUR CODE HERE
        bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
        return out, cache
""",
    meaning=(r"None", r"nothing", r"not (yet )?(computed|done|implemented)", r"no output", r"blank", r"empty"),
)

wrong(
    "batchnorm_forward",
    "epsilon_outside",
    edited(
        F,
        ("std = np.sqrt(var + eps)", "std = np.sqrt(var) + eps"),
        ("np.sqrt(running_var + eps)", "(np.sqrt(running_var) + eps)"),
    ),
    meaning=(r"(eps|ε).*root", r"root.*(eps|ε)"),
    names=("eps_outside_root",),
    together_with=WITH_F,
)

wrong(
    "batchnorm_forward",
    "epsilon_missing_in_test_mode",
    edited(F, ("np.sqrt(running_var + eps)", "np.sqrt(running_var)")),
    meaning=EPS_TEST,
    together_with=WITH_F,
)

wrong(
    "batchnorm_forward",
    "epsilon_outside_in_test_mode",
    edited(
        F,
        (
            "x_hat = (x - running_mean) / np.sqrt(running_var + eps)",
            "x_hat = (x - running_mean) / (np.sqrt(running_var) + eps)",
        ),
    ),
    meaning=EPS_TEST,
    together_with=WITH_F,
)

wrong(
    "batchnorm_forward",
    "test_mode_only_normalizes",
    edited(
        F,
        (
            """            x_hat = (x - running_mean) / np.sqrt(running_var + eps)
            out = gamma * x_hat + beta
""",
            "            out = (x - running_mean) / np.sqrt(running_var + eps)\n",
        ),
    ),
    meaning=TEST_MODE_SCALE,
    together_with=WITH_F,
)

wrong(
    "batchnorm_forward",
    "early_return_in_test_mode",
    """
    def batchnorm_forward(x, gamma, beta, bn_param):
        if bn_param["mode"] == "test":
            z = (x - bn_param["running_mean"]) * (bn_param["running_var"] + bn_param.get("eps", 1e-5)) ** -0.5
            return z, None
        eps, m = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
        mu, var = x.mean(0), x.var(0)
        bn_param["running_mean"] = m * bn_param.get("running_mean", 0) + (1 - m) * mu
        bn_param["running_var"] = m * bn_param.get("running_var", 0) + (1 - m) * var
        std = np.sqrt(var + eps)
        z = (x - mu) / std
        return gamma * z + beta, (z, gamma, std)
""",
    meaning=TEST_MODE_SCALE,
)

wrong(
    "batchnorm_forward",
    "running_values_stay_local",
    edited(
        F,
        ('        bn_param["running_mean"] = running_mean\n        bn_param["running_var"] = running_var\n', ""),
    ),
    meaning=(r"not (written|stored|kept)", r"bn_param", r"next call"),
    names=("running_not_stored",),
    together_with=WITH_F,
)

wrong(
    "batchnorm_forward",
    "new_dictionary",
    """
    def batchnorm_forward(x, gamma, beta, bn_param):
        bn_param = dict(bn_param)
        eps, m = bn_param.setdefault("eps", 1e-5), bn_param.setdefault("momentum", 0.9)
        rm = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
        rv = bn_param.setdefault("running_var", np.zeros(x.shape[1]))
        if bn_param["mode"] == "train":
            mu, var = x.mean(axis=0), x.var(axis=0)
            bn_param["running_mean"] = m * rm + (1 - m) * mu
            bn_param["running_var"] = m * rv + (1 - m) * var
        else:
            mu, var = rm, rv
        s = np.sqrt(var + eps)
        xh = (x - mu) / s
        return gamma * xh + beta, (xh, gamma, s)
""",
    meaning=(r"not (written|stored|kept)", r"bn_param", r"next call", r"copy of"),
    names=("running_not_stored",),
)

wrong(
    "batchnorm_forward",
    "momentum_of_a_library",
    edited(
        F,
        ("momentum * running_mean + (1 - momentum) * mu", "(1 - momentum) * running_mean + momentum * mu"),
        ("momentum * running_var + (1 - momentum) * var", "(1 - momentum) * running_var + momentum * var"),
    ),
    meaning=(
        r"momentum (weighs|is applied to) the new",
        r"share of the old",
        r"momentum.*(swapped|turned|other way|changed places)",
    ),
    names=("momentum_swapped",),
    together_with=WITH_F,
)

wrong(
    "batchnorm_forward",
    "batch_statistics_always",
    """
    def batchnorm_forward(x, gamma, beta, bn_param):
        eps = bn_param.get("eps", 1e-5)
        m = bn_param.get("momentum", 0.9)
        mean = x.mean(axis=0)
        var = ((x - mean) ** 2).mean(axis=0)
        x_norm = (x - mean) / np.sqrt(var + eps)
        if bn_param["mode"] == "train":
            bn_param["running_mean"] = m * bn_param.get("running_mean", np.zeros_like(mean)) + (1 - m) * mean
            bn_param["running_var"] = m * bn_param.get("running_var", np.zeros_like(var)) + (1 - m) * var
        return gamma * x_norm + beta, (x_norm, gamma, np.sqrt(var + eps))
""",
    meaning=(r"batch's own", r"running ones", r"test mode.*(batch|running)"),
    names=("batch_statistics_in_test_mode",),
)

wrong(
    "batchnorm_forward",
    "variance_with_ddof_one",
    edited(
        F,
        ("var = np.var(x, axis=0)", "var = np.var(x, axis=0, ddof=1)"),
    ),
    meaning=(r"N ?- ?1",),
    names=("unbiased_variance",),
    together_with=WITH_F,
)

wrong(
    "batchnorm_forward",
    "sum_instead_of_mean_variance",
    edited(
        F,
        ("var = np.var(x, axis=0)", "var = np.sum((x - mu) ** 2, axis=0)"),
    ),
    meaning=(r"variance.*(sum|mean|divid|N\b)", r"N times", r"(mean|divid\w+).*variance"),
    together_with=WITH_F,
)

wrong(
    "batchnorm_forward",
    "running_values_start_at_ones",
    edited(
        F,
        (
            'bn_param.get("running_var", np.zeros(D, dtype=x.dtype))',
            'bn_param.get("running_var", np.ones(D, dtype=x.dtype))',
        ),
    ),
    meaning=(r"start", r"zeros"),
    names=("running_variance_starts_at_one",),
    together_with=WITH_F,
)

wrong(
    "batchnorm_forward",
    "in_place_without_a_root",
    """
    def batchnorm_forward(x, gamma, beta, bn_param):
        eps, m = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
        rm, rv = bn_param.get("running_mean", 0 * beta), bn_param.get("running_var", 0 * beta)
        mu, var = rm, rv
        if bn_param["mode"] == "train":
            mu, var = x.mean(0), x.var(0)
            bn_param["running_mean"], bn_param["running_var"] = m * rm + (1 - m) * mu, m * rv + (1 - m) * var
        x -= mu
        x /= var + eps
        cache = (x.copy(), gamma, var + eps)
        x *= gamma
        x += beta
        return x, cache
""",
    meaning=(r"variance", r"\broot\b", r"standard deviation"),
    names=("no_root",),
)

wrong(
    "batchnorm_forward",
    "corrected_running_variance",
    edited(
        F,
        (
            "momentum * running_var + (1 - momentum) * var",
            "momentum * running_var + (1 - momentum) * var * N / (N - 1)",
        ),
    ),
    meaning=(r"N ?- ?1", r"biased"),
    names=("unbiased_running_variance",),
    together_with=WITH_F,
)

right(
    "batchnorm_forward",
    "keepdims_and_dict_cache",
    """
    def batchnorm_forward(x, gamma, beta, bn_param):
        if bn_param["mode"] == "test":
            inv = 1.0 / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
            return (x - bn_param["running_mean"]) * inv * gamma + beta, {}
        mu = x.mean(axis=0, keepdims=True)
        xc = x - mu
        var = np.mean(xc ** 2, axis=0, keepdims=True)
        inv = 1.0 / np.sqrt(var + bn_param.get("eps", 1e-5))
        d = bn_param.get("momentum", 0.9)
        for key, new in (("running_mean", mu), ("running_var", var)):
            bn_param[key] = d * bn_param.get(key, 0.0) + (1 - d) * new.ravel()
        return gamma * xc * inv + beta, {"xc": xc, "inv": inv, "gamma": gamma}
""",
    together_with={
        "batchnorm_backward": """
    def batchnorm_backward(dout, cache):
        xc, inv, gamma = cache["xc"], cache["inv"], cache["gamma"]
        N = len(dout)
        xhat = xc * inv
        dbeta, dgamma = dout.sum(0), (dout * xhat).sum(0)
        dx = gamma * inv / N * (N * dout - dbeta - xhat * dgamma)
        return dx, dgamma, dbeta
"""
    },
)

right(
    "batchnorm_forward",
    "layer_class_with_state",
    """
    class BN:
        def __init__(self, gamma, beta, p):
            self.gamma, self.beta, self.p = gamma, beta, p

        def fwd(self, x):
            e, a = self.p.get("eps", 1e-5), self.p.get("momentum", 0.9)
            self.p.setdefault("running_mean", np.zeros(x.shape[1]))
            self.p.setdefault("running_var", np.zeros(x.shape[1]))
            if self.p["mode"] == "train":
                self.mu, self.var = x.mean(0), x.var(0)
                self.p["running_mean"] = a * self.p["running_mean"] + (1 - a) * self.mu
                self.p["running_var"] = a * self.p["running_var"] + (1 - a) * self.var
            else:
                self.mu, self.var = self.p["running_mean"], self.p["running_var"]
            self.s = np.sqrt(self.var + e)
            self.xh = (x - self.mu) / self.s
            return self.xh * self.gamma + self.beta

        def bwd(self, g):
            gg = g * self.gamma
            dx = (gg - gg.mean(0) - self.xh * (gg * self.xh).mean(0)) / self.s
            return dx, (g * self.xh).sum(0), g.sum(0)

    def batchnorm_forward(x, gamma, beta, bn_param):
        bn = BN(gamma, beta, bn_param)
        return bn.fwd(x), bn
""",
    together_with={
        "batchnorm_backward": """
    def batchnorm_backward(dout, cache):
        return cache.bwd(dout)
"""
    },
)

# -------------------------------------------------------- batchnorm_backward

BY_F = {"batchnorm_forward": F}
CONSTANTS = (r"direct (way|path)", r"moves the mean", r"mean and (the )?variance", r"constants?", r"through them")

wrong(
    "batchnorm_backward",
    "only_the_direct_path",
    """
    def batchnorm_backward(dout, cache):
        x, x_hat, mu, var, std, gamma, beta, eps = cache
        dgamma = (dout * x_hat).sum(axis=0)
        dbeta = dout.sum(axis=0)
        dx = dout * gamma / std
        return dx, dgamma, dbeta
""",
    meaning=CONSTANTS,
    names=("statistics_taken_as_constants",),
    together_with=BY_F,
)

wrong(
    "batchnorm_backward",
    "minus_a_half_forgotten",
    edited(
        F_BACKWARD,
        ("(x - mu) * -0.5 * (var + eps) ** (-1.5)", "-(x - mu) * (var + eps) ** (-1.5)"),
    ),
    meaning=(
        r"(½|0\.5|half)",
        r"variance .*(twice|double|2 times)",
        r"(twice|double|2 times).*variance",
        r"(way|path) through the variance",
    ),
    together_with=BY_F,
)

wrong(
    "batchnorm_backward",
    "sign_of_the_variance_path",
    edited(
        F_BACKWARD,
        ("(x - mu) * -0.5 * (var + eps) ** (-1.5)", "(x - mu) * 0.5 * (var + eps) ** (-1.5)"),
    ),
    meaning=(r"variance.*sign", r"sign.*variance"),
    names=("variance_path_sign",),
    together_with=BY_F,
)

wrong(
    "batchnorm_backward",
    "mean_path_left_out",
    edited(
        F_BACKWARD,
        (" + dmu / N", ""),
    ),
    meaning=(r"through the mean", r"sum to 0", r"mean .*missing"),
    names=("mean_path_forgotten",),
    together_with=BY_F,
)

wrong(
    "batchnorm_backward",
    "n_forgotten_in_dmu",
    edited(
        F_BACKWARD,
        ("dvar * 2 * (x - mu) / N + dmu / N", "dvar * 2 * (x - mu) / N + dmu"),
    ),
    meaning=(r"mean.*(N\b|divid)", r"not divided by N", r"1/N"),
    together_with=BY_F,
)

wrong(
    "batchnorm_backward",
    "compact_formula_without_n",
    """
    def batchnorm_backward(dout, cache):
        xhat, gamma, std = cache
        N = dout.shape[0]
        dbeta = np.sum(dout, axis=0)
        dgamma = np.sum(xhat * dout, axis=0)
        dx = gamma / std * (dout - dbeta - xhat * dgamma)
        return dx, dgamma, dbeta
""",
    meaning=(r"not divided by N", r"1/N", r"divid\w+ by N"),
    names=("sums_instead_of_means",),
)

wrong(
    "batchnorm_backward",
    "gamma_not_in_dx",
    """
    def batchnorm_backward(dout, cache):
        z, gamma, s = cache
        dgamma, dbeta = np.einsum("nd,nd->d", dout, z), np.einsum("nd->d", dout)
        dx = (dout - dout.mean(0) - z * (dout * z).mean(0)) / s
        return dx, dgamma, dbeta
""",
    meaning=(
        r"gamma is missing",
        r"gamma",
    ),
    names=("gamma_missing",),
)

wrong(
    "batchnorm_backward",
    "dgamma_left_per_example",
    """
    def batchnorm_backward(dout, cache):
        xhat, gamma, std = cache
        m = len(dout)
        dgamma = dout * xhat
        dbeta = dout
        g = dout * gamma
        dx = 1 / (m * std) * (m * g - g.sum(axis=0) - xhat * (g * xhat).sum(axis=0))
        return dx, dgamma, dbeta
""",
    meaning=(r"not summed", r"summed over", r"shape \(D,\)", r"equals an input"),
    names=("dgamma_not_summed",),
)

wrong(
    "batchnorm_backward",
    "dbeta_keepdims",
    """
    def batchnorm_backward(dout, cache):
        xhat, gamma, std = cache
        m = dout.shape[0]
        dbeta = dout.sum(axis=0, keepdims=True)
        dgamma = (dout * xhat).sum(axis=0, keepdims=True)
        dx = gamma / std / m * (m * dout - dbeta - xhat * dgamma)
        return dx, dgamma, dbeta
""",
    meaning=(r"extra axis", r"wrong shape", r"\(1, D\)", r"\(D,\)", r"keepdims"),
)

wrong(
    "batchnorm_backward",
    "means_for_gamma_and_beta",
    """
    def batchnorm_backward(dout, cache):
        xhat, gamma, std = cache
        dgamma = np.mean(dout * xhat, axis=0)
        dbeta = np.mean(dout, axis=0)
        dx = gamma / std * (dout - dbeta - xhat * dgamma)
        return dx, dgamma, dbeta
""",
    meaning=(r"batch size", r"1/N", r"averag"),
    names=("dgamma_averaged", "dbeta_averaged"),
)

wrong(
    "batchnorm_backward",
    "by_hand_from_memory",
    """
    def batchnorm_backward(dout, cache):
        xhat, gamma, std = cache
        m = dout.shape[0]
        dgamma = (dout * xhat).sum(axis=0)
        dbeta = dout.sum(axis=0)
        dx = gamma / (m * std ** 2) * (m * dout - 2 * dbeta - xhat * dgamma ** 2)
        return dx, dgamma, dbeta
""",
)

right(
    "batchnorm_backward",
    "nine_steps_back",
    """
    def batchnorm_backward(dout, cache):
        x, xhat, mu, var, std, gamma, beta, eps = cache
        N, D = dout.shape
        xmu, ivar = x - mu, 1. / std
        dbeta = np.sum(dout, axis=0)              # step 9
        dgammax = dout
        dgamma = np.sum(dgammax * xhat, axis=0)   # step 8
        dxhat = dgammax * gamma
        divar = np.sum(dxhat * xmu, axis=0)       # step 7
        dxmu1 = dxhat * ivar
        dsqrtvar = -1. / std ** 2 * divar         # step 6
        dvar = 0.5 * 1. / std * dsqrtvar          # step 5
        dsq = 1. / N * np.ones((N, D)) * dvar     # step 4
        dxmu2 = 2 * xmu * dsq                     # step 3
        dx1 = dxmu1 + dxmu2                       # step 2
        dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
        dx2 = 1. / N * np.ones((N, D)) * dmu      # step 1
        return dx1 + dx2, dgamma, dbeta           # step 0
""",
    together_with=BY_F,
)

right(
    "batchnorm_backward",
    "loop_over_features",
    """
    def batchnorm_backward(dout, cache):
        xhat, gamma, std = cache
        N, D = dout.shape
        dx, dgamma, dbeta = np.empty_like(dout), [], []
        for j in range(D):
            g = dout[:, j]
            dgamma.append(np.dot(g, xhat[:, j]))
            dbeta.append(sum(g))
            dx[:, j] = gamma[j] / std[j] * (g - dbeta[-1] / N - xhat[:, j] * dgamma[-1] / N)
        return dx, np.array(dgamma), np.array(dbeta)
""",
)

# ----------------------------------------------------------- dropout_forward

DROPS = (
    r"probability to (keep|drop)",
    r"share 1 - p",
    r"1 - p .*kept",
    r"wrong way round",
    r"kept instead of",
)

wrong(
    "dropout_forward",
    "p_is_the_drop_rate",
    """
    def dropout_forward(x, dropout_param):
        p, mode = dropout_param["p"], dropout_param["mode"]
        if "seed" in dropout_param:
            np.random.seed(dropout_param["seed"])
        mask, out = None, None
        if mode == "train":
            mask = (np.random.rand(*x.shape) > p) / (1 - p)
            out = x * mask
        elif mode == "test":
            mask = np.ones_like(x)
            out = x
        return out, mask
""",
    meaning=DROPS,
    names=("p_drops",),
)

wrong(
    "dropout_forward",
    "binomial_of_one_minus_p",
    """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        if dropout_param["mode"] == "test":
            return x, np.ones(x.shape)
        keep = 1.0 - p
        m = np.random.binomial(1, keep, size=x.shape)
        return m * x / keep, m / keep
""",
    meaning=DROPS,
    names=("p_drops",),
)

wrong(
    "dropout_forward",
    "choice_with_weights",
    """
    def dropout_forward(x, dropout_param):
        rng, p = dropout_param["rng"], dropout_param["p"]
        if dropout_param["mode"] != "train":
            return x.copy(), np.ones_like(x)
        mask = rng.choice([0.0, 1.0], size=x.shape, p=[p, 1 - p]) / (1 - p)
        return x * mask, mask
""",
    meaning=DROPS,
    names=("p_drops",),
)

wrong(
    "dropout_forward",
    "greater_than_p",
    """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        mask = np.ones_like(x)
        if dropout_param["mode"] == "train":
            u = dropout_param["rng"].uniform(0, 1, x.shape)
            mask = np.where(u > p, 1, 0) / p
        return x * mask, mask
""",
    meaning=DROPS,
    names=("comparison_turned",),
)

wrong(
    "dropout_forward",
    "indices_set_to_zero",
    """
    def dropout_forward(x, dropout_param):
        mask = np.ones(x.shape)
        if dropout_param["mode"] == "train":
            p = dropout_param["p"]
            n_drop = int(p * x.size)
            idx = np.random.permutation(x.size)[:n_drop]
            flat = mask.reshape(-1)
            flat[idx] = 0
            flat /= 1 - p
        return x * mask, mask
""",
    meaning=DROPS,
    names=("p_drops",),
)

wrong(
    "dropout_forward",
    "plain_mask",
    """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        if dropout_param["mode"] == "train":
            mask = np.random.rand(*x.shape) < p
            out = x * mask
        else:
            mask = np.ones(x.shape)
            out = x * p
        return out, mask
""",
    meaning=(r"not scaled", r"divide by p", r"inverted", r"test mode"),
    names=("not_inverted", "scaled_in_test_mode"),
)

wrong(
    "dropout_forward",
    "scale_forgotten_only",
    """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        mask = None
        if dropout_param["mode"] == "train":
            mask = (dropout_param["rng"].random(x.shape) < p).astype(x.dtype)
            x = x * mask
        return x, mask
""",
    meaning=(r"not scaled", r"divide by p", r"inverted"),
    names=("not_inverted",),
    together_with={
        "dropout_backward": """
    def dropout_backward(dout, cache):
        return dout if cache is None else dout * cache
"""
    },
)

wrong(
    "dropout_forward",
    "matrix_sized_mask",
    """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        N, D = x.shape
        mask = np.ones((N, D))
        if dropout_param["mode"] == "train":
            mask = (np.random.rand(N, D) < p) / p
        return x * mask, mask
""",
    meaning=(
        r"2-D",
        r"any shape",
        r"two (axes|dimensions)",
        r"other shapes?",
        r"number of (axes|dimensions)",
        r"matri(x|ces)",
    ),
)

wrong(
    "dropout_forward",
    "shape_zero_and_one",
    """
    def dropout_forward(x, dropout_param):
        if dropout_param["mode"] == "test":
            return x, 1.0
        p, rng = dropout_param["p"], dropout_param["rng"]
        mask = np.zeros(x.shape)
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                if rng.random() < p:
                    mask[i, j] = 1 / p
        return x * mask, mask
""",
    meaning=(
        r"2-D",
        r"any shape",
        r"two (axes|dimensions|indices)",
        r"other shapes?",
        r"number of (axes|dimensions)",
        r"whole row",
        r"matri(x|ces)",
        r"three",
    ),
)

wrong(
    "dropout_forward",
    "one_mask_for_the_batch",
    """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        if dropout_param["mode"] == "train":
            units = np.random.rand(x.shape[-1]) < p      # drop whole units
            mask = np.tile(units / p, x.shape[:-1] + (1,))
        else:
            mask = np.ones(x.shape)
        return x * mask, mask
""",
    meaning=(r"share one mask", r"each element", r"whole (row|column|unit)", r"element by element"),
    names=("one_mask_for_all_examples",),
)

wrong(
    "dropout_forward",
    "gaussian_draws",
    """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        mask = np.ones_like(x)
        if dropout_param["mode"] == "train":
            mask = (np.random.randn(*x.shape) < p) / p
        return x * mask, mask
""",
    meaning=(r"normal", r"evenly", r"uniform", r"randn"),
    names=("normal_draws",),
)

wrong(
    "dropout_forward",
    "seeded_every_time",
    """
    def dropout_forward(x, dropout_param):
        np.random.seed(0)
        p = dropout_param["p"]
        mask = np.ones(x.shape)
        if dropout_param["mode"] == "train":
            mask = (np.random.random_sample(x.shape) < p) / p
        return x * mask, mask
""",
    meaning=(r"same mask", r"seed", r"fresh"),
    names=("same_mask_at_every_call",),
)

wrong(
    "dropout_forward",
    "no_branch_for_test_mode",
    """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        if dropout_param["mode"] == "train":
            mask = (dropout_param["rng"].random(x.shape) < p) / p
            out = x * mask
        return out, mask
""",
    meaning=(r"test mode", r"UnboundLocal", r"before assignment", r"not associated"),
)

wrong(
    "dropout_forward",
    "mode_never_looked_at",
    """
    def dropout_forward(x, dropout_param):
        keep_prob = dropout_param["p"]
        D = np.random.rand(*x.shape)
        D = D < keep_prob
        A = np.multiply(x, D) / keep_prob
        return A, D / keep_prob
""",
    meaning=(r"test mode",),
    names=("active_in_test_mode",),
)

wrong(
    "dropout_forward",
    "multiplicative_noise",
    """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        noise = np.ones(x.shape)
        if dropout_param["mode"] == "train":
            noise = 1 + np.sqrt((1 - p) / p) * np.random.randn(*x.shape)
        return x * noise, noise
""",
    meaning=(r"normal", r"dropped", r"randn", r"noise"),
)

right(
    "dropout_forward",
    "bernoulli_with_scale_in_a_tuple",
    """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        if dropout_param["mode"] == "test":
            return x, (None, 1.0)
        keep = dropout_param["rng"].binomial(1, p, x.shape).astype(bool)
        out = np.zeros_like(x)
        out[keep] = x[keep] / p
        return out, (keep, p)
""",
    together_with={
        "dropout_backward": """
    def dropout_backward(dout, cache):
        keep, p = cache
        if keep is None:
            return dout
        dout[~keep] = 0
        return dout / p
"""
    },
)

right(
    "dropout_forward",
    "global_rand_on_a_copy",
    """
    def dropout_forward(x, dropout_param):
        out = x.copy()
        mask = np.ones(out.shape)
        if dropout_param["mode"] == "train":
            keep_prob = dropout_param["p"]
            mask[np.random.rand(*out.shape) >= keep_prob] = 0
            mask /= keep_prob
            out *= mask
        return out, mask
""",
)

# ---------------------------------------------------------- dropout_backward

wrong(
    "dropout_backward",
    "straight_through",
    """
    def dropout_backward(dout, cache):
        dx = dout.copy()
        return dx
""",
    meaning=(r"passes everywhere", r"dropped", r"mask", r"equals an input"),
    names=("mask_ignored",),
)

wrong(
    "dropout_backward",
    "boolean_mask_without_scale",
    """
    def dropout_backward(dout, cache):
        mask = cache
        dx = np.zeros_like(dout)
        dx[mask != 0] = dout[mask != 0]
        return dx
""",
    meaning=(r"scale is missing", r"scaled up", r"1/p", r"divid\w+ by p"),
    names=("scale_forgotten",),
)

wrong(
    "dropout_backward",
    "none_in_test_mode",
    """
    def dropout_backward(dout, cache):
        dx = dout * cache
        return dx
""",
    meaning=(r"test mode", r"None"),
    together_with={
        "dropout_forward": """
    def dropout_forward(x, dropout_param):
        mask = None
        out = x
        if dropout_param["mode"] == "train":
            mask = (dropout_param["rng"].random(x.shape) < dropout_param["p"]) / dropout_param["p"]
            out = x * mask
        return out, mask
"""
    },
)

wrong(
    "dropout_backward",
    "drawn_again",
    """
    def dropout_backward(dout, cache):
        p, rng, mode = cache
        if mode == "test":
            return dout
        mask = (rng.random(dout.shape) < p) / p
        return dout * mask
""",
    meaning=(r"mask of its own", r"of the forward pass", r"same mask", r"drawn (again|anew)"),
    names=("another_mask",),
    together_with={
        "dropout_forward": """
    def dropout_forward(x, dropout_param):
        p, rng, mode = dropout_param["p"], dropout_param["rng"], dropout_param["mode"]
        out = x
        if mode == "train":
            mask = (rng.random(x.shape) < p) / p
            out = x * mask
        return out, (p, rng, mode)
"""
    },
)

wrong(
    "dropout_backward",
    "divided_once_more",
    """
    def dropout_backward(dout, cache):
        mask, p = cache
        return dout * mask / p
""",
    meaning=(r"twice", r"already contains", r"once (too often|more)", r"scale"),
    names=("scaled_twice",),
    together_with={
        "dropout_forward": """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        if dropout_param["mode"] == "train":
            mask = (np.random.rand(*x.shape) < p) / p
        else:
            mask, p = np.ones_like(x), 1.0
        return x * mask, (mask, p)
"""
    },
)

right(
    "dropout_backward",
    "where_kept",
    """
    def dropout_backward(dout, cache):
        scale = cache.max()
        return np.where(cache > 0, scale * dout, 0.0)
""",
)

right(
    "dropout_backward",
    "closure_and_in_place",
    """
    def dropout_backward(dout, cache):
        return cache["undo"](dout)
""",
    together_with={
        "dropout_forward": """
    def dropout_forward(x, dropout_param):
        p = dropout_param["p"]
        if dropout_param["mode"] == "train":
            keep = np.random.rand(*x.shape) <= p

            def undo(g):
                g /= p
                g *= keep
                return g

            return x / p * keep, {"undo": undo}
        return x, {"undo": lambda g: g}
"""
    },
)
