"""Activations, gradients, shapes and distributions."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_hex

from toolkit import plots
from toolkit.plots import BLUE, GREEN, GREY, ORANGE


def test_activation(draw):
    figure = draw(
        plots.activation, "leaky", lambda x: (np.where(x > 0, x, x / 4), x), lambda d, x: d * (x > 0), limit=3
    )
    left, right = figure.axes
    x, out = left.lines[0].get_data()
    assert (x[0], x[-1]) == (-3, 3)
    np.testing.assert_allclose(out, np.where(x > 0, x, x / 4))
    np.testing.assert_allclose(right.lines[0].get_ydata(), x > 0)
    assert [left.lines[0].get_color(), right.lines[0].get_color()] == [BLUE, ORANGE]
    assert (left.get_title(), right.get_title()) == ("leaky", "leaky: derivative")
    assert (right.get_xlabel(), right.get_ylabel()) == ("input x", "d output / d x")


def test_activation_that_works_in_place(draw):
    """A function that changes its input must not change the x axis."""

    def forward(x):
        x *= 0
        return x, None

    figure = draw(plots.activation, "zero", forward, lambda dout, _: dout)
    assert figure.axes[0].lines[0].get_xdata()[0] == -6


def test_vanishing_gradients(draw):
    figure = draw(plots.vanishing_gradients, {"sigmoid": 0.25 ** np.arange(6.0), "ReLU": [1.0, 0.9, 0.8]})
    (ax,) = figure.axes
    assert ax.get_yscale() == "log"
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 0.25 ** np.arange(6.0))
    assert list(ax.lines[1].get_xdata()) == [0, 1, 2]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["sigmoid", "ReLU"]
    assert all(tick == int(tick) for tick in ax.get_xticks())


@pytest.mark.parametrize("dims", [[64, 10], [784, 100, 50, 10]])
def test_network(draw, dims):
    (ax,) = draw(plots.network, dims).axes
    texts = [text.get_text() for text in ax.texts]
    assert f"input X\n(N, {dims[0]})" in texts
    assert "scores\n(N, 10)" in texts
    for k, shape in enumerate(itertools.pairwise(dims), start=1):
        assert f"W{k} {shape}\nb{k} ({shape[1]},)" in texts
    assert texts.count("affine, ReLU") == len(dims) - 2
    assert texts.count("affine") == 1
    boxes = [text.get_bbox_patch() for text in ax.texts if text.get_bbox_patch() is not None]
    assert len(boxes) == len(dims)
    colors = [to_hex(box.get_facecolor()).upper() for box in boxes]
    assert colors == [GREY, *[BLUE] * (len(dims) - 2), GREEN]


def test_layer_histograms(draw):
    rng = np.random.default_rng(0)
    small, wide = [rng.normal(size=(50, 4)) / 2**k for k in range(3)], [rng.normal(size=(50, 4)) * 9] * 3
    figure = draw(plots.layer_histograms, {"small": small, "wide": wide}, limit=2.0)
    assert len(figure.axes) == 6
    for ax in figure.axes:
        assert sum(bar.get_height() for bar in ax.patches) == 200  # values beyond the limit are counted too
    assert [ax.get_title() for ax in figure.axes[:3]] == ["layer 1", "layer 2", "layer 3"]
    assert [ax.get_ylabel() for ax in figure.axes[::3]] == ["small\nhow many", "wide\nhow many"]
    assert figure.axes[0].texts[0].get_text() == f"std\n{np.std(small[0]):.2g}"
    assert [to_hex(figure.axes[k].patches[0].get_facecolor()).upper() for k in (0, 3)] == [BLUE, ORANGE]
