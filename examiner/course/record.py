"""Record a graded submission: first in the gradebook, then as a graded folder, complete or not at all.

What is written is what nbgrader's ``autograde`` writes.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from traitlets.utils.importstring import import_item

from examiner._exceptions import ExaminerError
from examiner.course.folders import Course
from examiner.course.gradebook import OneTransaction, patiently, register, withdraw
from examiner.course.preprocessors import TRANSACTION, LatePenalties, SaveGrades
from examiner.notebooks import Submission, is_page

__all__ = ["record", "unfinished"]

UNFINISHED = "recording"
"""Folder below ``.cache`` of graded folders that are being made: what is left in it was interrupted."""
Step = Callable[[NotebookNode, Any], tuple[NotebookNode, Any]]


def record(
    course: Course,
    student: str,
    notebooks: Mapping[str, NotebookNode],
    submission: Submission,
    after_grading: list[Any],
) -> None:
    """Write one student's graded notebooks and marks. Where it fails, the earlier graded folder stays.

    Parameters
    ----------
    course : Course
    student : str
    notebooks : mapping of str to NotebookNode
        The graded notebooks, by name. Marks of notebooks that are not among them are taken back.
    submission : Submission
        The other files, and the time.
    after_grading : list
        nbgrader's preprocessors that a graded notebook still goes through.

    Raises
    ------
    GradebookError
        The gradebook stayed locked, or does not fit the source notebooks.
    ExaminerError
        The graded folder cannot be written.
    """
    converter = Autograde(coursedir=course.directory, parent=course.app)
    try:
        with _folder_of(course, student) as (made, old):
            _copy_files(course, converter, submission, made)
            steps = _Steps(course, student, after_grading)
            notebooks = steps.before(notebooks)
            _write(notebooks, made)  # a full disk shows before the gradebook changes
            patiently(lambda: _save(course, converter, student, notebooks, submission, steps))
            if steps.last:
                _write(steps.after(notebooks), made)
            _set_permissions(made, converter)
            if notebooks:
                _put_in_place(made, course.autograded(student), old)
            else:
                shutil.rmtree(course.autograded(student), ignore_errors=True)
    except OSError as error:
        raise _as_sentence(error) from None


def unfinished(course: Course, students: Collection[str]) -> set[str]:
    """Which students' recording was interrupted: their gradebook and graded folder may not agree.

    They are forgotten by this, so the caller has to grade them again.

    Parameters
    ----------
    course : Course
    students : collection of str
        Only these are looked for.
    """
    place = course.cache(UNFINISHED) / course.name
    found = set()
    for work in place.iterdir() if place.is_dir() else []:
        student = _student_of(work)
        if _is_under_way(work):
            continue
        if not student:  # it ended before its work began, or while it tidied up
            shutil.rmtree(work, ignore_errors=True)
        if student not in students:
            continue
        found.add(student)
        target = course.autograded(student)
        if (work / "old").is_dir() and not target.exists():
            (work / "old").rename(target)
        shutil.rmtree(work, ignore_errors=True)
    return found


def _student_of(work: Path) -> str:
    try:
        return (work / "student").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _is_under_way(work: Path) -> bool:
    """Whether another running process made this folder."""
    number = work.name.partition("-")[0]
    return number != str(os.getpid()) and number.isdecimal() and Path("/proc", number).exists()


# -------------------------------------------------------------------------------- the gradebook


def _save(
    course: Course,
    converter: Autograde,
    student: str,
    notebooks: Mapping[str, NotebookNode],
    submission: Submission,
    steps: _Steps,
) -> None:
    """Enter everything into the gradebook, in one transaction."""
    missing = {path.stem for path in course.assignment.notebooks()} - set(notebooks)
    with OneTransaction(course.directory.db_url, course.directory.course_id) as gradebook:
        if notebooks:
            register(gradebook, course.name, student, submission.submitted_at, create=converter.create_student)
        withdraw(gradebook, course.name, student, missing, score=0.0 if notebooks else None)
        steps.save(notebooks, gradebook)


class _Steps:
    """nbgrader's steps after grading: before, in and after the transaction that saves the marks.

    Parameters
    ----------
    course : Course
    student : str
    listed : list
        The preprocessors, as the course has configured them.
    """

    def __init__(self, course: Course, student: str, listed: list[Any]) -> None:
        self.course, self.student = course, student
        saving = [number for number, each in enumerate(listed) if each in (SaveGrades, LatePenalties)]
        first = min(saving, default=len(listed))
        self.first = [each for number, each in enumerate(listed) if number < first]
        self.saving = [listed[number] for number in saving]
        self.last = [each for number, each in enumerate(listed) if number > first and number not in saving]

    def before(self, notebooks: Mapping[str, NotebookNode]) -> dict[str, NotebookNode]:
        """Run the steps before the marks are saved."""
        return self._run(self.first, notebooks)

    def save(self, notebooks: Mapping[str, NotebookNode], gradebook: OneTransaction) -> None:
        """Save the marks; the notebooks are not changed."""
        self._run(self.saving, notebooks, gradebook)

    def after(self, notebooks: Mapping[str, NotebookNode]) -> dict[str, NotebookNode]:
        """Run the other steps: they may open the gradebook themselves."""
        return self._run(self.last, notebooks)

    def _run(
        self, steps: list[Any], notebooks: Mapping[str, NotebookNode], gradebook: OneTransaction | None = None
    ) -> dict[str, NotebookNode]:
        made = list(map(self._made, steps))
        done = {}
        for name, notebook in notebooks.items():
            resources = self._resources(name)
            resources[TRANSACTION] = gradebook
            for step in made:
                notebook, resources = step(notebook, resources)
            done[name] = notebook
        return done

    def _made(self, preprocessor: Any) -> Step:
        """A preprocessor as nbconvert would make it; calling it respects its ``enabled``."""
        made = import_item(preprocessor) if isinstance(preprocessor, str) else preprocessor
        step: Step = made(parent=self.course.app) if isinstance(made, type) else made
        return step

    def _resources(self, notebook: str) -> ResourcesDict:
        who = {"student": self.student, "assignment": self.course.name, "notebook": notebook}
        who["db_url"] = self.course.directory.db_url
        resources = ResourcesDict(unique_key=notebook, output_files_dir=f"{notebook}_files", nbgrader=who)
        resources["metadata"] = ResourcesDict(name=notebook)
        return resources


# ---------------------------------------------------------------------------- the graded folder


@contextlib.contextmanager
def _folder_of(course: Course, student: str) -> Iterator[tuple[Path, Path]]:
    """A new folder on the file system of the graded ones, and a place for the old one.

    Both are removed in the end. If that is not reached, the student's name stays: `unfinished` finds it.
    """
    place = course.cache(UNFINISHED) / course.name
    place.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=place))
    made, old = work / "new", work / "old"
    try:
        (work / "student").write_text(student, encoding="utf-8")
        made.mkdir()
        yield made, old
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    shutil.rmtree(work, ignore_errors=True)


def _copy_files(course: Course, converter: Autograde, submission: Submission, target: Path) -> None:
    """The submitted files, pages among them as text, and the source's over them but for those that are excluded."""
    source, ignored = course.assignment.source, course.ignored
    own = course.source_files - set(map(Path, converter.exclude_overwriting.get(course.name, [])))
    folders = {parent for path in own for parent in path.parents}
    for path, content in ((Path(name), content) for name, content in submission.files.items()):
        is_ignored = any(fnmatch.fnmatch(part, pattern) for part in path.parts for pattern in ignored)
        if not is_ignored and path not in own | folders and own.isdisjoint(path.parents):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shown = f"{path.name[-100:]}.txt" if is_page(path.name) else path.name
            (target / path).with_name(shown).write_bytes(content)
    if submission.submitted_at:
        (target / "timestamp.txt").write_text(f"{submission.submitted_at}\n", encoding="utf-8")
    for path in own:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / path, target / path)


