"""Likeness: exceptions by kind and what does not fit, values by rounding, random ones by what they do."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.likeness import agree, by_chance, is_telling, symptom
from toolkit.traces import Trace

X = np.arange(1.0, 2401.0).reshape(60, 40)


def failure(received: np.ndarray | None = None, message: str | None = None, *, noisy: bool = False) -> Trace:
    return Trace(False, message, received, noisy)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "ValueError: matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature "
            "(n?,k),(k,m?)->(n?,m?) (size 120 is different from 6)",
            "ValueError: shapes (2,4,5,6) and (120,3) not aligned: 6 (dim 3) != 120 (dim 0)",
        ),
        (
            "ValueError: operands could not be broadcast together with shapes (2,120) (120,3) ",
            "ValueError: operands could not be broadcast together with shapes (120,3) (2, 120)",
        ),
        ("ValueError: cannot reshape array of size 12 into shape (5,)", "ValueError: cannot reshape array of size 12"),
        ("TypeError: bad operands for *: 'float' and 'NoneType'", "TypeError: 'NoneType' object is not subscriptable"),
        ("AttributeError: 'tuple' object has no attribute 'ndim'", "AttributeError: 'tuple' has no attribute 'T'"),
        ("AssertionError: at least one layer", "AssertionError: "),
        ("NameError: name 'dx' is not defined", "NameError: name 'grad' is not defined (in f, line 3: return grad)"),
        ("raises ValueError, not KeyError: 'clustering'", "raises ValueError, not AssertionError: "),
        (
            "EarlierAnswerError: Exercise 1.2 (affine_backward) of 01_layers.ipynb raised ValueError: shapes (4,4) and "
            "(1,7) not aligned: 4 (dim 1) != 1 (dim 0). Run its checks there first.",
            "RuntimeError: EarlierAnswerError: Exercise 1.1 of 01 raised ValueError: shapes (4,4) and (1,7) not "
            "aligned: 4 (dim 1) != 1 (dim 0)",
        ),
    ],
)  # fmt: skip
def test_one_kind_of_trouble_has_one_symptom(one: str, other: str) -> None:
    assert symptom(one) is not None
    assert symptom(one) == symptom(other)
    assert agree(failure(message=one), failure(message=other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ValueError: x", "TypeError: x"),
        (
            "ValueError: shapes (2,4) and (8,3) not aligned: 4 (dim 1) != 8 (dim 0)",
            "ValueError: shapes (8,) and (4,3) not aligned: 8 (dim 0) != 4 (dim 0)".replace("8", "16"),
        ),
        (
            "ValueError: operands could not be broadcast together with shapes (2,3) (4,)",
            "ValueError: operands could not be broadcast together with shapes (2,3) (5,)",
        ),
        ("KeyError: 'W1'", "KeyError: 'W2'"),
        (
            "TypeError: f() takes 2 positional arguments but 3 were given",
            "TypeError: 'NoneType' object is not iterable",
        ),
        ("IndexError: list index out of range", "IndexError: index 5 is out of bounds for axis 0 with size 5"),
        ("out: received (2, 3), expected (3, 2)", "out: received (4, 3), expected (3, 2)"),
        ("dx is None: does the function return it?", "ValueError: dx"),
    ],
)
def test_other_trouble_does_not(one: str, other: str) -> None:
    assert not agree(failure(message=one), failure(message=other))


def test_names_and_shapes_come_in_any_order() -> None:
    one, other = "shapes: received {'b': (2,), 'W': (3, 2)}", "shapes: received {'W': (3, 2), 'b': (2,)}"
    assert agree(failure(message=one), failure(message=other))
    assert not agree(failure(message=one), failure(message="shapes: received {'W': (2,), 'b': (3, 2)}"))


def test_a_sentence_with_other_numbers_says_the_same_unless_it_is_noise() -> None:
    one, other = "trained for 12 epochs", "trained for 30 epochs"
    assert agree(failure(message=one), failure(message=other))
    assert not agree(failure(message=one), failure(message=other, noisy=True))
    assert agree(failure(message="trained for 31 epochs"), failure(message=other, noisy=True))


def test_values_are_equal_but_for_rounding() -> None:
    assert agree(failure(X * (1 + 1e-9)), failure(X))
    assert agree(failure(X.astype(np.float32)), failure(X))
    assert not agree(failure(X * 1.01), failure(X))
    assert not agree(failure(X.T), failure(X))
    assert not agree(failure(X), failure(None, "ValueError: x"))
    holes = np.where(X > 5, X, np.nan)
    assert agree(failure(holes), failure(holes))
    assert not agree(failure(holes), failure(X))


def test_what_is_drawn_without_an_input_is_left_to_chance() -> None:
    drawn = failure(X, noisy=True)
    assert by_chance(drawn)
    assert not by_chance(drawn, (X,))
    assert not by_chance(failure(X))
    assert not by_chance(failure(None, "a sentence", noisy=True))
    assert by_chance(Trace(False, "a sentence", None, noisy=True, unsteady=True))


def test_a_number_that_hardly_varies_tells_something_where_it_is_far_from_the_right_one() -> None:
    deviation = Trace(False, None, np.array(0.02), noisy=True, spread=1e-4)
    assert is_telling(deviation, np.array(1.0))
    assert not is_telling(deviation, np.array(0.0201))  # the loss of any untrained network, say
    assert not is_telling(deviation)
    assert not is_telling(Trace(False, None, np.array(0.02), noisy=True, spread=0.01), np.array(1.0))
    assert not is_telling(failure(X, noisy=True), X + 1)
    assert is_telling(failure(X), X + 1)
    assert is_telling(failure(None, "a sentence"))


def test_the_line_that_a_notebook_adds_does_not_matter() -> None:
    warning = "warns: overflow encountered in exp"
    assert agree(failure(message=f"{warning} (in line 2: z = np.exp(-x))"), failure(message=warning))
    assert not agree(failure(message="warns: something else"), failure(message=warning))
