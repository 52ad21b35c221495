"""Marks of trusted answers: test cells run in a child of the engine, without a sandbox, as in plain nbgrader."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from examiner.assignment import find_assignment
from examiner.engine import Engine, trusted_run
from tests.conftest import ROOT

__all__ = ["Marks", "ended", "run"]

SECONDS = 10.0


class Marks:
    """Runs test cells of the course's notebooks.

    Parameters
    ----------
    seed : int
        Of the hidden inputs.
    folder : Path, optional
        Working folder of the test cells, with the files that they read; by default the source folder.
    data_dir : Path, optional
        Folder of the data sets; by default the course's.
    """

    def __init__(self, seed: int = 231, folder: Path | None = None, data_dir: Path | None = None) -> None:
        self.seed = seed
        self._engine = Engine(find_assignment("neural_networks", ROOT), seed, data_dir)
        self._child = self._engine.fork(folder)

    def __repr__(self) -> str:
        return f"<Marks with seed {self.seed}>"

    def close(self) -> None:
        """End the engine."""
        self._child.kill()
        self._engine.close()

    def of(
        self, notebook: str, sources: Mapping[str, str], tests: Sequence[str] | None = None, *, spoiled: bool = False
    ) -> dict[str, float]:
        """Return the share of its points that each test cell gives; by default those that the answers touch.

        With `spoiled`, every array and dict that an answer got is made worthless when it returns.
        """
        found: dict[str, float] = self._child.call("tests.assignment.marks:run", notebook, sources, tests, spoiled)
        return found

    def ending_of(self, notebook: str, test: str) -> tuple[str | None, float | None]:
        """Return the type of the exception that ended a test cell on the reference, and its score."""
        found: tuple[str | None, float | None] = self._child.call("tests.assignment.marks:ended", notebook, test)
        return found


def ended(notebook: str, test: str) -> tuple[str | None, float | None]:
    """Do what `Marks.ending_of` says, in the child."""
    outcome = trusted_run(notebook).run({}, [test], seconds=SECONDS)[test]
    return outcome.error, outcome.score


def run(
    notebook: str, sources: Mapping[str, str], tests: Sequence[str] | None, spoiled: bool = False
) -> dict[str, float]:
    """Do what `Marks.of` says, in the child."""
    wrap = _spoiling if spoiled else None
    outcomes = trusted_run(notebook).run(sources, tests, seconds=SECONDS, wrap=wrap)
    return {name: (each.score or 0.0) / each.max_score for name, each in outcomes.items()}


# ------------------------------------------------------------- arguments made worthless


def _spoiling(name: str, value: Any) -> Any:
    """An answer that does what it should, on copies, and leaves nothing of what it got."""
    del name
    if inspect.isclass(value):
        methods = {each: _spoiling(each, getattr(value, each)) for each in ("loss",) if hasattr(value, each)}
        return type(value.__name__, (value,), methods)

    @functools.wraps(value)
    def call(*arguments: Any, **named: Any) -> Any:
        own = [_copied(each) for each in arguments]
        own_named = {key: _copied(each) for key, each in named.items()}
        result = value(*own, **own_named)
        for each, used in zip([*arguments, *named.values()], [*own, *own_named.values()], strict=True):
            if getattr(type(each), "returns_changes", False):
                each.clear()
                each.update(used)
            else:
                _spoil(each)
        return result

    return call


def _copied(value: Any) -> Any:
    return copy.deepcopy(value) if isinstance(value, np.ndarray | dict | list | tuple) else value


def _spoil(value: Any) -> None:
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value[...] = -77 if value.dtype.kind in "iu" else np.nan if value.dtype.kind == "f" else 0
    elif isinstance(value, list | tuple):
        for each in value:
            _spoil(each)
    elif isinstance(value, dict):
        for each in value.values():
            _spoil(each)
        value.clear()
