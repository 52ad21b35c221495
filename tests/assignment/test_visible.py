"""Frequent slips fail a visible check, so that nobody sees full marks and loses points later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from examiner.assignment import find_assignment
from examiner.audit.inside import INSIDE, AtOnceTask
from examiner.diagnosis import Diagnoser
from examiner.engine import Engine
from tests.conftest import ROOT

SLIPS = [
    ("01_layers", "sigmoid_backward:only_output"),
    ("04_fully_connected_net", "FullyConnectedNet:dtype_ignored"),
    ("04_fully_connected_net", "FullyConnectedNet:weight_scale_ignored"),
    ("04_fully_connected_net", "FullyConnectedNet:hidden_dims_never_empty"),
    ("04_fully_connected_net", "FullyConnectedNet:last_layer_loss_missing"),
    ("04_fully_connected_net", "FullyConnectedNet:last_layer_gradient_not_regularized"),
    ("04_fully_connected_net", "FullyConnectedNet:targets_broadcast"),
    ("05_optimization", "sgd:other_default"),
    ("05_optimization", "sgd:config_never_missing"),
]


@pytest.fixture(scope="module")
def course() -> Iterator[Diagnoser]:
    """A diagnoser of the course."""
    with Engine(find_assignment("neural_networks", ROOT)) as engine:
        yield Diagnoser(engine)


@pytest.mark.parametrize(("notebook", "name"), SLIPS)
def test_a_frequent_slip_fails_a_visible_check_and_is_told(notebook: str, name: str, course: Diagnoser) -> None:
    (entry,) = (entry for entry in course.misconceptions(notebook) if str(entry) == name)
    with course.engine.fork() as child:
        said = child.call(f"{INSIDE}:judge_at_once", AtOnceTask(notebook, entry.answer, entry.name, entry))
    assert said is not None, "full marks in the notebook"
    assert said
    assert all(each.right for each in said)
