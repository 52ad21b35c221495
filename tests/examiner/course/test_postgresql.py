"""A gradebook on a PostgreSQL server: the same marks as in a file."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from examiner.course import Course, Results
from tests.examiner.course.fakes import Grading

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed (Debian, Ubuntu: postgresql)")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own on loopback; its address."""
    pytest.importorskip("psycopg2", reason="the extra 'postgresql' is not installed")
    assert PROGRAMS is not None
    folder = tmp_path_factory.mktemp("server")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    who = []
    if os.geteuid() == 0:  # the server refuses root
        who = ["runuser", "-u", "postgres", "--"]
        for each in (folder, *folder.parents[:3]):
            if each != Path("/tmp"):
                each.chmod(0o755)
        shutil.chown(folder, "postgres")
    data, run = str(folder / "data"), {"check": True, "capture_output": True, "cwd": "/"}
    subprocess.run([*who, PROGRAMS / "initdb", "-D", data, "-U", "teacher", "-A", "trust", "-E", "UTF8"], **run)
    options = f"-p {port} -h 127.0.0.1 -k '' -c fsync=off"
    log = str(folder / "log")
    subprocess.run([*who, PROGRAMS / "pg_ctl", "-D", data, "-w", "-o", options, "-l", log, "start"], **run)
    try:
        yield f"postgresql+psycopg2://teacher@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*who, PROGRAMS / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"], **run)


def test_the_marks_are_those_of_a_file(root: Path, grade_all: Grading, server: str) -> None:
    grade_all()
    in_file = {student: Results(Course.load("small")).marks(student) for student in ("ada", "bob")}
    shutil.rmtree(root / "autograded")
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {server!r}\n")
    report = grade_all()
    assert {student: outcome.status for student, outcome in report.students.items()} == dict.fromkeys(in_file, "graded")
    assert {student: Results(Course.load("small")).marks(student) for student in in_file} == in_file
    with Gradebook(server) as book:
        book.find_grade("explain", "one", "small", "ada").manual_score = 1.5
        book.db.commit()
    assert grade_all("ada", force=True).students["ada"].score == report.students["ada"].score + 1.5
    again = grade_all()
    assert again.students["ada"].score == report.students["ada"].score + 1.5
