"""Runs inside the sandbox: an IPython kernel that also answers the examiner's calls.

Student code shares this process and can change all of it, so nothing here protects anything: the examiner
takes every reply as hostile.  What is here only serves honest code: values cross by value (`codec`), objects
that are not plain stay in a table, what a call prints or plots is published like a cell's output.
"""

from __future__ import annotations

import copy
import importlib.util
import itertools
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from traitlets import Type

_HERE = Path(__file__).parent
_SPEC = importlib.util.spec_from_file_location("_examiner_codec", _HERE / "codec.py")
assert _SPEC is not None
assert _SPEC.loader is not None
codec: Any = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = codec
_SPEC.loader.exec_module(codec)

MAX_OBJECTS = 20_000
MAX_ITEMS = 10_000
MAX_FRAMES = 8
MAX_WARNINGS = 20
MAX_TEXT = 2_000
MAX_WATCHED = 16 * 2**20  # bytes of an argument that is looked at for changes
PLAIN = (list, tuple, dict, np.ndarray)  # what is sent by value alone; an object of a subclass is also kept
_NOTHING = object()


class Answers:
    """Answers requests: dicts with ``op``, the test ``cell`` that asks, and what the operation needs."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.cell: Any = None
        self.objects: dict[int, Any] = {}  # by number: what stays here and is referred to
        self.numbers: dict[int, int] = {}  # by id: an object is in the table once
        self.counter = itertools.count(1)  # a number is never used again
        self.stashed: dict[str, Any] = {}  # what names were bound to before a test cell changed them

    def answer(self, frames: Sequence[bytes]) -> list[bytes]:
        """Turn a request's frames into a reply's; whatever goes wrong is in the reply."""
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    reply = self._run(frames)
                except BaseException as error:
                    reply = {"error": self._error(error)}
            reply["warnings"] = self._warnings(caught)
            return list(codec.pack(reply, self._refer, keep=self._keep))
        except BaseException as error:  # an interrupt, too: an exception's own __str__ may never end
            reason = f": {error}" if isinstance(error, codec.CodecError) else ""
            message = f"what came back cannot be graded{reason}"
            why = {"name": "ValueError", "kinds": ["ValueError"], "message": message, "frames": []}
            return list(codec.pack({"error": why, "warnings": []}))

    def _run(self, frames: Sequence[bytes]) -> dict[str, Any]:
        request = codec.unpack(frames, self._resolve, codec.REQUEST_LIMITS, self._original)
        if request["cell"] != self.cell:
            self._begin(request["cell"])
            request = codec.unpack(frames, self._resolve, codec.REQUEST_LIMITS, self._original)
        for update in request["first"]:
            self._update(**update)
        operation = getattr(self, f"op_{request['op']}")
        result: dict[str, Any] = operation(request)
        return result

    def _begin(self, cell: Any) -> None:
        """Start another test cell: none uses the objects of another one, or finds names that it changed."""
        self.cell = cell
        self.objects.clear()
        self.numbers.clear()
        self.put_back()

    # ------------------------------------------------------------------------ operations

    def op_call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Call a function, a class, or an object's method."""
        target = request["target"]
        function = getattr(target, request["attribute"]) if request["attribute"] else target
        arguments = {**dict(enumerate(request["args"])), **request["kwargs"]}
        watched = {key: value.copy() for key, value in arguments.items() if _is_watched(value)}
        before = self._dicts(arguments) if request.get("returns_changes") else {}
        try:
            value = function(*request["args"], **request["kwargs"])
        finally:
            self._show_figures()
        after = self._dicts(arguments) if before else {}
        changed = {key: arguments[key] for key, frames in before.items() if after[key] != frames}
        mutated = any(_differs(arguments[key], original) for key, original in watched.items())
        return {"value": value, "changed": changed, "mutated": mutated}

    def _dicts(self, arguments: dict[Any, Any]) -> dict[Any, list[bytes]]:
        """Those arguments that are dicts, packed: to see what a call does to them."""
        return {
            key: codec.pack(value, self._refer, keep=self._keep)
            for key, value in arguments.items()
            if type(value) is dict
        }

    def op_get(self, request: dict[str, Any]) -> dict[str, Any]:
        """Read a name's value, or an object's attribute."""
        target, attribute = request["target"], request["attribute"]
        return {"value": getattr(target, attribute) if attribute else target}

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
        name = request["name"]
        if name not in self.shell.user_ns:
            raise NameError(f"name {name!r} is not defined")
        self._stash(name)
        del self.shell.user_ns[name]
        return {"value": None}

    def op_bind(self, request: dict[str, Any]) -> dict[str, Any]:
        """Bind a name of the notebook to a value, or to what another name is bound to."""
        self._stash(request["name"])
        self.shell.user_ns[request["name"]] = request["value"]
        if self.stashed[request["name"]] is request["value"]:
            del self.stashed[request["name"]]
        return {"value": None}

    def op_install(self, request: dict[str, Any]) -> dict[str, Any]:
        """Write files into the working folder, before any student code runs."""
        for name, content in request["files"].items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.tobytes())
        return {"value": None}

    # ---------------------------------------------------------------------- names, objects

    def _stash(self, name: str) -> None:
        self.stashed.setdefault(name, self.shell.user_ns.get(name, _NOTHING))

    def _restore(self, name: str) -> None:
        original = self.stashed.pop(name)
        if original is _NOTHING:
            self.shell.user_ns.pop(name, None)
        else:
            self.shell.user_ns[name] = original

    def put_back(self) -> None:
        """Bind all names that a test cell deleted or bound to what they were."""
        for name in list(self.stashed):
            self._restore(name)

    def _resolve(self, reference: Any) -> Any:
        if reference.id is not None:
            return self.objects[reference.id]
        found = self.stashed.get(reference.name, _NOTHING)
        if found is _NOTHING:
            found = self.shell.user_ns.get(reference.name, _NOTHING)
        if found is _NOTHING:
            raise NameError(f"name {reference.name!r} is not defined")
        for attribute in reference.methods:
            found = getattr(found, attribute)
        return found

    def _original(self, value: Any, reference: Any) -> Any:
        return self.objects[reference.id]

    def _number(self, value: Any) -> int:
        """The number of an object in the table, which it is added to."""
        number = self.numbers.get(id(value))
        if number is None:
            number = self.numbers[id(value)] = next(self.counter)
            self.objects[number] = value  # so that no other object gets its id
        return number

    def _keep(self, value: Any) -> int | None:
        if type(value) in PLAIN or len(self.objects) >= MAX_OBJECTS:
            return None
        return self._number(value)

    def _refer(self, value: Any) -> Any:
        if len(self.objects) >= MAX_OBJECTS:
            raise codec.CodecError("too many objects")
        number = self._number(value)
        methods = [name for name in dir(type(value)) if not name.startswith("_") and name.isidentifier()]
        callables = [name for name in methods if callable(getattr(type(value), name, None))]
        name = type(value).__name__
        return codec.Reference(number, name if name.isidentifier() else "object", tuple(callables[:100]))

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
        return found[-MAX_FRAMES:]


