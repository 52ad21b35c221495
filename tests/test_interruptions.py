"""Kills, locks, a full disk and a busy machine, made from outside: no marks depend on them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.examiner.small import needs_bubblewrap, submission
from tests.strangers import FULL, put, two, write_strange_course

pytestmark = needs_bubblewrap
MARKS = """
select submission.student_id, notebook.name, cell.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade
from grade
join submitted_notebook as done on done.id = grade.notebook_id
join submitted_assignment as submission on submission.id = done.assignment_id
join base_cell as cell on cell.id = grade.cell_id
join notebook on notebook.id = done.notebook_id
order by 1, 2, 3
"""
WRONG = {"double": "def double(x):\n    return x"}
Start = Callable[..., "subprocess.Popen[bytes]"]


def students(root: Path, *, changed: bool) -> None:
    """Write the submissions, or those that take their place."""
    place = root / "submitted"
    put(place / "ada" / "small", submission(WRONG if changed else {}))
    put(place / "bob" / "small", submission({} if changed else WRONG))
    put(place / "cyd" / "small", other=two({"triple": "def triple(x):\n    return x"} if changed else {}))


def marks(root: Path) -> list[Any]:
    """All marks of the gradebook, and those that the graded notebooks say."""
    with contextlib.closing(sqlite3.connect(root / "gradebook.db")) as book:
        found: list[Any] = book.execute(MARKS).fetchall()
    for path in sorted((root / "autograded").glob("*/small/*.ipynb")):
        record = json.loads(path.read_text())["metadata"]["examiner"]
        found.append((str(path.relative_to(root)), {name: test["score"] for name, test in record["tests"].items()}))
    return found


@pytest.fixture
def start() -> Iterator[Start]:
    """A function that starts `examiner autograde`, and does not wait for it."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(root: Path, *options: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        call = [sys.executable, "-m", "examiner", "autograde", "small", *options]
        pipe: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        running.append(subprocess.Popen(call, cwd=root, env=environment, **pipe))
        return running[-1]

    yield begin
    for each in running:
        each.kill()
        each.wait()
        assert each.stdout is not None
        each.stdout.close()


