"""Runs inside the sandbox: an IPython kernel that also answers the examiner's calls.

Student code shares this process and can change all of it, so nothing here protects anything: the examiner
takes every reply as hostile.  What is here only serves honest code: values cross by value (`codec`), objects
that are not plain stay in a table, what a call prints or plots is published like a cell's output.
"""

from __future__ import annotations

import asyncio
import contextvars
import copy
import importlib
import itertools
import logging
import os
import select
import signal
import socket
import sys
import threading
import traceback
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import numpy as np
from ipykernel.compiler import XCachingCompiler, get_tmp_directory
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from traitlets import Type
from traitlets.config import Config

sys.modules["debugpy"] = None  # type: ignore[assignment] # nobody debugs here: keep ipykernel from loading it
importlib.import_module("ipykernel.debugger")
del sys.modules["debugpy"]

# The neighbors of this file: nothing else of the examiner is in the sandbox.
codec: Any = importlib.import_module("_examiner_codec")
framing: Any = importlib.import_module("_examiner_frames")
forgiving: Any = importlib.import_module("_examiner_forgiving")

MAX_OBJECTS = 20_000
MAX_METHODS = 100
MAX_ITEMS = 10_000
MAX_TRACEBACK = 8
MAX_WARNINGS = 20
MAX_TEXT = 2_000
MAX_ID = 2**10  # bytes of the name of a call
SETTINGS = Config(HistoryManager={"enabled": False})  # IPython's
MAX_WATCHED = 16 * 2**20  # bytes of an argument that is looked at for changes
PLAIN = (list, tuple, dict, np.ndarray)  # what is sent by value alone; an object of a subclass is also kept
_NOTHING = object()


class Table:
    """Objects that stay here and are referred to, by number: each is in it once, a number is never used again."""

    def __init__(self) -> None:
        self._objects: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}  # by id, which nothing else gets while the object is in the table
        self._counter = itertools.count(1)

    def __getitem__(self, number: int) -> Any:
        return self._objects[number]

    def clear(self) -> None:
        """Forget all of them."""
        self._objects.clear()
        self._numbers.clear()

    def keep(self, value: Any) -> int | None:
        """Give the number of a list, tuple, dict or array of a class of its own; None for a plain one."""
        if type(value) in PLAIN or self._is_full():
            return None
        return self._number(value)

    def refer(self, value: Any) -> Any:
        """Give the reference of what is not plain: its number, its type and its public methods."""
        if self._is_full():
            raise codec.CodecError("too many objects")
        methods = [name for name in dir(type(value)) if not name.startswith("_") and name.isidentifier()]
        callables = [name for name in methods if callable(getattr(type(value), name, None))]
        name = type(value).__name__
        if isinstance(value, np.ndarray):
            name = f"{name}_of_{value.dtype.type.__name__}"
        return codec.Reference(
            self._number(value), name if name.isidentifier() else "object", tuple(callables[:MAX_METHODS])
        )

    def _is_full(self) -> bool:
        return len(self._objects) >= MAX_OBJECTS

    def _number(self, value: Any) -> int:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = next(self._counter)
            self._objects[number] = value
        return number


