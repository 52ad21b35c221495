"""Messages that a beginner can act on: each of them with its words."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from toolkit.checks import Checks, chain
from toolkit.messages import ReturnValueError, broken_cell, overflow, unpacked

X = np.ones((2, 3))


def affine_forward(value: Any) -> Any:
    """Return what it is given, like an answer that returns anything."""
    return value


def said(run: Callable[[Any], Any]) -> str:
    """The message of a block in which something is run."""
    check = Checks("affine_forward", points=4)
    with check("a block") as c:
        run(c)
        c.true("reached", True, "")
    return check.results[0].comparisons[-1].message or ""


# ------------------------------------------------------------------------------ what is returned


@pytest.mark.parametrize(
    ("value", "yours"),
    [
        (X, "yours returned one array"),  # of two rows: unpacking it would go through
        (1.5, "yours returned one number"),
        (np.float64(1.5), "yours returned one number"),
        ({"a": 1}, "yours returned one dict"),
        ("out", "yours returned one text"),
        ((X, X, X), "yours returned 3"),
        ((X,), "yours returned 1"),
        (object(), "yours returned one object"),
        (None, "yours returned nothing: does it end in a return?"),
    ],
)
def test_a_second_value_that_is_not_returned(value: Any, yours: str) -> None:
    message = said(lambda c: c.call(affine_forward, value, names=["out", "cache"]))
    assert message == f"affine_forward must return 2 values (out, cache), {yours}"


def test_a_tuple_of_one() -> None:
    message = said(lambda c: c.call(affine_forward, X, names=["train"]))
    assert message == (
        "affine_forward must return 1 value in a tuple (train,), yours returned one array: a comma after it makes it "
        "a tuple"
    )
    assert unpacked("standardize", (X,), ["train"])[0] is X


def test_whatever_can_be_unpacked_is() -> None:
    for values in ((1, 2), [1, 2], iter((1, 2)), (each for each in (1, 2))):
        assert unpacked("f", values, ["a", "b"]) == [1, 2]
    assert Checks.unpack("f", (1, 2), "a", "b") == [1, 2]


def test_the_same_words_wherever_an_answer_is_called() -> None:
    two = "affine_forward must return 2 values (out, cache), yours returned one array"
    assert said(lambda c: chain(affine_forward, lambda dout, cache: dout)(X, X)) == two
    assert said(lambda c: c.quiet(affine_forward, X, names=["out", "cache"])) == two
    with pytest.raises(ReturnValueError, match=r"^sgd must return 2 values \(next_w, config\), yours returned nothing"):
        Checks.unpack("sgd", None, "next_w", "config")
    check = Checks("affine_forward", points=1)
    with check.hidden("compared") as c:
        c.same(affine_forward, lambda x: (x, "cache"), X, names=["out"], tol=1e-9)
    message = check.results[0].comparisons[0].message
    assert message == "affine_forward must return 2 values (out, …), yours returned one array"


def test_a_chained_gradient_has_the_name_of_the_backward_function() -> None:
    def relu_backward(dout: Any, cache: Any) -> Any:
        return dout

    message = said(lambda c: c.call(chain(lambda x: (x, x), relu_backward), X, X, names=["dx", "dw"]))
    assert message.startswith("relu_backward must return 2 values (dx, dw)")


# ------------------------------------------------------------------------------ in a notebook


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """An IPython shell without a kernel."""
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance(colors="nocolor")
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, source: str) -> Any:
    """Run a cell as a notebook does."""
    return shell.run_cell(source, store_history=True).result


TEST = """
check = Checks("sigmoid", points=2)
with check("a block") as c:
    {}
check.results[-1].comparisons[-1].message
"""


def test_a_helper_or_set_up_cell_that_was_not_run(shell: InteractiveShell) -> None:
    run(shell, "from toolkit.checks import Checks")
    assert run(shell, TEST.format("small_case()")) == (
        "NameError: name 'small_case' is not defined: run all cells above first"
    )
    assert run(shell, TEST.format("sigmoid(1)")) == (
        "NameError: name 'sigmoid' is not defined: run the cell above that defines it, and correct the error that "
        "this reports"
    )


def test_a_name_that_the_answer_forgot_is_not_blamed_on_the_cells_above(shell: InteractiveShell) -> None:
    run(shell, "from toolkit.checks import Checks")
    run(shell, "def sigmoid(x):\n    return 1 / (1 + e)")
    message = run(shell, TEST.format("sigmoid(1)"))
    assert message == "NameError: name 'e' is not defined (in sigmoid, line 2: return 1 / (1 + e))"


def test_a_syntax_error_leaves_the_old_function(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    run(shell, "from toolkit.checks import Checks")
    run(shell, "def sigmoid(x):\n    return x")
    run(shell, "%time 1 + 1")
    assert broken_cell("sigmoid") is None
    run(shell, "def sigmoid(x):\n    return x +")
    assert broken_cell("sigmoid") == (
        "the last cell that you ran for sigmoid has a syntax error in line 2, so this checks your older version: "
        "correct the cell and run it again"
    )
    capsys.readouterr()
    run(shell, TEST.format("c.true('a', True, '')"))
    assert "sigmoid: 2 points\n  ! the last cell that you ran for sigmoid has a syntax" in capsys.readouterr().out
    run(shell, "%matplotlib_is_not_here\ndef sigmoid(x):\n    return x + 1")
    assert broken_cell("sigmoid") is None
    assert broken_cell("sig") is None


def test_without_a_notebook_no_cell_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert broken_cell("sigmoid") is None
    monkeypatch.delitem(sys.modules, "IPython")
    assert broken_cell("sigmoid") is None


def test_an_overflow_comes_with_its_line(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    run(shell, "import numpy as np\nfrom toolkit.checks import Checks")
    run(shell, "def sigmoid(x):\n    z = np.exp(-x)\n    return 1 / (1 + z)")
    line = "overflow encountered in exp (in line 2: z = np.exp(-x))"
    assert run(shell, TEST.format("c.quiet(sigmoid, np.array([-1000.0]))")) == f"warns: {line}"
    capsys.readouterr()
    run(shell, TEST.format("c.close('out', sigmoid(np.array([-1000.0])), [0.0], tol=1e-9)"))
    assert f"RuntimeWarning: {line}" in capsys.readouterr().out


def test_no_overflow_is_nothing_to_say() -> None:
    assert overflow([]) is None
