"""Predictions against the truth, on the fall-back data."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from toolkit import plots
from toolkit.plots import BLUE, ORANGE


def test_confusion(draw):
    y, predicted = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 2, 1, 1, 2, 1])
    ax, bar = draw(plots.confusion, y, predicted).axes
    counts = {text.get_position(): text.get_text() for text in ax.texts}  # (predicted, true)
    rows = [[counts[column, row] for column in range(3)] for row in range(3)]
    assert rows == [["1", "0", "1"], ["0", "2", "0"], ["0", "1", "1"]]
    assert np.trace(np.asarray(ax.images[0].get_array())) == 0  # right answers have no color
    assert ax.get_title() == "2 mistakes in 6 images"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("the network says", "the digit is")
    assert bar.get_ylabel() == "mistakes"


def test_confusion_without_a_mistake(draw, digits):
    ax = draw(plots.confusion, digits.y_test, digits.y_test).axes[0]
    assert ax.get_title() == f"0 mistakes in {len(digits.y_test)} images"


def test_predicted_against_true(draw, diabetes):
    y = diabetes.y_test
    predictions = {"mean": np.full(len(y), y.mean()), "your network": (y + 0.5)[:, None]}
    figure = draw(plots.predicted_against_true, y, predictions, diabetes.target_name)
    assert [ax.get_title() for ax in figure.axes] == [f"mean: RMSE {y.std():.3f}", "your network: RMSE 0.500"]
    offsets = figure.axes[1].collections[0].get_offsets()
    np.testing.assert_allclose(offsets, np.column_stack([y, y + 0.5]))
    assert list(figure.axes[1].lines[0].get_xdata()) == list(figure.axes[1].lines[0].get_ydata())
    assert figure.get_supxlabel() == diabetes.target_name
    assert [ax.get_ylabel() for ax in figure.axes] == ["predicted", ""]


def test_methods(draw):
    errors = {"mean": 1.15, "your network": 0.55, "linear model": 0.72}
    (ax,) = draw(plots.methods, errors, "RMSE ($100,000)").axes
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["mean", "linear model", "your network"]  # from the bottom to the top
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([1.15, 0.72, 0.55])
    assert [to_hex(bar.get_facecolor()).upper() for bar in ax.patches] == [BLUE, BLUE, ORANGE]
    assert [text.get_text() for text in ax.texts] == ["1.150", "0.720", "0.550"]
    assert ax.get_xlabel() == "RMSE ($100,000)"
