"""Find, read and write the files of data sets."""

from __future__ import annotations

import contextlib
import os
import secrets
from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from toolkit.data.download import download
from toolkit.data.exceptions import DataError, DataNotAvailable, DownloadError
from toolkit.data.folders import cache_folder, own_folder, places
from toolkit.data.sources import FILES, PublishedFile

Array = NDArray[Any]


def locate(name: str) -> Path | None:
    """Find the folder that has all files of a data set, without downloading or verifying them.

    Parameters
    ----------
    name : str
        ``"mnist"`` or ``"california_housing"``; the others are parts of packages.

    Returns
    -------
    Path or None
        None if no folder has all of them.

    Raises
    ------
    DataError
        ``NN_DATA_DIR`` is not a readable folder.
    """
    files = FILES.get(name, ())
    for folder in places().values():
        if files and all(os.path.isfile(folder / name / file.name) for file in files):
            return folder / name
    return None


def missing_file() -> Path | None:
    """Find a file that ``NN_DATA_DIR`` lacks, in a folder that has a data set's name.

    Returns
    -------
    Path or None
        The first such file; None if all are there, or if the variable is not set.

    Raises
    ------
    DataError
        ``NN_DATA_DIR`` is not a readable folder.
    """
    own = own_folder()
    kept = [name for name in FILES if own is not None and os.path.isdir(own / name)]
    files = (own / name / file.name for name in kept for file in FILES[name] if own is not None)
    return next((file for file in files if not os.path.isfile(file)), None)


def read_arrays(name: str) -> list[Array]:
    """Read all files of a data set, from ``NN_DATA_DIR``, the cache or the web.

    Parameters
    ----------
    name : str
        ``"mnist"`` or ``"california_housing"``.

    Returns
    -------
    list of ndarray
        The array in each file, in the order of `sources.FILES`.

    Raises
    ------
    DataNotAvailable
        A file is not on this machine, and the download failed.
    DataError
        ``NN_DATA_DIR`` is not a readable folder, or a file in it is missing or corrupt.
    """
    return [_read(name, file) for file in FILES[name]]


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that other processes see its old content or its new content, never a part.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    content : bytes
        The new content.

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


def _read(name: str, file: PublishedFile) -> Array:
    own = own_folder()
    if own is not None and os.path.isdir(own / name):
        return _read_own(own / name / file.name, file)
    kept = cache_folder() / name / file.name
    with contextlib.suppress(OSError, ValueError):  # missing, unreadable or corrupt: download it again
        return file.parse(kept.read_bytes())
    content, array = _download(name, file)
    _keep(kept, content)
    return array


def _read_own(path: Path, file: PublishedFile) -> Array:
    remedy = "put the published file there, or unset NN_DATA_DIR to download it"
    try:
        return file.parse(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): {remedy}.") from None
    except ValueError as error:
        raise DataError(f"{path} is corrupt ({error}): {remedy}.") from None


def _download(name: str, file: PublishedFile) -> tuple[bytes, Array]:
    try:
        return download(file.urls, file.decode)
    except DownloadError as error:
        raise DataNotAvailable(
            f"The data set {name} is not on this machine, and the download failed ({error.reason}): "
            f"{error.remedy}, or set NN_DATA_DIR to a folder that contains {name}/{FILES[name][0].name}."
        ) from None


def _keep(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        _report_not_kept(path.parent, error.strerror)


@cache  # report each folder once
def _report_not_kept(folder: Path, reason: str) -> None:
    print(f"Cannot write to {folder} ({reason}): the next session will download this data set again.")
