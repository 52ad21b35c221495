"""The classes that `nbgrader_config.py` puts in place of nbgrader's own."""

from __future__ import annotations

import atexit
import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearOutput, NbGraderPreprocessor, SaveAutoGrades
from traitlets import Bool, Enum, Float, Integer, Unicode
from traitlets.config import Configurable

from examiner._exceptions import ExaminerError
from examiner.assignment import Assignment, read_config
from examiner.course.gradebook import fill
from examiner.grading import Grader
from examiner.notebooks.cells import TRAINING_TAG, kind_of
from examiner.notebooks.merge import merge, prepared_source
from examiner.notebooks.submission import submitted_files
from examiner.sandbox import check_isolation
from examiner.settings import MIB, SEED, Isolation, Limits, Options, Timing

NEEDS_HUMAN = "NeedsHumanError"


class KeepTrainingOutput(ClearOutput):
    """Clear all outputs but those of training cells, whose curves are the student's own run.

    The tag means nothing on any other cell: nbclient would skip a test cell that carries it.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave a training cell as it is; clear any other and take the tag off."""
        if kind_of(cell) == "training":
            return cell, resources
        if TRAINING_TAG in cell.metadata.get("tags", []):
            cell.metadata.tags.remove(TRAINING_TAG)
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        return cell, resources


class SaveGrades(SaveAutoGrades):
    """Save the grades, and say rightly which cells a person has to look at.

    A task cell only asks a question: it is given 0 of its 0 points.  A test cell
    that ended in `NeedsHumanError` could not be decided here: it has no score
    until a person gives one.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Save the grade of a grade cell or a task cell."""
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if utils.is_task(cell):
            self._save(cell, score=0.0, needs_human=False)
        elif utils.is_grade(cell) and _needs_human(cell):
            self._save(cell, score=None, needs_human=True)
        return cell, resources

    def _save(self, cell: NotebookNode, score: float | None, needs_human: bool) -> None:
        grade = self.gradebook.find_grade(
            cell.metadata.nbgrader.grade_id, self.notebook_id, self.assignment_id, self.student_id
        )
        grade.auto_score, grade.needs_manual_grade = score, needs_human
        self.gradebook.db.commit()


def _needs_human(cell: NotebookNode) -> bool:
    outputs = cell.get("outputs", [])
    return any(output.get("ename") == NEEDS_HUMAN for output in outputs)


class Examiner(Configurable):
    """How submissions are graded: ``c.Examiner.<option>`` in nbgrader_config.py."""

    isolation = Enum(
        ["bubblewrap", "none"],
        "bubblewrap",
        help="What keeps submitted code apart. 'none' keeps nothing apart: only for code that you trust.",
    ).tag(config=True)
    seed = Integer(SEED, min=0, help="Seed of the hidden inputs, the same for every student of a run.").tag(config=True)
    cell_seconds = Float(20, help="How long one cell of a submission may run.").tag(config=True)
    call_seconds = Float(20, help="How long one call of an answer by a test may take.").tag(config=True)
    notebook_seconds = Float(180, help="How long one notebook may take in all.").tag(config=True)
    memory = Integer(2048, help="MiB of memory that a submission's processes may use together.").tag(config=True)
    processes = Integer(96, help="Processes and threads that a submission may have.").tag(config=True)
    disk = Integer(128, help="MiB that a submission may write to its scratch folder.").tag(config=True)
    diagnosis = Bool(True, help="Whether lost points are diagnosed by the catalogue.").tag(config=True)
    data_dir = Unicode(
        "",
        help="Folder of the data sets, read-only in the sandbox. Empty: $NN_DATA_DIR, else the toolkit's cache.",
    ).tag(config=True)

    def options(self, assignment: str) -> Options:
        """Give these options to the grader of an assignment."""
        kept = dict(self.config.get("Autograde", {}).get("exclude_overwriting", {}))
        limits = Limits(memory=self.memory * MIB, processes=self.processes, disk=self.disk * MIB)
        timing = Timing(cell=self.cell_seconds, call=self.call_seconds, notebook=self.notebook_seconds)
        isolation: Isolation = "none" if self.isolation == "none" else "bubblewrap"
        collected = tuple(kept.get(assignment, ()))
        del collected
        return Options(isolation, self.seed, timing, limits, self._data_dir(), self.diagnosis)

    def _data_dir(self) -> Path | None:
        if named := self.data_dir or os.environ.get("NN_DATA_DIR"):
            if not Path(named).is_dir():
                raise ExaminerError(f"NN_DATA_DIR or c.Examiner.data_dir names {named}, which is no folder.")
            return Path(named).resolve()
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neural_networks"
        return cache if cache.is_dir() else None


