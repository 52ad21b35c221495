"""The table of all notebooks, and what is to do."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import SOURCE
from tests.toolkit.conftest import Folder, outputs
from toolkit.progress import show_progress
from toolkit.work import NOTEBOOKS


def test_at_the_start(student: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    show_progress(student.path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["01_layers", "0", "of", "10", "0", "of", "21", "1", "h", "30", "min"]
    assert lines[9].split() == ["all", "0", "of", "42", "0", "of", "84", "0", "of", "17", "11", "h"]
    assert lines[-8:] == [f"  {notebook.file}: not started." for notebook in NOTEBOOKS]


def test_everything_that_is_open_is_named(student: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    for notebook in NOTEBOOKS:
        student.solve(notebook.name)
    answer = "def sgd(w, dw, config):\n    return w"
    student.edit("05_optimization", test_sgd={"outputs": outputs(0.25)}, adam={"source": answer})
    student.edit("01_layers", explain_nonlinearity={"source": "YOUR ANSWER HERE"})
    (student.path / "03_regularization.ipynb").write_text("{")
    (student.path / "08_batch_normalization.ipynb").unlink()
    show_progress(student.path)
    out = capsys.readouterr().out
    assert out.split("as last saved:\n")[1].splitlines() == [
        "  01_layers.ipynb, question 1.B: not written yet.",
        "  03_regularization.ipynb is damaged: open it in Jupyter, or start again from the released file.",
        "  05_optimization.ipynb, 5.1 sgd: 0.25 of 1 points: some checks fail.",
        "  05_optimization.ipynb, 5.5 adam (bonus): changed after its check: run the check again, and save.",
        "  08_batch_normalization.ipynb is not in this folder.",
    ]
    (total,) = (line.split() for line in out.splitlines() if line.startswith("all"))
    assert total == ["all", "29", "of", "42", "76.25", "of", "84", "4", "of", "17", "11", "h"]


def test_all_done(student: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    for notebook in NOTEBOOKS:
        student.solve(notebook.name)
    show_progress(student.path)
    out = capsys.readouterr().out
    assert out.splitlines()[9].split() == ["all", "42", "of", "42", "84", "of", "84", "17", "of", "17", "11", "h"]
    assert out.endswith("Everything is done. Next: python -m toolkit.submit\n")


def test_the_command_runs_nothing_and_needs_no_utf8_terminal() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-X", "importtime", "-m", "toolkit.progress"]
    run = subprocess.run(command, cwd=SOURCE, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("notebook")
    assert "numpy" not in run.stderr  # so it cannot have run an answer
    assert "jupyter" not in run.stderr
