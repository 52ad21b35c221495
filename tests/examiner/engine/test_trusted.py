"""Rehearsals: trusted answers run through a notebook's own test cells."""

from __future__ import annotations

import time

import pytest

from examiner.engine.trusted import TrustedRun, by_place
from tests.conftest import SOURCE
from toolkit.checks import Comparison, Result

ENDLESS = "def relu_forward(x):\n    while True:\n        pass"


@pytest.fixture(scope="module")
def layers() -> TrustedRun:
    return TrustedRun(SOURCE / "01_layers.ipynb")


def test_the_reference_gets_full_marks(layers: TrustedRun) -> None:
    runs = layers.run({}, list(layers.points))
    assert len(runs) == len(layers.points) >= 8
    assert all(run.passed and run.results for run in runs.values())


def test_only_tests_that_call_an_answer_are_run(layers: TrustedRun) -> None:
    assert layers.tests_touched(("sigmoid_backward",)) == ("test_sigmoid_backward",)
    touched = set(layers.tests_touched(("relu_forward",)))
    assert {"test_relu_forward", "test_affine_relu_backward"} <= touched
    assert layers.tests_of("relu_forward") == ("test_relu_forward",)


def test_a_new_answer_that_calls_another_one_is_touched_by_it(layers: TrustedRun) -> None:
    sources = {"sigmoid_forward": "def sigmoid_forward(x):\n    return relu_forward(x)"}
    assert "test_sigmoid_forward" in layers.tests_touched(("relu_forward",), sources)


def test_a_wrong_answer_loses_points_and_leaves_nothing_behind(layers: TrustedRun) -> None:
    wrong = layers.run({"relu_forward": "def relu_forward(x):\n    return x, x"})
    assert wrong["test_relu_forward"].score == 0
    assert layers.run({}, ["test_relu_forward"])["test_relu_forward"].passed


@pytest.mark.parametrize("source", ["def relu_forward(x:\n", "1 / 0", "raise SystemExit"])
def test_an_answer_that_cannot_be_defined_scores_nothing(layers: TrustedRun, source: str) -> None:
    if "SystemExit" in source:
        source = "def relu_forward(x):\n    raise SystemExit"
    assert layers.run({"relu_forward": source}, ["test_relu_forward"])["test_relu_forward"].score == 0


def test_an_endless_answer_is_stopped(layers: TrustedRun) -> None:
    began = time.monotonic()
    run = layers.run({"relu_forward": ENDLESS}, ["test_relu_forward"], seconds=0.2)["test_relu_forward"]
    assert (run.score, run.error) == (0, "TimeLimit")
    assert time.monotonic() - began < 60


def test_another_seed_gives_other_inputs() -> None:
    received = []
    for seed in (1, 2):
        runs = TrustedRun(SOURCE / "01_layers.ipynb", seed).run({}, ["test_relu_forward"])
        comparisons = by_place("test_relu_forward", runs["test_relu_forward"].results)
        received.append(comparisons["test_relu_forward", "random inputs", "out", 0].received)
    assert (received[0] != received[1]).any()


def test_equal_names_in_a_block_are_counted() -> None:
    comparisons = (Comparison("out", True), Comparison("out", False), Comparison("dx", True))
    places = by_place("test_f", [Result("random", True, 1, 0, comparisons)])
    assert [place[2:] for place in places] == [("out", 0), ("out", 1), ("dx", 0)]
