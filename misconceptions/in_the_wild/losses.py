"""Student answers to 02_losses."""

from misconceptions.in_the_wild.sample import Notebook

notebook = Notebook("02_losses")
wrong, right = notebook.wrong, notebook.right
SAMPLES = notebook.samples

# ------------------------------------------------------------------ mse_loss

WITH_GRADIENT = r"^(?!.*but the gradient is not:)"  # a loss that is halved beside a right gradient is another mistake
NO_2_OVER_N = (
    r"(2/n|2 ?/ ?n|1/n|n/2)",
    r"(not|never|isn't) divided by (n|N|the number)",
    r"gradient .*not (a |an )?averag",
    rf"{WITH_GRADIENT}.*loss is halved",
    rf"{WITH_GRADIENT}.*½",
    r"half the (number of elements|size)",
)

wrong(
    "mse_loss",
    "half_mean_and_plain_error",
    """
    def mse_loss(x, y):
        e = x - y
        loss = 0.5 * np.mean(e ** 2)
        dx = e
        return loss, dx
""",
    meaning=NO_2_OVER_N,
    names=("mse_gradient_not_averaged",),
)

wrong(
    "mse_loss",
    "one_over_2n_by_hand",
    """
    def mse_loss(x, y):
        n = np.size(x)
        diff = np.subtract(x, y)
        J = 1 / (2 * n) * np.sum(np.square(diff))
        return J, diff
""",
    meaning=NO_2_OVER_N,
    names=("mse_gradient_not_averaged",),
)

wrong(
    "mse_loss",
    "derivative_is_just_the_error",
    """
    def mse_loss(x, y):
        loss = ((x - y) ** 2).mean()
        dx = x - y
        return loss, dx
""",
    meaning=(
        r"(2/n|2 ?/ ?n|n/2)",
        r"(not|never) divided by (n|N|the number)",
        r"half the (number|size)",
        r"(number of elements|n).*(2|half)",
    ),
    names=("mse_gradient_not_averaged",),
)

wrong(
    "mse_loss",
    "error_returned_in_place",
    """
    def mse_loss(x, y):
        x -= y
        loss = np.mean(x * x)
        return loss, x
""",
    meaning=(r"(2/n|2 ?/ ?n|n/2)", r"(not|never) divided by (n|N|the number)", r"half the (number|size)"),
    names=("mse_gradient_not_averaged",),
)

wrong(
    "mse_loss",
    "gradient_over_rows",
    """
    def mse_loss(x, y):
        N = x.shape[0]
        loss = np.mean(np.square(x - y))
        dx = 2.0 * (x - y) / N
        return loss, dx
""",
    meaning=(r"\brows\b", r"every element", r"number of elements", r"columns", r"several (outputs|columns)"),
    names=("mse_divided_by_rows",),
)

wrong(
    "mse_loss",
    "both_over_rows",
    """
    def mse_loss(x, y):
        m = len(y)
        diff = x - y
        loss = (1 / m) * np.sum(diff * diff)
        grad = (2 / m) * diff
        return loss, grad
""",
    meaning=(r"\brows\b", r"every element", r"number of elements", r"columns", r"several (outputs|columns)"),
    names=("mse_divided_by_rows",),
)

wrong(
    "mse_loss",
    "sum_of_squares",
    """
    def mse_loss(x, y):
        diff = (x - y)
        loss = np.sum(diff ** 2)
        dx = 2 * diff
        return loss, dx
""",
    meaning=(r"mean", r"added up", r"divid", r"sum\b"),
    names=("mse_summed",),
)

wrong(
    "mse_loss",
    "root_mean_square",
    """
    def mse_loss(x, y):
        mse = np.mean((x - y) ** 2)
        loss = np.sqrt(mse)
        dx = (x - y) / (x.size * loss)
        return loss, dx
""",
    meaning=(r"\broot\b",),
    names=("mse_rooted",),
)

