"""What a test cell sees in place of a student's answers.

A `Proxy` is called like the function or class that it stands for, and the call happens in the sandbox:
arguments and results cross by value, and what an answer changes in an argument does not come back unless the
test asks for it (`wants_changes`).  An object that is no plain data (a network, a closure in a cache)
stays in the sandbox, and the examiner holds a proxy of it, which has attributes and methods but nothing
that could answer for itself: no comparison, no conversion to a number or an array.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NoReturn, Protocol

from examiner.codec import Reference

__all__ = ["Proxy", "RemoteDict", "wants_changes"]


class Sandboxed(Protocol):
    """The way to the sandbox, as `examiner.grading.proxies.bridge.Bridge` has it."""

    def ask(self, answer: str, operation: str, target: Proxy | None, **details: Any) -> Any:
        """Have something done there."""

    def read(self, answer: str, target: Proxy, attribute: str) -> Any:
        """An attribute's value."""

    def assign(self, target: Proxy, attribute: str, items: dict[Any, Any], deleted: list[Any]) -> None:
        """Set and delete items of a dict."""


class Proxy:
    """A function, class or object that lives in the sandbox; see the module."""

    __slots__ = ("_bridge", "_generation", "_reference")

    def __new__(cls, bridge: Sandboxed, reference: Reference, generation: int) -> Proxy:
        """A proxy whose type has the name of the object's type: checks say what an answer returned."""
        return object.__new__(_named("function" if reference.id is None else str(reference.name)))

    def __init__(self, bridge: Sandboxed, reference: Reference, generation: int) -> None:
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
        return self._call(None, args, kwargs)

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

    def _call(self, attribute: str | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        details: dict[str, Any] = {"args": args}
        if kwargs:
            details["kwargs"] = kwargs
        if attribute:
            details["attribute"] = attribute
        if any(map(wants_changes, (*args, *kwargs.values()))):
            details["returns_changes"] = True
        return self._ask("call", **details)

    def _ask(self, operation: str, **details: Any) -> Any:
        attribute = details.get("attribute")
        who = f"{self._reference.name}.{attribute}" if attribute else self._reference.name
        return self._bridge.ask(who, operation, self, **details)


def wants_changes(argument: Any) -> bool:
    """Whether a test asks for what an answer changes in this argument: a dict of a type that says so."""
    return isinstance(argument, dict) and getattr(type(argument), "returns_changes", False) is True


@lru_cache(500)
def _named(name: str) -> type[Proxy]:
    return type(name, (Proxy,), {"__slots__": ()})


class _Method:
    """A proxy's method: the object and the name are looked up when it is called."""

    def __init__(self, owner: Proxy, name: str) -> None:
        self._owner, self.__name__ = owner, name

    def __repr__(self) -> str:
        return f"<method {self.__name__} of {self._owner!r}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._owner._call(self.__name__, args, kwargs)


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
