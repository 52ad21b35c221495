"""``examiner doctor``: whether this machine can grade, each shortcoming with what to do about it."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import sys
from collections.abc import Iterable, Iterator

from packaging.requirements import Requirement
from rich.console import Console
from rich.text import Text

from examiner._exceptions import CourseNotFoundError, ExaminerError
from examiner.assignment import Assignment, read_config
from examiner.cli.arguments import Commands
from examiner.engine import Engine
from examiner.findings import Finding, State
from examiner.paths import course_root
from examiner.sandbox import isolation_findings

MARKS: dict[State, tuple[str, str]] = {
    "good": ("ok  ", "green"),
    "note": ("note", "yellow"),
    "bad": ("BAD ", "red"),
}
PROJECT = "neural-networks-course"
OLDEST_PYTHON = (3, 11)


def findings() -> tuple[Finding, ...]:
    """Look at everything that grading depends on."""
    return (*_versions(), *isolation_findings(), *_course(), *_data_sets())


def report(found: Iterable[Finding], console: Console | None = None) -> int:
    """Print findings.

    Returns
    -------
    int
        The exit status: 0, or 2 where something is bad.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    found = tuple(found)
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        mark, color = MARKS[each.state]
        console.print(Text.assemble((mark, color), f"  {each.name:<{width}}  {each.text}"))
        if each.remedy:
            console.print(Text(f"{'':{width + 8}}-> {each.remedy}"))
    return 2 if any(each.state == "bad" for each in found) else 0


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command, which has no arguments."""
    parser = commands.add_parser(
        "doctor",
        help="check whether this machine can grade",
        description="Check everything that grading depends on, and say what is missing and what to do about it.",
    )
    parser.set_defaults(run=lambda _: main())
    return parser


def main() -> int:
    """Look and report; the exit status is the command's."""
    return report(findings())


# ---- versions ----


def _versions() -> Iterator[Finding]:
    version, oldest = platform.python_version(), ".".join(map(str, OLDEST_PYTHON))
    if sys.version_info >= OLDEST_PYTHON:
        yield Finding("Python", "good", f"{version}, {sys.executable}")
    else:
        yield Finding("Python", "bad", version, f"install Python {oldest} or later and create the environment again")
    try:
        required = importlib.metadata.requires(PROJECT) or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding(
            "packages", "note", f"{PROJECT} is not installed, so versions are not checked", "pip install -e ."
        )
        return
    for requirement in map(Requirement, required):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _package(requirement)


def _package(requirement: Requirement) -> Finding:
    remedy = f'pip install "{requirement}"'
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(requirement.name, "bad", "missing", remedy)
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding(requirement.name, "bad", f"{version}, but {requirement.specifier} is needed", remedy)
    return Finding(requirement.name, "good", version)


# ---- the course and its data sets ----


def _course() -> Iterator[Finding]:
    try:
        yield Finding("course", "good", str(course_root()))
    except CourseNotFoundError as error:
        yield Finding("course", "note", str(error), "cd into the course's folder")


def _data_sets() -> Iterator[Finding]:
    """The data sets of every assignment that has some: which ones its toolkit finds."""
    try:
        root = course_root()
        config = read_config(root)
        names = sorted(config.get("Examiner", {}).get("assignments", {}))
        assignments = [Assignment.from_config(name, root, config) for name in names]
    except CourseNotFoundError:
        return
    except ExaminerError as error:
        yield Finding("configuration", "bad", str(error), "correct nbgrader_config.py")
        return
    for assignment in assignments:
        if assignment.data_sets:
            yield from _data_sets_of(assignment, config.get("Examiner", {}).get("data_dir", ""))


def _data_sets_of(assignment: Assignment, chosen: str) -> Iterator[Finding]:
    """The data sets as the engine loads them: nothing of the course is imported in this process."""
    variable = assignment.data_variable or "c.Examiner.data_dir"
    remedy = f"set {variable} to a folder that has it, or connect to the network and run this again"
    try:
        with Engine(assignment, data_dir=assignment.data_dir(chosen)) as engine:
            found = engine.data_sets()
    except ExaminerError as error:
        yield Finding(f"data of {assignment.name}", "bad", str(error), f"correct {variable}, or unset it")
        return
    for kind, each in found.items():
        if each.name is None:
            yield Finding(f"data: {kind}", "bad", each.said, remedy)
        elif each.said:
            yield Finding(f"data: {kind}", "note", f"{each.name}. {each.said}", remedy)
        else:
            yield Finding(f"data: {kind}", "good", f"{each.name}, {engine.data_dir or 'from the packages'}")
