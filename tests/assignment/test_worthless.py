"""What answers earn that do nothing, or the same to everything: at most a quarter of the points."""

from __future__ import annotations

import pytest

from examiner.fingerprints import rehearsal
from tests.conftest import SOURCE

DROPOUT = """
def dropout_forward(x, dropout_param):
    if dropout_param["mode"] == "test":
        return {test}, np.ones(x.shape)
    return {train}, np.ones(x.shape)
"""


@pytest.mark.parametrize("test", ["x", "0 * x", "x / dropout_param['p']", "None"])
@pytest.mark.parametrize(
    "train",
    [
        "x", "0 * x", "np.ones(x.shape)", "x / dropout_param['p']", "x * dropout_param['p']", "None", "-x",
        "np.where(np.arange(x.size).reshape(x.shape) > 0, x / dropout_param['p'], 0)",  # all but one are kept
        "np.where(np.arange(x.size).reshape(x.shape) > 0, 0, x / dropout_param['p'])",  # all but one are dropped
    ],
)  # fmt: skip
def test_dropout_that_draws_nothing(train: str, test: str) -> None:
    rehearsed = rehearsal(SOURCE / "08_batch_normalization.ipynb", 231)
    source = {"dropout_forward": DROPOUT.format(train=train, test=test)}
    run = rehearsed.run(source, ["test_dropout_forward"], seconds=10)["test_dropout_forward"]
    assert run.score <= run.points / 4
