"""The data sets of the course, found on this machine or downloaded.

Each is looked for in the folder that the environment variable ``NN_DATA_DIR`` names, then in the
user's cache folder, then on the web; every file is verified before it is used. Where that fails,
`load_mnist` and `load_california_housing` return a smaller data set that comes with scikit-learn,
and say so. ``NN_OFFLINE=1`` forbids downloads.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
import sys
import tarfile
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, fields
from functools import cache, partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

__all__ = [
    "DIMENSIONS",
    "DataError",
    "DataNotAvailable",
    "Dataset",
    "load",
    "load_california_housing",
    "load_mnist",
    "locate",
    "places",
    "write_atomically",
]

Array = NDArray[Any]

DIMENSIONS = {
    "mnist": (784, 10),
    "digits": (64, 10),
    "california_housing": (8, 1),
    "diabetes": (10, 1),
}
"""Number of features and of outputs of each data set, by name."""


class DataError(Exception):
    """A data set cannot be had, for the reason and with the remedy that the message names.

    DataError
    └── DataNotAvailable    neither on this machine nor to be downloaded
    """


class DataNotAvailable(DataError):  # noqa: N818 - a state of affairs, not a mistake
    """The data set is neither on this machine nor could it be downloaded."""


@dataclass(frozen=True, repr=False, eq=False)
class Dataset:
    """A data set, split three ways. Its arrays are read-only: work on copies of them.

    Attributes
    ----------
    name : str
        ``"mnist"``, ``"digits"``, ``"california_housing"`` or ``"diabetes"``.
    category : str
        ``"classification"`` or ``"regression"``.
    X_train, X_val, X_test : ndarray, (N, D)
        Features: float32 for the images (raw pixel values), float64 for the tables.
    y_train, y_val, y_test : ndarray, (N,)
        Labels 0 … 9 (int64), or the target (float64).
    target_name : str
        What y is, with its unit.
    feature_names : tuple of str
        Names of the D features of a table; empty for images.
    image_shape : tuple of int, or None
        Height and width of an image; None for a table.
    """

    name: str
    category: str
    X_train: Array
    y_train: Array
    X_val: Array
    y_val: Array
    X_test: Array
    y_test: Array
    target_name: str
    feature_names: tuple[str, ...] = ()
    image_shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Make the arrays read-only: one caller's change would reach all others."""
        for value in (getattr(self, field.name) for field in fields(self)):
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def input_dim(self) -> int:
        """Number of features, D."""
        return DIMENSIONS[self.name][0]

    @property
    def output_dim(self) -> int:
        """Number of classes, or 1 for regression."""
        return DIMENSIONS[self.name][1]

    def as_dict(self) -> dict[str, Array]:
        """Return what `Solver` takes: X_train, y_train, X_val and y_val by name."""
        return {key: getattr(self, key) for key in ("X_train", "y_train", "X_val", "y_val")}

    def __repr__(self) -> str:
        """Say which data set it is, and how large."""
        splits = ((split, getattr(self, f"X_{split}")) for split in ("train", "val", "test"))
        shapes = ", ".join(f"X_{split} {X.shape}" for split, X in splits)
        return f"Dataset({self.name}, {self.category}: {shapes}, {self.X_train.dtype})"


# --------------------------------------------------------------------------- loading


def load_mnist() -> Dataset:
    """Load MNIST, or scikit-learn's digits (and one line that says so) where it cannot be had.

    Returns
    -------
    Dataset
        ``"mnist"``: X (N, 784), pixel values 0 … 255; 55,000 training images, the 5,000 after
        them for validation, 10,000 for the test. ``"digits"``: X (N, 64), pixel values 0 … 16;
        1,797 images. The arrays are read-only.

    Raises
    ------
    DataError
        ``NN_DATA_DIR`` names a folder that is missing or holds a corrupt file.
    """
    return _load_or("mnist", "digits", "digits (8 x 8 pixels)")


def load_california_housing() -> Dataset:
    """Load California housing, or scikit-learn's diabetes data where it cannot be had.

    Returns
    -------
    Dataset
        ``"california_housing"``: X (20640, 8) split 64 : 16 : 20, y the median house value of a
        block group in $100,000. ``"diabetes"``: X (442, 10), y the progression of the disease
        after a year, divided by 100 so that it is of the same order as a house value (and so are
        errors and learning rates). The arrays are read-only.

    Raises
    ------
    DataError
        ``NN_DATA_DIR`` names a folder that is missing or holds a corrupt file.
    """
    return _load_or("california_housing", "diabetes", "diabetes data (442 patients)")


