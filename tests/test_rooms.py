"""The house as docs/architecture.md draws it: small folders, few floors, no module that imports itself in a circle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools.rooms import House, read_house

MOST_FILES, MOST_FLOORS = 8, 4
LARGE = {"examiner", "examiner.cli"}  # the base, and one module for each command


@pytest.fixture(scope="module")
def house() -> House:
    """The examiner's modules."""
    return read_house(ROOT)


def test_no_room_is_crowded(house: House) -> None:
    crowded = {folder: len(modules) for folder, modules in house.folders().items() if len(modules) > MOST_FILES}
    assert set(crowded) <= LARGE


def test_no_room_has_many_floors(house: House) -> None:
    assert {folder: house.floors(folder) for folder in house.packages if house.floors(folder) > MOST_FLOORS} == {}


def test_every_room_says_what_it_exports(house: House) -> None:
    for package in house.packages - {"examiner"}:
        text = (ROOT / Path(*package.split("."), "__init__.py")).read_text(encoding="utf-8")
        docstring = text.split('"""')[1].strip().split("\n")
        assert len(docstring) == 3, f"{package}: {len(docstring)} lines"
        assert "__all__ = [" in text


def test_a_house_is_measured_rightly(tmp_path: Path) -> None:
    room = tmp_path / "examiner" / "room"
    room.mkdir(parents=True)
    (tmp_path / "examiner" / "__init__.py").touch()
    (room / "__init__.py").write_text("from examiner.room.top import x")
    (room / "top.py").write_text("from examiner.room import middle")
    (room / "middle.py").write_text("import examiner.room.low\nfrom examiner.base import y")
    (room / "low.py").touch()
    (tmp_path / "examiner" / "base.py").touch()
    found = read_house(tmp_path)
    assert found.floors("examiner.room") == 3
    assert len(found.folders()["examiner.room"]) == 3
    assert found.arrows() == {("examiner.room", "examiner"): 1}
