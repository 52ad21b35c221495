"""What lies in a submission's folder and is nobody's answer: links, pipes, what is too large."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from examiner import intake
from examiner.intake import irregular, leave_out_irregular


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A submission with a good notebook and one of everything that is not graded."""
    folder = tmp_path / "submitted" / "ada" / "course"
    folder.mkdir(parents=True)
    (folder / "01_good.ipynb").write_text("{}")
    (folder / "02_link.ipynb").symlink_to(tmp_path / "elsewhere.ipynb")
    os.mkfifo(folder / "03_pipe.ipynb")
    (folder / "04_large.ipynb").write_bytes(b" " * 2000)
    (folder / "notes.txt").symlink_to("/etc/hostname")
    (folder / "figures").symlink_to(tmp_path)
    (tmp_path / "elsewhere.ipynb").write_text("another student's work")
    return folder


def test_what_is_irregular_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_NOTEBOOK", 1000)
    found = {path.name: what for path, what in irregular(folder)}
    assert sorted(found) == ["02_link.ipynb", "03_pipe.ipynb", "04_large.ipynb", "figures", "notes.txt"]
    assert found["02_link.ipynb"] == "a link"
    assert found["03_pipe.ipynb"] == "no regular file"
    assert found["04_large.ipynb"].startswith("larger than")


def test_nbgrader_does_not_get_to_open_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_NOTEBOOK", 1000)
    notebooks = [str(path) for path in sorted(folder.glob("*.ipynb"))]
    leave_out_irregular(assignment="course", student="*", notebooks=notebooks)
    assert [Path(notebook).name for notebook in notebooks] == ["01_good.ipynb"]
    assert sorted(path.name for path in folder.iterdir()) == ["01_good.ipynb", "04_large.ipynb"]
    assert (folder.parents[2] / "elsewhere.ipynb").read_text() == "another student's work"
