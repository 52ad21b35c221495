"""Bridges to answers in a real kernel, without the engine between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from examiner.grading.proxies import Bridge, Link
from examiner.kernel import Cell, KernelHost, Session
from examiner.settings import Timing

ANSWERS = """
import warnings
import numpy as np

def add(x, y=1, *, scale=1):
    return scale * (x + y)

def keep(x):
    return x.sum(), lambda dout: dout * x

def release(dout, cache):
    return cache(dout)

def count(config=None):
    if config is not None:
        config["n"] = config.get("n", 0) + 1
    return config

def both(one, other):
    one["seen"] = other["seen"] = True

def fill(x):
    x[:] = 0
    return x

def fail(kind):
    raise {"value": ValueError, "missing": NotImplementedError, "own": type("Own", (KeyError,), {}),
           "exit": SystemExit, "unicode": UnicodeError}[kind]("the <message>")

def warn(x):
    warnings.warn("overflow encountered", RuntimeWarning)
    return np.exp(x)

def apply(function, x):
    return function(x)

def many():
    return (number for number in range(3))

class Model:
    category = "regression"
    def __init__(self, size, rng=None):
        self.size, self.history = size, [1.0, 2.0]
        self.params = {"W1": np.ones((size, 2)), "b1": np.zeros(2)}
    def loss(self, X):
        return X @ self.params["W1"] + self.params["b1"]
    def itself(self):
        return self
    def spoil(self, X):
        X *= 2
    def note(self, config):
        config["seen"] = True

rate = 0.125
""".strip()


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A session in which the answers are defined."""
    made = Session(lambda: KernelHost("none", {}).start(), {}, Timing(call=5))
    assert made.run(Cell("answers", ANSWERS)) == []
    yield made
    made.close()


class Direct(Link):
    """A link to a session of the same process, without an engine between them."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def request(self, answer: str, frames: list[bytes]) -> list[bytes]:
        """Send a request without detour."""
        try:
            return self.session.request(answer, frames)
        finally:
            self.generation, self.alive = self.session.generation, self.session.alive

    def cell_name(self, number: int) -> str | None:
        """What the cell is called."""
        return self.session.cell_name(number)


def helper(x: Any) -> Any:
    """Stand for a helper of a given cell."""
    return x + 10


@pytest.fixture
def bridge(session: Session) -> Bridge:
    """A bridge to it, at the beginning of a test cell."""
    session.run(Cell("given", "def helper(x):\n    return x + 10"))
    made = Bridge(Direct(session), {"helper": helper})
    made.begin("test_all")
    return made
