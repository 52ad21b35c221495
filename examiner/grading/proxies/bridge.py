"""The way from a test cell to the student's answers, and an account of what happened on it.

This runs in the engine's child. A request is packed here and its reply is read here; the examiner's own process only
relays the bytes between the child and the sandbox.
"""

from __future__ import annotations

import builtins
import copy
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from examiner import codec
from examiner._exceptions import AnswerStoppedError, GradingFaultError
from examiner.codec import CodecError, Reference
from examiner.engine import ask
from examiner.grading.proxies.proxy import Proxy, RemoteDict, wants_changes
from examiner.outcome import sentence

__all__ = ["AnswerError", "Bridge", "Link", "Raised"]

MAX_TEXT = 2_000
MAX_COMPUTED = 50


class AnswerError(Exception):
    """An answer raised an exception; mixed into the exception's own type."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Raised:
    """An exception of the student's code: its type and message, and where in their cells it came from."""

    name: str
    message: str
    frames: tuple[tuple[str, int, str, str], ...] = ()
    """Cell, line, function and text of the line, outermost first."""


class Link:
    """The child's way to the student's kernel: the examiner's process relays.

    Attributes
    ----------
    generation : int
        Counts the kernels: an object of an earlier one is lost.
    alive : bool
        Whether the kernel of this generation is still there.
    """

    def __init__(self) -> None:
        self.generation, self.alive = 0, True

    def request(self, answer: str, frames: list[bytes]) -> list[bytes]:
        """Send a packed request and give the frames of its reply, unread.

        Raises
        ------
        AnswerStoppedError
            The answer hit a limit or ended its kernel.
        """
        kind, content, self.generation, self.alive = ask(("request", answer, frames))
        if kind == "stopped":
            raise AnswerStoppedError(content)
        found: list[bytes] = content
        return found

    def cell_name(self, number: int) -> str | None:
        """What the cell is called that the kernel counts as `number`."""
        name: str | None = ask(("cell", number))
        return name

    def has(self, generation: int) -> bool:
        """Whether objects of the kernel of this generation are still there."""
        return self.alive and generation == self.generation


