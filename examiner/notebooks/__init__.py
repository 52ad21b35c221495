"""Notebooks as data: cells and names, outputs made harmless, submissions read and merged.

Everything that a submission holds is hostile until it has passed through this room.
"""

from examiner.notebooks.intake import leave_out
from examiner.notebooks.merge import merge, prepared_source

__all__ = ["leave_out", "merge", "prepared_source"]
