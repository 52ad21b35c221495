"""Small files with what took time to find out: they count as long as what it was found from is in the same state."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

__all__ = ["keep", "read_kept"]


def read_kept(file: Path, state: Any) -> Any:
    """What `keep` wrote into a file, None where nothing is there, or what was found from another state.

    Parameters
    ----------
    file : Path
    state : object
        Plain data.
    """
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["state"] == state:
            return content["found"]
    return None


def keep(file: Path, state: Any, found: Any) -> None:
    """Write plain data into a file; where that cannot be, it is found out again next time.

    Parameters
    ----------
    file : Path
        Its folder is made where it is missing.
    state : object
        Plain data that changes with what it was found from.
    found : object
        Plain data.
    """
    new = file.with_suffix(f".{os.getpid()}.new")
    with contextlib.suppress(OSError):  # a full disk
        file.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps({"state": state, "found": found}), encoding="utf-8")
        new.replace(file)
