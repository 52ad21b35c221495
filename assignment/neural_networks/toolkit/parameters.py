"""Save trained parameters to a file, and load them without trusting the content of the file.

The file is an uncompressed ``.npz`` archive of plain arrays: the parameters ``W1``, ``b1``, ``W2``, …
of the network, the ``mean`` and the ``std`` that standardized the features, and ``data_set``, the name
of the data set on which the network was trained.
"""

from __future__ import annotations

import io
import math
import os
import re
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.data import DIMENSIONS, write_atomically

__all__ = ["MAX_BYTES", "Parameters", "ParametersError", "load_parameters", "save_parameters"]

Array = NDArray[Any]

MAX_BYTES = 20_000_000
"""Maximum size of a file, in bytes."""


class ParametersError(Exception):
    """A file of parameters cannot be saved or loaded; the message names the file, the reason and the remedy."""


@dataclass(frozen=True, repr=False, eq=False)
class Parameters:
    """A trained network, and the statistics that standardize its features.

    Attributes
    ----------
    params : dict of str to ndarray
        W1 (D, H1), b1 (H1,), W2 (H1, H2), … ; float32 or float64, all finite.
    data_set : str
        Name of the data set, as in `toolkit.data.load`.
    mean, std : ndarray, (D,)
        A feature x of the data set becomes (x - mean) / std; std > 0.
    """

    params: dict[str, Array]
    data_set: str
    mean: Array
    std: Array

    def __repr__(self) -> str:
        """Return the name of the data set and the sizes of the layers."""
        weights = [w for name, w in self.params.items() if name.startswith("W")]
        sizes = [len(weights[0])] + [w.shape[1] for w in weights]
        return f"Parameters({self.data_set}: {' -> '.join(map(str, sizes))}, {weights[0].dtype})"


def save_parameters(
    path: str | os.PathLike[str],
    params: Mapping[str, Array],
    *,
    data_set: str,
    mean: Array,
    std: Array,
) -> Path:
    """Save a trained network. No array is converted.

    Parameters
    ----------
    path : str or path-like
        The file, such as ``mnist_parameters.npz``. An older file is replaced.
    params : mapping of str to ndarray
        W1 (D, H1), b1 (H1,), W2 (H1, H2), … ; float32 or float64. For example `model.params`.
    data_set : str
        `Dataset.name` of the training data.
    mean, std : ndarray, (D,)
        The statistics that standardized the features. The standard deviation of a constant feature,
        such as a corner of MNIST's images, is 0: use 1 instead, here and for standardizing.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ParametersError
        The arrays are not as described above, the file would be larger than 20 MB, or the folder is
        not writable. An older file is not changed.
    """
    path = Path(path)
    arrays = {name: np.asarray(w) for name, w in params.items()}
    arrays |= {"mean": np.asarray(mean), "std": np.asarray(std)}
    if problem := _problem(arrays, data_set):
        raise ParametersError(f"{path} was not saved: {problem}.")
    stream = io.BytesIO()
    ordered = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    # Without allow_pickle=False, which NumPy 2.0 would save as an array; `_problem` lets no object array pass.
    np.savez(stream, data_set=np.array(data_set), **ordered)  # type: ignore[arg-type]
    _write(path, stream.getvalue())
    return path


def load_parameters(path: str | os.PathLike[str]) -> Parameters:
    """Load a file that `save_parameters` wrote; refuse any other file.

    All sizes are checked before anything is unpacked, and nothing is unpickled.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    network : Parameters
        The network, checked.

    Raises
    ------
    ParametersError
        The file is missing, too large, corrupt or written by another program, or its arrays do not
        form a network for the data set that it names.
    """
    path = Path(path)
    try:
        arrays = _unpack(_read(path))
        data_set = str(arrays.pop("data_set", ""))
        problem = _problem(arrays, data_set)
    except _DefectError as defect:
        problem = str(defect)
    except OSError as error:
        problem = f"it cannot be read ({error.strerror or error})"
    except _DAMAGE:
        problem = "it is damaged, or not written by save_parameters"
    if problem:
        raise ParametersError(f"{path} was not loaded: {problem}; train and save it again.")
    mean, std = arrays.pop("mean"), arrays.pop("std")
    return Parameters({name: arrays[name] for name in _names(arrays)}, data_set, mean, std)


# --------------------------------------------------------------------------- checks


def _problem(arrays: Mapping[str, Array], data_set: str) -> str | None:
    return next(_problems(arrays, data_set), None)


