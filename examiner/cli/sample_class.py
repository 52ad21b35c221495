"""``examiner sample-class``: fill ``submitted/`` with students drawn from the catalogue."""

from __future__ import annotations

import argparse
from pathlib import Path

from examiner._exceptions import ExaminerError
from examiner.assignment import find_assignment
from examiner.cli.arguments import Commands, console, whole_number
from examiner.cli.audit import need_catalogue
from examiner.settings import SEED

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "sample-class",
        help="fill submitted/ with students drawn from the catalogue",
        description="Fill submitted/ with students drawn from the catalogue, whose scores are known.",
    )
    parser.add_argument("assignment", metavar="NAME", help="name of the assignment, such as ps1")
    parser.add_argument("--students", type=whole_number, required=True, metavar="N", help="number of students")
    parser.add_argument(
        "--seed",
        type=whole_number,
        default=SEED,
        metavar="N",
        help="seed of the draw, and of the hidden inputs; by default %(default)s",
    )
    parser.add_argument("--parameters", type=Path, metavar="FOLDER", help="trained parameters that they submit")
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    """Draw a class, write its submissions, and say where its expected scores are."""
    from examiner.audit import write_class

    assignment = find_assignment(options.assignment)
    need_catalogue(assignment)
    if options.students < 1:
        raise ExaminerError("A class has at least one student: examiner sample-class NAME --students N.")
    files = sorted(options.parameters.glob("*.npz")) if options.parameters else []
    if options.parameters and not files:
        raise ExaminerError(f"No trained parameters (*.npz) in {options.parameters}.")
    console.print("Running the catalogue's answers: a few minutes the first time.")
    drawn = write_class(assignment, options.students, seed=options.seed, parameters=options.parameters)
    if not files:
        console.print("No student submits trained parameters. To add some: --parameters FOLDER.")
    console.print(f"{options.students} students in submitted/, due {drawn.due}")
    console.print(f"Their expected scores: {drawn.expected.relative_to(assignment.root)}")
    return 0
