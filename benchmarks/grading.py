"""How long the honest students of the sample class take: the examiner beside plain nbgrader, in one run.

The examiner grades with and without its diagnosis; the fingerprints that a diagnosis needs, computed
once for a seed and a state of the course, are there before the clock starts.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from examiner.audit.students import write_submissions
from examiner.paths import FINGERPRINTS
from misconceptions.students import STUDENTS
from tests.conftest import without_examiner
from tools.train_reference import parameters_folder

HONEST = ("reference", "other_styles", "report_bug", "noisy", "blank")
PLAIN, BARE, FULL = "plain nbgrader", "examiner, no diagnosis", "examiner"


def configured(way: str) -> str:
    """The course's nbgrader_config.py for one way of grading."""
    config = (ROOT / "nbgrader_config.py").read_text()
    return {
        PLAIN: without_examiner(config),
        BARE: f"{config}\nc.Examiner.diagnosis = False\n",
        FULL: config,
    }[way]


def compute_fingerprints() -> None:
    """Compute what the diagnosis compares with, where that is not kept yet."""
    sys.path.insert(0, str(ROOT / "assignment" / "neural_networks"))
    from examiner.diagnosis.fingerprints import fingerprints, misconceptions

    for path in sorted((ROOT / "assignment" / "neural_networks").glob("*.ipynb")):
        if misconceptions(path.stem):
            fingerprints(path, 231, ROOT / FINGERPRINTS)


def seconds(way: str) -> float:
    """Seconds of `nbgrader autograde` for the honest students, graded one way."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("assignment", "release"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        (root / "nbgrader_config.py").write_text(configured(way))
        (root / FINGERPRINTS).parent.mkdir()
        (root / FINGERPRINTS).symlink_to(ROOT / FINGERPRINTS)
        write_submissions(
            [student for student in STUDENTS if student.name in HONEST],
            source=root / "assignment" / "neural_networks",
            release=root / "release" / "neural_networks",
            submitted=root / "submitted",
            parameters=parameters_folder(),
        )
        nbgrader = [sys.executable, "-m", "nbgrader"]
        subprocess.run([*nbgrader, "generate_assignment", "neural_networks", "--force"], cwd=root, capture_output=True)
        began = time.perf_counter()
        subprocess.run([*nbgrader, "autograde", "neural_networks"], cwd=root, capture_output=True, check=True)
        return time.perf_counter() - began


def main() -> None:
    """Grade in each way and print the ratios."""
    compute_fingerprints()
    taken = {way: seconds(way) for way in (PLAIN, BARE, FULL)}
    for way, each in taken.items():
        print(f"{way:24} {each:6.1f} s for {len(HONEST)} students, {each / len(HONEST):5.1f} s each")
    print(f"examiner / plain nbgrader: {taken[FULL] / taken[PLAIN]:.2f}")
    print(f"examiner / examiner without diagnosis: {taken[FULL] / taken[BARE]:.2f}")


if __name__ == "__main__":
    main()
