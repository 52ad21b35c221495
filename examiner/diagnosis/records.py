"""What a diagnosis is, outside the engine's child."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Diagnosis"]


@dataclass(frozen=True)
class Diagnosis:
    """One sentence to the student.

    Attributes
    ----------
    answer : str
        The answer that it is about.
    name : str or None
        The misconception; None for a hint that was computed.
    sentence : str
    checks : tuple of (str, str)
        The failed comparisons that it explains: title of the block, name.
    """

    answer: str
    name: str | None
    sentence: str
    checks: tuple[tuple[str, str], ...] = ()
