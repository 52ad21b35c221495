"""What the audit's worker processes do: rehearse one answer, and say what the tests and the diagnosis said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from examiner.fingerprints import SECONDS, rehearsal

__all__ = ["Task", "Verdict", "judge"]


@dataclass(frozen=True)
class Task:
    """One answer to be graded: new sources, everything else being reference."""

    path: Path
    seed: int
    sources: Mapping[str, str]
    diagnose: Path | None = None
    """The folder of the fingerprints, where a diagnosis is wanted."""
    own: tuple[str, ...] = ()
    """Answers whose tests are enough: where these lose points, the others are not run."""


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
        from examiner.diagnosis import diagnoser

        found = diagnoser(task.path, task.seed, task.diagnose).diagnose(runs.values())
        named = {
            test: tuple(f"{each.answer}:{each.name}" if each.name else "" for each in those)
            for test, those in found.items()
        }
    return Verdict(scores, named)