class Names:
    """The names of the notebook, which a test cell may delete and bind until it is over."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self.stashed: dict[str, Any] = {}  # what names were bound to before a test cell changed them

    def find(self, name: str) -> Any:
        """Give what a name was bound to when the test cell began."""
        found = self.stashed.get(name, _NOTHING)
        if found is _NOTHING:
            found = self._shell.user_ns.get(name, _NOTHING)
        if found is _NOTHING:
            raise NameError(f"name {name!r} is not defined")
        return found

    def delete(self, name: str) -> None:
        """Forget a name: functions that use it fail."""
        if name not in self._shell.user_ns:
            raise NameError(f"name {name!r} is not defined")
        self._stash(name)
        del self._shell.user_ns[name]

    def bind(self, name: str, value: Any) -> None:
        """Bind a name to something else, or to what it was."""
        self._stash(name)
        self._shell.user_ns[name] = value
        if self.stashed[name] is value:
            del self.stashed[name]

    def restore(self, name: str) -> None:
        """Bind a name to what it was; one that did not exist is forgotten."""
        original = self.stashed.pop(name, self._shell.user_ns.get(name, _NOTHING))
        if original is _NOTHING:
            self._shell.user_ns.pop(name, None)
        else:
            self._shell.user_ns[name] = original

    def put_back(self) -> None:
        """Restore all names."""
        for name in list(self.stashed):
            self.restore(name)

    def _stash(self, name: str) -> None:
        self.stashed.setdefault(name, self._shell.user_ns.get(name, _NOTHING))


class Answers:
    """Answers requests: dicts with ``op``, the test ``cell`` that asks, and what the operation needs.

    Some keys are there only where they say something, for each takes time on both sides: ``target``, ``first``,
    ``attribute``, ``kwargs``, ``returns_changes`` and ``computed`` of a request; ``changed``, ``mutated`` and
    ``warnings`` of a reply.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.cell: Any = None
        self.objects, self.names = Table(), Names(shell)
        self.failed = False  # whether the last request ended with an exception
        self.computed: list[Any] = []  # what replaced functions return in the call that is running, in order

    def answer(self, frames: Sequence[bytes]) -> list[bytes]:
        """Turn a request's frames into a reply's; whatever goes wrong is in the reply."""
        self.failed = False
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    reply = self._run(frames)
                except BaseException as error:
                    self.failed = True
                    reply = {"error": self._error(error)}
            if caught:
                reply["warnings"] = self._warnings(caught)
            return list(codec.pack(reply, self.objects.refer, keep=self.objects.keep))
        except BaseException as error:  # an interrupt, too: an exception's own __str__ may never end
            self.failed = True
            reason = f": {error}" if isinstance(error, codec.CodecError) else ""
            message = f"your code returned a value that cannot be graded{reason}"
            why = {"name": "ValueError", "kinds": ["ValueError"], "message": message, "frames": []}
            return list(codec.pack({"error": why}))

    def _run(self, frames: Sequence[bytes]) -> dict[str, Any]:
        request = codec.unpack(frames, self._resolve, codec.REQUEST_LIMITS, self._original)
        if request["cell"] != self.cell:
            self._begin(request["cell"])
            request = codec.unpack(frames, self._resolve, codec.REQUEST_LIMITS, self._original)
        for update in request.get("first", ()):
            self._update(**update)
        operation = getattr(self, f"op_{request['op']}")
        result: dict[str, Any] = operation(request)
        return result

    def _begin(self, cell: Any) -> None:
        """Start another test cell: none uses the objects of another one, or finds names that it changed."""
        self.cell = cell
        self.objects.clear()
        self.names.put_back()

    def _resolve(self, reference: Any) -> Any:
        if reference.id is not None:
            return self.objects[reference.id]
        found = self.names.find(reference.name)
        for attribute in reference.methods:
            found = getattr(found, attribute)
        return found

    def _original(self, value: Any, reference: Any) -> Any:
        return self.objects[reference.id]

    # ------------------------------------------------------------------------ operations

    def op_call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Call a function, a class, or an object's method."""
        args, kwargs = request["args"], request.get("kwargs", {})
        function = self._attribute_of(request)
        arguments = {**dict(enumerate(args)), **kwargs}
        watched = {key: value.copy() for key, value in arguments.items() if _is_watched(value)}
        before = self._dicts(arguments) if request.get("returns_changes") else {}
        self.computed = list(request.get("computed", ()))
        try:
            value = function(*args, **kwargs)
        except _Needed as call:
            return {"needs": {"name": call.name, "args": list(call.arguments), "kwargs": call.named}}
        finally:
            self._show_figures()
        after = self._dicts(arguments) if before else {}
        changed = {key: arguments[key] for key, frames in before.items() if after[key] != frames}
        reply = {"value": value}
        if changed:
            reply["changed"] = changed
        if any(_differs(arguments[key], original) for key, original in watched.items()):
            reply["mutated"] = True
        return reply

    def _dicts(self, arguments: dict[Any, Any]) -> dict[Any, list[bytes]]:
        """Those arguments that are dicts, packed: to see what a call does to them."""
        return {
            key: codec.pack(value, self.objects.refer, keep=self.objects.keep)
            for key, value in arguments.items()
            if type(value) is dict
        }

    def op_get(self, request: dict[str, Any]) -> dict[str, Any]:
        """Read a name's value, or an object's attribute."""
        return {"value": self._attribute_of(request)}

    def _attribute_of(self, request: dict[str, Any]) -> Any:
        """What is asked for: an object, or its attribute."""
        target, attribute = request["target"], request.get("attribute")
        return getattr(target, attribute) if attribute else target

    def op_set(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set an object's attribute."""
        setattr(request["target"], request["attribute"], request["value"])
        return {"value": None}

    def _update(self, target: Any, attribute: str, items: dict[Any, Any], deleted: list[Any]) -> None:
        """Set and delete items of a dict that is an object's attribute."""
        mapping = getattr(target, attribute)
        mapping.update(items)
        for key in deleted:
            del mapping[key]

    def op_copy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Copy an object, deeply."""
        return {"value": copy.deepcopy(request["target"])}

    def op_list(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give what an object yields."""
        return {"value": list(itertools.islice(iter(request["target"]), MAX_ITEMS))}

    def op_delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a name of the notebook: functions that use it fail, references to it still work."""
        self.names.delete(request["name"])
        return {"value": None}

    def op_bind(self, request: dict[str, Any]) -> dict[str, Any]:
        """Bind a name of the notebook to a value, or to what another name is bound to."""
        self.names.bind(request["name"], request["value"])
        return {"value": None}

    def op_replace(self, request: dict[str, Any]) -> dict[str, Any]:
        """Put functions that the examiner computes in the place of some names, until the test cell ends."""
        for name in request["names"]:
            self.names.bind(name, _Replaced(self, name))
        return {"value": None}

    def op_install(self, request: dict[str, Any]) -> dict[str, Any]:
        """Write files into the working folder, before any student code runs."""
        for name, content in request["files"].items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.tobytes())
        return {"value": None}

    # ------------------------------------------------------------- what else a call does

    def _show_figures(self) -> None:
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None and pyplot.get_fignums():
            self.shell.events.trigger("post_execute")

    def _warnings(self, caught: list[warnings.WarningMessage]) -> list[tuple[str, str]]:
        seen = dict.fromkeys((w.category.__name__, str(w.message)[:MAX_TEXT]) for w in caught[:1000])
        return list(seen)[:MAX_WARNINGS]

    def _error(self, error: BaseException) -> dict[str, Any]:
        kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
        try:
            message = str(error)[:MAX_TEXT].encode("utf-8", "replace").decode()
        except Exception:
            message = ""
        frames = self._frames(error.__traceback__)
        return {"name": type(error).__name__[:100], "kinds": kinds, "message": message, "frames": frames}

    def _frames(self, trace: TracebackType | None) -> list[tuple[int, int, str, str]]:
        """The frames in the student's cells: the cell's number, line, function, text."""
        numbers = getattr(self.shell.compile, "_filename_map", {})
        found = [
            (int(numbers[frame.filename]), int(frame.lineno or 0), frame.name[:100], (frame.line or "")[:200])
            for frame in traceback.extract_tb(trace, limit=-200)
            if frame.filename in numbers
        ]
        return found[-MAX_TRACEBACK:]


class _Needed(BaseException):
    """A replaced function was called; the call that needs it runs again, with what the examiner has computed."""

    def __init__(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        super().__init__(name)
        self.name, self.arguments, self.named = name, arguments, named


class _Replaced:
    """Stands for a part that the student has not written: the examiner computes what it returns."""

    def __init__(self, answers: Answers, name: str) -> None:
        self._answers, self.__name__ = answers, name

    def __repr__(self) -> str:
        return f"<{self.__name__}, not written yet: its reference is used>"

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if not self._answers.computed:
            raise _Needed(self.__name__, arguments, named)
        return self._answers.computed.pop(0)


def _is_watched(value: Any) -> bool:
    return type(value) is np.ndarray and value.nbytes <= MAX_WATCHED


def _differs(array: Any, original: Any) -> bool:
    """Whether an array is no longer what it was, byte by byte: NaN equals itself."""
    same = array.shape == original.shape and array.dtype == original.dtype
    return not same or array.tobytes() != original.tobytes()


class AgentCompiler(XCachingCompiler):
    """Names cells as ipykernel does, by their text; its own hash, murmur2 in Python, takes milliseconds."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """Give the name of a cell's file, which does not exist."""
        return f"{get_tmp_directory()}/{zlib.crc32(raw_code.encode('utf-8', 'backslashreplace'))}.py"  # type: ignore[no-untyped-call]


class AgentShell(ZMQInteractiveShell):
    """IPython's shell, which does once what a kernel does twice for each cell.

    It transforms a cell once before it runs, and asks its exception for a text once, not again for the history and the
    reply.
    """

    _next_cell: str | None = None
    _transformed: str | None = None

    def begin(self, cell: str) -> None:
        """Get ready for a cell that the kernel is about to run."""
        self._next_cell, self._transformed = cell, None

    def transform_cell(self, raw_cell: str) -> str:
        """Turn a cell into Python. A cell with the same text that runs within another one is another object."""
        if raw_cell is not self._next_cell:
            return str(super().transform_cell(raw_cell))  # type: ignore[no-untyped-call]
        if self._transformed is None:
            self._transformed = str(super().transform_cell(raw_cell))  # type: ignore[no-untyped-call]
            return self._transformed
        self._next_cell = None
        return self._transformed

    async def run_code(self, code_obj: Any, result: Any = None, **options: Any) -> bool:
        """Run code; an exception whose text never ends is interrupted while it is shown, and then forgotten."""
        failed = bool(await super().run_code(code_obj, result, **options))  # type: ignore[no-untyped-call]
        if failed and result is not None:
            result.error_in_exec = RuntimeError("it has been shown")
        return failed

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        """Run a magic; one that is not known here decides nothing."""
        if self.find_line_magic(magic_name) is None:  # type: ignore[no-untyped-call]
            print(f"(%{magic_name} does nothing while the notebook is graded.)")
            return None
        return super().run_line_magic(magic_name, line, _stack_depth + 1)

    def get_exception_only(self, exc_tuple: Any = None) -> str:
        """Name an exception: an interrupt, mostly, without the text of what it interrupted."""
        kind, value, trace = exc_tuple or sys.exc_info()
        if value is not None:
            value.__context__ = None
        return str(super().get_exception_only((kind, value, trace)))  # type: ignore[no-untyped-call]


class AgentStream(OutStream):
    """stdout or stderr; it waits for the thread that sends only where there is something to send."""

    made: ClassVar[list[AgentStream]] = []

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)  # type: ignore[no-untyped-call]
        self.made.append(self)

    def write(self, string: str) -> Any:
        """Write, and count that."""
        length = super().write(string)
        self.pub_thread.published += 1
        return length

    def waiting(self) -> bool:
        """Whether something is to be sent, or was written to the descriptor and is not here yet."""
        pipe = getattr(self, "_fid", None)
        return bool(getattr(self, "_buffers", True)) or (pipe is not None and bool(select.select([pipe], [], [], 0)[0]))

    def flush(self) -> None:
        """Send what has been written: a kernel asks for that after every message."""
        if self.waiting():
            super().flush()  # type: ignore[no-untyped-call]


