"""`examiner doctor`: what it finds on machines that lack something, and what it advises."""

from __future__ import annotations

import importlib.metadata
import io
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from rich.console import Console

from examiner.assignment import Assignment
from examiner.cli import doctor
from examiner.cli.doctor import findings, report
from examiner.findings import Finding
from tests.examiner import inside

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def in_the_course(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work inside the course's folder."""
    monkeypatch.chdir(inside.ROOT)


def named(name: str) -> Finding:
    """Give the one finding with a name."""
    (found,) = (each for each in findings() if each.name == name)
    return found


def printed(*found: Finding) -> tuple[int, str]:
    """Give the exit status and what is printed."""
    text = io.StringIO()
    return report(found, Console(file=text, width=200, soft_wrap=True)), text.getvalue()


def test_a_remedy_stands_below_its_finding() -> None:
    status, text = printed(
        Finding("Python", "good", "3.11"), Finding("data: mnist", "note", "not here", "set NN_DATA_DIR")
    )
    assert status == 0
    assert text.splitlines() == [
        "ok    Python       3.11",
        "note  data: mnist  not here",
        "                   -> set NN_DATA_DIR",
    ]


def test_something_bad_is_the_exit_status_of_a_wrong_environment() -> None:
    status, text = printed(Finding("isolation", "bad", "bubblewrap is missing", "apt install bubblewrap"))
    assert status == 2
    assert text.startswith("BAD ")


def test_whatever_is_not_good_says_what_to_do_or_that_nothing_need_be_done() -> None:
    for each in findings():
        assert each.text
        assert each.remedy or each.state == "good" or each.name == "system calls"


def test_this_environment_fulfils_the_requirements() -> None:
    for name in ("Python", "nbgrader", "numpy"):
        assert named(name).state == "good"


@pytest.mark.parametrize(
    ("requirement", "text"),
    [("numpy>=99", "but >=99 is needed"), ("no-such-package>=1", "missing")],
    ids=["too old", "missing"],
)
def test_a_package_that_does_not_fit_is_named_with_the_command(requirement: str, text: str) -> None:
    found = doctor._package(Requirement(requirement))
    assert found.state == "bad"
    assert text in found.text
    assert found.remedy == f'pip install "{requirement}"'


def test_the_sandbox_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "isolation_findings", lambda: iter([Finding("network", "bad", "reachable", "grade")]))
    assert named("network").state == "bad"


def test_an_old_python_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (99, 0))
    assert named("Python").state == "bad"


def test_without_installation_versions_are_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", missing)
    assert named("packages").state == "note"


def test_data_sets_are_found_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    housing = tmp_path / "california_housing"
    housing.mkdir()
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = named("data: mnist")  # it is not there: a smaller one takes its place
    assert found.state == "note"
    assert "NN_DATA_DIR" in str(found.remedy)
    (housing / "cal_housing.data").write_text("1,2,3")
    assert named("data: housing").state == "bad"  # damaged


def test_a_data_set_that_is_there_is_good(tmp_path: Path) -> None:
    source = tmp_path / "assignment" / "weather"
    source.mkdir(parents=True)
    (source / "tools.py").write_text("class Data:\n    name = 'real_weather'\n\n\nload = Data\n")
    assignment = Assignment("weather", tmp_path, source, data_sets={"weather": "tools:load"})
    (found,) = doctor._data_sets_of(assignment, str(tmp_path))
    assert (found.state, found.text) == ("good", f"real_weather, {tmp_path}")


def test_a_data_folder_that_is_missing_is_bad(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "nowhere"))
    (found,) = (each for each in findings() if each.name.startswith("data of "))
    assert found.state == "bad"
    assert "nowhere" in found.text


def test_outside_a_course_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert named("course").state == "note"


def test_the_import_path_is_left_as_it_was() -> None:
    before = list(sys.path)
    findings()
    assert sys.path == before
