"""Student answers to 03_regularization."""

from misconceptions.in_the_wild.sample import Notebook

notebook = Notebook("03_regularization")
wrong, right = notebook.wrong, notebook.right
SAMPLES = notebook.samples

# --------------------------------------------------------- l2_regularization

GRAM = (
    r"W\.?[Tᵀ]",
    r"\btrace\b",
    r"\bGram\b",
    r"matrix product",
    r"product of different",
    r"different weights",
    r"transpos",
    r"mixed products",
)

wrong(
    "l2_regularization",
    "sum_of_wt_w",
    """
    def l2_regularization(w, reg):
        penalty = 0.5 * reg * np.sum(np.dot(w.T, w))
        dw = reg * w
        return penalty, dw
""",
    meaning=GRAM,
)

wrong(
    "l2_regularization",
    "matmul_with_itself",
    """
    def l2_regularization(w, reg):
        W = np.asarray(w)
        loss = reg / 2 * (W.T @ W).sum()
        return loss, reg * W
""",
    meaning=GRAM,
)

wrong(
    "l2_regularization",
    "trace_for_matrices_only",
    """
    def l2_regularization(w, reg):
        # ||W||_F^2 = tr(W^T W)
        penalty = reg / 2 * np.trace(np.dot(w.T, w))
        return penalty, reg * w
""",
    meaning=(
        r"any shape",
        r"matri(x|ces)",
        r"vector",
        r"2-D",
        r"two (axes|dimensions)",
        r"number of (axes|dimensions)",
        r"other shapes?",
    ),
)

wrong(
    "l2_regularization",
    "no_half_anywhere",
    """
    def l2_regularization(w, reg):
        penalty = reg * np.sum(w * w)
        dw = 2 * reg * w
        return penalty, dw
""",
    meaning=(r"½", r"half", r"1/2", r"2 times", r"twice"),
    names=("l2_without_half",),
)

wrong(
    "l2_regularization",
    "half_lost_in_the_penalty",
    """
    def l2_regularization(w, reg):
        penalty = reg * np.sum(w ** 2)
        dw = reg * w
        return penalty, dw
""",
    meaning=(r"½", r"half", r"1/2", r"2 times", r"twice"),
    names=("l2_penalty_without_half",),
)

wrong(
    "l2_regularization",
    "derivative_keeps_the_two",
    """
    def l2_regularization(w, reg):
        penalty = 0.5 * reg * np.linalg.norm(w) ** 2
        dw = 2 * reg * w
        return penalty, dw
""",
    meaning=(r"twice", r"2 times", r"cancels", r"½"),
    names=("l2_gradient_doubled",),
)

wrong(
    "l2_regularization",
    "norm_not_squared",
    """
    def l2_regularization(w, reg):
        penalty = reg / 2 * np.linalg.norm(w)
        dw = reg * w
        return penalty, dw
""",
    meaning=(r"\broot\b", r"\bnorm\b", r"square"),
    names=("l2_norm",),
)

wrong(
    "l2_regularization",
    "gradient_of_the_norm",
    """
    def l2_regularization(w, reg):
        n = np.sqrt(np.sum(w ** 2))
        return reg * n, reg * w / n
""",
    meaning=(r"\broot\b", r"\bnorm\b", r"square"),
    names=("l2_norm",),
)

wrong(
    "l2_regularization",
    "penalty_after_scaling_in_place",
    """
    def l2_regularization(w, reg):
        dw = w
        dw *= reg
        penalty = reg * np.sum(w ** 2) / 2
        return penalty, dw
""",
    meaning=(
        r"in place",
        r"copy",
        r"λ.*(cubed|power|too often|three)",
        r"(scaled|changed) (first|before)",
        r"same array",
    ),
)

wrong(
    "l2_regularization",
    "gradient_added_up",
    """
    def l2_regularization(w, reg):
        penalty = 0.5 * reg * np.sum(w ** 2)
        dw = reg * np.sum(w)
        return penalty, dw
""",
    meaning=(r"one number", r"single number", r"scalar", r"sum", r"shape of w", r"each weight"),
)

wrong(
    "l2_regularization",
    "lambda_lost_on_the_way",
    """
    def l2_regularization(w, reg):
        s = 0
        for value in w.flatten():
            s = s + value ** 2
        penalty = reg * s / 2
        dw = w
        return penalty, dw
""",
    meaning=(r"λ", r"strength", r"reg\b", r"equals an input"),
    names=("l2_gradient_without_strength",),
)

wrong(
    "l2_regularization",
    "two_index_loops",
    """
    def l2_regularization(w, reg):
        total = 0.0
        for i in range(w.shape[0]):
            for j in range(w.shape[1]):
                total += w[i, j] ** 2
        return 0.5 * reg * total, reg * w
""",
    meaning=(
        r"any shape",
        r"matri(x|ces)",
        r"vector",
        r"2-D",
        r"two (axes|dimensions|indices)",
        r"number of (axes|dimensions)",
        r"other shapes?",
        r"one number",
    ),
)

