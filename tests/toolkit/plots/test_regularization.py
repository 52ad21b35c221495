"""Penalties, their gradients and their effect on a fit."""

import numpy as np

from toolkit import plots
from toolkit.plots import BLUE, GREY, ORANGE

PENALTIES = {
    "L1": lambda w: (np.abs(w).sum(), np.sign(w)),
    "L2": lambda w: (np.sum(w**2) / 2, w),
}


def test_penalties(draw):
    left, right = draw(plots.penalties, PENALTIES, limit=1.5).axes
    w, value = left.lines[0].get_data()
    assert (w[0], w[-1]) == (-1.5, 1.5)
    assert 0 not in w  # L1 has no gradient there
    np.testing.assert_allclose(value, np.abs(w))
    np.testing.assert_allclose(right.lines[1].get_ydata(), w)
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["L1", "L2"]
    assert [line.get_label() for line in right.lines] == ["L1", "L2"]  # the words about the figure name them


def test_shrinkage(draw):
    (ax,) = draw(plots.shrinkage, PENALTIES, limit=3.0).axes
    a = ax.lines[0].get_xdata()
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), a)
    soft = np.sign(a) * np.maximum(np.abs(a) - 1, 0)  # the known answer for L1; for L2 it is a / 2
    np.testing.assert_allclose(ax.lines[1].get_ydata(), soft, atol=0.006)
    np.testing.assert_allclose(ax.lines[2].get_ydata(), a / 2, atol=0.006)
    assert ax.lines[0].get_color() == GREY


def test_penalty_contours(draw):
    figure = draw(plots.penalty_contours, PENALTIES)
    assert [ax.get_title() for ax in figure.axes] == ["L1", "L2"]
    for ax in figure.axes:
        assert len(ax.collections) == 2  # contours of the loss and of the penalty
        assert (ax.lines[0].get_xdata(), ax.lines[0].get_ydata()) == ([0.8], [2.2])  # the minimum of the loss
    best = [(float(ax.lines[1].get_xdata()[0]), float(ax.lines[1].get_ydata()[0])) for ax in figure.axes]
    assert best[0][0] == 0  # L1 makes a weight exactly zero, L2 does not
    assert best[1][0] > 0


def test_weight_paths(draw):
    strengths = np.linspace(0, 2, 5)
    weights = np.arange(20.0).reshape(5, 4)
    figure = draw(plots.weight_paths, strengths, {"L1": weights, "L2": (2 * weights).tolist()}, 2)
    for ax, path in zip(figure.axes, (weights, 2 * weights), strict=True):
        lines = {tuple(line.get_ydata()): line.get_color() for line in ax.lines}
        assert [lines[tuple(path[:, k])] for k in range(4)] == [BLUE, ORANGE, GREY, GREY]
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()
    legend = figure.axes[-1].get_legend().get_texts()
    assert [text.get_text() for text in legend] == ["weight 1", "weight 2", "the others"]
    assert figure.axes[0].get_xlabel() == "strength λ"


def test_overparameterized(draw):
    x = np.linspace(-1, 1, 21)
    truth, points = (x, np.sin(3 * x)), (x[::5], np.sin(3 * x[::5]) + 0.5)
    figure = draw(plots.overparameterized, points, truth, {0.0: truth[1] + 0.25, 0.1: truth[1]})
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == ["λ = 0\nRMSE 0.25 to data, 0.25 to truth", "λ = 0.1\nRMSE 0.50 to data, 0.00 to truth"]
    truth_line, fit, data = figure.axes[0].lines
    assert [line.get_color() for line in (truth_line, fit, data)] == [GREY, BLUE, "black"]
    np.testing.assert_allclose(fit.get_ydata(), truth[1] + 0.25)
