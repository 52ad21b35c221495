"""Grade the mutants of the reference: the second half of ``examiner audit --mutants``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from examiner.assignment import Assignment
from examiner.audit.inside import MutantTask
from examiner.audit.mutants import Mutant, mutants
from examiner.diagnosis import Excused, Listing
from examiner.engine import Engine, run_all
from examiner.notebooks import cells_of, grade_id, read, solutions

__all__ = ["MutantAudit", "audit_mutants"]

ENOUGH = 0.98


@dataclass(frozen=True)
class MutantAudit:
    """Results of all mutants.

    Attributes
    ----------
    killed : int
        How many lost points.
    alike : list of Mutant
        Those that behave like the reference, also when tried out on inputs that no test has.
    survived : list of Mutant
        Those with full marks, and another behaviour.
    excused : list of (Mutant, str)
        Survivors that are not mistakes, and why.
    unused : list of Excused
        Excuses of these answers that no survivor needs.
    """

    killed: int = 0
    alike: list[Mutant] = field(default_factory=list)
    survived: list[Mutant] = field(default_factory=list)
    excused: list[tuple[Mutant, str]] = field(default_factory=list)
    unused: list[Excused] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All mutants that differ from the reference."""
        return self.killed + len(self.survived) + len(self.excused)

    @property
    def kill_rate(self) -> float:
        """Share of the mutants that differ which lost points; excuses do not count."""
        return self.killed / self.count if self.count else 1.0

    @property
    def passed(self) -> bool:
        """Whether every survivor is excused, few need to be, and no excuse is left over."""
        return not self.survived and not self.unused and self.kill_rate >= ENOUGH

    def as_json(self) -> dict[str, Any]:
        """The part of ``--json`` under ``mutants``."""
        return {
            "count": self.count,
            "killed": self.killed,
            "kill_rate": self.kill_rate,
            "alike": [_as_json(each) for each in self.alike],
            "survived": [_as_json(each) for each in self.survived],
            "excused": [_as_json(each) | {"reason": reason} for each, reason in self.excused],
            "unused_excuses": [{"answer": each.answer, "line": each.line} for each in self.unused],
        }

    def show(self, console: Console) -> None:
        """Print each survivor as a diff, and the kill rate."""
        for each in self.survived:
            console.print(f"\n{each.notebook} {each.answer}: a mutant keeps full marks", style="bold", markup=False)
            console.print(each.diff, markup=False)
        for each, reason in self.excused:
            console.print(f"\n{each.notebook} {each.answer}: excused, {reason}", markup=False)
            console.print(each.diff, markup=False)
        for excuse in self.unused:
            said = f"\n{excuse.answer}: no survivor needs the excuse of this line; remove it"
            console.print(said, style="bold", markup=False)
            console.print(excuse.line, markup=False)
        console.print(
            f"{self.killed} of {self.count} mutants lose points ({self.kill_rate:.1%}), "
            f"{len(self.excused)} are excused; {len(self.alike)} more behave like the reference"
        )


def _as_json(mutant: Mutant) -> dict[str, str]:
    name = f"mutant_{mutant.number}"
    return {"notebook": mutant.notebook, "answer": mutant.answer, "name": name, "diff": mutant.diff}


def audit_mutants(
    engine: Engine,
    listings: Iterable[Listing],
    *,
    jobs: int = 2,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> MutantAudit:
    """Derive, grade and try out all mutants of some notebooks.

    Parameters
    ----------
    engine : Engine
    listings : iterable of Listing
        Whose notebooks, and how their answers are tried out.
    jobs, progress
        As in `examiner.audit`.
    """
    pairs = [(listing, mutant) for listing in listings for mutant in _mutants(engine.assignment, listing)]
    made = [mutant for _, mutant in pairs]
    tasks = [
        MutantTask(each.notebook, each.answer, each.source, each.answer in listing.probed) for listing, each in pairs
    ]
    done: dict[int, str | None] = {}
    for number, verdict in run_all(engine, "examiner.audit.inside:judge_mutant", tasks, jobs=jobs):
        done[number] = verdict
        progress("mutants", len(done), len(tasks))
    found: dict[str, list[Mutant]] = {"killed": [], "alike": [], "survived": []}
    for number, mutant in enumerate(made):
        found[done[number] or "killed"].append(mutant)
    with engine.fork() as child:
        excused: tuple[Excused, ...] = child.call("examiner.diagnosis.inside:excused")
    reasons = [(mutant, _reason(mutant, excused)) for mutant in found["survived"]]
    answers = {mutant.answer for mutant in made}
    mine = [each for each in excused if each.answer in answers]
    return MutantAudit(
        len(found["killed"]),
        found["alike"],
        [mutant for mutant, reason in reasons if reason is None],
        [(mutant, reason) for mutant, reason in reasons if reason is not None],
        [each for each in mine if not any(each.covers(m.answer, m.diff) for m in found["survived"])],
    )


def _mutants(assignment: Assignment, listing: Listing) -> list[Mutant]:
    notebook = read(assignment.notebook(listing.notebook))
    reference = solutions(notebook)
    names = [grade_id(cell) for cell in cells_of(notebook, "answer")]
    return [
        mutant
        for name in names
        for mutant in mutants(listing.notebook, name, reference[name], listing.own_choices.get(name, ()))
    ]


def _reason(mutant: Mutant, excused: Sequence[Excused]) -> str | None:
    return next((each.reason for each in excused if each.covers(mutant.answer, mutant.diff)), None)
