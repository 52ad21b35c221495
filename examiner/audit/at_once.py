"""What a student's own notebook says of the catalogue's mistakes and of the second corpus, on visible checks alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from examiner.audit.inside import INSIDE, AtOnceTask, Finding, Said
from examiner.diagnosis import MISCONCEPTION, Listing
from examiner.engine import Engine, run_all
from examiner.settings import SEED

__all__ = ["AtOnce", "Sentences", "audit_at_once"]

LEAST_NAMED = 0.8
MOST_MISNAMED = 0.02
MOST_MISNAMED_SAMPLES = 0.03


@dataclass(frozen=True)
class Sentences:
    """What was said of wrong answers that fail a visible check.

    Attributes
    ----------
    named, misnamed, silent : list of Finding
        Every sentence is right, one is wrong, none is said about their own checks.
    """

    named: list[Finding] = field(default_factory=list)
    misnamed: list[Finding] = field(default_factory=list)
    silent: list[Finding] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Number of answers."""
        return len(self.named) + len(self.misnamed) + len(self.silent)

    def rate(self, name: str) -> float:
        """Share of one of the lists."""
        return len(getattr(self, name)) / self.count if self.count else 0.0

    def as_json(self) -> dict[str, Any]:
        """As `examiner audit --json` writes it."""
        return {each.name: [found.as_json() for found in getattr(self, each.name)] for each in fields(self)}

    def __str__(self) -> str:
        rates = ", ".join(f"{self.rate(name):.1%} {name}" for name in ("named", "misnamed", "silent"))
        return f"of {self.count} {rates}"


@dataclass(frozen=True)
class AtOnce:
    """The sentences about the catalogue's mistakes and about the second corpus."""

    catalogue: Sentences = field(default_factory=Sentences)
    samples: Sentences = field(default_factory=Sentences)

    @property
    def passed(self) -> bool:
        """Whether enough of the catalogue is named, and little wrongly."""
        if self.samples.rate("misnamed") > MOST_MISNAMED_SAMPLES or self.catalogue.rate("misnamed") > MOST_MISNAMED:
            return False
        return not self.catalogue.count or self.catalogue.rate("named") >= LEAST_NAMED

    def as_json(self) -> dict[str, Any]:
        """As `examiner audit --json` writes it."""
        return self.catalogue.as_json() | {"in_the_wild": self.samples.as_json()}

    def __str__(self) -> str:
        return f"in the notebook, by visible checks: {self.catalogue} (catalogue), {self.samples} (in the wild)"


def audit_at_once(
    engine: Engine, listings: Sequence[Listing], *, jobs: int, progress: Callable[[str, int, int], None]
) -> AtOnce:
    """Run visible checks on wrong answers, and judge what the toolkit says; nothing if it does not name mistakes.

    Parameters
    ----------
    engine : Engine
        Its seed must be that of students' notebooks, or nothing is measured.
    listings : sequence of Listing
        The catalogue.
    jobs : int
        Worker processes.
    progress : callable
        Called with what is done, how much of it, and how much there is.
    """
    found = AtOnce()
    with engine.fork() as child:
        if engine.seed != SEED or not child.call(f"{INSIDE}:names_at_once"):
            return found
        samples: list[tuple[str, str, str]] = child.call(f"{INSIDE}:samples", [each.notebook for each in listings])
    tasks = [AtOnceTask(entry.notebook, entry.answer, entry.name, entry) for entry in _mistakes(listings)]
    tasks += [AtOnceTask(*place) for place in samples]
    for done, (number, said) in enumerate(run_all(engine, f"{INSIDE}:judge_at_once", tasks, jobs=jobs), start=1):
        progress("at once", done, len(tasks))
        if said is not None:
            task = tasks[number]
            _sort_in(found.catalogue if task.entry else found.samples, task, said)
    return found


def _mistakes(listings: Sequence[Listing]) -> Iterator[Any]:
    return (entry for listing in listings for entry in listing.entries if entry.kind == MISCONCEPTION)


def _sort_in(found: Sentences, task: AtOnceTask, said: Sequence[Said]) -> None:
    detail = " / ".join(f"{each.name or 'hint'}: {each.sentence}" for each in said)
    right = all(each.right for each in said)
    those = found.silent if not said else found.named if right else found.misnamed
    those.append(Finding(task.notebook, task.answer, task.name, detail))
