"""The published files of each data set: their names, their addresses and how to decode them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from numpy.typing import NDArray

from toolkit.data.formats import parse_housing, parse_idx, unpack_housing

Array = NDArray[Any]

_GITHUB = "https://raw.githubusercontent.com"


@dataclass(frozen=True)
class PublishedFile:
    """A file of a data set.

    Attributes
    ----------
    name : str
        Its name, here and in ``NN_DATA_DIR``.
    urls : tuple of str
        Mirrors, the preferred one first.
    parse : callable
        ``parse(content) -> array``; it raises ValueError for any other file.
    unpack : callable
        ``unpack(body) -> content``, from the body of a download to the content of the file.
    """

    name: str
    urls: tuple[str, ...]
    parse: Callable[[bytes], Array]
    unpack: Callable[[bytes], bytes] = bytes

    def decode(self, body: bytes) -> tuple[bytes, Array]:
        """Return the content to keep and the array in it.

        Parameters
        ----------
        body : bytes
            The body of a download.

        Returns
        -------
        content : bytes
        array : ndarray

        Raises
        ------
        ValueError
            The body is not the published file.
        """
        content = self.unpack(body)
        return content, self.parse(content)


def _mnist_file(name: str, md5: str) -> PublishedFile:
    mirrors = (
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
        f"{_GITHUB}/golbin/TensorFlow-MNIST/575b78720ffc21211b48eb905cb827f40a142354/mnist/data",
    )
    urls = tuple(f"{mirror}/{name}" for mirror in mirrors)
    return PublishedFile(name, urls, partial(parse_idx, md5))


_HOUSING_FILE = PublishedFile(
    "cal_housing.data",
    (
        "https://ndownloader.figshare.com/files/5976036",
        f"{_GITHUB}/RouNNdeL/uma-projekt/53916b5d81c17ac27ecc5570c6bd14a13303516b/data/cal_housing.data",
    ),
    parse_housing,
    unpack_housing,
)

FILES: dict[str, tuple[PublishedFile, ...]] = {
    "mnist": (
        _mnist_file("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        _mnist_file("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        _mnist_file("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        _mnist_file("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
    "california_housing": (_HOUSING_FILE,),
}
"""The files of each data set that is published on the web, by its name."""
