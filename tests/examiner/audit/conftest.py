"""Engines of the small assignment and of the course."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from examiner.assignment import find_assignment
from examiner.engine import Engine
from tests.conftest import ROOT
from tests.examiner.small import assignment_of, write_catalogue, write_course, write_release

CATALOGUE = """
@catalogue.misconception("double", "It triples.")
def triples(x):
    return 3 * x

@catalogue.misconception("double", "Another number each time.")
def random_numbers(x):
    return 1e6 * np.random.default_rng().normal(size=x.shape)

catalogue.change("square", "halved", "dx lacks its factor 2.", {"2 * dout * cache": "dout * cache"})

@catalogue.alternative("double", "added")
def added(x):
    return x + x

catalogue.change("square", "power", "with a power", {"return x * x, x": "return x**2, x"}, kind="alternative")
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine of the small assignment, which has a catalogue and a release."""
    source = write_course(tmp_path_factory.mktemp("course"))
    write_catalogue(source.parents[1], CATALOGUE)
    write_release(source)
    with Engine(assignment_of(source, catalogue="mistakes")) as made:
        yield made


@pytest.fixture(scope="module")
def course() -> Iterator[Engine]:
    """An engine of the course's own notebooks."""
    with Engine(find_assignment("neural_networks", ROOT)) as made:
        yield made