wrong(
    "mse_loss",
    "norm_over_n",
    """
    def mse_loss(x, y):
        loss = np.linalg.norm(x - y) / x.size
        dx = 2 * (x - y) / x.size
        return loss, dx
""",
    meaning=(r"\broot\b", r"\bnorm\b", r"square"),
)

wrong(
    "mse_loss",
    "two_dropped",
    '''
    def mse_loss(x: np.ndarray, y: np.ndarray) -> tuple:
        """Mean squared error and its gradient."""
        n = x.size
        loss = np.sum((x - y) ** 2) / n
        dx = (x - y) / n
        return loss, dx
''',
    meaning=(r"factor 2", r"2 is missing", r"half", r"0\.5 times", r"derivative of the square"),
    names=("mse_gradient_without_two",),
)

wrong(
    "mse_loss",
    "two_dropped_in_a_loop",
    """
    def mse_loss(x, y):
        loss = 0.0
        dx = np.zeros_like(x)
        for i, (p, t) in enumerate(zip(x.ravel(), y.ravel())):
            loss += (p - t) ** 2
            dx.ravel()[i] = p - t
        return loss / x.size, dx / x.size
""",
    meaning=(r"factor 2", r"2 is missing", r"half", r"0\.5 times", r"derivative of the square"),
    names=("mse_gradient_without_two",),
)

wrong(
    "mse_loss",
    "gradient_not_divided",
    """
    def mse_loss(x, y):
        loss = np.mean((y - x) ** 2)
        return loss, -2 * (y - x)
""",
    meaning=(r"(not|never) (divided|averaged)", r"1/n", r"n times", r"mean"),
    names=("mse_gradient_not_averaged",),
)

wrong(
    "mse_loss",
    "target_minus_prediction",
    """
    def mse_loss(x, y):
        diff = y - x
        loss = np.mean(diff ** 2)
        dx = 2 * diff / diff.size
        return loss, dx
""",
    meaning=(r"sign",),
    names=("mse_gradient_sign_flipped",),
)

wrong(
    "mse_loss",
    "mean_over_axis_zero",
    """
    def mse_loss(x, y):
        loss = np.mean((x - y) ** 2, axis=0)
        dx = 2 * (x - y) / x.shape[0]
        return loss, dx
""",
    meaning=(r"one number", r"axis", r"columns", r"every element", r"\brows\b", r"scalar"),
    names=("mse_divided_by_rows",),
)

wrong(
    "mse_loss",
    "loop_over_rows_only",
    """
    def mse_loss(x, y):
        total = 0
        N = len(x)
        for i in range(N):
            total += (x[i] - y[i]) ** 2
        return total / N, 2 * (x - y) / N
""",
    meaning=(r"one number", r"columns", r"every element", r"\brows\b", r"scalar"),
    names=("mse_divided_by_rows",),
)

wrong(
    "mse_loss",
    "targets_as_a_column",
    """
    def mse_loss(x, y):
        y = y.reshape(-1, 1)
        err = x - y
        return np.mean(err ** 2), 2 * err / err.size
""",
    meaning=(r"broadcast", r"table", r"\(N, N\)", r"column", r"shape of (x|y)"),
    names=("mse_broadcast",),
)

wrong(
    "mse_loss",
    "mean_of_the_gradient",
    """
    def mse_loss(x, y):
        loss = np.square(x - y).mean()
        dx = np.mean(2 * (x - y))
        return loss, dx
""",
    meaning=(r"one number", r"scalar", r"shape of x", r"each (prediction|element)", r"every element"),
)

wrong(
    "mse_loss",
    "absolute_error",
    """
    def mse_loss(x, y):
        loss = np.abs(x - y).mean()
        dx = np.where(x > y, 1, -1) / x.size
        return loss, dx
""",
    meaning=(r"absolute", r"squared"),
    names=("mse_absolute",),
)

