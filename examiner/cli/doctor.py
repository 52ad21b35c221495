"""``examiner doctor``: whether this machine can grade, each shortcoming with what to do about it."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType

from packaging.requirements import Requirement
from rich.console import Console
from rich.text import Text

from examiner._exceptions import CourseNotFoundError, ExaminerError
from examiner.findings import Finding, State
from examiner.paths import SOURCE, course_root
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


def main() -> int:
    """Look and report; the exit status is the command's."""
    return report(findings())


# ---- versions ----


def _versions() -> Iterator[Finding]:
    version, oldest = platform.python_version(), ".".join(map(str, OLDEST_PYTHON))
    if sys.version_info >= OLDEST_PYTHON:
        yield Finding("Python", "good", f"{version}, {sys.executable}")
    else:
        yield Finding("Python", "bad", version, f"install Python {oldest} or later and make the environment anew")
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
    try:
        data = _toolkit_data()
    except ExaminerError:
        return
    if data is None:
        return
    for name in (each.removeprefix("load_") for each in data.__all__ if each.startswith("load_")):
        try:
            folder = data.locate(name)
        except data.DataError as error:
            yield Finding(f"data: {name}", "bad", str(error), "set NN_DATA_DIR rightly, or unset it")
            return
        if folder is not None:
            yield Finding(f"data: {name}", "good", str(folder))
            continue
        text = "not here: a smaller data set of scikit-learn's takes its place, and the report says so"
        remedy = f"set NN_DATA_DIR to a folder that has it, or, with a network, call toolkit.data.load_{name}()"
        yield Finding(f"data: {name}", "note", text, remedy)


def _toolkit_data() -> ModuleType | None:
    """Import the course's own module that knows where data sets are, if it has one."""
    for module in sorted((course_root() / SOURCE).glob("*/toolkit/data/__init__.py")):
        folder = str(module.parents[2])
        sys.path.insert(0, folder)
        try:
            return importlib.import_module("toolkit.data")
        except ImportError:
            continue
        finally:
            sys.path.remove(folder)
    return None


if __name__ == "__main__":
    sys.exit(main())
