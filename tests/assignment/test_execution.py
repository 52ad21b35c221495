"""The reference notebooks, run: every test cell gives full marks, and nothing warns."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from examiner.notebooks.cells import cells_of, grade_id, kind_of, points, read
from tests.assignment.test_notebooks import NAMES


@pytest.fixture(scope="module", params=NAMES)
def executed(request: pytest.FixtureRequest, course, parameters: Path) -> NotebookNode:  # type: ignore[no-untyped-def]
    """Each reference notebook, run with the reference's trained parameters beside it."""
    folder = course() / "assignment" / "neural_networks"
    for path in parameters.glob("*.npz"):
        shutil.copy(path, folder)
    notebook = read(folder / f"{request.param}.ipynb")
    resources = {"metadata": {"path": str(folder)}}
    return NotebookClient(notebook, timeout=120, allow_errors=True, resources=resources).execute()


def test_every_test_cell_gives_full_marks(executed: NotebookNode) -> None:
    for cell in cells_of(executed, "test"):
        results = [output.data["text/plain"] for output in cell.outputs if output.output_type == "execute_result"]
        printed = "".join(output.get("text", "") for output in cell.outputs)
        assert results == [str(points(cell))], f"{grade_id(cell)}:\n{printed}"


def test_nothing_fails_and_nothing_is_written_to_stderr(executed: NotebookNode) -> None:
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", f"{cell.id}: {output.get('evalue')}"
            assert output.get("name") != "stderr", f"{cell.id}: {output.get('text')}"


def test_there_is_a_picture(executed: NotebookNode) -> None:
    """In every notebook at least one that is drawn again at grading, or a training cell that draws."""
    pictures = [o for cell in executed.cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
    drawing = [c for c in executed.cells if kind_of(c) == "training" and "plots." in c.source]
    assert pictures or drawing