wrong(
    "mse_loss",
    "no_reduction",
    """
    def mse_loss(x, y):
        loss = (x - y) ** 2
        dx = 2 * (x - y) / x.size
        return loss, dx
""",
    meaning=(r"one number", r"loss of its own", r"mean", r"scalar", r"per element"),
    names=("mse_one_loss_per_element",),
)

wrong(
    "mse_loss",
    "divided_by_n_minus_one",
    """
    def mse_loss(x, y):
        n = x.size
        r = x - y
        loss = r.ravel() @ r.ravel() / (n - 1)
        return loss, 2 * r / (n - 1)
""",
    meaning=(r"n ?- ?1", r"N ?- ?1"),
)

wrong(
    "mse_loss",
    "log_cosh",
    """
    def mse_loss(x, y):
        d = x - y
        loss = np.mean(np.log(np.cosh(d)))
        return loss, np.tanh(d) / d.size
""",
    meaning=(r"log-?cosh", r"\bsquared?\b"),
)

wrong(
    "mse_loss",
    "outliers_tamed",
    """
    def mse_loss(x, y):
        d = x - y
        small = np.abs(d) < 1
        loss = np.where(small, d ** 2, 2 * np.abs(d) - 1).mean()
        dx = np.where(small, 2 * d, 1.5 * np.sign(d)) / d.size
        return loss, dx
""",
)

right(
    "mse_loss",
    "vdot",
    """
    def mse_loss(x, y):
        r = (x - y).ravel()
        n = r.size
        return np.dot(r, r) / n, (2.0 / n * r).reshape(x.shape)
""",
)

right(
    "mse_loss",
    "zero_dimensional_and_in_place",
    """
    def mse_loss(x, y):
        np.subtract(x, y, out=x)
        loss = np.array(np.average(x ** 2))
        x *= 2
        x /= x.size
        return loss, x
""",
)

right(
    "mse_loss",
    "class_with_call",
    '''
    class MSE:
        """like the one from the lecture"""
        def __call__(self, y_out, y_truth):
            return self.forward(y_out, y_truth), self.backward(y_out, y_truth)

        def forward(self, y_out, y_truth):
            return np.mean((y_out - y_truth) ** 2)

        def backward(self, y_out, y_truth):
            return (y_out - y_truth) * 2 / (y_out - y_truth).size

    mse_loss = MSE()
''',
)

right(
    "mse_loss",
    "two_loops_when_needed",
    """
    def mse_loss(x, y):
        if x.ndim == 1:
            n = len(x)
            loss = sum((x[i] - y[i]) ** 2 for i in range(n)) / n
            dx = np.array([2 * (x[i] - y[i]) / n for i in range(n)])
        else:
            n, m = x.shape
            loss, dx = 0, np.zeros((n, m))
            for i in range(n):
                for j in range(m):
                    loss += (x[i, j] - y[i, j]) ** 2 / (n * m)
                    dx[i, j] = 2 * (x[i, j] - y[i, j]) / (n * m)
        return loss, dx
""",
)

# -------------------------------------------------------------- softmax_loss

OVERFLOW = (r"overflow", r"subtract .*(largest|max)", r"not shifted", r"shift")
LOG_OF_ZERO = (r"log\w* of (0|zero)", r"log\(0\)", r"underflow", r"log\w* is infinite", r"simplify the logarithm")
HIDDEN_ZERO = (
    *LOG_OF_ZERO,
    r"small number",
    r"hide",
    r"stops growing",
    r"clip",
    r"cut off",
    r"added to the probabilit",
)

wrong(
    "softmax_loss",
    "straight_from_the_formula",
    """
    def softmax_loss(x, y):
        N = x.shape[0]
        e = np.exp(x)
        p = e / np.sum(e, axis=1, keepdims=True)
        loss = np.sum(-np.log(p[np.arange(N), y])) / N
        dx = p.copy()
        dx[np.arange(N), y] -= 1
        dx /= N
        return loss, dx
""",
    meaning=(*OVERFLOW, r"NaN"),
    names=("softmax_not_shifted",),
)

