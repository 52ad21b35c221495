"""Calibration and the surest mistakes, on probabilities that are known."""

from __future__ import annotations

import numpy as np
import pytest

from tools.results.accuracy import probabilities
from tools.results.honesty import calibration, surest_mistakes


def test_probabilities_are_shares_of_exponentials() -> None:
    np.testing.assert_allclose(probabilities(np.log([[1.0, 3.0], [8.0, 2.0]])), [[0.25, 0.75], [0.8, 0.2]])


def test_a_network_that_is_right_as_often_as_it_says_has_no_error() -> None:
    p = np.tile([0.75, 0.25], (4, 1))
    result = calibration(p, np.array([0, 0, 0, 1]))
    assert result["error"] == pytest.approx(0)
    assert (result["confidence"], result["accuracy"], result["share"]) == ([0.75], [0.75], [1.0])


def test_certain_and_wrong_is_off_by_everything() -> None:
    assert calibration(np.array([[1.0, 0.0]]), np.array([1]))["error"] == pytest.approx(1)


def test_mistakes_are_sorted_by_their_probability() -> None:
    p = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    found = surest_mistakes(p, np.array([1, 1, 1, 0]))
    assert [row["image"] for row in found] == [1, 3, 0]
    assert found[0] == {"image": 1, "class": 1, "predicted": 0, "probability": pytest.approx(0.9)}
