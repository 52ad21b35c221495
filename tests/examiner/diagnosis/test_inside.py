"""Fingerprints and diagnosis in the child: the mistake is named, or silence is kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from examiner.diagnosis import Diagnoser, Diagnosis
from examiner.engine import Engine
from tests.examiner.diagnosis.conftest import HELPERS

INSIDE = "examiner.diagnosis.inside"


def call(diagnoser: Diagnoser, function: str, *arguments: Any) -> Any:
    """Call a function in a child."""
    with diagnoser.engine.fork() as child:
        return child.call(function, *arguments)


def diagnosed(
    diagnoser: Diagnoser, notebook: str, sources: dict[str, str], *more: Any
) -> dict[str, tuple[Diagnosis, ...]]:
    """Diagnose some answers."""
    file = diagnoser.fingerprints(notebook)
    found: dict[str, tuple[Diagnosis, ...]] = call(diagnoser, f"{HELPERS}:diagnosed", notebook, file, sources, *more)
    return found


# ------------------------------------------------------------------------------ a small catalogue


def test_what_two_runs_disagree_about_is_not_steady(small: Diagnoser) -> None:
    steady = call(small, f"{INSIDE}:steady", small.fingerprints("one"))
    pairs = {name for name in steady if "+" in name}
    assert {name: steady[name] for name in set(steady) - pairs} == {
        "reference": True,
        "double:triples": True,
        "double:tripled_by_adding": True,
        "double:noisy": False,
        "square:halved": True,
        "square:cubed": True,
    }
    assert pairs == {"square:halved+square:cubed"}


def test_entries_that_no_check_tells_apart_are_alike(small: Diagnoser) -> None:
    alike = call(small, f"{INSIDE}:alike", ("one", small.fingerprints("one")))
    triples = {"double:triples", "double:tripled_by_adding"}
    assert triples <= alike["double:triples"] & alike["double:tripled_by_adding"]
    assert alike["square:halved"] == {"square:halved"}


def test_a_mistake_is_named_and_placed(small: Diagnoser) -> None:
    found = diagnosed(small, "one", {"double": "def double(x):\n    return x * 3"})
    (diagnosis,) = found["test_double"]
    assert (diagnosis.answer, diagnosis.name, diagnosis.sentence) == ("double", "triples", "It triples.")
    assert ("by hand", "out") in diagnosis.checks
    assert ("random inputs", "out") in diagnosis.checks


def test_two_changes_of_one_answer_are_both_named(small: Diagnoser) -> None:
    entries = {entry.name: entry for entry in small.misconceptions("one")}
    sources = call(small, f"{HELPERS}:combined", "one", entries["halved"], entries["cubed"])
    named = {each.name for each in diagnosed(small, "one", sources)["test_square"]}
    assert named == {"halved", "cubed"}


def test_what_no_mistake_explains_gets_a_hint_or_nothing(small: Diagnoser) -> None:
    (hint,) = diagnosed(small, "one", {"double": "def double(x):\n    return -2 * x"})["test_double"]
    assert (hint.name, hint.sentence) == (None, "out has the wrong sign.")
    assert diagnosed(small, "one", {"double": "def double(x):\n    return 2 * x + x**2 + 1"}) == {}
    assert diagnosed(small, "one", {"double": "def double(x):\n    return x + x"}) == {}
    assert diagnosed(small, "one", {"double": "def double(x):\n    raise NotImplementedError"}) == {}


def test_a_changed_input_that_explains_nothing_is_not_blamed(small: Diagnoser) -> None:
    wrong = {"double": "def double(x):\n    x += x**2 + 1\n    return 2 * x"}
    assert diagnosed(small, "one", wrong) == {}
    assert diagnosed(small, "one", wrong, ("double",)) == {}


def test_a_catalogue_without_excuses_has_none(small: Diagnoser) -> None:
    assert call(small, f"{INSIDE}:excused") == ()


# ------------------------------------------------------------------------- the course's catalogue


def every_entry_is_named(diagnoser: Diagnoser, notebook: str) -> None:
    """Diagnose each misconception of a notebook alone."""
    file = diagnoser.fingerprints(notebook)
    with diagnoser.engine.fork() as child:
        alike = child.call(f"{INSIDE}:alike", (notebook, file))
        for entry in diagnoser.misconceptions(notebook):
            found = child.call(f"{HELPERS}:named", notebook, file, entry, {})
            own = [each for test, those in found.items() if test.startswith(f"test_{entry.answer}") for each in those]
            assert f"{own[0].answer}:{own[0].name}" in alike[str(entry)], entry
            assert own[0].checks


def test_every_misconception_is_named(course: Diagnoser) -> None:
    every_entry_is_named(course, "01_layers")


@pytest.mark.long
@pytest.mark.parametrize("notebook", ["01_layers", "02_losses", "03_regularization"])
def test_every_misconception_is_named_whatever_the_seed(notebook: str, course: Diagnoser) -> None:
    every_entry_is_named(course, notebook)
    with Engine(course.engine.assignment, seed=12) as other:
        every_entry_is_named(Diagnoser(other), notebook)


def test_two_mistakes_in_different_values_are_both_named(course: Diagnoser) -> None:
    source = """