wrong(
    "softmax_loss",
    "naive_loops",
    """
    def softmax_loss(x, y):
        loss = 0.0
        dx = np.zeros_like(x)
        n, c = x.shape
        for i in range(n):
            f = x[i]
            s = np.sum(np.exp(f))
            loss += -f[y[i]] + np.log(s)
            for j in range(c):
                dx[i, j] = np.exp(f[j]) / s
                if j == y[i]:
                    dx[i, j] -= 1
        return loss / n, dx / n
""",
    meaning=(*OVERFLOW, r"NaN"),
    names=("softmax_not_shifted",),
)

wrong(
    "softmax_loss",
    "helper_without_shift",
    """
    def softmax(z):
        return np.exp(z) / np.sum(np.exp(z), axis=1).reshape(-1, 1)

    def cross_entropy(p, y):
        return np.mean(-np.log(p[range(len(y)), y]))

    def softmax_loss(x, y):
        p = softmax(x)
        L = cross_entropy(p, y)
        onehot = np.eye(x.shape[1])[y]
        return L, (p - onehot) / y.shape[0]
""",
    meaning=(*OVERFLOW, r"NaN"),
    names=("softmax_not_shifted",),
)

wrong(
    "softmax_loss",
    "global_maximum",
    """
    def softmax_loss(x, y):
        x = x - np.max(x)                      # numerical stability
        e = np.exp(x)
        s = e.sum(axis=1)
        n = len(y)
        loss = np.mean(np.log(s) - x[np.arange(n), y])
        dx = e / s[:, None]
        dx[np.arange(n), y] -= 1
        return loss, dx / n
""",
    meaning=(r"underflow", r"log\w* of 0", r"each row", r"row's", r"same number", r"overall", r"NaN"),
    names=("softmax_shifted_by_overall_maximum",),
)

wrong(
    "softmax_loss",
    "global_maximum_in_place",
    """
    def softmax_loss(x, y):
        x -= x.max()
        p = np.exp(x)
        p /= p.sum(axis=1)[:, np.newaxis]
        N = x.shape[0]
        loss = -np.log(p[list(range(N)), list(y)]).sum() / N
        p[list(range(N)), list(y)] -= 1
        return loss, p / N
""",
    meaning=(*LOG_OF_ZERO, r"each row", r"row's", r"same number", r"overall", r"NaN"),
    names=("softmax_shifted_by_overall_maximum", "softmax_logarithm_of_zero"),
)

wrong(
    "softmax_loss",
    "log_of_the_probability",
    '''
    def softmax_loss(x, y):
        """Softmax cross-entropy and its gradient, stable for scores of any size."""
        probs = np.exp(x - np.max(x, axis=1, keepdims=True))
        probs /= np.sum(probs, axis=1, keepdims=True)
        N = x.shape[0]
        loss = -np.sum(np.log(probs[np.arange(N), y])) / N
        dx = probs.copy()
        dx[np.arange(N), y] -= 1
        dx /= N
        return loss, dx
''',
    meaning=LOG_OF_ZERO,
    names=("softmax_logarithm_of_zero",),
)

wrong(
    "softmax_loss",
    "one_hot_times_log",
    """
    def softmax_loss(x, y):
        n, k = x.shape
        shifted = x - x.max(1)[:, None]
        p = np.exp(shifted) / np.exp(shifted).sum(1)[:, None]
        Y = np.zeros((n, k))
        Y[np.arange(n), y] = 1
        loss = -1 / n * np.sum(Y * np.log(p))
        dx = 1 / n * (p - Y)
        return loss, dx
""",
    meaning=(*LOG_OF_ZERO, r"NaN"),
    names=("softmax_logarithm_of_zero",),
)

