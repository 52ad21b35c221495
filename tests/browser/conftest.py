"""The system's Chromium, started for each file of tests: Playwright refuses a second one beside it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.examiner.course.fakes import grade_all, grader, root
from tools.screenshots import chromium

__all__ = ["browser", "grade_all", "grader", "root"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without a window."""
    if shutil.which("chromium") is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with chromium() as started:
        yield started
