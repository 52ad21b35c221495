"""What the notebooks need: Python, packages, their folder and the data, checked before anything else is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from toolkit.work import FOLDER, NOTEBOOKS

__all__ = ["EnvironmentProblem", "check_environment"]

PYTHON = (3, 11)
NOT_IMPORTED = {"ipykernel", "jupyterlab"}
"""Requirements of the first steps only: other editors and Colab bring their own."""


class EnvironmentProblem(RuntimeError):  # noqa: N818 - a student reads this name
    """The notebook cannot run here; the message says why and what to do."""

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone (IPython asks for this)."""
        return [str(self)]


def check_environment() -> None:
    """Print one line about the first thing that is wrong here; print nothing if all is well.

    Raises
    ------
    EnvironmentProblem
        Python or a package is missing or too old, so that the notebook cannot run.
    """
    if "NN_EARLIER_DIR" in os.environ:  # while a notebook is graded, its folder is another one
        return
    for problem in _software():
        raise EnvironmentProblem(problem)
    for problem in (*_folder(Path.cwd(), FOLDER), *_data()):
        print(problem)
        return


def _software() -> Iterator[str]:
    if sys.version_info < PYTHON:
        yield (
            f"Python {PYTHON[0]}.{PYTHON[1]} or later is needed, and this is {sys.version.split()[0]}: "
            "choose another kernel, or install a newer Python (README.md says how to start)."
        )
        return
    from packaging.requirements import Requirement

    for line in _requirements():
        requirement = Requirement(line)
        found = _version(requirement.name)
        if requirement.name not in NOT_IMPORTED and not requirement.specifier.contains(found or "0", prereleases=True):
            have = f"{found} is too old" if found else "is not installed"
            yield f'{requirement.name} {have}: run %pip install "{line}" in a cell, and restart the kernel.'


def _requirements() -> list[str]:
    try:
        lines = (FOLDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    except OSError:  # the imports themselves will tell
        return []
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _folder(here: Path, folder: Path) -> Iterator[str]:
    if here.resolve() != folder.resolve():
        yield f"This notebook runs in {here}, but its toolkit is in {folder}: keep and open it there."
    if not os.access(folder, os.W_OK):
        yield f"{folder} is read-only, so nothing that you do can be saved: copy the folder to a place that is yours."
    for notebook in NOTEBOOKS:
        if not (folder / notebook.file).is_file():
            yield f"{notebook.file} is not in {folder}: put it there, because the notebooks use each other."


def _data() -> Iterator[str]:
    from toolkit.data import DataError, missing_file

    try:
        missing = missing_file()
    except DataError as error:
        yield str(error)
    else:
        if missing:
            yield f"{missing} is missing: put the published file there, or unset NN_DATA_DIR to download it."
