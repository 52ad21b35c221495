"""A session: what a notebook keeps through its kernels, with fake ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from examiner import codec
from examiner._exceptions import AnswerStoppedError, SandboxError
from examiner.kernel import Cell, KernelHost, Session, TimeBudget
from examiner.kernel import session as session_module
from examiner.kernel.kernel import CellStopped, KernelDied
from examiner.notebooks.outputs import Outputs
from examiner.settings import Timing

REPLY = codec.pack({"value": 1})


class FakeKernel:
    """A kernel that runs nothing: cells and requests whose text is in `script` do what is said there."""

    def __init__(self, script: dict[str, Exception | float] | None = None, dead: bool = False) -> None:
        self.script, self.dead = script or {}, dead
        self.seconds = 0.0
        self.ran: list[str] = []
        self.limits: list[float] = []
        self.closed = False

    def _do(self, what: str, seconds: float) -> None:
        if self.dead:
            raise KernelDied("used more than 2 GiB of memory")
        self.limits.append(seconds)
        happens = self.script.get(what, 0.0)
        if isinstance(happens, Exception):
            raise happens
        self.seconds += happens

    def execute(self, source: str, outputs: Outputs, seconds: float, timing: Timing, *, draws: bool) -> int:
        """Run a cell."""
        self.ran.append(source)
        self._do(source, seconds)
        outputs.add("stream", {"name": "stdout", "text": f"ran {source}"})
        return len(self.ran)

    def request(self, frames: list[bytes], outputs: Outputs, seconds: float, timing: Timing) -> list[bytes]:
        """Answer a request."""
        request = codec.unpack(frames)
        self._do(request["op"], seconds)
        return codec.pack({"value": None}) if request["op"] == "install" else REPLY

    def close(self) -> None:
        """Note it."""
        self.closed = True


class Supply:
    """Gives kernels in turn, the last one's kind without end."""

    def __init__(self, *makers: Callable[[], Any]) -> None:
        self.makers = list(makers)
        self.given: list[Any] = []

    def __call__(self) -> Any:
        """Give a kernel."""
        made = (self.makers.pop(0) if len(self.makers) > 1 else self.makers[0])()
        self.given.append(made)
        return made


def session(*makers: Callable[[], Any], files: dict[str, bytes] | None = None, **timing: Any) -> tuple[Session, Supply]:
    """A session and what gives it kernels."""
    supply = Supply(*(makers or (FakeKernel,)))
    return Session(supply, files or {}, Timing(**timing)), supply  # type: ignore[arg-type]


def ask(made: Session, answer: str = "double", operation: str = "call") -> list[bytes]:
    """Send a request."""
    return made.request(answer, codec.pack({"op": operation}))


def dead() -> FakeKernel:
    """A kernel that has ended."""
    return FakeKernel(dead=True)


def text(outputs: list[Any]) -> str:
    """What a cell shows."""
    return "".join(output.get("text", output.get("evalue", "")) for output in outputs)


def test_cells_and_requests_go_to_one_kernel() -> None:
    made, supply = session()
    assert not made.alive
    assert text(made.run(Cell("one", "a"))) == "ran a"
    assert ask(made) is REPLY
    assert (made.alive, made.generation, made.calls, len(supply.given)) == (True, 1, 1, 1)
    assert made.has(1)
    assert not made.has(2)
    assert made.cell_name(1) == "one"
    assert made.cell_name(7) is None
    assert repr(made) == "<Session: kernel 1, 1 cells, 1 calls>"
    made.close()
    made.close()
    assert supply.given[0].closed
    assert not made.has(1)


def test_a_killed_kernel_is_replaced_by_one_in_which_the_cells_have_run_again() -> None:
    made, supply = session(lambda: FakeKernel({"call": KernelDied("ended its kernel (exit status 1)")}), FakeKernel)
    made.run(Cell("one", "a"))
    with pytest.raises(AnswerStoppedError, match=r"^double ended its kernel \(exit status 1\)$"):
        ask(made)
    assert not made.alive
    assert not made.has(1)
    assert ask(made, "other") is REPLY
    assert supply.given[1].ran == ["a"]
    assert made.generation == 2
    assert made.incidents == ["double ended its kernel (exit status 1)"]


def test_a_cell_that_costs_a_kernel_shows_it_and_is_not_run_again() -> None:
    made, supply = session(lambda: FakeKernel({"b": KernelDied("used more than 1 GiB of memory")}), FakeKernel)
    made.run(Cell("one", "a"))
    assert "cell two used more than 1 GiB of memory" in text(made.run(Cell("two", "b")))
    made.run(Cell("three", "c"))
    assert supply.given[1].ran == ["a", "c"]
    assert made.incidents == ["cell two used more than 1 GiB of memory"]


