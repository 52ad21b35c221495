"""Points in the plane: equal classes, known places, out of reach of a straight line."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from toolkit.play import CLOUDS, cloud
from toolkit.play.playground import LIMIT


@pytest.mark.parametrize("name", CLOUDS)
def test_neighbors_tell_the_classes_apart_and_a_line_does_not(name):
    X, y = cloud(name, number=200)
    assert X.shape == (200, 2)
    assert np.bincount(y).tolist() == [100, 100]
    assert np.abs(X).max() < LIMIT  # all are in the picture
    assert KNeighborsClassifier(5).fit(*cloud(name, seed=1)).score(X, y) > 0.95
    assert LogisticRegression().fit(X, y).score(X, y) < 0.92


def test_the_same_seed_gives_the_same_points():
    np.testing.assert_array_equal(cloud("moons", seed=4)[0], cloud("moons", seed=4)[0])
    assert (cloud("moons", seed=4)[0] != cloud("moons", seed=5)[0]).all()


def test_the_arms_of_the_spiral_are_opposite():
    curve, _ = CLOUDS["spirals"]
    t = np.linspace(0, 1, 7)
    np.testing.assert_allclose(curve(t, np.zeros(7)), -curve(t, np.ones(7)), atol=1e-12)


def test_opposite_corners_are_of_one_class():
    curve, _ = CLOUDS["XOR"]
    corners = curve(np.array([0.1, 0.9, 0.1, 0.9]), np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(corners, [[-0.8, -0.8], [0.8, 0.8], [-0.8, 0.8], [0.8, -0.8]])