def load(name: str) -> Dataset:
    """Load the data set of exactly this name.

    Parameters
    ----------
    name : str
        ``"mnist"``, ``"digits"``, ``"california_housing"`` or ``"diabetes"``.

    Returns
    -------
    Dataset
        The same object whenever it is asked for; its arrays are read-only.

    Raises
    ------
    DataNotAvailable
        It is not on this machine and could not be downloaded.
    DataError
        ``NN_DATA_DIR`` names a folder that is missing or holds a corrupt file.
    ValueError
        There is no data set of this name.
    """
    if name not in _LOADERS:
        raise ValueError(f"there is no data set {name!r}; choose from {', '.join(_LOADERS)}")
    return _LOADERS[name]()


def places() -> dict[str, Path]:
    """List the folders where data sets are looked for on this machine, in this order.

    Returns
    -------
    dict of str to Path
        ``"NN_DATA_DIR"`` (only where it is set) and ``"cache"``.

    Raises
    ------
    DataError
        ``NN_DATA_DIR`` names a folder that is missing.
    """
    own = _own_folder()
    return ({} if own is None else {"NN_DATA_DIR": own}) | {"cache": _cache_folder()}


def locate(name: str) -> Path | None:
    """Find the folder with all files of a data set, without downloading or verifying them.

    Parameters
    ----------
    name : str
        ``"mnist"`` or ``"california_housing"``; the others come with scikit-learn.

    Returns
    -------
    Path or None
        None where no folder has all of them.

    Raises
    ------
    DataError
        ``NN_DATA_DIR`` names a folder that is missing.
    """
    for folder in places().values():
        if all(os.path.isfile(folder / name / file.name) for file in _FILES.get(name, [_NO_FILE])):
            return folder / name
    return None


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file such that others see the old content or the new, never a part.

    Parameters
    ----------
    path : Path
        Where to write; its folder must exist.
    content : bytes
        What to write.

    Raises
    ------
    OSError
        The folder is missing, read-only or full.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _load_or(name: str, fallback: str, description: str) -> Dataset:
    try:
        return load(name)
    except DataNotAvailable as error:
        print(f"{error} Until then, scikit-learn's {description} will do.")
        return load(fallback)


# --------------------------------------------------------------------------- the data sets


@cache
def _mnist() -> Dataset:
    images, labels, test_images, test_labels = _arrays("mnist")
    X, X_test = (a.reshape(-1, 784).astype(np.float32) for a in (images, test_images))
    y, y_test = labels.astype(np.int64), test_labels.astype(np.int64)
    splits = (X[:55_000], y[:55_000], X[55_000:], y[55_000:], X_test, y_test)
    return Dataset("mnist", "classification", *splits, "digit", image_shape=(28, 28))


@cache
def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    splits = _split(X.astype(np.float32), y.astype(np.int64))
    return Dataset("digits", "classification", *splits, "digit", image_shape=(8, 8))


@cache
def _california_housing() -> Dataset:
    (table,) = _arrays("california_housing")
    longitude, latitude, age, rooms, bedrooms, population, households, income, value = table.T
    X = np.column_stack(
        [
            income,
            age,
            rooms / households,
            bedrooms / households,
            population,
            population / households,
            latitude,
            longitude,
        ]
    )  # (20640, 8), in the order of _HOUSING_FEATURES
    splits = _split(X, value / 100_000)
    unit = "median house value ($100,000)"
    return Dataset("california_housing", "regression", *splits, unit, _HOUSING_FEATURES)


@cache
def _diabetes() -> Dataset:
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    splits = _split(bunch.data, bunch.target / 100)
    names = tuple(bunch.feature_names)
    return Dataset("diabetes", "regression", *splits, "disease progression / 100", names)


_LOADERS = {
    "mnist": _mnist,
    "digits": _digits,
    "california_housing": _california_housing,
    "diabetes": _diabetes,
}

_HOUSING_FEATURES = (
    "MedInc",
    "HouseAge",
    "AveRooms",
    "AveBedrms",
    "Population",
    "AveOccup",
    "Latitude",
    "Longitude",
)


