"""The names of a test cell: what it does to an answer's name happens in the student's notebook, until it ends."""

from __future__ import annotations

from typing import Any

import pytest

from examiner.grading.proxies import Bridge, TestNames
from examiner.kernel import Cell, Session

ANSWERS = {"add": True, "twice": True, "rate": False}
USES = """
def twice(x):
    return add(x, x) * rate
""".strip()


@pytest.fixture
def names(bridge: Bridge, session: Session) -> TestNames:
    """The names of a test cell, over answers of which one uses two others."""
    session.run(Cell("uses", USES))
    space: dict[str, Any] = {"x": 1, **{name: bridge.proxy(name) for name in ("add", "twice")}, "rate": 0.125}
    return TestNames(space, ANSWERS, bridge)


def run(source: str, names: TestNames) -> None:
    """Run a test's own statements."""
    exec(compile(source, "<test>", "exec"), names._space, names)


def test_names_of_the_tests_own_are_its_own(names: TestNames, session: Session) -> None:
    before = session.calls
    run("y = x + 1\ndel x", names)
    assert names["y"] == 2
    assert "x" not in names
    assert set(names) >= {"add", "twice", "rate", "y"}
    assert len(names) == len(set(names))
    with pytest.raises(NameError):
        run("x", names)
    assert session.calls == before


def test_a_deleted_answer_is_gone_for_the_others_until_the_test_ends(names: TestNames, bridge: Bridge) -> None:
    run("first = twice(4)\ndel add", names)
    assert names["first"] == 1.0
    with pytest.raises(NameError, match="add"):
        run("twice(4)", names)
    bridge.end()
    bridge.begin("the next test")
    assert bridge.proxy("twice")(4) == 1.0


def test_an_answer_that_is_put_back_is_the_old_one(names: TestNames) -> None:
    run("original = add\ndel add\nadd = original\nafter = twice(4)", names)
    assert names["after"] == 1.0


def test_a_bound_value_is_seen_by_the_answers_until_the_test_ends(names: TestNames, bridge: Bridge) -> None:
    run("rate = 10.0\nseen = twice(4)", names)
    assert names["seen"] == 80.0
    bridge.end()
    bridge.begin("the next test")
    assert bridge.proxy("twice")(4) == 1.0
    assert bridge.value("rate") == 0.125


def test_an_answer_can_stand_for_another_one(names: TestNames) -> None:
    run("add = twice\nrate = 1.0", names)
    with pytest.raises(TypeError):  # `twice` takes one argument, and now calls itself with two
        run("twice(4)", names)


def test_a_function_of_the_tests_own_cannot_cross_and_is_seen_by_the_test_alone(
    names: TestNames, bridge: Bridge
) -> None:
    run("def add(a, b):\n    return 100\nmine, theirs = add(1, 2), twice(4)", names)
    assert (names["mine"], names["theirs"]) == (100, 1.0)
    assert bridge.faults == []
