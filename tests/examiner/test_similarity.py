"""Statements in canonical form: what a renamed or reordered copy keeps, and what two authors do not share."""

from __future__ import annotations

import pytest

from examiner.similarity import canonical, fingerprints

ONE = '''
def batchnorm_backward(dout, cache):
    """Mine."""
    x_hat, gamma, std = cache  # what forward kept
    n = dout.shape[0]
    dgamma = np.sum(dout * x_hat, axis=0)
    dx_hat = dout * gamma
    if n > 1:
        dx = (n * dx_hat - dx_hat.sum(axis=0)) / (n * std)
    return dx, dgamma
'''
RENAMED = """
def batchnorm_backward(grad, kept):
    normed, scale, deviation = kept
    rows: int = grad.shape[0]
    g_hat = (grad * scale)
    g_scale = np.sum( grad * normed , axis = 0 )
    if rows > 1:
        out = (rows * g_hat - g_hat.sum(axis=0)) / (rows * deviation)
    return out, g_scale
"""


def test_names_order_comments_and_annotations_do_not_matter() -> None:
    assert sorted(canonical(ONE)) == sorted(canonical(RENAMED))
    assert set(fingerprints(ONE)) == set(fingerprints(RENAMED))
    assert len(fingerprints(ONE)) == 6


def test_functions_constants_and_operators_do() -> None:
    for old, new in (("np.sum", "np.mean"), ("axis=0", "axis=1"), ("dout * x_hat", "dout + x_hat")):
        assert set(fingerprints(ONE)) != set(fingerprints(ONE.replace(old, new)))


def test_short_statements_say_nothing() -> None:
    assert canonical("def f(x):\n    y = x\n    return y") == []
    assert canonical("def f(x):\n    pass\n    raise NotImplementedError('Exercise 1.1')") == []


@pytest.mark.parametrize("source", ["", "def f(:", "x" * 60_000, "(" * 5_000, "\x00", "\ud800 = 1"])
def test_what_is_no_python_has_no_statements(source: str) -> None:
    assert fingerprints(source) == ()


def test_hashes_are_the_same_in_every_process() -> None:
    # sha256 of the canonical text: `v = np.sum(v * v, axis=0)`
    assert fingerprints("y = np.sum(y * y, axis=0)") == ("ddd7483ad9:25",)


def test_annotations_are_gone_in_every_kind_of_statement() -> None:
    inside = "async def f(a):\n    async with a as b:\n        y{0} = a + b + 1\n"
    inside += "    async for c in a:\n        z{0} = c * a + 2\n"
    inside += "    try:\n        w{0} = a - 3 + b\n    except* ValueError:\n        pass\n    u: int\n"
    assert canonical(inside.format(": int")) == canonical(inside.format(""))
    assert len(canonical(inside.format(""))) == 5
