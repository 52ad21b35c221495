"""The list of steps."""

from __future__ import annotations

from pathlib import Path

from tools.results.accuracy import DIGITS, TRIED
from tools.results.context import Context
from tools.results.page import TITLES
from tools.results.steps import SECONDS, steps


def test_every_network_is_trained_with_every_seed_once() -> None:
    context = Context.load(Path("nowhere"), small=False)
    names = [step.name for step in steps(context)]
    assert len(names) == len(set(names))
    for name in DIGITS:
        assert {f"digits-{name}-{seed}" for seed in (0, 1, 2)} <= set(names)
    assert {f"houses-{seed}" for seed in (0, 1, 2)} <= set(names)
    assert {f"chosen-{name}" for name in DIGITS} <= set(names)
    assert {f"tried-{k}" for k in range(len(TRIED))} <= set(names)
    assert set(DIGITS) == set(SECONDS) == set(TITLES)
