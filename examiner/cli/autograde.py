"""``examiner autograde``: grade a class."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from examiner._exceptions import ExaminerError
from examiner.cli.arguments import Commands, console, quiet, whole_number, writable_file
from examiner.outcome import sentence

if TYPE_CHECKING:
    from examiner.outcome import StudentOutcome

__all__ = ["add_parser", "run"]

OVERRIDES = "seed", "isolation"


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "autograde",
        help="grade a class",
        description="Grade the submissions of a class, and print a row for every student.",
    )
    parser.add_argument("assignment", metavar="NAME", help="name of the assignment, such as ps1")
    parser.add_argument("--student", action="append", metavar="ID", help="only this student; may be repeated")
    parser.add_argument("--force", action="store_true", help="also grade students who have been graded")
    parser.add_argument("--json", type=writable_file, metavar="FILE", help="write the outcome to this file")
    parser.add_argument(
        "--seed", type=whole_number, metavar="N", help="seed of the hidden inputs; by default c.Examiner.seed"
    )
    parser.add_argument("--isolation", choices=["bubblewrap", "none"], help="what isolates submitted code")
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    """Grade, print a row for every student, and give the exit status: 1 where one could not be graded."""
    from examiner.course import ClassRun, Course

    quiet()
    chosen = {name: getattr(options, name) for name in OVERRIDES if getattr(options, name) is not None}
    course = Course.load(options.assignment, chosen)
    class_run = ClassRun(course)
    submitted = course.students()
    students = options.student or submitted
    if unknown := sorted(set(students) - set(submitted)):
        raise ExaminerError(f"No submission of {course.name} by {', '.join(map(sentence, unknown))}.")
    if course.options.isolation == "none":
        console.print("[bold]Isolation: none.[/bold] Submitted code runs unprotected on this machine.")

    if not students:
        place = f"{course.directory.submitted_directory}/<student>/{options.assignment}/"
        console.print(f"No submissions of {options.assignment}: put them into {place}", markup=False)
    with tqdm(total=len(students), desc="autograde", unit="student", leave=False, disable=None) as bar:

        def show(student: str, outcome: StudentOutcome) -> None:
            bar.clear()
            console.print(_row(student, outcome), markup=False)
            bar.update()

        report = class_run.grade(students, force=options.force, show=show)
    _print_rest(report)
    if not options.student:
        for name, why in class_run.results.absent().items():
            console.print(f"{sentence(name)}: {why}", markup=False)
    console.print(f"{len(students)} students, {report.seconds:.1f} s, isolation {report.isolation}, seed {report.seed}")
    if options.json is not None:
        options.json.write_text(report.as_json() + "\n", encoding="utf-8")
    return int(any(outcome.status == "failed" for outcome in report.students.values()))


def _row(student: str, outcome: StudentOutcome) -> str:
    score = "–" if outcome.score is None else f"{outcome.score:.2f}"
    bonus = f" + {outcome.bonus:g}" if outcome.bonus else ""
    late = f" (late: -{outcome.penalty:g})" if outcome.penalty else ""
    line = f"{sentence(student):20} {outcome.status:8} {score:>7} of {outcome.max_score:g}{bonus}{late}"
    return f"{line}  {outcome.seconds:6.1f} s  {sentence(outcome.reason or '')}".rstrip()


def _print_rest(report: Any) -> None:
    """Scores that changed, and scores that stay from an earlier run."""
    for change in report.changes:
        marks = f"{_mark(change.before)} -> {_mark(change.after)}"
        console.print(f"changed: {sentence(change.student)}, {change.test}: {marks}", markup=False)
    for way, students in report.kept.items():
        many = f"{len(students)} of {len(report.students)}"
        console.print(f"Scores of an earlier run ({way}) stay for {many} students: --force grades them again.")


def _mark(score: float | None) -> str:
    return "none" if score is None else f"{score:g}"