wrong(
    "softmax_loss",
    "row_by_row_log",
    """
    def softmax_loss(x, y):
        losses, grads = [], []
        for s, t in zip(x, y):
            e = np.exp(s - max(s))
            p = e / e.sum()
            losses.append(-np.log(p[t]))
            p[t] = p[t] - 1
            grads.append(p)
        return np.mean(losses), np.array(grads) / len(x)
""",
    meaning=LOG_OF_ZERO,
    names=("softmax_logarithm_of_zero",),
)

wrong(
    "softmax_loss",
    "epsilon_in_the_log",
    """
    def softmax_loss(x, y):
        eps = 1e-12
        x = x - x.max(axis=1, keepdims=True)
        p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        n = x.shape[0]
        loss = -np.mean(np.log(p[np.arange(n), y] + eps))
        g = p
        g[np.arange(n), y] -= 1.0
        return loss, g / n
""",
    meaning=HIDDEN_ZERO,
    names=("softmax_logarithm_guarded",),
)

wrong(
    "softmax_loss",
    "probabilities_clipped",
    """
    def softmax_loss(x, y):
        m = x.shape[0]
        z = x - np.max(x, axis=1, keepdims=True)
        A = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
        A_clipped = np.clip(A, 1e-15, 1 - 1e-15)
        Y = np.eye(x.shape[1])[y]
        loss = -np.sum(Y * np.log(A_clipped)) / m
        dx = (A - Y) / m
        return loss, dx
""",
    meaning=HIDDEN_ZERO,
    names=("softmax_logarithm_guarded",),
)

wrong(
    "softmax_loss",
    "infinite_loss_set_to_zero",
    """
    def softmax_loss(x, y):
        N = x.shape[0]
        p = np.exp(x - np.max(x, axis=1, keepdims=True))
        p = p / p.sum(axis=1, keepdims=True)
        loss = -np.sum(np.log(p[np.arange(N), y])) / N
        if np.isinf(loss):
            loss = 0
        p[np.arange(N), y] -= 1
        return loss, p / N
""",
    meaning=(*HIDDEN_ZERO, r"isinf", r"replac", r"infinit", r"set to 0"),
)

wrong(
    "softmax_loss",
    "infinite_rows_skipped",
    """
    def softmax_loss(x, y):
        num = x.shape[0]
        loss = 0
        dx = np.zeros(x.shape)
        for i in range(num):
            z = np.exp(x[i] - x[i].max())
            p = z / z.sum()
            li = -np.log(p[y[i]])
            if np.isinf(li) or np.isnan(li):
                li = 0
            loss += li
            dx[i] = p
            dx[i][y[i]] -= 1
        loss /= num
        dx /= num
        return loss, dx
""",
    meaning=(*HIDDEN_ZERO, r"isinf", r"replac", r"infinit", r"set to 0"),
)

wrong(
    "softmax_loss",
    "nan_to_num_at_the_end",
    """
    def softmax_loss(x, y):
        n = len(x)
        e = np.exp(x - x.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        logp = np.nan_to_num(np.log(p))
        loss = -logp[np.arange(n), y].mean()
        p[np.arange(n), y] -= 1
        return np.nan_to_num(loss), p / n
""",
    meaning=(*HIDDEN_ZERO, r"nan_to_num", r"replac", r"infinit", r"1\.8|largest (float|number)"),
)

wrong(
    "softmax_loss",
    "scores_clipped",
    """
    def softmax_loss(x, y):
        x = np.clip(x, -100, 100)   # exp would overflow
        logz = np.log(np.exp(x).sum(1))
        n = np.arange(x.shape[0])
        loss = (logz - x[n, y]).mean()
        dx = np.exp(x - logz[:, None])
        dx[n, y] -= 1
        return loss, dx / x.shape[0]
""",
    meaning=(r"clip", r"cut off", r"stops growing", r"subtract .*(largest|max)", r"shift"),
)

