"""Edit the source notebooks as text: pair them with scripts, and write them back canonically.

    python tools/notebooks.py pair     notebooks -> .notebooks/*.py   (git-ignored)
    python tools/notebooks.py          .notebooks/*.py -> notebooks

A notebook in canonical form has ids equal to its grade_ids, no outputs, and no
metadata but what grading needs, so that the release generated from it is the
same byte for byte on every machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "assignment" / "neural_networks"
SCRIPTS = ROOT / ".notebooks"
KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def canonical(notebook: NotebookNode, old: NotebookNode | None, name: str) -> NotebookNode:
    """Bring a notebook into canonical form, keeping the ids of `old` for cells that are the same."""
    known: dict[tuple[str, str], list[str]] = {}
    for cell in old.cells if old else []:
        known.setdefault((cell.cell_type, cell.source), []).append(cell.id)  # several cells may be equal
    old_ids = {each for ids in known.values() for each in ids}
    taken: set[str] = set()
    number = 0
    for cell in notebook.cells:
        cell.metadata = {k: cell.metadata[k] for k in ("jupyter", "nbgrader", "tags") if k in cell.metadata}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        grading = cell.metadata.get("nbgrader")
        if grading:
            grading.pop("checksum", None)
        same = known.get((cell.cell_type, cell.source))
        wanted = grading["grade_id"] if grading else same.pop(0) if same else None
        while wanted is None or wanted in taken:
            number += 1
            candidate = f"{name[:2]}-{cell.cell_type}-{number}"
            wanted = None if candidate in taken or candidate in old_ids else candidate
        cell.id = wanted
        taken.add(wanted)
    notebook.metadata = KERNEL
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def pair() -> None:
    """Write a script for every notebook."""
    SCRIPTS.mkdir(exist_ok=True)
    for path in sorted(SOURCE.glob("*.ipynb")):
        notebook = jupytext.read(path)
        notebook.metadata["jupytext"] = {"notebook_metadata_filter": "-all"}
        jupytext.write(notebook, SCRIPTS / f"{path.stem}.py", fmt="py:percent")


def unpair(names: list[str]) -> None:
    """Write a notebook for every script, or for those named."""
    for script in sorted(SCRIPTS.glob("*.py")):
        if names and script.stem not in names:
            continue
        path = SOURCE / f"{script.stem}.ipynb"
        old = nbformat.read(path, as_version=4) if path.exists() else None
        notebook = canonical(jupytext.read(script, fmt="py:percent"), old, script.stem)
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    if sys.argv[1:] == ["pair"]:
        pair()
    else:
        unpair(sys.argv[1:])
