"""The folders that may hold data sets: the user's own and the cache."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

from toolkit.data.exceptions import DataError

_APP_NAME = "neural_networks"


def places() -> dict[str, Path]:
    """List the folders that are searched for data sets, in this order.

    Returns
    -------
    dict of str to Path
        ``"NN_DATA_DIR"`` (only if the variable is set) and ``"cache"``.

    Raises
    ------
    DataError
        ``NN_DATA_DIR`` is not a readable folder.
    """
    own = own_folder()
    return ({} if own is None else {"NN_DATA_DIR": own}) | {"cache": cache_folder()}


def own_folder() -> Path | None:
    """Return the folder that ``NN_DATA_DIR`` names.

    Returns
    -------
    Path or None
        An absolute path; None if the variable is not set.

    Raises
    ------
    DataError
        ``NN_DATA_DIR`` is not a readable folder.
    """
    setting = os.environ.get("NN_DATA_DIR")
    if not setting:
        return None
    folder = Path(setting).expanduser().absolute()
    if not os.path.isdir(folder):
        raise DataError(
            f"NN_DATA_DIR is set to {folder}, which is not a readable folder: "
            "correct the variable, or unset it to download the data."
        )
    return folder


def cache_folder() -> Path:
    """Return the user's cache folder for downloads: ``$XDG_CACHE_HOME`` on every platform, else the platform's own.

    Returns
    -------
    Path
        A folder that may not exist yet; without a home directory, it is in the folder for temporary files.
    """
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / _APP_NAME
    with contextlib.suppress(RuntimeError):  # the user has no home directory
        folder = user_cache_path(_APP_NAME, appauthor=False, opinion=False)
        if folder.is_absolute():  # older versions of platformdirs return "~/.cache" instead of raising
            return folder
    return Path(tempfile.gettempdir()) / _APP_NAME
