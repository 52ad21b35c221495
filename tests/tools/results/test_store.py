"""Steps that are done are not computed again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.results.store import Step, Store, run


def test_only_what_is_missing_is_computed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, computed = Store(tmp_path / "results"), []

    def step(name: str) -> Step:
        return Step(name, 1.0, lambda: computed.append(name) or {"of": name})

    run([step("one")], store)
    run([step("one"), step("two")], store)
    assert computed == ["one", "two"]
    assert store.get("two") == {"of": "two"}
    said = capsys.readouterr().out
    assert "1 of 2 steps are done already" in said
    assert "[1/1] two" in said


def test_no_step_starts_after_the_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(tmp_path)
    run([Step("one", 1.0, dict)], store, seconds=0)
    assert store.get("one") is None
    assert "the same command goes on" in capsys.readouterr().out


def test_a_step_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(ZeroDivisionError):
        run([Step("one", 1.0, lambda: {"value": 1 / 0})], store)
    assert list(tmp_path.iterdir()) == []
