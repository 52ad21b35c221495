"""A kernel: its messages and limits, with a fake host."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from examiner._exceptions import ProtocolError, SandboxError
from examiner.frames import QUIET
from examiner.kernel import KernelHost
from examiner.kernel import connection as connection_module
from examiner.kernel.connection import Connection, wall_limit
from examiner.kernel.kernel import CellStopped, Kernel, KernelDied
from examiner.kernel.messages import DELIMITER, Composer
from examiner.notebooks.outputs import Outputs
from examiner.settings import Timing
from tests.examiner import inside

bubblewrap = pytest.mark.skipif(not inside.works(), reason="bubblewrap does not work here")
TIMING = Timing(interrupt=2)


class Clock:
    """A stopwatch of which a test says how it goes: so many seconds at each look."""

    def __init__(self, step: float = 0.0, wall_step: float | None = None) -> None:
        self.step, self.wall_step = step, step if wall_step is None else wall_step
        self.seconds = self.wall = 0.0

    def start(self) -> None:
        """Begin at 0."""
        self.seconds = self.wall = 0.0

    def look(self, limit: float = 0.0) -> float:
        """Let time pass."""
        self.seconds += self.step
        self.wall += self.wall_step
        return self.seconds


class FakeHost:
    """Where nothing runs."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.status: int | None = None
        self.did: list[str] = []

    def interrupt(self) -> None:
        """Note it."""
        self.did.append("interrupt")

    def ended(self, seconds: float) -> bool:
        """Whether a test says so."""
        return self.status is not None

    def end(self) -> int | None:
        """Note it."""
        self.did.append("end")
        return self.status


class Channel:
    """A kernel's socket that always has something to read: what a test says, then nothing."""

    def __init__(self, script: Callable[[str], Sequence[list[bytes] | Exception]]) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._theirs.send(b"!")
        self._script, self._waiting = script, [[b"welcome"]]
        self.received, self.sending, self.unfinished = 0, False, False
        self.sent: list[list[bytes]] = []
        self.other: Channel | None = None

    def fileno(self) -> int:
        """A descriptor that can be read."""
        return self._ours.fileno()

    def send(self, frames: list[bytes]) -> None:
        """Answer a message, as the script says."""
        self.sent.append(frames)
        call = DELIMITER not in frames
        name = frames[0].decode() if call else json.loads(frames[frames.index(DELIMITER) + 2])["msg_id"]
        for channel in filter(None, (self, self.other)):
            channel._waiting = list(channel._script(name))  # type: ignore[assignment]

    def receive(self) -> list[list[bytes]]:
        """Give the next message, or raise the next error."""
        if not self._waiting:
            return []
        item = self._waiting.pop(0)
        if isinstance(item, Exception):
            raise item
        self.received += sum(map(len, item))
        return [item]

    def close(self) -> None:
        """Close both ends."""
        self._ours.close()
        self._theirs.close()


def message(kind: str, parent: str, content: Mapping[str, Any]) -> list[bytes]:
    """A kernel's message."""
    parts = [{"msg_type": kind}, {"msg_id": parent}, {}, content]
    return [DELIMITER, b"", *(json.dumps(part).encode() for part in parts)]


def idle(name: str) -> list[list[bytes]]:
    """What a kernel publishes at the end."""
    return [message("status", name, {"execution_state": "idle"})]


def nothing(name: str) -> list[list[bytes]]:
    """A kernel that is silent."""
    return []


