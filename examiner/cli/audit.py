"""``examiner audit``: grade the catalogue instead of students."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from examiner._exceptions import CatalogueError
from examiner.assignment import Assignment, find_assignment
from examiner.cli.arguments import Commands, console, whole_number, writable_file
from examiner.settings import SEED

if TYPE_CHECKING:
    from examiner.audit import Audit

__all__ = ["add_parser", "need_catalogue", "run"]

JOBS = 2
SLOW = 300.0
PROBLEMS = {
    "survived": "keeps full marks",
    "alternatives_failed": "is right, and loses points in",
    "blamed": "also costs points in",
    "unnoticed": "is not noticed by",
    "misnamed": "is",
    "without_entries": "has",
    "stopped": "could not be graded, it hit a limit of time in",
}


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "audit",
        help="grade the catalogue instead of students",
        description="Grade the catalogue of wrong and right answers, to test the tests. "
        "The exit status is 1 if a test does not tell wrong from right.",
    )
    parser.add_argument("assignment", metavar="NAME", help="name of the assignment, such as ps1")
    parser.add_argument("--notebook", metavar="NB", help="only this notebook, such as 01_layers")
    parser.add_argument("--mutants", action="store_true", help="also grade mutants of the reference")
    parser.add_argument("--json", type=writable_file, metavar="FILE", help="write the audit to this file")
    parser.add_argument(
        "--seed", type=whole_number, default=SEED, metavar="N", help="seed of the hidden inputs; by default %(default)s"
    )
    parser.set_defaults(run=run)
    return parser


def need_catalogue(assignment: Assignment) -> None:
    """Refuse an assignment without a catalogue."""
    if assignment.catalogue is None:
        where = f"c.Examiner.assignments[{assignment.name!r}] in nbgrader_config.py"
        raise CatalogueError(f"{assignment.name} has no catalogue of wrong and right answers: name it in {where}.")
    if not (assignment.root / assignment.catalogue).is_dir():
        raise CatalogueError(f"The catalogue of {assignment.name} is missing: no folder {assignment.catalogue}.")


def run(options: argparse.Namespace) -> int:
    """Audit, print what was found, and give the exit status: 1 where a test does not tell wrong from right."""
    from examiner.audit import audit
    from examiner.engine import Engine

    assignment = find_assignment(options.assignment)
    need_catalogue(assignment)
    if options.notebook is not None:
        assignment.notebook(options.notebook)
    columns = TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Engine(assignment, options.seed) as engine, Progress(*columns, console=console) as bar:
        found = audit(
            engine,
            notebooks=(options.notebook,) if options.notebook else (),
            jobs=JOBS,
            mutants=options.mutants,
            progress=_Bars(bar),
        )
    _print(found)
    if options.json is not None:
        options.json.write_text(json.dumps(found.as_json(), indent=1) + "\n", encoding="utf-8")
    return int(not found.passed)


class _Bars:
    """A progress bar for each part of the work."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.parts: dict[str, Any] = {}

    def __call__(self, part: str, done: int, total: int) -> None:
        if part not in self.parts:
            self.parts[part] = self.bar.add_task(part, total=total)
        self.bar.update(self.parts[part], completed=done)


def _print(found: Audit) -> None:
    """Print a table with a row for each answer, and a line for each problem."""
    from examiner.audit import misnamed_rate

    console.print(_table(found))
    for name, what in PROBLEMS.items():
        for each in getattr(found, name):
            console.print(f"{each.notebook} {each.answer}:{each.name} {what} {each.detail}".rstrip(), markup=False)
    for name, what in {"right_failed": "is right, and loses points in", "misnamed": "is told"}.items():
        for each in getattr(found.in_the_wild, name):
            console.print(f"{each.notebook} {each.answer}:{each.name} {what} {each.detail}".rstrip(), markup=False)
    if found.mutants is not None:
        found.mutants.show(console)
    total = len(found.killed) + len(found.survived)
    console.print(
        f"{len(found.killed)} of {total} misconceptions lose points, {len(found.alternatives_passed)} of "
        f"{len(found.alternatives_passed) + len(found.alternatives_failed)} alternatives lose none, "
        f"{misnamed_rate(found):.1%} misnamed; seed {found.seed}, {found.seconds:.0f} s"
    )
    for part in (found.in_the_wild, found.at_once.catalogue):
        if part.count:
            console.print(str(found.at_once if part is found.at_once.catalogue else part), markup=False)
    if found.seconds > SLOW:
        limit = f"{SLOW / 60:.0f} minutes"
        console.print(f"The audit took longer than {limit}: is an entry or a test cell slow, or the machine busy?")


def _table(found: Audit) -> Table:
    table = Table("answer", "wrong", "killed", "right", "passed", "misnamed", "follow-on")
    lists = {name: getattr(found, name) for name in found.LISTS}
    answers = dict.fromkeys((e.notebook, e.answer) for those in lists.values() for e in those)
    for place in sorted(answers, key=lambda each: each[0]):
        count = {name: sum((e.notebook, e.answer) == place for e in those) for name, those in lists.items()}
        wrong, right = count["killed"] + count["survived"], count["alternatives_passed"]
        right += count["alternatives_failed"]
        numbers = wrong, count["killed"], right, count["alternatives_passed"], count["misnamed"], count["follow_on"]
        table.add_row(place[1], *map(str, numbers))
    return table