wrong(
    "softmax_loss",
    "mean_over_one_hot_table",
    """
    def softmax_loss(x, y):
        Y = np.eye(x.shape[1])[y]
        s = x - x.max(axis=1, keepdims=True)
        logp = s - np.log(np.sum(np.exp(s), axis=1, keepdims=True))
        loss = np.mean(-Y * logp)
        dx = (np.exp(logp) - Y) / len(y)
        return loss, dx
""",
    meaning=(r"classes", r"\bC\b", r"N ?(\*|·|×) ?C", r"number of elements", r"table"),
)

wrong(
    "softmax_loss",
    "summed_loss_and_gradient",
    """
    def softmax_loss(x, y):
        m = x.max(axis=1, keepdims=True)
        logp = x - m - np.log(np.exp(x - m).sum(axis=1, keepdims=True))
        idx = (np.arange(x.shape[0]), y)
        loss = -logp[idx].sum()
        dx = np.exp(logp)
        dx[idx] -= 1
        return loss, dx
""",
    meaning=(r"sums? over", r"divid\w+ by N", r"\bmean\b", r"N times"),
    names=("softmax_summed",),
)

wrong(
    "softmax_loss",
    "gradient_forgot_the_batch",
    """
    def softmax_loss(x, y):
        n = x.shape[0]
        x = x - x.max(1, keepdims=True)
        z = np.exp(x).sum(1, keepdims=True)
        loss = np.mean(np.log(z).ravel() - x[range(n), y])
        ds = np.exp(x) / z
        ds[range(n), y] -= 1
        return loss, ds
""",
    meaning=(r"(not|never) divided by N", r"divid\w+ by (N|the batch)", r"N times", r"batch size"),
    names=("softmax_gradient_not_averaged",),
)

wrong(
    "softmax_loss",
    "loss_summed_in_a_loop",
    """
    def softmax_loss(x, y):
        loss = 0
        dx = np.zeros(x.shape)
        for i in range(x.shape[0]):
            s = x[i] - np.max(x[i])
            lse = np.log(np.sum(np.exp(s)))
            loss += lse - s[y[i]]
            dx[i] = np.exp(s - lse)
            dx[i, y[i]] -= 1
        dx /= x.shape[0]
        return loss, dx
""",
    meaning=(r"sum over", r"divid\w+ by (N|the)", r"\bmean\b", r"N times", r"batch size"),
    names=("softmax_loss_summed",),
)

wrong(
    "softmax_loss",
    "probabilities_as_gradient",
    """
    def softmax_loss(x, y):
        n = x.shape[0]
        s = x - np.max(x, axis=1).reshape(n, 1)
        p = np.exp(s) / np.sum(np.exp(s), axis=1).reshape(n, 1)
        loss = np.mean(-s[np.arange(n), y] + np.log(np.exp(s).sum(axis=1)))
        dx = p / n
        return loss, dx
""",
    meaning=(r"true class", r"1 has to be", r"subtract(ed)? (1|one)", r"probabilities alone"),
    names=("softmax_truth_not_subtracted",),
)

wrong(
    "softmax_loss",
    "labels_from_one",
    """
    def softmax_loss(x, y):
        N, C = x.shape
        lse = np.logaddexp.reduce(x, axis=1)
        logp = x - lse[:, None]
        t = y - 1          # index of the class
        loss = -logp[np.arange(N), t].mean()
        dx = np.exp(logp)
        dx[np.arange(N), t] -= 1
        return loss, dx / N
""",
    meaning=(r"count from 0", r"off by one", r"class(es)? .*(beside|shifted|next)", r"y - 1"),
    names=("softmax_one_hot_off_by_one",),
)

