"""What the gradebook knows of the assignment: filled from the source notebooks, as nbgrader itself would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import SaveCells
from traitlets.config import Config

from examiner._exceptions import GradebookError
from examiner.notebooks.merge import prepared_source

__all__ = ["fill"]

_filled: dict[tuple[str, str], dict[str, int]] = {}


def fill(source: Path, db_url: str, course_id: str, config: Config | None = None) -> list[str]:
    """Make the gradebook know the source notebooks as they are now.

    Grades, comments and extensions that it holds stay.

    Parameters
    ----------
    source : Path
        The assignment's source folder.
    db_url, course_id : str
        The gradebook.
    config : traitlets.config.Config, optional
        nbgrader's configuration.

    Returns
    -------
    list of str
        Names of the notebooks that it did not know as they are.

    Raises
    ------
    GradebookError
        If graded cells were added or removed while there are submissions.
    """
    paths = sorted(source.glob("*.ipynb"))
    state = {path.stem: path.stat().st_mtime_ns for path in paths}
    if _filled.get((db_url, str(source))) == state:
        return []
    with Gradebook(db_url, course_id) as gradebook:
        gradebook.update_or_create_assignment(source.name)
        prepared = {path.stem: prepared_source(path, config) for path in paths}
        changed = [name for name, notebook in prepared.items() if _differs(gradebook, source.name, name, notebook)]
    for name in changed:
        where = {"notebook": name, "assignment": source.name, "db_url": db_url}
        resources: dict[str, Any] = {"nbgrader": where}
        try:
            SaveCells(config=config or Config()).preprocess(prepared[name], resources)
        except RuntimeError as error:
            raise GradebookError(f"{name}: {error}; remove the submissions, or put the cells back.") from None
    _filled[(db_url, str(source))] = state
    return changed


def _differs(gradebook: Gradebook, assignment: str, name: str, notebook: NotebookNode) -> bool:
    try:
        known = {cell.name: cell.checksum for cell in gradebook.find_notebook(name, assignment).source_cells}
    except MissingEntry:
        return True
    ours = [cell.metadata.nbgrader for cell in notebook.cells if cell.metadata.get("nbgrader")]
    return known != {grading.grade_id: grading.get("checksum") for grading in ours}
