"""Warps: what stays, what moves where, and what neighbors share."""

from __future__ import annotations

import numpy as np

from tools.results.augmentation import GRID, SIDE, Warp, sampled
from tools.results.honesty import noisy, shifted, turned


def image_of_a_dot(row: int, column: int) -> np.ndarray:
    image = np.zeros((1, SIDE, SIDE), np.float32)
    image[0, row, column] = 1
    return image.reshape(1, -1)


def place_of(image: np.ndarray) -> tuple[int, int]:
    row, column = np.unravel_index(image.argmax(), (SIDE, SIDE))
    return int(row), int(column)


def test_an_image_read_where_its_pixels_are_stays_as_it_is() -> None:
    image = image_of_a_dot(10, 12)
    np.testing.assert_allclose(sampled(image, GRID), image, atol=1e-6)


def test_half_a_pixel_is_the_mean_of_two() -> None:
    moved = sampled(image_of_a_dot(10, 12), GRID + np.array([0, 0.5], np.float32)[:, None, None]).reshape(SIDE, SIDE)
    np.testing.assert_allclose(moved[10, 11:13], [0.5, 0.5], atol=1e-6)


def test_a_shift_to_the_right_moves_to_the_right() -> None:
    assert place_of(shifted(image_of_a_dot(10, 12), 3)) == (10, 15)


def test_a_turn_keeps_the_distance_to_the_middle() -> None:
    row, column = place_of(turned(image_of_a_dot(4, 13), 90))
    assert row in (13, 14)
    assert column in (4, 23)


def test_noise_stays_between_black_and_white() -> None:
    changed = noisy(np.full((20, SIDE * SIDE), 0.5, np.float32), 0.6)
    assert changed.min() == 0
    assert changed.max() == 1


def test_neighbors_share_a_warp_and_others_do_not() -> None:
    rng = np.random.default_rng(0)
    X = np.repeat(rng.random((1, SIDE * SIDE), dtype=np.float32), 6, axis=0)
    warped = Warp(rng, together=2, bank=5)(X, rng)
    assert warped.shape == X.shape
    assert warped.dtype == np.float32
    np.testing.assert_array_equal(warped[0], warped[1])
    assert not np.allclose(warped[1], warped[2])
