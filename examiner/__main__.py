"""The `examiner` command; ``python -m examiner`` is the same."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from tqdm import tqdm

from examiner._exceptions import ExaminerError

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; exit status 0 done, 1 something is wrong with the work, 2 wrong usage or environment."""
    options = _parser().parse_args(argv)
    if options.help_all:
        from examiner.plugin import Examiner

        _parser().print_help()
        print("\nOptions of nbgrader_config.py\n\n" + Examiner.class_get_help())
        return 0
    if options.run is None:
        _parser().print_help()
        return 2
    # nbgrader starts alembic by its name, wherever it was installed.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    try:
        status: int = options.run(options)
    except ExaminerError as error:
        errors.print(f"examiner: {error}", markup=False)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="examiner", description="Grade submissions in a sandbox.")
    parser.add_argument("--help-all", action="store_true", help="show the options of nbgrader_config.py, too")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands")
    grade = commands.add_parser("autograde", help="grade a class")
    grade.add_argument("assignment")
    grade.add_argument("--student", action="append", metavar="ID", help="only this student; may be repeated")
    grade.add_argument("--force", action="store_true", help="grade again what has been graded")
    grade.add_argument("--json", type=Path, metavar="FILE", help="write the outcome there")
    grade.add_argument("--seed", type=int, help="seed of the hidden inputs")
    grade.add_argument("--isolation", choices=["bubblewrap", "none"], help="what keeps submitted code apart")
    grade.set_defaults(run=_autograde, help_all=False)
    doctor = commands.add_parser("doctor", help="what is there, what is missing, what to do about it")
    doctor.set_defaults(run=_doctor, help_all=False)
    return parser


def _autograde(options: argparse.Namespace) -> int:
    from sqlalchemy.exc import SAWarning

    from examiner.autograde import Class
    from examiner.outcome import StudentOutcome

    warnings.simplefilter("ignore", SAWarning)  # nbgrader's own models warn about nbgrader's own use

    chosen = {name: getattr(options, name) for name in ("seed", "isolation")}
    course = Class(options.assignment, {name: value for name, value in chosen.items() if value is not None})
    students = options.student or course.students()
    unknown = sorted(set(students) - set(course.students()))
    if unknown:
        raise ExaminerError(f"No submission of {options.assignment} by {', '.join(unknown)}.")
    if course.examiner.isolation == "none":
        console.print("[bold]Isolation: none.[/bold] Submitted code runs unprotected on this machine.")

    def show(student: str, outcome: StudentOutcome) -> None:
        got = sum(score for score, _ in outcome.scores.values())
        most = sum(points for _, points in outcome.scores.values())
        bonus = f" + {outcome.bonus:g}" if outcome.bonus else ""
        line = f"{student:20} {outcome.status:8} {got:7.2f} of {most:g}{bonus}  {outcome.seconds:6.1f} s"
        bar.clear()
        console.print(f"{line}  {outcome.reason or ''}".rstrip(), markup=False)
        bar.update()

    with tqdm(total=len(students), desc="autograde", unit="student", leave=False, disable=None) as bar:
        report = course.grade(students, force=options.force, show=show)
    for student, test, old, new in report.changes:
        console.print(f"changed: {student}, {test}: {_mark(old)} -> {_mark(new)}", markup=False)
    console.print(f"{len(students)} students, {report.seconds:.1f} s, isolation {report.isolation}, seed {report.seed}")
    if options.json is not None:
        options.json.write_text(report.as_json() + "\n", encoding="utf-8")
    return int(any(outcome.status == "failed" for outcome in report.students.values()))


def _mark(score: float | None) -> str:
    return "not decided" if score is None else f"{score:g}"


def _doctor(options: argparse.Namespace) -> int:
    from examiner import doctor

    del options
    return int(doctor.main())


if __name__ == "__main__":
    sys.exit(main())
