"""The engine that runs test cells, for grading, audit and fingerprints alike, in child processes of its own.

A child is forked from a warm process of one assignment; folder, environment, limits and timers end with it.
"""

from examiner.engine.cells import Ran, TimeIsUp, compiled, run_cell, run_imports, run_test
from examiner.engine.child import ask, current_assignment
from examiner.engine.engine import Child, Engine
from examiner.engine.reference import prepare_reference, reference_answers
from examiner.engine.server import DataSet
from examiner.engine.trusted import TrustedRun, trusted_run
from examiner.engine.workers import run_all

__all__ = [
    "Child",
    "DataSet",
    "Engine",
    "Ran",
    "TimeIsUp",
    "TrustedRun",
    "ask",
    "compiled",
    "current_assignment",
    "prepare_reference",
    "reference_answers",
    "run_all",
    "run_cell",
    "run_imports",
    "run_test",
    "trusted_run",
]
