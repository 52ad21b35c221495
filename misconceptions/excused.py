"""Mutants of the reference that keep full marks and are not mistakes, each with the reason."""

from examiner.catalogue import Excused

ANY_DRAW = "initial weights are free as long as their distribution is right: no test requires a particular draw"
MODERATE = "the divisor of a constant feature is free: training data must become 0, and other data must stay moderate"

EXCUSED = (
    Excused("FullyConnectedNet", "rng = np.random.default_rng()", ANY_DRAW),
    Excused(
        "FullyConnectedNet",
        "self.params[f'W{k}'] = -(weight_scale * rng.normal(size=(dims[k - 1], dims[k]))).astype(dtype)",
        ANY_DRAW,
    ),
    Excused("standardize", "std[std == 0] = 2", MODERATE),
    Excused("standardize_and_clip", "std[std == 0] = 2", MODERATE),
)
