"""Fits with penalties of known effect."""

from __future__ import annotations

import numpy as np

from tests.toolkit.play.conftest import unwritten
from toolkit.play import fit_bumps, regularization
from toolkit.play.penalties import STRIP, bumps, points


def ridge(w, strength):
    return strength / 2 * np.sum(w**2), strength * w


def test_a_strong_spring_reaches_the_solution_of_the_normal_equations():
    x, y = points()
    features = bumps(x)
    exact = np.linalg.solve(features.T @ features * 2 / len(y) + np.eye(24), features.T @ y * 2 / len(y))
    np.testing.assert_allclose(fit_bumps(ridge, 1.0), exact, atol=1e-8)


def test_no_penalty_fits_the_points():
    x, y = points()
    assert np.sqrt(np.mean((bumps(x) @ fit_bumps(ridge, 0.0) - y) ** 2)) < 0.05


def test_a_strip_has_a_column_for_each_strength_and_counts_zeros(reference, screen):
    own = reference("03_regularization")
    regularization({"L1": own.l1_regularization, "L2": own.l2_regularization})
    (figure,) = screen
    upper, lower = figure.axes[:3], figure.axes[3:]
    assert [ax.get_title() for ax in upper] == [f"strength {strength:g}" for strength in STRIP]
    zeros = [int(text.get_text().split()[1]) for text in lower[-1].get_legend().get_texts()]
    assert zeros[0] > zeros[1]  # L1 selects


def test_a_penalty_that_is_not_written_is_named(screen, capsys):
    regularization({"L1": unwritten})
    assert screen == []
    assert "Then run this cell again." in capsys.readouterr().out
