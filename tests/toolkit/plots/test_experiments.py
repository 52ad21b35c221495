"""Fits at several strengths, sizes of signals, boundaries that move."""

import numpy as np

from toolkit import plots
from toolkit.play import Frame

X = np.linspace(-1, 1, 5)


def test_strengths(draw):
    curves = {s: {"L1": X * s, "L2": X} for s in (0.1, 1.0)}
    weights = {s: {"L1": np.array([0.0, 0.01, 2.0]), "L2": np.array([0.5, 0.0, -3.0])} for s in (0.1, 1.0)}
    first, second, below, _ = draw(plots.strengths, (X, X), (X, np.sin(X)), curves, weights).axes
    assert [first.get_title(), second.get_title()] == ["strength 0.1", "strength 1"]
    np.testing.assert_array_equal(second.lines[1].get_ydata(), X)
    np.testing.assert_array_equal(below.lines[1].get_ydata(), [0.5, 0.0, -3.0])
    assert [text.get_text() for text in below.get_legend().get_texts()] == ["L1: 2 near 0", "L2: 1 near 0"]
    assert below.get_ylim()[1] > 3


def test_signal_sizes(draw):
    sizes = {"ReLU": (np.array([1.0, 0.1, 0.01]), np.array([5.0, 2.0, 1.0]))}
    left, right = draw(plots.signal_sizes, sizes).axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), [1.0, 0.1, 0.01])
    np.testing.assert_array_equal(right.lines[0].get_ydata(), [5.0, 2.0, 1.0])
    assert left.get_yscale() == right.get_yscale() == "log"


def test_boundaries(draw):
    surface = np.linspace(0.1, 0.9, 16).reshape(4, 4)
    frames = [Frame(0, np.full((4, 4), 0.3), 0.5), Frame(40, surface, 0.975)]
    points = np.array([[0.0, 1.0], [1.0, -1.0]])
    first, second = draw(plots.boundaries, {"moons": (points, np.array([0, 1]), frames)}, 2.0).axes
    assert [first.get_title(), second.get_title()] == ["step 0\n50% right", "step 40\n98% right"]
    assert (first.get_ylabel(), second.get_ylabel()) == ("moons", "")
    np.testing.assert_array_equal(second.images[0].get_array(), surface)
    assert len(second.collections) == len(first.collections) + 1  # only the second has a boundary
