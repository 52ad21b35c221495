"""How much the pages of a large class cost: the class report's processor time and size, and the largest feedback page.

The class is made of copies of the students who are graded in a course's folder, such as `make demo` leaves. The time is
that of the command `examiner report`, its start included.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = "neural_networks"
SIZES = 200, 1_000
COPIED = {"submitted_assignment": "student_id", "submitted_notebook": "assignment_id", "grade": "notebook_id"}
"""The gradebook's tables of one student, and the column of each that leads to the table before it."""
_PICTURE = re.compile(rb"data:image/[a-z]+;base64,[A-Za-z0-9+/=]+")


def write_class(course: Path, root: Path, size: int) -> None:
    """Write a course whose students are copies of another one's, files and marks."""
    for name in ("assignment", "misconceptions"):
        (root / name).symlink_to(ROOT / name)
    for name in ("nbgrader_config.py", "gradebook.db"):
        shutil.copy(course / name, root)
    graded = students_of(course)
    with sqlite3.connect(root / "gradebook.db") as gradebook:
        for number, student in zip(range(size), itertools.cycle(graded), strict=False):
            copy = f"copy_{number:04}"
            shutil.copytree(course / "submitted" / student, root / "submitted" / copy)  # links are not graded
            shutil.copytree(course / "autograded" / student, root / "autograded" / copy, copy_function=os.link)
            gradebook.execute("INSERT INTO student (id) VALUES (?)", (copy,))
            new = {student: copy}
            for table, column in COPIED.items():
                new = _copied(gradebook, table, column, new)


def students_of(course: Path) -> list[str]:
    """The graded students of a course."""
    return sorted(path.parent.name for path in course.glob(f"autograded/*/{NAME}"))


def _copied(gradebook: sqlite3.Connection, table: str, column: str, new: dict[str, str]) -> dict[str, str]:
    """Copy the rows of a table that belong to some keys, for other keys; the rows' own keys, old and new."""
    found = {}
    for old, key in new.items():
        rows = gradebook.execute(f"SELECT * FROM {table} WHERE {column} = ?", (old,))
        names = [each[0] for each in rows.description]
        for row in rows.fetchall():
            found[row[0]] = uuid.uuid4().hex
            values = dict(zip(names, row, strict=True)) | {"id": found[row[0]], column: key}
            gradebook.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", tuple(values.values()))
    return found


def processor_seconds(root: Path, *command: str) -> float:
    """Processor time of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call = [sys.executable, "-m", "examiner", *command]
    done = subprocess.run(call, cwd=root, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    if done.returncode > 1:  # 1: somebody could not be graded
        sys.exit(done.stdout + done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Write the pages and print a line for each class."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--course", type=Path, default=ROOT, help="the folder of a graded course; by default this one")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    if not students_of(options.course):
        print(f"pages: not measured, because nobody is graded in {options.course}: run `make demo` there first")
        return
    for size in options.sizes:
        with tempfile.TemporaryDirectory(dir=options.course) as folder:  # links need the same file system
            root = Path(folder)
            write_class(options.course, root, size)
            processor_seconds(root, "report", NAME)  # reads the records once, as grading does
            seconds = processor_seconds(root, "report", NAME)
            page = (root / "report" / f"{NAME}.html").stat().st_size
            print(f"report of {size:5} students: {seconds:5.1f} s of processor time, {page / 1e6:.2f} MB")
            if size == min(options.sizes):
                students = [path.name for path in sorted((root / "autograded").iterdir())[:16]]
                processor_seconds(root, "feedback", NAME, *(f"--student={each}" for each in students))
                bare = [len(_PICTURE.sub(b"", path.read_bytes())) for path in root.glob(f"feedback/*/{NAME}/*.html")]
                print(f"feedback of {len(students)} students: at most {max(bare) / 1e3:.0f} kB a page without pictures")


if __name__ == "__main__":
    main()
