"""``examiner grade-one``: grade one submission for another system."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from examiner.cli.arguments import Commands, console, quiet, whole_number, writable_file

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "grade-one",
        help="grade one submission for another system",
        description="Grade one submission and write the results that another system reads. No gradebook is used. "
        "If the submission could not be graded, no results are written: it is never a zero.",
    )
    parser.add_argument("assignment", metavar="NAME", help="name of the assignment, such as ps1")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="what was submitted")
    parser.add_argument(
        "--results", required=True, choices=["gradescope", "prairielearn", "json"], help="who reads the results"
    )
    parser.add_argument(
        "--output", type=writable_file, default=Path("results.json"), metavar="FILE", help="by default %(default)s"
    )
    parser.add_argument(
        "--hidden-checks",
        choices=["visible", "after_due_date", "after_published", "hidden"],
        default="after_published",
        help="when students see hidden checks, where the system knows that; by default %(default)s",
    )
    parser.add_argument("--seed", type=whole_number, metavar="N", help="seed of the hidden inputs")
    parser.add_argument("--isolation", choices=["bubblewrap", "none"], help="what isolates submitted code")
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    """Grade, write the results, and give the exit status: 1 where nothing could be graded in the submission."""
    from examiner.course import Course
    from examiner.exchange import RESULTS, grade_one

    quiet()
    chosen = {name: getattr(options, name) for name in ("seed", "isolation") if getattr(options, name) is not None}
    course = Course.load(options.assignment, chosen)
    single = grade_one(course, options.folder)
    content = RESULTS[options.results](single, options.hidden_checks)
    new = options.output.with_name(f".{options.output.name}.new")
    new.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    new.replace(options.output)
    for note in single.notes():
        console.print(note, markup=False)
    console.print(
        f"{single.score:.2f} of {single.max_score:g} points of tests, {single.seconds:.1f} s: {options.output}"
    )
    return int(not single.submitted)
