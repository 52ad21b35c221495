"""`make demo`: from the source notebooks to a graded sample class, its feedback and its report."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from examiner._exceptions import IsolationError
from examiner.audit.students import write_submissions
from examiner.sandbox import check_isolation
from misconceptions.students import STUDENTS

ASSIGNMENT = "neural_networks"
console = Console()


def step(text: str) -> None:
    """Announce the next thing that is done."""
    console.print(f"[bold]{text}[/bold]")


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

    step("5. Write their feedback")
    subprocess.run([sys.executable, "-m", "examiner", "feedback", ASSIGNMENT, *names], cwd=ROOT, check=True)

    step("6. Write the class report")
    reported = subprocess.run([sys.executable, "-m", "examiner", "report", ASSIGNMENT], cwd=ROOT)
    console.print(f"Done in {time.monotonic() - start:.0f} s. Look at:")
    console.print(f"  report/{ASSIGNMENT}.html")
    console.print(f"  feedback/report_bug/{ASSIGNMENT}/index.html")
    console.print(f"  autograded/reference/{ASSIGNMENT}/06_mnist.ipynb")
    console.print("  .venv/bin/jupyter lab   then Nbgrader > Formgrader, to grade written answers by hand")
    return reported.returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"The demonstration stopped: {' '.join(map(str, error.cmd[1:]))} failed; what it said is above.")
