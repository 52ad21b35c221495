"""Sandboxes with a fork server: real ones."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examiner import codec
from examiner._exceptions import SandboxError
from examiner.kernel import Kernel, KernelHost
from examiner.kernel import host as host_module
from examiner.kernel.kernel import CellStopped, KernelDied
from examiner.notebooks.outputs import Outputs
from examiner.settings import Limits, Timing
from examiner.shared import new_file, write_shared
from tests.examiner import inside

bubblewrap = pytest.mark.skipif(not inside.works(), reason="bubblewrap does not work here")
LOAD = "from some_data import load; load()"
BOTH = [pytest.param("bubblewrap", marks=bubblewrap), "none"]


def run(kernel: Kernel, source: str) -> str:
    """Run a cell and give what it printed, or the name of its exception."""
    outputs = Outputs()
    kernel.execute(source, outputs, 20, Timing())
    return "".join(each.get("text", each.get("ename", "")) for each in outputs.finished())


@pytest.fixture(scope="module")
def host() -> Iterator[KernelHost]:
    """A host for several kernels."""
    with KernelHost("bubblewrap", {"given.txt": b"1"}) as made:
        yield made


@pytest.mark.parametrize("isolation", BOTH)
def test_a_kernel_runs_cells_and_finds_its_paths(isolation: Any, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    tmp_path.chmod(0o755)
    env = {"EARLIER": "{work}/.earlier", "DATA": "{data}", "PLAIN": "{other}"}
    with KernelHost(isolation, {"a.txt": b"1"}, data_dir=tmp_path, env=env) as host:
        kernel = host.start()
        run(kernel, "from os import environ as e, getcwd, listdir")
        assert run(kernel, "print(e['EARLIER'] == getcwd() + '/.earlier', e['PLAIN'])") == "True {other}\n"
        assert run(kernel, "print(listdir(e['DATA']), open('a.txt').read())") == "['mnist'] 1\n"
        with pytest.raises(CellStopped):
            kernel.execute("import time; time.sleep(60)", Outputs(), 0.3, Timing(interrupt=20))
        assert kernel.execute("1", Outputs(), 20, Timing()) == 5
        with pytest.raises(KernelDied, match="exit status 5"):
            kernel.execute("import os; os._exit(5)", Outputs(), 20, Timing())


@bubblewrap
def test_a_cell_is_transformed_with_what_it_finds_when_it_runs(host: KernelHost) -> None:
    kernel = host.start()
    run(kernel, "ip, found = get_ipython(), []")
    run(kernel, "for number in (1, 2):\n    found.append(ip.run_cell('pwd').result)\n    pwd = number")
    assert run(kernel, "print(found)") == "['/tmp/work', 1]\n"  # first the magic, then the name
    run(kernel, "ip.input_transformers_cleanup.append(lambda lines: [each.replace('OLD', 'NEW') for each in lines])")
    assert run(kernel, "print('OLD')") == "NEW\n"
    run(kernel, "ip.input_transformers_cleanup.pop()")
    assert run(kernel, "print('OLD')") == "OLD\n"


@pytest.mark.parametrize("isolation", BOTH)
def test_a_cell_may_await(isolation: Any) -> None:
    with KernelHost(isolation, {}) as host:
        kernel = host.start()
        assert run(kernel, "import asyncio\nprint(await asyncio.sleep(0.01, 'awaited'))") == "awaited\n"
        assert run(kernel, "print('next')") == "next\n"
        with pytest.raises(CellStopped):
            kernel.execute("await asyncio.sleep(60)", Outputs(), 0.3, Timing(interrupt=20))
        assert run(kernel, "print('still there')") == "still there\n"


@bubblewrap
@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("import os; os._exit(5)", r"ended its kernel \(exit status 5\)"),
        ("import os; os.kill(os.getpid(), 9)", r"ended its kernel \(signal 9\)"),
        ("import ctypes; ctypes.string_at(0)", r"ended its kernel \(signal 11\)"),
        ("os.closerange(3, 256)", "closed its connection|ended its kernel"),
    ],
    ids=["exit", "kill", "crash", "closed descriptors"],
)
def test_a_kernel_that_ended_says_how_and_the_next_one_comes_from_the_same_sandbox(
    ending: str, said: str, host: KernelHost
) -> None:
    kernel = host.start()
    run(kernel, "import os")
    with pytest.raises(KernelDied, match=said):
        kernel.execute(ending, Outputs(), 5, Timing(interrupt=1))
    assert host.alive
    kernel = host.start()
    assert run(kernel, "print(open('given.txt').read())") == "1\n"
    kernel.close()


@bubblewrap
def test_a_kernel_that_cannot_be_interrupted_costs_itself_and_not_the_sandbox(host: KernelHost) -> None:
    kernel = host.start()
    endless = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    with pytest.raises(KernelDied, match="could not be interrupted"):
        kernel.execute(endless, Outputs(), 0.5, Timing(interrupt=0.5))
    assert host.alive
    kernel = host.start()
    assert run(kernel, "print(1)") == "1\n"
    kernel.close()


@bubblewrap
def test_figures_are_drawn_in_every_kernel(host: KernelHost) -> None:
    for _ in range(2):
        kernel, outputs = host.start(), Outputs()
        kernel.execute("import matplotlib.pyplot as plt; plt.plot([1, 2]);", outputs, 20, Timing())
        [figure] = [each for each in outputs.finished() if each.output_type == "display_data"]
        assert "image/png" in figure.data
        kernel.close()


@bubblewrap
def test_random_numbers_are_different_in_each_kernel(host: KernelHost) -> None:
    drawn = set()
    for _ in range(3):
        kernel = host.start()
        drawn.add(run(kernel, "import random, numpy; print(numpy.random.rand()); print(random.random())"))
        run(kernel, "numpy.random.seed(7); random.seed(7)")
        kernel.close()
    assert len({line for text in drawn for line in text.split()}) == 6


def test_without_bubblewrap_a_host_serves_one_kernel() -> None:
    host = KernelHost("none", {})
    host.start().close()
    assert not host.alive
    with pytest.raises(SandboxError):
        host.start()


SPEAKS = """
import threading, time
import matplotlib.pyplot as plt
def answer(how):
    if how == "print":
        print("said")
    elif how == "draw":
        plt.plot([1, 2])
    elif how == "without end":
        print("no line", end="")
    elif how == "thread":
        thread = threading.Thread(target=print, args=("in a thread",))
        thread.start()
        thread.join()
    return how
