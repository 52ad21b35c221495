"""``examiner export``: write the scores for a spreadsheet or a learning platform."""

from __future__ import annotations

import argparse
from pathlib import Path

from examiner._exceptions import ExaminerError
from examiner.cli.arguments import Commands, console, quiet, writable_file
from examiner.outcome import sentence

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "export",
        help="write the scores for a learning platform",
        description="Write the scores as CSV: for a spreadsheet, or in the columns that Canvas or Moodle import.",
    )
    parser.add_argument("assignment", metavar="NAME", help="name of the assignment, such as ps1")
    parser.add_argument("--format", choices=["csv", "canvas", "moodle"], default="csv", help="by default csv")
    parser.add_argument(
        "--roster",
        type=Path,
        metavar="FILE",
        help="CSV file of the class, with student IDs and names: your own, or what the platform exports",
    )
    parser.add_argument("--output", type=writable_file, metavar="FILE", help="the file; by default NAME-FORMAT.csv")
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    """Write the file, and say of whom it has no score."""
    from examiner.course import Course, Results
    from examiner.exchange import read_roster, write_scores

    quiet()
    course = Course.load(options.assignment)
    results = Results(course)
    students = results.students()
    roster = read_roster(options.roster).of(students) if options.roster else None
    if not students:
        raise ExaminerError(f"No submissions of {course.name}: put them into submitted/<student>/{course.name}/.")
    target: Path = options.output or Path(f"{course.name}-{options.format}.csv")
    outcomes = write_scores(options.format, results, target, roster, students)
    for student, outcome in outcomes.items():
        if outcome.score is None:
            console.print(f"no score: {sentence(student)}: {sentence(outcome.reason or '')}", markup=False)
    if waiting := sum(len(results.by_hand(student)) for student in students):
        console.print(f"{waiting} answers need manual grading: they count 0 points in this file.")
    strangers = [] if roster is None else [name for name in outcomes if name not in roster.people]
    if strangers:
        console.print(f"not on the roster: {', '.join(map(sentence, strangers))}", markup=False)
    console.print(f"Scores of {len(outcomes)} students: {target}", markup=False)
    return 0
