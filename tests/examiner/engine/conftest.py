"""Engines of small assignments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner.engine import Engine
from tests.examiner.small import assignment_of, write_course, write_plain_course

INSIDE = "tests.examiner.engine.inside"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine of the small assignment."""
    with Engine(assignment_of(write_course(tmp_path_factory.mktemp("course")))) as made:
        yield made


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine of an assignment without a toolkit."""
    with Engine(write_plain_course(tmp_path_factory.mktemp("plain"))) as made:
        yield made


def gone(pid: int) -> bool:
    """Whether a process has ended, also if it has not been waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
