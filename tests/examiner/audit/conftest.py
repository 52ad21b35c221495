"""An engine of the small assignment, with a catalogue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from examiner.engine import Engine
from tests.examiner.small import CATALOGUE, assignment_of, write_catalogue, write_course, write_release

MORE = """
@catalogue.misconception("double", "Another number each time.")
def random_numbers(x):
    return 1e6 * np.random.default_rng().normal(size=x.shape)

catalogue.change("square", "power", "with a power", {"return x * x, x": "return x**2, x"}, kind="alternative")
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine of the small assignment, which has a catalogue and a release."""
    source = write_course(tmp_path_factory.mktemp("course"))
    write_catalogue(source.parents[1], CATALOGUE + MORE)
    write_release(source)
    with Engine(assignment_of(source, catalogue="mistakes")) as made:
        yield made
