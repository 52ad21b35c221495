"""The second corpus: answers as students write them, graded like the catalogue, and how well each was named.

The diagnosis is built from the catalogue alone, so that its rates here say what students are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from examiner.audit.inside import INSIDE, Finding, SampleTask, SampleVerdict
from examiner.engine import Engine, run_all

__all__ = ["InTheWild", "audit_samples"]

LEAST_NAMED = 0.75
MOST_MISNAMED = 0.03


@dataclass(frozen=True)
class InTheWild:
    """Results of the corpus.

    Attributes
    ----------
    named, misnamed, silent : list of Finding
        Wrong answers that lost points, and whose sentences are all right, partly wrong, or missing.
    right_passed, right_failed : list of Finding
        Right answers with full marks everywhere, and those without.
    unnoticed : list of Finding
        Wrong answers that kept full marks in their own tests.
    """

    named: list[Finding] = field(default_factory=list)
    misnamed: list[Finding] = field(default_factory=list)
    silent: list[Finding] = field(default_factory=list)
    right_passed: list[Finding] = field(default_factory=list)
    right_failed: list[Finding] = field(default_factory=list)
    unnoticed: list[Finding] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Number of wrong answers that lost points."""
        return len(self.named) + len(self.misnamed) + len(self.silent)

    @property
    def passed(self) -> bool:
        """Whether right answers lose no points, and most wrong ones are named correctly and few incorrectly."""
        if self.right_failed:
            return False
        return not self.count or (self.rate("named") >= LEAST_NAMED and self.rate("misnamed") <= MOST_MISNAMED)

    def rate(self, name: str) -> float:
        """Share of one of the first three lists."""
        return len(getattr(self, name)) / self.count if self.count else 0.0

    def as_json(self) -> dict[str, Any]:
        """As `examiner audit --json` writes it."""
        return {each.name: [found.as_json() for found in getattr(self, each.name)] for each in fields(self)}

    def __str__(self) -> str:
        rates = ", ".join(f"{self.rate(name):.0%} {name}" for name in ("named", "misnamed", "silent"))
        right = len(self.right_passed) + len(self.right_failed)
        return (
            f"in the wild: of {self.count} wrong answers {rates}; {len(self.right_passed)} of {right} right ones pass"
        )


def audit_samples(
    engine: Engine,
    notebooks: Sequence[str],
    files: Mapping[str, Path],
    *,
    jobs: int,
    progress: Callable[[str, int, int], None],
) -> InTheWild:
    """Grade and diagnose the corpus; empty where the catalogue's package has none.

    Parameters
    ----------
    engine : Engine
    notebooks : sequence of str
        Only these.
    files : mapping of str to Path
        The fingerprints by notebook; without them nothing is named.
    jobs : int
        Worker processes.
    progress : callable
        Called with what is done, how much of it, and how much there is.
    """
    with engine.fork() as child:
        listed: list[tuple[str, str, str]] = child.call(f"{INSIDE}:samples", list(notebooks))
    found = InTheWild()
    done: dict[int, SampleVerdict | None] = {}
    tasks = [SampleTask(*place, files.get(place[0])) for place in listed]
    for number, verdict in run_all(engine, f"{INSIDE}:judge_sample", tasks, jobs=jobs):
        done[number] = verdict
        progress("in the wild", len(done), len(tasks))
    for number, place in enumerate(listed):
        for name, detail in _sorted(done[number]):
            getattr(found, name).append(Finding(*place, detail))
    return found


def _sorted(verdict: SampleVerdict | None) -> Iterator[tuple[str, str]]:
    """The list where a sample belongs, and what happened."""
    if verdict is None:
        yield "right_failed", "stopped at a limit"
    elif verdict.right:
        yield ("right_failed" if verdict.lost else "right_passed"), ", ".join(verdict.lost)
    elif not verdict.own:
        yield "unnoticed", ""
    else:
        said = " / ".join(f"{each.name or 'hint'}: {each.sentence}" for each in verdict.said)
        right = all(each.right for each in verdict.said)
        yield ("silent" if not said else "named" if right else "misnamed"), said
