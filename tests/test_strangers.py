"""A class of good submissions with damaged, odd and hostile ones mixed in, graded by `examiner autograde` from outside.

Everybody has a row with a true sentence, the good ones' marks are those of a run without the others, and nothing is
left behind. What each stranger tries is in tests/strangers.py.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.examiner.small import needs_bubblewrap
from tests.strangers import FULL, GOOD, IDS, STRANGERS, Make, put, write_strange_course

pytestmark = [pytest.mark.slow, needs_bubblewrap]
SUBREAPER = 36  # prctl: orphans become children of this process
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
MACHINE = re.compile(r"/tmp/|/usr/|/root|/proc/|/home/|site-packages|generate_assignment|Traceback|sqlalche\.me")


@dataclass(frozen=True)
class Run:
    """What one run of the command came to."""

    root: Path
    status: int
    said: bytes
    students: Mapping[str, Any]
    left: list[str]
    """Temporary files and processes that were there afterwards."""


def state(folder: Path) -> dict[str, str]:
    """Every entry below a folder: its kind, mode and content."""
    found = {}
    for base, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(base, name)
            status = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else os.path.islink(path)
            found[str(path)] = f"{status.st_mode:o} {status.st_mtime_ns} {content}"
    return found


def children() -> set[int]:
    """Processes whose parent is this one."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(entry.name))
        except (OSError, ValueError):
            continue
    return found


def command(root: Path, *arguments: str, module: str = "examiner", temporary: str | None = None) -> tuple[int, bytes]:
    """Run a command in a course: its status, and all that it said."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    if temporary:
        environment["TMPDIR"] = temporary
    call = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(call, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def autograde(root: Path, *options: str) -> Run:
    """Grade a class from outside, and look at what is left behind."""
    libc, before = ctypes.CDLL(None), children()
    temporary = tempfile.mkdtemp(prefix="s-", dir="/tmp")
    os.chmod(temporary, 0o711)
    libc.prctl(SUBREAPER, 1)
    try:
        status, said = command(root, "autograde", "small", "--json", "out.json", *options, temporary=temporary)
        left = [*os.listdir(temporary), *(f"process {number}" for number in children() - before)]
    finally:
        libc.prctl(SUBREAPER, 0)
        shutil.rmtree(temporary, ignore_errors=True)
    out = root / "out.json"
    students = json.loads(out.read_text())["students"] if out.exists() else {}
    return Run(root, status, said, students, left)


def course_with(root: Path, students: Mapping[str, Make], more: str = "") -> Path:
    """A course, with submissions."""
    write_strange_course(root, "bubblewrap", more)
    for name, make in students.items():
        make(root / "submitted" / name / "small")
    return root


def marks(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a student without times."""
    return json.loads(re.sub(r'"seconds": [0-9.]+', '"seconds": 0', json.dumps(row)))


def scores(row: Mapping[str, Any]) -> dict[str, float | None]:
    """Scores of the tests that have not full marks."""
    return {name: test["score"] for name, test in row["tests"].items() if test["score"] != FULL[name]}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The good ones, graded by themselves."""
    return autograde(course_with(tmp_path_factory.mktemp("alone"), GOOD))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, bool]:
    """Everybody, graded together; whether nothing that was submitted has changed."""
    root = course_with(tmp_path_factory.mktemp("mixed"), GOOD | {name: each.make for name, each in STRANGERS.items()})
    for name in IDS:
        put(Path(os.fsdecode(os.path.join(os.fsencode(root / "submitted"), name, b"small"))))
    (root / "submitted" / "__MACOSX" / "small").mkdir(parents=True)
    (root / "submitted" / "notes.txt").write_text("from the instructor")
    before = state(root / "submitted")
    run = autograde(root)
    return run, before == state(root / "submitted")


def test_the_good_ones_have_the_marks_of_a_run_without_the_others(alone: Run, mixed: tuple[Run, bool]) -> None:
    assert alone.status == 0, alone.said.decode()
    assert {name: row["status"] for name, row in alone.students.items()} == dict.fromkeys(GOOD, "graded")
    run, _ = mixed
    assert {name: marks(run.students[name]) for name in GOOD} == {n: marks(r) for n, r in alone.students.items()}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_has_a_row_with_a_true_sentence(name: str, mixed: tuple[Run, bool]) -> None:
    row, expected = mixed[0].students[name], STRANGERS[name]
    said = f"{row['reason'] or ''}"
    shown = json.dumps({test: each["checks"] for test, each in row["tests"].items() if each["score"] != 4.0})
    assert (scores(row), row["status"]) == ({**expected.scores}, expected.status), f"{said} {shown}"
    assert re.search(expected.said, said), said


@pytest.mark.parametrize("name", IDS, ids=lambda name: ascii(name)[2:30])
def test_a_student_id_is_valid_or_says_what_is_wrong(name: bytes, mixed: tuple[Run, bool]) -> None:
    row, fault = mixed[0].students[name.decode("utf-8", "backslashreplace")], IDS[name]
    if fault is None:
        assert (scores(row), row["status"], row["reason"]) == ({}, "graded", None)
    else:
        assert (row["status"], row["score"]) == ("failed", None)
        assert re.match(f"Invalid student ID .*{fault}", row["reason"]), row["reason"]


def test_nothing_is_left_behind_and_nothing_submitted_is_changed(mixed: tuple[Run, bool]) -> None:
    run, unchanged = mixed
    assert unchanged
    assert run.left == []
    assert not list((run.root / ".cache" / "recording").glob("*/*"))


def test_nothing_reaches_the_terminal_but_text(mixed: tuple[Run, bool]) -> None:
    run, _ = mixed
    assert run.status == 1
    assert not CONTROL.search(run.said), CONTROL.findall(run.said)
    lines = run.said.decode().splitlines()
    assert not [line for line in lines if line.startswith(("[", "999"))], lines
    assert not [line for line in lines if MACHINE.search(line)]


def test_no_reason_speaks_of_the_machine_or_of_nbgrader_s_insides(mixed: tuple[Run, bool]) -> None:
    run, _ = mixed
    for name, row in run.students.items():
        said = [row["reason"], *(each["reason"] for each in [*row["notebooks"].values(), *row["tests"].values()])]
        assert not [each for each in said if each and (MACHINE.search(each) or not each.isprintable())], name
        assert row["status"] == "graded" or row["reason"], name


def test_the_report_has_everybody(mixed: tuple[Run, bool]) -> None:
    run, _ = mixed
    status, said = command(run.root, "report", "small", "--output", "page.html")
    assert status == 0, said
    page = (run.root / "page.html").read_text()
    assert not [name for name in (*GOOD, *STRANGERS) if name not in page]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)
