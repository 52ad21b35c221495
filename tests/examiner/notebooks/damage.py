"""Ways in which notebooks are damaged, for Hypothesis to choose from."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import nbformat
from hypothesis import strategies as st

from tests.examiner.small import submission

ODD: list[Any] = [
    None, True, 0, -1, 5, 10**400, 1e400, float("nan"), "", "x", "\ud800", "\x1b[31m", [], [None], {}, {"x": {}},
    ["a", 5], "code", "markdown", {"nbgrader": None}, {"nbgrader": {"grade_id": "double"}},
    {"tags": ["skip-execution"]}, [{"output_type": "stream"}], {"a.png": {"image/png": "x"}},
    "double", "def double(x): return 2 * x",
]  # fmt: skip
Damage = Callable[[dict[str, Any]], None]


def valid() -> dict[str, Any]:
    """An honest submission, as JSON holds it."""
    content: dict[str, Any] = nbformat.from_dict(submission({}, "helper = 1"))
    return copy.deepcopy(content)


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A valid notebook with some of its parts dropped, replaced, or there twice."""
    notebook = valid()
    for _ in range(draw(st.integers(0, 6))):
        part: Any = notebook
        for _ in range(draw(st.integers(1, 5))):
            keys = list(part) if isinstance(part, dict) else list(range(len(part)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(part[key], dict | list) and draw(st.booleans()):
                part = part[key]
                continue
            _change(draw, part, key)
            break
    return notebook


def _change(draw: st.DrawFn, part: Any, key: Any) -> None:
    how = draw(st.sampled_from(["drop", "replace", "twice", "add"]))
    if how == "drop":
        del part[key]
    elif how == "replace":
        part[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
    elif how == "twice" and isinstance(part, list):
        part.insert(draw(st.integers(0, len(part))), copy.deepcopy(part[key]))
    elif isinstance(part, dict):
        name = draw(
            st.sampled_from(["metadata", "source", "outputs", "id", "attachments", "tags", "nbgrader", "worksheets"])
        )
        part[name] = copy.deepcopy(draw(st.sampled_from(ODD)))
