"""README's table for instructors: each command in it is run, in a small course, in the table's order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import nbformat
import pytest

from tests.conftest import ROOT
from tests.examiner.exchange.test_roster import CANVAS
from tests.examiner.small import CATALOGUE, submission, write_catalogue, write_class

EXCHANGE = """
c.CourseDirectory.course_id = "small"
c.Exchange.root = "{exchange}"
c.Examiner.assignments["small"]["catalogue"] = "mistakes"
"""
ENTRIES = """
catalogue.change("square", "power", "with a power", {"return x * x, x": "return x**2, x"}, kind="alternative")
catalogue.change("Net", "fixed_rate", "The rate is fixed: use the argument.", {"self.rate = rate": "self.rate = 0.5"})
catalogue.change("Net", "a_tuple", "a tuple as shape", {"np.zeros(2)": "np.zeros((2,))"}, kind="alternative")
"""
WRONG = "def double(x):\n    return x"
# What README writes, and what is run for it: the small assignment, its files, and other values of an option.
COMMANDS = {
    "make pair": (),
    "make notebooks": (),
    "nbgrader generate_assignment neural_networks --force": (
        "nbgrader generate_assignment small --force",
        "nbgrader release_assignment small",
    ),
    "examiner collect neural_networks DOWNLOAD.zip": (
        "examiner collect small download.zip",
        "examiner collect small download.zip --roster roster.csv",
    ),
    "nbgrader collect": ("nbgrader collect small",),
    "examiner autograde neural_networks --json scores.json": ("examiner autograde small --json scores.json",),
    "nbgrader autograde neural_networks": ("nbgrader autograde small --force",),
    "examiner written neural_networks": (
        "examiner written small",
        "examiner written small --import written/small/marks.csv",
    ),
    "jupyter lab": (),
    "examiner report neural_networks": ("examiner report small", "examiner report small --roster roster.csv"),
    "examiner feedback neural_networks": ("examiner feedback small",),
    "nbgrader generate_feedback": ("nbgrader generate_feedback small --force",),
    "examiner export neural_networks --format csv": (
        "examiner export small --format csv",
        "examiner export small --format canvas --roster roster.csv",
        "examiner export small --format moodle --roster roster.csv",
    ),
    "nbgrader export --exporter examiner.plugin.CanvasExport": (
        "nbgrader export --exporter examiner.plugin.CanvasExport --assignment small --CanvasExport.roster=roster.csv",
    ),
    "examiner grade-one neural_networks FOLDER --results gradescope": (
        "examiner grade-one small submitted/ada/small --results gradescope --output results.json",
    ),
    "examiner audit neural_networks": ("examiner audit small",),
    "examiner sample-class neural_networks --students 30": ("examiner sample-class small --students 3",),
}
RUN_ELSEWHERE = {"make pair", "make notebooks", "jupyter lab"}
"""The first two below, the last in test_formgrader.py."""


def in_readme() -> list[str]:
    """The commands of the table."""
    table = (ROOT / "README.md").read_text().split("| step | command |")[1].split("\n\n")[0]
    return re.findall(r"`((?:make|nbgrader|examiner|jupyter) [^`]*)`", table)


def at_work(root: Path, command: str) -> str:
    """Run a command in a folder, as one types it."""
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command.split(), cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course as an instructor has it, with a download of Canvas and a roster."""
    root = tmp_path_factory.mktemp("course")
    write_class(root, {})
    write_catalogue(root, CATALOGUE + ENTRIES)
    exchange = tmp_path_factory.mktemp("exchange")
    exchange.chmod(0o777)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(EXCHANGE.format(exchange=exchange))
    (root / "assignment" / "small" / "toolkit" / "known_mistakes.jsonl").unlink()  # this course's
    (root / "roster.csv").write_text(CANVAS)
    with zipfile.ZipFile(root / "download.zip", "w") as archive:
        archive.writestr("lovelaceada_11_501_one.ipynb", nbformat.writes(submission()))
        archive.writestr("babbagebob_12_502_one.ipynb", nbformat.writes(submission({"double": WRONG})))
    return root


def test_its_commands_are_the_ones_run_here() -> None:
    assert in_readme() == list(COMMANDS)


def test_each_is_run_in_the_table_s_order(course: Path) -> None:
    for name, commands in COMMANDS.items():
        assert bool(commands) != (name in RUN_ELSEWHERE)
        for command in commands:
            at_work(course, command)
    for made in ("release", "submitted", "autograded", "written", "report", "feedback"):
        assert any((course / made).rglob("*.*")), made
    assert (course / "feedback" / "ada" / "small" / "index.html").exists()


def test_notebooks_are_edited_as_text(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(
        ROOT, project, ignore=shutil.ignore_patterns(".*", "__pycache__", "submitted", "autograded", "feedback")
    )
    (project / ".venv").symlink_to(sys.prefix)
    before = {path.name: path.read_bytes() for path in (project / "assignment").rglob("*.ipynb")}
    at_work(project, "make pair")
    assert {path.stem for path in (project / ".notebooks").glob("*.py")} == {Path(name).stem for name in before}
    at_work(project, "make notebooks")
    assert {path.name: path.read_bytes() for path in (project / "assignment").rglob("*.ipynb")} == before