wrong(
    "l2_regularization",
    "mean_of_squares",
    """
    def l2_regularization(w, reg):
        penalty = reg / 2 * np.mean(np.square(w))
        dw = reg * w / np.size(w)
        return penalty, dw
""",
    meaning=(r"averag", r"mean", r"it is a sum"),
    names=("l2_averaged",),
)

right(
    "l2_regularization",
    "frobenius_norm_squared",
    """
    def l2_regularization(w, reg):
        penalty = 0.5 * reg * np.linalg.norm(w) ** 2
        dw = w.copy()
        dw *= reg
        return penalty, dw
""",
)

right(
    "l2_regularization",
    "generator_expression",
    """
    def l2_regularization(w, reg):
        return reg * sum(v * v for v in w.flat) / 2, np.array([reg * v for v in w.flat]).reshape(w.shape)
""",
)

# --------------------------------------------------------- l1_regularization

L2_NORM = (r"\bnorm\b", r"\broot\b", r"square", r"absolute (weights|values)")

wrong(
    "l1_regularization",
    "two_norm",
    """
    def l1_regularization(w, reg):
        penalty = reg * np.linalg.norm(w)
        dw = reg * np.sign(w)
        return penalty, dw
""",
    meaning=L2_NORM,
)

wrong(
    "l1_regularization",
    "two_norm_flattened",
    """
    def l1_regularization(w, reg):
        flat = w.ravel()
        n = np.linalg.norm(flat, 2)
        return reg * n, reg * w / n
""",
    meaning=L2_NORM,
)

wrong(
    "l1_regularization",
    "norm_order_one",
    """
    def l1_regularization(w, reg):
        # L1 norm of numpy
        return reg * np.linalg.norm(w, ord=1), reg * np.sign(w)
""",
    meaning=(r"column sum", r"order 1", r"matrix norm", r"sum of all"),
    names=("l1_matrix_norm",),
)

wrong(
    "l1_regularization",
    "abs_outside",
    """
    def l1_regularization(w, reg):
        penalty = reg * abs(w.sum())
        dw = np.where(w > 0, reg, -reg)
        return penalty, dw
""",
    meaning=(r"before the absolute", r"cancel"),
    names=("l1_absolute_value_of_sum",),
)

wrong(
    "l1_regularization",
    "no_abs_at_all",
    """
    def l1_regularization(w, reg):
        penalty = reg * np.sum(w)
        dw = reg * np.ones(w.shape)
        return penalty, dw
""",
    meaning=(r"absolute", r"cancel", r"with their signs", r"sign"),
    names=("l1_without_absolute_value", "l1_gradient_without_sign"),
)

wrong(
    "l1_regularization",
    "sign_summed",
    """
    def l1_regularization(w, reg):
        return reg * np.abs(w).sum(), reg * np.sum(np.sign(w))
""",
    meaning=(r"one number", r"single number", r"scalar", r"sum", r"shape of w", r"each weight"),
)

wrong(
    "l1_regularization",
    "plus_or_minus_one",
    """
    def l1_regularization(w, reg):
        dw = np.zeros_like(w)
        dw[w > 0] = 1
        dw[w < 0] = -1
        penalty = reg * np.sum(np.abs(w))
        return penalty, dw
""",
    meaning=(r"λ", r"strength", r"\breg\b"),
    names=("l1_gradient_without_strength",),
)

wrong(
    "l1_regularization",
    "w_over_abs_w",
    """
    def l1_regularization(w, reg):
        a = np.abs(w)
        return reg * a.sum(), reg * (w / a)
""",
    meaning=(r"NaN", r"exactly 0", r"0/0", r"division by (0|zero)"),
    names=("l1_nan_at_zero",),
)

wrong(
    "l1_regularization",
    "l2_gradient_kept",
    """
    def l1_regularization(w, reg):
        penalty = reg * np.sum(np.abs(w))
        dw = reg * w    # as for L2
        return penalty, dw
""",
    meaning=(r"λ times the weight", r"same force", r"sign of the weight", r"L2"),
    names=("l1_gradient_of_l2",),
)

wrong(
    "l1_regularization",
    "half_by_analogy",
    """
    def l1_regularization(w, reg):
        penalty = 0.5 * reg * np.sum(np.abs(w))
        dw = 0.5 * reg * np.sign(w)
        return penalty, dw
""",
    meaning=(r"½", r"half", r"0\.5 times"),
    names=("l1_halved",),
)

wrong(
    "l1_regularization",
    "smoothed_root",
    """
    def l1_regularization(w, reg):
        root = np.sqrt(w ** 2 + 0.01)
        return reg * root.sum(), reg * w / root
""",
    meaning=(r"smooth", r"0\.01", r"rounded off", r"\bsign\b"),
)

right(
    "l1_regularization",
    "fsum_and_copysign",
    """
    import math

    def l1_regularization(w, reg):
        penalty = reg * math.fsum(abs(v) for v in w.ravel())
        dw = np.copysign(reg, w)
        return penalty, dw
""",
)

