"""Write the list of the assignment's notebooks, exercises and questions that students' tools read.

`python tools/manifest.py` reads the source notebooks and writes `toolkit/work/assignment.json`.
`make release` runs it.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from examiner.notebooks.cells import cells_of, grade_id, is_bonus, kind_of, points, read

SOURCE = ROOT / "assignment" / "neural_networks"
MANIFEST = SOURCE / "toolkit" / "work" / "assignment.json"
EXERCISE = re.compile(r"### Exercise (?P<number>\d\.\d+): `?(?P<title>.+?)`? \((?:bonus, )?(?P<minutes>\d+) minutes, ")
QUESTION = re.compile(r"### Question (?P<number>\d\.[A-Z]) \(")
MINUTES = re.compile(r"about (\d+) minutes")


def manifest() -> dict[str, Any]:
    """Return what students' tools need to know about the assignment, as plain data."""
    return {
        "assignment": SOURCE.name,
        "notebooks": [_entry(path.stem, read(path)) for path in sorted(SOURCE.glob("*.ipynb"))],
    }


def text() -> str:
    """Return the manifest as the text of its file."""
    return json.dumps(manifest(), indent=1, ensure_ascii=False) + "\n"


def _entry(name: str, notebook: NotebookNode) -> dict[str, Any]:
    (minutes,) = MINUTES.findall(notebook.cells[0].source)
    return {
        "name": name,
        "minutes": int(minutes),
        "tasks": list(_tasks(notebook)),
        "parameters": _parameters(notebook),
    }


def _tasks(notebook: NotebookNode) -> Iterator[dict[str, Any]]:
    """Yield exercises and questions in the order of their headings."""
    tasks: list[dict[str, Any]] = []
    for cell in notebook.cells:
        kind = kind_of(cell)
        heading = (EXERCISE.search(cell.source) or QUESTION.search(cell.source)) if kind in ("free", "task") else None
        if heading:
            found = {"title": "written answer", "minutes": "0"} | heading.groupdict()
            number, title = found["number"], found["title"]
            minutes = int(found["minutes"])
            tasks.append({"number": number, "title": title, "minutes": minutes, "points": 0.0, "bonus": False})
            tasks[-1] |= {"answer": None, "tests": {}}
        if kind in ("answer", "written"):
            tasks[-1]["answer"] = grade_id(cell)
        if kind == "test":
            tasks[-1]["tests"][grade_id(cell)] = float(points(cell))
        if kind in ("test", "written"):
            tasks[-1]["points"] += float(points(cell))
            tasks[-1]["bonus"] = is_bonus(cell)
    yield from tasks


def _parameters(notebook: NotebookNode) -> dict[str, Any] | None:
    """Find `read_trained(file, TABLE, exercise)` and the keys of that table: the data sets, the published one first."""
    for cell in cells_of(notebook, "given"):
        tree = ast.parse(cell.source) if cell.cell_type == "code" else ast.Module([], [])
        tables = {
            target.id: ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "read_trained":
                file, table, exercise = node.args
                return {
                    "file": ast.literal_eval(file),
                    "data_sets": list(tables[table.id]),  # type: ignore[attr-defined]
                    "exercise": ast.literal_eval(exercise),
                }
    return None


if __name__ == "__main__":
    MANIFEST.write_text(text(), encoding="utf-8")
