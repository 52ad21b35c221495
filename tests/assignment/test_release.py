"""The release: in sync with its source, free of what students must not see, and failing as it is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from examiner.notebooks.cells import SOLUTION, cells_of, grade_id, read, solutions
from tests.assignment.test_notebooks import HIDDEN, NAMES
from tests.conftest import RELEASE, ROOT, SOURCE

MARK_SCHEME = re.compile(r"### BEGIN MARK SCHEME\n(.*?)### END MARK SCHEME", re.DOTALL)
MARKERS = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "reference_answers", "check.hidden")


def files_of(folder: Path) -> dict[str, bytes]:
    """Contents of every file below a folder, caches aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_release_is_what_nbgrader_generates(course: Callable[[], Path]) -> None:
    root = course()
    shutil.rmtree(root / "release")
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "neural_networks", "--force"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    fresh, committed = files_of(root / "release" / "neural_networks"), files_of(RELEASE)
    assert sorted(fresh) == sorted(committed)
    changed = [name for name in fresh if fresh[name] != committed[name]]
    assert not changed, f"release/ is out of date in {changed}: run `make release` and commit it"


def test_only_the_expected_files_are_released() -> None:
    toolkit = {str(path.relative_to(SOURCE)) for path in (SOURCE / "toolkit").rglob("*.py")}
    others = {"README.md", "requirements.txt", "toolkit/known_mistakes.jsonl"}
    others.add("toolkit/work/assignment.json")
    expected = {f"{name}.ipynb" for name in NAMES} | toolkit | others
    assert set(files_of(RELEASE)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_editors_learn_kernel_and_language_from_the_metadata(name: str) -> None:
    metadata = read(RELEASE / f"{name}.ipynb").metadata
    assert (metadata.kernelspec.name, metadata.kernelspec.language) == ("python3", "python")
    assert metadata.language_info.name == "python"


def test_nothing_below_assignment_is_a_students_trained_file() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
    names = set(tracked.split()) | {str(p) for p in SOURCE.rglob("*")} | {str(p) for p in RELEASE.rglob("*")}
    assert not [name for name in names if name.endswith(".npz")]


def secret_lines(notebook: NotebookNode) -> set[str]:
    """Lines that stand in solutions, hidden tests and mark schemes, long enough to be telling."""
    patterns = (SOLUTION, HIDDEN, MARK_SCHEME)
    regions = [match[1] for cell in notebook.cells for pattern in patterns for match in pattern.finditer(cell.source)]
    return {line.strip() for region in regions for line in region.split("\n") if len(line.strip()) > 20}


@pytest.mark.parametrize("name", NAMES)
def test_no_solution_hidden_test_or_mark_scheme_is_released(name: str, notebooks: dict[str, NotebookNode]) -> None:
    released = (RELEASE / f"{name}.ipynb").read_text(encoding="utf-8")
    assert not [marker for marker in MARKERS if marker in released]
    shown = [HIDDEN.sub("", SOLUTION.sub("", MARK_SCHEME.sub("", cell.source))) for cell in notebooks[name].cells]
    visible = "\n".join(shown)
    text = "\n".join(cell.source for cell in read(RELEASE / f"{name}.ipynb").cells)
    leaked = [line for line in secret_lines(notebooks[name]) if line in text and line not in visible]
    assert not leaked


@pytest.mark.parametrize("name", NAMES)
def test_no_value_that_only_hidden_tests_use_is_released(name: str, notebooks: dict[str, NotebookNode]) -> None:
    number = re.compile(r"\d+\.\d{4,}")
    regions = [region for cell in notebooks[name].cells for region in HIDDEN.findall(cell.source)]
    hidden = {value for region in regions for value in number.findall(region)}
    shown = {value for cell in notebooks[name].cells for value in number.findall(HIDDEN.sub("", cell.source))}
    toolkit = "".join(path.read_text(encoding="utf-8") for path in (RELEASE / "toolkit").rglob("*.py"))
    released = "\n".join(cell.source for cell in read(RELEASE / f"{name}.ipynb").cells) + toolkit
    assert not [value for value in hidden - shown if value in released]


@pytest.mark.parametrize("name", NAMES)
def test_every_test_cell_fails_on_the_release_with_its_exercise(name: str, tmp_path: Path) -> None:
    shutil.copytree(RELEASE, tmp_path / "neural_networks")
    notebook = read(tmp_path / "neural_networks" / f"{name}.ipynb")
    resources = {"metadata": {"path": str(tmp_path / "neural_networks")}}
    NotebookClient(notebook, allow_errors=True, resources=resources).execute()
    for cell in cells_of(notebook, "test"):
        errors = [output for output in cell.outputs if output.output_type == "error"]
        assert len(errors) == 1, f"{grade_id(cell)} does not fail"
        assert errors[0].ename in ("NotImplementedError", "UnfinishedAnswerError"), (grade_id(cell), errors[0].evalue)
        assert re.match(rf"Exercise {int(name[:2])}\.\d: ", errors[0].evalue), (grade_id(cell), errors[0].evalue)
        assert not [output for output in cell.outputs if output.get("name") == "stderr"], grade_id(cell)


def test_solutions_of_the_source_can_be_submitted(notebooks: dict[str, NotebookNode]) -> None:
    """The sample class is made from these: no marker and no stub is left in them."""
    for notebook in notebooks.values():
        assert solutions(notebook)
        for name, source in solutions(notebook).items():
            assert "### " not in source.replace("### Question", ""), name
            assert "NotImplementedError" not in source, name
