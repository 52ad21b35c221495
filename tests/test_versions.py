"""Other versions of Python and NumPy: the toolkit's tests, and the notebooks with the reference's answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.long
TESTS = "tests/toolkit", "tests/assignment/test_execution.py"


def interpreter(version: str) -> Path:
    """A Python of this version, on the path or installed by pyenv."""
    found = shutil.which(f"python{version}")
    places = [Path(found)] if found else []
    places += sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for place in places:  # pyenv's own commands are on the path also for versions that are switched off
        if subprocess.run([place, "-c", ""], capture_output=True).returncode == 0:
            return place
    pytest.skip(f"Python {version} is not installed")


@pytest.mark.parametrize(
    ("python", "numpy"),
    [("3.11", "==2.0.*"), ("3.11", ""), ("3.12", ""), ("3.13", "")],
    ids=lambda each: each or "newest",
)
def test_the_course_works_with(python: str, numpy: str, tmp_path: Path) -> None:
    subprocess.run([interpreter(python), "-m", "venv", tmp_path], check=True, env=without_own_packages())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"], f"numpy{numpy}"]
    own = tmp_path / "bin" / "python"
    install = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    done = subprocess.run(install, capture_output=True, text=True, env=without_own_packages())
    assert done.returncode == 0, done.stderr
    run = [own, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
    environment = without_own_packages() | {"PYTHONPATH": str(ROOT)}  # the kernels import the examiner, too
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]


def without_own_packages() -> dict[str, str]:
    """Give this process's variables without those by which a Python finds another one's packages."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
