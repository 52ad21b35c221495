"""The list that students' tools read is that of the source notebooks, and its times are those of the texts."""

from __future__ import annotations

import re

from tests.conftest import ROOT, SOURCE
from toolkit.work import ASSIGNMENT, NOTEBOOKS
from tools.manifest import MANIFEST, text


def test_the_manifest_is_up_to_date() -> None:
    assert MANIFEST.read_text(encoding="utf-8") == text(), "run `make release` and commit it"
    assert SOURCE.name == ASSIGNMENT


def test_it_lists_every_point() -> None:
    tasks = [task for notebook in NOTEBOOKS for task in notebook.tasks]
    assert sum(task.points for task in tasks if not task.bonus) == 100
    assert sum(task.points for task in tasks if task.bonus) == 19
    assert all(task.points == sum(task.tests.values()) for task in tasks if task.tests)


def test_it_lists_the_files_of_trained_parameters() -> None:
    found = {n.parameters.file: (n.parameters.data_sets[0], n.parameters.exercise) for n in NOTEBOOKS if n.parameters}
    assert found == {
        "mnist_parameters.npz": ("mnist", "6.4"),
        "housing_parameters.npz": ("california_housing", "7.5"),
    }


def test_exercises_fit_into_their_notebook_and_the_notebooks_into_the_promised_time() -> None:
    for notebook in NOTEBOOKS:
        assert 0 < sum(task.minutes for task in notebook.tasks) <= notebook.minutes, notebook.name
    assert sum(notebook.minutes for notebook in NOTEBOOKS) == 11 * 60
    for page in (ROOT / "README.md", SOURCE / "README.md", SOURCE / "01_layers.ipynb"):
        assert "eleven hours" in re.sub(r"\s+", " ", page.read_text(encoding="utf-8")), page


def test_the_times_in_the_students_readme() -> None:
    rows = re.findall(
        r"\| `(\w+)` .*\| (?:(\d+) h)?(?: (\d+) min)? \|\n", (SOURCE / "README.md").read_text(encoding="utf-8")
    )
    times = {name: 60 * int(hours or 0) + int(minutes or 0) for name, hours, minutes in rows}
    assert times == {notebook.name: notebook.minutes for notebook in NOTEBOOKS}
