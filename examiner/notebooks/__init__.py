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
    without_hidden,
)
from examiner.notebooks.intake import LEFT_OUT, digest, irregular, is_page, leave_out, leave_out_irregular, read_regular
from examiner.notebooks.markdown import harmless_markdown
from examiner.notebooks.merge import Merged, merge, merged, prepared_source, source_steps
from examiner.notebooks.names import defined_names, imports, is_blank, statements, used_names
from examiner.notebooks.outputs import OutputBudget, Outputs, clean_text, harmless, picture, pictures_of, with_pictures
from examiner.notebooks.submission import Contents, LeftOut, Repaired, Submission, read_submission

__all__ = [
    "BONUS_TAG",
    "GRADED",
    "LEFT_OUT",
    "SOLUTION",
    "STUB",
    "THEIRS",
    "TRAINING_TAG",
    "Contents",
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
    "digest",
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
    "picture",
    "pictures_of",
    "plain_python",
    "points",
    "prepared_source",
    "read",
    "read_regular",
    "read_submission",
    "solutions",
    "source_steps",
    "statements",
    "used_names",
    "with_pictures",
    "without_hidden",
]
