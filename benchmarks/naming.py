"""How much processor time it takes to name a mistake in a student's notebook, for each failing test cell.

For every mistake of the catalogue that fails a visible check: the first time, with the data file to be read, and
afterwards. The course promises at most 50 ms.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from examiner.assignment import find_assignment
from examiner.diagnosis import MISCONCEPTION
from examiner.engine import Engine, trusted_run
from examiner.notebooks import answer_of

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measure in the engine, and print the figures."""
    sys.path.insert(0, str(ROOT))
    with Engine(find_assignment("neural_networks", ROOT)) as engine, engine.fork() as child:
        first, later = child.call("benchmarks.naming:measured")
    for name, seconds in (("first, data file included", first), ("afterwards", later)):
        most, median = 1000 * np.max(seconds), 1000 * np.median(seconds)
        print(f"{name:26} {len(seconds):4} test cells: median {median:5.1f} ms, at most {most:5.1f} ms")


def measured() -> tuple[list[float], list[float]]:
    """Processor time for each failing test cell, in the engine's child."""
    from toolkit import naming

    first, later = [], []
    for answer, checks in _failing():
        naming._known.cache_clear()
        first.append(_seconds(naming, answer, checks))
        later.append(_seconds(naming, answer, checks))
    return first, later


def _failing() -> list[tuple[str, Any]]:
    from examiner.diagnosis.inside import catalogue

    found = []
    for listing in catalogue():
        run = trusted_run(listing.notebook, visible_only=True)
        for entry in (each for each in listing.entries if each.kind == MISCONCEPTION):
            outcomes = run.run(entry.cells(run.reference), run.tests_of(entry.answer), seconds=30)
            found += [(answer_of(test), each.checks) for test, each in outcomes.items() if not each.passed]
    return found


def _seconds(naming: Any, answer: str, checks: Any) -> float:
    began = time.process_time()
    naming.Session().named(answer, checks)
    return time.process_time() - began


if __name__ == "__main__":
    main()
