"""`make demo`: from the source notebooks to a graded sample class, its feedback and its report."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from nbgrader.apps.api import NbGraderAPI
from nbgrader.apps.nbgraderapp import NbGraderApp
from rich.console import Console
from tqdm import tqdm

from examiner._exceptions import IsolationError
from examiner.audit.students import write_submissions
from examiner.sandbox import check_isolation
from misconceptions.students import STUDENTS

ROOT = Path(__file__).parents[1]
ASSIGNMENT = "neural_networks"
console = Console()


def step(text: str) -> None:
    """Announce the next thing that is done."""
    console.print(f"[bold]{text}[/bold]")


def api() -> NbGraderAPI:
    """nbgrader, configured by the project's own nbgrader_config.py."""
    app = NbGraderApp()
    app.config_dir, app.log_level = str(ROOT), "ERROR"
    app.load_config_file(suppress_errors=False)
    return NbGraderAPI(config=app.config)


def isolated() -> bool:
    """Whether bubblewrap works here; on Debian or Ubuntu, root installs it where it is missing."""
    if shutil.which("bwrap") is None and shutil.which("apt-get") and os.geteuid() == 0:
        for command in (["update"], ["install", "-y", "bubblewrap"]):
            subprocess.run(["apt-get", "-qq", *command], capture_output=True)
    try:
        check_isolation("bubblewrap")
    except IsolationError as error:
        console.print(str(error), markup=False)
        return False
    return True


def for_each_student(what: str, action) -> list[str]:  # type: ignore[no-untyped-def]
    """Run one nbgrader step for every sample student, with a progress bar; names of those that failed."""
    failed = []
    for student in tqdm(STUDENTS, desc=what, unit="student", file=sys.stdout):
        result = action(student.name)
        if not result["success"]:
            failed.append(student.name)
            tqdm.write(f"{what} failed for {student.name}:\n{result.get('error') or result.get('log')}")
    return failed


def main() -> int:
    """Run the demonstration; 0 where every student was graded."""
    start = time.monotonic()
    step("1. Train the reference's parameters (once; at most a minute)")
    subprocess.run([sys.executable, "tools/train_reference.py"], cwd=ROOT, check=True)
    from tools.train_reference import parameters_folder

    step("2. Generate the release from the source notebooks")
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT, "--force", "--log-level", "ERROR"]
    subprocess.run(command, cwd=ROOT, check=True)

    step(f"3. Write the submissions of {len(STUDENTS)} sample students")
    write_submissions(
        STUDENTS, source=ROOT / "assignment" / ASSIGNMENT, release=ROOT / "release" / ASSIGNMENT,
        submitted=ROOT / "submitted", parameters=parameters_folder(),
    )  # fmt: skip

    isolation = "bubblewrap" if isolated() else "none"
    step("4. Grade them")
    names = [word for student in STUDENTS for word in ("--student", student.name)]
    command = [sys.executable, "-m", "examiner", "autograde", ASSIGNMENT, "--force", "--isolation", isolation, *names]
    subprocess.run(command, cwd=ROOT, check=True)
    grader = api()

    step("5. Write their feedback")
    failed = for_each_student("feedback", lambda name: grader.generate_feedback(ASSIGNMENT, name, force=True))

    step("6. Write the class report")
    reported = subprocess.run([sys.executable, "-m", "examiner", "report", ASSIGNMENT], cwd=ROOT)
    console.print(f"Done in {time.monotonic() - start:.0f} s. Look at:")
    console.print(f"  report/{ASSIGNMENT}.html")
    console.print(f"  feedback/report_bug/{ASSIGNMENT}/04_fully_connected_net.html")
    console.print(f"  autograded/reference/{ASSIGNMENT}/06_mnist.ipynb")
    console.print("  .venv/bin/jupyter lab   then Nbgrader > Formgrader, to grade written answers by hand")
    return 1 if failed or reported.returncode else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"The demonstration stopped: {' '.join(map(str, error.cmd[1:]))} failed; what it said is above.")
