"""The random search: what it draws, and what it says about what it drew."""

from __future__ import annotations

import numpy as np
import pytest

from tools.results.study import SIZES, drawn, effect_of


def test_draws_stay_in_their_ranges_and_differ() -> None:
    rng = np.random.default_rng(0)
    recipes = [drawn(rng) for _ in range(50)]
    assert len({recipe.key for recipe in recipes}) == 50
    assert {recipe.hidden for recipe in recipes} == set(SIZES)
    assert all(10**-2.5 <= recipe.rate <= 10**-0.3 and 1e-6 <= recipe.reg <= 1e-2 for recipe in recipes)
    assert drawn(np.random.default_rng(7)) == drawn(np.random.default_rng(7))


def test_a_setting_that_orders_the_results_has_correlation_1() -> None:
    rows = [
        {"rate": rate, "hidden": hidden, "validation": validation}
        for rate, hidden, validation in [(0.1, [512], 0.9), (0.01, [64, 64], 0.8), (1.0, [32], 0.95), (2.0, [16], 0.96)]
    ]
    assert effect_of(rows, "rate") == pytest.approx(1)
    assert effect_of(rows, "hidden") < 0
