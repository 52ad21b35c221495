"""How grading grows with the class: throughput, the parent's memory, an unchanged run, the report, and a cluster.

Classes of 50, 200 and 1,000 submissions of a small notebook, in a sandbox each, with two workers. A last class is
graded by two workers of a Dask cluster on this machine, and by two of its own, in turn. Prints a table, and draws
``docs/class-size.png``: students graded and the memory of the process that writes, over time.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from examiner.look import BLUE, ORANGE
from tests.examiner.small import CONFIG, submission, write_class
from tests.examiner.workers.cluster import connected, dask_cluster

SIZES = 50, 200, 1_000
CLUSTER = 60
SANDBOXED = 'c.Examiner.isolation = "bubblewrap"\nc.Examiner.diagnosis = False\n'
WRONG = {"double": "def double(x):\n    return x"}


def write(root: Path, size: int) -> None:
    """Write a class: every third student is wrong, each has a comment of their own."""
    write_class(root, {})
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text().replace(CONFIG, CONFIG + SANDBOXED))
    for number in range(size):
        notebook = submission(WRONG if number % 3 == 0 else {}, f"# student {number}")
        folder = root / "submitted" / f"student_{number:04}" / "small"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "one.ipynb")


class Watched:
    """A running command: what it has said so far and the memory that its own process takes, second by second."""

    def __init__(self, root: Path, *command: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        self.times: list[tuple[float, int, float]] = []
        began = time.perf_counter()
        call = [sys.executable, "-m", "examiner", *command]
        with subprocess.Popen(call, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as process:
            watching = threading.Thread(target=self._watch, args=(process.pid, began), daemon=True)
            self._said = 0
            watching.start()
            assert process.stdout is not None
            for line in process.stdout:
                self._said += line.startswith("student_")
        self.seconds = time.perf_counter() - began
        if process.returncode:
            sys.exit(f"{' '.join(command)} ended with {process.returncode}")

    def _watch(self, number: int, began: float) -> None:
        while True:
            try:
                pages = int(Path(f"/proc/{number}/statm").read_text().split()[1])
            except (OSError, IndexError):
                return
            if not pages:  # it has ended, and is a zombie
                return
            self.times.append((time.perf_counter() - began, self._said, pages * resource.getpagesize() / 2**20))
            time.sleep(0.5)


def processor_seconds(root: Path, *command: str) -> float:
    """Processor time of a command, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    Watched(root, *command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def draw(runs: dict[int, Watched]) -> None:
    """Draw students and memory over time."""
    figure = Figure(figsize=(9, 3), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for size, run in runs.items():
        times, done, memory = zip(*run.times, strict=True)
        style = {50: ":", 200: "--"}.get(size, "-")
        left.plot(times, done, style, color=BLUE, label=f"{size:,} students")
        right.plot(times, memory, style, color=ORANGE, label=f"{size:,} students")
    left.set(title="Students graded", xlabel="seconds", ylabel="students", ylim=(0, None))
    right.set(title="Memory of the process that writes", xlabel="seconds", ylabel="MiB", ylim=(0, None))
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(ROOT / "docs" / "class-size.png", dpi=110)


def main() -> None:
    """Grade the classes and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    sizes: list[int] = parser.parse_args().sizes
    runs: dict[int, Watched] = {}
    unchanged: dict[int, float] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write(root, size)
            runs[size] = Watched(root, "autograde", "small", "--jobs", "2")
            unchanged[size] = processor_seconds(root, "autograde", "small", "--jobs", "2")
            memory = [each for _, done, each in runs[size].times if done > 10]
            rate = size / runs[size].seconds
            print(f"{size:5} students: {runs[size].seconds:6.1f} s, {rate:.2f} a second", end="; ")
            print(f"memory {memory[0]:.0f} to {max(memory):.0f} MiB", end="; ")
            print(f"unchanged {unchanged[size]:.2f} s of processor time")
            if size == max(sizes):
                first, again = (processor_seconds(root, "report", "small") for _ in range(2))
                page = (root / "report" / "small.html").stat().st_size / 1e6
                print(f"      report: {first:.1f} s of processor time, again {again:.1f} s; {page:.2f} MB")
    least, most = min(sizes), max(sizes)
    each = 1000 * (unchanged[most] - unchanged[least]) / max(1, most - least)
    ratio = runs[least].seconds / least / (runs[most].seconds / most)
    print(f"throughput at {most:,} over that at {least}: {ratio:.2f}; an unchanged submission: {each:.1f} ms")
    draw(runs)
    with tempfile.TemporaryDirectory() as folder, dask_cluster(Path(folder)) as (address, *_):
        connected(address).close()  # both workers are there
        root = Path(folder) / "course"
        root.mkdir()
        write(root, CLUSTER)
        ratios = []
        for _ in range(3):
            here = Watched(root, "autograde", "small", "--force", "--jobs", "2").seconds
            there = Watched(root, "autograde", "small", "--force", "--executor", "dask", "--scheduler", address).seconds
            ratios.append(there / here)
        print(f"two Dask workers / --jobs 2, {CLUSTER} students: {sorted(ratios)[1]:.2f} (median of 3)")


if __name__ == "__main__":
    main()
