"""``examiner collect``: put downloads of a learning platform into submitted/."""

from __future__ import annotations

import argparse
from pathlib import Path

from examiner.cli.arguments import Commands, console, quiet
from examiner.outcome import sentence

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "collect",
        help="put downloads of a learning platform into submitted/",
        description="Put submissions into submitted/: bulk downloads of Canvas, Moodle and Gradescope, or a folder or "
        "ZIP archive for each student. Nothing newer is overwritten.",
    )
    parser.add_argument("assignment", metavar="NAME", help="name of the assignment, such as ps1")
    parser.add_argument("sources", nargs="+", type=Path, metavar="FILE", help="a ZIP archive or a folder")
    parser.add_argument("--roster", type=Path, metavar="FILE", help="CSV file that says which ID a name or number has")
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    """Write the submissions, and say what could not be placed: 1 where there is any."""
    from examiner.course import Course
    from examiner.exchange import collect, read_roster

    quiet()
    course = Course.load(options.assignment)
    roster = read_roster(options.roster) if options.roster else None
    done = collect(course, options.sources, roster)
    for each in done.left:
        console.print(f"not placed: {each}", markup=False)
    if done.kept:
        console.print(f"already there, as new or newer: {', '.join(map(sentence, done.kept))}", markup=False)
    place = Path(course.directory.submitted_directory).name
    console.print(f"{len(done.written)} submissions written: {place}/<student>/{course.name}/", markup=False)
    return int(bool(done.left))
