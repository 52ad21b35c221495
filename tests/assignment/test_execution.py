"""The reference notebooks, run: every test cell gives full marks, and nothing warns."""

from __future__ import annotations

import copy
import shutil
from html import escape
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from examiner.notebooks.cells import cells_of, grade_id, kind_of, points, read
from tests.assignment.test_notebooks import NAMES
from toolkit.work import NOTEBOOKS, State, read_saved, states_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=NAMES)
def executed(request: pytest.FixtureRequest, course, parameters: Path) -> NotebookNode:  # type: ignore[no-untyped-def]
    """Each reference notebook, run with the reference's trained parameters next to it."""
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


def test_the_set_up_is_silent_and_progress_sees_that_all_is_done(executed: NotebookNode, tmp_path: Path) -> None:
    """What a kernel leaves in a file is what `toolkit.progress` reads; a changed answer makes its checks stale."""
    assert not next(cell for cell in executed.cells if cell.id.startswith("setup_")).outputs
    notebook = next(each for each in NOTEBOOKS if executed.cells[0].id.startswith(each.name[:2]))

    def states(content: NotebookNode) -> dict[str, State]:
        nbformat.write(content, tmp_path / notebook.file)
        saved = read_saved(tmp_path / notebook.file)
        return {state.task.number: state.state for state in states_of(notebook, saved)}

    expected = {task.number: State.DONE for task in notebook.tasks}
    assert states(executed) == expected
    changed = copy.deepcopy(executed)
    task = next(task for task in notebook.tasks if task.tests and task.answer)
    next(cell for cell in changed.cells if cell.id == task.answer).source += "\n# one more line"
    assert states(changed) == expected | {task.number: State.STALE}


def test_there_is_a_picture(executed: NotebookNode) -> None:
    """In every notebook at least one that is drawn again at grading, or a training cell that draws."""
    pictures = [o for cell in executed.cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
    drawing = [c for c in executed.cells if kind_of(c) == "training" and "plots." in c.source]
    assert pictures or drawing


def test_each_picture_is_also_said_in_words(executed: NotebookNode) -> None:
    """In the metadata, which nbconvert reads, and in HTML, which JupyterLab shows; both say the same."""
    pictures = [o for cell in executed.cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
    for output in pictures:
        words = output.metadata["image/png"]["alt"]
        assert len(words.split()) > 3
        shown = output.data["text/html"]
        assert f'alt="{escape(words)}"' in shown
        assert f'src="data:image/png;base64,{output.data["image/png"].strip()}"' in shown
