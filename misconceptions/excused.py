"""Mutants of the reference that keep full marks and are no mistake, each with the reason."""

from examiner.catalogue import Excused

ANY_DRAW = "first weights are free as long as their distribution is right: no test asks for one certain draw"
MODERATE = "by what a constant feature is divided is free: what matters is that training data become 0, others moderate"

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
