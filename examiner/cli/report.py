"""``examiner report``: write the class report."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table
from tqdm import tqdm

from examiner._exceptions import ExaminerError
from examiner.cli.arguments import Commands, console, quiet
from examiner.outcome import sentence

if TYPE_CHECKING:
    from examiner.pages import ClassReport

__all__ = ["add_parser", "as_table", "run"]

PAIRS = 20  # of similar answers that the terminal shows


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "report",
        help="write the class report",
        description="Write the class report, one HTML page, and print its rows.",
    )
    parser.add_argument("assignment", metavar="NAME", help="name of the assignment, such as ps1")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the page; by default report/NAME.html")
    parser.add_argument(
        "--roster", type=Path, metavar="FILE", help="CSV file of the class: names, sections, and who is absent"
    )
    parser.add_argument(
        "--compare", type=Path, metavar="FILE", help="the .json file of another report, such as last term's"
    )
    parser.add_argument("--anonymous", action="store_true", help="without names, links and students' code")
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    """Write the report, print its rows, and give the exit status: 1 where a submission could not be graded."""
    from examiner.course import Course, Results, refresh_penalties
    from examiner.exchange import read_roster
    from examiner.pages import anonymous, as_html, as_json, class_report, read_earlier

    quiet()
    course = Course.load(options.assignment)
    refresh_penalties(course)
    results = Results(course)
    name = f"{course.name}-anonymous" if options.anonymous else course.name
    target = options.output or course.root / "report" / f"{name}.html"
    if not results.students():
        raise ExaminerError(f"No submissions of {course.name}: put them into submitted/<student>/{course.name}/.")

    def progress(students: list[str]) -> tqdm[str]:
        return tqdm(students, desc="report", unit="student", leave=False, disable=None)

    roster = read_roster(options.roster).of(results.students()).people if options.roster else {}
    other = read_earlier(options.compare) if options.compare else None
    kept = target.with_suffix(".json")
    last = None
    with contextlib.suppress(ExaminerError):  # there is none yet, or another program's
        last = read_earlier(kept)
    people = {student: (person.name, person.section) for student, person in roster.items()}
    report = class_report(results, target.parent, progress, people)
    if options.anonymous:
        report = anonymous(report)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_html(report, last, other), encoding="utf-8")
        kept.write_text(as_json(report), encoding="utf-8")
    except OSError as error:
        raise ExaminerError(f"{target} could not be written: {error.strerror}. Name another file: --output.") from None
    _print(report, target, kept)
    return int(report.by_status["failed"] > 0)


def _print(report: ClassReport, target: Path, kept: Path) -> None:
    from examiner.pages import UNPROTECTED

    if "none" in report.isolation:
        console.print(f"[bold]Isolation: none.[/bold] {UNPROTECTED}")
    console.print(as_table(report))
    for status, reason, students in report.attention():
        console.print(f"{status}: {', '.join(map(sentence, students))}: {sentence(reason)}", markup=False)
    for pair in report.similar[:PAIRS]:
        names = " and ".join(map(sentence, pair.students))
        console.print(f"similar answers to {pair.answer}, for a person to look at: {names}", markup=False)
    if more := report.similar[PAIRS:]:
        console.print(f"and {len(more)} more pairs of similar answers, in the report", markup=False)
    for name, owners in report.alike:
        console.print(f"identical {name}: {', '.join(map(sentence, owners))}", markup=False)
    console.print(f"Report: {target} (and {kept.name}, for --compare)", markup=False)


def as_table(report: ClassReport) -> Table:
    """The students' rows for a terminal."""
    title = f"{report.assignment}: {len(report.rows)} students"
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=0)  # 80 columns hold eight notebooks
    table.add_column("student", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for name in report.notebooks:
        table.add_column(name[:2], justify="right")
    table.add_column("score", justify="right", style="bold")
    late = report.late
    for name in ("bonus", *(["hours late"] if late else []), *(["late"] if report.penalties else [])):
        table.add_column(name, justify="right")
    for row in report.rows:
        marks = [row.outcome.marks[name].score for name in report.notebooks]
        numbers = [*marks, row.score, row.outcome.bonus, *([row.outcome.hours_late] if late else [])]
        numbers += [-row.outcome.penalty] if report.penalties else []
        table.add_row(escape(sentence(row.student)), row.status, *map(_number, numbers))
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{round(value, 1) + 0.0:g}"
