"""A hash of all that the marks of a submission depend on, besides the submission itself."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examiner.jobs.submission import Work

__all__ = ["PACKAGES", "digest_of", "files_below"]

PACKAGES = "numpy", "scipy", "matplotlib", "scikit-learn", "ipython", "ipykernel", "nbformat", "nbgrader"
CODE = (".py", ".ipynb", ".json", ".npz", ".csv", ".txt")
EXAMINER = Path(__file__).parents[1]


def digest_of(work: Work) -> str:
    """Hash an assignment, its catalogue and data sets, the options, the examiner and the packages that it runs on.

    Parameters
    ----------
    work : Work

    Returns
    -------
    str
        The same as long as a submission would get the same marks, for the same reasons.
    """
    assignment, options = work.assignment, work.options
    digest = hashlib.sha256(repr((assignment, options, work.sources, _versions())).encode())
    digest.update(_own_code())
    folders = [assignment.source, *([assignment.root / assignment.catalogue] if assignment.catalogue else [])]
    for folder in folders:
        for path in files_below(folder, CODE):
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    if options.data_dir is not None:
        for path in files_below(options.data_dir):  # large: their size and time will do
            status = path.stat()
            digest.update(f"{path.relative_to(options.data_dir)} {status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()


@cache
def _own_code() -> bytes:
    digest = hashlib.sha256()
    for path in files_below(EXAMINER, (".py",)):
        digest.update(path.read_bytes())
    return digest.digest()


@cache
def _versions() -> tuple[str, ...]:
    return tuple(map(_version, PACKAGES))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def files_below(folder: Path, endings: tuple[str, ...] = ()) -> Iterator[Path]:
    """Regular files below a folder, in order; hidden ones and caches are passed over."""
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
        for name in sorted(names):
            if not name.startswith(".") and name.endswith(endings or ("",)):
                yield Path(base, name)
