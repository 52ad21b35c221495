"""Arrays as images, on scikit-learn's digits."""

import numpy as np
import pytest

from toolkit import plots


def test_digits(draw, digits):
    (ax,) = draw(plots.digits, digits, np.random.default_rng(0), columns=4).axes
    picture = np.asarray(ax.images[0].get_array())
    assert picture.shape == (10 * 10, 4 * 10)  # 8 by 8 pixels and a rim of one pixel
    known = {tuple(image): label for image, label in zip(digits.X_train, digits.y_train, strict=True)}
    for row, column in np.ndindex(10, 4):
        tile = picture[10 * row + 1 : 10 * row + 9, 10 * column + 1 : 10 * column + 9]
        assert known[tuple(tile.ravel())] == row
    assert [text.get_text() for text in ax.get_yticklabels()] == list("0123456789")
    assert ax.get_ylabel() == "digit"


def test_digits_of_a_table_are_refused(diabetes):
    with pytest.raises(ValueError, match="The data set diabetes is a table: give a data set of images"):
        plots.digits(diabetes, np.random.default_rng(0))


def test_pixel_statistics(draw, digits):
    mean, std = digits.X_train.mean(axis=0), digits.X_train.std(axis=0)
    figure = draw(plots.pixel_statistics, mean, std, digits.image_shape)
    panels, bars = figure.axes[:3], figure.axes[3:]
    np.testing.assert_array_equal(np.asarray(panels[0].images[0].get_array()).ravel(), mean)
    np.testing.assert_array_equal(np.asarray(panels[1].images[0].get_array()).ravel(), std)
    constant = int(np.sum(std == 0))
    assert constant > 0
    assert panels[2].get_title() == f"{constant} pixels never change"
    assert np.sum(np.asarray(panels[2].images[0].get_array())) == constant
    assert [bar.get_ylabel() for bar in bars] == ["pixel value", "pixel value"]


def test_most_wrong(draw, digits):
    X, y = digits.X_test[:5], np.array([0, 1, 2, 3, 4])
    scores = np.eye(10)[[0, 7, 8, 9, 4]] * np.array([[9], [1], [5], [3], [9]])  # the rows 1, 2 and 3 are wrong
    figure = draw(plots.most_wrong, X, y, scores, digits.image_shape, count=2)
    first, second, *rest = figure.axes
    sure = np.exp(5) / (np.exp(5) + 9)
    assert first.get_title() == f"8 ({sure:.1%})\nis a 2"
    assert second.get_title().endswith("is a 3")
    np.testing.assert_array_equal(np.asarray(first.images[0].get_array()).ravel(), X[2])
    assert not any(ax.images for ax in rest)


def test_most_wrong_without_a_mistake(draw, digits):
    y = digits.y_test
    figure = draw(plots.most_wrong, digits.X_test, y, np.eye(10)[y], digits.image_shape)
    assert not any(ax.images for ax in figure.axes)


def test_first_weights(draw):
    w = np.random.default_rng(0).normal(size=(64, 5)) * [1, 5, 2, 4, 0]
    figure = draw(plots.first_weights, w, (8, 8), count=4)
    drawn = [ax.images[0] for ax in figure.axes if ax.images]
    for image, unit in zip(drawn, (1, 3, 2, 0), strict=True):  # the largest weights first
        np.testing.assert_array_equal(np.asarray(image.get_array()).ravel(), w[:, unit])
        low, high = image.get_clim()
        assert low == -high  # 0 is white
        assert image.get_cmap() == plots.BLUE_TO_ORANGE


def test_dropout_draws(draw):
    x = np.linspace(0, 1, 12).reshape(3, 4)
    draws = [2 * x * (np.arange(12).reshape(3, 4) % 2 == k % 2) for k in range(6)]
    figure = draw(plots.dropout_draws, x, draws, shown=2)
    panels, bar = figure.axes[:-1], figure.axes[-1]
    assert [ax.get_title() for ax in panels] == ["input", "draw 1", "draw 2", "mean of 6 draws"]
    np.testing.assert_allclose(np.asarray(panels[-1].images[0].get_array()), x)
    assert {ax.images[0].get_clim() for ax in panels} == {(0, 2)}
    assert bar.get_ylabel() == "value"
