"""How far a task is, read from what a student has saved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.toolkit.conftest import Folder, error, outputs
from toolkit.work import NOTEBOOKS, State, TaskState, read_saved, states_of

STUB = "def mse_loss(x, y):\n    # YOUR CODE HERE\n    raise NotImplementedError('Exercise 2.1: write mse_loss')"
ANSWER = "def mse_loss(x, y):\n    return 1"


def states(student: Folder, name: str) -> dict[str, TaskState]:
    notebook = next(each for each in NOTEBOOKS if each.name == name)
    return {state.task.number: state for state in states_of(notebook, read_saved(student.path / notebook.file))}


def test_a_released_notebook_is_blank_and_a_solved_one_done(student: Folder) -> None:
    for notebook in NOTEBOOKS:
        assert {state.state for state in states(student, notebook.name).values()} == {State.BLANK}
        student.solve(notebook.name)
        found = states(student, notebook.name).values()
        assert {state.state for state in found} == {State.DONE}
        assert sum(state.points for state in found) == sum(task.points for task in notebook.tasks if task.tests)


@pytest.mark.parametrize(
    ("answer", "test", "state", "points"),
    [
        ({"source": ANSWER}, {"outputs": []}, State.UNCHECKED, 0),
        ({"source": ANSWER}, {"outputs": outputs(4.0, ANSWER)}, State.DONE, 4),
        ({"source": ANSWER + "\n\n"}, {"outputs": outputs(4.0, ANSWER)}, State.DONE, 4),
        ({"source": ANSWER}, {"outputs": outputs(1.5, ANSWER)}, State.PARTLY, 1.5),
        ({"source": ANSWER + " + 1"}, {"outputs": outputs(4.0, ANSWER)}, State.STALE, 0),
        ({"source": ANSWER + " + 1"}, {"outputs": error("NameError")}, State.FAILED, 0),
        ({"source": ANSWER}, {"outputs": error("NotImplementedError")}, State.BLANK, 0),
        ({"source": STUB}, {"outputs": []}, State.BLANK, 0),
        ({"source": "return 1\n" + STUB}, {"outputs": outputs(4.0, "return 1\n" + STUB)}, State.DONE, 4),
        # Outputs without a stamp: the numbers in brackets tell.
        ({"source": ANSWER, "execution_count": 5}, {"outputs": outputs(4.0), "execution_count": 6}, State.DONE, 4),
        ({"source": ANSWER, "execution_count": 7}, {"outputs": outputs(4.0), "execution_count": 6}, State.STALE, 0),
    ],
)
def test_a_code_answer(
    student: Folder, answer: dict[str, Any], test: dict[str, Any], state: State, points: float
) -> None:
    student.edit("02_losses", mse_loss=answer, test_mse_loss=test)
    found = states(student, "02_losses")["2.1"]
    assert (found.state, found.points) == (state, points)


def test_several_test_cells_count_together(student: Folder) -> None:
    student.solve("04_fully_connected_net")
    student.edit("04_fully_connected_net", test_FullyConnectedNet__loss={"outputs": error("NotImplementedError")})
    found = states(student, "04_fully_connected_net")["4.1"]
    assert (found.state, found.points, found.advice) == (State.PARTLY, 15, "15 of 19 points: some checks fail")


def test_a_written_answer(student: Folder) -> None:
    student.edit("02_losses", explain_outliers={"source": ["Because.\n"]})
    assert states(student, "02_losses")["2.A"].state is State.DONE


def test_a_lost_cell(student: Folder) -> None:
    student.solve("02_losses")
    content = student.load("02_losses")
    content["cells"] = [cell for cell in content["cells"] if cell["id"] != "test_softmax_loss__stable"]
    student.save("02_losses", content)
    assert states(student, "02_losses")["2.2"].state is State.MISSING


def test_a_file_as_an_answer_has_no_cell(student: Folder) -> None:
    student.edit("06_mnist", test_train_mnist_model__accuracy={"outputs": outputs(3.2)})
    found = states(student, "06_mnist")["6.4"]
    assert (found.state, found.points) == (State.PARTLY, 3.2)
