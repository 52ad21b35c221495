"""What a child is: functions by name, a place and limits of its own, questions to its parent."""

from __future__ import annotations

from pathlib import Path

import pytest

from examiner._exceptions import EngineError
from examiner.engine import Engine, current_assignment
from examiner.engine.child import MEMORY, function_named, in_child
from tests.examiner.engine.conftest import INSIDE


def test_a_function_is_called_by_its_name(engine: Engine) -> None:
    assert function_named(f"{INSIDE}:add")(1, 2) == 3
    with engine.fork() as child:
        assert child.call(f"{INSIDE}:add", [1], [2]) == [1, 2]
        assert child.call(f"{INSIDE}:add", "a", "b") == "ab"


def test_an_exception_comes_back_with_its_type_and_place(engine: Engine) -> None:
    with engine.fork() as child:
        with pytest.raises(EngineError, match=r"(?s)ValueError: not so.*in fail"):
            child.call(f"{INSIDE}:fail", "not so")
        with pytest.raises(EngineError, match="ModuleNotFoundError"):
            child.call("no.such.module:f")
        assert child.call(f"{INSIDE}:add", 1, 2) == 3


def test_a_child_works_in_its_assignments_folder_and_environment(engine: Engine) -> None:
    source = engine.assignment.source
    with engine.fork() as child:
        found = child.call(f"{INSIDE}:place")
    assert found["cwd"] == str(source)
    assert found["path"][:2] == [str(source), str(engine.assignment.root)]
    assert (found["CHECKS_SEED"], found["NN_EARLIER_DIR"], found["MPLBACKEND"]) == ("231", str(source), "agg")
    assert found["assignment"] == "small"


def test_a_child_can_have_another_working_folder(engine: Engine, tmp_path: Path) -> None:
    with engine.fork(tmp_path) as child:
        assert child.call(f"{INSIDE}:place")["cwd"] == str(tmp_path)


def test_what_a_child_does_to_itself_ends_with_it(engine: Engine) -> None:
    with engine.fork() as child:
        before = child.call(f"{INSIDE}:place")
        child.call(f"{INSIDE}:spoil")
        assert child.call(f"{INSIDE}:place") != before
    with engine.fork() as child:
        assert child.call(f"{INSIDE}:place") == before


def test_a_child_asks_its_parent_in_the_middle_of_its_work(engine: Engine) -> None:
    asked = []

    def serve(question: tuple[str, int]) -> int:
        asked.append(question)
        return 10 * question[1]

    with engine.fork() as child:
        assert child.call(f"{INSIDE}:add_answers", 4, serve=serve) == 80
    assert asked == [("one", 4), ("two", 4)]


def test_a_child_may_not_allocate_without_end(engine: Engine) -> None:
    with engine.fork() as child:
        assert child.call(f"{INSIDE}:allocate", 1000) == 1
        with pytest.raises(EngineError, match="MemoryError"):
            child.call(f"{INSIDE}:allocate", 2 * MEMORY)


def test_a_child_can_run_a_program(engine: Engine) -> None:
    with engine.fork() as child:
        assert child.call(f"{INSIDE}:run_program") == "done"


def test_this_process_is_none_of_the_engines() -> None:
    assert not in_child()
    with pytest.raises(EngineError, match="No assignment is loaded in this process"):
        current_assignment()
