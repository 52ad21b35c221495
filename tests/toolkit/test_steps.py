"""Batch normalization's gradients, step by step: right ones, wrong ones, missing ones."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.steps import EPS, HINTS, check_steps, numeric_steps

RNG = np.random.default_rng(8)
X, GAMMA, BETA = RNG.normal(size=(5, 3)), np.array([2.0, -1.5, 0.7]), np.array([0.3, 1.0, -2.0])
DOUT = RNG.normal(size=(5, 3))


@pytest.fixture
def right() -> dict[str, np.ndarray]:
    """The ten gradients by the chain rule."""
    n = len(X)
    centered = X - X.mean(axis=0)
    std = np.sqrt((centered**2).mean(axis=0) + EPS)
    dnormalized = DOUT * GAMMA
    dinverse = (dnormalized * centered).sum(axis=0)
    dstd = -dinverse / std**2
    dvar = dstd / (2 * std)
    dsquared = np.ones_like(X) * dvar / n
    dcentered = dnormalized / std + 2 * centered * dsquared
    dmu = -dcentered.sum(axis=0)
    return {
        "dbeta": DOUT.sum(axis=0),
        "dgamma": (DOUT * centered / std).sum(axis=0),
        "dnormalized": dnormalized,
        "dinverse": dinverse,
        "dstd": dstd,
        "dvar": dvar,
        "dsquared": dsquared,
        "dcentered": dcentered,
        "dmu": dmu,
        "dx": dcentered + dmu / n,
    }


def test_numeric_gradients_are_those_of_the_chain_rule(right):
    numeric = numeric_steps(X, GAMMA, BETA, DOUT)
    assert list(numeric) == list(right) == list(HINTS)
    for name, value in right.items():
        np.testing.assert_allclose(numeric[name], value, rtol=1e-6, atol=1e-8, err_msg=name)


def test_right_gradients_are_ticked(right, capsys):
    check_steps(X, GAMMA, BETA, DOUT, right)
    assert capsys.readouterr().out.splitlines() == [f"✓ {name}" for name in right]


def test_missing_ones_are_no_mistake(right, capsys):
    check_steps(X, GAMMA, BETA, DOUT, {"dbeta": right["dbeta"], "dx": None})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "✓ dbeta"
    assert all(line.startswith("· ") and line.endswith("not written yet") for line in lines[1:])
    assert len(lines) == 10


@pytest.mark.parametrize("name", HINTS)
def test_a_wrong_one_is_found_with_its_first_index_and_a_hint(right, capsys, name):
    wrong = right[name].copy()
    wrong[..., 1] *= 1.001
    check_steps(X, GAMMA, BETA, DOUT, right | {name: wrong})
    out = capsys.readouterr().out
    (line,) = [each for each in out.splitlines() if each.startswith("✗")]
    index = [0, 1] if wrong.ndim == 2 else [1]
    assert line.startswith(f"✗ {name:<12} at {index}: yours ")
    assert f"Start with {name}. {HINTS[name]}" in out


def test_a_wrong_shape_is_named(right, capsys):
    check_steps(X, GAMMA, BETA, DOUT, right | {"dsquared": right["dvar"]})
    assert "✗ dsquared     has the shape (3,), its value has (5, 3)" in capsys.readouterr().out
