"""Saved notebooks are read as they are, and anything else is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolkit.work import UnreadableError, read_saved


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is damaged"),
        (b"{", "is damaged"),
        (b"\xff\xfe\x00", "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b"[]", "is not a notebook"),
        (b'{"cells": 3}', "is not a notebook"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "01_layers.ipynb").write_bytes(content)
    with pytest.raises(UnreadableError, match=words):
        read_saved(tmp_path / "01_layers.ipynb")


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="is not in this folder"):
        read_saved(tmp_path / "01_layers.ipynb")
    with pytest.raises(UnreadableError, match="cannot be read"):
        read_saved(tmp_path)


ODD: list[Any] = [
    None,
    7,
    {},
    {"cell_type": "code", "source": None, "outputs": 3, "execution_count": "x", "metadata": []},
    {"cell_type": "code", "source": ["a", 1], "outputs": [None, {"output_type": "execute_result", "data": 3}]},
    {"cell_type": "code", "metadata": {"nbgrader": 5, "tags": 7}},
    {"cell_type": "code", "outputs": [{"output_type": "execute_result", "data": {"text/plain": "nan"}}]},
]


def test_odd_cells_are_read_without_an_error(tmp_path: Path) -> None:
    path = tmp_path / "01_layers.ipynb"
    path.write_text(json.dumps({"cells": ODD}), encoding="utf-8")
    cells = read_saved(path).cells
    assert [(cell.id, cell.count, cell.long, cell.score, cell.error, cell.tested_version) for cell in cells] == [
        ("", None, False, None, None, None)
    ] * len(ODD)
    assert cells[4].source == "a1"


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "01_layers.ipynb"
    path.write_text(json.dumps({"cells": [{"id": "a", "cell_type": "markdown", "source": "x"}]}), encoding="utf-8-sig")
    cell = read_saved(path).find("a")
    assert cell is not None
    assert (cell.source, cell.code, cell.blank) == ("x", False, False)


@pytest.mark.parametrize(
    ("kind", "source", "blank"),
    [
        ("code", "", True),
        ("code", "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError('Exercise 1.1: write f')", True),
        ("code", "def f():\n    return 1", False),
        ("markdown", " YOUR ANSWER HERE\n", True),
        ("markdown", "YOUR ANSWER HERE: it decays", False),
    ],
)
def test_blank(tmp_path: Path, kind: str, source: str, blank: bool) -> None:
    path = tmp_path / "01_layers.ipynb"
    path.write_text(json.dumps({"cells": [{"id": "a", "cell_type": kind, "source": source}]}), encoding="utf-8")
    assert read_saved(path).cells[0].blank is blank
