"""`deploy/gradescope/`: what is packed, and both scripts as Gradescope runs them."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import nbformat
import pytest

from examiner._exceptions import IsolationError
from examiner.notebooks import fill_in, read, solutions
from examiner.sandbox import check_isolation
from tests.conftest import ROOT, SOURCE
from tests.examiner.exchange.schemas import GRADESCOPE

pytestmark = pytest.mark.slow
SCRIPTS = ROOT / "deploy" / "gradescope"


def script(path: Path, text: str) -> Path:
    """A program of the test's own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def isolates() -> bool:
    """Whether there is a sandbox on this machine."""
    with contextlib.suppress(IsolationError):
        check_isolation("bubblewrap")
        return True
    return False


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that is uploaded."""
    path = tmp_path_factory.mktemp("packed") / "autograder.zip"
    environment = {**os.environ, "PYTHON": sys.executable}
    subprocess.run([SCRIPTS / "pack.sh", path], check=True, env=environment, cwd=path.parent, capture_output=True)
    return path


@pytest.fixture
def autograder(packed: Path, tmp_path: Path) -> Path:
    """Gradescope's folder: the archive unpacked, a submission beside it."""
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "source")
    (tmp_path / "submission").mkdir()
    return tmp_path


def test_the_archive_has_what_gradescope_asks_for_at_its_top(packed: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        members = {each.filename: each for each in archive.infolist()}
    for name in ("setup.sh", "run_autograder"):
        assert stat.S_IMODE(members[name].external_attr >> 16) == 0o755
    assert {"nbgrader_config.py", "requirements.txt", "examiner/cli/grade_one.py"} <= set(members)
    assert not any("__pycache__" in name or name.startswith(("tests/", ".cache/", "submitted/")) for name in members)


def run_autograder(autograder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    python = script(autograder / "python", f'exec {sys.executable} -W ignore "$@"')
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"AUTOGRADER": str(autograder), "PYTHON": str(python), **variables}
    command = autograder / "source" / "run_autograder"
    command.chmod(0o755)
    return subprocess.run([command], env=environment, capture_output=True, text=True, cwd=autograder)


@pytest.mark.parametrize("isolation", ["bubblewrap", "none"])
def test_a_submission_is_graded_as_gradescope_runs_it(isolation: str, autograder: Path) -> None:
    notebook = read(SOURCE / "01_layers.ipynb")
    nbformat.write(fill_in(notebook, solutions(notebook)), autograder / "submission" / "01_layers.ipynb")
    (autograder / "results").mkdir()
    (autograder / "results" / "results.json").write_text("left over")
    if isolation == "none":  # as in a container without namespaces
        script(autograder / "bin" / "bwrap", "exit 1")
    elif not isolates():
        pytest.skip("bubblewrap does not work here")
    done = run_autograder(autograder, PATH=f"{autograder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 0, done.stdout + done.stderr
    content = json.loads((autograder / "results" / "results.json").read_text())
    jsonschema.validate(content, GRADESCOPE)
    assert content["score"] > 10
    assert content["output"].startswith(f"Isolation: {isolation}.")
    own = [each for each in content["tests"] if each["tags"] == ["01_layers"] and "score" in each]
    assert own
    assert all(each["status"] == "passed" for each in own)


def test_without_results_nothing_is_graded(autograder: Path) -> None:
    (autograder / "submission").rmdir()
    done = run_autograder(autograder)
    assert done.returncode == 2
    assert "is not a folder" in done.stderr
    assert not (autograder / "results" / "results.json").exists()


@pytest.mark.parametrize("modern", [True, False])
def test_the_image_is_set_up_in_order(modern: bool, autograder: Path) -> None:
    log = autograder / "log"
    say = f'echo "$(basename "$0") $*" >> {log}'
    script(autograder / "bin" / "apt-get", say)
    python = script(autograder / "bin" / "python3", f"{say}\n[ $1 = -c ] && exit {0 if modern else 1} || exit 0")
    for name in ("pip", "python", "examiner"):
        script(autograder / "source" / ".venv" / "bin" / name, say)
    environment = {**os.environ, "AUTOGRADER": str(autograder), "PATH": f"{python.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", autograder / "source" / "setup.sh"], env=environment, capture_output=True, text=True)
    lines = [line.split(" ")[:2] for line in log.read_text().splitlines()]
    assert lines[:2] == [["apt-get", "update"], ["apt-get", "install"]]
    if modern:
        assert done.returncode == 0, done.stderr
        assert [name for name, _ in lines[2:]] == ["python3", "python3", "pip", "pip", "python", "examiner"]
    else:
        assert done.returncode == 1
        assert "Python 3.11 or later is needed" in done.stderr
        assert len(lines) == 3
