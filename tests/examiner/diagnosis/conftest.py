"""Diagnosers of the small assignment and of the course."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner.diagnosis import Diagnoser
from examiner.engine import Engine
from tests.examiner.diagnosis.helpers import MORE
from tests.examiner.small import CATALOGUE, assignment_of, write_catalogue, write_course

HELPERS = "tests.examiner.diagnosis.helpers"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Diagnoser]:
    """A diagnoser of the small assignment."""
    source = write_course(tmp_path_factory.mktemp("course"))
    write_catalogue(source.parents[1], CATALOGUE + MORE)
    with Engine(assignment_of(source, catalogue="mistakes")) as engine:
        yield Diagnoser(engine, jobs=1)


@pytest.fixture(scope="module")
def course(course_engine: Engine) -> Diagnoser:
    """A diagnoser of the course's own notebooks."""
    return Diagnoser(course_engine)


@pytest.fixture
def layers(course: Diagnoser) -> Path:
    """The fingerprints of its first notebook."""
    file = course.fingerprints("01_layers")
    assert file is not None
    return file
