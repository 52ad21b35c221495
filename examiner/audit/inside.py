"""What the audit does in the engine's children: run tests on one answer, and say what they and the diagnosis said."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from examiner.diagnosis import Entry, Probe, diagnose_here, load_catalogues
from examiner.engine import TimeIsUp, TrustedRun, current_assignment, trusted_run
from examiner.notebooks import answer_of
from examiner.outcome import TestOutcome

__all__ = [
    "INSIDE",
    "AtOnceTask",
    "Finding",
    "MutantTask",
    "Said",
    "SampleTask",
    "SampleVerdict",
    "Task",
    "Verdict",
    "judge",
    "judge_at_once",
    "judge_mutant",
    "judge_sample",
    "names_at_once",
    "samples",
]

INSIDE = "examiner.audit.inside"
SECONDS = 60.0
"""Processor time of one test cell on a catalogued answer."""
MUTANT_SECONDS = 5.0
PROBES = 12


@dataclass(frozen=True)
class Finding:
    """One entry, as a list of the audit names it; `detail` says what happened, for people."""

    notebook: str
    answer: str
    name: str
    detail: str = ""

    def as_json(self) -> dict[str, str]:
        """As `examiner audit --json` writes it."""
        found = {"notebook": self.notebook, "answer": self.answer, "name": self.name}
        return found | {"detail": self.detail} if self.detail else found


@dataclass(frozen=True)
class Task:
    """One answer to be graded: new sources, with the reference for all others."""

    notebook: str
    sources: Mapping[str, str]
    fingerprints: Path | None = None
    """The file of the fingerprints, where a diagnosis is wanted."""
    submitted: bool = False
    """Whether unfinished parts are replaced by the reference for what is built on them, as in grading."""


@dataclass(frozen=True)
class Verdict:
    """What the tests and the diagnosis said.

    Attributes
    ----------
    scores : mapping of str to (float, float)
        Score and maximum score of the test cells.
    named : mapping of str to tuple of str
        For each test cell that lost points the entries that the diagnosis named; ``""`` for a hint.
    stopped : tuple of str
        Test cells that hit their limit of time: an error of this run, never a score.
    """

    scores: Mapping[str, tuple[float, float]]
    named: Mapping[str, tuple[str, ...]]
    stopped: tuple[str, ...] = ()

    def lost(self) -> list[str]:
        """The test cells that did not give full marks."""
        return [test for test, (score, points) in self.scores.items() if score < points - 1e-6]


def judge(task: Task) -> Verdict:
    """Run the tests, and diagnose where that is wanted."""
    run = trusted_run(task.notebook)
    outcomes = run.run(task.sources, seconds=SECONDS)
    for test, parts in run.unfinished(outcomes, task.sources).items() if task.submitted else ():
        rest = {name: source for name, source in task.sources.items() if name not in parts}
        outcomes |= run.run(rest, [test], seconds=SECONDS)
    scores = {test: (each.score or 0.0, each.max_score) for test, each in outcomes.items()}
    stopped = tuple(test for test, each in outcomes.items() if each.error == "CheckTimeoutError")
    named: dict[str, tuple[str, ...]] = {}
    if task.fingerprints is not None:
        found = diagnose_here(task.notebook, task.fingerprints, outcomes)
        named = {
            test: tuple(f"{each.answer}:{each.name}" if each.name else "" for each in those)
            for test, those in found.items()
        }
    return Verdict(scores, named, stopped)


@dataclass(frozen=True)
class SampleTask:
    """One sample of the second corpus; see `examiner.audit.in_the_wild`."""

    notebook: str
    answer: str
    name: str
    fingerprints: Path | None = None


@dataclass(frozen=True)
class Said:
    """A sentence about a sample, and whether it is right."""

    name: str | None
    sentence: str
    right: bool


@dataclass(frozen=True)
class SampleVerdict:
    """What the tests and the diagnosis said of a sample.

    Attributes
    ----------
    right : bool
        Whether it must keep full marks.
    lost, own : tuple of str
        The test cells that did not give full marks, and those of its own answer among them.
    said : tuple of Said
        The sentences in the latter.
    """

    right: bool
    lost: tuple[str, ...]
    own: tuple[str, ...]
    said: tuple[Said, ...] = ()


def samples(notebooks: Sequence[str]) -> list[tuple[str, str, str]]:
    """The notebook, answer and name of every sample of some notebooks."""
    return [place for place in _samples() if place[0] in notebooks]


def judge_sample(task: SampleTask) -> SampleVerdict:
    """Run the tests on a sample, and say whether what is said of it is right."""
    sample = _samples()[task.notebook, task.answer, task.name]
    run, sources = trusted_run(task.notebook), sample.cells()
    outcomes = run.run(sources, seconds=SECONDS)
    least = 1.0 - sample.costs - 1e-6  # share of the points
    lost = tuple(test for test, each in outcomes.items() if (each.score or 0.0) < least * each.max_score)
    own = tuple(test for test in lost if answer_of(test) == task.answer)
    if task.fingerprints is None or sample.right:
        return SampleVerdict(sample.right, lost, own)

    def again(test: str) -> TestOutcome:
        return run.run(sources, [test], seconds=SECONDS, copies=True)[test]

    found = diagnose_here(task.notebook, task.fingerprints, outcomes, again)
    those = dict.fromkeys((each.answer, each.name, each.sentence) for test in own for each in found.get(test, ()))
    said = tuple(Said(name, text, sample.is_named_by(answer, name, text)) for answer, name, text in those)
    return SampleVerdict(sample.right, lost, own, said)


@functools.cache
def _samples() -> dict[tuple[str, str, str], Any]:
    """The samples of the catalogue's package, where it has a corpus."""
    package = f"{current_assignment().catalogue}.in_the_wild"
    try:
        found = importlib.import_module(package).load_samples()
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        return {}
    return {(each.notebook, each.answer, each.name): each for each in found}


