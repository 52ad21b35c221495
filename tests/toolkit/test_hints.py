"""Hints: what can be computed from wrong values, without saying a right one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from toolkit.hints import hints
from toolkit.traces import Fingerprint, Place, Trace

RNG = np.random.default_rng(3)
RIGHT = RNG.normal(size=(4, 5))
INPUT = RNG.normal(size=(4, 5))
SQUARE = RNG.normal(size=(3, 3))


def place(name: str, number: int = 0, title: str = "random") -> Place:
    return "test_f", title, name, number


def said(
    *pairs: tuple[Any, Any], inputs: Sequence[Any] = (INPUT,), mutating: Sequence[str] = (), name: str = "out"
) -> list[str]:
    """The sentences about some (received, right) values of one name."""
    student = {place(name, n): Trace(False, None, received) for n, (received, _) in enumerate(pairs)}
    known = {place(name, n): Trace(True, None, right) for n, (_, right) in enumerate(pairs)}
    reference = Fingerprint("reference", known, {each: tuple(inputs) for each in known})
    return [sentence for sentence, _ in hints(student, reference, mutating)]


def changed(index: Any) -> Any:
    """The right values, but for some."""
    array = RIGHT.copy()
    array[index] = 7.0
    return array


@pytest.mark.parametrize(
    ("received", "sentence"),
    [
        (RIGHT * np.nan, "out is NaN (0/0, or infinity minus infinity) in places"),
        (RIGHT + np.inf, "out is infinite in places"),
        (RIGHT > 0, "out has the wrong dtype: it holds true/false values."),
        (RIGHT.astype(int), "out has the wrong dtype: it holds integers."),
        (RIGHT.astype(complex), "out has the wrong dtype: it holds something else."),
        (RIGHT.T, "out is transposed."),
        (INPUT, "out equals an input of the function"),
        (RIGHT[:, :, None], "out has the right numbers in the wrong shape."),
        (RIGHT.ravel(), "out has the right numbers in the wrong shape."),
        (-RIGHT, "out has the wrong sign."),
        (RIGHT / 4, "out is off by 1/N"),
        (RIGHT * 4, "out is off by N"),
        (RIGHT * 0.7, "out is off by a constant factor: it is 0.7 times what it should be."),
        (changed(0), "out is right up to the first row."),
        (changed(-1), "out is right up to the last row."),
        (changed(2), "out is right up to row 2 (counted from 0)."),
        (changed((slice(None), 0)), "out is right up to the first column."),
        (changed((slice(None), -1)), "out is right up to the last column."),
    ],
)
def test_what_can_be_computed_is_said(received: Any, sentence: str) -> None:
    (found,) = said((received, RIGHT))
    assert found.startswith(sentence)


def test_a_transposed_square_shows_by_its_values() -> None:
    assert said((SQUARE.T, SQUARE)) == ["out is transposed."]


def test_one_element_of_a_vector() -> None:
    vector = RIGHT.ravel()
    wrong = vector.copy()
    wrong[-1] += 1
    assert said((wrong, vector), inputs=()) == ["out is right up to the last element."]


@pytest.mark.parametrize(
    "received",
    [RIGHT + 1, RIGHT**2, np.zeros((4, 5)), RIGHT[:3], changed((0, 0)) + changed((1, 1)), RNG.normal(size=(7,))],
)
def test_what_cannot_is_not(received: Any) -> None:
    assert said((received, RIGHT)) == []


def test_a_hint_must_fit_every_failure_of_a_name() -> None:
    assert said((-RIGHT, RIGHT), (-SQUARE, SQUARE)) == ["out has the wrong sign."]
    assert said((-RIGHT, RIGHT), (SQUARE.T, SQUARE)) == []
    assert said((2 * RIGHT, RIGHT), (3 * SQUARE, SQUARE)) == []
    assert said((changed(0), RIGHT), (changed(1), RIGHT)) == ["out is right up to one row."]


def test_few_numbers_have_no_factor() -> None:
    assert said((np.array([3.0]), np.array([2.0])), inputs=()) == []
    assert said((np.array([3.0]), np.array([2.0])), (np.array([6.0]), np.array([4.0])), inputs=()) == [
        "out is off by a constant factor: it is 1.5 times what it should be."
    ]


def test_without_values_nothing_is_computed() -> None:
    assert said((None, RIGHT)) == said((RIGHT + 1, None)) == []


@pytest.mark.parametrize(
    ("mutating", "sentence"),
    [
        (("f",), "out is wrong, and f changes its input in place: work on a copy."),
        (("f", "g"), "out is wrong, and f and g change their inputs in place: work on a copy."),
    ],
)
def test_a_changed_input_is_the_hint_where_no_other_fits(mutating: tuple[str, ...], sentence: str) -> None:
    assert said((RIGHT + 1, RIGHT), mutating=mutating) == [sentence]
    assert said((-RIGHT, RIGHT), mutating=mutating) == ["out has the wrong sign."]


def test_one_layer_of_several() -> None:
    student = {place(f"W{number}"): Trace(number != 2, None, None) for number in (1, 2, 3)}
    reference = Fingerprint("reference", {})
    assert list(hints(student, reference)) == [("W is right up to one layer: only W2 is wrong.", ())]
    student[place("W3")] = Trace(False)
    assert list(hints(student, reference)) == []
    assert list(hints({place("W1"): Trace(False)}, reference)) == []


def test_a_hint_says_which_checks_it_is_about_and_says_it_once() -> None:
    places = [place("out", 0, "one"), place("out", 0, "other"), place("dx", 0, "other")]
    student = {each: Trace(False, None, -RIGHT) for each in places}
    reference = Fingerprint("reference", {each: Trace(True, None, RIGHT) for each in places})
    assert list(hints(student, reference)) == [
        ("out has the wrong sign.", (("one", "out"),)),
        ("dx has the wrong sign.", (("other", "dx"),)),
    ]


def test_no_hint_contains_a_reference_value() -> None:
    numbers = {f"{value:.3g}" for value in RIGHT.flat}
    wrong = [-RIGHT, RIGHT * 0.7, changed(0), RIGHT.T, RIGHT / 4]
    assert not any(number in sentence for each in wrong for sentence in said((each, RIGHT)) for number in numbers)
