"""Update rules in the valley."""

from __future__ import annotations

import numpy as np
import pytest

from tests.toolkit.play.conftest import unwritten
from toolkit.play import descend, valley
from toolkit.play.landscape import STRIP, height


def plain(w, dw, config):
    return w - config["learning_rate"] * dw, config


def test_a_plain_step_shrinks_each_coordinate_by_its_own_factor():
    path = descend(plain, {"learning_rate": 0.3}, steps=4)
    k = np.arange(5)
    np.testing.assert_allclose(path, np.stack([-10 * 0.994**k, 2 * 0.4**k], axis=1))


@pytest.mark.parametrize(("momentum", "limit"), [(0.0, 1.0), (0.9, 1.9)])
def test_momentum_diverges_above_the_limit_that_the_notebook_gives(reference, momentum, limit):
    rule = reference("05_optimization").sgd_momentum
    below, above = (
        descend(rule, {"learning_rate": factor * limit, "momentum": momentum}, steps=500)[-1] for factor in (0.95, 1.05)
    )
    assert height(*below) < 1
    assert height(*above) > 100


def test_a_strip_shows_each_setting(reference, screen):
    valley(reference("05_optimization").sgd_momentum)
    (figure,) = screen
    titles = [ax.get_title().split(" (")[0] for ax in figure.axes]
    assert titles == [f"η {rate:g}, μ {momentum:g}" for rate, momentum in STRIP]


def test_a_rule_that_is_not_written_is_named(screen, capsys):
    valley(unwritten)
    assert screen == []
    assert "Exercise 5.2" in capsys.readouterr().out
