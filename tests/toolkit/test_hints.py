"""Hints: what can be computed from wrong values, without saying a right one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from toolkit.hints import hints
from toolkit.traces import Fingerprint, Place, TestResult, Trace

RNG = np.random.default_rng(3)
RIGHT = RNG.normal(size=(4, 5))
INPUT = RNG.normal(size=(4, 5))
SQUARE = RNG.normal(size=(3, 3))


def place(name: str, number: int = 0, title: str = "random") -> Place:
    return "test_f", title, name, number


def result(checks: Sequence[Any], mutating: Sequence[str] = ()) -> TestResult:
    """The result of a test cell with these comparisons."""
    return TestResult("test_f", all(check.passed for check in checks), checks, mutating=tuple(mutating))


def check(name: str, received: Any, passed: bool = False, message: str | None = None, block: str = "random") -> Any:
    return SimpleNamespace(block=block, name=name, passed=passed, message=message, received=received)


def said(
    *pairs: tuple[Any, Any],
    inputs: Sequence[Any] = (INPUT,),
    passed: Sequence[tuple[Any, Any]] = (),
    mutating: Sequence[str] = (),
    again: Callable[[str], TestResult] | None = None,
) -> list[str]:
    """The sentences about some (received, right) values of one name, some of which passed."""
    checks = [check("out", received) for received, _ in pairs]
    checks += [check("out", received, passed=True) for received, _ in passed]
    known = {place("out", n): Trace(True, None, right) for n, (_, right) in enumerate([*pairs, *passed])}
    reference = Fingerprint("reference", known, {each: tuple(inputs) for each in known})
    return [sentence for _, sentence, _ in hints([result(checks, mutating)], reference, again)]


def changed(index: Any) -> Any:
    """The right values, but for some."""
    array = RIGHT.copy()
    array[index] = 7.0
    return array


@pytest.mark.parametrize(
    ("received", "sentence"),
    [
        (RIGHT.astype(int), "out has the wrong dtype: it holds integers."),
        (np.round(RIGHT).astype(int), "out has the wrong dtype: it holds integers."),
        (RIGHT.T, "out is transposed."),
        (INPUT, "out equals an input of the function"),
        (RIGHT[:, :, None], "out has the right numbers in the wrong shape."),
        (RIGHT.ravel(), "out has the right numbers in the wrong shape."),
        (-RIGHT, "out has the wrong sign."),
        (RIGHT / 4, "out is off by 1/N"),
        (RIGHT * 4, "out is off by N"),
        (RIGHT * 2, "out is twice as large as it should be"),
        (RIGHT / 2, "out is half as large as it should be"),
        (RIGHT * 10, "out is off by n/2: the factor 2/n is missing"),
        (RIGHT * 20, "out is off by n: it is not divided by the number of elements n."),
        (RIGHT / 20, "out is off by 1/n"),
        (RIGHT * 5, "out is divided by the number of rows: divide by the number of all elements."),
        (RIGHT / 5, "out is divided by the number of all elements: divide by the number of rows."),
    ],
)
def test_what_can_be_computed_is_said(received: Any, sentence: str) -> None:
    (found,) = said((received, RIGHT))
    assert found.startswith(sentence)


def test_a_transposed_square_shows_by_its_values() -> None:
    assert said((SQUARE.T, SQUARE)) == ["out is transposed."]


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        (0, "out is right up to the first row."),
        (-1, "out is right up to the last row."),
        (2, "out is right up to row 2 (counted from 0)."),
        ((slice(None), 0), "out is right up to the first column."),
        ((slice(None), -1), "out is right up to the last column."),
    ],
)
def test_one_row_in_every_comparison(index: Any, sentence: str) -> None:
    assert said((changed(index), RIGHT), (changed(index), RIGHT)) == [sentence]
    assert said((changed(index), RIGHT)) == []
    assert said((changed(index), RIGHT), passed=[(RIGHT, RIGHT)]) == []


def test_one_element_of_a_vector() -> None:
    vector = RIGHT.ravel()
    wrong = vector.copy()
    wrong[-1] += 1
    assert said((wrong, vector), (wrong, vector), inputs=()) == ["out is right up to the last element."]


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


@pytest.mark.parametrize("received", [-RIGHT, RIGHT * 2, RIGHT.T, INPUT, RIGHT.ravel(), RIGHT.astype(int)])
def test_a_hint_must_contradict_no_comparison_that_passed(received: Any) -> None:
    """An input that comes back for one shape only, say, has been computed with elsewhere."""
    assert len(said((received, RIGHT))) == 1
    assert said((received, RIGHT), passed=[(RIGHT + 0, RIGHT)]) == []


def test_a_factor_needs_a_name() -> None:
    assert said((0.7 * RIGHT, RIGHT), (0.7 * SQUARE, SQUARE)) == []
    assert said((0.9999 * RIGHT, RIGHT)) == []


def test_a_factor_with_two_names_is_not_said() -> None:
    """Three columns of two rows: n/2 is 3, and the number of columns as well."""
    two_rows = RNG.normal(size=(2, 3))
    assert said((3 * two_rows, two_rows), inputs=(two_rows,)) == []


def test_few_numbers_have_no_factor() -> None:
    assert said((np.array([3.0]), np.array([1.5])), inputs=(INPUT,)) == []


def test_a_constant_is_not_a_wrong_dtype() -> None:
    """A loss of 0 where it should have been large hides something: its dtype is not the mistake."""
    assert said((np.array(0), np.array(1000.0))) == []
    assert said((np.zeros((4, 5), int), RIGHT)) == []
    assert said((np.array([0, 1, 1]), np.array([0.3, -2.0, 4.5]))) == []


def test_not_finite_for_some_inputs_only() -> None:
    (infinite,) = said((RIGHT + np.inf, RIGHT), passed=[(RIGHT, RIGHT)])
    assert infinite.startswith("out is infinite in places: look for overflow")
    (nan,) = said((RIGHT * np.nan, RIGHT), passed=[(RIGHT, RIGHT)])
    assert nan.startswith("out is NaN in places")
    assert said((RIGHT * np.nan, RIGHT)) == []
    assert said((RIGHT * np.nan, RIGHT), (RIGHT + 1, RIGHT), passed=[(RIGHT, RIGHT)]) == []


def test_without_values_nothing_is_computed() -> None:
    assert said((None, RIGHT)) == said((RIGHT + 1, None)) == []


@pytest.mark.parametrize(
    ("mutating", "sentence"),
    [
        (("f",), "f changes its input in place: work on a copy."),
        (("f", "g"), "f and g change their inputs in place: work on a copy."),
    ],
)
def test_a_changed_input_is_blamed_only_where_copies_help(mutating: tuple[str, ...], sentence: str) -> None:
    tried = []

    def helps(test: str) -> TestResult:
        tried.append(test)
        return result([check("out", RIGHT, passed=True)])

    def helps_not(test: str) -> TestResult:
        return result([check("out", RIGHT + 1)])

    assert said((RIGHT + 1, RIGHT), mutating=mutating, again=helps) == [sentence]
    assert tried == ["test_f"]
    assert said((RIGHT + 1, RIGHT), mutating=mutating, again=helps_not) == []
    assert said((RIGHT + 1, RIGHT), mutating=mutating) == []
    assert said((RIGHT + 1, RIGHT), again=helps) == []
    assert said((-RIGHT, RIGHT), mutating=mutating, again=helps) == ["out has the wrong sign."]


def test_one_layer_of_several() -> None:
    reference = Fingerprint("reference", {})
    layers = [check(f"W{number}", None, passed=number != 2) for number in (1, 2, 3)]
    assert list(hints([result(layers)], reference)) == [("test_f", "W is right up to one layer: only W2 is wrong.", ())]
    wordy = [*layers, check("what reg adds to the gradient of W2", None)]
    assert list(hints([result(wordy)], reference)) == [("test_f", "W is right up to one layer: only W2 is wrong.", ())]
    for more in (check("W3", None), check("loss", None), check("random", None, message="ValueError: no")):
        assert list(hints([result([*layers, more])], reference)) == []
    assert list(hints([result([check("W1", None)])], reference)) == []


def test_an_answer_whose_cell_failed() -> None:
    reference = Fingerprint("reference", {})
    missing = check("one", None, message="NameError: name 'f' is not defined")
    ((_, sentence, _),) = hints([result([missing, missing])], reference)
    assert sentence == "f is not defined: run its cell, and correct the error that it reports."
    other = check("one", None, message="NameError: name 'params' is not defined (in f, line 2)")
    ((_, sentence, _),) = hints([result([other])], reference)
    assert sentence == "params is not defined: assign it before you use it."
    assert list(hints([result([missing, other])], reference)) == []
    assert list(hints([result([missing, check("one", None, message="TypeError: no")])], reference)) == []


def test_a_hint_says_which_checks_it_is_about() -> None:
    checks = [check(name, -RIGHT, block=block) for block, name in [("one", "out"), ("other", "out"), ("other", "dx")]]
    places = [place("out", 0, "one"), place("out", 0, "other"), place("dx", 0, "other")]
    reference = Fingerprint("reference", {p: Trace(True, None, RIGHT) for p in places}, dict.fromkeys(places, (INPUT,)))
    assert list(hints([result(checks)], reference)) == [
        ("test_f", "out has the wrong sign.", (("one", "out"), ("other", "out"))),
        ("test_f", "dx has the wrong sign.", (("other", "dx"),)),
    ]


def test_no_hint_contains_a_reference_value() -> None:
    numbers = {f"{value:.3g}" for value in RIGHT.flat}
    wrong = [-RIGHT, RIGHT * 2, changed(0), RIGHT.T, RIGHT / 4]
    assert not any(number in sentence for each in wrong for sentence in said((each, RIGHT)) for number in numbers)


def test_visible_checks_say_themselves_what_is_not_finite_or_not_defined() -> None:
    broken = np.where(RIGHT > 0, RIGHT, np.nan)
    checks = [check("out", broken), check("out", RIGHT, passed=True)]
    known = {place("out", n): Trace(True, None, RIGHT) for n in range(2)}
    undefined = [check("random", None, message="NameError: name 'f' is not defined")]
    for those, words in ((checks, "out is NaN in places"), (undefined, "f is not defined")):
        reference = Fingerprint("reference", known)
        (full,) = hints([result(those)], reference)
        assert words in full[1]
        assert list(hints([result(those)], reference, visible_only=True)) == []
    reference = Fingerprint("reference", known, {place("out"): (INPUT,)})
    (doubled,) = hints([result([check("out", 2 * RIGHT)])], reference, visible_only=True)
    assert "twice as large" in doubled[1]
