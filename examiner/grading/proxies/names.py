"""The names that a test cell sees: deleting or replacing an answer's name reaches the student's notebook."""

from __future__ import annotations

from collections.abc import Collection, Iterator, MutableMapping
from typing import Any

from examiner.grading.proxies.bridge import Bridge

__all__ = ["TestNames"]


class TestNames(MutableMapping[str, Any]):
    """A test cell's own names, over the globals of its notebook.

    nbgrader's quickstart course, for one, deletes a function in a test to see whether another one calls it.

    Parameters
    ----------
    space : dict
        The globals.
    answers : collection of str
        Names that answers define.
    bridge : Bridge
        The way to the sandbox.
    """

    __test__ = False  # pytest: not a test class

    def __init__(self, space: dict[str, Any], answers: Collection[str], bridge: Bridge) -> None:
        self._space, self._answers, self._bridge = space, answers, bridge

    def __getitem__(self, name: str) -> Any:
        return self._space[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._space[name] = value
        if name in self._answers:
            self._bridge.bind(name, value)

    def __delitem__(self, name: str) -> None:
        del self._space[name]
        if name in self._answers:
            self._bridge.delete(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._space)

    def __len__(self) -> int:
        return len(self._space)
