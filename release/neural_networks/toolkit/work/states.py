"""How far each exercise and question of a saved notebook is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from toolkit.work.manifest import Notebook, Task
from toolkit.work.saved import Saved, SavedCell
from toolkit.work.versions import version_of


class State(Enum):
    """How far a task is; the value says what to do."""

    DONE = "done"
    BLANK = "not written yet"
    UNCHECKED = "written, but not checked: run its check, and save"
    STALE = "changed after its check: run the check again, and save"
    PARTLY = "some checks fail"
    FAILED = "its check stopped with an error: read it, and run the check again"
    MISSING = "a cell is missing: copy it from the released notebook"


@dataclass(frozen=True)
class TaskState:
    """A task and how far it is.

    Attributes
    ----------
    task : Task
    state : State
    points : float
        Points that the visible checks have given so far; 0 where they are out of date.
    """

    task: Task
    state: State
    points: float = 0.0

    @property
    def advice(self) -> str:
        """What to do about it."""
        if self.state is State.PARTLY:
            return f"{self.points:g} of {self.task.points:g} points: {self.state.value}"
        return str(self.state.value)


def states_of(notebook: Notebook, saved: Saved) -> list[TaskState]:
    """Determine how far each task of a notebook is, from what is saved.

    Parameters
    ----------
    notebook : Notebook
    saved : Saved

    Returns
    -------
    list of TaskState
        In the order of the notebook.
    """
    return [_state(task, saved) for task in notebook.tasks]


def _state(task: Task, saved: Saved) -> TaskState:
    answer = saved.find(task.answer) if task.answer else None
    tests = {test: saved.find(test) for test in task.tests}
    if (task.answer and answer is None) or None in tests.values():
        return TaskState(task, State.MISSING)
    if not task.tests:
        return TaskState(task, State.BLANK if answer is None or answer.blank else State.DONE)
    each = [_test_state(test, answer, task.tests[name]) for name, test in tests.items() if test]
    points = sum(test.score or 0 for test, state in zip(tests.values(), each, strict=True) if test and _counts(state))
    order = (State.BLANK, State.STALE, State.FAILED, State.UNCHECKED, State.PARTLY, State.DONE)
    state = min(each, key=order.index)
    return TaskState(task, State.PARTLY if state is State.BLANK and points else state, round(points, 2))


def _counts(state: State) -> bool:
    return state in (State.PARTLY, State.DONE)


def _test_state(test: SavedCell, answer: SavedCell | None, points: float) -> State:
    """State of an answer as far as one of its test cells tells."""
    if not test.outputs:
        return State.BLANK if answer is None or answer.blank else State.UNCHECKED
    if answer is not None and _stale(test, answer):
        return State.STALE
    if test.error or test.score is None:
        return State.BLANK if test.error == "NotImplementedError" else State.FAILED
    return State.DONE if test.score > points - 1e-6 else State.PARTLY


def _stale(test: SavedCell, answer: SavedCell) -> bool:
    """Whether the outputs of a test are about another version of the answer."""
    if test.tested_version:
        return test.tested_version != version_of(answer.source)
    return test.count is not None and answer.count is not None and answer.count > test.count
