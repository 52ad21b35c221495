"""How far you are, in all notebooks: `python -m toolkit.progress`, or the last cell of each notebook.

Nothing is run. What the notebooks show is read from the files as they were last saved.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toolkit.work import FOLDER, NOTEBOOKS, Notebook, State, TaskState, UnreadableError, read_saved, states_of

__all__ = ["NotebookProgress", "progress", "show_progress"]


@dataclass(frozen=True)
class NotebookProgress:
    """How far a notebook is.

    Attributes
    ----------
    notebook : toolkit.work.Notebook
    states : tuple of toolkit.work.TaskState
        Its exercises and questions; empty if the file cannot be read.
    problem : str or None
        Why the file cannot be read.
    """

    notebook: Notebook
    states: tuple[TaskState, ...] = ()
    problem: str | None = None

    @property
    def done(self) -> int:
        """Number of exercises and questions that are done."""
        return sum(state.state is State.DONE for state in self.states)

    def points(self, bonus: bool) -> float:
        """Points that the visible checks have given so far."""
        return sum(state.points for state in self.states if state.task.bonus is bonus)

    def checked_points(self, bonus: bool) -> float:
        """Points that checks can give; the others are graded by hand."""
        return sum(task.points for task in self.notebook.tasks if task.tests and task.bonus is bonus)

    @property
    def advice(self) -> list[str]:
        """A line for everything that is not done."""
        if self.problem:
            return [f"{self.notebook.file} {self.problem}."]
        open_tasks = [state for state in self.states if state.state is not State.DONE]
        if len(open_tasks) == len(self.states) and all(state.state is State.BLANK for state in open_tasks):
            return [f"{self.notebook.file}: not started."]
        return [f"{self.notebook.file}, {_label(state)}: {state.advice}." for state in open_tasks]


def progress(folder: Path = FOLDER) -> list[NotebookProgress]:
    """Read how far all notebooks are.

    Parameters
    ----------
    folder : Path
        The folder of the notebooks.

    Returns
    -------
    list of NotebookProgress
    """
    return [_progress(notebook, folder) for notebook in NOTEBOOKS]


def show_progress(folder: Path = FOLDER) -> None:
    """Print how far all notebooks are, as they were last saved.

    Parameters
    ----------
    folder : Path
        The folder of the notebooks.
    """
    print("\n".join(_lines(progress(folder))))


def _progress(notebook: Notebook, folder: Path) -> NotebookProgress:
    try:
        return NotebookProgress(notebook, tuple(states_of(notebook, read_saved(folder / notebook.file))))
    except UnreadableError as error:
        return NotebookProgress(notebook, problem=str(error))


def _lines(found: list[NotebookProgress]) -> Iterator[str]:
    yield f"{'notebook':<24} {'done':>9} {'points so far':>15} {'bonus':>11} {'time':>11}"
    yield from (_row(each.notebook.name, [each]) for each in found)
    yield _row("all", found)
    yield "Points are those of the visible checks; hidden checks decide the rest. Written answers are graded by hand."
    advice = [line for each in found for line in each.advice]
    yield "To do, in the notebooks as last saved:" if advice else "Everything is done. Next: python -m toolkit.submit"
    yield from (f"  {line}" for line in advice)


def _row(name: str, found: list[NotebookProgress]) -> str:
    tasks, done = sum(len(each.notebook.tasks) for each in found), sum(each.done for each in found)
    points, bonus = (_share(found, bonus) for bonus in (False, True))
    hours, minutes = divmod(sum(each.notebook.minutes for each in found), 60)
    time = f"{f'{hours} h' if hours else ''} {f'{minutes:2} min' if minutes else '':>6}"
    return f"{name:<24} {f'{done} of {tasks}':>9} {points:>15} {bonus:>11} {time:>11}"


def _share(found: list[NotebookProgress], bonus: bool) -> str:
    most = sum(each.checked_points(bonus) for each in found)
    return f"{sum(each.points(bonus) for each in found):.4g} of {most:g}" if most else ""


def _label(state: TaskState) -> str:
    """Such as '1.2 affine_backward' or 'question 1.A (bonus)'."""
    task = state.task
    name = f"{task.number} {task.title}" if task.tests else f"question {task.number}"
    return f"{name} (bonus)" if task.bonus else name


if __name__ == "__main__":
    if reconfigure := getattr(sys.stdout, "reconfigure", None):  # a file name may not fit the terminal's encoding
        reconfigure(errors="replace")
    show_progress()
