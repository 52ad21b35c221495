"""What is known of an assignment's submissions: graded notebooks, the gradebook, and what could not be graded."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import sys
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import AutogradeApp
from nbgrader.coursedir import CourseDirectory
from traitlets import TraitError

from examiner._exceptions import ExaminerError
from examiner.course.preprocessors import Examiner
from examiner.notebooks.cells import cells_of, grade_id, is_bonus, kind_of, points, read
from examiner.notebooks.intake import LEFT_OUT, irregular
from examiner.outcome import NotebookOutcome, Status, StudentOutcome, TestOutcome, sentence, worst
from examiner.paths import course_root, source_folder

__all__ = ["NOT_GRADED", "Results"]

MISSING = "the notebook was not handed in"
NOT_GRADED = "not graded by the examiner yet: run `examiner autograde`"


class Results:
    """The submissions of one assignment in the course that the working folder belongs to.

    Parameters
    ----------
    assignment : str
        Its name.
    options : dict, optional
        Options of `Examiner` to set, beside those of nbgrader_config.py.

    Attributes
    ----------
    app : nbgrader.apps.AutogradeApp
        nbgrader, configured by the course.
    course : nbgrader.coursedir.CourseDirectory
    source : Path
        The assignment's source folder.
    examiner : Examiner
        How the course grades.

    Raises
    ------
    ExaminerError
        There is no such course or assignment, or an option has an impossible value.
    """

    def __init__(self, assignment: str, options: dict[str, Any] | None = None) -> None:
        self.assignment, self.root = assignment, course_root()
        self.source = source_folder(assignment, self.root)
        if not os.access(self.root, os.W_OK):
            raise ExaminerError(f"{self.root} is read-only: work in a copy that you may write to.")
        self.app = AutogradeApp()
        self.app.config_dir, self.app.log_level = str(self.root), logging.CRITICAL
        self.app.config_file_paths.insert(0, str(self.root))
        self.app.load_config_file(suppress_errors=False)
        for name, value in (options or {}).items():
            self.app.config.Examiner[name] = value
        self.course = self.app.coursedir = CourseDirectory(parent=self.app)
        self.course.assignment_id = assignment
        try:
            self.examiner = Examiner(config=self.app.config)
        except TraitError as error:
            raise ExaminerError(f"nbgrader_config.py or the command line: {error}") from None
        self._failures = self.root / ".cache" / "failed" / f"{assignment}.json"

    def __repr__(self) -> str:
        return f"<Results of {self.assignment}: {len(self.students())} submissions>"

    def students(self) -> list[str]:
        """Students who handed something in."""
        pattern = self.course.format_path(self.course.submitted_directory, "*", self.assignment)
        folders = sorted(Path(self.root).glob(str(Path(pattern).relative_to(self.root))))
        depth = Path(pattern).parts.index("*")
        return [folder.parts[depth] for folder in folders if folder.is_dir()]

    def submitted(self, student: str) -> Path:
        """The folder that a student handed in."""
        return Path(self.course.format_path(self.course.submitted_directory, student, self.assignment))

    def autograded(self, student: str) -> Path:
        """The folder of a student's graded notebooks."""
        return Path(self.course.format_path(self.course.autograded_directory, student, self.assignment))

    def outcome(self, student: str, seconds: float = 0.0) -> StudentOutcome:
        """What came of a student's submission; a row, whatever it was."""
        notebooks = self._notebooks(student)
        scores, bonus = self._scores(student)
        left_out = self.left_out(student)
        failure = self.failure(student) or (None if notebooks else NOT_GRADED)
        if failure is not None:
            failure = left_out[0] if left_out and failure != NOT_GRADED else failure
            notebooks = {name: self._without(name, "failed", sentence(failure)) for name in scores}
            return StudentOutcome("failed", sentence(failure), notebooks, scores, bonus, seconds)
        status: Status = worst(each.status for each in notebooks.values())
        reasons = [f"{n}: {o.reason}" for n, o in notebooks.items() if o.status == status and o.reason]
        missing = sorted(set(scores) - set(notebooks))
        if left_out and status != "failed":
            status, reasons = "partial", left_out
        elif missing and status == "graded":
            status, reasons = "partial", [self._missing(student, missing)]
        notebooks |= {name: self._without(name, "partial", MISSING) for name in missing}
        reason = sentence(reasons[0]) if reasons and status != "graded" else None
        return StudentOutcome(status, reason, dict(sorted(notebooks.items())), scores, bonus, seconds)

    def left_out(self, student: str) -> list[str]:
        """What a student handed in that is not graded, a sentence for each."""
        folder = self.submitted(student)
        found = [(path.relative_to(folder).as_posix(), what) for path, what in irregular(folder)]
        return [f"{name.removeprefix(f'{LEFT_OUT}/')} is {what}: it is not graded" for name, what in found]

    def _missing(self, student: str, missing: list[str]) -> str:
        """Say what was not handed in, or what was, whichever is less; and what may only have another name."""
        names = [name for name in self._cells if name not in missing]
        text = f"not handed in: {', '.join(missing)}"
        if 0 < len(names) < len(missing):
            text = f"handed in only: {', '.join(names)}"
        others = sorted(path.name for path in self.submitted(student).glob("*.ipynb") if path.stem not in self._cells)
        renamed = [other for other in others if any(other.startswith(name) for name in missing)]
        return f"{text} (is it {', '.join(renamed)}, under another name?)" if renamed else text

    def absent(self) -> dict[str, str]:
        """Students of the gradebook, and folders among the submissions, with nothing handed in, and why."""
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            found = {student.id: "nothing was handed in" for student in gradebook.students}
        place = self.submitted("*").parents[1]
        for folder in sorted(place.glob("[!.]*")):
            found[folder.name] = f"nothing was handed in: {place.name}/{folder.name} has no folder {self.assignment}"
        present = set(self.students())
        return {name: why for name, why in sorted(found.items()) if name not in present}

    def marks(self, student: str) -> dict[str, float | None]:
        """Automatic score of every test cell that the gradebook holds of a student."""
        tests = {grade_id(cell) for cells in self._cells.values() for cell in cells if kind_of(cell) == "test"}
        return {name: grade.auto_score for name, grade in self._grades(student) if name in tests}

    def by_hand(self, student: str) -> list[str]:
        """Cells that wait for a person."""
        return [name for name, grade in self._grades(student) if grade.needs_manual_grade]

    def data(self) -> dict[str, str]:
        """The data sets that are there: a fall-back has another name."""
        data_dir = self.examiner.options(self.assignment).data_dir
        if data_dir is not None:
            os.environ.setdefault("NN_DATA_DIR", str(data_dir))
        sys.path.insert(0, str(self.source))
        try:
            from toolkit.data import locate
        except ImportError:
            return {}
        finally:
            sys.path.remove(str(self.source))
        sets = {"mnist": ("mnist", "digits"), "housing": ("california_housing", "diabetes")}
        return {key: own if locate(own) is not None else spare for key, (own, spare) in sets.items()}

    # ------------------------------------------------------------------ what could not be graded

    def failure(self, student: str) -> str | None:
        """Why a student's submission could not be graded when that was last tried."""
        reason, when = self._failed().get(student, (None, 0.0))
        graded = [path.stat().st_mtime for path in self.autograded(student).glob("*.ipynb")]
        return None if max(graded, default=0.0) > when else reason

    def note_failure(self, student: str, reason: str | None) -> None:
        """Keep a reason for the report, for nbgrader has no place for it; None: the submission was graded."""
        known = self._failed()
        if reason is None and student not in known:
            return
        known.pop(student, None)
        if reason is not None:
            known[student] = (reason, time.time())
        self._failures.parent.mkdir(parents=True, exist_ok=True)
        self._failures.write_text(json.dumps(known, indent=1), encoding="utf-8")

    def _failed(self) -> dict[str, tuple[str, float]]:
        try:
            found = json.loads(self._failures.read_text(encoding="utf-8"))
            return {student: (str(reason), float(when)) for student, (reason, when) in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    # ------------------------------------------------------------------------------- inside

    def _notebooks(self, student: str) -> dict[str, NotebookOutcome]:
        """What the graded notebooks' metadata say; the examiner wrote it."""
        found = {}
        for path in sorted(self.autograded(student).glob("*.ipynb")):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                content = json.loads(path.read_text(encoding="utf-8"))["metadata"]["examiner"]
                found[path.stem] = NotebookOutcome.from_json(content)
        return found

    def _without(self, notebook: str, status: Status, reason: str) -> NotebookOutcome:
        """The outcome of a notebook that nobody could grade: zeros only where it is not the grader's fault."""
        score = None if status == "failed" else 0.0
        tests = {
            grade_id(cell): TestOutcome(score, points(cell), (), status, reason, is_bonus(cell))
            for cell in self._cells[notebook]
            if kind_of(cell) == "test"
        }
        return NotebookOutcome(status, reason, tests)

    @cached_property
    def _cells(self) -> dict[str, list[NotebookNode]]:
        """The graded cells of each source notebook."""
        paths = sorted(self.source.glob("*.ipynb"))
        return {path.stem: list(cells_of(read(path), "test", "written")) for path in paths}

    def _scores(self, student: str) -> tuple[dict[str, tuple[float, float]], float]:
        """Score and largest score of each notebook without bonus, and the bonus, from the gradebook."""
        scores, bonus = {}, 0.0
        received = {name: grade.score or 0.0 for name, grade in self._grades(student)}
        for notebook, cells in self._cells.items():
            most = [points(cell) for cell in cells if not is_bonus(cell)]
            score = [received.get(grade_id(cell), 0.0) for cell in cells if not is_bonus(cell)]
            scores[notebook] = (math.fsum(score), math.fsum(most))
            bonus += math.fsum(received.get(grade_id(cell), 0.0) for cell in cells if is_bonus(cell))
        return scores, bonus

    def _grades(self, student: str) -> Iterator[tuple[str, Any]]:
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            try:
                submission = gradebook.find_submission(self.assignment, student)
            except MissingEntry:
                return
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    yield grade.name, grade