"""
SAID = {
    "quiet": [],
    "print": ["said\n"],
    "draw": ["image/png"],
    "without end": ["no line"],
    "thread": ["in a thread\n"],
}


@bubblewrap
def test_what_a_call_prints_and_draws_comes_with_its_reply(host: KernelHost) -> None:
    kernel = host.start()
    run(kernel, SPEAKS)
    for how in ["quiet", "print", "print", "quiet", "draw", "quiet", "without end", "print", "thread", "quiet"] * 5:
        request: dict[str, Any] = {"op": "call", "cell": "test"}
        request |= {"target": codec.Reference(None, "answer"), "args": (how,)}
        outputs = Outputs()
        frames = codec.pack(request, lambda value: value, codec.REQUEST_LIMITS)
        reply = codec.unpack(kernel.request(frames, outputs, 20, Timing()))
        assert reply["value"] == how
        found = [each.get("text") or next(iter(each.data)) for each in outputs.finished()]
        assert found == SAID[how]


def call(kernel: Kernel, name: str, *arguments: object) -> Any:
    """Call a function of the notebook."""
    request: dict[str, Any] = {"op": "call", "cell": "test"}
    request |= {"target": codec.Reference(None, name), "args": arguments}
    frames = codec.pack(request, lambda value: value, codec.REQUEST_LIMITS)
    return codec.unpack(kernel.request(frames, Outputs(), 20, Timing())).get("value")


def test_cells_and_calls_share_what_one_of_them_sets(host: KernelHost) -> None:
    kernel = host.start()
    run(kernel, "import numpy as np\nnp.seterr(divide='ignore')")
    run(kernel, "def mode(new):\n    return np.seterr(divide=new)['divide']")
    assert [call(kernel, "mode", new) for new in ("raise", "warn")] == ["ignore", "raise"]
    assert run(kernel, "print(np.geterr()['divide'])") == "warn\n"


def test_a_call_may_have_many_arguments(host: KernelHost) -> None:
    kernel = host.start()
    run(kernel, "def count(x):\n    return len(x)")
    assert call(kernel, "count", [np.float64(1)] * 140_000) == 140_000


READ = "import sys; found = sys.modules['_examiner_shared'].read_shared"
OPEN = """
import os
links = [f"/proc/self/fd/{each}" for each in os.listdir("/proc/self/fd")]
print([os.readlink(each) for each in links if os.path.lexists(each) and "memfd" in os.readlink(each)])
"""


@bubblewrap
@pytest.mark.parametrize(
    "statement", ["import sys; x = sys.modules['_examiner_shared'].read_shared({})", "missing({})"]
)
def test_no_descriptor_of_shared_data_is_left_in_a_kernel(statement: str) -> None:
    """Whoever had one could leave a message there for another student: in the file's attributes, say."""
    file = new_file()
    write_shared(file, [1.5])
    with KernelHost("bubblewrap", {}, preload=[statement.format(file)], descriptors=[file]) as host:
        os.close(file)
        found = run(host.start(), OPEN)
    assert found == "[]\n"


@bubblewrap
def test_data_sets_are_loaded_once_for_all_kernels() -> None:
    data = b"import os\nloaded = []\ndef load():\n    loaded.append(os.getpid())\n    print('loading')\n"
    with KernelHost("bubblewrap", {"some_data.py": data}, preload=["import missing", LOAD]) as host:
        kernel = host.start()
        assert run(kernel, "import os, some_data; print(some_data.loaded == [os.getppid()])") == "True\n"


