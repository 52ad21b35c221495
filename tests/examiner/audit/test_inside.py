"""What the audit does in the engine's children."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from examiner.audit.inside import MutantTask, Task, Verdict, _same
from examiner.diagnosis import Diagnoser
from examiner.engine import Engine

INSIDE = "examiner.audit.inside"
TRIPLE = {"double": "def double(x):\n    return 3 * x"}


def call(engine: Engine, function: str, *arguments: Any) -> Any:
    """Call a function in a child."""
    with engine.fork() as child:
        return child.call(function, *arguments)


def test_a_verdict_has_scores_and_names(small: Engine) -> None:
    plain = call(small, f"{INSIDE}:judge", Task("one", TRIPLE))
    assert plain == Verdict({"test_double": (0.0, 4.0)}, {})
    assert plain.lost() == ["test_double"]
    file = Diagnoser(small).fingerprints("one")
    named = call(small, f"{INSIDE}:judge", Task("one", TRIPLE, file))
    assert named.named == {"test_double": ("double:triples",)}
    hint = call(small, f"{INSIDE}:judge", Task("one", {"double": "def double(x):\n    return -2 * x"}, file))
    assert hint.named == {"test_double": ("",)}


def test_right_answers_lose_nothing(small: Engine) -> None:
    assert call(small, f"{INSIDE}:judge", Task("one", {"double": "def double(x):\n    return x + x"})).lost() == []


@pytest.mark.parametrize(
    ("body", "verdict"), [("return 3 * x", "killed"), ("return x + x", "survived"), ("return x.gone", "killed")]
)
def test_a_mutant_is_killed_or_survives(body: str, verdict: str, small: Engine) -> None:
    task = MutantTask("one", "double", f"def double(x):\n    {body}")
    assert call(small, f"{INSIDE}:judge_mutant", task) == verdict


def test_what_gives_no_number_at_0_is_not_alike(course_engine: Engine) -> None:
    """A probe tries weights of exactly 0, where a slope is free to choose and yet has to be one."""
    source = "def l1_regularization(w, reg):\n    return reg * np.sum(np.abs(w)), "
    right = [f"np.where(w == 0, {slope}, reg * np.sign(w))" for slope in ("-reg", "reg", "reg / 3")]
    wrong = ["reg * w / np.abs(w)", "reg * np.sign(w) + 2 * reg * (w == 0)"]
    with course_engine.fork() as child:
        for body in (*right, *wrong):
            arguments = ("03_regularization", "l1_regularization", source + body)
            assert child.call("tests.examiner.audit.helpers:alike", *arguments) is (body in right), body
        task = MutantTask("03_regularization", "l1_regularization", source + right[0], probed=True)
        assert child.call(f"{INSIDE}:judge_mutant", task) in ("alike", "killed")


ONE = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (ONE, ONE + 1e-12, True),
        (ONE, ONE + 1e-3, False),
        (ONE, ONE.ravel(), False),
        (ONE, ONE.astype(int), False),
        (ONE * np.nan, ONE * np.nan, True),
        (1.0, np.float64(1.0), True),
        (1.0, 1, False),
        ([1.0, ONE], (1.0, ONE), True),
        ([1.0], [1.0, 1.0], False),
        ({"a": ONE}, {"a": ONE}, True),
        ({"a": ONE}, {"b": ONE}, False),
        ("ValueError", "ValueError", True),
        ("ValueError", "TypeError", False),
        (None, None, True),
        (None, 0.0, False),
        (SimpleNamespace(), 1.0, False),
    ],
)
def test_what_is_taken_for_the_same(one: Any, other: Any, same: bool) -> None:
    assert _same(one, other) is _same(other, one) is same