wrong(
    "softmax_loss",
    "colon_for_rows",
    """
    def softmax_loss(x, y):
        N = x.shape[0]
        x = x - np.max(x, axis=1, keepdims=True)
        logp = x - np.log(np.sum(np.exp(x), axis=1, keepdims=True))
        loss = -np.sum(logp[np.arange(N), y]) / N
        dx = np.exp(logp)
        dx[:, y] -= 1
        return loss, dx / N
""",
    meaning=(r"whole columns", r"one true class", r"\[:, y\]", r"every row"),
    names=("softmax_whole_columns",),
)

wrong(
    "softmax_loss",
    "axis_zero",
    """
    def softmax_loss(x, y):
        z = x - x.max(axis=0, keepdims=True)
        e = np.exp(z)
        logp = z - np.log(e.sum(axis=0, keepdims=True))
        k = np.arange(len(y))
        d = np.exp(logp)
        d[k, y] -= 1
        return -np.mean(logp[k, y]), d / len(y)
""",
    meaning=(r"over the examples", r"axis", r"over the classes"),
    names=("softmax_over_examples",),
)

wrong(
    "softmax_loss",
    "keepdims_missing",
    """
    def softmax_loss(x, y):
        x = x - np.max(x, axis=1)
        p = np.exp(x) / np.sum(np.exp(x), axis=1)
        n = x.shape[0]
        loss = -np.mean(np.log(p[np.arange(n), y]))
        p[np.arange(n), y] -= 1
        return loss, p / n
""",
    meaning=(r"keepdims", r"broadcast", r"\(N, 1\)", r"column"),
    names=("softmax_logarithm_of_zero",),
)

wrong(
    "softmax_loss",
    "returns_probabilities",
    """
    def softmax_loss(x, y):
        s = x - x.max(axis=1, keepdims=True)
        logp = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        loss = -logp[np.arange(len(y)), y].mean()
        return loss, np.exp(logp)
""",
    meaning=(r"probabilities", r"true class", r"not the gradient"),
    names=("softmax_truth_not_subtracted", "softmax_gradient_not_averaged"),
)

wrong(
    "softmax_loss",
    "binary_formula",
    """
    def softmax_loss(x, y):
        N = x.shape[0]
        e = np.exp(x - x.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        T = np.eye(x.shape[1])[y]
        loss = -np.sum(T * np.log(p) + (1 - T) * np.log(1 - p)) / N
        dx = (p - T) / N
        return loss, dx
""",
    meaning=(r"binary", r"1 - p", r"other classes", r"only the true class"),
    names=("softmax_logarithm_of_zero",),
)

wrong(
    "softmax_loss",
    "labels_taken_for_one_hot",
    """
    def softmax_loss(x, y):
        m = y.shape[0]
        A = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
        cost = -np.sum(y * np.log(A)) / m
        dx = (A - y) / m
        return cost, dx
""",
    meaning=(r"one-hot", r"integer", r"class (number|index)", r"labels?", r"broadcast", r"overflow"),
    names=("softmax_not_shifted", "softmax_logarithm_of_zero"),
)

wrong(
    "softmax_loss",
    "log_base_ten",
    """
    def softmax_loss(x, y):
        n = len(y)
        s = x - x.max(axis=1, keepdims=True)
        lse = np.log10(np.exp(s).sum(axis=1))
        loss = (lse - s[np.arange(n), y] * np.log10(np.e)).mean()
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        p[np.arange(n), y] -= 1
        return loss, p / n
""",
    meaning=(r"natural log", r"base", r"log10", r"0\.4343", r"\bbits\b"),
)

wrong(
    "softmax_loss",
    "truth_minus_probability",
    """
    def softmax_loss(x, y):
        T = np.eye(x.shape[1])[y]
        s = x - x.max(axis=1, keepdims=True)
        logp = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        return -(T * logp).sum() / len(x), (T - np.exp(logp)) / len(x)
""",
    meaning=(r"sign",),
    names=("softmax_gradient_sign_flipped",),
)

