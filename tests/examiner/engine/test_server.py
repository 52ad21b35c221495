"""The warm process: data sets are loaded once, and what is warmed is there in all later children."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from examiner._exceptions import EngineError
from examiner.engine import DataSet, Engine
from examiner.engine.server import _is_frozen
from examiner.shared import read_shared
from tests.examiner.engine.conftest import INSIDE
from tests.examiner.small import write_toolkit_course

LOADERS = """
import os
from types import SimpleNamespace

VALUE = 1.0

def weather():
    print("read from the cache")
    return SimpleNamespace(name="weather_2020")

def traffic():
    raise OSError("no such file")
"""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    assignment = write_toolkit_course(tmp_path, 1.0)
    (assignment.source / "toolkit" / "__init__.py").write_text(LOADERS)
    return Engine(replace(assignment, data_sets={"weather": "toolkit:weather", "traffic": "toolkit:traffic"}))


def test_data_sets_are_named_and_one_that_is_missing_is_said(engine: Engine) -> None:
    with engine:
        assert engine.data_sets() == {
            "weather": DataSet("weather_2020", "read from the cache"),
            "traffic": DataSet(None, "OSError: no such file"),
        }


def test_what_is_warmed_once_is_there_in_later_children_only(engine: Engine) -> None:
    with engine, engine.fork() as before:
        engine.warm(f"{INSIDE}:remember", "value")
        engine.warm(f"{INSIDE}:remember", "value")
        engine.warm(f"{INSIDE}:remember", "other")
        with engine.fork() as after:
            assert before.call(f"{INSIDE}:remembered") == []
            assert after.call(f"{INSIDE}:remembered") == ["value", "other"]
            after.call(f"{INSIDE}:remember", "own")
        with engine.fork() as last:
            assert last.call(f"{INSIDE}:remembered") == ["value", "other"]


def test_what_cannot_be_warmed_is_an_error_and_harms_nothing(engine: Engine) -> None:
    with engine:
        with pytest.raises(EngineError, match="ValueError: too cold"):
            engine.warm(f"{INSIDE}:fail", "too cold")
        with engine.fork() as child:
            assert child.call(f"{INSIDE}:toolkit_value") == 1.0


def test_data_sets_are_shared_by_descriptors_of_the_caller(engine: Engine) -> None:
    with engine:
        found = engine.shared_data()
        assert set(found) == {"weather"}  # traffic is not there
    assert read_shared(found["weather"]).name == "weather_2020"  # also after the engine's end
    with engine:
        again = engine.shared_data()["weather"]
        assert read_shared(again).name == "weather_2020"


def test_a_data_set_that_cannot_be_shared_is_said(tmp_path: Path) -> None:
    assignment = write_toolkit_course(tmp_path, 1.0)
    text = "from types import SimpleNamespace\n\ndef weather():\n    return SimpleNamespace(name=1, now=lambda: 1)\n"
    (assignment.source / "toolkit" / "__init__.py").write_text(text)
    with Engine(replace(assignment, data_sets={"weather": "toolkit:weather"})) as engine:
        with pytest.raises(EngineError, match="pickle"):
            engine.shared_data()
        assert engine.data_sets()["weather"].name == "1"


@dataclass(frozen=True)
class Frozen:
    """A data set."""

    name: str
    rain: object


@dataclass
class Open:
    """One that can be changed."""

    name: str


def fixed(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("value", "frozen"),
    [
        (Frozen("a", fixed(np.ones(3))), True),
        (Frozen("a", (1, 2.5, "b", None, (True,))), True),
        (Frozen("a", Frozen("b", 1)), True),
        (Frozen("a", np.ones(3)), False),
        (Frozen("a", fixed(np.array([[]], dtype=object))), False),
        (Frozen("a", [1]), False),
        (Frozen("a", ({},)), False),
        (Open("a"), False),
        (SimpleNamespace(name="a"), False),
    ],
)
def test_what_nobody_can_change_is_known(value: object, frozen: bool) -> None:
    assert _is_frozen(value) is frozen
