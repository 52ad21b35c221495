"""Signs of a healthy training, on numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from toolkit.health import dead_units, pulse


def test_a_step_is_measured_against_the_weights() -> None:
    w, dw = np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([[0.0, 6.0], [8.0, 0.0]])
    assert pulse(w, dw, w - 0.01 * dw) == pytest.approx((10.0, 0.02))


def test_weights_of_zero_have_no_ratio() -> None:
    zeros = np.zeros((2, 2))
    assert math.isnan(pulse(zeros, zeros + 1, zeros - 1).update)


def test_units_that_are_zero_for_every_example_are_dead() -> None:
    params = {
        "W1": np.array([[1.0, -1.0, 1.0, 0.0]]),
        "b1": np.array([0.0, 0.0, -100.0, 0.0]),  # right of 0, left of 0, beyond all examples, always 0
        "W2": np.array([[1.0], [0.0], [0.0], [0.0]]),
        "b2": np.array([0.5]),
        "W3": np.ones((1, 2)),
        "b3": np.zeros(2),
    }
    examples = np.array([[-1.0], [2.0], [3.0]])
    assert dead_units(params, examples) == [0.5, 0.0]
    assert dead_units(params, examples[1:]) == [0.75, 0.0]
    assert dead_units(params, examples.reshape(3, 1, 1)) == [0.5, 0.0]


def test_other_networks_have_no_answer() -> None:
    params = {"W1": np.ones((1, 2)), "b1": np.zeros(2), "gamma1": np.ones(2), "beta1": np.zeros(2)}
    assert dead_units(params, np.ones((3, 1))) == []
    transposed = {"W1": np.ones((4, 2)), "b1": np.zeros(4), "W2": np.ones((1, 4)), "b2": np.zeros(1)}
    assert dead_units(transposed, np.ones((3, 2))) == []
