"""The notebooks of the assignment, with their exercises and questions, as they were released."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2]
"""The folder that holds the notebooks and the toolkit."""


@dataclass(frozen=True)
class Task:
    """An exercise, or a question that is answered in words.

    Attributes
    ----------
    number : str
        As in its heading, such as "1.2" or "1.A".
    title : str
        Name of the function or class to write, or a few words.
    minutes : int
        How long it takes; 0 for questions, which count in the notebook's own time.
    points : float
        Maximum score.
    bonus : bool
        Whether the points are extra.
    answer : str or None
        ID of the cell to fill in; None if the answer is a file.
    tests : mapping of str to float
        IDs of the test cells and their points; empty for questions.
    """

    number: str
    title: str
    minutes: int
    points: float
    bonus: bool
    answer: str | None
    tests: Mapping[str, float]


@dataclass(frozen=True)
class ParametersFile:
    """A file of trained parameters that a notebook saves.

    Attributes
    ----------
    file : str
        Its name.
    data_sets : tuple of str
        Data sets that it may be for: the published one, then its replacements.
    exercise : str
        Number of the exercise that it answers.
    """

    file: str
    data_sets: tuple[str, ...]
    exercise: str


@dataclass(frozen=True)
class Notebook:
    """A notebook of the assignment.

    Attributes
    ----------
    name : str
        Without the ending, such as "01_layers".
    minutes : int
        How long it takes, reading and training included.
    tasks : tuple of Task
    parameters : ParametersFile or None
    """

    name: str
    minutes: int
    tasks: tuple[Task, ...]
    parameters: ParametersFile | None

    @property
    def file(self) -> str:
        """Its file name."""
        return f"{self.name}.ipynb"

    @property
    def cell_ids(self) -> tuple[str, ...]:
        """IDs of the cells that are graded."""
        return tuple(id for task in self.tasks for id in (task.answer, *task.tests) if id)


def _notebook(entry: Mapping[str, Any]) -> Notebook:
    tasks = tuple(Task(**task) for task in entry["tasks"])
    found = entry["parameters"]
    parameters = ParametersFile(found["file"], tuple(found["data_sets"]), found["exercise"]) if found else None
    return Notebook(entry["name"], entry["minutes"], tasks, parameters)


_RELEASED = json.loads(Path(__file__).with_name("assignment.json").read_text(encoding="utf-8"))

ASSIGNMENT: str = _RELEASED["assignment"]
"""Name of the assignment."""

NOTEBOOKS: tuple[Notebook, ...] = tuple(map(_notebook, _RELEASED["notebooks"]))
"""The notebooks, in order."""
