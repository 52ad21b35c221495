"""Pack your notebooks and trained parameters into one archive: `python -m toolkit.submit`.

The archive is `neural_networks.zip`, or `neural_networks-2.zip` if you have made one before: no archive is
overwritten, and no file is changed. What is missing or unfinished is listed, and you can submit nevertheless.
"""

from __future__ import annotations

import itertools
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from toolkit.parameters import ParametersError, load_parameters
from toolkit.work import (
    ASSIGNMENT,
    FOLDER,
    NOTEBOOKS,
    Notebook,
    ParametersFile,
    Saved,
    State,
    UnreadableError,
    read_saved,
    states_of,
)

__all__ = ["findings", "pack"]


def findings(folder: Path = FOLDER) -> Iterator[str]:
    """List what is missing, damaged, unfinished or out of date, one sentence each.

    Parameters
    ----------
    folder : Path
        The folder of the notebooks.

    Yields
    ------
    str
    """
    for notebook in NOTEBOOKS:
        try:
            saved = read_saved(folder / notebook.file)
        except UnreadableError as error:
            yield f"{notebook.file} {error}."
        else:
            yield from _notebook(notebook, saved)
        if notebook.parameters:
            yield from _parameters(notebook, notebook.parameters, folder)
    known = {notebook.file for notebook in NOTEBOOKS}
    for path in sorted(folder.glob("*.ipynb")):
        if path.name not in known:
            yield f"{path.name} is not part of the assignment, and is left out."


def pack(folder: Path = FOLDER) -> Path:
    """Write the archive: all notebooks and files of trained parameters that are there, as they are.

    Parameters
    ----------
    folder : Path
        The folder of the notebooks; the archive is written there.

    Returns
    -------
    Path
        The archive.

    Raises
    ------
    FileNotFoundError
        The folder holds no notebook of the assignment.
    OSError
        A file cannot be read, or the archive cannot be written.
    """
    names = [name for name in _names() if (folder / name).is_file()]
    if not any(name.endswith(".ipynb") for name in names):
        raise FileNotFoundError(f"{folder} contains no notebook of the assignment")
    path = next(path for path in _archives(folder) if not path.exists())
    with path.open("xb") as file:  # never over another one
        try:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
                for name in names:
                    archive.write(folder / name, name)
        except BaseException:
            file.close()  # Windows deletes no open file
            path.unlink()
            raise
    return path


def _names() -> Iterator[str]:
    for notebook in NOTEBOOKS:
        yield notebook.file
        if notebook.parameters:
            yield notebook.parameters.file


def _archives(folder: Path) -> Iterator[Path]:
    yield folder / f"{ASSIGNMENT}.zip"
    yield from (folder / f"{ASSIGNMENT}-{number}.zip" for number in itertools.count(2))


def _notebook(notebook: Notebook, saved: Saved) -> Iterator[str]:
    """Find cells that are gone, tasks that are not finished, and cells that ran in another order or not at all."""
    gone = [cell_id for cell_id in notebook.cell_ids if saved.find(cell_id) is None]
    if gone:
        yield f"{notebook.file} has lost {_list(gone)}: copy what is missing from the released notebook."
    states = states_of(notebook, saved)
    if all(state.state is State.BLANK and state.task.bonus for state in states):
        return
    for wanted, meaning in _MEANINGS.items():
        numbers = [state.task.number for state in states if state.state is wanted]
        if numbers:
            yield f"{notebook.file}, {meaning}: {_list(numbers)}."
    counts = [cell.count for cell in saved.cells if cell.code and not cell.long and cell.source.strip()]
    ran = [count for count in counts if count is not None]
    if None in counts or ran != sorted(ran):
        how = "was not run from the first cell to the last" if ran else "has not been run"
        yield f"{notebook.file} {how}: restart the kernel, run all cells, and save."


_MEANINGS = {
    State.BLANK: "not written yet",
    State.PARTLY: "some checks fail",
    State.FAILED: "the check stopped with an error",
    State.UNCHECKED: "not checked yet",
    State.STALE: "changed after the last check",
}


def _list(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _parameters(notebook: Notebook, expected: ParametersFile, folder: Path) -> Iterator[str]:
    path, exercise = folder / expected.file, f"exercise {expected.exercise} of {notebook.file}"
    if not path.is_file():
        yield f"{expected.file} is missing: {exercise} trains a network and saves it."
        return
    try:
        data_set = load_parameters(path).data_set
    except ParametersError as error:
        yield str(error).replace(str(path), path.name)
        return
    published = expected.data_sets[0]
    if data_set not in expected.data_sets:
        yield f"{expected.file} contains a network for {data_set}, which {exercise} does not accept: train again."
    elif data_set != published:
        yield (
            f"{expected.file} contains a network for {data_set}, because {published} was not available when it was "
            f"trained: if you can, train again with {published}."
        )


def main() -> int:
    """Print what is missing, and write the archive; 0 if nothing is missing, 1 if something is, 2 without archive."""
    if reconfigure := getattr(sys.stdout, "reconfigure", None):  # a file name may not fit the terminal's encoding
        reconfigure(errors="replace")
    found = list(findings())
    for line in found:
        print(f"- {line}")
    try:
        path = pack()
    except OSError as error:
        print(f"No archive was written: {error}.")
        return 2
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    print(f"Wrote {path}: {', '.join(names)}.")
    if found:
        print("You can submit it as it is. If you change something, run this command again: it makes a new archive.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
