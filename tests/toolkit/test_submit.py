"""The archive to submit, and what is said about it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import RELEASE, SOURCE
from tests.toolkit.conftest import Folder
from toolkit.data import DIMENSIONS
from toolkit.parameters import save_parameters
from toolkit.submit import findings, pack
from toolkit.work import NOTEBOOKS

FILES = [
    "01_layers.ipynb", "02_losses.ipynb", "03_regularization.ipynb", "04_fully_connected_net.ipynb",
    "05_optimization.ipynb", "06_mnist.ipynb", "mnist_parameters.npz", "07_california_housing.ipynb",
    "housing_parameters.npz", "08_batch_normalization.ipynb",
]  # fmt: skip


def train(path: Path, data_set: str) -> None:
    inputs, units = DIMENSIONS[data_set]
    arrays = {"W1": np.ones((inputs, units)), "b1": np.zeros(units)}
    save_parameters(path, arrays, data_set=data_set, mean=np.zeros(inputs), std=np.ones(inputs))


@pytest.fixture
def done(student: Folder) -> Folder:
    """A folder in which everything is done."""
    for notebook in NOTEBOOKS:
        student.solve(notebook.name)
    train(student.path / "mnist_parameters.npz", "mnist")
    train(student.path / "housing_parameters.npz", "california_housing")
    return student


def test_nothing_is_said_about_finished_work_and_all_of_it_is_packed(done: Folder) -> None:
    before = {path.name: path.read_bytes() for path in done.path.iterdir()}
    assert list(findings(done.path)) == []
    archive = pack(done.path)
    assert archive == done.path / "neural_networks.zip"
    with zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == FILES
        assert {name: packed.read(name) for name in FILES} == before
    assert {path.name for path in done.path.iterdir()} == {*before, "neural_networks.zip"}


def test_notebooks_that_colab_saved_are_read_as_well(done: Folder) -> None:
    """Its format has no IDs of cells but in their metadata, and a first cell mounts the folder."""
    mount = {"cell_type": "code", "metadata": {"id": "x"}, "source": "%cd /", "execution_count": 0, "outputs": []}
    for notebook in NOTEBOOKS:
        content = done.load(notebook.name)
        for cell in content["cells"]:
            cell["metadata"]["id"] = cell.pop("id")
        content |= {"nbformat_minor": 0, "metadata": {"colab": {"provenance": []}}, "cells": [mount, *content["cells"]]}
        done.save(notebook.name, content)
    assert list(findings(done.path)) == []


def test_no_archive_is_overwritten(done: Folder) -> None:
    first = pack(done.path)
    content = first.read_bytes()
    (done.path / "01_layers.ipynb").unlink()
    assert [pack(done.path).name, pack(done.path).name] == ["neural_networks-2.zip", "neural_networks-3.zip"]
    assert first.read_bytes() == content


def test_what_cannot_be_read_leaves_no_archive(done: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(zipfile.ZipFile, "write", refuse)
    with pytest.raises(OSError, match="disk full"):
        pack(done.path)
    assert not list(done.path.glob("*.zip"))


def test_an_empty_folder_gives_no_archive(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="contains no notebook of the assignment"):
        pack(tmp_path)
    assert not list(tmp_path.iterdir())


def test_each_fault_is_named(done: Folder) -> None:
    lost = done.load("01_layers")
    lost["cells"] = [cell for cell in lost["cells"] if cell["id"] != "relu_forward"]
    done.save("01_layers", lost)
    done.edit("02_losses", mse_loss={"source": "def mse_loss(x, y):\n    return 2"})
    done.edit("03_regularization", setup_regularization={"execution_count": 70})
    done.edit("04_fully_connected_net", network_cases={"execution_count": None})
    (done.path / "05_optimization.ipynb").write_bytes(b"{")
    (done.path / "06_mnist.ipynb").rename(done.path / "06_mnist (1).ipynb")
    again = "was not run from the first cell to the last: restart the kernel, run all cells, and save."
    assert list(findings(done.path)) == [
        "01_layers.ipynb has lost relu_forward: copy what is missing from the released notebook.",
        "02_losses.ipynb, changed after the last check: 2.1.",
        f"03_regularization.ipynb {again}",
        f"04_fully_connected_net.ipynb {again}",
        "05_optimization.ipynb is damaged: open it in Jupyter, or start again from the released file.",
        "06_mnist.ipynb is not in this folder.",
        "06_mnist (1).ipynb is not part of the assignment, and is left out.",
    ]


def test_a_bonus_that_was_not_started_is_no_fault(done: Folder) -> None:
    shutil.copy(RELEASE / "08_batch_normalization.ipynb", done.path)
    assert list(findings(done.path)) == []


@pytest.mark.parametrize(
    ("data_set", "words"),
    [
        ("digits", "mnist_parameters.npz contains a network for digits, because mnist was not available"),
        ("california_housing", "mnist_parameters.npz contains a network for california_housing, which exercise 6.4"),
    ],
)
def test_a_network_for_other_data_is_named(done: Folder, data_set: str, words: str) -> None:
    train(done.path / "mnist_parameters.npz", data_set)
    (said,) = findings(done.path)
    assert said.startswith(words)


def test_missing_and_damaged_parameters_are_named(done: Folder) -> None:
    (done.path / "mnist_parameters.npz").unlink()
    (done.path / "housing_parameters.npz").write_bytes(b"PK")
    missing, damaged = findings(done.path)
    assert missing == "mnist_parameters.npz is missing: exercise 6.4 of 06_mnist.ipynb trains a network and saves it."
    assert damaged.startswith("housing_parameters.npz was not loaded: it is damaged")


def test_the_command(done: Folder) -> None:
    shutil.copytree(SOURCE / "toolkit", done.path / "toolkit", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "toolkit.submit"]
    run = subprocess.run(command, cwd=done.path, capture_output=True, text=True)
    assert (run.returncode, run.stdout.count("\n")) == (0, 1)
    assert run.stdout.startswith(f"Wrote {done.path / 'neural_networks.zip'}: 01_layers.ipynb, ")
    (done.path / "mnist_parameters.npz").unlink()
    run = subprocess.run(command, cwd=done.path, capture_output=True, text=True)
    assert run.returncode == 1
    assert "- mnist_parameters.npz is missing" in run.stdout
    assert "neural_networks-2.zip" in run.stdout
    for notebook in NOTEBOOKS:
        (done.path / notebook.file).unlink()
    run = subprocess.run(command, cwd=done.path, capture_output=True, text=True)
    assert run.returncode == 2
    assert "No archive was written" in run.stdout
