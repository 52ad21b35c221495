"""Small data sets, and where tests put and publish them."""

from __future__ import annotations

import functools
import gzip
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolkit.data import DataNotAvailable, Dataset, files, formats, loaders, sources

IDX_NAMES = [file.name for file in sources.FILES["mnist"]]


def forget() -> None:
    """Forget everything that this process has loaded and reported."""
    for loader in loaders.LOADERS.values():
        loader.cache_clear()
    files._report_not_kept.cache_clear()


def idx(array: np.ndarray) -> bytes:
    """Return an array of bytes as one of MNIST's files."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)


def publish(monkeypatch: pytest.MonkeyPatch, contents: dict[str, bytes], *servers: str) -> None:
    """Make MNIST consist of these files, on these servers."""
    published = tuple(
        sources.PublishedFile(
            name,
            tuple(f"{server}/{name}" for server in servers),
            functools.partial(formats.parse_idx, hashlib.md5(content).hexdigest()),
        )
        for name, content in contents.items()
    )
    monkeypatch.setitem(sources.FILES, "mnist", published)


def put(folder: Path, contents: dict[str, Any]) -> None:
    """Write files to a new folder."""
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def check_small(dataset: Dataset) -> None:
    """Check that a data set is the one of the fixture `small`."""
    assert dataset.name == "mnist"
    np.testing.assert_array_equal(dataset.y_train, np.arange(7))
    np.testing.assert_array_equal(dataset.y_test, np.arange(3))
    first = np.random.default_rng(0).integers(0, 256, (7, 28, 28), dtype=np.uint8)
    np.testing.assert_array_equal(dataset.X_train, first.reshape(7, 784))


def check_one_sentence(error: BaseException) -> None:
    """Check that an error is one sentence, hides no other error and forbids a fall-back."""
    message = str(error)
    assert "\n" not in message
    assert message.endswith(".")
    assert not isinstance(error, DataNotAvailable)
    assert error.__suppress_context__ or error.__context__ is None
