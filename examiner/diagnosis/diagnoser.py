"""The diagnosis of one assignment, from the examiner's own process: fingerprints are computed once and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from examiner._exceptions import EngineError
from examiner.diagnosis.entries import MISCONCEPTION, Entry, Listing, Task
from examiner.diagnosis.records import Diagnosis
from examiner.diagnosis.store import save
from examiner.engine import Engine, run_all
from examiner.outcome import TestOutcome
from examiner.paths import FINGERPRINTS

__all__ = ["Diagnoser", "diagnose_here"]

FORMAT = 6
TASK_SECONDS = 200.0
INSIDE = "examiner.diagnosis.inside"


class Diagnoser:
    """Fingerprints of one assignment, for one seed.

    Parameters
    ----------
    engine : Engine
    cache : Path, optional
        Folder of the fingerprints; by default below the course's root.
    jobs : int
        Processes to compute them with.
    """

    def __init__(self, engine: Engine, cache: Path | None = None, jobs: int = 2) -> None:
        self.engine, self.jobs = engine, jobs
        self.cache = cache or engine.assignment.root / FINGERPRINTS
        self._files: dict[tuple[str, int], Path] = {}

    def __repr__(self) -> str:
        return f"<Diagnoser of {self.engine.assignment.name}, seed {self.engine.seed}>"

    @cached_property
    def catalogue(self) -> Mapping[str, Listing]:
        """The catalogue's listings by notebook; empty where the assignment has none."""
        if not self.engine.assignment.catalogue or not self.engine.assignment.toolkit:
            return {}
        with self.engine.fork() as child:
            return {each.notebook: each for each in child.call(f"{INSIDE}:catalogue")}

    def misconceptions(self, notebook: str) -> list[Entry]:
        """The wrong answers of one notebook, in the catalogue's order."""
        listing = self.catalogue.get(notebook)
        return [entry for entry in listing.entries if entry.kind == MISCONCEPTION] if listing else []

    def fingerprints(self, notebook: str, visible_only: bool = False) -> Path | None:
        """The file of a notebook's fingerprints, computed first where it is missing; None without a catalogue.

        Parameters
        ----------
        notebook : str
        visible_only : bool
            Whether they are those on the visible checks alone, without pairs of mistakes.

        Raises
        ------
        EngineError
            They could not be computed.
        """
        entries = self.misconceptions(notebook)
        if not entries:
            return None
        kind = "-visible" if visible_only else ""
        key = (notebook + kind, self.engine.assignment.notebook(notebook).stat().st_mtime_ns)
        if key not in self._files:
            file = self.cache / f"{notebook}{kind}-{self.engine.seed}-{self._digest(notebook, entries)}.npz"
            if not file.is_file():
                self._compute(notebook, entries, file, visible_only)
            self._files[key] = file
        if not visible_only:
            self.engine.warm(f"{INSIDE}:matcher", notebook, self._files[key])
        return self._files[key]

    def _compute(self, notebook: str, entries: list[Entry], file: Path, visible_only: bool) -> None:
        tasks = [Task(notebook, visible_only=visible_only)]
        for number, entry in enumerate(entries, start=1):
            partners = [each for each in entries[number:] if each.answer == entry.answer and not visible_only]
            tasks.append(Task(notebook, entry, tuple(partners), visible_only))
        done = dict(run_all(self.engine, f"{INSIDE}:fingerprints_of", tasks, jobs=self.jobs, seconds=TASK_SECONDS))
        if done[0] is None:
            raise EngineError(f"{notebook}: the reference's own tests take longer than {TASK_SECONDS:g} s.")
        save(file, [each for number in range(len(tasks)) for each in done[number] or ()])

    def _digest(self, notebook: str, entries: list[Entry]) -> str:
        """A hash of all that a fingerprint depends on."""
        assignment = self.engine.assignment
        names = {kind: each.name for kind, each in self.engine.data_sets().items()}
        digest = hashlib.sha256(f"{FORMAT} {np.__version__} {sorted(names.items())}".encode())
        for path in assignment.notebooks():
            if path.stem <= notebook:  # earlier notebooks are its reference
                digest.update(_named(path, assignment.source))
        for path in sorted((assignment.source / str(assignment.toolkit)).rglob("*.py")):
            digest.update(_named(path, assignment.source))
        for entry in entries:
            digest.update(
                json.dumps(
                    [str(entry), dict(entry.sources), dict(entry.changes), list(map(dict, entry.variants))]
                ).encode()
            )
        return digest.hexdigest()[:16]


def _named(path: Path, folder: Path) -> bytes:
    """A file's place and content."""
    return f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0"


def diagnose_here(
    notebook: str,
    file: Path,
    outcomes: Mapping[str, TestOutcome],
    again: Callable[[str], TestOutcome] | None = None,
) -> dict[str, tuple[Diagnosis, ...]]:
    """Diagnose in this process, a child of the engine; see `examiner.diagnosis.inside.diagnose`."""
    from examiner.diagnosis.inside import diagnose  # needs the toolkit, which only a child can import

    return diagnose(notebook, file, outcomes, again)
