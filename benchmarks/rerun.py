"""How long grading's part of the reference notebooks takes: every cell but the training cells.

Prints seconds a notebook and in total, two notebooks at a time, with the reference's trained
parameters next to them.  The course promises at most 20 s in total on two cores.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nbclient import NotebookClient

from examiner.notebooks.cells import read

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tools.train_reference import parameters_folder


def seconds(path: Path) -> float:
    """Seconds that one notebook takes, its kernel's start included."""
    start = time.perf_counter()
    NotebookClient(read(path), resources={"metadata": {"path": str(path.parent)}}).execute()
    return time.perf_counter() - start


def main() -> None:
    """Copy the source, run its notebooks, print a line for each and one for all."""
    subprocess.run([sys.executable, ROOT / "tools" / "train_reference.py"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "assignment" / "neural_networks"
        shutil.copytree(ROOT / "assignment" / "neural_networks", work)
        shutil.copy(ROOT / "nbgrader_config.py", folder)
        for file in parameters_folder().glob("*.npz"):
            shutil.copy(file, work)
        paths = sorted(work.glob("*.ipynb"))
        start = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            for path, taken in zip(paths, pool.map(seconds, paths), strict=True):
                print(f"{path.stem:24} {taken:6.2f} s")
        print(f"{'all, two at a time':24} {time.perf_counter() - start:6.2f} s (promised: 20 s)")


if __name__ == "__main__":
    main()
