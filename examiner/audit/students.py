"""A class of sample students: submissions made from the release by filling in answers."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from examiner._exceptions import CatalogueError
from examiner.diagnosis import Entry, load_catalogues
from examiner.notebooks import fill_in, read, solutions

__all__ = ["Student", "find_entry", "write_submissions"]


@dataclass(frozen=True)
class Student:
    """One sample student: what they submit, and what it must score.

    Attributes
    ----------
    name : str
        The student's id.
    entries : tuple of str
        Catalogue entries in their answers, as ``"answer:name"``; everything else is the reference.
    answers : mapping of str to str
        Sources of answer cells written for this student alone.
    notebooks : tuple of str or None
        The notebooks that they submit; None for all.
    blank : bool
        Whether their notebooks are the release as it is.
    left_out : tuple of str
        Answers that they have not written.
    submitted_at : str or None
        When, as nbgrader's ``timestamp.txt`` says it; None without such a file.
    files : mapping of str to bytes or None
        Files that they submit instead of the reference's trained parameters; None if they submit those.
    expected : mapping of str to float
        Scores of the test cells, in the submitted notebooks, that do not get full marks.
    plain : mapping of str to float
        What plain nbgrader gives instead, where their own earlier part is wrong or missing.
    """

    name: str
    entries: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)
    notebooks: tuple[str, ...] | None = None
    blank: bool = False
    left_out: tuple[str, ...] = ()
    submitted_at: str | None = None
    files: Mapping[str, bytes | None] = field(default_factory=dict, repr=False)
    expected: Mapping[str, float] = field(default_factory=dict, repr=False)
    plain: Mapping[str, float] = field(default_factory=dict, repr=False)


def find_entry(reference: str, entries: Iterable[Entry] | None = None) -> Entry:
    """The catalogue entry called ``"answer:name"``.

    Raises
    ------
    CatalogueError
        If there is none.
    """
    known = [e for each in load_catalogues() for e in each.entries] if entries is None else entries
    for entry in known:
        if str(entry) == reference:
            return entry
    raise CatalogueError(f"No catalogue entry {reference!r}: see the modules of misconceptions/.")


def write_submissions(
    students: Iterable[Student],
    *,
    source: Path,
    release: Path,
    submitted: Path,
    parameters: Path,
    entries: Sequence[Entry] | None = None,
) -> None:
    """Write the submission of every student.

    Parameters
    ----------
    students : iterable of Student
    source, release : Path
        The assignment's source notebooks and its release.
    submitted : Path
        Where the submissions go: ``<submitted>/<student>/<assignment>/``.
    parameters : Path
        The folder of the reference's trained parameters.
    entries : sequence of Entry, optional
        The catalogue; by default the one that can be imported here.
    """
    for student in students:
        _write_submission(student, source, release, submitted / student.name / source.name, parameters, entries)


def _write_submission(
    student: Student,
    source: Path,
    release: Path,
    folder: Path,
    parameters: Path,
    entries: Sequence[Entry] | None,
) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(release, folder, ignore=shutil.ignore_patterns("*.ipynb"))
    for path in sorted(source.glob("*.ipynb")):
        if student.notebooks is None or path.stem in student.notebooks:
            notebook = read(release / path.name)
            if not student.blank:
                fill_in(notebook, _filled(student, path, entries))
            nbformat.write(notebook, folder / path.name)
    if student.submitted_at is not None:
        (folder / "timestamp.txt").write_text(student.submitted_at + "\n", encoding="utf-8")
    if not student.blank:
        _write_files(student, folder, parameters)


def _filled(student: Student, path: Path, entries: Sequence[Entry] | None) -> dict[str, str]:
    """Everything that a student writes into one notebook."""
    reference = solutions(read(path))
    filled = {name: text for name, text in reference.items() if name not in student.left_out}
    for name in student.entries:
        entry = find_entry(name, entries)
        if entry.notebook == path.stem:
            filled |= entry.cells(reference)
    return filled | {name: text for name, text in student.answers.items() if name in reference}


def _write_files(student: Student, folder: Path, parameters: Path) -> None:
    for path in sorted(parameters.glob("*.npz")):
        if path.name not in student.files:
            shutil.copy(path, folder)
    for name, content in student.files.items():
        if content is not None:
            (folder / name).write_bytes(content)
