"""A network that learns in front of the student."""

from __future__ import annotations

import numpy as np
import pytest

from tests.toolkit.play.conftest import unwritten
from toolkit.play import CLOUDS, Frame, cloud, playground, train_frames
from toolkit.play.playground import KEPT, LIMIT


@pytest.fixture
def own(reference):
    return reference("04_fully_connected_net").FullyConnectedNet, reference("05_optimization")


@pytest.mark.parametrize("name", CLOUDS)
def test_two_hidden_layers_learn_each_data_set(own, name):
    network, rules = own
    X, y = cloud(name)
    frames = list(train_frames(network, rules.sgd_momentum, X, y, hidden=[16, 16], learning_rate=0.1))
    assert [frame.step for frame in frames] == list(KEPT)
    assert frames[0].accuracy < 0.8
    assert frames[-1].accuracy > 0.97


def test_the_surface_is_the_networks_probability_lowest_row_first(own):
    network, rules = own
    X = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    upper = (X[:, 1] > 0).astype(int)
    *_, last = train_frames(network, rules.sgd, X, upper, hidden=[], learning_rate=1.0)
    assert isinstance(last, Frame)
    assert last.surface[:10].max() < 0.1
    assert last.surface[-10:].min() > 0.9


def test_without_a_hidden_layer_xor_stays_unlearned(own):
    network, rules = own
    *_, last = train_frames(network, rules.sgd, *cloud("XOR"), hidden=[], learning_rate=0.3)
    assert last.accuracy < 0.8


def test_a_strip_has_a_row_for_each_data_set(own, screen):
    network, rules = own
    playground(network, {"SGD": (rules.sgd, 0.3), "momentum": (rules.sgd_momentum, 0.1)})
    (figure,) = screen
    assert len(figure.axes) == len(CLOUDS) * len(KEPT)
    assert [ax.get_ylabel() for ax in figure.axes[:: len(KEPT)]] == list(CLOUDS)
    assert all(ax.get_xlim() == (-LIMIT, LIMIT) for ax in figure.axes)


def test_what_is_not_written_is_named(own, screen, capsys):
    network, rules = own
    playground(unwritten, {"SGD": (rules.sgd, 0.3)})
    playground(network, {"SGD": (unwritten, 0.3)})
    assert screen == []
    assert capsys.readouterr().out.count("Nothing to draw yet.") == 2
