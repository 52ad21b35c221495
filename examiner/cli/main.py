"""The `examiner` command; ``python -m examiner`` is the same."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from examiner._exceptions import ExaminerError
from examiner.cli import audit, autograde, collect, doctor, export, feedback, grade_one, report, sample_class, written
from examiner.cli.arguments import errors
from examiner.outcome import sentence

__all__ = ["main"]

COMMANDS = collect, autograde, written, feedback, report, export, grade_one, audit, sample_class, doctor


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        The command line without the program's name; by default the process's own.

    Returns
    -------
    int
        The exit status: 0 done, 1 something is wrong with the work, 2 wrong usage or environment.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.help_all:
        from examiner.options import Examiner

        parser.print_help()
        print("\nOptions of nbgrader_config.py, not of the command line:\n")
        for name, option in Examiner.class_own_traits(config=True).items():
            kind = option.info().removeprefix("an ").removeprefix("a ")
            print(f"c.Examiner.{name} : {kind} (default {option.default()!r})")
            print(textwrap.indent(textwrap.fill(option.help, 96, break_on_hyphens=False), "    "))
        return 0
    if options.run is None:
        parser.print_help()
        return 2
    gc.set_threshold(50_000, 20, 100)  # a class is a million small records that stay: searched for cycles too often
    # nbgrader starts alembic by its name, wherever it was installed.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    try:
        status: int = options.run(options)
    except ExaminerError as error:
        errors.print(f"examiner: {error}", markup=False)
        return 2
    except OSError as error:  # a full disk, a folder without rights: what can be foreseen is checked before
        name = sentence(str(error.filename or "the system"))
        errors.print(f"examiner: {name}: {error.strerror or error}", markup=False)
        return 2
    except KeyboardInterrupt:
        errors.print("examiner: interrupted. Finished students are kept; run the command again to go on.")
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="examiner", description="Grade submissions in a sandbox.")
    parser.add_argument("--help-all", action="store_true", help="also show the options of nbgrader_config.py")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands")
    for command in COMMANDS:
        command.add_parser(commands).set_defaults(help_all=False)
    return parser
