"""The one line that switches the examiner on: in any nbgrader_config.py, every preprocessor is listed once."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.preprocessors import ClearOutput, Execute, GetGrades, LimitOutput, SaveAutoGrades
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from examiner.plugin import Grade, Merge, SaveGrades, configure
from tests.conftest import ROOT, without_examiner


def names(listed: list[Any]) -> list[str]:
    """The names of some preprocessors."""
    return [each.rpartition(".")[2] if isinstance(each, str) else each.__name__ for each in listed]


@pytest.fixture
def c() -> Config:
    """What an empty nbgrader_config.py sets."""
    return Config()


def test_an_empty_configuration(c: Config) -> None:
    configure(c)
    assert names(c.Autograde.sanitize_preprocessors) == ["Merge", "CheckCellMetadata"]
    assert names(c.Autograde.autograde_preprocessors) == [
        "Grade",
        "IgnorePattern",
        "ClearMetadataPreprocessor",
        "LimitOutput",
        "SaveGrades",
        "LatePenalties",
        "CheckCellMetadata",
    ]
    assert names(c.GenerateFeedback.preprocessors) == [
        "ShowGrades",
        "ClearHiddenTests",
        "ClearMarkScheme",
        "CSSHTMLHeaderPreprocessor",
    ]


def test_nbgrader_takes_it(c: Config) -> None:
    configure(c)
    converter = Autograde(config=c)
    assert converter.sanitize_preprocessors[0] is Merge
    assert converter.autograde_preprocessors[0] is Grade
    assert converter.pre_convert_hook.__name__ == "leave_out_irregular"


def test_the_log_holds_text_alone(c: Config) -> None:
    c.NbGrader.logging_config = {"formatters": {"console": {"datefmt": "%H"}}, "version": 1}
    configure(c)
    console = c.NbGrader.logging_config["formatters"]["console"]
    assert (c.NbGrader.logging_config["version"], console["datefmt"]) == (1, "%H")
    formatter = import_item(console["class"])("[%(levelname)s] %(message)s")
    record = logging.LogRecord("x", logging.ERROR, "", 0, "%s is odd", ("a\x1b[2J\n[ERROR] b\r\u202ec",), None)
    assert formatter.format(record) == "[ERROR] a\ufffd[2J\n    [ERROR] b\n    \ufffdc is odd"
    try:
        raise ValueError("a\x1b[2J\nb")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "odd", (), sys.exc_info())
    assert formatter.format(record).endswith("ValueError: a\ufffd[2J\n    b")


def test_twice_is_as_good_as_once(c: Config) -> None:
    configure(c)
    once = {name: dict(c[name]) for name in ("NbGrader", "Autograde", "GenerateFeedback")}
    configure(c)
    assert {name: dict(c[name]) for name in once} == once


def test_what_the_file_has_set_stays(c: Config) -> None:
    c.Autograde.sanitize_preprocessors = [ClearOutput, "my_course.Own"]
    c.Autograde.autograde_preprocessors = [Execute, "my_course.Own", "nbgrader.preprocessors.SaveAutoGrades"]
    c.GenerateFeedback.preprocessors = ["my_course.Own"]
    configure(c)
    assert c.Autograde.sanitize_preprocessors == [Merge, "my_course.Own"]
    assert c.Autograde.autograde_preprocessors == [Grade, "my_course.Own", SaveGrades]
    assert names(c.GenerateFeedback.preprocessors) == ["ClearHiddenTests", "ClearMarkScheme", "Own"]


def test_what_the_file_has_appended_stays(c: Config) -> None:
    c.Autograde.autograde_preprocessors.append("my_course.Own")
    configure(c)
    assert names(c.Autograde.autograde_preprocessors)[-2:] == ["CheckCellMetadata", "Own"]
    assert SaveAutoGrades not in c.Autograde.autograde_preprocessors


def test_nbgraders_own_lists_are_left_alone(c: Config) -> None:
    configure(c)
    assert Execute in Autograde.autograde_preprocessors.default()
    assert GenerateFeedback.preprocessors.default()[0] is GetGrades


def test_a_hook_of_the_course_is_called_after_ours(c: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr("examiner.course.preprocessors.leave_out_irregular", lambda **call: call["notebooks"].pop())
    c.Autograde.pre_convert_hook = lambda **call: seen.append(list(call["notebooks"]))
    configure(c)
    c.Autograde.pre_convert_hook(assignment="small", student="ada", notebooks=["one", "link"])
    assert seen == [["one"]]


def test_a_hook_may_be_the_path_of_a_function(c: Config) -> None:
    c.Autograde.pre_convert_hook = "tests.examiner.test_plugin.hook"
    configure(c)
    c.Autograde.pre_convert_hook(assignment="small", student="ada", notebooks=[])
    assert CALLS == ["ada"]


CALLS: list[str] = []


def hook(assignment: str, student: str, notebooks: list[str]) -> None:
    """A course's own hook."""
    CALLS.append(student)


def test_without_the_line_the_course_is_plain_nbgraders() -> None:
    found = load(without_examiner((ROOT / "nbgrader_config.py").read_text()))
    assert not {"sanitize_preprocessors", "autograde_preprocessors", "pre_convert_hook"} & set(found.Autograde)
    assert "GenerateFeedback" not in found


def test_with_the_line_it_is_the_examiners() -> None:
    found = load((ROOT / "nbgrader_config.py").read_text())
    assert found.Autograde.sanitize_preprocessors[0] is Merge
    assert LimitOutput in found.Autograde.autograde_preprocessors


def load(text: str) -> Config:
    """What an nbgrader_config.py sets."""
    found = Config()
    give: Callable[[], Config] = lambda: found  # noqa: E731
    exec(
        compile(text, "nbgrader_config.py", "exec"), {"get_config": give, "__file__": str(ROOT / "nbgrader_config.py")}
    )
    return found
