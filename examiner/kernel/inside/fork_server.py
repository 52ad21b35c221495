"""Runs inside the sandbox: loads what every kernel needs, and forks a kernel for each notebook.

Between two notebooks it ends everything in the sandbox, and removes all that was written.  It never runs submitted
code, which cannot reach its memory and descriptors (``PR_SET_DUMPABLE``), and cannot stop or end it: it is the first
process of its namespace.  But submitted code runs as the same user, and can change its limits: it compares its own
state with that of its start, and says so where anything differs.  The examiner then starts a fresh sandbox.

It is started with the number of its control socket, the isolation, and statements of Python that load what notebooks
need.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import importlib
import io
import json
import os
import platform
import resource
import signal
import socket
import sys
import traceback
import types
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import numpy as np

if __name__ == "__main__":
    gc.disable()  # until all is loaded: nearly everything that this makes stays
sys.path.insert(0, os.path.dirname(__file__))
agent: Any = importlib.import_module("_examiner_agent")
scratch: Any = importlib.import_module("_examiner_scratch")
importlib.import_module("_examiner_shared")  # for what is preloaded
sys.path.pop(0)

FOLDERS = "/tmp", "/dev/shm"
# What a starting kernel, its first cell and its first traceback import.
LATE = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magics.execution",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "pygments.formatters.terminal256",
    "stack_data",
    "tornado.platform.asyncio",
)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
IOPRIO_GET = {"x86_64": 252, "aarch64": 31}
LIMITS = 16  # Linux's RLIM_NLIMITS
MAX_REQUEST = 4096

_libc = ctypes.CDLL(None, use_errno=True)


class Order(NamedTuple):
    """What a kernel is started with: the key that signs its messages, two sockets to listen on, one for calls."""

    key: str
    shell: int
    iopub: int
    calls: int


class ForkServer:
    """Answers the examiner's requests, one after the other.

    Parameters
    ----------
    control : socket.socket
        On which requests come.
    folders : scratch.Scratch or None
        What is wiped between two kernels. None where the sandbox has no process namespace: there, nothing else
        may be ended, and one kernel is all.
    """

    def __init__(self, control: socket.socket, folders: Any) -> None:
        self._control, self._folders = control, folders
        self._kernel = 0
        self._exit_status: int | None = None
        self._state = own_state()

    def serve(self) -> Order | None:
        """Serve until the examiner hangs up; in a forked child, give what is to be started there."""
        self._answer({"ready": True})
        while True:
            data, descriptors, _, _ = socket.recv_fds(self._control, MAX_REQUEST, 3)
            if not data:
                return None
            request = json.loads(data)
            if request["op"] == "end":
                self.reap()
                self._answer({"status": self._exit_status, "clean": self._ended()})
                continue
            _libc.prctl(PR_SET_DUMPABLE, 0)  # by now the examiner has taken hold of what it watches
            if request["draws"] and not self._kernel and self._folders is not None:  # before anything submitted runs
                warm(draw)
                self._folders.wipe()
            if not self._forked():
                self._control.close()
                return Order(request["key"], *descriptors)
            for each in descriptors:
                os.close(each)
            self._answer({"started": self._kernel})

    def _answer(self, reply: dict[str, Any]) -> None:
        self._control.sendall(json.dumps(reply).encode())

    def _forked(self) -> int:
        """Fork; no child is reaped before its number is known."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        self._kernel, self._exit_status = os.fork(), None
        if not self._kernel:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        return self._kernel

    def reap(self, *_: object) -> None:
        """Take note of children that have ended: a handler of signals."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._kernel:
                    self._exit_status = os.waitstatus_to_exitcode(ended[1])

    def _ended(self) -> bool:
        """End and remove all that the notebook has left; whether everything is as it was before the first one."""
        if self._folders is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # all in this namespace at once, but this one, which is the first
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)  # orphans, too, are its children
        try:
            return self._folders.wipe() and own_state() == self._state
        except OSError:
            return False


def own_state() -> tuple[Any, ...]:
    """What any process of the same user can change in this one."""
    number = IOPRIO_GET.get(platform.machine())
    return (
        [resource.getrlimit(each) for each in range(LIMITS)],
        os.getpriority(os.PRIO_PROCESS, 0),
        os.sched_getaffinity(0),
        (os.sched_getscheduler(0), os.sched_getparam(0).sched_priority),
        _libc.syscall(number, 1, 0) if number else None,
        os.getcwd(),
    )


def warm(*steps: Callable[[], None]) -> None:
    """Run steps that load what kernels need, without output. Kernels share the memory of what is loaded."""
    gc.disable()
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in steps:
            step()
    gc.freeze()
    gc.enable()


def load_late() -> None:
    """Import what a kernel would import when it is used, and make what all kernels share."""
    for name in LATE:
        importlib.import_module(name)
    agent.prepare()


modules: list[types.ModuleType] = []
"""What the preloaded statements have imported."""


def load(statement: str) -> None:
    """Run a statement that notebooks need; a notebook that needs one that fails will say why."""
    names: dict[str, Any] = {}
    with contextlib.suppress(Exception):
        exec(statement, names)
    modules.extend(each for each in names.values() if isinstance(each, types.ModuleType))


def close_shared() -> None:
    """Close files in memory, which kernels must not inherit: one is open where what was to map it went wrong."""
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/self/fd/{name}").startswith("/memfd:"):
                os.close(int(name))


def draw() -> None:
    """Draw a figure as notebooks do: that loads fonts and formats. IPython's own backend is loaded by each kernel."""
    with contextlib.suppress(Exception):  # a notebook that draws will say why
        _draw()


def _draw() -> None:
    importlib.import_module("matplotlib.pyplot")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.plot([1, 2], label="0")
    axes.set(xlabel="x", title="0.5")
    axes.legend()
    FigureCanvasAgg(figure).print_figure(io.BytesIO(), format="png", bbox_inches="tight")
    for module in modules:
        dir(module)  # a lazy module, such as toolkit.plots, imports what it draws with


def start_kernel(order: Order, apart: bool) -> NoReturn:
    """Become a kernel: nothing that this process has open is shared with the fork server."""
    _libc.prctl(PR_SET_DUMPABLE, 1)
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if apart:
        os.setsid()
    said = os.dup(2)
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    os.close(null)
    np.random.seed()
    try:
        app = agent.prepared_app(*order)
    except BaseException:
        os.write(said, traceback.format_exc().encode())
        os._exit(1)
    os.close(said)
    try:
        app.start()
    finally:
        os._exit(1)


def main(descriptor: str, isolation: str, *preload: str) -> None:
    """Serve; the arguments are the program's."""
    control = socket.socket(fileno=int(descriptor))
    control.set_inheritable(False)
    apart = isolation != "none"
    folders = scratch.Scratch(FOLDERS) if apart else None
    sys.path.insert(0, "")  # the toolkit is in the working folder
    if apart:
        warm(load_late, *(functools.partial(load, statement) for statement in preload))
        close_shared()
    else:  # there is one kernel, which loads what it needs
        warm()
    if folders is not None:
        folders.wipe()
    server = ForkServer(control, folders)
    signal.signal(signal.SIGCHLD, server.reap)  # also of processes whose parents have ended
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # so the first process of a namespace does not get it
    if (order := server.serve()) is not None:
        start_kernel(order, apart)


if __name__ == "__main__":
    main(*sys.argv[1:])
