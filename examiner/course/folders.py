"""A course on disk: its configuration, its folders, and the students who submitted something."""

from __future__ import annotations

import fnmatch
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nbgrader.apps import AutogradeApp
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import find_all_files
from traitlets import TraitError
from traitlets.config import Config

from examiner._exceptions import ConfigurationError, ExaminerError
from examiner.assignment import Assignment
from examiner.notebooks import GRADED, Submission, cells_of, grade_id, read_once, read_submission
from examiner.options import Examiner
from examiner.outcome import NOTHING_SUBMITTED, sentence
from examiner.paths import CONFIG, course_root
from examiner.settings import Options

__all__ = ["Course", "id_fault", "read_submitted"]

_STUDENT = "\N{OBJECT REPLACEMENT CHARACTER}"  # the place of the student's ID in a path


def read_submitted(folder: Path, assignment: Assignment, directory: CourseDirectory) -> Submission:
    """Read a submission of an assignment, without the files that the course ignores.

    Parameters
    ----------
    folder : Path
    assignment : Assignment
        Files that its tests read are never ignored.
    directory : nbgrader.coursedir.CourseDirectory
    """
    notebooks = assignment.notebooks()
    ignored = [each for each in directory.ignore if not fnmatch.filter(assignment.files, each)]

    def cells() -> dict[str, list[str]]:
        return {path.stem: [grade_id(cell) for cell in cells_of(read_once(path), *GRADED)] for path in notebooks}

    return read_submission(folder, [path.stem for path in notebooks], ignored, cells)


def id_fault(student: str) -> str | None:
    """Why a name cannot be a student ID: one sentence, None for a valid ID.

    Parameters
    ----------
    student : str
        The name of a folder. nbgrader takes IDs as patterns of file names, strips them, and keeps them as text.
    """
    faults = {
        "must be valid UTF-8": any("\ud800" <= char <= "\udfff" for char in student),
        "must not contain [ ] * ?": any(char in "[]*?" for char in student),
        'must not contain < > & " ` \\': any(char in '<>&"`\\' for char in student),  # formgrader writes them as HTML
        "must not begin or end with a blank": student != student.strip(),
        "must not contain line breaks or control characters": not student.isprintable(),
    }
    what = next((text for text, holds in faults.items() if holds), None)
    return what and sentence(f'Invalid student ID "{student}": IDs {what}')