Make = Callable[..., Kernel]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A function that makes a kernel which answers as it is told."""
    made: list[Connection] = []

    def kernel(
        replies: Callable[[str], Sequence[Any]] = nothing,
        published: Callable[[str], Sequence[Any]] = nothing,
        clock: Clock | None = None,
    ) -> Kernel:
        shell, iopub, calls = Channel(replies), Channel(published), Channel(replies)
        shell.other = calls.other = iopub
        monkeypatch.setattr(connection_module, "ZmtpSocket", lambda channel, kind, size: channel)
        monkeypatch.setattr(connection_module, "CallSocket", lambda channel, size, frames: channel)
        connection = Connection(shell, iopub, calls, clock or Clock())  # type: ignore[arg-type]
        connection.wait_for_greeting()
        made.append(connection)
        return Kernel(FakeHost(), connection, Composer())

    yield kernel
    for each in made:
        each.close()


def host_of(kernel: Kernel) -> FakeHost:
    """The fake host of a kernel."""
    host: FakeHost = kernel._host  # type: ignore[assignment]
    return host


def did(kernel: Kernel) -> list[str]:
    """What happened to it."""
    return host_of(kernel).did


def test_a_cell_runs_and_its_number_comes_back(make: Make) -> None:
    def published(name: str) -> list[list[bytes]]:
        return [message("stream", name, {"name": "stdout", "text": "hello"}), *idle(name)]

    kernel = make(lambda name: [message("execute_reply", name, {"execution_count": 4})], published)
    outputs = Outputs()
    assert kernel.execute("print('hello')", outputs, 5, TIMING) == 4
    assert outputs.finished()[0].text == "hello"
    assert did(kernel) == []


@pytest.mark.parametrize("count", [None, "4", True, 4.0, [4]])
def test_a_number_that_is_none_is_not_believed(count: Any, make: Make) -> None:
    kernel = make(lambda name: [message("execute_reply", name, {"execution_count": count})], idle)
    assert kernel.execute("1", Outputs(), 5, TIMING) is None


def test_a_request_gives_the_frames_of_its_reply(make: Make) -> None:
    kernel = make(lambda name: [[b"other", QUIET, b"0"], [name.encode(), QUIET, b"1", b"2"]], idle)
    assert kernel.request([b"frames"], Outputs(), 5, TIMING) == [b"1", b"2"]
    assert kernel.calls == 1


def test_what_a_call_prints_is_waited_for(make: Make) -> None:
    def published(name: str) -> list[list[bytes]]:
        return [[b"noise"], message("stream", name, {"name": "stdout", "text": "hello"}), *idle(name)]

    kernel, outputs = make(lambda name: [[name.encode(), b"", b"1"]], published), Outputs()
    assert kernel.request([b"frames"], outputs, 5, TIMING) == [b"1"]
    assert outputs.finished()[0].text == "hello"


def test_replies_to_something_else_are_not_taken(make: Make) -> None:
    kernel = make(
        lambda name: [message("execute_reply", "other", {}), message("execute_reply", name, {"execution_count": 2})],
        lambda name: [*idle("other"), *idle(name)],
    )
    assert kernel.execute("1", Outputs(), 5, TIMING) == 2


def test_a_cell_that_takes_too_long_is_interrupted_and_the_kernel_goes_on(make: Make) -> None:
    late = [[b"noise"]] * 12

    kernel = make(lambda name: [*late, message("execute_reply", name, {"execution_count": 2})], idle, Clock(0.5))
    with pytest.raises(CellStopped, match=r"^took longer than 5 s$"):
        kernel.execute("while True: pass", Outputs(), 5, Timing(interrupt=20))
    assert did(kernel) == ["interrupt"]


def test_a_reply_that_is_there_counts_even_if_the_examiner_looks_late(make: Make) -> None:
    kernel = make(lambda name: [message("execute_reply", name, {"execution_count": 2})], idle, Clock(4.9))
    assert kernel.execute("1", Outputs(), 5, TIMING) == 2
    assert "interrupt" not in did(kernel)


def test_a_kernel_that_cannot_be_interrupted_is_killed(make: Make) -> None:
    kernel = make(clock=Clock(0.5))
    with pytest.raises(KernelDied, match="took longer than 5 s and could not be interrupted"):
        kernel.execute("while True: pass", Outputs(), 5, TIMING)
    assert did(kernel) == ["interrupt", "end"]


def test_waiting_for_a_processor_is_not_charged_until_the_machine_is_hopeless(make: Make) -> None:
    kernel = make(clock=Clock(step=0.001, wall_step=10))
    with pytest.raises(SandboxError, match="machine is too busy"):
        kernel.execute("while True: pass", Outputs(), 5, TIMING)
    assert did(kernel) == ["end"]
    assert kernel.seconds < 1
    assert wall_limit(5) == 160


def test_seconds_add_up(make: Make) -> None:
    kernel = make(lambda name: [[name.encode(), b"", b"1"]], idle, Clock(0.25))
    kernel.request([b""], Outputs(), 5, TIMING)
    once = kernel.seconds
    assert once > 0
    kernel.request([b""], Outputs(), 5, TIMING)
    assert kernel.seconds == 2 * once


def test_a_flood_ends_the_kernel(make: Make) -> None:
    kernel = make(published=lambda name: [[b"x" * 300_000]] * 5)
    with pytest.raises(KernelDied, match="wrote more than 1 MiB"):
        kernel.execute("1", Outputs(), 5, Timing(traffic=2**20))


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        (3, None, "ended its kernel (exit status 3)"),
        (-11, None, "ended its kernel (signal 11)"),
        (-9, "used more than 1 GiB of memory", "used more than 1 GiB of memory"),
        (None, None, "closed its connection"),
    ],
)
def test_the_end_of_a_kernel_has_a_reason(status: int | None, reason: str | None, said: str, make: Make) -> None:
    kernel = make(lambda name: [ProtocolError("the kernel has closed its socket")])
    host_of(kernel).status, host_of(kernel).reason = status, reason
    with pytest.raises(KernelDied) as error:
        kernel.execute("1", Outputs(), 5, TIMING)
    assert str(error.value) == said


def test_a_kernel_ends_once(make: Make) -> None:
    kernel = make(lambda name: [ProtocolError("the kernel has closed its socket")])
    with pytest.raises(KernelDied):
        kernel.execute("1", Outputs(), 5, TIMING)
    kernel.close()
    assert did(kernel) == ["end"]


def test_ending_a_kernel_is_not_charged_to_its_student(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(0.25)
    kernel = make(lambda name: [ProtocolError("the kernel has closed its socket")], clock=clock)
    monkeypatch.setattr(FakeHost, "end", lambda host: clock.look() and None)
    with pytest.raises(KernelDied):
        kernel.execute("1", Outputs(), 5, TIMING)
    assert (kernel.seconds, clock.seconds) == (0.25, 0.5)


# ---- a real kernel ----


@pytest.mark.long
@bubblewrap
def test_a_busy_machine_costs_no_time_and_sleeping_does() -> None:
    """At a load of ten, a cell of 2 s of work has a limit of 4 s."""
    count = 10 * len(os.sched_getaffinity(0))
    hog = [sys.executable, "-c", "while True: pass"]
    hogs = [subprocess.Popen(hog, start_new_session=True) for _ in range(count)]  # else they share one turn
    host = KernelHost("bubblewrap", {})
    kernel = host.start()
    work = "import time\nend = time.process_time() + 2\nwhile time.process_time() < end: pass"
    try:
        began = time.monotonic()
        assert kernel.execute(work, Outputs(), 4, Timing()) == 1
        assert time.monotonic() - began > 4
        with pytest.raises(CellStopped):
            kernel.execute("time.sleep(600)", Outputs(), 4, Timing(interrupt=20))
    finally:
        for hog in hogs:
            hog.send_signal(signal.SIGKILL)
            hog.wait()
        host.close()
