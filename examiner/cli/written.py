"""``examiner written``: grade one question across a class."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from examiner._exceptions import ExaminerError
from examiner.cli.arguments import Commands, console, quiet

__all__ = ["add_parser", "run"]

TABLE = "marks.csv"


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "written",
        help="grade written answers, question by question",
        description="Write a page for each question with the answers of the whole class, and a table for points and "
        "comments. Fill the table in, then read it back with --import.",
    )
    parser.add_argument("assignment", metavar="NAME", help="name of the assignment, such as ps1")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="by default written/NAME")
    parser.add_argument("--import", dest="table", type=Path, metavar="FILE", help="the table, filled in")
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    """Write pages and table, or save the marks of a table."""
    from examiner.course import Course, refresh_penalties, save_by_hand
    from examiner.pages import as_question_page, as_table, questions, read_table

    quiet()
    course = Course.load(options.assignment)

    def progress(students: list[str]) -> tqdm[str]:
        return tqdm(students, desc="written", unit="student", leave=False, disable=None)

    those = questions(course, progress)
    if not any(question.answers for question in those):
        raise ExaminerError(f"No written answers: run `examiner autograde {course.name}` first.")
    if options.table is not None:
        marks = read_table(options.table, those)
        save_by_hand(course.directory, course.name, marks)
        refresh_penalties(course)
        left = sum(question.waiting for question in questions(course, progress))
        console.print(f"{len(marks)} answers graded, {left} have no mark yet.")
        return 0
    folder: Path = options.output or course.root / "written" / course.name
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / TABLE).exists():
        raise ExaminerError(f"{folder / TABLE} is there already: import it, then remove it; or name another --output.")
    for question in those:
        page = as_question_page(question, course.name)
        (folder / f"{question.notebook}-{question.name}.html").write_text(page, encoding="utf-8")
    (folder / TABLE).write_text(as_table(those), encoding="utf-8-sig", newline="")
    waiting = sum(question.waiting for question in those)
    console.print(f"{len(those)} questions, {waiting} answers without a mark: {folder}", markup=False)
    console.print(
        f"Fill in {folder / TABLE}, then: examiner written {course.name} --import {folder / TABLE}", markup=False
    )
    return 0
