"""Loss functions, their gradients and their reaction to an outlier."""

import numpy as np

from toolkit import plots
from toolkit.plots import GREY


def squared(x, y):
    return np.mean((x - y) ** 2), 2 * (x - y) / x.size


def absolute(x, y):
    return np.mean(np.abs(x - y)), np.sign(x - y) / x.size


LOSSES = {"squared": squared, "absolute": absolute}


def test_regression_losses(draw):
    left, right = draw(plots.regression_losses, LOSSES, limit=2.0).axes
    errors = left.lines[0].get_xdata()
    assert (errors[0], errors[-1]) == (-2, 2)
    np.testing.assert_allclose(left.lines[0].get_ydata(), errors**2)
    np.testing.assert_allclose(right.lines[0].get_ydata(), 2 * errors)
    np.testing.assert_allclose(right.lines[1].get_ydata(), np.sign(errors))
    assert [text.get_text() for text in left.get_legend().get_texts()] == list(LOSSES)
    assert len({line.get_linestyle() for line in left.lines}) == 2  # also without colors the lines differ
    assert (left.get_xlabel(), right.get_ylabel()) == ("error x - y", "d loss / d x")


def test_outlier(draw):
    def fit_line(loss, x, y):
        if loss is squared:
            return np.polyfit(x, y, 1)
        return 1.0, float(np.median(y - x))

    left, right = draw(plots.outlier, fit_line, LOSSES).axes
    ((x, y),) = {tuple(map(tuple, dots.get_offsets().T)) for dots in left.collections}
    residuals = np.array(y) - 1 - np.array(x)
    assert np.argmin(residuals) == 17
    assert residuals[17] < -9
    shifts, slopes = right.lines[0].get_data()
    assert (shifts[0], shifts[-1]) == (0, 16)
    assert np.all(np.diff(slopes) < 0)  # the outlier is at the right end and too low
    assert np.ptp(right.lines[1].get_ydata()) == 0
    x, fitted = left.lines[1].get_data()
    np.testing.assert_allclose(np.polyfit(x, fitted, 1)[0], slopes[10])  # the data are 10 too low, as the title says
    assert left.lines[0].get_color() == GREY
    labels = [text.get_text() for text in left.get_legend().get_texts()]
    assert labels == ["data, one of them mistyped", "true line", "squared", "absolute"]


def test_classification_losses(draw):
    def softmax_loss(x, y):
        p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        return -np.log(p[0, y[0]]), p - np.eye(2)[y]

    left, right = draw(plots.classification_losses, softmax_loss, limit=4.0).axes
    p, loss = left.lines[0].get_data()
    np.testing.assert_allclose(loss, -np.log(p))
    z, slope = right.lines[0].get_data()
    assert (z[0], z[-1]) == (-4, 4)
    np.testing.assert_allclose(slope, p - 1)
    numeric = np.gradient(left.lines[1].get_ydata(), z)
    np.testing.assert_allclose(right.lines[1].get_ydata()[1:-1], numeric[1:-1], atol=1e-3)
    assert "probability" in left.get_xlabel()