def _is_watched(value: Any) -> bool:
    return type(value) is np.ndarray and value.nbytes <= MAX_WATCHED


def _differs(array: Any, original: Any) -> bool:
    """Whether an array is no longer what it was, byte by byte: NaN equals itself."""
    same = array.shape == original.shape and array.dtype == original.dtype
    return not same or array.tobytes() != original.tobytes()


class AgentShell(ZMQInteractiveShell):
    """IPython's shell, which asks a cell's exception for its text once, not again for its history and its reply."""

    async def run_code(self, code_obj: Any, result: Any = None, **options: Any) -> bool:
        """Run code; an exception whose text never ends is interrupted while it is shown, and then forgotten."""
        failed = bool(await super().run_code(code_obj, result, **options))  # type: ignore[no-untyped-call]
        if failed and result is not None:
            result.error_in_exec = RuntimeError("it has been shown")
        return failed

    def get_exception_only(self, exc_tuple: Any = None) -> str:
        """Name an exception: an interrupt, mostly, without the text of what it interrupted."""
        kind, value, trace = exc_tuple or sys.exc_info()
        if value is not None:
            value.__context__ = None
        return str(super().get_exception_only((kind, value, trace)))  # type: ignore[no-untyped-call]


class AgentKernel(IPythonKernel):
    """IPython's kernel, with one more kind of request."""

    shell_class = Type(AgentShell)
    msg_types = [*IPythonKernel.msg_types, "examiner_request"]  # noqa: RUF012 - as in ipykernel

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        shell: Any = self.shell
        self.answers = Answers(shell)
        shell.events.register("pre_run_cell", lambda info: self.answers.put_back())
        shell.ask_exit = lambda: print("(A cell cannot end the kernel while it is graded.)")

    async def examiner_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Answer one request of the examiner."""
        frames = self.answers.answer([bytes(buffer) for buffer in parent["buffers"]])
        session: Any = self.session
        session.send(stream, "examiner_reply", {}, parent, ident, buffers=frames)


def main() -> None:
    """Start the kernel, with what every notebook imports already imported."""
    app: Any = IPKernelApp.instance(kernel_class=AgentKernel)
    app.initialize(sys.argv[1:])
    if "" not in sys.path:
        sys.path.insert(0, "")  # the toolkit lies in the working folder
    import matplotlib.pyplot  # noqa: F401 - not before IPython is there: its backend asks for it

    app.start()


if __name__ == "__main__":
    main()
