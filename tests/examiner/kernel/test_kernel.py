"""A kernel: its messages and limits with a fake sandbox, its start with a real one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from examiner import codec
from examiner._exceptions import ProtocolError, SandboxError
from examiner.kernel import connection as connection_module
from examiner.kernel import kernel as kernel_module
from examiner.kernel.connection import wall_limit
from examiner.kernel.kernel import CellStopped, Kernel, KernelDied
from examiner.kernel.messages import DELIMITER
from examiner.kernel.zmtp import OVERSIZE
from examiner.notebooks.outputs import Outputs
from examiner.settings import Timing
from tests.examiner import inside

bubblewrap = pytest.mark.skipif(not inside.works(), reason="bubblewrap does not work here")
BOTH = [pytest.param("bubblewrap", marks=bubblewrap), "none"]
TIMING = Timing(interrupt=2)


class Clock:
    """A stopwatch of which a test says how it goes: so many seconds at each look."""

    def __init__(self, step: float = 0.0, wall_step: float | None = None) -> None:
        self.step, self.wall_step = step, step if wall_step is None else wall_step
        self.seconds = self.wall = 0.0

    def start(self) -> None:
        """Begin at 0."""
        self.seconds = self.wall = 0.0

    def look(self) -> float:
        """Let time pass."""
        self.seconds += self.step
        self.wall += self.wall_step
        return self.seconds


class FakeSandbox:
    """A sandbox in which nothing runs."""

    def __init__(self, isolation: str, limits: object, *, files: object, data_dir: Path | None) -> None:
        self.isolation, self.host_work, self.work = isolation, Path("/nonexistent"), Path("/tmp/work")
        self.data = None if data_dir is None else Path("/data")
        self.clock = Clock()
        self.reason: str | None = None
        self.status: int | None = None
        self.did: list[str] = []
        self.output = ""

    def stopwatch(self) -> Clock:
        """Give the clock."""
        return self.clock

    def poll(self) -> int | None:
        """Give the status."""
        return self.status

    def wait(self, timeout: float) -> int | None:
        """Give the status, at once."""
        return self.status

    def interrupt(self) -> None:
        """Note it."""
        self.did.append("interrupt")

    def kill(self) -> None:
        """Note it."""
        self.did.append("kill")

    def close(self) -> None:
        """Note it."""
        self.did.append("close")

    def seal(self) -> bool:
        """Note it."""
        self.did.append("seal")
        return True


class Channel:
    """A kernel's socket that always has something to read: what a test says, then nothing."""

    def __init__(self, script: Callable[[str], Sequence[list[bytes] | Exception]]) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._theirs.send(b"!")
        self._script, self._waiting = script, [[b"welcome"]]
        self.received = 0
        self.sent: list[list[bytes]] = []
        self.other: Channel | None = None

    def fileno(self) -> int:
        """A descriptor that can be read."""
        return self._ours.fileno()

    def send(self, frames: list[bytes]) -> None:
        """Answer a message, as the script says."""
        self.sent.append(frames)
        name = json.loads(frames[frames.index(DELIMITER) + 2])["msg_id"]
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


def message(kind: str, parent: str, content: Mapping[str, Any], *buffers: bytes) -> list[bytes]:
    """A kernel's message."""
    parts = [{"msg_type": kind}, {"msg_id": parent}, {}, content]
    return [DELIMITER, b"", *(json.dumps(part).encode() for part in parts), *buffers]


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
    made: list[Kernel] = []

    def kernel(
        replies: Callable[[str], Sequence[Any]] = nothing,
        published: Callable[[str], Sequence[Any]] = nothing,
        clock: Clock | None = None,
    ) -> Kernel:
        shell, iopub = Channel(replies), Channel(published)
        shell.other = iopub
        monkeypatch.setattr(kernel_module, "Sandbox", FakeSandbox)
        monkeypatch.setattr(Kernel, "_start", lambda self, env: None)
        monkeypatch.setattr(
            connection_module, "ZmtpSocket", lambda path, kind, size: {"SUB": iopub, "DEALER": shell}[kind]
        )
        new = Kernel("none", {})
        new.sandbox.clock = clock or Clock()  # type: ignore[attr-defined]
        made.append(new)
        return new

    yield kernel
    for each in made:
        each.close()


def did(kernel: Kernel) -> list[str]:
    """What happened to a fake sandbox."""
    found: list[str] = kernel.sandbox.did  # type: ignore[attr-defined]
    return found


def test_a_cell_runs_and_its_number_comes_back(make: Make) -> None:
    def published(name: str) -> list[list[bytes]]:
        return [message("stream", name, {"name": "stdout", "text": "hello"}), *idle(name)]

    kernel = make(lambda name: [message("execute_reply", name, {"execution_count": 4})], published)
    outputs = Outputs()
    assert kernel.execute("print('hello')", outputs, 5, TIMING) == 4
    assert outputs.finished()[0].text == "hello"
    assert did(kernel) == ["seal"]