wrong(
    "softmax_loss",
    "jacobian_diagonal_only",
    """
    def softmax_loss(x, y):
        n = x.shape[0]
        s = x - x.max(axis=1, keepdims=True)
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        loss = np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(n), y])
        dp = np.zeros_like(p)
        dp[np.arange(n), y] = -1 / p[np.arange(n), y] / n
        dx = dp * p * (1 - p)        # derivative of softmax
        return loss, dx
""",
    meaning=(
        r"other classes",
        r"Jacobian",
        r"off-diagonal",
        r"every class",
        r"only the true class (gets|has) a gradient",
        r"wrong classes",
    ),
)

wrong(
    "softmax_loss",
    "last_loss_only",
    """
    def softmax_loss(x, y):
        n = x.shape[0]
        dx = np.zeros_like(x)
        for i in range(n):
            s = x[i] - x[i].max()
            p = np.exp(s) / np.exp(s).sum()
            loss = -np.log(p[y[i]])
            dx[i] = p
            dx[i, y[i]] -= 1
        return loss / n, dx / n
""",
    meaning=(r"last example", r"accumulat", r"\+=", r"added up", r"one example"),
    names=("softmax_logarithm_of_zero",),
)

wrong(
    "softmax_loss",
    "scores_over_their_sum",
    """
    def softmax_loss(x, y):
        n = len(y)
        x = x - x.min(axis=1, keepdims=True) + 1e-3     # positive
        p = x / x.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(n), y]).mean()
        p[np.arange(n), y] -= 1
        return loss, p / n
""",
    meaning=(r"\bexp", r"exponential"),
)

wrong(
    "softmax_loss",
    "temperature_and_smoothing",
    """
    def softmax_loss(x, y, T=1.3, smooth=0.05):
        n, c = x.shape
        z = x / T
        z = z - z.max(axis=1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        t = np.full((n, c), smooth / c)
        t[np.arange(n), y] += 1 - smooth
        loss = -(t * logp).sum() / n
        return loss, (np.exp(logp) - t) / n
""",
)

right(
    "softmax_loss",
    "scipy_special",
    """
    from scipy.special import log_softmax

    def softmax_loss(x, y):
        lp = log_softmax(x, axis=1)
        g = np.exp(lp)
        g[np.arange(len(y)), y] -= 1
        return -lp[np.arange(len(y)), y].mean(), g / len(y)
""",
)

right(
    "softmax_loss",
    "max_trick_and_logsumexp_helper",
    """
    def logsumexp(v):
        m = np.max(v)
        return m + np.log(np.sum(np.exp(v - m)))

    def softmax_loss(x, y):
        total = 0
        dx = np.zeros_like(x)
        for n, row in enumerate(x):
            l = logsumexp(row)
            total += l - row[y[n]]
            dx[n] = np.exp(row - l)
            dx[n, y[n]] -= 1
        dx = dx / x.shape[0]
        return total / x.shape[0], dx
""",
)

right(
    "softmax_loss",
    "one_hot_and_einsum",
    """
    def softmax_loss(x, y):
        n, c = x.shape
        onehot = (np.arange(c)[None, :] == y[:, None]).astype(float)
        x = x - np.amax(x, axis=1, keepdims=True)
        logZ = np.log(np.einsum("ij->i", np.exp(x)))
        logits_true = np.einsum("ij,ij->i", onehot, x)
        loss = np.asarray((logZ - logits_true).sum() / n)
        grad = (np.exp(x - logZ[:, None]) - onehot) / n
        return loss, grad
""",
)

right(
    "softmax_loss",
    "score_differences",
    """
    def softmax_loss(x, y):
        rows = np.arange(x.shape[0])
        d = x - x[rows, y][:, None]                  # 0 at the true class
        top = d.max(axis=1, keepdims=True)
        loss_i = top[:, 0] + np.log(np.exp(d - top).sum(axis=1))
        dx = np.exp(d - loss_i[:, None])
        dx[rows, y] -= 1
        return float(loss_i.mean()), dx / len(rows)
""",
)
