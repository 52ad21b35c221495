"""Marks of trusted answers, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.assignment.marks import Marks


@pytest.fixture(scope="session")
def marks() -> Iterator[Marks]:
    """Runs test cells, with the default seed."""
    made = Marks()
    yield made
    made.close()


@pytest.fixture(scope="session")
def other_marks() -> Iterator[Marks]:
    """Runs test cells, with another seed."""
    made = Marks(seed=7)
    yield made
    made.close()
