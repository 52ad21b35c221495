"""What the subcommands share: consoles, and arguments that are checked before the work is done."""

from __future__ import annotations

import argparse
import logging
import os
import warnings
from pathlib import Path

from rich.console import Console

__all__ = ["Commands", "console", "errors", "positive_number", "quiet", "whole_number", "writable_file"]

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)
Commands = argparse._SubParsersAction  # argparse has no public name for it


def writable_file(text: str) -> Path:
    """A file that can be written."""
    path = Path(text)
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{path} cannot be written")
    return path


def whole_number(text: str) -> int:
    """A whole number, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of 0 or more")
    return int(text)


def positive_number(text: str) -> int:
    """A whole number, 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of 1 or more")
    return int(text)


def quiet() -> None:
    """Silence what nbgrader says about itself."""
    from sqlalchemy.exc import SAWarning

    warnings.simplefilter("ignore", SAWarning)  # its models warn about its own use of them
    logging.getLogger("tornado.application").disabled = True  # a locked gradebook, with its traceback
