"""Grade the catalogue instead of students: what `examiner audit` does.

Each entry is graded alone, everything else being reference.  A misconception has to lose points
on its own answer, and on no other that it does not declare; an alternative has to lose none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from examiner._exceptions import CatalogueError
from examiner.assignment import Assignment
from examiner.audit.at_once import AtOnce, audit_at_once
from examiner.audit.in_the_wild import InTheWild, audit_samples
from examiner.audit.inside import Finding, Task, Verdict
from examiner.audit.mutation import MutantAudit, audit_mutants
from examiner.diagnosis import ALTERNATIVE, MISCONCEPTION, Diagnoser, Entry, Listing
from examiner.engine import Engine, run_all
from examiner.notebooks import answer_of, cells_of, grade_id, read, solutions
from examiner.settings import SEED

__all__ = ["Audit", "Finding", "audit", "misnamed_rate"]

TOO_MANY_MISNAMED = 0.02


@dataclass(frozen=True)
class Audit:
    """What the audit found; each list holds entries of the catalogue.

    Attributes
    ----------
    killed, survived : list of Finding
        Misconceptions that lost points on their answer, and those that kept full marks.
    alternatives_passed, alternatives_failed : list of Finding
        Right answers with full marks everywhere, and those without.
    misnamed : list of Finding
        Misconceptions for which another one's sentence, or none, is shown first.
    follow_on : list of Finding
        Misconceptions that also cost points on another answer, and declare it.
    blamed : list of Finding
        The same, undeclared.
    unnoticed : list of Finding
        Misconceptions with full marks in a test cell that is declared to notice them.
    without_entries : list of Finding
        Answers without a misconception or without an alternative.
    stopped : list of Finding
        Entries that hit a limit of time: an error of this run, so they have no scores. A misconception that
        never ends in a test of its own answer is in `killed` instead.
    scores : mapping
        Score of every test cell that an entry touches, by ``answer:name``.
    in_the_wild : InTheWild
        Results of the second corpus.
    at_once : AtOnce
        What students' own notebooks say of wrong answers, on visible checks alone.
    mutants : MutantAudit or None
        Results of the reference's mutants, if requested.
    """

    killed: list[Finding] = field(default_factory=list)
    survived: list[Finding] = field(default_factory=list)
    alternatives_passed: list[Finding] = field(default_factory=list)
    alternatives_failed: list[Finding] = field(default_factory=list)
    misnamed: list[Finding] = field(default_factory=list)
    follow_on: list[Finding] = field(default_factory=list)
    blamed: list[Finding] = field(default_factory=list)
    unnoticed: list[Finding] = field(default_factory=list)
    without_entries: list[Finding] = field(default_factory=list)
    stopped: list[Finding] = field(default_factory=list)
    scores: dict[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict, repr=False)
    in_the_wild: InTheWild = field(default_factory=InTheWild)
    at_once: AtOnce = field(default_factory=AtOnce)
    mutants: MutantAudit | None = None
    seed: int = SEED
    seconds: float = 0.0

    LISTS = (
        "killed", "survived", "alternatives_passed", "alternatives_failed", "misnamed",
        "follow_on", "blamed", "unnoticed", "without_entries", "stopped",
    )  # fmt: skip

    @property
    def passed(self) -> bool:
        """Whether the tests tell the catalogue's wrong answers from its right ones."""
        wrong = (
            self.survived, self.alternatives_failed, self.blamed, self.unnoticed, self.without_entries, self.stopped,
        )  # fmt: skip
        named = misnamed_rate(self) <= TOO_MANY_MISNAMED and self.in_the_wild.passed and self.at_once.passed
        return not any(wrong) and named and (self.mutants is None or self.mutants.passed)

    def as_json(self) -> dict[str, Any]:
        """The content of ``--json``."""
        lists = {name: [each.as_json() for each in getattr(self, name)] for name in self.LISTS}
        mutants = {} if self.mutants is None else {"mutants": self.mutants.as_json()}
        rest = {"misnamed_rate": misnamed_rate(self), "seed": self.seed, "seconds": round(self.seconds, 1)}
        said = {"in_the_wild": self.in_the_wild.as_json(), "at_once": self.at_once.as_json()}
        return lists | said | mutants | rest


def misnamed_rate(found: Audit) -> float:
    """Share of the misconceptions that are named incorrectly or not at all."""
    count = len(found.killed) + len(found.survived)
    return len(found.misnamed) / count if count else 0.0


# ------------------------------------------------------------------------------ the audit


