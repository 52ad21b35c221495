"""Notebooks as data: cells and names, outputs made harmless, submissions read and merged.

Everything that a submission holds is hostile until it has passed through this room.
"""

from examiner.notebooks.cells import (
    BONUS_TAG,
    GRADED,
    SOLUTION,
    STUB,
    THEIRS,
    TRAINING_TAG,
    Kind,
    answer_of,
    cells_of,
    fill_in,
    grade_id,
    is_bonus,
    kind_of,
    names_in,
    plain_python,
    points,
    read,
    solutions,
)
from examiner.notebooks.intake import LEFT_OUT, irregular, is_page, leave_out, leave_out_irregular
from examiner.notebooks.markdown import harmless_markdown
from examiner.notebooks.merge import Merged, merge, merged, prepared_source
from examiner.notebooks.names import defined_names, imports, is_blank, statements, used_names
from examiner.notebooks.outputs import OutputBudget, Outputs, clean_text, harmless
from examiner.notebooks.submission import LeftOut, Repaired, Submission, read_submission

__all__ = [
    "BONUS_TAG",
    "GRADED",
    "LEFT_OUT",
    "SOLUTION",
    "STUB",
    "THEIRS",
    "TRAINING_TAG",
    "Kind",
    "LeftOut",
    "Merged",
    "OutputBudget",
    "Outputs",
    "Repaired",
    "Submission",
    "answer_of",
    "cells_of",
    "clean_text",
    "defined_names",
    "fill_in",
    "grade_id",
    "harmless",
    "harmless_markdown",
    "imports",
    "irregular",
    "is_blank",
    "is_bonus",
    "is_page",
    "kind_of",
    "leave_out",
    "leave_out_irregular",
    "merge",
    "merged",
    "names_in",
    "plain_python",
    "points",
    "prepared_source",
    "read",
    "read_submission",
    "solutions",
    "statements",
    "used_names",
]
