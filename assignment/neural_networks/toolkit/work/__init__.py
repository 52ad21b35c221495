"""What the commands for students know about the assignment, and what they read in saved notebooks."""

from toolkit.work.manifest import ASSIGNMENT, FOLDER, NOTEBOOKS, Notebook, ParametersFile, Task
from toolkit.work.saved import Saved, SavedCell, UnreadableError, read_saved
from toolkit.work.states import State, TaskState, states_of
from toolkit.work.versions import announce, newest_cell, notebook_shell, version_of

__all__ = [
    "ASSIGNMENT",
    "FOLDER",
    "NOTEBOOKS",
    "Notebook",
    "ParametersFile",
    "Saved",
    "SavedCell",
    "State",
    "Task",
    "TaskState",
    "UnreadableError",
    "announce",
    "newest_cell",
    "notebook_shell",
    "read_saved",
    "states_of",
    "version_of",
]
