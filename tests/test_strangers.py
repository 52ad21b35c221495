"""A class of good submissions with damaged, odd and hostile ones mixed in, graded by `examiner autograde` from outside.

Everybody has a row with a true sentence, the good ones' marks are those of a run without the others, and nothing is
left behind. What each stranger tries is in tests/strangers.py.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from tests.conftest import ROOT
from tests.examiner.small import needs_bubblewrap, submission
from tests.strangers import FULL, GOOD, IDS, STRANGERS, Make, good, put, write_strange_course

pytestmark = needs_bubblewrap
SUBREAPER = 36  # prctl: orphans become children of this process
ENDING_SECONDS = 10  # a process that its parent's end ends needs a moment for it
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
FORGED = "999", "[AutogradeApp | ERROR] bob"
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
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
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
        end = time.monotonic() + ENDING_SECONDS
        while (processes := children() - before) and time.monotonic() < end:
            time.sleep(0.1)
        left = [*os.listdir(temporary), *(f"process {number}" for number in processes)]
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


FEW, MANY = len(GOOD), 30
"""Good students: in CI, with one stranger of each kind among them, and in `make test-all`, with every stranger."""
SIZES = [FEW, pytest.param(MANY, marks=pytest.mark.long)]
Graded = Callable[[int, bool], tuple[Run, bool]]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """A function that grades so many good students, by themselves or with strangers among them.

    It says, too, whether nothing that was submitted has changed.
    """

    @functools.cache
    def grade(number: int, mixed: bool) -> tuple[Run, bool]:
        students = good(number)
        strangers = {name: each.make for name, each in STRANGERS.items() if number == MANY or not each.long}
        root = course_with(tmp_path_factory.mktemp("class"), students | (strangers if mixed else {}))
        if mixed:
            write_odd_entries(root / "submitted")
        before = state(root / "submitted")
        return autograde(root), before == state(root / "submitted")

    return grade


def write_odd_entries(submitted: Path) -> None:
    """Write folders with odd names, and what is no student's."""
    for name in IDS:
        put(Path(os.fsdecode(os.path.join(os.fsencode(submitted), name, b"small"))))
    (submitted / "__MACOSX" / "small").mkdir(parents=True)
    (submitted / "notes.txt").write_text("from the instructor")


@pytest.fixture(scope="module")
def mixed(graded: Graded) -> Run:
    """The class that CI grades."""
    return graded(FEW, True)[0]


@pytest.mark.parametrize("number", SIZES)
def test_the_good_ones_have_the_marks_of_a_run_without_the_others(number: int, graded: Graded) -> None:
    (alone, _), (run, _) = graded(number, False), graded(number, True)
    assert alone.status == 0, alone.said.decode()
    assert len(alone.students) == number
    assert {row["status"] for row in alone.students.values()} == {"graded"}
    assert {name: marks(run.students[name]) for name in alone.students} == {
        n: marks(r) for n, r in alone.students.items()
    }


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * each.long) for name, each in STRANGERS.items()]
)
def test_a_stranger_has_a_row_with_a_true_sentence(name: str, graded: Graded) -> None:
    run, _ = graded(MANY if STRANGERS[name].long else FEW, True)
    row, expected = run.students[name], STRANGERS[name]
    said = f"{row['reason'] or ''}"
    shown = json.dumps({test: each["checks"] for test, each in row["tests"].items() if each["score"] != 4.0})
    assert (scores(row), row["status"]) == ({**expected.scores}, expected.status), f"{said} {shown}"
    assert re.search(expected.said, said), said


@pytest.mark.parametrize("name", IDS, ids=lambda name: ascii(name)[2:30])
def test_a_student_id_is_valid_or_says_what_is_wrong(name: bytes, mixed: Run) -> None:
    row, fault = mixed.students[os.fsdecode(name).encode("utf-8", "backslashreplace").decode()], IDS[name]
    if fault is None:
        assert (scores(row), row["status"], row["reason"]) == ({}, "graded", None)
    else:
        assert (row["status"], row["score"]) == ("failed", None)
        assert re.match(f"Invalid student ID .*{fault}", row["reason"]), row["reason"]


@pytest.mark.parametrize("number", SIZES)
def test_nothing_is_left_behind_and_nothing_submitted_is_changed(number: int, graded: Graded) -> None:
    run, unchanged = graded(number, True)
    assert unchanged
    assert run.left == []
    assert not list((run.root / ".cache" / "recording").glob("*/*"))


def test_nothing_reaches_the_terminal_but_text(mixed: Run) -> None:
    assert mixed.status == 1
    assert not CONTROL.search(mixed.said), CONTROL.findall(mixed.said)
    lines = mixed.said.decode().splitlines()
    assert not [line for line in lines if line.startswith(FORGED)], lines
    assert not [line for line in lines if MACHINE.search(line)]


def test_no_reason_speaks_of_the_machine_or_of_nbgrader_s_insides(mixed: Run) -> None:
    for name, row in mixed.students.items():
        said = [row["reason"], *(each["reason"] for each in [*row["notebooks"].values(), *row["tests"].values()])]
        assert not [each for each in said if each and (MACHINE.search(each) or not each.isprintable())], name
        assert row["status"] == "graded" or row["reason"], name


def test_the_report_has_everybody(mixed: Run) -> None:
    status, said = command(mixed.root, "report", "small", "--output", "page.html")
    assert status == 1, said  # not everybody could be graded
    assert b"notes.txt" not in said
    page = (mixed.root / "page.html").read_text()
    assert not [name for name in (*GOOD, *(n for n, each in STRANGERS.items() if not each.long)) if name not in page]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