right(
    "l1_regularization",
    "integer_signs_in_a_loop",
    """
    def l1_regularization(w, reg):
        dw = np.zeros(w.shape)
        penalty = 0.
        it = np.nditer(w, flags=["multi_index"])
        while not it.finished:
            i = it.multi_index
            if w[i] > 0:
                dw[i] = reg
            elif w[i] < 0:
                dw[i] = -reg
            penalty += reg * np.abs(w[i])
            it.iternext()
        return penalty, dw
""",
)

# ------------------------------------------------ elastic_net_regularization

wrong(
    "elastic_net_regularization",
    "built_from_l2_with_its_half",
    """
    def elastic_net_regularization(w, reg1, reg2):
        p1, d1 = l1_regularization(w, reg1)
        p2, d2 = l2_regularization(w, reg2)
        return p1 + p2, d1 + d2
""",
    meaning=(r"½", r"half", r"without it", r"factor 2"),
    names=("elastic_net_halved",),
)

wrong(
    "elastic_net_regularization",
    "forgot_to_derive_the_square",
    """
    def elastic_net_regularization(w, reg1, reg2):
        penalty = reg1 * np.abs(w).sum() + reg2 * (w ** 2).sum()
        dw = reg1 * np.sign(w) + reg2 * w
        return penalty, dw
""",
    meaning=(r"factor 2", r"2 is missing", r"twice"),
    names=("elastic_net_gradient_without_two",),
)

wrong(
    "elastic_net_regularization",
    "l1_ratio_like_sklearn",
    """
    def elastic_net_regularization(w, reg1, reg2):
        alpha, l1_ratio = reg1, reg2
        penalty = alpha * (l1_ratio * np.abs(w).sum() + 0.5 * (1 - l1_ratio) * (w ** 2).sum())
        dw = alpha * (l1_ratio * np.sign(w) + (1 - l1_ratio) * w)
        return penalty, dw
""",
    meaning=(r"ratio", r"own strength", r"each (has|should have) its own", r"mix"),
)

wrong(
    "elastic_net_regularization",
    "reg_order_mixed_up",
    """
    def elastic_net_regularization(w, reg1, reg2):
        l2, l1 = reg1, reg2
        pen = l1 * np.sum(np.abs(w)) + l2 * np.sum(w * w)
        grad = l1 * np.sign(w) + 2 * l2 * w
        return pen, grad
""",
    meaning=(r"changed places", r"swapped", r"interchanged"),
    names=("elastic_net_swapped",),
)

wrong(
    "elastic_net_regularization",
    "one_strength_for_both",
    """
    def elastic_net_regularization(w, reg1, reg2):
        reg = reg1
        penalty = reg * (np.abs(w).sum() + np.square(w).sum())
        return penalty, reg * np.sign(w) + 2 * reg * w
""",
    meaning=(r"each (has|should have) its own", r"one strength", r"λ2|reg2", r"second strength"),
    names=("elastic_net_one_strength",),
)

wrong(
    "elastic_net_regularization",
    "abs_derivative_is_one",
    """
    def elastic_net_regularization(w, reg1, reg2):
        penalty = reg1 * np.sum(np.abs(w)) + reg2 * np.sum(w ** 2)
        dw = reg1 + 2 * reg2 * w
        return penalty, dw
""",
    meaning=(r"\bsign\b",),
    names=("elastic_net_without_sign",),
)

wrong(
    "elastic_net_regularization",
    "norms_not_squares",
    """
    def elastic_net_regularization(w, reg1, reg2):
        penalty = reg1 * np.linalg.norm(w.ravel(), 1) + reg2 * np.linalg.norm(w.ravel(), 2)
        dw = reg1 * np.sign(w) + 2 * reg2 * w
        return penalty, dw
""",
    meaning=(r"\broot\b", r"\bnorm\b", r"square"),
)

wrong(
    "elastic_net_regularization",
    "nan_for_sparse_weights",
    """
    def elastic_net_regularization(w, reg1, reg2):
        penalty = np.sum(reg1 * np.abs(w) + reg2 * w ** 2)
        dw = reg1 * w / np.abs(w) + 2 * reg2 * w
        return penalty, dw
""",
    meaning=(r"NaN", r"exactly 0", r"0/0", r"division by (0|zero)"),
    names=("elastic_net_nan_at_zero",),
)

right(
    "elastic_net_regularization",
    "twice_the_other_strength",
    """
    def elastic_net_regularization(w, reg1, reg2):
        (pa, ga), (pb, gb) = l1_regularization(w, reg1), l2_regularization(w, 2 * reg2)
        return float(pa + pb), ga + gb
""",
)

right(
    "elastic_net_regularization",
    "w_times_sign",
    """
    def elastic_net_regularization(w, reg1, reg2):
        s = (w > 0).astype(float) - (w < 0).astype(float)
        penalty = np.vdot(w, reg1 * s + reg2 * w)
        w = 2 * reg2 * w
        w += reg1 * s
        return penalty, w
""",
)
