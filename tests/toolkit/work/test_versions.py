"""A check's heading carries the version of the answer that the kernel knows."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from toolkit.work import announce, version_of


def test_a_version_changes_with_the_code_and_not_with_blank_space() -> None:
    assert version_of("def f():\n    return 1") == version_of("def f():  \r\n\r\n    return 1\n")
    assert version_of("def f():\n    return 1") != version_of("def f():\n    return 2")
    assert len(version_of("\ud800")) == 12


def test_outside_a_notebook_it_is_a_printed_line(capsys: pytest.CaptureFixture[str]) -> None:
    announce("f", "f: 1 point")
    assert capsys.readouterr().out == "f: 1 point\n"


def test_in_a_notebook_the_latest_definition_counts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    published: list[tuple[Any, ...]] = []
    cells = [
        "",
        "def f():\n    return 1",
        "def f2():\n    return 0",
        "class f:\n    pass",
        "def g():\n    def f(): pass",
    ]
    shell = SimpleNamespace(
        history_manager=SimpleNamespace(input_hist_raw=cells),
        display_pub=SimpleNamespace(publish=lambda *arguments: published.append(arguments)),
    )
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    announce("f", "f: 1 point")
    assert published == [({"text/plain": "f: 1 point"}, {"answer_version": version_of("class f:\n    pass")})]
    announce("unknown", "unknown: 1 point")
    assert capsys.readouterr().out == "unknown: 1 point\n"
