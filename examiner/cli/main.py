"""The `examiner` command; ``python -m examiner`` is the same."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from tqdm import tqdm

from examiner._exceptions import ExaminerError
from examiner.paths import course_root, source_folder

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; exit status 0 done, 1 something is wrong with the work, 2 wrong usage or environment."""
    options = _parser().parse_args(argv)
    if options.help_all:
        from examiner.course.preprocessors import Examiner

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
    except OSError as error:  # a full disk, a folder without rights: what could be foreseen was asked before
        errors.print(f"examiner: {error.filename or 'the system'}: {error.strerror or error}", markup=False)
        return 2
    except KeyboardInterrupt:
        errors.print("examiner: interrupted; what was finished is kept.")
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
    grade.add_argument("--json", type=_file, metavar="FILE", help="write the outcome there")
    grade.add_argument("--seed", type=_whole_number, help="seed of the hidden inputs")
    grade.add_argument("--isolation", choices=["bubblewrap", "none"], help="what keeps submitted code apart")
    grade.set_defaults(run=_autograde, help_all=False)
    report = commands.add_parser("report", help="write the class on one page")
    report.add_argument("assignment")
    report.add_argument("--output", type=Path, metavar="FILE", help="the page; by default report/<assignment>.html")
    report.set_defaults(run=_report, help_all=False)
    audit = commands.add_parser("audit", help="grade the catalogue instead of students")
    audit.add_argument("assignment")
    audit.add_argument("--notebook", metavar="NB", help="only this one, such as 01_layers")
    audit.add_argument("--mutants", action="store_true", help="grade mutants of the reference, too")
    audit.add_argument("--json", type=_file, metavar="FILE", help="write the audit there")
    audit.add_argument("--seed", type=_whole_number, default=231, help="seed of the hidden inputs")
    audit.set_defaults(run=_audit, help_all=False)
    sample = commands.add_parser("sample-class", help="fill submitted/ with students drawn from the catalogue")
    sample.add_argument("assignment")
    sample.add_argument("--students", type=_whole_number, required=True, metavar="N", help="how many")
    sample.add_argument("--seed", type=_whole_number, default=231, help="seed of the draw, and of the hidden inputs")
    sample.add_argument("--parameters", type=Path, metavar="FOLDER", help="trained parameters that they hand in")
    sample.set_defaults(run=_sample_class, help_all=False)
    doctor = commands.add_parser("doctor", help="what is there, what is missing, what to do about it")
    doctor.set_defaults(run=_doctor, help_all=False)
    return parser


def _file(text: str) -> Path:
    """A file that can be written: asked before the work is done, not after it."""
    path = Path(text)
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{path} cannot be written")
    return path


def _whole_number(text: str) -> int:
    """A number from 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 0")
    return int(text)


def _autograde(options: argparse.Namespace) -> int:
    from examiner.course.class_run import Class
    from examiner.outcome import StudentOutcome, sentence

    _quiet()
    chosen = {name: getattr(options, name) for name in ("seed", "isolation")}
    course = Class(options.assignment, {name: value for name, value in chosen.items() if value is not None})
    students = options.student or course.results.students()
    unknown = sorted(set(students) - set(course.results.students()))
    if unknown:
        raise ExaminerError(f"No submission of {options.assignment} by {', '.join(unknown)}.")
    if course.results.examiner.isolation == "none":
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
    if not options.student:
        for name, why in course.results.absent().items():
            console.print(f"{sentence(name)}: {why}", markup=False)
    for kept, those in report.kept.items():
        many = f"{len(those)} of {len(students)}"
        console.print(f"Marks of an earlier run ({kept}) stay for {many} students: --force grades them again.")
    console.print(f"{len(students)} students, {report.seconds:.1f} s, isolation {report.isolation}, seed {report.seed}")
    if options.json is not None:
        options.json.write_text(report.as_json() + "\n", encoding="utf-8")
    return int(any(outcome.status == "failed" for outcome in report.students.values()))


def _mark(score: float | None) -> str:
    return "not decided" if score is None else f"{score:g}"


def _report(options: argparse.Namespace) -> int:
    from examiner.course.report import main as report

    _quiet()
    return report(options.assignment, options.output, console)


def _quiet() -> None:
    from sqlalchemy.exc import SAWarning

    warnings.simplefilter("ignore", SAWarning)  # nbgrader's own models warn about nbgrader's own use


def _audit(options: argparse.Namespace) -> int:
    with _toolkit_of(options.assignment):
        from examiner.audit.audit import main as audit

        return audit(
            options.assignment, options.notebook, mutants=options.mutants, file=options.json, seed=options.seed
        )


def _sample_class(options: argparse.Namespace) -> int:
    with _toolkit_of(options.assignment):
        from examiner.audit.sample_class import main as draw

        return draw(options.assignment, options.students, seed=options.seed, parameters=options.parameters)


@contextlib.contextmanager
def _toolkit_of(assignment: str) -> Iterator[None]:
    """Let an assignment's toolkit and its course's catalogue be imported."""
    before = list(sys.path)
    sys.path[:0] = [str(source_folder(assignment)), str(course_root())]
    try:
        yield
    finally:
        sys.path[:] = before


def _doctor(options: argparse.Namespace) -> int:
    from examiner.cli import doctor

    del options
    return int(doctor.main())
