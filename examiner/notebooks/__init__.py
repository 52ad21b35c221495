"""Notebooks as data: cells and names, outputs made harmless, submissions read and merged.

Everything that a submission holds is hostile until it has passed through this room.
"""

from examiner.notebooks.cells import (
    answer_of,
    cells_of,
    fill_in,
    grade_id,
    is_bonus,
    kind_of,
    names_in,
    points,
    read,
    solutions,
)
from examiner.notebooks.intake import leave_out
from examiner.notebooks.merge import merge, prepared_source
from examiner.notebooks.names import defined_names, statements, used_names
from examiner.notebooks.outputs import OutputBudget, Outputs, harmless

__all__ = [
    "OutputBudget",
    "Outputs",
    "answer_of",
    "cells_of",
    "defined_names",
    "fill_in",
    "grade_id",
    "harmless",
    "is_bonus",
    "kind_of",
    "leave_out",
    "merge",
    "names_in",
    "points",
    "prepared_source",
    "read",
    "solutions",
    "statements",
    "used_names",
]
