"""What a test cell sees in place of a student's answers.

A `Proxy` is called like the function or class that it stands for, and the call happens in the sandbox:
arguments and results cross by value.  An object that is no plain data (a network, a closure in a cache)
stays in the sandbox, and the examiner holds a proxy of it, which has attributes and methods but nothing
that could answer for itself: no comparison, no conversion to a number or an array.
"""

from __future__ import annotations

import builtins
import copy
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from examiner import codec
from examiner._exceptions import AnswerStoppedError, GradingFaultError
from examiner.codec import CodecError, Reference
from examiner.kernel import Session
from examiner.outcome import sentence

__all__ = ["AnswerError", "Bridge", "Proxy", "Raised", "RemoteDict"]

MAX_TEXT = 2_000


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


class Bridge:
    """What all proxies of a notebook share: the session, and an account of what happened.

    Parameters
    ----------
    session : Session
        The sandbox.
    given : mapping
        The names of given cells, defined on both sides: their objects cross by name.

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
    """

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self.session, self._given = session, given
        self.cell = ""
        self.raised: list[Raised] = []
        self.faults: list[str] = []
        self.mutating: list[str] = []
        self._later: list[dict[str, Any]] = []  # assignments that go with the next request
        self._known: dict[tuple[Any, str], Any] = {}  # attributes read since the last call

    def __repr__(self) -> str:
        return f"<Bridge to {self.session}>"

    def begin(self, cell: str) -> None:
        """Start the account of another test cell."""
        self.cell, self.raised, self.faults, self.mutating = cell, [], [], []
        self._later, self._known = [], {}

    def end(self) -> None:
        """Forget what the test cell knew; what it assigned last matters to nobody."""
        self._later, self._known = [], {}

    def proxy(self, name: str) -> Proxy:
        """The proxy of a name of the student's notebook."""
        return Proxy(self, Reference(None, name), 0)

    def value(self, name: str) -> Any:
        """The value of a name of the student's notebook."""
        return self.ask(name, "get", self.proxy(name), attribute=None)

    def ask(self, answer: str, operation: str, target: Proxy, **details: Any) -> Any:
        """Have something done in the sandbox and give what comes back, or raise what it raised."""
        request = {"op": operation, "cell": self.cell, "target": target, "first": self._later, **details}
        self._later = []
        if operation != "get":
            self._known = {}
        try:
            frames = codec.pack(request, self._refer, codec.REQUEST_LIMITS)
            reply = codec.unpack(self.session.request(answer, frames))
            return self._value(answer, reply, details)
        except CodecError as error:
            self.session.incidents.append(f"{answer} sent what is no answer ({error})")
            raise AnswerStoppedError(f"{answer} sent what is no answer: {error}") from None

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
        return self._wrap(reply["value"])

    def _wrap(self, value: Any) -> Any:
        """References become proxies, wherever in a value they are."""
        if isinstance(value, Reference):
            if value.id is None:
                raise CodecError("a name in place of an object")
            return Proxy(self, value, self.session.generation)
        if isinstance(value, tuple):
            return tuple([self._wrap(item) for item in value])
        if isinstance(value, list):
            return [self._wrap(item) for item in value]
        if isinstance(value, dict):
            return {key: self._wrap(item) for key, item in value.items()}
        return value

    def _warn(self, answer: str, issued: Any) -> None:
        for item in issued[:20] if isinstance(issued, list) else []:
            if not (isinstance(item, tuple) and len(item) == 2 and all(isinstance(part, str) for part in item)):
                raise CodecError("a warning that is none")
            kind = cast("type[Warning]", _builtin(item[0], Warning) or UserWarning)
            warnings.warn_explicit(sentence(item[1][:MAX_TEXT]), kind, f"<{answer}>", 1)

    def _change(self, details: Mapping[str, Any], changed: Any) -> None:
        """Copy changed dicts back into the caller's: ``bn_param`` and ``config`` are for that."""
        if not changed:
            return
        if not isinstance(changed, dict):
            raise CodecError("changes that are none")
        arguments = {**dict(enumerate(details.get("args", ()))), **details.get("kwargs", {})}
        for key, content in changed.items():
            argument = arguments.get(key)
            if type(argument) is not dict or not isinstance(content, dict):
                raise CodecError("a change of what is no dict")
            argument.clear()
            argument.update(self._wrap(content))

    def _notice(self, answer: str, mutated: Any) -> None:
        if type(mutated) is not bool:
            raise CodecError("a mark that is none")
        if mutated and answer not in self.mutating:
            self.mutating.append(answer)

    def _raise(self, error: Any) -> NoReturn:
        """Raise what the answer raised, as the nearest built-in type."""
        if not isinstance(error, dict):
            raise CodecError("an exception that is none")
        name, message, kinds = error.get("name"), error.get("message"), error.get("kinds")
        if not (isinstance(name, str) and isinstance(message, str) and isinstance(kinds, list)):
            raise CodecError("an exception that is none")
        name, message = name[:100], message[:MAX_TEXT]
        kind = next((found for each in kinds if (found := _builtin(each, Exception))), RuntimeError)
        self.raised.append(Raised(name, message, tuple(self._frames(error.get("frames")))))
        raise _as(kind)(message if name == kind.__name__ else f"{name}: {message}")

    def _frames(self, frames: Any) -> Iterator[tuple[str, int, str, str]]:
        for frame in frames[:10] if isinstance(frames, list) else []:
            if not (isinstance(frame, tuple) and tuple(map(type, frame)) == (int, int, str, str)):
                raise CodecError("a traceback that is none")
            number, line, function, text = frame
            cell = self.session.cell_name(number)
            if cell is not None:
                yield cell, line, function[:100], text[:200]

    # ---------------------------------------------------------------------------- requests

    def _refer(self, value: Any) -> Reference:
        """The reference of a value that is not plain; a test that sends anything else is at fault."""
        if isinstance(value, Proxy):
            reference: Reference = object.__getattribute__(value, "_reference")
            generation = object.__getattribute__(value, "_generation")
            if reference.id is not None and not self.session.has(generation):
                raise AnswerStoppedError(f"the {reference.name} was lost when its kernel was ended")
            return Reference(reference.id, reference.name)
        for name, given in self._given.items():
            if given is value and name.isidentifier():
                return Reference(None, name)
            earlier = getattr(value, "_notebook", None)  # toolkit.earlier: made anew at each access
            if earlier is not None and getattr(given, "_notebook", None) is earlier:
                return Reference(None, name, (value.__name__,))
        fault = f"the test gives an answer a {type(value).__name__}, which cannot cross into the sandbox"
        self.faults.append(fault)
        raise GradingFaultError(fault)


