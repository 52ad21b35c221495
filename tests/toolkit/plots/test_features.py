"""The features of a table, on scikit-learn's diabetes data, and the map of California."""

from dataclasses import replace

import numpy as np
import pytest

from toolkit import plots


def test_feature_histograms(draw, diabetes):
    figure = draw(plots.feature_histograms, diabetes.X_train, diabetes.feature_names, "as in the data")
    assert [ax.get_title() for ax in figure.axes] == list(diabetes.feature_names)
    for ax, values in zip(figure.axes, diabetes.X_train.T, strict=True):
        counts, edges, _ = ax.patches[0].get_data()
        assert counts.sum() == len(diabetes.X_train)
        assert (edges[0], edges[-1]) == pytest.approx((values.min(), values.max()))
        assert ax.get_yscale() == "log"
        assert ax.get_xlabel() == "as in the data"
    assert [ax.get_ylabel() for ax in figure.axes[::5]] == ["rows", "rows"]


def test_feature_histograms_of_an_odd_number_of_features(draw, diabetes):
    figure = draw(plots.feature_histograms, diabetes.X_train[:, :3], diabetes.feature_names[:3], "raw")
    assert [ax.axison for ax in figure.axes] == [True, True, True, False]


@pytest.fixture
def california(diabetes):
    """Return a small data set with places."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.uniform(32, 42, 50), rng.uniform(-124, -114, 50)])
    return replace(diabetes, name="california_housing", X_train=X, feature_names=("Latitude", "Longitude"))


@pytest.mark.parametrize("centred", [False, True])
def test_on_map(draw, california, centred):
    values = np.linspace(-1, 3, 50)
    figure = draw(plots.on_map, california, california.X_train, values, "value ($100,000)", centred=centred)
    ax, bar = figure.axes
    (dots,) = ax.collections
    order = np.argsort(np.abs(values))  # the largest are drawn last, above the others
    np.testing.assert_array_equal(dots.get_offsets(), california.X_train[order][:, ::-1])
    np.testing.assert_array_equal(dots.get_array(), values[order])
    low, high = dots.get_clim()
    assert (low == -high) == centred
    assert dots.get_cmap().name == ("blue_to_orange" if centred else "viridis")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("longitude (degrees)", "latitude (degrees)")
    assert bar.get_ylabel() == "value ($100,000)"


def test_a_data_set_without_places_has_no_map(diabetes, capsys):
    plots.on_map(diabetes, diabetes.X_train, diabetes.y_train, diabetes.target_name)
    assert capsys.readouterr().out == (
        "There is no map of the data set diabetes: its features contain no longitude and latitude.\n"
    )