# -------------------------------------------------------------------- what a notebook says at once


@dataclass(frozen=True)
class AtOnceTask:
    """A wrong answer of the catalogue, or without an entry a sample of the second corpus."""

    notebook: str
    answer: str
    name: str
    entry: Entry | None = None


def names_at_once() -> bool:
    """Whether the assignment's toolkit names mistakes in the student's own notebook: it can, and has their file."""
    if not (importlib.util.find_spec("toolkit") and importlib.util.find_spec("toolkit.naming")):
        return False
    from toolkit.naming import FILE

    return bool(FILE.is_file())


def judge_at_once(task: AtOnceTask) -> tuple[Said, ...] | None:
    """Say what a student is told who runs the notebook's visible checks in order; None if none of them fails."""
    from toolkit.naming import Session  # not every toolkit has it

    run, session = trusted_run(task.notebook, visible_only=True), Session()
    sample: Any = None if task.entry else _samples()[task.notebook, task.answer, task.name]
    if sample is not None and sample.right:
        return None
    sources: Mapping[str, str] = task.entry.cells(run.reference) if task.entry else sample.cells()
    said, own = dict[Said, None](), False
    for test, outcome in run.run(sources, seconds=SECONDS).items():
        answer = answer_of(test)
        own = own or (answer == task.answer and not outcome.passed)
        for each in session.named(answer, outcome.checks) if outcome.error is None else ():
            elsewhere = each.name is None and each.answer != answer  # what has to be corrected first
            right = each.answer in sources if elsewhere else _is_right(each, task, sample)
            said[Said(each.name, each.sentence, right)] = None
    return tuple(said) if own else None


def _is_right(named: Any, task: AtOnceTask, sample: Any) -> bool:
    """Whether a sentence names the mistake, alone or as one of two."""
    names = [each for each in (named.name, named.instead) if each is not None]
    if task.entry is None:
        return any(sample.is_named_by(named.answer, each, named.sentence) for each in names or [None])
    same = named.sentence == task.entry.sentence or task.entry.name in names
    return bool(named.answer == task.answer and same)


@dataclass(frozen=True)
class MutantTask:
    """One mutant to be graded."""

    notebook: str
    answer: str
    source: str
    probed: bool = False
    """Whether the catalogue tells how to try it out."""


def judge_mutant(task: MutantTask) -> str:
    """Say ``killed``, ``survived``, or ``alike``: no test notices, because it computes the same."""
    run = trusted_run(task.notebook)
    sources = {task.answer: task.source}
    for test in run.tests_of(task.answer):
        if not run.run(sources, [test], seconds=MUTANT_SECONDS)[test].passed:
            return "killed"
    probe = _probes(task.notebook).get(task.answer) if task.probed else None
    return "alike" if probe is not None and _alike(run, sources, probe) else "survived"


@functools.cache
def _probes(notebook: str) -> dict[str, Probe]:
    found: dict[str, Probe] = {}
    for catalogue in load_catalogues(str(current_assignment().catalogue)):
        if catalogue.notebook == notebook:
            found |= catalogue.probes
    return found


def _alike(run: TrustedRun, sources: Mapping[str, str], probe: Probe) -> bool:
    """Whether a probe tells no difference between a mutant and the reference."""
    return all(_same(_tried(run, sources, probe, seed), _tried(run, {}, probe, seed)) for seed in range(PROBES))


def _tried(run: TrustedRun, sources: Mapping[str, str], probe: Probe, seed: int) -> Any:
    """The result of a probe, which can be an exception."""
    try:
        with run.prepared(sources, MUTANT_SECONDS) as space:
            return probe(SimpleNamespace(**space), np.random.default_rng(seed))
    except (Exception, TimeIsUp) as error:
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
