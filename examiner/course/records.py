"""What a row is made of: the records in graded notebooks, and what was submitted.

Both are read from the notebooks once, and from small files after that, which count only as long as the notebooks are
the files from which they were made.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Collection
from dataclasses import astuple
from pathlib import Path
from typing import Any

from examiner._exceptions import OutcomeError
from examiner.course.folders import Course, id_fault
from examiner.kept import keep, read_kept
from examiner.notebooks import Contents, digest
from examiner.outcome import NotebookOutcome

__all__ = ["Records"]

Found = dict[str, NotebookOutcome | OutcomeError]


class Records:
    """The records of one assignment.

    Parameters
    ----------
    course : Course
    """

    def __init__(self, course: Course) -> None:
        self.course = course

    def __repr__(self) -> str:
        return f"<Records of {self.course.name}>"

    def of(self, student: str, expected: Collection[str]) -> Found:
        """Read the records of a student's graded notebooks, or why one cannot be read.

        Parameters
        ----------
        student : str
        expected : collection of str
            Names of the assignment's notebooks: no others are read.
        """
        paths = sorted(self.course.autograded(student).glob("*.ipynb"))
        paths = [path for path in paths if path.stem in expected]
        if not paths:
            return {}
        state = [[path.name, path.stat().st_mtime_ns, path.stat().st_size] for path in paths]
        contents = read_kept(self._file("records", student), state)
        if not isinstance(contents, dict):
            contents = {path.stem: _content(path) for path in paths}
            keep(self._file("records", student), state, contents)
        # None: graded by plain nbgrader
        return {name: self._record(name, content) for name, content in contents.items() if content is not None}

    def _record(self, name: str, content: Any) -> NotebookOutcome | OutcomeError:
        if content == DAMAGED:
            return OutcomeError(f"{name}.ipynb is damaged: run `examiner autograde {self.course.name} --force`")
        try:
            return NotebookOutcome.from_json(content, assignment=self.course.name)
        except OutcomeError as error:
            return error

    def submitted(self, student: str) -> Contents:
        """What a student submitted, as a row says it."""
        folder = self.course.submitted(student)
        if id_fault(student) or not folder.is_dir():
            return Contents()
        state = digest(folder, contents=False)
        kept = read_kept(self._file("submitted", student), state)
        with contextlib.suppress(TypeError, AttributeError, ValueError):
            notebooks, left_out, repaired, files = kept
            return Contents(tuple(notebooks), tuple(left_out), tuple(repaired), dict(files))
        found = self.course.submission(student).contents
        self.note_submitted(student, found, state)
        return found

    def note_submitted(self, student: str, contents: Contents, state: str | None = None) -> None:
        """Keep what a student submitted, who has just been read."""
        if not id_fault(student):
            state = digest(self.course.submitted(student), contents=False) if state is None else state
            keep(self._file("submitted", student), state, list(astuple(contents)))

    def _file(self, kind: str, student: str) -> Path:
        name = hashlib.sha256(os.fsencode(student)).hexdigest()[:32]  # any name, as one that every system takes
        return self.course.cache(kind) / self.course.name / f"{name}.json"


DAMAGED = "damaged"


def _content(path: Path) -> Any:
    """The record in a graded notebook; None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["metadata"].get("examiner")
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return DAMAGED