@dataclass(frozen=True)
class Course:
    """One assignment of a course, with the folders of its submissions.

    Attributes
    ----------
    assignment : Assignment
    app : nbgrader.apps.AutogradeApp
        nbgrader, configured by the course.
    directory : nbgrader.coursedir.CourseDirectory
    examiner : Examiner
        The options of ``c.Examiner``.
    """

    assignment: Assignment
    app: AutogradeApp
    directory: CourseDirectory
    examiner: Examiner

    @classmethod
    def load(cls, name: str, options: dict[str, Any] | None = None, start: Path | None = None) -> Course:
        """Load an assignment of the course that a folder belongs to.

        Parameters
        ----------
        name : str
            The assignment.
        options : dict, optional
            Options of `Examiner` that replace those of nbgrader_config.py.
        start : Path, optional
            A folder inside the course, by default the working folder.

        Raises
        ------
        CourseNotFoundError
            There is no such course or assignment.
        ConfigurationError
            nbgrader_config.py raises an exception, or an option has an impossible value.
        ExaminerError
            The course's folder is read-only.
        """
        root = course_root(start)
        app = AutogradeApp()
        app.config_dir, app.log_level = str(root), logging.CRITICAL
        app.raise_config_file_errors = True
        app.load_cwd_config = False  # the working folder may belong to another course
        try:
            app.load_config_file(suppress_errors=False)
        except Exception as error:
            raise ConfigurationError(f"{CONFIG} raised {type(error).__name__}: {error}.") from error
        app.config.Examiner.update(options or {})
        app.config.CourseDirectory.setdefault("root", str(root))
        assignment = Assignment.from_config(name, root, app.config)
        if not os.access(root, os.W_OK):
            raise ExaminerError(f"{root} is read-only: work in a copy that you may write to.")
        try:
            app.coursedir = CourseDirectory(parent=app)
            app.coursedir.assignment_id = name
            return cls(assignment, app, app.coursedir, Examiner(config=app.config))
        except TraitError as error:
            raise ConfigurationError(f"{CONFIG} or the command line: {error}") from None

    @classmethod
    def configured(cls, name: str, config: Config, db_url: str) -> Course:
        """The course that a running nbgrader is configured for.

        Parameters
        ----------
        name : str
            The assignment.
        config : traitlets.config.Config
        db_url : str
            Of the gradebook.
        """
        app = AutogradeApp(config=config)
        app.coursedir = CourseDirectory(config=config, db_url=db_url)
        assignment = Assignment.from_config(name, Path(app.coursedir.root), config)
        return cls(assignment, app, app.coursedir, Examiner(config=config))

    def __repr__(self) -> str:
        return f"<Course of {self.name} in {self.root}>"

    @property
    def name(self) -> str:
        """The assignment's name."""
        return self.assignment.name

    @property
    def root(self) -> Path:
        """The course's folder."""
        return self.assignment.root

    @property
    def config(self) -> Config:
        """The configuration of nbgrader, with the examiner's."""
        config: Config = self.app.config
        return config

    @property
    def options(self) -> Options:
        """The options with which the assignment is graded."""
        return self.examiner.options(self.assignment)

    # ------------------------------------------------------------------------------- folders

    @property
    def ignored(self) -> list[str]:
        """Patterns of files that do not go into the graded folder: the notebooks in it are written by the examiner."""
        return [*self.directory.ignore, "*.ipynb"]

    @cached_property
    def source_files(self) -> frozenset[Path]:
        """The files in the source folder, except notebooks and files that nbgrader ignores; listed once."""
        source = self.assignment.source
        found = find_all_files(str(source), self.ignored)
        return frozenset(Path(path).relative_to(source) for path in found)

    def submission(self, student: str) -> Submission:
        """What a student submitted; nothing for an invalid ID, or where there is no folder."""
        if id_fault(student) or not self.submitted(student).is_dir():
            return Submission()
        return read_submitted(self.submitted(student), self.assignment, self.directory)

    def submitted(self, student: str) -> Path:
        """The folder that a student submitted."""
        return self._folder(self.directory.submitted_directory, student)

    def autograded(self, student: str) -> Path:
        """The folder of a student's graded notebooks."""
        return self._folder(self.directory.autograded_directory, student)

    def feedback(self, student: str) -> Path:
        """The folder of a student's feedback."""
        return self._folder(self.directory.feedback_directory, student)

    def cache(self, name: str) -> Path:
        """A folder for what the examiner keeps between two runs."""
        return self.root / ".cache" / name

    def students(self) -> list[str]:
        """Names of the folders of students who submitted the assignment, those with an invalid ID included."""
        return [name for name, folder in self._entries() if folder.is_dir()]

    def without_submission(self) -> dict[str, str]:
        """Names of the students' folders that do not hold the assignment, with the reason."""
        place = Path(self.directory.submitted_directory).name
        why = f"{NOTHING_SUBMITTED}: {place}/{{}} has no folder {self.name}"
        return {name: why.format(sentence(name)) for name, folder in self._entries() if not folder.is_dir()}

    def _entries(self) -> Iterator[tuple[str, Path]]:
        """The students' folders, each with the folder in it that should hold the assignment."""
        parts = self.submitted(_STUDENT).parts
        at = next((number for number, part in enumerate(parts) if _STUDENT in part), None)
        if at is None:
            raise ConfigurationError("c.CourseDirectory.directory_structure has no {student_id}.")
        before, _, after = parts[at].partition(_STUDENT)
        place = Path(*parts[:at])
        for entry in sorted(os.listdir(place)) if place.is_dir() else []:
            name = entry.removeprefix(before).removesuffix(after)
            folder = Path(place, entry, *parts[at + 1 :])
            fits = f"{before}{name}{after}" == entry and name and not name.startswith((".", "__MACOSX"))
            if fits and Path(place, entry).is_dir():  # a loose file is nobody's submission
                yield name, folder

    def _folder(self, step: str, student: str) -> Path:
        return Path(self.directory.format_path(step, student, self.name))
