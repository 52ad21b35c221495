"""Sizes of signals and gradients that can be computed by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.toolkit.play.conftest import unwritten
from toolkit.play import initialization, signal_sizes, signals


def test_each_linear_layer_multiplies_the_size_by_the_root_of_its_inputs(reference):
    layers, dims, scales = reference("01_layers"), [400, 300, 500], [0.1, 0.02]
    forward, backward = signal_sizes(layers, "none", scales, dims)
    growth = [0.1 * np.sqrt(400), 0.02 * np.sqrt(300)]
    np.testing.assert_allclose(forward[1:] / forward[:-1], growth, rtol=0.05)
    shrinking = [0.1 * np.sqrt(300), 0.02 * np.sqrt(500)]  # the gradient is a sum over the units of the next layer
    np.testing.assert_allclose(backward[:-1] / backward[1:], shrinking, rtol=0.05)


def test_a_relu_halves_the_mean_square(reference):
    forward, _ = signal_sizes(reference("01_layers"), "ReLU", [1 / np.sqrt(500)], [500, 400])
    assert forward[1] ** 2 / forward[0] ** 2 == pytest.approx(0.5, rel=0.1)


def test_signals_names_its_settings(reference, screen):
    signals(reference("01_layers"))
    (figure,) = screen
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[0] == "ReLU, 0.7 · √(1/D)"
    assert len(names) == 5


@pytest.mark.parametrize(
    ("scale", "verdict"),
    [
        (lambda d: np.sqrt(2 / d), "✓ the signal keeps its size"),
        (lambda d: np.sqrt(1 / d), "✗ the signal does not keep its size"),
        (lambda d: 2 / d, "✗ the signal does not keep its size"),
        (lambda d: 0.1, "✗ the signal does not keep its size"),
        (lambda d: None, "There is no formula yet"),
    ],
)
def test_only_the_formula_that_suits_all_widths_is_right(reference, screen, capsys, scale, verdict):
    initialization(reference("01_layers"), scale)
    assert verdict in capsys.readouterr().out
    assert len(screen) == 1


def test_a_guess_is_shown_with_the_result(reference, screen, capsys):
    initialization(reference("01_layers"), lambda d: None, {"0.2 everywhere": 10.0})
    assert len(screen) == 2
    assert "you said 10" in capsys.readouterr().out


def test_layers_that_are_not_written_are_named(screen, capsys):
    blank = SimpleNamespace(affine_forward=unwritten, relu_forward=unwritten, relu_backward=unwritten)
    signals(blank)
    initialization(blank, np.sqrt)
    assert screen == []
    assert capsys.readouterr().out.count("Nothing to draw yet.") == 2
