"""``examiner autograde``: grade a class."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tqdm import tqdm

from examiner._exceptions import ExaminerError
from examiner.cli.arguments import Commands, console, quiet, whole_number, writable_file
from examiner.cli.working import Stop, add_worker_arguments, workers_of
from examiner.outcome import sentence

if TYPE_CHECKING:
    from examiner.course import Course, RunReport
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
    parser.add_argument("--force", action="store_true", help="also grade submissions that have not changed")
    parser.add_argument("--json", type=writable_file, metavar="FILE", help="write the outcome to this file")
    parser.add_argument(
        "--seed", type=whole_number, metavar="N", help="seed of the hidden inputs; by default c.Examiner.seed"
    )
    parser.add_argument("--isolation", choices=["bubblewrap", "none"], help="what isolates submitted code")
    add_worker_arguments(parser)
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    """Grade, print a row for every student, and give the exit status: 1 where one could not be graded."""
    from examiner.course import ClassRun, Course

    quiet()
    chosen = {name: getattr(options, name) for name in OVERRIDES if getattr(options, name) is not None}
    course = Course.load(options.assignment, chosen)
    class_run = ClassRun(course)
    students = _chosen(course, options.student)
    if course.options.isolation == "none":
        console.print("[bold]Isolation: none.[/bold] Submitted code runs unprotected on this machine.")
    with (
        workers_of(options) as workers,
        Stop("autograde") as stop,
        tqdm(total=len(students), desc="autograde", unit="student", smoothing=0.1, leave=False, disable=None) as bar,
    ):

        def show(student: str, outcome: StudentOutcome) -> None:
            bar.clear()
            console.print(_row(student, outcome), markup=False)
            bar.update()

        report = class_run.grade(students, workers, force=options.force, show=show, stopped=stop.asked)
    _print_rest(report)
    if not options.student:
        for name, why in class_run.results.absent().items():
            console.print(f"{sentence(name)}: {why}", markup=False)
    if waiting := sum(len(class_run.results.by_hand(student)) for student in report.students):
        console.print(f"{waiting} answers need manual grading: examiner written {course.name}", markup=False)
    graded, left = len(report.students), len(students) - len(report.students)
    console.print(f"{graded} students, {report.seconds:.1f} s, isolation {report.isolation}, seed {report.seed}")
    if options.json is not None:
        options.json.write_text(report.as_json() + "\n", encoding="utf-8")
    if left:
        console.print(f"Stopped: {left} students are not graded yet. Run the same command again to go on.")
        return 2
    return int(any(outcome.status == "failed" for outcome in report.students.values()))


def _chosen(course: Course, named: list[str] | None) -> list[str]:
    """The students to grade: those that are named, else all who submitted something."""
    submitted = course.students()
    if unknown := sorted(set(named or []) - set(submitted)):
        raise ExaminerError(f"No submission of {course.name} by {', '.join(map(sentence, unknown))}.")
    if not submitted:
        place = f"{course.directory.submitted_directory}/<student>/{course.name}/"
        console.print(f"No submissions of {course.name}: put them into {place}", markup=False)
    return list(dict.fromkeys(named)) if named else submitted


def _row(student: str, outcome: StudentOutcome) -> str:
    score = "–" if outcome.score is None else f"{outcome.score:.2f}"
    bonus = f" + {outcome.bonus:g}" if outcome.bonus else ""
    loses = [f"{outcome.hours_late:.1f} h"] if outcome.hours_late else []
    loses += [f"-{outcome.penalty:g}"] if outcome.penalty else []
    late = f" (late: {', '.join(loses)})" if loses else ""
    line = f"{sentence(student):20} {outcome.status:8} {score:>7} of {outcome.max_score:g}{bonus}{late}"
    return f"{line}  {outcome.seconds:6.1f} s  {sentence(outcome.reason or '')}".rstrip()


def _print_rest(report: RunReport) -> None:
    """Scores that changed, and the cells that took longest."""
    for change in report.changes:
        marks = f"{_mark(change.before)} -> {_mark(change.after)}"
        console.print(f"changed: {sentence(change.student)}, {change.test}: {marks}", markup=False)
    if slowest := report.slowest():
        console.print("Slowest cells, in seconds of processor time:")
    for each in slowest:
        console.print(f"  {each.seconds:6.1f} s  {sentence(each.student)}, {each.notebook}, {each.cell}", markup=False)


def _mark(score: float | None) -> str:
    return "none" if score is None else f"{score:g}"