def audit(
    engine: Engine,
    *,
    notebooks: Sequence[str] = (),
    jobs: int = 2,
    cache: Path | None = None,
    diagnosis: bool = True,
    catalogue: Iterable[Listing] | None = None,
    mutants: bool = False,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Audit:
    """Grade every entry of the catalogue alone.

    Parameters
    ----------
    engine : Engine
        Of the assignment; its seed is that of the hidden inputs.
    notebooks : sequence of str, optional
        Only these.
    jobs : int
        Worker processes.
    cache : Path, optional
        Folder of the fingerprints; by default the course's.
    diagnosis : bool
        Whether to diagnose as well.
    catalogue : iterable of Listing, optional
        By default the assignment's own.
    mutants : bool
        Whether to derive and grade mutants of the reference as well.
    progress : callable
        Called with what is done, how much of it, and how much there is.

    Raises
    ------
    CatalogueError
        The assignment has no catalogue.
    """
    began = time.monotonic()
    diagnoser = Diagnoser(engine, cache, jobs)
    listings = diagnoser.catalogue.values() if catalogue is None else catalogue
    chosen = [each for each in listings if not notebooks or each.notebook in notebooks]
    if not chosen:
        name = engine.assignment.name
        raise CatalogueError(
            f"{name} has no catalogue to audit: name its package in c.Examiner.assignments[{name!r}]['catalogue'], "
            "and see docs/writing-tests.md."
        )
    chosen.sort(key=lambda each: each.notebook)
    files, same = _prepare(diagnoser, chosen, progress) if diagnosis else ({}, {})
    entries = [entry for listing in chosen for entry in listing.entries]
    found = Audit(seed=engine.seed)
    for entry, verdict in _verdicts(engine, entries, files, jobs, progress):
        _sort_in(found, entry, verdict, same.get(entry.notebook, {}))
    names = [path.stem for path in engine.assignment.notebooks() if not notebooks or path.stem in notebooks]
    found.without_entries.extend(_without_entries(engine.assignment, names, entries))
    wild, at_once = InTheWild(), AtOnce()
    if diagnosis and catalogue is None:
        at_once = audit_at_once(engine, chosen, jobs=jobs, progress=progress)
        wild = audit_samples(engine, [each.notebook for each in chosen], files, jobs=jobs, progress=progress)
    mutated = audit_mutants(engine, chosen, jobs=jobs, progress=progress) if mutants else None
    return replace(found, in_the_wild=wild, at_once=at_once, mutants=mutated, seconds=time.monotonic() - began)


Alike = Mapping[str, frozenset[str]]


def _prepare(
    diagnoser: Diagnoser, listings: Sequence[Listing], progress: Callable[[str, int, int], None]
) -> tuple[dict[str, Path], dict[str, Alike]]:
    """Have all fingerprints on disk; their files, and which entries behave alike, by notebook."""
    files: dict[str, Path] = {}
    for number, listing in enumerate(listings):
        progress("fingerprints", number, len(listings))
        file = diagnoser.fingerprints(listing.notebook)
        if file is not None:
            files[listing.notebook] = file
    tasks = list(files.items())
    done = dict(run_all(diagnoser.engine, "examiner.diagnosis.inside:alike", tasks, jobs=diagnoser.jobs))
    progress("fingerprints", len(listings), len(listings))
    return files, {notebook: done[number] or {} for number, (notebook, _) in enumerate(tasks)}


def _verdicts(
    engine: Engine,
    entries: Sequence[Entry],
    files: Mapping[str, Path],
    jobs: int,
    progress: Callable[[str, int, int], None],
) -> list[tuple[Entry, Verdict | None]]:
    """Every entry with what the tests said, in the catalogue's order."""
    names = {entry.notebook for entry in entries}
    reference = {name: solutions(read(engine.assignment.notebook(name))) for name in names}
    tasks = [
        Task(
            entry.notebook,
            entry.cells(reference[entry.notebook]),
            files.get(entry.notebook) if entry.kind == MISCONCEPTION else None,
        )
        for entry in entries
    ]
    done: dict[int, Verdict | None] = {}
    for number, verdict in run_all(engine, "examiner.audit.inside:judge", tasks, jobs=jobs):
        done[number] = verdict
        progress("entries", len(done), len(tasks))
    return [(entry, done[number]) for number, entry in enumerate(entries)]


def _sort_in(found: Audit, entry: Entry, verdict: Verdict | None, alike: Alike) -> None:
    """Add one entry to the lists that it belongs to."""

    def finding(detail: str = "") -> Finding:
        return Finding(entry.notebook, entry.answer, entry.name, detail)

    if verdict is None:
        found.stopped.append(finding("all its tests together"))
        return
    if verdict.stopped:  # nothing was measured, unless it is the mistake that its code never ends
        endless = entry.kind == MISCONCEPTION and any(answer_of(test) == entry.answer for test in verdict.stopped)
        detail = "stopped at a limit" if endless else ", ".join(verdict.stopped)
        (found.killed if endless else found.stopped).append(finding(detail))
        return
    found.scores[str(entry)] = verdict.scores
    lost = verdict.lost()
    if entry.kind == ALTERNATIVE:
        (found.alternatives_failed if lost else found.alternatives_passed).append(finding(", ".join(lost)))
        return
    own = [test for test in lost if answer_of(test) == entry.answer]
    others = [test for test in lost if answer_of(test) not in entry.replaced()]
    (found.killed if own else found.survived).append(finding())
    if declared := [test for test in others if test in entry.follow_on]:
        found.follow_on.append(finding(", ".join(declared)))
    if undeclared := [test for test in others if test not in entry.follow_on]:
        found.blamed.append(finding(", ".join(undeclared)))
    if unnoticed := [test for test in entry.tests if test not in lost]:
        found.unnoticed.append(finding(", ".join(unnoticed)))
    if alike and own:
        first = next((name for test in own for name in verdict.named.get(test, ())), "")
        if first not in alike.get(str(entry), frozenset((str(entry),))):
            found.misnamed.append(finding(f"named {first or 'nothing'}"))


def _without_entries(assignment: Assignment, notebooks: Sequence[str], entries: Sequence[Entry]) -> list[Finding]:
    """Answers that lack a misconception or an alternative."""
    found = []
    for notebook in notebooks:
        for cell in cells_of(read(assignment.notebook(notebook)), "answer"):
            there = {e.kind for e in entries if (e.notebook, e.answer) == (notebook, grade_id(cell))}
            missing = [f"no {kind}" for kind in (MISCONCEPTION, ALTERNATIVE) if kind not in there]
            if missing:
                found.append(Finding(notebook, grade_id(cell), "", ", ".join(missing)))
    return found
