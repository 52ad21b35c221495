"""What a sample is, and how a module collects the samples of its notebook."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Notebook", "Sample", "edited"]


@dataclass(frozen=True)
class Sample:
    """One answer as a student would submit it.

    Attributes
    ----------
    notebook, answer, name : str
        The notebook, the answer that the cell is for, and a unique name in snake_case.
    source : str
        The text of the whole cell; it may define helpers.
    right : bool
        Whether it must get full marks.
    meaning : tuple of str
        Regular expressions, matched anywhere in a sentence and without regard to case. A sentence
        about a wrong answer is right if it matches at least one of them.
    names : tuple of str
        Entries of the catalogue, as ``"answer:name"``, that name the mistake rightly.
    costs : float
        For a right answer, the share of a test's points that it may lose: the test asks for one convention of several.
    together_with : mapping of str to str
        Cells of other answers that this one needs, such as the forward function that makes its cache.

    Notes
    -----
    A wrong sample without `meaning` and `names` has a mistake that nothing can name: only silence is right.
    """

    notebook: str
    answer: str
    name: str
    source: str = field(repr=False)
    right: bool
    meaning: tuple[str, ...] = field(default=(), repr=False)
    names: tuple[str, ...] = ()
    together_with: Mapping[str, str] = field(default_factory=dict, repr=False)
    costs: float = 0.0

    def __str__(self) -> str:
        return f"{self.answer}:{self.name}"

    def cells(self) -> dict[str, str]:
        """Return the source of each answer that the sample replaces, by grade_id."""
        return {self.answer: self.source, **self.together_with}

    def is_named_by(self, answer: str, name: str | None, sentence: str) -> bool:
        """Whether a diagnosis is right: by the entry that it names, or by what its sentence says."""
        if name is not None and f"{answer}:{name}" in self.names:
            return True
        return any(re.search(pattern, sentence, re.IGNORECASE) for pattern in self.meaning)


class Notebook:
    """Collects the samples of one notebook.

    Parameters
    ----------
    name : str
        The notebook that all samples belong to.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.samples: list[Sample] = []

    def __repr__(self) -> str:
        return f"<Notebook {self.name}: {len(self.samples)} samples>"

    def wrong(
        self,
        answer: str,
        name: str,
        source: str,
        *,
        meaning: tuple[str, ...] = (),
        names: tuple[str, ...] = (),
        together_with: Mapping[str, str] | None = None,
    ) -> None:
        """Add a wrong answer; an entry in `names` without a colon is one of the same answer."""
        full = tuple(each if ":" in each else f"{answer}:{each}" for each in names)
        self._add(answer, name, source, False, meaning, full, together_with)

    def right(
        self,
        answer: str,
        name: str,
        source: str,
        *,
        together_with: Mapping[str, str] | None = None,
        costs: float = 0.0,
    ) -> None:
        """Add a right answer."""
        self._add(answer, name, source, True, (), (), together_with, costs)

    def _add(
        self,
        answer: str,
        name: str,
        source: str,
        right: bool,
        meaning: tuple[str, ...],
        names: tuple[str, ...],
        together_with: Mapping[str, str] | None,
        costs: float = 0.0,
    ) -> None:
        others = {other: _cell(text) for other, text in (together_with or {}).items()}
        self.samples.append(Sample(self.name, answer, name, _cell(source), right, meaning, names, others, costs))


def edited(source: str, *changes: tuple[str, str]) -> str:
    """Return a source with small changes: each `(old, new)`, where old occurs exactly once.

    Raises
    ------
    ValueError
        If a text to replace does not occur exactly once.
    """
    for old, new in changes:
        if source.count(old) != 1:
            raise ValueError(f"{old!r} occurs {source.count(old)} times, expected once")
        source = source.replace(old, new)
    return source


def _cell(source: str) -> str:
    return textwrap.dedent(source).strip("\n") + "\n"
