"""The class report: the class on one page, a row with a reason for every student, and what went wrong most."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.parse import quote

from jinja2 import Environment, PackageLoader

from examiner.course.results import NOT_GRADED, Results, data_sets, graded_notebooks
from examiner.look import BLUE, GRAY, STYLESHEET
from examiner.notebooks import Submission, answer_of, cells_of, grade_id, points, read
from examiner.outcome import NotebookOutcome, StudentOutcome, TestOutcome, sentence

__all__ = ["UNPROTECTED", "ClassReport", "Mistake", "Row", "TestRow", "as_html", "class_report"]

WAITING, ABSENT = "waiting", "absent"
UNPROTECTED = "Submitted code ran unprotected when these marks were made: `examiner doctor` says how to get a sandbox."


@dataclass(frozen=True)
class Row:
    """One student: `status` is an outcome's, ``waiting`` to be graded, or ``absent``: nothing was submitted."""

    student: str
    status: str
    reason: str | None
    outcome: StudentOutcome
    by_hand: int
    """Cells that need manual grading."""
    feedback: str | None
    """Path of the feedback, relative to the report."""

    @property
    def score(self) -> float | None:
        """Points without bonus; None where no mark exists."""
        return self.outcome.score


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
    """Mean part of the points, from 0 to 1; None where no score was decided."""