@pytest.mark.parametrize("count", [None, "4", True, 4.0, [4]])
def test_a_number_that_is_none_is_not_believed(count: Any, make: Make) -> None:
    kernel = make(lambda name: [message("execute_reply", name, {"execution_count": count})], idle)
    assert kernel.execute("1", Outputs(), 5, TIMING) is None


def test_a_request_gives_the_frames_of_its_reply(make: Make) -> None:
    kernel = make(lambda name: [message("examiner_reply", name, {}, b"1", b"2")], idle)
    assert kernel.request([b"frames"], Outputs(), 5, TIMING) == [b"1", b"2"]
    assert kernel.calls == 1


def test_a_reply_that_is_too_large_is_the_codec_s_error(make: Make) -> None:
    kernel = make(lambda name: [OVERSIZE], idle)
    with pytest.raises(codec.CodecError, match="too large"):
        kernel.request([b"frames"], Outputs(), 5, TIMING)


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
    assert did(kernel) == ["seal", "interrupt"]


def test_a_reply_that_is_there_counts_even_if_the_examiner_looks_late(make: Make) -> None:
    kernel = make(lambda name: [message("execute_reply", name, {"execution_count": 2})], idle, Clock(4.9))
    assert kernel.execute("1", Outputs(), 5, TIMING) == 2
    assert "interrupt" not in did(kernel)


def test_a_kernel_that_cannot_be_interrupted_is_killed(make: Make) -> None:
    kernel = make(clock=Clock(0.5))
    with pytest.raises(KernelDied, match="took longer than 5 s and could not be interrupted"):
        kernel.execute("while True: pass", Outputs(), 5, TIMING)
    assert did(kernel) == ["seal", "interrupt", "kill"]


def test_waiting_for_a_processor_is_not_charged_until_the_machine_is_hopeless(make: Make) -> None:
    kernel = make(clock=Clock(step=0.001, wall_step=10))
    with pytest.raises(SandboxError, match="machine is too busy"):
        kernel.execute("while True: pass", Outputs(), 5, TIMING)
    assert did(kernel) == ["seal", "kill"]
    assert kernel.seconds < 1
    assert wall_limit(5) == 160


def test_seconds_add_up(make: Make) -> None:
    kernel = make(lambda name: [message("examiner_reply", name, {}, b"1")], idle, Clock(0.25))
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
        (139, None, "ended its kernel (signal 11)"),
        (137, "used more than 1 GiB of memory", "used more than 1 GiB of memory"),
        (None, None, "closed its connection"),
    ],
)
def test_the_end_of_a_kernel_has_a_reason(status: int | None, reason: str | None, said: str, make: Make) -> None:
    kernel = make(lambda name: [ProtocolError("the kernel has closed its socket")])
    kernel.wait_until_ready()
    kernel.sandbox.status, kernel.sandbox.reason = status, reason  # type: ignore[attr-defined, misc]
    with pytest.raises(KernelDied) as error:
        kernel.execute("1", Outputs(), 5, TIMING)
    assert str(error.value) == said


def test_a_kernel_that_ends_while_it_starts_is_the_grader_s_fault(make: Make) -> None:
    kernel = make()
    kernel.sandbox.status, kernel.sandbox.output = 1, "first\nNo module named ipykernel\n"  # type: ignore[attr-defined, misc]
    connection_module.ZmtpSocket(Path(), "SUB", 1).receive()  # without the kernel's greeting
    with pytest.raises(SandboxError, match=r"did not start\. No module named ipykernel$"):
        kernel.wait_until_ready()


# ---- real kernels ----


@pytest.mark.parametrize("isolation", BOTH)
def test_a_real_kernel_runs_cells_and_finds_its_paths(isolation: Any, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    tmp_path.chmod(0o755)
    env = {"EARLIER": "{work}/.earlier", "DATA": "{data}", "PLAIN": "{other}"}
    kernel = Kernel(isolation, {"a.txt": b"1"}, data_dir=tmp_path, env=env)
    try:
        outputs = Outputs()
        source = (
            "from os import environ as e, getcwd, listdir; print(e['EARLIER'] == getcwd() + '/.earlier', e['PLAIN'])"
        )
        assert kernel.execute(f"{source}; print(listdir(e['DATA']))", outputs, 20, Timing()) == 1
        assert outputs.finished()[0].text == "True {other}\n['mnist']\n"
        with pytest.raises(CellStopped):
            kernel.execute("import time; time.sleep(60)", Outputs(), 0.3, Timing(interrupt=20))
        assert kernel.execute("1", Outputs(), 20, Timing()) == 3
        with pytest.raises(KernelDied, match="exit status 5"):
            kernel.execute("import os; os._exit(5)", Outputs(), 20, Timing())
    finally:
        kernel.close()


@pytest.mark.long
@bubblewrap
def test_a_busy_machine_costs_no_time_and_sleeping_does() -> None:
    """At a load of ten, a cell of 2 s of work has a limit of 4 s."""
    count = 10 * len(os.sched_getaffinity(0))
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    kernel = Kernel("bubblewrap", {})
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
        kernel.close()