def _write(notebooks: Mapping[str, NotebookNode], target: Path) -> None:
    for name, notebook in notebooks.items():
        (target / f"{name}.ipynb").write_text(_as_text(notebook), encoding="utf-8")


def _as_text(notebook: NotebookNode) -> str:
    """A notebook as JSON, a line for each cell: nbformat's own way takes five times as long."""
    cells, rest = ",\n".join(map(_json, notebook.cells)), {key: notebook[key] for key in notebook if key != "cells"}
    return f'{{"cells": [\n{cells}\n],\n{_json(rest)[1:]}\n'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _set_permissions(target: Path, converter: Autograde) -> None:
    """As nbgrader sets them: files read-only by default, folders open to the group where the course is shared."""
    mode, shared = int(str(converter.permissions), 8), converter.coursedir.groupshared
    for base, _, names in os.walk(target):
        for name in names:
            Path(base, name).chmod(mode)
        if shared:
            Path(base).chmod((Path(base).stat().st_mode | 0o2770) & 0o2777)


def _put_in_place(made: Path, target: Path, old: Path) -> None:
    """Let the new folder take the place of the old one; between the two renames there is none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        target.rename(old)
    try:
        made.rename(target)
    except OSError:
        if old.is_dir():
            old.rename(target)
        raise


def _as_sentence(error: OSError) -> ExaminerError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ExaminerError(
            "The disk is full: free some space, then run the command again. Earlier graded notebooks were kept."
        )
    return ExaminerError(f"The graded notebooks could not be written: {error.strerror or error}.")