def _problems(arrays: Mapping[str, Array], data_set: str) -> Iterator[str]:
    """Describe each problem. Later checks rely on the earlier ones, so only the first problem counts."""
    if data_set not in DIMENSIONS:
        yield f"its data set is {str(data_set)[:40]!a}, not one of {', '.join(DIMENSIONS)}"
    expected = {*_names(arrays), "mean", "std"}
    if set(arrays) != expected or len(arrays) < 4:
        yield f"it must contain mean, std, W1, b1, W2, b2, ... and nothing else, but it contains {list(arrays)}"
    if len(arrays) >= _MAX_MEMBERS:  # data_set is a member too
        yield f"it has more than {(_MAX_MEMBERS - 3) // 2} layers"
    for name, array in arrays.items():
        if array.dtype not in (np.float32, np.float64):
            yield f"{name} is {array.dtype}, not float32 or float64"
        if not np.isfinite(array).all():
            yield f"{name} contains values that are not finite"
    yield from _shape_problems(arrays, *DIMENSIONS[data_set])
    if not (arrays["std"] > 0).all():
        yield "std is not positive everywhere (set it to 1 for constant features)"
    if (size := sum(array.nbytes for array in arrays.values())) > _MAX_CONTENT:
        yield f"its arrays take {size / 1e6:.1f} MB, more than {MAX_BYTES / 1e6:.0f} MB (use smaller layers)"


def _shape_problems(arrays: Mapping[str, Array], input_dim: int, output_dim: int) -> Iterator[str]:
    """Compare shapes with a chain of layers from input_dim to output_dim."""
    names, width = _names(arrays), input_dim
    for weight, bias in zip(names[::2], names[1::2], strict=True):
        out = output_dim if bias == names[-1] else arrays[bias].size
        yield from _shape_problem(arrays, weight, (width, out))
        yield from _shape_problem(arrays, bias, (out,))
        width = out
    for name in ("mean", "std"):
        yield from _shape_problem(arrays, name, (input_dim,))


def _shape_problem(arrays: Mapping[str, Array], name: str, shape: tuple[int, ...]) -> Iterator[str]:
    if arrays[name].shape != shape:
        yield f"{name} has shape {arrays[name].shape}, not {shape}"


def _names(arrays: Mapping[str, Array]) -> list[str]:
    """Return W1, b1, W2, b2, …, one name for each array other than mean and std."""
    layers = len(arrays.keys() - {"mean", "std"}) // 2
    return [f"{kind}{layer}" for layer in range(1, layers + 1) for kind in "Wb"]


# --------------------------------------------------------------------------- bytes


class _DefectError(Exception):
    """A file is not valid; the message is part of a sentence."""


_DAMAGE = (
    ArithmeticError,
    EOFError,
    LookupError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)
"""Exceptions that the standard library and NumPy raise for corrupt files."""

_MAX_MEMBERS = 64
_MAX_CONTENT = MAX_BYTES - _MAX_MEMBERS * 512  # the headers of an array take less than 512 bytes
_MEMBER = re.compile(r"(W[1-9]\d?|b[1-9]\d?|mean|std|data_set)\.npy")
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00(?P<size>..)"
    rb"\{'descr': '<(?P<kind>[fU])(?P<width>\d{1,2})', 'fortran_order': False, "
    rb"'shape': \((?P<shape>(\d{1,9}(, \d{1,9}|,))?)\), \} *\n",
    re.DOTALL,
)
_ITEM_SIZE = {b"f": 1, b"U": 4}


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise ParametersError(
            f"{path} was not saved: {error.strerror or error}; make its folder writable or choose another path."
        ) from None


def _read(path: Path) -> bytes:
    """Read a regular file of at most MAX_BYTES, without following a link or waiting for a pipe."""
    flags = ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")  # some platforms lack some of them
    descriptor = os.open(path, sum((getattr(os, flag, 0) for flag in flags), os.O_RDONLY))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _DefectError("it is not a regular file")
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _DefectError(f"its size is {status.st_size / 1e6:.1f} MB, more than {MAX_BYTES / 1e6:.0f} MB")
    return content


def _unpack(content: bytes) -> dict[str, Array]:
    if content.count(b"PK\x01\x02") > _MAX_MEMBERS:  # checked before zipfile creates an object for each
        raise _DefectError(f"it has more than {_MAX_MEMBERS} members")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        _check_members(members)
        return {m.filename.removesuffix(".npy"): _array(m, archive.read(m)) for m in members}


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    """Check names and declared sizes before anything is unpacked."""
    names = [member.filename for member in members]
    for name in names:
        if not _MEMBER.fullmatch(name):
            raise _DefectError(f"it contains {name[:40]!a}, which is not the name of a parameter")
        if names.count(name) > 1:
            raise _DefectError(f"it contains {name} twice")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise _DefectError(f"{member.filename} is compressed, which save_parameters never does")
    if sum(member.file_size for member in members) > MAX_BYTES:
        raise _DefectError("its members declare more bytes than the file has")


def _array(member: zipfile.ZipInfo, content: bytes) -> Array:
    """Read a member, if its header declares exactly the bytes that follow."""
    header = _HEADER.match(content)
    if header is None:
        raise _DefectError(f"{member.filename} is not a plain array of real numbers or text")
    shape = [int(size) for size in header["shape"].replace(b",", b" ").split()]
    size = math.prod(shape) * int(header["width"]) * _ITEM_SIZE[header["kind"]]
    if len(content) != header.end() + size or int.from_bytes(header["size"], "little") != header.end() - 10:
        raise _DefectError(f"{member.filename} does not have the size that its header declares")
    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
