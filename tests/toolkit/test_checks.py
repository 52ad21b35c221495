"""Checks: what passes, what fails, what is printed, and what a score can never be."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.checks import Checks, chain, rel_error, returned, wide_range


@pytest.fixture
def check() -> Checks:
    """Checks worth 4 points."""
    return Checks("affine_forward", points=4)


def outcome(check: Checks, value: Any, expected: Any, hidden: bool = False) -> str | None:
    """Message of one comparison; None where it passed."""
    opener: Callable[..., Any] = check.hidden if hidden else check
    with opener("a block") as c:
        c.close("out", value, expected, tol=1e-6)
    return check.results[-1].comparisons[-1].message


def test_rel_error_is_the_largest_over_all_elements() -> None:
    assert rel_error([1.0, 2.0], [1.0, 4.0]) == pytest.approx(2 / 6)
    assert rel_error([0.0], [1e-9]) == pytest.approx(0.1)  # below 1e-8 the error is absolute
    assert math.isnan(rel_error([np.nan, 1.0], [1.0, 1.0]))


def test_rel_error_refuses_to_broadcast() -> None:
    with pytest.raises(ValueError, match="equal shapes"):
        rel_error(np.ones((3, 1)), np.ones(3))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is None"),
        ("three", "not an array of real numbers"),
        ([[1.0], [1.0, 2.0]], "not an array of numbers"),
        (np.array([1 + 2j, 0j]), "not an array of real numbers"),
        ([[1.0, 2.0]], "has shape (1, 2), expected (2,)"),
        ([1, 2], "holds integers, expected floating-point numbers"),
        ([True, False], "holds true/false values"),
        ([np.nan, np.inf], "2 of 2 are NaN or infinite"),
        ([1.0, 2.5], "at index (1,) received 2.5, expected 2"),
    ],
)
def test_a_mistake_is_named_in_order(check: Checks, value: Any, words: str) -> None:
    message = outcome(check, value, [1.0, 2.0])
    assert message is not None
    assert words in message
    assert check.score == 0.0


def test_what_numpy_reads_as_the_right_numbers_passes(check: Checks) -> None:
    for value in ([1.0, 2.0], (1.0, 2.0), np.float32([1, 2]), np.ma.array([1.0, 2.0])):
        assert outcome(check, value, [1.0, 2.0]) is None
    for value in (1.5, np.float32(1.5), np.array(1.5)):
        assert outcome(check, value, 1.5) is None
    assert check.score == 4.0


def test_a_hidden_block_never_shows_the_reference(check: Checks, capsys: pytest.CaptureFixture[str]) -> None:
    outcome(check, [1.0, 2.0], [1.0, 7.654321], hidden=True)
    printed = capsys.readouterr().out
    assert "relative error" in printed
    assert "7.65" not in printed


def test_partial_credit_by_weight(check: Checks) -> None:
    with check("right", weight=1) as c:
        c.close("out", 1.0, 1.0, tol=1e-9)
    with check("wrong", weight=3) as c:
        c.close("out", 1.0, 2.0, tol=1e-9)
    assert check.score == 1.0
    assert repr(check) == "<Checks affine_forward: 1 of 2 passed>"


def test_an_exception_costs_its_block_only(check: Checks, capsys: pytest.CaptureFixture[str]) -> None:
    with check("raises", weight=1):
        raise TypeError("first line\nsecond line")
    with check("right", weight=1) as c:
        c.true("holds", True, "never shown")
    assert check.score == 2.0
    assert "TypeError: first line\n" in capsys.readouterr().out


@pytest.mark.parametrize("error", [NotImplementedError("Exercise 1.1: write it"), KeyboardInterrupt(), SystemExit()])
def test_a_blank_answer_and_an_interrupt_end_the_cell(check: Checks, error: BaseException) -> None:
    with pytest.raises(type(error)), check("a block"):
        raise error


def test_a_block_without_a_comparison_fails(check: Checks) -> None:
    with check("empty"):
        pass
    assert check.score == 0.0


def test_warnings_and_stderr_cost_nothing(check: Checks, capsys: pytest.CaptureFixture[str]) -> None:
    with check("noisy") as c:
        warnings.warn("careful", UserWarning, stacklevel=1)
        print("to stderr", file=sys.stderr)
        c.close("out", 1.0, 1.0, tol=1e-9)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "careful" in captured.out
    assert check.score == 4.0


def test_same_gives_each_side_its_own_copies(check: Checks) -> None:
    def destructive(x: np.ndarray) -> np.ndarray:
        x *= 0
        return x

    x = np.ones(3)
    with check("in place") as c:
        c.same(destructive, lambda x: x * 0, x, names="out", tol=1e-9)
    assert check.score == 4.0
    assert x.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("returned", [1.0, (1.0,), (1.0, 2.0, 3.0)])
def test_same_wants_as_many_values_as_the_reference(check: Checks, returned: Any) -> None:
    with check("pairs") as c:
        c.same(lambda: returned, lambda: (1.0, "cache"), names=["out"], tol=1e-9)
    assert check.score == 0.0


def test_chain_hands_the_cache_on() -> None:
    chained = chain(lambda x: (x, {"any": x}), lambda dout, cache: dout * cache["any"])
    assert chained(3.0, 2.0) == 6.0


def test_raises(check: Checks) -> None:
    def refuses(category: str) -> None:
        raise ValueError(category)

    with check("right") as c:
        c.raises(ValueError, refuses, "no such")
    with check("other error") as c:
        c.raises(KeyError, refuses, "no such")
    with check("nothing raised") as c:
        c.raises(ValueError, len, "")
    assert [result.passed for result in check.results] == [True, False, False]


def test_quiet_notices_an_overflow_and_nothing_else(check: Checks) -> None:
    with check("overflow") as c:
        c.quiet(np.exp, np.array([1000.0]))
    with check("another warning") as c:
        c.quiet(np.log, np.array([0.0]))
    assert [result.passed for result in check.results] == [False, True]


@pytest.mark.parametrize(
    ("value", "score"), [(0.94, 0), (0.95, 0), (0.9635, 2), (0.977, 4), (0.99, 4), (math.nan, 0), (math.inf, 0)]
)
def test_between_gives_points_on_a_line(check: Checks, value: float, score: float) -> None:
    with check.hidden("accuracy") as c:
        c.between("accuracy", value, none=0.95, full=0.977)
    assert check.score == pytest.approx(score, abs=1e-6)


def test_between_where_less_is_better(check: Checks) -> None:
    with check.hidden("rmse") as c:
        c.between("rmse", 0.64, none=0.73, full=0.55)
    assert check.score == 2.0


@given(
    points=st.floats(0, 100),
    blocks=st.lists(st.tuples(st.floats(0, 10), st.booleans()), max_size=8),
)
def test_a_score_is_a_plain_float_from_0_to_the_points(points: float, blocks: list[tuple[float, bool]]) -> None:
    check = Checks("any", points=points)
    for weight, right in blocks:
        with check("a block", weight=weight) as c:
            c.true("holds", right, "does not hold")
    assert type(check.score) is float
    assert 0 <= check.score <= points


def test_random_inputs_depend_on_seed_answer_and_title_alone() -> None:
    def draw(seed: int, title: str, *, after_failure: bool = False) -> float:
        check = Checks("affine_forward", points=4, seed=seed)
        if after_failure:
            with check("first") as c:
                c.rng.normal()
                raise ValueError
        with check(title) as c:
            return float(c.rng.normal())
        raise AssertionError

    assert draw(1, "a") == draw(1, "a", after_failure=True)
    assert len({draw(1, "a"), draw(2, "a"), draw(1, "b")}) == 3


# ------------------------------------------------------------------------- for test cells


def test_returned_is_a_dict_that_says_that_changes_are_wanted() -> None:
    content = {"mode": "train", "mean": np.zeros(2)}
    bn_param = returned(content)
    bn_param["mean"] = np.ones(2)
    assert isinstance(bn_param, dict)
    assert type(bn_param).returns_changes is True
    assert content["mean"].tolist() == [0, 0]
    assert returned({"a": 1}) == {"a": 1}
    assert not hasattr(dict, "returns_changes")


@given(st.integers(2, 60), st.integers(0, 1000))
def test_a_wide_range_has_both_signs_and_all_magnitudes(count: int, seed: int) -> None:
    values = wide_range(np.random.default_rng(seed), count, 0.01, 1000)
    assert values.shape == (count,)
    sizes = np.sort(np.abs(values))
    assert sizes[[0, -1]] == pytest.approx([0.01, 1000])
    assert np.ptp(np.diff(np.log(sizes))) < 1e-9
    assert np.sum(values > 0) - np.sum(values < 0) in (0, 1)
    assert values.max() == pytest.approx(1000)


def test_a_wide_range_has_the_shape_that_is_asked_for_and_another_order_each_time() -> None:
    rng = np.random.default_rng(0)
    one, other = (wide_range(rng, (2, 3, 4), 0.1, 10) for _ in range(2))
    assert one.shape == (2, 3, 4)
    assert not np.array_equal(one, other)
    assert np.allclose(np.sort(one, axis=None), np.sort(other, axis=None))
    assert wide_range(rng, 1, 0.1, 10).tolist() == [10]


# ------------------------------------------------------------------------- in a notebook


def test_the_score_says_that_hidden_checks_decide_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    check = Checks("affine_forward", points=4)
    with check("right", weight=1) as c:
        c.true("holds", True, "")
    assert check.score == 4.0
    printed = capsys.readouterr().out
    assert printed.startswith("affine_forward: 4 points\n")
    assert printed.endswith("\n4 of 4 so far; hidden checks decide the rest\n")
    with check("wrong", weight=2) as c:
        c.true("holds", False, "does not hold")
    assert check.score == pytest.approx(4 / 3, abs=1e-6)
    assert capsys.readouterr().out.endswith("\n1.333 of 4 so far; hidden checks decide the rest\n")


def test_where_hidden_checks_ran_nothing_is_left_to_decide(capsys: pytest.CaptureFixture[str]) -> None:
    check = Checks("affine_forward", points=4)
    with check.hidden("right") as c:
        c.true("holds", True, "")
    assert check.score == 4.0
    assert "so far" not in capsys.readouterr().out
