"""Item analysis: what each test cell tells about a class, over the students who submitted it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from examiner.notebooks import cells_of, grade_id, points, read
from examiner.outcome import StudentOutcome, TestOutcome

__all__ = ["TestRow", "analyzed"]

FEWEST = 5  # students: of fewer, a correlation says nothing


@dataclass(frozen=True)
class TestRow:
    """One test cell over all students whose notebook was graded."""

    __test__ = False  # pytest: no test class

    name: str
    notebook: str
    points: float
    students: int
    full: int
    none: int
    undecided: int
    share: float | None
    """Mean part of the points, from 0 to 1; None where no score was decided. Difficulty, as the field calls it."""
    discrimination: float | None = None
    """Correlation of the score with that of a student's other tests; None where it is not defined."""
    best: float | None = None
    """Mean part of the points of the best quarter of students."""

    @property
    def surprising(self) -> bool:
        """Whether the best students fail it, or do worse than others: the test or its text may be wrong.

        A correlation counts from two of its standard errors on: in a small class, chance makes many below 0.
        """
        fails = self.best is not None and self.best < 0.5
        chance = 2 / math.sqrt(max(1, self.students))
        return fails or (self.discrimination is not None and self.discrimination <= -chance)


def analyzed(sources: Iterable[Path], outcomes: Mapping[str, StudentOutcome]) -> list[TestRow]:
    """Analyze every test cell, in the order of the course.

    Parameters
    ----------
    sources : iterable of Path
        The source notebooks.
    outcomes : mapping of str to StudentOutcome
        By student; those who submitted nothing left out.
    """
    found: dict[str, dict[str, TestOutcome]] = defaultdict(dict)
    totals: dict[str, float] = {}
    for student, outcome in outcomes.items():
        tests = {name: test for each in outcome.notebooks.values() for name, test in each.tests.items()}
        totals[student] = math.fsum(test.score or 0.0 for test in tests.values())
        for notebook in outcome.notebooks.values():
            if notebook.isolation:  # it was graded, so it was submitted
                for name, test in notebook.tests.items():
                    found[name][student] = test
    ranked = sorted(totals, key=lambda student: -totals[student])
    best = set(ranked[: len(ranked) // 4]) if len(ranked) >= FEWEST else set()
    return [
        _row(grade_id(cell), path.stem, points(cell), found[grade_id(cell)], totals, best)
        for path in sources
        for cell in cells_of(read(path), "test")
    ]


def _row(
    name: str,
    notebook: str,
    most: float,
    tests: Mapping[str, TestOutcome],
    totals: Mapping[str, float],
    best: set[str],
) -> TestRow:
    scores = {student: test.score for student, test in tests.items() if test.score is not None}
    rest = [totals[student] - score for student, score in scores.items()]
    return TestRow(
        name=name,
        notebook=notebook,
        points=most,
        students=len(tests),
        full=sum(score >= most - 1e-6 for score in scores.values()),
        none=sum(score == 0 for score in scores.values()),
        undecided=len(tests) - len(scores),
        share=_share(list(scores.values()), most),
        discrimination=_correlation(list(scores.values()), rest),
        best=_share([score for student, score in scores.items() if student in best], most),
    )


def _share(scores: list[float], most: float) -> float | None:
    return math.fsum(scores) / (most * len(scores)) if scores and most else None


def _correlation(scores: list[float], rest: list[float]) -> float | None:
    if len(scores) < FEWEST or np.ptp(scores) == 0 or np.ptp(rest) == 0:
        return None
    return float(np.corrcoef(scores, rest)[0, 1])