# ------------------------------------------------------------------------- nbgrader's own commands


def test_feedback_is_small_and_holds_no_control_character(mixed: Run) -> None:
    for name in ("shouts", "bomb", "forged"):
        status, said = command(mixed.root, "generate_feedback", "small", "--student", name, module="nbgrader")
        assert status == 0, said
        clean(said)
        page = (mixed.root / "feedback" / name / "small" / "one.html").read_text()
        assert len(page) < 1_000_000
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", page)
    assert "image/png" not in (mixed.root / "autograded" / "bomb" / "small" / "one.ipynb").read_text()


def clean(said: bytes) -> str:
    """What a command has said, which holds nothing but text, and no line that a student wrote."""
    assert not CONTROL.search(said), CONTROL.findall(said)
    assert not [line for line in said.decode().splitlines() if line.startswith(FORGED)], said.decode()
    return said.decode()


def test_nbgrader_s_autograde_writes_no_forged_line(tmp_path: Path) -> None:
    names = ("utf16be", "forged", "lost-cut", "junk", "empty", "links", "nuls")
    root = course_with(tmp_path, {"good1": put, **{name: STRANGERS[name].make for name in names}})
    put(root / "submitted" / "ada\x1b(0\u202e" / "small")
    assert command(root, "generate_assignment", "small", module="nbgrader")[0] == 0
    said = clean(command(root, "autograde", "small", module="nbgrader")[1])
    done = {path.parts[-3] for path in (root / "autograded").glob("*/small/one.ipynb")}
    assert {"good1", "forged", "junk", "lost-cut"} <= done, said
    put(root / "submitted" / "ada\n999 everybody" / "small")
    assert "Could not match" in clean(command(root, "autograde", "small", module="nbgrader")[1])  # nbgrader's limit


# --------------------------------------------------------------------------------- budget of time

BURNS = "import time\nbegan = time.process_time()\nwhile True:\n    if time.process_time() > began + 2:\n        break"


def test_a_submission_has_a_budget_and_honest_ones_come_first(tmp_path: Path) -> None:
    def greedy(folder: Path) -> None:
        notebook = submission()
        notebook.cells[1:1] = [new_code_cell(f"{BURNS}\n# {number}") for number in range(4)]
        put(folder, notebook)

    root = course_with(tmp_path, {"aaa": greedy, "good1": put}, "c.Examiner.student_seconds = 5")
    run = autograde(root)
    why = "the submission's notebooks together took longer than 5 s"
    rows = [line.split()[0] for line in run.said.decode().splitlines() if "graded" in line or "partial" in line]
    assert rows == ["good1", "aaa"]
    assert list(run.students) == ["aaa", "good1"]
    assert (run.students["good1"]["score"], run.students["good1"]["status"]) == (20.0, "graded")
    greedy_row = run.students["aaa"]
    assert {name: (each["status"], each["reason"]) for name, each in greedy_row["notebooks"].items()} == {
        "one": ("partial", why),
        "two": ("partial", why),
    }


# ------------------------------------------------------------------------- marks of another time

LATE = """
from nbgrader.plugins import LateSubmissionPlugin


class Strict(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 1.25


c.AssignLatePenalties.plugin_class = Strict
c.Examiner.isolation = "none"
"""


def test_marks_of_another_time_are_taken_back_or_said_to_be_stale(tmp_path: Path) -> None:
    root = course_with(tmp_path, {"ada": put, "bob": put, "cyd": put}, LATE)
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        book.update_or_create_assignment("small", duedate="2026-03-01 12:00:00 UTC")
    (root / "submitted" / "bob" / "small" / "timestamp.txt").write_text("2026-03-03T12:00:00+0100")
    run = autograde(root)
    assert "bob                  graded     17.50 of 22 (late: 47.0 h, -2.5)" in run.said.decode()  # of each notebook
    assert (run.students["bob"]["score"], run.students["bob"]["penalty"]) == (17.5, 2.5)
    (root / "submitted" / "ada" / "small" / "one.ipynb").unlink()
    (root / "submitted" / "ada" / "small" / "one.ipynb").mkdir()
    (root / "submitted" / "ada" / "small" / "two.ipynb").write_bytes(zlib.compress(b"{}"))
    (root / "submitted" / "cyd" / "small" / "one.ipynb").write_text("{}")
    again = autograde(root, "--force")
    ada, cyd = again.students["ada"], again.students["cyd"]
    assert (ada["status"], ada["score"], ada["reason"]) == ("failed", None, "one.ipynb is a folder: it is not graded.")
    assert (cyd["status"], cyd["score"]) == ("partial", 8.0)
    assert cyd["reason"] == "one.ipynb is not a valid notebook: it is not graded."
    assert "changed: ada, test_total: 4 -> none" in again.said.decode()
    assert "changed: cyd, test_Net: 4 -> 0" in again.said.decode()
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        assert book.find_submission("small", "ada").score == 0.0
        assert book.find_submission("small", "cyd").score == 8.0
    source = root / "assignment" / "small" / "two.ipynb"
    notebook = nbformat.read(source, as_version=4)
    next(each for each in notebook.cells if each.id == "test_total").metadata.nbgrader.points = 7
    nbformat.write(notebook, source)
    assert command(root, "report", "small", "--output", "page.html")[0] == 1
    page = (root / "page.html").read_text()
    assert "stale: points or names" in page
    assert "17.5" in page
    bob = autograde(root).students["bob"]  # what the marks depend on has changed
    assert (bob["status"], bob["max_score"], bob["penalty"]) == ("graded", 25.0, 2.5)
    assert bob["score"] == 17.5  # the test's own code still gives 4 points, now of 7
