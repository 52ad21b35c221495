"""Small changes of digits that leave their class as it is: shifts, rotations, scales and elastic deformations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Array = NDArray[Any]
SIDE = 28
GRID = np.stack(np.mgrid[:SIDE, :SIDE]).astype(np.float32) - (SIDE - 1) / 2  # (2, 28, 28), 0 in the middle


class Warp:
    """Warps the images of a batch; neighbors in the batch share a warp, which costs little where batches are shuffled.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the bank of elastic displacements.
    angle, shift, scale, elastic : float
        Largest rotation (degrees), shift (pixels), change of size (share), strength of the elastic part (pixels).
    together : int
        Number of neighbors that share a warp.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        angle: float = 12.0,
        shift: float = 2.0,
        scale: float = 0.12,
        elastic: float = 1.2,
        together: int = 8,
        bank: int = 2000,
    ) -> None:
        self.angle, self.shift, self.scale, self.together = np.radians(angle), shift, scale, together
        noise = gaussian_filter(rng.standard_normal((bank, 2, SIDE, SIDE), dtype=np.float32), (0, 0, 4, 4))
        self.bank = elastic * noise / noise.std()  # (bank, 2, 28, 28), pixels

    def __call__(self, X: Array, rng: np.random.Generator) -> Array:
        """Return warped copies of the images X (N, 784)."""
        parts = (X[i : i + self.together] for i in range(0, len(X), self.together))
        return np.concatenate([sampled(part, self._places(rng)) for part in parts])

    def _places(self, rng: np.random.Generator) -> Array:
        """Where each pixel of a warped image comes from, (2, 28, 28)."""
        turn = rng.uniform(-self.angle, self.angle)
        stretch = 1 + rng.uniform(-self.scale, self.scale, (2, 1))
        matrix = stretch * rotation(turn)
        shift = rng.uniform(-self.shift, self.shift, (2, 1, 1))
        return np.tensordot(matrix, GRID, 1) + shift + self.bank[rng.integers(len(self.bank))]


def rotation(angle: float) -> Array:
    """Return the matrix (2, 2) that turns rows and columns by an angle in radians."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def sampled(X: Array, places: Array) -> Array:
    """Read images at places between pixels, with bilinear weights.

    Parameters
    ----------
    X : ndarray, (N, 784)
    places : ndarray, (2, 28, 28)
        Rows and columns, 0 in the middle of the image; places outside read the edge.

    Returns
    -------
    ndarray, (N, 784), of X's dtype
    """
    at = np.clip(places.reshape(2, -1) + (SIDE - 1) / 2, 0, SIDE - 1.001)  # (2, 784)
    corner = at.astype(np.intp)
    (down, right), first = (at - corner).astype(X.dtype), SIDE * corner[0] + corner[1]
    out = X[:, first] * ((1 - down) * (1 - right))
    out += X[:, first + 1] * ((1 - down) * right)
    out += X[:, first + SIDE] * (down * (1 - right))
    out += X[:, first + SIDE + 1] * (down * right)
    return out