def test_a_cell_that_was_stopped_shows_it_and_its_kernel_goes_on() -> None:
    made, supply = session(lambda: FakeKernel({"a": CellStopped("took longer than 20 s")}))
    (error,) = made.run(Cell("one", "a"))
    assert (error.ename, error.evalue) == ("CellTimeoutError", "cell one took longer than 20 s")
    made.run(Cell("two", "b"))
    assert len(supply.given) == 1


def test_a_cell_that_ends_its_kernel_when_it_runs_again_is_left_out() -> None:
    kills = KernelDied("ended its kernel (signal 9)")
    made, supply = session(lambda: FakeKernel({"call": kills}), lambda: FakeKernel({"a": kills}), FakeKernel)
    made.run(Cell("one", "a"))
    made.run(Cell("two", "b"))
    with pytest.raises(AnswerStoppedError):
        ask(made)
    ask(made)
    assert [kernel.ran for kernel in supply.given] == [["a", "b"], ["a"], ["b"]]
    assert made.incidents[-1] == "cell one ended its kernel (signal 9)"


def test_an_answer_that_was_stopped_twice_is_not_called_again() -> None:
    made, supply = session(lambda: FakeKernel({"call": CellStopped("took longer than 20 s")}))
    for _ in range(2):
        with pytest.raises(AnswerStoppedError, match="took longer"):
            ask(made)
    with pytest.raises(AnswerStoppedError, match="stopped twice"):
        ask(made)
    with pytest.raises(AnswerStoppedError, match="took longer"):
        ask(made, "other")
    assert made.calls == 3
    assert len(supply.given) == 1


def test_restarts_are_limited() -> None:
    made, supply = session(lambda: FakeKernel({"call": KernelDied("ended its kernel")}), restarts=2)
    for name in "abc":
        with pytest.raises(AnswerStoppedError, match="ended its kernel"):
            ask(made, name)
    with pytest.raises(AnswerStoppedError, match=r"restart limit reached \(2\)"):
        ask(made, "d")
    assert len(supply.given) == 3
    assert "restart limit" in text(made.run(Cell("one", "a")))


def test_a_reply_that_is_damaged_is_returned_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = session()
    monkeypatch.setattr("tests.examiner.kernel.test_session.REPLY", [b"nonsense"])
    assert ask(made) == [b"nonsense"]


# ---- nobody's fault ----


@pytest.mark.parametrize("failing", [1, 2])
def test_a_kernel_that_was_dead_before_its_first_cell_is_replaced_and_not_counted(failing: int) -> None:
    made, supply = session(*[dead] * failing, FakeKernel, restarts=0)
    assert text(made.run(Cell("one", "a"))) == "ran a"
    assert (made.generation, made.incidents) == (1, [])
    assert all(kernel.closed for kernel in supply.given[:-1])


def test_kernels_that_do_not_start_are_the_grader_s_fault() -> None:
    def broken() -> FakeKernel:
        raise SandboxError("The kernel did not start. No space left on device")

    made, _ = session(dead, broken, dead)
    with pytest.raises(SandboxError, match="3 kernels in a row ended before any cell ran"):
        made.run(Cell("one", "a"))
    assert made.incidents == []


def test_a_kernel_that_dies_in_a_provided_cell_before_anything_of_the_student_is_replaced() -> None:
    made, supply = session(
        lambda: FakeKernel({"b": KernelDied("ended")}),
        lambda: FakeKernel({"a": CellStopped("late")}),
        FakeKernel,
        restarts=0,
    )
    made.run(Cell("one", "a", provided=True))
    assert text(made.run(Cell("two", "b", provided=True))) == "ran b"
    assert [kernel.ran for kernel in supply.given] == [["a", "b"], ["a"], ["a", "b"]]
    assert (made.generation, made.incidents) == (1, [])


def test_a_provided_cell_that_never_ends_is_the_grader_s_fault() -> None:
    made, supply = session(lambda: FakeKernel({"a": CellStopped("took longer than 20 s")}))
    with pytest.raises(SandboxError, match="provided cell one took longer than 20 s, before anything of the student"):
        made.run(Cell("one", "a", provided=True))
    assert len(supply.given) == 3


def test_after_the_student_s_first_cell_a_provided_cell_is_like_any_other() -> None:
    made, supply = session(lambda: FakeKernel({"b": KernelDied("ended its kernel")}), FakeKernel)
    made.run(Cell("one", "a"))
    assert "cell two ended its kernel" in text(made.run(Cell("two", "b", provided=True)))
    assert len(supply.given) == 1


