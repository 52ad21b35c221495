"""A grader of the course's own notebooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner.assignment import find_assignment
from examiner.grading import Grader
from examiner.settings import Options
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def real() -> Iterator[Grader]:
    """A grader of the course's own notebooks, in the real sandbox."""
    data = os.environ.get("NN_DATA_DIR")
    options = Options("bubblewrap", data_dir=Path(data) if data else None)
    with Grader(find_assignment("neural_networks", ROOT), options) as made:
        yield made
