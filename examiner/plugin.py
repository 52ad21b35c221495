"""The classes that `nbgrader_config.py` puts in place of nbgrader's own."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import ClearOutput, SaveAutoGrades

TRAINING_TAG = "skip-execution"
NEEDS_HUMAN = "NeedsHumanError"


def is_training(cell: NotebookNode) -> bool:
    """Whether a cell is a training cell: a free cell tagged ``skip-execution``."""
    return TRAINING_TAG in cell.metadata.get("tags", []) and "nbgrader" not in cell.metadata


class KeepTrainingOutput(ClearOutput):
    """Clear all outputs but those of training cells, whose curves are the student's own run.

    The tag means nothing on any other cell: nbclient would skip a test cell that carries it.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave a training cell as it is; clear any other and take the tag off."""
        if is_training(cell):
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