@dataclass(frozen=True)
class Mistake:
    """One sentence that students were told, and who they are."""

    answer: str
    name: str | None
    """The catalogued misconception; None for a hint that was computed."""
    sentence: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class ClassReport:
    """All that the page shows."""

    assignment: str
    written: str
    isolation: tuple[str, ...]
    seeds: tuple[int, ...]
    data: Mapping[str, str]
    notebooks: Mapping[str, float]
    """Notebooks and their points, those of nothing but bonus left out."""
    rows: tuple[Row, ...]
    tests: tuple[TestRow, ...]
    mistakes: tuple[Mistake, ...]
    alike: tuple[tuple[str, tuple[str, ...]], ...]
    """Files that several students submitted, byte for byte the same: name, students."""

    @property
    def max_score(self) -> float:
        """Points of the assignment, without bonus."""
        return math.fsum(self.notebooks.values())

    @property
    def penalties(self) -> bool:
        """Whether a late submission cost anybody points."""
        return any(row.outcome.penalty for row in self.rows)

    @property
    def by_status(self) -> Counter[str]:
        """How many students are graded, partial, failed, waiting, absent."""
        return Counter(row.status for row in self.rows)

    @property
    def by_hand(self) -> int:
        """Cells that need manual grading."""
        return sum(row.by_hand for row in self.rows)

    def attention(self) -> list[tuple[str, str, list[str]]]:
        """What somebody should look at, the worst first: status, reason, students."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in self.rows:
            if row.status != "graded":
                found[row.status, row.reason or ""].append(row.student)
        order = ("failed", WAITING, "partial", ABSENT)
        return [(*each, found[each]) for each in sorted(found, key=lambda each: order.index(each[0]))]


def class_report(results: Results, beside: Path, progress: Callable[[list[str]], Iterable[str]] = iter) -> ClassReport:
    """Read the outcome of an assignment.

    Parameters
    ----------
    results : Results
    beside : Path
        The folder of the report: links to feedback are relative to it.
    progress : callable
        Called with the list of the students; what it gives is gone through.

    Returns
    -------
    ClassReport
    """
    rows, files = [], []
    for student in progress(results.students()):
        submission = results.course.submission(student)
        rows.append(_row(results, student, submission, beside))
        files.append((student, _digests(results, submission)))
    rows += [Row(name, ABSENT, why, results.outcome(name), 0, None) for name, why in results.absent().items()]
    rows.sort(key=lambda row: row.student)
    graded = {row.student: row.outcome for row in rows if row.status not in (WAITING, ABSENT)}
    outcomes = [each for outcome in graded.values() for each in graded_notebooks(outcome)]
    return ClassReport(
        assignment=results.course.name,
        written=datetime.now(UTC).astimezone().strftime("%d %B %Y, %H:%M"),
        isolation=tuple(sorted({outcome.isolation for outcome in outcomes})),
        seeds=tuple(sorted({outcome.seed for outcome in outcomes})),
        data=data_sets(graded.values()),
        notebooks={
            name: mark.max_score for row in rows[:1] for name, mark in row.outcome.marks.items() if mark.max_score
        },
        rows=tuple(rows),
        tests=tuple(_tests(results.course.assignment.notebooks(), graded.values())),
        mistakes=tuple(_mistakes(graded)),
        alike=tuple(_alike(files)),
    )


def _row(results: Results, student: str, submission: Submission, beside: Path) -> Row:
    outcome = results.outcome(student, submission)
    status = WAITING if outcome.reason == NOT_GRADED.format(results.course.name) else outcome.status
    folder = results.course.feedback(student)
    there = any(path.suffix == ".html" for path in folder.iterdir()) if folder.is_dir() else False
    feedback = quote(Path(os.path.relpath(folder, beside)).as_posix()) + "/" if there else None
    return Row(student, status, outcome.reason, outcome, len(results.by_hand(student)), feedback)


def _tests(sources: Iterable[Path], outcomes: Iterable[StudentOutcome]) -> Iterable[TestRow]:
    """Every test cell, in the order of the course."""
    found: dict[str, list[TestOutcome]] = defaultdict(list)
    for outcome in outcomes:
        for notebook in outcome.notebooks.values():
            for name, test in notebook.tests.items():
                found[name].append(test)
    for path in sources:
        for cell in cells_of(read(path), "test"):
            yield _test(grade_id(cell), path.stem, points(cell), found[grade_id(cell)])


def _test(name: str, notebook: str, most: float, outcomes: list[TestOutcome]) -> TestRow:
    scores = [test.score for test in outcomes if test.score is not None]
    return TestRow(
        name=name,
        notebook=notebook,
        points=most,
        students=len(outcomes),
        full=sum(score >= most - 1e-6 for score in scores),
        none=sum(score == 0 for score in scores),
        undecided=len(outcomes) - len(scores),
        share=math.fsum(scores) / (most * len(scores)) if scores and most else None,
    )


def _mistakes(outcomes: Mapping[str, StudentOutcome]) -> list[Mistake]:
    """What students were told, the most frequent first."""
    who: dict[tuple[str, str | None, str], list[str]] = defaultdict(list)
    for student, outcome in outcomes.items():
        told = [told for notebook in outcome.notebooks.values() for told in _told(notebook)]
        for each in dict.fromkeys(told):
            who[each].append(student)
    found = [Mistake(*each, tuple(students)) for each, students in who.items()]
    return sorted(found, key=lambda mistake: (-len(mistake.students), mistake.name is None, mistake.answer))


def _told(notebook: NotebookOutcome) -> Iterable[tuple[str, str | None, str]]:
    for name, test in notebook.tests.items():
        # A diagnosis is either all names or all hints.
        names: tuple[str | None, ...] = test.misconceptions or (None,) * len(test.diagnosis)
        for misconception, said in zip(names, test.diagnosis, strict=False):
            yield answer_of(name), misconception, said


def _digests(results: Results, submission: Submission) -> dict[str, str]:
    """A digest of each submitted file that tests read."""
    names = [name for name in results.course.assignment.files if name in submission.files]
    return {name: hashlib.sha256(submission.files[name]).hexdigest() for name in names}


def _alike(files: Iterable[tuple[str, Mapping[str, str]]]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Files that several students submitted: one of them could have made them all."""
    who: dict[tuple[str, str], list[str]] = defaultdict(list)
    for student, digests in files:
        for each in digests.items():
            who[each].append(student)
    return [(name, tuple(students)) for (name, _), students in sorted(who.items()) if len(students) > 1]


# --------------------------------------------------------------------------------- what is shown


def as_html(report: ClassReport) -> str:
    """The report as one page that needs nothing else; every text in it is escaped."""
    loader = PackageLoader("examiner.course", ".")
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["clean"] = sentence
    environment.filters["number"] = lambda value: "–" if value is None else f"{value:.4g}"
    return environment.get_template("report.html.jinja").render(
        report=report, histogram=_histogram(report), unprotected=UNPROTECTED, stylesheet=STYLESHEET
    )


def _histogram(report: ClassReport) -> str | None:
    """How many students have how many points, as the address of a picture."""
    scores = [row.score for row in report.rows if row.status in ("graded", "partial") and row.score is not None]
    if not scores:
        return None
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.2, 2.3), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.subplots()
    axes.hist(scores, bins=20, range=(0, report.max_score), color=BLUE, edgecolor="white")
    middle = median(scores)
    axes.axvline(middle, color=GRAY, linestyle="--", linewidth=1)
    axes.set_title(f"median {middle:.4g}", x=middle / report.max_score, fontsize=9, color=GRAY)
    axes.set(xlabel=f"points of {report.max_score:g}", ylabel="students", xlim=(0, report.max_score))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(picture.getvalue()).decode()