class Bridge:
    """What all proxies of a notebook share: the way there, and an account of what happened.

    Parameters
    ----------
    link : Link
        The way to the sandbox.
    given : mapping
        The names of provided cells, defined on both sides: their objects cross by name.

    Attributes
    ----------
    cell : str
        The test cell that is running.
    raised : list of Raised
        What the student's code raised during it.
    faults : list of str
        What the test itself did wrong: no student's fault.
    mutating : list of str
        The answers that changed an array which the test gave them; the sandbox says so, nothing is judged by it.
    incidents : list of str
        What the sandbox sent that is not an answer.
    copies : bool
        Whether each call gets deep copies of its arguments, caches included.
    """

    def __init__(self, link: Link, given: Mapping[str, Any]) -> None:
        self.link, self._given = link, given
        self.cell, self.copies = "", False
        self.raised: list[Raised] = []
        self.faults: list[str] = []
        self.mutating: list[str] = []
        self.incidents: list[str] = []
        self._kept, self._generation = codec.Kept(_kept_reference), 0
        self._replaced: Mapping[str, Callable[..., Any]] = {}
        self._later: list[dict[str, Any]] = []  # assignments that go with the next request
        self._known: dict[tuple[Any, str], Any] = {}  # attributes read since the last call

    def __repr__(self) -> str:
        return f"<Bridge, test cell {self.cell}>"

    def begin(self, cell: str) -> None:
        """Start the account of another test cell."""
        self.cell, self.raised, self.faults, self.mutating, self.incidents = cell, [], [], [], []
        self._later, self._known = [], {}
        self._replaced = {}
        self._kept.clear()

    def end(self) -> None:
        """Forget the test cell's state, its last assignments included."""
        self._later, self._known = [], {}

    def proxy(self, name: str) -> Proxy:
        """The proxy of a name of the student's notebook."""
        return Proxy(self, Reference(None, name), 0)

    def value(self, name: str) -> Any:
        """The value of a name of the student's notebook."""
        return self.ask(name, "get", self.proxy(name))

    def replace(self, parts: Mapping[str, Callable[..., Any]]) -> None:
        """Use the reference, by value, in the place of parts that the student has not finished.

        Their source never enters the sandbox: the values are computed here.

        Parameters
        ----------
        parts : mapping of str to callable
            The reference's functions.
        """
        name = next(iter(parts))
        self.ask(name, "replace", None, names=list(parts))
        self._replaced = dict(parts)

    def delete(self, name: str) -> None:
        """Forget a name of the student's notebook, until the test cell ends."""
        self.ask(name, "delete", None, name=name)

    def bind(self, name: str, value: Any) -> None:
        """Bind a name of the student's notebook to something else, until the test cell ends.

        What cannot cross, a function of the test's own say, is seen by the test alone.
        """
        if isinstance(value, Proxy) or _crosses(value):
            self.ask(name, "bind", None, name=name, value=value)

    def ask(self, answer: str, operation: str, target: Proxy | None, **details: Any) -> Any:
        """Have something done in the sandbox and give what comes back, or raise what it raised."""
        request = {"op": operation, "cell": self.cell, **details}  # the agent has defaults for what is left out
        if target is not None:
            request["target"] = target
        if self._later:
            request["first"], self._later = self._later, []
        if operation != "get":
            self._known = {}
        if self.copies:
            request |= {key: copy.deepcopy(details[key]) for key in ("args", "kwargs") if key in details}
        try:
            reply = self._reply(answer, request)
            return self._value(answer, reply, details)
        except CodecError as error:
            self.incidents.append(f"{answer} returned a value that cannot be read ({error})")
            raise AnswerStoppedError(f"{answer} returned a value that cannot be read: {error}") from None

    def _reply(self, answer: str, request: dict[str, Any]) -> Any:
        """Send a request and give its reply; where it needs a replaced part, compute that and send it again."""
        computed: list[Any] = []
        for _ in range(MAX_COMPUTED):
            with_parts = {**request, "computed": computed} if computed else request
            known = None if self.copies else self._kept.number  # a copy is not the object that it is a copy of
            frames = codec.pack(with_parts, self._refer, codec.REQUEST_LIMITS, known)
            reply = self._unpacked(self.link.request(answer, frames))
            needs = reply.get("needs") if isinstance(reply, dict) else None
            if not self._replaced or needs is None:
                return reply
            computed.append(self._compute(answer, needs))
        raise AnswerStoppedError(f"{answer} calls unfinished functions too often")

    def _compute(self, answer: str, needs: Any) -> Any:
        """What the reference of a replaced part returns."""
        if not isinstance(needs, dict) or needs.keys() != {"name", "args", "kwargs"}:
            raise CodecError("a call that cannot be computed")
        name, args, kwargs = needs["name"], needs["args"], needs["kwargs"]
        known = isinstance(args, list) and isinstance(kwargs, dict) and all(isinstance(key, str) for key in kwargs)
        if name not in self._replaced or not known:
            raise CodecError("a call that cannot be computed")
        try:
            value = self._replaced[name](*args, **kwargs)
            codec.pack(value, None, codec.REQUEST_LIMITS)
        except Exception as error:
            message = f"{answer} calls {name}, which is not finished, with arguments that the solution does not accept"
            raise AnswerStoppedError(f"{message} ({type(error).__name__}: {error})") from None
        return value

    def _unpacked(self, frames: list[bytes]) -> Any:
        if self.link.generation != self._generation:
            self._kept.clear()  # the objects of an earlier kernel are lost
            self._generation = self.link.generation
        return codec.unpack(frames, self._object, codec.LIMITS, self._kept.remember)

    def read(self, answer: str, target: Proxy, attribute: str) -> Any:
        """An attribute's value; asked for once, as long as nothing is called in between."""
        key = (object.__getattribute__(target, "_reference").id, attribute)
        if key not in self._known:
            value = self.ask(answer, "get", target, attribute=attribute)
            self._known[key] = RemoteDict(value, target, attribute) if type(value) is dict else value
        return self._known[key]

    def assign(self, target: Proxy, attribute: str, items: dict[Any, Any], deleted: list[Any]) -> None:
        """Set and delete items of a dict in the sandbox, together with the next request.

        Tests set a network's parameters one by one: as calls of their own they would be half of all.
        """
        update = {"target": target, "attribute": attribute, "items": copy.deepcopy(items), "deleted": deleted}
        self._later.append(update)

    # ----------------------------------------------------------------------------- replies

    def _value(self, answer: str, reply: Any, details: Mapping[str, Any]) -> Any:
        if not isinstance(reply, dict) or not {"value", "error"} & set(reply):
            raise CodecError("neither a value nor an exception")
        self._warn(answer, reply.get("warnings"))
        if "error" in reply:
            self._raise(reply["error"])
        self._change(details, reply.get("changed"))
        self._notice(answer, reply.get("mutated", False))
        return reply["value"]

    def _object(self, reference: Reference) -> Proxy:
        """References become proxies, wherever in a value they are."""
        if reference.id is None:
            raise CodecError("a name in place of an object")
        return Proxy(self, reference, self.link.generation)

    def _warn(self, answer: str, issued: Any) -> None:
        for item in issued[:20] if isinstance(issued, list) else []:
            if not (isinstance(item, tuple) and len(item) == 2 and all(isinstance(part, str) for part in item)):
                raise CodecError("an invalid warning")
            kind = cast("type[Warning]", _builtin(item[0], Warning) or UserWarning)
            warnings.warn_explicit(sentence(item[1][:MAX_TEXT]), kind, f"<{answer}>", 1)

    def _change(self, details: Mapping[str, Any], changed: Any) -> None:
        """Copy changes back into the arguments whose changes the test asked for, and into no other."""
        if not changed:
            return
        if not isinstance(changed, dict):
            raise CodecError("invalid changes")
        arguments = {**dict(enumerate(details.get("args", ()))), **details.get("kwargs", {})}
        for key, content in changed.items():
            argument = arguments.get(key)
            if not isinstance(argument, dict) or not isinstance(content, dict):
                raise CodecError("a change to something that is not a dict")
            if wants_changes(argument):
                argument.clear()
                argument.update(content)

    def _notice(self, answer: str, mutated: Any) -> None:
        if type(mutated) is not bool:
            raise CodecError("an invalid flag for changed inputs")
        if mutated and answer not in self.mutating:
            self.mutating.append(answer)

    def _raise(self, error: Any) -> NoReturn:
        """Raise what the answer raised, as the nearest built-in type."""
        if not isinstance(error, dict):
            raise CodecError("an invalid exception")
        name, message, kinds = error.get("name"), error.get("message"), error.get("kinds")
        if not (isinstance(name, str) and isinstance(message, str) and isinstance(kinds, list)):
            raise CodecError("an invalid exception")
        name, message = name[:100], message[:MAX_TEXT]
        kind = next((found for each in kinds if (found := _builtin(each, Exception))), RuntimeError)
        self.raised.append(Raised(name, message, tuple(self._frames(error.get("frames")))))
        raise _as(kind)(message if name == kind.__name__ else f"{name}: {message}")

    def _frames(self, frames: Any) -> Iterator[tuple[str, int, str, str]]:
        for frame in frames[:10] if isinstance(frames, list) else []:
            if not (isinstance(frame, tuple) and tuple(map(type, frame)) == (int, int, str, str)):
                raise CodecError("an invalid traceback")
            number, line, function, text = frame
            cell = self.link.cell_name(number)
            if cell is not None:
                yield cell, line, function[:100], text[:200]

    # ---------------------------------------------------------------------------- requests

    def _refer(self, value: Any) -> Reference:
        """The reference of a value that is not plain; a test that sends anything else is at fault."""
        if isinstance(value, Proxy):
            reference: Reference = object.__getattribute__(value, "_reference")
            generation = object.__getattribute__(value, "_generation")
            if reference.id is not None and not self.link.has(generation):
                raise AnswerStoppedError(f"the {reference.name} was lost when its kernel was ended")
            return Reference(reference.id, reference.name)
        for name, given in self._given.items():
            if given is value and name.isidentifier():
                return Reference(None, name)
            earlier = getattr(value, "_notebook", None)  # toolkit.earlier: a new object at each access
            if earlier is not None and getattr(given, "_notebook", None) is earlier:
                return Reference(None, name, (value.__name__,))
        fault = f"the test gives an answer a {type(value).__name__}, which cannot cross into the sandbox"
        self.faults.append(fault)
        raise GradingFaultError(fault)


