"""``examiner feedback``: write the students' feedback."""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from examiner._exceptions import ExaminerError
from examiner.cli.arguments import Commands, console, errors, quiet
from examiner.cli.working import Stop, add_worker_arguments, workers_of
from examiner.outcome import sentence
from examiner.workers import Task
from examiner.workers import run as run_tasks

if TYPE_CHECKING:
    from examiner.course import Course

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "feedback",
        help="write the students' feedback",
        description="Write a page for each graded notebook of each student, and one that says what to look at first.",
    )
    parser.add_argument("assignment", metavar="NAME", help="name of the assignment, such as ps1")
    parser.add_argument("--student", action="append", metavar="ID", help="only this student; may be repeated")
    add_worker_arguments(parser, cluster=False)
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    """Write the pages, and give the exit status: 1 where a student has none."""
    from examiner.course import Course, Results, refresh_penalties

    quiet()
    course = Course.load(options.assignment)
    refresh_penalties(course)
    submitted = Results(course).students()
    graded = [name for name in submitted if any(course.autograded(name).glob("*.ipynb"))]
    if unknown := sorted(set(options.student or []) - set(graded)):
        raise ExaminerError(f"Nothing of {course.name} is graded of {', '.join(map(sentence, unknown))}.")
    students = list(dict.fromkeys(options.student or graded))
    tasks = [Task(name, lambda name=name: (course.root, course.name, name)) for name in students]  # type: ignore[misc]
    failed, done = 0, 0
    with (
        workers_of(options) as workers,
        Stop("feedback") as stop,
        tqdm(total=len(students), desc="feedback", unit="student", smoothing=0.1, leave=False, disable=None) as bar,
    ):
        for student, result in run_tasks(workers, write_one, tasks, stop.asked):
            bar.update()
            done += 1
            if isinstance(result, BaseException):
                failed += 1
                bar.clear()
                why = f"{sentence(student)}: {result!r}"
                if isinstance(result, ExaminerError):
                    why = str(result)
                elif isinstance(result, OSError):
                    why = f"{sentence(student)}: {sentence(str(result.filename))}: {result.strerror}."
                errors.print(why, markup=False)
    without = [] if options.student else [name for name in submitted if name not in graded]
    if without:
        console.print(f"no feedback, because nothing is graded: {', '.join(map(sentence, without))}", markup=False)
    place = Path(course.directory.feedback_directory).name
    console.print(f"Feedback of {done - failed} students: {place}/<student>/{course.name}/index.html", markup=False)
    if done < len(students):
        console.print(f"Stopped: {len(students) - done} students are left. Run the same command again.")
        return 2
    return int(failed > 0 or bool(without))


def write_one(root: Path, assignment: str, student: str) -> None:
    """Write the pages of one student, in a worker.

    Parameters
    ----------
    root : Path
        The course's folder.
    assignment, student : str
    """
    from examiner.pages import write_feedback

    write_feedback(_course(root, assignment), student)


@cache
def _course(root: Path, assignment: str) -> Course:
    from examiner.course import Course

    quiet()
    return Course.load(assignment, start=root)
