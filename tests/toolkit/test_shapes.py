"""Shapes by docstring: the array that does not fit is named, and nothing is said about what is not stated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from toolkit.shapes import described, misfit, takes_cache


def affine(x: Any, w: Any, b: Any, scale: float = 1.0) -> Any:
    """Forward pass.

    Parameters
    ----------
    x : ndarray, shape (N, d_1, ..., d_k)
        N inputs.
    w : ndarray, shape (D, M)
    b : ndarray, shape (M,)
    scale : float

    Returns
    -------
    x : ndarray, shape (M,)
    """


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        (((2, 3), (3, 4), (4,)), None),
        (((2, 3, 5), (15, 4), (4,)), None),
        (((2, 3), (5, 4), (4,)), "w of shape (5, 4) does not fit the others: D is 3 there"),
        (((2, 3), (3, 4), (3,)), "b of shape (3,) does not fit the others: M is 4 there"),
        (((2, 3), (3, 4), (1, 4)), "b must have shape (M,)"),
        (((3,), (3, 4), (4,)), "x must have shape (N, d_1, ..., d_k)"),
    ],
)
def test_the_array_that_does_not_fit_is_named(shapes: tuple[tuple[int, ...], ...], said: str | None) -> None:
    assert misfit(affine, [np.ones(shape) for shape in shapes]) == said


def test_what_is_not_stated_or_not_an_array_is_not_judged() -> None:
    assert misfit(affine, ["x", [1], None, 2.0]) is None
    assert misfit(affine, [1, 2, 3, 4, 5, 6]) is None
    assert misfit(lambda x: x, [np.ones(3)]) is None
    assert misfit(max, [np.ones(3)]) is None


def test_arrays_are_described_by_name_and_shape() -> None:
    assert described(affine, [np.ones((2, 3)), np.ones(3), None]) == "x (2, 3), w (3,)"
    assert described(affine, []) == ""


def test_a_cache_is_known_by_its_name() -> None:
    assert takes_cache(lambda dout, cache: None, [1, 2])
    assert not takes_cache(affine, [np.ones((2, 3))])