def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.reshape(len(x), -1).T @ dout, dout.mean(axis=0)
"""
    found = diagnosed(course, "01_layers", {"affine_backward": source})["test_affine_backward"]
    assert {each.name for each in found} == {"dx_not_reshaped", "db_averaged"}


def test_no_diagnosis_contains_a_reference_value(course: Diagnoser, layers: Path) -> None:
    values = call(course, f"{HELPERS}:reference_values", "01_layers", layers)
    entries = course.misconceptions("01_layers")
    assert not values & {each for entry in entries for each in re.findall(r"-?\d+\.\d+", entry.sentence)}


BACK = "dout, cache"
FACTOR = "rows = x.reshape(len(x), -1)\nreturn 0.25 * (rows @ w + b), (x, w)"
AFFINE = "x, w = cache\ndx, dw, db = (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)\n"


@pytest.mark.parametrize(
    ("answer", "arguments", "body", "said"),
    [
        ("affine_forward", "x, w, b", FACTOR.replace("0.25", "0.5"), "out is half as large as it should be"),
        ("relu_forward", "x", "return x, x", "out equals an input of the function"),
        ("affine_backward", BACK, AFFINE + "return dx * len(x), dw, db", "dx is off by N"),
        ("affine_backward", BACK, AFFINE + "dw[-1] = 7\nreturn dx, dw, db", "dw is right up to the last row"),
    ],
)
def test_hints(answer: str, arguments: str, body: str, said: str, course: Diagnoser) -> None:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    found = diagnosed(course, "01_layers", {answer: f"def {answer}({arguments}):\n{lines}"})
    mine = [each for test, those in found.items() if test.split("__")[0] == f"test_{answer}" for each in those]
    assert all(each.name is None for each in mine)
    assert said in " ".join(each.sentence for each in mine)


@pytest.mark.long
def test_the_reports_own_bug_is_named(course: Diagnoser) -> None:
    notebook = "04_fully_connected_net"
    file = course.fingerprints(notebook)
    (entry,) = (e for e in course.misconceptions(notebook) if e.name == "last_layer_gradient_not_regularized")
    found = call(course, f"{HELPERS}:named", notebook, file, entry, {})
    (diagnosis,) = found["test_FullyConnectedNet__gradients"]
    assert diagnosis.sentence == entry.sentence
    assert "last layer's weights lacks its term λW" in entry.sentence
    block = "regularization of the weights of the last layer"
    assert (block, "what reg adds to the gradient of W3") in diagnosis.checks
    alike = call(course, f"{INSIDE}:alike", (notebook, file))
    assert "FullyConnectedNet:biases_random" not in alike["FullyConnectedNet:parameters_copied"]
    source = call(course, f"{HELPERS}:reference_source", notebook, "FullyConnectedNet")
    line = 'grads["W2"] = grads["W2"] + 0.1 * grads["W2"] ** 2\n        '
    wrong = {"FullyConnectedNet": source.replace("return loss, grads\n", line + "return loss, grads\n")}
    said = [each.sentence for each in diagnosed(course, notebook, wrong)["test_FullyConnectedNet__gradients"]]
    assert "W is right up to one layer: only W2 is wrong." in said


@pytest.mark.long
def test_mistakes_on_the_way_back_are_named_whatever_was_drawn_on_the_way_forward(course: Diagnoser) -> None:
    """A forward function with another generator gives another mask: what is compared does not depend on it."""
    notebook = "08_batch_normalization"
    file, entries = course.fingerprints(notebook), course.catalogue[notebook].entries
    (other,) = (each for each in entries if each.name == "global_generator")
    wrong = [each for each in entries if (each.answer, each.kind) == ("dropout_backward", "misconception")]
    assert len(wrong) >= 7
    for entry in wrong:
        found = call(course, f"{HELPERS}:named", notebook, file, entry, dict(other.sources))
        assert {test: [each.name for each in those] for test, those in found.items()} == {
            "test_dropout_backward": [entry.name]
        }
