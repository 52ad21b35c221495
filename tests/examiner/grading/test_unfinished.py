"""A part that is blank or not defined costs its own points, and none of the exercises that are built on it."""

from __future__ import annotations

import pytest
from traitlets.config import Config

from examiner.grading import Grader
from examiner.notebooks import fill_in, merge, prepared_source, read, solutions
from examiner.outcome import NotebookOutcome
from tests.conftest import SOURCE
from tests.examiner.small import needs_bubblewrap, scores, shown

pytestmark = needs_bubblewrap
PATH = SOURCE / "01_layers.ipynb"
STUBS = Config({"ClearSolutions": {"code_stub": {"python": "# YOUR CODE HERE"}}})
BUILT_ON = ("test_affine_relu_forward", "test_affine_relu_backward")


def graded(real: Grader, changed: dict[str, str | None]) -> tuple[NotebookOutcome, str]:
    """Grade the reference with other answers, None for blank ones; the outcome, and what the last test shows."""
    answers = {**solutions(read(PATH)), **changed}
    written = {name: source for name, source in answers.items() if source is not None}
    notebook = merge(prepared_source(PATH, STUBS), fill_in(prepared_source(PATH, STUBS), written))
    return real.grade(notebook, "01_layers", {}), shown(notebook, BUILT_ON[0])


@pytest.mark.parametrize("relu", [None, "def relu_forward(x) return x", "relu = 1"])
def test_it_costs_its_own_points_alone(relu: str | None, real: Grader) -> None:
    outcome, text = graded(real, {"relu_forward": relu})
    lost = {name for name, test in outcome.tests.items() if not test.passed}
    assert lost == {"test_relu_forward"}
    assert outcome.status == "graded"
    assert "relu_forward: not finished, so the reference is used here." in text


def test_a_wrong_part_is_not_replaced(real: Grader) -> None:
    wrong = "def relu_forward(x):\n    raise ValueError('not yet')"
    outcome, _ = graded(real, {"relu_forward": wrong})
    assert scores(outcome)["test_affine_relu_forward"] == 0.0


def test_a_mistake_in_what_is_built_on_it_is_still_seen(real: Grader) -> None:
    right = solutions(read(PATH))["affine_relu_forward"]
    wrong = right.replace("relu_forward(", "(lambda a: (a, None))(", 1)
    assert wrong != right
    outcome, _ = graded(real, {"affine_forward": None, "affine_relu_forward": wrong})
    assert scores(outcome)["test_affine_relu_forward"] == 0.0
    assert scores(outcome)["test_affine_forward"] == 0.0


def test_the_source_of_the_reference_never_enters_the_sandbox(real: Grader) -> None:
    spy = """
import gc, inspect
def affine_relu_forward(x, w, b):
    try:
        print("SOURCE", inspect.getsource(relu_forward))
    except Exception as error:
        print("no source:", type(error).__name__)
    print([type(each).__name__ for each in gc.get_objects() if getattr(each, "__name__", "") == "relu_forward"])
    out, affine_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(out)
    return out, (affine_cache, relu_cache)
"""
    outcome, text = graded(real, {"relu_forward": None, "affine_relu_forward": spy})
    assert scores(outcome)["test_affine_relu_forward"] == 1.0
    assert "no source: TypeError" in text
    assert "SOURCE" not in text
    assert "np.maximum" not in text


def test_a_part_whose_value_cannot_cross_leaves_the_first_result(real: Grader) -> None:
    path = SOURCE / "06_mnist.ipynb"
    source = prepared_source(path, STUBS)
    answers = {name: text for name, text in solutions(read(path)).items() if name != "build_mnist_model"}
    notebook = merge(source, fill_in(prepared_source(path, STUBS), answers))
    outcome = real.grade(notebook, "06_mnist", {})
    assert outcome.status == "graded"
    assert scores(outcome)["test_build_mnist_model"] == 0.0
    assert scores(outcome)["test_standardize"] == outcome.tests["test_standardize"].max_score


def test_nothing_is_run_again_for_a_blank_notebook(real: Grader) -> None:
    outcome = real.grade(prepared_source(PATH, STUBS), "01_layers", {})
    assert set(scores(outcome).values()) == {0.0}
    assert outcome.status == "graded"