def test_files_are_installed_in_every_kernel_and_failing_to_is_the_grader_s_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, _ = session(files={"a.txt": b"1"})
    installed: list[Any] = []

    def request(self: FakeKernel, frames: list[bytes], *_: Any) -> list[bytes]:
        installed.append(codec.unpack(frames)["files"])
        return codec.pack({"error": {"message": "No space left"}})

    monkeypatch.setattr(FakeKernel, "request", request)
    with pytest.raises(SandboxError, match="No space left"):
        made.run(Cell("one", "a"))
    assert bytes(installed[0]["a.txt"]) == b"1"


# ---- limits of time ----


def test_a_notebook_s_limit_counts_what_its_cells_and_calls_took_in_all_kernels() -> None:
    made, supply = session(
        lambda: FakeKernel({"a": 55.0, "call": KernelDied("ended its kernel")}),
        lambda: FakeKernel({"call": 50.0}),
        notebook=100,
        cell=50,
        call=50,
    )
    made.run(Cell("one", "a"))
    with pytest.raises(AnswerStoppedError):
        ask(made)
    ask(made)
    with pytest.raises(AnswerStoppedError, match="the notebook took longer than 100 s"):
        ask(made, "other")
    assert supply.given[0].limits[1:] == [50, 45]
    assert supply.given[1].limits[1:] == [45, 45]  # the cell again, and the call: what is left
    assert "the notebook took longer than 100 s" in text(made.run(Cell("two", "b")))
    assert made.incidents[-1] == "the notebook took longer than 100 s"


def test_what_is_left_of_the_submission_s_time_bounds_each_notebook() -> None:
    shared = TimeBudget(60)
    first = Session(Supply(lambda: FakeKernel({"a": 45.0})), {}, Timing(student=60), shared)  # type: ignore[arg-type]
    first.run(Cell("one", "a"))
    first.close()
    assert (shared.left, first.incidents) == (15.0, [])
    supply = Supply(lambda: FakeKernel({"b": 15.0}))
    second = Session(supply, {}, Timing(student=60), shared)  # type: ignore[arg-type]
    second.run(Cell("two", "b"))
    why = "the submission's notebooks together took longer than 60 s"
    assert supply.given[0].limits[1:] == [15]
    assert why in text(second.run(Cell("three", "c")))
    second.close()
    third = Session(supply, {}, Timing(student=60), shared)  # type: ignore[arg-type]
    with pytest.raises(AnswerStoppedError, match=why):
        ask(third)
    assert (third.incidents, len(supply.given)) == ([why], 1)  # nothing is started any more


def test_a_limit_that_is_what_is_left_is_named_as_such_though_the_clock_ends_below_it() -> None:
    stopped = CellStopped("took longer than 15 s")
    made = Session(Supply(lambda: FakeKernel({"a": 45.0, "b": stopped})), {}, Timing(student=60), TimeBudget(60))  # type: ignore[arg-type]
    made.run(Cell("one", "a"))
    assert "the submission's notebooks together took longer than 60 s" in text(made.run(Cell("two", "b")))
    long = Session(Supply(lambda: FakeKernel({"b": stopped})), {}, Timing(cell=15), TimeBudget(60))  # type: ignore[arg-type]
    assert "cell two took longer than 15 s" in text(long.run(Cell("two", "b")))


def test_time_between_calls_is_not_charged(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = session(notebook=100)
    made.run(Cell("one", "a"))
    real = session_module.time.monotonic
    monkeypatch.setattr(session_module.time, "monotonic", lambda: real() + 1000)
    assert ask(made) is REPLY


def test_a_notebook_that_a_busy_machine_keeps_for_hours_is_the_grader_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = session(notebook=100)
    made.run(Cell("one", "a"))
    real = session_module.time.monotonic
    monkeypatch.setattr(session_module.time, "monotonic", lambda: real() + 10_000)
    with pytest.raises(SandboxError, match="machine is too busy"):
        ask(made)


# ---- a real kernel ----


def test_a_real_kernel_is_replaced_with_all_that_was_defined() -> None:
    made = Session(lambda: KernelHost("none", {}).start(), {"a.txt": b"text"}, Timing(call=20))
    try:
        made.run(Cell("answers", "import os\ndef double(x):\n    return 2 * x"))
        made.run(Cell("more", "def end():\n    os._exit(1)"))

        def call(name: str, *args: Any) -> Any:
            request = {"op": "call", "cell": "test", "target": codec.Reference(None, name)}
            request |= {"attribute": None, "args": args, "kwargs": {}}
            return codec.unpack(made.request(name, codec.pack(request, lambda value: value)))

        assert call("double", 4)["value"] == 8
        with pytest.raises(AnswerStoppedError, match=r"end ended its kernel \(exit status 1\)"):
            call("end")
        assert call("double", 5)["value"] == 10
        assert made.generation == 2
        assert text(made.run(Cell("look", "print(open('a.txt').read())"))) == "text\n"
    finally:
        made.close()
