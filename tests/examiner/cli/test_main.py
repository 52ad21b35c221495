"""The command itself: its arguments, its exit status, and every error as one sentence."""

from __future__ import annotations

import argparse
import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from examiner._exceptions import ExaminerError
from examiner.cli import doctor, main
from examiner.cli.arguments import whole_number, writable_file
from examiner.exchange import FORMATS
from tests.conftest import ROOT
from tests.examiner.small import run

COMMANDS = (
    "collect",
    "autograde",
    "written",
    "feedback",
    "report",
    "export",
    "grade-one",
    "audit",
    "sample-class",
    "doctor",
)


def test_all_options_are_explained() -> None:
    said = run(ROOT, "examiner", "--help-all")
    for option in ("Examiner.isolation", "Examiner.seed", "Examiner.cell_seconds", "Examiner.assignments", *COMMANDS):
        assert option in said
    assert "c.Examiner.memory : int (default 2048)\n    MiB of memory" in said
    assert "--Examiner" not in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"examiner {command}" in capsys.readouterr().out


def test_without_a_command_it_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: examiner" in capsys.readouterr().out


def fails_with(error: BaseException) -> Callable[[], int]:
    """A command that fails."""

    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ExaminerError("No course here."), "examiner: No course here."),
        (OSError(errno.ENOSPC, "No space left on device", "a\nfile"), "examiner: a file: No space left on device"),
        (OSError("broken"), "examiner: the system: broken"),
        (KeyboardInterrupt(), "examiner: interrupted. Finished students are kept; run the command again to go on."),
    ],
)
def test_an_error_is_one_sentence(
    error: BaseException, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "main", fails_with(error))
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err.strip() == said


@pytest.mark.parametrize(
    "command", [["autograde", "x"], ["report", "x"], ["audit", "x"], ["sample-class", "x", "--students", "1"]]
)
def test_outside_a_course_it_says_so(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "work inside the course's folder" in line


def test_arguments_are_checked_before_the_work(tmp_path: Path) -> None:
    assert writable_file(str(tmp_path / "new.json")) == tmp_path / "new.json"
    assert whole_number("12") == 12
    for check, text in (
        (writable_file, str(tmp_path)),
        (writable_file, "/nowhere/x"),
        (whole_number, "-1"),
        (whole_number, "½"),
    ):
        with pytest.raises(argparse.ArgumentTypeError):
            check(text)


def test_the_command_line_is_read_before_anything_heavy_is_imported() -> None:
    program = "import sys, examiner.cli.main\nprint(*sorted({'nbgrader', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_format_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert "{" + ",".join(FORMATS) + "}" in capsys.readouterr().out
