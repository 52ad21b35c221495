"""Trusted runs: answers that the course's authors wrote, run through a notebook's own test cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_notebook

from examiner.engine import Engine, TrustedRun
from examiner.outcome import TestOutcome
from tests.examiner.engine.conftest import INSIDE
from tests.examiner.small import FINDS_OUT, PLAIN_TESTS, cell

ENDLESS = "def double(x):\n    while True:\n        pass"
OWN_SUM = "def sum_of_squares(n):\n    return n * (n + 1) * (2 * n + 1) // 6"
FULL = 4.0, None


def scores(engine: Engine, notebook: str, sources: dict[str, str], *rest: Any) -> dict[str, tuple[float, str | None]]:
    """Score and error of the tests."""
    with engine.fork() as child:
        found: dict[str, tuple[float, str | None]] = child.call(f"{INSIDE}:scores", notebook, sources, *rest)
    return found


def test_the_reference_gets_full_marks(engine: Engine) -> None:
    tests = ["test_double", "test_square", "test_Net"]
    assert scores(engine, "one", {}, tests) == dict.fromkeys(tests, FULL)
    with engine.fork() as child:
        assert child.call(f"{INSIDE}:described", "one") == "<TrustedRun of one: 3 answers, 3 tests>"


def test_only_tests_that_call_an_answer_are_run(engine: Engine, plain: Engine) -> None:
    assert set(scores(engine, "one", {"double": "def double(x):\n    return 2 * x"})) == {"test_double"}
    with plain.fork() as child:
        touched = child.call(f"{INSIDE}:touched", "squares", ("squares",), {})
        assert touched == ("test_squares", *(test for test in PLAIN_TESTS if "sum_of" in test))
        assert child.call(f"{INSIDE}:tests_of", "squares", "squares") == ("test_squares",)
        sources = {"scaled": "def scaled(x):\n    return squares(1)[0] * rate * x"}
        assert "test_scaled" in child.call(f"{INSIDE}:touched", "squares", ("squares",), sources)


def test_a_cell_need_not_be_called_like_what_it_defines(engine: Engine) -> None:
    with engine.fork() as child:
        assert child.call(f"{INSIDE}:touched", "one", ("square",), {}) == ("test_square",)
        assert child.call(f"{INSIDE}:tests_of", "one", "square") == ("test_square",)
        assert child.call(f"{INSIDE}:wrapped", "one", "test_square")[:2] == ["square_forward", "square_backward"]


def test_an_answer_does_not_see_the_names_of_a_test(engine: Engine) -> None:
    """A student who forgot an argument's name, or `self`, must not find the test's own value."""
    assert scores(engine, "one", {"double": "def double(y):\n    return 2 * x"}) == {"test_double": (0.0, None)}


def test_a_wrong_answer_loses_points_and_leaves_nothing_behind(engine: Engine) -> None:
    with engine.fork() as child:
        wrong = child.call(f"{INSIDE}:scores", "one", {"double": "def double(x):\n    return x"})
        assert wrong == {"test_double": (0.0, None)}
        assert child.call(f"{INSIDE}:scores", "one", {}, ["test_double"]) == {"test_double": FULL}


@pytest.mark.parametrize("source", ["def double(x:\n", "1 / 0", "def double(x):\n    raise SystemExit", ""])
def test_an_answer_that_cannot_be_used_scores_nothing(source: str, engine: Engine) -> None:
    assert scores(engine, "one", {"double": source})["test_double"][0] == 0.0


def test_an_endless_answer_is_stopped(engine: Engine) -> None:
    found = scores(engine, "one", {"double": ENDLESS}, ["test_double", "test_square"], 0.3)
    assert found == {"test_double": (0.0, "CheckTimeoutError"), "test_square": FULL}


def test_another_seed_gives_other_inputs(engine: Engine) -> None:
    def received(each: Engine) -> list[Any]:
        with each.fork() as child:
            found: list[Any] = child.call(f"{INSIDE}:received", "one", "test_double")
        return found

    first, again = received(engine), received(engine)
    with Engine(engine.assignment, seed=7) as other:
        different = received(other)
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
    assert np.array_equal(first[0], different[0])  # the visible block has its own input
    assert not any(np.array_equal(*pair) for pair in zip(first[1:], different[1:], strict=True))


def test_what_is_called_can_be_seen(plain: Engine) -> None:
    with plain.fork() as child:
        assert child.call(f"{INSIDE}:wrapped", "squares", "test_sum_of_squares__back") == ["sum_of_squares", "squares"]


def test_a_test_that_may_be_a_blank_part_s_own_is_not_built_on_it(tmp_path: Path) -> None:
    tests = {"test_half": "half(2)", "half_of_nothing": "half(0)", "test_quarter": "quarter(4)"}
    cells = [cell("half", "answer", "def half(x): ..."), cell("quarter", "answer", "def quarter(x): half(half(x))")]
    cells += [cell(name, "test", source) for name, source in tests.items()]
    nbformat.write(new_notebook(cells=cells), tmp_path / "one.ipynb")
    blank = {name: TestOutcome(0, 1, error="NotImplementedError") for name in tests}
    blank["test_quarter"] = TestOutcome(0, 1, error="TypeError")
    assert TrustedRun(tmp_path / "one.ipynb").unfinished(blank, {}) == {"test_quarter": ("half",)}


def test_hidden_tests_can_be_left_out(tmp_path: Path) -> None:
    hidden = "### BEGIN HIDDEN TESTS\nassert quarter(4) == 1\n### END HIDDEN TESTS\n"
    cells = [cell("half", "answer", "def half(x): return x / 2"), cell("quarter", "answer", "def quarter(x): return 0")]
    cells.append(cell("test_half", "test", f"assert half(2) == 1\n{hidden}"))
    nbformat.write(new_notebook(cells=cells), tmp_path / "one.ipynb")
    run, visible = TrustedRun(tmp_path / "one.ipynb"), TrustedRun(tmp_path / "one.ipynb", visible_only=True)
    assert not run.run({}, ["test_half"])["test_half"].passed
    assert visible.run({}, ["test_half"])["test_half"].passed
    assert run.tests_touched(["quarter"]) == ("test_half",)
    assert visible.tests_touched(["quarter"]) == ()


def test_a_plain_value_as_the_last_line_is_the_score(plain: Engine) -> None:
    assert scores(plain, "squares", {}, ["test_rate"]) == {"test_rate": (1.5, None)}
    assert scores(plain, "squares", {"rate": "rate = 3"}, ["test_rate"]) == {"test_rate": (0.0, None)}


def test_a_name_that_a_test_deletes_is_gone_for_the_answers_until_it_ends(plain: Engine) -> None:
    """FINDS_OUT is what both tests do; one of them puts the name back itself."""
    assert all(FINDS_OUT.strip().split("\n")[1].strip() in PLAIN_TESTS[f"test_sum_of_squares{end}"] for end in
               ("", "__not_put_back"))  # fmt: skip
    right = scores(plain, "squares", {}, list(PLAIN_TESTS))
    assert right == dict.fromkeys(PLAIN_TESTS, FULL) | {"test_rate": (1.5, None)}
    own = scores(plain, "squares", {"sum_of_squares": OWN_SUM})
    assert own == {
        "test_sum_of_squares": (0.0, "AssertionError"),
        "test_sum_of_squares__not_put_back": (0.0, "AssertionError"),
        "test_sum_of_squares__back": FULL,
    }


def test_a_value_that_a_test_binds_is_seen_by_the_answers(plain: Engine) -> None:
    constant = {"scaled": "def scaled(x):\n    return 0.5 * x"}
    assert scores(plain, "squares", constant) == {"test_scaled": (0.0, "AssertionError"), "test_scaled__back": FULL}


def test_an_answer_that_changes_its_input_is_known(engine: Engine) -> None:
    """As the sandbox says it: whatever the answer does inside, and not where it works on a copy."""
    with engine.fork() as child:
        for body, expected in {"x *= 2\n    return x": ("double",), "x = 2 * x\n    return x": ()}.items():
            assert child.call(f"{INSIDE}:mutating", "one", {"double": f"def double(x):\n    {body}"}) == expected


def test_copies_for_every_call(engine: Engine) -> None:
    """What an answer does to a cache does not reach the next call."""
    remembering = """
KEPT = np.ones(1)


def square_forward(x):
    return x * x, KEPT if len(x) == 1 else x


def square_backward(dout, cache):
    cache *= 3
    return 2 * dout * cache
"""
    with engine.fork() as child:
        kept = [child.call(f"{INSIDE}:kept_after", "one", remembering, copies) for copies in (False, True)]
    assert kept == [3.0, 1.0]


def test_an_answer_does_not_see_a_tests_own_names(engine: Engine) -> None:
    """As in the sandbox: `x` is a name of the test's, and no business of the answer."""
    assert scores(engine, "one", {"double": "def double(value):\n    return 2 * x"}) == {"test_double": (0.0, None)}