@pytest.mark.parametrize(
    ("module", "code", "said"),
    [
        (host_module.PROGRAM, b"raise SystemExit('No module named ipykernel')", "No module named ipykernel"),
        (".examiner/_examiner_scratch.py", b"1 / 0", "ZeroDivisionError: division by zero"),
        (
            ".examiner/_examiner_agent.py",
            b"def prepare():\n    pass\ndef prepared_app(*order):\n    1 / 0",
            "ZeroDivisionError: division by zero",
        ),
    ],
    ids=["fork server", "neighbor", "kernel"],
)
def test_what_keeps_a_kernel_from_starting_is_quoted(
    module: str, code: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(host_module.FILES, module, code)  # type: ignore[arg-type]
    host = KernelHost("bubblewrap" if inside.works() else "none", {})
    with pytest.raises(SandboxError, match=said):
        host.start()
    assert not host.alive


def test_a_fork_server_that_never_gets_ready_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(host_module.FILES, host_module.PROGRAM, b"import time; time.sleep(99)")  # type: ignore[arg-type]
    monkeypatch.setattr(host_module, "is_late", lambda watch: watch.look() > 0.3)
    host = KernelHost("none", {})
    with pytest.raises(SandboxError, match="The fork server did not start"):
        host.start()


def test_a_fork_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "REPLY_SECONDS", 0.3)
    monkeypatch.setattr(host_module, "is_late", lambda watch: watch.look() > 0.3)
    code = b"import socket, sys, time\nc = socket.socket(fileno=int(sys.argv[1])); c.send(b'{}'); time.sleep(99)"
    monkeypatch.setitem(host_module.FILES, host_module.PROGRAM, code)  # type: ignore[arg-type]
    with pytest.raises(SandboxError, match="does not answer"):
        KernelHost("none", {}).start()


@bubblewrap
def test_a_limit_that_ends_the_sandbox_is_the_reason_of_the_kernel_s_end() -> None:
    with KernelHost("bubblewrap", {}, limits=Limits(disk=2**20)) as host:
        kernel = host.start()
        with pytest.raises(KernelDied, match="made too many files"):
            run(kernel, "i = 0\nwhile True:\n    open(f'/dev/shm/{i}', 'w').close(); i += 1")
        assert not host.alive


@bubblewrap
def test_processor_time_of_all_kernels_counts_together() -> None:
    burn = "import time\nend = time.process_time() + 1\nwhile time.process_time() < end: pass"
    with KernelHost("bubblewrap", {}, limits=Limits(cpu_seconds=6)) as host:
        with pytest.raises((KernelDied, SandboxError), match="used more than 6 s of processor time"):  # noqa: PT012
            for _ in range(8):
                kernel = host.start()
                run(kernel, burn)
                kernel.close()
        assert not host.alive


@bubblewrap
@pytest.mark.parametrize("draws", [False, True])
def test_what_drawing_takes_is_loaded_before_the_first_kernel_that_may_draw(draws: bool) -> None:
    lazy = b"def __getattr__(name):\n    raise AttributeError\ndef __dir__():\n    import plotting\n    return []\n"
    files = {"lazy.py": lazy, "plotting.py": b""}
    shows = "import sys; print([name in sys.modules for name in ('matplotlib.figure', 'plotting')])"
    with KernelHost("bubblewrap", files, preload=["import lazy"]) as host:
        for _ in range(2):
            kernel = host.start(draws)
            assert run(kernel, shows) == f"[{draws}, {draws}]\n"
            kernel.close()
        assert run(host.start(not draws), shows) == f"[{draws}, {draws}]\n"  # submitted code has run by now


@bubblewrap
def test_loaded_data_counts_once_in_the_memory_of_a_sandbox() -> None:
    data = b"import numpy\nkept = []\ndef load():\n    kept.append(numpy.ones(2**24))\n"  # 128 MiB
    limits = Limits(memory=2**30)
    with KernelHost("bubblewrap", {"some_data.py": data}, limits=limits, preload=[LOAD]) as host:
        kernel = host.start()
        assert run(kernel, "import some_data, time; print(some_data.kept[0].sum()); time.sleep(0.5)") == "16777216.0\n"
        more = "import os\nos.fork(), os.fork()\nx = b'x' * 300_000_000\ntime.sleep(9)"
        with pytest.raises(KernelDied, match="used more than 1 GiB of memory"):
            run(kernel, more)


def test_nothing_is_left_of_the_sockets_and_their_path_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    listeners, clients = host_module._connected_pairs()
    for listener, client in zip(listeners, clients, strict=True):
        accepted, _ = listener.accept()
        accepted.send(b"1")
        assert client.recv(1) == b"1"
        assert not os.path.exists(listener.getsockname())
        for each in (listener, client, accepted):
            each.close()


@bubblewrap
def test_making_a_host_does_not_wait_until_it_is_warm() -> None:
    began = time.monotonic()
    with KernelHost("bubblewrap", {}) as host:
        made = time.monotonic() - began
        kernel = host.start()
        assert made < time.monotonic() - began
        assert "KernelHost" in repr(kernel)
