"""What the audit's worker processes do: rehearse one answer, and say what the tests and the diagnosis said."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from examiner.diagnosis.entries import Probe, load_catalogues
from examiner.diagnosis.fingerprints import SECONDS, rehearsal
from examiner.engine.trusted import TimeLimit, TrustedRun

__all__ = ["MutantTask", "Task", "Verdict", "judge", "judge_mutant"]


@dataclass(frozen=True)
class Task:
    """One answer to be graded: new sources, everything else being reference."""

    path: Path
    seed: int
    sources: Mapping[str, str]
    diagnose: Path | None = None
    """The folder of the fingerprints, where a diagnosis is wanted."""


@dataclass(frozen=True)
class Verdict:
    """Scores by test cell, and for each test that lost points the entries that the diagnosis named."""

    scores: Mapping[str, tuple[float, float]]
    named: Mapping[str, tuple[str, ...]]

    def lost(self) -> list[str]:
        """The test cells that did not give full marks."""
        return [test for test, (score, points) in self.scores.items() if score < points - 1e-6]


def judge(task: Task) -> Verdict:
    """Rehearse, and diagnose where that is wanted."""
    rehearsed = rehearsal(task.path, task.seed)
    runs = rehearsed.run(task.sources, seconds=SECONDS)
    scores = {test: (run.score, run.points) for test, run in runs.items()}
    named: dict[str, tuple[str, ...]] = {}
    if task.diagnose is not None:
        from examiner.diagnosis.diagnoser import diagnoser

        found = diagnoser(task.path, task.seed, task.diagnose).diagnose(runs.values())
        named = {
            test: tuple(f"{each.answer}:{each.name}" if each.name else "" for each in those)
            for test, those in found.items()
        }
    return Verdict(scores, named)


@dataclass(frozen=True)
class MutantTask:
    """One mutant to be graded."""

    path: Path
    seed: int
    answer: str
    source: str
    probed: bool = False
    """Whether the catalogue tells how to try it out."""


MUTANT_SECONDS = 5.0
PROBES = 12


def judge_mutant(task: MutantTask) -> str:
    """Say ``killed``, ``survived``, or ``alike``: no test notices, and nobody could."""
    rehearsed = rehearsal(task.path, task.seed)
    sources = {task.answer: task.source}
    for test in rehearsed.tests_of(task.answer):
        if not rehearsed.run(sources, [test], seconds=MUTANT_SECONDS)[test].passed:
            return "killed"
    probe = _probes(task.path.stem).get(task.answer) if task.probed else None
    return "alike" if probe is not None and _alike(rehearsed, sources, probe) else "survived"


@functools.cache
def _probes(notebook: str) -> dict[str, Probe]:
    found: dict[str, Probe] = {}
    for catalogue in load_catalogues():
        if catalogue.notebook == notebook:
            found |= catalogue.probes
    return found


def _alike(rehearsed: TrustedRun, sources: Mapping[str, str], probe: Probe) -> bool:
    """Whether a probe tells no difference between a mutant and the reference."""
    return all(
        _same(_tried(rehearsed, sources, probe, seed), _tried(rehearsed, {}, probe, seed)) for seed in range(PROBES)
    )


def _tried(rehearsed: TrustedRun, sources: Mapping[str, str], probe: Probe, seed: int) -> Any:
    """What a probe gives; an exception is an outcome, too."""
    with rehearsed.prepared(sources, MUTANT_SECONDS) as space:
        try:
            return probe(SimpleNamespace(**space), np.random.default_rng(seed))
        except (Exception, TimeLimit) as error:
            return type(error).__name__


def _same(one: Any, other: Any) -> bool:
    """Equal numbers, but for rounding, in equal structures; dtypes count."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, np.ndarray | np.generic | float) and isinstance(other, np.ndarray | np.generic | float):
        one, other = np.asarray(one), np.asarray(other)
        if one.shape != other.shape or one.dtype.kind != other.dtype.kind:
            return False
        return bool(np.allclose(one, other, rtol=1e-7, atol=1e-12, equal_nan=one.dtype.kind == "f"))
    return bool(type(one) is type(other) and one == other)
