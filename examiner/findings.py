"""One thing that `examiner doctor` looked at: what rooms tell about the machine, and `cli/doctor.py` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "State"]

State = Literal["good", "note", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What was looked at.
    state : {"good", "note", "bad"}
        A note is worth knowing; with something bad, grading refuses or misleads.
    text : str
        What was found.
    remedy : str, optional
        What to do about it.
    """

    name: str
    state: State
    text: str
    remedy: str | None = None
