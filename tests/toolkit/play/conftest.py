"""The reference's answers, for experiments, and a screen that keeps what is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from tests.conftest import SOURCE
from toolkit.earlier import answers


@pytest.fixture
def reference() -> Any:
    """Return a function that gives the answers of a source notebook."""
    return lambda notebook: answers(notebook, folder=SOURCE)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Figure]]:
    """Return the figures that were shown, in order."""
    shown: list[Figure] = []

    def show() -> None:
        figure = plt.gcf()
        figure.canvas.draw()
        shown.append(figure)
        plt.close(figure)

    plt.switch_backend("agg")
    monkeypatch.setattr(plt, "show", show)
    yield shown
    plt.close("all")


def unwritten(*args: Any, **named: Any) -> Any:
    """Stand for an answer that is still the released stub."""
    raise NotImplementedError("Exercise 5.2: write sgd_momentum")
