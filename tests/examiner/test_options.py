"""The options of `c.Examiner`, as the grader gets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from traitlets import TraitError
from traitlets.config import Config

from examiner._exceptions import ConfigurationError
from examiner.assignment import Assignment
from examiner.options import Examiner
from examiner.settings import MIB, Options


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    """An assignment with data sets."""
    return Assignment("weather", tmp_path, tmp_path, data_variable="WEATHER_DIR", data_cache="no_such_course")


def test_the_defaults_are_those_of_the_settings(assignment: Assignment) -> None:
    assert Examiner().options(assignment) == Options()


def test_what_a_course_sets_reaches_the_grader(assignment: Assignment, tmp_path: Path) -> None:
    config = Config(Examiner={"seed": 7, "isolation": "none", "memory": 64, "call_seconds": 3, "diagnosis": False})
    config.Examiner.student_seconds = 90
    config.Examiner.data_dir = str(tmp_path)
    options = Examiner(config=config).options(assignment)
    assert (options.seed, options.isolation, options.diagnosis, options.data_dir) == (7, "none", False, tmp_path)
    assert (options.limits.memory, options.timing.call) == (64 * MIB, 3)
    assert options.timing.student == 90


def test_the_environment_names_the_data_sets(
    assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEATHER_DIR", str(tmp_path))
    assert Examiner().options(assignment).data_dir == tmp_path
    monkeypatch.setenv("WEATHER_DIR", "/nowhere")
    with pytest.raises(ConfigurationError, match="/nowhere, which is not a folder"):
        Examiner().options(assignment)


@pytest.mark.parametrize("option", [{"seed": -1}, {"isolation": "docker"}, {"memory": "much"}, {"assignments": 3}])
def test_an_impossible_option_is_refused(option: dict[str, object]) -> None:
    with pytest.raises(TraitError):
        Examiner(config=Config(Examiner=option))


def test_every_option_is_explained() -> None:
    said = Examiner.class_get_help()
    for name in Examiner.class_trait_names(config=True):
        assert f"Examiner.{name}" in said
        assert Examiner.class_traits()[name].help