def _kept_reference(value: Any) -> Reference:
    """A reference without what may differ between its two ways."""
    reference = object.__getattribute__(value, "_reference") if isinstance(value, Proxy) else value
    if not isinstance(reference, Reference):
        raise CodecError("not plain data")
    return Reference(reference.id, reference.name)


def _crosses(value: Any) -> bool:
    try:
        codec.pack(value, None, codec.REQUEST_LIMITS)
    except CodecError:
        return False
    return True


# ---------------------------------------------------------------------------------- exceptions

_TYPES: dict[type[Exception], type[Exception]] = {}


def _builtin(name: Any, base: type[Exception]) -> type[Exception] | None:
    """The built-in exception of this name, where it is one of `base` and says more than `base`."""
    found = getattr(builtins, name, None) if isinstance(name, str) else None
    proper = isinstance(found, type) and issubclass(found, base) and found not in (Exception, base)
    return found if proper and isinstance(found, type) else None


def _as(kind: type[Exception]) -> type[Exception]:
    """The type of an answer's exception that is caught as `kind`, and named like it."""
    if kind not in _TYPES:
        try:
            made = type(kind.__name__, (AnswerError, kind), {})
            made("probe")
        except TypeError:  # ExceptionGroup and the like are made of more than a message
            made = type("RuntimeError", (AnswerError, RuntimeError), {})
        _TYPES[kind] = made
    return _TYPES[kind]