class NoSubshells:
    """Takes the place of the thread that serves subshells: before a kernel awaits a cell, it asks for its parent."""

    def __init__(self) -> None:
        self.parent_thread = threading.main_thread()

    def __bool__(self) -> bool:
        return False


class AgentKernel(IPythonKernel):
    """IPython's kernel, which also answers calls, on a socket of their own."""

    shell_class = Type(AgentShell)
    _supports_kernel_subshells = False  # that thread would read each message twice

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        shell: Any = self.shell
        shell.parent = shell.kernel = self  # a shell that was made before the fork has none yet
        app: Any = self.parent
        self._calls = socket.socket(fileno=app.calls)
        self._reader = framing.FrameReader(codec.REQUEST_LIMITS.bytes + MAX_ID, codec.REQUEST_LIMITS.items + 2)
        self.answers = Answers(shell)
        shell.events.register("pre_run_cell", lambda info: self._begin_cell())
        shell.ask_exit = lambda: print("(A cell cannot end the kernel while it is graded.)")

    async def do_execute(self, code: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Run a cell, transformed once."""
        shell: Any = self.shell
        shell.begin(code)
        return dict(await super().do_execute(code, *args, **kwargs))  # type: ignore[no-untyped-call]

    def _begin_cell(self) -> None:
        self.answers.names.put_back()
        self._draw(bool(self.get_parent("shell").get("content", {}).get("draws", True)))  # type: ignore[no-untyped-call]

    def _draw(self, wanted: bool) -> None:
        """Say whether objects that can be shown as a picture are: else only as text, which costs nothing."""
        shell: Any = self.shell
        for kind, formatter in shell.display_formatter.formatters.items():
            if kind.startswith("image/") and formatter.enabled != wanted:  # assigning is slower than comparing
                formatter.enabled = wanted

    def _publish_execute_input(self, *args: Any, **kwargs: Any) -> None:
        """Publish no source: the examiner has it."""

    def _publish_status(self, status: str, *args: Any, **kwargs: Any) -> None:
        """Say when the kernel is idle; the examiner knows when it is busy."""
        if status != "busy":
            super()._publish_status(status, *args, **kwargs)  # type: ignore[no-untyped-call]

    def start(self) -> None:
        """Wait for cells and calls: all run in one context, so that what one sets there (``np.seterr``) is kept."""
        super().start()  # type: ignore[no-untyped-call]
        context = contextvars.copy_context()

        async def run_message(message: Any) -> None:
            await asyncio.create_task(self.shell_main(None, message), context=context)

        stream: Any = self.shell_stream
        stream.on_recv(run_message, copy=False)
        loop = asyncio.get_event_loop()
        loop.add_reader(self._calls, context.run, self._call)
        # A signal's handler cancels a cell that awaits, with a callback that a loop at rest does not see by itself.
        self._signalled, signalling = socket.socketpair()
        for end in (self._signalled, signalling):
            end.setblocking(False)
        signal.set_wakeup_fd(signalling.detach(), warn_on_full_buffer=False)
        loop.add_reader(self._signalled, self._signalled.recv, 1024)

    def _call(self) -> None:
        """Answer a call. Whatever keeps it from being read or answered ends the kernel: the examiner would wait."""
        try:
            self._answer()
        except BaseException:
            os._exit(1)

    def _answer(self) -> None:
        """Read a call to its end and send the whole reply: only the answer itself can be interrupted."""
        messages: list[list[bytes]] = []
        while not messages:
            data = self._calls.recv(framing.CHUNK)
            if not data:
                os._exit(1)  # the examiner has gone
            messages = self._reader.feed(data)
        [(name, *request)] = messages
        self._draw(True)
        self.set_parent([], {"header": {"msg_id": name.decode(), "msg_type": "call"}}, channel="shell")  # type: ignore[no-untyped-call]
        before, reply = self.iopub_thread.published, []
        try:
            try:
                self.pre_handler_hook()  # type: ignore[no-untyped-call]
                reply = self.answers.answer(request)
            finally:
                self.post_handler_hook()  # type: ignore[no-untyped-call]
        except KeyboardInterrupt:  # just before the answer, or after it
            self.answers.failed = True
        waiting = any(each.waiting() for each in AgentStream.made)
        # What an exception left half sent comes with the message that the kernel is idle.
        quiet = self.iopub_thread.published == before and not waiting and not self.answers.failed
        self._calls.sendall(framing.encoded([name, framing.QUIET if quiet else b"", *reply]))
        if not quiet:
            for stream in AgentStream.made:
                stream.flush()
            self._publish_status("idle", "shell")


class AgentApp(IPKernelApp):
    """IPython's application on sockets that the examiner has made: two for Jupyter's messages, one for calls."""

    outstream_class = f"{__name__}.{AgentStream.__name__}"
    key = ""
    shell_listener = iopub_listener = calls = -1

    def parse_command_line(self, argv: list[str] | None = None) -> None:
        """Read none: the program's arguments are the fork server's."""

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        """Read no files: nothing is configured in a sandbox."""

    def init_profile_dir(self) -> None:
        """Have no profile: it would be a folder of configuration files."""
        self.profile_dir = None

    def _run_startup_files(self) -> None:
        """Run none: they would be in the profile."""

    def update_config(self, config: Any) -> None:
        """Take in a configuration, unless it is the present one, which IPython applies a second time at its start."""
        if config != self.config:
            super().update_config(config)

    def init_connection_file(self) -> None:
        """Take the key from the examiner."""
        self.transport, self.session.key = "ipc", self.key.encode()

    def write_connection_file(self, **kwargs: Any) -> None:
        """Write none: nobody else is to connect."""

    def init_iopub(self, context: Any) -> None:
        """Count what is published."""
        super().init_iopub(context)  # type: ignore[no-untyped-call]
        thread = self.iopub_thread
        thread.published, schedule = 0, thread.schedule

        def counted(send: Any) -> None:
            thread.published += 1
            schedule(send)

        thread.schedule = counted

    def init_heartbeat(self) -> None:
        """Have none: the examiner looks at the process."""

    def init_sockets(self) -> None:
        """Listen for requests after the debugger's socket is made, which would connect to where that is."""
        super().init_sockets()  # type: ignore[no-untyped-call]
        self.shell_channel_thread = NoSubshells()
        _listen(self.shell_socket, self.shell_listener)

    def _try_bind_socket(self, s: Any, port: int) -> int:
        if s is self.iopub_socket:
            _listen(s, self.iopub_listener)
        return port


def _listen(socket: Any, descriptor: int) -> None:
    socket.use_fd = descriptor
    socket.bind("ipc://examiner")  # an address must be given, and is not used


def prepare() -> None:
    """Make the shell and the application before the fork, and what the shell would make at first use."""
    shell: Any = AgentShell.instance(compiler_class=AgentCompiler, config=SETTINGS)
    shell.transform_cell("pass")
    _ = shell.display_formatter.formatters
    _app()


def _app() -> AgentApp:
    """The kernel's application, without a log: nobody would read it."""
    app = AgentApp.instance(kernel_class=AgentKernel, config=SETTINGS)
    app.log.setLevel(logging.ERROR)  # else the text of every message would be made
    app.log.handlers[:] = [logging.NullHandler()]
    return app


def prepared_app(key: str, shell: int, iopub: int, calls: int) -> Any:
    """Make a kernel that only has to be started.

    Parameters
    ----------
    key : str
        Signs its messages.
    shell, iopub : int
        Descriptors of the sockets on which it listens.
    calls : int
        Descriptor of the socket that calls come from.
    """
    app: Any = _app()
    app.key, app.shell_listener, app.iopub_listener, app.calls = key, shell, iopub, calls
    app.initialize()
    forgiving.forgive(app.shell)
    return app
