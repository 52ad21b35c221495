"""The first line of each notebook: silent, or one sentence about what is wrong here."""

from __future__ import annotations

import subprocess
import sys
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest

from examiner.notebooks import read
from tests.conftest import SOURCE
from tests.toolkit.conftest import Folder
from toolkit import environment
from toolkit.environment import EnvironmentProblem, check_environment


@pytest.fixture
def here(student: Folder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's complete folder, which is the working folder."""
    (student.path / "requirements.txt").write_bytes((SOURCE / "requirements.txt").read_bytes())
    monkeypatch.setattr(environment, "FOLDER", student.path)
    monkeypatch.chdir(student.path)
    monkeypatch.delenv("NN_EARLIER_DIR", raising=False)
    monkeypatch.delenv("NN_DATA_DIR", raising=False)
    return student.path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that is printed."""
    check_environment()
    (line,) = capsys.readouterr().out.splitlines()
    return line


def test_silent_where_all_is_well(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_environment()
    assert capsys.readouterr() == ("", "")


def test_an_old_python(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = namedtuple("version", "major minor micro releaselevel serial")
    monkeypatch.setattr(sys, "version_info", version(3, 10, 4, "final", 0))
    monkeypatch.setattr(sys, "version", "3.10.4 (main)")
    with pytest.raises(EnvironmentProblem, match=r"^Python 3\.11 or later is needed, and this is 3\.10\.4: choose"):
        check_environment()


@pytest.mark.parametrize(
    ("found", "words"),
    [("1.26.4", "numpy 1.26.4 is too old"), (None, "numpy is not installed"), ("2.5.0rc1", None)],
)
def test_packages(here: Path, monkeypatch: pytest.MonkeyPatch, found: str | None, words: str | None) -> None:
    real = metadata.version

    def version(package: str) -> str:
        if package == "numpy" and found is None:
            raise metadata.PackageNotFoundError(package)
        return found if package == "numpy" and found else real(package)

    monkeypatch.setattr(metadata, "version", version)
    if words is None:
        check_environment()
        return
    with pytest.raises(EnvironmentProblem) as caught:
        check_environment()
    (line,) = caught.value._render_traceback_()  # what a notebook shows
    assert line == f'{words}: run %pip install "numpy>=2.0" in a cell, and restart the kernel.'


def test_packages_of_the_editor_are_not_asked_for(here: Path) -> None:
    (here / "requirements.txt").write_text("# a comment\n\njupyterlab>=999\nipykernel>=999\n", encoding="utf-8")
    check_environment()
    (here / "requirements.txt").unlink()
    check_environment()


def test_another_folder(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(here.parent)
    assert said(capsys) == f"This notebook runs in {here.parent}, but its toolkit is in {here}: keep and open it there."


def test_a_read_only_folder(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(environment.os, "access", lambda *_: False)
    assert said(capsys).startswith(f"{here} is read-only, so nothing that you do can be saved")


def test_a_missing_notebook(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "03_regularization.ipynb").unlink()
    (here / "05_optimization.ipynb").unlink()
    assert said(capsys).startswith(f"03_regularization.ipynb is not in {here}")


def test_data(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("NN_DATA_DIR", str(here / "none"))
    assert said(capsys).startswith(f"NN_DATA_DIR is set to {here / 'none'}, which is not a readable folder")
    (here / "none" / "california_housing").mkdir(parents=True)
    missing = here / "none" / "california_housing" / "cal_housing.data"
    assert said(capsys).startswith(f"{missing} is missing: put the published file there")
    missing.touch()
    check_environment()
    assert not capsys.readouterr().out


def test_silent_while_a_notebook_is_graded(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(here.parent)
    monkeypatch.setenv("NN_EARLIER_DIR", str(here))
    check_environment()
    assert not capsys.readouterr().out


def test_it_needs_none_of_the_packages_that_it_checks() -> None:
    """So that it can speak where they are missing."""
    command = [sys.executable, "-S", "-c", "import toolkit.environment"]
    subprocess.run(command, cwd=SOURCE, check=True, capture_output=True)


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_without_its_toolkit_says_so(path: Path, tmp_path: Path) -> None:
    setup = next(cell.source for cell in read(path).cells if cell.id.startswith("setup_"))
    done = subprocess.run([sys.executable, "-I", "-c", setup], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: The folder toolkit/ is not next to this notebook: "
        "open the notebook in the folder that you received."
    )