class Proxy:
    """A function, class or object that lives in the sandbox; see the module."""

    __slots__ = ("_bridge", "_generation", "_reference")

    def __init__(self, bridge: Bridge, reference: Reference, generation: int) -> None:
        object.__setattr__(self, "_bridge", bridge)
        object.__setattr__(self, "_reference", reference)
        object.__setattr__(self, "_generation", generation)

    def __repr__(self) -> str:
        kind = "" if self._reference.id is None else "object "
        return f"<{kind}{self._reference.name} in the sandbox>"

    @property
    def __name__(self) -> str:
        """The answer's name, or the object's type's."""
        return str(self._reference.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the answer, in the sandbox."""
        return self._ask("call", attribute=None, args=args, kwargs=kwargs, returns_changes=True)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._reference.methods:
            return _Method(self, name)
        return self._bridge.read(f"{self._reference.name}.{name}", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("set", attribute=name, value=value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._ask("list"))

    def __copy__(self) -> Proxy:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self if self._reference.id is None else self._ask("copy")

    def __reduce__(self) -> NoReturn:
        raise TypeError("what lives in the sandbox cannot be pickled")

    def _ask(self, operation: str, **details: Any) -> Any:
        attribute = details.get("attribute")
        who = f"{self._reference.name}.{attribute}" if attribute else self._reference.name
        return self._bridge.ask(who, operation, self, **details)


class _Method:
    """A proxy's method: the object and the name are looked up when it is called."""

    def __init__(self, owner: Proxy, name: str) -> None:
        self._owner, self.__name__ = owner, name

    def __repr__(self) -> str:
        return f"<method {self.__name__} of {self._owner!r}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._owner._ask("call", attribute=self.__name__, args=args, kwargs=kwargs, returns_changes=True)


class RemoteDict(dict[Any, Any]):
    """A copy of a dict that is an attribute of an object in the sandbox; assigning to it assigns there."""

    def __init__(self, content: dict[Any, Any], owner: Proxy, attribute: str) -> None:
        super().__init__(content)
        self._owner, self._attribute = owner, attribute

    def __setitem__(self, key: Any, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: Any) -> None:
        self.pop(key)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several items, with one call into the sandbox."""
        items = dict(*args, **kwargs)
        self._push(items, [])
        super().update(items)

    def pop(self, key: Any, *default: Any) -> Any:
        """Remove an item, there too."""
        if key in self:
            self._push({}, [key])
        return super().pop(key, *default)

    def popitem(self) -> tuple[Any, Any]:
        """Remove the last item, there too."""
        key = next(reversed(self))
        return key, self.pop(key)

    def clear(self) -> None:
        """Remove all items, there too."""
        self._push({}, list(self))
        super().clear()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Give an item, which is set where it is missing."""
        if key not in self:
            self[key] = default
        return self[key]

    def __ior__(self, other: Any) -> RemoteDict:  # type: ignore[misc]
        self.update(other)
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return copy.deepcopy(dict(self), memo)

    def __reduce__(self) -> Any:
        return dict, (dict(self),)

    def _push(self, items: dict[Any, Any], deleted: list[Any]) -> None:
        self._owner._bridge.assign(self._owner, self._attribute, items, deleted)


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