_graders: dict[tuple[Path, Options], Grader] = {}


def grader_of(source: Path, options: Options) -> Grader:
    """The grader of an assignment; nbgrader makes its preprocessors anew for each notebook."""
    key = (source, options)
    if key not in _graders:
        close_graders()
        config = read_config(source.parents[1])
        _graders[key] = Grader(Assignment.from_config(source.name, source.parents[1], config), options)
    return _graders[key]


@atexit.register
def close_graders() -> None:
    """End all spare kernels."""
    while _graders:
        _graders.popitem()[1].close()


class _Grading(NbGraderPreprocessor):
    """What `Merge` and `Grade` both have to know: the course's folders."""

    def source(self, resources: dict[str, Any]) -> Path:
        """The assignment's source folder."""
        course = self._course()
        return Path(course.format_path(course.source_directory, ".", resources["nbgrader"]["assignment"])).resolve()

    def submission(self, resources: dict[str, Any]) -> Path:
        """The folder that was handed in."""
        course, who = self._course(), resources["nbgrader"]
        return Path(course.format_path(course.submitted_directory, who["student"], who["assignment"]))

    def _course(self) -> CourseDirectory:
        return CourseDirectory(config=self.config)


class Merge(_Grading):
    """Put the student's cells into the source notebook: what is graded is that."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Replace the submitted notebook."""
        source, who = self.source(resources), resources["nbgrader"]
        self._check(resources)
        changed = fill(source, who["db_url"], self._course().course_id, self.config)
        if changed:
            self.log.info("Gradebook filled from the source notebooks: %s", ", ".join(changed))
        return merge(prepared_source(source / f"{who['notebook']}.ipynb", self.config), nb), resources

    def _check(self, resources: dict[str, Any]) -> None:
        """End the whole run where this machine cannot grade at all: every other student would meet the same."""
        course, who = self._course(), resources["nbgrader"]
        try:
            isolation = Examiner(config=self.config).options(who["assignment"]).isolation
            _check_once(isolation)
        except ExaminerError as error:
            place = course.format_path(course.autograded_directory, who["student"], who["assignment"])
            shutil.rmtree(place, ignore_errors=True)  # else nbgrader would take it for graded
            raise SystemExit(f"nbgrader: nothing was graded. {error}") from None
        if isolation == "none":
            self.log.warning("Isolation: none. What %s handed in runs unprotected.", who["student"])


@cache
def _check_once(isolation: Isolation) -> None:
    check_isolation(isolation)


class Grade(_Grading):
    """Grade a merged notebook: answers run in the sandbox, tests outside it."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Set the outputs of all cells; the outcome goes to the notebook's metadata."""
        who = resources["nbgrader"]
        options = Examiner(config=self.config).options(who["assignment"])
        grader = grader_of(self.source(resources), options)
        ignored = [pattern for pattern in self._course().ignore if not pattern.endswith(".npz")]
        outcome = grader.grade(nb, who["notebook"], submitted_files(self.submission(resources), ignored))
        nb.metadata["examiner"] = outcome.as_json()
        if outcome.reason:
            self.log.warning("%s, %s: %s: %s", who["student"], who["notebook"], outcome.status, outcome.reason)
        return nb, resources