def finish(process: subprocess.Popen[bytes], status: int = 0) -> str:
    """Wait for a command; what it said."""
    said, _ = process.communicate()
    assert process.returncode == status, said.decode()
    return said.decode()


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class that was graded once; then everybody submitted something else."""
    root = tmp_path_factory.mktemp("graded") / "course"
    root.mkdir()
    write_strange_course(root, "bubblewrap")
    students(root, changed=False)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    subprocess.run([sys.executable, "-m", "examiner", "autograde", "small"], cwd=root, env=environment, check=True)
    students(root, changed=True)
    return root


@pytest.fixture
def course(graded: Path, tmp_path: Path) -> Path:
    """A copy of that class."""
    return Path(shutil.copytree(graded, tmp_path / "copy"))


@pytest.fixture(scope="module")
def undisturbed(graded: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The marks of a run that nothing disturbs."""
    root = Path(shutil.copytree(graded, tmp_path_factory.mktemp("undisturbed") / "copy"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    subprocess.run([sys.executable, "-m", "examiner", "autograde", "small"], cwd=root, env=environment, check=True)
    found = marks(root)
    assert len(found) == 3 * (len(FULL) + 1) + 6
    assert found != marks(graded)
    return found


# ------------------------------------------------------------------- kills of the whole command


def wait_for(what: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until something has happened, as long as a process runs."""
    while not what() and process.poll() is None:
        time.sleep(0.0005)


@pytest.mark.parametrize("moment", ["new/one.ipynb", pytest.param("old", marks=pytest.mark.long)])
def test_a_kill_while_a_student_is_recorded(moment: str, course: Path, undisturbed: list[Any], start: Start) -> None:
    process = start(course)
    wait_for(lambda: any((course / ".cache" / "recording" / "small").glob(f"*/{moment}")), process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finish(start(course))
    assert marks(course) == undisturbed
    assert not list((course / ".cache" / "recording").glob("*/*"))


@pytest.mark.long
@pytest.mark.parametrize("number", range(25))
def test_a_kill_at_any_moment(number: int, course: Path, undisturbed: list[Any], start: Start) -> None:
    draw, process = random.Random(number), start(course)
    recorded = number % 4  # students of three; then some moment of the next one
    wait_for(lambda: newer(course) >= recorded, process)
    time.sleep(draw.uniform(0, 3))
    process.send_signal(signal.SIGKILL)
    process.wait()
    finish(start(course))
    assert marks(course) == undisturbed
    assert not list((course / ".cache" / "recording").glob("*/*"))


def newer(course: Path) -> int:
    """Students that were graded since they submitted something else."""
    when = (course / "submitted" / "cyd" / "small" / "two.ipynb").stat().st_mtime
    found = 0
    for folder in (course / "autograded").iterdir():
        with contextlib.suppress(OSError):
            found += (folder / "small" / "one.ipynb").stat().st_mtime > when
    return found


# ------------------------------------------------------------------ kills of the processes below


def below(pid: int) -> dict[int, tuple[int, str, int]]:
    """All processes that one has started: parent, command, when it started."""
    parents: dict[int, tuple[int, str, int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            parents[int(entry.name)] = int(fields[1]), line, int(fields[19])
        except (OSError, IndexError):
            continue
    found, grown = {pid}, True
    while grown:
        more = {number for number, (parent, _, _) in parents.items() if parent in found} - found
        grown = bool(more)
        found |= more
    return {number: parents[number] for number in found - {pid} if number in parents}


def idle_fork_server(processes: dict[int, tuple[int, str, int]], pid: int) -> list[int]:
    """A fork server without a kernel: most of the time the next student's."""
    parents = {parent for parent, _, _ in processes.values()}
    servers = [(number, parent) for number, (parent, line, _) in processes.items() if "fork_server.py" in line]
    inside = [number for number, parent in servers if "bwrap" in processes.get(parent, (0, "", 0))[1]]
    return [number for number in inside if number not in parents][:1]


def engine(processes: dict[int, tuple[int, str, int]], pid: int) -> list[int]:
    """The warm processes that tests' children are forked from, one for each worker."""
    same = engines(processes)
    return [number for number in same if processes[number][0] not in same]


def engine_child(processes: dict[int, tuple[int, str, int]], pid: int) -> list[int]:
    """The processes that run a notebook's tests."""
    same = engines(processes)
    return [number for number in same if processes[number][0] in same]


def engines(processes: dict[int, tuple[int, str, int]]) -> list[int]:
    """All processes of engines: a child has the command line of the process that it was forked from."""
    return [number for number, (_, line, _) in processes.items() if " -I -c import sys" in line]


@pytest.mark.parametrize("victim", [idle_fork_server, engine, pytest.param(engine_child, marks=pytest.mark.long)])
def test_what_the_system_kills_costs_no_student_a_point(
    victim: Callable[..., list[int]], course: Path, undisturbed: list[Any], start: Start
) -> None:
    process, killed, at = start(course), list[int](), list[int]()
    while process.poll() is None and len(killed) < 3:
        now = newer(course)
        for number in victim(below(process.pid), process.pid) if now not in at else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
                killed.append(number)
                at.append(now)
        time.sleep(0.02)
    said = finish(process)
    assert killed
    assert marks(course) == undisturbed, said


# ------------------------------------------------------------------------- locks and full disks


def test_a_locked_gradebook_is_waited_for(course: Path, undisturbed: list[Any], start: Start) -> None:
    other = sqlite3.connect(course / "gradebook.db")
    other.execute("BEGIN EXCLUSIVE")
    process = start(course)
    assert process.stdout is not None
    first = process.stdout.readline().decode()
    assert first == "The gradebook is locked by another program: waiting.\n"
    time.sleep(2)
    other.rollback()
    other.close()
    said = finish(process)
    assert "sqlalche.me" not in said
    assert marks(course) == undisturbed


@pytest.fixture
def small_disk(graded: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the class on a file system of its own, 16 MB large."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield Path(shutil.copytree(graded, place / "course"))
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("left", [pytest.param(0, marks=pytest.mark.long), 24_576])
def test_a_full_disk_keeps_what_was_there(
    left: int, small_disk: Path, graded: Path, undisturbed: list[Any], start: Start
) -> None:
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    os.truncate(filler, max(0, filler.stat().st_size - left))
    said = finish(start(small_disk), status=1)
    assert "The disk is full: free some space, then run the command again." in said
    assert "Traceback" not in said
    assert "sqlalche.me" not in said
    names = sorted((graded / "autograded").glob("*/small/*.ipynb"))
    kept = [small_disk / path.relative_to(graded) for path in names]
    assert [path.read_bytes() for path in kept] == [path.read_bytes() for path in names]
    filler.unlink()
    finish(start(small_disk))
    assert marks(small_disk) == undisturbed


# --------------------------------------------------------------------------------- busy machine


@pytest.mark.long
def test_a_busy_machine_changes_no_mark(course: Path, undisturbed: list[Any], start: Start) -> None:
    hogs = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
        for _ in range(10 * len(os.sched_getaffinity(0)))
    ]
    try:
        finish(start(course, "--student", "ada"))
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    mine = [each for each in undisturbed if each[0].startswith(("ada", "autograded/ada/"))]
    assert len(mine) == len(FULL) + 3
    assert [each for each in marks(course) if each[0].startswith(("ada", "autograded/ada/"))] == mine
