"""Late penalties: nbgrader's plug-in, and what the gradebook has of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin

from examiner.assignment import Assignment
from examiner.course.folders import Course
from examiner.course.gradebook import OneTransaction, patiently, read_grades, read_lateness

__all__ = ["LatePolicy", "refresh_penalties"]


class LatePolicy(LateSubmissionPlugin):
    """The policy that `c.Examiner.assignments` names for the assignment; without one, nbgrader's own method."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Points that a notebook loses; None for none.

        Parameters
        ----------
        student_id : str
        score : float
            Points of the notebook, bonus included.
        total_seconds_late : float
        """
        name = getattr(self.parent, "assignment_id", "")
        late = Assignment.from_config(name, Path(CourseDirectory(config=self.config).root), self.config).late
        if late is None:
            own: float | None = super().late_submission_penalty(student_id, score, total_seconds_late)
            return own
        return late.penalty(score, total_seconds_late) or None


def refresh_penalties(course: Course) -> int:
    """Compute all penalties again: due date, policy, extensions and manual grades may have changed since.

    Parameters
    ----------
    course : Course
        Nothing happens where it has no policy, or a plug-in of its own.

    Returns
    -------
    int
        How many notebooks got another penalty.
    """
    late = course.assignment.late
    if late is None or not _is_late_policy(course.config.AssignLatePenalties.get("plugin_class")):
        return 0
    seconds = read_lateness(course.directory, course.name)
    changed: dict[tuple[str, str], float] = {}
    for student, notebooks in read_grades(course.directory, course.name).items():
        for name, grades in notebooks.items():
            score = sum(cell.score or 0.0 for cell in grades.cells.values())
            penalty = late.penalty(score, seconds.get(student, 0.0))
            if abs(penalty - grades.penalty) > 1e-6:
                changed[student, name] = penalty
    if changed:
        patiently(lambda: _change(course.directory, course.name, changed))
    return len(changed)


def _change(directory: CourseDirectory, assignment: str, penalties: Mapping[tuple[str, str], float]) -> None:
    """Replace penalties, by student and notebook, all of them or none."""
    with OneTransaction(directory.db_url, directory.course_id) as gradebook:
        for (student, notebook), penalty in penalties.items():
            row = gradebook.find_submission_notebook(notebook, assignment, student)
            row.late_submission_penalty = penalty or None


def _is_late_policy(plugin: Any) -> bool:
    """Whether a plug-in, as a class or as its path, is `LatePolicy`."""
    name = str(plugin if isinstance(plugin, str) else getattr(plugin, "__name__", ""))
    return name.split(".")[-1] == "LatePolicy"
