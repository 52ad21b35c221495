"""Verify and decode the published files."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tarfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

HOUSING_ARCHIVE = "aaa5c9a6afe2225cc2aed2723682ae403280c4a3695a2ddda4ffb5d8215ea681"
"""SHA-256 of the published archive of California housing."""

HOUSING_NUMBERS = "a2f4f55ff91c67e60391318ea4d61d247d09f8fef119ec6f44a1eb727d7f1f7b"
"""SHA-256 of the table's numbers as little-endian float64, in C order."""


def parse_idx(md5: str, raw: bytes) -> Array:
    """Verify and decompress one of MNIST's files.

    Parameters
    ----------
    md5 : str
        The published MD5 of the file.
    raw : bytes
        The file: an idx array, compressed by gzip.

    Returns
    -------
    ndarray of uint8, (N,) or (N, 28, 28)
        Labels or images, read-only.

    Raises
    ------
    ValueError
        The MD5 differs.
    """
    if hashlib.md5(raw, usedforsecurity=False).hexdigest() != md5:
        raise ValueError("its MD5 differs from that of the published file")
    size = int.from_bytes(raw[-4:], "little")  # gzip ends with the size of its content
    content = zlib.decompress(raw, wbits=31, bufsize=size)  # 31: with gzip's header and checksum
    shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)


def parse_housing(raw: bytes) -> Array:
    """Verify and read ``cal_housing.data`` by its numbers, with any line endings.

    Parameters
    ----------
    raw : bytes
        The file: comma-separated values without a header.

    Returns
    -------
    ndarray of float64, (20640, 9)

    Raises
    ------
    ValueError
        The file is not a table of numbers, or the numbers differ.
    """
    with contextlib.suppress(ValueError):
        table = np.array([row.split(b",") for row in raw.splitlines()]).astype(np.float64)
        if hashlib.sha256(table.astype("<f8").tobytes()).hexdigest() == HOUSING_NUMBERS:
            return table
    raise ValueError("its numbers differ from those of the published file")


def unpack_housing(raw: bytes) -> bytes:
    """Extract ``cal_housing.data`` from the published archive; return anything else unchanged.

    Parameters
    ----------
    raw : bytes
        A downloaded file.

    Returns
    -------
    bytes
        The table.
    """
    if hashlib.sha256(raw).hexdigest() != HOUSING_ARCHIVE:
        return raw
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as archive:
        member = archive.extractfile("CaliforniaHousing/cal_housing.data")
        return member.read() if member else raw
