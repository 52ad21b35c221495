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


class Answers:
    """Answers requests: dicts with ``op`` and what it needs."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.objects: dict[int, Any] = {}
        self.next_id = 0
        self.cell: Any = None

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
            return list(codec.pack(reply, self._refer))
        except BaseException as error:  # an interrupt, too: an exception's own __str__ may never end
            reason = f": {error}" if isinstance(error, codec.CodecError) else ""
            message = f"what came back cannot be graded{reason}"
            why = {"name": "ValueError", "kinds": ["ValueError"], "message": message, "frames": []}
            return list(codec.pack({"error": why, "warnings": []}))

    def _run(self, frames: Sequence[bytes]) -> dict[str, Any]:
        request = codec.unpack(frames, self._resolve, codec.REQUEST_LIMITS)
        if request["cell"] != self.cell:  # no test cell uses another one's objects
            self.objects.clear()
            self.cell = request["cell"]
        for update in request["first"]:
            self._update(**update)
        operation = getattr(self, f"op_{request['op']}")
        result: dict[str, Any] = operation(request)
        return result

    # ------------------------------------------------------------------------ operations

    def op_call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Call a function, a class, or an object's method."""
        target = request["target"]
        function = getattr(target, request["attribute"]) if request["attribute"] else target
        arguments = {**dict(enumerate(request["args"])), **request["kwargs"]}
        before = {key: codec.pack(value, self._refer) for key, value in arguments.items() if type(value) is dict}
        watched = {key: value.copy() for key, value in arguments.items() if _is_watched(value)}
        try:
            value = function(*request["args"], **request["kwargs"])
        finally:
            self._show_figures()
        changed = {
            key: arguments[key] for key, frames in before.items() if codec.pack(arguments[key], self._refer) != frames
        }
        mutated = any(_differs(arguments[key], original) for key, original in watched.items())
        return {"value": value, "changed": changed, "mutated": mutated}

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

    def op_install(self, request: dict[str, Any]) -> dict[str, Any]:
        """Write files into the working folder, before any student code runs."""
        for name, content in request["files"].items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.tobytes())
        return {"value": None}

    # -------------------------------------------------------------------------- objects

    def _resolve(self, reference: Any) -> Any:
        if reference.id is not None:
            return self.objects[reference.id]
        try:
            found = self.shell.user_ns[reference.name]
        except KeyError:
            raise NameError(f"name {reference.name!r} is not defined") from None
        for attribute in reference.methods:
            found = getattr(found, attribute)
        return found

    def _refer(self, value: Any) -> Any:
        if len(self.objects) >= MAX_OBJECTS:
            raise codec.CodecError("too many objects")
        self.next_id += 1
        self.objects[self.next_id] = value
        methods = [name for name in dir(type(value)) if not name.startswith("_") and name.isidentifier()]
        callables = [name for name in methods if callable(getattr(type(value), name, None))]
        name = type(value).__name__
        return codec.Reference(self.next_id, name if name.isidentifier() else "object", tuple(callables[:100]))

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
    return isinstance(value, np.ndarray) and value.nbytes <= MAX_WATCHED


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
        self.answers = Answers(self.shell)
        shell: Any = self.shell
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
