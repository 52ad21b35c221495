"""How long a class takes: plain nbgrader, and the examiner with one worker and with two, in one run.

The class is CLASS honest students of the catalogue, with all notebooks, executed before they submit: the outputs are
in. The fingerprints that a diagnosis needs are there before the clock starts. Plain nbgrader grades PLAIN of them, and
its time is scaled. Processor time is that of the whole machine (/proc/stat), sandboxes included: nothing else may run.

`--notebooks COMMIT` measures with the notebooks of another commit, and the present toolkit.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from examiner.assignment import find_assignment
from examiner.audit.students import write_submissions
from examiner.grading import Grader
from examiner.notebooks import cells_of, imports, merge, plain_python, prepared_source, read
from examiner.paths import FINGERPRINTS
from examiner.settings import Options
from misconceptions.students import STUDENTS
from tests.conftest import without_examiner
from tools.train_reference import parameters_folder

NAME = "neural_networks"
HONEST = ("reference", "other_styles", "noisy")
CLASS, PLAIN, RUNS = 24, 4, 5
TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds() -> float:
    """What all processes of this machine have used so far."""
    user, nice, system, _, _, irq, soft, *_ = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    return (user + nice + system + irq + soft) / TICKS


def write_course(root: Path, config: str, notebooks: str | None) -> None:
    """Write a copy of the course, with the notebooks of a commit or with the present ones."""
    subprocess.run([sys.executable, "tools/train_reference.py"], cwd=ROOT, check=True, capture_output=True)
    for name in ("assignment", "misconceptions"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "nbgrader_config.py").write_text(config)
    (ROOT / FINGERPRINTS).mkdir(parents=True, exist_ok=True)
    (root / FINGERPRINTS).parent.mkdir()
    (root / FINGERPRINTS).symlink_to(ROOT / FINGERPRINTS)
    for path in sorted((root / "assignment" / NAME).glob("*.ipynb")) if notebooks else []:
        show = ["git", "show", f"{notebooks}:assignment/{NAME}/{path.name}"]
        path.write_bytes(subprocess.run(show, cwd=ROOT, check=True, capture_output=True).stdout)
    generate = [sys.executable, "-m", "nbgrader", "generate_assignment", NAME, "--force"]
    subprocess.run(generate, cwd=root, check=True, capture_output=True)
    with Grader(find_assignment(NAME, root), Options(data_dir=find_assignment(NAME, root).data_dir())) as grader:
        grader.all_fingerprints()


def write_class(root: Path) -> Path:
    """Write the submissions, each of the honest ones executed once; the folder that holds them."""
    known = [student for student in STUDENTS if student.name in HONEST]
    write_submissions(
        known,
        source=root / "assignment" / NAME,
        release=root / "release" / NAME,
        submitted=root / "executed",
        parameters=parameters_folder(),
    )
    paths = sorted((root / "executed").glob("*/*/*.ipynb"))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_execute, paths))
    for number in range(CLASS):
        executed = root / "executed" / known[number % len(known)].name
        shutil.copytree(executed, root / "class" / f"student_{number:02}")
    return root / "class"


def _execute(path: Path) -> None:
    notebook = read(path)
    NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}}, allow_errors=True).execute()
    nbformat.write(notebook, path)


def timed(root: Path, *command: str) -> tuple[float, float]:
    """Wall time and processor time of a command."""
    before, began = processor_seconds(), time.perf_counter()
    done = subprocess.run([sys.executable, "-m", *command], cwd=root, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return time.perf_counter() - began, processor_seconds() - before


@contextlib.contextmanager
def with_class(course: Path, students: Path, number: int, config: str) -> Iterator[Path]:
    """A copy of the course with so many students."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "course"
        shutil.copytree(course, root, symlinks=True, ignore=shutil.ignore_patterns("executed", "class"))
        (root / "nbgrader_config.py").write_text(config)
        for path in sorted(students.iterdir())[:number]:
            shutil.copytree(path, root / "submitted" / path.name)
        yield root


BARE = """
import contextlib, io, json, sys, time
import matplotlib; matplotlib.use("agg")
import examiner.plugin, examiner.reference, nbgrader
imports, notebooks = json.load(sys.stdin)
for line in imports:
    exec(line, {})
began = time.process_time()
for sources in notebooks:
    space = {"__name__": "__main__"}
    for source in sources:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(source, space)
print(time.process_time() - began)
"""


def bare_seconds(course: Path) -> float:
    """Processor time of the cells that decide marks (given, answers, tests), nothing else done, a student.

    One process for each of the honest students, which has imported everything before; the median of `RUNS`.
    """
    folder = course / "assignment" / NAME
    for file in parameters_folder().glob("*.npz"):
        shutil.copy(file, folder)
    try:
        runs = [
            statistics.mean(_bare(folder, course / "executed" / student / NAME) for student in HONEST)
            for _ in range(RUNS)
        ]
    finally:
        for file in folder.glob("*.npz"):
            file.unlink()
    return statistics.median(runs)


def _bare(folder: Path, submitted: Path) -> float:
    """Processor time of the cells of one student, who is beside the course's files."""
    notebooks = [merge(prepared_source(path), read(submitted / path.name)) for path in sorted(folder.glob("*.ipynb"))]
    sources = [
        [plain_python(cell.source) for cell in cells_of(notebook, "given", "answer", "test")] for notebook in notebooks
    ]
    wanted = [line for notebook in notebooks for line in imports(notebook, "given", "answer", "test")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NN_OFFLINE": "1"}
    command = [sys.executable, "-c", BARE]
    done = subprocess.run(
        command, cwd=folder, input=json.dumps([wanted, sources]), env=environment, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)
    return float(done.stdout.split()[-1])


def marks(path: Path) -> dict[str, float | None]:
    """The scores of all tests of all students."""
    students = json.loads(path.read_text())["students"]
    return {f"{name} {test}": each["score"] for name, row in students.items() for test, each in row["tests"].items()}


def main() -> None:
    """Grade in each way and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebooks", metavar="COMMIT", help="measure with the notebooks of this commit")
    options = parser.parse_args()
    config = (ROOT / "nbgrader_config.py").read_text()
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        write_course(course, config, options.notebooks)
        students = write_class(course)
        bare = bare_seconds(course)
        print(f"bare cells        {bare:6.2f} s of processor time a student, with everything imported")
        with with_class(course, students, PLAIN, without_examiner(config)) as root:
            plain, used = (seconds / PLAIN for seconds in timed(root, "nbgrader", "autograde", NAME))
        print(
            f"plain nbgrader    {plain:6.1f} s a student, {used:5.1f} s of processor time ({PLAIN} of {CLASS} students)"
        )
        found = []
        for jobs in (1, 2):
            with with_class(course, students, CLASS, config) as root:
                command = ("examiner", "autograde", NAME, "--jobs", str(jobs), "--json", "out.json")
                wall, used = (seconds / CLASS for seconds in timed(root, *command))
                found.append(marks(root / "out.json"))
                print(
                    f"examiner --jobs {jobs} {wall:6.1f} s a student, {used:5.1f} s of processor time; "
                    f"nbgrader / examiner {plain / wall:.1f}, examiner / bare cells {used / bare:.2f}"
                )
                again = timed(root, *command)[1] / CLASS
                print(f"  unchanged       {1000 * again:6.0f} ms of processor time a student, with the program's start")
        print(f"marks with one worker and with two: {'identical' if found[0] == found[1] else 'DIFFERENT'}")
    print(f"notebooks: {options.notebooks or 'the present ones'}")


if __name__ == "__main__":
    main()
