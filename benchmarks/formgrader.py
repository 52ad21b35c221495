"""How long formgrader answers nobody: nbgrader's handler grades in the server's own thread.

A JupyterLab is started in a course with one submission of all notebooks. Its autograde button is pressed twice while
another page is asked for again and again. Prints what the button took and the longest wait for the other page.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.grading import NAME, write_course
from examiner.audit.students import write_submissions
from misconceptions.students import STUDENTS
from tests.browser.lab import TOKEN, jupyter_lab
from tools.train_reference import parameters_folder

STUDENT = "reference"


def ask(address: str, path: str, method: str = "GET") -> float:
    """Seconds until the server has answered."""
    request = urllib.request.Request(address + path, method=method, headers={"Authorization": f"token {TOKEN}"})
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=600) as answer:
        answer.read()
    return time.perf_counter() - began


def pressed(address: str) -> tuple[float, float]:
    """Press the button; what it took, and the longest wait of somebody else meanwhile."""
    waits, done = [0.0], threading.Event()

    def look() -> None:
        while not done.is_set():
            waits.append(ask(address, "api/status"))
            time.sleep(0.05)

    other = threading.Thread(target=look)
    other.start()
    taken = ask(address, f"formgrader/api/submission/{NAME}/{STUDENT}/autograde", "POST")
    done.set()
    other.join()
    return taken, max(waits)


def main() -> None:
    """Start the server, press the button twice, and print a line for each time."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        course.mkdir()
        write_course(course, (ROOT / "nbgrader_config.py").read_text(), None)
        write_submissions(
            [student for student in STUDENTS if student.name == STUDENT],
            source=course / "assignment" / NAME,
            release=course / "release" / NAME,
            submitted=course / "submitted",
            parameters=parameters_folder(),
        )
        with jupyter_lab(course, Path(folder), 8888, PYTHONPATH=str(ROOT)) as (address, _):
            for which in ("first", "second"):
                taken, waited = pressed(address)
                print(f"{which} time: autograde {taken:5.1f} s; another page waited at most {waited:5.1f} s")


if __name__ == "__main__":
    main()
