"""What all tests share: the course's folders, its notebooks, and copies of the course to work in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode

from examiner.assignment import find_assignment
from examiner.engine import Engine
from examiner.notebooks.cells import read
from examiner.paths import FINGERPRINTS

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "assignment" / "neural_networks"
RELEASE = ROOT / "release" / "neural_networks"
SHARED_DATA = ROOT.parent / "shared" / "data"

# The real data sets where they are; never a download in a test.
if SHARED_DATA.is_dir():
    os.environ.setdefault("NN_DATA_DIR", str(SHARED_DATA))
os.environ.setdefault("NN_OFFLINE", "1")
# nbgrader calls programs of its environment by name, also where that is not activated.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


SWITCH = "configure(c)"
"""How the line of nbgrader_config.py ends that switches the examiner on."""


def without_examiner(config: str) -> str:
    """The text of an nbgrader_config.py without the one line that switches the examiner on."""
    lines = config.splitlines(keepends=True)
    kept = [line for line in lines if not line.rstrip().endswith(SWITCH)]
    assert len(kept) == len(lines) - 1
    return "".join(kept)


@pytest.fixture(scope="session")
def notebooks() -> dict[str, NotebookNode]:
    """The source notebooks, by name."""
    return {path.stem: read(path) for path in sorted(SOURCE.glob("*.ipynb"))}


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A function that makes a fresh copy of the course's folders and configuration."""

    def copy() -> Path:
        root = tmp_path_factory.mktemp("course")
        for folder in ("assignment", "release", "misconceptions"):
            shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "nbgrader_config.py", root)
        fingerprints = ROOT / FINGERPRINTS  # they are computed once
        fingerprints.mkdir(parents=True, exist_ok=True)
        (root / FINGERPRINTS).parent.mkdir()
        (root / FINGERPRINTS).symlink_to(fingerprints)
        return root

    return copy


@pytest.fixture(scope="session")
def parameters() -> Path:
    """The folder of the reference's trained parameters: trained once, then cached."""
    from tools.train_reference import parameters_folder

    subprocess.run([sys.executable, ROOT / "tools" / "train_reference.py"], cwd=ROOT, check=True)
    return Path(parameters_folder())


@pytest.fixture(scope="module")
def course_engine() -> Iterator[Engine]:
    """An engine of the course's own notebooks."""
    with Engine(find_assignment("neural_networks", ROOT)) as engine:
        yield engine


STARTS_PROCESSES = {
    "ClassRun", "Diagnoser", "Engine", "Gradebook", "Grader", "Kernel", "Sandbox", "Session", "needs_bubblewrap", "run",
    "subprocess",
}  # fmt: skip
"""What a test file imports to start programs, engines, kernels or sandboxes: its tests are not for `make test-fast`.

Other files whose tests take long say so themselves: ``pytestmark = pytest.mark.slow``.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of slow files, and run these first: two processes share the files, and end together."""
    for item in items:
        if isinstance(item, pytest.Function) and not STARTS_PROCESSES.isdisjoint(vars(item.module)):
            item.add_marker(pytest.mark.slow)
    whole_classes = ROOT / "tests"  # beside this file are the longest
    items.sort(key=lambda item: (item.path.parent != whole_classes, item.get_closest_marker("slow") is None))