def _split(X: Array, y: Array) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Shuffle by a fixed seed and split 64 : 16 : 20 into training, validation and test."""
    order = np.random.RandomState(231).permutation(len(X))  # the same in every version of NumPy
    train, val, test = np.split(order, [round(0.64 * len(X)), round(0.80 * len(X))])
    return X[train], y[train], X[val], y[val], X[test], y[test]


# --------------------------------------------------------------------------- files


_HOUSING_ARCHIVE = "aaa5c9a6afe2225cc2aed2723682ae403280c4a3695a2ddda4ffb5d8215ea681"
_HOUSING_NUMBERS = "a2f4f55ff91c67e60391318ea4d61d247d09f8fef119ec6f44a1eb727d7f1f7b"


def _parse_idx(md5: str, raw: bytes) -> Array:
    """Verify and unpack one of MNIST's files: unsigned bytes, (N,) or (N, 28, 28)."""
    if hashlib.md5(raw, usedforsecurity=False).hexdigest() != md5:
        raise ValueError("is not the published file (its MD5 differs)")
    size = int.from_bytes(raw[-4:], "little")  # gzip ends with the size of its content
    content = zlib.decompress(raw, wbits=31, bufsize=size)  # 31: with gzip's header and checksum
    shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)


def _parse_housing(raw: bytes) -> Array:
    """Verify and read cal_housing.data by its numbers, whatever its line endings: (20640, 9)."""
    with contextlib.suppress(ValueError):
        table = np.array([row.split(b",") for row in raw.splitlines()]).astype(np.float64)
        if hashlib.sha256(table.astype("<f8").tobytes()).hexdigest() == _HOUSING_NUMBERS:
            return table
    raise ValueError("does not hold the numbers of the California housing data")


def _unpack_housing(raw: bytes) -> bytes:
    """Take cal_housing.data out of the published archive; leave anything else as it is."""
    if hashlib.sha256(raw).hexdigest() != _HOUSING_ARCHIVE:
        return raw
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as archive:
        member = archive.extractfile("CaliforniaHousing/cal_housing.data")
        return member.read() if member else raw


_GITHUB = "https://raw.githubusercontent.com"


@dataclass(frozen=True)
class _File:
    """A file of a data set: where it is published, how it is verified and read."""

    name: str
    urls: tuple[str, ...]
    parse: Callable[[bytes], Array]
    unpack: Callable[[bytes], bytes] = bytes  # from what is downloaded to what is kept


def _mnist_file(name: str, md5: str) -> _File:
    mirrors = (
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
        f"{_GITHUB}/golbin/TensorFlow-MNIST/575b78720ffc21211b48eb905cb827f40a142354/mnist/data",
    )
    urls = tuple(f"{mirror}/{name}" for mirror in mirrors)
    return _File(name, urls, partial(_parse_idx, md5))


