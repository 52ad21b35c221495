"""A student's folder: the released notebooks, to be filled in, run and damaged in the file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RELEASE
from toolkit.work import NOTEBOOKS, version_of


class Folder:
    """A copy of the released notebooks; `edit` changes what is saved, as a student with Jupyter would."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for notebook in NOTEBOOKS:
            shutil.copy(RELEASE / notebook.file, path)

    def load(self, name: str) -> dict[str, Any]:
        """The content of a notebook."""
        return dict(json.loads((self.path / f"{name}.ipynb").read_text(encoding="utf-8")))

    def save(self, name: str, content: Any) -> None:
        """Write a notebook."""
        (self.path / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")

    def edit(self, name: str, **cells: dict[str, Any]) -> None:
        """Change keys of cells, which are named by their ID."""
        content = self.load(name)
        for cell in content["cells"]:
            cell.update(cells.pop(cell["id"], {}))
        assert not cells, f"no such cell: {list(cells)}"
        self.save(name, content)

    def solve(self, name: str) -> None:
        """Fill in everything, with full marks, as if the kernel had been restarted and all cells run."""
        notebook = next(each for each in NOTEBOOKS if each.name == name)
        content, count = self.load(name), 0
        points = {test: score for task in notebook.tasks for test, score in task.tests.items()}
        answers = {task.answer for task in notebook.tasks}
        tested = {test: task.answer for task in notebook.tasks for test in task.tests}
        for cell in content["cells"]:
            if cell["id"] in answers:
                cell["source"] = _answer(cell["id"]) if cell["cell_type"] == "code" else "It decays.\n"
            if cell["cell_type"] == "code":
                cell["execution_count"] = count = count + 1
            if cell["id"] in points:
                cell["outputs"] = outputs(points[cell["id"]], _answer(tested[cell["id"]]))
        self.save(name, content)


def _answer(name: str | None) -> str:
    return f"def {name}():\n    return 1"


def outputs(score: float, answer: str | None = None) -> list[dict[str, Any]]:
    """What a test cell shows: its heading, stamped with the version of an answer, its checks and the score."""
    stamp = {"answer_version": version_of(answer)} if answer else {}
    return [
        {"output_type": "display_data", "data": {"text/plain": ["heading"]}, "metadata": stamp},
        {"output_type": "stream", "name": "stdout", "text": ["checks"]},
        {"output_type": "execute_result", "execution_count": 9, "data": {"text/plain": [str(score)]}, "metadata": {}},
    ]


def error(name: str) -> list[dict[str, Any]]:
    """The outputs of a cell that an exception ended."""
    return [{"output_type": "error", "ename": name, "evalue": "", "traceback": []}]


@pytest.fixture
def student(tmp_path: Path) -> Folder:
    """A folder with all released notebooks, not started."""
    return Folder(tmp_path)
