"""Running one cell: what it prints, what ends it, and what it scores."""

from __future__ import annotations

import signal
import sys
from typing import Any

import numpy as np
import pytest

from examiner.engine.cells import Ran, TimeIsUp, limited, run_cell, run_test, silent

CHECKS = """
from toolkit.checks import Checks
check = Checks("f", points=4)
with check("right", weight=1) as c:
    c.equal("one", 1, 1)
with check("wrong", weight=3) as c:
    c.equal("two", 2, 1)
"""


def ran(source: str, space: dict[str, Any] | None = None, points: float = 4.0, **limits: float) -> Ran:
    """Run a test cell."""
    return run_test(source, "test_f", {"np": np} if space is None else space, points=points, **limits)


@pytest.mark.parametrize(
    ("last", "score"),
    [
        ("1.5", 1.5),
        ("3", 3.0),
        ("np.float64(1.5)", 1.5),
        ("np.int64(2)", 2.0),
        ("4.000000000000001", 4.0),
        ("1e9", 4.0),
        ("-3", 0.0),
        ("float('nan')", 0.0),
        ("float('inf')", 0.0),
        ("True", 4.0),
        ("False", 4.0),
        ("None", 4.0),
        ("'1.5'", 4.0),
        ("x = 1.5", 4.0),
        ("", 4.0),
    ],
)
def test_the_score_is_the_last_lines_number_else_all(last: str, score: float) -> None:
    found = ran(f"assert 1 + 1 == 2\n{last}")
    assert found.outcome.score == score
    assert type(found.outcome.score) is float
    assert (found.outcome.max_score, found.outcome.error, found.error) == (4, None, None)


@pytest.mark.parametrize("last", ["", "True", "None", "check.score"])
def test_checks_score_where_there_is_no_number(last: str) -> None:
    found = ran(CHECKS + last)
    assert found.outcome.score == 1.0
    assert [(check.block, check.name, check.passed) for check in found.outcome.checks] == [
        ("right", "one", True),
        ("wrong", "two", False),
    ]


def test_a_number_counts_more_than_checks() -> None:
    assert ran(CHECKS + "2.5").outcome.score == 2.5


def test_several_checks_are_added_and_those_of_earlier_tests_are_not() -> None:
    space: dict[str, Any] = {}
    ran(CHECKS, space)
    both = ran(CHECKS + CHECKS.replace("check ", "other ").replace("check(", "other("), space)
    assert both.outcome.score == 2.0
    assert len(both.outcome.checks) == 4


def test_new_checks_in_the_place_of_old_ones_are_new() -> None:
    """What a test deletes makes room, and a new object may get its very number."""
    space: dict[str, Any] = {}
    ran(CHECKS, space)
    for _ in range(20):
        assert ran("del check" + CHECKS, space).outcome.score == 1.0


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("assert 1 == 2", "AssertionError"),
        ("1 / 0", "ZeroDivisionError"),
        ("4.0 / 0", "ZeroDivisionError"),
        ("raise SystemExit(3)", "RuntimeError"),
        ("def f(:", "SyntaxError"),
    ],
)
def test_what_ends_a_test_costs_all_its_points(source: str, error: str) -> None:
    found = ran(source)
    assert (found.outcome.score, found.outcome.error) == (0.0, error)
    assert type(found.error).__name__ == error


def test_what_was_checked_before_an_exception_is_kept() -> None:
    found = ran(CHECKS + "undefined_name")
    assert (found.outcome.score, found.outcome.error, len(found.outcome.checks)) == (0.0, "NameError", 2)


def test_an_endless_test_is_stopped_also_where_it_catches_everything() -> None:
    source = "while True:\n    try:\n        while True: pass\n    except Exception:\n        pass"
    found = ran(source, seconds=0.1)
    assert (found.outcome.score, found.outcome.error) == (0.0, "CheckTimeoutError")
    assert str(found.error) == "checking the returned value took longer than 0.1 s: is it very large?"


def test_a_limit_leaves_timer_and_handler_as_they_were() -> None:
    before = signal.getsignal(signal.SIGPROF)
    with limited(1000):
        assert signal.getitimer(signal.ITIMER_PROF)[0] > 0
    with pytest.raises(TimeIsUp), limited(0.05):
        exec("while True: pass")
    with limited(None):
        pass
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGPROF) is before


def test_what_is_printed_is_kept_and_warnings_are_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    found = ran("import sys, warnings\nprint('said')\nprint('no', file=sys.stderr)\nwarnings.warn('careful')")
    assert found.printed == "said\n"
    assert found.error is None
    with silent() as printed:
        print("more")
    assert printed.getvalue() == "more\n"
    assert capfd.readouterr() == ("", "")


def test_a_cell_defines_names_and_its_magics_are_left_out() -> None:
    space: dict[str, Any] = {}
    run_cell("%matplotlib inline\n!ls\nx = 3\nprint(x)\nx + 1", "setup", space)
    assert space["x"] == 3
    with pytest.raises(SyntaxError):
        run_cell("x = = 3", "setup", space)
    with pytest.raises(ZeroDivisionError):
        run_cell("1 / 0", "setup", space)


def test_a_tests_own_lines_have_a_file_name_of_their_own() -> None:
    error = ran("x = 1\n1 / 0").error
    assert error is not None
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    assert trace is not None
    assert (trace.tb_frame.f_code.co_filename, trace.tb_lineno) == ("<test_f>", 2)


def test_figures_are_closed() -> None:
    ran("import matplotlib.pyplot as plt\nplt.plot([1, 2])")
    assert sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_names_are_looked_up_where_it_is_asked_for() -> None:
    seen: list[str] = []

    class Names(dict[str, Any]):
        def __delitem__(self, name: str) -> None:
            seen.append(name)
            super().__delitem__(name)

    names = Names(x=1)
    run_test("y = x\ndel x", "test_f", {}, points=1, names=names)
    assert seen == ["x"]
    assert names == {"y": 1}