_NO_FILE = _File("", (), np.frombuffer)
_FILES = {
    "mnist": (
        _mnist_file("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        _mnist_file("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        _mnist_file("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        _mnist_file("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
    "california_housing": (
        _File(
            "cal_housing.data",
            (
                "https://ndownloader.figshare.com/files/5976036",
                f"{_GITHUB}/RouNNdeL/uma-projekt/53916b5d81c17ac27ecc5570c6bd14a13303516b"
                "/data/cal_housing.data",
            ),
            _parse_housing,
            _unpack_housing,
        ),
    ),
}


def _arrays(name: str) -> list[Array]:
    return [_array(name, file) for file in _FILES[name]]


def _array(name: str, file: _File) -> Array:
    own = _own_folder()
    if own is not None and os.path.isdir(own / name):
        return _read_own(own / name / file.name, file)
    kept = _cache_folder() / name / file.name
    try:
        return file.parse(kept.read_bytes())
    except (OSError, ValueError):  # missing, unreadable or corrupt: take a fresh one
        raw, array = _download(name, file)
    _keep(kept, raw)
    return array


def _read_own(path: Path, file: _File) -> Array:
    remedy = "put the published file there, or unset NN_DATA_DIR to have it downloaded"
    try:
        return file.parse(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): {remedy}.") from None
    except ValueError as error:
        raise DataError(f"{path} is corrupt, it {error}: {remedy}.") from None


def _keep(path: Path, raw: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, raw)
    except OSError as error:
        _say_not_kept(path.parent, error.strerror)


@cache  # once is enough
def _say_not_kept(folder: Path, reason: str) -> None:
    print(f"{folder} takes no files ({reason}): the next session downloads this data set again.")


def _own_folder() -> Path | None:
    setting = os.environ.get("NN_DATA_DIR")
    if not setting:
        return None
    folder = Path(setting).expanduser().absolute()
    if not os.path.isdir(folder):
        raise DataError(
            f"NN_DATA_DIR names {folder}, which is no folder that can be read: "
            "correct the variable, or unset it to have the data downloaded."
        )
    return folder


def _cache_folder() -> Path:
    """Return the folder for downloads: by XDG_CACHE_HOME, else as the platform has it."""
    return _cache_root() / "neural_networks"


def _cache_root() -> Path:
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        if os.environ.get(variable):
            return Path(os.environ[variable])
    try:
        return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    except RuntimeError:  # a user without a home
        return Path(tempfile.gettempdir())


# --------------------------------------------------------------------------- downloads


_PATIENCE = 7.0
_STALL_SECONDS = 10.0
_MAX_BYTES = 32_000_000


@dataclass
class _Patience:
    """For how long this process still waits for servers that do not answer."""

    seconds: float = _PATIENCE


_patience = _Patience()


def _download(name: str, file: _File) -> tuple[bytes, Array]:
    """Return a file from the first mirror that has it, and the array in it."""
    if os.environ.get("NN_OFFLINE", "0") not in ("", "0"):
        raise _not_available(name, "NN_OFFLINE forbids it", "unset that")
    reason = "no server answers"
    for tried, url in enumerate(file.urls):
        if _patience.seconds <= 0:
            break
        try:
            raw = file.unpack(_fetch(url, _patience.seconds / (len(file.urls) - tried)))
            array = file.parse(raw)
        except TimeoutError:
            continue
        except (OSError, HTTPException, ValueError) as error:
            reason = f"{urlsplit(url).hostname}: {getattr(error, 'reason', error)}"
        else:
            _patience.seconds = _PATIENCE
            return raw, array
    raise _not_available(name, reason, "go online and restart the kernel")


def _not_available(name: str, reason: str, remedy: str) -> DataNotAvailable:
    return DataNotAvailable(
        f"The data set {name} is not on this machine and could not be downloaded ({reason}): "
        f"{remedy}, or set NN_DATA_DIR to a folder with {name}/{_FILES[name][0].name}."
    )


def _fetch(url: str, seconds: float) -> bytes:
    """Download with a progress bar; the server has `seconds` for its first byte."""
    body = bytearray()
    with _answer(url, seconds) as response, _progress_bar(url, response) as bar:
        while len(body) < _MAX_BYTES and (chunk := response.read1(1 << 16)):
            body += chunk
            bar.update(len(chunk))
    return bytes(body)


def _progress_bar(url: str, response: HTTPResponse) -> Any:
    size = response.headers.get("Content-Length", "")
    total = int(size) if size.isdecimal() else None
    description = urlsplit(url).hostname
    return tqdm(total=total, desc=description, unit="B", unit_scale=True, file=sys.stdout, leave=False)


def _answer(url: str, seconds: float) -> HTTPResponse:
    """Open a URL within `seconds`, in a thread because a name lookup knows no time limit."""
    future: Future[HTTPResponse] = Future()
    start = time.monotonic()
    threading.Thread(target=_open, args=(url, future), daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except Exception:
        _patience.seconds = max(0.0, _patience.seconds - (time.monotonic() - start))
        if future.cancel() or future.exception():
            raise
        return future.result()  # the answer came at the very last moment


def _open(url: str, future: Future[HTTPResponse]) -> None:
    """Connect and wait for the first byte; close what nobody waits for any more."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    try:
        request = Request(url, headers={"User-Agent": "neural-networks-course"})
        response = urlopen(request, timeout=_STALL_SECONDS)
        response.peek(1)
    except Exception as error:  # whatever it is, it is for the thread that waits
        if isinstance(error, HTTPError):
            error.close()
        if future.set_running_or_notify_cancel():
            future.set_exception(error)
        return
    if future.set_running_or_notify_cancel():
        future.set_result(response)
    else:
        response.close()
