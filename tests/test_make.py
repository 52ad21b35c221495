"""`make` on a machine that is not as it should be: one sentence, a failure, and nothing half done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with nothing in it but what `make` reads first."""
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(folder: Path, *arguments: str, user: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run `make` in a folder, as another user where one is given."""
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, user=user)


@pytest.mark.parametrize("target", ["demo", "test"])
def test_an_old_python_is_refused(folder: Path, target: str) -> None:
    old = folder / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")  # what any Python before 3.11 answers to the question for its version
    old.chmod(0o755)
    done = make(folder, target, f"PYTHON={old}")
    assert done.returncode == 2
    assert "is too old: Python 3.11 or later is needed." in done.stderr
    assert not (folder / ".venv").exists()


def test_no_python_is_named(folder: Path) -> None:
    done = make(folder, "demo", "PYTHON=")
    assert done.returncode == 2
    assert "Python 3.11 or later is needed: install it, or name it" in done.stderr
    assert not (folder / ".venv").exists()


def test_a_read_only_folder_is_refused(folder: Path) -> None:
    for place in (folder, *folder.parents[:2]):
        place.chmod(0o555)
    try:
        done = make(folder, "demo", f"PYTHON={sys.executable}", user=NOBODY if os.geteuid() == 0 else None)
    finally:
        for place in (folder, *folder.parents[:2]):
            place.chmod(0o755)
    assert done.returncode == 2
    assert done.stderr.startswith("This folder is read-only: clone the project to a folder that you may write to.")
    assert not (folder / ".venv").exists()


@pytest.mark.parametrize(("data", "words"), [("missing", "is not a readable folder"), ("corrupt", "is corrupt")])
def test_data_that_cannot_be_read_are_named(tmp_path: Path, data: str, words: str) -> None:
    if data == "corrupt":
        (tmp_path / "data" / "mnist").mkdir(parents=True)
        (tmp_path / "data" / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(b"not an image")
    call = [sys.executable, ROOT / "tools" / "train_reference.py"]
    environment = os.environ | {"NN_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(call, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
