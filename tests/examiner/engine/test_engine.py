"""The warm process and its children: they die alone, are replaced, and leave nothing running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from examiner._exceptions import ChildEndedError, ChildTimeoutError, EngineError
from examiner.assignment import Assignment
from examiner.engine import Engine
from tests.conftest import ROOT
from tests.examiner.engine.conftest import INSIDE, gone
from tests.examiner.small import write_plain_course, write_toolkit_course


def soon(true: Callable[[], bool]) -> bool:
    """Wait until something is true; False where it does not become so for a minute."""
    end = time.monotonic() + 60
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Engine]:
    """An engine of its own for a test that harms it."""
    with Engine(write_plain_course(tmp_path)) as made:
        yield made


@pytest.mark.parametrize("end", ["leave", "killed"])
def test_a_child_that_dies_is_said_to_have_ended(end: str, plain: Engine) -> None:
    child = plain.fork()
    with pytest.raises(ChildEndedError, match="a child of the engine ended"):
        child.call(f"{INSIDE}:{end}")
    assert not child.alive
    assert repr(child) == f"<Child {child.pid}, ended>"
    with pytest.raises(ChildEndedError):
        child.call(f"{INSIDE}:add", 1, 2)
    child.kill()
    with plain.fork() as other:
        assert other.call(f"{INSIDE}:add", 1, 2) == 3
        assert repr(other) == f"<Child {other.pid}>"


def test_a_child_that_loops_where_no_signal_reaches_it_is_killed(plain: Engine) -> None:
    child = plain.fork()
    with pytest.raises(ChildTimeoutError, match=r"took longer than 0\.3 s"):
        child.call(f"{INSIDE}:loop_in_c", seconds=0.3)
    assert not child.alive
    assert soon(lambda: gone(child.pid))


def test_time_in_which_the_parent_answers_does_not_count(plain: Engine) -> None:
    with plain.fork() as child:
        assert child.call(f"{INSIDE}:add_answers", 1, serve=lambda question: time.sleep(0.6) or 1, seconds=0.5) == 2


def test_a_warm_process_that_died_is_started_anew(fresh: Engine) -> None:
    fresh.warm(f"{INSIDE}:remember", "before")
    child = fresh.fork()
    process = fresh._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(ChildEndedError):  # it dies with its parent
        child.call(f"{INSIDE}:loop_in_c")
    with fresh.fork() as other:
        assert other.call(f"{INSIDE}:remembered") == []
    fresh.warm(f"{INSIDE}:remember", "before")
    with fresh.fork() as other:
        assert other.call(f"{INSIDE}:remembered") == ["before"]


def test_nothing_is_left_after_close(fresh: Engine) -> None:
    assert repr(fresh) == "<Engine of plain, seed 231: not started>"
    children = [fresh.fork(), fresh.fork()]
    pids = [child.pid for child in children] + [child.call(f"{INSIDE}:grandchild") for child in children]
    assert fresh._process is not None
    pids.append(fresh._process.pid)
    assert repr(fresh) == f"<Engine of plain, seed 231: process {pids[-1]}>"
    assert not any(map(gone, pids))
    fresh.close()
    assert soon(lambda: all(map(gone, pids)))
    fresh.close()
    with fresh.fork() as child:  # it starts again when it is needed
        assert child.call(f"{INSIDE}:add", 1, 2) == 3


PARENT = """
import os, sys, time
from pathlib import Path
from examiner.assignment import Assignment
from examiner.engine import Engine
root = Path(sys.argv[1])
engine = Engine(Assignment("plain", root, root / "source" / "plain"))
child = engine.fork()
print(os.getpid(), engine._process.pid, child.pid, child.call(sys.argv[2] + ":grandchild"), flush=True)
time.sleep(1000)
"""


def test_everything_ends_with_the_examiner(tmp_path: Path) -> None:
    write_plain_course(tmp_path)
    command = [sys.executable, "-c", PARENT, str(tmp_path), INSIDE]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pids = [int(each) for each in parent.stdout.readline().split()]
        assert len(pids) == 4
        parent.kill()
    assert soon(lambda: all(map(gone, pids)))


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0, 1)])
def test_every_assignment_has_its_own_toolkit(order: tuple[int, ...], tmp_path: Path) -> None:
    values = 1.25, 2.5
    with ExitStack() as stack:
        engines = [
            stack.enter_context(Engine(write_toolkit_course(tmp_path / str(number), value)))
            for number, value in enumerate(values)
        ]
        for number in order:
            with engines[number].fork() as child:
                assert child.call(f"{INSIDE}:toolkit_value") == values[number]
                assert child.call(f"{INSIDE}:scores", "one", {}, ["test_told"]) == {"test_told": (values[number], None)}


def test_a_toolkit_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    assignment = write_toolkit_course(tmp_path, 1.0)
    (assignment.source / "toolkit" / "__init__.py").write_text("raise ValueError('half written')")
    with Engine(assignment) as engine, pytest.raises(EngineError, match=r"numbers: .* ValueError: half written"):
        engine.fork()


def test_a_warm_process_that_does_not_come_up_says_what_it_said(tmp_path: Path) -> None:
    assignment = write_toolkit_course(tmp_path, 1.0)
    text = "import os, sys\nsys.__stderr__.write('no numbers today\\n')\nsys.__stderr__.flush()\nos._exit(1)"
    (assignment.source / "toolkit" / "__init__.py").write_text(text)
    with Engine(assignment) as engine, pytest.raises(EngineError, match="numbers: the engine's process ended: no num"):
        engine.fork()


def test_the_seed_is_the_childs_environment(tmp_path: Path) -> None:
    plain = write_plain_course(tmp_path)
    assignment = Assignment("plain", plain.root, plain.source, environment={"CHECKS_SEED": "{seed}"})
    with Engine(assignment, seed=7) as engine, engine.fork() as child:
        assert child.call(f"{INSIDE}:place")["CHECKS_SEED"] == "7"
